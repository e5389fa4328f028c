package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/web"
	"github.com/rollcall/rollcall/internal/web/scimapi"
)

type demoCommand struct {
	Dir    string `placeholder:"DIR" help:"Where the demo keeps its data; the same folder goes on where it stopped. Without it a new folder that is removed at the end."`
	Listen string `default:"127.0.0.1:8080" placeholder:"ADDR" help:"Where to listen, on this machine (default: ${default})."`
}

// Run sets a server up and serves until it is interrupted.
func (c *demoCommand) Run(a *app) (err error) {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil || !web.IsLoopback(host) {
		return wrongUsage("--listen %q is not an address of this machine such as 127.0.0.1:8080; the demo is for this machine alone", iam.Clip(c.Listen))
	}
	listener, err := listen(a.ctx, "--listen", c.Listen)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // serve closes it; this is for the ways that do not get there
	dir, remove, err := c.folder()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()

	database := "sqlite:" + filepath.Join(dir, "rollcall.db")
	db, err := store.Open(a.ctx, database, store.Options{Now: a.now})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, _, err := db.Migrate(a.ctx); err != nil {
		return err
	}
	publicURL := "http://" + listener.Addr().String()
	if err := db.Write(a.ctx, func(tx *store.Tx) error { return tx.SetPublicURL(publicURL) }); err != nil {
		return err
	}
	people := &signin.Service{DB: db, Now: a.now, PublicURL: publicURL}
	set := demoSetUp{access: &access.Service{DB: db, Now: a.now, PublicURL: publicURL}, people: people, file: filepath.Join(dir, "demo.json"), now: a.now}
	made, err := set.run(a.ctx)
	if err != nil {
		return fmt.Errorf("set the demo up: %w", err)
	}
	door := demoDoor{people: people, org: made.Organization, email: made.AdminEmail, password: made.AdminPassword, token: strings.ToLower(rand.Text())}
	made.Dir, made.Database, made.Server, made.SignInURL = dir, database, publicURL, publicURL+door.path()
	if err := a.show(made, func(w io.Writer) { made.screen(w, c.Dir == "") }); err != nil {
		return err
	}
	if err := a.stdout.Flush(); err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	// Requests belong in the request log that the screen points at; a terminal full
	// of lines would push the screen away.
	log := slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	err = serve(a.ctx, db, publicURL, doors{scimRate: scimapi.DefaultRate, privateMetadata: true, signIn: people},
		web.Config{Log: log, Now: a.now, Mounts: []func(*http.ServeMux){door.mount}}, listener, nil)
	if err == nil && !a.JSON {
		_, _ = fmt.Fprintln(a.stdout, "\nThe demo has ended.")
	}
	return err
}

// folder returns where the data lies, and what tidies up at the end.
func (c *demoCommand) folder() (dir string, remove func() error, err error) {
	if c.Dir == "" {
		dir, err = os.MkdirTemp("", "rollcall-demo-")
		if err != nil {
			return "", nil, fmt.Errorf("make a folder for the demo: %w", err)
		}
		return dir, func() error { return os.RemoveAll(dir) }, nil
	}
	if dir, err = filepath.Abs(c.Dir); err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return "", nil, fmt.Errorf("make the demo's folder: %w", err)
	}
	return dir, func() error { return nil }, nil
}

// demoMade is what the demo shows of itself.
type demoMade struct {
	Server        string             `json:"server"`
	SignInURL     string             `json:"signInURL"` // signs in as the Admin
	AdminEmail    string             `json:"adminEmail"`
	AdminPassword string             `json:"adminPassword"`
	Organization  iam.OrganizationID `json:"organization"`
	Endpoint      string             `json:"endpoint"`
	Bearer        string             `json:"bearer"`
	Database      string             `json:"database"`
	Dir           string             `json:"dir"`
}

// screen tells what is there and what to try. Every line below "Try it" can be pasted
// into a shell.
func (m demoMade) screen(w io.Writer, temporary bool) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	self := thisProgram()
	kept := "it is kept: the same --dir goes on from here"
	if temporary {
		kept = "it is removed when the demo ends"
	}
	say("Rollcall is running. Ctrl-C ends it.\n")
	say("Open this link: it signs you in as the Admin.\n\n  %s\n", m.SignInURL)
	facts(w,
		"  Server", m.Server,
		"  Organization", string(m.Organization)+" (Example)",
		"  Tenant URL", m.Endpoint,
		"  Secret token", m.Bearer,
		"  Admin", m.AdminEmail+", password "+m.AdminPassword+" (to sign in by hand: "+m.Server+"/?with=email)",
		"  Data", m.Dir+" ("+kept+")")
	say("\nSCIM is on. The roles Admins, Developers and Read-only wait for groups of their names; any other")
	say("group makes a role of its own. Everybody without a group has the role Member.")
	say("\nTry it in another terminal\n")
	say("# The endpoint and its key")
	say("BASE=%s", m.Endpoint)
	say("AUTH='Authorization: Bearer %s'", m.Bearer)
	say("TYPE='Content-Type: application/scim+json'")
	say("\n# What the server can do")
	say(`curl -s -H "$AUTH" "$BASE/ServiceProviderConfig"; echo`)
	say("\n# A user comes, as Entra ID would send her")
	say(`ADA=$(curl -s -H "$AUTH" -H "$TYPE" "$BASE/Users" -d '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],`)
	say(`  "externalId":"ada","userName":"ada@example.com","displayName":"Ada Lovelace","active":true,`)
	say(`  "emails":[{"type":"work","primary":true,"value":"ada@example.com"}]}' | sed 's/.*"id":"\([^"]*\)".*/\1/'); echo "$ADA"`)
	say("\n# A group comes with her in it, and gives her the role of its name")
	say(`curl -s -H "$AUTH" -H "$TYPE" "$BASE/Groups" -d '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],`)
	say(`  "displayName":"Developers","members":[{"value":"'"$ADA"'"}]}'; echo`)
	say("\n# Who is a member now, with which role, and why")
	say("export ROLLCALL_DATABASE=%s ROLLCALL_ORG=%s", shellWord(m.Database), m.Organization)
	say("%s member list", self)
	say("\n# She leaves the company: Entra ID deactivates her, in its own words")
	say(`curl -s -X PATCH -H "$AUTH" -H "$TYPE" "$BASE/Users/$ADA" -d '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],`)
	say(`  "Operations":[{"op":"Replace","path":"active","value":"False"}]}'; echo`)
	say("%s member list --all", self)
	say("\n# What came in, what became of it, and who changed what (the request log is a second behind)")
	say("sleep 1; %s scim log", self)
	say("%s audit export", self)
	say("\n# The whole protocol, checked")
	say(`ROLLCALL_TOKEN=%s %s check "$BASE" --profile entra`, m.Bearer, self)
}

// thisProgram is how a reader runs this program again.
func thisProgram() string {
	path, err := os.Executable()
	if err != nil || strings.Contains(path, string(filepath.Separator)+"go-build") {
		return "go run ./cmd/rollcall"
	}
	return shellWord(path)
}

// shellWord quotes what a shell would not take as one word.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("/._-:@%+=,", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
