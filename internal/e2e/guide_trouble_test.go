package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/iam"
)

// The chapter "Troubleshooting", in its order, and "Where to look for SCIM errors in Entra ID".

// connectionFails checks what a failed Test Connection tells the admin: the status, and the answer of the server byte for byte.
func (s *scene) connectionFails(tenantURL, token string, status int, says string) {
	s.t.Helper()
	s.entra.wire.taken()
	test := s.app.testConnection(tenantURL, token)
	calls := s.entra.wire.taken()
	if test.OK || test.Status != status || !strings.Contains(test.Detail, says) || len(calls) != 1 || test.Detail != calls[0].Answer || test.Message == "" {
		s.t.Errorf("Test Connection: %+v, want %d saying %q", test, status, says)
	}
}

func (s *scene) connectionWorks(tenantURL, token string) {
	s.t.Helper()
	if test := s.app.testConnection(tenantURL, token); !test.OK {
		s.t.Errorf("Test Connection: %+v", test)
	}
}

func TestTroubleshooting_testConnectionFails_scimIsDisabled(t *testing.T) {
	eachScene(t, func(s *scene) {
		s.ok(second(s.access.DisableSCIM(s.t.Context(), iam.Operator, s.org)))
		s.connectionFails(s.endpoint, s.bearer, http.StatusForbidden, "SCIM is not enabled for this organization")
		s.app.turnOn()
		if c := s.app.tryCycle(); c.Quarantined == "" || !strings.Contains(s.app.state().Quarantine.Message, "SCIM is not enabled for this organization") {
			s.t.Errorf("a cycle meanwhile: %+v", c)
		}
		view := must[access.SCIMView](s.t)(s.access.EnableSCIM(s.t.Context(), iam.Operator, s.org))
		equal(s.t, "the endpoint", view.Endpoint, s.endpoint)
		s.connectionWorks(s.endpoint, s.bearer)
		s.app.cycle()
		equal(s.t, "quarantine", s.app.state().Quarantine, nil)
	})
}

func TestTroubleshooting_testConnectionFails_wrongTenantURL(t *testing.T) {
	eachScene(t, func(s *scene) {
		other := s.another("Other")
		other.user("bob@example.com")
		const wrong = "key or secret is wrong for this organization"
		s.connectionFails(other.endpoint, s.bearer, http.StatusUnauthorized, wrong)
		s.connectionFails(s.url+"/v1/organizations/00000000-0000-7000-8000-000000000000/scim", s.bearer, http.StatusUnauthorized, wrong)
		s.connectionFails(strings.TrimSuffix(s.endpoint, "/scim"), s.bearer, http.StatusNotFound, "")
		s.connectionFails(s.endpoint+"/v2", s.bearer, http.StatusNotFound, "")
		for url, says := range map[string]string{
			"": "Enter the tenant URL", " " + s.endpoint: "begins or ends with a blank", "example.com/scim": "not an address", "http://127.0.0.1:1/scim": "",
		} {
			if test := s.app.testConnection(url, s.bearer); test.OK || test.Message == "" || !strings.Contains(test.Message, says) {
				s.t.Errorf("tenant URL %q: %+v", url, test)
			}
		}
		s.connectionWorks(s.endpoint, s.bearer)
	})
}

func TestTroubleshooting_testConnectionFails_formOfTheSecretToken(t *testing.T) {
	eachScene(t, func(s *scene) {
		key, secret, _ := strings.Cut(s.bearer, ":")
		for token, says := range map[string]string{
			secret + ":" + key:     "swapped",
			key:                    "secret is missing",
			key + ":" + secret[1:]: "key or secret is wrong",
			strings.Replace(s.bearer, "scim_", "skim_", 1): "does not start with scim_",
			" " + s.bearer:       "white space before or after",
			"Bearer " + s.bearer: "the word Bearer stands twice",
		} {
			s.connectionFails(s.endpoint, token, http.StatusUnauthorized, says)
		}
		for token, warning := range map[string]string{" " + s.bearer: "white space", s.bearer + "\t": "white space", "Bearer " + s.bearer: `begins with the word "Bearer"`} {
			if w := s.app.testConnection(s.endpoint, token).Warnings; len(w) != 1 || !strings.Contains(w[0], warning) {
				s.t.Errorf("warnings about %q: %q", strings.ReplaceAll(token, secret, "(secret)"), w)
			}
		}
		if test := s.app.testConnection(s.endpoint, s.bearer+"\n"); test.OK || !strings.Contains(test.Message, "line break") {
			s.t.Errorf("a token with a line break: %+v", test)
		}
		s.connectionWorks(s.endpoint, s.bearer)
	})
}

