package store_test

import (
	"fmt"
	"testing"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

func TestCountRoleMembers_eachOnce(t *testing.T) {
	eachTwo(t, func(t *testing.T, db *store.DB, here, there iam.OrganizationID) {
		users := make([]iam.MemberID, 4)
		for i := range users {
			users[i] = iam.MemberID(db.NewID())
			write(t, db, func(tx *store.Tx) error {
				name := fmt.Sprintf("u%d@x.example", i)
				_, err := tx.InsertUser(store.User{Org: here, ID: users[i], LoginKey: name, UserName: name, Status: iam.StatusActive,
					ManagedBy: iam.ManagedBySCIM, SCIM: true, Doc: "{}", Version: 1, CreatedAt: epoch, UpdatedAt: epoch})
				return err
			})
		}
		role := iam.RoleID(db.NewID())
		write(t, db, func(tx *store.Tx) error {
			_, err := tx.InsertRole(here, iam.Role{ID: role, Name: "R", Type: iam.RoleCustom, Source: iam.SourceAdmin}, epoch)
			return err
		})
		link := func(name string, members ...iam.MemberID) {
			id := iam.GroupID(db.NewID())
			write(t, db, func(tx *store.Tx) error {
				if _, err := tx.InsertGroup(store.Group{Org: here, ID: id, DisplayName: name, NameKey: name, Role: role, Doc: "{}", Version: 1, CreatedAt: epoch, UpdatedAt: epoch}); err != nil {
					return err
				}
				_, err := tx.AddGroupMembers(here, id, members)
				return err
			})
		}
		expect := func(what string, org iam.OrganizationID, want int) {
			t.Helper()
			if n, err := db.Read(t.Context()).CountRoleMembers(org, role); err != nil || n != want {
				t.Errorf("%s: %d members, %v; want %d", what, n, err, want)
			}
		}
		expect("no group", here, 0)
		link("a", users[0], users[1])
		expect("one group", here, 2)
		link("b", users[1], users[2])
		expect("two groups with one in both", here, 3)
		expect("another organization", there, 0)
	})
}

// What HoldLogin holds is nobody's, and it leaves nothing behind.
func TestHoldLogin(t *testing.T) {
	eachTwo(t, func(t *testing.T, db *store.DB, here, there iam.OrganizationID) {
		const key = "eve@x.example"
		expectAdded(t, db, "free", true, func(tx *store.Tx) (bool, error) { return tx.HoldLogin(here, key) })
		expectAdded(t, db, "free again", true, func(tx *store.Tx) (bool, error) { return tx.HoldLogin(here, key) })
		write(t, db, func(tx *store.Tx) error {
			_, err := tx.InsertUser(store.User{Org: here, ID: "u", LoginKey: key, UserName: key, Status: iam.StatusInactive, ManagedBy: iam.ManagedBySCIM, Doc: "{}"})
			return err
		})
		expectAdded(t, db, "taken", false, func(tx *store.Tx) (bool, error) { return tx.HoldLogin(here, key) })
		expectAdded(t, db, "free elsewhere", true, func(tx *store.Tx) (bool, error) { return tx.HoldLogin(there, key) })
		if u, err := db.Read(t.Context()).UserByLogin(here, key); err != nil || u.ID != "u" {
			t.Errorf("the holder is %+v, %v", u, err)
		}
	})
}
