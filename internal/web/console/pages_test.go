package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/web"
)

func TestMembers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	b := o.admin()
	o.user("zoe@alpha.example", func(u *store.User) { u.DisplayName = "Zoë <b>Ångström</b>" })
	o.user("j@alpha.example", func(u *store.User) {
		u.DisplayName, u.Doc = "Jonas", `{"emails":[{"type":"work","value":"jonas@alpha.example"}]}`
	})
	o.user("left@alpha.example", func(u *store.User) { u.Status = iam.StatusInactive })
	role := o.role("Operators")
	must[iam.Member](t)(w.access.SetMemberRoles(t.Context(), iam.Operator, o.id, "zoe@alpha.example", []string{role.Name}))

	a := b.get("/members").is(http.StatusOK).says("Users and roles", "Zoë <b>Ångström</b>", "zoe@alpha.example", "admin@alpha.example", "Admin (System)", "1–3 of 3 members",
		"No permissions: None of the member's roles holds any", `userName "j@alpha.example" and the work e-mail "jonas@alpha.example" differ`)
	a.saysNot("left@alpha.example")
	a.has(`title="Member (default)"`, `title="Operators (direct)"`, "Zoë &lt;b&gt;Ångström&lt;/b&gt;")

	b.get("/members?q="+url.QueryEscape("ÅNGSTRÖM zoë")).is(http.StatusOK).says("zoe@alpha.example", "1 member matches").saysNot("j@alpha.example")
	b.get("/members?q=nobody+at+all").is(http.StatusOK).says("No member matches “nobody at all”", "3 members were looked through")
	b.get("/members?state=no-permissions").is(http.StatusOK).says("zoe@alpha.example").saysNot("j@alpha.example")
	b.get("/members?state=no-sign-in").is(http.StatusOK).says("j@alpha.example").saysNot("zoe@alpha.example")
	b.get("/members?source=scim&role=" + string(role.ID)).is(http.StatusOK).says("zoe@alpha.example").has(`selected>Operators`)
	b.get("/members?role=nonsense&state=%3Cb%3E").is(http.StatusOK).says("1–3 of 3 members") // not in the lists: no condition
	b.get("/members?q=" + url.QueryEscape(`"><script>alert(1)</script>`)).is(http.StatusOK).has("&lt;script&gt;")
}

func TestMembers_pages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	b := o.admin()
	for i := range 120 {
		o.user(fmt.Sprintf("m%03d@alpha.example", i))
	}
	link := func(a answer, rel string) string {
		t.Helper()
		_, rest, found := strings.Cut(a.body, `<nav class="pager"`)
		if !found {
			t.Fatal("no pager")
		}
		for part := range strings.SplitSeq(rest, "<a ") {
			if strings.Contains(part, `rel="`+rel+`"`) {
				href, _, _ := strings.Cut(strings.TrimPrefix(part, `class="button" href="`), `"`)
				return strings.ReplaceAll(href, "&amp;", "&")
			}
		}
		return ""
	}
	first := b.get("/members").says("1–50 of 121 members", "m048@alpha.example").saysNot("m049@alpha.example")
	if link(first, "prev") != "" {
		t.Error("something is before the first page")
	}
	second := b.get(link(first, "next")).says("51–100 of 121 members", "m049@alpha.example", "m098@alpha.example")
	third := b.get(link(second, "next")).says("101–121 of 121 members", "m119@alpha.example")
	if link(third, "next") != "" {
		t.Error("something is behind the last page")
	}
	b.get(link(third, "prev")).says("51–100 of 121 members", "m049@alpha.example")
	b.get(link(b.get(link(third, "prev")), "prev")).says("1–50 of 121 members", "admin@alpha.example")
	searched := b.get("/members?q=alpha.example&source=scim").says("50 members on this page")
	b.get(link(searched, "next")).says("m050@alpha.example").has(`value="alpha.example"`, `selected>SCIM`)
}

