package store_test

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// administer runs a statement on a connection of its own.
func administer(t *testing.T, databaseURL, text string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), text); err != nil {
		t.Fatal(err)
	}
}

// cutConnections ends all other connections to the database, as a restart does.
const cutConnections = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`

func TestPostgres_runsAgain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		code     string
		at       string
		times    int
		wantRuns int
		wantErr  bool
	}{
		{"serialization failure of a statement", "40001", "INSERT", 1, 2, false},
		{"deadlock", "40P01", "INSERT", 3, 4, false},
		{"serialization failure of the commit", "40001", "COMMIT", 2, 3, false},
		{"too often", "40001", "INSERT", 20, 6, true},
		{"another error", "53200", "INSERT", 1, 1, true},
		{"another error of the commit", "53100", "COMMIT", 1, 1, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var faulty storetest.Driver
			db := storetest.Open(t, "postgres", store.Options{Wrap: faulty.Wrap})
			for range test.times {
				faulty.Inject(storetest.Fault{Match: storetest.SQL(test.at), Err: &pgconn.PgError{Severity: "ERROR", Code: test.code}})
			}
			runs := 0
			err := db.Write(t.Context(), func(tx *store.Tx) error { runs++; return put(tx, "row") })
			if runs != test.wantRuns || (err != nil) != test.wantErr {
				t.Errorf("%d runs, %v; want %d runs, error %v", runs, err, test.wantRuns, test.wantErr)
			}
			if test.wantErr {
				if iam.KindOf(err) != iam.KindUnavailable {
					t.Errorf("got %v, want unavailable", err)
				}
				wantNames(t, db)
			} else {
				wantNames(t, db, "row")
			}
		})
	}
}

func TestPostgres_deadlock(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, "postgres", store.Options{})
	if err := db.Write(t.Context(), func(tx *store.Tx) error { return errors.Join(put(tx, "a"), put(tx, "b")) }); err != nil {
		t.Fatal(err)
	}
	var holdOne sync.WaitGroup // until each has locked its first row
	holdOne.Add(2)
	update := func(first, second string) error {
		met := false
		return db.Write(t.Context(), func(tx *store.Tx) error {
			for i, name := range []string{first, second} {
				if _, err := tx.Exec(`UPDATE instance SET value = value || ? WHERE name = ?`, "x", name); err != nil {
					return err
				}
				if i == 0 && !met {
					met = true
					holdOne.Done()
					holdOne.Wait()
				}
			}
			return nil
		})
	}
	other := make(chan error)
	go func() { other <- update("b", "a") }()
	if err := errors.Join(update("a", "b"), <-other); err != nil {
		t.Fatal(err)
	}
	got, err := db.Read(t.Context()).Texts(`SELECT value FROM instance ORDER BY name`)
	if err != nil || !slices.Equal(got, []string{"xx", "xx"}) {
		t.Errorf("got %q, %v; want each row changed twice", got, err)
	}
}

// A commit whose connection is lost is in doubt: it is not made a second time.
func TestPostgres_connectionLostDuringCommit(t *testing.T) {
	t.Parallel()
	for _, arrived := range []bool{false, true} {
		database := storetest.URL(t, "postgres")
		var faulty storetest.Driver
		db := storetest.Reopen(t, database, store.Options{Wrap: faulty.Wrap, Connections: 1})
		fault := storetest.Fault{Match: storetest.SQL("COMMIT"), Do: func() { administer(t, database, cutConnections) }}
		if arrived {
			fault.Do, fault.After, fault.Err = nil, true, errors.New("read: connection reset by peer")
		}
		faulty.Inject(fault)
		runs := 0
		err := db.Write(t.Context(), func(tx *store.Tx) error { runs++; return put(tx, "row") })
		if iam.KindOf(err) != iam.KindUnavailable || runs != 1 {
			t.Errorf("arrived %v: %v after %d runs, want unavailable after one", arrived, err, runs)
		}
		if arrived {
			wantNames(t, db, "row")
		} else {
			wantNames(t, db)
		}
	}
}

func TestPostgres_connectionLostDuringStatement(t *testing.T) {
	t.Parallel()
	database := storetest.URL(t, "postgres")
	db := storetest.Reopen(t, database, store.Options{Connections: 1})
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		administer(t, database, cutConnections)
		return put(tx, "row")
	})
	if iam.KindOf(err) != iam.KindUnavailable {
		t.Errorf("got %v, want unavailable", err)
	}
	wantNames(t, db)
}

// After a restart of the server every connection of the pool is dead; nobody notices.
func TestPostgres_restartBetweenRequests(t *testing.T) {
	t.Parallel()
	database := storetest.URL(t, "postgres")
	db := storetest.Reopen(t, database, store.Options{Connections: 6})
	fill := func() {
		var all sync.WaitGroup
		var here sync.WaitGroup // until every connection is in use
		here.Add(6)
		for range 6 {
			all.Go(func() {
				if err := db.Write(t.Context(), func(*store.Tx) error { here.Done(); here.Wait(); return nil }); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	fill()
	administer(t, database, cutConnections)
	if err := db.Ping(t.Context()); err != nil {
		t.Errorf("the read after: %v", err)
	}
	fill()
	administer(t, database, cutConnections)
	if err := db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, "row") }); err != nil {
		t.Errorf("the write after: %v", err)
	}
	wantNames(t, db, "row")
}

// Poolers in transaction mode give the next transaction another session.
func TestPostgres_settingsEndWithTheTransaction(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, "postgres", store.Options{Connections: 1})
	const settings = `SELECT current_setting('lock_timeout') || ' ' || current_setting('statement_timeout') || ' ' ||
		current_setting('idle_in_transaction_session_timeout') || ' ' || current_setting('transaction_isolation')`
	read := func(r *store.Reader) string {
		got, err := r.Texts(settings)
		if err != nil {
			t.Fatal(err)
		}
		return got[0]
	}
	var small, big string
	if err := db.Write(t.Context(), func(tx *store.Tx) error { small = read(tx.Reader); return nil }); err != nil {
		t.Fatal(err)
	}
	if err := db.WriteBig(t.Context(), func(tx *store.Tx) error { big = read(tx.Reader); return nil }); err != nil {
		t.Fatal(err)
	}
	outside := read(db.Read(t.Context()))
	if small != "10s 30s 1min read committed" || big != "10s 10min 1min read committed" || outside != "0 0 0 read committed" {
		t.Errorf("small: %s; big: %s; outside: %s", small, big, outside)
	}
}

func TestPostgres_waitsForALockOnlySoLong(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, "postgres", store.Options{})
	if err := db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, "row") }); err != nil {
		t.Fatal(err)
	}
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.Exec(`UPDATE instance SET value = 'held' WHERE name = 'row'`); err != nil {
			return err
		}
		waiting := db.Write(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.Exec(`SET LOCAL lock_timeout = '20ms'`); err != nil {
				return err
			}
			_, err := tx.Exec(`UPDATE instance SET value = 'mine' WHERE name = 'row'`)
			return err
		})
		if iam.KindOf(waiting) != iam.KindUnavailable {
			t.Errorf("got %v, want unavailable", waiting)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A request that is cancelled while it waits for a connection leaves nothing behind.
func TestPostgres_cancelledInTheQueue(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, "postgres", store.Options{Connections: 1})
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		ctx, cancel := context.WithCancel(t.Context())
		answer := make(chan error)
		go func() { answer <- db.Write(ctx, func(tx *store.Tx) error { return put(tx, "cancelled") }) }()
		cancel()
		if err := <-answer; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
		return put(tx, "row")
	})
	if err != nil {
		t.Fatal(err)
	}
	wantNames(t, db, "row")
}

func TestOpen_postgresThatForgets(t *testing.T) {
	t.Parallel()
	database := storetest.Database(t)
	target, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	administer(t, database, "ALTER DATABASE "+target.Path[1:]+" SET synchronous_commit = off")
	db, err := store.Open(t.Context(), database, store.Options{})
	if iam.KindOf(err) != iam.KindInvalid || !strings.Contains(err.Error(), "synchronous_commit = off") {
		t.Fatalf("got %v, %v; want a refusal that names synchronous_commit", db, err)
	}
	db, err = store.Open(t.Context(), database, store.Options{AllowUnsafe: true})
	if err != nil {
		t.Fatalf("allowed explicitly: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpen_postgresAway(t *testing.T) {
	t.Parallel()
	_, err := store.Open(t.Context(), "postgres://rollcall:hunter2@127.0.0.1:1/rollcall?password=hunter2&sslmode=disable", store.Options{})
	if iam.KindOf(err) != iam.KindUnavailable {
		t.Fatalf("got %v, want unavailable", err)
	}
	if text := err.Error(); strings.Contains(text, "hunter2") || !strings.Contains(text, "127.0.0.1:1") || !strings.Contains(text, "refused") {
		t.Errorf("the message should say where and why, without the password: %v", err)
	}
}

func TestPostgres_characterThatItCannotHold(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, "postgres", store.Options{})
	err := db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, "nul \x00") })
	if iam.KindOf(err) != iam.KindInvalid {
		t.Errorf("got %v, want invalid", err)
	}
	long := strings.Repeat("abcdefghijklmnopqrstuvwxyz0123456789", 1<<15)
	err = db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, long) })
	if iam.KindOf(err) != iam.KindInvalid {
		t.Errorf("a key that is too long: got %v, want invalid", err)
	}
}
