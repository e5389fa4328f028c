package directory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// writer is a transaction that numbers what it writes.
type writer struct {
	tx   *sql.Tx
	head int64 // the last number given; 0 = not read yet
}

// write runs a transaction whose numbers are saved with it.
func (db *DB) write(ctx context.Context, change func(*writer) error) error {
	return db.Update(ctx, func(tx *sql.Tx) error {
		w := &writer{tx: tx}
		if err := change(w); err != nil {
			return err
		}
		if w.head == 0 {
			return nil
		}
		return set(ctx, tx, "head", w.head)
	})
}

// next gives the next number of the sequence.
func (w *writer) next(ctx context.Context) (int64, error) {
	if w.head == 0 {
		head, err := headSeq(ctx, w.tx)
		if err != nil {
			return 0, err
		}
		w.head = head
	}
	w.head++
	return w.head, nil
}

// queryer is a pool or a transaction.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func headSeq(ctx context.Context, q queryer) (int64, error) {
	var head int64
	err := q.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = 'head'`).Scan(&head)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read the head of the sequence: %w", err)
	}
	return head, nil
}

// HeadSeq returns the number of the last write, 0 for none. Who reads it before he reads
// the objects misses no change: he may only see one twice.
func (db *DB) HeadSeq(ctx context.Context) (int64, error) { return headSeq(ctx, db.reads) }
