package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// The guards of the schema that hold whatever the use cases above do: what is
// unique is answered by a count of rows, and never across organizations.

var epoch = time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)

// eachTwo runs a behaviour on both engines, with two organizations.
func eachTwo(t *testing.T, run func(t *testing.T, db *store.DB, here, there iam.OrganizationID)) {
	t.Helper()
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		db := open(store.Options{})
		orgs := make([]iam.OrganizationID, 2)
		for i := range orgs {
			orgs[i] = iam.OrganizationID(db.NewID())
			write(t, db, func(tx *store.Tx) error {
				return tx.InsertOrganization(iam.Organization{
					ID: orgs[i], Name: "Same name", Plan: iam.PlanEnterprise,
					Identity: iam.PolicyStandard, UnmappedGroups: iam.UnmappedCreate, CreatedAt: epoch,
				})
			})
		}
		run(t, db, orgs[0], orgs[1])
	})
}

func write(t *testing.T, db *store.DB, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := db.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// expectAdded runs a statement that reports whether it added something.
func expectAdded(t *testing.T, db *store.DB, what string, want bool, add func(tx *store.Tx) (bool, error)) {
	t.Helper()
	got := false
	write(t, db, func(tx *store.Tx) (err error) {
		got, err = add(tx)
		return err
	})
	if got != want {
		t.Errorf("%s: added is %v, want %v", what, got, want)
	}
}

func newUser(t *testing.T, db *store.DB, org iam.OrganizationID, login string) iam.MemberID {
	t.Helper()
	u := store.User{
		Org: org, ID: iam.MemberID(db.NewID()), LoginKey: login, UserName: login, Status: iam.StatusActive,
		ManagedBy: iam.ManagedByAdmin, Doc: "{}", Version: 1, CreatedAt: epoch, UpdatedAt: epoch,
	}
	expectAdded(t, db, "user "+login, true, func(tx *store.Tx) (bool, error) { return tx.InsertUser(u) })
	return u.ID
}

func TestRoles_uniqueInTheOrganization(t *testing.T) {
	eachTwo(t, func(t *testing.T, db *store.DB, here, there iam.OrganizationID) {
		role := func(name, field string) iam.Role {
			return iam.Role{ID: iam.RoleID(db.NewID()), Name: name, Type: iam.RoleCustom, Source: iam.SourceAdmin, SCIMGroup: field, Permissions: []iam.Permission{"a:b:c"}}
		}
		for _, test := range []struct {
			what string
			org  iam.OrganizationID
			role iam.Role
			want bool
		}{
			{"first", here, role("Admin", "G"), true},
			{"same name", here, role("Admin", ""), false},
			{"same field", here, role("Other", "G"), false},
			{"same name and field elsewhere", there, role("Admin", "G"), true},
			{"no field twice", here, role("Second", ""), true},
			{"no field again", here, role("Third", ""), true},
			{"another case", here, role("admin", "g"), true},
		} {
			expectAdded(t, db, test.what, test.want, func(tx *store.Tx) (bool, error) { return tx.InsertRole(test.org, test.role, epoch) })
		}
		claiming, err := db.Read(t.Context()).RolesClaiming(here, "Second")
		if err != nil || len(claiming) != 1 {
			t.Fatalf("roles that claim the name Second: %v, %v", claiming, err)
		}
		second := claiming[0]
		second.Name = "Third"
		if err := db.Write(t.Context(), func(tx *store.Tx) error { return tx.UpdateRole(here, second, epoch) }); iam.KindOf(err) != iam.KindConflict {
			t.Errorf("renaming a role to a taken name = %v, want a conflict", err)
		}
	})
}

func TestRoles_systemRolesStayAsTheyAre(t *testing.T) {
	eachTwo(t, func(t *testing.T, db *store.DB, here, _ iam.OrganizationID) {
		write(t, db, func(tx *store.Tx) error {
			if err := tx.UpdateRole(here, iam.Role{ID: iam.RoleAdmin, Name: "Mine", SCIMGroup: "G"}, epoch); err != nil {
				return err
			}
			return tx.DeleteRole(here, iam.RoleBilling)
		})
		roles, err := db.Read(t.Context()).Roles(here)
		if diff := cmp.Diff(iam.SystemRoles(), roles); diff != "" || err != nil {
			t.Errorf("system roles (-want +got): %s %v", diff, err)
		}
	})
}

func TestKeys_oneForEachSlot(t *testing.T) {
	eachTwo(t, func(t *testing.T, db *store.DB, here, there iam.OrganizationID) {
		insert := func(org iam.OrganizationID, id iam.KeyID, slot int) func(tx *store.Tx) (bool, error) {
			return func(tx *store.Tx) (bool, error) {
				return tx.InsertKey(org, iam.SCIMKey{ID: id, CreatedBy: "test", CreatedAt: epoch, ExpiresAt: epoch.Add(time.Hour)}, slot, iam.HashSecret("s"))
			}
		}
		expectAdded(t, db, "first", true, insert(here, "scim_a", 1))
		expectAdded(t, db, "taken slot", false, insert(here, "scim_b", 1))
		expectAdded(t, db, "other slot", true, insert(here, "scim_b", 2))
		expectAdded(t, db, "other organization", true, insert(there, "scim_a", 1))
		write(t, db, func(tx *store.Tx) error {
			if done, err := tx.RevokeKey(here, "scim_a", epoch); err != nil || !done {
				t.Errorf("RevokeKey = %v, %v", done, err)
			}
			if done, err := tx.RevokeKey(here, "scim_a", epoch); err != nil || done {
				t.Errorf("RevokeKey again = %v, %v", done, err)
			}
			held, err := tx.FreeSlots(here, epoch)
			if diff := cmp.Diff([]store.KeySlot{{Key: "scim_b", Slot: 2}}, held); diff != "" || err != nil {
				t.Errorf("held slots before the expiry (-want +got): %s %v", diff, err)
			}
			held, err = tx.FreeSlots(here, epoch.Add(time.Hour))
			if len(held) != 0 || err != nil {
				t.Errorf("held slots at the expiry: %v, %v", held, err)
			}
			return nil
		})
		elsewhere, err := db.Read(t.Context()).Key(there, "scim_a")
		if err != nil || !elsewhere.RevokedAt.IsZero() {
			t.Errorf("the other organization's key is %+v, %v", elsewhere, err)
		}
		if _, err := db.Read(t.Context()).CheckKey(there, "scim_b"); iam.KindOf(err) != iam.KindNotFound {
			t.Errorf("CheckKey of a foreign key = %v, want not found", err)
		}
	})
}

func TestLocalSignIn_oneAddressOneMember(t *testing.T) {
	eachTwo(t, func(t *testing.T, db *store.DB, here, there iam.OrganizationID) {
		ann, ben, eve := newUser(t, db, here, "ann@x.example"), newUser(t, db, here, "ben@x.example"), newUser(t, db, there, "ann@x.example")
		put := func(org iam.OrganizationID, m iam.MemberID, email string) func(tx *store.Tx) (bool, error) {
			return func(tx *store.Tx) (bool, error) {
				return tx.PutSignInLink(org, m, email, iam.HashSecret("link"), epoch.Add(time.Hour), epoch)
			}
		}
		expectAdded(t, db, "first", true, put(here, ann, "ann@x.example"))
		expectAdded(t, db, "taken address", false, put(here, ben, "ann@x.example"))
		expectAdded(t, db, "other organization", true, put(there, eve, "ann@x.example"))
		expectAdded(t, db, "renewed, whatever the address", true, put(here, ann, "new@x.example"))
		signin, err := db.Read(t.Context()).LocalSignIn(here, ann)
		want := store.LocalSignIn{Member: ann, Email: "ann@x.example", LinkExpiresAt: epoch.Add(time.Hour), CreatedAt: epoch}
		if diff := cmp.Diff(want, signin); diff != "" || err != nil {
			t.Errorf("local sign-in (-want +got): %s %v", diff, err)
		}
		write(t, db, func(tx *store.Tx) error { return tx.MoveLocalSignIn(here, ann, ben) })
		if signin, err := db.Read(t.Context()).LocalSignInByEmail(here, "ann@x.example"); err != nil || signin.Member != ben {
			t.Errorf("after the move: %+v, %v", signin, err)
		}
	})
}

func TestBreakGlassAdmins(t *testing.T) {
	eachTwo(t, func(t *testing.T, db *store.DB, here, there iam.OrganizationID) {
		local, remote, billing := newUser(t, db, here, "l@x.example"), newUser(t, db, here, "r@x.example"), newUser(t, db, here, "b@x.example")
		elsewhere := newUser(t, db, there, "l@x.example")
		write(t, db, func(tx *store.Tx) error {
			for member, role := range map[iam.MemberID]iam.RoleID{local: iam.RoleAdmin, remote: iam.RoleAdmin, billing: iam.RoleBilling} {
				if err := tx.SetDirectRoles(here, member, []iam.RoleID{role}); err != nil {
					return err
				}
			}
			if err := tx.SetDirectRoles(there, elsewhere, []iam.RoleID{iam.RoleAdmin}); err != nil {
				return err
			}
			for _, member := range []iam.MemberID{local, billing} {
				// A link past its date counts: whoever runs the server renews it.
				if _, err := tx.PutSignInLink(here, member, string(member)+"@x.example", iam.HashSecret("link"), epoch.Add(-time.Hour), epoch); err != nil {
					return err
				}
			}
			return nil
		})
		expect := func(what string, want []iam.BreakGlass) {
			t.Helper()
			got, err := db.Read(t.Context()).BreakGlassAdmins(here)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%s (-want +got): %s %v", what, diff, err)
			}
		}
		expect("Admin with local sign-in", []iam.BreakGlass{{Member: local}})
		write(t, db, func(tx *store.Tx) error {
			u, err := tx.LockUser(here, local)
			if err != nil {
				return err
			}
			u.Status = iam.StatusInactive
			return tx.UpdateUser(u)
		})
		expect("inactive", nil)
	})
}

