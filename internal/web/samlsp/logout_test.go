package samlsp_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/e2e/idp"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
)

// offerLogout lets the identity provider offer single logout.
func (d *door) offerLogout(binding string) {
	d.t.Helper()
	d.idp.SLOURL, d.idp.SLOBinding = "https://idp.example.net/slo", binding
	d.connect()
}

// enter signs somebody in and returns his session cookie.
func (d *door) enter(email string) string {
	d.t.Helper()
	d.page(d.send("POST", d.path("acs"), "cross-site", d.answer(d.begin("/"), email)), 200, "Signed in")
	return d.jar["__Host-rollcall"]
}

// isAlive tells whether a session cookie opens one.
func (d *door) isAlive(cookie string) bool {
	d.t.Helper()
	_, err := d.signIn.Session(d.t.Context(), cookie, signin.Client{})
	if err != nil && iam.KindOf(err) != iam.KindUnauthorized {
		d.t.Fatal(err)
	}
	return err == nil
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// form reads the form of a page that leads on to the identity provider.
func (d *door) form(r *http.Response) url.Values {
	d.t.Helper()
	body := d.page(r, 200, `<form method="post" action="`+d.idp.SLOURL+`" id="lead-on">`)
	if policy := r.Header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, "form-action https://idp.example.net https:; script-src 'self'") {
		d.t.Errorf("policy %s", policy)
	}
	values := url.Values{}
	for _, field := range hidden.FindAllStringSubmatch(body, -1) {
		values.Set(field[1], html.UnescapeString(field[2]))
	}
	return values
}

func TestDoor_logoutByRedirect(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.offerLogout("")
	session := d.enter("eve@example.com")
	r := d.send("POST", d.path("logout"), "same-origin", url.Values{})
	d.page(r, 200, `href="`+d.path("logout")+`?continue"`)
	if d.isAlive(session) || d.jar["__Host-rollcall"] != "" || r.Header.Get("Refresh") != "0; url="+d.path("logout")+"?continue" || r.Header.Get("Location") != "" {
		t.Errorf("alive %v, headers %v", d.isAlive(session), r.Header)
	}
	if cookies := strings.Join(r.Header["Set-Cookie"], "\n"); !strings.Contains(cookies, "__Host-rollcall-logout="+session+"; Path=/; ") || !strings.Contains(cookies, "HttpOnly; Secure; SameSite=None") {
		t.Errorf("cookies %s", cookies)
	}
	r = d.send("GET", d.path("logout")+"?continue", "same-origin", nil)
	location := r.Header.Get("Location")
	if r.StatusCode != http.StatusSeeOther || !strings.HasPrefix(location, d.idp.SLOURL+"?SAMLRequest=") {
		t.Fatalf("%d to %q", r.StatusCode, location)
	}
	request := idp.ReadLogout(t, location)
	if request.NameID != "eve@example.com" || !request.Signed {
		t.Errorf("request %+v", request)
	}
	answer := idp.SignOut{To: publicURL + d.path("logout"), Now: start, InResponseTo: request.ID}
	d.page(d.send("GET", d.path("logout")+"?"+d.idp.LogoutQuery(t, answer), "cross-site", nil), 200, "signed out of Rollcall and of your identity provider")
	if d.jar["__Host-rollcall-logout"] != "" {
		t.Error("the cookie is left")
	}
	// Again, without the cookie: nobody knows what it answers.
	d.page(d.send("GET", d.path("logout")+"?"+d.idp.LogoutQuery(t, answer), "cross-site", nil), 200, "you may still be signed in")
	d.page(d.send("GET", d.path("logout")+"?continue", "none", nil), 200, "you may still be signed in")
}

func TestDoor_logoutByPost(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.offerLogout(saml20POST)
	d.enter("eve@example.com")
	d.page(d.send("POST", d.path("logout"), "same-origin", url.Values{}), 200, "led on")
	request := idp.ReadLogoutForm(t, d.form(d.send("GET", d.path("logout")+"?continue", "same-origin", nil)))
	if request.NameID != "eve@example.com" || !request.Signed || request.Destination != d.idp.SLOURL {
		t.Errorf("request %+v", request)
	}
	answer := d.idp.LogoutForm(t, idp.SignOut{To: publicURL + d.path("logout"), Now: start, InResponseTo: request.ID})
	d.page(d.send("POST", d.path("logout"), "cross-site", answer), 200, "signed out of Rollcall and of your identity provider")
}

