-- +goose Up

-- By what the identity provider knows a session: it is told so when the session ends
-- here, and says so when it ends there. Empty for sessions that began with a password,
-- and for those that are older than this. Personal data: name_id.
ALTER TABLE sessions ADD COLUMN name_id TEXT COLLATE "C" NOT NULL DEFAULT '';          -- NameID of the assertion, as it was sent
ALTER TABLE sessions ADD COLUMN name_id_format TEXT COLLATE "C" NOT NULL DEFAULT '';   -- '': the assertion named none
ALTER TABLE sessions ADD COLUMN session_index TEXT COLLATE "C" NOT NULL DEFAULT '';    -- '': the assertion named none
CREATE INDEX sessions_name ON sessions (org_id, name_id) WHERE ended_at IS NULL;

-- PEM: key and certificate that the identity provider encrypts assertions for; a secret;
-- NULL until an Admin makes one.
ALTER TABLE saml_connections ADD COLUMN encryption_key TEXT COLLATE "C";
