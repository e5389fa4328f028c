package access_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

func (w *world) setRoles(member string, roles ...string) error {
	_, err := w.SetMemberRoles(w.t.Context(), iam.Operator, w.org, member, roles)
	return err
}

func (w *world) remove(member string) error {
	return w.RemoveMember(w.t.Context(), iam.Operator, w.org, member)
}

// manual puts a member there whom no identity provider manages.
func (w *world) manual(email string) iam.MemberID {
	w.t.Helper()
	u := store.User{
		Org: w.org, ID: iam.MemberID(w.db.NewID()), LoginKey: email, UserName: email,
		Status: iam.StatusActive, ManagedBy: iam.ManagedBySAML, Doc: "{}", Version: 1, CreatedAt: w.clock(), UpdatedAt: w.clock(),
	}
	w.write(func(tx *store.Tx) error {
		_, err := tx.InsertUser(u)
		return err
	})
	return u.ID
}

// deactivate does what the identity provider's active:false does.
func (w *world) deactivate(id iam.MemberID) {
	w.t.Helper()
	w.write(func(tx *store.Tx) error {
		_, err := tx.Deactivate(w.org, id, w.clock())
		return err
	})
}

func TestMembers_rolesAndWhy(t *testing.T) {
	each(t, func(w *world) {
		w.connect("https://idp.example/1")
		ann, ben := w.user("ann@example.com"), w.user("ben@example.com")
		w.user("carl@example.com")
		developers, readers := w.role("Developers", "", "a:b:c"), w.role("Read-only", "", "a:b:d")
		w.group("G1", developers.ID, ann, ben)
		w.group("G2", readers.ID, ann)
		w.group("G3", "", ann)
		w.ok(w.setRoles("ben@example.com", "Read-only", "system:Billing"))
		for email, want := range map[string]string{
			"ann@example.com":  "Developers/group/G1 Read-only/group/G2",
			"ben@example.com":  "Billing/direct/ Read-only/direct/ Developers/group/G1",
			"carl@example.com": "Member/default/",
			"ada@example.com":  "Admin/direct/",
		} {
			if got := sorted(w.held(email)); got != sorted(want) {
				t.Errorf("%s holds %q, want %q", email, got, want)
			}
			if warnings := w.member(email).Warnings; warnings != nil {
				t.Errorf("%s is warned of: %q", email, warnings)
			}
		}
		w.deactivate(ben)
		members := must[[]iam.Member](t)(w.Members(t.Context(), w.org, false))
		if len(members) != 3 {
			t.Errorf("%d members, want 3 without the inactive one", len(members))
		}
		if m := w.member("ben@example.com"); m.Status != iam.StatusInactive || m.Roles != nil || m.Warnings != nil {
			t.Errorf("the inactive user is listed as %+v", m)
		}
	})
}

func sorted(s string) string {
	words := strings.Split(s, " ")
	counts := map[string]int{}
	for _, word := range words {
		counts[word]++
	}
	return fmt.Sprint(counts) // maps print in the order of their keys
}

func TestMembers_warnings(t *testing.T) {
	each(t, func(w *world) {
		w.connect("https://idp.example/1")
		w.user("just-a-name")
		w.user("ann@elsewhere.example")
		w.manual("saml@elsewhere.example")
		differ := w.user("ben@example.com")
		w.write(func(tx *store.Tx) error {
			u, err := tx.LockUser(w.org, differ)
			if err != nil {
				return err
			}
			u.Doc = `{"emails":[{"primary":true,"type":"home","value":"x@example.com"},{"type":"Work","value":"Benjamin@example.com"}]}`
			return tx.UpdateUser(u)
		})
		empty := w.role("Empty", "")
		w.group("G", empty.ID, w.user("carl@example.com"))
		for email, want := range map[string]string{
			"just-a-name":            "is not an e-mail address",
			"ann@elsewhere.example":  `the domain "elsewhere.example" of userName`,
			"saml@elsewhere.example": `the domain "elsewhere.example" is not verified`,
			"ben@example.com":        `the work e-mail "Benjamin@example.com" differ`,
			"carl@example.com":       "no permissions",
		} {
			if got := w.member(email).Warnings; len(got) != 1 || !strings.Contains(got[0], want) {
				t.Errorf("%s is warned of %q, want %q", email, got, want)
			}
		}
	})
}

