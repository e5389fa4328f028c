package store

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"github.com/jackc/pgx/v5"

	"github.com/rollcall/rollcall/internal/iam"
)

// openPostgres opens one pool for reads and writes.
func (db *DB) openPostgres(ctx context.Context, url string, o Options) error {
	db.dialect = &postgresDialect
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return iam.Errorf(iam.KindInvalid, "the database url is wrong: %v", err)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	var connector driver.Connector = pgConnector{config}
	if o.Wrap != nil {
		connector = o.Wrap(connector)
	}
	pool := sql.OpenDB(connector)
	db.reads, db.writes = pool, pool
	connections := o.Connections
	if connections == 0 {
		connections = 20
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	if err := pool.PingContext(ctx); err != nil {
		return db.dialect.translate(err)
	}
	return nil
}
