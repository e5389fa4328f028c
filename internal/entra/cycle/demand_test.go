package cycle_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

func (w *world) demand(kind mapping.Kind, id directory.ID, members ...directory.ID) (cycle.OnDemand, []call) {
	w.Helper()
	w.target.taken()
	answer, err := w.svc.ProvisionOnDemand(w.Context(), w.job, cycle.Subject{Kind: kind, ID: id, Members: members}, admin)
	w.ok(err)
	calls := w.target.taken()
	if len(calls) == 0 || calls[0].Method != http.MethodGet {
		w.Fatalf("calls: %v, want the test of the connection first", calls)
	}
	return answer, calls[1:]
}

func TestOnDemand_user(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.svc.Stop(t.Context(), w.job, admin) // it works while the job is off
	w.ok(err)
	boss, ada := w.addUser("boss"), w.addUser("ada")
	w.change(ada, func(u *directory.User) { u.ManagerID = boss.ID })
	g := w.addGroup("Admins", ada)
	w.assign(g.ID, boss.ID)

	answer, calls := w.demand(mapping.KindUser, ada.ID)
	w.wantCalls(calls, "GET Users?", "POST Users") // no memberships, and the manager is not there
	w.wantEntry(answer.LogEntry, cycle.ActionCreate, cycle.Success, "")
	types := []cycle.StepType{}
	for _, s := range answer.Steps {
		types = append(types, s.Type)
	}
	if want := []cycle.StepType{cycle.StepImport, cycle.StepScoping, cycle.StepMatching, cycle.StepProcessing, cycle.StepExport}; !slices.Equal(types, want) {
		t.Fatalf("steps %v, want %v", types, want)
	}
	if got := answer.Steps[0]; got.Description != "Retrieved User 'ada@example.com' from Azure Active Directory" || got.Detail("givenName") != "Ada" {
		t.Errorf("import: %+v", got)
	}
	for key, want := range map[string]string{
		"Active in the source system": "True", "Assigned to the application": "True", "User has the required role": "True",
		"Scoping filter evaluation passed": "True", "ScopeEvaluationResult": "{}",
	} {
		if got := answer.Steps[1].Detail(key); got != want {
			t.Errorf("scoping: %s is %q, want %q", key, got, want)
		}
	}
	if answer.CycleID != "" || len(answer.Modified) == 0 || answer.Modified[0].DisplayName != "userName" {
		t.Errorf("answer: %+v", answer)
	}
	if e := w.last(ada.ID); e.ChangeID != answer.ChangeID || e.ChangeID == "" {
		t.Errorf("the log has %q, the answer %q", e.ChangeID, answer.ChangeID)
	}

	answer, _ = w.demand(mapping.KindUser, ada.ID)
	w.wantEntry(answer.LogEntry, cycle.ActionOther, cycle.Skipped, cycle.SkipRedundantExport)

	w.demand(mapping.KindUser, boss.ID)
	answer, calls = w.demand(mapping.KindUser, ada.ID)
	w.wantCalls(calls, "GET Users/id", "GET Users?", "PATCH Users/id")
	w.wantEntry(answer.LogEntry, cycle.ActionUpdate, cycle.Success, "")
	if n := len(w.logs(ada.ID)); n != 3 {
		t.Errorf("%d log entries, want one for each time", n)
	}

	// Unassigned: disabled. Disabled in the directory: cannot be chosen.
	w.part(g, ada)
	answer, _ = w.demand(mapping.KindUser, ada.ID)
	w.wantEntry(answer.LogEntry, cycle.ActionDisable, cycle.Success, "")
	w.change(ada, func(u *directory.User) { u.AccountEnabled = false })
	_, err = w.svc.ProvisionOnDemand(t.Context(), w.job, cycle.Subject{Kind: mapping.KindUser, ID: ada.ID}, admin)
	if !cycle.IsProblem(err, cycle.Invalid) || !strings.Contains(err.Error(), "disabled or deleted") {
		t.Errorf("a disabled user: %v", err)
	}
}

