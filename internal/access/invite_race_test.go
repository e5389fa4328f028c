package access_test

import (
	"context"
	"testing"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// An invitation and a new SCIM user of one address, at the same time: whichever is
// first, the user is there and no invitation is left (D5). On PostgreSQL alone,
// where transactions overlap.
func TestInvite_whileSCIMCreates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "postgres")
	w.enable()
	const email = "eve@example.com"
	invite := func() error {
		_, err := w.Invite(t.Context(), iam.Operator, w.org, email, nil)
		return err
	}
	// What a POST of SCIM does, and what happens before it commits.
	create := func(then func()) error {
		return w.db.Write(context.WithoutCancel(t.Context()), func(tx *store.Tx) error {
			u := store.User{Org: w.org, ID: iam.MemberID(w.db.NewID()), LoginKey: email, UserName: email, Status: iam.StatusActive,
				ManagedBy: iam.ManagedBySCIM, SCIM: true, Doc: "{}", Version: 1, CreatedAt: start, UpdatedAt: start}
			if added, err := tx.InsertUser(u); err != nil || !added {
				t.Errorf("the user was not added: %v", err)
				return err
			}
			if _, err := tx.DropInvitation(w.org, email); err != nil {
				return err
			}
			then()
			return nil
		})
	}
	// during runs other up to where it asks for the address, which the first holds, and
	// returns what is left of it.
	during := func(other func() error) (rest chan error) {
		asks, done := make(chan struct{}), make(chan error, 1)
		w.sql.Inject(storetest.Fault{Match: storetest.SQL("INSERT INTO users"), Do: func() { close(asks) }})
		go func() { done <- other() }()
		select {
		case <-asks:
		case err := <-done:
			done <- err
		}
		return done
	}
	check := func(what string) {
		t.Helper()
		if pending := must[[]store.Invitation](t)(w.db.Read(t.Context()).Invitations(w.org)); len(pending) > 0 {
			t.Errorf("%s: the SCIM user has a pending invitation", what)
		}
		if m := w.member(email); m.ManagedBy != iam.ManagedBySCIM {
			t.Errorf("%s: %+v", what, m)
		}
	}

	var rest chan error
	w.ok(create(func() { rest = during(invite) }))
	if err := <-rest; iam.KindOf(err) != iam.KindConflict {
		t.Errorf("invited while SCIM made a user of the address: %v, want a conflict", err)
	}
	check("SCIM first")

	id := w.member(email).ID
	w.write(func(tx *store.Tx) error { return tx.DeleteUser(w.org, id, start) })
	w.sql.Inject(storetest.Fault{Match: storetest.SQL("INSERT INTO invitations"), Do: func() {
		rest = during(func() error { return create(func() {}) })
	}})
	w.ok(invite())
	w.ok(<-rest)
	check("invitation first")
}
