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

// The tests of this file go through D2 sentence by sentence with both sides at once: the identity provider over HTTP, the
// admin through access. The packages provision and access test their own sides in full.

// unlink is the act behind the link icon.
func (g *guide) unlink(role string) {
	g.t.Helper()
	g.ok(g.access.UnlinkRole(g.t.Context(), iam.Operator, g.org, role))
}

func (g *guide) deleteRole(role string) {
	g.t.Helper()
	g.ok(g.access.DeleteRole(g.t.Context(), iam.Operator, g.org, role))
}

// linked is the name of a group's role as the list of groups shows it, "no role" for none.
func (g *guide) linked(group string) string {
	g.t.Helper()
	groups := must[[]access.GroupView](g.t)(g.access.Groups(g.t.Context(), g.org))
	i := slices.IndexFunc(groups, func(v access.GroupView) bool { return string(v.ID) == group })
	switch {
	case i < 0:
		return "no group"
	case groups[i].Role == nil:
		return "no role"
	}
	return groups[i].Role.Name
}

// noted tells whether the newest request of a method left a verdict with this text in the request log.
func (g *guide) noted(method, says string) bool {
	g.t.Helper()
	log := g.requested()
	i := slices.IndexFunc(log, func(r store.SCIMRequest) bool { return r.Method == method })
	return i >= 0 && strings.Contains(log[i].Verdicts, says)
}

// "A group links to at most one custom role; a role may have several groups."
func TestBind_oneRoleForAGroupSeveralGroupsForARole(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.role("Admin", "ClickHouse-Admins")
		ada, bob := g.user("ada@example.com"), g.user("bob@example.com")
		g.group("ClickHouse-Admins", ada)
		g.group("Admin", ada, bob)
		g.roles("Admin=ClickHouse-Admins <- Admin, ClickHouse-Admins")
		g.holds("ada@example.com", "Admin (group Admin), Admin (group ClickHouse-Admins)")
		g.holds("bob@example.com", "Admin (group Admin)")
		taken := g.role("Other", "")
		g.ok(g.updateRole(string(taken.ID), access.RoleInput{SCIMGroup: ptr("Admin")}))
		g.roles("Admin=ClickHouse-Admins <- ClickHouse-Admins", "Other=Admin <- Admin")
		g.holds("bob@example.com", "Other (group Admin)")
	})
}

// "Unique in the organization: custom role names and SCIM group fields (exact bytes, 409 names the holder)"
func TestBind_roleNamesAndFieldsAreUnique(t *testing.T) {
	eachGuide(t, func(g *guide) {
		holder := g.role("Admin", "ClickHouse-Admins")
		create := func(name, field string) func() error {
			return func() error {
				return second(g.access.CreateRole(g.t.Context(), iam.Operator, g.org, access.RoleInput{Name: &name, SCIMGroup: &field}))
			}
		}
		g.refuses(iam.KindConflict, string(holder.ID), create("Admin", "Other"))
		g.refuses(iam.KindConflict, string(holder.ID), create("Other", "ClickHouse-Admins"))
		g.ok(create("admin", "clickhouse-admins")())
		// A role that SCIM made holds its name like any other.
		g.group("Analysts")
		g.refuses(iam.KindConflict, string(g.findRole("Analysts").ID), create("Analysts", ""))
	})
}

// "group displayNames (ASCII case ignored; 409 uniqueness; `displayName eq` ignores case too)"
func TestBind_renamedOntoAnotherGroupsNameButForCase(t *testing.T) {
	eachGuide(t, func(g *guide) {
		sales, marketing := g.group("Sales"), g.group("Marketing")
		g.fails(409, scim.Uniqueness, sales, "POST", "/Groups", groupBody("SALES"))
		rename := patchBody(`{"op":"Replace","path":"displayName","value":"sALES"}`)
		g.records("the refusals", func() {
			g.fails(409, scim.Uniqueness, sales, "PATCH", "/Groups/"+marketing, rename)
			g.fails(409, scim.Uniqueness, sales, "PUT", "/Groups/"+marketing, groupBody("SALES"))
		})
		g.roles("Marketing <- Marketing", "Sales <- Sales")
		equal(g.t, "found in another case", g.first(`/Groups?filter=displayName+eq+"SALES"`), sales)
		g.scim(204, "PATCH", "/Groups/"+sales, rename)
		g.roles("Marketing <- Marketing", "sALES <- sALES")
	})
}

// "A name is claimed by the custom role whose SCIM group field equals it exactly, else by the custom role whose name equals it
// exactly."
func TestBind_fieldClaimsBeforeName(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.role("Analysts", "")
		g.role("Readers", "Analysts")
		g.group("Analysts")
		g.roles("Analysts", "Readers=Analysts <- Analysts")
	})
}

