package cycle

import (
	"context"
	"database/sql"
	"fmt"
)

// migrations are the steps of this package's tables; cycle_schema counts those that have
// run. One that was released is never edited.
//
// Columns that end in _us are microseconds since 1970 UTC, 0 for none; doc is JSON of what
// is read only together with its row. The first column of every key is the job.
var migrations = []string{`
-- One row a provisioning job. config is written by admins, state by cycles. secret_token:
-- secret. generation counts the writes that make the next cycle an initial one, so that a
-- cycle that was running meanwhile does not set the watermark.
CREATE TABLE cycle_jobs (
	id             TEXT PRIMARY KEY,
	application_id TEXT NOT NULL UNIQUE REFERENCES applications (id) ON DELETE CASCADE,
	secret_token   TEXT NOT NULL,
	config         TEXT NOT NULL,
	state          TEXT NOT NULL,
	generation     INTEGER NOT NULL,
	created_at_us  INTEGER NOT NULL
) WITHOUT ROWID;

-- Which object of the target belongs to which of the directory.
CREATE TABLE cycle_links (
	job_id    TEXT NOT NULL REFERENCES cycle_jobs (id) ON DELETE CASCADE,
	kind      TEXT NOT NULL,               -- User or Group
	source_id TEXT NOT NULL,
	target_id TEXT NOT NULL,
	active    INTEGER NOT NULL,            -- 0: was disabled in the target when it left the scope
	managed   INTEGER NOT NULL,            -- 0: was unassigned, so a purge deletes nothing in the target
	PRIMARY KEY (job_id, kind, source_id)
) WITHOUT ROWID;
CREATE INDEX cycle_links_target ON cycle_links (job_id, kind, target_id);

-- The members of groups as the target was told. target_id is the user's there.
CREATE TABLE cycle_members (
	job_id    TEXT NOT NULL REFERENCES cycle_jobs (id) ON DELETE CASCADE,
	group_id  TEXT NOT NULL,
	user_id   TEXT NOT NULL,
	target_id TEXT NOT NULL,
	PRIMARY KEY (job_id, group_id, user_id)
) WITHOUT ROWID;
CREATE INDEX cycle_members_user ON cycle_members (job_id, user_id);

-- Objects that failed and are tried again. reference = 1: the object is there, what it
-- refers to (a manager, members) is not.
CREATE TABLE cycle_escrows (
	job_id    TEXT NOT NULL REFERENCES cycle_jobs (id) ON DELETE CASCADE,
	kind      TEXT NOT NULL,
	source_id TEXT NOT NULL,
	reference INTEGER NOT NULL,
	code      TEXT NOT NULL,
	retries   INTEGER NOT NULL,
	first_us  INTEGER NOT NULL,
	next_us   INTEGER NOT NULL,            -- 0: given up
	PRIMARY KEY (job_id, kind, source_id, reference)
) WITHOUT ROWID;
CREATE INDEX cycle_escrows_due ON cycle_escrows (job_id, next_us);

-- Cycles. Kept as long as the logs.
CREATE TABLE cycle_cycles (
	seq        INTEGER PRIMARY KEY,
	job_id     TEXT NOT NULL,
	id         TEXT NOT NULL UNIQUE,
	started_us INTEGER NOT NULL,
	doc        TEXT NOT NULL
);
CREATE INDEX cycle_cycles_job ON cycle_cycles (job_id, seq);

-- The provisioning logs. Personal data; kept for 30 days, or 7 under the free licence.
-- They outlive their job.
CREATE TABLE cycle_logs (
	seq            INTEGER PRIMARY KEY,
	at_us          INTEGER NOT NULL,
	application_id TEXT NOT NULL,
	job_id         TEXT NOT NULL,
	cycle_id       TEXT NOT NULL,
	change_id      TEXT NOT NULL,
	kind           TEXT NOT NULL,
	action         TEXT NOT NULL,
	status         TEXT NOT NULL,
	source_id      TEXT NOT NULL,
	target_id      TEXT NOT NULL,
	names          TEXT NOT NULL,          -- display names at both ends and the user principal name, in lower case
	doc            TEXT NOT NULL
);
CREATE INDEX cycle_logs_application ON cycle_logs (application_id, seq);
CREATE INDEX cycle_logs_source ON cycle_logs (source_id, seq);
CREATE INDEX cycle_logs_at ON cycle_logs (at_us);

-- What admins changed. Kept.
CREATE TABLE cycle_audit (
	seq            INTEGER PRIMARY KEY,
	at_us          INTEGER NOT NULL,
	application_id TEXT NOT NULL,
	doc            TEXT NOT NULL
);
CREATE INDEX cycle_audit_application ON cycle_audit (application_id, seq);
`}

// Prepare makes or migrates the tables. It is called once, before any other method.
func (s *Service) Prepare(ctx context.Context) error {
	err := s.Directory.Update(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS cycle_schema (version INTEGER NOT NULL)`); err != nil {
			return err
		}
		var done int
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM cycle_schema`).Scan(&done); err != nil {
			return err
		}
		if done > len(migrations) {
			return fmt.Errorf("the file has schema %d, this program knows up to %d: use a newer one", done, len(migrations))
		}
		for i, step := range migrations[done:] {
			if _, err := tx.ExecContext(ctx, step); err != nil {
				return fmt.Errorf("migrate to schema %d: %w", done+i+1, err)
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO cycle_schema (version) VALUES (?)`, done+i+1); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("prepare the tables of the provisioning service: %w", err)
	}
	return nil
}
