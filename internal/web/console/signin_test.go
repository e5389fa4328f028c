package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/e2e/idp"
	"github.com/rollcall/rollcall/internal/iam"
)

func TestSignIn_byEmail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	o.person("mia@alpha.example")
	b := w.browser()
	b.get("/").is(http.StatusOK).says("Your email domain decides where you sign in.", "Continue with SSO")

	// Member or not, the answer is the same (S61), and no redirect: it leads on by itself
	// and by a link.
	var bodies []string
	for _, email := range []string{"mia@alpha.example", "nobody@alpha.example", " MIA@Alpha.example "} {
		a := b.post("/sign-in", url.Values{"email": {email}, "to": {"/members"}}).is(http.StatusOK)
		login := "/saml/" + string(o.id) + "/login?to=%2Fmembers"
		if got := a.header.Get("Refresh"); got != "0; url="+login {
			t.Errorf("Refresh %q, want %s", got, login)
		}
		a.has(`href="` + login + `"`)
		bodies = append(bodies, a.body)
	}
	if bodies[0] != bodies[1] || bodies[0] != bodies[2] {
		t.Error("the answers to a member's address and to another differ")
	}
	a := b.post("/sign-in", url.Values{"email": {"mia@other.example"}}).is(http.StatusOK).says("There is no single sign-on for this address.", "mia@other.example")
	if a.header.Get("Refresh") != "" {
		t.Error("an unknown domain leads somewhere")
	}
	b.post("/sign-in", url.Values{"email": {"mia"}}).is(http.StatusBadRequest).says(`"mia" is not an e-mail address.`)

	// The path through the identity provider ends where he wanted to go.
	b.sso(o, "mia@alpha.example")
	b.get("/").leadsTo("/profile")
	b.get("/profile").is(http.StatusOK).says("mia@alpha.example", "with SSO")
}

func TestSignIn_notConnected(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	must[iam.Organization](t)(w.access.SetPlan(t.Context(), iam.Operator, o.id, "scale"))
	w.browser().post("/sign-in", url.Values{"email": {"mia@alpha.example"}}).is(http.StatusOK).says("There is no single sign-on for this address.")
}

func TestSignIn_directLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o, other := w.org("Alpha", "alpha.example").connect(), w.org("Beta", "beta.example").connect()
	b := w.browser()
	b.get("/?connection=" + string(o.id)).leadsTo("/saml/" + string(o.id) + "/login")
	b.get("/?connection=" + string(o.id) + "&to=/members").leadsTo("/saml/" + string(o.id) + "/login?to=%2Fmembers")
	b.get("/?connection=nonsense").is(http.StatusOK).says("Sign in")

	b.sso(o, "mia@alpha.example")
	b.get("/?connection=" + string(o.id)).leadsTo("/profile")
	b.get("/?connection=" + string(other.id)).is(http.StatusOK).says("You are signed in to Alpha.").
		has(`href="/saml/` + string(other.id) + `/login"`)
	if b.session() == "" {
		t.Error("a link to another organization ended the session before he went on")
	}
}

func TestSignIn_byPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	o.admin()
	form := func(email, password string) url.Values {
		return url.Values{"email": {email}, "password": {password}, "connection": {string(o.id)}, "to": {"/members?q=x"}}
	}
	b := w.browser()
	b.get("/?with=email&connection="+string(o.id)).is(http.StatusOK).says("Sign in with email and password", "rollcall admin link").
		has(`name="connection" value="` + string(o.id) + `"`)
	wrong := b.post("/sign-in/password", form("admin@alpha.example", "wrong horse battery")).is(http.StatusForbidden).says("You could not be signed in.", "Request ID")
	unknown := b.post("/sign-in/password", form("nobody@alpha.example", password)).is(http.StatusForbidden)
	strip := func(a answer, email string) string {
		return strings.ReplaceAll(strings.ReplaceAll(a.body, email, ""), a.header.Get("X-Request-Id"), "")
	}
	if strip(wrong, "admin@alpha.example") != strip(unknown, "nobody@alpha.example") {
		t.Error("a wrong password and an unknown address are answered differently")
	}
	if strings.Contains(wrong.body, "wrong horse") {
		t.Error("the page repeats the password")
	}
	b.post("/sign-in/password", form("admin@alpha.example", password)).leadsTo("/members?q=x")
	b.get("/members").is(http.StatusOK)

	// Without the organization, the address finds it.
	elsewhere := w.browser()
	elsewhere.post("/sign-in/password", url.Values{"email": {"Admin@alpha.example"}, "password": {password}}).leadsTo("/")
	elsewhere.get("/").leadsTo("/dashboard")
}

