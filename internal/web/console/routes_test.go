package console

import (
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
	"github.com/rollcall/rollcall/internal/web/look"
)

// somebody is a kind of person: what he may is said here, and not asked of the code that
// is tested.
type somebody struct {
	name        string
	browser     *browserTab
	signedIn    bool
	admin       bool // holds the system role Admin
	permissions []iam.Permission
	foreign     bool // of another organization
}

func (s somebody) may(r rule) bool {
	switch r.who {
	case whoAnyone:
		return true
	case whoSignedIn:
		return s.signedIn
	case whoHolds:
		return slices.Contains(s.permissions, r.permission)
	case whoAdmin:
		return s.admin
	}
	return false
}

// everybody is one of each kind: the system roles, custom roles with each permission
// alone and with all of them, an Admin of another organization, and nobody.
func everybody(o, other *org) []somebody {
	all := []iam.Permission{
		"control-plane:organization:view", "control-plane:organization:manage", "control-plane:organization:view-activities",
		"control-plane:organization:manage-billing", "control-plane:organization:view-billing", "control-plane:organization:view-api-keys",
		"control-plane:organization:create-api-keys", "control-plane:organization:update-api-keys", "control-plane:organization:delete-api-keys",
		"control-plane:support:manage",
	}
	people := []somebody{
		{name: "nobody", browser: o.browser()},
		{name: "Admin", browser: o.person("admin2@"+o.domain, "system:Admin"), signedIn: true, admin: true, permissions: all},
		{name: "Admin with a password", browser: o.admin(), signedIn: true, admin: true, permissions: all},
		{name: "Billing", browser: o.person("billing@"+o.domain, "system:Billing"), signedIn: true, permissions: []iam.Permission{all[0], all[3], all[4]}},
		{name: "Org API reader", browser: o.person("reader@"+o.domain, "system:Org API reader"), signedIn: true, permissions: []iam.Permission{all[0], all[5]}},
		{name: "Member", browser: o.person("member@" + o.domain), signedIn: true},
		{name: "Admin of another organization", browser: other.admin(), signedIn: true, admin: true, permissions: all, foreign: true},
	}
	o.role("Everything", all...)
	people = append(people, somebody{name: "every permission in a custom role", browser: o.person("every@"+o.domain, "Everything"), signedIn: true, permissions: all})
	for i, p := range all {
		o.role(string(p), p)
		people = append(people, somebody{name: "only " + string(p), browser: o.person(fmt.Sprintf("only%d@%s", i, o.domain), string(p)), signedIn: true, permissions: all[i : i+1]})
	}
	o.role("Admin") // a custom role of a system role's name gives nothing
	return append(people, somebody{name: "a custom role called Admin", browser: o.person("false-admin@"+o.domain, "Admin"), signedIn: true})
}

// spares are members and roles that routes may remove, one after the other: fillPath
// takes them before anybody whom a test needs.
func (o *org) spares(n int) {
	o.t.Helper()
	for i := range n {
		o.user(fmt.Sprintf("000%d@%s", i, o.domain))
		o.role(fmt.Sprintf("spare %d", i))
	}
	o.group("spare", "")
}

// group puts a SCIM group there that is linked to a role, "" for none.
func (o *org) group(name string, role iam.RoleID, members ...iam.MemberID) iam.GroupID {
	o.t.Helper()
	g := store.Group{
		Org: o.id, ID: iam.GroupID(o.db.NewID()), DisplayName: name, NameKey: iam.Fold(name), Role: role,
		Doc: "{}", Version: 1, CreatedAt: o.clock(), UpdatedAt: o.clock(),
	}
	o.write(func(tx *store.Tx) error {
		if _, err := tx.InsertGroup(g); err != nil {
			return err
		}
		_, err := tx.AddGroupMembers(o.id, g.ID, members)
		return err
	})
	return g.ID
}

