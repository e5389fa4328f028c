package access_test

import (
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// The sentences of D2 that are reached from the role's side.

func (w *world) update(role iam.RoleID, in access.RoleInput) error {
	_, err := w.UpdateRole(w.t.Context(), iam.Operator, w.org, string(role), in)
	return err
}

func (w *world) unlink(role iam.RoleID) error {
	return w.UnlinkRole(w.t.Context(), iam.Operator, w.org, string(role))
}

func TestBind_fieldLinksTheGroupAtOnce(t *testing.T) {
	each(t, func(w *world) {
		w.user("ann@example.com")
		group := w.group("ClickHouse-Admins", "", w.member("ann@example.com").ID)
		role := w.role("Admins", "")
		if w.linkOf(group) != "" {
			t.Error("a role of another name is linked to the group")
		}
		w.audited(func() error { return w.update(role.ID, access.RoleInput{SCIMGroup: text("ClickHouse-Admins")}) }, "role_update Admins")
		if w.linkOf(group) != role.ID {
			t.Error("setting the SCIM group field did not link the group of that name")
		}
		if held := w.held("ann@example.com"); held != "Admins/group/ClickHouse-Admins" {
			t.Errorf("a member of the group holds %q", held)
		}
		view := w.findRole(role.ID)
		if view.SCIMGroup != "ClickHouse-Admins" || len(view.Groups) != 1 || view.Groups[0].ID != group {
			t.Errorf("the role is shown as %+v", view)
		}
	})
}

func TestBind_fieldOfNewRoleLinksAtOnce(t *testing.T) {
	each(t, func(w *world) {
		group := w.group("Data", "")
		var role access.RoleView
		w.audited(func() (err error) {
			role, err = w.CreateRole(t.Context(), iam.Operator, w.org, access.RoleInput{Name: text("Developers"), SCIMGroup: text("Data")})
			return err
		}, "role_create Developers")
		if w.linkOf(group) != role.ID || len(role.Groups) != 1 || role.Source != iam.SourceAdmin {
			t.Errorf("the group is linked to %q, the role is %+v", w.linkOf(group), role)
		}
	})
}

func TestBind_fieldTakesTheGroupFromAnotherRole(t *testing.T) {
	each(t, func(w *world) {
		for _, test := range []struct {
			name   string
			former iam.RoleID
			events []string
			gone   bool
		}{
			{"a role that SCIM made goes", w.scimRole("One"), []string{"role_delete One", "role_update Taker One"}, true},
			{"a role that SCIM made and somebody gave permissions stays", w.scimRole("Two", iam.PermOrganizationView), []string{"role_update Two", "role_update Taker Two"}, false},
			{"a role that an admin made stays", w.role("Three", "").ID, []string{"role_update Three", "role_update Taker Three"}, false},
		} {
			name := w.findRole(test.former).Name
			group := w.group(name, test.former)
			taker := w.role("Taker "+name, "")
			w.audited(func() error { return w.update(taker.ID, access.RoleInput{SCIMGroup: &name}) }, test.events...)
			if w.linkOf(group) != taker.ID {
				t.Errorf("%s: the group was not taken away", test.name)
			}
			if gone := w.findRole(test.former) == nil; gone != test.gone {
				t.Errorf("%s: gone is %v", test.name, gone)
			}
		}
	})
}

func TestBind_fieldLeavesRoleWithAnotherGroup(t *testing.T) {
	each(t, func(w *world) {
		former := w.scimRole("Old")
		first, second := w.group("Old", former), w.group("Other", former)
		taker := w.role("New", "Old")
		if w.linkOf(first) != taker.ID || w.linkOf(second) != former || w.findRole(former) == nil {
			t.Error("a role that keeps a group went, or lost it")
		}
	})
}

func TestBind_nameLinksOnlyAGroupWithoutRole(t *testing.T) {
	each(t, func(w *world) {
		other := w.role("Other", "")
		free, taken := w.group("Free", ""), w.group("Taken", other.ID)
		if role := w.role("Free", ""); w.linkOf(free) != role.ID {
			t.Error("creating a role did not link the free group of its name")
		}
		w.role("Taken", "")
		if w.linkOf(taken) != other.ID {
			t.Error("creating a role took a linked group of its name away")
		}
	})
}

func TestBind_renameLinksOnlyAGroupWithoutRole(t *testing.T) {
	each(t, func(w *world) {
		other := w.role("Other", "")
		free, taken := w.group("Free", ""), w.group("Taken", other.ID)
		role := w.role("Plain", "")
		w.audited(func() error { return w.update(role.ID, access.RoleInput{Name: text("Free")}) }, "role_update Free")
		if w.linkOf(free) != role.ID {
			t.Error("renaming a role did not link the free group of that name")
		}
		w.ok(w.update(role.ID, access.RoleInput{Name: text("Taken")}))
		if w.linkOf(taken) != other.ID {
			t.Error("renaming a role took a linked group of that name away")
		}
		if w.linkOf(free) != role.ID {
			t.Error("renaming a role unlinked its group")
		}
	})
}

func TestBind_nameYieldsToTheFieldOfAnotherRole(t *testing.T) {
	each(t, func(w *world) {
		holder := w.role("Holder", "G")
		role := w.role("G", "")
		group := w.group("G", "")
		w.ok(w.update(role.ID, access.RoleInput{Name: text("H")}))
		w.ok(w.update(role.ID, access.RoleInput{Name: text("G")}))
		if got := w.linkOf(group); got != "" {
			t.Errorf("the group is linked to %q although %q claims its name by its field", got, holder.ID)
		}
	})
}

func TestBind_namesMatchExactly(t *testing.T) {
	each(t, func(w *world) {
		group := w.group("clickhouse admins", "")
		role := w.role("Admins", "ClickHouse-Admins")
		if w.linkOf(group) != "" {
			t.Error("a name that is only nearly the same was linked")
		}
		hints := w.findRole(role.ID).Hints
		if len(hints) != 1 || !strings.Contains(hints[0], `"clickhouse admins"`) || !strings.Contains(hints[0], `"ClickHouse-Admins"`) {
			t.Errorf("hints %q, want one with both names", hints)
		}
	})
}

func TestBind_fieldIsReadOnlyWhileLinked(t *testing.T) {
	each(t, func(w *world) {
		w.group("G", "")
		role := w.role("R", "G")
		for _, field := range []string{"", "H"} {
			w.refused(iam.KindConflict, "unlink it first", func() error { return w.update(role.ID, access.RoleInput{SCIMGroup: &field}) })
		}
		w.idle(func() error { return w.update(role.ID, access.RoleInput{SCIMGroup: text("G")}) })
		w.ok(w.update(role.ID, access.RoleInput{Name: text("Renamed"), Permissions: &[]string{"product:data:read"}}))
		waiting := w.role("Waiting", "Not-there-yet")
		w.ok(w.update(waiting.ID, access.RoleInput{SCIMGroup: text("")}))
		if field := w.findRole(waiting.ID).SCIMGroup; field != "" {
			t.Errorf("a field that links nothing was not cleared: %q", field)
		}
	})
}

func TestBind_unlinkClearsFieldAndLink(t *testing.T) {
	each(t, func(w *world) {
		ann := w.user("ann@example.com")
		group := w.group("G", "", ann)
		role := w.role("R", "G")
		w.audited(func() error { return w.unlink(role.ID) }, "role_update R")
		view := w.findRole(role.ID)
		if w.linkOf(group) != "" || view.SCIMGroup != "" || len(view.Groups) != 0 {
			t.Errorf("the group is linked to %q, the role is %+v", w.linkOf(group), view)
		}
		if held := w.held("ann@example.com"); held != "Member/default/" {
			t.Errorf("a member of the unlinked group holds %q, want the Default role", held)
		}
		w.idle(func() error { return w.unlink(role.ID) })
		w.ok(w.update(role.ID, access.RoleInput{SCIMGroup: text("G")}))
		if w.linkOf(group) != role.ID {
			t.Error("the group cannot be linked again")
		}
	})
}

func TestBind_unlinkedRoleOfSCIMGoes(t *testing.T) {
	each(t, func(w *world) {
		role := w.scimRole("Developers")
		group := w.group("Developers", role)
		w.audited(func() error { return w.unlink(role) }, "role_delete Developers")
		if w.findRole(role) != nil || w.linkOf(group) != "" {
			t.Error("a role that SCIM made, and nobody gave a meaning, outlived its last group")
		}
		direct := w.scimRole("Held")
		w.group("Held", direct)
		must[iam.Member](t)(w.SetMemberRoles(t.Context(), iam.Operator, w.org, "ada@example.com", []string{"system:Admin", "Held"}))
		w.ok(w.unlink(direct))
		if w.findRole(direct) == nil {
			t.Error("a role that somebody holds directly went with its last group")
		}
	})
}

// Clearing a field takes no group away, so the role stays.
func TestBind_unlinkWithoutGroupKeepsTheRole(t *testing.T) {
	each(t, func(w *world) {
		role := w.scimRole("Spare")
		w.ok(w.update(role, access.RoleInput{SCIMGroup: text("Not yet there")}))
		w.ok(w.unlink(role))
		if got := w.findRole(role); got == nil || got.SCIMGroup != "" {
			t.Errorf("the role is %+v, want it without its field", got)
		}
	})
}

func TestBind_deletedRoleLeavesItsGroupsWithoutOne(t *testing.T) {
	each(t, func(w *world) {
		ann, role := w.user("ann@example.com"), w.role("R", "G")
		first, second := w.group("G", role.ID, ann), w.group("H", role.ID)
		must[iam.Member](t)(w.SetMemberRoles(t.Context(), iam.Operator, w.org, "ann@example.com", []string{"R"}))
		w.audited(func() error { return w.DeleteRole(t.Context(), iam.Operator, w.org, "R") }, "role_delete R")
		if w.findRole(role.ID) != nil || w.linkOf(first) != "" || w.linkOf(second) != "" {
			t.Error("the role is there, or a group is linked")
		}
		if held := w.held("ann@example.com"); held != "Member/default/" {
			t.Errorf("a former holder has %q, want the Default role", held)
		}
		history := must[[]iam.AuditEvent](t)(w.db.Read(t.Context()).AuditEvents(w.org, store.AuditQuery{Target: string(ann), NewestFirst: true, Limit: 1}))
		if len(history) != 1 || history[0].Type != iam.RoleDelete {
			t.Errorf("the history of a former holder ends with %+v, want the deletion of the role", history)
		}
	})
}

func TestBind_systemRolesNever(t *testing.T) {
	each(t, func(w *world) {
		w.group("Admin", "")
		for _, act := range []func() error{
			func() error { return w.update(iam.RoleAdmin, access.RoleInput{SCIMGroup: text("Admin")}) },
			func() error { return w.update(iam.RoleMember, access.RoleInput{Name: text("Members")}) },
			func() error { return w.update(iam.RoleMember, access.RoleInput{Permissions: &[]string{}}) },
			func() error { return w.DeleteRole(t.Context(), iam.Operator, w.org, "Admin") },
			func() error { return w.UnlinkRole(t.Context(), iam.Operator, w.org, "system:Admin") },
		} {
			w.refused(iam.KindInvalid, "is a system role", act)
		}
		role := w.role("Admin", "")
		if len(role.Groups) != 1 || role.Type != iam.RoleCustom || role.ID == iam.RoleAdmin || len(role.Permissions) != 0 {
			t.Errorf("the custom role Admin is %+v", role)
		}
	})
}
