package storetest

import (
	"bufio"
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// serverVariable names the environment variable with the URL of a PostgreSQL server
// (13 or newer) on which the tests may create and drop databases.
const serverVariable = "ROLLCALL_TEST_POSTGRES"

// Cluster returns the URL of a PostgreSQL server whose user may create databases.
//
// It is the server that ROLLCALL_TEST_POSTGRES names (postgres://…), else a private
// one: started on first use, shared by all tests of the process, reached through a
// socket that only its owner can open, and gone with the process however that ends.
// The private server syncs to disk like a real one and sorts text by language, not by
// byte, because that is what most installations do.
//
// The test fails, with what to install, if PostgreSQL is missing. Safe for concurrent use.
func Cluster(t testing.TB) (adminURL string) {
	t.Helper()
	if given := os.Getenv(serverVariable); given != "" {
		return given
	}
	private, err := privateCluster()
	if err != nil {
		t.Fatalf("start a PostgreSQL cluster for the tests: %v", err)
	}
	return private.url
}

// Database creates an empty database for this test alone and returns its URL. The
// database is dropped when the test ends, with whatever connections are left to it.
// Safe for concurrent use.
func Database(t testing.TB) string {
	t.Helper()
	admin := Cluster(t)
	target, err := createDatabase(admin)
	if err != nil {
		t.Fatalf("create a database for the test: %v", err)
	}
	t.Cleanup(func() {
		if err := dropDatabase(admin, target); err != nil {
			t.Errorf("drop the database of the test: %v", err)
		}
	})
	return target
}

// createDatabase makes an empty database on a server and returns its URL.
func createDatabase(admin string) (string, error) {
	target, err := url.Parse(admin)
	if err != nil || target.Scheme == "" {
		return "", fmt.Errorf("%s must be a URL like postgres://user@host:5432/postgres", serverVariable)
	}
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand ends the program instead
	target.Path = "/rollcall_test_" + hex.EncodeToString(random[:])
	// template0 takes no connections, so that parallel creations cannot disturb each other.
	return target.String(), execute(admin, "CREATE DATABASE "+target.Path[1:]+" TEMPLATE template0")
}

// dropDatabase drops a database that createDatabase made, with whatever connections are
// left to it.
func dropDatabase(admin, database string) error {
	target, err := url.Parse(database)
	if err != nil {
		return err
	}
	return execute(admin, "DROP DATABASE "+target.Path[1:]+" WITH (FORCE)")
}

// execute runs one statement on a connection of its own. It has its own context
// because clean-up runs after the context of the test is cancelled.
func execute(serverURL, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, serverURL)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

// privateCluster starts the cluster of this process on the first call. One cluster for
// all tests is the point of it: initdb takes longer than most tests.
var privateCluster = sync.OnceValues(func() (*cluster, error) {
	bin, err := findPrograms(os.Getenv("PATH"), programFolders)
	if err != nil {
		return nil, err
	}
	return startCluster(bin)
})

type cluster struct {
	url string
	// alive is the write end of the supervisor's standard input. It is never written
	// to: the kernel closes it when this process ends, which is the supervisor's sign
	// to stop the server. Holding it here keeps the garbage collector from closing it.
	alive *os.File
}

// supervisor is the shell program that runs the server; scripts/test.sh uses it too.
//
//go:embed cluster.sh
var supervisor string

// startCluster makes and starts a cluster with the programs in the folder bin.
func startCluster(bin string) (*cluster, error) {
	dir, err := os.MkdirTemp("", "rollcall-pg-")
	if err != nil {
		return nil, err
	}
	credential, err := serverUser(dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	read, alive, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	defer read.Close() // the supervisor has its own copy
	cmd := exec.Command("/bin/sh", "-c", supervisor, "sh", bin, dir)
	cmd.Stdin = read
	// A session of its own keeps Ctrl-C in the terminal of the tests away from it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: credential}
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, errors.Join(err, alive.Close(), os.RemoveAll(dir))
	}
	if !waitReady(stdout) {
		log, _ := os.ReadFile(filepath.Join(dir, "log")) // without a log the command's own error must do
		err := fmt.Errorf("PostgreSQL in %s did not start: %s", bin, strings.TrimSpace(string(log)))
		return nil, errors.Join(err, alive.Close(), cmd.Wait())
	}
	server := url.URL{
		Scheme:   "postgres",
		User:     url.User("postgres"),
		Path:     "/postgres",
		RawQuery: url.Values{"host": {dir}, "sslmode": {"disable"}}.Encode(),
	}
	return &cluster{url: server.String(), alive: alive}, nil
}

// waitReady reads the supervisor's one line.
func waitReady(stdout io.Reader) bool {
	line, err := bufio.NewReader(stdout).ReadString('\n')
	return err == nil && line == "ready\n"
}

// serverUser gives dir to the user who runs the server and returns what the process
// needs to become him. PostgreSQL refuses to run as root, so root lends it the user that
// the package made, or else nobody; everyone else runs it himself (nil).
func serverUser(dir string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		account, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(dir, int(uid), int(gid))
}

// programFolders are where packages put the server's programs outside PATH: Debian and
// Ubuntu, Fedora and its relatives, Homebrew.
var programFolders = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/opt/homebrew/opt/postgresql*/bin",
	"/usr/local/opt/postgresql*/bin",
}

// findPrograms returns the folder that holds both initdb and pg_ctl: the first in path,
// else the one of the newest version among the folders that match patterns.
func findPrograms(path string, patterns []string) (string, error) {
	for _, dir := range filepath.SplitList(path) {
		if hasPrograms(dir) {
			return dir, nil
		}
	}
	best, bestMajor := "", -1
	for _, pattern := range patterns {
		dirs, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		for _, dir := range dirs {
			major := folderVersion(dir)
			if major > bestMajor && hasPrograms(dir) {
				best, bestMajor = dir, major
			}
		}
	}
	if best == "" {
		return "", errors.New("the PostgreSQL server programs initdb and pg_ctl are neither in PATH nor in " +
			strings.Join(patterns, ", ") + ": install them (Debian and Ubuntu: apt-get install postgresql; Fedora: dnf install postgresql-server; " +
			"macOS: brew install postgresql), or set " + serverVariable + " to the URL of a server where the tests may create databases")
	}
	return best, nil
}

func hasPrograms(dir string) bool {
	for _, name := range []string{"initdb", "pg_ctl"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			return false
		}
	}
	return true
}

// folderVersion reads the last number in the path of a folder: 15 from
// /usr/lib/postgresql/15/bin, and 0 when there is none.
func folderVersion(dir string) int {
	fields := strings.FieldsFunc(dir, func(r rune) bool { return r < '0' || r > '9' })
	if len(fields) == 0 {
		return 0
	}
	version, _ := strconv.Atoi(fields[len(fields)-1]) // digits only; 0 on overflow is as good as any
	return version
}
