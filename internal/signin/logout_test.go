package signin_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/e2e/idp"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/saml"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/store"
)

const postBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"

// offerLogout lets the identity provider offer single logout.
func (h *house) offerLogout(binding string) {
	h.t.Helper()
	h.idp.SLOURL, h.idp.SLOBinding = "https://idp.example.net/slo?tenant=1", binding
	h.connect(h.org, h.idp)
}

func (h *house) logoutURL() string { return publicURL + "/saml/" + string(h.org) + "/logout" }

// signInAs signs in with an assertion of that ID, from which the SessionIndex is made.
func (h *house) signInAs(email, id string) signin.SignedIn {
	h.t.Helper()
	b := h.begin(h.Service, "/", signin.Client{Address: browser.Address})
	a := h.answer(b, email)
	a.ID = id
	in, err := h.finish(h.second, b, a)
	h.ok(err)
	return in
}

// Signing out ends the session here first, then asks the identity provider to end its own
// side, and believes what it says about that only if it is signed and answers this browser.
func TestSignOut_atTheIdentityProvider(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.scimUser("eve@example.com", true)
		h.offerLogout("")
		in := h.signInAs("Eve@example.com", "_a1")
		out, err := h.SignOut(t.Context(), in.Cookie, browser)
		h.ok(err)
		h.dead(in.Cookie, signin.CauseEnded)
		if out.To != "/saml/"+string(h.org)+"/logout?continue" || out.Cookie != in.Cookie || !out.ExpiresAt.Equal(h.clock().Add(15*time.Minute)) {
			t.Errorf("to do: %+v", out)
		}
		message, err := h.second.BeginLogout(t.Context(), h.org, out.Cookie)
		h.ok(err)
		request := idp.ReadLogout(t, message.URL)
		if request.XMLName.Local != "LogoutRequest" || request.Destination != h.idp.SLOURL || request.NameID != "Eve@example.com" || len(request.SessionIndex) != 1 || request.SessionIndex[0] != "s_a1" ||
			request.Issuer != publicURL+"/saml/"+string(h.org)+"/metadata" || !request.Signed || !strings.HasPrefix(message.URL, h.idp.SLOURL+"&SAMLRequest=") {
			t.Errorf("request %+v at %s", request, message.URL)
		}
		answer := idp.SignOut{To: h.logoutURL(), Now: h.clock(), InResponseTo: request.ID}
		for _, in := range []signin.LogoutMessage{{Query: h.idp.LogoutQuery(t, answer)}, {Posted: h.idp.LogoutForm(t, answer).Get("SAMLResponse")}} {
			confirmed, err := h.second.FinishLogout(t.Context(), h.org, in, out.Cookie, browser)
			if h.ok(err); !confirmed {
				t.Errorf("an honest answer is not believed: %+v", in)
			}
		}
		if n := len(h.events(iam.UserLogoutFailed)); n != 0 {
			t.Errorf("%d refusals were recorded", n)
		}

		elsewhere, _ := h.organization("Elsewhere")
		h.connect(elsewhere, h.idp)
		stranger := idp.New(t, "stranger", start)
		stranger.EntityID = h.idp.EntityID
		unsigned, other := answer, answer
		unsigned.Unsigned, other.InResponseTo = true, "_other"
		for name, test := range map[string]struct {
			org    iam.OrganizationID
			query  string
			cookie string
		}{
			"unsigned":              {h.org, h.idp.LogoutQuery(t, unsigned), out.Cookie},
			"signed by a stranger":  {h.org, stranger.LogoutQuery(t, answer), out.Cookie},
			"to another request":    {h.org, h.idp.LogoutQuery(t, other), out.Cookie},
			"in another browser":    {h.org, h.idp.LogoutQuery(t, answer), ""},
			"of another session":    {h.org, h.idp.LogoutQuery(t, answer), h.signInAs("eve@example.com", "_a2").Cookie},
			"nonsense":              {h.org, "SAMLResponse=x", out.Cookie},
			"another organization":  {elsewhere, h.idp.LogoutQuery(t, answer), out.Cookie},
			"unknown organization":  {"019aaaaa-0000-7000-8000-000000000000", h.idp.LogoutQuery(t, answer), out.Cookie},
			"organization nonsense": {"x", h.idp.LogoutQuery(t, answer), out.Cookie},
		} {
			confirmed, err := h.FinishLogout(t.Context(), test.org, signin.LogoutMessage{Query: test.query}, test.cookie, browser)
			if err != nil || confirmed {
				t.Errorf("%s: %v, %v", name, confirmed, err)
			}
		}
		if refused := h.events(iam.UserLogoutFailed); len(refused) == 0 || refused[0].Details["requestId"] != "req1" || refused[0].Details["detail"] == "" {
			t.Errorf("user_logout_failed: %+v", refused)
		}
	})
}

