package provision_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/internal/store"
)

const disable = `{"op":"Replace","path":"active","value":"False"}`
const enable = `{"op":"Replace","path":"active","value":"True"}`

func TestDeactivation_byEveryPath(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		paths := map[string]func(id, address string) error{
			"PATCH": func(id, _ string) error { _, err := w.patchUser(id, disable); return err },
			"PUT": func(id, address string) error {
				_, err := w.putUser(id, `{"userName":"`+address+`","active":false}`)
				return err
			},
		}
		group := w.group("Ops")
		for name, act := range paths {
			address := strings.ToLower(name) + "@example.com"
			id := w.user(address)
			ok(w.t, w.addMember(group, id))
			w.write(func(tx *store.Tx) error {
				return tx.SetDirectRoles(w.org, iam.MemberID(id), []iam.RoleID{iam.RoleBilling})
			})
			types := w.since(func() { ok(w.t, act(id, address)) })
			wantEqual(w.t, name+" events", types, []string{"organization_member_delete"})
			wantEqual(w.t, name+" roles", len(w.held(id)), 0)
			d, err := w.getUser(id)
			ok(w.t, err)
			wantEqual(w.t, name+" still a SCIM user, in his groups", []any{d.Active, len(d.Groups)}, []any{false, 1})
			types = w.since(func() { _, err := w.patchUser(id, enable); ok(w.t, err) })
			wantEqual(w.t, name+" restored", types, []string{"scim_user_reactivate"})
			wantEqual(w.t, name+" roles after", w.held(id), []string{"Ops (group Ops)"})
			ok(w.t, w.removeMember(group, id))
			wantEqual(w.t, name+" default role, old direct role gone", w.held(id), []string{"Member (default)"})
		}
	})
}

func TestDeactivation_byPOST(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		d, err := w.createUser(`{"userName":"eve@example.com","active":false}`)
		ok(w.t, err)
		wantEqual(w.t, "no member", len(w.held(d.ID)), 0)
		_, err = w.createUser(`{"userName":"EVE@example.com"}`)
		wantError(w.t, err, 409, "uniqueness", d.ID)
		wantEqual(w.t, "a POST without active means true", len(w.held(w.user("new@example.com"))), 1)
	})
}

func TestPut_withoutActiveLeavesIt(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		id := w.user("ana@example.com")
		_, err := w.patchUser(id, disable)
		ok(w.t, err)
		d, err := w.putUser(id, `{"userName":"ana@example.com","displayName":"Ana"}`)
		ok(w.t, err)
		wantEqual(w.t, "active", d.Active, false)
	})
}

func TestDelete_isForGood(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		id := w.user("ana@example.com")
		group := w.group("Ops", id)
		before, err := w.s.GetGroup(w.t.Context(), w.caller, group, provision.Want{})
		ok(w.t, err)
		w.write(func(tx *store.Tx) error {
			return tx.SetDirectRoles(w.org, iam.MemberID(id), []iam.RoleID{iam.RoleBilling})
		})
		types := w.since(func() { ok(w.t, w.deleteUser(id)) })
		wantEqual(w.t, "events", types, []string{"organization_member_delete", "scim_group_update"})
		for _, target := range []string{group, id} {
			history, err := w.read().AuditEvents(w.org, store.AuditQuery{Target: target, NewestFirst: true, Limit: 10})
			ok(w.t, err)
			i := slices.IndexFunc(history, func(e iam.AuditEvent) bool { return e.Type == iam.SCIMGroupUpdate })
			if i < 0 || history[i].TargetID != group || history[i].TargetName != "Ops" {
				w.t.Fatalf("the history of %s does not tell that the group lost him: %v", target, history)
			}
			wantEqual(w.t, "who left", history[i].Details["membersRemoved"], any([]any{id}))
		}
		_, err = w.getUser(id)
		wantError(w.t, err, 404, "", id)
		wantError(w.t, w.deleteUser(id), 404, "")
		after, err := w.s.GetGroup(w.t.Context(), w.caller, group, provision.Want{})
		ok(w.t, err)
		if after.Version <= before.Version {
			t.Errorf("the group lost a member and kept its ETag %s", after.ETag())
		}
		wantEqual(w.t, "members", w.members(group), []string{})
		again := w.user("ana@example.com")
		if again == id {
			t.Error("the id was used again")
		}
		wantEqual(w.t, "nothing of the old", w.held(again), []string{"Member (default)"})
	})
}

