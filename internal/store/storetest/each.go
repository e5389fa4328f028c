package storetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/rollcall/rollcall/internal/store"
)

// Engines are the engines that every behaviour of the store is shown on.
var Engines = [...]string{"sqlite", "postgres"}

// Opener opens a new, migrated, empty database of one engine.
type Opener func(o store.Options) *store.DB

// Each runs a behaviour on each engine, in parallel. A missing PostgreSQL is a failure.
func Each(t *testing.T, run func(t *testing.T, open Opener)) {
	t.Helper()
	for _, engine := range Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			run(t, func(o store.Options) *store.DB {
				t.Helper()
				return Open(t, engine, o)
			})
		})
	}
}

// Open opens a new, migrated, empty database of an engine, "sqlite" or "postgres". It is
// closed and gone when the test ends.
func Open(t testing.TB, engine string, o store.Options) *store.DB {
	t.Helper()
	return Reopen(t, URL(t, engine), o)
}

// URL makes a migrated, empty database of an engine, for tests that open it several
// times. It is gone when the test ends. The test leaves the schema as it is: one that
// changes it takes an empty PostgreSQL database from Database.
func URL(t testing.TB, engine string) string {
	t.Helper()
	switch engine {
	case "sqlite":
		blank, err := blank()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "rollcall.db")
		if err := os.WriteFile(path, blank, 0o600); err != nil {
			t.Fatal(err)
		}
		return "sqlite:" + path
	case "postgres":
		return shelf.take(t)
	}
	t.Fatalf("there is no engine %q", engine)
	return ""
}

// Reopen opens a database that URL made. It is closed when the test ends.
func Reopen(t testing.TB, url string, o store.Options) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close the database: %v", err)
		}
	})
	return db
}

// Analyze refreshes the planner's statistics of a PostgreSQL database, as autovacuum
// does within a minute of a large change; SQLite's planner needs none for our
// statements. Benchmarks that fill tables at once call it.
func Analyze(t testing.TB, url string) {
	t.Helper()
	if !strings.HasPrefix(url, "postgres") {
		return
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "ANALYZE"); err != nil {
		t.Fatal(err)
	}
}

// blank is the file of a migrated, empty SQLite database. The migrations run once in a
// process: they would be a tenth of the time of many tests.
var blank = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "rollcall-blank-")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "rollcall.db")
	err = migrated(context.Background(), "sqlite:"+path)
	var file []byte
	if err == nil {
		file, err = os.ReadFile(path)
	}
	return file, errors.Join(err, os.RemoveAll(dir))
})

func migrated(ctx context.Context, url string) error {
	db, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		return err
	}
	_, _, err = db.Migrate(ctx)
	if closed := db.Close(); err == nil {
		err = closed
	}
	return err
}
