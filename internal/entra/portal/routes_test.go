package portal

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/internal/web/look"
)

// things are what a path can name.
type things struct {
	user, deletedUser   directory.ID
	group, deletedGroup directory.ID
	app                 directory.ID
	thumbprint          string
	entry               string
}

// usual fills a directory with what an administrator has there: people, groups, an
// application that is provisioned to a target, entries in the logs, a scoping filter.
func (w *world) usual(name func(string) string) things {
	w.t.Helper()
	ctx := w.t.Context()
	var t things
	long := func(u *directory.User) {
		u.DisplayName, u.Department, u.GivenName = name(u.DisplayName), name("Operations"), name("Given")
		u.ExtensionAttributes[2] = name("value")
		u.OtherMails = []string{"other@example.org", "further@example.org"}
	}
	manager := w.user("maria.manager@example.com", long)
	user := w.user("ulla.user@example.com", long, func(u *directory.User) { u.ManagerID = manager.ID })
	refused := w.user("refused@example.com", long)
	gone := w.user("gone@example.com", long)
	t.user, t.deletedUser = user.ID, gone.ID
	group := w.group(name("Fleet operators"), user.ID, refused.ID)
	goneGroup := w.group(name("Gone group"), user.ID)
	t.group, t.deletedGroup = group.ID, goneGroup.ID
	must[bool](w.t)(w.directory.AddMember(ctx, group.ID, goneGroup.ID))
	if err := w.directory.DeleteUser(ctx, gone.ID); err != nil {
		w.t.Fatal(err)
	}
	if err := w.directory.DeleteGroup(ctx, goneGroup.ID); err != nil {
		w.t.Fatal(err)
	}
	app := must[directory.Application](w.t)(w.directory.CreateApplication(ctx, directory.Application{
		DisplayName: short120(name("Rollcall")), SAML: directory.SAMLSettings{Identifier: "https://app.example.com", ReplyURL: "https://app.example.com/acs", SignOnURL: "https://app.example.com/"},
	}))
	t.app = app.ID
	for range 2 {
		c := must[directory.Certificate](w.t)(w.portal.idp.CreateCertificate(ctx, app.ID, w.clock().AddDate(3, 0, 0)))
		t.thumbprint = c.Thumbprint
	}
	for _, principal := range []directory.ID{group.ID, manager.ID} {
		must[directory.Assignment](w.t)(w.directory.Assign(ctx, app.ID, principal))
	}
	s := newTarget(w.t)
	by := cycle.Actor{ID: manager.ID, Name: manager.UserPrincipalName}
	job := must[cycle.Job](w.t)(w.cycle.CreateJob(ctx, app.ID, by))
	must[cycle.Job](w.t)(w.cycle.SaveCredentials(ctx, job.ID, s.URL+"/scim", targetToken, by))
	m := mapping.DefaultUsers()
	m.Filters = []mapping.ScopingFilter{{Title: name("Everybody"), Clauses: []mapping.Clause{{Attribute: "userPrincipalName", Operator: mapping.IsNotNull}}}}
	must[cycle.Job](w.t)(w.cycle.SaveMapping(ctx, job.ID, m, by))
	must[cycle.Job](w.t)(w.cycle.Start(ctx, job.ID, by))
	must[cycle.Cycle](w.t)(w.cycle.RunCycle(ctx, job.ID))
	entries, _, err := w.cycle.Logs(ctx, cycle.LogFilter{Statuses: []cycle.Result{cycle.Failure}})
	if err != nil || len(entries) != 1 {
		w.t.Fatalf("%d entries of failures, want the refused user's: %v", len(entries), err)
	}
	t.entry = entries[0].ChangeID
	return t
}

// short120 keeps a name as long as an application's may be.
func short120(s string) string { return string([]rune(s)[:min(len([]rune(s)), 120)]) }

