package samlsp_test

import (
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
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

// door is the door behind a whole server, with one organization whose identity
// provider is connected.
type door struct {
	t      *testing.T
	http   http.Handler
	signIn *signin.Service
	access *access.Service
	driver storetest.Driver
	idp    *idp.Provider
	org    string
	jar    map[string]string // the browser's cookies
	dest   string            // Sec-Fetch-Dest of its requests; "" sends none
}

func newDoor(t *testing.T) *door {
	t.Helper()
	d := &door{t: t, jar: map[string]string{}}
	now := func() time.Time { return start }
	db := storetest.Open(t, "sqlite", store.Options{Now: now, Wrap: d.driver.Wrap})
	d.access = &access.Service{DB: db, Now: now, Random: rand.Reader, PublicURL: publicURL}
	d.signIn = &signin.Service{DB: db, Now: now, Random: rand.Reader, PublicURL: publicURL}
	sp, err := samlsp.New(samlsp.Config{SignIn: d.signIn, PublicURL: publicURL})
	d.ok(err)
	server := web.NewServer(web.Config{Mounts: []func(*http.ServeMux){sp.Mount}, HTTPS: true, Now: now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	d.http = server.Handler()
	made, err := d.access.CreateOrganization(t.Context(), iam.Operator, access.NewOrganization{Name: "Example", AdminEmail: "ada@example.com"})
	d.ok(err)
	d.org = string(made.Organization.ID)
	d.idp = idp.New(t, "idp", start)
	d.connect()
	return d
}

func (d *door) connect() {
	d.t.Helper()
	_, err := d.access.ConnectSAML(d.t.Context(), iam.Operator, iam.OrganizationID(d.org), access.Connect{Metadata: d.idp.Metadata(), Domains: []string{"example.com"}, TrustDomains: true})
	d.ok(err)
}

func (d *door) ok(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// send sends a request as the browser does: site is what it says of whence the
// request comes, and SameSite=Lax cookies stay behind with a POST from another site.
func (d *door) send(method, target, site string, form url.Values) *http.Response {
	d.t.Helper()
	r := httptest.NewRequest(method, publicURL+target, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Sec-Fetch-Site", site)
	if d.dest != "" {
		r.Header.Set("Sec-Fetch-Dest", d.dest)
	}
	for name, value := range d.jar {
		if site == "cross-site" && method == "POST" && name == "__Host-rollcall" {
			continue
		}
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	d.http.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if d.jar[c.Name] = c.Value; c.MaxAge < 0 {
			delete(d.jar, c.Name)
		}
	}
	return w.Result()
}

func (d *door) path(name string) string { return "/saml/" + d.org + "/" + name }

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// page checks what every page of the door has, and that it says something.
func (d *door) page(r *http.Response, status int, says string) string {
	d.t.Helper()
	body := text(d.t, r)
	policy := r.Header.Get("Content-Security-Policy")
	if r.StatusCode != status || !strings.Contains(body, says) {
		d.t.Errorf("%d %s; want %d with %q", r.StatusCode, body, status, says)
	}
	if !strings.HasPrefix(policy, "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action ") || strings.Contains(policy, "unsafe") ||
		r.Header.Get("Cache-Control") != "no-store" || r.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
		d.t.Errorf("headers %v", r.Header)
	}
	if regexp.MustCompile(`<script>|style=|<style| on[a-z]+=`).MatchString(body) {
		d.t.Errorf("something inline: %s", body)
	}
	return body
}

func (d *door) begin(to string) idp.Request {
	d.t.Helper()
	r := d.send("GET", d.path("login")+"?to="+url.QueryEscape(to), "none", nil)
	location := r.Header.Get("Location")
	if r.StatusCode != http.StatusSeeOther || !strings.HasPrefix(location, d.idp.SSOURL+"?") {
		d.t.Fatalf("login: %d to %q", r.StatusCode, location)
	}
	return idp.Read(d.t, location)
}

func (d *door) answer(to idp.Request, email string) url.Values {
	return url.Values{"SAMLResponse": {d.idp.Respond(d.t, idp.Answer{To: to, Email: email, Now: start})}}
}

func TestDoor_signInAndOut(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	request := d.begin("/members?page=2")
	if request.ACSURL != publicURL+d.path("acs") || !request.Signed {
		t.Errorf("request %+v", request)
	}
	r := d.send("POST", d.path("acs"), "cross-site", d.answer(request, "eve@example.com"))
	body := d.page(r, 200, `href="/members?page=2"`)
	if r.Header.Get("Refresh") != "0; url=/members?page=2" || r.Header.Get("Location") != "" {
		t.Errorf("headers %v", r.Header)
	}
	cookies := strings.Join(r.Header["Set-Cookie"], "\n")
	for _, want := range []string{"__Host-rollcall-saml=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=None", "__Host-rollcall=" + d.org + ".", "; HttpOnly; Secure; SameSite=Lax"} {
		if !strings.Contains(cookies, want) {
			t.Errorf("cookies %s, want %s", cookies, want)
		}
	}
	secret := d.jar["__Host-rollcall"]
	if strings.Contains(body, secret[37:]) {
		t.Error("the page shows the session's secret")
	}
	if s, err := d.signIn.Session(t.Context(), secret, signin.Client{}); err != nil || s.Email != "eve@example.com" {
		t.Errorf("session %+v, %v", s, err)
	}

	d.page(d.send("GET", d.path("logout"), "none", nil), 200, `<form method="post" action="`+d.path("logout")+`">`)
	d.page(d.send("POST", d.path("logout"), "cross-site", url.Values{}), 403, "still signed in")
	d.page(d.send("POST", d.path("logout"), "cross-site", url.Values{"SAMLRequest": {"x"}}), 403, "nothing was changed")
	if d.jar["__Host-rollcall"] != secret {
		t.Error("another site signed him out")
	}
	_, err := d.signIn.Session(t.Context(), secret, signin.Client{})
	d.ok(err)
	d.page(d.send("POST", d.path("logout"), "same-origin", url.Values{}), 200, "You are signed out")
	if _, err := d.signIn.Session(t.Context(), secret, signin.Client{}); iam.KindOf(err) != iam.KindUnauthorized || d.jar["__Host-rollcall"] != "" {
		t.Errorf("after signing out: %v, cookie %q", err, d.jar["__Host-rollcall"])
	}
}

// The session that a browser had ends at once with its next sign-in, though the answer's
// POST does not carry its cookie: also when that sign-in began at the identity provider,
// or before the session that it ends.
func TestDoor_endsTheFormerSession(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	allowed := true
	_, err := d.access.SetSignIn(t.Context(), iam.Operator, iam.OrganizationID(d.org), access.SignInChange{IDPInitiated: &allowed})
	d.ok(err)
	unasked := d.begin("/")
	unasked.ID = ""
	early := d.begin("/")
	earlyCookie := d.jar["__Host-rollcall-saml"]
	enter := func(form url.Values, email string) {
		t.Helper()
		former := d.jar["__Host-rollcall"]
		d.page(d.send("POST", d.path("acs"), "cross-site", form), 200, "Signed in")
		if _, err := d.signIn.Session(t.Context(), former, signin.Client{}); iam.KindOf(err) != iam.KindUnauthorized {
			t.Errorf("%s: the former session: %v", email, err)
		}
		s, err := d.signIn.Session(t.Context(), d.jar["__Host-rollcall"], signin.Client{})
		if err != nil || s.Email != email {
			t.Errorf("%s: session %+v, %v", email, s, err)
		}
		if mark := d.jar["__Host-rollcall-mark"]; mark == "" || strings.Contains(d.jar["__Host-rollcall"], mark[37:]) {
			t.Errorf("%s: the mark is %q", email, mark)
		}
	}
	enter(d.answer(d.begin("/"), "eve@example.com"), "eve@example.com")
	enter(d.answer(d.begin("/"), "bob@example.com"), "bob@example.com")
	enter(d.answer(unasked, "eve@example.com"), "eve@example.com")
	d.jar["__Host-rollcall-saml"] = earlyCookie // of a tab that was left halfway
	enter(d.answer(early, "bob@example.com"), "bob@example.com")
	// A mark opens nothing.
	if _, err := d.signIn.Session(t.Context(), d.jar["__Host-rollcall-mark"], signin.Client{}); iam.KindOf(err) != iam.KindUnauthorized {
		t.Errorf("a mark as session cookie: %v", err)
	}
}

// A page of another site that posts an answer of its own behind the person's back, where
// nothing is opened for him, ends nothing of his: not even a sign-in that is in order.
func TestDoor_formerSessionStaysBehindTheBack(t *testing.T) {
	t.Parallel()
	for dest, ends := range map[string]bool{"empty": false, "iframe": false, "image": false, "document": true, "": true} {
		d := newDoor(t)
		allowed := true
		_, err := d.access.SetSignIn(t.Context(), iam.Operator, iam.OrganizationID(d.org), access.SignInChange{IDPInitiated: &allowed})
		d.ok(err)
		d.page(d.send("POST", d.path("acs"), "cross-site", d.answer(d.begin("/"), "eve@example.com")), 200, "Signed in")
		session := d.jar["__Host-rollcall"]
		unasked := d.begin("/")
		unasked.ID = ""
		delete(d.jar, "__Host-rollcall-saml")
		d.dest = dest
		d.send("POST", d.path("acs"), "cross-site", d.answer(unasked, "bob@example.com"))
		if alive := d.isAlive(session); alive == ends {
			t.Errorf("Sec-Fetch-Dest %q: alive %v", dest, alive)
		}
	}
}

func TestDoor_refusals(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	const system, denied = "There could be a misconfiguration in the system or a service outage.", "Access denied"
	post := func(form url.Values) *http.Response { return d.send("POST", d.path("acs"), "cross-site", form) }
	unsolicited := d.begin("/")
	unsolicited.ID = ""
	delete(d.jar, "__Host-rollcall-saml")
	for _, test := range []struct {
		name   string
		answer func() *http.Response
		status int
		says   string
	}{
		{"began at the identity provider", func() *http.Response { return post(d.answer(unsolicited, "eve@example.com")) }, 403, system},
		{"another domain", func() *http.Response { return post(d.answer(d.begin("/"), "eve@elsewhere.example")) }, 403, denied},
		{"no response", func() *http.Response { return post(url.Values{}) }, 400, "This is no answer of an identity provider"},
		{"two responses", func() *http.Response { return post(url.Values{"SAMLResponse": {"a", "b"}}) }, 400, "This is no answer"},
		{"response in the query", func() *http.Response {
			return d.send("POST", d.path("acs")+"?SAMLResponse=x", "cross-site", url.Values{})
		}, 400, "This is no answer"},
		{"nonsense", func() *http.Response { return post(url.Values{"SAMLResponse": {"<script>alert(1)</script>"}}) }, 403, system},
		{"too large", func() *http.Response {
			return post(url.Values{"SAMLResponse": {strings.Repeat("A", samlsp.MaxBody)}})
		}, 400, "too large"},
		{"unknown organization", func() *http.Response {
			return d.send("POST", "/saml/019aaaaa-0000-7000-8000-000000000000/acs", "cross-site", url.Values{"SAMLResponse": {"x"}})
		}, 403, system},
		{"login of no organization", func() *http.Response { return d.send("GET", "/saml/x/login", "none", nil) }, 403, system},
		{"GET", func() *http.Response { return d.send("GET", d.path("acs"), "none", nil) }, 405, "Identity providers post"},
	} {
		r := test.answer()
		t.Log(test.name)
		body := d.page(r, test.status, test.says)
		if id := r.Header.Get("X-Request-Id"); test.status != 405 && !strings.Contains(body, "Request id: <code>"+id+"</code>") {
			t.Errorf("the page does not show the request id %s: %s", id, body)
		}
		if test.status == 403 && !strings.Contains(body, "with=email") {
			t.Errorf("the page leads no Admin to his password: %s", body)
		}
		for _, never := range []string{"audience", "signature", "unsolicited", "domain-not-verified", "not verified", "alert("} {
			if strings.Contains(body, never) {
				t.Errorf("the page tells %q: %s", never, body)
			}
		}
		if d.jar["__Host-rollcall"] != "" {
			t.Error("somebody is signed in")
		}
	}
}

// RelayState and to lead to no other site.
func TestDoor_staysHere(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"//evil.example", "https://evil.example/", `/\evil.example`, `\\evil.example`, "javascript:alert(1)", "/a\r\nSet-Cookie: x=y", "/a b", "evil"} {
		d := newDoor(t)
		form := d.answer(d.begin(to), "eve@example.com")
		form.Set("RelayState", to)
		r := d.send("POST", d.path("acs"), "cross-site", form)
		body := d.page(r, 200, `href="/"`)
		if r.Header.Get("Refresh") != "0; url=/" || strings.Contains(body, "evil") {
			t.Errorf("%q: %q, %s", to, r.Header.Get("Refresh"), body)
		}
	}
}

func TestDoor_postBinding(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.idp.Binding = saml20POST
	d.connect()
	r := d.send("GET", d.path("login"), "none", nil)
	body := d.page(r, 200, `<form method="post" action="`+d.idp.SSOURL+`"`)
	if policy := r.Header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, "form-action https://idp.example.net https:; script-src 'self'") {
		t.Errorf("policy %s", policy)
	}
	value := regexp.MustCompile(`name="SAMLRequest" value="([^"]+)"`).FindStringSubmatch(body)
	if value == nil {
		t.Fatalf("no request in %s", body)
	}
	request := idp.ReadForm(t, strings.ReplaceAll(value[1], "&#43;", "+"))
	if !request.Signed || request.Destination != d.idp.SSOURL {
		t.Errorf("request %+v", request)
	}
	script := regexp.MustCompile(`<script src="(/static/[^"]+)" defer>`).FindStringSubmatch(body)
	style := regexp.MustCompile(`<link rel="stylesheet" href="(/static/[^"]+)">`).FindStringSubmatch(body)
	if script == nil || style == nil {
		t.Fatalf("no script or style in %s", body)
	}
	for path, kind := range map[string]string{script[1]: "text/javascript; charset=utf-8", style[1]: "text/css; charset=utf-8"} {
		if r := d.send("GET", path, "same-origin", nil); r.StatusCode != 200 || r.Header.Get("Content-Type") != kind || !strings.Contains(r.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", path, r.StatusCode, r.Header)
		}
	}
	d.page(d.send("POST", d.path("acs"), "cross-site", d.answer(request, "eve@example.com")), 200, "Signed in")
}

const saml20POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"

func TestDoor_metadata(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	r := d.send("GET", d.path("metadata"), "none", nil)
	if body := text(t, r); r.StatusCode != 200 || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/samlmetadata+xml") ||
		!strings.Contains(body, `entityID="`+publicURL+d.path("metadata")+`"`) || !strings.Contains(body, "X509Certificate") {
		t.Errorf("%d %v %s", r.StatusCode, r.Header, body)
	}
	d.page(d.send("GET", "/saml/019aaaaa-0000-7000-8000-000000000000/metadata", "none", nil), 404, "there is no such organization")
}

// A fault of ours is neither a refusal nor a sign-in.
func TestDoor_databaseAway(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	request := d.begin("/")
	d.driver.Inject(storetest.Fault{Match: storetest.SQL("INSERT INTO sessions"), Err: storetest.SQLiteIOErr})
	r := d.send("POST", d.path("acs"), "cross-site", d.answer(request, "eve@example.com"))
	d.page(r, 503, "please try again")
	if r.Header.Get("Retry-After") == "" || d.jar["__Host-rollcall"] != "" {
		t.Errorf("headers %v, cookies %v", r.Header, d.jar)
	}
}