func TestInvitations_oneForAnAddress(t *testing.T) {
	eachTwo(t, func(t *testing.T, db *store.DB, here, there iam.OrganizationID) {
		invite := func(org iam.OrganizationID, email string) func(tx *store.Tx) (bool, error) {
			i := store.Invitation{ID: iam.InvitationID(db.NewID()), Email: email, InvitedBy: "test", CreatedAt: epoch, ExpiresAt: epoch.Add(time.Hour)}
			return func(tx *store.Tx) (bool, error) {
				return tx.InsertInvitation(org, i, iam.HashSecret("token"), []iam.RoleID{iam.RoleBilling, iam.RoleAdmin})
			}
		}
		expectAdded(t, db, "first", true, invite(here, "eve@x.example"))
		expectAdded(t, db, "same address", false, invite(here, "eve@x.example"))
		expectAdded(t, db, "other organization", true, invite(there, "eve@x.example"))
		pending, err := db.Read(t.Context()).Invitations(here)
		if err != nil || len(pending) != 1 || pending[0].Email != "eve@x.example" {
			t.Fatalf("pending %v, %v; want one", pending, err)
		}
		roles, err := db.Read(t.Context()).InvitationRoles(here, pending[0].ID)
		if err != nil || len(roles) != 2 || roles[0].Name != "Admin" || roles[1].Name != "Billing" {
			t.Errorf("roles %v, %v; want Admin and Billing", roles, err)
		}
		if with, err := db.Read(t.Context()).InvitationsWithRole(here, iam.RoleBilling); err != nil || len(with) != 1 || with[0] != "eve@x.example" {
			t.Errorf("invitations with Billing: %v, %v", with, err)
		}
	})
}

