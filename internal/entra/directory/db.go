package directory

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"
	"modernc.org/sqlite"
)

// Options are what a directory needs from outside. The zero value is the real world's.
type Options struct {
	Now    func() time.Time // time.Now when nil
	Random io.Reader        // crypto/rand when nil; read under a lock
}

// DB is an open directory. It is safe for concurrent use.
type DB struct {
	writes *sql.DB // one connection
	reads  *sql.DB
	now    func() time.Time
	random *lockedReader
	temp   string // folder to remove on Close, or ""
}

type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *lockedReader) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Read(p)
}

// Open opens the directory in the file, and makes or migrates it. The path "" or ":memory:"
// is a directory of its own that is gone after Close.
func Open(ctx context.Context, path string, o Options) (*DB, error) {
	db := &DB{now: o.Now, random: &lockedReader{r: o.Random}}
	if db.now == nil {
		db.now = time.Now
	}
	if o.Random == nil {
		db.random.r = rand.Reader
	}
	if err := db.open(ctx, path); err != nil {
		return nil, errors.Join(fmt.Errorf("open the directory %q: %w", path, err), db.Close())
	}
	return db, nil
}

func (db *DB) open(ctx context.Context, path string) error {
	durable := "synchronous(NORMAL)"
	if path == "" || path == ":memory:" {
		// A file all the same: readers beside a writer need the write-ahead log, which a
		// database in memory does not have.
		folder, err := os.MkdirTemp("", "rollcall-entra-")
		if err != nil {
			return err
		}
		db.temp, path, durable = folder, filepath.Join(folder, "directory.db"), "synchronous(OFF)"
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	// The file holds private keys: nobody else reads it. The engine gives its other files
	// the same mode.
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	pool := func(pragmas ...string) (*sql.DB, error) {
		query := url.Values{"_pragma": append(pragmas, "busy_timeout(5000)", "foreign_keys(1)", "temp_store(MEMORY)", durable), "_txlock": {"immediate"}}
		connector, err := sqlite.NewConnector("file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode())
		if err != nil {
			return nil, err
		}
		return sql.OpenDB(connector), nil
	}
	if db.writes, err = pool("journal_mode(WAL)", "cache_size(-64000)"); err != nil {
		return err
	}
	db.writes.SetMaxOpenConns(1)
	if err := db.migrate(ctx); err != nil {
		return err
	}
	if db.reads, err = pool("query_only(1)"); err != nil {
		return err
	}
	db.reads.SetMaxOpenConns(8)
	db.reads.SetMaxIdleConns(8)
	return db.reads.PingContext(ctx)
}

// Close closes the file, and removes a directory without a path.
func (db *DB) Close() error {
	var errs []error
	for _, pool := range []*sql.DB{db.reads, db.writes} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	if db.temp != "" {
		errs = append(errs, os.RemoveAll(db.temp))
	}
	return errors.Join(errs...)
}

// Update runs a transaction on the one writer, which other writers wait for; an error or a
// panic undoes it. It is for tables of packages above: what belongs to this package is
// written by its methods. Calling such a method inside waits for itself forever.
func (db *DB) Update(ctx context.Context, change func(*sql.Tx) error) error {
	tx, err := db.writes.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin a write: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // says ErrTxDone after the commit
	if err := change(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit a write: %w", err)
	}
	return nil
}

// Reading is the pool for reads of tables of packages above. It refuses writes.
func (db *DB) Reading() *sql.DB { return db.reads }

// NewID returns a new random GUID.
func (db *DB) NewID() (ID, error) { return newID(db.random) }

func newID(random io.Reader) (ID, error) {
	id, err := uuid.NewRandomFromReader(random)
	if err != nil {
		return "", fmt.Errorf("make an object id: %w", err)
	}
	return ID(id.String()), nil
}

// moment is how times are stored: microseconds since 1970, UTC; 0 is none.
func moment(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMoment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
