package storetest

import (
	"bufio"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func connect(t *testing.T, databaseURL string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), databaseURL)
	if err != nil {
		t.Fatalf("connect to %s: %v", databaseURL, err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // gone already where the database was dropped
	return conn
}

func query(t *testing.T, conn *pgx.Conn, statement string, args ...any) string {
	t.Helper()
	var value string
	if err := conn.QueryRow(t.Context(), statement, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return value
}

func TestDatabase_emptyAndAlone(t *testing.T) {
	t.Parallel()
	first, second := Database(t), Database(t)
	if first == second {
		t.Fatalf("two databases have the same URL %s", first)
	}
	conn := connect(t, first)
	if _, err := conn.Exec(t.Context(), "CREATE TABLE marks (id BIGINT)"); err != nil {
		t.Fatal(err)
	}
	const tables = "SELECT count(*)::text FROM pg_tables WHERE schemaname = 'public'"
	if got := query(t, conn, tables); got != "1" {
		t.Errorf("tables in the first database: got %s, want 1", got)
	}
	if got := query(t, connect(t, second), tables); got != "0" {
		t.Errorf("tables in the second database: got %s, want 0", got)
	}
}

func TestDatabase_droppedWithOpenConnections(t *testing.T) {
	t.Parallel()
	var name string
	t.Run("user", func(t *testing.T) {
		conn, err := pgx.Connect(t.Context(), Database(t))
		if err != nil {
			t.Fatal(err)
		}
		name = conn.Config().Database // left open on purpose
	})
	admin := connect(t, Cluster(t))
	if got := query(t, admin, "SELECT count(*)::text FROM pg_database WHERE datname = $1", name); got != "0" {
		t.Errorf("database %s is still there after its test", name)
	}
}

func TestDatabase_parallel(t *testing.T) {
	t.Parallel()
	for i := range 8 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			if got := query(t, connect(t, Database(t)), "SELECT current_database()::text"); !strings.HasPrefix(got, "rollcall_test_") {
				t.Errorf("connected to %s", got)
			}
		})
	}
}

// needsPrograms skips a test of the private cluster where tests run against a server
// elsewhere and this machine has no server programs.
func needsPrograms(t *testing.T) {
	t.Helper()
	if _, err := findPrograms(os.Getenv("PATH"), programFolders); err != nil && os.Getenv(serverVariable) != "" {
		t.Skip("the tests use the server of " + serverVariable + " and this machine has no PostgreSQL to start another")
	}
}

// The tests of the store are tests of durability and of ordering: they mean nothing on a
// server that skips syncing, and little on one that sorts by byte.
func TestCluster_settings(t *testing.T) {
	t.Parallel()
	needsPrograms(t)
	private, err := privateCluster()
	if err != nil {
		t.Fatal(err)
	}
	conn := connect(t, private.url)
	for setting, want := range map[string]string{
		"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "max_connections": "300", "listen_addresses": "", "server_encoding": "UTF8",
	} {
		if got := query(t, conn, "SELECT current_setting($1)", setting); got != want {
			t.Errorf("%s: got %q, want %q", setting, got, want)
		}
	}
	if query(t, conn, "SELECT current_setting('server_version_num')") >= "150000" {
		if got := query(t, conn, "SELECT ('a' < 'B')::text"); got != "true" {
			t.Error("text is sorted by byte, want by language")
		}
	}
}

// A test process that is killed has no chance to clean up; its server must end all the same.
func TestCluster_endsWithItsProcess(t *testing.T) {
	t.Parallel()
	if os.Getenv("STORETEST_CHILD") != "" {
		fmt.Println("cluster: " + Cluster(t))
		_, _ = os.Stdin.Read(make([]byte, 1)) // until the parent kills this process
		return
	}
	needsPrograms(t)
	child := exec.Command(os.Args[0], "-test.run=^TestCluster_endsWithItsProcess$")
	child.Env = append(os.Environ(), "STORETEST_CHILD=1", serverVariable+"=")
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	server := ""
	for lines := bufio.NewScanner(stdout); server == "" && lines.Scan(); {
		server, _ = strings.CutPrefix(lines.Text(), "cluster: ")
	}
	parsed, err := url.Parse(server)
	if err != nil || server == "" {
		t.Fatalf("the child printed %q as its cluster", server)
	}
	dir := parsed.Query().Get("host")
	conn := connect(t, server)
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // "signal: killed"
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	// The statement ends early only because the server does.
	if _, err := conn.Exec(ctx, "SELECT pg_sleep(3600)"); err == nil || ctx.Err() != nil {
		t.Fatalf("the server outlived its test process: %v", err)
	}
	for tick := time.NewTicker(10 * time.Millisecond); ; {
		if _, err := os.Stat(dir); os.IsNotExist(err) {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s is still there", dir)
		}
	}
}

func TestStartCluster_failureShowsTheLog(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	// The server's user, if that is another, must get into it.
	if err := os.Chmod(filepath.Dir(bin), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "initdb"), []byte("#!/bin/sh\necho out of order in $PWD\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := startCluster(bin)
	if err == nil {
		t.Fatal("a cluster started without a server")
	}
	_, dir, found := strings.Cut(err.Error(), "out of order in ")
	if !found {
		t.Fatalf("the error does not show the log: %v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder %q was left behind: %v", dir, err)
	}
}

func TestFindPrograms(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	install := func(dir string, names ...string) string {
		dir = filepath.Join(root, dir)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	inPath := install("usr/bin", "initdb", "pg_ctl")
	clientOnly := install("client/bin", "psql", "pg_ctl")
	install("pg/9/bin", "initdb", "pg_ctl")
	newest := install("pg/16/bin", "initdb", "pg_ctl")
	install("pg/17/bin", "psql")
	pattern := filepath.Join(root, "pg/*/bin")
	tests := []struct {
		name, path string
		patterns   []string
		want       string
	}{
		{"path first", clientOnly + string(os.PathListSeparator) + inPath, []string{pattern}, inPath},
		{"newest server", clientOnly, []string{pattern}, newest},
		{"no server", clientOnly, []string{filepath.Join(root, "none/*/bin")}, ""},
		{"no path", "", []string{pattern}, newest},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := findPrograms(test.path, test.patterns)
			if got != test.want || (err == nil) != (test.want != "") {
				t.Fatalf("findPrograms(%q, %q) = %q, %v; want %q", test.path, test.patterns, got, err, test.want)
			}
			if err != nil && !(strings.Contains(err.Error(), "apt-get install postgresql") && strings.Contains(err.Error(), serverVariable)) {
				t.Errorf("the message does not say what to do: %v", err)
			}
		})
	}
}
