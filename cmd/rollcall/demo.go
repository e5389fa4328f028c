package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/web"
	"github.com/rollcall/rollcall/internal/web/scimapi"
)

type demoCommand struct {
	Dir         string `placeholder:"DIR" help:"Where the demo keeps its data; the same folder goes on where it stopped. Without it a new folder that is removed at the end."`
	Listen      string `default:"127.0.0.1:8080" placeholder:"ADDR" help:"Where to listen, on this machine (default: ${default})."`
	EntraListen string `default:"127.0.0.1:9080" placeholder:"ADDR" help:"Where the stand-in for Microsoft Entra ID listens, on the same address and another port (default: ${default})."`
	Profile     string `enum:"entra,okta" default:"entra" placeholder:"NAME" help:"Whose requests the stand-in's provisioning sends: those of Microsoft Entra ID or those of Okta (default: ${default})."`
}

// Help is shown by rollcall demo --help.
func (c *demoCommand) Help() string {
	return "Starts Rollcall and a stand-in for Microsoft Entra ID with twenty people, connected by SAML and SCIM, and shows which links to open and what to try. " +
		"docs/guide.md leads through it with pictures, and has the same as requests to send by hand. With --json everything is one document, the secret token included."
}

// Run sets everything up and serves until it is interrupted.
func (c *demoCommand) Run(a *app) (err error) {
	server, entra, err := c.listen(a.ctx)
	if err != nil {
		return err
	}
	defer func() { _ = closeAll(server, entra) }() // who serves them closes them; this is for the ways that do not get there
	dir, remove, err := c.folder()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()

	// Requests belong in the request log that the screen points at; a terminal full
	// of lines would push the screen away.
	log := slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	ctx, stop := context.WithCancel(a.ctx)
	defer stop()
	own, err := openStandIn(ctx, standInConfig{file: filepath.Join(dir, "entra.db"), publicURL: urlOf(entra), manner: cycle.Manner(c.Profile), log: log, now: a.now})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, own.close()) }()
	// It serves before anything is set up, because Rollcall reads its metadata. When it
	// ends, for whatever reason, so does the demo.
	ended := make(chan error, 1)
	go func() {
		ended <- own.serve(ctx, entra)
		stop()
	}()
	set := demoSetUp{entra: own, file: filepath.Join(dir, "demo.json"), now: a.now}
	err = c.serve(ctx, a, set, dir, server, log)
	stop()
	if err = errors.Join(err, <-ended); err == nil && !a.JSON {
		_, _ = fmt.Fprintln(a.stdout, "\nThe demo has ended.")
	}
	return err
}

// serve sets Rollcall up on its database, shows what there is, and serves.
func (c *demoCommand) serve(ctx context.Context, a *app, set demoSetUp, dir string, listener net.Listener, log *slog.Logger) (err error) {
	database := "sqlite:" + filepath.Join(dir, "rollcall.db")
	db, err := store.Open(ctx, database, store.Options{Now: a.now})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, _, err := db.Migrate(ctx); err != nil {
		return err
	}
	publicURL := urlOf(listener)
	if err := db.Write(ctx, func(tx *store.Tx) error { return tx.SetPublicURL(publicURL) }); err != nil {
		return err
	}
	set.people = &signin.Service{DB: db, Now: a.now, PublicURL: publicURL}
	set.access = &access.Service{DB: db, Now: a.now, PublicURL: publicURL}
	made, err := set.run(ctx)
	if err != nil {
		return fmt.Errorf("set the demo up: %w", err)
	}
	door := newDemoDoor(set.people, made)
	made.Dir, made.Database, made.Server, made.SignInURL, made.Profile = dir, database, publicURL, publicURL+door.path(), c.Profile
	if err := a.show(made, func(w io.Writer) { made.screen(w, c.Dir == "") }); err != nil {
		return err
	}
	if err := a.stdout.Flush(); err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return serve(ctx, db, publicURL, doors{scimRate: scimapi.DefaultRate, privateMetadata: true, signIn: set.people},
		web.Config{Log: log, Now: a.now, Mounts: []func(*http.ServeMux){door.mount, oneName(publicURL)}}, listener, nil)
}

// listen opens both listeners, or says which one cannot be had.
func (c *demoCommand) listen(ctx context.Context) (server, entra net.Listener, err error) {
	if err := onThisMachine("--listen", c.Listen); err != nil {
		return nil, nil, err
	}
	if err := onThisMachine("--entra-listen", c.EntraListen); err != nil {
		return nil, nil, err
	}
	if server, err = listen(ctx, "--listen", c.Listen); err != nil {
		return nil, nil, err
	}
	if entra, err = listen(ctx, "--entra-listen", c.EntraListen); err != nil {
		return nil, nil, errors.Join(err, closeAll(server))
	}
	// Browsers send the cookie that awaits the identity provider's answer only within one
	// site: without TLS that is one host, on any port.
	if one, other := hostOf(server), hostOf(entra); one != other {
		return nil, nil, errors.Join(wrongUsage("--listen is on %s and --entra-listen on %s; signing in takes both on one address, with two ports", one, other), closeAll(server, entra))
	}
	return server, entra, nil
}

func onThisMachine(flag, address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil || !web.IsLoopback(host) {
		return wrongUsage("%s %q is not an address of this machine such as 127.0.0.1:8080; the demo is for this machine alone", flag, iam.Clip(address))
	}
	return nil
}

func urlOf(l net.Listener) string { return "http://" + l.Addr().String() }

func hostOf(l net.Listener) string {
	host, _, _ := net.SplitHostPort(l.Addr().String()) // of a TCP listener it has both
	return host
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
