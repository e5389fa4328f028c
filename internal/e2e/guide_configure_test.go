package e2e

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/web"
	"github.com/rollcall/rollcall/scim"
)

// The chapters "Before you begin" and "Configure provisioning in Microsoft Entra ID".

// beforeSCIM is the scene at "Before you begin": single sign-on is connected, SCIM is not.
func beforeSCIM(g *guide) *scene {
	g.t.Helper()
	s := &scene{guide: g, entra: newTenant(g.t, g.clock)}
	s.create(g.t, "Guide")
	s.app = s.entra.application("Rollcall")
	s.connectSAML(s.app)
	return s
}

// Single sign-on works before SCIM, and the accounts that SCIM makes sign in through the same connection.
func TestGuide_BeforeYouBegin_signInFirst(t *testing.T) {
	eachServer(t, func(g *guide) {
		s := beforeSCIM(g)
		ada, bob := s.entra.hire("ada"), s.entra.hire("bob")
		s.app.assign(ada.ID, bob.ID)
		s.signIn(ada)
		first, _ := s.member("ada@example.com")
		connection := must[access.SAMLView](s.t)(s.access.SAML(s.t.Context(), s.org))

		s.enableSCIM()
		s.app.save(s.endpoint, s.bearer)
		s.app.userNameFrom("mail")
		// Accounts come by SCIM from now on, not by signing in.
		s.cannotSignIn(bob, "Access denied")
		s.holds("bob@example.com", "no member")
		s.app.turnOn()
		s.app.cycle()
		for _, u := range []directory.User{ada, bob} {
			s.signIn(u)
			s.holds(u.Mail, "Member (default)")
		}
		after, _ := s.member("ada@example.com")
		equal(s.t, "she is the member who signed in before", after.ID, first.ID)
		equal(s.t, "the connection", must[access.SAMLView](s.t)(s.access.SAML(s.t.Context(), s.org)).ConnectedAt, connection.ConnectedAt)
	})
}

// admin signs an administrator in to the portal.
func (e *tenant) admin(role directory.DirectoryRole) *browser {
	e.t.Helper()
	u := directory.User{UserPrincipalName: "admin" + strings.ReplaceAll(string(role), " ", "") + "@corp.example.com", DisplayName: "Admin", AccountEnabled: true}
	if role != "" {
		u.DirectoryRoles = []directory.DirectoryRole{role}
	}
	b := newBrowser(e.t, e.clock.Now)
	b.post(e.url+"/login", url.Values{"upn": {e.create(u).UserPrincipalName}, "to": {"/"}}).is(http.StatusSeeOther)
	return b
}

func TestGuide_BeforeYouBegin_whoMayConfigure(t *testing.T) {
	eachScene(t, func(s *scene) {
		edit := s.entra.url + "/applications/" + string(s.app.ID) + "/provisioning/edit"
		form := url.Values{"act": {"save"}, "mode": {"Automatic"}, "tenant_url": {s.endpoint}, "scope": {string(cycle.ScopeAssigned)}, "status": {"On"}}
		for role, want := range map[directory.DirectoryRole]bool{
			"": false, directory.ApplicationAdministrator: true, directory.CloudApplicationAdministrator: true, directory.GlobalAdministrator: true,
		} {
			b := s.entra.admin(role)
			s.app.turnOff()
			opened, saved := b.get(edit), b.post(edit, form)
			on := s.app.state().Status == cycle.StatusOn
			if (opened.Status == http.StatusOK) != want || on != want || !want && (opened.Status != http.StatusForbidden || saved.Status != http.StatusForbidden) {
				s.t.Errorf("role %q: the form opens with %d, saving answers %d, provisioning is on: %v", role, opened.Status, saved.Status, on)
			}
		}
	})
}

