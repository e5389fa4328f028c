package browser

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/e2e/idp"
	"github.com/rollcall/rollcall/internal/e2e/live"
)

const postBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"

// offersLogout lets the identity provider have single logout, before it is connected.
func (p *identityProvider) offersLogout(binding string) {
	p.SLOURL, p.SLOBinding = p.url+"/slo", binding
}

// logout is the identity provider's side of single logout: what it is asked it answers, and
// at /sign-out-everywhere it asks itself, for ?email, at the URL ?at.
func (p *identityProvider) logout(w http.ResponseWriter, r *http.Request) error {
	form := p.logoutForm(r)
	m := idp.SignOut{Now: time.Now(), NameID: form.Get("email"), To: form.Get("at"), RelayState: "state"}
	switch {
	case form.Has("SAMLResponse"):
		return identityProviderPages.ExecuteTemplate(w, "ended", " ("+p.readLogout(r, form).RelayState+")")
	case form.Has("SAMLRequest"):
		request := p.readLogout(r, form)
		if !request.Signed {
			p.t.Error("the logout request is not signed")
		}
		// A logout URL stands beside the metadata, whose URL is the entity id.
		m = idp.SignOut{Now: time.Now(), InResponseTo: request.ID, To: request.Issuer[:len(request.Issuer)-len("metadata")] + "logout"}
	}
	if p.SLOBinding == postBinding {
		return identityProviderPages.ExecuteTemplate(w, "logout", struct {
			To   string
			Form url.Values
		}{m.To, p.LogoutForm(p.t, m)})
	}
	http.Redirect(w, r, m.To+"?"+p.LogoutQuery(p.t, m), http.StatusSeeOther)
	return nil
}

func (p *identityProvider) logoutForm(r *http.Request) url.Values {
	if err := r.ParseForm(); err != nil {
		p.t.Errorf("the form of a logout message: %v", err)
	}
	return r.Form
}

func (p *identityProvider) readLogout(r *http.Request, form url.Values) idp.Logout {
	if r.Method == http.MethodPost {
		return idp.ReadLogoutForm(p.t, form)
	}
	return idp.ReadLogout(p.t, r.URL.String())
}

// Signing out leads through the identity provider, on another site, and back; and whoever
// signs out there is signed out here. Policies and cookies are the browser's to judge.
func TestLogout(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		binding string
		script  bool
	}{
		"redirect": {"", true}, "redirect without scripts": {"", false},
		"post": {postBinding, true}, "post without scripts": {postBinding, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "sqlite")
			w.provider.offersLogout(test.binding)
			directory := w.connected()
			directory.createUser(person{"ada@example.com", "ada@example.com", "Ada", "Example"})
			logoutURL := w.server.URL + "/saml/" + w.org + "/logout"

			b := newTab(t, test.script)
			w.signIn(b, "ada@example.com", "ada@example.com")
			b.at(w.server.URL + "/profile").press("Sign out")
			b.goOn(test.binding, "Go on", "Continue")
			b.comesTo(logoutURL, "You are signed out of Rollcall and of your identity provider.")
			b.open(w.server.URL + "/profile").at(w.server.URL + "/")

			w.signIn(b, "ada@example.com", "ada@example.com")
			b.at(w.server.URL + "/profile")
			b.open(w.provider.url + "/sign-out-everywhere?email=ada@example.com&at=" + url.QueryEscape(logoutURL))
			b.goOn(test.binding, "Continue", "Go on")
			b.comesTo(w.provider.SLOURL, "All of your sessions have ended (state)")
			b.open(w.server.URL + "/profile").at(w.server.URL + "/")
		})
	}
}

// goOn presses the buttons of pages that lead on by a form, where no script does. A page
// before them may have a link of that name, and lead on by itself before it is pressed.
func (b *tab) goOn(binding string, buttons ...string) {
	b.t.Helper()
	if binding != postBinding || b.script {
		return
	}
	for _, button := range buttons {
		b.eventually(func() bool { _, there := b.look(button, "button"); return there })
		th := b.find(button, "button")
		b.loads("press the "+th.String(), click(th))
	}
}

// comesTo waits for what an address shows in the end: on the way the tab may have been there.
func (b *tab) comesTo(address, says string) {
	b.t.Helper()
	if !b.eventually(func() bool { return strings.Contains(b.text(), says) }) {
		b.t.Fatalf("%s does not say %q: %s", b.where(), says, short(b.text()))
	}
	b.at(address)
}

// On plain loopback the identity provider is the same site, and all of it works too; a
// request that nobody signed asks before anything ends.
func TestLogout_demo(t *testing.T) {
	t.Parallel()
	demo := startDemo(t)
	provider := newPlainIdentityProvider(t)
	provider.offersLogout("")
	if _, err := live.Run(t.Context(), t, demo.Database, "saml", "connect", "--org", demo.Organization, "--metadata-file", provider.metadataFile()); err != nil {
		t.Fatal(err)
	}
	directory := &entra{t, http.DefaultClient, demo.Endpoint, demo.Bearer}
	directory.createUser(person{"ada@example.com", "ada@example.com", "Ada", "Lovelace"})
	logoutURL := demo.Server + "/saml/" + demo.Organization + "/logout"
	b := newTab(t, true)
	signIn := func() {
		t.Helper()
		b.open(demo.Server+"/").enter("Work email", "ada@example.com").press("Continue with SSO")
		b.authenticate(provider, "ada@example.com")
		b.at(demo.Server + "/profile").says("ada@example.com")
	}
	signIn()
	b.press("Sign out")
	b.comesTo(logoutURL, "You are signed out of Rollcall and of your identity provider.")
	b.open(demo.Server + "/profile").at(demo.Server + "/")
	signIn()
	unsigned := idp.SignOut{To: logoutURL, Now: time.Now(), NameID: "ada@example.com", Unsigned: true}
	b.open(logoutURL + "?" + provider.LogoutQuery(t, unsigned)).says("Do you want to sign out")
	b.open(demo.Server + "/profile").says("ada@example.com")
	b.open(logoutURL + "?" + provider.LogoutQuery(t, unsigned)).press("Sign out")
	b.comesTo(logoutURL, "You are signed out of Rollcall and of your identity provider.")
}
