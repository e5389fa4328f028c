// Package live runs the real rollcall binary for tests: it builds it, starts and
// kills servers, calls the command line, and sets an organization up as an operator
// does. It knows nothing of the server's packages; only tests import it.
package live

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var (
	buildOnce sync.Once
	built     string
	buildErr  error
	alive     io.Closer // closed by the system when this process ends
)

// Binary builds cmd/rollcall once for the test process and returns its path.
func Binary(t testing.TB) string {
	t.Helper()
	buildOnce.Do(func() {
		dir, err := os.MkdirTemp("", "rollcall-live-*")
		if err != nil {
			buildErr = err
			return
		}
		if alive, err = removeAfterwards(dir); err != nil {
			buildErr = err
			return
		}
		built = filepath.Join(dir, "rollcall")
		out, err := exec.Command("go", "build", "-o", built, "github.com/rollcall/rollcall/cmd/rollcall").CombinedOutput()
		if err != nil {
			buildErr = fmt.Errorf("build cmd/rollcall: %w\n%s", err, out)
		}
	})
	if buildErr != nil {
		t.Fatal(buildErr)
	}
	runtime.KeepAlive(alive)
	return built
}

// removeAfterwards has a folder removed when this process has ended, however it ends.
func removeAfterwards(dir string) (io.Closer, error) {
	cmd := exec.Command("sh", "-c", `cat >/dev/null; rm -rf "$1"`, "sh", dir)
	held, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	return held, cmd.Start()
}

// Server is one running server process.
type Server struct {
	t        testing.TB
	Database string
	URL      string       // "http://127.0.0.1:port", or what StartHTTPS was told
	Client   *http.Client // reaches URL
	listen   string       // "127.0.0.1:port"
	args     []string
	cmd      *exec.Cmd
	log      *syncBuffer
	done     chan error
}

// Start starts a server on a free loopback port and waits until it is ready. It is
// killed when the test ends.
func Start(t testing.TB, database string, args ...string) *Server {
	t.Helper()
	s := &Server{t: t, Database: database, args: args, listen: freeAddress(t), Client: http.DefaultClient}
	s.URL = "http://" + s.listen
	t.Cleanup(s.Kill)
	s.Restart()
	return s
}

// Certificate is what a server shows that is reached by https: chain and key as PEM,
// for a host name, and the authorities that vouch for it.
type Certificate struct {
	Host       string
	Chain, Key []byte
	Pool       *x509.CertPool
}

// StartHTTPS starts a server that is reached by https under the certificate's host
// name, on a free port of loopback.
func StartHTTPS(t testing.TB, database string, c Certificate, args ...string) *Server {
	t.Helper()
	dir := t.TempDir()
	chain, key := filepath.Join(dir, "chain.pem"), filepath.Join(dir, "key.pem")
	for path, text := range map[string][]byte{chain: c.Chain, key: c.Key} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := &Server{t: t, Database: database, args: append([]string{"--tls-cert", chain, "--tls-key", key}, args...), listen: freeAddress(t)}
	_, port, err := net.SplitHostPort(s.listen)
	if err != nil {
		t.Fatal(err)
	}
	s.URL = "https://" + net.JoinHostPort(c.Host, port)
	s.Client = &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: c.Pool},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, s.listen)
		},
	}}
	t.Cleanup(s.Client.CloseIdleConnections)
	t.Cleanup(s.Kill)
	s.Restart()
	return s
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Restart starts the process again, on the same address and database, and returns
// how long it took to be ready.
func (s *Server) Restart() time.Duration {
	s.t.Helper()
	begin := time.Now()
	s.log = &syncBuffer{}
	args := append([]string{"serve", "--listen", s.listen, "--public-url", s.URL, "--database", s.Database}, s.args...)
	s.cmd = exec.Command(Binary(s.t), args...)
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.done = make(chan error, 1)
	go func(cmd *exec.Cmd, done chan<- error) { done <- cmd.Wait() }(s.cmd, s.done)
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-s.done:
			s.done <- err
			s.t.Fatalf("the server ended before it was ready: %v\n%s", err, s.Log())
		case <-deadline:
			s.t.Fatalf("the server is not ready after 30 s\n%s", s.Log())
		case <-tick.C:
			res, err := s.Client.Get(s.URL + "/readyz")
			if err != nil {
				continue
			}
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return time.Since(begin)
			}
		}
	}
}

// Kill ends the process at once (SIGKILL) and waits for it.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

// Stop asks the process to end (SIGTERM), waits for it, and returns its exit error.
func (s *Server) Stop() error { return s.end(syscall.SIGTERM) }

func (s *Server) end(sig os.Signal) error {
	if s.cmd == nil || s.cmd.Process == nil {
		return nil
	}
	if err := s.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.t.Errorf("signal the server: %v", err)
	}
	err := <-s.done
	s.done <- err
	return err
}

// Log is what the process has written.
func (s *Server) Log() string { return s.log.String() }

// Run calls the command line on a database and returns its standard output; a
// failure carries standard error.
func Run(ctx context.Context, t testing.TB, database string, args ...string) ([]byte, error) {
	t.Helper()
	cmd := exec.CommandContext(ctx, Binary(t), append(args, "--database", database)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.Bytes(), fmt.Errorf("rollcall %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.Bytes(), nil
}

// JSON calls the command line with --json and decodes what it prints.
func JSON[T any](t testing.TB, database string, args ...string) T {
	t.Helper()
	var v T
	out, err := Run(t.Context(), t, database, append(args, "--json")...)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &v); err != nil {
		t.Fatalf("rollcall %s printed no JSON: %v\n%s", strings.Join(args, " "), err, out)
	}
	return v
}

// Key is what `scim key create --json` prints.
type Key struct{ Key, Secret, Bearer string }

// Organization is an organization that an identity provider may push to.
type Organization struct {
	ID       string
	Endpoint string // the tenant URL
	Key      Key
}

// SetUp makes an organization with SAML connected, SCIM enabled and a key, by the
// command line alone.
func SetUp(t testing.TB, s *Server, name string) Organization {
	t.Helper()
	org := JSON[struct{ ID string }](t, s.Database, "org", "create", "--name", name, "--admin-email", "root@"+strings.ToLower(name)+".example")
	metadata := filepath.Join(t.TempDir(), "metadata.xml")
	if err := os.WriteFile(metadata, Metadata(t), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), t, s.Database, "saml", "connect", "--org", org.ID, "--metadata-file", metadata, "--domain", "example.com", "--trust-domain"); err != nil {
		t.Fatal(err)
	}
	enabled := JSON[struct{ Endpoint string }](t, s.Database, "scim", "enable", "--org", org.ID)
	key := JSON[Key](t, s.Database, "scim", "key", "create", "--org", org.ID)
	return Organization{ID: org.ID, Endpoint: enabled.Endpoint, Key: key}
}

// syncBuffer is a buffer that a process writes while a test reads.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
