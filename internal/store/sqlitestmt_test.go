package store

import (
	"fmt"
	"path/filepath"
	"testing"
)

// Two results of one text can be open on one connection.
func TestPreparingConn_busyStatement(t *testing.T) {
	t.Parallel()
	db := openEmpty(t)
	conn, err := db.reads.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const text = `WITH RECURSIVE n (i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i FROM n`
	for range 3 {
		outer, err := conn.QueryContext(t.Context(), text, 1)
		if err != nil {
			t.Fatal(err)
		}
		pairs := 0
		for outer.Next() {
			var i, j int
			if err := outer.Scan(&i); err != nil {
				t.Fatal(err)
			}
			inner, err := conn.QueryContext(t.Context(), text, i)
			if err != nil {
				t.Fatal(err)
			}
			for want := i; inner.Next(); want++ {
				if err := inner.Scan(&j); err != nil || j != want {
					t.Fatalf("got %d, %v; want %d", j, err, want)
				}
				pairs++
			}
			if err := inner.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if err := outer.Close(); err != nil || pairs != 45 {
			t.Fatalf("%d pairs, %v; want 45", pairs, err)
		}
	}
}

// More texts than a connection keeps, some of them in use when it starts over.
func TestPreparingConn_manyTexts(t *testing.T) {
	t.Parallel()
	db := openEmpty(t)
	conn, err := db.reads.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	open, err := conn.QueryContext(t.Context(), "SELECT 1 UNION ALL SELECT 2")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for i := range 2*maxPrepared + 7 {
			var got int
			if err := conn.QueryRowContext(t.Context(), fmt.Sprintf("SELECT %d + ?", i), 1).Scan(&got); err != nil || got != i+1 {
				t.Fatalf("got %d, %v; want %d", got, err, i+1)
			}
		}
	}
	for want := 1; open.Next(); want++ {
		var got int
		if err := open.Scan(&got); err != nil || got != want {
			t.Fatalf("got %d, %v; want %d", got, err, want)
		}
	}
	if err := open.Close(); err != nil {
		t.Error(err)
	}
	if err := conn.Raw(func(raw any) error {
		kept := raw.(*guardedConn).storeConn.(*preparingConn).prepared
		if len(kept) > maxPrepared {
			return fmt.Errorf("%d statements kept, want at most %d", len(kept), maxPrepared)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

func openEmpty(t *testing.T) *DB {
	t.Helper()
	db, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "empty.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestAtLeast(t *testing.T) {
	t.Parallel()
	tests := []struct {
		have [3]int
		want bool
	}{
		{[3]int{3, 53, 2}, true}, {[3]int{3, 53, 1}, false}, {[3]int{3, 52, 9}, false}, {[3]int{3, 54, 0}, true}, {[3]int{4, 0, 0}, true}, {[3]int{2, 99, 9}, false},
	}
	for _, test := range tests {
		if got := atLeast(test.have, sqliteMinimum); got != test.want {
			t.Errorf("%v is at least %v: got %v, want %v", test.have, sqliteMinimum, got, test.want)
		}
	}
}
