package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rollcall/rollcall/internal/entra/cycle"
)

// standIn starts the stand-in on a free port and returns what it says of itself.
func (sh *shell) standIn(args ...string) (*process, entraServing) {
	sh.t.Helper()
	p := sh.start(append([]string{"entra", "serve", "--listen", "127.0.0.1:0", "--json"}, args...)...)
	var view entraServing
	if err := json.NewDecoder(p.stdout).Decode(&view); err != nil {
		sh.t.Fatalf("rollcall entra serve: %v\n%s", err, p.stderr)
	}
	return p, view
}

// ask sends JSON to the automation API.
func ask(t *testing.T, method, url, body string, header ...string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestEntraServe_life(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	p, first := sh.standIn("--interval", "90s")
	if !first.New || first.Users != 1 || first.Administrator == "" || first.Interval != "1m30s" || !strings.HasSuffix(first.Database, "/rollcall-entra.db") {
		t.Errorf("the first start shows %+v", first)
	}
	for path, want := range map[string]string{"": "Sign in", "login": "Global Administrator", "healthz": "ok", "static/nothing": ""} {
		status, text := ask(t, "GET", first.Portal+path, "", "Accept", "text/html")
		if want == "" && status != http.StatusNotFound || !strings.Contains(text, want) {
			t.Errorf("GET /%s: %d %.200s, want %q", path, status, text, want)
		}
	}
	if status, text := ask(t, "POST", first.API+"groups", `{"displayName":"Developers","mailEnabled":false,"mailNickname":"dev","securityEnabled":true}`); status != http.StatusCreated {
		t.Errorf("POST /v1.0/groups: %d %s", status, text)
	}
	if code := p.stop(t, syscall.SIGTERM); code != exitDone {
		t.Errorf("it ended with exit %d: %s", code, p.stderr)
	}
	// The directory stays, and is not filled again.
	p, second := sh.standIn("--sample-people")
	if second.New || second.Users != 1 || second.Groups != 1 || second.Tenant != first.Tenant || second.Interval != "40m" {
		t.Errorf("the second start shows %+v", second)
	}
	if code := p.stop(t, syscall.SIGINT); code != exitDone {
		t.Errorf("it ended with exit %d: %s", code, p.stderr)
	}
}

func TestEntraServe_screenAndToken(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	p := sh.start("entra", "serve", "--listen", "127.0.0.1:0", "--database", "sqlite:own.db", "--sample-people", "--api-token", "canary-token", "--profile", "okta")
	page := make([]byte, 4096)
	n, err := p.stdout.Read(page)
	if err != nil {
		t.Fatalf("%v\n%s", err, p.stderr)
	}
	screen := string(page[:n])
	for _, want := range []string{"http://127.0.0.1:", "adele.okafor@", "made just now", "no passwords", "with the API token", "20 users, 3 groups, 0 applications", "in the manner of Okta's catalogue, every 40m", "/own.db"} {
		if !strings.Contains(screen, want) {
			t.Errorf("the screen does not say %q:\n%s", want, screen)
		}
	}
	if strings.Contains(screen, "canary-token") {
		t.Error("the screen shows the API token")
	}
	_, rest, _ := strings.Cut(screen, "http://")
	host, _, _ := strings.Cut(rest, "/")
	if status, text := ask(t, "GET", "http://"+host+"/v1.0/users", ""); status != http.StatusUnauthorized {
		t.Errorf("without the token: %d %s", status, text)
	}
	if status, text := ask(t, "GET", "http://"+host+"/v1.0/users", "", "Authorization", "Bearer canary-token"); status != http.StatusOK {
		t.Errorf("with the token: %d %s", status, text)
	}
	if code := p.stop(t, syscall.SIGTERM); code != exitDone || p.stderr.Len() > 0 {
		t.Errorf("it ended with exit %d: %s", code, p.stderr)
	}
}

// A stand-in that provisions a Rollcall beside it, as two programs.
func TestEntraServe_provisionsAServer(t *testing.T) {
	t.Parallel()
	for _, profile := range cycle.Manners() {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			testProvisionsAServer(t, profile)
		})
	}
}

