package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/scim"
)

// signedIn is the actor of a member who has signed in.
func (g *guide) signedIn(email string) iam.Actor {
	g.t.Helper()
	m, ok := g.member(email)
	if !ok {
		g.t.Fatalf("%s is no member", email)
	}
	return iam.Actor{Type: iam.ActorUser, ID: string(m.ID), Details: email}
}

// createRoleAs makes a role as a signed-in member does, who may give no more than he holds.
func (g *guide) createRoleAs(actor iam.Actor, name string, permissions ...string) func() error {
	return func() error {
		return second(g.access.CreateRole(g.t.Context(), actor, g.org, access.RoleInput{Name: &name, Permissions: &permissions}))
	}
}

func strs[T ~string](list []T) []string {
	out := make([]string, 0, len(list))
	for _, s := range list {
		out = append(out, string(s))
	}
	return out
}

func TestR042_groupsBindByNameInTheirOrganization(t *testing.T) {
	eachGuide(t, func(g *guide) {
		other := g.another("Other")
		g.role("Admin", "ClickHouse-Admins")
		other.role("Owner", "ClickHouse-Admins")
		here, there := g.user("ada@example.com"), other.user("ada@example.com")
		g.group("ClickHouse-Admins", here)
		other.group("ClickHouse-Admins", there)
		g.holds("ada@example.com", "Admin (group ClickHouse-Admins)")
		other.holds("ada@example.com", "Owner (group ClickHouse-Admins)")
		g.roles("Admin=ClickHouse-Admins <- ClickHouse-Admins")
		other.roles("Owner=ClickHouse-Admins <- ClickHouse-Admins")
	})
}

func TestR043_systemRolesCannotBeMapped(t *testing.T) {
	eachGuide(t, func(g *guide) {
		for _, role := range iam.SystemRoles() {
			for _, named := range []string{"system:" + role.Name, string(role.ID)} {
				g.refuses(iam.KindInvalid, "is a system role", func() error {
					return g.updateRole(named, access.RoleInput{SCIMGroup: ptr("ClickHouse-Admins")})
				})
			}
		}
		ada := g.user("ada@example.com")
		for _, role := range iam.SystemRoles() {
			g.group(role.Name, ada)
		}
		m, _ := g.member("ada@example.com")
		equal(g.t, "roles she holds", len(m.Roles), 4)
		for _, h := range m.Roles {
			if h.Role.Type != iam.RoleCustom || iam.IsSystemRole(h.Role.ID) || h.Source != iam.HeldGroup {
				g.t.Errorf("she holds %+v", h)
			}
			equal(g.t, "permissions of the custom role "+h.Role.Name, len(g.findRole(h.Role.Name).Permissions), 0)
		}
		g.refuses(iam.KindForbidden, "only an Admin", func() error {
			return second(g.access.SetMemberRoles(g.t.Context(), g.signedIn("ada@example.com"), g.org, "ada@example.com", []string{"system:Admin"}))
		})
		list := g.scim(200, "GET", "/Groups", "")
		equal(g.t, "groups that SCIM lists", len(list["Resources"].([]any)), 4)
		for _, role := range iam.SystemRoles() {
			g.scim(404, "GET", "/Groups/"+string(role.ID), "")
		}
	})
}

func TestR044_customRoleWrapsSystemCapabilities(t *testing.T) {
	eachGuide(t, func(g *guide) {
		for _, role := range iam.SystemRoles() {
			wrapped := g.role("Wrapped "+role.Name, "", strs(role.Permissions)...)
			equal(g.t, "permissions of the wrapped "+role.Name, strs(wrapped.Permissions), strs(role.Permissions))
		}
		g.group("Wrapped Admin", g.user("ada@example.com"))
		g.group("Wrapped Billing", g.user("bob@example.com"))
		ada, bob := g.signedIn("ada@example.com"), g.signedIn("bob@example.com")
		manage := string(iam.PermOrganizationManage)
		g.ok(g.createRoleAs(ada, "Made by Ada", strs(iam.EnforcedPermissions())...)())
		g.refuses(iam.KindForbidden, manage, g.createRoleAs(bob, "Made by Bob", manage))
		g.ok(g.createRoleAs(bob, "Made by Bob", string(iam.PermViewBilling))())
		g.refuses(iam.KindForbidden, "only an Admin", func() error {
			return second(g.access.SetMemberRoles(g.t.Context(), ada, g.org, "bob@example.com", []string{"system:Admin"}))
		})
	})
}

