package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/idp"
	"github.com/rollcall/rollcall/internal/web"
	"github.com/rollcall/rollcall/internal/web/words"
)

// Config is what an API needs. Directory, Cycle, IDP and PublicURL are required.
type Config struct {
	Directory *directory.DB
	Cycle     *cycle.Service
	IDP       *idp.Provider
	// PublicURL is where the stand-in is reached, without a slash at its end. Links in answers
	// begin with it, and requests must name its host, or a loopback one.
	PublicURL string
	// Token is what a request must carry as "Authorization: Bearer …". "" asks for none, which
	// is for loopback alone.
	Token string
	Now   func() time.Time // time.Now when nil
}

// API serves the routes. Make it with New. It is safe for concurrent use.
type API struct {
	directory *directory.DB
	cycle     *cycle.Service
	idp       *idp.Provider
	publicURL string
	host      string // of publicURL, without its port
	token     string
	now       func() time.Time
	running   context.Context // ends the cycles that were begun here
	stop      context.CancelFunc
	others    *http.CrossOriginProtection
}

// New returns the API. An error is a fault of the configuration.
func New(c Config) (*API, error) {
	if c.Directory == nil || c.Cycle == nil || c.IDP == nil {
		return nil, errors.New("the automation API needs a directory, a provisioning service and an identity provider")
	}
	u, err := url.Parse(c.PublicURL)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("the public URL %q of the stand-in is no address", words.Clip(c.PublicURL))
	}
	a := &API{
		directory: c.Directory, cycle: c.Cycle, idp: c.IDP,
		publicURL: strings.TrimRight(c.PublicURL, "/"), host: strings.ToLower(u.Hostname()), token: c.Token, now: c.Now,
		others: http.NewCrossOriginProtection(),
	}
	if a.now == nil {
		a.now = time.Now
	}
	if err := a.others.AddTrustedOrigin(a.publicURL); err != nil {
		return nil, fmt.Errorf("the public URL %q of the stand-in is no origin: %w", words.Clip(c.PublicURL), err)
	}
	a.running, a.stop = context.WithCancel(context.Background())
	return a, nil
}

// Close ends the cycles that requests wait for: each completes the objects that it has begun.
func (a *API) Close() { a.stop() }

// The two versions of Graph, which answer the same.
const (
	v1   = "v1.0"
	beta = "beta"
)

// Mount adds the routes. Paths below the three prefixes that no route has are answered here
// too, in the form of Graph's errors.
func (a *API) Mount(mux *http.ServeMux) {
	own := http.NewServeMux()
	for _, r := range routes {
		if r.own {
			own.Handle(r.method+" /standin"+r.pattern, a.handle("", r))
			continue
		}
		for _, version := range []string{v1, beta} {
			own.Handle(r.method+" /"+version+r.pattern, a.handle(version, r))
		}
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.serve(own, w, r) })
	for _, prefix := range []string{"/" + v1 + "/", "/" + beta + "/", "/standin/"} {
		mux.Handle(prefix, handler)
	}
}

// serve asks who may, and finds the route.
func (a *API) serve(own *http.ServeMux, w http.ResponseWriter, r *http.Request) {
	x := &exchange{api: a, w: w, r: r}
	if err := a.may(w, r); err != nil {
		web.SetRoute(r, "refused")
		x.fail(err)
		return
	}
	_, pattern := own.Handler(r)
	if pattern == "" {
		web.SetRoute(r, "none")
		x.fail(a.noRoute(own, w, r))
		return
	}
	own.ServeHTTP(w, r)
	_, path, _ := strings.Cut(pattern, " ")
	web.SetRoute(r, path) // the pattern of the own mux, and not the prefix that led here
}

// noRoute says that there is nothing, or what else there is at the path.
func (a *API) noRoute(own *http.ServeMux, w http.ResponseWriter, r *http.Request) error {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := own.Handler(other); pattern != "" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		return refuse(http.StatusNotFound, codeNotFound, "The stand-in has nothing at %s. Its paths are listed in docs/entra-stand-in.md.", words.Clip(r.URL.Path))
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	return refuse(http.StatusMethodNotAllowed, codeBadRequest, "%s is not possible here; %s is.", r.Method, strings.Join(allowed, ", "))
}

// handle serves a route of one version.
func (a *API) handle(version string, to route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{api: a, w: w, r: r, version: version, route: to}
		if err := to.handle(x); err != nil {
			x.fail(err)
		}
	})
}
