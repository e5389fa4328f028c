package signin_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/e2e/idp"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/saml"
	"github.com/rollcall/rollcall/internal/signin"
)

func TestFinishSAML_member(t *testing.T) {
	eachHouse(t, func(h *house) {
		id := h.scimUser("Eve@Example.com", true)
		b := h.begin(h.Service, "/members?page=2", browser)
		if b.request.Issuer != publicURL+"/saml/"+string(h.org)+"/metadata" || b.request.ACSURL != publicURL+"/saml/"+string(h.org)+"/acs" || b.request.Destination != h.idp.SSOURL || !b.request.Signed {
			t.Errorf("request %+v", b.request)
		}
		in, err := h.finish(h.second, b, h.answer(b, "EVE@example.com")) // begun on one replica, finished on the other
		h.ok(err)
		if in.To != "/members?page=2" || !in.ExpiresAt.Equal(start.Add(12*time.Hour)) {
			t.Errorf("signed in: %+v", in)
		}
		s := h.alive(in.Cookie)
		if string(s.Member) != id || s.Email != "eve@example.com" || s.Organization.ID != h.org || s.Organization.Name != "Example" || s.Method != signin.MethodSAML || s.Status != iam.StatusActive {
			t.Errorf("session %+v", s)
		}
		want := iam.Actor{Type: iam.ActorUser, ID: id, Details: "eve@example.com", Address: "192.0.2.7", UserAgent: "Browser/1"}
		if s.Actor != want {
			t.Errorf("actor %+v", s.Actor)
		}
		if len(s.Roles) != 1 || s.Roles[0].Role.ID != iam.RoleMember || s.Roles[0].Source != iam.HeldDefault || s.May(iam.PermOrganizationView) {
			t.Errorf("roles %+v, permissions %v", s.Roles, s.Permissions)
		}
		logins := h.events(iam.UserLogin)
		if len(logins) != 1 || logins[0].TargetID != id || logins[0].Actor != want || logins[0].Details["method"] != "saml" || logins[0].Details["session"] != s.ID {
			t.Errorf("user_login: %+v", logins)
		}
		if strings.Contains(in.Cookie, s.ID) {
			t.Error("the public id of the session is in its cookie")
		}
	})
}

// The roles of a session are those of now.
func TestSession_rolesAndPermissionsOfNow(t *testing.T) {
	eachHouse(t, func(h *house) {
		id := h.scimUser("eve@example.com", true)
		in := h.signIn("eve@example.com")
		_, err := h.admin.SetMemberRoles(t.Context(), iam.Operator, h.org, id, []string{"system:Billing", "system:Org API reader"})
		h.ok(err)
		s := h.alive(in.Cookie)
		want := []iam.Permission{iam.PermManageBilling, iam.PermOrganizationView, iam.PermViewAPIKeys, iam.PermViewBilling}
		slices.Sort(want)
		if !slices.Equal(s.Permissions, want) || len(s.Roles) != 2 || !s.May(iam.PermViewBilling) || s.May(iam.PermOrganizationManage) {
			t.Errorf("roles %v, permissions %v", s.Roles, s.Permissions)
		}
	})
}

func TestFinishSAML_justInTime(t *testing.T) {
	eachHouse(t, func(h *house) {
		b := h.begin(h.Service, "", browser)
		a := h.answer(b, "New@Example.com")
		a.GivenName, a.FamilyName, a.DisplayName = "New", "Comer", " bad name"
		in, err := h.finish(h.Service, b, a)
		h.ok(err)
		s := h.alive(in.Cookie)
		if s.Email != "new@example.com" || s.DisplayName != "New Comer" || len(s.Roles) != 1 || s.Roles[0].Source != iam.HeldDefault || in.To != "/" {
			t.Errorf("session %+v to %q", s, in.To)
		}
		added := h.events(iam.MemberAdd)
		last := added[len(added)-1]
		if last.TargetID != string(s.Member) || last.Actor.ID != string(s.Member) || last.Details["reason"] != "first sign-in by SAML" {
			t.Errorf("organization_member_add: %+v", last)
		}
		members, err := h.admin.Members(t.Context(), h.org, true)
		h.ok(err)
		i := slices.IndexFunc(members, func(m iam.Member) bool { return m.ID == s.Member })
		if i < 0 || members[i].ManagedBy != iam.ManagedBySAML {
			t.Errorf("members %+v", members)
		}
		if again := h.alive(h.signIn("new@example.com").Cookie); again.Member != s.Member {
			t.Errorf("the second sign-in is of %s, the first of %s", again.Member, s.Member)
		}
	})
}

