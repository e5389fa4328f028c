package signin_test

import (
	"testing"

	"github.com/rollcall/rollcall/internal/e2e/idp"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// S31: no trouble with the database looks like a refusal or like a session that is
// over, and none lets anybody in.
func TestSignIn_databaseTrouble(t *testing.T) {
	t.Parallel()
	var driver storetest.Driver
	h := newHouse(t, "sqlite")
	h.scimUser("eve@example.com", true)
	h.setUp()
	h.offerLogout("")
	out, err := h.SignOut(t.Context(), h.signIn("eve@example.com").Cookie, browser)
	h.ok(err)
	_, err = h.admin.EnableEncryption(t.Context(), iam.Operator, h.org)
	h.ok(err)
	answer := signin.LogoutMessage{Query: h.idp.LogoutQuery(t, idp.SignOut{To: h.logoutURL(), Now: h.clock(), InResponseTo: "_x"})}
	signOut := signin.LogoutMessage{Query: h.idp.LogoutQuery(t, idp.SignOut{To: h.logoutURL(), Now: h.clock(), NameID: "eve@example.com"})}
	in := h.signIn("eve@example.com")
	sess := h.alive(in.Cookie)
	db := storetest.Reopen(t, h.url, store.Options{Now: h.clock, Wrap: driver.Wrap})
	s := &signin.Service{DB: db, Now: h.clock, PublicURL: publicURL}
	b := h.begin(h.Service, "/", browser)
	response := h.idp.Respond(t, h.answer(b, "eve@example.com"))
	for name, act := range map[string]func() error{
		"Session":    func() error { _, err := s.Session(t.Context(), in.Cookie, browser); return err },
		"Sessions":   func() error { _, err := s.Sessions(t.Context(), sess); return err },
		"EndSession": func() error { return s.EndSession(t.Context(), sess, "019aaaaa-0000-7000-8000-000000000000") },
		"SignOut": func() error {
			_, err := s.SignOut(t.Context(), in.Cookie, browser)
			if err != nil {
				return err
			}
			// What fails behind the end of the session is no trouble of his: it has ended.
			_, err = h.Session(t.Context(), in.Cookie, browser)
			if iam.KindOf(err) != iam.KindUnauthorized {
				t.Errorf("SignOut: no error, and the session says %v", err)
			}
			return iam.Errorf(iam.KindUnavailable, "the rest is missing")
		},
		"BeginLogout": func() error { _, err := s.BeginLogout(t.Context(), h.org, out.Cookie); return err },
		"FinishLogout": func() error {
			_, err := s.FinishLogout(t.Context(), h.org, answer, out.Cookie, browser)
			return err
		},
		"TakeLogout": func() error { _, err := s.TakeLogout(t.Context(), h.org, signOut, browser); return err },
		"Route":      func() error { _, _, err := s.Route(t.Context(), "x@example.com"); return err },
		"BeginSAML":  func() error { _, err := s.BeginSAML(t.Context(), h.org, "/", browser); return err },
		"FinishSAML": func() error {
			_, err := s.FinishSAML(t.Context(), h.org, response, "", b.PendingCookie, browser)
			return err
		},
		"refused FinishSAML": func() error { _, err := s.FinishSAML(t.Context(), h.org, "x", "", "", browser); return err },
		"Password": func() error {
			_, err := s.Password(t.Context(), h.org, "ada@example.com", password, browser)
			return err
		},
		"SetUpLink":  func() error { _, err := s.SetUpLink(t.Context(), h.org, "x"); return err },
		"SetUp":      func() error { _, err := s.SetUp(t.Context(), h.org, "x", password, browser); return err },
		"Invitation": func() error { _, err := s.Invitation(t.Context(), h.org, "x", "x"); return err },
		"Metadata":   func() error { _, err := s.Metadata(t.Context(), h.org); return err },
	} {
		// Each statement of it in turn, until it gets through with none failing.
		for skip := 0; ; skip++ {
			driver.Reset()
			driver.Inject(storetest.Fault{Match: isStatement, Skip: skip, Err: storetest.SQLiteIOErr})
			err := act()
			if driver.Pending() > 0 {
				break
			}
			if iam.KindOf(err) != iam.KindUnavailable {
				t.Errorf("%s: when statement %d fails it says %v (%v)", name, skip+1, err, iam.KindOf(err))
			}
			if skip > 60 {
				t.Fatalf("%s never ends", name)
			}
		}
		driver.Reset()
	}
}

func isStatement(c *storetest.Call) bool { return !c.Control() }