func TestProfile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	o.admin()
	one := o.person("mia@alpha.example", "system:Billing")
	two := w.browser()
	two.header.Set("User-Agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1")
	two.sso(o, "mia@alpha.example")

	one.get("/profile").is(http.StatusOK).says("mia@alpha.example", "3 permissions", "control-plane:organization:view-billing", "Firefox on Linux This session", "Safari on iPhone")
	id := must[signin.Session](t)(w.signin.Session(t.Context(), two.session(), signin.Client{})).ID
	one.post("/profile/sessions/"+id+"/end", nil).leadsTo("/profile")
	one.get("/profile").says("The session was ended.").saysNot("Safari on iPhone")
	one.get("/profile").saysNot("The session was ended.")
	two.get("/profile").leadsTo("/?to=%2Fprofile")

	// Somebody else's session is not his to end.
	admin := passwordSignIn(o)
	theirs := must[signin.Session](t)(w.signin.Session(t.Context(), admin.session(), signin.Client{})).ID
	one.post("/profile/sessions/"+theirs+"/end", nil).is(http.StatusNotFound)
	admin.get("/members").is(http.StatusOK)

	mine := must[signin.Session](t)(w.signin.Session(t.Context(), one.session(), signin.Client{})).ID
	one.post("/profile/sessions/"+mine+"/end", nil).leadsTo("/?signed-out")
	one.get("/profile").leadsTo("/?to=%2Fprofile")
}

func passwordSignIn(o *org) *browserTab {
	b := o.browser()
	b.post("/sign-in/password", url.Values{"email": {"admin@" + o.domain}, "password": {password}, "connection": {string(o.id)}}).is(http.StatusSeeOther)
	return b
}

func TestProfile_plainMember(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.org("Alpha", "alpha.example").connect().person("mia@alpha.example")
	b.get("/").leadsTo("/profile")
	b.get("/profile").is(http.StatusOK).says("Member", "default", "Your roles hold no permissions").saysNot("Dashboard")
}

func TestBrowser(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0": "Edge on Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36":        "Chrome on macOS",
		"Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36":              "Chrome on Android",
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                "Firefox on Linux",
		"curl/8.5.0": "curl", "": "Unknown browser", "\x00<b>": "Unknown browser", "Something (Windows)": "A browser on Windows",
	} {
		if got := browser(agent); got != want {
			t.Errorf("browser(%q) = %q, want %q", agent, got, want)
		}
	}
}

func TestPlans(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	b := o.admin()
	eva := o.person("eva@alpha.example", o.role("Viewer", iam.PermViewBilling).Name)
	plan := func() iam.Plan {
		return must[iam.Organization](t)(w.access.Organization(t.Context(), o.id)).Plan
	}
	b.get("/plans").is(http.StatusOK).says("Enterprise Current", "Change to Basic…")
	b.get("/plans/scale").is(http.StatusOK).says("Change to Scale?", "Of 2 members only those with a local sign-in get in: admin@alpha.example", "Nothing is deleted.").saysNot("SCIM calls are answered 403")
	b.get("/plans/golden").is(http.StatusNotFound).says(`Plan "golden" is not one of`)
	must[access.SCIMView](t)(w.access.EnableSCIM(t.Context(), iam.Operator, o.id))
	b.get("/plans/scale").says("SCIM calls are answered 403.", "0 members are managed by SCIM now")
	b.post("/plans", url.Values{"plan": {"golden"}}).is(http.StatusBadRequest).says("Nothing was changed.", `Plan "golden" is not one of basic, scale, enterprise.`, "Change to Basic…")
	b.post("/plans", url.Values{"plan": {"scale"}}).leadsTo("/plans")
	b.get("/plans").says("The plan is Scale now.", "answered 403", "Scale Current")
	if plan() != iam.PlanScale {
		t.Errorf("the plan is %s", plan())
	}
	b.post("/plans", url.Values{"plan": {"enterprise"}}).leadsTo("/plans")
	b.get("/plans").says("The plan is Enterprise now.", "SAML single sign-on and SCIM are part of it.")

	eva.get("/plans").is(http.StatusOK).says("You can see the plan, not change it.").saysNot("Change to")
}