// The chapters from "Open your enterprise application" to "Configure attribute mappings", by the portal's own pages.
func TestGuide_Credentials_inThePortal(t *testing.T) {
	eachScene(t, func(s *scene) {
		b := s.entra.admin(directory.ApplicationAdministrator)
		// An application that is made for single sign-on first.
		made := b.post(s.entra.url+"/applications/new", url.Values{"name": {"Cloud Console"}}).is(http.StatusSeeOther)
		home := s.entra.url + strings.TrimSuffix(made.Location, "/")
		id := home[strings.LastIndex(home, "/")+1:]
		b.get(s.entra.url + "/").is(http.StatusOK).shows("Enterprise applications")
		b.get(s.entra.url + "/applications").is(http.StatusOK).says("Cloud Console")
		b.get(home).is(http.StatusOK).says("Cloud Console", id).shows("Provisioning", "Single sign-on", "Users and groups")
		b.get(home + "/sign-on").is(http.StatusOK).says("SAML")

		if start := b.get(home + "/provisioning").is(http.StatusOK).says("Get started"); !strings.Contains(start.Body, `/provisioning/edit"`) {
			s.t.Error("Get started does not lead to the form")
		}
		b.get(home+"/provisioning/edit").is(http.StatusOK).says("Provisioning Mode", "Manual", "Automatic", "Tenant URL", "Secret Token", "Test Connection",
			"They can be opened when the credentials are saved").saysNot("Provision Microsoft Entra ID Users")

		form := url.Values{"act": {"test"}, "mode": {"Automatic"}, "tenant_url": {s.endpoint}, "secret_token": {s.bearer}, "scope": {string(cycle.ScopeAssigned)}, "status": {"Off"}}
		s.entra.wire.taken()
		b.post(home+"/provisioning/edit", form).is(http.StatusOK).says("Testing connection", "The supplied credentials are authorized", "Nothing is saved yet")
		if calls := s.entra.wire.taken(); len(calls) != 1 {
			s.t.Errorf("Test Connection sent %v", lines(calls, s.endpoint))
		}
		form.Set("secret_token", s.bearer+"x")
		failed := b.post(home+"/provisioning/edit", form).is(http.StatusOK).says("failed: status 401", "key or secret is wrong for this organization")
		failed.says(s.entra.wire.taken()[0].Answer, "Look for the Tenant URL", "key:secret", "white space", "a second Bearer", "a revoked or expired key")

		// A blank that came along is not saved unasked.
		form.Set("act", "save")
		form.Set("secret_token", s.bearer+" ")
		asked := b.post(home+"/provisioning/edit", form).says("Not saved yet", "begins or ends with white space")
		form.Del("secret_token")
		form.Set("sealed", asked.fields().Get("sealed"))
		form.Set("act", "trim")
		b.post(home+"/provisioning/edit", form).is(http.StatusSeeOther)

		s.entra.serve() // the stand-in starts again
		_, secret, _ := strings.Cut(s.bearer, ":")
		b.get(home+"/provisioning/edit").is(http.StatusOK).says("Provision Microsoft Entra ID Users", "Provision Microsoft Entra ID Groups", "It cannot be read back").saysNot(secret)
		b.get(home+"/provisioning").is(http.StatusOK).says("Edit provisioning", "View provisioning logs", "Provision on demand").saysNot(secret)
		job := must[[]cycle.Job](s.t)(s.entra.svc.Jobs(s.t.Context(), directory.ID(id)))[0]
		if !must[cycle.ConnectionTest](s.t)(s.entra.svc.TestSavedConnection(s.t.Context(), job.ID)).OK {
			s.t.Error("the credentials that were saved do not work")
		}
	})
}

// The address works as it is pasted, and every request is below it and carries the token as it was entered.
func TestGuide_Credentials_everyRequestIsAuthorized(t *testing.T) {
	eachScene(t, func(s *scene) {
		s.app.turnOn()
		for i, suffix := range []string{"", "/", "?aadOptscim062020", "/?aadOptscim062020"} {
			s.app.save(s.endpoint+suffix, s.bearer)
			s.entra.wire.taken()
			if test := s.app.testConnection(s.endpoint+suffix, s.bearer); !test.OK || test.Status != http.StatusOK {
				s.t.Errorf("%q: %+v", suffix, test)
			}
			calls := s.entra.wire.taken()
			if len(calls) != 1 || calls[0].Method != http.MethodGet || !strings.HasPrefix(calls[0].URL, s.endpoint+"/Users?") || !strings.Contains(calls[0].URL, `filter=userName+eq+"`) ||
				at(must[scim.Object](s.t)(scim.Decode([]byte(calls[0].Answer))), "totalResults") == nil {
				s.t.Fatalf("%q: Test Connection sent %+v", suffix, calls)
			}
			u := s.entra.hire([]string{"ada", "bob", "carl", "dora"}[i])
			s.entra.addToGroup(s.admins, u)
			s.app.cycle()
			s.holds(u.Mail, "Admin (group ClickHouse-Admins)")
			for _, one := range s.entra.wire.taken() {
				if !strings.HasPrefix(one.URL, s.endpoint+"/") || one.Authorization != "Bearer "+s.bearer || strings.Contains(one.URL, "//Users") {
					s.t.Errorf("%q: sent %s %s with %q", suffix, one.Method, one.URL, one.Authorization)
				}
			}
		}
	})
}

