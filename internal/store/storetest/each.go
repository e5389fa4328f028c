package storetest

import (
	"path/filepath"
	"testing"

	"github.com/rollcall/rollcall/internal/store"
)

// Engines are the engines that every behaviour of the store is shown on.
var Engines = []string{"sqlite", "postgres"}

// Opener opens a new, migrated, empty database of one engine.
type Opener func(o store.Options) *store.DB

// Each runs a behaviour on each engine, in parallel. Missing PostgreSQL is a failure.
func Each(t *testing.T, run func(t *testing.T, open Opener)) {
	t.Helper()
	for _, engine := range Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			run(t, func(o store.Options) *store.DB { return Open(t, engine, o) })
		})
	}
}

// Open opens a new, migrated, empty database; it is closed and gone when the test ends.
func Open(t testing.TB, engine string, o store.Options) *store.DB {
	t.Helper()
	url := ""
	switch engine {
	case "sqlite":
		url = "sqlite:" + filepath.Join(t.TempDir(), "rollcall.db")
	case "postgres":
		url = Database(t)
	default:
		t.Fatalf("no engine is called %q", engine)
	}
	db, err := store.Open(t.Context(), url, o)
	if err != nil {
		t.Fatalf("open %s: %v", url, err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close %s: %v", url, err)
		}
	})
	if _, _, err := db.Migrate(t.Context()); err != nil {
		t.Fatalf("migrate %s: %v", url, err)
	}
	return db
}