func TestPlans_operator(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.OperatorPlans = true })
	o := w.org("Alpha", "alpha.example")
	b := o.admin()
	b.get("/plans").is(http.StatusOK).says("The person who runs this server chooses the plan.").saysNot("Change to")
	b.post("/plans", url.Values{"plan": {"scale"}}).is(http.StatusForbidden).says("The person who runs this server chooses the plan.")
	if got := must[iam.Organization](t)(w.access.Organization(t.Context(), o.id)).Plan; got != iam.PlanEnterprise {
		t.Errorf("the plan is %s", got)
	}
}

func TestDetails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha & Sons", "alpha.example")
	a := o.admin().get("/details").is(http.StatusOK).says("Alpha & Sons", string(o.id), publicURL+"/v1/organizations/"+string(o.id)+"/scim",
		publicURL+"/?connection="+string(o.id), "admin@alpha.example", "Enterprise", "SCIM is not enabled.")
	a.has(`<code id="organization-id">`+string(o.id)+`</code>`, `data-copy="organization-id"`, `href="/plans"`)
	reader := o.connect().person("r@alpha.example", "system:Org API reader")
	reader.get("/details").is(http.StatusOK)
	if strings.Contains(reader.get("/details").body, `href="/plans"`) {
		t.Error("somebody who may not see the plans is led to them")
	}
}

func TestFlash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	b := o.admin()
	leave := func() string {
		b.post("/plans", url.Values{"plan": {"scale"}})
		b.post("/plans", url.Values{"plan": {"enterprise"}})
		return b.cookies["__Host-rollcall-flash"]
	}
	value := leave()
	const says = "The plan is Enterprise now."
	b.get("/details").says(says)
	b.get("/details").saysNot(says)

	other := o.person("mia@alpha.example", "system:Admin")
	for name, change := range map[string]func(tab *browserTab){
		"in another session": func(*browserTab) { other.cookies["__Host-rollcall-flash"] = value },
		"changed":            func(tab *browserTab) { tab.cookies["__Host-rollcall-flash"] = "x" + value },
		"without signature":  func(tab *browserTab) { tab.cookies["__Host-rollcall-flash"] = strings.Split(value, ".")[0] },
		"nonsense":           func(tab *browserTab) { tab.cookies["__Host-rollcall-flash"] = "." },
	} {
		change(b)
		for _, tab := range []*browserTab{b, other} {
			if a := tab.get("/details"); strings.Contains(a.body, `role="status"`) {
				t.Errorf("%s: the page says %s", name, text(a.body))
			}
		}
	}
	b.cookies["__Host-rollcall-flash"] = value
	w.sleep(web.FlashLifetime + time.Second)
	b.get("/details").saysNot(says)
}

func TestTheme(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	if strings.Contains(b.get("/").body, "<html lang=\"en\" data-theme") {
		t.Error("a theme without a choice")
	}
	b.post("/preferences/theme", url.Values{"theme": {"dark"}, "to": {"/?with=email"}}).leadsTo("/?with=email")
	b.get("/?with=email").has(`<html lang="en" data-theme="dark">`, `name="to" value="/?with=email"`)
	b.post("/preferences/theme", url.Values{"theme": {`"><script>`}}).is(http.StatusBadRequest)
	b.cookies["__Host-rollcall-theme"] = `><script>`
	if a := b.get("/"); strings.Contains(a.body, "<script>") || strings.Contains(a.body, "<html lang=\"en\" data-theme") {
		t.Errorf("a made-up theme comes through: %.100s", a.body)
	}
	b.post("/preferences/theme", url.Values{"theme": {""}}).leadsTo("/")
	if b.cookies["__Host-rollcall-theme"] != "" {
		t.Error("the choice is kept")
	}
}
