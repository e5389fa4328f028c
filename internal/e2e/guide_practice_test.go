package e2e

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/iam"
)

// The chapters "Best practices for production" and "Where to look for SCIM errors in Entra ID".

// The token is rotated while cycles run one after the other: generate, save, Test Connection, let a cycle pass, revoke. No
// request of theirs is refused.
func TestBestPractice_rotateTokens(t *testing.T) {
	eachScene(t, func(s *scene) {
		ada := s.entra.hire("ada")
		s.entra.addToGroup(s.admins, ada)
		s.app.turnOn()
		s.app.cycle()
		s.entra.wire.taken()

		cycles, ended, stop := s.cyclesWithoutEnd(ada)
		pass := func() { // two, so that one began after what was done before
			for range 2 {
				select {
				case <-cycles:
				case err := <-ended:
					s.t.Fatalf("cycles ended: %v", err)
				}
			}
		}
		pass()
		old := s.keyID()
		next := s.key("12mo")
		s.app.save(s.endpoint, next.Bearer)
		s.connectionWorks(s.endpoint, next.Bearer)
		pass()
		s.revoke(old)
		pass()
		stop()

		byToken := map[string]int{}
		for _, one := range s.entra.wire.taken() {
			if one.Status >= 400 {
				s.t.Errorf("%s %s was answered %d %s", one.Method, one.URL, one.Status, one.Answer)
			}
			byToken[one.Authorization]++
		}
		if byToken["Bearer "+s.bearer] == 0 || byToken["Bearer "+next.Bearer] == 0 || len(byToken) != 2 {
			s.t.Errorf("requests by token: %d", len(byToken))
		}
		equal(s.t, "quarantine", s.app.state().Quarantine, nil)
		s.connectionFails(s.endpoint, s.bearer, http.StatusUnauthorized, "was revoked")
		s.connectionWorks(s.endpoint, next.Bearer)
	})
}

// cyclesWithoutEnd changes a user and runs a cycle, over and over until it is stopped. It tells of each cycle to whoever
// waits for one, and why it ended.
func (s *scene) cyclesWithoutEnd(u directory.User) (<-chan cycle.Cycle, <-chan error, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	cycles, ended := make(chan cycle.Cycle), make(chan error, 1)
	go func() {
		defer close(ended)
		for i := 0; ctx.Err() == nil; i++ {
			_, err := s.entra.db.UpdateUser(ctx, u.ID, func(u *directory.User) error { u.JobTitle = fmt.Sprint("Engineer ", i); return nil })
			var c cycle.Cycle
			if err == nil {
				c, err = s.app.svc.RunCycle(ctx, s.app.job)
			}
			if err != nil && ctx.Err() == nil {
				ended <- err
				return
			}
			select {
			case cycles <- c:
			default:
			}
		}
	}()
	stop := func() { cancel(); <-ended }
	s.t.Cleanup(stop)
	return cycles, ended, stop
}

// With groups, one membership is one role; a direct assignment beside it changes nothing, and each role says where it is
// from.
func TestBestPractice_groupsNotDirectAssignments(t *testing.T) {
	eachScene(t, func(s *scene) {
		s.app.turnOn()
		ada := s.entra.hire("ada")
		s.entra.addToGroup(s.admins, ada)
		s.app.assign(ada.ID)
		s.app.cycle()
		s.holds("ada@example.com", "Admin (group ClickHouse-Admins)")
		s.app.unassign(ada.ID)
		s.app.cycle()
		s.holds("ada@example.com", "Admin (group ClickHouse-Admins)")
		m, _ := s.member("ada@example.com")
		hers := s.signIn(ada)
		hers.get(s.url+"/members/"+string(m.ID)).is(http.StatusOK).says("Admin", "ClickHouse-Admins")
		hers.get(s.url+"/roles/"+string(s.findRole("Admin").ID)).is(http.StatusOK).says("ClickHouse-Admins", "Ada Example")
	})
}

// Every action of a cycle is in the audit log, with the key as the actor; a cycle that changes nothing leaves nothing.
func TestBestPractice_auditLog(t *testing.T) {
	eachScene(t, func(s *scene) {
		s.app.turnOn()
		ada := s.entra.hire("ada")
		s.entra.addToGroup(s.admins, ada)
		for _, e := range s.during(func() { s.app.cycle() }) {
			if e.Actor.Type != iam.ActorAPI || !strings.Contains(fmt.Sprint(e.Actor), string(s.keyID())) {
				s.t.Errorf("the actor of %s is %+v", e.Type, e.Actor)
			}
		}
		s.records("a cycle without changes", func() { s.app.cycle() })
		s.entra.update(ada, func(u *directory.User) { u.GivenName = "Augusta" })
		s.records("an update", func() { s.app.cycle() }, iam.SCIMUserProfileUpdate)
		s.entra.disable(ada)
		s.records("a deactivation", func() { s.app.cycle() }, iam.MemberDelete)
		s.entra.enable(ada)
		s.records("a reactivation", func() { s.app.cycle() }, iam.SCIMUserReactivate)

		// A burst leaves an entry for everybody.
		for i := range 30 {
			s.entra.addToGroup(s.readers, s.entra.hire(fmt.Sprintf("user%02d", i)))
		}
		created := 0
		for _, e := range s.during(func() { s.app.cycle() }) {
			if e.Type == iam.MemberAdd {
				created++
			}
		}
		equal(s.t, "entries of the burst", created, 30)
	})
}

