package provision_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// The tests of this file go through D2 sentence by sentence, from the side of the
// SCIM group; access tests the side of the role.

func TestBind_createdGroupLinksToFieldBeforeName(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		w.role("Admin", "ClickHouse-Admins")
		w.role("Developers", "")
		wantEqual(w.t, "by field", w.roleOf(w.group("ClickHouse-Admins")), "Admin")
		wantEqual(w.t, "by name", w.roleOf(w.group("Developers")), "Developers")
		w.role("Ops", "Both")
		w.role("Both", "")
		wantEqual(w.t, "field before name", w.roleOf(w.group("Both")), "Ops")
		wantEqual(w.t, "no role was made", w.customRoles(), []string{"Admin=ClickHouse-Admins", "Both", "Developers", "Ops=Both"})
	})
}

func TestBind_unmappedGroupMakesRoleWithoutPermissions(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		types := w.since(func() { w.group("Finance") })
		wantEqual(w.t, "events", types, []string{"role_create", "scim_group_create"})
		roles, err := w.read().Roles(w.org)
		ok(w.t, err)
		for _, r := range roles {
			if r.Name == "Finance" {
				wantEqual(w.t, "role", []any{r.Type, r.Source, len(r.Permissions)}, []any{iam.RoleCustom, iam.SourceSCIM, 0})
			}
		}
		wantEqual(w.t, "roles", w.customRoles(), []string{"Finance"})
	})
}

func TestBind_unmappedGroupRejected(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		w.settings(func(o *iam.Organization) { o.UnmappedGroups = iam.UnmappedReject })
		_, err := w.createGroup("Finance")
		wantError(w.t, err, 400, "invalidValue", "displayName not recognised", `"Finance"`)
		wantEqual(w.t, "roles", w.customRoles(), []string{})
		w.role("Finance", "")
		wantEqual(w.t, "a mapping repairs it", w.roleOf(w.group("Finance")), "Finance")
	})
}

func TestBind_systemRoleNameMakesCustomRole(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		user := w.user("ana@example.com")
		group := w.group("Admin", user)
		g, err := w.read().Group(w.org, iam.GroupID(group))
		ok(w.t, err)
		if g.Role == iam.RoleAdmin {
			t.Fatal("the group Admin got the system role Admin")
		}
		role, err := w.read().Role(w.org, g.Role)
		ok(w.t, err)
		wantEqual(w.t, "type and permissions", []any{role.Type, len(role.Permissions)}, []any{iam.RoleCustom, 0})
	})
}

func TestBind_nameMustBeExact(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		w.role("Admin", "ClickHouse-Admins")
		for _, name := range []string{"clickhouse-admins", "ClickHouse Admins "} {
			group := w.group(name)
			wantEqual(w.t, name, w.roleOf(group), name)
			found := false
			for _, v := range w.trail.Verdicts {
				found = found || v.Path == "displayName" && v.Note != ""
			}
			if !found {
				t.Errorf("%q: no note in %v", name, w.trail.Verdicts)
			}
		}
	})
}

func TestBind_displayNameUniqueButForCase(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		first := w.group("Sales")
		_, err := w.createGroup("SALES")
		wantError(w.t, err, 409, "uniqueness", first)
		other := w.group("Marketing")
		wantError(w.t, w.rename(other, "sALES"), 409, "uniqueness", first)
		wantEqual(w.t, "unchanged", w.roleOf(other), "Marketing")
		ok(w.t, w.rename(first, "SALES")) // its own name in another case is free
	})
}

func TestBind_pushedBeforeMapped(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		user := w.user("ana@example.com")
		group := w.group("ClickHouse-Admins", user)
		wantEqual(w.t, "held at first", w.held(user), []string{"ClickHouse-Admins (group ClickHouse-Admins)"})
		// The admin gives the role that SCIM made a meaning: it survives later syncs (R48).
		g, err := w.read().Group(w.org, iam.GroupID(group))
		ok(w.t, err)
		role, err := w.read().Role(w.org, g.Role)
		ok(w.t, err)
		role.Permissions = []iam.Permission{iam.PermOrganizationView}
		w.write(func(tx *store.Tx) error { return tx.UpdateRole(w.org, role, day) })
		ok(w.t, w.removeMember(group, user))
		ok(w.t, w.addMember(group, user))
		after, err := w.read().Role(w.org, g.Role)
		ok(w.t, err)
		wantEqual(w.t, "permissions", after.Permissions, role.Permissions)
	})
}