// Pushed before mapped: the group made a role of its own; mapping it afterwards takes it over, and the empty role goes.
func TestBind_pushedBeforeMapped(t *testing.T) {
	eachGuide(t, func(g *guide) {
		ada := g.user("ada@example.com")
		group := g.group("ClickHouse-Admins", ada)
		g.roles("ClickHouse-Admins <- ClickHouse-Admins")
		g.records("the mapping", func() { g.role("Admin", "ClickHouse-Admins") }, iam.RoleDelete, iam.RoleCreate)
		g.roles("Admin=ClickHouse-Admins <- ClickHouse-Admins")
		g.holds("ada@example.com", "Admin (group ClickHouse-Admins)")
		g.records("the next cycle", func() { g.join(group, ada); g.scim(200, "PUT", "/Groups/"+group, groupBody("ClickHouse-Admins")) })
		equal(g.t, "afterwards", g.linked(group), "Admin")
	})
}

// A role that somebody gave permissions stays when its group is mapped elsewhere.
func TestBind_pushedGrantedThenMappedElsewhere(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.group("Analysts")
		g.ok(g.updateRole("Analysts", access.RoleInput{Permissions: &[]string{"acme:report:read"}}))
		g.records("the mapping", func() { g.role("Readers", "Analysts") }, iam.RoleUpdate, iam.RoleCreate)
		g.roles("Analysts", "Readers=Analysts <- Analysts")
	})
}

// "Group renamed: if a role other than its own claims the new name, it moves there (audited, noted)."
func TestBind_renamedToANameTwoRolesClaim(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.role("Start", "")
		g.role("Target", "")
		g.role("Reader", "Target")
		ada := g.user("ada@example.com")
		group := g.group("Start", ada)
		events := g.during(func() { g.rename(group, "Target") })
		equal(g.t, "events", len(events), 1)
		if events[0].Type != iam.SCIMGroupUpdate || events[0].Details["role"] == nil {
			g.t.Errorf("the move is not recorded: %+v", events[0])
		}
		equal(g.t, "noted", g.noted("PATCH", "moved to the role"), true)
		g.roles("Reader=Target <- Target", "Start", "Target")
		g.holds("ada@example.com", "Reader (group Target)")
	})
}

// "Else the link stays; a SCIM group field that held the old name takes the new one; a role that SCIM created and that has no
// other group is renamed too."
func TestBind_renamedToANameNobodyClaims(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.role("Admin", "ClickHouse-Admins")
		g.role("Developers", "")
		byField, byName, made := g.group("ClickHouse-Admins"), g.group("Developers"), g.group("Analysts")
		g.rename(byField, "CH-Admins")
		g.rename(byName, "CH-Developers")
		g.rename(made, "CH-Analysts")
		g.roles("Admin=CH-Admins <- CH-Admins", "CH-Analysts <- CH-Analysts", "Developers <- CH-Developers")
		// One that has another group keeps its name.
		second := g.group("Others")
		g.ok(g.updateRole("CH-Analysts", access.RoleInput{SCIMGroup: ptr("Others")}))
		g.rename(made, "Analysts again")
		equal(g.t, "both groups", []string{g.linked(made), g.linked(second)}, []string{"CH-Analysts", "CH-Analysts"})
	})
}

// "`reject` never refuses a rename."
func TestBind_rejectAndRename(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.role("Admin", "ClickHouse-Admins")
		ada := g.user("ada@example.com")
		group := g.group("ClickHouse-Admins", ada)
		g.policy("", "reject")
		g.rename(group, "Nobody claims this")
		g.roles("Admin=Nobody claims this <- Nobody claims this")
		g.holds("ada@example.com", "Admin (group Nobody claims this)")
		g.scim(200, "PUT", "/Groups/"+group, groupBody("Nor this"))
		equal(g.t, "by PUT", g.linked(group), "Admin")
		g.fails(400, scim.InvalidValue, "displayName not recognised", "POST", "/Groups", groupBody("A new one"))
	})
}

// "creating or renaming a role links a group of that name only if the group has no role"
func TestBind_roleNameLinksAGroupWithoutRole(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.role("First", "Ops")
		free := g.group("Ops")
		g.unlink("First")
		equal(g.t, "unlinked", g.linked(free), "no role")
		g.role("Ops", "")
		equal(g.t, "by creating a role", g.linked(free), "Ops")
		g.role("Second", "")
		g.ok(g.updateRole("Second", access.RoleInput{SCIMGroup: ptr("Ops")}))
		g.ok(g.updateRole("Ops", access.RoleInput{Name: ptr("Former")}))
		g.ok(g.updateRole("Former", access.RoleInput{Name: ptr("Ops")}))
		equal(g.t, "not by renaming one while the group has a role", g.linked(free), "Second")
		g.unlink("Second")
		g.ok(g.updateRole("Ops", access.RoleInput{Name: ptr("Former")}))
		g.ok(g.updateRole("Former", access.RoleInput{Name: ptr("Ops")}))
		equal(g.t, "by renaming one once it has none", g.linked(free), "Ops")
		// A group that keeps its role under a name that nobody claims is not taken by a new role of that name.
		g.rename(free, "Operations")
		g.role("Operations", "")
		equal(g.t, "not by creating one while the group has a role", g.linked(free), "Ops")
	})
}