func TestTroubleshooting_testConnectionFails_previousPair(t *testing.T) {
	eachScene(t, func(s *scene) {
		week := s.key("1w")
		fresh := s.bearer
		s.clock.advance(8 * 24 * time.Hour)
		s.connectionFails(s.endpoint, week.Bearer, http.StatusUnauthorized, "has expired")
		next := s.key("")
		s.revoke(s.keyID())
		s.connectionFails(s.endpoint, fresh, http.StatusUnauthorized, "was revoked")
		s.connectionWorks(s.endpoint, next.Bearer)
	})
}

// The three causes that the guide names: no role for the group, a name that is nearly right, and no group at all.
func TestTroubleshooting_usersWithoutPermissions(t *testing.T) {
	eachScene(t, func(s *scene) {
		s.app.turnOn()
		ada, bob, carl := s.entra.hire("ada"), s.entra.hire("bob"), s.entra.hire("carl")
		near := s.entra.group("ClickHouse Admins", ada)
		unmapped := s.entra.group("Analysts", bob)
		s.app.assign(near.ID, unmapped.ID, carl.ID)
		s.app.unassign(s.admins.ID)
		s.app.cycle()
		s.holds("ada@example.com", "ClickHouse Admins (group ClickHouse Admins)")
		s.holds("bob@example.com", "Analysts (group Analysts)")
		s.holds("carl@example.com", "Member (default)")
		for _, email := range []string{"ada@example.com", "bob@example.com"} {
			if m, _ := s.member(email); len(m.Warnings) == 0 || !strings.Contains(strings.Join(m.Warnings, " "), "permission") {
				s.t.Errorf("%s has no permissions, and no warning of that: %q", email, m.Warnings)
			}
		}
		// Each remedy of the guide, without touching the user: the group's exact name, a row under Map roles, the Default role.
		s.entra.rename(near, "ClickHouse-Admins")
		s.role("Analysis", "Analysts", string(iam.PermOrganizationView))
		s.defaults("Read-only")
		s.app.cycle()
		s.holds("ada@example.com", "Admin (group ClickHouse-Admins)")
		s.holds("bob@example.com", "Analysis (group Analysts)")
		s.holds("carl@example.com", "Read-only (default)")
	})
}

func TestTroubleshooting_notProvisioning_statusScopeAndLicence(t *testing.T) {
	eachScene(t, func(s *scene) {
		ada, bob := s.entra.hire("ada"), s.entra.hire("bob")
		s.entra.addToGroup(s.admins, ada)
		s.entra.wire.taken()
		s.entra.later()
		equal(s.t, "requests while the status is Off", len(s.entra.wire.taken()), 0)
		b := s.entra.admin(directory.ApplicationAdministrator)
		b.get(s.entra.url + "/applications/" + string(s.app.ID) + "/provisioning").is(http.StatusOK).says("Provisioning is off")

		s.app.turnOn()
		// Who is not assigned is skipped, and on demand says so.
		d := s.app.provisionOnDemand(bob)
		s.app.entry(d.LogEntry, "Other Skipped "+cycle.SkipNotEntitled)
		if d.Error == nil || d.Error.Code != cycle.CodeSyncSkipped || !strings.Contains(d.Error.RecommendedAction, "Assign the object") {
			s.t.Errorf("what the admin is told: %+v", d.Error)
		}
		s.entra.later()
		s.holds("bob@example.com", "no member")
		s.app.assign(bob.ID)
		s.app.provisionOnDemand(bob) // need not wait for the 40 minutes
		s.holds("bob@example.com", "Member (default)")

		s.ok(s.entra.db.SetLicence(s.t.Context(), directory.LicenceFree))
		s.app.cycle()
		e := s.app.last(s.readers.ID)
		s.app.entry(e, "Other Skipped "+cycle.SkipLicence)
		if !strings.Contains(e.Error.RecommendedAction, "Microsoft Entra ID P1 or higher") {
			s.t.Errorf("what the admin is told: %+v", e.Error)
		}
	})
}