// D9: who does not come in just in time.
func TestFinishSAML_notJustInTime(t *testing.T) {
	eachHouse(t, func(h *house) {
		gone := h.scimUser("gone@example.com", true)
		h.patchUser(gone, "active", "False")
		h.scimUser("never@example.com", false)
		before := h.rows("users")

		for _, email := range []string{"gone@example.com", "never@example.com"} {
			_, err := h.trySAML(email)
			h.refused(err, signin.CauseInactive)
		}
		_, err := h.trySAML("someone@elsewhere.example")
		h.refused(err, signin.CauseDomain)
		_, err = h.trySAML("someone@sub.example.com")
		h.refused(err, signin.CauseDomain)
		h.enableSCIM()
		_, err = h.trySAML("new@example.com")
		h.refused(err, signin.CauseNotProvisioned)
		_, err = h.trySAML("gone@example.com")
		h.refused(err, signin.CauseInactive)
		if n := h.rows("users"); n != before || h.rows("sessions") != 0 {
			t.Errorf("%d users instead of %d, %d sessions", n, before, h.rows("sessions"))
		}
		// A refused answer is not used up: the admin mends the cause, the person goes on.
		h.patchUser(gone, "active", "True")
		h.alive(h.signIn("gone@example.com").Cookie)
	})
}

func TestFinishSAML_refusals(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.scimUser("eve@example.com", true)
		stranger := idp.New(t, "stranger", start)
		stranger.EntityID = h.idp.EntityID
		elsewhere, _ := h.organization("Elsewhere")
		h.connect(elsewhere, h.idp)

		for _, test := range []struct {
			name, cause string
			change      func(b *begun, a *idp.Answer)
			by          *idp.Provider
		}{
			{name: "signed by somebody else", cause: saml.CauseSignature, by: stranger},
			{name: "unsigned", cause: saml.CauseUnsigned, change: func(_ *begun, a *idp.Answer) { a.Unsigned = true }},
			{name: "for another service", cause: saml.CauseAudience, change: func(_ *begun, a *idp.Answer) { a.Audience = "https://other.example" }},
			{name: "for another organization", cause: saml.CauseDestination, change: func(b *begun, a *idp.Answer) {
				a.Destination = strings.ReplaceAll(b.request.ACSURL, string(h.org), string(elsewhere))
			}},
			{name: "of another issuer", cause: saml.CauseIssuer, change: func(_ *begun, a *idp.Answer) { a.Issuer = "https://other.example" }},
			{name: "too old", cause: saml.CauseExpired, change: func(_ *begun, a *idp.Answer) { a.Now = a.Now.Add(-10 * time.Minute) }},
			{name: "from the future", cause: saml.CauseNotYetValid, change: func(_ *begun, a *idp.Answer) { a.Now = a.Now.Add(10 * time.Minute) }},
			{name: "no address", cause: saml.CauseEmail, change: func(_ *begun, a *idp.Answer) { a.Email = "eve" }},
			{name: "no cookie", cause: signin.CausePending, change: func(b *begun, _ *idp.Answer) { b.PendingCookie = "" }},
			{name: "a cookie of nonsense", cause: signin.CausePending, change: func(b *begun, _ *idp.Answer) { b.PendingCookie = "a.b.c.d.e\x00" }},
			{name: "a changed cookie", cause: saml.CauseInResponseTo, change: func(b *begun, _ *idp.Answer) { b.PendingCookie += "Lw" }},
			{name: "answers another request", cause: saml.CauseInResponseTo, change: func(b *begun, a *idp.Answer) {
				a.To.ID = h.begin(h.Service, "/", browser).request.ID
			}},
			{name: "answers no request though one waits", cause: saml.CauseInResponseTo, change: func(_ *begun, a *idp.Answer) { a.To.ID = "" }},
			{name: "unsolicited", cause: saml.CauseUnsolicited, change: func(b *begun, a *idp.Answer) { b.PendingCookie, a.To.ID = "", "" }},
		} {
			h.sleep(2 * time.Minute) // so that each is an event of its own
			b := h.begin(h.Service, "/", browser)
			a := h.answer(b, "eve@example.com")
			if test.change != nil {
				test.change(&b, &a)
			}
			by := h.idp
			if test.by != nil {
				by = test.by
			}
			_, err := h.FinishSAML(t.Context(), h.org, by.Respond(t, a), "", b.PendingCookie, browser)
			t.Log(test.name)
			h.refused(err, test.cause)
		}
		for _, garbage := range []string{"", "!", "PGE+", strings.Repeat("A", 1<<20)} {
			h.sleep(2 * time.Minute)
			if _, err := h.FinishSAML(t.Context(), h.org, garbage, "", "", browser); iam.KindOf(err) != iam.KindForbidden {
				t.Errorf("%.10q: %v", garbage, err)
			}
		}
		if n := h.rows("sessions") + h.rows("saml_used"); n != 0 {
			t.Errorf("%d rows were left behind", n)
		}
	})
}

