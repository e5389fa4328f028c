package browser

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"github.com/rollcall/rollcall/internal/e2e/live"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

const (
	rollcallHost = "rollcall.localhost"
	password     = "correct horse battery staple"
)

// world is a server at https://rollcall.localhost with one new organization, the DNS of
// its domain, and its identity provider on another site.
type world struct {
	t        *testing.T
	server   *live.Server
	dns      *nameServer
	provider *identityProvider
	org      string
	setUpURL string // the first Admin's link
}

func newWorld(t *testing.T, engine string) *world {
	t.Helper()
	authority, err := theAuthority()
	if err != nil {
		t.Fatal(err)
	}
	database := "sqlite:" + filepath.Join(t.TempDir(), "rollcall.db")
	if engine == "postgres" {
		database = storetest.Database(t)
	}
	w := &world{t: t, dns: newNameServer(t), provider: newIdentityProvider(t)}
	chain, key := authority.issue(t, rollcallHost)
	w.server = live.StartHTTPS(t, database, live.Certificate{Host: rollcallHost, Chain: chain, Key: key, Pool: authority.pool()}, "--dns-resolver", w.dns.address)
	made := live.JSON[struct{ ID, AdminSetupURL string }](t, database, "org", "create", "--name", "Example", "--admin-email", "admin@example.com")
	w.org, w.setUpURL = made.ID, made.AdminSetupURL
	return w
}

// signedInAdmin is the first Admin, who has just used his link.
func (w *world) signedInAdmin(script bool) *tab {
	w.t.Helper()
	b := newTab(w.t, script)
	b.open(w.setUpURL).status(200)
	b.enter("Password", password).enter("Repeat password", password).press("Set password and sign in")
	return b.at(w.server.URL + "/dashboard")
}

// signIn is what a person does who knows his e-mail address and how he signs in at the
// identity provider; where he ends is for the caller to look at.
func (w *world) signIn(b *tab, typed, authenticated string) {
	w.t.Helper()
	b.open(w.server.URL+"/").enter("Work email", typed).press("Continue with SSO")
	b.authenticate(w.provider, authenticated)
	if got := w.provider.cameFrom(); got != "cross-site" {
		w.t.Errorf("the browser calls Rollcall %q, seen from the identity provider", got)
	}
}

// copied is the value with an id, as the button beside it copies it; without scripts, as
// it stands on the page.
func (b *tab) copied(id string) string {
	b.t.Helper()
	shown := evaluate[string](b, "document.getElementById("+quote(id)+").textContent.trim()")
	if !b.script {
		return shown
	}
	origin := evaluate[string](b, "location.origin")
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		b.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.CallBrowser(ctx, browser.SetPermission, browser.SetPermissionParams{
				Permission: &browser.PermissionDescriptor{Name: name}, Setting: browser.PermissionSettingGranted,
				Origin: origin, BrowserContextID: chromedp.FromContext(ctx).BrowserContextID,
			})
			return err
		}))
	}
	b.do(chromedp.Click(chromedp.CSS("[data-copy='" + id + "']")))
	if !b.eventually(func() bool {
		return evaluate[string](b, "document.querySelector('[data-copy="+id+"] span').textContent") == "Copied"
	}) {
		b.t.Fatalf("%s: the button of %s does not say that it copied", b.where(), id)
	}
	if got := evaluate[string](b, "navigator.clipboard.readText()"); got != shown {
		b.t.Fatalf("%s: copied %q, shown is %q", b.where(), got, shown)
	}
	return shown
}

// checked are the boxes and radio buttons that are chosen, by name.
func (b *tab) checked() []string {
	b.t.Helper()
	var names []string
	for _, th := range b.things() {
		if th.states["checked"] == "true" && (th.role == "radio" || th.role == "checkbox") {
			names = append(names, th.name)
		}
	}
	return names
}

// row is what a table shows of one thing, found by the text of its first cell.
func (b *tab) row(first string) string {
	b.t.Helper()
	return evaluate[string](b, fmt.Sprintf(`[...document.querySelectorAll("tbody tr")].filter(r => r.cells[0].innerText.includes(%s)).map(r => r.innerText.replace(/\s+/g, " ")).join("; ")`, quote(first)))
}