func TestOnDemand_group(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, bob, eve := w.addUser("ada"), w.addUser("bob"), w.addUser("eve")
	g := w.addGroup("Admins", ada, bob)
	w.assign(g.ID)
	w.demand(mapping.KindUser, ada.ID)

	answer, calls := w.demand(mapping.KindGroup, g.ID, ada.ID, bob.ID)
	w.wantCalls(calls, "GET Groups?", "POST Groups", "GET Groups?", "PATCH Groups/id")
	w.wantGolden(calls, "m16-membership-check.json", 0)
	w.wantEntry(answer.LogEntry, cycle.ActionCreate, cycle.Success, "")
	if m := answer.Members; m[0].Action != cycle.ActionCreate || m[0].Status != cycle.Success || m[1].Status != cycle.Skipped || !strings.Contains(m[1].Reason, "not provisioned yet") {
		t.Errorf("members: %+v", m)
	}
	if got := w.target.groupMembers("Admins"); !slices.Equal(got, []string{"ada@example.com"}) {
		t.Errorf("members in the target: %v", got)
	}
	answer, _ = w.demand(mapping.KindGroup, g.ID, ada.ID)
	w.wantEntry(answer.LogEntry, cycle.ActionOther, cycle.Skipped, cycle.SkipRedundantExport)
	w.demand(mapping.KindUser, bob.ID)
	answer, _ = w.demand(mapping.KindGroup, g.ID, bob.ID)
	w.wantEntry(answer.LogEntry, cycle.ActionUpdate, cycle.Success, "")

	// Who has left the group is removed; the next cycle has nothing to do for it.
	w.part(g, ada)
	w.assign(ada.ID)
	answer, _ = w.demand(mapping.KindGroup, g.ID, ada.ID)
	if m := answer.Members[0]; m.Action != cycle.ActionDelete || m.Status != cycle.Success {
		t.Errorf("member who left: %+v", m)
	}
	if got := w.target.groupMembers("Admins"); !slices.Equal(got, []string{"bob@example.com"}) {
		t.Errorf("members in the target: %v", got)
	}
	_, calls = w.cycle()
	for _, c := range calls {
		if c.Method != http.MethodGet {
			t.Errorf("the cycle after it: %v %s", c, c.Body)
		}
	}

	refusals := map[string]cycle.Subject{
		"not a member":        {Kind: mapping.KindGroup, ID: g.ID, Members: []directory.ID{eve.ID}},
		"six members":         {Kind: mapping.KindGroup, ID: g.ID, Members: []directory.ID{ada.ID, bob.ID, ada.ID, bob.ID, ada.ID, bob.ID}},
		"members of a user":   {Kind: mapping.KindUser, ID: bob.ID, Members: []directory.ID{ada.ID}},
		"neither":             {Kind: "Device", ID: g.ID},
		"no such user":        {Kind: mapping.KindUser, ID: "00000000-0000-4000-8000-000000000000"},
		"a user as the group": {Kind: mapping.KindGroup, ID: bob.ID},
	}
	for name, subject := range refusals {
		_, err := w.svc.ProvisionOnDemand(t.Context(), w.job, subject, admin)
		if !cycle.IsProblem(err, cycle.Invalid) && !cycle.IsProblem(err, cycle.NotFound) {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
}

func TestOnDemand_failures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.addUser("ada")
	g := w.addGroup("Admins", ada)
	w.assign(g.ID)
	w.target.fail(refusing("POST", 409, `{"detail":"taken"}`))
	answer, _ := w.demand(mapping.KindUser, ada.ID)
	w.wantEntry(answer.LogEntry, cycle.ActionCreate, cycle.Failure, cycle.CodeConflict)
	if !strings.Contains(answer.Error.Reason, `Web Response: {"detail":"taken"}`) || len(answer.Modified) == 0 {
		t.Errorf("answer: %+v", answer)
	}
	w.target.fail(nil)
	w.demand(mapping.KindUser, ada.ID)
	w.target.fail(refusing("PATCH", 400, "no"))
	answer, _ = w.demand(mapping.KindGroup, g.ID, ada.ID)
	w.wantEntry(answer.LogEntry, cycle.ActionUpdate, cycle.Failure, cycle.CodeIncompatible)
	if answer.Members[0].Status != cycle.Failure {
		t.Errorf("member: %+v", answer.Members)
	}
	w.target.token = "another"
	answer, _ = w.demand(mapping.KindUser, ada.ID)
	w.wantEntry(answer.LogEntry, cycle.ActionOther, cycle.Failure, cycle.CodeUnauthorized)
	if answer.Steps[0].Name != "TestConnection" {
		t.Errorf("steps: %+v", answer.Steps)
	}
	// A failed member is made good by the next cycle.
	w.target.token = "scim_key:secret"
	w.target.fail(nil)
	w.cycle()
	if got := w.target.groupMembers("Admins"); len(got) != 1 {
		t.Errorf("members: %v", got)
	}
}

// A group that provision on demand has made, or found, with some of its members or none is completed by the next cycle,
// also with members who have been in it since before the last one.
func TestOnDemand_groupIsCompletedByTheNextCycle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, bob := w.addUser("ada"), w.addUser("bob")
	some, none := w.addGroup("Some", ada, bob), w.addGroup("None", ada, bob)
	w.assign(ada.ID, bob.ID)
	w.cycle()
	w.assign(some.ID, none.ID)
	w.demand(mapping.KindGroup, some.ID, ada.ID)
	w.demand(mapping.KindGroup, none.ID)
	w.cycle()
	for _, name := range []string{"Some", "None"} {
		if got := w.target.groupMembers(name); !slices.Equal(got, []string{"ada@example.com", "bob@example.com"}) {
			t.Errorf("members of %s: %v", name, got)
		}
	}
	if _, calls := w.cycle(); len(calls) != 0 {
		t.Errorf("the cycle after it: %v", calls)
	}
}