// Whatever stands against the rest, the session here ends.
func TestSignOut_hereAlone(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.scimUser("eve@example.com", true)
		h.offerLogout(postBinding)
		signOut := func(in signin.SignedIn, more bool) signin.SignedOut {
			t.Helper()
			out, err := h.SignOut(t.Context(), in.Cookie, browser)
			h.ok(err)
			h.dead(in.Cookie, signin.CauseEnded)
			if (out.To != "") != more {
				t.Errorf("to do: %+v", out)
			}
			return out
		}
		local := h.setUp()
		signOut(local, false)
		begun := signOut(h.signIn("eve@example.com"), true)
		message, err := h.BeginLogout(t.Context(), h.org, begun.Cookie)
		h.ok(err)
		if request := idp.ReadLogoutForm(t, url.Values{"SAMLRequest": {message.Form.SAMLRequest}}); message.Form.Action != h.idp.SLOURL || !request.Signed || request.NameID != "eve@example.com" {
			t.Errorf("request %+v to %q", request, message.Form.Action)
		}
		// Nobody else's cookie, and no session that has not ended so, begins a logout.
		elsewhere, _ := h.organization("Elsewhere")
		live := h.signIn("eve@example.com")
		for name, test := range map[string]struct {
			org    iam.OrganizationID
			cookie string
		}{
			"no cookie": {h.org, ""}, "nonsense": {h.org, "x"}, "another organization": {elsewhere, begun.Cookie},
			"a live session": {h.org, live.Cookie}, "a session with a password": {h.org, local.Cookie},
		} {
			if m, err := h.BeginLogout(t.Context(), test.org, test.cookie); iam.KindOf(err) != iam.KindNotFound {
				t.Errorf("%s: %+v, %v", name, m, err)
			}
		}
		h.sleep(15*time.Minute + time.Second)
		if _, err := h.BeginLogout(t.Context(), h.org, begun.Cookie); iam.KindOf(err) != iam.KindNotFound {
			t.Errorf("after a quarter of an hour: %v", err)
		}
		h.idp.SLOURL = ""
		h.connect(h.org, h.idp)
		signOut(live, false)
		last := h.signIn("eve@example.com")
		h.sleep(366 * 24 * time.Hour) // beyond the certificate, and beyond the session
		out, err := h.SignOut(t.Context(), last.Cookie, browser)
		if h.ok(err); out.To != "" {
			t.Errorf("to do: %+v", out)
		}
	})
}

// The certificates of the identity provider are for what it says: asking it to end its side
// goes on when they have expired.
func TestSignOut_expiredCertificates(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.scimUser("eve@example.com", true)
		h.offerLogout("")
		h.sleep(365*24*time.Hour - 30*time.Minute)
		in := h.signIn("eve@example.com")
		h.sleep(40 * time.Minute)
		out, err := h.SignOut(t.Context(), in.Cookie, browser)
		if h.ok(err); out.To == "" {
			t.Fatal("nothing to go on with")
		}
		message, err := h.BeginLogout(t.Context(), h.org, out.Cookie)
		if h.ok(err); idp.ReadLogout(t, message.URL).NameID != "eve@example.com" {
			t.Errorf("the request is %s", message.URL)
		}
	})
}

