package store

import (
	"context"
	"database/sql/driver"
)

// guardedConnector turns a panic of a driver into an error of its call. database/sql
// would keep the connection locked, and the writes behind it waiting, for ever.
type guardedConnector struct{ driver.Connector }

// storeConn is what a connection must be able to do.
type storeConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

func (c guardedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &guardedConn{storeConn: inner.(storeConn)}, nil
}

type guardedConn struct {
	storeConn
	panicked bool
}

// caught is deferred by each call; the connection is not used again after a panic.
func (c *guardedConn) caught(err *error) {
	if p := recover(); p != nil {
		c.panicked = true
		*err = newPanicError(p)
	}
}

func (c *guardedConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (r driver.Result, err error) {
	defer c.caught(&err)
	return c.storeConn.ExecContext(ctx, text, args)
}

func (c *guardedConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (r driver.Rows, err error) {
	defer c.caught(&err)
	r, err = c.storeConn.QueryContext(ctx, text, args)
	if err != nil {
		return nil, err
	}
	return &guardedRows{r, c}, nil
}

func (c *guardedConn) BeginTx(ctx context.Context, o driver.TxOptions) (t driver.Tx, err error) {
	defer c.caught(&err)
	t, err = c.storeConn.BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	return &guardedTx{t, c}, nil
}

func (c *guardedConn) Ping(ctx context.Context) (err error) {
	defer c.caught(&err)
	return c.storeConn.Ping(ctx)
}

func (c *guardedConn) IsValid() bool { return !c.panicked && c.storeConn.IsValid() }

type guardedRows struct {
	driver.Rows
	conn *guardedConn
}

func (r *guardedRows) Next(dest []driver.Value) (err error) {
	defer r.conn.caught(&err)
	return r.Rows.Next(dest)
}

func (r *guardedRows) Close() (err error) {
	defer r.conn.caught(&err)
	return r.Rows.Close()
}

type guardedTx struct {
	driver.Tx
	conn *guardedConn
}

func (t *guardedTx) Commit() (err error) {
	defer t.conn.caught(&err)
	return t.Tx.Commit()
}

func (t *guardedTx) Rollback() (err error) {
	defer t.conn.caught(&err)
	return t.Tx.Rollback()
}