// fillPath puts things of an organization into a pattern. A new wildcard needs a row
// here, so that its route is tried with something that exists.
func fillPath(t *testing.T, pattern string, o *org, session string) string {
	t.Helper()
	member := must[[]iam.Member](t)(o.access.Members(t.Context(), o.id, false))[0]
	role := iam.RoleMember
	for _, r := range must[[]access.RoleView](t)(o.access.Roles(t.Context(), o.id)) {
		if strings.HasPrefix(r.Name, "spare ") {
			role = r.ID
		}
	}
	group := "01900000-0000-7000-8000-000000000000"
	if groups := must[[]access.GroupView](t)(o.access.Groups(t.Context(), o.id)); len(groups) > 0 {
		group = string(groups[0].ID)
	}
	values := map[string]string{
		"{$}": "", "{org}": string(o.id), "{token}": "token", "{invitation}": "01900000-0000-7000-8000-000000000000",
		"{session}": session, "{plan}": "scale", "{member}": string(member.ID), "{role}": string(role), "{group}": group,
		"{key}": "scim_aaaaaaaaaaaaaaaaaaaa", "{domain}": o.domain, "{request}": "01900000-0000-7000-8000-000000000000",
		"{event}": "01900000-0000-7000-8000-000000000000", "{ticket}": "01900000-0000-7000-8000-000000000000",
	}
	return regexp.MustCompile(`\{[^}]*\}`).ReplaceAllStringFunc(pattern, func(wildcard string) string {
		value, ok := values[wildcard]
		if !ok {
			t.Fatalf("%s: there is no example of %s in fillPath", pattern, wildcard)
		}
		return value
	})
}

// Every route is tried by every kind of person. Who may not is told what is missing, and
// changes nothing; who may is not refused for his roles; and of another organization
// nobody sees or changes anything, whatever the address names.
func TestRoutes_whoMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o, other := w.org("Alpha Industries", "alpha.example").connect(), w.org("Beta", "beta.example").connect()
	people := everybody(o, other)
	o.spares(len(people))
	member := people[slices.IndexFunc(people, func(s somebody) bool { return s.name == "Member" })].browser
	session := must[signin.Session](t)(w.signin.Session(t.Context(), member.session(), signin.Client{})).ID

	routes := slices.Clone(w.console.routes)
	slices.SortStableFunc(routes, func(a, b route) int { return endsSessions(a) - endsSessions(b) })
	for _, r := range routes {
		path := fillPath(t, r.pattern, o, session)
		try := func(s somebody) (answer, string) {
			var a answer
			if r.method == http.MethodGet {
				a = s.browser.get(path)
			} else {
				a = s.browser.post(path, url.Values{"email": {"x"}})
			}
			what := a.what + " as " + s.name
			if a.status >= 500 {
				t.Errorf("%s: %d: %s", what, a.status, text(a.body))
			}
			return a, what
		}
		// One look at the database is for all who are refused: it is the slow part.
		before := storetest.Dump(t, w.url)
		for _, s := range people {
			if !s.may(r.may) {
				a, what := try(s)
				checkDenied(t, what, a, r, s)
			}
		}
		after := storetest.Dump(t, w.url)
		if after != before {
			t.Errorf("%s %s changed something for people who may not", r.method, r.pattern)
		}
		before = rowsOf(after, o.id)
		for _, s := range people {
			if !s.foreign || !s.may(r.may) {
				continue
			}
			if a, what := try(s); strings.Contains(a.body, o.name) || strings.Contains(a.body, "admin@"+o.domain) {
				t.Errorf("%s shows another organization: %s", what, text(a.body))
			}
			if rowsOf(storetest.Dump(t, w.url), o.id) != before {
				t.Errorf("%s %s changes another organization", r.method, r.pattern)
			}
		}
		for _, s := range people {
			if s.foreign || !s.may(r.may) {
				continue
			}
			if a, what := try(s); strings.Contains(text(a.body), "None of your roles") || a.status == http.StatusUnauthorized {
				t.Errorf("%s: %d, though he may: %s", what, a.status, text(a.body))
			}
		}
	}
}

// endsSessions puts those routes last after which somebody is not signed in any more.
func endsSessions(r route) int {
	switch {
	case strings.Contains(r.pattern, "{session}"):
		return 1
	case r.pattern == "/sign-out":
		return 2
	}
	return 0
}