func TestBind_renamedKeepsLinkAndFieldFollows(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		w.role("Admin", "ClickHouse-Admins")
		group := w.group("ClickHouse-Admins")
		types := w.since(func() { ok(w.t, w.rename(group, "CH-Admins")) })
		wantEqual(w.t, "events", types, []string{"role_update", "scim_group_update"})
		wantEqual(w.t, "link", w.roleOf(group), "Admin")
		wantEqual(w.t, "field", w.customRoles(), []string{"Admin=CH-Admins"})
	})
}

func TestBind_renamedRoleThatSCIMMadeFollows(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		group := w.group("Finance")
		ok(w.t, w.rename(group, "Finance Team"))
		wantEqual(w.t, "role renamed too", w.customRoles(), []string{"Finance Team"})
		// A second group on the role keeps its name.
		second := w.group("Controlling")
		g, err := w.read().Group(w.org, iam.GroupID(group))
		ok(w.t, err)
		w.write(func(tx *store.Tx) error { return tx.LinkGroup(w.org, iam.GroupID(second), g.Role) })
		ok(w.t, w.rename(group, "Money"))
		wantEqual(w.t, "kept", w.roleOf(group), "Finance Team")
	})
}

func TestBind_renamedRoleOfAdminKeepsItsName(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		w.role("Developers", "")
		group := w.group("Developers")
		ok(w.t, w.rename(group, "Engineers"))
		wantEqual(w.t, "link", w.roleOf(group), "Developers")
		wantEqual(w.t, "roles", w.customRoles(), []string{"Developers"})
	})
}

func TestBind_renamedToNameTwoRolesClaim(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		w.role("Reader", "Target")
		w.role("Target", "")
		w.role("Start", "")
		group := w.group("Start")
		ok(w.t, w.rename(group, "Target"))
		wantEqual(w.t, "the field claims before the name", w.roleOf(group), "Reader")
		noted := false
		for _, v := range w.trail.Verdicts {
			noted = noted || v.Path == "displayName" && v.Note != ""
		}
		if !noted {
			t.Errorf("the move is not noted: %v", w.trail.Verdicts)
		}
		events := w.audit()
		last := events[len(events)-1]
		if last.Type != iam.SCIMGroupUpdate || last.Details["role"] == nil {
			t.Errorf("the move is not in the audit log: %+v", last)
		}
	})
}

func TestBind_renamedAwayDropsRoleThatSCIMMade(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		w.role("Admin", "ClickHouse-Admins")
		group := w.group("Typo-Admins")
		types := w.since(func() { ok(w.t, w.rename(group, "ClickHouse-Admins")) })
		wantEqual(w.t, "events", types, []string{"role_delete", "scim_group_update"})
		wantEqual(w.t, "link", w.roleOf(group), "Admin")
		wantEqual(w.t, "roles", w.customRoles(), []string{"Admin=ClickHouse-Admins"})
	})
}

func TestBind_roleDeletedThenMemberAdded(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		role := w.role("Ops", "")
		group := w.group("Ops")
		w.unlink(group)
		w.write(func(tx *store.Tx) error { return tx.DeleteRole(w.org, role) })
		user := w.user("ana@example.com")
		ok(w.t, w.addMember(group, user))
		wantEqual(w.t, "no role", w.roleOf(group), "")
		wantEqual(w.t, "a group without a role grants nothing", w.held(user), []string{"Member (default)"})
	})
}

func (w *world) unlink(group string) {
	w.t.Helper()
	w.write(func(tx *store.Tx) error { return tx.LinkGroup(w.org, iam.GroupID(group), "") })
}