func testProvisionsAServer(t *testing.T, profile string) {
	sh := newShell(t)
	org := sh.connected("Example")
	var key struct{ Bearer string }
	sh.json(&key, "scim", "key", "create", "--org", org)
	server := sh.serve()
	p, view := sh.standIn("--sample-people", "--profile", profile)
	step := func(method, url, body, want string) map[string]any {
		t.Helper()
		status, text := ask(t, method, url, body)
		var document map[string]any
		_ = json.Unmarshal([]byte(text), &document) // 204 has none
		if status/100 != 2 || !strings.Contains(text, want) {
			t.Fatalf("%s %s: %d %s, want %q", method, url, status, text, want)
		}
		return document
	}
	made := step("POST", view.API+"applicationTemplates/8adf8e6e-67b2-4cf2-a259-e3dc5476c621/instantiate", `{"displayName":"Rollcall"}`, "")
	app, _ := made["servicePrincipal"].(map[string]any)["id"].(string)
	sync := view.API + "servicePrincipals/" + app + "/synchronization"
	job, _ := step("POST", sync+"/jobs", `{"templateId":"scim"}`, "")["id"].(string)
	endpoint := server.url + "/v1/organizations/" + org + "/scim"
	step("PUT", sync+"/secrets", `{"value":[{"key":"BaseAddress","value":"`+endpoint+`"},{"key":"SecretToken","value":"`+key.Bearer+`"},{"key":"SyncAll","value":"True"}]}`, "")
	step("POST", sync+"/jobs/"+job+"/validateCredentials", `{"useSavedCredentials":true}`, "")
	step("POST", sync+"/jobs/"+job+"/start", "", "")
	// Switched on, the job has begun by itself; this waits for that cycle and runs another.
	step("POST", view.Portal+"standin/jobs/"+job+"/cycle", "", `"calls"`)
	if profile != "entra" {
		step("POST", view.Portal+"standin/jobs/"+job+"/import", "", `"users":20`)
	}
	var members []struct{ Email string }
	sh.json(&members, "member", "list", "--org", org)
	if len(members) < 20 {
		t.Errorf("the organization has %d members, want the twenty of the stand-in", len(members))
	}
	// Somebody leaves a group, somebody changes, somebody goes.
	_, domain, _ := strings.Cut(view.Administrator, "@")
	first, second := "chen.wong@"+domain, "divya.mehta@"+domain
	step("PATCH", view.API+"users/"+first, `{"displayName":"Changed Name"}`, "")
	step("PATCH", view.API+"users/"+second, `{"accountEnabled":false}`, "")
	step("POST", view.Portal+"standin/jobs/"+job+"/cycle", "", `"calls"`)
	logs := step("GET", view.API+"auditLogs/provisioning?$filter=provisioningStatusInfo/status+eq+'failure'", "", "")
	if failures, _ := logs["value"].([]any); len(failures) > 0 {
		t.Errorf("the server refused %v", failures)
	}
	var after []struct{ Email, DisplayName string }
	sh.json(&after, "member", "list", "--org", org)
	if len(after) != len(members)-1 || !strings.Contains(sh.ok("member", "list", "--org", org), "Changed Name") {
		t.Errorf("after a change and a departure the members are %+v", after)
	}
	if code := p.stop(t, syscall.SIGTERM); code != exitDone {
		t.Errorf("the stand-in ended with exit %d: %s", code, p.stderr)
	}
	server.end(t)
}

func TestEntraServe_refuses(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.org("Example") // makes rollcall.db
	for _, test := range []struct {
		code int
		want string
		args []string
	}{
		{exitUsage, "has no passwords", []string{"--listen", "0.0.0.0:0"}},
		{exitUsage, "needs --public-url", []string{"--listen", "0.0.0.0:0", "--insecure-remote"}},
		{exitUsage, "not HOST:PORT", []string{"--listen", "8080"}},
		{exitUsage, "at least 1s", []string{"--interval", "10ms"}},
		{exitUsage, "SQLite file of its own", []string{"--database", "postgres://u:canary@h/d"}},
		{exitUsage, "public", []string{"--listen", "127.0.0.1:0", "--public-url", "ftp://x"}},
		{exitRefused, "the database of another program", []string{"--listen", "127.0.0.1:0", "--database", "sqlite:./rollcall.db"}},
	} {
		sh.fails(test.code, test.want, append([]string{"entra", "serve"}, test.args...)...)
	}
	if _, err := os.Stat(filepath.Join(sh.dir, "rollcall-entra.db")); err == nil {
		t.Error("a refused start made a database")
	}
	if got := sh.ok("org", "list"); !strings.Contains(got, "Example") {
		t.Errorf("the server's database after it was refused: %s", got)
	}
}
