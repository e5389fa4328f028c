package provision_test

import (
	"testing"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// admin makes a member who holds Admin directly and has local sign-in.
func (w *world) admin(address string) iam.MemberID {
	w.t.Helper()
	id := iam.MemberID(w.db.NewID())
	w.write(func(tx *store.Tx) error {
		if _, err := tx.InsertUser(store.User{Org: w.org, ID: id, LoginKey: address, UserName: address, Status: iam.StatusActive,
			ManagedBy: iam.ManagedByAdmin, Doc: "{}", Version: 1, CreatedAt: day, UpdatedAt: day}); err != nil {
			return err
		}
		if err := tx.SetDirectRoles(w.org, id, []iam.RoleID{iam.RoleAdmin, iam.RoleBilling}); err != nil {
			return err
		}
		_, err := tx.PutSignInLink(w.org, id, address, iam.HashSecret("link"), day, day)
		return err
	})
	return id
}

func TestBreakGlass_lastOneStaysWhenDeactivated(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		w.admin("root@example.com")
		d, err := w.createUser(`{"userName":"root@example.com"}`)
		ok(w.t, err)
		group := w.group("Ops", d.ID)
		types := w.since(func() {
			answer, err := w.patchUser(d.ID, disable)
			ok(w.t, err)
			wantEqual(w.t, "answered as usual", answer.Active, false)
		})
		wantEqual(w.t, "events", types, []string{"organization_break_glass_kept", "organization_member_delete"})
		wantEqual(w.t, "local sign-in and direct Admin only", w.held(d.ID), []string{"Admin (direct)"})
		wantEqual(w.t, "still in his groups", len(w.members(group)), 1)
		types = w.since(func() { _, err := w.patchUser(d.ID, disable); ok(w.t, err) })
		wantEqual(w.t, "again: no change", len(types), 0)
		_, err = w.patchUser(d.ID, enable)
		ok(w.t, err)
		wantEqual(w.t, "restored", w.held(d.ID), []string{"Admin (direct)", "Ops (group Ops)"})
	})
}

func TestBreakGlass_lastOneStaysWhenDeleted(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		w.admin("root@example.com")
		d, err := w.createUser(`{"userName":"root@example.com"}`)
		ok(w.t, err)
		types := w.since(func() { ok(w.t, w.deleteUser(d.ID)) })
		wantEqual(w.t, "events", types, []string{"organization_break_glass_kept", "organization_member_delete"})
		_, err = w.getUser(d.ID)
		wantError(w.t, err, 404, "")
		admins, err := w.read().BreakGlassAdmins(w.org)
		ok(w.t, err)
		if len(admins) != 1 || string(admins[0].Member) == d.ID {
			t.Fatalf("break-glass Admins %v; want one, under a new id", admins)
		}
		wantEqual(w.t, "roles", w.held(string(admins[0].Member)), []string{"Admin (direct)"})
		again, err := w.createUser(`{"userName":"root@example.com"}`)
		ok(w.t, err)
		wantEqual(w.t, "a new POST takes him over", again.ID, string(admins[0].Member))
	})
}

func TestBreakGlass_oneOfTwoGoes(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		w.admin("root@example.com")
		w.admin("spare@example.com")
		d, err := w.createUser(`{"userName":"root@example.com"}`)
		ok(w.t, err)
		types := w.since(func() { _, err := w.patchUser(d.ID, disable); ok(w.t, err) })
		wantEqual(w.t, "events", types, []string{"organization_member_delete"})
		events := w.audit()
		wantEqual(w.t, "what he lost", events[len(events)-1].Details, map[string]any{
			"reason": "deactivated", "directRoles": []string{"Admin (system)", "Billing (system)"}, "localSignIn": "removed"})
		wantEqual(w.t, "roles", len(w.held(d.ID)), 0)
		if _, err := w.read().LocalSignIn(w.org, iam.MemberID(d.ID)); iam.KindOf(err) != iam.KindNotFound {
			t.Errorf("his local sign-in is still there (%v): made an Admin again, his old password would work", err)
		}
		ok(w.t, w.deleteUser(d.ID))
	})
}