// A signed request ends the sessions that it names, on every replica at once, and no others.
func TestTakeLogout(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.setUp()
		for _, name := range []string{"eve@example.com", "bob@example.com"} {
			h.scimUser(name, true)
		}
		h.offerLogout("")
		elsewhere, _ := h.organization("Elsewhere")
		h.connect(elsewhere, h.idp, "example.com")
		take := func(s *signin.Service, in signin.LogoutMessage) idp.Logout {
			t.Helper()
			m, err := s.TakeLogout(t.Context(), h.org, in, browser)
			h.ok(err)
			answer := idp.ReadLogout(t, m.URL)
			if answer.XMLName.Local != "LogoutResponse" || !answer.Signed || answer.Destination != h.idp.SLOURL || answer.Status.Code.Value != "urn:oasis:names:tc:SAML:2.0:status:Success" || answer.RelayState != "state" {
				t.Errorf("answer %+v at %s", answer, m.URL)
			}
			return answer
		}
		first, second, bobs := h.signInAs("eve@example.com", "_e1"), h.signInAs("eve@example.com", "_e2"), h.signInAs("bob@example.com", "_b1")
		request := idp.SignOut{To: h.logoutURL(), Now: h.clock(), NameID: "eve@example.com", SessionIndex: []string{"s_e1"}, ID: "_lr1", RelayState: "state"}
		if answer := take(h.second, signin.LogoutMessage{Query: h.idp.LogoutQuery(t, request)}); answer.InResponseTo != "_lr1" {
			t.Errorf("answer %+v", answer)
		}
		h.dead(first.Cookie, signin.CauseEnded)
		h.alive(second.Cookie)
		h.alive(bobs.Cookie)

		request.SessionIndex, request.ID = nil, ""
		form := h.idp.LogoutForm(t, request)
		take(h.Service, signin.LogoutMessage{Posted: form.Get("SAMLRequest"), RelayState: form.Get("RelayState")})
		h.dead(second.Cookie, signin.CauseEnded)
		h.alive(bobs.Cookie)
		out := h.events(iam.UserLogout)
		if len(out) != 2 || out[0].Details["reason"] != store.EndedAtIDP || out[1].TargetName != "eve@example.com" || out[1].Actor.Address != browser.Address {
			t.Errorf("user_logout: %+v", out)
		}
		// Nobody of that name is no error, and changes nothing.
		for _, name := range []string{"nobody@example.com", "BOB@example.com", "ada@example.com"} {
			request.NameID, request.ID = name, ""
			take(h.Service, signin.LogoutMessage{Query: h.idp.LogoutQuery(t, request)})
		}
		h.alive(bobs.Cookie)
		if n := len(h.events(iam.UserLogout)); n != 2 {
			t.Errorf("%d events", n)
		}
	})
}

// S46: what is not the identity provider's, fresh and for this organization ends nothing.
func TestTakeLogout_refusals(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.scimUser("eve@example.com", true)
		h.offerLogout("")
		elsewhere, _ := h.organization("Elsewhere")
		h.connect(elsewhere, h.idp, "example.com")
		stranger := idp.New(t, "stranger", start)
		stranger.EntityID = h.idp.EntityID
		in := h.signIn("eve@example.com")
		for _, test := range []struct {
			name, cause string
			change      func(m *idp.SignOut)
			by          *idp.Provider
			org         iam.OrganizationID
		}{
			{name: "unsigned", cause: saml.CauseUnsigned, change: func(m *idp.SignOut) { m.Unsigned = true }},
			{name: "signed by a stranger", cause: saml.CauseSignature, by: stranger},
			{name: "for another organization", cause: saml.CauseDestination, change: func(m *idp.SignOut) {
				m.To = strings.ReplaceAll(m.To, string(h.org), string(elsewhere))
			}},
			{name: "for this one, sent to the other", cause: saml.CauseDestination, org: elsewhere},
			{name: "of another issuer", cause: saml.CauseIssuer, change: func(m *idp.SignOut) { m.Issuer = "https://other.example" }},
			{name: "too old", cause: saml.CauseExpired, change: func(m *idp.SignOut) { m.Now = m.Now.Add(-10 * time.Minute) }},
			{name: "nobody named", cause: saml.CauseSubject, change: func(m *idp.SignOut) { m.NameID = "" }},
		} {
			h.sleep(2 * time.Minute) // so that each is an event of its own
			m := idp.SignOut{To: h.logoutURL(), Now: h.clock(), NameID: "eve@example.com"}
			if test.change != nil {
				test.change(&m)
			}
			by, org := h.idp, h.org
			if test.by != nil {
				by = test.by
			}
			if test.org != "" {
				org = test.org
			}
			for _, message := range []signin.LogoutMessage{{Query: by.LogoutQuery(t, m)}, {Posted: by.LogoutForm(t, m).Get("SAMLRequest")}} {
				_, err := h.TakeLogout(t.Context(), org, message, browser)
				var refused *signin.Refused
				if !errors.As(err, &refused) || refused.Cause != test.cause || iam.KindOf(err) != iam.KindForbidden || err.Error() != refused.Sentence || signin.Unsigned(err) != (test.cause == saml.CauseUnsigned) {
					t.Errorf("%s: %v (%+v)", test.name, err, refused)
				}
			}
			events := h.eventsOf(org, iam.UserLogoutFailed)
			if len(events) == 0 || events[len(events)-1].Details["cause"] != test.cause || events[len(events)-1].Details["requestId"] != "req1" {
				t.Errorf("%s: the audit log has %+v", test.name, events)
			}
		}
		for _, org := range []iam.OrganizationID{"x", "", "019aaaaa-0000-7000-8000-000000000000"} {
			if _, err := h.TakeLogout(t.Context(), org, signin.LogoutMessage{}, browser); iam.KindOf(err) != iam.KindForbidden {
				t.Errorf("organization %q: %v", org, err)
			}
		}
		h.alive(in.Cookie)
		if n := h.rows("saml_used"); n != 2 { // of the sign-in
			t.Errorf("%d rows were left behind", n)
		}
	})
}