// An invitation in other capitals, then SCIM: one member and no invitation; removed from the Members list he is provisioned
// fresh by the next run, without the direct roles that he had.
func TestTroubleshooting_duplicateUser(t *testing.T) {
	eachScene(t, func(s *scene) {
		s.app.turnOn()
		s.invite("Alice@Example.com", "system:Billing")
		alice := s.entra.create(directory.User{UserPrincipalName: "alice@corp.example.com", Mail: "ALICE@example.COM", DisplayName: "Alice", AccountEnabled: true})
		s.entra.addToGroup(s.readers, alice)
		s.app.cycle()
		equal(s.t, "members", s.addresses(), []string{"alice@example.com"})
		equal(s.t, "invitations", s.invitations(), []string{})
		s.holds("alice@example.com", "Read-only (group ClickHouse-Read-only)")
		s.signIn(alice)
		s.entra.update(alice, func(u *directory.User) { u.Mail = "alice@example.com" })
		s.app.cycle()
		equal(s.t, "members after her capitals changed", s.addresses(), []string{"alice@example.com"})

		for name, again := range map[string]func(){
			"on demand": func() { s.app.provisionOnDemand(alice) },
			"unassigned and reassigned": func() {
				s.entra.removeFromGroup(s.readers, alice)
				s.app.cycle()
				s.entra.addToGroup(s.readers, alice)
				s.app.cycle()
			},
		} {
			s.ok(second(s.access.SetMemberRoles(s.t.Context(), iam.Operator, s.org, "alice@example.com", []string{"Billing"})))
			s.ok(s.access.RemoveMember(s.t.Context(), iam.Operator, s.org, "alice@example.com"))
			equal(s.t, name+": members", s.addresses(), []string{})
			s.cannotSignIn(alice, "Access denied")
			again()
			s.holds("alice@example.com", "Read-only (group ClickHouse-Read-only)")
			s.signIn(alice)
		}
	})
}

// With unmapped groups rejected, the refusal names the group, in the logs of both sides; either remedy is enough.
func TestTroubleshooting_groupNameMismatch(t *testing.T) {
	for name, repair := range map[string]func(s *scene, g directory.Group){
		"renamed": func(s *scene, g directory.Group) { s.entra.rename(g, "Analysts"); s.role("Analysts", "") },
		"mapped":  func(s *scene, _ directory.Group) { s.role("Evaluation", "Analists") },
	} {
		t.Run(name, func(t *testing.T) {
			eachScene(t, func(s *scene) {
				s.policy("", "reject")
				s.app.turnOn()
				ada := s.entra.hire("ada")
				group := s.entra.group("Analists", ada)
				s.app.assign(group.ID)
				c := s.app.tryCycle()
				equal(s.t, "failures", c.Count("", cycle.Failure), 1)
				e := s.app.last(group.ID)
				s.app.entry(e, "Create Failure "+cycle.CodeIncompatible)
				s.verbatim(e, http.StatusBadRequest, `displayName not recognised`, "Analists")
				s.holds("ada@example.com", "Member (default)")
				repair(s, group)
				s.app.cycle()
				role := map[string]string{"renamed": "Analysts (group Analysts)", "mapped": "Evaluation (group Analists)"}[name]
				s.holds("ada@example.com", role)
			})
		})
	}
}