func TestSignIn_tooManyAttempts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example")
	o.admin()
	b := w.browser()
	for range 50 {
		a := b.post("/sign-in/password", url.Values{"email": {"admin@alpha.example"}, "password": {"wrong horse battery"}})
		if a.status == http.StatusTooManyRequests {
			a.says("too many attempts")
			if a.header.Get("Retry-After") == "" || a.header.Get("Retry-After") == "0" {
				t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
			}
			return
		}
		a.is(http.StatusForbidden)
	}
	t.Error("fifty wrong passwords, and no end")
}

func TestSignIn_toStaysOnThisServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	b := o.admin()
	for _, to := range []string{"//evil.example", `/\evil.example`, "https://evil.example", "javascript:alert(1)", "/\r\nX: y", "/%0d", strings.Repeat("/x", 2000)} {
		a := b.get("/?" + url.Values{"to": {to}}.Encode())
		if got := a.is(http.StatusSeeOther).header.Get("Location"); got != "/dashboard" && got != "/%0d" {
			t.Errorf("to=%q leads to %q", to, got)
		}
		in := w.browser().post("/sign-in/password", url.Values{"email": {"admin@alpha.example"}, "password": {password}, "to": {to}})
		if got := in.is(http.StatusSeeOther).header.Get("Location"); got != "/" && got != "/%0d" {
			t.Errorf("to=%q leads to %q after signing in", to, got)
		}
		on := w.browser().post("/sign-in", url.Values{"email": {"mia@alpha.example"}, "to": {to}})
		if refresh := on.header.Get("Refresh"); strings.ContainsAny(refresh, "\r\n") || strings.Contains(refresh, "evil") {
			t.Errorf("to=%q: Refresh %q", to, refresh)
		}
		theme := b.post("/preferences/theme", url.Values{"theme": {"dark"}, "to": {to}})
		if got := theme.is(http.StatusSeeOther).header.Get("Location"); got != "/" && got != "/%0d" {
			t.Errorf("to=%q leads to %q after choosing a theme", to, got)
		}
	}
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.org("Alpha", "alpha.example").admin()
	old := b.session()
	b.post("/sign-out", nil).leadsTo("/?signed-out")
	if b.session() != "" {
		t.Error("the cookie is still there")
	}
	b.get("/?signed-out").is(http.StatusOK).says("You are signed out.")
	b.cookies["__Host-rollcall"] = old
	b.get("/members").leadsTo("/?to=%2Fmembers")
	if b.session() != "" {
		t.Error("the cookie of an ended session is left in the browser")
	}
	b.post("/sign-out", nil).leadsTo("/?signed-out") // again is no error
}

// Where the identity provider has single logout, signing out leads on to it: by a page, for
// a form's policy would forbid the redirect. The session here has ended by then.
func TestSignOut_atTheIdentityProvider(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	o.provider.SLOURL = "https://alpha.example.net/slo"
	must[access.SAMLView](t)(w.access.ConnectSAML(t.Context(), iam.Operator, o.id, access.Connect{Metadata: o.provider.Metadata()}))
	b := o.person("mia@alpha.example")
	old := b.session()
	a := b.post("/sign-out", nil).is(http.StatusOK).says("You are signed out of Rollcall")
	on := "/saml/" + string(o.id) + "/logout?continue"
	if got := a.header.Get("Refresh"); got != "0; url="+on {
		t.Errorf("Refresh %q, want %s", got, on)
	}
	a.has(`href="` + on + `"`)
	if b.session() != "" || b.cookies["__Host-rollcall-logout"] != old {
		t.Errorf("cookies %v", b.cookies)
	}
	if request := idp.ReadLogout(t, b.get(on).is(http.StatusSeeOther).header.Get("Location")); request.NameID != "mia@alpha.example" || request.Destination != o.provider.SLOURL || !request.Signed {
		t.Errorf("request %+v", request)
	}
	b.cookies["__Host-rollcall"] = old
	b.get("/profile").leadsTo("/?to=%2Fprofile")
}

