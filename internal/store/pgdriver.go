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
// timeouts in one round trip, tells a lost connection from other errors, and knows the
// few types that our columns have.
type pgConnector struct {
	config *pgx.ConnConfig
	begin  string // what begins a transaction
}

func (c pgConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, c.config)
	if err != nil {
		return nil, err
	}
	return &pgConn{conn: conn, begin: c.begin}, nil
}

// Driver is for sql.DB.Driver, which nobody calls.
func (c pgConnector) Driver() driver.Driver { return nil }

// lostError is the error of a call that ended with the loss of the connection: whether
// the server did what it was asked is not known.
type lostError struct{ cause error }

func (e *lostError) Error() string {
	return "the connection to the database was lost: " + e.cause.Error()
}
func (e *lostError) Unwrap() error { return e.cause }

func isBadConn(err error) bool {
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone)
}

type pgConn struct {
	conn  *pgx.Conn
	begin string
	inTx  bool
}

var (
	_ driver.ConnBeginTx     = (*pgConn)(nil)
	_ driver.ExecerContext   = (*pgConn)(nil)
	_ driver.QueryerContext  = (*pgConn)(nil)
	_ driver.Pinger          = (*pgConn)(nil)
	_ driver.SessionResetter = (*pgConn)(nil)
	_ driver.Validator       = (*pgConn)(nil)
)

// explain marks the loss of the connection. Outside a transaction everything that runs
// only reads, or begins one: so database/sql may try it on another connection.
func (c *pgConn) explain(ctx context.Context, err error) error {
	switch {
	case err == nil || !c.conn.IsClosed() || ctx.Err() != nil:
		return err
	case !c.inTx:
		return errors.Join(driver.ErrBadConn, err)
	}
	return &lostError{err}
}

func (c *pgConn) Prepare(string) (driver.Stmt, error) {
	return nil, errors.New("statements are prepared by pgx itself")
}

func (c *pgConn) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	return c.conn.Close(ctx)
}

func (c *pgConn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

func (c *pgConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if o.ReadOnly || sql.IsolationLevel(o.Isolation) != sql.LevelDefault {
		return nil, errors.New("a transaction is read committed and may write")
	}
	tx, err := c.conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: c.begin})
	if err != nil {
		return nil, c.explain(ctx, err)
	}
	c.inTx = true
	return pgTx{c, tx, ctx}, nil
}

type pgTx struct {
	conn *pgConn
	tx   pgx.Tx
	ctx  context.Context
}

// Commit also fails when the server answers with ROLLBACK.
func (t pgTx) Commit() error {
	err := t.conn.explain(t.ctx, t.tx.Commit(t.ctx))
	t.conn.inTx = false
	return err
}

func (t pgTx) Rollback() error {
	err := t.conn.explain(t.ctx, t.tx.Rollback(t.ctx))
	t.conn.inTx = false
	return err
}

func (c *pgConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	tag, err := c.conn.Exec(ctx, text, values(args)...)
	if err != nil {
		return nil, c.explain(ctx, err)
	}
	return driver.RowsAffected(tag.RowsAffected()), nil
}

func (c *pgConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.conn.Query(ctx, text, values(args)...)
	if err != nil {
		return nil, c.explain(ctx, err)
	}
	// The first row is asked for here: only it tells whether the statement worked.
	r := &pgRows{conn: c, ctx: ctx, rows: rows, more: rows.Next()}
	if err := rows.Err(); err != nil {
		return nil, c.explain(ctx, err)
	}
	r.fields = rows.FieldDescriptions()
	return r, nil
}

func (c *pgConn) Ping(ctx context.Context) error { return c.explain(ctx, c.conn.Ping(ctx)) }

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

func values(args []driver.NamedValue) []any {
	all := make([]any, len(args))
	for i, arg := range args {
		all[i] = arg.Value
	}
	return all
}

type pgRows struct {
	conn   *pgConn
	ctx    context.Context
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
	return r.lost()
}

func (r *pgRows) Next(dest []driver.Value) error {
	if !r.more && !r.rows.Next() {
		if err := r.lost(); err != nil {
			return err
		}
		return io.EOF
	}
	r.more = false
	for i, raw := range r.rows.RawValues() {
		v, err := r.decode(r.fields[i], raw)
		if err != nil {
			return err
		}
		dest[i] = v
	}
	return nil
}

// lost is explain for a statement that gave out rows, and so is not repeated.
func (r *pgRows) lost() error {
	err := r.rows.Err()
	if err != nil && r.conn.conn.IsClosed() && r.ctx.Err() == nil {
		return &lostError{err}
	}
	return err
}

// decode makes one of the types that database/sql takes.
func (r *pgRows) decode(field pgconn.FieldDescription, raw []byte) (driver.Value, error) {
	binaryForm := field.Format == pgtype.BinaryFormatCode
	switch {
	case raw == nil:
		return nil, nil
	case field.DataTypeOID == pgtype.TextOID:
		return string(raw), nil
	case field.DataTypeOID == pgtype.Int8OID && binaryForm:
		return int64(binary.BigEndian.Uint64(raw)), nil
	case field.DataTypeOID == pgtype.Int8OID:
		return strconv.ParseInt(string(raw), 10, 64)
	case field.DataTypeOID == pgtype.BoolOID && binaryForm:
		return raw[0] == 1, nil
	case field.DataTypeOID == pgtype.BoolOID:
		return raw[0] == 't', nil
	}
	known, ok := r.conn.conn.TypeMap().TypeForOID(field.DataTypeOID)
	if !ok {
		return string(raw), nil
	}
	return known.Codec.DecodeDatabaseSQLValue(r.conn.conn.TypeMap(), field.DataTypeOID, field.Format, raw)
}
