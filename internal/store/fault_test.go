package store_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// change makes three rows in three tables and looks at them in between.
func change(tx *store.Tx, org string) error {
	if _, err := tx.Exec(`INSERT INTO organizations (org_id, name, plan, scim_enabled, identity_policy, unmapped_groups, created_at)
		VALUES (?, 'O', 'basic', FALSE, 'standard', 'create', 1)`, org); err != nil {
		return err
	}
	if _, err := tx.Texts(`SELECT org_id FROM organizations WHERE org_id = ?`, org); err != nil {
		return err
	}
	if _, err := tx.Exec(`INSERT INTO roles (org_id, id, name, type, source, near_name, permissions, created_at, updated_at)
		VALUES (?, 'r', 'R', 'custom', 'admin', 'r', '[]', 1, 1)`, org); err != nil {
		return err
	}
	_, err := tx.Exec(`INSERT INTO default_roles (org_id, role_id) VALUES (?, 'r')`, org)
	return err
}

// rowsOf counts what is there of a change.
func rowsOf(t *testing.T, db *store.DB, org string) int64 {
	t.Helper()
	n, err := db.Read(t.Context()).Int(`SELECT (SELECT count(*) FROM organizations WHERE org_id = ?)
		+ (SELECT count(*) FROM roles WHERE org_id = ?) + (SELECT count(*) FROM default_roles WHERE org_id = ?)`, org, org, org)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Whatever call of the driver goes wrong, and however: a change is wholly there or not
// at all, is not made twice, and the next one works.
func TestWrite_faultAtEveryCall(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		var faulty storetest.Driver
		db := open(store.Options{Wrap: faulty.Wrap, Connections: 1})
		faulty.Reset()
		if err := db.Write(t.Context(), func(tx *store.Tx) error { return change(tx, "clean") }); err != nil {
			t.Fatal(err)
		}
		clean := faulty.Calls()
		if len(clean) < 6 {
			t.Fatalf("a clean write makes %d calls: %v", len(clean), clean)
		}
		faults := map[string]storetest.Fault{
			"unknown":     {Err: errors.New("injected")},
			"bad":         {Err: driver.ErrBadConn},
			"answer lost": {Err: errors.New("injected"), After: true},
			"panic":       {Panic: "injected"},
		}
		if db.Engine() == "sqlite" {
			faults["full"] = storetest.Fault{Err: storetest.SQLiteFull}
			faults["input or output"] = storetest.Fault{Err: storetest.SQLiteIOErr}
		} else {
			faults["full"] = storetest.Fault{Err: &pgconn.PgError{Severity: "ERROR", Code: "53100"}}
			faults["shutdown"] = storetest.Fault{Err: &pgconn.PgError{Severity: "FATAL", Code: "57P01"}}
		}
		for name, fault := range faults {
			for k, call := range clean {
				org := fmt.Sprintf("%s at %d", name, k)
				faulty.Reset()
				fault.Skip = k
				faulty.Inject(fault)
				runs := 0
				err := db.Write(t.Context(), func(tx *store.Tx) error { runs++; return change(tx, org) })
				if faulty.Pending() != 0 {
					t.Fatalf("%s: it never happened", org)
				}
				got := rowsOf(t, db, org)
				switch {
				case err == nil && got != 3, err != nil && got != 0 && !(fault.After && call.SQL == "COMMIT" && got == 3):
					t.Errorf("%s (%s): %d of 3 rows after %v", org, call.SQL, got, err)
				case err != nil && call.SQL == "COMMIT" && iam.KindOf(err) != iam.KindUnavailable:
					t.Errorf("%s: a failed commit gives %v, want unavailable", org, err)
				case err != nil && (name == "full" || name == "shutdown") && iam.KindOf(err) != iam.KindUnavailable:
					t.Errorf("%s (%s): got %v, want unavailable", org, call.SQL, err)
				case err == nil && !strings.HasPrefix(call.SQL, "BEGIN") && !strings.HasPrefix(call.SQL, "ROLLBACK"):
					t.Errorf("%s (%s): no error", org, call.SQL)
				case runs > 1:
					t.Errorf("%s (%s): the function ran %d times", org, call.SQL, runs)
				}
				if err := db.Write(t.Context(), func(tx *store.Tx) error { return change(tx, org+", next") }); err != nil {
					t.Fatalf("the write after %s (%s): %v", org, call.SQL, err)
				}
				if got := rowsOf(t, db, org+", next"); got != 3 {
					t.Errorf("the write after %s made %d of 3 rows", org, got)
				}
			}
		}
	})
}

