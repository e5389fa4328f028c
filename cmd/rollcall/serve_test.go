package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/store/storetest"
)

// server is a running rollcall serve with what its first log line says of it.
type server struct {
	*process
	url     string
	metrics string // "" without --metrics-listen
	logs    *bufio.Scanner
}

// serve starts a server on a free port and waits until it says that it serves. The
// log goes to standard error, which start collects, so it is turned to a pipe here.
func (sh *shell) serve(args ...string) *server {
	sh.t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		sh.t.Fatal(err)
	}
	cmd := sh.command(sh.t.Context(), append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Stderr = writer
	cmd.Cancel = func() error { return cmd.Process.Kill() }
	if err := cmd.Start(); err != nil {
		sh.t.Fatal(err)
	}
	_ = writer.Close()
	s := &server{process: &process{cmd: cmd, stderr: &bytes.Buffer{}, ended: make(chan error, 1)}, logs: bufio.NewScanner(reader)}
	sh.t.Cleanup(func() {
		_ = cmd.Process.Kill() // one that has ended is no matter
		_ = reader.Close()
	})
	for s.logs.Scan() {
		var line struct {
			Msg, Listen string
			Metrics     string `json:"metrics_listen"`
		}
		if err := json.Unmarshal(s.logs.Bytes(), &line); err != nil {
			sh.t.Fatalf("rollcall serve says %s", s.logs.Bytes())
		}
		if line.Msg == "serving" {
			s.url = "http://" + line.Listen
			if line.Metrics != "" {
				s.metrics = "http://" + line.Metrics
			}
			break
		}
	}
	if s.url == "" {
		sh.t.Fatal("rollcall serve never said that it serves")
	}
	go func() {
		for s.logs.Scan() {
			s.stderr.Write(append(s.logs.Bytes(), '\n'))
		}
		s.ended <- cmd.Wait()
	}()
	return s
}

// end stops the server in order and returns its log.
func (s *server) end(t *testing.T) string {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-s.ended:
		if err != nil {
			t.Errorf("rollcall serve ended with %v\n%s", err, s.stderr)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("rollcall serve did not end")
	}
	return s.stderr.String()
}