// verbatim checks that a log entry holds the request, the target, and the server's error byte
// for byte.
func (s *scene) verbatim(e cycle.LogEntry, status int, says ...string) {
	s.t.Helper()
	if e.Error == nil || len(e.Exchanges) == 0 {
		s.t.Fatalf("the entry has no error or no request: %+v", e)
	}
	last := e.Exchanges[len(e.Exchanges)-1]
	var wire sent
	for _, one := range s.entra.wire.taken() {
		if one.Status == status && one.URL == last.URL && one.Method == last.Method {
			wire = one
		}
	}
	equal(s.t, "the request in the log", []string{last.Method, last.URL, last.Body, last.Answer}, []string{wire.Method, wire.URL, wire.Body, wire.Answer})
	equal(s.t, "the status in the log", last.Status, status)
	if wire.Answer == "" || !strings.Contains(e.Error.Reason, "Web Response: "+wire.Answer) {
		s.t.Errorf("the reason does not hold the answer as it was:\n%s\n%s", e.Error.Reason, wire.Answer)
	}
	var answer struct{ Detail string }
	s.ok(json.Unmarshal([]byte(wire.Answer), &answer))
	for _, text := range says {
		if !strings.Contains(answer.Detail, text) {
			s.t.Errorf("the server does not say %q: %s", text, wire.Answer)
		}
	}
	if e.ApplicationID != s.app.ID || e.Source.ID == "" || e.Target.Type == "" || e.Duration < 0 || e.ChangeID == "" {
		s.t.Errorf("the entry is incomplete: %+v", e)
	}
}

// A deactivated person is a member until the next cycle; on demand removes who was unassigned at once; and when the disable
// fails, the log has it as a Disable with the server's error, and the next cycle does it.
func TestTroubleshooting_deactivationNotPropagated(t *testing.T) {
	eachScene(t, func(s *scene) {
		s.app.turnOn()
		ada, bob, carl := s.entra.hire("ada"), s.entra.hire("bob"), s.entra.hire("carl")
		s.app.assign(ada.ID, bob.ID, carl.ID)
		s.entra.due()
		sessions := map[string]*browser{"ada": s.signIn(ada), "bob": s.signIn(bob), "carl": s.signIn(carl)}

		s.entra.disable(ada)
		s.holds("ada@example.com", "Member (default)")
		equal(s.t, "ada's session before the cycle", s.opens(sessions["ada"], "/profile"), http.StatusOK)
		s.entra.later()
		s.removed(ada, sessions["ada"], "AADSTS50057")

		s.app.unassign(bob.ID)
		s.app.entry(s.app.provisionOnDemand(bob).LogEntry, "Disable Success")
		s.removed(bob, sessions["bob"], "AADSTS50105")

		sessions["carl"] = s.signIn(carl) // the first one was idle for too long
		s.entra.disable(carl)
		const away = "The database cannot be reached; try again."
		s.entra.wire.fail(http.StatusServiceUnavailable, away, func(r *http.Request) bool { return r.Method == http.MethodPatch })
		s.entra.wire.taken()
		s.entra.later()
		e := s.app.last(carl.ID)
		s.app.entry(e, "Disable Failure "+cycle.CodeInternalServerError)
		s.verbatim(e, http.StatusServiceUnavailable, away)
		s.holds("carl@example.com", "Member (default)")
		equal(s.t, "his session", s.opens(sessions["carl"], "/profile"), http.StatusOK)
		s.entra.wire.fail(0, "", nil)
		s.entra.later()
		s.app.entry(s.app.last(carl.ID), "Disable Success")
		s.removed(carl, sessions["carl"], "AADSTS50057")
	})
}