// The service reaches the endpoint over TLS, and says what is wrong with a certificate that it does not trust.
func TestGuide_HowSCIMWorks_overHTTPS(t *testing.T) {
	eachScene(t, func(s *scene) {
		quiet := slog.New(slog.DiscardHandler)
		secure := httptest.NewUnstartedServer(web.NewServer(web.Config{Mounts: s.mounts, Log: quiet}).Handler())
		secure.Config.ErrorLog = slog.NewLogLogger(quiet.Handler(), slog.LevelError) // a handshake is refused on purpose
		secure.StartTLS()
		s.t.Cleanup(secure.Close)
		endpoint := secure.URL + strings.TrimPrefix(s.endpoint, s.url)
		if test := s.app.testConnection(endpoint, s.bearer); test.OK || !strings.Contains(test.Message, "not trusted") {
			s.t.Errorf("a certificate that nobody vouches for: %+v", test)
		}
		s.entra.svc.HTTP = secure.Client()
		s.app.save(endpoint, s.bearer)
		ada := s.added("ada", s.admins)
		s.holds(ada.Mail, "Admin (group ClickHouse-Admins)")
		for _, one := range s.requested() {
			if one.Status == http.StatusUnauthorized {
				s.t.Errorf("%s %s was refused", one.Method, one.Path)
			}
		}
		if warnings := s.app.testConnection("http://198.51.100.7/scim", "").Warnings; !slices.ContainsFunc(warnings, func(w string) bool { return strings.Contains(w, "unencrypted") }) {
			s.t.Errorf("plain HTTP to another machine: warnings %q", warnings)
		}
	})
}

// The rows that the guide names are there by default; the one that it changes decides what is sent and looked up.
func TestGuide_Mappings_userNameFromMail(t *testing.T) {
	eachScene(t, func(s *scene) {
		fresh := must[cycle.Job](s.t)(s.entra.svc.CreateJob(s.t.Context(), must[directory.Application](s.t)(
			s.entra.db.CreateApplication(s.t.Context(), directory.Application{DisplayName: "Another"})).ID, by))
		for target, source := range map[string]string{
			"userName": "userPrincipalName", `emails[type eq "work"].value`: "mail", "name.givenName": "givenName", "name.familyName": "surname",
			"displayName": "displayName", "active": `Switch([IsSoftDeleted], , "False", "True", "True", "False")`,
		} {
			got := row(s.t, &fresh.Users, target)
			equal(s.t, target, got.Source.Text, source)
			equal(s.t, "precedence of "+target, got.MatchingPrecedence, map[bool]int{true: 1}[target == "userName"])
		}
		equal(s.t, "displayName of groups", row(s.t, &fresh.Groups, "displayName").Source.Text, "displayName")
		equal(s.t, "members of groups", row(s.t, &fresh.Groups, "members").Source.Text, "members")
		equal(s.t, "the sets", []string{fresh.Users.Name, fresh.Groups.Name}, []string{"Provision Microsoft Entra ID Users", "Provision Microsoft Entra ID Groups"})
		b := s.entra.admin(directory.CloudApplicationAdministrator)
		b.get(s.entra.url+"/applications/"+string(fresh.ApplicationID)+"/provisioning/mappings/users").is(http.StatusOK).
			says("userPrincipalName", "userName", `emails[type eq "work"].value`, "Switch([IsSoftDeleted]", "displayName", "surname")

		ada := s.entra.hire("ada")
		s.app.assign(ada.ID)
		s.entra.wire.taken()
		s.app.provisionOnDemand(ada)
		calls := s.entra.wire.taken()
		if got := lines(calls, s.endpoint); len(got) != 3 || got[1] != `GET /Users?filter=userName+eq+"ada%40example.com"` || got[2] != "POST /Users" {
			s.t.Fatalf("sent %q", got)
		}
		body := must[scim.Object](s.t)(scim.Decode([]byte(calls[2].Body)))
		equal(s.t, "userName and e-mail", []any{body["userName"], text(body, "emails.0.value"), body["active"]}, []any{"ada@example.com", "ada@example.com", true})
	})
}