// S39: an attacker's own answer, brought into the browser of somebody else.
func TestFinishSAML_boundToTheBrowser(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.scimUser("eve@example.com", true)
		h.scimUser("mallory@example.com", true)
		mallory := h.begin(h.Service, "/", browser)
		answer := h.idp.Respond(t, h.answer(mallory, "mallory@example.com"))
		victim := h.begin(h.Service, "/", browser)
		_, err := h.FinishSAML(t.Context(), h.org, answer, "", victim.PendingCookie, browser)
		h.refused(err, saml.CauseInResponseTo)
		// In his own browser, but for another organization that trusts the same provider.
		elsewhere, _ := h.organization("Elsewhere")
		h.connect(elsewhere, h.idp, "example.com")
		if _, err := h.FinishSAML(t.Context(), elsewhere, answer, "", mallory.PendingCookie, browser); iam.KindOf(err) != iam.KindForbidden {
			t.Errorf("the other organization said %v", err)
		}
	})
}

func TestFinishSAML_once(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.scimUser("eve@example.com", true)
		b := h.begin(h.Service, "/", browser)
		a := h.answer(b, "eve@example.com")
		a.ID = "_assertion"
		in, err := h.finish(h.Service, b, a)
		h.ok(err)
		h.alive(in.Cookie)
		for _, s := range []*signin.Service{h.Service, h.second} {
			h.sleep(time.Minute)
			_, err := h.finish(s, b, a)
			h.refused(err, signin.CauseReplay)
		}
		// Another assertion that answers the same request, and the same for another.
		other := h.answer(b, "eve@example.com")
		h.sleep(time.Minute)
		_, err = h.finish(h.Service, b, other)
		h.refused(err, signin.CauseReplay)
		next := h.begin(h.Service, "/", browser)
		same := h.answer(next, "eve@example.com")
		same.ID = "_assertion"
		h.sleep(time.Minute)
		_, err = h.finish(h.Service, next, same)
		h.refused(err, signin.CauseReplay)
		if n := h.rows("sessions"); n != 1 {
			t.Errorf("%d sessions", n)
		}
	})
}

// The same answer posted to both replicas at the same time begins one session, also
// when it makes the member.
func TestFinishSAML_sameAnswerAtOnce(t *testing.T) {
	eachHouse(t, func(h *house) {
		for _, email := range []string{"new@example.com", "new@example.com"} {
			before := h.rows("sessions")
			b := h.begin(h.Service, "/", browser)
			response := h.idp.Respond(t, h.answer(b, email))
			results := h.atOnce(6, func(s *signin.Service) error {
				_, err := s.FinishSAML(t.Context(), h.org, response, "", b.PendingCookie, browser)
				return err
			})
			if n := h.rows("sessions") - before; n != 1 || results[""] != 1 || results[signin.CauseReplay] != 5 {
				t.Errorf("%d sessions began; the answers were %v", n, results)
			}
		}
	})
}

