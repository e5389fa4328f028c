package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rollcall/rollcall/internal/iam"
)

// Options are the settings of Open. The zero value is what a server wants.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// NewID makes ids; nil means UUIDv7 in lower case, increasing within the process.
	NewID func() string
	// Wrap is put between database/sql and the driver, so that tests can count
	// statements and make them fail; nil means nothing.
	Wrap func(driver.Connector) driver.Connector
	// AllowUnsafe accepts a PostgreSQL server whose fsync or synchronous_commit is
	// off: such a server forgets acknowledged changes when it crashes.
	AllowUnsafe bool
	// Connections limits the open connections: those that read on SQLite (there is
	// one more that writes), all of them on PostgreSQL. 0 means a number that suits
	// the engine.
	Connections int
}

// DB is an open database. Safe for concurrent use.
type DB struct {
	dialect    *dialect
	reads      *sql.DB        // on PostgreSQL the same pool as writes
	writes     *sql.DB        // on SQLite one connection
	commits    *groupCommit   // nil on PostgreSQL
	migrations func() *sql.DB // opens connections for migrations alone; nil: writes serves
	now        func() time.Time
	newID      func() string
}

// Open opens the database at url: "sqlite:PATH", or "postgres://…" in the form that
// libpq takes. It makes the file of a new SQLite database, and does not migrate.
//
// The error is of kind invalid for a url or a server that cannot be used, unavailable
// for a database that cannot be reached; its text says why.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	db := &DB{now: o.Now, newID: o.NewID}
	if db.now == nil {
		db.now = time.Now
	}
	if db.newID == nil {
		db.newID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	scheme, rest, _ := strings.Cut(url, ":")
	var err error
	switch scheme {
	case "sqlite":
		err = db.openSQLite(ctx, rest, o)
	case "postgres", "postgresql":
		err = db.openPostgres(ctx, url, o)
	default:
		err = iam.Errorf(iam.KindInvalid, "the database %q is neither sqlite:PATH nor postgres://…", redacted(url))
	}
	if err != nil {
		_ = db.Close() // err says more
		return nil, err
	}
	return db, nil
}

// pool opens connections that pass through Wrap.
func (o Options) pool(c driver.Connector) *sql.DB {
	if o.Wrap != nil {
		c = o.Wrap(c)
	}
	return sql.OpenDB(guardedConnector{c})
}

// redacted returns a database url without its password, short enough for a message.
func redacted(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		scheme, _, _ := strings.Cut(raw, ":")
		return scheme[:min(len(scheme), 200)] + ":…"
	}
	if query := u.Query(); query.Has("password") {
		query.Set("password", "xxxxx")
		u.RawQuery = query.Encode()
	}
	shown := u.Redacted()
	return shown[:min(len(shown), 200)]
}

// Close waits for the writes that are under way and closes the connections. Nothing
// may read any more.
func (db *DB) Close() error {
	if db.commits != nil {
		db.commits.close()
	}
	var errs []error
	if db.writes != nil {
		errs = append(errs, db.writes.Close())
	}
	if db.reads != nil && db.reads != db.writes {
		errs = append(errs, db.reads.Close())
	}
	return errors.Join(errs...)
}

// Ping returns nil while the database answers.
func (db *DB) Ping(ctx context.Context) error {
	_, err := one(db.Read(ctx), scanOne[int64], "SELECT 1")
	return err
}

// Engine returns "sqlite" or "postgres".
func (db *DB) Engine() string { return db.dialect.name }

// Now returns the time in UTC, cut to the microseconds that the database keeps.
func (db *DB) Now() time.Time { return db.now().UTC().Truncate(time.Microsecond) }

// NewID returns an id that no row has.
func (db *DB) NewID() string { return db.newID() }
