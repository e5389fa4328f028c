package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"github.com/rollcall/rollcall/internal/iam"
)

//go:embed migrations/sqlite/*.sql migrations/postgres/*.sql
var migrationFiles embed.FS

func (db *DB) migrations() (*goose.Provider, error) {
	files, err := fs.Sub(migrationFiles, "migrations/"+db.dialect.name)
	if err != nil {
		return nil, err
	}
	engine := goose.DialectSQLite3
	if db.dialect.name == "postgres" {
		engine = goose.DialectPostgres
	}
	return goose.NewProvider(engine, db.writes, files, goose.WithDisableGlobalRegistry(true))
}

// Migrate brings the schema to the version of this program and returns the versions
// before and after.
func (db *DB) Migrate(ctx context.Context) (before, after int64, err error) {
	provider, err := db.migrations()
	if err != nil {
		return 0, 0, err
	}
	before, after, err = provider.GetVersions(ctx)
	if err != nil {
		return 0, 0, db.dialect.translate(err)
	}
	if before > after {
		return before, before, newerSchema(before, after)
	}
	if _, err := provider.Up(ctx); err != nil {
		return before, before, fmt.Errorf("migrate the database: %w", db.dialect.translate(err))
	}
	return before, after, nil
}

// SchemaVersion returns the version of the schema and the one that this program needs.
func (db *DB) SchemaVersion(ctx context.Context) (have, want int64, err error) {
	provider, err := db.migrations()
	if err != nil {
		return 0, 0, err
	}
	have, want, err = provider.GetVersions(ctx)
	return have, want, db.dialect.translate(err)
}

// CheckSchema refuses a schema that is older or newer than this program.
func (db *DB) CheckSchema(ctx context.Context) error {
	have, want, err := db.SchemaVersion(ctx)
	switch {
	case err != nil:
		return err
	case have > want:
		return newerSchema(have, want)
	case have < want:
		return iam.Errorf(iam.KindConflict, "the database has schema version %d and this program needs %d; run rollcall migrate", have, want)
	}
	return nil
}

func newerSchema(have, want int64) error {
	return iam.Errorf(iam.KindConflict, "the database has schema version %d and this program knows %d at most; use a newer rollcall", have, want)
}