func TestBind_unlinkedThenPatched(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		w.role("Ops", "")
		group := w.group("Ops")
		w.unlink(group)
		ok(w.t, w.patchGroup(group, `{"op":"replace","value":{"id":"`+group+`","displayName":"Ops"}}`))
		ok(w.t, w.patchGroup(group, `{"op":"replace","path":"externalId","value":"x-1"}`))
		wantEqual(w.t, "still no role", w.roleOf(group), "")
		// A rename to a name that a role claims links it again.
		ok(w.t, w.rename(group, "Other"))
		wantEqual(w.t, "no role claims this", w.roleOf(group), "")
		ok(w.t, w.rename(group, "Ops"))
		wantEqual(w.t, "claimed", w.roleOf(group), "Ops")
	})
}

func TestBind_rejectNeverRefusesRename(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		w.role("Ops", "")
		group := w.group("Ops")
		w.settings(func(o *iam.Organization) { o.UnmappedGroups = iam.UnmappedReject })
		ok(w.t, w.rename(group, "Nobody claims this"))
		wantEqual(w.t, "link stays", w.roleOf(group), "Ops")
	})
}

func TestBind_deletedGroupTakesItsRole(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		remove := func(id string) { ok(w.t, w.s.DeleteGroup(w.t.Context(), w.caller, id, noMatch)) }
		types := w.since(func() { remove(w.group("Test group")) })
		wantEqual(w.t, "events", types, []string{"role_create", "role_delete", "scim_group_create", "scim_group_delete"})
		wantEqual(w.t, "the role SCIM made goes (D10)", w.customRoles(), []string{})

		w.role("Kept", "")
		remove(w.group("Kept"))
		wantEqual(w.t, "an admin's role stays", w.customRoles(), []string{"Kept"})

		group := w.group("Granted")
		g, err := w.read().Group(w.org, iam.GroupID(group))
		ok(w.t, err)
		w.write(func(tx *store.Tx) error {
			return tx.ReplaceDefaultRoles(w.org, []iam.RoleID{iam.RoleMember, g.Role})
		})
		remove(group)
		wantEqual(w.t, "a Default role stays", w.customRoles(), []string{"Granted", "Kept"})
	})
}

// A near miss is a hint and no binding (D2); looking for it costs the same beside
// five roles and beside many.
func TestCreateGroup_nearMiss(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			d := &storetest.Driver{}
			w := newWorld(t, storetest.Open(t, engine, store.Options{Now: day.UTC, Wrap: d.Wrap}))
			w.role("Admin", "ClickHouse-Admins")
			w.role("Read Only", "")
			create := func(group, near string) (rows int) {
				t.Helper()
				d.Reset()
				id := w.group(group)
				rows = d.Rows()
				note := ""
				for _, v := range w.trail.Verdicts {
					note += v.Note
				}
				if hint := strings.Contains(note, "nearly the same"); hint != (near != "") || !strings.Contains(note, near) {
					t.Errorf("%s: the note is %q, want a hint at %q", group, note, near)
				}
				wantEqual(t, "role of "+group, w.roleOf(id), group)
				return rows
			}
			create("clickhouse admins", "ClickHouse-Admins")
			create("read-only", "Read Only")
			few := create("Others", "")
			for i := range 50 {
				w.role(fmt.Sprint("Role ", i), fmt.Sprint("Group ", i))
			}
			if many := create("Still others", ""); many != few {
				t.Errorf("a group costs %d rows beside many roles, %d beside few", many, few)
			}
			create("ROLE_7", "Role 7")
			// A rename hints too, but not at the group's own role.
			id := w.group("Loose")
			for name, near := range map[string]string{"group-9": "Group 9", "GROUP-9": "Group 9"} {
				ok(t, w.rename(id, name))
				if note := w.trail.Verdicts[len(w.trail.Verdicts)-1].Note; !strings.Contains(note, near) || strings.Contains(note, `("group-9"`) || strings.Contains(note, `("GROUP-9"`) {
					t.Errorf("renamed to %s: the note is %q, want a hint at %q", name, note, near)
				}
			}
		})
	}
}
