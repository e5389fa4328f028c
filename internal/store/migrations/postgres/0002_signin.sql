-- +goose Up

-- How long sessions of an organization last.
ALTER TABLE organizations ADD COLUMN session_idle_minutes INTEGER NOT NULL DEFAULT 60;   -- without a request
ALTER TABLE organizations ADD COLUMN session_minutes INTEGER NOT NULL DEFAULT 720;       -- in all

-- How people are sent to the identity provider, and what with.
ALTER TABLE saml_connections ADD COLUMN sso_binding TEXT COLLATE "C" NOT NULL DEFAULT '';            -- '': as the metadata says
ALTER TABLE saml_connections ADD COLUMN idp_initiated BOOLEAN NOT NULL DEFAULT FALSE;    -- responses that answer no request are accepted
ALTER TABLE saml_connections ADD COLUMN signing_key TEXT COLLATE "C";                                -- PEM: key and certificate that requests are signed with; a secret; NULL until needed

-- Sessions of signed-in members. Looked up at every request, so that one that has
-- ended is refused everywhere at once. Ended and expired ones are kept for a while,
-- also when their member is gone: so there is no foreign key to users, and whoever
-- looks a session up joins them. Personal data: address and user agent.
CREATE TABLE sessions (
    org_id       TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,       -- public
    secret_hash  TEXT COLLATE "C" NOT NULL,       -- SHA-256 of the cookie's secret, hex
    member_id    TEXT COLLATE "C" NOT NULL,
    method       TEXT COLLATE "C" NOT NULL,       -- saml, local
    address      TEXT COLLATE "C" NOT NULL,
    user_agent   TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,     -- written behind, at most once a minute
    expires_at   BIGINT NOT NULL,     -- whatever happens
    ended_at     BIGINT,              -- NULL: not ended before it expires
    ended_why    TEXT COLLATE "C",
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX sessions_secret ON sessions (org_id, secret_hash);
CREATE INDEX sessions_member ON sessions (org_id, member_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_expiry ON sessions (org_id, expires_at);

-- Assertions and requests of SAML that were used, so that none is used twice on
-- whatever server. No personal data.
CREATE TABLE saml_used (
    org_id     TEXT COLLATE "C" NOT NULL,
    hash       TEXT COLLATE "C" NOT NULL,         -- SHA-256 of what was used, hex
    expires_at BIGINT NOT NULL,       -- from when on it would be refused anyway
    PRIMARY KEY (org_id, hash)
);
CREATE INDEX saml_used_expiry ON saml_used (org_id, expires_at);