// With SCIM on there are no invitations for its users, and a pending one gives way.
func TestBestPractice_noManualInvites(t *testing.T) {
	eachScene(t, func(s *scene) {
		s.app.turnOn()
		s.invite("bob@example.com", "system:Billing")
		ada, bob := s.entra.hire("ada"), s.entra.hire("bob")
		s.app.assign(ada.ID, bob.ID)
		s.app.cycle()
		equal(s.t, "invitations", s.invitations(), []string{})
		equal(s.t, "members", s.addresses(), []string{"ada@example.com", "bob@example.com"})
		s.holds("bob@example.com", "Member (default)")
		s.refuses(iam.KindConflict, "identity provider manages by SCIM", func() error {
			return second(s.access.Invite(s.t.Context(), iam.Operator, s.org, "ADA@example.com", nil))
		})
	})
}

// Both sides show when they last spoke, and Entra ID when it speaks next.
func TestBestPractice_accountForTheCycle(t *testing.T) {
	eachScene(t, func(s *scene) {
		ada := s.entra.hire("ada")
		s.entra.addToGroup(s.admins, ada)
		s.app.turnOn()
		began := s.clock.Now()
		s.entra.due()
		s.flush()
		health := must[access.SCIMHealth](s.t)(s.access.SCIMHealth(s.t.Context(), s.org))
		if !health.FirstUsed || health.LastCall.IsZero() || health.Requests == 0 {
			s.t.Errorf("SCIM health: %+v", health)
		}
		keys := must[[]access.KeyView](s.t)(s.access.Keys(s.t.Context(), s.org))
		equal(s.t, "the key's last use", keys[0].LastUsedAt.Truncate(time.Minute), began.Truncate(time.Minute))
		job := s.app.state()
		equal(s.t, "last and next cycle", []time.Time{job.LastCycle.StartedAt, job.NextCycle}, []time.Time{began, began.Add(40 * time.Minute)})
		hers := s.signIn(ada)
		hers.get(s.url + "/dashboard").is(http.StatusOK).says("Last call")
		b := s.entra.admin(directory.ApplicationAdministrator)
		b.get(s.entra.url+"/applications/"+string(s.app.ID)+"/provisioning").is(http.StatusOK).says("Initial cycle", "completed", "Next cycle")
	})
}

// Who keeps failing is tried again in the next cycle and then ever less often; when too many fail, the application is in
// quarantine, where everybody can see it, until a cycle succeeds.
func TestBestPractice_monitorPersistentFailures(t *testing.T) {
	eachScene(t, func(s *scene) {
		s.entra.svc.Limits = cycle.Limits{EvaluateFrom: 3, FailedProportion: 0.4}
		s.policy("strict", "")
		s.app.turnOn()
		s.entra.due()
		one := s.elsewhere("one")
		s.app.assign(one.ID)
		attempts := func() int {
			n := 0
			for _, call := range writes(s.entra.wire.taken()) {
				if call.Method == http.MethodPost && strings.HasSuffix(call.URL, "/Users") {
					n++
				}
			}
			return n
		}
		s.entra.wire.taken()
		var tried []int
		for range 10 { // 6 h 40 min
			s.entra.later()
			tried = append(tried, attempts())
		}
		equal(s.t, "attempts, cycle by cycle", tried, []int{1, 1, 0, 0, 0, 0, 0, 0, 0, 1})
		equal(s.t, "quarantine for one who fails", s.app.state().Quarantine, nil)

		for _, name := range []string{"two", "three", "four"} {
			s.app.assign(s.elsewhere(name).ID)
		}
		s.entra.later()
		q := s.app.state().Quarantine
		if q == nil || q.Reason != cycle.EncounteredEscrowProportionThreshold {
			s.t.Fatalf("quarantine for four who fail: %+v", q)
		}
		b := s.entra.admin(directory.ApplicationAdministrator)
		b.get(s.entra.url + "/applications/" + string(s.app.ID) + "/provisioning").is(http.StatusOK).says("Provisioning is in quarantine")
		first := q.NextAttempt
		s.clock.set(first)
		s.entra.due()
		if q = s.app.state().Quarantine; q == nil || q.Attempts != 2 || q.NextAttempt.Sub(first) <= cycle.DefaultInterval {
			s.t.Errorf("the second attempt: %+v", q)
		}
		s.policy("standard", "")
		must[cycle.Job](s.t)(s.app.svc.Restart(s.t.Context(), s.app.job, cycle.ResetWatermark, by))
		s.entra.due()
		equal(s.t, "quarantine once it works", s.app.state().Quarantine, nil)
		equal(s.t, "members", len(s.addresses()), 4)
	})
}

