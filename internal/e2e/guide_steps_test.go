package e2e

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/iam"
)

// The guide's test plan, row by row. The real service sends no memberships when a user is provisioned on demand, and cannot
// reach a disabled account so: rows 1 and 4 choose the group with its member, and the account that is disabled waits for the
// next cycle (Microsoft Entra docs, "provision-on-demand").

// added is row 1: a test user in a group, provisioned on demand.
func (s *scene) added(name string, g directory.Group) directory.User {
	s.t.Helper()
	u := s.entra.hire(name)
	s.entra.addToGroup(g, u)
	s.app.entry(s.app.provisionOnDemand(u).LogEntry, "Create Success")
	d := s.app.provisionGroupOnDemand(g, u)
	if len(d.Members) != 1 || d.Members[0].Status != cycle.Success || d.Members[0].Action != cycle.ActionCreate {
		s.t.Fatalf("the member on demand: %+v", d.Members)
	}
	return u
}

// mayAdminister does what only organization:manage allows, in the console: it opens the SCIM settings, and makes a role.
func (s *scene) mayAdminister(b *browser, role string) (bool, page) {
	s.t.Helper()
	opened := b.get(s.url + "/settings/scim")
	made := b.post(s.url+"/roles/new", url.Values{"name": {role}, "scim_group": {""}, "p": {string(iam.PermOrganizationView)}})
	if (opened.Status == http.StatusOK) != (made.Status == http.StatusSeeOther) {
		s.t.Errorf("the settings answer %d, a new role %d %s", opened.Status, made.Status, made.text())
	}
	return opened.Status == http.StatusOK, opened
}

func TestGuide_Step1_addToGroupAndProvisionOnDemand(t *testing.T) {
	eachScene(t, func(s *scene) {
		ada := s.added("ada", s.admins)
		s.holds("ada@example.com", "Admin (group ClickHouse-Admins)")
		m, _ := s.member("ada@example.com")
		equal(s.t, "who manages her", m.ManagedBy, iam.ManagedBySCIM)
		if s.app.state().Status != cycle.StatusOff {
			s.t.Error("on demand switched provisioning on")
		}
		// Users and roles shows her with her role, and that she came by SCIM.
		shown := s.signIn(ada).get(s.url + "/members").is(http.StatusOK)
		shown.says("Ada Example", "ada@example.com", "ClickHouse-Admins", "SCIM")
	})
}

func TestGuide_Step2_signInBySSO(t *testing.T) {
	eachScene(t, func(s *scene) {
		ada := s.added("ada", s.admins)
		hers := s.signIn(ada)
		if landed := hers.get(s.url + "/dashboard").is(http.StatusOK).says("Dashboard"); !strings.Contains(landed.Body, "Ada Example") {
			s.t.Errorf("the dashboard does not show who is signed in: %s", landed.Body)
		}
		if may, page := s.mayAdminister(hers, "Made by Ada"); !may {
			s.t.Errorf("she has no admin access: %d %s", page.Status, page.text())
		}
		equal(s.t, "the role she made", s.findRole("Made by Ada").Permissions, []iam.Permission{iam.PermOrganizationView})
	})
}

func TestGuide_Step3_firstNameUpdated(t *testing.T) {
	eachScene(t, func(s *scene) {
		ada := s.added("ada", s.admins)
		hers := s.signIn(ada)
		before, _ := s.member("ada@example.com")
		s.entra.update(ada, func(u *directory.User) { u.GivenName, u.DisplayName = "Augusta", "Augusta Example" })
		d := s.app.provisionOnDemand(ada)
		s.app.entry(d.LogEntry, "Update Success")
		for _, want := range []cycle.ModifiedProperty{
			{DisplayName: "name.givenName", OldValue: "Ada", NewValue: "Augusta"}, {DisplayName: "displayName", OldValue: "Ada Example", NewValue: "Augusta Example"},
		} {
			if !slices.Contains(d.Modified, want) {
				s.t.Errorf("Modified properties are %v, without %v", d.Modified, want)
			}
		}
		after, _ := s.member("ada@example.com")
		before.DisplayName = "Augusta Example"
		equal(s.t, "the member", after, before)
		hers.get(s.url + "/members").is(http.StatusOK).says("Augusta Example").saysNot("Ada Example")
		s.app.entry(s.app.provisionOnDemand(ada).LogEntry, "Other Skipped RedundantExport")
	})
}

