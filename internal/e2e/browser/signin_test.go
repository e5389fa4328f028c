package browser

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/rollcall/rollcall/internal/e2e/live"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// connected connects the organization by the command line, for tests that are about what
// comes after.
func (w *world) connected() *entra {
	w.t.Helper()
	for _, args := range [][]string{
		{"saml", "connect", "--org", w.org, "--metadata-file", w.provider.metadataFile(), "--domain", "example.com", "--trust-domain"},
		{"scim", "enable", "--org", w.org},
	} {
		if _, err := live.Run(w.t.Context(), w.t, w.server.Database, args...); err != nil {
			w.t.Fatal(err)
		}
	}
	key := live.JSON[live.Key](w.t, w.server.Database, "scim", "key", "create", "--org", w.org)
	return newEntra(w.t, w.server, w.server.URL+"/v1/organizations/"+w.org+"/scim", key.Bearer)
}

// Whose userName is not the address that SAML sends is provisioned, but cannot sign in:
// he reads one plain sentence, and his admin sees why, in two places.
func TestSignIn_otherAddress(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, engine)
			directory := w.connected()
			directory.createUser(person{"ghopper@corp.example", "grace@example.com", "Grace", "Hopper"})

			hers := newTab(t, true)
			w.signIn(hers, "grace@example.com", "grace@example.com")
			hers.at(w.server.URL + "/saml/" + w.org + "/acs").status(http.StatusForbidden)
			hers.says("You could not be signed in", "Access denied", "ask your administrator").saysNot("ghopper", "corp.example", "not-provisioned")
			request := regexp.MustCompile(`Request id: ([0-9A-Za-z-]+)`).FindStringSubmatch(hers.text())
			if request == nil {
				t.Fatalf("the page shows no request id: %s", hers.text())
			}
			hers.press("Sign in again").at(w.provider.url + "/sso") // by the organization's direct link
			hers.open(w.server.URL + "/dashboard").at(w.server.URL + "/")

			admin := w.signedInAdmin(true)
			admin.press("Users and roles").at("/members")
			if got := admin.row("Grace Hopper"); got == "" {
				t.Errorf("she is not among the members: %s", admin.text())
			}
			admin.says("ghopper@corp.example", "grace@example.com", "Cannot sign in")
			admin.press("SAML and SCIM settings").at("/settings/saml")
			refused := admin.row("grace@example.com")
			for _, want := range []string{request[1], "not-provisioned", "grace@example.com"} {
				if !strings.Contains(refused, want) {
					t.Errorf("the refused sign-ins do not show %q: %s", want, refused)
				}
			}
		})
	}
}

// An answer of the identity provider works once, in the browser that asked for it; the
// session that it began stays in that browser, and ends with its sign-out.
func TestSignIn_sessionsStayApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	directory := w.connected()
	group := directory.createGroup("Everybody")
	for _, name := range []string{"ada", "eve"} {
		directory.addMember(group, directory.createUser(person{name + "@example.com", name + "@example.com", name, "Example"}))
	}
	first, second := newTab(t, true), newTab(t, true)
	w.signIn(first, "ada@example.com", "ada@example.com")
	first.at(w.server.URL + "/profile").says("ada@example.com")
	second.open(w.server.URL + "/profile").at(w.server.URL + "/").says("Continue with SSO")

	// The page that was asked for is the one he comes to.
	second.enter("Work email", "eve@example.com").press("Continue with SSO").authenticate(w.provider, "eve@example.com")
	second.at(w.server.URL + "/profile").says("eve@example.com").saysNot("ada@example.com")

	first.press("Sign out").says("You are signed out")
	first.open(w.server.URL + "/profile").at(w.server.URL + "/")
	second.open(w.server.URL + "/profile").says("eve@example.com")

	// Nor does the browser show the page again to whoever goes back.
	second.press("Sign out").says("You are signed out")
	second.loads("go back", chromedp.NavigateBack())
	second.at(w.server.URL + "/").saysNot("eve@example.com")
}

// The demo runs on plain loopback, as `make demo` starts it: an identity provider beside
// it is the same site there, and people sign in all the same.
func TestSignIn_demo(t *testing.T) {
	t.Parallel()
	demo := startDemo(t, "--listen", "127.0.0.1:0", "--entra-listen", "127.0.0.1:0")
	provider := newPlainIdentityProvider(t)
	if _, err := live.Run(t.Context(), t, demo.Database, "saml", "connect", "--org", demo.Organization, "--metadata-file", provider.metadataFile()); err != nil {
		t.Fatal(err)
	}
	admin := newTab(t, true)
	admin.open(demo.SignInURL).at(demo.Server+"/dashboard").says("Example", "admin@example.com")

	directory := &entra{t, http.DefaultClient, demo.Endpoint, demo.Bearer}
	developers := directory.createGroup("Developers")
	ada := directory.createUser(person{"ada@example.com", "ada@example.com", "Ada", "Lovelace"})
	directory.addMember(developers, ada)
	admin.press("Users and roles").at("/members")
	if got := admin.row("Ada Lovelace"); !strings.Contains(got, "Developers") {
		t.Errorf("Members shows %q", got)
	}

	hers := newTab(t, true)
	hers.open(demo.Server+"/").enter("Work email", "ada@example.com").press("Continue with SSO")
	hers.authenticate(provider, "ada@example.com")
	hers.at(demo.Server + "/dashboard").says("Ada Lovelace")
	if got := provider.cameFrom(); got != "same-site" {
		t.Errorf("on loopback the identity provider is %q", got)
	}
	directory.activate(ada, false)
	hers.open(demo.Server + "/dashboard").at(demo.Server + "/")
}
