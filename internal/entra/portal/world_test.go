package portal

import (
	"bytes"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/idp"
	"github.com/rollcall/rollcall/internal/web"
)

const publicURL = "http://localhost:9080"

var start = time.Date(2026, 3, 10, 9, 30, 20, 0, time.UTC)

// world is a stand-in with a directory of its own and a clock that stands still.
type world struct {
	t         *testing.T
	directory *directory.DB
	cycle     *cycle.Service
	portal    *Portal
	handler   http.Handler

	mu  sync.Mutex
	now time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: start}
	var err error
	if w.directory, err = directory.Open(t.Context(), "", directory.Options{Now: w.clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.directory.Close(); err != nil {
			t.Error(err)
		}
	})
	w.cycle = &cycle.Service{Directory: w.directory, Now: w.clock, Concurrency: 2, Log: slog.New(slog.DiscardHandler)}
	if err := w.cycle.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	provider, err := idp.New(t.Context(), idp.Config{Directory: w.directory, PublicURL: publicURL, Now: w.clock})
	if err != nil {
		t.Fatal(err)
	}
	w.portal, err = New(Config{Directory: w.directory, Cycle: w.cycle, IDP: provider, PublicURL: publicURL, Now: w.clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.portal.Close)
	w.handler = web.NewServer(web.Config{Mounts: []func(*http.ServeMux){provider.Mount, w.portal.Mount}, Now: w.clock, Log: slog.New(slog.DiscardHandler)}).Handler()
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

// user puts a person into the directory.
func (w *world) user(upn string, change ...func(*directory.User)) directory.User {
	w.t.Helper()
	name, _, _ := strings.Cut(upn, "@")
	u := directory.User{UserPrincipalName: upn, DisplayName: name, Mail: upn, AccountEnabled: true}
	for _, c := range change {
		c(&u)
	}
	return must[directory.User](w.t)(w.directory.CreateUser(w.t.Context(), u))
}

func (w *world) group(name string, members ...directory.ID) directory.Group {
	w.t.Helper()
	g := must[directory.Group](w.t)(w.directory.CreateGroup(w.t.Context(), directory.Group{DisplayName: name, SecurityEnabled: true}))
	for _, m := range members {
		must[bool](w.t)(w.directory.AddMember(w.t.Context(), g.ID, m))
	}
	return g
}

func role(r directory.DirectoryRole) func(*directory.User) {
	return func(u *directory.User) { u.DirectoryRoles = append(u.DirectoryRoles, r) }
}

// admin is a browser in which an Application Administrator is signed in.
func (w *world) admin() *browserTab {
	w.t.Helper()
	return w.as(w.user("dana.ruiz@example.com", role(directory.ApplicationAdministrator)))
}

// browserTab is a browser: it keeps cookies as browsers do, and follows nothing by
// itself.
type browserTab struct {
	*world
	cookies map[string]string
}

func (w *world) browser() *browserTab { return &browserTab{w, map[string]string{}} }

// as is a browser in which somebody is signed in.
func (w *world) as(u directory.User) *browserTab {
	b := w.browser()
	b.post("/login", url.Values{"upn": {u.UserPrincipalName}, "to": {"/"}}).leadsTo("/")
	return b
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
	return b.do(http.MethodPost, path, strings.NewReader(form.Encode()), http.Header{
		"Sec-Fetch-Site": {"same-origin"}, "Content-Type": {"application/x-www-form-urlencoded"},
	})
}

// upload posts a file.
func (b *browserTab) upload(path, content string) answer {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part := must[io.Writer](b.t)(form.CreateFormFile("file", "file"))
	if _, err := io.WriteString(part, content); err != nil {
		b.t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		b.t.Fatal(err)
	}
	return b.do(http.MethodPost, path, &body, http.Header{"Content-Type": {form.FormDataContentType()}, "Sec-Fetch-Site": {"same-origin"}})
}

func (b *browserTab) do(method, path string, body io.Reader, header http.Header) answer {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), method, publicURL+path, body)
	r.Header.Set("Accept", "text/html")
	for name, values := range header {
		r.Header[name] = values
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

func (a answer) hasNot(bad ...string) answer {
	a.t.Helper()
	for _, b := range bad {
		if strings.Contains(a.body, b) {
			a.t.Errorf("%s has %s in %s", a.what, b, a.body)
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

// created checks that a redirect leads below a path, and returns the id there.
func (a answer) created(below string) directory.ID {
	a.t.Helper()
	a.is(http.StatusSeeOther)
	id, ok := strings.CutPrefix(a.header.Get("Location"), below)
	if !ok || id == "" || strings.Contains(id, "/") {
		a.t.Fatalf("%s leads to %s, want %s{id}", a.what, a.header.Get("Location"), below)
	}
	return directory.ID(id)
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
