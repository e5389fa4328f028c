package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/iam"
)

// The chapters "Set the provisioning scope", "Assign groups and users" and "Turn on provisioning".

// Only who is assigned ever appears in a request; under the other scope everybody does.
func TestGuide_Scope_onlyAssigned(t *testing.T) {
	eachScene(t, func(s *scene) {
		equal(s.t, "the scope of a new application", s.app.state().Scope, cycle.Scope("Sync only assigned users and groups"))
		ada, bob := s.entra.hire("ada"), s.entra.hire("bob")
		s.entra.addToGroup(s.admins, ada)
		others := s.entra.group("Knitting", bob)
		s.app.turnOn()
		s.entra.wire.taken()
		s.app.cycle()
		for _, one := range s.entra.wire.taken() {
			if strings.Contains(strings.ToLower(one.URL+one.Body), "bob") || strings.Contains(one.URL+one.Body, "Knitting") {
				s.t.Errorf("somebody who is not assigned is sent: %s %s %s", one.Method, one.URL, one.Body)
			}
		}
		equal(s.t, "members", s.addresses(), []string{"ada@example.com"})
		if entries := s.app.logs(cycle.LogFilter{Identity: string(others.ID), Actions: []cycle.Action{cycle.ActionCreate}}); len(entries) > 0 {
			s.t.Errorf("the other group: %+v", entries)
		}

		settings := s.app.state().Settings
		settings.Scope = cycle.ScopeAll
		must[cycle.Job](s.t)(s.app.svc.SaveSettings(s.t.Context(), s.app.job, settings, by))
		equal(s.t, "the scope is kept", s.app.state().Scope, cycle.Scope("Sync all users and groups"))
		equal(s.t, "the next cycle", s.app.cycle().Kind, cycle.Initial)
		equal(s.t, "members of the whole directory", s.addresses(), []string{"ada@example.com", "bob@example.com"})

		// Back to assigned only takes a restart by hand (Microsoft Entra docs, "known-issues").
		settings.Scope = cycle.ScopeAssigned
		must[cycle.Job](s.t)(s.app.svc.SaveSettings(s.t.Context(), s.app.job, settings, by))
		s.app.cycle()
		equal(s.t, "members before the restart", s.addresses(), []string{"ada@example.com", "bob@example.com"})
		must[cycle.Job](s.t)(s.app.svc.Restart(s.t.Context(), s.app.job, cycle.ResetWatermark, by))
		s.app.cycle()
		equal(s.t, "members after the restart", s.addresses(), []string{"ada@example.com"})
	})
}

// While the status is Off nothing runs, however long; Test Connection and provision on demand do. Turned on, the first
// cycle is due at once, and one every 40 minutes from then on, which sends what changed and nothing else.
func TestGuide_TurnOn_everyFortyMinutes(t *testing.T) {
	eachScene(t, func(s *scene) {
		ada := s.entra.hire("ada")
		s.entra.addToGroup(s.admins, ada)
		equal(s.t, "the status of a new application", s.app.state().Status, cycle.StatusOff)
		s.entra.wire.taken()
		for range 12 {
			equal(s.t, "cycles while it is off", len(s.entra.later()), 0)
		}
		if _, err := s.app.svc.RunCycle(s.t.Context(), s.app.job); !cycle.IsProblem(err, cycle.Conflict) {
			s.t.Errorf("a cycle by hand while it is off: %v", err)
		}
		equal(s.t, "requests while it is off", lines(s.entra.wire.taken(), s.endpoint), []string{})
		equal(s.t, "Test Connection while it is off", must[cycle.ConnectionTest](s.t)(s.app.svc.TestSavedConnection(s.t.Context(), s.app.job)).OK, true)
		s.app.provisionOnDemand(ada)
		s.holds("ada@example.com", "Member (default)")

		began := s.clock.Now()
		s.app.turnOn()
		first := s.entra.due()
		if len(first) != 1 || first[0].Kind != cycle.Initial || !first[0].StartedAt.Equal(began) {
			s.t.Fatalf("turned on: %+v", first)
		}
		s.holds("ada@example.com", "Admin (group ClickHouse-Admins)")
		equal(s.t, "the next cycle", s.app.state().NextCycle.Sub(began), 40*time.Minute)
		s.clock.advance(39 * time.Minute)
		equal(s.t, "cycles after 39 minutes", len(s.entra.due()), 0)
		s.clock.advance(time.Minute)
		s.entra.wire.taken()
		second := s.entra.due()
		if len(second) != 1 || second[0].Kind != cycle.Incremental {
			s.t.Fatalf("after 40 minutes: %+v", second)
		}
		equal(s.t, "requests of a cycle without changes", len(s.entra.wire.taken()), 1)

		bob := s.entra.hire("bob")
		s.entra.addToGroup(s.readers, bob)
		s.holds("bob@example.com", "no member")
		s.entra.later()
		s.holds("bob@example.com", "Read-only (group ClickHouse-Read-only)")
		for _, one := range s.entra.wire.taken() {
			if strings.Contains(one.Body, "ada@") {
				s.t.Errorf("who did not change is sent again: %s %s", one.Method, one.Body)
			}
		}
		s.app.turnOff()
		s.entra.later()
		equal(s.t, "requests after it was switched off", lines(s.entra.wire.taken(), s.endpoint), []string{})
	})
}