// What a refusal costs: nothing stays, and the connection is well.
func TestWrite_refused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		db := open(store.Options{Connections: 1})
		refusal := iam.Errorf(iam.KindConflict, "no")
		for range 3 {
			err := db.Write(t.Context(), func(tx *store.Tx) error {
				if err := change(tx, "refused"); err != nil {
					return err
				}
				return fmt.Errorf("wrapped: %w", refusal)
			})
			if !errors.Is(err, refusal) || err.Error() != "wrapped: no" {
				t.Fatalf("got %v, want the error of the function", err)
			}
		}
		if got := rowsOf(t, db, "refused"); got != 0 {
			t.Errorf("%d rows stayed", got)
		}
	})
}

// No closure goes on after an SQL error, whatever it does with it.
func TestWrite_goesOnAfterAnError(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		db := open(store.Options{Connections: 1})
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			if err := put(tx, "same"); err != nil {
				return err
			}
			first := put(tx, "same")
			if iam.KindOf(first) != iam.KindConflict {
				t.Errorf("a value that is taken: %v, want a conflict", first)
			}
			if err := put(tx, "other"); !errors.Is(err, first) {
				t.Errorf("the next statement: %v, want the first error", err)
			}
			if _, err := tx.Texts(`SELECT name FROM instance`); !errors.Is(err, first) {
				t.Errorf("the next query: %v, want the first error", err)
			}
			return nil
		})
		if iam.KindOf(err) != iam.KindConflict {
			t.Errorf("got %v, want the conflict", err)
		}
		wantNames(t, db)
	})
}

func TestWrite_panics(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		db := open(store.Options{Connections: 1})
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			if err := put(tx, "gone"); err != nil {
				return err
			}
			var nobody *iam.AuditEvent
			nobody.TargetID = "x"
			return nil
		})
		var panicked *store.PanicError
		if !errors.As(err, &panicked) || !strings.Contains(string(panicked.Stack), "fault_test.go") {
			t.Errorf("got %v, want the panic with its stack", err)
		}
		wantNames(t, db)
	})
}

func TestWrite_functionGoneWithoutAnswer(t *testing.T) {
	t.Parallel()
	// On PostgreSQL the function runs on its caller's goroutine, which ends with it.
	db := storetest.Open(t, "postgres", store.Options{Connections: 1})
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = db.Write(context.Background(), func(tx *store.Tx) error { _ = put(tx, "gone"); runtime.Goexit(); return nil })
	}()
	<-done
	if err := db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, "next") }); err != nil {
		t.Fatal(err)
	}
	wantNames(t, db, "next")
}

// Many writers at once: each is there if it was told so, and nothing else is.
func TestWrite_manyAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		db := open(store.Options{})
		const writers = 32
		var all sync.WaitGroup
		var mu sync.Mutex
		var want []string
		for i := range writers {
			all.Go(func() {
				for round := range 5 {
					name := fmt.Sprintf("%02d in round %d", i, round)
					err := db.Write(t.Context(), func(tx *store.Tx) error {
						if err := put(tx, name); err != nil {
							return err
						}
						switch i {
						case 3:
							return iam.Errorf(iam.KindForbidden, "no")
						case 9:
							return put(tx, name)
						case 17:
							panic(name)
						case 25:
							return errors.New("a fault of ours")
						}
						return nil
					})
					if failed := i == 3 || i == 9 || i == 17 || i == 25; failed != (err != nil) {
						t.Errorf("%s: %v", name, err)
					}
					if err == nil {
						mu.Lock()
						want = append(want, name)
						mu.Unlock()
					}
				}
			})
		}
		all.Wait()
		wantNames(t, db, want...)
	})
}
