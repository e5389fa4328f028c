-- +goose Up

-- Who signed in, in the order of time: the dashboard asks for the first sign-in of a
-- user of SCIM. Of all other events nothing is added to it.
CREATE INDEX audit_events_login ON audit_events (org_id, id) WHERE type = 'user_login';
