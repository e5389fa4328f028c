-- +goose Up

-- When the identity provider's metadata is read again from its address, and how that
-- went. One replica at a time takes a connection, by moving its next time.
ALTER TABLE saml_connections ADD COLUMN metadata_next_at BIGINT;         -- NULL: it came as a file
ALTER TABLE saml_connections ADD COLUMN metadata_read_at BIGINT;         -- NULL: when it was connected
ALTER TABLE saml_connections ADD COLUMN metadata_failing_since BIGINT;   -- NULL: the last time went well
ALTER TABLE saml_connections ADD COLUMN metadata_failed_at BIGINT;       -- and the last time that did not
ALTER TABLE saml_connections ADD COLUMN metadata_failure TEXT COLLATE "C";         -- why, for an admin
UPDATE saml_connections SET metadata_next_at = 0 WHERE metadata_url <> '';
CREATE INDEX saml_connections_due ON saml_connections (org_id, metadata_next_at) WHERE metadata_next_at IS NOT NULL;
