package scimapi_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/housekeeping"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
	"github.com/rollcall/rollcall/internal/web"
	"github.com/rollcall/rollcall/internal/web/scimapi"
)

const publicURL = "https://rollcall.example"

// world is a whole server on a database of its own, with organizations that have
// SCIM on and a key each.
type world struct {
	t       testing.TB
	url     string // of the database
	db      *store.DB
	calls   *storetest.Driver
	access  *access.Service
	signin  *signin.Service
	log     *housekeeping.RequestLog
	logged  *lockedBuffer // access log and everything else that is logged
	handler http.Handler
	metrics *web.Metrics
}

// org is one organization as its identity provider knows it.
type org struct {
	w      *world
	id     iam.OrganizationID
	key    iam.KeyID
	secret string
	bearer string
}

// eachWorld runs a behaviour on both engines.
func eachWorld(t *testing.T, run func(t *testing.T, w *world)) {
	t.Helper()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			run(t, newWorld(t, engine, scimapi.Config{Rate: -1}))
		})
	}
}

// newWorld builds the server of a database as the command does.
func newWorld(t testing.TB, engine string, c scimapi.Config) *world {
	t.Helper()
	w := &world{t: t, url: storetest.URL(t, engine), calls: &storetest.Driver{}, logged: &lockedBuffer{}}
	w.db = storetest.Reopen(t, w.url, store.Options{Wrap: w.calls.Wrap})
	logger := slog.New(slog.NewJSONHandler(w.logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w.access = &access.Service{DB: w.db, PublicURL: publicURL}
	w.signin = &signin.Service{DB: w.db}
	w.log = housekeeping.NewRequestLog(w.db, logger)
	c.Provision, c.SignIn, c.Log, c.PublicURL = &provision.Service{DB: w.db, Log: logger}, w.signin, w.log, publicURL
	w.metrics = web.NewMetrics()
	w.handler = web.NewServer(web.Config{
		Metrics: w.metrics,
		Mounts:  []func(*http.ServeMux){scimapi.New(c).Mount}, Log: logger,
	}).Handler()
	return w
}

// org adds an organization with SCIM on, the domain example.com verified, and a key.
func (w *world) org(name string) *org {
	w.t.Helper()
	ctx := w.t.Context()
	created, err := w.access.CreateOrganization(ctx, iam.Operator, access.NewOrganization{Name: name, AdminEmail: "admin@" + name + ".example"})
	if err != nil {
		w.t.Fatal(err)
	}
	o := created.Organization
	o.SCIMEnabled = true
	err = w.db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.UpdateOrganization(o); err != nil {
			return err
		}
		return tx.PutDomain(o.ID, store.Domain{Domain: "example.com", VerifiedAt: time.Unix(1, 0)})
	})
	if err != nil {
		w.t.Fatal(err)
	}
	key, err := w.access.CreateKey(ctx, iam.Operator, o.ID, "never")
	if err != nil {
		w.t.Fatal(err)
	}
	return &org{w: w, id: o.ID, key: key.Key, secret: key.Secret, bearer: key.Bearer}
}

// flush writes what is written behind.
func (w *world) flush() {
	w.t.Helper()
	if err := w.log.Flush(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	if err := w.signin.Flush(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// dump is the whole database but for what a refused request may leave: the request
// log, and when a key was last used.
func (w *world) dump() string {
	w.t.Helper()
	var kept []string
	skip := false
	for line := range strings.SplitSeq(storetest.Dump(w.t, w.url), "\n") {
		if !strings.HasPrefix(line, " ") {
			skip = slices.Contains([]string{"scim_requests", "scim_denials", "activity_counts", "scim_keys"}, line)
		}
		if !skip {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// answer is what a client gets.
type answer struct {
	status int
	header http.Header
	body   string
}

// request is what a client sends: below the SCIM base of org, with its key, unless
// headers say otherwise.
type request struct {
	method, path, body string
	header             map[string]string // "" takes a header away
}

func (o *org) base() string { return "/v1/organizations/" + string(o.id) + "/scim" }

func (o *org) send(r request) answer {
	o.w.t.Helper()
	return o.w.send(r.method, o.base()+r.path, r.body, o.bearer, r.header)
}

func (w *world) send(method, target, body, bearer string, header map[string]string) answer {
	w.t.Helper()
	r := w.request(method, target, body, bearer)
	for name, value := range header {
		if value == "" {
			r.Header.Del(name)
			continue
		}
		r.Header.Set(name, value)
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return answer{status: rec.Code, header: rec.Result().Header, body: rec.Body.String()}
}

// request makes a request whose target is sent as it is, whatever net/url thinks of it.
func (w *world) request(method, target, body, bearer string) *http.Request {
	w.t.Helper()
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r := httptest.NewRequestWithContext(w.t.Context(), method, "/", content)
	path, query, has := strings.Cut(target, "?")
	u, err := r.URL.Parse(path)
	if err != nil {
		w.t.Fatalf("%s: %v", target, err)
	}
	u.RawQuery, u.ForceQuery = query, has && query == ""
	r.URL, r.RequestURI = u, target
	if body != "" {
		r.Header.Set("Content-Type", "application/scim+json; charset=utf-8")
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	return r
}

func (o *org) request(method, path, body string) *http.Request {
	return o.w.request(method, o.base()+path, body, o.bearer)
}

func (o *org) get(path string) answer { return o.send(request{method: "GET", path: path}) }
func (o *org) post(path, body string) answer {
	return o.send(request{method: "POST", path: path, body: body})
}
func (o *org) put(path, body string) answer {
	return o.send(request{method: "PUT", path: path, body: body})
}
func (o *org) delete(path string) answer { return o.send(request{method: "DELETE", path: path}) }

func (o *org) patch(path string, operations ...string) answer {
	return o.send(request{method: "PATCH", path: path,
		body: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + strings.Join(operations, ",") + `]}`})
}

// is fails the test unless the status is one of these.
func (a answer) is(t testing.TB, want ...int) answer {
	t.Helper()
	if !slices.Contains(want, a.status) {
		t.Fatalf("status %d, want %v\n%s", a.status, want, a.body)
	}
	return a
}

func (a answer) json(t testing.TB) map[string]any {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal([]byte(a.body), &o); err != nil {
		t.Fatalf("the answer is not JSON: %v\n%s", err, a.body)
	}
	return o
}

func (a answer) id(t testing.TB) string {
	t.Helper()
	id, _ := a.json(t)["id"].(string)
	if id == "" {
		t.Fatalf("no id in %s", a.body)
	}
	return id
}

// user provisions a person, group a group.
func (o *org) user(address string) string {
	o.w.t.Helper()
	return o.post("/Users", `{"userName":"`+address+`"}`).is(o.w.t, 201).id(o.w.t)
}

func (o *org) group(name string, members ...string) string {
	o.w.t.Helper()
	list := make([]map[string]string, len(members))
	for i, m := range members {
		list[i] = map[string]string{"value": m}
	}
	body, err := json.Marshal(map[string]any{"displayName": name, "members": list})
	if err != nil {
		o.w.t.Fatal(err)
	}
	return o.post("/Groups?excludedAttributes=members", string(body)).is(o.w.t, 201).id(o.w.t)
}

// lockedBuffer takes what is logged from many goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
