package provision_test

import (
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// interleaved runs a behaviour on PostgreSQL, where transactions overlap; SQLite
// has one writer. d makes something happen before a statement of the request.
func interleaved(t *testing.T, run func(w *world, d *storetest.Driver)) {
	t.Helper()
	d := &storetest.Driver{}
	db := storetest.Open(t, "postgres", store.Options{Now: day.UTC, Wrap: d.Wrap})
	run(newWorld(t, db), d)
}

// The looks of a POST at the holder of its userName, in order. Another request may
// take the holder away before each.
var looksAtHolder = []storetest.Fault{
	{Match: storetest.SQL("AND login_key = $2")},
	{Match: storetest.SQL("AND login_key = $2"), Skip: 1},
	{Match: storetest.SQL("AND id = $2 FOR UPDATE")},
}

func TestCreateUser_holderGoesMeanwhile(t *testing.T) {
	t.Parallel()
	interleaved(t, func(w *world, d *storetest.Driver) {
		holders := map[string]func(address string) (goes func()){
			"deleted": func(address string) func() {
				id := w.user(address)
				return func() { ok(t, w.deleteUser(id)) }
			},
			"renamed": func(address string) func() {
				id := w.user(address)
				return func() {
					_, err := w.patchUser(id, `{"op":"replace","path":"userName","value":"was-`+address+`"}`)
					ok(t, err)
				}
			},
			"removed by an admin": func(address string) func() {
				id := w.member(address)
				return func() {
					w.write(func(tx *store.Tx) error { return tx.DeleteUser(w.org, id, day) })
				}
			},
			"adopted and renamed": func(address string) func() {
				w.member(address)
				return func() {
					_, err := w.patchUser(w.user(address), `{"op":"replace","path":"userName","value":"was-`+address+`"}`)
					ok(t, err)
				}
			},
		}
		n := 0
		for how, make := range holders {
			for i, look := range looksAtHolder {
				n++
				address := string(rune('a'+n)) + "@example.com"
				look.Do = make(address)
				d.Reset()
				d.Inject(look)
				made, err := w.createUser(`{"userName":"` + address + `"}`)
				if err != nil {
					wantError(t, err, 409, "uniqueness", address)
					continue
				}
				if _, err := w.getUser(made.ID); err != nil {
					t.Errorf("holder %s before look %d: answered 201 with the id %q, and there is no such user: %v", how, i+1, made.ID, err)
				}
			}
		}
	})
}

func TestUserName_lostRace(t *testing.T) {
	t.Parallel()
	interleaved(t, func(w *world, d *storetest.Driver) {
		id := w.user("ana@example.com")
		d.Inject(storetest.Fault{Match: storetest.SQL("UPDATE users"), Do: func() { w.user("bob@example.com") }})
		_, err := w.patchUser(id, `{"op":"replace","path":"userName","value":"bob@example.com"}`)
		wantError(t, err, 409, "uniqueness", `userName "bob@example.com" was taken by another user at this very moment`)
	})
}

// Groups that a user joins or leaves while he is deleted: every group that loses
// him has its event and its new version, and no other has.
func TestDeleteUser_groupsChangeMeanwhile(t *testing.T) {
	t.Parallel()
	interleaved(t, func(w *world, d *storetest.Driver) {
		for _, moment := range []string{"DELETE FROM group_members", "UPDATE groups", "AND id = $2 FOR UPDATE"} {
			id := w.user(strings.ToLower(moment[:1]) + "@example.com")
			stays, joined := w.group("Stays "+moment, id), w.group("Joined "+moment)
			before := len(w.audit())
			d.Reset()
			d.Inject(storetest.Fault{Match: storetest.SQL(moment), Do: func() { ok(t, w.addMember(joined, id)) }})
			ok(t, w.deleteUser(id))
			if d.Pending() > 0 {
				t.Fatalf("no statement %q", moment)
			}
			for _, group := range []string{stays, joined} {
				wantEqual(t, moment+": members", w.members(group), []string{})
				removed := 0
				for _, e := range w.audit()[before:] {
					if _, any := e.Details["membersRemoved"]; any && e.TargetID == group {
						removed++
					}
				}
				wantEqual(t, moment+": events that tell of "+group, removed, 1)
			}
			g, err := w.read().Group(w.org, iam.GroupID(joined))
			ok(t, err)
			wantEqual(t, moment+": version of the group joined", g.Version, int64(3))
		}

		id := w.user("left@example.com")
		left := w.group("Left", id)
		d.Reset()
		d.Inject(storetest.Fault{Match: storetest.SQL("FROM groups"), Do: func() { ok(t, w.removeMember(left, id)) }})
		ok(t, w.deleteUser(id))
		g, err := w.read().Group(w.org, iam.GroupID(left))
		ok(t, err)
		wantEqual(t, "version of a group that he had left", g.Version, int64(2))
	})
}

// member puts a member there whom SCIM does not manage.
func (w *world) member(address string) iam.MemberID {
	w.t.Helper()
	id := iam.MemberID(w.db.NewID())
	w.write(func(tx *store.Tx) error {
		_, err := tx.InsertUser(store.User{Org: w.org, ID: id, LoginKey: address, UserName: address, Status: iam.StatusActive,
			ManagedBy: iam.ManagedBySAML, Doc: "{}", Version: 1, CreatedAt: day, UpdatedAt: day})
		return err
	})
	return id
}
