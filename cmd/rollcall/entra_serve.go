package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/web"
)

type entraServe struct {
	Listen         string        `default:"127.0.0.1:9080" placeholder:"ADDR" help:"Where to listen, on this machine (default: ${default})."`
	Interval       time.Duration `default:"40m" placeholder:"TIME" help:"The time from one provisioning cycle to the next (default: ${default}, as in Entra ID)."`
	Profile        string        `enum:"entra,okta,okta-put" default:"entra" placeholder:"NAME" help:"Whose requests provisioning sends: entra; okta, as applications of Okta's catalogue (PATCH for groups and to deactivate, PUT for users); okta-put, as applications of its integration wizard (PUT for everything) (default: ${default})."`
	SamplePeople   bool          `help:"Begin with twenty people and three groups, where a new directory has one administrator."`
	APIToken       string        `name:"api-token" placeholder:"TOKEN" help:"Answer the automation API only to requests with this bearer token; better given as ROLLCALL_API_TOKEN than on the command line."`
	InsecureRemote bool          `help:"Listen beyond this machine. The stand-in has no passwords: whoever reaches it can be anybody in it, change everything, and read what its provisioning sends."`
}

// Help is shown by rollcall entra serve --help.
func (c *entraServe) Help() string {
	return "The stand-in keeps everything in a SQLite file of its own: --database sqlite:PATH, rollcall-entra.db where it is not given. It provisions any SCIM server and signs people in to any SAML service provider. " +
		"docs/entra-stand-in.md says what it does as Entra ID does, and what not."
}

// ownDatabase is the file where none is given: what the server uses then is another's.
const ownDatabase = "sqlite:rollcall-entra.db"

// Run serves until the process is told to stop.
func (c *entraServe) Run(a *app) (err error) {
	file, err := c.file(a.Database)
	if err != nil {
		return err
	}
	listener, err := c.listen(a)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // serve closes it; this is for the ways that do not get there
	publicURL := a.PublicURL
	if publicURL == "" {
		publicURL = urlOf(listener)
	}
	if publicURL, err = web.ParsePublicURL(publicURL, true); err != nil {
		return wrongUsage("%v", err)
	}
	log := slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	own, err := openStandIn(a.ctx, standInConfig{file: file, publicURL: publicURL, interval: c.Interval, apiToken: c.APIToken, manner: cycle.Manner(c.Profile), log: log, now: a.now})
	if err != nil {
		return fmt.Errorf("open %s: %w", file, err)
	}
	defer func() { err = errors.Join(err, own.close()) }()
	view, err := c.begin(a.ctx, own)
	if err != nil {
		return err
	}
	view.Database = "sqlite:" + file
	if err := a.show(view, view.screen); err != nil {
		return err
	}
	if err := a.stdout.Flush(); err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return own.serve(a.ctx, listener)
}

// file is the path of the stand-in's database.
func (c *entraServe) file(database string) (string, error) {
	if database == "sqlite:rollcall.db" { // the server's, which every command has where nothing is given
		database = ownDatabase
	}
	path, ok := strings.CutPrefix(database, "sqlite:")
	if !ok || path == "" {
		return "", wrongUsage("the stand-in keeps a SQLite file of its own; give --database sqlite:PATH")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find the database: %w", err)
	}
	return path, nil
}

// listen refuses addresses that others can reach, because anybody may sign in as anybody.
func (c *entraServe) listen(a *app) (net.Listener, error) {
	host, _, err := net.SplitHostPort(c.Listen)
	switch {
	case err != nil:
		return nil, wrongUsage("--listen %q is not HOST:PORT", iam.Clip(c.Listen))
	case c.Interval < time.Second:
		return nil, wrongUsage("--interval %s is too short; it is at least 1s", c.Interval)
	case !web.IsLoopback(host) && !c.InsecureRemote:
		return nil, wrongUsage("--listen %s is reachable from outside, and the stand-in has no passwords: whoever reaches it can be anybody; listen on 127.0.0.1, or give --insecure-remote if that is meant", iam.Clip(c.Listen))
	case !web.IsLoopback(host) && a.PublicURL == "":
		return nil, wrongUsage("--listen %s needs --public-url: the address under which browsers and service providers reach the stand-in", iam.Clip(c.Listen))
	}
	return listen(a.ctx, "--listen", c.Listen)
}