func TestMember_unknownAndDeletedIDs(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		ana, bob := w.user("ana@example.com"), w.user("bob@example.com")
		group := w.group("Ops", ana)
		ok(w.t, w.deleteUser(bob))
		ok(w.t, w.addMember(group, bob))
		skipped := false
		for _, v := range w.trail.Verdicts {
			skipped = skipped || v.Verdict == "skipped member" && strings.Contains(v.Note, bob)
		}
		if !skipped {
			t.Errorf("the deleted user was not noted: %v", w.trail.Verdicts)
		}
		other := newWorld(w.t, w.db)
		foreign := other.user("carl@example.com")
		for _, id := range []string{foreign, group, "nobody", ""} {
			err := w.patchGroup(group, `{"op":"add","path":"members","value":[{"value":"`+id+`"}]},{"op":"replace","path":"externalId","value":"x"}`)
			wantError(w.t, err, 400, "invalidValue")
			_, err = w.createGroup("New "+id, ana, id)
			wantError(w.t, err, 400, "invalidValue")
			if id != "" {
				ok(w.t, w.removeMember(group, id)) // an absent id is no change on remove
			}
		}
		d, err := w.s.GetGroup(w.t.Context(), w.caller, group, provision.Want{})
		ok(w.t, err)
		wantEqual(w.t, "nothing was applied", string(d.Attrs), `{"displayName":"Ops"}`)
		wantEqual(w.t, "members", w.members(group), []string{ana})
		wantEqual(w.t, "no role left behind", w.customRoles(), []string{"Ops"})
	})
}

func TestAdoption(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		insert := func(address string) iam.MemberID {
			id := iam.MemberID(w.db.NewID())
			w.write(func(tx *store.Tx) error {
				_, err := tx.InsertUser(store.User{Org: w.org, ID: id, LoginKey: address, UserName: address, Status: iam.StatusActive,
					ManagedBy: iam.ManagedBySAML, Doc: "{}", Version: 1, CreatedAt: day, UpdatedAt: day})
				if err != nil {
					return err
				}
				return tx.SetDirectRoles(w.org, id, []iam.RoleID{iam.RoleBilling})
			})
			return id
		}
		id := insert("ana@example.com")
		page, err := w.s.ListUsers(w.t.Context(), w.caller, provision.Query{})
		ok(w.t, err)
		wantEqual(w.t, "a member who is no SCIM user is not listed", []int{page.Total, len(page.Items)}, []int{0, 0})
		_, err = w.getUser(string(id))
		wantError(w.t, err, 404, "")
		var d provision.Document
		types := w.since(func() { d, err = w.createUser(`{"userName":"Ana@Example.com","displayName":"Ana"}`); ok(w.t, err) })
		wantEqual(w.t, "events", types, []string{"scim_user_adopt"})
		wantEqual(w.t, "same id", d.ID, string(id))
		wantEqual(w.t, "direct roles kept", w.held(d.ID), []string{"Billing (direct)"})
		total, err := w.read().Count(w.org, store.CountUsers)
		ok(w.t, err)
		wantEqual(w.t, "counted", total, 1)

		insert("ana@elsewhere.example")
		_, err = w.createUser(`{"userName":"ana@elsewhere.example"}`)
		wantError(w.t, err, 409, "uniqueness", "elsewhere.example", "not verified")
	})
}

func TestUserName_changes(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		ana, bob := w.user("ana@example.com"), w.user("bob@example.com")
		_, err := w.patchUser(bob, disable)
		ok(w.t, err)
		_, err = w.patchUser(ana, `{"op":"replace","path":"userName","value":"BOB@example.com"}`)
		wantError(w.t, err, 409, "uniqueness", bob)
		d, err := w.patchUser(ana, `{"op":"replace","path":"userName","value":"Anna@Example.COM"}`)
		ok(w.t, err)
		if !strings.Contains(string(d.Attrs), `"userName":"anna@example.com"`) {
			t.Errorf("attributes %s", d.Attrs)
		}
		_, err = w.createUser(`{"userName":"anna@example.com"}`)
		wantError(w.t, err, 409, "uniqueness", ana)
		w.user("ana@example.com") // free again
	})
}

func TestUserName_hiddenCharacters(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		for _, name := range []string{" ana@example.com", "ana@example.com ", "an\u200ba@example.com", "ana\u00a0b", "a\tb", "a\u202eb"} {
			_, err := w.createUser(`{"userName":"` + strings.ReplaceAll(name, "\t", `\t`) + `"}`)
			wantError(w.t, err, 400, "invalidValue", "userName")
		}
		// Unicode folding must make no two people one (S9).
		w.user("mike@example.com")
		d, err := w.createUser(`{"userName":"mi\u212ae@example.com"}`)
		ok(w.t, err)
		if !strings.Contains(fmt.Sprint(w.trail.Verdicts), "not an e-mail address") {
			t.Errorf("no warning for %s: %v", d.Attrs, w.trail.Verdicts)
		}
	})
}