func TestSession_endedWhileHeWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	o.admin()
	role := o.role("Managers", iam.EnforcedPermissions()...)
	b := o.person("mia@alpha.example", role.Name)
	b.get("/members?q=a").is(http.StatusOK)
	if err := w.access.RemoveMember(t.Context(), iam.Operator, o.id, "mia@alpha.example"); err != nil {
		t.Fatal(err)
	}
	old := b.session()
	b.post("/plans", url.Values{"plan": {"scale"}}).is(http.StatusUnauthorized).says("Your session has ended, so nothing was changed.")
	b.cookies["__Host-rollcall"] = old
	b.get("/members?q=a").leadsTo("/?to=%2Fmembers%3Fq%3Da")
	if got := must[iam.Organization](t)(w.access.Organization(t.Context(), o.id)); got.Plan != iam.PlanEnterprise {
		t.Errorf("the plan is %s", got.Plan)
	}
}

// A role that is taken away is gone at the next click.
func TestSession_rolesAreLookedUpEachTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	b := o.person("mia@alpha.example", "Billing")
	b.get("/members").is(http.StatusOK)
	must[iam.Member](t)(w.access.SetMemberRoles(t.Context(), iam.Operator, o.id, "mia@alpha.example", nil))
	b.get("/members").is(http.StatusForbidden).says("control-plane:organization:view", "An Admin of Alpha can give it")
}

func TestSetUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example")
	b := w.browser()
	for range 3 { // looking uses nothing up
		b.get(o.setUp).is(http.StatusOK).says("Set up your sign-in", "Alpha", "The link works once").has(`value="admin@alpha.example"`, `action="`+o.setUp+`"`)
	}
	b.post(o.setUp, url.Values{"password": {password}, "repeated": {"another"}}).is(http.StatusBadRequest).says("The two passwords differ")
	b.post(o.setUp, url.Values{"password": {"short"}, "repeated": {"short"}}).is(http.StatusBadRequest).says("at least 12 are needed").saysNot("short")
	b.post(o.setUp, url.Values{"password": {password}, "repeated": {password}}).leadsTo("/")
	b.get("/").leadsTo("/dashboard")
	for _, a := range []answer{b.get(o.setUp), b.post(o.setUp, url.Values{"password": {password}, "repeated": {password}})} {
		a.is(http.StatusForbidden).says("This link cannot be used", "ask for a new one")
	}
	again := must[linkOf](t)(newLink(w, o))
	w.sleep(access.SetupLinkLifetime)
	w.browser().get(again.path).is(http.StatusForbidden).says("This link cannot be used")
}

type linkOf struct{ path string }

func newLink(w *world, o *org) (linkOf, error) {
	link, _, err := w.access.AdminLink(w.t.Context(), iam.Operator, o.id, "admin@"+o.domain)
	return linkOf{strings.TrimPrefix(link, publicURL)}, err
}

func TestInvitation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example")
	invite := func(email string, roles ...string) string {
		t.Helper()
		made := must[access.Invited](t)(w.access.Invite(t.Context(), iam.Actor{Type: iam.ActorSystem, Details: "Ingrid"}, o.id, email, roles))
		return strings.TrimPrefix(made.URL, publicURL)
	}
	// Without single sign-on an Admin gets a password, anybody else waits.
	b := w.browser()
	link := invite("mia@alpha.example", "system:Admin")
	b.get(link).is(http.StatusOK).says("Join Alpha", "Ingrid invited you. Your address is mia@alpha.example.", "Admin", "Accept and sign in")
	b.post(link, url.Values{"password": {password}, "repeated": {"x"}}).is(http.StatusBadRequest).says("The two passwords differ")
	b.post(link, url.Values{"password": {password}, "repeated": {password}}).leadsTo("/")
	b.get("/members").is(http.StatusOK).says("mia@alpha.example")
	w.browser().get(link).is(http.StatusForbidden).says("This link cannot be used")

	waits := invite("tom@alpha.example", "Billing")
	w.browser().get(waits).is(http.StatusOK).says("Single sign-on does not work for this address yet.").saysNot("Accept")
	w.browser().post(waits, nil).is(http.StatusConflict).says("your invitation stays")

	o.connect()
	tom := w.browser()
	tom.get(waits).is(http.StatusOK).says("Accept and continue with SSO").saysNot("Password")
	a := tom.post(waits, nil).is(http.StatusOK).says("You are a member of Alpha now")
	if got := a.header.Get("Refresh"); got != "0; url=/saml/"+string(o.id)+"/login" {
		t.Errorf("Refresh %q", got)
	}
	tom.sso(o, "tom@alpha.example")
	tom.get("/plans").is(http.StatusOK).says("Enterprise")

	late := invite("eva@alpha.example")
	w.sleep(access.InvitationLifetime + time.Second)
	w.browser().post(late, nil).is(http.StatusForbidden).says("This link cannot be used")
}