func TestConnection_roundTrip(t *testing.T) {
	eachTwo(t, func(t *testing.T, db *store.DB, here, there iam.OrganizationID) {
		want := iam.Connection{
			Organization: here, IdPEntityID: "https://idp.example", SSOURL: "https://idp.example/sso", Metadata: []byte("<é/>"),
			MetadataURL: "https://idp.example/metadata", AllowPrivate: true, ConnectedAt: epoch, UpdatedAt: epoch,
			Certificates: []iam.Certificate{{SHA256: "ab", NotBefore: epoch, NotAfter: epoch.Add(time.Hour), DER: []byte{1, 2}}},
		}
		write(t, db, func(tx *store.Tx) error { return tx.PutConnection(want) })
		replaced := want
		replaced.IdPEntityID, replaced.ConnectedAt, replaced.UpdatedAt = "https://two.example", epoch.Add(time.Hour), epoch.Add(time.Hour)
		write(t, db, func(tx *store.Tx) error { return tx.PutConnection(replaced) })
		replaced.ConnectedAt = epoch
		got, err := db.Read(t.Context()).Connection(here)
		if diff := cmp.Diff(replaced, got); diff != "" || err != nil {
			t.Errorf("connection (-want +got): %s %v", diff, err)
		}
		if _, err := db.Read(t.Context()).Connection(there); iam.KindOf(err) != iam.KindNotFound {
			t.Errorf("the other organization's connection: %v, want not found", err)
		}
	})
}

