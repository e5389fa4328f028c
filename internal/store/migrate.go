package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/rollcall/rollcall/internal/iam"
)

// The migrations of both engines are numbered alike and make the same tables and
// columns. They only go forward, and none is edited once it is released.
//
//go:embed migrations/sqlite/*.sql migrations/postgres/*.sql
var migrationFiles embed.FS

// versionTable is where the migrations note what they did.
const versionTable = "schema_versions"

// migrationLock keeps two processes from migrating one PostgreSQL database at once.
const migrationLock = 0x526f6c6c63616c6c // "Rollcall"

// Migrate brings the schema to the version of this program, and returns the versions
// before and after. It refuses a schema that is newer (kind conflict). Several processes
// may call it at once.
func (db *DB) Migrate(ctx context.Context) (before, after int64, err error) {
	pool := db.writes
	if db.migrations != nil {
		pool = db.migrations()
		defer pool.Close()
	}
	unlock, err := db.lockMigrations(ctx, pool)
	if err != nil {
		return 0, 0, fmt.Errorf("wait for another migration: %w", db.dialect.translate(err))
	}
	defer unlock()
	before, want, err := db.SchemaVersion(ctx)
	if err != nil {
		return 0, 0, err
	}
	if before > want {
		return before, before, newerSchema(before, want)
	}
	provider, err := db.provider(pool)
	if err != nil {
		return before, before, fmt.Errorf("read the migrations: %w", err)
	}
	// On SQLite another process can come first; what it did is no error of ours.
	for after = before; after < want; {
		_, failure := provider.Up(ctx)
		reached, _, err := db.SchemaVersion(ctx)
		if err == nil && failure != nil && reached == after {
			err = failure
		}
		if err != nil {
			return before, after, fmt.Errorf("migrate the database from schema version %d: %w", after, db.dialect.translate(err))
		}
		after = reached
	}
	return before, after, nil
}

// lockMigrations waits for other migrations. The lock of PostgreSQL ends with its
// transaction, so that it works behind a pooler too; and it is asked for again and again,
// because those who wait in a transaction would take the pooler's connections away from
// the one they wait for.
func (db *DB) lockMigrations(ctx context.Context, pool *sql.DB) (unlock func(), err error) {
	if !db.dialect.locks {
		return func() {}, nil
	}
	for again := time.NewTicker(100 * time.Millisecond); ; {
		tx, err := pool.BeginTx(ctx, nil)
		if err != nil {
			return nil, err
		}
		unlock = func() { _ = tx.Rollback() } // there is nothing in it to keep
		var locked bool
		err = tx.QueryRowContext(ctx, "SELECT pg_try_advisory_xact_lock($1)", int64(migrationLock)).Scan(&locked)
		if err == nil && locked {
			return unlock, nil
		}
		unlock()
		if err != nil {
			return nil, err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (db *DB) provider(pool *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrationFiles, "migrations/"+db.dialect.name)
	if err != nil {
		return nil, err
	}
	engine := goose.DialectSQLite3
	if db.dialect.locks {
		engine = goose.DialectPostgres
	}
	return goose.NewProvider(engine, pool, files, goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true))
}

// SchemaVersion returns the version of the schema, 0 for an empty database, and the one
// that this program needs. It changes nothing.
func (db *DB) SchemaVersion(ctx context.Context) (have, want int64, err error) {
	if want, err = newestMigration(db.dialect.name); err != nil {
		return 0, 0, err
	}
	read := db.Read(ctx)
	tables, err := one(read, scanOne[int64], db.dialect.hasTable, versionTable)
	if err == nil && tables > 0 {
		have, err = one(read, scanOne[int64], "SELECT COALESCE(MAX(version_id), 0) FROM "+versionTable)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("read the schema version: %w", err)
	}
	return have, want, nil
}

// newestMigration reads the highest number among the names of the migrations.
func newestMigration(engine string) (int64, error) {
	entries, err := migrationFiles.ReadDir("migrations/" + engine)
	if err != nil {
		return 0, err
	}
	newest := int64(0)
	for _, entry := range entries {
		number, _, _ := strings.Cut(entry.Name(), "_")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("the migration %s has no number: %w", entry.Name(), err)
		}
		newest = max(newest, n)
	}
	return newest, nil
}

// CheckSchema refuses a schema that is older or newer than this program (kind conflict).
func (db *DB) CheckSchema(ctx context.Context) error {
	have, want, err := db.SchemaVersion(ctx)
	switch {
	case err != nil:
		return err
	case have > want:
		return newerSchema(have, want)
	case have == 0:
		return iam.Errorf(iam.KindConflict, "the database is empty; run \"rollcall migrate\" first")
	case have < want:
		return iam.Errorf(iam.KindConflict, "the database has schema version %d and this program needs %d; back it up and run \"rollcall migrate\"", have, want)
	}
	return nil
}

func newerSchema(have, want int64) error {
	return iam.Errorf(iam.KindConflict, "the database has schema version %d and this program knows %d at most; run the newer program that made it", have, want)
}