func TestPolicy_strict(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		loose := w.user("upn-123")
		w.settings(func(o *iam.Organization) { o.Identity = iam.PolicyStrict })
		for name, c := range map[string]struct{ body, says string }{
			"no address":        {`{"userName":"ana","emails":[{"type":"work","value":"ana@example.com"}]}`, `"ana"`},
			"no work e-mail":    {`{"userName":"ana@example.com"}`, "no work e-mail"},
			"another work one":  {`{"userName":"ana@example.com","emails":[{"type":"work","value":"anna@example.com"}]}`, "anna@example.com"},
			"unverified domain": {`{"userName":"ana@other.example","emails":[{"type":"work","value":"ana@other.example"}]}`, "other.example"},
		} {
			_, err := w.createUser(c.body)
			wantError(w.t, err, 400, "invalidValue", c.says)
			if err == nil {
				t.Errorf("%s was accepted", name)
			}
		}
		d, err := w.createUser(`{"userName":"Ana@example.com","emails":[{"type":"work","value":"ANA@Example.com","primary":true}]}`)
		ok(w.t, err)
		// Only a request that creates, restores or changes userName or emails is judged.
		_, err = w.patchUser(loose, `{"op":"replace","path":"displayName","value":"Old hand"}`)
		ok(w.t, err)
		_, err = w.patchUser(loose, disable)
		ok(w.t, err)
		_, err = w.patchUser(loose, enable)
		wantError(w.t, err, 400, "invalidValue", "upn-123")
		ok(w.t, w.deleteUser(loose))
		// Deactivation is never refused, whatever else the request brings (D7).
		leaver, err := w.createUser(`{"userName":"leo@example.com","emails":[{"type":"work","value":"leo@example.com"}]}`)
		ok(w.t, err)
		_, err = w.patchUser(leaver.ID, `{"op":"Replace","path":"emails[type eq \"work\"].value","value":"private@elsewhere.example"},`+disable)
		ok(w.t, err)
		wantEqual(w.t, "deactivated", len(w.held(leaver.ID)), 0)
		_, err = w.patchUser(leaver.ID, enable)
		wantError(w.t, err, 400, "invalidValue", "private@elsewhere.example")
		// It judges the result of the whole request: two operations may pass a wrong state between them.
		_, err = w.patchUser(d.ID, `{"op":"replace","path":"userName","value":"anna@example.com"},{"op":"replace","path":"emails[type eq \"work\"].value","value":"anna@example.com"}`)
		ok(w.t, err)
	})
}

func TestNoChange_leavesETagAndLog(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		id := w.user("ana@example.com")
		group := w.group("Ops", id)
		before, err := w.getUser(id)
		ok(w.t, err)
		groupBefore, err := w.s.GetGroup(w.t.Context(), w.caller, group, provision.Want{})
		ok(w.t, err)
		types := w.since(func() {
			_, err := w.patchUser(id, enable+`,{"op":"replace","path":"userName","value":"ANA@example.com"}`)
			ok(w.t, err)
			wantEqual(w.t, "verdict", w.trail.Verdicts[0].Verdict, "no change")
			_, err = w.putUser(id, `{"userName":"ana@example.com"}`)
			ok(w.t, err)
			ok(w.t, w.addMember(group, id))
			ok(w.t, w.removeMember(group, "absent"))
			ok(w.t, w.rename(group, "Ops"))
		})
		wantEqual(w.t, "events", len(types), 0)
		after, err := w.getUser(id)
		ok(w.t, err)
		groupAfter, err := w.s.GetGroup(w.t.Context(), w.caller, group, provision.Want{})
		ok(w.t, err)
		wantEqual(w.t, "ETags", []string{after.ETag(), groupAfter.ETag()}, []string{before.ETag(), groupBefore.ETag()})
	})
}

func TestIfMatch(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		id := w.user("ana@example.com")
		stale := provision.ParseMatch(`W/"99"`)
		_, err := w.s.PatchUser(w.t.Context(), w.caller, id, patchOf(w.t, disable), stale, nil)
		wantError(w.t, err, 412, "")
		err = w.s.DeleteUser(w.t.Context(), w.caller, id, stale)
		wantError(w.t, err, 412, "")
		for _, match := range []string{"*", `W/"1"`, `"1"`, `W/"7", W/"1"`} {
			d, err := w.s.PatchUser(w.t.Context(), w.caller, id, patchOf(w.t, enable), provision.ParseMatch(match), nil)
			ok(w.t, err)
			wantEqual(w.t, match, d.ETag(), `W/"1"`)
		}
	})
}

func TestProfileUpdate_namesAttributes(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		id := w.user("ana@example.com")
		_, err := w.patchUser(id, `{"op":"Replace","path":"name.givenName","value":"Ana"},{"op":"Add","path":"title","value":"CTO"}`)
		ok(w.t, err)
		events := w.audit()
		last := events[len(events)-1]
		wantEqual(w.t, "type", last.Type, iam.SCIMUserProfileUpdate)
		wantEqual(w.t, "attributes", last.Details["attributes"], any([]any{"name", "title"}))
		wantEqual(w.t, "actor", last.Actor.Type, iam.ActorAPI)
	})
}
