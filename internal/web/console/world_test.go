package console

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/e2e/idp"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
	"github.com/rollcall/rollcall/internal/web"
	"github.com/rollcall/rollcall/internal/web/samlsp"
)

const publicURL = "https://rollcall.example"

var start = time.Date(2026, 3, 10, 9, 30, 20, 0, time.UTC)

// world is a whole server on a database of its own, with a clock that stands still.
type world struct {
	t       *testing.T
	url     string // of the database
	db      *store.DB
	driver  storetest.Driver
	access  *access.Service
	signin  *signin.Service
	console *Console
	handler http.Handler
	log     lockedBuffer

	mu  sync.Mutex
	now time.Time
}

// org is one organization, whose people sign in at an identity provider.
type org struct {
	*world
	id       iam.OrganizationID
	name     string
	domain   string
	provider *idp.Provider
	setUp    string // the first Admin's link, a path
}

func newWorld(t *testing.T, change ...func(*Config)) *world {
	t.Helper()
	w := &world{t: t, now: start, url: storetest.URL(t, "sqlite")}
	w.db = storetest.Reopen(t, w.url, store.Options{Now: w.clock, Wrap: w.driver.Wrap})
	w.access = &access.Service{DB: w.db, Now: w.clock, PublicURL: publicURL}
	w.signin = &signin.Service{DB: w.db, Now: w.clock, PublicURL: publicURL}
	config := Config{Access: w.access, SignIn: w.signin, PublicURL: publicURL, Now: w.clock}
	for _, c := range change {
		c(&config)
	}
	var err error
	if w.console, err = New(config); err != nil {
		t.Fatal(err)
	}
	door, err := samlsp.New(samlsp.Config{SignIn: w.signin, PublicURL: publicURL})
	if err != nil {
		t.Fatal(err)
	}
	w.handler = web.NewServer(web.Config{
		Mounts: []func(*http.ServeMux){door.Mount, w.console.Mount}, Now: w.clock, HTTPS: true,
		Log: slog.New(slog.NewJSONHandler(&w.log, nil)),
	}).Handler()
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) sleep(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// org makes an organization whose first Admin is admin@{domain}.
func (w *world) org(name, domain string) *org {
	w.t.Helper()
	made := must[access.Created](w.t)(w.access.CreateOrganization(w.t.Context(), iam.Operator, access.NewOrganization{Name: name, AdminEmail: "admin@" + domain}))
	return &org{world: w, id: made.Organization.ID, name: name, domain: domain, setUp: strings.TrimPrefix(made.AdminSetupURL, publicURL)}
}

// connect connects the organization to its identity provider and verifies its domain.
func (o *org) connect() *org {
	o.t.Helper()
	o.provider = idp.New(o.t, o.domain, o.clock())
	must[access.SAMLView](o.t)(o.access.ConnectSAML(o.t.Context(), iam.Operator, o.id, access.Connect{
		Metadata: o.provider.Metadata(), Domains: []string{o.domain}, TrustDomains: true,
	}))
	return o
}

// admin is a browser in which the first Admin has set his password and is signed in.
func (o *org) admin() *browserTab {
	o.t.Helper()
	b := o.browser()
	b.post(o.setUp, url.Values{"password": {password}, "repeated": {password}}).is(http.StatusSeeOther)
	return b
}

const password = "correct horse battery"

// person is a browser in which somebody is signed in by SAML who holds roles directly.
// His first sign-in makes him a member.
func (o *org) person(email string, roles ...string) *browserTab {
	o.t.Helper()
	b := o.browser()
	b.sso(o, email)
	if len(roles) > 0 {
		must[iam.Member](o.t)(o.access.SetMemberRoles(o.t.Context(), iam.Operator, o.id, email, roles))
	}
	return b
}

// role makes a custom role with permissions.
func (o *org) role(name string, permissions ...iam.Permission) access.RoleView {
	o.t.Helper()
	var list []string
	for _, p := range permissions {
		list = append(list, string(p))
	}
	return must[access.RoleView](o.t)(o.access.CreateRole(o.t.Context(), iam.Operator, o.id, access.RoleInput{Name: &name, Permissions: &list}))
}

// user puts a SCIM user there, as the identity provider would.
func (o *org) user(email string, change ...func(*store.User)) iam.MemberID {
	o.t.Helper()
	u := store.User{
		Org: o.id, ID: iam.MemberID(o.db.NewID()), LoginKey: iam.Fold(email), UserName: email, Status: iam.StatusActive,
		ManagedBy: iam.ManagedBySCIM, SCIM: true, Doc: "{}", Version: 1, CreatedAt: o.clock(), UpdatedAt: o.clock(),
	}
	for _, c := range change {
		c(&u)
	}
	o.write(func(tx *store.Tx) error {
		if _, err := tx.InsertUser(u); err != nil {
			return err
		}
		return tx.AddCount(o.id, store.CountUsers, string(u.ID), 1)
	})
	return u.ID
}

func (w *world) write(fn func(tx *store.Tx) error) {
	w.t.Helper()
	if err := w.db.Write(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// browserTab is a browser: it keeps cookies as browsers do, and follows nothing by
// itself.
type browserTab struct {
	*world
	cookies map[string]string
	header  http.Header // sent with each request
}

func (w *world) browser() *browserTab {
	return &browserTab{world: w, cookies: map[string]string{}, header: http.Header{
		"Accept": {"text/html,application/xhtml+xml"}, "User-Agent": {"Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"},
	}}
}

// answer is what a browser gets.
type answer struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	body   string
}

func (b *browserTab) get(path string) answer {
	b.t.Helper()
	return b.do(http.MethodGet, path, nil, nil)
}

func (b *browserTab) post(path string, form url.Values) answer {
	b.t.Helper()
	return b.do(http.MethodPost, path, form, http.Header{"Sec-Fetch-Site": {"same-origin"}})
}

func (b *browserTab) do(method, path string, form url.Values, header http.Header) answer {
	b.t.Helper()
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequestWithContext(b.t.Context(), method, publicURL+path, body)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, set := range []http.Header{b.header, header} {
		for name, values := range set {
			r.Header[name] = values
		}
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return answer{b.t, method + " " + path, w.Code, w.Header(), w.Body.String()}
}

// sso signs in at the organization's identity provider, all the way round.
func (b *browserTab) sso(o *org, email string) answer {
	b.t.Helper()
	begun := b.get("/saml/" + string(o.id) + "/login").is(http.StatusSeeOther)
	request := idp.Read(b.t, begun.header.Get("Location"))
	response := o.provider.Respond(b.t, idp.Answer{To: request, Email: email, Now: o.clock()})
	return b.do(http.MethodPost, "/saml/"+string(o.id)+"/acs", url.Values{"SAMLResponse": {response}}, http.Header{"Sec-Fetch-Site": {"cross-site"}}).is(http.StatusOK)
}

func (b *browserTab) session() string { return b.cookies["__Host-rollcall"] }

// is checks the status.
func (a answer) is(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: %d, want %d: %s", a.what, a.status, status, text(a.body))
	}
	return a
}

// says checks what a person reads on the page.
func (a answer) says(want ...string) answer {
	a.t.Helper()
	for _, w := range want {
		if !strings.Contains(text(a.body), w) {
			a.t.Errorf("%s does not say %q: %s", a.what, w, text(a.body))
		}
	}
	return a
}

func (a answer) saysNot(bad ...string) answer {
	a.t.Helper()
	for _, b := range bad {
		if strings.Contains(text(a.body), b) {
			a.t.Errorf("%s says %q: %s", a.what, b, text(a.body))
		}
	}
	return a
}

// has checks the source of the page.
func (a answer) has(want ...string) answer {
	a.t.Helper()
	for _, w := range want {
		if !strings.Contains(a.body, w) {
			a.t.Errorf("%s has no %s in %s", a.what, w, a.body)
		}
	}
	return a
}

// leadsTo checks where a redirect goes.
func (a answer) leadsTo(path string) answer {
	a.t.Helper()
	a.is(http.StatusSeeOther)
	if got := a.header.Get("Location"); got != path {
		a.t.Errorf("%s leads to %s, want %s", a.what, got, path)
	}
	return a
}

var (
	tags   = regexp.MustCompile(`<[^>]*>`)
	blanks = regexp.MustCompile(`\s+`)
)

// text is what a person reads of a page.
func text(body string) string {
	if i := strings.Index(body, "<main"); i >= 0 {
		body = body[i:]
	}
	plain := tags.ReplaceAllString(body, " ")
	plain = strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">", "&#34;", `"`, "&#39;", "'", "&#43;", "+").Replace(plain)
	return strings.TrimSpace(blanks.ReplaceAllString(plain, " "))
}

// lockedBuffer is a bytes.Buffer for several goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
