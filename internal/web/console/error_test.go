package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
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
	files := w.console.files
	for _, name := range files.Names() {
		path, err := files.URL(name)
		if err != nil {
			t.Fatal(err)
		}
		got := w.browser().get(path).is(http.StatusOK)
		if got.header.Get("Content-Type") == "" || !strings.Contains(got.header.Get("Cache-Control"), "immutable") || got.body == "" {
			t.Errorf("%s: %v", name, got.header)
		}
	}
	known, err := files.URL("console.css")
	if err != nil {
		t.Fatal(err)
	}
	// A page of another version gets the file, and keeps it not.
	old := w.browser().get("/static/console/000000000000/console.css").is(http.StatusOK)
	if strings.Contains(old.header.Get("Cache-Control"), "immutable") {
		t.Error("another version's file is kept for ever")
	}
	for _, name := range []string{"nothing.css", "..%2Fconsole.go", "%00"} {
		w.browser().get(strings.TrimSuffix(known, "console.css") + name).is(http.StatusNotFound)
	}
}

// Whoever asks for a preview of many members while two others are made is told to come
// again, and everybody else's pages open meanwhile.
func TestError_busy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	b, other := o.admin(), passwordSignIn(o)
	o.write(func(tx *store.Tx) error {
		for i := range 2_001 {
			address := fmt.Sprintf("m%04d@alpha.example", i)
			u := store.User{
				Org: o.id, ID: iam.MemberID(o.db.NewID()), LoginKey: address, UserName: address, Status: iam.StatusActive,
				ManagedBy: iam.ManagedBySCIM, SCIM: true, Doc: "{}", Version: 1, CreatedAt: o.clock(), UpdatedAt: o.clock(),
			}
			if _, err := tx.InsertUser(u); err != nil {
				return err
			}
		}
		return nil
	})
	w.access.PreviewWait = time.Millisecond
	const path = "/settings/saml/domains/alpha.example/remove"
	release, reached, ended := make(chan struct{}), make(chan struct{}, 2), make(chan answer, 2)
	w.driver.Reset()
	for range 2 {
		w.driver.Inject(storetest.Fault{
			Match: func(c *storetest.Call) bool {
				return strings.HasPrefix(c.SQL, "SELECT u.id, u.status FROM users u") && c.Args[1] != ""
			},
			Hold: release, Do: func() { reached <- struct{}{} },
		})
		tab := *other
		go func() { ended <- tab.get(path) }()
		select {
		case <-reached:
		case a := <-ended:
			close(release)
			t.Fatalf("the preview did not read a second page: %d", a.status)
		}
	}
	a := b.get(path).is(http.StatusServiceUnavailable).says("Too many large previews at once", "Nothing was changed. Try again in 5 seconds.").has(`href="` + path + `"`)
	if a.header.Get("Retry-After") != "5" {
		t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
	}
	b.post(path, nil).is(http.StatusServiceUnavailable).says("Go back and press the button again in 5 seconds.")
	b.get("/members").is(http.StatusOK)
	close(release)
	for range 2 {
		(<-ended).is(http.StatusOK).says("can no longer sign in")
	}
	b.get(path).is(http.StatusOK)
}