// Metadata that is due is listed once, in the order of organizations, taken by one, and
// notes on it reach the connection they are about.
func TestConnection_metadataRefresh(t *testing.T) {
	eachTwo(t, func(t *testing.T, db *store.DB, here, there iam.OrganizationID) {
		const url = "https://idp.example/metadata"
		at := func(hours int) time.Time { return epoch.Add(time.Duration(hours) * time.Hour) }
		put := func(org iam.OrganizationID, url string, next time.Time) {
			c := iam.Connection{Organization: org, IdPEntityID: "https://idp.example", Metadata: []byte("<x/>"), MetadataURL: url, ConnectedAt: epoch, UpdatedAt: epoch}
			c.Refresh = iam.MetadataRefresh{ReadAt: epoch, NextAt: next}
			write(t, db, func(tx *store.Tx) error { return tx.PutConnection(c) })
		}
		due := func(now time.Time, want ...iam.OrganizationID) []store.DueMetadata {
			t.Helper()
			var all []store.DueMetadata
			var got []iam.OrganizationID
			for after := iam.OrganizationID(""); ; {
				page, err := db.Read(t.Context()).DueMetadata(after, now, 1)
				if err != nil {
					t.Fatal(err)
				}
				if len(page) == 0 {
					break
				}
				after = page[0].Organization
				all, got = append(all, page...), append(got, after)
			}
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("due at %s is %v, want %v", now, got, want)
			}
			return all
		}
		noted := func(org iam.OrganizationID, want iam.MetadataRefresh) {
			t.Helper()
			c, err := db.Read(t.Context()).Connection(org)
			if diff := cmp.Diff(want, c.Refresh); diff != "" || err != nil {
				t.Errorf("noted (-want +got): %s %v", diff, err)
			}
		}
		put(here, url, at(1))
		put(there, "", time.Time{})
		due(at(0))
		due(at(9), here)
		put(there, url, at(2))
		due(at(1), here)
		both := due(at(2), here, there)
		taken := func(d store.DueMetadata) (ok bool) {
			t.Helper()
			write(t, db, func(tx *store.Tx) (err error) { ok, err = tx.TakeMetadata(d, at(3)); return err })
			return ok
		}
		for _, d := range both {
			if !taken(d) || taken(d) {
				t.Errorf("%v was not taken once", d)
			}
		}
		due(at(2))
		write(t, db, func(tx *store.Tx) error { return tx.MetadataFailed(here, url, "away", at(4), at(5)) })
		write(t, db, func(tx *store.Tx) error { return tx.MetadataFailed(here, url, "still away", at(6), at(8)) })
		noted(here, iam.MetadataRefresh{NextAt: at(8), ReadAt: epoch, FailingSince: at(4), FailedAt: at(6), Failure: "still away"})
		noted(there, iam.MetadataRefresh{NextAt: at(3), ReadAt: epoch})
		write(t, db, func(tx *store.Tx) error { return tx.MetadataRead(here, "https://idp.example/former", at(7), at(9)) })
		write(t, db, func(tx *store.Tx) error { return tx.MetadataLater(there, url, at(10)) })
		noted(here, iam.MetadataRefresh{NextAt: at(8), ReadAt: epoch, FailingSince: at(4), FailedAt: at(6), Failure: "still away"})
		noted(there, iam.MetadataRefresh{NextAt: at(10), ReadAt: epoch})
		write(t, db, func(tx *store.Tx) error { return tx.MetadataRead(here, url, at(8), at(9)) })
		noted(here, iam.MetadataRefresh{NextAt: at(9), ReadAt: at(8)})
		write(t, db, func(tx *store.Tx) error { return tx.MetadataFailed(here, url, "away", at(9), at(10)) })
		put(here, url, at(11))
		noted(here, iam.MetadataRefresh{NextAt: at(11), ReadAt: epoch})
	})
}
