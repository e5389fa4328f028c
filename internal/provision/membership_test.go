package provision_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
	"github.com/rollcall/rollcall/scim"
)

func TestMembers_forms(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		ids := w.people(6)
		group := w.group("Ops", ids[0], ids[1])
		steps := []struct {
			name, ops string
			want      []string
		}{
			{"add several, one there already", `{"op":"Add","path":"members","value":[{"value":"` + ids[1] + `"},{"value":"` + ids[2] + `"}]}`, ids[0:3]},
			{"add a bare string", `{"op":"add","path":"members","value":"` + ids[3] + `"}`, ids[0:4]},
			{"remove a list", `{"op":"Remove","path":"members","value":[{"$ref":null,"value":"` + ids[0] + `"}]}`, ids[1:4]},
			{"remove by filter", `{"op":"remove","path":"members[value eq \"` + ids[1] + `\"]"}`, ids[2:4]},
			{"remove by display", `{"op":"remove","path":"members[display eq \"X Person\"]"}`, ids[3:4]},
			{"add and remove the same", `{"op":"add","path":"members","value":[{"value":"` + ids[5] + `"}]},{"op":"remove","path":"members[value eq \"` + ids[5] + `\"]"}`, ids[3:4]},
			{"replace", `{"op":"replace","path":"members","value":[{"value":"` + ids[4] + `"},{"value":"` + ids[3] + `"}]}`, ids[3:5]},
			{"without a path", `{"op":"replace","value":{"displayName":"Ops","members":[{"value":"` + ids[0] + `"}]}}`, ids[0:1]},
			{"remove all", `{"op":"remove","path":"members"}`, []string{}},
		}
		for _, s := range steps {
			ok(w.t, w.patchGroup(group, s.ops))
			wantEqual(w.t, s.name, w.members(group), s.want)
		}
		d, err := w.s.ReplaceGroup(w.t.Context(), w.caller, group, object(w.t, `{"displayName":"Ops","members":[{"value":"`+ids[2]+`"}]}`), noMatch, &w.trail)
		ok(w.t, err)
		_, err = w.s.ReplaceGroup(w.t.Context(), w.caller, d.ID, object(w.t, `{"displayName":"Ops 2"}`), noMatch, &w.trail)
		ok(w.t, err)
		wantEqual(w.t, "PUT without members leaves them", w.members(group), ids[2:3])
		_, err = w.s.ReplaceGroup(w.t.Context(), w.caller, d.ID, object(w.t, `{"displayName":"Ops 2","members":[]}`), noMatch, &w.trail)
		ok(w.t, err)
		wantEqual(w.t, "an empty list empties", w.members(group), []string{})
	})
}

func TestMembers_oneEventWithTheIDs(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		ids := w.people(3)
		group := w.group("Ops", ids[0])
		types := w.since(func() {
			ok(w.t, w.patchGroup(group, `{"op":"add","path":"members","value":[{"value":"`+ids[1]+`"},{"value":"`+ids[2]+`"}]},{"op":"remove","path":"members[value eq \"`+ids[0]+`\"]"}`))
		})
		wantEqual(w.t, "events", types, []string{"scim_group_update"})
		events := w.audit()
		last := events[len(events)-1]
		wantEqual(w.t, "added", last.Details["membersAdded"], any([]any{ids[1], ids[2]}))
		wantEqual(w.t, "removed", last.Details["membersRemoved"], any([]any{ids[0]}))
		for _, id := range ids {
			history, err := w.read().AuditEvents(w.org, store.AuditQuery{Target: id, Limit: 100})
			ok(w.t, err)
			if !slices.ContainsFunc(history, func(e iam.AuditEvent) bool { return e.ID == last.ID }) {
				t.Errorf("the history of %s lacks the group's event", id)
			}
		}
	})
}

func TestMembers_inactiveUsersCount(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		id := w.user("ana@example.com")
		_, err := w.patchUser(id, disable)
		ok(w.t, err)
		group := w.group("Ops", id)
		wantEqual(w.t, "listed", w.members(group), []string{id})
		wantEqual(w.t, "no roles while inactive", len(w.held(id)), 0)
		_, err = w.patchUser(id, enable)
		ok(w.t, err)
		wantEqual(w.t, "roles of his groups", w.held(id), []string{"Ops (group Ops)"})
	})
}

func TestMove_orderOfTheTwoPatchesIsIrrelevant(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		w.role("Admin", "ClickHouse-Admins", iam.PermOrganizationManage)
		w.role("Read-only", "ClickHouse-Read-only", iam.PermOrganizationView)
		admins, readers := w.group("ClickHouse-Admins"), w.group("ClickHouse-Read-only")
		for _, removeFirst := range []bool{true, false} {
			address := "b@example.com"
			if removeFirst {
				address = "a@example.com"
			}
			id := w.user(address)
			ok(w.t, w.addMember(admins, id))
			wantEqual(w.t, "before", w.held(id), []string{"Admin (group ClickHouse-Admins)"})
			if removeFirst {
				ok(w.t, w.removeMember(admins, id))
				wantEqual(w.t, "between", w.held(id), []string{"Member (default)"})
				ok(w.t, w.addMember(readers, id))
			} else {
				ok(w.t, w.addMember(readers, id))
				ok(w.t, w.removeMember(admins, id))
			}
			wantEqual(w.t, "after", w.held(id), []string{"Read-only (group ClickHouse-Read-only)"})
		}
	})
}

