package store

import (
	"context"
	"database/sql/driver"
)

// preparingConnector keeps the statements of each SQLite connection prepared, since
// parsing and planning take longer than most statements run.
type preparingConnector struct{ driver.Connector }

func (c preparingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &preparingConn{sqliteConn: conn.(sqliteConn), prepared: map[string]*preparedStmt{}}, nil
}

// sqliteConn is what a connection of the SQLite driver can do.
type sqliteConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// maxPrepared is how many statements a connection keeps: more than there are constant
// texts, and few enough for the memory of many connections.
const maxPrepared = 250

type preparingConn struct {
	sqliteConn
	prepared map[string]*preparedStmt
}

// preparedStmt is a statement of one connection. While its rows are open it is busy, and
// the same text needs another one.
type preparedStmt struct {
	stmt interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}
	busy bool
	kept bool
}

// take returns a statement that release takes back.
func (c *preparingConn) take(ctx context.Context, text string) (*preparedStmt, error) {
	known, ok := c.prepared[text]
	if ok && !known.busy {
		known.busy = true
		return known, nil
	}
	made, err := c.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	p := &preparedStmt{busy: true, kept: !ok}
	p.stmt = made.(interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	})
	if p.kept {
		if len(c.prepared) >= maxPrepared {
			c.forget()
		}
		c.prepared[text] = p
	}
	return p, nil
}

func (c *preparingConn) release(p *preparedStmt) {
	p.busy = false
	if !p.kept {
		_ = p.stmt.Close() // its result is out already
	}
}

// forget closes the kept statements. Filters make new texts, so that the map fills up
// now and then; starting over is cheaper than to remember when each was used.
func (c *preparingConn) forget() {
	for _, p := range c.prepared {
		if p.busy {
			p.kept = false // release closes it
		} else {
			_ = p.stmt.Close()
		}
	}
	clear(c.prepared)
}

func (c *preparingConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	p, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	defer c.release(p)
	return p.stmt.ExecContext(ctx, args)
}

func (c *preparingConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	p, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	rows, err := p.stmt.QueryContext(ctx, args)
	if err != nil {
		c.release(p)
		return nil, err
	}
	return &preparedRows{rows, c, p}, nil
}

func (c *preparingConn) Close() error {
	c.forget()
	return c.sqliteConn.Close()
}

type preparedRows struct {
	driver.Rows
	conn *preparingConn
	stmt *preparedStmt
}

func (r *preparedRows) Close() error {
	err := r.Rows.Close()
	r.conn.release(r.stmt)
	return err
}
