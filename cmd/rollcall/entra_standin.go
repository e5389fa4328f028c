package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/graph"
	"github.com/rollcall/rollcall/internal/entra/idp"
	"github.com/rollcall/rollcall/internal/entra/portal"
	"github.com/rollcall/rollcall/internal/web"
)

// standIn is the stand-in for Microsoft Entra ID on an open file: directory, provisioning
// service, identity provider, and over them the portal for people and the automation API
// for scripts.
type standIn struct {
	directory *directory.DB
	cycles    *cycle.Service
	provider  *idp.Provider
	portal    *portal.Portal
	api       *graph.API
	file      string
	publicURL string
	log       *slog.Logger
	now       func() time.Time
}

// standInConfig is what one is made of.
type standInConfig struct {
	file      string        // of its database
	publicURL string        // where browsers reach it
	interval  time.Duration // between cycles; 0 is 40 minutes
	apiToken  string        // what a script must send; "" = nothing
	manner    cycle.Manner  // whose requests its provisioning sends; "" is Entra's
	log       *slog.Logger
	now       func() time.Time
}

// openStandIn opens the file, or makes it, and builds everything on it. Close follows.
func openStandIn(ctx context.Context, c standInConfig) (_ *standIn, err error) {
	s := &standIn{file: c.file, publicURL: c.publicURL, log: c.log, now: c.now}
	if s.directory, err = directory.Open(ctx, c.file, directory.Options{Now: c.now}); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.directory.Close())
		}
	}()
	s.cycles = &cycle.Service{Directory: s.directory, Now: c.now, Interval: c.interval, Manner: c.manner, Log: c.log}
	if err = s.cycles.Prepare(ctx); err != nil {
		return nil, err
	}
	if s.provider, err = idp.New(ctx, idp.Config{Directory: s.directory, PublicURL: c.publicURL, Now: c.now}); err != nil {
		return nil, err
	}
	s.portal, err = portal.New(portal.Config{Directory: s.directory, Cycle: s.cycles, IDP: s.provider, PublicURL: c.publicURL, Now: c.now})
	if err != nil {
		return nil, err
	}
	s.api, err = graph.New(graph.Config{Directory: s.directory, Cycle: s.cycles, IDP: s.provider, PublicURL: c.publicURL, Token: c.apiToken, Now: c.now})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// serve answers on listener and runs the cycles that are due, until ctx is done. Cycles
// that are running end early then; what they had done is kept.
func (s *standIn) serve(ctx context.Context, listener net.Listener) error {
	var running sync.WaitGroup
	running.Go(func() { s.cycles.Run(ctx) })
	defer context.AfterFunc(ctx, s.api.Close)() // requests that wait for a cycle would hold the end up
	err := web.NewServer(web.Config{
		Mounts: []func(*http.ServeMux){s.provider.Mount, s.api.Mount, s.portal.Mount, oneName(s.publicURL)},
		Log:    s.log, Now: s.now, HTTPS: strings.HasPrefix(s.publicURL, "https:"),
	}).Serve(ctx, listener, nil)
	s.portal.Close()
	running.Wait()
	return err
}

func (s *standIn) close() error { return s.directory.Close() }