func TestMembers_manyPages(t *testing.T) {
	each(t, func(w *world) {
		role := w.role("R", "")
		const n = 1203 // three pages
		var ids []iam.MemberID
		w.write(func(tx *store.Tx) error {
			ids = nil
			for i := range n {
				name := fmt.Sprintf("u%04d@example.com", i)
				u := store.User{Org: w.org, ID: iam.MemberID(w.db.NewID()), LoginKey: name, UserName: name, Status: iam.StatusActive, ManagedBy: iam.ManagedBySCIM, SCIM: true, Doc: "{}", Version: 1, CreatedAt: start, UpdatedAt: start}
				if _, err := tx.InsertUser(u); err != nil {
					return err
				}
				ids = append(ids, u.ID)
			}
			return nil
		})
		w.group("G", role.ID, ids...)
		w.sql.Reset()
		i := 0
		for m, err := range w.EachMember(t.Context(), w.org, false) {
			w.ok(err)
			if m.Email == "ada@example.com" {
				continue
			}
			if want := fmt.Sprintf("u%04d@example.com", i); m.Email != want || len(m.Roles) != 1 || m.Roles[0].Group != "G" {
				t.Fatalf("member %d is %+v, want %s with the role of G", i, m, want)
			}
			i++
		}
		if i != n {
			t.Errorf("%d members were listed, want %d", i, n)
		}
		if got, want := w.sql.Statements(), 4+2*3; got != want {
			t.Errorf("the list took %d statements, want %d: two for each page", got, want)
		}
		for range w.EachMember(t.Context(), w.org, false) {
			break // a list that is cut off ends quietly
		}
	})
}

func TestSetMemberRoles(t *testing.T) {
	each(t, func(w *world) {
		ann := w.user("ann@example.com")
		w.audited(func() error { return w.setRoles("Ann@Example.com", "Admin", "Billing") }, "organization_member_update_roles ann@example.com")
		w.idle(func() error { return w.setRoles(string(ann), "system:Billing", "Admin") })
		w.audited(func() error { return w.setRoles(string(ann), "Billing") }, "organization_member_remove_roles ann@example.com")
		w.audited(func() error { return w.setRoles(string(ann)) }, "organization_member_remove_roles ann@example.com")
		if held := w.held("ann@example.com"); held != "Member/default/" {
			t.Errorf("without direct roles ann holds %q", held)
		}
		w.refused(iam.KindNotFound, `no member "nobody@example.com"`, func() error { return w.setRoles("nobody@example.com", "Billing") })
		w.refused(iam.KindNotFound, "no member", func() error { return w.setRoles("a\x00\xff", "Billing") })
		w.refused(iam.KindNotFound, `no role "Owner"`, func() error { return w.setRoles(string(ann), "Owner") })
		w.deactivate(ann)
		w.refused(iam.KindNotFound, "is deactivated", func() error { return w.setRoles(string(ann), "Billing") })
	})
}

func TestSetMemberRoles_lastBreakGlassAdmin(t *testing.T) {
	each(t, func(w *world) {
		w.refused(iam.KindConflict, "last Admin who can get in", func() error { return w.setRoles("ada@example.com", "Billing") })
		w.refused(iam.KindConflict, "last Admin who can get in", func() error { return w.setRoles("ada@example.com") })
		w.ok(w.setRoles("ada@example.com", "Admin", "Billing")) // Admin stays
		w.user("ann@example.com")
		w.ok(w.setRoles("ann@example.com", "Admin")) // an Admin, but without local sign-in
		w.refused(iam.KindConflict, "last Admin who can get in", func() error { return w.setRoles("ada@example.com") })
		if _, _, err := w.AdminLink(t.Context(), iam.Operator, w.org, "ann@example.com"); err != nil {
			t.Fatal(err)
		}
		w.ok(w.setRoles("ada@example.com"))
		w.refused(iam.KindConflict, `"ann@example.com" is the last Admin`, func() error { return w.setRoles("ann@example.com") })
	})
}

func TestSetMemberRoles_keptBreakGlass(t *testing.T) {
	each(t, func(w *world) {
		ada := w.member("ada@example.com").ID
		w.write(func(tx *store.Tx) error {
			u, err := tx.LockUser(w.org, ada)
			if err != nil {
				return err
			}
			u.Status, u.SCIM, u.ManagedBy = iam.StatusBreakGlass, true, iam.ManagedBySCIM
			return tx.UpdateUser(u)
		})
		role := w.role("R", "", "a:b:c")
		w.group("G", role.ID, ada)
		m := w.member("ada@example.com")
		if len(m.Roles) != 1 || m.Roles[0].Role.ID != iam.RoleAdmin || len(m.Warnings) != 1 || !strings.Contains(m.Warnings[0], "deactivated by the identity provider") {
			t.Errorf("the kept Admin is listed as %+v, want direct Admin only and the reason", m)
		}
		w.refused(iam.KindConflict, "the identity provider deactivated", func() error { return w.setRoles("ada@example.com", "Admin", "R") })
		w.refused(iam.KindConflict, "cannot be removed", func() error { return w.remove("ada@example.com") })
		w.manual("ann@example.com")
		w.ok(w.setRoles("ann@example.com", "Admin"))
		if _, _, err := w.AdminLink(t.Context(), iam.Operator, w.org, "ann@example.com"); err != nil {
			t.Fatal(err)
		}
		w.ok(w.remove("ada@example.com"))
		if m := w.member("ada@example.com"); m.Status != iam.StatusInactive {
			t.Errorf("the removed SCIM user is %+v, want inactive", m)
		}
	})
}

