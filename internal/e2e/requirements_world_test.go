package e2e

import (
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// The tests named TestR… hold one requirement each: one sentence of the guide "SCIM provisioning with Microsoft Entra ID",
// by its number in requirements_table_test.go. Those named TestX… hold what the guides beside it promise. All of them call
// the running server over HTTP as the identity provider does, act as the admin through access, and read back what they
// changed.

// guide is one organization of the guide: its admin's side and its identity provider's.
type guide struct {
	*scimServer
	t        *testing.T
	clock    *clock
	database string
}

// clock is the database's clock, which a test moves.
type clock struct{ now atomic.Int64 }

func (c *clock) Now() time.Time          { return time.UnixMicro(c.now.Load()).UTC() }
func (c *clock) set(to time.Time)        { c.now.Store(to.UnixMicro()) }
func (c *clock) advance(d time.Duration) { c.set(c.Now().Add(d)) }

// dayOne is when every organization of these tests is made.
var dayOne = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

// eachGuide checks a requirement on both engines, with an organization that may be provisioned.
func eachGuide(t *testing.T, check func(g *guide)) {
	t.Helper()
	eachServer(t, func(g *guide) {
		g.t.Helper()
		g.enable(g.t, "Guide")
		check(g)
	})
}

// eachServer checks a requirement on both engines, with a server that has no organization.
func eachServer(t *testing.T, check func(g *guide)) {
	t.Helper()
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			g := &guide{t: t, clock: &clock{}, database: storetest.URL(t, engine)}
			g.clock.set(dayOne)
			g.scimServer = serveSCIM(t, storetest.Reopen(t, g.database, store.Options{Now: g.clock.Now}))
			check(g)
		})
	}
}

// another makes one more organization on the same server.
func (g *guide) another(name string) *guide {
	g.t.Helper()
	server := *g.scimServer
	other := &guide{scimServer: &server, t: g.t, clock: g.clock, database: g.database}
	other.enable(g.t, name)
	return other
}

// replica starts a second server on the same database, for the same organization.
func (g *guide) replica() *guide {
	g.t.Helper()
	server := serveSCIM(g.t, storetest.Reopen(g.t, g.database, store.Options{Now: g.clock.Now}))
	server.org, server.bearer = g.org, g.bearer
	server.endpoint = server.url + strings.TrimPrefix(g.endpoint, g.url)
	return &guide{scimServer: server, t: g.t, clock: g.clock, database: g.database}
}