// fill puts things into a pattern. A new wildcard needs a row here, so that its route is
// tried with something that exists.
func (t things) fill(test *testing.T, pattern string) string {
	test.Helper()
	user, group := t.user, t.group
	if strings.HasPrefix(pattern, "/deleted") {
		user, group = t.deletedUser, t.deletedGroup
	}
	values := map[string]string{
		"{$}": "", "{user}": string(user), "{group}": string(group), "{app}": string(t.app), "{set}": "users", "{thumbprint}": t.thumbprint, "{form}": "base64",
	}
	path := regexp.MustCompile(`\{[^}]*\}`).ReplaceAllStringFunc(pattern, func(wildcard string) string {
		value, ok := values[wildcard]
		if !ok {
			test.Fatalf("%s: there is no example of %s in fill", pattern, wildcard)
		}
		return value
	})
	query := url.Values{}
	switch {
	case strings.HasSuffix(pattern, "/attribute"), strings.HasSuffix(pattern, "/attribute/delete"):
		query.Set("target", "userName")
	case strings.HasSuffix(pattern, "/claims/edit"):
		query.Set("claim", "0")
	case strings.HasSuffix(pattern, "/scope/edit"):
		query.Set("filter", "0")
	case strings.HasSuffix(pattern, "/logs"):
		query.Set("entry", t.entry)
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path
}

// Every page renders with an empty directory, with what is usual, and with names as
// long and as odd as they may be.
func TestRoutes_render(t *testing.T) {
	t.Parallel()
	oddest := strings.Repeat("Wolfeschlegelsteinhausenbergerdorff", 2) + ` "><script>alert(1)</script> 🜚`
	for what, name := range map[string]func(string) string{
		"usual":   func(s string) string { return s },
		"longest": func(s string) string { return s[:1] + oddest[:min(len(oddest), 63)] },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			b := w.admin()
			all := w.usual(name)
			for _, r := range w.portal.routes {
				if r.method != http.MethodGet {
					continue
				}
				path := all.fill(t, r.pattern)
				a := b.get(path).is(http.StatusOK)
				if r.page == nil {
					continue
				}
				for _, bad := range []string{"<script>alert", "ZgotmplZ", "<no value>", "%!"} {
					if strings.Contains(a.body, bad) {
						t.Errorf("%s shows %q", path, bad)
					}
				}
				if got := a.header.Get("Content-Security-Policy"); got != look.Policy || a.header.Get("Cache-Control") != "no-store" {
					t.Errorf("%s: policy %q, caching %q", path, got, a.header.Get("Cache-Control"))
				}
				a.has("Stand-in for Microsoft Entra ID.", "Not a Microsoft product.")
				for _, tab := range []string{"troubleshooting", "modified", "summary"} {
					if strings.HasSuffix(r.pattern, "/logs") {
						b.get(path + "&tab=" + tab).is(http.StatusOK)
					}
				}
			}
		})
	}
	t.Run("empty", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		b := w.admin()
		for _, r := range w.portal.routes {
			if r.method == http.MethodGet && !strings.Contains(r.pattern, "{user}") && !strings.Contains(r.pattern, "{group}") && !strings.Contains(r.pattern, "{app}") {
				b.get(things{}.fill(t, r.pattern)).is(http.StatusOK)
			}
		}
		app := must[directory.Application](t)(w.directory.CreateApplication(t.Context(), directory.Application{DisplayName: "Not set up"}))
		for _, r := range w.portal.routes {
			if r.method != http.MethodGet || !strings.Contains(r.pattern, "{app}") || strings.Contains(r.pattern, "{thumbprint}") || strings.HasSuffix(r.pattern, "/claims/edit") {
				continue
			}
			path := things{app: app.ID}.fill(t, r.pattern)
			want := http.StatusOK
			if strings.Contains(path, "/mappings/") || strings.HasSuffix(path, "/on-demand") {
				want = http.StatusNotFound // there is nothing of it before provisioning is set up
			}
			b.get(path).is(want)
		}
	})
}

// Every route is tried by every kind of person: who may not is told which role is
// missing and changes nothing; who may is not refused for his roles.
func TestRoutes_whoMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all := w.usual(func(s string) string { return s })
	disabled := w.user("disabled@example.com", role(directory.GlobalAdministrator))
	people := map[string]struct {
		browser  *browserTab
		signedIn bool
		may      bool
	}{
		"nobody":                          {w.browser(), false, false},
		"a user":                          {w.as(w.user("plain@example.com")), true, false},
		"a user with another role":        {w.as(w.user("reader@example.com", role("Global Reader"))), true, false},
		"a User Administrator":            {w.as(w.user("users@example.com", role("User Administrator"))), true, false},
		"a Global Administrator":          {w.as(w.user("global@example.com", role(directory.GlobalAdministrator))), true, true},
		"an Application Administrator":    {w.as(w.user("app@example.com", role(directory.ApplicationAdministrator))), true, true},
		"a Cloud Application Administrat": {w.as(w.user("cloud@example.com", role(directory.CloudApplicationAdministrator))), true, true},
		"a disabled administrator":        {w.as(disabled), false, false},
	}
	must[directory.User](t)(w.directory.DisableUser(t.Context(), disabled.ID))
	head := must[int64](t)(w.directory.HeadSeq(t.Context()))
	// Those who may come last: what they do would change what the others are tried with.
	for _, may := range []bool{false, true} {
		for name, who := range people {
			if who.may != may {
				continue
			}
			for _, r := range w.portal.routes {
				path := all.fill(t, r.pattern)
				if r.method == http.MethodPost && may {
					continue // what acts do is tested with the acts
				}
				var a answer
				if r.method == http.MethodPost {
					a = who.browser.post(path, url.Values{})
				} else {
					a = who.browser.get(path)
				}
				switch allowed := r.may == anyone || r.may == signedIn && who.signedIn || who.may; {
				case allowed:
					if a.status == http.StatusForbidden || a.status == http.StatusUnauthorized || strings.HasPrefix(a.header.Get("Location"), "/login") {
						t.Errorf("%s, %s: %d to %s", name, a.what, a.status, a.header.Get("Location"))
					}
				case !who.signedIn && r.method == http.MethodGet:
					a.leadsTo("/login?to=" + url.QueryEscape(path))
				case !who.signedIn:
					a.is(http.StatusUnauthorized)
				default:
					a.is(http.StatusForbidden).says("Global Administrator", "Application Administrator", "Cloud Application Administrator", "My Apps")
				}
			}
		}
		if !may {
			if now := must[int64](t)(w.directory.HeadSeq(t.Context())); now != head {
				t.Errorf("people who may not have written: %d, was %d", now, head)
			}
			if list := must[[]cycle.AuditEntry](t)(w.cycle.Audit(t.Context(), "", 0, 0)); len(list) != 4 {
				t.Errorf("people who may not have changed provisioning: %d entries", len(list))
			}
		}
	}
}

