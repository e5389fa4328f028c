package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestUsage_wrong(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	for _, test := range []struct {
		want string
		args []string
	}{
		{"expected one of", nil},
		{"unexpected argument", []string{"frobnicate"}},
		{"--org=ID", []string{"org", "show"}},
		{"see rollcall org show --help", []string{"org", "show"}},
		{"--admin-email=EMAIL", []string{"org", "create", "--name", "x"}},
		{"unknown flag --colour", []string{"org", "list", "--colour"}},
		{"--plan must be one of", []string{"org", "set-plan", "--org", "x", "--plan", "gold"}},
		{"--plan must be one of", []string{"org", "create", "--name", "x", "--admin-email", "a@example.com", "--plan", "gold"}},
		{"--format must be one of", []string{"audit", "export", "--org", "x", "--format", "xml"}},
		{"exclude each other", []string{"audit", "export", "--org", "x", "--format", "csv", "--json"}},
		{"--from \"yesterday\" is not a date", []string{"audit", "export", "--org", "x", "--from", "yesterday"}},
		{"--from lies behind --to", []string{"audit", "export", "--org", "x", "--from", "2026-02-01", "--to", "2026-01-01"}},
		{"--since \"soon\" is not a date", []string{"scim", "log", "--org", "x", "--since", "soon"}},
		{"--status \"9xx\" is neither", []string{"scim", "log", "--org", "x", "--status", "9xx"}},
		{"give --identity or --unmapped-groups", []string{"scim", "policy", "--org", "x"}},
		{"--identity must be one of", []string{"scim", "policy", "--org", "x", "--identity", "lax"}},
		{"what to change", []string{"role", "update", "--org", "x", "--role", "y"}},
		{"add --yes to do it", []string{"saml", "disconnect", "--org", "x"}},
		{"--metadata-file", []string{"saml", "connect", "--org", "x"}},
		{"can't be used together", []string{"saml", "connect", "--org", "x", "--metadata-file", "a", "--metadata-url", "https://b"}},
		{"goes with --metadata-url", []string{"saml", "connect", "--org", "x", "--metadata-file", "a", "--allow-private-address"}},
		{"goes with --domain", []string{"saml", "connect", "--org", "x", "--metadata-file", "a", "--trust-domain"}},
		{"no token", []string{"check", "http://127.0.0.1:1/scim"}},
		{"--profile must be one of", []string{"check", "http://127.0.0.1:1/scim", "--token", "a:b", "--profile", "google"}},
		{"is not HOST:PORT", []string{"serve", "--listen", "8080"}},
		{"plain HTTP would show every key", []string{"serve", "--listen", "0.0.0.0:0"}},
		{"--tls-key", []string{"serve", "--tls-cert", "a"}},
		{"trusted proxy \"proxy\" is neither", []string{"serve", "--trusted-proxies", "proxy"}},
		{"is plain http", []string{"serve", "--public-url", "http://rollcall.example.com"}},
		{"must be scheme, host and port alone", []string{"serve", "--public-url", "https://rollcall.example.com/app"}},
		{"--expression=E", []string{"entra", "eval"}},
		{"is not NAME=VALUE", []string{"entra", "eval", "--expression", "[mail]", "--attribute", "mail"}},
		{"--now \"noon\" is not a date", []string{"entra", "eval", "--expression", "Now()", "--now", "noon"}},
		{"for this machine alone", []string{"demo", "--listen", "0.0.0.0:0"}},
		{`--entra-listen "0.0.0.0:0" is not an address of this machine`, []string{"demo", "--listen", "127.0.0.1:0", "--entra-listen", "0.0.0.0:0"}},
		{"both on one address, with two ports", []string{"demo", "--listen", "127.0.0.1:0", "--entra-listen", "127.0.0.2:0"}},
	} {
		sh.fails(exitUsage, test.want, test.args...)
	}
	if entries, err := os.ReadDir(sh.dir); err != nil || len(entries) > 0 {
		t.Errorf("wrong usage left %v behind (%v)", entries, err)
	}
}

