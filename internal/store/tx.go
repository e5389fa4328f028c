package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// Reader runs statements that read: from DB.Read each by itself, with a snapshot of its
// own; inside a Tx as part of the transaction. It is for one goroutine and holds the
// context under which its statements run.
type Reader struct {
	ctx context.Context
	db  *DB
	on  executor
	tx  *Tx // nil outside a transaction
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
	broken error // the first error of a statement
}

// Read returns a Reader whose statements stand alone.
func (db *DB) Read(ctx context.Context) *Reader {
	return &Reader{ctx: ctx, db: db, on: db.reads}
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

// fail translates the error of a statement, and breaks the transaction with it.
func (r *Reader) fail(err error) error {
	if err == nil {
		return nil
	}
	err = r.db.dialect.translate(err)
	if r.tx != nil && r.tx.broken == nil {
		r.tx.broken = err
	}
	return err
}

// query runs a statement with ? placeholders and returns its rows, which the caller
// closes; rows.Err() goes through fail. Most callers want one, list or each.
func (r *Reader) query(text string, args ...any) (*sql.Rows, error) {
	if r.tx != nil && r.tx.broken != nil {
		return nil, r.tx.broken
	}
	rows, err := r.on.QueryContext(r.ctx, r.db.dialect.rebind(text), args...)
	return rows, r.fail(err)
}

// each calls visit for each row, in order, until visit returns an error.
func (r *Reader) each(visit func(scanner) error, text string, args ...any) error {
	rows, err := r.query(text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
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
		if err == nil {
			all = append(all, v)
		}
		return r.fail(err)
	}, text, args...)
	if err != nil {
		return nil, err
	}
	return all, nil
}

// one returns what scan makes of the first row, iam.ErrNotFound if there is none.
func one[T any](r *Reader, scan func(scanner) (T, error), text string, args ...any) (T, error) {
	var zero T
	rows, err := r.query(text, args...)
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
	if err != nil {
		return zero, r.fail(err)
	}
	return v, r.fail(errors.Join(rows.Close(), rows.Err()))
}

// exec runs a statement that writes and returns how many rows it changed.
func (tx *Tx) exec(text string, args ...any) (rows int64, err error) {
	if tx.broken != nil {
		return 0, tx.broken
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

// micros is a time as a column holds it: microseconds since 1970-01-01 UTC, 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// fromMicros is the time that a column holds, the zero time for 0.
func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// nullMicros is a time for a column that may be NULL: NULL for the zero time.
func nullMicros(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: micros(t), Valid: !t.IsZero()}
}

// fromNullMicros is the time of a column that may be NULL.
func fromNullMicros(us sql.NullInt64) time.Time { return fromMicros(us.Int64) }

// nullText is a text for a column that may be NULL: NULL for "".
func nullText[T ~string](s T) sql.NullString {
	return sql.NullString{String: string(s), Valid: s != ""}
}

// maxInList is how many values a caller puts into one IN list at most. Longer lists
// are cut into several statements: PostgreSQL takes 65,535 parameters and SQLite
// 32,766, but a statement is prepared for each length.
const maxInList = 500

// inList returns n placeholders: "?, ?, ?".
func inList(n int) string {
	if n == 0 {
		return "NULL" // IN (NULL) holds for no value on both engines
	}
	return strings.Repeat("?, ", n-1) + "?"
}
