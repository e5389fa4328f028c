package console

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/web"
	"github.com/rollcall/rollcall/internal/web/look"
)

// Config is what a Console needs. Access, SignIn and PublicURL are required.
type Config struct {
	Access *access.Service
	SignIn *signin.Service
	// PublicURL is where people reach the server, "https://rollcall.example.com".
	// Cookies are made for it, and POSTs from pages of it are believed.
	PublicURL string
	// OperatorPlans keeps the choice of plans to the operator: the Plans page then
	// shows them only (D13).
	OperatorPlans bool
	// LookupTXT finds the TXT records of a domain that is to be verified, and
	// FetchMetadata an identity provider's metadata. Without one of them admins are
	// told that this server does not do that.
	LookupTXT     access.LookupTXT
	FetchMetadata access.Fetch
	// PrivateMetadata lets metadata be fetched from private and loopback addresses, and
	// by plain HTTP: for an identity provider in the operator's own network.
	PrivateMetadata bool
	Now             func() time.Time // nil: time.Now
}

// Console serves the pages. Make it with New. Safe for concurrent use.
type Console struct {
	access        *access.Service
	signIn        *signin.Service
	publicURL     string
	operatorPlans bool
	outside       outside
	now           func() time.Time

	cookies   web.Cookies
	files     *look.Files
	templates *look.Templates
	routes    []route
	mux       *http.ServeMux // of the routes alone
	handler   http.Handler   // mux behind the guard against other sites' POSTs
}

// New reads the pages that are built into the program. An error is a fault in them: a
// route without a rule, or a template that cannot be parsed.
func New(c Config) (*Console, error) {
	console := &Console{
		access: c.Access, signIn: c.SignIn, publicURL: strings.TrimRight(c.PublicURL, "/"), operatorPlans: c.OperatorPlans, now: c.Now,
		outside: outside{c.LookupTXT, c.FetchMetadata, c.PrivateMetadata},
		cookies: web.Cookies{HTTPS: strings.HasPrefix(c.PublicURL, "https:")},
		mux:     http.NewServeMux(),
	}
	if console.now == nil {
		console.now = time.Now
	}
	console.routes = console.table()
	var err error
	if console.files, err = look.Read("console", staticFiles); err != nil {
		return nil, err
	}
	if console.templates, err = parseTemplates(console.files, console.routes); err != nil {
		return nil, err
	}
	for _, r := range console.routes {
		if err := r.check(); err != nil {
			return nil, err
		}
		console.mux.Handle(r.method+" "+r.pattern, console.handle(r))
	}
	guard := http.NewCrossOriginProtection()
	if err := guard.AddTrustedOrigin(console.publicURL); err != nil {
		return nil, errors.New("the public URL is no origin: " + err.Error())
	}
	guard.SetDenyHandler(http.HandlerFunc(console.otherSite))
	console.handler = guard.Handler(http.HandlerFunc(console.serve))
	return console, nil
}

// Mount puts the console on mux: its files, and every path that no other door has.
func (c *Console) Mount(mux *http.ServeMux) {
	c.files.Mount(mux)
	mux.Handle("/", c.handler)
}

// serve finds the page, or says that there is none.
func (c *Console) serve(w http.ResponseWriter, r *http.Request) {
	_, pattern := c.mux.Handler(r)
	if pattern == "" {
		web.SetRoute(r, "none")
		c.noRoute(w, r)
		return
	}
	c.mux.ServeHTTP(w, r)
	// The pattern of the console's own mux, and not the "/" that led here.
	_, path, _ := strings.Cut(pattern, " ")
	web.SetRoute(r, path)
}
