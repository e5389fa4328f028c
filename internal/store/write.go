package store

import (
	"context"
	"errors"
)

// Write runs fn as one transaction. It returns nil only after fn returned nil and its
// changes are durable; after any error nothing of fn remains.
//
// fn may run more than once, so it sets all its results anew on each run and does
// nothing that cannot be undone: no mail, no request, no message to another goroutine.
// It must not call Write, nor use tx after it returned.
func (db *DB) Write(ctx context.Context, fn func(tx *Tx) error) error {
	sqlTx, err := db.writes.BeginTx(ctx, nil)
	if err != nil {
		return db.dialect.translate(err)
	}
	defer sqlTx.Rollback() // after a commit it does nothing
	tx := &Tx{Reader: &Reader{ctx: context.WithoutCancel(ctx), db: db, on: sqlTx}}
	tx.Reader.tx = tx
	if err := errors.Join(fn(tx), tx.broken); err != nil {
		if tx.broken != nil {
			return tx.broken
		}
		return err
	}
	return db.dialect.translate(sqlTx.Commit())
}

// WriteBig is Write for a function that takes long: no two of them share a commit, so
// that one alone delays the small ones that share it.
func (db *DB) WriteBig(ctx context.Context, fn func(tx *Tx) error) error {
	return db.Write(ctx, fn)
}
