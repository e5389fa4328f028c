package storetest

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// Driver stands between database/sql and a real driver. It records what runs, and makes
// chosen calls fail, panic or wait. The zero value records only; it goes into
// store.Options as Driver.Wrap. Safe for concurrent use.
type Driver struct {
	mu     sync.Mutex
	calls  []*Call
	faults []*Fault
}

// Call is one call of a driver: a statement, or the beginning or the end of a
// transaction, which are the statements BEGIN, COMMIT and ROLLBACK whichever way the
// engine gets them.
type Call struct {
	SQL  string // as the driver gets it: with ? on SQLite, $1 on PostgreSQL
	Args []any
	Rows int // given out so far
}

// Control tells whether the call only manages transactions: it begins, ends or bounds
// one, or checks that the server is there.
func (c *Call) Control() bool {
	for _, word := range [...]string{"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET LOCAL", "PING"} {
		if strings.HasPrefix(c.SQL, word) {
			return true
		}
	}
	return false
}

// Fault is something that goes wrong once, at the first call that fits.
type Fault struct {
	// Match chooses the calls that fit; nil means all.
	Match func(*Call) bool
	// Skip lets as many fitting calls pass first.
	Skip int
	// Err is returned in place of the call, or after it.
	Err error
	// After makes the call all the same, and loses only its answer.
	After bool
	// Panic is a value to panic with.
	Panic any
	// Do runs before the call.
	Do func()
	// Hold keeps the call waiting until the channel is closed.
	Hold <-chan struct{}
	// Delay keeps the call waiting that long.
	Delay time.Duration
}

// SQL returns a Match for calls whose text holds a part.
func SQL(part string) func(*Call) bool {
	return func(c *Call) bool { return strings.Contains(c.SQL, part) }
}

// Inject adds faults; each happens once.
func (d *Driver) Inject(faults ...Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range faults {
		d.faults = append(d.faults, &f)
	}
}

// Pending returns how many faults have not happened.
func (d *Driver) Pending() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.faults)
}

// Reset forgets the recorded calls and the faults that have not happened.
func (d *Driver) Reset() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls, d.faults = nil, nil
}

// Calls returns what ran since the last Reset, in order.
func (d *Driver) Calls() []Call {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]Call, len(d.calls))
	for i, c := range d.calls {
		all[i] = *c
	}
	return all
}

// Statements returns how many statements ran since the last Reset, without those that
// only manage transactions.
func (d *Driver) Statements() int {
	n := 0
	for _, c := range d.Calls() {
		if !c.Control() {
			n++
		}
	}
	return n
}

// Rows returns how many rows were read since the last Reset.
func (d *Driver) Rows() int {
	n := 0
	for _, c := range d.Calls() {
		n += c.Rows
	}
	return n
}

// Count returns how many calls had exactly this text, such as "COMMIT".
func (d *Driver) Count(text string) int {
	n := 0
	for _, c := range d.Calls() {
		if c.SQL == text {
			n++
		}
	}
	return n
}

// Wrap makes the connections of a connector pass through d.
func (d *Driver) Wrap(c driver.Connector) driver.Connector { return &connector{c, d} }

// pass records a call and makes it, with the fault that fits.
func (d *Driver) pass(text string, args []driver.NamedValue, call func(*Call) error) error {
	c := &Call{SQL: text}
	for _, arg := range args {
		c.Args = append(c.Args, arg.Value)
	}
	fault := d.note(c)
	if fault == nil {
		return call(c)
	}
	if fault.Do != nil {
		fault.Do()
	}
	if fault.Hold != nil {
		<-fault.Hold
	}
	time.Sleep(fault.Delay)
	if fault.Panic != nil {
		panic(fault.Panic)
	}
	if fault.Err == nil {
		return call(c)
	}
	if fault.After {
		_ = call(c) // its answer is lost
	}
	return fault.Err
}

// note records a call and returns the fault that fits.
func (d *Driver) note(c *Call) *Fault {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, c)
	for i, f := range d.faults {
		if f.Match != nil && !f.Match(c) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		d.faults = slices.Delete(d.faults, i, i+1)
		return f
	}
	return nil
}

func (d *Driver) countRow(c *Call) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c.Rows++
}

// SQLiteError looks like an error of SQLite with a result code, such as SQLITE_FULL, 13.
type SQLiteError int

func (e SQLiteError) Error() string { return fmt.Sprintf("injected error of SQLite (%d)", int(e)) }

// Code returns the result code.
func (e SQLiteError) Code() int { return int(e) }

// The result codes of https://sqlite.org/rescode.html that tests inject.
const (
	SQLiteBusy  SQLiteError = 5
	SQLiteIOErr SQLiteError = 10
	SQLiteFull  SQLiteError = 13
)

type connector struct {
	driver.Connector
	d *Driver
}

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{inner.(fullConn), c.d}, nil
}

// fullConn is what the connections of both engines can do.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type conn struct {
	fullConn
	d *Driver
}

func (c *conn) BeginTx(ctx context.Context, o driver.TxOptions) (t driver.Tx, err error) {
	err = c.d.pass("BEGIN", nil, func(*Call) error {
		t, err = c.fullConn.BeginTx(ctx, o)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &tx{t, c.d}, nil
}

func (c *conn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (r driver.Result, err error) {
	err = c.d.pass(text, args, func(*Call) error {
		r, err = c.fullConn.ExecContext(ctx, text, args)
		return err
	})
	return r, err
}

func (c *conn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	var r *rows
	err := c.d.pass(text, args, func(call *Call) error {
		inner, err := c.fullConn.QueryContext(ctx, text, args)
		if err == nil {
			r = &rows{inner, c.d, call}
		}
		return err
	})
	if err != nil {
		if r != nil {
			_ = r.Close() // its answer is lost
		}
		return nil, err
	}
	return r, nil
}

func (c *conn) Ping(ctx context.Context) error {
	return c.d.pass("PING", nil, func(*Call) error { return c.fullConn.Ping(ctx) })
}

type tx struct {
	driver.Tx
	d *Driver
}

func (t *tx) Commit() error {
	return t.d.pass("COMMIT", nil, func(*Call) error { return t.Tx.Commit() })
}

func (t *tx) Rollback() error {
	return t.d.pass("ROLLBACK", nil, func(*Call) error { return t.Tx.Rollback() })
}

type rows struct {
	driver.Rows
	d    *Driver
	call *Call
}

func (r *rows) Next(dest []driver.Value) error {
	err := r.Rows.Next(dest)
	if err != io.EOF && err == nil {
		r.d.countRow(r.call)
	}
	return err
}