// Provision on demand finds a person by name or address and shows every step with its result. For a group at most five
// members are chosen.
func TestGuide_TurnOn_provisionOnDemand(t *testing.T) {
	eachScene(t, func(s *scene) {
		ada := s.entra.hire("ada")
		s.entra.addToGroup(s.admins, ada)
		for _, query := range []string{"Ada", "ada example", "ada@corp.example.com", "ada@example.com"} {
			found := must[[]directory.User](s.t)(s.entra.db.SearchUsers(s.t.Context(), query, "", 10))
			if len(found) != 1 || found[0].ID != ada.ID {
				s.t.Errorf("the search for %q finds %v", query, found)
			}
		}
		d := s.app.provisionOnDemand(ada)
		var types []cycle.StepType
		for _, step := range d.Steps {
			types = append(types, step.Type)
			equal(s.t, step.Name, step.Status, cycle.Success)
		}
		equal(s.t, "the steps", types, []cycle.StepType{cycle.StepImport, cycle.StepScoping, cycle.StepMatching, cycle.StepProcessing, cycle.StepExport})
		equal(s.t, "scope", []string{d.Steps[1].Detail("Active in the source system"), d.Steps[1].Detail("Assigned to the application")}, []string{"True", "True"})
		equal(s.t, "the target's id", d.Target.ID, s.match("ada@example.com"))

		b := s.entra.admin(directory.ApplicationAdministrator)
		b.get(s.entra.url + "/applications/" + string(s.app.ID) + "/provisioning/on-demand?q=ada").is(http.StatusOK).shows("ada@corp.example.com")

		for i := range 5 {
			s.entra.addToGroup(s.admins, s.entra.hire(fmt.Sprintf("user%d", i)))
		}
		members := must[[]directory.User](s.t)(s.entra.db.MemberUsers(s.t.Context(), s.admins.ID, "", 10))
		subject := cycle.Subject{Kind: kindGroup, ID: s.admins.ID}
		for _, u := range members {
			subject.Members = append(subject.Members, u.ID)
		}
		if _, err := s.app.svc.ProvisionOnDemand(s.t.Context(), s.app.job, subject, by); !cycle.IsProblem(err, cycle.Invalid) || !strings.Contains(err.Error(), "at most 5") {
			s.t.Errorf("six members: %v", err)
		}
		// A member who is not provisioned himself is left out, and says why.
		d = s.app.provisionGroupOnDemand(s.admins, members[:2]...)
		for _, m := range d.Members {
			if m.ID != ada.ID && (m.Status != cycle.Skipped || !strings.Contains(m.Reason, "Provision the user first")) {
				s.t.Errorf("a member who is not provisioned: %+v", m)
			}
		}
		s.app.provisionGroupOnDemand(s.admins, ada)
		s.holds("ada@example.com", "Admin (group ClickHouse-Admins)")
	})
}

// What a cycle did not do yet, on demand does at once; and "Users and roles" shows who was provisioned, with the roles.
func TestGuide_Test_onDemandForcesASync(t *testing.T) {
	eachScene(t, func(s *scene) {
		s.app.turnOn()
		ada, bob := s.entra.hire("ada"), s.entra.hire("bob")
		s.entra.addToGroup(s.admins, ada)
		s.app.cycle()
		// The next cycle is 40 minutes away; these changes do not wait for it.
		s.entra.addToGroup(s.readers, bob)
		s.app.provisionOnDemand(bob)
		s.app.provisionGroupOnDemand(s.readers, bob)
		s.entra.update(ada, func(u *directory.User) { u.DisplayName = "Countess Ada" })
		s.app.provisionOnDemand(ada)
		s.entra.move(ada, s.admins, s.readers)
		s.app.provisionGroupOnDemand(s.admins, ada)
		s.app.provisionGroupOnDemand(s.readers, ada)
		list := s.signIn(bob).get(s.url + "/members").is(http.StatusOK)
		list.says("Countess Ada", "Bob Example", "ClickHouse-Read-only", "SCIM").saysNot("ClickHouse-Admins")
		// The cycle finds nothing left to do.
		s.entra.wire.taken()
		s.app.cycle()
		equal(s.t, "what the next cycle writes", len(writes(s.entra.wire.taken())), 0)
	})
}

