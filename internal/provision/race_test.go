package provision_test

import (
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
