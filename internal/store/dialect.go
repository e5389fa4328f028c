package store

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/rollcall/rollcall/internal/iam"
)

// dialect is what differs between the engines beyond opening and committing.
type dialect struct {
	name      string
	rebind    func(text string) string
	locks     bool                  // SELECT … FOR UPDATE means something
	translate func(err error) error // a driver's error as one of iam's kinds, if it is one
	hasTable  string                // whether there is a table of a name
}

var sqliteDialect = dialect{
	name:      "sqlite",
	rebind:    func(text string) string { return text },
	translate: translateSQLite,
	hasTable:  "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?",
}

var postgresDialect = dialect{
	name:      "postgres",
	rebind:    new(rebinder).rebind,
	locks:     true,
	translate: translatePostgres,
	hasTable:  "SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass(?)",
}

// rebinder keeps the PostgreSQL form of statement texts. Most texts are constants, but
// filters make new ones, so it stops keeping them at some number.
type rebinder struct {
	known sync.Map // string -> string
	kept  atomic.Int64
}

const maxRebound = 2000

// rebind writes $1, $2 … for the question marks of text, except in quotes.
func (b *rebinder) rebind(text string) string {
	if known, ok := b.known.Load(text); ok {
		return known.(string)
	}
	out := make([]byte, 0, len(text)+16)
	quoted, n := false, int64(0)
	for i := range len(text) {
		switch c := text[i]; {
		case c == '?' && !quoted:
			n++
			out = strconv.AppendInt(append(out, '$'), n, 10)
		default:
			quoted = quoted != (c == '\'')
			out = append(out, c)
		}
	}
	if b.kept.Load() < maxRebound {
		b.kept.Add(1)
		b.known.Store(strings.Clone(text), string(out))
	}
	return string(out)
}

// constraintError is the violation of a constraint: it spoils its own transaction, and
// no other that shares the commit.
type constraintError struct {
	answer *iam.Error
	cause  error
}

func (e *constraintError) Error() string   { return e.answer.Message }
func (e *constraintError) Unwrap() []error { return []error{e.answer, e.cause} }

// violated makes the error of a constraint. Use cases look before they write and refuse
// in words of their own, so that only a race gets here.
func violated(reason, name string, cause error) error {
	return &constraintError{iam.Errorf(iam.KindConflict, "a change made at the same time stands in the way: %s (%s)", reason, name), cause}
}

const (
	taken    = "the value is taken"
	dangling = "something that this refers to is gone, or something still refers to this"
)

// faulty makes the error of a constraint that only a fault of ours violates.
func faulty(cause error) error {
	return &constraintError{iam.Errorf(iam.KindInternal, "%w", cause), cause}
}

// translateSQLite gives errors of SQLite their kinds. https://sqlite.org/rescode.html
func translateSQLite(err error) error {
	var e interface {
		error
		Code() int
	}
	if err == nil || isTranslated(err) {
		return err
	}
	if !errors.As(err, &e) {
		return translateLost(err)
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return violated(taken, sqliteConstraint(e.Error()), err)
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return violated(dangling, "foreign key", err)
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_CONSTRAINT:
		return faulty(err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY,
		sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_INTERRUPT:
		return iam.Unavailable(err)
	case sqlite3.SQLITE_TOOBIG:
		return iam.Errorf(iam.KindInvalid, "a value is too long for the database")
	}
	return err
}

// sqliteConstraint cuts "users.org_id, users.login_key" out of "… UNIQUE constraint
// failed: users.org_id, users.login_key (2067)".
func sqliteConstraint(message string) string {
	if _, after, found := strings.Cut(message, "UNIQUE constraint failed: "); found {
		columns, _, _ := strings.Cut(after, " (")
		return columns
	}
	return "unique"
}

// translatePostgres gives errors of PostgreSQL and its poolers their kinds.
// https://www.postgresql.org/docs/current/errcodes-appendix.html
func translatePostgres(err error) error {
	if err == nil || isTranslated(err) {
		return err
	}
	var refused *pgconn.ConnectError // wraps a PgError when the server said why
	if errors.As(err, &refused) {
		return iam.Unavailable(err)
	}
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return translateLost(err)
	}
	switch e.Code {
	case "23505":
		return violated(taken, e.ConstraintName, err)
	case "23503":
		return violated(dangling, e.ConstraintName, err)
	case "22021", "22P05": // character_not_in_repertoire, untranslatable_character
		return iam.Errorf(iam.KindInvalid, "a value has a character that the database cannot hold")
	case "54000": // program_limit_exceeded: longer than an index entry may be
		return iam.Errorf(iam.KindInvalid, "a value is too long for the database")
	case "55P03", // lock_not_available
		"25006",          // read_only_sql_transaction: a standby, or a primary that is being replaced
		"58000", "58030": // system_error, io_error
		return iam.Unavailable(err)
	}
	switch e.Code[:min(2, len(e.Code))] {
	case "23":
		return faulty(err)
	case "08", // connection exception; also what poolers say
		"40", // transaction rollback, after all repetitions
		"53", // insufficient resources
		"57": // operator intervention: shutdown, cancelled statement
		return iam.Unavailable(err)
	}
	return err
}

// isTranslated tells whether err has its kind already.
func isTranslated(err error) bool {
	var known *iam.Error
	return errors.As(err, &known)
}

// translateLost turns the loss of the connection, and a wait that took too long, into
// unavailability. What is left are faults of ours, such as a value that a column does
// not take.
func translateLost(err error) error {
	var lost *lostError
	if errors.As(err, &lost) || isBadConn(err) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, pgx.ErrTxCommitRollback) {
		return iam.Unavailable(err)
	}
	return err
}

// isRefusal tells whether an error of a write concerns that write alone: a rule of iam
// or a constraint said no, and the database is well.
func isRefusal(err error) bool {
	var constraint *constraintError
	if errors.As(err, &constraint) {
		return true
	}
	kind := iam.KindOf(err)
	return kind != iam.KindInternal && kind != iam.KindUnavailable
}

// isRepeatable tells whether PostgreSQL undid the transaction to let another one pass,
// so that it may run again: serialization_failure, deadlock_detected.
func isRepeatable(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01")
}
