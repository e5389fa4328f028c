package main

import (
	"errors"
	"os"
	"strings"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/web"
)

// defaultPublicURL is what serve answers under when it is told nothing.
const defaultPublicURL = "http://127.0.0.1:8080"

// session is an open database with the use cases on it.
type session struct {
	db     *store.DB
	access *access.Service
}

// with opens the database for a command about an existing organization, runs fn, and
// closes it. A SQLite file that is not there is refused: a misspelt path must not
// leave an empty database behind.
func (a *app) with(fn func(s *session) error) error {
	if path, ok := strings.CutPrefix(a.Database, "sqlite:"); ok {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return iam.Errorf(iam.KindNotFound, "there is no database at %s; give --database, or make one with rollcall org create or rollcall serve", iam.Clip(path))
		}
	}
	return a.withNew(fn)
}

// withNew is with for commands that may come first: it makes a missing SQLite file.
func (a *app) withNew(fn func(s *session) error) (err error) {
	// Whether the database is safe to write to is for serve to judge.
	db, err := store.Open(a.ctx, a.Database, store.Options{Now: a.now, AllowUnsafe: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := a.prepare(db); err != nil {
		return err
	}
	publicURL, err := a.findPublicURL(db)
	if err != nil {
		return err
	}
	return fn(&session{db: db, access: &access.Service{DB: db, Now: a.now, PublicURL: publicURL}})
}

// prepare makes the schema of an empty database. An older schema is serve's and
// migrate's to update: a command beside a running server of the older version must
// not pull it from under it.
func (a *app) prepare(db *store.DB) error {
	have, _, err := db.SchemaVersion(a.ctx)
	if err != nil {
		return err
	}
	if have == 0 {
		_, _, err := db.Migrate(a.ctx)
		return err
	}
	return db.CheckSchema(a.ctx)
}

// findPublicURL takes the flag, else what serve stored, else serve's default.
func (a *app) findPublicURL(db *store.DB) (string, error) {
	if a.PublicURL != "" {
		return web.ParsePublicURL(a.PublicURL, true)
	}
	stored, err := db.Read(a.ctx).PublicURL()
	if err != nil || stored != "" {
		return stored, err
	}
	return defaultPublicURL, nil
}

// organization is the flag as an id; whether it exists is for the use case to say.
func (f orgFlag) organization() iam.OrganizationID { return iam.OrganizationID(f.Org) }
