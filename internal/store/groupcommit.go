package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"runtime"
	"slices"
	"sync"

	"github.com/rollcall/rollcall/internal/iam"
)

// maxBatch is how many writes share one commit at most.
const maxBatch = 64

// groupCommit runs the writes of a SQLite database one after the other and lets those
// that wait share a commit, because making one durable costs more than a write does.
//
// One goroutine, the leader, begins a transaction, runs what waits and what comes while
// it runs, undoing to a savepoint what is refused, and commits; only then it answers.
// There is no timer: a write that comes alone is committed alone.
type groupCommit struct {
	db    *DB
	wake  chan struct{} // holds one token while the leader has a reason to look
	ended chan struct{} // closed when the leader is gone

	mu      sync.Mutex
	waiting []*waitingWrite // first come, first served
	closed  bool

	// What follows is the leader's. A function that ends its goroutine, as t.FailNow
	// does, ends the leader; the next leader goes on from here.
	conn    *sql.Conn       // in a transaction; nil between two
	ran     []*waitingWrite // their changes, or refusals, are in the transaction
	current *waitingWrite   // is running
	redo    []*waitingWrite // ran, and were rolled back for another's fault
	alone   bool            // the batch does one of them again
}

// waitingWrite is one call of Write.
type waitingWrite struct {
	fn      func(*Tx) error
	big     bool
	entered bool       // under groupCommit.mu: the leader has taken it
	refusal error      // the leader's: why it is undone while its batch goes on
	answer  chan error // takes one
}

func newGroupCommit(db *DB) *groupCommit {
	g := &groupCommit{db: db, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	go g.lead()
	return g
}

// write hands fn to the leader and waits until it is committed or refused, or until ctx
// ends before the leader took it.
func (g *groupCommit) write(ctx context.Context, fn func(*Tx) error, big bool) error {
	w := &waitingWrite{fn: fn, big: big, answer: make(chan error, 1)}
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return iam.Unavailable(errors.New("write: the database is closed"))
	}
	g.waiting = append(g.waiting, w)
	g.mu.Unlock()
	g.nudge()
	select {
	case err := <-w.answer:
		return err
	case <-ctx.Done():
	}
	if g.leave(w) {
		return ctx.Err()
	}
	// fn may be running, and what it uses is its own until it is done.
	return <-w.answer
}

// nudge makes the leader look at the queue.
func (g *groupCommit) nudge() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// leave takes w out of the queue, unless the leader has taken it.
func (g *groupCommit) leave(w *waitingWrite) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w.entered {
		return false
	}
	g.waiting = slices.DeleteFunc(g.waiting, func(other *waitingWrite) bool { return other == w })
	return true
}

// close runs what waits and ends the leader.
func (g *groupCommit) close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.nudge()
	<-g.ended
}

// lead is the leader.
func (g *groupCommit) lead() {
	finished := false
	defer func() {
		if !finished {
			go g.lead()
		}
	}()
	if g.current != nil {
		g.fail(errGone)
	}
	for {
		g.mu.Lock()
		work, closed := len(g.waiting)+len(g.redo) > 0, g.closed
		g.mu.Unlock()
		switch {
		case work:
			g.batch()
		case closed:
			finished = true
			close(g.ended)
			return
		default:
			<-g.wake
		}
	}
}

// next takes the write that joins those that ran, nil for none. What is done again is
// alone. A big one only begins a batch, so that those before it are answered first.
func (g *groupCommit) next() *waitingWrite {
	n := len(g.ran)
	switch {
	case n == maxBatch || n > 0 && g.alone:
		return nil
	case len(g.redo) > 0:
		w := g.redo[0]
		g.redo, g.alone = g.redo[1:], true
		return w
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) == 0 || n > 0 && g.waiting[0].big {
		return nil
	}
	w := g.waiting[0]
	g.waiting = slices.Delete(g.waiting, 0, 1)
	w.entered = true
	return w
}

// queued is how many writes wait for the next batch, as many as it may take.
func (g *groupCommit) queued() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return min(len(g.redo)+len(g.waiting), maxBatch)
}

// join makes the next write the current one. Before it gives up it lets the goroutines
// run that are ready to, since they may bring one.
func (g *groupCommit) join() bool {
	if g.current = g.next(); g.current == nil {
		runtime.Gosched()
		g.current = g.next()
	}
	return g.current != nil
}

// batch makes one commit.
func (g *groupCommit) batch() {
	g.alone = false
	if err := g.begin(); err != nil {
		// Whoever waits has waited while it was tried; whoever comes after the first of them
		// is answered is not refused for it.
		for range g.queued() {
			if w := g.next(); w != nil {
				w.answer <- err
			}
		}
		return
	}
	for g.join() {
		if err := g.run(g.current); err != nil {
			g.fail(err)
			return
		}
		g.ran = append(g.ran, g.current)
	}
	err := g.control("COMMIT")
	if err != nil {
		// Some of it may be on the disk all the same.
		err = iam.Unavailable(err)
		g.rollback()
	} else {
		g.release()
	}
	for _, w := range g.ran {
		if err != nil {
			w.answer <- err
		} else {
			w.answer <- w.refusal
		}
	}
	g.ran = nil
}

// run runs one write, in a savepoint if others are in the transaction. It returns an error
// if the transaction must be rolled back; a refusal concerns nobody else.
func (g *groupCommit) run(w *waitingWrite) error {
	shared := len(g.ran) > 0
	if shared {
		if err := g.control("SAVEPOINT one"); err != nil {
			return err
		}
	}
	w.refusal = g.db.newTx(context.Background(), g.conn).run(w.fn)
	switch {
	case w.refusal == nil && shared:
		return g.control("RELEASE one")
	case w.refusal == nil:
		return nil
	case !shared || !isRefusal(w.refusal):
		return w.refusal
	}
	if err := g.control("ROLLBACK TO one"); err != nil {
		return err
	}
	return g.control("RELEASE one")
}

// fail rolls the batch back for the fault of the current write, which gets err; the
// others run again.
func (g *groupCommit) fail(err error) {
	g.rollback()
	g.current.answer <- err
	g.current = nil
	g.redo = append(g.redo, g.ran...)
	g.ran = nil
}

// beginAttempts is how often busy_timeout passes before the writes that wait are refused
// because another process holds the database.
const beginAttempts = 3

func (g *groupCommit) begin() error {
	conn, err := g.db.writes.Conn(context.Background())
	if err != nil {
		return iam.Unavailable(err)
	}
	g.conn = conn
	for range beginAttempts {
		if err = g.control("BEGIN IMMEDIATE"); err == nil {
			return nil
		}
		if iam.KindOf(err) != iam.KindUnavailable {
			break
		}
	}
	g.rollback()
	return iam.Unavailable(err)
}

// rollback ends the transaction. A connection that cannot do even that is thrown away:
// SQLite rolls back by itself after some errors, and then says so.
func (g *groupCommit) rollback() {
	if err := g.control("ROLLBACK"); err != nil {
		_ = g.conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	g.release()
}

// release gives the connection back.
func (g *groupCommit) release() {
	_ = g.conn.Close() // its transaction is over
	g.conn = nil
}

// control runs a statement of the transaction itself.
func (g *groupCommit) control(text string) error {
	_, err := g.conn.ExecContext(context.Background(), text)
	return g.db.dialect.translate(err)
}