func TestUsage_help(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	out := sh.ok("--help")
	for _, want := range []string{"serve", "demo", "org create", "admin link", "saml domain verify", "scim key revoke", "scim log", "role unlink", "group list",
		"member set-roles", "audit export", "support list", "support show", "check", "entra serve", "entra eval", "migrate", "version", "$ROLLCALL_PUBLIC_URL"} {
		if !strings.Contains(out, want) {
			t.Errorf("--help does not name %q:\n%s", want, out)
		}
	}
	for _, absent := range []string{"backup", "restore", "audit verify"} {
		if strings.Contains(out, "\n  "+absent) {
			t.Errorf("--help names %q, which is not there yet", absent)
		}
	}
	if out := sh.ok("scim", "key", "create", "--help"); !strings.Contains(out, "YYYY-MM-DD") {
		t.Errorf("scim key create --help:\n%s", out)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	if out := sh.ok("version"); !strings.HasPrefix(out, "rollcall v1.2.3-test (go") {
		t.Errorf("version prints %q", out)
	}
	var v struct{ Version, Go, Platform string }
	sh.json(&v, "version")
	if v.Version != "v1.2.3-test" || v.Go == "" || v.Platform == "" {
		t.Errorf("version = %+v", v)
	}
}

func TestDatabase_missing(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.fails(exitRefused, "there is no database at nowhere.db", "org", "show", "--org", "x", "--database", "sqlite:nowhere.db")
	sh.fails(exitRefused, "neither sqlite:PATH nor postgres://", "org", "list", "--database", "mysql://u:canary@h/d")
	if r := sh.run("org", "list", "--database", "mysql://u:canary@h/d"); strings.Contains(r.stderr, "canary") {
		t.Errorf("the error shows the password: %s", r.stderr)
	}
	if r := sh.run("org", "list", "--database", "postgres://u:canary@127.0.0.1:1/d"); r.code != exitRefused || strings.Contains(r.stderr, "canary") {
		t.Errorf("an unreachable server: exit %d, %s", r.code, r.stderr)
	}
	if _, err := os.Stat(filepath.Join(sh.dir, "nowhere.db")); !os.IsNotExist(err) {
		t.Errorf("a refused command made the database file (%v)", err)
	}
}

func TestDatabase_firstCommand(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	if out := sh.ok("org", "list"); !strings.Contains(out, "There is no organization yet") {
		t.Errorf("org list on a new file: %q", out)
	}
	if out := sh.ok("org", "list", "--json"); out != "[]\n" {
		t.Errorf("org list --json on a new file: %q", out)
	}
	if info, err := os.Stat(filepath.Join(sh.dir, "rollcall.db")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the database file: %v, %v", info, err)
	}
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	var first, second struct{ Before, After int64 }
	sh.json(&first, "migrate")
	sh.json(&second, "migrate")
	if first.Before != 0 || first.After < 1 || second.Before != first.After || second.After != first.After {
		t.Errorf("migrate went %+v, then %+v", first, second)
	}
	if out := sh.ok("migrate"); !strings.Contains(out, "already") {
		t.Errorf("migrate prints %q", out)
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.setenv("ROLLCALL_DATABASE", "sqlite:elsewhere.db")
	sh.setenv("ROLLCALL_PUBLIC_URL", "https://people.example.com/")
	sh.setenv("ROLLCALL_ADMIN_EMAIL", "admin@example.com")
	sh.setenv("ROLLCALL_JSON", "true")
	var made map[string]string
	if err := json.Unmarshal([]byte(sh.ok("org", "create", "--name", "Acme, Inc.")), &made); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(made["adminSetupURL"], "https://people.example.com/setup/") {
		t.Errorf("org create = %v", made)
	}
	if _, err := os.Stat(filepath.Join(sh.dir, "elsewhere.db")); err != nil {
		t.Error(err)
	}
	sh.setenv("ROLLCALL_ORG", made["id"])
	// A role's name may hold a comma: one variable is one value.
	sh.ok("role", "create", "--name", "Red, Green")
	sh.setenv("ROLLCALL_ROLE", "Red, Green")
	var defaults struct{ DefaultRoles []struct{ Name string } }
	if err := json.Unmarshal([]byte(sh.ok("org", "default-role")), &defaults); err != nil || len(defaults.DefaultRoles) != 1 || defaults.DefaultRoles[0].Name != "Red, Green" {
		t.Errorf("default-role = %+v, %v", defaults, err)
	}
}