// rowsOf are the rows of a dump that belong to an organization.
func rowsOf(dump string, org iam.OrganizationID) string {
	var rows []string
	for line := range strings.SplitSeq(dump, "\n") {
		if strings.Contains(line, string(org)) {
			rows = append(rows, line)
		}
	}
	return strings.Join(rows, "\n")
}

func checkDenied(t *testing.T, what string, a answer, r route, s somebody) {
	t.Helper()
	switch {
	case !s.signedIn && r.method == http.MethodGet:
		if a.status != http.StatusSeeOther || !strings.HasPrefix(a.header.Get("Location"), "/?to=") {
			t.Errorf("%s: %d to %q, want the sign-in page", what, a.status, a.header.Get("Location"))
		}
	case !s.signedIn:
		if a.status != http.StatusUnauthorized {
			t.Errorf("%s: %d, want 401", what, a.status)
		}
	default:
		missing := string(r.may.permission)
		if r.may.who == whoAdmin {
			missing = "the system role Admin"
		}
		if a.status != http.StatusForbidden || !strings.Contains(text(a.body), missing) || !strings.Contains(text(a.body), "can give it") {
			t.Errorf("%s: %d, want 403 that names %s: %s", what, a.status, missing, text(a.body))
		}
	}
}

// The navigation shows to each what is open to him, and nothing else.
func TestNavigation_showsWhatIsOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o, other := w.org("Alpha Industries", "alpha.example").connect(), w.org("Beta", "beta.example").connect()
	rules := map[string]rule{}
	for _, r := range w.console.routes {
		if r.method == http.MethodGet {
			rules[r.pattern] = r.may
		}
	}
	for _, s := range everybody(o, other) {
		if !s.signedIn {
			continue
		}
		page := s.browser.get("/profile").is(http.StatusOK).body
		nav := page[strings.Index(page, "<nav"):strings.Index(page, "</nav>")]
		for _, sec := range site() {
			for _, e := range sec.Entries {
				open := false
				for _, tab := range e.Tabs {
					r, exists := rules[tab.URL]
					open = open || exists && s.may(r)
				}
				if shown := strings.Contains(nav, "</svg>"+e.Label+"</a>"); shown != open {
					t.Errorf("%s: %s is shown: %v, want %v", s.name, e.Label, shown, open)
				}
			}
		}
	}
}

// A POST that a page of another site makes does nothing, with whatever cookies (S54).
func TestRoutes_otherSites(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	b := o.admin()
	session := must[signin.Session](t)(w.signin.Session(t.Context(), b.session(), signin.Client{})).ID
	for _, r := range w.console.routes {
		if r.method == http.MethodGet {
			continue
		}
		path := fillPath(t, r.pattern, o, session)
		before := storetest.Dump(t, w.url)
		for name, header := range map[string]http.Header{
			"cross-site":     {"Sec-Fetch-Site": {"cross-site"}},
			"another host":   {"Sec-Fetch-Site": {"same-site"}},
			"an old browser": {"Origin": {"https://evil.example"}},
			"a sandbox":      {"Origin": {"null"}},
		} {
			a := b.do(http.MethodPost, path, url.Values{"plan": {"scale"}, "theme": {"dark"}}, header)
			if a.status != http.StatusForbidden || !strings.Contains(text(a.body), "came from a page of another site") || len(a.header.Values("Set-Cookie")) > 0 {
				t.Errorf("%s from %s: %d %v: %s", a.what, name, a.status, a.header, text(a.body))
			}
		}
		if storetest.Dump(t, w.url) != before {
			t.Errorf("%s %s from another site changed something", r.method, r.pattern)
		}
	}
	for name, header := range map[string]http.Header{
		"the same origin": {"Sec-Fetch-Site": {"same-origin"}}, "typed or bookmarked": {"Sec-Fetch-Site": {"none"}},
		"an old browser": {"Origin": {publicURL}}, "no browser": {},
	} {
		if a := b.do(http.MethodPost, "/preferences/theme", url.Values{"theme": {"dark"}}, header); a.status != http.StatusSeeOther {
			t.Errorf("POST from %s: %d, want 303", name, a.status)
		}
	}
}

