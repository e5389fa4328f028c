package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// Reader runs statements that read: from DB.Read each by itself, with a snapshot of its
// own; inside a Tx as part of the transaction. It is for one goroutine and holds the
// context under which its statements run.
type Reader struct {
	ctx      context.Context
	db       *DB
	on       executor
	tx       *Tx  // nil outside a transaction
	visiting bool // each reads rows
}

// executor is *sql.DB, *sql.Conn or *sql.Tx.
type executor interface {
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
}

// Tx is a transaction: it reads as a Reader does, and writes. After an SQL error every
// further statement returns that error, and nothing is committed.
type Tx struct {
	*Reader
	broken error       // the first error of a statement
	opened []*sql.Rows // by query, to be closed at the end if the caller did not
}

// Read returns a Reader whose statements stand alone.
func (db *DB) Read(ctx context.Context) *Reader {
	return &Reader{ctx: ctx, db: db, on: db.reads}
}

// newTx returns a transaction that is open on a connection.
func (db *DB) newTx(ctx context.Context, on executor) *Tx {
	tx := &Tx{Reader: &Reader{ctx: ctx, db: db, on: on}}
	tx.Reader.tx = tx
	return tx
}

// run calls fn and returns why its changes must not stay, or nil. A panic comes back as
// a *PanicError.
func (tx *Tx) run(fn func(*Tx) error) (err error) {
	defer func() {
		for _, rows := range tx.opened {
			_ = rows.Close() // its error would have come from the statement too
		}
		if tx.broken != nil {
			err = tx.broken
		}
		if p := recover(); p != nil {
			err = newPanicError(p)
		}
	}()
	return fn(tx)
}

// Now returns the database's time; see DB.Now.
func (r *Reader) Now() time.Time { return r.db.Now() }

// NewID returns an id that no row has.
func (r *Reader) NewID() string { return r.db.NewID() }

// scanner is a row to be scanned.
type scanner interface{ Scan(dest ...any) error }

// scanOne scans a row of one column.
func scanOne[T any](row scanner) (T, error) {
	var v T
	err := row.Scan(&v)
	return v, err
}

// fail translates the error of a statement and breaks the transaction with it.
func (r *Reader) fail(err error) error {
	if err == nil {
		return nil
	}
	if cancelled := r.ctx.Err(); cancelled != nil && r.tx == nil {
		err = cancelled
	} else {
		err = r.db.dialect.translate(err)
	}
	if r.tx != nil && r.tx.broken == nil {
		r.tx.broken = err
	}
	return err
}

// ready returns why a statement may not run now.
func (r *Reader) ready() error {
	if r.tx != nil && r.tx.broken != nil {
		return r.tx.broken
	}
	if r.visiting {
		return r.fail(errors.New("a statement was run while each reads the rows of another; PostgreSQL cannot do that in a transaction"))
	}
	return nil
}

// query runs a statement with ? placeholders and returns its rows, which the caller
// closes before the next statement; their errors go through fail. Most callers want one,
// list or each instead.
func (r *Reader) query(text string, args ...any) (*sql.Rows, error) {
	rows, err := r.start(text, args)
	if err == nil && r.tx != nil {
		r.tx.opened = append(r.tx.opened, rows)
	}
	return rows, err
}

// start is query for callers that cannot forget to close the rows.
func (r *Reader) start(text string, args []any) (*sql.Rows, error) {
	if err := r.ready(); err != nil {
		return nil, err
	}
	rows, err := r.on.QueryContext(r.ctx, r.db.dialect.rebind(text), args...)
	if err != nil {
		return nil, r.fail(err)
	}
	return rows, nil
}

// each calls visit for each row, in order, until visit returns an error. visit runs no
// statement of this Reader.
func (r *Reader) each(visit func(scanner) error, text string, args ...any) error {
	rows, err := r.start(text, args)
	if err != nil {
		return err
	}
	r.visiting = true
	defer func() {
		r.visiting = false
		_ = rows.Close() // reported by rows.Err or of no interest
	}()
	for rows.Next() {
		if err := visit(rows); err != nil {
			return err
		}
	}
	return r.fail(rows.Err())
}

// list returns what scan makes of each row, nil for no rows.
func list[T any](r *Reader, scan func(scanner) (T, error), text string, args ...any) ([]T, error) {
	var all []T
	err := r.each(func(row scanner) error {
		v, err := scan(row)
		if err != nil {
			return r.fail(err)
		}
		all = append(all, v)
		return nil
	}, text, args...)
	if err != nil {
		return nil, err
	}
	return all, nil
}

// one returns what scan makes of the first row, iam.ErrNotFound if there is none.
func one[T any](r *Reader, scan func(scanner) (T, error), text string, args ...any) (T, error) {
	var zero T
	rows, err := r.start(text, args)
	if err != nil {
		return zero, err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return zero, r.fail(err)
		}
		return zero, iam.ErrNotFound
	}
	v, err := scan(rows)
	if err == nil {
		// Only the end of the rows tells whether the statement as a whole worked.
		err = errors.Join(rows.Close(), rows.Err())
	}
	if err != nil {
		return zero, r.fail(err)
	}
	return v, nil
}

// exec runs a statement that writes and returns how many rows it changed.
func (tx *Tx) exec(text string, args ...any) (rows int64, err error) {
	if err := tx.ready(); err != nil {
		return 0, err
	}
	result, err := tx.on.ExecContext(tx.ctx, tx.db.dialect.rebind(text), args...)
	if err != nil {
		return 0, tx.fail(err)
	}
	rows, err = result.RowsAffected()
	return rows, tx.fail(err)
}

// forUpdate is the end of a SELECT whose rows the transaction goes on to change:
// nothing on SQLite, where there is one writer, and outside a transaction.
func (r *Reader) forUpdate() string { return r.lock(" FOR UPDATE") }

// forShare is the end of a SELECT whose rows must not change until the commit.
func (r *Reader) forShare() string { return r.lock(" FOR SHARE") }

// forKeyShare is the end of a SELECT whose rows must not be deleted until the commit.
func (r *Reader) forKeyShare() string { return r.lock(" FOR KEY SHARE") }

func (r *Reader) lock(clause string) string {
	if r.tx == nil || !r.db.dialect.locks {
		return ""
	}
	return clause
}