func TestR045_matchingNameLinks(t *testing.T) {
	eachGuide(t, func(g *guide) {
		role := g.role("Developers", "")
		var group string
		g.records("the group", func() { group = g.group("Developers") }, iam.SCIMGroupCreate)
		g.roles("Developers <- Developers")
		// A group has an id of its own: the role's is shown nowhere in SCIM.
		if group == string(role.ID) || strings.Contains(string(g.send("GET", "/Groups/"+group, "").Body), string(role.ID)) {
			g.t.Errorf("SCIM shows the role's id %s", role.ID)
		}
		linked := must[[]access.GroupView](g.t)(g.access.Groups(g.t.Context(), g.org))
		equal(g.t, "the group's role", linked[0].Role, ptr(role.Ref()))
	})
}

func TestR046_fieldBindsAnotherName(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.role("Admin", "ClickHouse-Admins")
		g.role("Reader", "")
		g.ok(g.updateRole("Reader", access.RoleInput{SCIMGroup: ptr("ClickHouse-Read-only")}))
		g.group("ClickHouse-Admins")
		g.group("ClickHouse-Read-only")
		g.roles("Admin=ClickHouse-Admins <- ClickHouse-Admins", "Reader=ClickHouse-Read-only <- ClickHouse-Read-only")
	})
}

func TestR047_unmappedGroupMakesRole(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.records("the group", func() { g.group("ClickHouse-Analysts") }, iam.SCIMGroupCreate, iam.RoleCreate)
		role := g.findRole("ClickHouse-Analysts")
		equal(g.t, "type, source and permissions", []any{role.Type, role.Source, len(role.Permissions), role.SCIMGroup}, []any{iam.RoleCustom, iam.SourceSCIM, 0, ""})
		g.roles("ClickHouse-Analysts <- ClickHouse-Analysts")
	})
}

func TestR048_permissionsOfMadeRole(t *testing.T) {
	eachGuide(t, func(g *guide) {
		ada := g.user("ada@example.com")
		group := g.group("ClickHouse-Analysts", ada)
		warned := func() bool {
			m, _ := g.member("ada@example.com")
			return slices.ContainsFunc(m.Warnings, func(w string) bool { return strings.HasPrefix(w, "no permissions") })
		}
		equal(g.t, "flagged at first", warned(), true)
		give := g.createRoleAs(g.signedIn("ada@example.com"), "Made by Ada", "acme:report:read")
		g.refuses(iam.KindForbidden, "acme:report:read", give)
		g.ok(g.updateRole("ClickHouse-Analysts", access.RoleInput{Permissions: &[]string{"acme:report:read"}}))
		equal(g.t, "flagged at once afterwards", warned(), false)
		g.ok(give())
		g.leave(group, ada)
		g.join(group, ada)
		g.scim(200, "PUT", "/Groups/"+group, groupBody("ClickHouse-Analysts"))
		g.rename(group, "Analysts")
		equal(g.t, "permissions after later syncs", strs(g.findRole("Analysts").Permissions), []string{"acme:report:read"})
		g.holds("ada@example.com", "Analysts (group Analysts)")
	})
}

func TestR086_groupIsCreatedAndBound(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.role("Admin", "ClickHouse-Admins")
		ada, bob := g.user("ada@example.com"), g.user("bob@example.com")
		group := g.group("ClickHouse-Admins", ada, bob)
		list := g.scim(200, "GET", "/Groups", "")
		equal(g.t, "the list", []any{text(list, "Resources.0.id"), text(list, "Resources.0.displayName")}, []any{group, "ClickHouse-Admins"})
		members := []string{text(list, "Resources.0.members.0.value"), text(list, "Resources.0.members.1.value")}
		slices.Sort(members)
		want := []string{ada, bob}
		slices.Sort(want)
		equal(g.t, "members", members, want)
		equal(g.t, "a member's groups", text(g.scim(200, "GET", "/Users/"+ada, ""), "groups.0.value"), group)
		g.roles("Admin=ClickHouse-Admins <- ClickHouse-Admins")
	})
}

