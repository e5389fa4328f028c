package e2e

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/rollcall/rollcall/internal/iam"
)

// Sign-in begins at Rollcall: an answer that nobody asked for, from the tile in My Apps, lets nobody in.
func TestX013_signInBeginsHere(t *testing.T) {
	eachScene(t, func(s *scene) {
		s.app.turnOn()
		ada := s.entra.hire("ada")
		s.app.assign(ada.ID)
		s.app.cycle()
		b := newBrowser(s.t, s.clock.Now)
		b.post(s.entra.url+"/login", url.Values{"upn": {ada.UserPrincipalName}, "to": {"/my-apps"}}).is(http.StatusSeeOther)
		b.get(s.entra.url + "/my-apps").is(http.StatusOK).shows("Rollcall")
		form := b.get(s.entra.url + s.entra.idp.LaunchPath(s.app.Application)).is(http.StatusOK).fields()
		events := s.during(func() {
			b.post(s.app.SAML.ReplyURL, form).is(http.StatusForbidden).says("Request id")
		})
		if len(events) != 1 || events[0].Type != iam.UserLoginFailed {
			s.t.Errorf("the audit log has %+v", events)
		}
		equal(s.t, "the dashboard", s.opens(b, "/dashboard"), http.StatusSeeOther)
		s.signIn(ada) // the way that begins here still works
	})
}