// testServe is the life of a server on one database: what is set up beside it works,
// and what is revoked beside it is refused at once.
func testServe(t *testing.T, sh *shell) {
	org := sh.connected("Example")
	var k struct{ Key, Bearer string }
	sh.json(&k, "scim", "key", "create", "--org", org)
	s := sh.serve()
	expect := func(method, path, bearer, body string, status int, want string) {
		t.Helper()
		if code, text := call(t, method, s.url+path, bearer, body); code != status || !strings.Contains(text, want) {
			t.Errorf("%s %s: %d %s, want %d with %q", method, path, code, text, status, want)
		}
	}
	base := "/v1/organizations/" + org + "/scim"
	expect("GET", "/healthz", "", "", 200, "ok")
	expect("GET", "/readyz", "", "", 200, "ready")
	expect("GET", "/", "", "", 200, "Rollcall")
	expect("GET", "/metrics", "", "", 404, "")
	expect("GET", base+"/Users", "", "", 401, "no credentials")
	expect("GET", base+"//Users", k.Bearer, "", 200, `"totalResults":0`)
	expect("POST", base+"/Users", k.Bearer, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada@example.com"}`, 201, s.url+base+"/Users/")
	expect("POST", base+"/Groups", k.Bearer, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Dev"}`, 201, "Dev")
	expect("POST", base+"/Groups", k.Bearer, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"dev"}`, 409, "uniqueness")

	// Beside the running server: its address is known, and its work is seen.
	var v scimView
	sh.json(&v, "scim", "show", "--org", org)
	if v.Endpoint != s.url+base {
		t.Errorf("endpoint = %s, want %s", v.Endpoint, s.url+base)
	}
	var members []memberView
	sh.json(&members, "member", "list", "--org", org)
	if len(members) != 2 {
		t.Errorf("member list = %+v", members)
	}
	var groups []groupView
	sh.json(&groups, "group", "list", "--org", org)
	if len(groups) != 1 || groups[0].DisplayName != "Dev" || groups[0].Role == nil || groups[0].Role.Name != "Dev" || groups[0].Members != 0 {
		t.Errorf("group list = %+v", groups)
	}
	// Not by refused: the running server writes the last use of the key meanwhile.
	sh.fails(exitRefused, "SCIM", "member", "invite", "--org", org, "--email", "ada@example.com")
	sh.ok("scim", "key", "revoke", "--org", org, "--key", k.Key)
	expect("GET", base+"/Users", k.Bearer, "", 401, "was revoked")
	sh.ok("member", "remove", "--org", org, "--member", "ada@example.com")
	sh.json(&members, "member", "list", "--org", org, "--all")
	if len(members) != 2 {
		t.Errorf("member list --all = %+v", members)
	}
	for _, m := range members {
		if m.Email == "ada@example.com" && m.Status != "inactive" {
			t.Errorf("a removed SCIM user is %+v", m)
		}
	}

	logs := s.end(t)
	if strings.Contains(logs, k.Bearer) || strings.Contains(logs, "ada@") || !strings.Contains(logs, `"route":"/v1/organizations/{org}/scim/Users"`) {
		t.Errorf("log:\n%s", logs)
	}
	// What was queued is written when the server has ended.
	var requests []requestView
	sh.json(&requests, "scim", "log", "--org", org)
	if len(requests) != 4 || requests[1].Method != "POST" || requests[1].Path != "/Users" || requests[1].Status != 201 || string(requests[1].Key) != k.Key || requests[1].Address != "127.0.0.1" || len(requests[1].Verdicts) == 0 {
		t.Errorf("scim log = %+v", requests)
	}
	sh.json(&requests, "scim", "log", "--org", org, "--status", "4xx")
	if len(requests) != 1 || requests[0].Status != 409 {
		t.Errorf("scim log --status 4xx = %+v", requests)
	}
	sh.json(&requests, "scim", "log", "--org", org, "--status", "201", "--since", "1h")
	if len(requests) != 2 {
		t.Errorf("scim log --status 201 = %+v", requests)
	}
	text := sh.ok("scim", "log", "--org", org)
	if !strings.Contains(text, "create: applied") || !strings.Contains(text, "Refused without valid credentials") || !strings.Contains(text, "no credentials") || !strings.Contains(text, "revoked") {
		t.Errorf("scim log prints:\n%s", text)
	}
	var keys []keyView
	sh.json(&keys, "scim", "key", "list", "--org", org)
	if len(keys) != 1 || keys[0].LastUsedAt == nil {
		t.Errorf("key list = %+v", keys)
	}
}

func TestServe_sqlite(t *testing.T) {
	t.Parallel()
	testServe(t, newShell(t))
}

func TestServe_postgres(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.setenv("ROLLCALL_DATABASE", storetest.Database(t))
	testServe(t, sh)
}

func TestServe_publicURL(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	org := sh.org("Example")
	endpoint := func() string {
		var v scimView
		sh.json(&v, "scim", "show", "--org", org)
		return strings.TrimSuffix(v.Endpoint, "/v1/organizations/"+org+"/scim")
	}
	first := sh.serve()
	if got := endpoint(); got != first.url {
		t.Errorf("public URL = %s, want that of the server, %s", got, first.url)
	}
	first.end(t)
	second := sh.serve()
	if got := endpoint(); got != second.url {
		t.Errorf("public URL = %s, want that of the present server, %s", got, second.url)
	}
	second.end(t)
	sh.serve("--public-url", "https://people.example.com").end(t)
	if got := endpoint(); got != "https://people.example.com" {
		t.Errorf("public URL = %s, want the one given", got)
	}
	sh.serve().end(t)
	if got := endpoint(); got != "https://people.example.com" {
		t.Errorf("public URL = %s, want the one stored", got)
	}
}

func TestServe_sideListener(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	s := sh.serve("--metrics-listen", "127.0.0.1:0")
	if code, text := call(t, "GET", s.metrics+"/readyz", "", ""); code != 200 || text != "ready\n" {
		t.Errorf("/readyz on the side listener: %d %q", code, text)
	}
	call(t, "GET", s.url+"/healthz", "", "")
	if code, text := call(t, "GET", s.metrics+"/metrics", "", ""); code != 200 || !strings.Contains(text, `rollcall_http_requests_total{method="GET",route="/healthz",status="200"} 1`) {
		t.Errorf("/metrics: %d %.300s", code, text)
	}
	s.end(t)
}

func TestServe_refused(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	sh.fails(exitRefused, "no-cert.pem", "serve", "--listen", "127.0.0.1:0", "--tls-cert", "no-cert.pem", "--tls-key", "no-key.pem")
	if _, err := os.Stat(filepath.Join(sh.dir, "rollcall.db")); !os.IsNotExist(err) {
		t.Errorf("a server that never started made a database (%v)", err)
	}
	sh.ok("migrate")
	sh.fails(exitRefused, "is in use by another program", "serve", "--listen", l.Addr().String())
	sh.fails(exitUsage, "give --public-url", "serve", "--listen", "0.0.0.0:0", "--insecure-http")
	sh.fails(exitRefused, "neither sqlite:PATH", "serve", "--database", "rollcall.db")
}

func TestDemo(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	// The demo knows its own database, whatever the environment says.
	sh.setenv("ROLLCALL_DATABASE", "sqlite:other.db")
	demo := func() (*process, demoMade) {
		t.Helper()
		p := sh.start("demo", "--dir", "data", "--listen", "127.0.0.1:0", "--entra-listen", "127.0.0.1:0", "--json")
		var made demoMade
		if err := json.NewDecoder(p.stdout).Decode(&made); err != nil {
			t.Fatalf("%v\n%s", err, p.stderr)
		}
		return p, made
	}
	p, first := demo()
	if code, text := call(t, "GET", first.Endpoint+"/Users", first.Bearer, ""); code != 200 || !strings.Contains(text, `"totalResults":0`) {
		t.Errorf("GET /Users: %d %s", code, text)
	}
	var roles []roleView
	sh.json(&roles, "role", "list", "--org", string(first.Organization), "--database", first.Database)
	if len(roles) != 7 {
		t.Errorf("role list = %+v", roles)
	}
	sh.file("token", first.Bearer+"\n")
	checked := sh.ok("check", first.Endpoint, "--token-file", "token", "--profile", "okta")
	lines := strings.Split(strings.TrimSpace(checked), "\n")
	if last := lines[len(lines)-1]; !strings.HasSuffix(last, " passed, 0 failed, 0 skipped") {
		t.Errorf("check ends with %q:\n%s", last, checked)
	}
	if code := p.stop(t, syscall.SIGINT); code != 0 || p.stderr.Len() > 0 {
		t.Errorf("the demo ended with exit %d and said %q", code, p.stderr)
	}

	p, second := demo()
	if second.Organization != first.Organization || second.Bearer != first.Bearer || second.AdminEmail != "admin@example.com" || second.AdminPassword != first.AdminPassword {
		t.Errorf("the same folder made another demo: %+v, %+v", first, second)
	}
	if !strings.HasPrefix(second.SignInURL, second.Server+"/demo/") || second.SignInURL[strings.LastIndex(second.SignInURL, "/"):] == first.SignInURL[strings.LastIndex(first.SignInURL, "/"):] {
		t.Errorf("the links are %s and then %s", first.SignInURL, second.SignInURL)
	}
	if code, _ := call(t, "GET", second.Endpoint+"/Users", second.Bearer, ""); code != 200 {
		t.Errorf("the key of the first time: %d", code)
	}
	p.stop(t, syscall.SIGTERM)
	if _, err := os.Stat(filepath.Join(sh.dir, "other.db")); !os.IsNotExist(err) {
		t.Errorf("the demo touched another database (%v)", err)
	}
}

func TestDemo_screen(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.setenv("TMPDIR", sh.dir)
	p := sh.start("demo", "--listen", "127.0.0.1:0", "--entra-listen", "127.0.0.1:0")
	var screen strings.Builder
	lines := bufio.NewScanner(p.stdout)
	for lines.Scan() {
		screen.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "docs/guide.md") {
			break
		}
	}
	for _, want := range []string{
		"running. Ctrl-C ends both.\n\nOpen these three links.\n\n  Rollcall   http://127.0.0.1:", "  Portal     http://127.0.0.1:", "  On demand  http://127.0.0.1:",
		"  Admin      admin@example.com, password demo-", "removed when the demo ends", "\n1  Portal:", "\n5  Portal:",
	} {
		if !strings.Contains(screen.String(), want) {
			t.Errorf("the screen does not say %q:\n%s", want, &screen)
		}
	}
	// It is one screen: that of a terminal of 40 lines with 110 columns.
	rows := strings.Split(strings.TrimSpace(screen.String()), "\n")
	for _, row := range rows {
		if len(row) > 110 && !strings.Contains(row, sh.dir) {
			t.Errorf("a line of %d characters: %s", len(row), row)
		}
	}
	if len(rows) > 36 || strings.Contains(screen.String(), demoServerMark) {
		t.Errorf("the screen has %d lines:\n%s", len(rows), &screen)
	}
	folders, err := filepath.Glob(filepath.Join(sh.dir, "rollcall-demo-*"))
	if err != nil || len(folders) != 1 {
		t.Errorf("folders = %v, %v", folders, err)
	}
	if code := p.stop(t, syscall.SIGINT); code != 0 {
		t.Errorf("the demo ended with exit %d: %s", code, p.stderr)
	}
	if left, err := os.ReadDir(sh.dir); err != nil || len(left) > 0 {
		t.Errorf("the demo left %v (%v)", left, err)
	}
}

func TestCheck_failed(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String() + "/scim"
	_ = l.Close()
	sh.setenv("ROLLCALL_TOKEN", "scim_x:canary")
	r := sh.run("check", url)
	if r.code != exitRefused || r.stderr != "" || strings.Contains(r.stdout, "canary") || !strings.HasSuffix(strings.TrimSpace(r.stdout), " failed, 0 skipped") {
		t.Errorf("check of nothing: exit %d, %s%s", r.code, r.stdout, r.stderr)
	}
	r = sh.run("check", url, "--json")
	var report struct{ Passed, Failed int }
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil || r.code != exitRefused || report.Failed == 0 || report.Passed != 0 {
		t.Errorf("check --json of nothing: exit %d, %+v, %v", r.code, report, err)
	}
	sh.fails(exitUsage, "is empty", "check", url, "--token-file", sh.file("empty", "\n"))
	sh.fails(exitRefused, "read the token", "check", url, "--token-file", "none")
}