// Groups and users are assigned; only the direct members of assigned groups are provisioned, and get the group's role
// without anybody touching Rollcall.
func TestGuide_Assign_viaGroups(t *testing.T) {
	eachScene(t, func(s *scene) {
		s.app.turnOn()
		ada, bob, carl := s.entra.hire("ada"), s.entra.hire("bob"), s.entra.hire("carl")
		s.entra.addToGroup(s.admins, ada)
		nested := s.entra.group("Nested", bob)
		must[bool](s.t)(s.entra.db.AddMember(s.t.Context(), s.readers.ID, nested.ID))
		s.entra.group("Elsewhere", carl)
		for _, e := range s.during(func() { s.app.cycle() }) {
			equal(s.t, "who did "+string(e.Type), e.Actor.Type, iam.ActorAPI)
		}
		equal(s.t, "members", s.addresses(), []string{"ada@example.com"})
		s.roles("Admin=ClickHouse-Admins <- ClickHouse-Admins", "Read-only=ClickHouse-Read-only <- ClickHouse-Read-only")

		// One membership changes one role; nobody else's resource is touched.
		s.entra.wire.taken()
		s.entra.move(ada, s.admins, s.readers)
		s.app.cycle()
		changes := writes(s.entra.wire.taken())
		for _, one := range changes {
			if one.Method != http.MethodPatch || !strings.Contains(one.URL, "/Groups/") || !strings.Contains(one.Body, "members") {
				s.t.Errorf("the move also sent %s %s %s", one.Method, one.URL, one.Body)
			}
		}
		equal(s.t, "requests that write", len(changes), 2)
		s.holds("ada@example.com", "Read-only (group ClickHouse-Read-only)")
	})
}

func TestGuide_Assign_directly(t *testing.T) {
	eachScene(t, func(s *scene) {
		s.role("Newcomers", "")
		s.defaults("Newcomers")
		s.app.turnOn()
		direct, both := s.entra.hire("direct"), s.entra.hire("both")
		s.app.assign(direct.ID, both.ID)
		s.entra.addToGroup(s.readers, both)
		s.app.cycle()
		s.holds("direct@example.com", "Newcomers (default)")
		s.holds("both@example.com", "Read-only (group ClickHouse-Read-only)")
		s.entra.removeFromGroup(s.readers, both)
		s.app.cycle()
		s.holds("both@example.com", "Newcomers (default)")
	})
}

// Many groups, each with the exact name of a role or of its SCIM group, are bound in one cycle.
func TestGuide_Assign_manyGroups(t *testing.T) {
	eachScene(t, func(s *scene) {
		s.app.turnOn()
		for i := range 20 {
			name := fmt.Sprintf("Team-%02d", i)
			s.role("Role of "+name, name)
			s.app.assign(s.entra.group(name, s.entra.hire(fmt.Sprintf("user%02d", i))).ID)
		}
		users, groups, err := s.entra.db.CountAssignments(s.t.Context(), s.app.ID)
		s.ok(err)
		equal(s.t, "assignments", []int{users, groups}, []int{0, 22})
		s.app.cycle()
		for i := range 20 {
			s.holds(fmt.Sprintf("user%02d@example.com", i), fmt.Sprintf("Role of Team-%02d (group Team-%02d)", i, i))
		}
		equal(s.t, "custom roles", len(s.customRoles()), 22)
	})
}

// Groups need Entra ID P1. Without it none can be assigned, those that were count for nothing, the log says why, and what
// the server has of them stays.
func TestGuide_Assign_groupsNeedP1(t *testing.T) {
	eachScene(t, func(s *scene) {
		s.app.turnOn()
		ada, bob := s.entra.hire("ada"), s.entra.hire("bob")
		s.entra.addToGroup(s.admins, ada)
		s.app.assign(bob.ID)
		s.app.cycle()
		s.ok(s.entra.db.SetLicence(s.t.Context(), directory.LicenceFree))
		more := s.entra.group("More")
		if _, err := s.entra.db.Assign(s.t.Context(), s.app.ID, more.ID); !directory.IsProblem(err, directory.Unlicensed) || !strings.Contains(err.Error(), "plan level") {
			s.t.Errorf("assigning a group: %v", err)
		}
		s.app.cycle()
		s.app.entry(s.app.last(s.admins.ID), "Other Skipped "+cycle.SkipLicence)
		equal(s.t, "members: those assigned directly", s.addresses(), []string{"bob@example.com"})
		s.roles("Admin=ClickHouse-Admins <- ClickHouse-Admins", "Read-only=ClickHouse-Read-only <- ClickHouse-Read-only")
		s.ok(s.entra.db.SetLicence(s.t.Context(), directory.LicenceP1))
		s.app.cycle()
		s.holds("ada@example.com", "Admin (group ClickHouse-Admins)")
		if !slices.Equal(s.addresses(), []string{"ada@example.com", "bob@example.com"}) {
			s.t.Errorf("members with P1 again: %v", s.addresses())
		}
	})
}
