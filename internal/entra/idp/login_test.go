package idp_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/entra/idp"
)

func TestLogin_viewer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	viewer := func() string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.server.URL+"/", nil)
		w.check(err)
		for _, c := range b.Jar.Cookies(r.URL) {
			r.AddCookie(c)
		}
		u, in, err := w.idp.SignedIn(r)
		w.check(err)
		if !in {
			return "nobody"
		}
		return u.DisplayName
	}
	if got := viewer(); got != "nobody" {
		t.Errorf("at first: got %s", got)
	}
	if p := w.get(b, w.server.URL+idp.LoginURL("/portal?x=1")); p.fields().Get("to") != "/portal?x=1" {
		t.Errorf("the page: got %s", p.body)
	}
	if p := w.read(b.PostForm(w.server.URL+"/login", url.Values{"account": {w.bob.UserPrincipalName}, "to": {"/portal?x=1"}})); p.status != http.StatusSeeOther || p.location != "/portal?x=1" {
		t.Errorf("the sign-in: got %d %s", p.status, p.location)
	}
	if got := viewer(); got != "Bob Smith" {
		t.Errorf("signed in: got %s", got)
	}
	w.check(w.db.DeleteUser(t.Context(), w.bob.ID))
	if got := viewer(); got != "nobody" {
		t.Errorf("deleted meanwhile: got %s", got)
	}
}

func TestLogin_leadsOnlyToItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for to, want := range map[string]string{
		"/portal?x=1": "/portal?x=1", "https://evil.example/": "/", "//evil.example/": "/", `/\evil.example/`: "/", "": "/", "portal": "/",
	} {
		p := w.read(w.browser().PostForm(w.server.URL+"/login", url.Values{"upn": {w.ada.UserPrincipalName}, "to": {to}}))
		if p.location != want {
			t.Errorf("to %q: led to %q, want %q", to, p.location, want)
		}
	}
	// Another site cannot sign a browser in.
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.server.URL+"/login", strings.NewReader("upn="+url.QueryEscape(w.ada.UserPrincipalName)))
	w.check(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if p := w.read(w.browser().Do(r)); p.status != http.StatusForbidden {
		t.Errorf("a sign-in from another site: got %d", p.status)
	}
	if p := w.get(w.browser(), w.server.URL+"/login?q=byron"); !strings.Contains(p.body, "ada@corp") || strings.Contains(p.body, "bob@corp") {
		t.Errorf("searched for byron: got %s", p.body)
	}
	asked := w.get(w.browser(), w.redirected(authn("", ""), ""))
	form := asked.fields()
	form.Set("q", "smith")
	form.Set("search", "1")
	form.Del("account")
	if p := w.read(w.browser().PostForm(w.endpoint("/login"), form)); !strings.Contains(p.body, "bob@corp") || strings.Contains(p.body, "ada@corp") || p.fields().Get("SAMLRequest") != asked.fields().Get("SAMLRequest") {
		t.Errorf("searched for smith on the way to an application: got %s", p.body)
	}
}

// Who is not found is asked again, with what he typed.
func TestLogin_unknownPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.read(w.browser().PostForm(w.server.URL+"/login", url.Values{"upn": {"ghost@example.com"}, "to": {"/users"}}))
	for _, part := range []string{"AADSTS50034", `value="ghost@example.com"`, `name="to" value="/users"`, "Pick an account"} {
		if p.status != http.StatusOK || !strings.Contains(p.body, part) {
			t.Errorf("%d, without %s: %s", p.status, part, p.body)
		}
	}
}
