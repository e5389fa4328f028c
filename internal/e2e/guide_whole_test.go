package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// The whole guide in one go, and its questions.

// TestGuide_fromTheFirstLineToTheLast does every step in the guide's order, by cycles that begin when they are due. It ends
// at the first step that fails, and names it.
func TestGuide_fromTheFirstLineToTheLast(t *testing.T) {
	eachServer(t, func(g *guide) {
		s := &scene{guide: g, entra: newTenant(g.t, g.clock)}
		var ada, bob, carl, dora directory.User
		sessions := map[string]*browser{}
		for _, step := range []struct {
			name string
			does func()
		}{
			{"single sign-on is set up", func() {
				s.create(s.t, "Guide")
				s.app = s.entra.application("Rollcall")
				s.refuses(iam.KindConflict, "finish your SAML setup first", func() error { return second(s.access.EnableSCIM(s.t.Context(), iam.Operator, s.org)) })
				s.connectSAML(s.app)
			}},
			{"enable SCIM, generate a token", s.enableSCIM},
			{"define the role mapping", func() {
				s.role("Admin", "ClickHouse-Admins", string(iam.PermOrganizationView), string(iam.PermOrganizationManage))
				s.role("Read-only", "ClickHouse-Read-only", string(iam.PermOrganizationView))
			}},
			{"credentials, Test Connection", func() { s.connectionWorks(s.endpoint, s.bearer); s.app.save(s.endpoint, s.bearer) }},
			{"userName from mail", func() { s.app.userNameFrom("mail") }},
			{"assign groups and users", func() {
				ada, bob, carl, dora = s.entra.hire("ada"), s.entra.hire("bob"), s.entra.hire("carl"), s.entra.hire("dora")
				s.admins, s.readers = s.entra.group("ClickHouse-Admins", ada), s.entra.group("ClickHouse-Read-only", bob, carl)
				s.app.assign(s.admins.ID, s.readers.ID, dora.ID)
			}},
			{"turn on provisioning: the first cycle", func() {
				s.app.turnOn()
				equal(s.t, "cycles", len(s.entra.due()), 1)
				s.holds("ada@example.com", "Admin (group ClickHouse-Admins)")
				s.holds("bob@example.com", "Read-only (group ClickHouse-Read-only)")
				s.holds("dora@example.com", "Member (default)")
			}},
			{"everybody signs in", func() {
				for _, u := range []directory.User{ada, bob, carl, dora} {
					sessions[u.Mail] = s.signIn(u)
				}
			}},
			{"profiles, groups and deactivations flow by themselves", func() {
				s.entra.update(ada, func(u *directory.User) {
					u.Mail, u.GivenName, u.DisplayName = "augusta@example.com", "Augusta", "Augusta Example"
				})
				s.entra.move(bob, s.readers, s.admins)
				s.entra.disable(carl)
				equal(s.t, "cycles", len(s.entra.later()), 1)
				m, _ := s.member("augusta@example.com")
				equal(s.t, "her name", m.DisplayName, "Augusta Example")
				s.holds("ada@example.com", "no member")
				s.holds("bob@example.com", "Admin (group ClickHouse-Admins)")
				s.removed(carl, sessions[carl.Mail], "AADSTS50057")
				// A changed address ends the sessions that were begun with the old one.
				equal(s.t, "her old session", s.opens(sessions["ada@example.com"], "/profile"), http.StatusSeeOther)
				ada.Mail = "augusta@example.com"
				sessions[ada.Mail] = s.signIn(ada)
			}},
			{"deleted in the directory", func() {
				s.entra.remove(dora)
				s.entra.later()
				s.removed(dora, sessions[dora.Mail], unknownToEntra)
				s.ok(s.entra.db.PurgeUser(s.t.Context(), dora.ID))
				s.entra.later()
				equal(s.t, "her SCIM user", s.match("dora@example.com"), "")
			}},
			{"every assignment is removed", func() {
				s.app.unassign(s.admins.ID)
				s.app.unassign(s.readers.ID)
				s.entra.later()
				s.withoutOrphans(sessions)
			}},
		} {
			step.does()
			if s.t.Failed() {
				s.t.Fatalf("the step %q failed; fix it before continuing", step.name)
			}
		}
		equal(s.t, "cycles that ran", len(must[[]cycle.Cycle](s.t)(s.app.svc.Cycles(s.t.Context(), s.app.job, 100))), 5)
		if failed := s.app.logs(cycle.LogFilter{Statuses: []cycle.Result{cycle.Failure}}); len(failed) > 0 {
			s.t.Errorf("failures in the provisioning logs: %+v", failed)
		}
	})
}

// withoutOrphans checks that nobody and nothing is left over: no member, no session, no role holder, no group; and that no
// invitation ever was.
func (s *scene) withoutOrphans(sessions map[string]*browser) {
	s.t.Helper()
	equal(s.t, "members", s.addresses(), []string{})
	for email, session := range sessions {
		if status := s.opens(session, "/profile"); status != http.StatusSeeOther {
			s.t.Errorf("the session of %s is alive: %d", email, status)
		}
	}
	for _, m := range must[[]iam.Member](s.t)(s.access.Members(s.t.Context(), s.org, true)) {
		if m.Email != "admin@example.org" && (m.Status != iam.StatusInactive || len(m.Roles) > 0) {
			s.t.Errorf("%s is %s and holds %+v", m.Email, m.Status, m.Roles)
		}
	}
	for _, r := range must[[]access.RoleView](s.t)(s.access.Roles(s.t.Context(), s.org)) {
		if len(r.Groups) > 0 {
			s.t.Errorf("the role %s is still linked to %+v", r.Name, r.Groups)
		}
	}
	equal(s.t, "groups", s.first("/Groups"), "")
	equal(s.t, "invitations", len(must[[]store.Invitation](s.t)(s.db.Read(s.t.Context()).Invitations(s.org))), 0)
	for _, e := range s.audit() {
		if e.Type == iam.InviteCreate || e.Type == iam.InviteDelete {
			s.t.Errorf("audit event %s", e.Type)
		}
	}
}

