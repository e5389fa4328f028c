package provision_test

import (
	"slices"
	"testing"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/internal/store"
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
