package directory

import (
	"context"
	"database/sql"
	"fmt"
)

// migrations are the steps of the schema; PRAGMA user_version counts those that have run.
// One that was released is never edited.
//
// Columns that end in _us are microseconds since 1970 UTC, 0 for none; those in _fold are
// in lower case for comparison; doc is JSON of what is read only together with its row.
// Tables with long rows keep their row ids: in the others each such row would take pages of
// its own.
var migrations = []string{`
-- One row a name: tenant, licence, and head, the last number of the sequence.
CREATE TABLE settings (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;

-- People. Personal data. Soft-deleted ones stay until they are purged.
CREATE TABLE users (
	id            TEXT PRIMARY KEY,
	upn_fold      TEXT NOT NULL,
	mail_fold     TEXT NOT NULL,
	display_fold  TEXT NOT NULL,
	search        TEXT NOT NULL,            -- what a search looks through, folded, by lines
	manager_id    TEXT NOT NULL,
	doc           TEXT NOT NULL,
	created_at_us INTEGER NOT NULL,
	deleted_at_us INTEGER NOT NULL,
	seq           INTEGER NOT NULL
);
CREATE UNIQUE INDEX users_upn ON users (upn_fold) WHERE deleted_at_us = 0;
CREATE INDEX users_mail ON users (mail_fold) WHERE deleted_at_us = 0 AND mail_fold <> '';
CREATE INDEX users_search ON users (display_fold, id, search) WHERE deleted_at_us = 0;
CREATE INDEX users_deleted ON users (deleted_at_us) WHERE deleted_at_us <> 0;
CREATE INDEX users_manager ON users (manager_id) WHERE manager_id <> '';
CREATE INDEX users_seq ON users (seq, id);

CREATE TABLE groups (
	id            TEXT PRIMARY KEY,
	display_fold  TEXT NOT NULL,
	search        TEXT NOT NULL,
	doc           TEXT NOT NULL,
	created_at_us INTEGER NOT NULL,
	deleted_at_us INTEGER NOT NULL,
	seq           INTEGER NOT NULL
);
CREATE INDEX groups_search ON groups (display_fold, id, search) WHERE deleted_at_us = 0;
CREATE INDEX groups_deleted ON groups (deleted_at_us) WHERE deleted_at_us <> 0;
CREATE INDEX groups_seq ON groups (seq, id);

-- Direct members. One that ended stays, with removed = 1 and the number of that write, so
-- that who follows a group of 100,000 reads only what changed.
CREATE TABLE members (
	group_id  TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
	member_id TEXT NOT NULL,
	kind      TEXT NOT NULL,                -- User or Group
	removed   INTEGER NOT NULL,
	seq       INTEGER NOT NULL,
	PRIMARY KEY (group_id, member_id)
) WITHOUT ROWID;
CREATE INDEX members_of ON members (member_id, group_id) WHERE removed = 0;
CREATE INDEX members_seq ON members (group_id, seq, member_id);

-- What was purged. No personal data.
CREATE TABLE tombstones (
	id   TEXT PRIMARY KEY,
	kind TEXT NOT NULL,
	seq  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX tombstones_seq ON tombstones (kind, seq, id);

CREATE TABLE applications (
	id            TEXT PRIMARY KEY,
	app_id        TEXT NOT NULL UNIQUE,
	identifier    TEXT NOT NULL,            -- of SAML; "" = none yet
	display_fold  TEXT NOT NULL,
	doc           TEXT NOT NULL,
	created_at_us INTEGER NOT NULL
);
CREATE UNIQUE INDEX applications_identifier ON applications (identifier) WHERE identifier <> '';
CREATE INDEX applications_display ON applications (display_fold, id);

-- Signing certificates with their keys: secret.
CREATE TABLE certificates (
	application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
	thumbprint     TEXT NOT NULL,
	der            BLOB NOT NULL,
	private_key    BLOB NOT NULL,
	not_before_us  INTEGER NOT NULL,
	not_after_us   INTEGER NOT NULL,
	active         INTEGER NOT NULL,
	PRIMARY KEY (application_id, thumbprint)
);
CREATE UNIQUE INDEX certificates_active ON certificates (application_id) WHERE active = 1;

CREATE TABLE assignments (
	application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
	principal_id   TEXT NOT NULL,
	principal_kind TEXT NOT NULL,
	id             TEXT NOT NULL UNIQUE,
	app_role_id    TEXT NOT NULL,
	created_at_us  INTEGER NOT NULL,
	PRIMARY KEY (application_id, principal_kind, principal_id)
) WITHOUT ROWID;
CREATE INDEX assignments_of ON assignments (principal_id, application_id);
`}

// checkEmpty refuses a file that is another program's database.
func checkEmpty(ctx context.Context, tx *sql.Tx) error {
	var tables int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&tables); err != nil {
		return err
	}
	if tables > 0 {
		return refuse(Conflict, "The file is the database of another program. The stand-in keeps a file of its own; give the name of a new one.")
	}
	return nil
}

// migrate brings the file to the newest schema, in one transaction.
func (db *DB) migrate(ctx context.Context) error {
	return db.Update(ctx, func(tx *sql.Tx) error {
		var done int
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&done); err != nil {
			return err
		}
		if done > len(migrations) {
			return fmt.Errorf("the file has schema %d, this program knows up to %d: use a newer one", done, len(migrations))
		}
		if done == 0 {
			if err := checkEmpty(ctx, tx); err != nil {
				return err
			}
		}
		for i, step := range migrations[done:] {
			if _, err := tx.ExecContext(ctx, step); err != nil {
				return fmt.Errorf("migrate to schema %d: %w", done+i+1, err)
			}
		}
		if done == 0 {
			if err := db.found(ctx, tx); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", len(migrations)))
		return err
	})
}
