package cycle_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/scim"
)

func TestCycle_usersGroupsAndMembers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, bob, eve := w.addUser("ada"), w.addUser("bob"), w.addUser("eve")
	w.addUser("nobody")
	nested := w.addGroup("Nested", eve)
	admins := w.addGroup("Admins", ada, bob)
	_, err := w.db.AddMember(t.Context(), admins.ID, nested.ID)
	w.ok(err)
	w.assign(admins.ID)

	c, calls := w.cycle()
	w.wantCalls(calls[4:], "GET Groups?", "POST Groups", "PATCH Groups/id")
	if c.Kind != cycle.Initial || c.Users != 2 || c.Groups != 1 || c.Members != 2 || c.Count(cycle.ActionCreate, cycle.Success) != 3 {
		t.Errorf("cycle: %+v", c)
	}
	if got := w.target.groupMembers("Admins"); !slices.Equal(got, []string{"ada@example.com", "bob@example.com"}) {
		t.Errorf("members: %v; nested groups are not expanded", got)
	}
	if len(w.target.users) != 2 {
		t.Errorf("users in the target: %d, want the 2 that are assigned", len(w.target.users))
	}

	c, calls = w.cycle()
	if c.Kind != cycle.Incremental || len(calls) != 0 {
		t.Errorf("second cycle: %s, calls %v; want the test of the connection alone", c.Kind, calls)
	}

	w.part(admins, bob)
	_, calls = w.cycle()
	// Observed: read, disable, read the group, remove the member.
	w.wantCalls(calls, "GET Users/id", "PATCH Users/id", "GET Groups/id", "PATCH Groups/id")
	if w.target.user(t, "bob@example.com")["active"] != false {
		t.Error("bob is active in the target")
	}
	w.wantEntry(w.last(bob.ID), cycle.ActionDisable, cycle.Success, "")

	w.join(admins, bob)
	_, calls = w.cycle()
	w.wantCalls(calls, "GET Users/id", "PATCH Users/id", "GET Groups/id", "PATCH Groups/id")
	if w.target.user(t, "bob@example.com")["active"] != true || len(w.target.groupMembers("Admins")) != 2 {
		t.Error("bob is not back")
	}
}

func TestCycle_deprovisioning(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		leave func(w *world, u directory.User)
		back  func(w *world, u directory.User)
		skip  string
	}{
		{"unassigned", func(w *world, u directory.User) { w.unassign(u.ID) }, func(w *world, u directory.User) { w.assign(u.ID) }, cycle.SkipNotEntitled},
		{"disabled", func(w *world, u directory.User) { w.change(u, func(u *directory.User) { u.AccountEnabled = false }) },
			func(w *world, u directory.User) { w.change(u, func(u *directory.User) { u.AccountEnabled = true }) }, cycle.SkipInactive},
		{"deleted", func(w *world, u directory.User) { w.ok(w.db.DeleteUser(w.Context(), u.ID)) },
			func(w *world, u directory.User) { _, err := w.db.RestoreUser(w.Context(), u.ID); w.ok(err) }, cycle.SkipInactive},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ada := w.addUser("ada")
			w.assign(ada.ID)
			w.cycle()
			if tc.name != "deleted" {
				w.change(ada, func(u *directory.User) { u.DisplayName = "Not sent" })
			}
			tc.leave(w, ada)
			c, calls := w.cycle()
			w.wantCalls(calls, "GET Users/id", "PATCH Users/id")
			if want := `{"Operations":[{"op":"Replace","path":"active","value":"False"}],`; !strings.HasPrefix(calls[1].Body, want) {
				t.Errorf("body %s, want %s and nothing else", calls[1].Body, want)
			}
			if c.Count(cycle.ActionDisable, cycle.Success) != 1 {
				t.Errorf("outcomes: %v", c.Outcomes)
			}
			if _, calls = w.cycle(); len(calls) != 0 {
				t.Errorf("a second cycle: %v", calls)
			}
			tc.back(w, ada)
			_, calls = w.cycle()
			w.wantCalls(calls, "GET Users/id", "PATCH Users/id")
			if want := `{"op":"Replace","path":"active","value":"True"}`; !strings.Contains(calls[1].Body, want) {
				t.Errorf("body %s, want %s", calls[1].Body, want)
			}
		})
	}
}

// An initial cycle finds what left its scope unseen.
func TestCycle_restartAfterLeaving(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, bob := w.addUser("ada"), w.addUser("bob")
	g := w.addGroup("Admins", ada)
	w.assign(g.ID, bob.ID)
	w.cycle()
	w.unassign(g.ID)
	w.ok(w.db.DeleteUser(t.Context(), bob.ID))
	w.ok(w.db.PurgeUser(t.Context(), bob.ID))
	_, err := w.svc.Restart(t.Context(), w.job, cycle.ResetWatermark, admin)
	w.ok(err)
	c, _ := w.cycle()
	if c.Kind != cycle.Initial || c.Count(cycle.ActionDisable, cycle.Success) != 1 || c.Count(cycle.ActionDelete, cycle.Success) != 2 {
		t.Errorf("%s cycle: %v", c.Kind, c.Outcomes)
	}
	if w.target.user(t, "ada@example.com")["active"] != false || len(w.target.users) != 1 || len(w.target.groups) != 0 {
		t.Errorf("the target has %v and %v", w.target.users, w.target.groups)
	}
}