// Two enterprise applications for two organizations have credentials of their own: a rotation in one does not touch the
// other, and the token of the one is of no use in the other.
func TestTroubleshooting_rotatedToken(t *testing.T) {
	eachScene(t, func(s *scene) {
		theirs := s.secondOrganization("Other")
		ada := s.entra.hire("ada")
		s.app.assign(ada.ID)
		theirs.app.assign(ada.ID)
		s.app.turnOn()
		theirs.app.turnOn()
		equal(s.t, "cycles", len(s.entra.due()), 2)

		next := s.key("")
		s.revoke(s.keyID())
		for range 3 {
			s.entra.later()
		}
		q := s.app.state().Quarantine
		if q == nil || q.Reason != cycle.EncounteredQuarantineException || !strings.Contains(q.Message, "was revoked; generate a new key") {
			s.t.Fatalf("the application with the revoked token: %+v", q)
		}
		b := s.entra.admin(directory.ApplicationAdministrator)
		b.get(s.entra.url+"/applications/"+string(s.app.ID)+"/provisioning").is(http.StatusOK).says("quarantine", "was revoked; generate a new key")
		equal(s.t, "the other application", theirs.app.state().Quarantine, nil)
		equal(s.t, "its member", theirs.held("ada@example.com"), "Member (default)")

		// The new token on the wrong application: that one fails now, and says so.
		theirs.app.save(theirs.endpoint, next.Bearer)
		if test := must[cycle.ConnectionTest](s.t)(s.app.svc.TestSavedConnection(s.t.Context(), theirs.app.job)); test.OK || !strings.Contains(test.Detail, "wrong for this organization") {
			s.t.Errorf("the token of another organization: %+v", test)
		}
		theirs.app.save(theirs.endpoint, theirs.bearer)
		s.app.save(s.endpoint, next.Bearer)
		s.connectionWorks(s.endpoint, next.Bearer)
		s.entra.update(ada, func(u *directory.User) { u.DisplayName = "Countess Ada" })
		s.entra.later()
		equal(s.t, "quarantine after the new token", s.app.state().Quarantine, nil)
		for _, org := range []*scene{s, theirs} {
			m, _ := org.member("ada@example.com")
			equal(s.t, "her name", m.DisplayName, "Countess Ada")
		}
	})
}

// secondOrganization is another organization with an application of its own, in the same directory.
func (s *scene) secondOrganization(name string) *scene {
	s.t.Helper()
	server := *s.scimServer
	other := &scene{guide: &guide{scimServer: &server, t: s.t, clock: s.clock, database: s.database}, entra: s.entra}
	other.create(s.t, name)
	other.app = s.entra.application("Rollcall for " + name)
	other.connectSAML(other.app)
	other.enableSCIM()
	other.app.save(other.endpoint, other.bearer)
	other.app.userNameFrom("mail")
	return other
}

// A lost token cannot be read again, anywhere: it is revoked, and a new one takes its place.
func TestTroubleshooting_lostToken(t *testing.T) {
	eachScene(t, func(s *scene) {
		s.app.turnOn()
		ada := s.entra.hire("ada")
		s.app.assign(ada.ID)
		s.app.cycle()
		_, secret, _ := strings.Cut(s.bearer, ":")
		b := s.entra.admin(directory.GlobalAdministrator)
		home := s.entra.url + "/applications/" + string(s.app.ID) + "/provisioning"
		for _, path := range []string{home, home + "/edit", home + "/logs", s.entra.url + "/audit"} {
			b.get(path).is(http.StatusOK).saysNot(secret)
		}
		if strings.Contains(s.state(), secret) || strings.Contains(must[string](s.t)(jsonOf(s.app.logs(cycle.LogFilter{}), s.app.state())), secret) {
			s.t.Error("the secret can be read again")
		}
		s.revoke(s.keyID())
		s.app.save(s.endpoint, s.key("").Bearer)
		s.entra.update(ada, func(u *directory.User) { u.DisplayName = "Countess Ada" })
		s.app.cycle()
		m, _ := s.member("ada@example.com")
		equal(s.t, "her name", m.DisplayName, "Countess Ada")
	})
}

func jsonOf(values ...any) (string, error) {
	text, err := json.Marshal(values)
	return string(text), err
}
