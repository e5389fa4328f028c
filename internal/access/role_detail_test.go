package access_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

// person is a signed-in member as an actor.
func (w *world) person(email string) iam.Actor {
	w.t.Helper()
	return iam.Actor{Type: iam.ActorUser, ID: string(w.member(email).ID), Details: email}
}

// manager puts a member there who manages the organization and holds more permissions,
// but is no Admin.
func (w *world) manager(email string, more ...string) iam.Actor {
	w.t.Helper()
	id := w.user(email)
	role := w.role("Managers", "", append(more, string(iam.PermOrganizationManage))...)
	w.group("Managers", role.ID, id)
	return w.person(email)
}

func TestCountRoleHolders(t *testing.T) {
	each(t, func(w *world) {
		ann, ben, cid := w.user("ann@example.com"), w.user("ben@example.com"), w.user("cid@example.com")
		w.user("dan@example.com")
		gone := w.user("gone@example.com")
		role := w.role("R", "", "a:b:c")
		w.group("one", role.ID, ann, ben, gone)
		w.group("two", role.ID, ann)
		w.group("none", "", cid)
		w.ok(w.setRoles("ben@example.com", "R", "Billing"))
		w.deactivate(gone)
		must[[]iam.RoleRef](t)(w.SetDefaultRoles(t.Context(), iam.Operator, w.org, []string{"Member", "R"}))
		n := must[access.RoleCount](t)(w.CountRoleHolders(t.Context(), w.org))
		want := map[iam.RoleID]int{iam.RoleAdmin: 1, iam.RoleBilling: 1, iam.RoleMember: 2, role.ID: 4}
		if fmt.Sprint(n.ByRole) != fmt.Sprint(want) || n.Default != 2 {
			t.Errorf("%v, want %v and 2 by default", n, want)
		}

		d := must[access.RoleDetail](t)(w.Role(t.Context(), w.org, role.ID))
		var first []string
		for _, m := range d.First {
			first = append(first, m.Email)
		}
		if d.Holders != 4 || d.ByDefault != 2 || d.Direct != 1 ||
			!slices.Equal(first, []string{"ann@example.com", "ben@example.com", "cid@example.com", "dan@example.com"}) ||
			len(d.Groups) != 2 || d.GroupMembers[d.Groups[0].ID] != 2 || d.GroupMembers[d.Groups[1].ID] != 1 {
			t.Errorf("%+v, held by %v", d, first)
		}
		// Without names it has the same counts, and reads no member.
		w.sql.Reset()
		brief := must[access.RoleDetail](t)(w.RoleBrief(t.Context(), w.org, role.ID))
		if brief.Holders != 4 || brief.ByDefault != 2 || !brief.Default || len(brief.Groups) != 2 || brief.First != nil {
			t.Errorf("brief: %+v", brief)
		}
		for _, call := range w.sql.Calls() {
			if strings.HasPrefix(call.SQL, "SELECT u.") {
				t.Errorf("brief: it reads members: %s", call.SQL)
			}
		}
		// The list of members, filtered by the role, and the count agree.
		page := must[access.MemberPage](t)(w.MemberPage(t.Context(), w.org, access.MemberQuery{Role: role.ID}))
		if len(page.Members) != d.Holders {
			t.Errorf("%d members are listed with the role, %d are counted", len(page.Members), d.Holders)
		}
		other := w.another().org
		w.refused(iam.KindNotFound, "no role", func() error {
			_, err := w.Role(t.Context(), other, role.ID)
			return err
		})
	})
}

// Nobody gives what he does not hold, by whatever door (D1).
func TestMayGive_roundabout(t *testing.T) {
	each(t, func(w *world) {
		manager := w.manager("max@example.com", "a:b:c")
		strong, weak := w.role("Strong", "", "a:b:c", "x:y:z"), w.role("Weak", "", "a:b:c")
		update := func(id iam.RoleID, in access.RoleInput) func() error {
			return func() error {
				_, err := w.UpdateRole(t.Context(), manager, w.org, string(id), in)
				return err
			}
		}
		w.group("mine", "")
		// A name and a field bring groups in.
		w.refused(iam.KindForbidden, "x:y:z", update(strong.ID, access.RoleInput{Name: text("mine")}))
		w.refused(iam.KindForbidden, "x:y:z", update(strong.ID, access.RoleInput{SCIMGroup: text("mine")}))
		w.refused(iam.KindForbidden, "x:y:z", update(strong.ID, access.RoleInput{SCIMGroup: text("comes later")}))
		w.refused(iam.KindForbidden, "x:y:w", update(weak.ID, access.RoleInput{Permissions: &[]string{"a:b:c", "x:y:w"}}))
		// What is taken away, or stays, needs nobody's right.
		w.ok(update(strong.ID, access.RoleInput{Permissions: &[]string{"x:y:z"}})())
		w.ok(update(strong.ID, access.RoleInput{Permissions: &[]string{"a:b:c", "x:y:z"}})())
		w.ok(update(weak.ID, access.RoleInput{Name: text("mine")})())

		must[[]iam.RoleRef](t)(w.SetDefaultRoles(t.Context(), iam.Operator, w.org, []string{"Strong", "Member"}))
		must[[]iam.RoleRef](t)(w.SetDefaultRoles(t.Context(), manager, w.org, []string{"Strong", "mine"}))
		must[[]iam.RoleRef](t)(w.SetDefaultRoles(t.Context(), manager, w.org, []string{"mine"}))
		w.refused(iam.KindForbidden, "x:y:z", func() error {
			_, err := w.SetDefaultRoles(t.Context(), manager, w.org, []string{"Strong"})
			return err
		})
		w.deactivate(iam.MemberID(manager.ID))
		w.refused(iam.KindForbidden, "not a member", update(weak.ID, access.RoleInput{Name: text("again")}))
	})
}