func TestR128_nameMustMatchExactly(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.role("Admin", "ClickHouse-Admins")
		want := []string{"Admin=ClickHouse-Admins"}
		for i, name := range []string{"clickhouse-admins", "ClickHouse Admins", "ClickHouse_Admins", "ClickHouse-Admin"} {
			person := string(rune('a'+i)) + "@example.com"
			g.group(name, g.user(person))
			g.holds(person, name+" (group "+name+")")
			want = append(want, name+" <- "+name)
			near := name != "ClickHouse-Admin" // a letter less is another name, and no near miss
			created := slices.IndexFunc(g.requested(), func(r store.SCIMRequest) bool { return r.Method == "POST" && r.Path == "/Groups" })
			equal(g.t, "hint in the request log for "+name, strings.Contains(g.requested()[created].Verdicts, "is nearly the same"), near)
		}
		got := g.customRoles()
		slices.Sort(got)
		slices.Sort(want)
		equal(g.t, "custom roles", got, want)
		equal(g.t, "hints on the role", len(g.findRole("Admin").Hints), 3)
	})
}

func TestR136_unmappedGroupRejected(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.policy("", "reject")
		g.records("the refusal", func() {
			g.fails(400, scim.InvalidValue, "displayName not recognised", "POST", "/Groups", groupBody("ClickHouse-Analysts"))
			g.fails(400, scim.InvalidValue, `"ClickHouse-Analysts"`, "POST", "/Groups", groupBody("ClickHouse-Analysts"))
		})
		g.roles()
		equal(g.t, "groups", len(must[[]access.GroupView](g.t)(g.access.Groups(g.t.Context(), g.org))), 0)
		entry := g.requested()[0]
		equal(g.t, "the request log", []any{entry.Method, entry.Path, entry.Status}, []any{"POST", "/Groups", 400})
		if !strings.Contains(entry.ResponseBody, "displayName not recognised") {
			g.t.Errorf("the request log has the answer %s", entry.ResponseBody)
		}
	})
}

func TestR137_renameOrMappingRepairs(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.policy("", "reject")
		g.role("Admin", "ClickHouse-Admins")
		g.fails(400, scim.InvalidValue, "displayName not recognised", "POST", "/Groups", groupBody("CH-Admins"))
		// Either the group is renamed in the identity provider …
		g.group("ClickHouse-Admins", g.user("ada@example.com"))
		g.holds("ada@example.com", "Admin (group ClickHouse-Admins)")
		// … or a mapping is added; the next sync succeeds without anything else.
		g.fails(400, scim.InvalidValue, "displayName not recognised", "POST", "/Groups", groupBody("CH-Readers"))
		g.role("Read-only", "CH-Readers")
		g.group("CH-Readers", g.user("bob@example.com"))
		g.holds("bob@example.com", "Read-only (group CH-Readers)")
	})
}

func TestX005_listsOnlySCIMUsersAndGroups(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.role("Developers", "")
		admin, _ := g.member("admin@example.org")
		equal(g.t, "the first Admin by name", g.match("admin@example.org"), "")
		for _, method := range []string{"GET", "DELETE"} {
			g.scim(404, method, "/Users/"+string(admin.ID), "")
		}
		g.scim(404, "PATCH", "/Users/"+string(admin.ID), patchBody(`{"op":"replace","path":"active","value":false}`))
		ada := g.user("ada@example.com")
		users := g.scim(200, "GET", "/Users", "")
		equal(g.t, "users", []string{text(users, "Resources.0.id"), text(users, "Resources.1.id")}, []string{ada, ""})
		equal(g.t, "groups while there are only roles", len(g.scim(200, "GET", "/Groups", "")["Resources"].([]any)), 0)
		group := g.group("Developers")
		equal(g.t, "groups", text(g.scim(200, "GET", "/Groups", ""), "Resources.0.id"), group)
		// His id may be no member of a group either: he is none of the identity provider's.
		g.fails(400, scim.InvalidValue, "not the id of a user", "PATCH", "/Groups/"+group, patchBody(`{"op":"add","path":"members","value":[{"value":"`+string(admin.ID)+`"}]}`))
	})
}

// A group keeps its link when it is renamed; the role keeps its name, and its field, which is read-only, follows.
func TestX006_linkFollowsTheGroup(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.role("Admin", "ClickHouse-Admins")
		group := g.group("ClickHouse-Admins", g.user("ada@example.com"))
		g.refuses(iam.KindConflict, "unlink it first", func() error { return g.updateRole("Admin", access.RoleInput{SCIMGroup: ptr("")}) })
		g.rename(group, "CH-Admins")
		g.roles("Admin=CH-Admins <- CH-Admins")
		g.holds("ada@example.com", "Admin (group CH-Admins)")
		equal(g.t, "the group's externalId", text(g.scim(200, "GET", "/Groups/"+group, ""), "externalId"), "ClickHouse-Admins-in-entra")
	})
}