// The identity provider signs somebody out: by its word alone, whatever browser brings it.
func TestDoor_logoutFromTheIdentityProvider(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.offerLogout("")
	session := d.enter("eve@example.com")
	request := idp.SignOut{To: publicURL + d.path("logout"), Now: start, NameID: "eve@example.com", RelayState: "a&b"}
	r := d.send("GET", d.path("logout")+"?"+d.idp.LogoutQuery(t, request), "cross-site", nil)
	if r.StatusCode != http.StatusSeeOther || d.isAlive(session) {
		t.Fatalf("%d, alive %v", r.StatusCode, d.isAlive(session))
	}
	if answer := idp.ReadLogout(t, r.Header.Get("Location")); answer.XMLName.Local != "LogoutResponse" || !answer.Signed || answer.RelayState != "a&b" {
		t.Errorf("answer %+v", answer)
	}
	d.offerLogout(saml20POST)
	session = d.enter("eve@example.com")
	values := d.form(d.send("POST", d.path("logout"), "cross-site", d.idp.LogoutForm(t, request)))
	if answer := idp.ReadLogoutForm(t, values); answer.XMLName.Local != "LogoutResponse" || !answer.Signed || answer.RelayState != "a&b" || d.isAlive(session) {
		t.Errorf("answer %+v, alive %v", answer, d.isAlive(session))
	}
	d.idp.SLOURL = ""
	d.connect()
	session = d.enter("eve@example.com")
	d.page(d.send("POST", d.path("logout"), "cross-site", d.idp.LogoutForm(t, request)), 200, "You are signed out of Rollcall")
	if d.isAlive(session) {
		t.Error("without a place for the answer the session goes on")
	}
}

// S46: what nobody signed ends nothing, and nobody's message says that a session has ended
// that goes on.
func TestDoor_logoutFromAnywhere(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.offerLogout("")
	session := d.enter("eve@example.com")
	request := idp.SignOut{To: publicURL + d.path("logout"), Now: start, NameID: "eve@example.com", Unsigned: true}
	answer := idp.SignOut{To: publicURL + d.path("logout"), Now: start, InResponseTo: "_x"}
	ask := `<form method="post" action="` + d.path("logout") + `">`
	for name, send := range map[string]func() (*http.Response, int){
		"unsigned request": func() (*http.Response, int) {
			return d.send("GET", d.path("logout")+"?"+d.idp.LogoutQuery(t, request), "cross-site", nil), 200
		},
		"unsigned request, posted": func() (*http.Response, int) {
			return d.send("POST", d.path("logout"), "cross-site", d.idp.LogoutForm(t, request)), 200
		},
		"answer to nothing": func() (*http.Response, int) {
			return d.send("GET", d.path("logout")+"?"+d.idp.LogoutQuery(t, answer), "cross-site", nil), 200
		},
		"answer to nothing, posted": func() (*http.Response, int) {
			return d.send("POST", d.path("logout"), "cross-site", d.idp.LogoutForm(t, answer)), 200
		},
		"continue": func() (*http.Response, int) {
			return d.send("GET", d.path("logout")+"?continue", "cross-site", nil), 200
		},
		"nonsense": func() (*http.Response, int) {
			return d.send("GET", d.path("logout")+"?SAMLRequest=x&SigAlg=x&Signature=x", "cross-site", nil), 403
		},
		"nothing posted": func() (*http.Response, int) {
			return d.send("POST", d.path("logout"), "cross-site", url.Values{"RelayState": {"x"}}), 403
		},
		"both": func() (*http.Response, int) {
			return d.send("POST", d.path("logout"), "cross-site", url.Values{"SAMLRequest": {"x"}, "SAMLResponse": {"x"}}), 400
		},
		"too large": func() (*http.Response, int) {
			return d.send("POST", d.path("logout"), "cross-site", url.Values{"SAMLRequest": {strings.Repeat("A", 200<<10)}}), 400
		},
	} {
		r, status := send()
		t.Log(name)
		body := d.page(r, status, ask)
		if strings.Contains(body, "You are signed out") || !strings.Contains(r.Header.Get("Content-Security-Policy"), "form-action 'self'") {
			t.Errorf("%s: %s", name, body)
		}
	}
	if !d.isAlive(session) || d.jar["__Host-rollcall"] != session {
		t.Error("the session has ended")
	}
	d.page(d.send("POST", d.path("logout"), "same-origin", url.Values{}), 200, "You are signed out")
	if d.isAlive(session) {
		t.Error("the session goes on")
	}
}
