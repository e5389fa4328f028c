package scimapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/housekeeping"
	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/web"
)

// Config is what a Door needs. Provision, SignIn, Log and PublicURL are required.
type Config struct {
	Provision *provision.Service
	SignIn    *signin.Service
	Log       *housekeeping.RequestLog
	// PublicURL is where clients reach the server, "https://rollcall.example.com".
	// Every address in an answer begins with it, whatever the request's Host says
	// (S27).
	PublicURL string
	Now       func() time.Time // nil: time.Now
	// Rate is how many requests a second each organization may make, for long;
	// Burst how many at once. 0 means DefaultRate and DefaultBurst; less than
	// MinRate becomes MinRate; a negative Rate is no limit.
	Rate  float64
	Burst int
}

// Door serves the SCIM endpoint of every organization. Safe for concurrent use.
type Door struct {
	provision *provision.Service
	signIn    *signin.Service
	log       *housekeeping.RequestLog
	publicURL string
	now       func() time.Time
	rates     *rates
	failures  *failures
	endpoints map[string]*endpoint
}

// New returns a Door.
func New(c Config) *Door {
	d := &Door{
		provision: c.Provision, signIn: c.SignIn, log: c.Log,
		publicURL: strings.TrimRight(c.PublicURL, "/"), now: c.Now,
		rates: newRates(c.Rate, c.Burst), failures: newFailures(),
	}
	if d.now == nil {
		d.now = time.Now
	}
	d.endpoints = d.routes()
	return d
}

const mountedAt = "/v1/organizations/{org}/scim"

// Mount puts the door's paths on mux. Routing below them is the door's own: a key
// is asked for before a path is looked at.
func (d *Door) Mount(mux *http.ServeMux) {
	mux.Handle(mountedAt, d)
	mux.Handle(mountedAt+"/", d)
}

// ServeHTTP answers one request, and tells the request log of it.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{w: w, r: r, ctx: r.Context(), started: d.now(), address: web.ClientAddress(r)}
	defer d.finish(x)
	if err := d.serve(x); err != nil {
		d.fail(x, err)
	}
}

// serve finds who calls, then what for, and does it.
func (d *Door) serve(x *exchange) error {
	org, segments := splitPath(x.r.URL.EscapedPath())
	x.org = org
	e, known := d.find(segments)
	web.SetRoute(x.r, mountedAt+e.pattern)
	if err := d.authenticate(x); err != nil {
		return err
	}
	if err := d.rates.take(x.org, x.started); err != nil {
		d.log.Deny(x.org, causeRate, x.address)
		x.unlogged = true
		return err
	}
	if !known {
		return errNoPath
	}
	handle := e.methods[x.r.Method]
	if handle == nil && x.r.Method == http.MethodHead {
		handle = e.methods[http.MethodGet]
	}
	if handle == nil {
		x.w.Header().Set("Allow", e.allow)
		return errMethod(x.r.Method, e)
	}
	x.limit = e.limit
	if e.hasID {
		x.id = segments[len(segments)-1]
	}
	return handle(x)
}

// errAborted says that an answer broke off after its beginning was sent: all that
// is left is to break the connection, so that the client does not take what it
// has for the whole.
var errAborted = errors.New("the answer broke off")

// finish writes the request log and survives a panic in a handler.
func (d *Door) finish(x *exchange) {
	fault := recover()
	if fault != nil && fault != http.ErrAbortHandler { //nolint:errorlint // the sentinel is compared as net/http does
		err := fmt.Errorf("panic: %v\n%s", fault, debug.Stack())
		if x.status == 0 {
			d.fail(x, err)
			fault = nil
		} else {
			web.SetCause(x.r, err)
		}
	}
	if x.authenticated && !x.unlogged {
		d.record(x)
	}
	if fault != nil || x.aborted {
		panic(http.ErrAbortHandler)
	}
}

// record tells the request log of the exchange.
func (d *Door) record(x *exchange) {
	e := housekeeping.Entry{
		Organization: x.caller.Organization.ID,
		At:           x.started,
		Duration:     d.now().Sub(x.started),
		Method:       x.r.Method,
		Target:       x.target(),
		Status:       x.status,
		Key:          x.caller.Key,
		Address:      x.address,
		UserAgent:    x.r.UserAgent(),
		Request:      x.body,
		Response:     x.answered,
		ResponseCut:  x.answeredCut,
		Secret:       x.secret,
	}
	for _, v := range x.trail.Verdicts {
		e.Verdicts = append(e.Verdicts, housekeeping.Verdict{Op: v.Op, Path: v.Path, Verdict: v.Verdict, Note: v.Note})
	}
	d.log.Add(e)
}

// exchange is one request on its way through the door.
type exchange struct {
	w       http.ResponseWriter
	r       *http.Request
	ctx     context.Context
	started time.Time
	address string
	org     string // as in the URL, untrusted

	authenticated bool
	caller        provision.Caller
	secret        string // what the caller was authenticated with
	base          string // the public address of the organization's SCIM endpoint
	id            string // of the resource in the path
	limit         int64  // bytes of the request body

	unlogged bool // the request log has it as a count only

	body        []byte          // as read
	trail       provision.Trail // what became of each operation
	status      int             // of the answer; 0 before it
	answered    []byte          // the answer's body, or its beginning
	answeredCut bool
	aborted     bool
}

// target is the path below the base with the query, as sent.
func (x *exchange) target() string {
	escaped := x.r.URL.EscapedPath()
	if i := strings.Index(escaped, "/scim"); i >= 0 {
		escaped = escaped[i+len("/scim"):]
	}
	if x.r.URL.RawQuery != "" || x.r.URL.ForceQuery {
		escaped += "?" + x.r.URL.RawQuery
	}
	return escaped
}