func TestCycle_purge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, bob := w.addUser("ada"), w.addUser("bob")
	w.assign(ada.ID, bob.ID)
	w.cycle()
	w.unassign(bob.ID)
	w.cycle()
	for _, u := range []directory.User{ada, bob} {
		w.ok(w.db.DeleteUser(t.Context(), u.ID))
		w.ok(w.db.PurgeUser(t.Context(), u.ID))
	}
	_, calls := w.cycle()
	w.wantCalls(calls, "DELETE Users/id") // not for bob, who was unassigned before
	w.wantEntry(w.last(ada.ID), cycle.ActionDelete, cycle.Success, "")
	w.wantEntry(w.last(bob.ID), cycle.ActionOther, cycle.Skipped, cycle.SkipNotEntitled)
	if links, err := w.svc.Links(t.Context(), w.job, mapping.KindUser, "", 10); err != nil || len(links) != 0 {
		t.Errorf("links %v, %v; want none", links, err)
	}
}

func TestCycle_groupUnassigned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.addUser("ada")
	g := w.addGroup("Admins", ada)
	w.assign(g.ID)
	w.cycle()
	w.unassign(g.ID)
	_, calls := w.cycle()
	w.wantCalls(calls, "GET Users/id", "PATCH Users/id", "GET Groups/id", "DELETE Groups/id")
	if len(w.target.groups) != 0 {
		t.Error("the group is still there")
	}
	w.assign(g.ID)
	w.cycle()
	if got := w.target.groupMembers("Admins"); !slices.Equal(got, []string{"ada@example.com"}) {
		t.Errorf("assigned again: members %v", got)
	}
}

