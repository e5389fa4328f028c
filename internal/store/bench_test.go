package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// insertOne makes a row with two indexes.
const insertOne = `INSERT INTO invitations (org_id, id, email, token_hash, invited_by, created_at, expires_at) VALUES (?, ?, ?, ?, '', 1, 2)`

func insert(tx *store.Tx, n int64) error {
	_, err := tx.Exec(insertOne, "o", fmt.Sprintf("%08d", n), fmt.Sprintf("%08d@example.com", n), strings.Repeat("0", 64))
	return err
}

func makeOrganization(tb testing.TB, db *store.DB) {
	tb.Helper()
	err := db.Write(tb.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`INSERT INTO organizations (org_id, name, plan, scim_enabled, identity_policy, unmapped_groups, created_at) VALUES ('o', 'O', 'basic', FALSE, 'standard', 'create', 1)`)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkWrite compares durable inserts of one row each: raw, one commit each; and
// through Write, whose commits concurrent writers share on SQLite.
func BenchmarkWrite(b *testing.B) {
	b.Run("sqlite/raw", benchmarkRaw)
	for _, engine := range storetest.Engines {
		for _, writers := range []int{1, 8, 32} {
			b.Run(fmt.Sprintf("%s/writers=%d", engine, writers), func(b *testing.B) {
				db := storetest.Open(b, engine, store.Options{})
				makeOrganization(b, db)
				var n atomic.Int64
				spread(b, writers, func() error {
					return db.Write(context.Background(), func(tx *store.Tx) error { return insert(tx, n.Add(1)) })
				})
			})
		}
	}
}

func benchmarkRaw(b *testing.B) {
	url := storetest.URL(b, "sqlite")
	db, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(url, "sqlite:")+"?_pragma=synchronous(FULL)&_pragma=foreign_keys(1)")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`INSERT INTO organizations (org_id, name, plan, scim_enabled, identity_policy, unmapped_groups, created_at) VALUES ('o', 'O', 'basic', FALSE, 'standard', 'create', 1)`); err != nil {
		b.Fatal(err)
	}
	prepared, err := db.Prepare(insertOne)
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for b.Loop() {
		n++
		if _, err := prepared.Exec("o", fmt.Sprintf("%08d", n), fmt.Sprintf("%08d@example.com", n), strings.Repeat("0", 64)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}

// spread makes b.N calls from as many goroutines as given.
func spread(b *testing.B, goroutines int, call func() error) {
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ResetTimer()
	var group sync.WaitGroup
	for range goroutines {
		group.Go(func() {
			for left.Add(-1) >= 0 {
				if err := call(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}

// BenchmarkRead is a look-up by primary key, with a request's context.
func BenchmarkRead(b *testing.B) {
	for _, engine := range storetest.Engines {
		for _, readers := range []int{1, 8} {
			b.Run(fmt.Sprintf("%s/readers=%d", engine, readers), func(b *testing.B) {
				db := storetest.Open(b, engine, store.Options{})
				makeOrganization(b, db)
				if err := db.Write(b.Context(), func(tx *store.Tx) error {
					for n := range int64(1000) {
						if err := insert(tx, n); err != nil {
							return err
						}
					}
					return nil
				}); err != nil {
					b.Fatal(err)
				}
				spread(b, readers, func() error {
					_, err := db.Read(b.Context()).Int(`SELECT created_at FROM invitations WHERE org_id = ? AND id = ?`, "o", "00000500")
					return err
				})
			})
		}
	}
}
