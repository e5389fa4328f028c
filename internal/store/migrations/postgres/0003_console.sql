-- +goose Up

-- Who signed in, in the order of time: the dashboard asks for the first sign-in of a
-- user of SCIM. Of all other events nothing is added to it.
CREATE INDEX audit_events_login ON audit_events (org_id, id) WHERE type = 'user_login';

-- Members who are no SCIM users, and SCIM users who are no members: with the counter of
-- SCIM users they say how many members there are, and both are few where that is many.
CREATE INDEX users_not_scim ON users (org_id) WHERE NOT is_scim;
CREATE INDEX users_inactive ON users (org_id) WHERE status = 'inactive';
