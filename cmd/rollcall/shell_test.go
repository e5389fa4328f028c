package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The commands are tested as their users run them: the program is built once, started
// with arguments and an environment, and judged by what it prints and how it exits.

var (
	buildDir string
	build    = sync.OnceValues(func() (string, error) {
		path := filepath.Join(buildDir, "rollcall")
		out, err := exec.Command("go", "build", "-ldflags", "-X main.version=v1.2.3-test", "-o", path, ".").CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("go build: %w\n%s", err, out)
		}
		return path, nil
	})
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "rollcall-cli-")
	if err != nil {
		panic(err)
	}
	buildDir = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// shell runs the program in a folder of its own.
type shell struct {
	t   *testing.T
	bin string
	dir string
	env []string
}

func newShell(t *testing.T) *shell {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	sh := &shell{t: t, bin: bin, dir: t.TempDir()}
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "ROLLCALL_") {
			sh.env = append(sh.env, entry)
		}
	}
	return sh
}

func (sh *shell) setenv(name, value string) { sh.env = append(sh.env, name+"="+value) }

type result struct {
	args           []string
	stdout, stderr string
	code           int
}

func (sh *shell) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, sh.bin, args...)
	cmd.Dir, cmd.Env = sh.dir, sh.env
	return cmd
}

func (sh *shell) run(args ...string) result {
	sh.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := sh.command(sh.t.Context(), args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		sh.t.Fatalf("rollcall %q: %v", args, err)
	}
	return result{args, stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// ok runs a command that must succeed without a word on standard error.
func (sh *shell) ok(args ...string) string {
	sh.t.Helper()
	r := sh.run(args...)
	if r.code != 0 || r.stderr != "" {
		sh.t.Fatalf("rollcall %q: exit %d\n%s%s", r.args, r.code, r.stdout, r.stderr)
	}
	return r.stdout
}

// json runs a command with --json and decodes the one document it must print.
func (sh *shell) json(into any, args ...string) {
	sh.t.Helper()
	out := sh.ok(append(args, "--json")...)
	d := json.NewDecoder(strings.NewReader(out))
	if err := d.Decode(into); err != nil {
		sh.t.Fatalf("rollcall %q: %v\n%s", args, err, out)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		sh.t.Fatalf("rollcall %q printed more than one document: %s", args, out)
	}
}

// fails runs a command that must exit with code, print nothing on standard output and
// one line on standard error that holds want.
func (sh *shell) fails(code int, want string, args ...string) {
	sh.t.Helper()
	r := sh.run(args...)
	if r.code != code || r.stdout != "" {
		sh.t.Errorf("rollcall %q: exit %d, output %q; want exit %d and no output (%s)", args, r.code, r.stdout, code, r.stderr)
	}
	if strings.Count(r.stderr, "\n") != 1 || !strings.HasPrefix(r.stderr, "rollcall: ") || !strings.Contains(r.stderr, want) {
		sh.t.Errorf("rollcall %q says %q, want one line with %q", args, r.stderr, want)
	}
}

// refused is fails with exit 1, and proves that nothing changed.
func (sh *shell) refused(org, want string, args ...string) {
	sh.t.Helper()
	before := sh.state(org)
	sh.fails(exitRefused, want, args...)
	if after := sh.state(org); after != before {
		sh.t.Errorf("rollcall %q was refused and changed something:\n%s\nbefore:\n%s", args, after, before)
	}
}

// state is everything the commands show of an organization, the audit log included:
// no change goes without an event.
func (sh *shell) state(org string) string {
	sh.t.Helper()
	var all strings.Builder
	for _, args := range [][]string{
		{"org", "show"}, {"saml", "show"}, {"scim", "show"}, {"scim", "key", "list"}, {"role", "list"},
		{"group", "list"}, {"member", "list", "--all"}, {"audit", "export"},
	} {
		all.WriteString(sh.ok(append(args, "--org", org)...))
	}
	return all.String()
}

// org makes an organization and returns its id.
func (sh *shell) org(name string) string {
	sh.t.Helper()
	var made struct{ ID string }
	sh.json(&made, "org", "create", "--name", name, "--admin-email", "admin@example.com")
	return made.ID
}

// connected makes an organization with SCIM on and returns its id.
func (sh *shell) connected(name string) string {
	sh.t.Helper()
	org := sh.org(name)
	sh.ok("saml", "connect", "--org", org, "--metadata-file", sh.metadata(), "--domain", "example.com", "--trust-domain")
	sh.ok("scim", "enable", "--org", org)
	return org
}

// metadata writes an identity provider's metadata and returns the file's name.
func (sh *shell) metadata() string {
	sh.t.Helper()
	data, err := madeUpMetadata(time.Now())
	if err != nil {
		sh.t.Fatal(err)
	}
	return sh.file("metadata.xml", string(data))
}

func (sh *shell) file(name, content string) string {
	sh.t.Helper()
	if err := os.WriteFile(filepath.Join(sh.dir, name), []byte(content), 0o600); err != nil {
		sh.t.Fatal(err)
	}
	return name
}

// process is a command that goes on: serve, demo.
type process struct {
	cmd    *exec.Cmd
	stdout *io.PipeReader
	stderr *bytes.Buffer
	ended  chan error
}

// start starts a command and ends it with the test.
func (sh *shell) start(args ...string) *process {
	sh.t.Helper()
	p := &process{cmd: sh.command(context.WithoutCancel(sh.t.Context()), args...), stderr: &bytes.Buffer{}, ended: make(chan error, 1)}
	reader, writer := io.Pipe()
	p.stdout, p.cmd.Stdout, p.cmd.Stderr = reader, writer, p.stderr
	if err := p.cmd.Start(); err != nil {
		sh.t.Fatal(err)
	}
	go func() {
		err := p.cmd.Wait()
		_ = writer.CloseWithError(io.EOF)
		p.ended <- err
	}()
	sh.t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // one that has ended is no matter
		_ = p.stdout.Close()
	})
	return p
}

// stop interrupts the process, as Ctrl-C does, and returns its exit code.
func (p *process) stop(t *testing.T, signal syscall.Signal) int {
	t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		t.Fatalf("signal: %v\n%s", err, p.stderr)
	}
	go func() { _, _ = io.Copy(io.Discard, p.stdout) }()
	select {
	case <-p.ended:
	case <-time.After(30 * time.Second):
		t.Fatal("the process did not end")
	}
	return p.cmd.ProcessState.ExitCode()
}

// call sends a request and returns status and body.
func call(t *testing.T, method, url, bearer, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/scim+json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}
