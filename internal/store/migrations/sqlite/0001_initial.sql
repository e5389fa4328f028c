-- +goose Up

-- Times are microseconds since 1970-01-01 UTC, made in Go. Ids are UUIDv7 texts,
-- made in Go. Folded keys are made in Go. Every key and index begins with the
-- organization; the three tables at the top are the small global ones. Tables that
-- take many writes have no foreign key to organizations: organizations are never
-- deleted, and each insert would lock their row.

-- What one installation knows of itself (its public URL). No personal data.
CREATE TABLE instance (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- One row for each organization. Rare writes (roles, mapping, keys, settings,
-- groups made, renamed or deleted, whatever can take an Admin away) lock it.
CREATE TABLE organizations (
    org_id          TEXT NOT NULL PRIMARY KEY,
    name            TEXT NOT NULL,
    plan            TEXT NOT NULL,    -- basic, scale, enterprise
    scim_enabled    BOOLEAN NOT NULL,
    identity_policy TEXT NOT NULL,    -- standard, strict
    unmapped_groups TEXT NOT NULL,    -- create, reject
    created_at      BIGINT NOT NULL
);

-- E-mail domains of an organization. Several organizations may verify one domain.
CREATE TABLE domains (
    org_id      TEXT NOT NULL REFERENCES organizations (org_id),
    domain      TEXT NOT NULL,        -- folded
    txt_value   TEXT NOT NULL,        -- the code that the TXT record must show
    expires_at  BIGINT NOT NULL,      -- until when the code may be used
    verified_at BIGINT,               -- NULL: pending
    PRIMARY KEY (org_id, domain)
);
CREATE INDEX domains_by_domain ON domains (domain, verified_at);

-- The SAML connection: the identity provider's metadata. One for an organization.
CREATE TABLE saml_connections (
    org_id        TEXT NOT NULL PRIMARY KEY REFERENCES organizations (org_id),
    idp_entity_id TEXT NOT NULL,
    sso_url       TEXT NOT NULL,
    metadata      TEXT NOT NULL,      -- XML as imported
    metadata_url  TEXT NOT NULL,      -- '' when it came as a file
    allow_private BOOLEAN NOT NULL,   -- the operator lets metadata_url be a private address
    certificates  TEXT NOT NULL,      -- JSON [{"sha256","notAfter","der"}]
    connected_at  BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL
);

-- System roles (same ids in every organization) and custom roles.
CREATE TABLE roles (
    org_id      TEXT NOT NULL REFERENCES organizations (org_id),
    id          TEXT NOT NULL,
    name        TEXT NOT NULL,
    type        TEXT NOT NULL,        -- system, custom
    source      TEXT NOT NULL,        -- system, admin, scim
    scim_group  TEXT,                 -- the SCIM group field, exact bytes
    near_name   TEXT NOT NULL,        -- what near misses of name have in common
    near_group  TEXT,                 -- and those of scim_group
    permissions TEXT NOT NULL,        -- JSON array, sorted
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX roles_name ON roles (org_id, name) WHERE type = 'custom';
CREATE UNIQUE INDEX roles_scim_group ON roles (org_id, scim_group) WHERE scim_group IS NOT NULL;
CREATE INDEX roles_near_name ON roles (org_id, near_name) WHERE type = 'custom';
CREATE INDEX roles_near_group ON roles (org_id, near_group) WHERE near_group IS NOT NULL;

-- Everybody: members, and SCIM users who are inactive and so no members. Personal
-- data: yes. login_key makes one person of one address (D5).
CREATE TABLE users (
    org_id       TEXT NOT NULL,
    id           TEXT NOT NULL,
    login_key    TEXT NOT NULL,       -- folded userName, or folded address of a member who is no SCIM user
    user_name    TEXT NOT NULL,       -- as answered
    external_id  TEXT,
    display_name TEXT NOT NULL,       -- of the document; '' when it has none
    given_name   TEXT NOT NULL,
    family_name  TEXT NOT NULL,
    status       TEXT NOT NULL,       -- active, break-glass, inactive
    managed_by   TEXT NOT NULL,       -- scim, saml, admin
    is_scim      BOOLEAN NOT NULL,    -- listed by /Users
    doc          TEXT NOT NULL,       -- the client's attributes in canonical JSON, without id, meta, active, groups, schemas
    version      BIGINT NOT NULL,     -- counts changes of the document; the ETag
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX users_id ON users (org_id, id);
CREATE UNIQUE INDEX users_login ON users (org_id, login_key);
CREATE INDEX users_external ON users (org_id, external_id) WHERE external_id IS NOT NULL;

-- SCIM groups.
CREATE TABLE groups (
    org_id       TEXT NOT NULL,
    id           TEXT NOT NULL,
    display_name TEXT NOT NULL,       -- exact bytes; they bind
    name_key     TEXT NOT NULL,       -- folded; unique
    external_id  TEXT,
    role_id      TEXT,                -- the custom role it is linked to, NULL for none
    doc          TEXT NOT NULL,       -- as users.doc, without members
    version      BIGINT NOT NULL,     -- counts changes of the document and of the members; the ETag
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    FOREIGN KEY (org_id, role_id) REFERENCES roles (org_id, id)
);
CREATE UNIQUE INDEX groups_id ON groups (org_id, id);
CREATE UNIQUE INDEX groups_name ON groups (org_id, name_key);
CREATE INDEX groups_external ON groups (org_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX groups_role ON groups (org_id, role_id) WHERE role_id IS NOT NULL;

-- Who is in which group. One row for a membership; inactive users may be members.
CREATE TABLE group_members (
    org_id   TEXT NOT NULL,
    group_id TEXT NOT NULL,
    user_id  TEXT NOT NULL,
    PRIMARY KEY (org_id, group_id, user_id),
    FOREIGN KEY (org_id, group_id) REFERENCES groups (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
) WITHOUT ROWID;
CREATE INDEX group_members_user ON group_members (org_id, user_id, group_id);

-- Ids of deleted SCIM users, kept for good: never used again, and skipped when a
-- group still names them (D11). No personal data.
CREATE TABLE deleted_users (
    org_id     TEXT NOT NULL,
    id         TEXT NOT NULL,
    deleted_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
) WITHOUT ROWID;

-- Roles given to a member by an admin.
CREATE TABLE direct_roles (
    org_id    TEXT NOT NULL,
    member_id TEXT NOT NULL,
    role_id   TEXT NOT NULL,
    PRIMARY KEY (org_id, member_id, role_id),
    FOREIGN KEY (org_id, member_id) REFERENCES users (org_id, id),
    FOREIGN KEY (org_id, role_id) REFERENCES roles (org_id, id)
) WITHOUT ROWID;
CREATE INDEX direct_roles_role ON direct_roles (org_id, role_id);

-- The Default role list; never empty.
CREATE TABLE default_roles (
    org_id  TEXT NOT NULL,
    role_id TEXT NOT NULL,
    PRIMARY KEY (org_id, role_id),
    FOREIGN KEY (org_id, role_id) REFERENCES roles (org_id, id)
) WITHOUT ROWID;

-- Invitations that nobody has accepted yet. Personal data: the address.
CREATE TABLE invitations (
    org_id     TEXT NOT NULL REFERENCES organizations (org_id),
    id         TEXT NOT NULL,
    email      TEXT NOT NULL,         -- folded
    token_hash TEXT NOT NULL,         -- SHA-256 of the link's token, hex
    invited_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX invitations_email ON invitations (org_id, email);

CREATE TABLE invitation_roles (
    org_id        TEXT NOT NULL,
    invitation_id TEXT NOT NULL,
    role_id       TEXT NOT NULL,
    PRIMARY KEY (org_id, invitation_id, role_id),
    FOREIGN KEY (org_id, invitation_id) REFERENCES invitations (org_id, id),
    FOREIGN KEY (org_id, role_id) REFERENCES roles (org_id, id)
) WITHOUT ROWID;
CREATE INDEX invitation_roles_role ON invitation_roles (org_id, role_id);

-- Local sign-in of the first Admin and of break-glass Admins. Its address is its
-- own: SCIM never changes it. Personal data: the address; secrets hashed.
CREATE TABLE local_signins (
    org_id          TEXT NOT NULL,
    member_id       TEXT NOT NULL,
    email           TEXT NOT NULL,    -- folded
    password_hash   TEXT,             -- argon2id; NULL until the link was used
    link_hash       TEXT,             -- SHA-256 of the one-time link's token, hex
    link_expires_at BIGINT,
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (org_id, member_id),
    FOREIGN KEY (org_id, member_id) REFERENCES users (org_id, id)
);
CREATE UNIQUE INDEX local_signins_email ON local_signins (org_id, email);

-- SCIM keys. A key works while it has a slot, is not revoked and not expired: so
-- at most two at once, whatever races (D12).
CREATE TABLE scim_keys (
    org_id       TEXT NOT NULL REFERENCES organizations (org_id),
    id           TEXT NOT NULL,       -- scim_ and 20 characters; public
    secret_hash  TEXT NOT NULL,       -- SHA-256, hex
    slot         INTEGER,             -- 1, 2, or NULL once revoked or expired
    made_by      TEXT NOT NULL,
    maker_id     TEXT,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT,              -- NULL: never
    revoked_at   BIGINT,
    last_used_at BIGINT,              -- to the minute, written behind
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX scim_keys_slot ON scim_keys (org_id, slot) WHERE slot IS NOT NULL;

-- The audit log. Rows are inserted with the change and never updated. Personal
-- data: yes. Sealing keeps its leaves in tables of its own.
CREATE TABLE audit_events (
    org_id        TEXT NOT NULL,
    id            TEXT NOT NULL,
    at            BIGINT NOT NULL,
    type          TEXT NOT NULL,
    actor_type    TEXT NOT NULL,
    actor_id      TEXT NOT NULL,
    actor_details TEXT NOT NULL,
    actor_address TEXT NOT NULL,
    user_agent    TEXT NOT NULL,
    target_type   TEXT NOT NULL,
    target_id     TEXT NOT NULL,
    target_name   TEXT NOT NULL,
    details       TEXT NOT NULL,      -- JSON object
    PRIMARY KEY (org_id, id)
);
CREATE INDEX audit_events_target ON audit_events (org_id, target_id, id);

-- Further members whom an event concerns: the ids a group's change added or removed.
CREATE TABLE audit_members (
    org_id    TEXT NOT NULL,
    member_id TEXT NOT NULL,
    event_id  TEXT NOT NULL,
    PRIMARY KEY (org_id, member_id, event_id)
) WITHOUT ROWID;

-- The SCIM request log, written behind; kept 30 days. Personal data: yes, masked.
CREATE TABLE scim_requests (
    org_id        TEXT NOT NULL,
    id            TEXT NOT NULL,
    at            BIGINT NOT NULL,
    method        TEXT NOT NULL,
    path          TEXT NOT NULL,      -- below the SCIM base, with its query
    status        INTEGER NOT NULL,
    duration_us   BIGINT NOT NULL,
    key_id        TEXT NOT NULL,
    address       TEXT NOT NULL,
    user_agent    TEXT NOT NULL,
    request_body  TEXT NOT NULL,
    response_body TEXT NOT NULL,
    verdicts      TEXT NOT NULL,      -- JSON [{"op","path","verdict","note"}]
    PRIMARY KEY (org_id, id)
) WITHOUT ROWID;

-- Requests without valid credentials: a count per minute, cause and address.
CREATE TABLE scim_denials (
    org_id  TEXT NOT NULL,
    minute  BIGINT NOT NULL,          -- start of the minute
    cause   TEXT NOT NULL,
    address TEXT NOT NULL,
    count   BIGINT NOT NULL,
    PRIMARY KEY (org_id, minute, cause, address)
) WITHOUT ROWID;

-- How many SCIM users and groups there are: several rows for each so that writers
-- do not queue; the sum counts.
CREATE TABLE counters (
    org_id   TEXT NOT NULL,
    resource TEXT NOT NULL,           -- User, Group
    shard    INTEGER NOT NULL,
    n        BIGINT NOT NULL,
    PRIMARY KEY (org_id, resource, shard)
) WITHOUT ROWID;
