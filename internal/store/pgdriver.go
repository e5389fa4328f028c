package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"io"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// pgConnector makes pgx connections for database/sql. pgx has an adapter of its own,
// which draws in a second connection pool; this one begins a transaction and sets its
// timeouts in one round trip, and knows the few types that our columns have.
type pgConnector struct{ config *pgx.ConnConfig }

func (c pgConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, c.config)
	if err != nil {
		return nil, err
	}
	return &pgConn{conn: conn}, nil
}

func (c pgConnector) Driver() driver.Driver { return pgDriver{} }

// pgDriver is there because database/sql asks for it.
type pgDriver struct{}

func (pgDriver) Open(url string) (driver.Conn, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	return pgConnector{config}.Connect(context.Background())
}

type pgConn struct{ conn *pgx.Conn }

var (
	_ driver.ConnBeginTx     = (*pgConn)(nil)
	_ driver.ExecerContext   = (*pgConn)(nil)
	_ driver.QueryerContext  = (*pgConn)(nil)
	_ driver.Pinger          = (*pgConn)(nil)
	_ driver.SessionResetter = (*pgConn)(nil)
	_ driver.Validator       = (*pgConn)(nil)
)

func (c *pgConn) Prepare(string) (driver.Stmt, error) {
	return nil, errors.New("prepared statements are made by pgx itself")
}

func (c *pgConn) Close() error { return c.conn.Close(context.Background()) }

func (c *pgConn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

func (c *pgConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if o.ReadOnly || sql.IsolationLevel(o.Isolation) != sql.LevelDefault {
		return nil, errors.New("transactions are read committed and may write")
	}
	tx, err := c.conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: beginPostgres})
	if err != nil {
		return nil, retriable(err)
	}
	return pgTx{tx: tx, ctx: ctx}, nil
}

// beginPostgres is sent as one message. SET LOCAL ends with the transaction, so that a
// pooler can hand the server connection to another client.
const beginPostgres = "begin isolation level read committed; set local lock_timeout = '10s'; set local statement_timeout = '60s'"

type pgTx struct {
	tx  pgx.Tx
	ctx context.Context
}

// Commit also fails when the server answered with ROLLBACK.
func (t pgTx) Commit() error   { return t.tx.Commit(t.ctx) }
func (t pgTx) Rollback() error { return t.tx.Rollback(t.ctx) }

func (c *pgConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	tag, err := c.conn.Exec(ctx, text, values(args)...)
	if err != nil {
		return nil, retriable(err)
	}
	return driver.RowsAffected(tag.RowsAffected()), nil
}

func (c *pgConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.conn.Query(ctx, text, values(args)...)
	if err != nil {
		return nil, retriable(err)
	}
	r := &pgRows{rows: rows}
	// The first row is asked for here: only it tells whether the statement failed.
	if r.more = rows.Next(); !r.more {
		if err := rows.Err(); err != nil {
			return nil, retriable(err)
		}
	}
	r.fields = rows.FieldDescriptions()
	return r, nil
}

func (c *pgConn) Ping(ctx context.Context) error { return retriable(c.conn.Ping(ctx)) }

func (c *pgConn) ResetSession(context.Context) error {
	if !c.IsValid() {
		return driver.ErrBadConn
	}
	return nil
}

// IsValid tells whether the connection may go back to the pool: it is open and in no
// transaction.
func (c *pgConn) IsValid() bool {
	return !c.conn.IsClosed() && c.conn.PgConn().TxStatus() == 'I'
}

// retriable lets database/sql take another connection for a statement that was not sent.
func retriable(err error) error {
	if err != nil && pgconn.SafeToRetry(err) {
		return errors.Join(driver.ErrBadConn, err)
	}
	return err
}

func values(args []driver.NamedValue) []any {
	all := make([]any, len(args))
	for i, arg := range args {
		all[i] = arg.Value
	}
	return all
}

type pgRows struct {
	rows   pgx.Rows
	fields []pgconn.FieldDescription
	more   bool // rows stands on a row that Next has not given out
}

func (r *pgRows) Columns() []string {
	names := make([]string, len(r.fields))
	for i, field := range r.fields {
		names[i] = field.Name
	}
	return names
}

func (r *pgRows) Close() error {
	r.rows.Close()
	return r.rows.Err()
}

func (r *pgRows) Next(dest []driver.Value) error {
	if !r.more && !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return io.EOF
	}
	r.more = false
	var decoded []any // by pgx, for types that are in no column of ours
	for i, raw := range r.rows.RawValues() {
		switch {
		case raw == nil:
			dest[i] = nil
		case r.fields[i].DataTypeOID == pgtype.TextOID, r.fields[i].DataTypeOID == pgtype.VarcharOID:
			dest[i] = string(raw)
		case r.fields[i].DataTypeOID == pgtype.Int8OID && r.fields[i].Format == pgtype.BinaryFormatCode:
			dest[i] = int64(binary.BigEndian.Uint64(raw))
		case r.fields[i].DataTypeOID == pgtype.Int8OID:
			n, err := strconv.ParseInt(string(raw), 10, 64)
			if err != nil {
				return err
			}
			dest[i] = n
		default:
			if decoded == nil {
				var err error
				if decoded, err = r.rows.Values(); err != nil {
					return err
				}
			}
			value, err := driverValue(decoded[i])
			if err != nil {
				return err
			}
			dest[i] = value
		}
	}
	return nil
}

// driverValue makes one of the types that database/sql takes.
func driverValue(v any) (driver.Value, error) {
	if valuer, ok := v.(driver.Valuer); ok {
		return valuer.Value()
	}
	return driver.DefaultParameterConverter.ConvertValue(v)
}
