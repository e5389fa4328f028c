package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

func TestReader(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		db := open(store.Options{})
		if err := db.Write(t.Context(), func(tx *store.Tx) error { return errors.Join(put(tx, "a"), put(tx, "b"), put(tx, "c")) }); err != nil {
			t.Fatal(err)
		}
		r := db.Read(t.Context())
		if got, err := r.Int(`SELECT count(*) FROM instance`); got != 3 || err != nil {
			t.Errorf("one: %d, %v", got, err)
		}
		if _, err := r.Int(`SELECT 1 FROM instance WHERE name = ?`, "none"); !errors.Is(err, iam.ErrNotFound) {
			t.Errorf("one without a row: %v, want %v", err, iam.ErrNotFound)
		}
		if got, err := r.Texts(`SELECT name FROM instance WHERE name > ? ORDER BY name`, "a"); !slices.Equal(got, []string{"b", "c"}) || err != nil {
			t.Errorf("list: %q, %v", got, err)
		}
		if got, err := r.Texts(`SELECT name FROM instance WHERE name = ?`, "none"); got != nil || err != nil {
			t.Errorf("list without a row: %q, %v", got, err)
		}
		if _, err := r.Int(`SELECT nothing FROM instance`); err == nil || iam.KindOf(err) != iam.KindInternal {
			t.Errorf("a column that is not there: %v", err)
		}
		if _, err := r.Int(`SELECT name FROM instance`); err == nil {
			t.Error("a text was taken for a number")
		}
		stop := errors.New("stop")
		var seen []string
		err := r.Each(func(name string) error {
			seen = append(seen, name)
			if name == "b" {
				return stop
			}
			return nil
		}, `SELECT name FROM instance ORDER BY name`)
		if err != stop || !slices.Equal(seen, []string{"a", "b"}) {
			t.Errorf("each saw %q and returned %v", seen, err)
		}
		if got, err := r.Int(`SELECT count(*) FROM instance`); got != 3 || err != nil {
			t.Errorf("after all that: %d, %v", got, err)
		}
	})
}

// PostgreSQL cannot run a statement while it reads another's rows, so neither engine may.
func TestReader_nestedStatement(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		db := open(store.Options{})
		if err := db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, "a") }); err != nil {
			t.Fatal(err)
		}
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			return tx.Each(func(name string) error { return put(tx, name+"b") }, `SELECT name FROM instance`)
		})
		if err == nil {
			t.Error("a statement ran inside each")
		}
		wantNames(t, db, "a")
	})
}

func TestReader_cancelled(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		db := open(store.Options{Connections: 2})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 5 {
			if _, err := db.Read(ctx).Texts(`SELECT name FROM instance`); !errors.Is(err, context.Canceled) {
				t.Errorf("before: %v, want %v", err, context.Canceled)
			}
			ctx, cancel := context.WithCancel(t.Context())
			err := db.Read(ctx).Each(func(string) error { cancel(); return nil },
				`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT CAST(i AS TEXT) FROM n`)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("between rows: %v, want %v", err, context.Canceled)
			}
			deadline, stop := context.WithDeadline(t.Context(), time.Unix(0, 0))
			if err := db.Ping(deadline); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("after the deadline: %v, want %v", err, context.DeadlineExceeded)
			}
			stop()
		}
		if err := db.Ping(t.Context()); err != nil {
			t.Errorf("the next request: %v", err)
		}
	})
}

func TestTx_seesItself(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		db := open(store.Options{})
		if err := db.Write(t.Context(), func(tx *store.Tx) error {
			if n, err := tx.Exec(`INSERT INTO instance (name, value) VALUES ('a', ''), ('b', '')`); n != 2 || err != nil {
				t.Errorf("inserted %d, %v; want 2", n, err)
			}
			if n, err := tx.Exec(`INSERT INTO instance (name, value) VALUES ('a', '') ON CONFLICT DO NOTHING`); n != 0 || err != nil {
				t.Errorf("inserted %d, %v; want none", n, err)
			}
			if got, err := tx.Int(`SELECT count(*) FROM instance`); got != 2 || err != nil {
				t.Errorf("counted %d, %v; want 2", got, err)
			}
			if _, err := tx.Int(`SELECT 1 FROM instance WHERE name = 'c'`); !errors.Is(err, iam.ErrNotFound) {
				t.Errorf("got %v, want %v", err, iam.ErrNotFound)
			}
			return put(tx, "c") // a row that is not there breaks nothing
		}); err != nil {
			t.Fatal(err)
		}
		wantNames(t, db, "a", "b", "c")
	})
}

func TestDB_clock(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 29, 2, 30, 0, 123456789, time.FixedZone("", 7200))
	db := storetest.Open(t, "sqlite", store.Options{Now: func() time.Time { return at }, NewID: func() string { return "id" }})
	if got, want := db.Now(), time.Date(2026, 3, 29, 0, 30, 0, 123456000, time.UTC); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := db.NewID(); got != "id" {
		t.Errorf("got %q", got)
	}
}

// Rows that a function leaves open end with its transaction.
func TestTx_rowsLeftOpen(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		db := open(store.Options{Connections: 1})
		for _, refusal := range []error{nil, iam.Errorf(iam.KindConflict, "no")} {
			if err := db.Write(t.Context(), func(tx *store.Tx) error {
				return errors.Join(tx.LeaveOpen(`SELECT 1 UNION ALL SELECT 2`), refusal)
			}); !errors.Is(err, refusal) {
				t.Fatalf("got %v, want %v", err, refusal)
			}
		}
		if err := db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, "next") }); err != nil {
			t.Fatal(err)
		}
	})
}