// No route changes anything by GET, and every page has the headers of a page (S55).
func TestRoutes_headersAndNoChangeByGET(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	b := o.admin()
	session := must[signin.Session](t)(w.signin.Session(t.Context(), b.session(), signin.Client{})).ID
	before := storetest.Dump(t, w.url)
	targets := []string{"/nowhere"}
	for _, r := range w.console.routes {
		if r.method == http.MethodGet {
			targets = append(targets, fillPath(t, r.pattern, o, session))
		}
	}
	for _, target := range targets {
		for _, tab := range []*browserTab{b, w.browser()} {
			a := tab.get(target)
			for name, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
				"Strict-Transport-Security": "max-age=31536000", "Cache-Control": "no-store",
			} {
				if got := a.header.Get(name); got != want {
					t.Errorf("%s: %s is %q, want %q", a.what, name, got, want)
				}
			}
			if a.status == http.StatusSeeOther {
				continue
			}
			if !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
				continue // a file to keep
			}
			if got := a.header.Get("Content-Security-Policy"); got != look.Policy {
				t.Errorf("%s: policy %q", a.what, got)
			}
			if regexp.MustCompile(`<script>|<style| style=| on[a-z]+="|javascript:`).MatchString(a.body) {
				t.Errorf("%s has something inline", a.what)
			}
			for _, reference := range regexp.MustCompile(`(?:src|href)="(/static/[^"#]+)`).FindAllStringSubmatch(a.body, -1) {
				if w.browser().get(reference[1]).status != http.StatusOK {
					t.Errorf("%s needs %s, which is not there", a.what, reference[1])
				}
			}
		}
	}
	if storetest.Dump(t, w.url) != before {
		t.Error("a GET changed something")
	}
}

func TestRoute_check(t *testing.T) {
	t.Parallel()
	fine := show("/x", anyone, func(*exchange) error { return nil }, "error.html", errorPage{}, "look")
	if err := fine.check(); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*route){
		"no rule":                 func(r *route) { r.may = rule{} },
		"a product's permission":  func(r *route) { r.may = holders("reports:invoices:read") },
		"a permission of nothing": func(r *route) { r.may = holders("") },
		"no handler":              func(r *route) { r.handle = nil },
		"no words":                func(r *route) { r.what = "" },
		"a page without template": func(r *route) { r.template = "" },
		"a template without page": func(r *route) { r.page = nil },
	} {
		r := fine
		spoil(&r)
		if r.check() == nil {
			t.Errorf("%s: the route is served", name)
		}
	}
	if (rule{}).allows(signin.Session{Permissions: iam.EnforcedPermissions()}) {
		t.Error("no rule lets somebody in")
	}
}

var update = flag.Bool("update", false, "write the table of pages into docs/permissions.md")

// docs/permissions.md lists which page and which act needs what: the table is made from
// the routes. Run the test with -update after a change of them.
func TestRoutes_areDocumented(t *testing.T) {
	t.Parallel()
	const file, begin, end = "../../../docs/permissions.md", "<!-- pages: made from the routes of the console -->\n", "<!-- end of pages -->\n"
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(content), begin)
	_, after, ends := strings.Cut(rest, end)
	if !found || !ends {
		t.Fatalf("%s has no place for the table of pages", file)
	}
	var table strings.Builder
	table.WriteString("| Page or act | Allows | Needs |\n|---|---|---|\n")
	for _, r := range newTestConsole(t).routes {
		needs := r.may.String()
		if r.may.who == whoHolds {
			needs = "`" + strings.TrimPrefix(needs, "control-plane:") + "`"
		}
		fmt.Fprintf(&table, "| `%s %s` | %s | %s |\n", r.method, strings.TrimSuffix(r.pattern, "{$}"), r.what, needs)
	}
	want := before + begin + table.String() + end + after
	if want == string(content) {
		return
	}
	if !*update {
		t.Fatalf("%s is not as the routes are; run the test with -update", file)
	}
	if err := os.WriteFile(file, []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
}