// Do I need SAML SSO before I can use SCIM? Yes; and without it nothing is provisioned any more.
func TestFAQ_samlBeforeSCIM(t *testing.T) {
	eachScene(t, func(s *scene) {
		s.app.turnOn()
		ada := s.entra.hire("ada")
		s.app.assign(ada.ID)
		s.app.cycle()
		s.ok(s.access.DisconnectSAML(s.t.Context(), iam.Operator, s.org))
		s.entra.update(ada, func(u *directory.User) { u.DisplayName = "Countess Ada" })
		if c := s.app.tryCycle(); c.Quarantined == "" || c.CallCount() != 1 {
			s.t.Errorf("a cycle without SAML: %+v", c)
		}
		s.connectionFails(s.endpoint, s.bearer, http.StatusUnauthorized, "was revoked")
		s.refuses(iam.KindConflict, "finish your SAML setup first", func() error { return second(s.access.EnableSCIM(s.t.Context(), iam.Operator, s.org)) })
		m, _ := s.member("ada@example.com")
		equal(s.t, "her name", m.DisplayName, "Ada Example")
		s.connectSAML(s.app)
		endpoint := s.endpoint
		s.enableSCIM()
		equal(s.t, "the endpoint", s.endpoint, endpoint)
		s.app.save(s.endpoint, s.bearer)
		s.app.cycle()
		m, _ = s.member("ada@example.com")
		equal(s.t, "her name", m.DisplayName, "Countess Ada")
		s.signIn(ada)
	})
}

// Can I use the same enterprise application for SAML and SCIM? Yes: one assignment decides for both.
func TestFAQ_sameApplication(t *testing.T) {
	eachScene(t, func(s *scene) {
		s.app.turnOn()
		ada, bob := s.entra.hire("ada"), s.entra.hire("bob")
		s.entra.addToGroup(s.readers, ada)
		s.app.cycle()
		s.signIn(ada)
		s.holds("bob@example.com", "no member")
		s.cannotSignIn(bob, "AADSTS50105")
		s.app.assign(bob.ID)
		s.app.cycle()
		s.signIn(bob)
		one := must[directory.Application](s.t)(s.entra.db.Application(s.t.Context(), s.app.ID))
		equal(s.t, "single sign-on of the application", strings.HasPrefix(one.SAML.ReplyURL, s.url), true)
		equal(s.t, "its provisioning", s.app.state().TenantURL, s.endpoint)
		equal(s.t, "applications", len(must[[]directory.Application](s.t)(s.entra.db.Applications(s.t.Context()))), 1)
	})
}

// Why is the Secret Token formatted as key:secret? It is what stands behind Bearer, and nothing but both halves works.
func TestFAQ_keyColonSecret(t *testing.T) {
	eachScene(t, func(s *scene) {
		key, secret, _ := strings.Cut(s.bearer, ":")
		s.entra.wire.taken()
		s.connectionWorks(s.endpoint, key+":"+secret)
		equal(s.t, "the header", s.entra.wire.taken()[0].Authorization, "Bearer "+key+":"+secret)
		for _, token := range []string{key, secret, key + secret, key + ";" + secret} {
			if s.app.testConnection(s.endpoint, token).OK {
				s.t.Errorf("a token of another form works")
			}
		}
	})
}

// How quickly do changes show up? With the next cycle, at most 40 minutes away, and at once on demand.
func TestFAQ_howQuickly(t *testing.T) {
	eachScene(t, func(s *scene) {
		ada, bob := s.entra.hire("ada"), s.entra.hire("bob")
		s.app.assign(ada.ID)
		s.app.turnOn()
		s.entra.due()
		s.entra.update(ada, func(u *directory.User) { u.DisplayName = "Countess Ada" })
		s.app.assign(bob.ID)
		s.app.provisionOnDemand(bob)
		s.holds("bob@example.com", "Member (default)")
		s.clock.advance(cycle.DefaultInterval - 1)
		s.entra.due()
		m, _ := s.member("ada@example.com")
		equal(s.t, "her name before the cycle", m.DisplayName, "Ada Example")
		s.clock.advance(1000)
		s.entra.due()
		m, _ = s.member("ada@example.com")
		equal(s.t, "her name after the cycle", m.DisplayName, "Countess Ada")
	})
}

// Where do I get help? The two ids that support asks for are on the page of the application, and the organization's in the
// form.
func TestFAQ_whatSupportAsksFor(t *testing.T) {
	eachScene(t, func(s *scene) {
		b := s.entra.admin(directory.ApplicationAdministrator)
		b.get(s.entra.url+"/applications/"+string(s.app.ID)).is(http.StatusOK).says("Rollcall", string(s.app.ID))
		role := s.findRole("Admin")
		permissions := append(role.Permissions, iam.PermSupportManage)
		s.ok(s.updateRole("Admin", access.RoleInput{Permissions: ptr(strs(permissions))}))
		ada := s.added("ada", s.admins)
		s.signIn(ada).get(s.url + "/support").is(http.StatusOK).shows(string(s.org))
	})
}
