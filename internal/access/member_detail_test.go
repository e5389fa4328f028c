package access_test

import (
	"fmt"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

func TestMember(t *testing.T) {
	each(t, func(w *world) {
		ann := w.user("ann@example.com")
		role := w.role("R", "", "a:b:c")
		w.group("linked", role.ID, ann)
		w.group("Free", "", ann)
		w.ok(w.setRoles("ann@example.com", "Billing"))
		key := must[access.NewKey](t)(w.CreateKey(t.Context(), w.person("ann@example.com"), w.org, ""))
		d := must[access.MemberDetail](t)(w.Member(t.Context(), w.org, ann))
		if d.Email != "ann@example.com" || len(d.Roles) != 2 || len(d.Direct) != 1 || d.Direct[0].ID != iam.RoleBilling ||
			len(d.WithoutDirect) != 1 || d.WithoutDirect[0].Group != "linked" || d.OnlyBreakGlass || d.Invited || !d.SCIMUser || d.Sessions != 0 {
			t.Errorf("%+v", d)
		}
		if len(d.Groups) != 2 || d.Groups[0].DisplayName != "Free" || d.Groups[0].Role != nil || d.Groups[1].Role == nil || d.Groups[1].Role.ID != role.ID {
			t.Errorf("groups %+v", d.Groups)
		}
		if fmt.Sprint(d.Keys) != fmt.Sprint([]iam.KeyID{key.Key}) {
			t.Errorf("keys %v, want the one he made", d.Keys)
		}
		ada := must[access.MemberDetail](t)(w.Member(t.Context(), w.org, w.member("ada@example.com").ID))
		if !ada.OnlyBreakGlass || !ada.LocalSignIn || ada.WithoutDirect[0].Source != iam.HeldDefault {
			t.Errorf("the first Admin: %+v", ada)
		}
		w.deactivate(ann)
		if d := must[access.MemberDetail](t)(w.Member(t.Context(), w.org, ann)); d.Status != iam.StatusInactive || len(d.Roles) != 0 || len(d.Groups) != 2 {
			t.Errorf("inactive: %+v", d)
		}
		for _, id := range []iam.MemberID{"", "ann", iam.MemberID(w.db.NewID())} {
			w.refused(iam.KindNotFound, "no member", func() error {
				_, err := w.Member(t.Context(), w.org, id)
				return err
			})
		}
		other := w.another().org
		w.refused(iam.KindNotFound, "no member", func() error {
			_, err := w.Member(t.Context(), other, ann)
			return err
		})
	})
}

func TestEachMemberEntry(t *testing.T) {
	each(t, func(w *world) {
		w.deactivate(w.user("gone@example.com"))
		w.user("ann@example.com")
		var got []string
		for m, err := range w.EachMemberEntry(t.Context(), w.org) {
			w.ok(err)
			got = append(got, fmt.Sprint(m.Email, m.LocalSignIn))
		}
		if want := "[ada@example.comtrue ann@example.comfalse]"; fmt.Sprint(got) != want {
			t.Errorf("got %v, want %s", got, want)
		}
	})
}

func TestInvitations(t *testing.T) {
	each(t, func(w *world) {
		first := must[access.Invited](t)(w.Invite(t.Context(), iam.Operator, w.org, "Zed@example.com", []string{"system:Admin", "Member"}))
		w.sleep(access.InvitationLifetime)
		second := must[access.Invited](t)(w.Invite(t.Context(), w.person("ada@example.com"), w.org, "bea@example.com", nil))
		list := must[[]access.InvitationView](t)(w.Invitations(t.Context(), w.org))
		if len(list) != 2 || list[0].ID != second.ID || list[0].InvitedBy != "ada@example.com" || list[0].Expired || len(list[0].Roles) != 0 ||
			list[1].ID != first.ID || list[1].Email != "zed@example.com" || !list[1].Expired || len(list[1].Roles) != 2 {
			t.Errorf("invitations %+v", list)
		}
		if one := must[access.InvitationView](t)(w.Invitation(t.Context(), w.org, first.ID)); fmt.Sprint(one) != fmt.Sprint(list[1]) {
			t.Errorf("invitation %+v, want %+v", one, list[1])
		}
		drop := func(org iam.OrganizationID, id iam.InvitationID) func() error {
			return func() error {
				_, err := w.DeleteInvitation(t.Context(), iam.Operator, org, id)
				return err
			}
		}
		other := w.another().org
		w.refused(iam.KindNotFound, "no such invitation", drop(other, first.ID))
		w.refused(iam.KindNotFound, "no such invitation", drop(w.org, "x"))
		w.audited(drop(w.org, first.ID), "organization_invite_delete zed@example.com")
		w.refused(iam.KindNotFound, "no such invitation", drop(w.org, first.ID))
		if n := must[int](t)(w.CountInvitations(t.Context(), w.org)); n != 1 {
			t.Errorf("%d invitations, want 1", n)
		}
	})
}