// Two first sign-ins of one address at the same time make one member.
func TestFinishSAML_justInTimeAtOnce(t *testing.T) {
	eachHouse(t, func(h *house) {
		before := h.rows("users")
		results := h.atOnce(6, func(s *signin.Service) error {
			b := h.begin(s, "/", browser)
			_, err := h.finish(s, b, h.answer(b, "new@example.com"))
			return err
		})
		if n := h.rows("users") - before; n != 1 || results[""] != 6 || h.rows("sessions") != 6 {
			t.Errorf("%d members and %d sessions were made; the answers were %v", n, h.rows("sessions"), results)
		}
	})
}

// atOnce runs an act n times at the same time, by turns on both replicas, and counts
// the causes of refusals, "" for none.
func (h *house) atOnce(n int, act func(s *signin.Service) error) map[string]int {
	h.t.Helper()
	var running sync.WaitGroup
	var mu sync.Mutex
	counts := map[string]int{}
	for i := range n {
		s := h.Service
		if i%2 == 1 {
			s = h.second
		}
		running.Go(func() {
			err := act(s)
			cause := ""
			var refused *signin.Refused
			if errors.As(err, &refused) {
				cause = refused.Cause
			} else if err != nil {
				cause = err.Error()
			}
			mu.Lock()
			counts[cause]++
			mu.Unlock()
		})
	}
	running.Wait()
	return counts
}

func TestFinishSAML_pendingExpires(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.scimUser("eve@example.com", true)
		b := h.begin(h.Service, "/", browser)
		h.sleep(15*time.Minute - time.Second)
		in, err := h.finish(h.Service, b, h.answer(b, "eve@example.com"))
		h.ok(err)
		h.alive(in.Cookie)
		b = h.begin(h.Service, "/", browser)
		if !b.ExpiresAt.Equal(h.clock().Add(15 * time.Minute)) {
			t.Errorf("the cookie is kept until %s", b.ExpiresAt)
		}
		h.sleep(15 * time.Minute)
		_, err = h.finish(h.Service, b, h.answer(b, "eve@example.com"))
		h.refused(err, signin.CausePending)
	})
}

func TestFinishSAML_idpInitiated(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.scimUser("eve@example.com", true)
		b := h.begin(h.Service, "/", browser)
		unsolicited := func(relayState string) (signin.SignedIn, error) {
			a := h.answer(b, "eve@example.com")
			a.To.ID = ""
			return h.FinishSAML(t.Context(), h.org, h.idp.Respond(t, a), relayState, "", browser)
		}
		_, err := unsolicited("")
		h.refused(err, saml.CauseUnsolicited)
		if err.Error() != "There could be a misconfiguration in the system or a service outage." {
			t.Errorf("the person reads %q", err)
		}
		h.allowIDPInitiated(true)
		for relayState, want := range map[string]string{
			"": "/", "/audit": "/audit", "//evil.example": "/", "https://evil.example": "/", "/\\evil.example": "/",
			"/a\r\nb": "/", "/" + strings.Repeat("a", 80): "/",
		} {
			in, err := unsolicited(relayState)
			h.ok(err)
			if in.To != want {
				t.Errorf("RelayState %q leads to %q, want %q", relayState, in.To, want)
			}
			h.alive(in.Cookie)
		}
		if last := h.events(iam.UserLogin); last[len(last)-1].Details["idpInitiated"] != true {
			t.Errorf("user_login: %+v", last[len(last)-1])
		}
		// An answer to somebody else's request is not unsolicited.
		a := h.answer(b, "eve@example.com")
		_, err = h.FinishSAML(t.Context(), h.org, h.idp.Respond(t, a), "", "", browser)
		h.refused(err, signin.CausePending)
		h.allowIDPInitiated(false)
		h.sleep(time.Minute)
		_, err = unsolicited("")
		h.refused(err, saml.CauseUnsolicited)
	})
}

