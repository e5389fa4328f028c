package directory_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

// A file that another program has tables in is left as it is.
func TestOpen_foreignFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "other.db")
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if _, err := other.ExecContext(t.Context(), `CREATE TABLE organizations (id TEXT)`); err != nil {
		t.Fatal(err)
	}
	if db, err := directory.Open(t.Context(), path, directory.Options{}); !directory.IsProblem(err, directory.Conflict) {
		if err == nil {
			_ = db.Close()
		}
		t.Fatalf("a foreign file gives %v, want a Conflict", err)
	}
	var tables int
	if err := other.QueryRowContext(t.Context(), `SELECT count(*) FROM sqlite_schema`).Scan(&tables); err != nil || tables != 1 {
		t.Errorf("the file has %d tables afterwards, %v; want its one", tables, err)
	}
}