func TestRemoveMember_scimUserIsDeactivated(t *testing.T) {
	each(t, func(w *world) {
		w.enable()
		ann := w.user("ann@example.com")
		group := w.group("G", w.role("R", "").ID, ann)
		w.ok(w.setRoles("ann@example.com", "Billing"))
		before := must[store.User](t)(w.db.Read(t.Context()).User(w.org, ann))
		// As SCIM that was off while she was inactive leaves it behind.
		w.write(func(tx *store.Tx) error {
			_, err := tx.InsertInvitation(w.org, store.Invitation{ID: "i", Email: "ann@example.com"}, iam.HashSecret("t"), []iam.RoleID{iam.RoleBilling})
			return err
		})
		w.audited(func() error { return w.remove("ann@example.com") }, "organization_invite_delete ann@example.com", "organization_member_delete ann@example.com")
		after := must[store.User](t)(w.db.Read(t.Context()).User(w.org, ann))
		if after.Status != iam.StatusInactive || after.Version != before.Version+1 || after.Doc != before.Doc {
			t.Errorf("the user is %+v, was %+v", after, before)
		}
		if in := must[bool](t)(w.db.Read(t.Context()).IsGroupMember(w.org, group, ann)); !in {
			t.Error("the user lost his group, and would come back without its role")
		}
		if direct := must[[]iam.RoleRef](t)(w.db.Read(t.Context()).DirectRoles(w.org, ann)); len(direct) != 0 {
			t.Errorf("the user keeps direct roles %v", direct)
		}
		w.refused(iam.KindNotFound, "is deactivated", func() error { return w.remove("ann@example.com") })
	})
}

func TestRemoveMember_othersAreDeleted(t *testing.T) {
	each(t, func(w *world) {
		ann := w.manual("ann@example.com")
		w.ok(w.setRoles("ann@example.com", "Admin"))
		if _, _, err := w.AdminLink(t.Context(), iam.Operator, w.org, "ann@example.com"); err != nil {
			t.Fatal(err)
		}
		w.audited(func() error { return w.remove(string(ann)) }, "organization_member_delete ann@example.com")
		if members := must[[]iam.Member](t)(w.Members(t.Context(), w.org, true)); len(members) != 1 {
			t.Errorf("members %+v, want Ada alone", members)
		}
		w.refused(iam.KindNotFound, "no member", func() error { return w.remove("ann@example.com") })
		w.refused(iam.KindConflict, "last Admin who can get in without the identity provider and cannot be removed", func() error { return w.remove("ada@example.com") })
	})
}

func TestInvite(t *testing.T) {
	each(t, func(w *world) {
		invite := func(email string, roles ...string) func() error {
			return func() error {
				_, err := w.Invite(t.Context(), iam.Operator, w.org, email, roles)
				return err
			}
		}
		first := must[access.Invited](t)(w.Invite(t.Context(), iam.Operator, w.org, "Eve@Example.com", []string{"Billing"}))
		if prefix := "https://rollcall.example/invitation/" + string(w.org) + "/" + string(first.ID) + "/"; !strings.HasPrefix(first.URL, prefix) || !first.ExpiresAt.Equal(start.Add(access.InvitationLifetime)) {
			t.Errorf("invitation %+v, want a link below %s", first, prefix)
		}
		w.audited(invite("eve@example.com", "Member"), "organization_invite_delete eve@example.com", "organization_invite_create eve@example.com")
		pending := must[[]store.Invitation](t)(w.db.Read(t.Context()).Invitations(w.org))
		if len(pending) != 1 || pending[0].ID == first.ID || pending[0].Email != "eve@example.com" || pending[0].InvitedBy != "command line" {
			t.Errorf("pending invitations %+v, want the second alone", pending)
		}
		roles := must[[]iam.RoleRef](t)(w.db.Read(t.Context()).InvitationRoles(w.org, pending[0].ID))
		if len(roles) != 1 || roles[0].ID != iam.RoleMember {
			t.Errorf("the invitation gives %v, want Member", roles)
		}

		w.enable()
		ann := w.user("ann@example.com")
		w.refused(iam.KindInvalid, "not an e-mail address", invite("eve"))
		w.refused(iam.KindNotFound, `no role "Owner"`, invite("x@example.com", "Owner"))
		w.refused(iam.KindConflict, "is a member of this organization already", invite("ada@example.com"))
		w.refused(iam.KindConflict, "manages by SCIM", invite("ANN@example.com"))
		w.deactivate(ann)
		w.refused(iam.KindConflict, "manages by SCIM", invite("ann@example.com"))
		must[access.SCIMView](t)(w.DisableSCIM(t.Context(), iam.Operator, w.org))
		w.ok(invite("ann@example.com")())
	})
}
