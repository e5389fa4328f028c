package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/rollcall/rollcall/internal/iam"
)

// dialect is what differs between the engines beyond opening and committing.
type dialect struct {
	name      string
	rebind    func(text string) string
	locks     bool                  // SELECT … FOR UPDATE means something
	translate func(err error) error // a driver's error as one of iam's kinds, if it is one
}

var sqliteDialect = dialect{
	name:      "sqlite",
	rebind:    func(text string) string { return text },
	translate: translateSQLite,
}

var postgresDialect = dialect{
	name:      "postgres",
	rebind:    rebindPostgres,
	locks:     true,
	translate: translatePostgres,
}

// rebound keeps the PostgreSQL form of each statement text. The texts are constants of
// this package but for the lengths of IN lists, so they are few.
var rebound sync.Map

// rebindPostgres writes $1, $2 … for the question marks of text, except in quotes.
func rebindPostgres(text string) string {
	if known, ok := rebound.Load(text); ok {
		return known.(string)
	}
	var b strings.Builder
	quoted, n := false, 0
	for _, c := range []byte(text) {
		switch {
		case c == '\'':
			quoted = !quoted
			b.WriteByte(c)
		case c == '?' && !quoted:
			n++
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(n))
		default:
			b.WriteByte(c)
		}
	}
	rebound.Store(text, b.String())
	return b.String()
}

func translateSQLite(err error) error {
	var known *iam.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN:
		return iam.Unavailable(err)
	case sqlite3.SQLITE_CONSTRAINT:
		return iam.Errorf(iam.KindConflict, "another row stands in the way: %w", err)
	}
	return err
}

func translatePostgres(err error) error {
	var known *iam.Error
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		var network net.Error
		var connect *pgconn.ConnectError
		if errors.Is(err, driver.ErrBadConn) || errors.As(err, &network) || errors.As(err, &connect) {
			return iam.Unavailable(err)
		}
		return err
	}
	switch {
	case strings.HasPrefix(e.Code, "23"):
		return iam.Errorf(iam.KindConflict, "another row stands in the way (%s): %w", e.ConstraintName, err)
	case strings.HasPrefix(e.Code, "08"), strings.HasPrefix(e.Code, "53"), strings.HasPrefix(e.Code, "57"), strings.HasPrefix(e.Code, "40"), e.Code == "55P03":
		return iam.Unavailable(err)
	}
	return err
}