// --- checks ----------------------------------------------------------------------------------------------------------

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func must[T any](t *testing.T) func(v T, err error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (g *guide) ok(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

// refuses checks that an admin's act is refused for a reason and changes nothing at all.
func (g *guide) refuses(kind iam.Kind, says string, act func() error) {
	g.t.Helper()
	before := g.state()
	if err := act(); err == nil || iam.KindOf(err) != kind || !strings.Contains(err.Error(), says) {
		g.t.Errorf("refused with %v (kind %v), want kind %v, saying %q", err, iam.KindOf(err), kind, says)
	}
	g.unchanged(before)
}

var tableName = regexp.MustCompile(`^[a-z_]+$`)

// state is every row of the database but those of the SCIM request log, which tells of every request.
func (g *guide) state() string {
	g.t.Helper()
	g.ok(g.requests.Flush(g.t.Context()))
	var kept []string
	inLog := false
	for line := range strings.SplitSeq(storetest.Dump(g.t, g.database), "\n") {
		if tableName.MatchString(line) {
			inLog = slices.Contains([]string{"scim_requests", "scim_denials", "activity_counts"}, line)
		}
		if !inLog {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// unchanged checks that everything is as it was.
func (g *guide) unchanged(before string) {
	g.t.Helper()
	if diff := cmp.Diff(before, g.state()); diff != "" {
		g.t.Errorf("the database was changed (-before +after):\n%s", diff)
	}
}

// flush writes what the server writes behind.
func (g *guide) flush() {
	g.t.Helper()
	g.ok(g.requests.Flush(g.t.Context()))
	g.ok(g.keys.Flush(g.t.Context()))
}

// --- the admin -------------------------------------------------------------------------------------------------------

// role makes a custom role; an empty field is none.
func (g *guide) role(name, field string, permissions ...string) access.RoleView {
	g.t.Helper()
	in := access.RoleInput{Name: &name, Permissions: &permissions}
	if field != "" {
		in.SCIMGroup = &field
	}
	return must[access.RoleView](g.t)(g.access.CreateRole(g.t.Context(), iam.Operator, g.org, in))
}

func (g *guide) updateRole(role string, in access.RoleInput) error {
	_, err := g.access.UpdateRole(g.t.Context(), iam.Operator, g.org, role, in)
	return err
}

// policy changes the SCIM settings; an empty text leaves one.
func (g *guide) policy(identity, unmapped string) access.PolicyChange {
	g.t.Helper()
	var p access.Policy
	if identity != "" {
		p.Identity = &identity
	}
	if unmapped != "" {
		p.UnmappedGroups = &unmapped
	}
	return must[access.PolicyChange](g.t)(g.access.SetSCIMPolicy(g.t.Context(), iam.Operator, g.org, p))
}

func (g *guide) key(expires string) access.NewKey {
	g.t.Helper()
	return must[access.NewKey](g.t)(g.access.CreateKey(g.t.Context(), iam.Operator, g.org, expires))
}

func (g *guide) defaults(roles ...string) {
	g.t.Helper()
	must[[]iam.RoleRef](g.t)(g.access.SetDefaultRoles(g.t.Context(), iam.Operator, g.org, roles))
}

// --- what is there ---------------------------------------------------------------------------------------------------

// member finds a member by his address; false when he is none. An inactive user is no member.
func (g *guide) member(email string) (iam.Member, bool) {
	g.t.Helper()
	list := must[[]iam.Member](g.t)(g.access.Members(g.t.Context(), g.org, false))
	i := slices.IndexFunc(list, func(m iam.Member) bool { return m.Email == email })
	if i < 0 {
		return iam.Member{}, false
	}
	return list[i], true
}

// addresses are the members', without the first Admin's.
func (g *guide) addresses() []string {
	g.t.Helper()
	list := []string{}
	for _, m := range must[[]iam.Member](g.t)(g.access.Members(g.t.Context(), g.org, false)) {
		if m.Email != "admin@example.org" {
			list = append(list, m.Email)
		}
	}
	return list
}

// held says which roles a member holds and why, in order: "Admin (group ClickHouse-Admins)".
func (g *guide) held(email string) string {
	g.t.Helper()
	m, ok := g.member(email)
	if !ok {
		return "no member"
	}
	var list []string
	for _, h := range m.Roles {
		reason := string(h.Source)
		if h.Group != "" {
			reason += " " + h.Group
		}
		list = append(list, h.Role.Name+" ("+reason+")")
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// holds checks which roles a member holds and why.
func (g *guide) holds(email, want string) {
	g.t.Helper()
	equal(g.t, "roles of "+email, g.held(email), want)
}

// customRoles are "name", with the SCIM group field "name=field", and the linked groups: "name=field <- group, group".
func (g *guide) customRoles() []string {
	g.t.Helper()
	list := []string{}
	for _, r := range must[[]access.RoleView](g.t)(g.access.Roles(g.t.Context(), g.org)) {
		if r.Type != iam.RoleCustom {
			continue
		}
		line := r.Name
		if r.SCIMGroup != "" {
			line += "=" + r.SCIMGroup
		}
		for i, group := range r.Groups {
			line += map[bool]string{true: " <- ", false: ", "}[i == 0] + group.DisplayName
		}
		list = append(list, line)
	}
	return list
}

func (g *guide) roles(want ...string) {
	g.t.Helper()
	equal(g.t, "custom roles", g.customRoles(), append([]string{}, want...))
}

func (g *guide) findRole(name string) access.RoleView {
	g.t.Helper()
	for _, r := range must[[]access.RoleView](g.t)(g.access.Roles(g.t.Context(), g.org)) {
		if r.Name == name && r.Type == iam.RoleCustom {
			return r
		}
	}
	g.t.Fatalf("there is no custom role %q", name)
	return access.RoleView{}
}

func (g *guide) audit() []iam.AuditEvent {
	g.t.Helper()
	var events []iam.AuditEvent
	for e, err := range g.access.AuditEvents(g.t.Context(), g.org, time.Time{}, time.Time{}) {
		g.ok(err)
		events = append(events, e)
	}
	return events
}

// during returns the audit events of an act.
func (g *guide) during(act func()) []iam.AuditEvent {
	g.t.Helper()
	before := len(g.audit())
	act()
	return g.audit()[before:]
}

// records checks the types of the audit events of an act, in any order.
func (g *guide) records(what string, act func(), want ...iam.ActivityType) {
	g.t.Helper()
	got := []iam.ActivityType{}
	for _, e := range g.during(act) {
		got = append(got, e.Type)
	}
	slices.Sort(got)
	slices.Sort(want)
	equal(g.t, "audit events of "+what, got, append([]iam.ActivityType{}, want...))
}

// requested are the entries of the SCIM request log, the newest first.
func (g *guide) requested() []store.SCIMRequest {
	g.t.Helper()
	g.flush()
	return must[[]store.SCIMRequest](g.t)(g.db.Read(g.t.Context()).Requests(g.org, store.RequestQuery{NewestFirst: true, Limit: 1000}))
}

func ptr[T any](v T) *T { return &v }
