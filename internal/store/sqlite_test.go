package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

func TestOpen_sqliteURLs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "text"), []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, url string
		kind      iam.Kind
		want      string // part of the refusal; "" for none
	}{
		{"file", "sqlite:" + dir + "/a.db", 0, ""},
		{"odd name", "sqlite:" + dir + "/50% of a&b=c é.db", 0, ""},
		{"nothing", "sqlite:", iam.KindInvalid, "sqlite:PATH"},
		{"memory", "sqlite::memory:", iam.KindInvalid, "end with the process"},
		{"slashes", "sqlite:///a.db", iam.KindInvalid, "sqlite:PATH"},
		{"parameters", "sqlite:" + dir + "/a.db?mode=ro", iam.KindInvalid, "sqlite:PATH"},
		{"no folder", "sqlite:" + dir + "/none/a.db", iam.KindUnavailable, "there is no folder " + dir + "/none"},
		{"a folder", "sqlite:" + dir, iam.KindUnavailable, dir},
		{"no database", "sqlite:" + dir + "/text", iam.KindUnavailable, dir + "/text"},
		{"another engine", "mysql://root:secret@h/d", iam.KindInvalid, "mysql://root:xxxxx@h/d"},
		{"no url", "rollcall.db", iam.KindInvalid, "sqlite:PATH"},
		{"broken", "postgres://h:port/d", iam.KindInvalid, "postgres://user:password@host"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			db, err := store.Open(t.Context(), test.url, store.Options{})
			if test.want != "" {
				if iam.KindOf(err) != test.kind || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
					t.Errorf("got %v (%v), want %v with %q", err, iam.KindOf(err), test.kind, test.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(strings.TrimPrefix(test.url, "sqlite:")); err != nil {
				t.Errorf("the file is somewhere else: %v", err)
			}
		})
	}
}

// The file holds personal data and the hashes of secrets.
func TestOpen_sqliteForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t, "sqlite")
	db := storetest.Reopen(t, url, store.Options{})
	if err := db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, "row") }); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(strings.TrimPrefix(url, "sqlite:") + "*")
	if err != nil || len(files) != 3 {
		t.Fatalf("files: %q, %v; want the database, its log and the log's index", files, err)
	}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %v, want 0600", file, info.Mode().Perm())
		}
	}
}

func TestSQLite_settings(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, "sqlite", store.Options{})
	// Numbers as in https://sqlite.org/pragma.html: synchronous 2 is FULL, temp_store 2 is MEMORY.
	const settings = `SELECT journal_mode || ' ' || synchronous || ' ' || foreign_keys || ' ' || timeout || ' ' || temp_store || ' ' || query_only
		FROM pragma_journal_mode, pragma_synchronous, pragma_foreign_keys, pragma_busy_timeout, pragma_temp_store, pragma_query_only`
	got, err := db.Read(t.Context()).Texts(settings)
	if err != nil || !slices.Equal(got, []string{"wal 2 1 5000 2 1"}) {
		t.Errorf("connections that read: %q, %v", got, err)
	}
	if err := db.Write(t.Context(), func(tx *store.Tx) error {
		got, err = tx.Texts(settings)
		return err
	}); err != nil || !slices.Equal(got, []string{"wal 2 1 5000 2 0"}) {
		t.Errorf("the connection that writes: %q, %v", got, err)
	}
}

func TestSQLite_readersCannotWrite(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, "sqlite", store.Options{})
	_, err := db.Read(t.Context()).Texts(`INSERT INTO instance (name, value) VALUES ('a', '') RETURNING name`)
	if err == nil {
		t.Error("a Reader wrote")
	}
	wantNames(t, db)
}

func TestSQLite_readersDoNotWait(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, "sqlite", store.Options{})
	if err := db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, "before") }); err != nil {
		t.Fatal(err)
	}
	if err := db.Write(t.Context(), func(tx *store.Tx) error {
		if err := put(tx, "during"); err != nil {
			return err
		}
		wantNames(t, db, "before")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	wantNames(t, db, "before", "during")
}

// The disk is full for real: the file may not grow any more.
func TestSQLite_full(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, "sqlite", store.Options{})
	limit := func(pages string) {
		t.Helper()
		if err := db.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(`PRAGMA max_page_count = ` + pages)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	pages, err := db.Read(t.Context()).Int(`PRAGMA page_count`)
	if err != nil || pages == 0 {
		t.Fatal(pages, err)
	}
	limit("1") // means: as many as there are
	big := strings.Repeat("x", 1<<20)
	c := gather(t, db)
	c.add(t.Context(), func(tx *store.Tx) error { return put(tx, "small") })
	c.add(t.Context(), func(tx *store.Tx) error { return put(tx, big) })
	answers := c.finish()
	if answers[0] != nil || answers[1] != nil || iam.KindOf(answers[2]) != iam.KindUnavailable {
		t.Errorf("answers: %v; want unavailable for the big one alone", answers)
	}
	wantNames(t, db, "holder", "small")
	limit("1000000")
	if err := db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, big) }); err != nil {
		t.Errorf("with space again: %v", err)
	}
}

// The command line writes to the file of a running server.
func TestSQLite_anotherProcessWrites(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t, "sqlite")
	other := storetest.Reopen(t, url, store.Options{})
	var driver storetest.Driver
	db := storetest.Reopen(t, url, store.Options{Wrap: driver.Wrap})
	driver.Reset()
	c := gather(t, other)
	answer := make(chan error)
	go func() { answer <- db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, "server") }) }()
	for driver.Count("BEGIN IMMEDIATE") == 0 {
		runtime.Gosched()
	}
	if err := errors.Join(c.finish()...); err != nil {
		t.Error(err)
	}
	if err := <-answer; err != nil {
		t.Error(err)
	}
	wantNames(t, db, "holder", "server")
}

func TestSQLite_busyBegin(t *testing.T) {
	t.Parallel()
	var driver storetest.Driver
	db := storetest.Open(t, "sqlite", store.Options{Wrap: driver.Wrap})
	busy := storetest.Fault{Match: storetest.SQL("BEGIN IMMEDIATE"), Err: storetest.SQLiteBusy}
	write := func(name string) error {
		return db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, name) })
	}
	driver.Inject(busy, busy)
	if err := write("third attempt"); err != nil {
		t.Errorf("busy twice: %v", err)
	}
	driver.Inject(busy, busy, busy)
	if err := write("never"); iam.KindOf(err) != iam.KindUnavailable {
		t.Errorf("always busy: %v, want unavailable", err)
	}
	if err := write("after"); err != nil {
		t.Errorf("free again: %v", err)
	}
	wantNames(t, db, "after", "third attempt")

	// Nobody has to wait for a database that another process holds.
	ctx, cancel := context.WithCancel(t.Context())
	driver.Inject(storetest.Fault{Match: storetest.SQL("BEGIN IMMEDIATE"), Do: func() {
		cancel()
		for db.Waiting() != 0 {
			runtime.Gosched()
		}
	}})
	err := db.Write(ctx, func(tx *store.Tx) error { return put(tx, "cancelled") })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while the database was busy: %v", err)
	}
	wantNames(t, db, "after", "third attempt")
}

func TestNewID_increasing(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, "sqlite", store.Options{})
	last := ""
	for range 20000 {
		id := db.NewID()
		if id <= last || len(id) != 36 || id != strings.ToLower(id) || id[14] != '7' {
			t.Fatalf("%q after %q", id, last)
		}
		last = id
	}
}