// "While a group is linked through it, the field is read-only with a link icon; Unlink clears field and link. A group without a
// role grants nothing, is shown as “no role”, and is linked again only by these acts."
func TestBind_unlinkedThenPatched(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.role("Admin", "ClickHouse-Admins")
		ada, bob := g.user("ada@example.com"), g.user("bob@example.com")
		group := g.group("ClickHouse-Admins", ada)
		g.refuses(iam.KindConflict, "unlink it first", func() error { return g.updateRole("Admin", access.RoleInput{SCIMGroup: ptr("Other")}) })
		g.unlink("Admin")
		g.roles("Admin")
		g.holds("ada@example.com", "Member (default)")
		g.join(group, bob)
		g.patchGroup(group, `{"op":"replace","value":{"id":"`+group+`","displayName":"ClickHouse-Admins"}}`)
		g.patchGroup(group, `{"op":"Replace","path":"externalId","value":"another"}`)
		g.scim(200, "PUT", "/Groups/"+group, groupBody("ClickHouse-Admins"))
		g.rename(group, "clickhouse-admins")
		g.rename(group, "ClickHouse-Admins")
		equal(g.t, "after everything the identity provider sends", g.linked(group), "no role")
		g.holds("bob@example.com", "Member (default)")
		g.ok(g.updateRole("Admin", access.RoleInput{SCIMGroup: ptr("ClickHouse-Admins")}))
		g.holds("bob@example.com", "Admin (group ClickHouse-Admins)")
	})
}

// "Deleting a role leaves its groups without one."
func TestBind_roleDeletedThenMemberAdded(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.role("Admin", "ClickHouse-Admins")
		ada := g.user("ada@example.com")
		group := g.group("ClickHouse-Admins")
		g.deleteRole("Admin")
		g.join(group, ada)
		equal(g.t, "the group", g.linked(group), "no role")
		g.holds("ada@example.com", "Member (default)")
		g.roles()
		g.records("a new mapping", func() { g.role("Admin again", "ClickHouse-Admins") }, iam.RoleCreate)
		g.holds("ada@example.com", "Admin again (group ClickHouse-Admins)")
	})
}

// "A role that SCIM created and that so lost its last group goes by the rule of D10."
func TestBind_madeRoleGoesWithItsLastGroup(t *testing.T) {
	eachGuide(t, func(g *guide) {
		unlinked, renamed := g.group("Unlinked"), g.group("Renamed")
		g.role("Admin", "ClickHouse-Admins")
		g.unlink("Unlinked")
		g.rename(renamed, "ClickHouse-Admins")
		g.scim(204, "DELETE", "/Groups/"+g.group("Deleted"), "")
		g.roles("Admin=ClickHouse-Admins <- ClickHouse-Admins")
		equal(g.t, "the unlinked group", g.linked(unlinked), "no role")
		// One that is a Default role stays.
		kept := g.group("Kept")
		g.defaults("Kept")
		g.scim(204, "DELETE", "/Groups/"+kept, "")
		g.roles("Admin=ClickHouse-Admins <- ClickHouse-Admins", "Kept")
	})
}

// "A near miss (equal but for case, spaces, hyphens) is no binding; it is a hint on the Roles page and in the request log."
func TestBind_nearMissIsAHint(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.role("Admin", "ClickHouse-Admins")
		g.policy("", "reject")
		g.fails(400, scim.InvalidValue, `"ClickHouse-Admins" is nearly the same`, "POST", "/Groups", groupBody("clickhouse admins"))
		g.policy("", "create")
		g.group("clickhouse admins")
		equal(g.t, "in the request log", g.noted("POST", "is nearly the same"), true)
		g.roles("Admin=ClickHouse-Admins", "clickhouse admins <- clickhouse admins")
		hints := g.findRole("Admin").Hints
		equal(g.t, "hints", len(hints), 1)
		if len(hints) == 1 && (!strings.Contains(hints[0], `"clickhouse admins"`) || !strings.Contains(hints[0], `"ClickHouse-Admins"`)) {
			g.t.Errorf("the hint is %q", hints[0])
		}
	})
}