func TestRoute_check(t *testing.T) {
	t.Parallel()
	fine := show("/x", anyone, func(*exchange) error { return nil }, "error.html", errorPage{})
	if err := fine.check(); err != nil {
		t.Error(err)
	}
	for what, change := range map[string]func(*route){
		"who may use it": func(r *route) { r.may = nobody },
		"does nothing":   func(r *route) { r.handle = nil },
		"without a page": func(r *route) { r.page = nil },
		"a template":     func(r *route) { r.template = "" },
	} {
		r := fine
		change(&r)
		if err := r.check(); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A POST of another site's page changes nothing.
func TestOtherSite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	before := must[directory.Counts](t)(w.directory.Counts(t.Context()))
	form := url.Values{"displayName": {"Trapped"}, "userPrincipalName": {"trapped@example.com"}}
	a := b.do(http.MethodPost, "/users/new", strings.NewReader(form.Encode()), http.Header{"Sec-Fetch-Site": {"cross-site"}, "Content-Type": {"application/x-www-form-urlencoded"}})
	a.is(http.StatusForbidden).says("another site", "nothing was changed")
	if after := must[directory.Counts](t)(w.directory.Counts(t.Context())); after != before {
		t.Errorf("counts are %+v, were %+v", after, before)
	}
}

func TestNoRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	b.get("/nothing").is(http.StatusNotFound).says("There is no page at this address.")
	b.get("/users/enabled").is(http.StatusNotFound)
	a := b.post("/users", nil).is(http.StatusMethodNotAllowed)
	if a.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("Allow: %q", a.header.Get("Allow"))
	}
	a = b.do(http.MethodGet, "/nothing", nil, http.Header{"Accept": {"*/*"}}).is(http.StatusNotFound)
	if !strings.HasPrefix(a.body, "There is no page at this address. Request id: ") {
		t.Errorf("a program gets %q", a.body)
	}
}

func TestListPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	for i := range 120 {
		w.user("u" + strconv.Itoa(1000+i) + "@example.com")
	}
	link := func(a answer, rel string) string {
		t.Helper()
		for part := range strings.SplitSeq(a.body, "<a ") {
			if tag, _, _ := strings.Cut(part, ">"); strings.Contains(tag, `rel="`+rel+`"`) {
				href, _, _ := strings.Cut(part[strings.Index(part, `href="`)+6:], `"`)
				return strings.ReplaceAll(href, "&amp;", "&")
			}
		}
		return ""
	}
	first := b.get("/users").says("1–50 of 121 users", "u1048")
	second := b.get(link(first, "next")).says("51–100 of 121 users", "u1098")
	third := b.get(link(second, "next")).says("101–121 of 121 users", "u1119")
	if link(first, "prev") != "" || link(third, "next") != "" {
		t.Error("the list has no ends")
	}
	b.get(link(third, "prev")).says("51–100 of 121 users", "u1098")
	b.get(link(b.get(link(third, "prev")), "prev")).says("1–50 of 121 users", "u1048").saysNot("u1098")
	b.get("/users?q=u1119").says("1 user", "u1119").saysNot("u1118")
	b.get("/users?q=nobody+at+all").says("No user matches “nobody at all”", "121 users were looked through")
}
