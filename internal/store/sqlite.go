package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"modernc.org/sqlite"

	"github.com/rollcall/rollcall/internal/iam"
)

// sqliteMinimum is the oldest engine that may hold data: before it, a race between a
// checkpoint and a reset of the write-ahead log could corrupt the file.
var sqliteMinimum = [3]int{3, 53, 2}

// sqlitePragmas are set on every connection. synchronous=FULL makes a commit durable;
// busy_timeout (milliseconds) waits for another process, such as the command line, that
// writes; temp_store keeps the undo of savepoints in memory.
var sqlitePragmas = []string{"busy_timeout(5000)", "synchronous(FULL)", "foreign_keys(1)", "temp_store(MEMORY)", "trusted_schema(0)"}

// sqliteWriter is added for the connection that writes. The log is checkpointed by the
// commit that finds it 16 MiB long, and cut to 64 MiB after a long read held it open.
var sqliteWriter = []string{"journal_mode(WAL)", "wal_autocheckpoint(4000)", "journal_size_limit(67108864)", "cache_size(-16000)"}

// sqliteReader is added for the connections that read.
var sqliteReader = []string{"query_only(1)"}

// openSQLite opens one connection that writes and a pool that only reads.
func (db *DB) openSQLite(ctx context.Context, path string, o Options) error {
	db.dialect = &sqliteDialect
	path, err := sqliteFile(path)
	if err != nil {
		return err
	}
	open := func(pragmas []string) (*sql.DB, error) {
		query := url.Values{"_pragma": append(sqlitePragmas[:len(sqlitePragmas):len(sqlitePragmas)], pragmas...),
			"_txlock": {"immediate"}, "_dqs": {"0"}, "_defensive": {"1"}, "_error_rc": {"1"}}
		connector, err := sqlite.NewConnector("file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode())
		if err != nil {
			return nil, err
		}
		return o.pool(preparingConnector{connector}), nil
	}
	if db.writes, err = open(sqliteWriter); err != nil {
		return err
	}
	db.writes.SetMaxOpenConns(1)
	if err := db.checkSQLite(ctx, path); err != nil {
		return err
	}
	if db.reads, err = open(sqliteReader); err != nil {
		return err
	}
	readers := o.Connections
	if readers == 0 {
		readers = min(max(4, 2*runtime.GOMAXPROCS(0)), 32) // each has a cache of 2 MB
	}
	db.reads.SetMaxOpenConns(readers)
	db.reads.SetMaxIdleConns(readers)
	db.commits = newGroupCommit(db)
	return nil
}

// sqliteFile returns the absolute path of a database file and makes a new one, for the
// eyes of its owner only: SQLite gives its other files the same mode.
func sqliteFile(path string) (string, error) {
	switch {
	case path == "" || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "?#"):
		return "", iam.Errorf(iam.KindInvalid, "the database sqlite:%s names no file; write sqlite:PATH, such as sqlite:/var/lib/rollcall/rollcall.db", path[:min(len(path), 200)])
	case strings.HasPrefix(path, ":"):
		return "", iam.Errorf(iam.KindInvalid, "the database sqlite:%s would end with the process; write sqlite:PATH with the path of a file", path[:min(len(path), 200)])
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", iam.Errorf(iam.KindUnavailable, "find the database file: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return path, nil
	case errors.Is(err, fs.ErrNotExist):
		return "", iam.Errorf(iam.KindUnavailable, "make the database file %s: there is no folder %s", path, filepath.Dir(path))
	case err != nil:
		return "", iam.Errorf(iam.KindUnavailable, "make the database file: %w", err)
	}
	return path, file.Close()
}

// checkSQLite refuses an engine or a file that would not keep what it acknowledges.
func (db *DB) checkSQLite(ctx context.Context, path string) error {
	var version, mode string
	row := db.writes.QueryRowContext(ctx, "SELECT sqlite_version(), (SELECT journal_mode FROM pragma_journal_mode)")
	if err := row.Scan(&version, &mode); err != nil {
		return iam.Errorf(iam.KindUnavailable, "open the database file %s: %w", path, err)
	}
	var have [3]int
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &have[0], &have[1], &have[2]); err != nil {
		return fmt.Errorf("read the version of SQLite, %q: %w", version, err)
	}
	if !atLeast(have, sqliteMinimum) {
		return iam.Errorf(iam.KindInvalid, "this program was built with SQLite %s, which can corrupt a database; build it with %d.%d.%d or newer",
			version, sqliteMinimum[0], sqliteMinimum[1], sqliteMinimum[2])
	}
	if mode != "wal" {
		return iam.Errorf(iam.KindInvalid, "the file system of %s cannot hold a write-ahead log (the journal mode stays %q); put the database on a local disk", path, mode)
	}
	return nil
}

func atLeast(have, want [3]int) bool {
	for i := range have {
		if have[i] != want[i] {
			return have[i] > want[i]
		}
	}
	return true
}