// Rows can be removed, and userName may come from whichever attribute carries the address.
func TestGuide_Mappings_otherSources(t *testing.T) {
	eachScene(t, func(s *scene) {
		keep := []string{"userName", `emails[type eq "work"].value`, "name.givenName", "name.familyName", "displayName", "active"}
		s.app.mapping(kindUser, func(m *mapping.ObjectMapping) {
			m.Attributes = slices.DeleteFunc(m.Attributes, func(a mapping.AttributeMapping) bool { return !slices.Contains(keep, a.Target) })
		})
		ada := s.entra.create(directory.User{
			UserPrincipalName: "ada@example.com", Mail: "ada@example.com", GivenName: "Ada", Surname: "Example", DisplayName: "Ada Example",
			JobTitle: "Countess", Department: "Engines", AccountEnabled: true, ExtensionAttributes: [15]string{2: "ada@example.com"}, OtherMails: []string{"ada@example.com"},
		})
		s.app.assign(ada.ID)
		s.entra.wire.taken()
		s.app.entry(s.app.provisionOnDemand(ada).LogEntry, "Create Success")
		calls := s.entra.wire.taken()
		body := calls[len(calls)-1].Body
		for _, unwanted := range []string{"Countess", "Engines", "phoneNumbers", "externalId"} {
			if strings.Contains(body, unwanted) {
				s.t.Errorf("a removed mapping is sent: %s", body)
			}
		}
		for _, source := range []string{"userPrincipalName", "extensionAttribute3"} {
			s.app.userNameFrom(source)
			s.app.entry(s.app.provisionOnDemand(ada).LogEntry, "Other Skipped RedundantExport")
			s.signIn(ada)
		}
		s.app.mapping(kindUser, func(m *mapping.ObjectMapping) {
			*row(s.t, m, "userName") = mapping.AttributeMapping{Target: "userName", MatchingPrecedence: 1, Source: mapping.Source{Type: mapping.Expressed, Text: `ToLower(Item([otherMails], 1))`}}
		})
		s.app.entry(s.app.provisionOnDemand(ada).LogEntry, "Other Skipped RedundantExport")
		equal(s.t, "members", s.addresses(), []string{"ada@example.com"})
	})
}

// active comes from Switch([IsSoftDeleted], …): a Boolean when a user is made, the text "False" when he is disabled, and a
// real Boolean under the flag. Groups send their name and their members.
func TestGuide_Mappings_activeAndGroups(t *testing.T) {
	eachScene(t, func(s *scene) {
		s.app.turnOn()
		for i, want := range []string{`"value":"False"`, `"value":false`} {
			s.app.save(s.endpoint+[]string{"", "?aadOptscim062020"}[i], s.bearer)
			u := s.entra.hire([]string{"ada", "bob"}[i])
			s.entra.addToGroup(s.readers, u)
			s.entra.wire.taken()
			s.app.cycle()
			group, members := 0, 0
			for _, one := range writes(s.entra.wire.taken()) {
				if one.Method == http.MethodPost && strings.Contains(one.Body, `"displayName":"ClickHouse-Read-only"`) && !strings.Contains(one.Body, "members") {
					group++
				}
				if one.Method == http.MethodPatch && strings.Contains(one.Body, `"members"`) && strings.Contains(one.Body, s.match(u.Mail)) {
					members++
				}
			}
			if group != 1-i || members != 1 {
				s.t.Errorf("the group was made %d times, its member added %d times", group, members)
			}
			s.holds(u.Mail, "Read-only (group ClickHouse-Read-only)")
			s.entra.disable(u)
			s.app.cycle()
			changes := writes(s.entra.wire.taken())
			if len(changes) != 1 || changes[0].Method != http.MethodPatch || !strings.Contains(changes[0].Body, want) || !strings.Contains(changes[0].Body, `"active"`) {
				s.t.Errorf("the disable was sent as %+v, want %s", changes, want)
			}
			s.holds(u.Mail, "no member")
		}
	})
}

// A userName that is not the address of the sign-in: the person is provisioned, cannot sign in, is told so plainly, and no
// second account arises. The admin sees why.
func TestGuide_Mappings_matchTheEmailOfSSO(t *testing.T) {
	eachScene(t, func(s *scene) {
		s.app.userNameFrom("userPrincipalName")
		ada := s.entra.hire("ada") // her user principal name is no address that she signs in with
		s.app.assign(ada.ID)
		s.app.entry(s.app.provisionOnDemand(ada).LogEntry, "Create Success")
		s.holds("ada@corp.example.com", "Member (default)")
		events := s.during(func() { s.cannotSignIn(ada, "Access denied") })
		if len(events) != 1 || events[0].Type != iam.UserLoginFailed || !strings.Contains(fmt.Sprint(events[0]), "ada@example.com") {
			s.t.Errorf("the audit log has %+v", events)
		}
		equal(s.t, "members", s.addresses(), []string{"ada@corp.example.com"})
		m, _ := s.member("ada@corp.example.com")
		if len(m.Warnings) == 0 {
			s.t.Error("the member has no warning that he cannot sign in")
		}
		// The guide's mapping repairs it, with the same member.
		s.app.userNameFrom("mail")
		s.app.entry(s.app.provisionOnDemand(ada).LogEntry, "Update Success")
		s.signIn(ada)
		after, _ := s.member("ada@example.com")
		equal(s.t, "the member's id", after.ID, m.ID)
	})
}