func TestBeginSAML_refused(t *testing.T) {
	eachHouse(t, func(h *house) {
		plain, _ := h.organization("Plain")
		for _, org := range []iam.OrganizationID{plain, "019aaaaa-0000-7000-8000-000000000000", "nonsense", ""} {
			_, err := h.BeginSAML(t.Context(), org, "/", browser)
			var refused *signin.Refused
			if !errors.As(err, &refused) || refused.Cause != signin.CauseNoConnection {
				t.Errorf("%q: %v", org, err)
			}
			if _, err := h.FinishSAML(t.Context(), org, "x", "", "", browser); !errors.As(err, &refused) || refused.Cause != signin.CauseNoConnection {
				t.Errorf("%q: %v", org, err)
			}
		}
		if len(h.eventsOf(plain, iam.UserLoginFailed)) != 1 || len(h.eventsOf("019aaaaa-0000-7000-8000-000000000000", iam.UserLoginFailed)) != 0 {
			t.Error("the refusals stand in the wrong logs")
		}
	})
}

// S33: no certificate that is valid, no sign-in. D9, D13: nor without the plan.
func TestFinishSAML_certificateAndPlan(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.setUp()
		h.scimUser("eve@example.com", true)
		b := h.begin(h.Service, "/", browser)
		_, err := h.admin.SetPlan(t.Context(), iam.Operator, h.org, "scale")
		h.ok(err)
		_, err = h.finish(h.Service, b, h.answer(b, "eve@example.com"))
		h.refused(err, signin.CausePlan)
		_, err = h.BeginSAML(t.Context(), h.org, "/", browser)
		if iam.KindOf(err) != iam.KindForbidden {
			t.Errorf("on the plan scale a sign-in begins: %v", err)
		}
		in, err := h.Password(t.Context(), h.org, "ada@example.com", password, browser)
		h.ok(err) // break-glass works
		h.alive(in.Cookie)
		_, err = h.admin.SetPlan(t.Context(), iam.Operator, h.org, "enterprise")
		h.ok(err)
		h.signIn("eve@example.com")
		h.sleep(366 * 24 * time.Hour)
		if _, err := h.BeginSAML(t.Context(), h.org, "/", browser); iam.KindOf(err) != iam.KindForbidden {
			t.Errorf("without a valid certificate a sign-in begins: %v", err)
		}
		_, err = h.finish(h.Service, b, h.answer(b, "eve@example.com"))
		h.refused(err, signin.CauseNoCertificate)
	})
}

func (h *house) allowIDPInitiated(allowed bool) {
	h.t.Helper()
	_, err := h.admin.SetSignIn(h.t.Context(), iam.Operator, h.org, accessChange(allowed))
	h.ok(err)
}

func TestRoute(t *testing.T) {
	eachHouse(t, func(h *house) {
		second, _ := h.organization("Second")
		h.sleep(time.Minute)
		_, err := h.admin.AddDomain(t.Context(), iam.Operator, second, "example.com", true)
		h.ok(err)
		_, err = h.admin.AddDomain(t.Context(), iam.Operator, second, "second.example", true)
		h.ok(err)
		_, err = h.admin.AddDomain(t.Context(), iam.Operator, second, "pending.example", false)
		h.ok(err)
		for email, want := range map[string]struct {
			org       iam.OrganizationID
			connected bool
		}{
			"Anyone@EXAMPLE.com":  {h.org, true}, // the first that verified it
			"x@second.example":    {second, false},
			"x@pending.example":   {"", false},
			"x@unknown.example":   {"", false},
			"x@sub.example.com":   {"", false},
			"no address":          {"", false},
			"x@example.com\x00":   {"", false},
			"a@b@example.com":     {"", false},
			"\u212A@example.com ": {"", false},
		} {
			org, connected, err := h.Route(t.Context(), email)
			if org != want.org || connected != want.connected || err != nil {
				t.Errorf("Route(%q) = %q, %v, %v; want %+v", email, org, connected, err, want)
			}
		}
	})
}