// The order in which the two groups are provisioned does not matter, nor whether a cycle does it.
func TestGuide_Step4_movedToReadOnly(t *testing.T) {
	eachScene(t, func(s *scene) {
		for name, provision := range map[string]func(u directory.User){
			"readersfirst": func(u directory.User) {
				s.app.provisionGroupOnDemand(s.readers, u)
				s.app.provisionGroupOnDemand(s.admins, u)
			},
			"adminsfirst": func(u directory.User) {
				s.app.provisionGroupOnDemand(s.admins, u)
				s.holds(u.Mail, "Member (default)")
				s.app.provisionGroupOnDemand(s.readers, u)
			},
			"cycle": func(directory.User) { s.app.turnOn(); s.app.cycle(); s.app.turnOff() },
		} {
			u := s.added(name, s.admins)
			session := s.signIn(u)
			if may, page := s.mayAdminister(session, "Before "+name); !may {
				s.t.Fatalf("%s has no admin access: %s", name, page.text())
			}
			s.entra.move(u, s.admins, s.readers)
			provision(u)
			s.holds(u.Mail, "Read-only (group ClickHouse-Read-only)")
			// The session that she has already may no more than the role does.
			if may, page := s.mayAdminister(session, "After "+name); may || page.Status != http.StatusForbidden {
				s.t.Errorf("%s: the settings answer %d to her old session", name, page.Status)
			}
			session.get(s.url + "/members").is(http.StatusOK)
		}
	})
}

// removed is what the guide expects after row 5, by whichever way: no member, no session, no sign-in, no new account.
func (s *scene) removed(u directory.User, session *browser, refusal string) {
	s.t.Helper()
	s.holds(u.Mail, "no member")
	for _, path := range []string{"/dashboard", "/profile"} {
		if status := s.opens(session, path); status != http.StatusSeeOther {
			s.t.Errorf("her session opens %s: %d", path, status)
		}
	}
	s.cannotSignIn(u, refusal)
	s.holds(u.Mail, "no member")
	equal(s.t, "the SCIM user", at(s.scim(http.StatusOK, "GET", "/Users/"+s.match(u.Mail), ""), "active"), any(false))
}

// Unassigned, she is removed on demand, at once. Entra ID itself refuses to sign her in; and so does Rollcall, to an
// assertion that was made before.
func TestGuide_Step5_unassigned(t *testing.T) {
	eachScene(t, func(s *scene) {
		ada := s.added("ada", s.admins)
		s.app.assign(ada.ID)
		session := s.signIn(ada)
		assertion := s.assertionFor(ada)
		s.entra.removeFromGroup(s.admins, ada)
		s.app.unassign(ada.ID)
		s.app.entry(s.app.provisionOnDemand(ada).LogEntry, "Disable Success")
		s.removed(ada, session, "AADSTS50105")
		s.refusesAssertion(assertion)
	})
}

// Disabled, she cannot be chosen on demand: the next cycle removes her.
func TestGuide_Step5_accountDisabled(t *testing.T) {
	eachScene(t, func(s *scene) {
		s.app.turnOn()
		ada := s.entra.hire("ada")
		s.entra.addToGroup(s.admins, ada)
		s.app.cycle()
		session := s.signIn(ada)
		assertion := s.assertionFor(ada)
		s.entra.disable(ada)
		_, err := s.app.svc.ProvisionOnDemand(s.t.Context(), s.app.job, userSubject(ada), by)
		if !cycle.IsProblem(err, cycle.Invalid) || !strings.Contains(err.Error(), "next provisioning cycle disables it") {
			s.t.Errorf("on demand for a disabled account: %v", err)
		}
		s.holds("ada@example.com", "Admin (group ClickHouse-Admins)")
		s.app.cycle()
		s.app.entry(s.app.last(ada.ID), "Disable Success")
		s.removed(ada, session, "AADSTS50057")
		s.refusesAssertion(assertion)

		// Enabled again she is the same member, with her group's role.
		before := s.match("ada@example.com")
		s.entra.enable(ada)
		s.app.cycle()
		s.holds("ada@example.com", "Admin (group ClickHouse-Admins)")
		equal(s.t, "her id", s.match("ada@example.com"), before)
		s.signIn(ada)
	})
}

// assertion is an answer of the identity provider that has not reached Rollcall yet.
type assertion struct {
	browser *browser
	form    url.Values
}

// assertionFor signs in at the identity provider and keeps its answer.
func (s *scene) assertionFor(u directory.User) assertion {
	s.t.Helper()
	b := newBrowser(s.t, s.clock.Now)
	form := b.get(b.get(s.url + "/saml/" + string(s.org) + "/login?to=/dashboard").Location).fields()
	form.Del("search")
	form.Set("account", u.UserPrincipalName)
	form = b.post(strings.TrimSuffix(s.entra.idp.Endpoints(s.app.Application).LoginURL, "/saml2")+"/login", form).fields()
	if !form.Has("SAMLResponse") {
		s.t.Fatalf("the stand-in gives no answer for %s", u.Mail)
	}
	return assertion{b, form}
}

// refusesAssertion posts a valid answer for somebody who was removed meanwhile.
func (s *scene) refusesAssertion(a assertion) {
	s.t.Helper()
	events := s.during(func() {
		a.browser.post(s.app.SAML.ReplyURL, a.form).is(http.StatusForbidden).says("Access denied", "Request id")
	})
	if len(events) != 1 || events[0].Type != iam.UserLoginFailed {
		s.t.Errorf("the audit log has %+v", events)
	}
	if status := s.opens(a.browser, "/dashboard"); status != http.StatusSeeOther {
		s.t.Errorf("the refused answer opens the dashboard: %d", status)
	}
}

func userSubject(u directory.User) cycle.Subject { return cycle.Subject{Kind: kindUser, ID: u.ID} }