func TestGroup_etagCoversMembers(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		id := w.user("ana@example.com")
		group := w.group("Ops")
		d, err := w.s.PatchGroup(w.t.Context(), w.caller, group, patchOf(w.t, `{"op":"add","path":"members","value":[{"value":"`+id+`"}]}`), provision.ParseMatch(`W/"1"`), nil)
		ok(w.t, err)
		wantEqual(w.t, "after a member came", d.ETag(), `W/"2"`)
		_, err = w.s.PatchGroup(w.t.Context(), w.caller, group, patchOf(w.t, `{"op":"remove","path":"members"}`), provision.ParseMatch(`W/"1"`), nil)
		wantError(w.t, err, 412, "")
		user, err := w.getUser(id)
		ok(w.t, err)
		wantEqual(w.t, "the user's ETag covers his own document only", user.ETag(), `W/"1"`)
	})
}

// What is said of an operation names its place in the request, also when others of
// its kind are carried out before (D14).
func TestPatchGroup_placesOfOperations(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		id := w.user("ana@example.com")
		group := w.group("Ops")
		add := `{"op":"add","path":"members","value":[{"value":"` + id + `"}]}`
		err := w.patchGroup(group, add+`,{"op":"replace","path":"displayName","value":{"a":1}}`)
		wantError(w.t, err, 400, "invalidValue", "operation 2 (replace displayName)")
		ok(w.t, w.patchGroup(group, add+`,{"op":"replace","path":"displayName","value":"Ops"},{"op":"remove","path":"members"},{"op":"replace","path":"externalId","value":"x"}`))
		var said []string
		for _, v := range w.trail.Verdicts {
			said = append(said, v.Op+" "+v.Path+": "+v.Verdict)
		}
		wantEqual(w.t, "verdicts", said, []string{"add members: applied", "replace displayName: no change", "remove members: applied", "replace externalId: applied"})
	})
}

// A PUT touches the rows that differ: of a large group neither the users nor the
// memberships that stay.
func TestReplaceGroup_touchesWhatDiffers(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			d := &storetest.Driver{}
			w := newWorld(t, storetest.Open(t, engine, store.Options{Now: day.UTC, Wrap: d.Wrap}))
			ids := w.people(12)
			group := w.group("Ops", ids[:11]...)
			list := []any{}
			for _, id := range ids[1:] {
				list = append(list, scim.Object{"value": id})
			}
			d.Reset()
			_, err := w.s.ReplaceGroup(t.Context(), w.caller, group, scim.Object{"displayName": "Ops", "members": list}, noMatch, nil)
			ok(t, err)
			wantEqual(t, "members", w.members(group), ids[1:])
			for _, call := range d.Calls() {
				for _, stays := range ids[1:11] {
					if slices.Contains(call.Args, any(stays)) {
						t.Errorf("a statement names a member who stays: %s", call.SQL)
						break
					}
				}
			}
		})
	}
}

// What may take long does not share a commit with others.
func TestGroups_bigWrites(t *testing.T) {
	t.Parallel()
	interleaved(t, func(w *world, d *storetest.Driver) {
		ids := w.people(2)
		group, gone := w.group("Ops", ids...), w.group("Gone", ids...)
		put := func(body string) func() error {
			return func() error {
				_, err := w.s.ReplaceGroup(t.Context(), w.caller, group, object(t, body), noMatch, nil)
				return err
			}
		}
		many := make([]string, 1001)
		for i := range many {
			many[i] = fmt.Sprint("nobody", i)
		}
		for _, c := range []struct {
			what string
			act  func() error
			big  bool
		}{
			{"add one", func() error { return w.addMember(group, ids[0]) }, false},
			{"remove one", func() error { return w.removeMember(group, ids[0]) }, false},
			{"rename", func() error { return w.rename(group, "Ops 2") }, false},
			{"PUT without members", put(`{"displayName":"Ops 3"}`), false},
			{"PUT with members", put(`{"displayName":"Ops 3","members":[]}`), true},
			{"remove all", func() error { return w.patchGroup(group, `{"op":"remove","path":"members"}`) }, true},
			{"replace all", func() error { return w.patchGroup(group, `{"op":"replace","path":"members","value":[]}`) }, true},
			{"remove by display", func() error { return w.patchGroup(group, `{"op":"remove","path":"members[display eq \"x\"]"}`) }, true},
			{"POST", func() error { _, err := w.createGroup("Small", ids...); return err }, false},
			{"POST with many", func() error {
				_, err := w.createGroup("Large", many...)
				wantError(t, err, 400, "invalidValue", `"nobody0"`)
				return nil
			}, true},
			{"DELETE", func() error { return w.s.DeleteGroup(t.Context(), w.caller, gone, noMatch) }, true},
		} {
			d.Reset()
			ok(t, c.act())
			if big := d.Count("SET LOCAL statement_timeout = '10min'") > 0; big != c.big {
				t.Errorf("%s: big is %v, want %v", c.what, big, c.big)
			}
		}
	})
}
