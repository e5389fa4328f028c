package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rollcall/rollcall/internal/iam"
)

// How long PostgreSQL may take. SET LOCAL ends with the transaction, so that a pooler
// can hand the server's connection to another client.
const (
	// beginSmall is sent as one message.
	beginSmall = "BEGIN; SET LOCAL lock_timeout = '10s'; SET LOCAL statement_timeout = '30s'; SET LOCAL idle_in_transaction_session_timeout = '60s'"
	// makeBig is added for WriteBig.
	makeBig = "SET LOCAL statement_timeout = '10min'"
	// beginMigration waits as long as it takes.
	beginMigration = "BEGIN; SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"

	// smallWrite and bigWrite bound a transaction when the server does not answer
	// any more, not even with a timeout.
	smallWrite = 2 * time.Minute
	bigWrite   = 20 * time.Minute

	// farewell is how long a connection may take to close.
	farewell = 5 * time.Second
)

// postgresConnections is the size of the pool: a server needs few connections for each
// core, and several replicas share its hundred.
const postgresConnections = 20

// How long connections live: after a failover or behind a load balancer they move on by
// themselves, and a quiet replica gives most of them back.
const (
	connectTimeout = 10 * time.Second // unless the url has connect_timeout
	connectionLife = 30 * time.Minute
	connectionIdle = 5 * time.Minute
)

// openPostgres opens one pool for reads and writes.
func (db *DB) openPostgres(ctx context.Context, url string, o Options) error {
	db.dialect = &postgresDialect
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return iam.Errorf(iam.KindInvalid, "the database url %q cannot be read; write postgres://user:password@host:5432/database", redacted(url))
	}
	// pgx prepares named statements, which live on one connection of the server, while a
	// pooler in transaction mode may use another one each time. Exec sends a statement
	// whole, in one round trip, and keeps nothing anywhere. Without such a pooler, or with
	// one that follows prepared statements, default_query_exec_mode=cache_statement in the
	// url halves the time of a look-up.
	if !strings.Contains(url, "default_query_exec_mode=") {
		config.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "rollcall"
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	db.migrations = func() *sql.DB { return o.pool(pgConnector{config, beginMigration}) }
	pool := o.pool(pgConnector{config, beginSmall})
	db.reads, db.writes = pool, pool
	connections := o.Connections
	if connections == 0 {
		connections = postgresConnections
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	pool.SetConnMaxLifetime(connectionLife)
	pool.SetConnMaxIdleTime(connectionIdle)
	return db.checkPostgres(ctx, url, o)
}

// server is what a PostgreSQL server says of itself.
type server struct {
	version                     int // 150018
	encoding, fsync, syncCommit string
}

func (db *DB) checkPostgres(ctx context.Context, url string, o Options) error {
	var s server
	row := db.reads.QueryRowContext(ctx, `SELECT current_setting('server_version_num')::int8, current_setting('server_encoding'),
		current_setting('fsync'), current_setting('synchronous_commit')`)
	if err := row.Scan(&s.version, &s.encoding, &s.fsync, &s.syncCommit); err != nil {
		return iam.Errorf(iam.KindUnavailable, "connect to the database %s: %w", redacted(url), err)
	}
	return s.check(o.AllowUnsafe)
}

// check refuses a server that would not keep what it acknowledges.
func (s server) check(allowUnsafe bool) error {
	switch {
	case s.version < 130000:
		return iam.Errorf(iam.KindInvalid, "the database server is PostgreSQL %d and Rollcall needs 13 or newer", s.version/10000)
	case s.encoding != "UTF8":
		return iam.Errorf(iam.KindInvalid, "the database has the encoding %s and Rollcall needs UTF8; create it WITH ENCODING 'UTF8' TEMPLATE template0", s.encoding)
	case allowUnsafe:
		return nil
	case s.fsync == "off":
		return iam.Errorf(iam.KindInvalid, "the database server runs with fsync = off and loses data when its machine crashes; set fsync = on, or say that the data may be lost")
	case s.syncCommit == "off":
		return iam.Errorf(iam.KindInvalid, "the database runs with synchronous_commit = off and loses the last changes when it crashes; set it to on for this server, database and user, or say that changes may be lost")
	}
	return nil
}

// maxAttempts is how often a transaction runs that PostgreSQL undid for another's sake.
const maxAttempts = 6

// writePostgres runs each function in a transaction of its own.
func (db *DB) writePostgres(ctx context.Context, fn func(tx *Tx) error, big bool) error {
	for attempt := 1; ; attempt++ {
		err := db.attempt(ctx, fn, big)
		if err == nil || attempt == maxAttempts || !isRepeatable(err) {
			return db.dialect.translate(err)
		}
		// Those who collided go on at different times.
		pause := time.NewTimer(rand.N(time.Duration(attempt) * 10 * time.Millisecond))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		}
	}
}

// attempt runs one transaction. A request that is cancelled before it began leaves
// nothing; afterwards it goes on to the commit, bounded by its timeouts, because a
// cancelled statement costs the connection and a cancelled commit leaves a doubt.
func (db *DB) attempt(ctx context.Context, fn func(tx *Tx) error, big bool) error {
	limit := smallWrite
	if big {
		limit = bigWrite
	}
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	stop := context.AfterFunc(ctx, cancel)
	sqlTx, err := db.writes.BeginTx(own, nil)
	if !stop() { // too late: the cancellation has reached the transaction
		if err == nil {
			_ = sqlTx.Rollback() // nothing was done in it
		}
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	// Deferred for functions that end their goroutine. After a commit, and on a connection
	// that is lost, there is nothing to roll back.
	defer func() { _ = sqlTx.Rollback() }()
	tx := db.newTx(own, sqlTx)
	if big {
		if _, err := tx.exec(makeBig); err != nil {
			return err
		}
	}
	if err := tx.run(fn); err != nil {
		return err
	}
	return unclear(sqlTx.Commit())
}

// unclear is the error of a commit. Unless the server said no, whether the changes
// are there is not known: they must not be made again.
func unclear(err error) error {
	if err == nil || isRepeatable(err) {
		return err
	}
	var known interface{ SQLState() string }
	if errors.As(err, &known) {
		return err
	}
	return iam.Unavailable(fmt.Errorf("commit: %w", err))
}