func TestCycle_matching(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.target.post(scim.User, w.target.users, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ADA@example.com","displayName":"Ada"}`)
	ada := w.addUser("ada")
	none := w.addUser("none")
	w.assign(ada.ID, none.ID)
	w.mapping(mapping.KindUser, func(m *mapping.ObjectMapping) { m.Attributes[0].Source.Text = "mail" })
	w.change(none, func(u *directory.User) { u.Mail = "" })

	_, calls := w.cycle()
	w.wantCalls(calls, "GET Users?", "PATCH Users/id")
	if !strings.Contains(calls[1].Body, `{"op":"Add","path":"externalId","value":"ada"}`) || strings.Contains(calls[1].Body, "userName") {
		t.Errorf("taken over with %s, want the differences only", calls[1].Body)
	}
	w.wantEntry(w.last(none.ID), cycle.ActionOther, cycle.Skipped, cycle.CodeImportSkipped)

	// Two objects with the value, and two sources for one object.
	w.target.users["u1"] = w.target.users["u00001"].Clone()
	w.target.users["u1"]["id"] = "u1"
	_, err := w.svc.Restart(t.Context(), w.job, cycle.ResetFull, admin)
	w.ok(err)
	w.cycle()
	w.wantEntry(w.last(ada.ID), cycle.ActionOther, cycle.Failure, cycle.CodeDuplicateTarget)

	delete(w.target.users, "u1")
	twin := w.addUser("twin")
	w.change(twin, func(u *directory.User) { u.Mail = "ada@example.com" })
	w.assign(twin.ID)
	_, err = w.svc.Restart(t.Context(), w.job, cycle.ResetWatermark, admin)
	w.ok(err)
	w.cycle()
	codes := []string{}
	for _, id := range []directory.ID{ada.ID, twin.ID} {
		if e := w.last(id); e.Error != nil && e.Status == cycle.Failure {
			codes = append(codes, e.Error.Code)
		}
	}
	if !slices.Equal(codes, []string{cycle.CodeDuplicateSource}) {
		t.Errorf("errors of the twins: %v, want one %s", codes, cycle.CodeDuplicateSource)
	}
}

func TestCycle_invalidAnchorUntilFullReset(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.addUser("ada")
	w.assign(ada.ID)
	w.cycle()
	clear(w.target.users)
	w.change(ada, func(u *directory.User) { u.JobTitle = "Engineer" })
	w.cycle()
	e := w.last(ada.ID)
	w.wantEntry(e, cycle.ActionOther, cycle.Failure, cycle.CodeInvalidAnchor)
	if !strings.Contains(e.Error.Reason, "There is no Users u00001.") {
		t.Errorf("reason without the target's words: %s", e.Error.Reason)
	}
	_, err := w.svc.Restart(t.Context(), w.job, cycle.ResetWatermark, admin)
	w.ok(err)
	w.cycle()
	w.wantEntry(w.last(ada.ID), cycle.ActionOther, cycle.Failure, cycle.CodeInvalidAnchor)
	_, err = w.svc.Restart(t.Context(), w.job, cycle.ResetFull, admin)
	w.ok(err)
	w.cycle()
	w.wantEntry(w.last(ada.ID), cycle.ActionCreate, cycle.Success, "")
}

func TestCycle_manager(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	boss, ada, late := w.addUser("boss"), w.addUser("ada"), w.addUser("late")
	w.change(ada, func(u *directory.User) { u.ManagerID = boss.ID })
	w.assign(boss.ID, ada.ID)
	_, calls := w.cycle()
	last := calls[len(calls)-1]
	bossID := w.target.user(t, "boss@example.com")["id"].(string)
	if want := `{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"` + bossID + `"}`; !strings.Contains(last.Body, want) {
		t.Errorf("last call %v %s, want %s", last, last.Body, want)
	}
	if len(calls) != 5 {
		t.Errorf("calls: %v, want two look-ups, two POST, one PATCH", calls)
	}
	// A manager who is not provisioned: nothing, and nothing when he arrives later.
	w.change(ada, func(u *directory.User) { u.ManagerID = late.ID })
	_, calls = w.cycle()
	w.wantCalls(calls, "GET Users/id")
	w.assign(late.ID)
	_, calls = w.cycle()
	w.wantCalls(calls, "GET Users?", "POST Users")
	_, err := w.svc.Restart(t.Context(), w.job, cycle.ResetWatermark, admin)
	w.ok(err)
	_, calls = w.cycle()
	w.wantCalls(calls[3:], "GET Users?", "PATCH Users/id") // the manager check, then the manager
	if !strings.Contains(calls[3].URI, `filter=id+eq+"`) || !strings.Contains(calls[3].URI, `"+and+manager+eq+"`) || !strings.HasSuffix(calls[3].URI, "&attributes=id") {
		t.Errorf("manager check: %s", calls[3].URI)
	}
}

func TestCycle_scopingFilterAndSkips(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.addUser("ada")
	w.assign(ada.ID)
	w.mapping(mapping.KindUser, func(m *mapping.ObjectMapping) {
		m.Filters = []mapping.ScopingFilter{{Title: "Sales", Clauses: []mapping.Clause{{Attribute: "department", Operator: mapping.Equals, Value: "Sales"}}}}
	})
	_, calls := w.cycle()
	w.wantCalls(calls)
	e := w.last(ada.ID)
	w.wantEntry(e, cycle.ActionOther, cycle.Skipped, cycle.SkipNotInScope)
	if got, want := e.Steps[1].Detail("ScopeEvaluationResult"), `{"Sales.department EQUALS 'Sales'":false}`; got != want {
		t.Errorf("ScopeEvaluationResult: got %s, want %s", got, want)
	}
	w.change(ada, func(u *directory.User) { u.Department = "Sales" })
	_, calls = w.cycle()
	w.wantCalls(calls, "GET Users?", "POST Users")

	w.settings(func(s *cycle.Settings) { s.SkipOutOfScopeDeletions = true })
	w.change(ada, func(u *directory.User) { u.Department = "Law" })
	_, calls = w.cycle()
	w.wantCalls(calls)
	w.wantEntry(w.last(ada.ID), cycle.ActionOther, cycle.Skipped, cycle.SkipOutOfScopeDeletions)

	// Who changes without being assigned is logged as not entitled.
	bob := w.addUser("bob")
	w.cycle()
	w.wantEntry(w.last(bob.ID), cycle.ActionOther, cycle.Skipped, cycle.SkipNotEntitled)
}

func TestCycle_licenceForGroups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.addUser("ada")
	g := w.addGroup("Admins", ada)
	w.assign(g.ID, ada.ID)
	w.ok(w.db.SetLicence(t.Context(), directory.LicenceFree))
	_, calls := w.cycle()
	w.wantCalls(calls, "GET Users?", "POST Users")
	w.wantEntry(w.last(g.ID), cycle.ActionOther, cycle.Skipped, cycle.SkipLicence)
	w.ok(w.db.SetLicence(t.Context(), directory.LicenceP1))
	w.cycle()
	if got := w.target.groupMembers("Admins"); len(got) != 1 {
		t.Errorf("members with P1: %v", got)
	}
}

func TestCycle_retryAfter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.addUser("ada")
	w.assign(ada.ID)
	busy := true
	w.target.fail(func(c call) (int, string, http.Header) {
		if c.Method == http.MethodPost && busy {
			busy = false
			return 429, `{"status":"429"}`, http.Header{"Retry-After": {"7"}}
		}
		return 0, "", nil
	})
	w.cycle()
	w.wantEntry(w.last(ada.ID), cycle.ActionCreate, cycle.Success, "")
	if !slices.Equal(w.waited, []time.Duration{7 * time.Second}) {
		t.Errorf("waited %v, want 7s", w.waited)
	}
}
