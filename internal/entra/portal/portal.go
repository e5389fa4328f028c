package portal

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/idp"
	"github.com/rollcall/rollcall/internal/entra/look"
	"github.com/rollcall/rollcall/internal/web"
	"github.com/rollcall/rollcall/internal/web/words"
)

// Config is what a Portal needs. Now and Random may be nil.
type Config struct {
	Directory *directory.DB
	Cycle     *cycle.Service
	IDP       *idp.Provider // knows who is signed in
	// PublicURL is where people reach the server, "http://localhost:9080". POSTs from
	// pages of it are believed.
	PublicURL string
	Now       func() time.Time // nil: time.Now
	Random    io.Reader        // nil: crypto/rand; read by several goroutines at once
}

// Portal serves the pages. Make it with New. Safe for concurrent use.
type Portal struct {
	directory *directory.DB
	cycle     *cycle.Service
	idp       *idp.Provider
	publicURL string
	https     bool
	now       func() time.Time
	random    io.Reader
	key       [32]byte // signs and seals what passes through the browser; new with each start
	// patience is how long an answer waits for a cycle that was begun with a click: most
	// end sooner, and the page then shows what they did.
	patience   time.Duration
	background sync.WaitGroup
	stop       context.CancelFunc // ends what runs in the background
	running    context.Context

	files     *look.Files
	templates *look.Templates
	routes    []route
	mux       *http.ServeMux // of the routes alone
	handler   http.Handler   // mux behind the guard against other sites' POSTs
}

// New reads the pages that are built into the program. An error is a fault in them, or
// in the configuration.
func New(c Config) (*Portal, error) {
	p := &Portal{
		directory: c.Directory, cycle: c.Cycle, idp: c.IDP, patience: 2 * time.Second,
		publicURL: strings.TrimRight(c.PublicURL, "/"), https: strings.HasPrefix(c.PublicURL, "https:"), now: c.Now,
		mux: http.NewServeMux(),
	}
	if p.now == nil {
		p.now = time.Now
	}
	p.running, p.stop = context.WithCancel(context.Background())
	if p.random = c.Random; p.random == nil {
		p.random = rand.Reader
	}
	if _, err := io.ReadFull(p.random, p.key[:]); err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	p.routes = p.table()
	var err error
	if p.files, err = look.Read(); err != nil {
		return nil, err
	}
	if p.templates, err = parseTemplates(p.files, p.routes); err != nil {
		return nil, err
	}
	for _, r := range p.routes {
		if err := r.check(); err != nil {
			return nil, err
		}
		p.mux.Handle(r.method+" "+r.pattern, p.handle(r))
	}
	guard := http.NewCrossOriginProtection()
	if err := guard.AddTrustedOrigin(p.publicURL); err != nil {
		return nil, fmt.Errorf("the public URL %q is no origin: %w", words.Clip(p.publicURL), err)
	}
	guard.SetDenyHandler(http.HandlerFunc(p.otherSite))
	p.handler = guard.Handler(http.HandlerFunc(p.serve))
	return p, nil
}

// Pages are the addresses of all pages, as patterns of [http.ServeMux]: for who looks at
// every one of them.
func (p *Portal) Pages() []string {
	var patterns []string
	for _, r := range p.routes {
		if r.template != "" {
			patterns = append(patterns, r.pattern)
		}
	}
	return patterns
}

// Close ends the cycles that were begun with a click, and waits for them.
func (p *Portal) Close() {
	p.stop()
	p.background.Wait()
}

// Mount puts the portal on mux: every path that no other door has. The identity provider
// must be on it too: it signs people in, and gives out the files that pages load.
func (p *Portal) Mount(mux *http.ServeMux) { mux.Handle("/", p.handler) }

// serve finds the page, or says that there is none.
func (p *Portal) serve(w http.ResponseWriter, r *http.Request) {
	_, pattern := p.mux.Handler(r)
	if pattern == "" {
		web.SetRoute(r, "none")
		p.noRoute(w, r)
		return
	}
	p.mux.ServeHTTP(w, r)
	// The pattern of the portal's own mux, and not the "/" that led here.
	_, path, _ := strings.Cut(pattern, " ")
	web.SetRoute(r, path)
}
