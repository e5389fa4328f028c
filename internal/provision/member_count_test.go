package provision_test

import (
	"testing"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// The number of members is told from counters and a few rows: it stays what reading all
// members would say, whatever SCIM does.
func TestCountMembers_throughAllThatHappens(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		check := func(what string) {
			w.t.Helper()
			members, err := w.read().MembersAfter(w.org, "", 100, false)
			if err != nil {
				w.t.Fatal(err)
			}
			want := store.MemberCount{All: len(members)}
			for _, m := range members {
				if m.ManagedBy == iam.ManagedBySCIM {
					want.SCIM++
				}
			}
			got, err := w.read().CountMembers(w.org)
			if err != nil || got != want {
				w.t.Errorf("%s: %+v (%v), want %+v", what, got, err, want)
			}
		}
		ok := func(what string, err error) {
			w.t.Helper()
			if err != nil {
				w.t.Fatalf("%s: %v", what, err)
			}
			check(what)
		}
		check("at the beginning")
		ada, bea := w.user("ada@example.com"), w.user("bea@example.com")
		check("two came")
		_, err := w.createUser(`{"userName":"cy@example.com","active":false}`)
		ok("an inactive one came", err)
		_, err = w.patchUser(ada, `{"op":"replace","path":"active","value":false}`)
		ok("one was deactivated", err)
		_, err = w.patchUser(ada, `{"op":"replace","path":"active","value":true}`)
		ok("and activated", err)
		_, err = w.putUser(bea, `{"userName":"bea@example.com","active":false}`)
		ok("one was deactivated by PUT", err)
		ok("and deleted", w.deleteUser(bea))
		ok("a member was deleted", w.deleteUser(ada))
		w.write(func(tx *store.Tx) error {
			_, err := tx.InsertUser(store.User{
				Org: w.org, ID: iam.MemberID(w.db.NewID()), LoginKey: "dan@example.com", UserName: "dan@example.com",
				Status: iam.StatusActive, ManagedBy: iam.ManagedBySAML, Doc: "{}", Version: 1, CreatedAt: day, UpdatedAt: day,
			})
			return err
		})
		check("one signed in for the first time")
		dan := w.user("dan@example.com")
		check("and was adopted")
		ok("and deleted", w.deleteUser(dan))
	})
}
