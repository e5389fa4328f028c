package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// cookieNames are those that a browser holds.
func cookieNames(b webBrowser, of *url.URL) string {
	var names []string
	for _, c := range b.Jar.Cookies(of) {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// The link on the demo's screen leads to the Dashboard, signed in; no other does, and
// no server that is not the demo has such a link.
func TestDemo_link(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	demo := func() (*process, demoMade) {
		t.Helper()
		p := sh.start("demo", "--dir", "data", "--listen", "127.0.0.1:0", "--entra-listen", "127.0.0.1:0", "--json")
		var made demoMade
		if err := json.NewDecoder(p.stdout).Decode(&made); err != nil {
			t.Fatalf("%v\n%s", err, p.stderr)
		}
		return p, made
	}
	arrives := func(b webBrowser, made demoMade) {
		t.Helper()
		status, at, page := b.get(made.SignInURL)
		if status != http.StatusOK || at != "/dashboard" || !strings.Contains(page, made.AdminEmail) {
			t.Errorf("the link leads to %d %s:\n%s", status, at, page)
		}
	}
	p, first := demo()
	b := newBrowser(t)
	arrives(b, first)
	arrives(b, first) // it is no link for one time
	home, err := url.Parse(first.Server)
	if err != nil {
		t.Fatal(err)
	}
	// The cookies are the console's: its pages know who it is, and sign him out.
	byHand := newBrowser(t)
	byHand.post(first.Server+"/sign-in/password", url.Values{"email": {first.AdminEmail}, "password": {first.AdminPassword}})
	if got, want := cookieNames(b, home), cookieNames(byHand, home); got != want || !strings.Contains(got, "rollcall") {
		t.Errorf("the browser holds %s; after signing in by hand %s", got, want)
	}
	if status, _, page := b.get(first.Server + "/profile"); status != http.StatusOK || !strings.Contains(page, "Admin") {
		t.Errorf("the profile: %d\n%s", status, page)
	}
	if _, at, _ := b.post(first.Server+"/sign-out", nil); at != "/" {
		t.Errorf("signing out leads to %s", at)
	}
	stranger := newBrowser(t)
	for _, wrong := range []string{"/demo/", "/demo/x", "/demo/" + strings.Repeat("a", 26), strings.ToUpper(first.SignInURL[len(first.Server):])} {
		if status, _, _ := stranger.get(first.Server + wrong); status != http.StatusNotFound || len(stranger.Jar.Cookies(home)) > 0 {
			t.Errorf("%s: %d, %v", wrong, status, stranger.Jar.Cookies(home))
		}
	}
	// By hand, with what the screen tells.
	if status, at, page := stranger.post(first.Server+"/sign-in/password", url.Values{"email": {first.AdminEmail}, "password": {first.AdminPassword}}); status != http.StatusOK || at != "/dashboard" {
		t.Errorf("by hand: %d %s\n%s", status, at, page)
	}
	// While it runs the password is changed: the link says so, and the next start knows
	// another one.
	var link struct{ URL string }
	sh.json(&link, "admin", "link", "--org", string(first.Organization), "--email", first.AdminEmail, "--database", first.Database)
	if _, at, _ := newBrowser(t).post(link.URL, url.Values{"password": {"correct horse battery"}, "repeated": {"correct horse battery"}}); at != "/dashboard" {
		t.Errorf("the one-time link leads to %s", at)
	}
	if status, _, page := newBrowser(t).get(first.SignInURL); status != http.StatusForbidden || !strings.Contains(page, "Start the demo again.") {
		t.Errorf("with the former password: %d %s", status, page)
	}
	if code := p.stop(t, syscall.SIGINT); code != 0 {
		t.Errorf("the demo ended with exit %d: %s", code, p.stderr)
	}

	p, second := demo()
	if second.AdminPassword == first.AdminPassword {
		t.Error("the password that was changed is shown again")
	}
	arrives(newBrowser(t), second)
	if status, _, _ := newBrowser(t).get(second.Server + first.SignInURL[len(first.Server):]); status != http.StatusNotFound {
		t.Errorf("the link of the last time: %d", status)
	}
	p.stop(t, syscall.SIGTERM)

	s := sh.serve("--database", second.Database)
	if status, at, _ := newBrowser(t).get(s.url + second.SignInURL[len(second.Server):]); status != http.StatusNotFound || at == "/dashboard" {
		t.Errorf("a server that is no demo: %d %s", status, at)
	}
	s.end(t)
}