// span is a time without the seconds that it does not have: 40m.
func span(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	return text
}

// newAdministrator is the first user of a new directory.
func newAdministrator(domain string) directory.User {
	address := "admin@" + domain
	return directory.User{
		UserPrincipalName: address, Mail: address, GivenName: "Global", Surname: "Administrator", DisplayName: "Global Administrator",
		AccountEnabled: true, DirectoryRoles: []directory.DirectoryRole{directory.GlobalAdministrator},
	}
}

// begin puts an administrator, or twenty people, into a new directory.
func (c *entraServe) begin(ctx context.Context, s *standIn) (entraServing, error) {
	view := entraServing{Portal: s.publicURL + "/", API: s.publicURL + "/v1.0/", APIToken: c.APIToken != "", Profile: c.Profile, Interval: span(c.Interval)}
	counts, err := s.directory.Counts(ctx)
	if err != nil {
		return view, err
	}
	tenant, err := s.directory.Tenant(ctx)
	if err != nil {
		return view, err
	}
	view.Tenant = tenant.ID
	if view.New = counts.Users+counts.DeletedUsers+counts.Groups+counts.DeletedGroups == 0; view.New {
		if c.SamplePeople {
			_, err = s.directory.Seed(ctx)
		} else {
			_, err = s.directory.CreateUser(ctx, newAdministrator(tenant.DefaultDomain))
		}
		if err != nil {
			return view, fmt.Errorf("fill the new directory: %w", err)
		}
		if counts, err = s.directory.Counts(ctx); err != nil {
			return view, err
		}
	}
	view.Users, view.Groups, view.Applications = counts.Users, counts.Groups, counts.Applications
	for u, err := range s.directory.Users(ctx) {
		if err != nil {
			return view, err
		}
		if u.MayConfigure() && (view.Administrator == "" || u.DirectoryRoles[0] == directory.GlobalAdministrator) {
			view.Administrator = u.UserPrincipalName
			if u.DirectoryRoles[0] == directory.GlobalAdministrator {
				break
			}
		}
	}
	return view, nil
}

// entraServing is what the command shows when it serves.
type entraServing struct {
	Portal        string       `json:"portal"`
	API           string       `json:"api"`
	APIToken      bool         `json:"apiTokenRequired"`
	Administrator string       `json:"administrator"` // who may configure; "" for nobody
	Tenant        directory.ID `json:"tenant"`
	Users         int          `json:"users"`
	Groups        int          `json:"groups"`
	Applications  int          `json:"applications"`
	Profile       string       `json:"profile"`
	Interval      string       `json:"interval"`
	Database      string       `json:"database"`
	New           bool         `json:"new"` // the directory was made now
}

// mannerNames are what the profiles are called on the screen.
var mannerNames = map[string]string{"entra": "Microsoft Entra ID", "okta": "Okta's catalogue", "okta-put": "Okta's integration wizard"}

func (v entraServing) screen(w io.Writer) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	say("A stand-in for Microsoft Entra ID is running. Ctrl-C ends it.\n")
	who, api := v.Administrator, v.API
	switch {
	case who == "":
		who = "nobody holds a role that may configure; give one with PUT /standin/users/{user}/directoryRoles"
	case v.New:
		who += "  made just now: choose it to sign in, there are no passwords"
	default:
		who += "  choose it to sign in, there are no passwords"
	}
	if v.APIToken {
		api += "  with the API token"
	}
	facts(w,
		"  Portal", v.Portal,
		"  Sign in as", printable(who),
		"  Automation API", api,
		"  Directory", fmt.Sprintf("%s, %s, %s", plural(v.Users, "user"), plural(v.Groups, "group"), plural(v.Applications, "application")),
		"  Provisioning", "in the manner of "+mannerNames[v.Profile]+", every "+v.Interval,
		"  Data", strings.TrimPrefix(v.Database, "sqlite:"))
	say("\nIn the portal: Users and Groups to make people, Enterprise applications to connect your product,")
	say("there Single sign-on and Provisioning. What it does as Entra ID does: docs/entra-stand-in.md")
}
