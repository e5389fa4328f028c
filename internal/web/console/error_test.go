package console

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

func TestError_noPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.org("Alpha", "alpha.example").admin()
	b.get("/nowhere?<b>").is(http.StatusNotFound).says("There is no page at this address.", "Request ID").has("Dashboard</a>")
	if a := w.browser().get("/nowhere").is(http.StatusNotFound); strings.Contains(a.body, "Dashboard") {
		t.Error("somebody who is not signed in sees the navigation")
	}
	for path, allow := range map[string]string{"/members": "GET, HEAD", "/sign-out": "POST", "/plans": "GET, HEAD, POST"} {
		a := b.do(http.MethodDelete, path, nil, nil).is(http.StatusMethodNotAllowed).says("This address does not take DELETE.")
		if got := a.header.Get("Allow"); got != allow {
			t.Errorf("%s: Allow %q, want %q", path, got, allow)
		}
	}
	if a := b.do(http.MethodHead, "/members", nil, nil).is(http.StatusOK); a.header.Get("Content-Security-Policy") == "" {
		t.Error("HEAD has not the headers of GET")
	}

	// A program gets a sentence that it can log.
	program := w.browser()
	program.header = http.Header{}
	a := program.do(http.MethodPost, "/v1/organization/typo/scim/Users", nil, nil).is(http.StatusNotFound)
	if a.header.Get("Content-Type") != "text/plain; charset=utf-8" || !strings.HasPrefix(a.body, "There is no page at this address. Request id: ") {
		t.Errorf("%v %q", a.header, a.body)
	}
}

func TestError_databaseAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example")
	b := o.admin()
	for _, path := range []string{"/members", "/dashboard", "/profile", "/nowhere"} {
		w.driver.Inject(storetest.Fault{Match: storetest.SQL("sessions"), Err: storetest.SQLiteIOErr})
		a := b.get(path).is(http.StatusServiceUnavailable).says("The database does not answer", "Nothing was changed.")
		if a.header.Get("Retry-After") == "" || strings.Contains(a.body, "disk") {
			t.Errorf("%v %s", a.header, text(a.body))
		}
	}
	if b.session() == "" {
		t.Error("trouble with the database signed him out")
	}
	if log := w.log.String(); !strings.Contains(log, `"cause"`) {
		t.Errorf("the cause is not in the log: %s", log)
	}
	b.get("/members").is(http.StatusOK)
}

// A fault of ours shows a request id and nothing of itself.
func TestError_fault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.org("Alpha", "alpha.example").admin()
	w.driver.Inject(storetest.Fault{Match: storetest.SQL("FROM users"), Err: errors.New("the moon is full")})
	a := b.get("/members")
	if a.status < 500 || strings.Contains(a.body, "moon is full") || !strings.Contains(a.body, a.header.Get("X-Request-Id")) {
		t.Errorf("%d: %s", a.status, text(a.body))
	}
	if !strings.Contains(w.log.String(), "moon") {
		t.Error("the cause is not in the log")
	}
}

func TestError_forms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.org("Alpha", "alpha.example").admin()
	b.post("/preferences/theme", url.Values{"theme": {strings.Repeat("x", maxForm)}}).is(http.StatusRequestEntityTooLarge).says("The form is larger than 262,144 bytes")
	for _, kind := range []string{"application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data"} {
		a := b.do(http.MethodPost, "/preferences/theme", url.Values{"%": {"%"}}, http.Header{"Sec-Fetch-Site": {"same-origin"}, "Content-Type": {kind}})
		if a.status >= 500 {
			t.Errorf("%s: %d %s", kind, a.status, text(a.body))
		}
	}
	a := b.post("/preferences/theme?theme=light", url.Values{"theme": {"pink"}}).is(http.StatusBadRequest).says(`The theme "pink" is not one of light, dark. Nothing was changed.`)
	if len(a.header.Values("Set-Cookie")) > 0 {
		t.Error("a refused choice was kept")
	}
}

// The access log has the pattern of the page and the member's id, and nothing of him.
func TestError_log(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example")
	b := o.admin()
	b.get("/members?q=secret-search")
	b.get(o.setUp)
	b.get("/nowhere/secret-path")
	log := w.log.String()
	admin := must[[]iam.Member](t)(w.access.Members(t.Context(), o.id, false))[0]
	for _, want := range []string{`"route":"/members"`, `"route":"/setup/{org}/{token}"`, `"route":"none"`, `"actor":"` + string(admin.ID) + `"`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log has no %s: %s", want, log)
		}
	}
	for _, bad := range []string{"secret-search", "secret-path", "admin@alpha.example", o.setUp, password, b.session()} {
		if strings.Contains(log, bad) {
			t.Errorf("the log has %s", bad)
		}
	}
}

func TestAssets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.console.assets
	for name := range a.files {
		got := w.browser().get(a.url(name)).is(http.StatusOK)
		if got.header.Get("Content-Type") == "" || !strings.Contains(got.header.Get("Cache-Control"), "immutable") || got.body != string(a.files[name]) {
			t.Errorf("%s: %v", name, got.header)
		}
	}
	// A page of another version gets the file, and keeps it not.
	old := w.browser().get("/static/console/000000000000/console.css").is(http.StatusOK)
	if strings.Contains(old.header.Get("Cache-Control"), "immutable") {
		t.Error("another version's file is kept for ever")
	}
	for _, name := range []string{"nothing.css", "..%2Fconsole.go", "%00"} {
		w.browser().get("/static/console/" + a.hash + "/" + name).is(http.StatusNotFound)
	}
}