// One request works once: not again for a session that began later, on whatever server.
func TestTakeLogout_once(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.scimUser("eve@example.com", true)
		h.offerLogout("")
		first := h.signIn("eve@example.com")
		query := signin.LogoutMessage{Query: h.idp.LogoutQuery(t, idp.SignOut{To: h.logoutURL(), Now: h.clock(), NameID: "eve@example.com"})}
		results := h.atOnce(6, func(s *signin.Service) error {
			_, err := s.TakeLogout(t.Context(), h.org, query, browser)
			return err
		})
		if results[""] != 1 || results[signin.CauseReplay] != 5 {
			t.Errorf("the answers were %v", results)
		}
		h.dead(first.Cookie, signin.CauseEnded)
		again := h.signIn("eve@example.com")
		for range 6 {
			if _, err := h.second.TakeLogout(t.Context(), h.org, query, browser); iam.KindOf(err) != iam.KindForbidden {
				t.Errorf("a replay: %v", err)
			}
			h.sleep(time.Minute)
		}
		h.alive(again.Cookie)
	})
}

// Below the plan enterprise nobody signs in by SAML, and sessions can still be ended.
func TestTakeLogout_planBelow(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.scimUser("eve@example.com", true)
		h.offerLogout("")
		in := h.signIn("eve@example.com")
		_, err := h.admin.SetPlan(t.Context(), iam.Operator, h.org, "scale")
		h.ok(err)
		_, err = h.TakeLogout(t.Context(), h.org, signin.LogoutMessage{Query: h.idp.LogoutQuery(t, idp.SignOut{To: h.logoutURL(), Now: h.clock(), NameID: "eve@example.com"})}, browser)
		h.ok(err)
		h.dead(in.Cookie, signin.CauseEnded)
	})
}

// Who signed a message is found out before the metadata is read, which takes time, and of
// which an earlier version may have kept what is not taken any more: then there is no place
// to answer to, and what the identity provider says still counts.
func TestTakeLogout_metadataUnreadable(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.scimUser("eve@example.com", true)
		h.offerLogout("")
		in := h.signIn("eve@example.com")
		h.ok(h.db.Write(t.Context(), func(tx *store.Tx) error {
			c, err := tx.Connection(h.org)
			if err != nil {
				return err
			}
			c.Metadata = []byte(strings.ReplaceAll(string(c.Metadata), h.idp.SLOURL, "ftp://idp.example.net/"))
			return tx.PutConnection(c)
		}))
		request := idp.SignOut{To: h.logoutURL(), Now: h.clock(), NameID: "eve@example.com", Unsigned: true}
		if _, err := h.TakeLogout(t.Context(), h.org, signin.LogoutMessage{Query: h.idp.LogoutQuery(t, request)}, browser); !signin.Unsigned(err) {
			t.Errorf("unsigned: %v", err)
		}
		request.Unsigned = false
		m, err := h.TakeLogout(t.Context(), h.org, signin.LogoutMessage{Query: h.idp.LogoutQuery(t, request)}, browser)
		if err != nil || m.URL != "" || m.Form != nil {
			t.Errorf("signed: %+v, %v", m, err)
		}
		h.dead(in.Cookie, signin.CauseEnded)
		out, err := h.SignOut(t.Context(), h.signIn("eve@example.com").Cookie, browser)
		if err != nil || out != (signin.SignedOut{}) {
			t.Errorf("signed out: %+v, %v", out, err)
		}
	})
}
