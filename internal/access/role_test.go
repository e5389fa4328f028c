package access_test

import (
	"slices"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

func TestCreateRole_refused(t *testing.T) {
	each(t, func(w *world) {
		w.role("Admins", "G")
		for _, test := range []struct {
			in   access.RoleInput
			kind iam.Kind
			text string
		}{
			{access.RoleInput{}, iam.KindInvalid, "needs a name"},
			{access.RoleInput{Name: text("")}, iam.KindInvalid, "name is empty"},
			{access.RoleInput{Name: text("Admins")}, iam.KindConflict, `a custom role "Admins" already`},
			{access.RoleInput{Name: text("New"), SCIMGroup: text("G")}, iam.KindConflict, `mapped to the role "Admins"`},
			{access.RoleInput{Name: text("New"), SCIMGroup: text("G ")}, iam.KindInvalid, "white space"},
			{access.RoleInput{Name: text("New"), Permissions: &[]string{"control-plane:organization:mange"}}, iam.KindInvalid, "does not exist"},
		} {
			w.refused(test.kind, test.text, func() error {
				_, err := w.CreateRole(t.Context(), iam.Operator, w.org, test.in)
				return err
			})
		}
	})
}

func TestUpdateRole(t *testing.T) {
	each(t, func(w *world) {
		role := w.role("Readers", "", "b:c:d", "a:b:c", "b:c:d")
		if want := []iam.Permission{"a:b:c", "b:c:d"}; !slices.Equal(role.Permissions, want) {
			t.Errorf("permissions %v, want %v", role.Permissions, want)
		}
		w.idle(func() error {
			return w.update(role.ID, access.RoleInput{Name: text("Readers"), SCIMGroup: text(""), Permissions: &[]string{"b:c:d", "a:b:c"}})
		})
		w.audited(func() error { return w.update(role.ID, access.RoleInput{Permissions: &[]string{}}) }, "role_update Readers")
		if view := w.findRole(role.ID); view.Name != "Readers" || len(view.Permissions) != 0 {
			t.Errorf("role %+v, want the same without permissions", view)
		}
		w.role("Taken", "G")
		w.refused(iam.KindConflict, `a custom role "Taken" already`, func() error { return w.update(role.ID, access.RoleInput{Name: text("Taken")}) })
		w.refused(iam.KindConflict, `mapped to the role "Taken"`, func() error { return w.update(role.ID, access.RoleInput{SCIMGroup: text("G")}) })
		w.refused(iam.KindNotFound, `did you mean "Readers"?`, func() error {
			_, err := w.UpdateRole(t.Context(), iam.Operator, w.org, "readers", access.RoleInput{Name: text("X")})
			return err
		})
	})
}

func TestUpdateRole_permissionsOfSCIMRoleAreKept(t *testing.T) {
	each(t, func(w *world) {
		role := w.scimRole("Developers")
		w.group("Developers", role)
		w.ok(w.update(role, access.RoleInput{Permissions: &[]string{"product:data:write"}}))
		w.ok(w.unlink(role))
		if view := w.findRole(role); view == nil || view.Source != iam.SourceSCIM || len(view.Permissions) != 1 {
			t.Errorf("role %+v, want it to stay with its permission", view)
		}
	})
}

func TestDeleteRole_inUse(t *testing.T) {
	each(t, func(w *world) {
		remove := func() error { return w.DeleteRole(t.Context(), iam.Operator, w.org, "R") }
		role := w.role("R", "")
		must[[]iam.RoleRef](t)(w.SetDefaultRoles(t.Context(), iam.Operator, w.org, []string{"R"}))
		w.refused(iam.KindConflict, `"R" is a Default role`, remove)
		must[[]iam.RoleRef](t)(w.SetDefaultRoles(t.Context(), iam.Operator, w.org, []string{"Member"}))
		for _, email := range []string{"d@x.example", "c@x.example", "b@x.example", "a@x.example"} {
			must[access.Invited](t)(w.Invite(t.Context(), iam.Operator, w.org, email, []string{"R"}))
		}
		w.refused(iam.KindConflict, "invitation of a@x.example, b@x.example, c@x.example and 1 more", remove)
		for _, email := range []string{"d@x.example", "c@x.example", "b@x.example", "a@x.example"} {
			must[access.Invited](t)(w.Invite(t.Context(), iam.Operator, w.org, email, nil))
		}
		w.ok(remove())
		if w.findRole(role.ID) != nil {
			t.Error("the role is still there")
		}
		w.refused(iam.KindNotFound, `no role "R"`, remove)
	})
}

func TestGroups(t *testing.T) {
	each(t, func(w *world) {
		ann, ben := w.user("ann@example.com"), w.user("ben@example.com")
		role := w.role("R", "")
		first, second := w.group("alpha", role.ID, ann, ben), w.group("Beta", "")
		got := must[[]access.GroupView](t)(w.Groups(t.Context(), w.org))
		if len(got) != 2 || got[0].ID != first || got[0].Members != 2 || got[0].Role == nil || got[0].Role.ID != role.ID ||
			got[1].ID != second || got[1].Members != 0 || got[1].Role != nil || got[1].DisplayName != "Beta" {
			t.Errorf("groups %+v", got)
		}
		w.deactivate(ben)
		page := must[access.GroupPage](t)(w.Group(t.Context(), w.org, first, "", 1))
		if page.DisplayName != "alpha" || page.Members != 2 || page.Role == nil || page.Role.ID != role.ID || len(page.People) != 1 || page.People[0].ID != ann || page.Next == "" {
			t.Errorf("the first page %+v", page)
		}
		page = must[access.GroupPage](t)(w.Group(t.Context(), w.org, first, page.Next, 1))
		if len(page.People) != 1 || page.People[0].Status != iam.StatusInactive || page.Next != "" {
			t.Errorf("the second page %+v", page)
		}
		other := w.another().org
		w.refused(iam.KindNotFound, "no SCIM group", func() error {
			_, err := w.Group(t.Context(), other, first, "", 1)
			return err
		})
	})
}

func TestMayGive_signedInMember(t *testing.T) {
	each(t, func(w *world) {
		ann := w.user("ann@example.com")
		w.user("ben@example.com")
		manager := w.role("Managers", "", string(iam.PermOrganizationManage), "product:data:read")
		w.role("Readers", "", "product:data:read")
		w.group("Managers", manager.ID, ann)
		actor := iam.Actor{Type: iam.ActorUser, ID: string(ann), Details: "ann@example.com"}
		give := func(actor iam.Actor, role string) func() error {
			return func() error {
				_, err := w.SetMemberRoles(t.Context(), actor, w.org, "ben@example.com", []string{role})
				return err
			}
		}
		w.ok(give(actor, "Readers")())
		w.refused(iam.KindForbidden, "only an Admin may give the role Admin", give(actor, "system:Admin"))
		w.refused(iam.KindForbidden, "which you do not hold", give(actor, "Billing"))
		w.refused(iam.KindForbidden, "which you do not hold", func() error {
			_, err := w.CreateRole(t.Context(), actor, w.org, access.RoleInput{Name: text("X"), Permissions: &[]string{"product:data:write"}})
			return err
		})
		w.refused(iam.KindForbidden, "only an Admin", func() error {
			_, err := w.SetDefaultRoles(t.Context(), actor, w.org, []string{"Admin"})
			return err
		})
		w.refused(iam.KindForbidden, "only an Admin", func() error {
			_, err := w.Invite(t.Context(), actor, w.org, "carl@example.com", []string{"Admin"})
			return err
		})
		// A name gives too, to the group that waits for it or will come with it (D2).
		hidden := w.role("Hidden", "", "product:secret:read")
		w.group("Waiting", "", ann)
		rename := func(name string) func() error {
			return func() error {
				_, err := w.UpdateRole(t.Context(), actor, w.org, string(hidden.ID), access.RoleInput{Name: text(name)})
				return err
			}
		}
		w.refused(iam.KindForbidden, "which you do not hold", rename("Waiting"))
		w.refused(iam.KindForbidden, "which you do not hold", rename("Well hidden"))
		// Whoever has an Admin's link is Admin.
		w.refused(iam.KindForbidden, "only an Admin", func() error {
			_, _, err := w.AdminLink(t.Context(), actor, w.org, "ada@example.com")
			return err
		})
		w.refused(iam.KindForbidden, "not a member of this organization any more", give(iam.Actor{Type: iam.ActorUser, ID: "gone"}, "Member"))
		w.refused(iam.KindForbidden, "only a signed-in member", give(iam.Actor{Type: iam.ActorAPI, ID: "scim_x"}, "Member"))
		ada := iam.Actor{Type: iam.ActorUser, ID: string(w.member("ada@example.com").ID)}
		w.ok(give(ada, "system:Admin")())
	})
}

// A role that SCIM made has the name of its group, whatever that is; an admin can
// give it permissions all the same.
func TestUpdateRole_nameThatNobodyWouldChoose(t *testing.T) {
	each(t, func(w *world) {
		for _, name := range []string{" Ops ", "a\tb"} {
			role := w.scimRole(name)
			w.ok(w.update(role, access.RoleInput{Permissions: &[]string{"product:data:read"}}))
			if got := w.findRole(role); len(got.Permissions) != 1 || got.Name != name {
				t.Errorf("the role is %+v, want %q with a permission", got, name)
			}
			w.refused(iam.KindInvalid, "remove it", func() error { return w.update(role, access.RoleInput{Name: text(name + "\t")}) })
			w.refused(iam.KindInvalid, "remove it", func() error { return w.update(role, access.RoleInput{SCIMGroup: text(" x")}) })
		}
	})
}