// elsewhere is a user whose domain nobody verified here.
func (s *scene) elsewhere(name string) directory.User {
	s.t.Helper()
	return s.entra.create(directory.User{UserPrincipalName: name + "@corp.example.com", Mail: name + "@elsewhere.example", DisplayName: name, AccountEnabled: true})
}

// The errors are in the provisioning logs, under the application and for the whole directory: the request, the target, and
// what the server said, byte for byte. Under the strict policy userName must be the work address, in a verified domain.
func TestGuide_Logs_strictFailuresVerbatim(t *testing.T) {
	eachScene(t, func(s *scene) {
		s.policy("strict", "")
		s.app.userNameFrom("userPrincipalName")
		b := s.entra.admin(directory.ApplicationAdministrator)
		for name, c := range map[string]struct {
			user directory.User
			says []string
		}{
			"two addresses":      {directory.User{UserPrincipalName: "ada.b@example.com", Mail: "ada@example.com"}, []string{"ada.b@example.com", "ada@example.com", "map both"}},
			"no work address":    {directory.User{UserPrincipalName: "bob@example.com"}, []string{"bob@example.com", "map both"}},
			"a foreign domain":   {directory.User{UserPrincipalName: "carl@elsewhere.example", Mail: "carl@elsewhere.example"}, []string{"elsewhere.example"}},
			"a name, no address": {directory.User{UserPrincipalName: "dora", Mail: "dora@example.com"}, []string{"dora"}},
		} {
			c.user.DisplayName, c.user.AccountEnabled = name, true
			if !strings.Contains(c.user.UserPrincipalName, "@") {
				c.user.ExtensionAttributes[0], c.user.UserPrincipalName = c.user.UserPrincipalName, "dora@corp.example.com"
				s.app.userNameFrom("extensionAttribute1")
			} else {
				s.app.userNameFrom("userPrincipalName")
			}
			u := s.entra.create(c.user)
			s.app.assign(u.ID)
			s.entra.wire.taken()
			d := s.app.tryDemand(userSubject(u))
			s.app.entry(d.LogEntry, "Create Failure "+cycle.CodeIncompatible)
			s.verbatim(d.LogEntry, http.StatusBadRequest, c.says...)
			answer := d.Exchanges[len(d.Exchanges)-1].Answer
			for _, screen := range []string{"/logs", "/applications/" + string(s.app.ID) + "/provisioning/logs"} {
				b.get(s.entra.url+screen).is(http.StatusOK).says(name, "Failure")
				b.get(s.entra.url+screen+"?entry="+d.ChangeID).is(http.StatusOK).says(name, answer)
			}
		}
		equal(s.t, "members", s.addresses(), []string{})

		// The two screens list the same entries, and filter by status, user and date.
		all, _, err := s.entra.svc.Logs(s.t.Context(), cycle.LogFilter{Limit: 1000})
		s.ok(err)
		equal(s.t, "entries of the application", len(s.app.logs(cycle.LogFilter{})), len(all))
		equal(s.t, "failures", len(s.app.logs(cycle.LogFilter{Statuses: []cycle.Result{cycle.Failure}})), 4)
		equal(s.t, "entries about one", len(s.app.logs(cycle.LogFilter{Identity: "two addresses"})), 1)
		equal(s.t, "entries of tomorrow", len(s.app.logs(cycle.LogFilter{Since: s.clock.Now().AddDate(0, 0, 1)})), 0)

		// Capitals are no mismatch, and never make a second user.
		s.app.userNameFrom("mail")
		eve := s.entra.create(directory.User{UserPrincipalName: "Eve@Example.com", Mail: "eve@EXAMPLE.com", DisplayName: "Eve", AccountEnabled: true})
		s.app.assign(eve.ID)
		s.app.entry(s.app.provisionOnDemand(eve).LogEntry, "Create Success")
		s.app.userNameFrom("userPrincipalName")
		s.app.entry(s.app.provisionOnDemand(eve).LogEntry, "Other Skipped RedundantExport")
		equal(s.t, "members", s.addresses(), []string{"eve@example.com"})

		// Under the standard policy the same cases are members with a warning.
		s.policy("standard", "")
		s.app.turnOn()
		must[cycle.Job](s.t)(s.app.svc.Restart(s.t.Context(), s.app.job, cycle.ResetWatermark, by))
		s.app.cycle()
		for _, email := range []string{"ada.b@example.com", "carl@elsewhere.example"} {
			if m, ok := s.member(email); !ok || len(m.Warnings) == 0 {
				s.t.Errorf("%s: member %v, warnings %q", email, ok, m.Warnings)
			}
		}
		if !slices.Contains(s.addresses(), "bob@example.com") {
			s.t.Errorf("members: %v", s.addresses())
		}
	})
}
