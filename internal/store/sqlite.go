package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net/url"
	"runtime"

	"modernc.org/sqlite"

	"github.com/rollcall/rollcall/internal/iam"
)

// openSQLite opens one connection that writes and a pool that only reads.
func (db *DB) openSQLite(ctx context.Context, path string, o Options) error {
	db.dialect = &sqliteDialect
	if path == "" {
		return iam.Errorf(iam.KindInvalid, "the database sqlite: names no file; give sqlite:PATH")
	}
	open := func(more url.Values) (*sql.DB, error) {
		query := url.Values{"_pragma": {"busy_timeout(10000)", "foreign_keys(1)", "synchronous(FULL)"}}
		for name, values := range more {
			query[name] = append(query[name], values...)
		}
		var connector driver.Connector
		connector, err := sqlite.NewConnector("file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode())
		if err != nil {
			return nil, err
		}
		if o.Wrap != nil {
			connector = o.Wrap(connector)
		}
		return sql.OpenDB(connector), nil
	}
	var err error
	if db.writes, err = open(url.Values{"_pragma": {"journal_mode(WAL)"}, "_txlock": {"immediate"}}); err != nil {
		return err
	}
	db.writes.SetMaxOpenConns(1)
	if err := db.writes.PingContext(ctx); err != nil {
		return db.dialect.translate(err)
	}
	if db.reads, err = open(url.Values{"_query_only": {"1"}}); err != nil {
		return err
	}
	readers := o.Connections
	if readers == 0 {
		readers = max(4, 2*runtime.GOMAXPROCS(0))
	}
	db.reads.SetMaxOpenConns(readers)
	db.reads.SetMaxIdleConns(readers)
	return nil
}
