package signin_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

func TestSetUp(t *testing.T) {
	eachHouse(t, func(h *house) {
		before := storetest.Dump(t, h.url)
		shown, err := h.SetUpLink(t.Context(), h.org, h.link)
		h.ok(err)
		if shown.Email != "ada@example.com" || shown.OrganizationName != "Example" || !shown.ExpiresAt.Equal(start.Add(access.SetupLinkLifetime)) {
			t.Errorf("link %+v", shown)
		}
		for _, bad := range []string{"", "short", "eleven chars"[:11], strings.Repeat("x", 201), "ADA@example.com", "not UTF-8 \xff text"} {
			if _, err := h.SetUp(t.Context(), h.org, h.link, bad, browser); iam.KindOf(err) != iam.KindInvalid || bad != "" && strings.Contains(err.Error(), bad) {
				t.Errorf("password %q: %v", bad, err)
			}
		}
		if after := storetest.Dump(t, h.url); after != before {
			t.Error("looking at the link, or a bad password, changed something")
		}
		in := h.setUp()
		s := h.alive(in.Cookie)
		if s.Email != "ada@example.com" || s.Method != signin.MethodLocal || !s.May(iam.PermOrganizationManage) {
			t.Errorf("session %+v", s)
		}
		if used := h.events(iam.AdminLinkUse); len(used) != 1 || used[0].Actor.ID != string(s.Member) {
			t.Errorf("admin_link_use: %+v", used)
		}
		_, err = h.SetUpLink(t.Context(), h.org, h.link)
		usedUp := err
		if iam.KindOf(err) != iam.KindForbidden {
			t.Errorf("the used link: %v", err)
		}
		_, err = h.SetUp(t.Context(), h.org, h.link, "another password!", browser)
		h.refused(err, signin.CauseLink)
		if err.Error() != usedUp.Error() {
			t.Errorf("%q differs from %q", err, usedUp)
		}
		dump := storetest.Dump(t, h.url)
		if strings.Contains(dump, password) || strings.Contains(dump, in.Cookie[37:]) || strings.Contains(dump, h.link) || !strings.Contains(dump, "$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Error("a secret is stored as it is, or the password not as argon2id")
		}
	})
}

func TestSetUp_wrongLinks(t *testing.T) {
	eachHouse(t, func(h *house) {
		elsewhere, other := h.organization("Elsewhere")
		for _, test := range []struct {
			org   iam.OrganizationID
			token string
		}{{h.org, other}, {elsewhere, h.link}, {"nonsense", h.link}, {"019aaaaa-0000-7000-8000-000000000000", h.link}, {h.org, ""}, {h.org, h.link + "x"}} {
			_, looked := h.SetUpLink(t.Context(), test.org, test.token)
			_, used := h.SetUp(t.Context(), test.org, test.token, password, browser)
			if iam.KindOf(looked) != iam.KindForbidden || iam.KindOf(used) != iam.KindForbidden || looked.Error() != used.Error() {
				t.Errorf("%+v: %v, %v", test, looked, used)
			}
		}
		h.sleep(access.SetupLinkLifetime)
		if _, err := h.SetUpLink(t.Context(), h.org, h.link); iam.KindOf(err) != iam.KindForbidden {
			t.Errorf("the expired link: %v", err)
		}
		_, err := h.SetUp(t.Context(), h.org, h.link, password, browser)
		h.refused(err, signin.CauseLink)
		// A new link voids the old one, and a new password ends the sessions of the former.
		h.newLink()
		in := h.setUp()
		former := h.link
		h.newLink()
		if _, err := h.SetUpLink(t.Context(), h.org, former); iam.KindOf(err) != iam.KindForbidden {
			t.Errorf("the former link: %v", err)
		}
		h.alive(in.Cookie)
		again := h.setUp()
		h.dead(in.Cookie, signin.CauseEnded)
		h.alive(again.Cookie)
	})
}

func (h *house) newLink() {
	h.t.Helper()
	url, _, err := h.admin.AdminLink(h.t.Context(), iam.Operator, h.org, "ada@example.com")
	h.ok(err)
	h.link = url[strings.LastIndex(url, "/")+1:]
}

func TestSetUp_atOnce(t *testing.T) {
	eachHouse(t, func(h *house) {
		results := h.atOnce(4, func(s *signin.Service) error {
			_, err := s.SetUp(t.Context(), h.org, h.link, password, browser)
			return err
		})
		if results[""] != 1 || results[signin.CauseLink] != 3 || h.rows("sessions") != 1 {
			t.Errorf("the answers were %v; %d sessions", results, h.rows("sessions"))
		}
	})
}

func TestPassword(t *testing.T) {
	eachHouse(t, func(h *house) {
		_, err := h.Password(t.Context(), h.org, "ada@example.com", password, browser)
		h.refused(err, signin.CausePassword) // the link was not used yet
		h.setUp()
		for _, org := range []iam.OrganizationID{h.org, ""} {
			in, err := h.second.Password(t.Context(), org, "ADA@Example.com", password, browser)
			h.ok(err)
			s := h.alive(in.Cookie)
			if s.Organization.ID != h.org || s.Email != "ada@example.com" || s.Method != signin.MethodLocal || in.To != "/" {
				t.Errorf("session %+v to %q", s, in.To)
			}
		}
	})
}

// S61: an unknown organization, an unknown address and a wrong password are answered
// alike, and those without a password are among the unknown.
func TestPassword_wrongOnesAreAlike(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.setUp()
		h.scimUser("eve@example.com", true)
		var first error
		for _, test := range []struct {
			org             iam.OrganizationID
			email, password string
			cause           string
		}{
			{h.org, "ada@example.com", "not the password", signin.CausePassword},
			{h.org, "ada@example.com", "", signin.CausePassword},
			{h.org, "ada@example.com", strings.Repeat("x", 1<<16), signin.CausePassword},
			{h.org, "eve@example.com", password, signin.CauseUnknownAccount},
			{h.org, "nobody@example.com", password, signin.CauseUnknownAccount},
			{h.org, "no address \x00\xff", password, signin.CauseUnknownAccount},
			{"nonsense", "ada@example.com", password, ""},
			{"019aaaaa-0000-7000-8000-000000000000", "ada@example.com", password, ""},
			{"", "nobody@example.com", password, ""},
			{"", "ada@example.com", "not the password", ""},
		} {
			h.sleep(2 * time.Minute)
			before := len(h.events(iam.UserLoginFailed))
			_, err := h.Password(t.Context(), test.org, test.email, test.password, browser)
			if n := len(h.events(iam.UserLoginFailed)) - before; n != 0 {
				t.Errorf("%+.60v: %d events were written while the caller waited, which tells accounts by the time it takes", test, n)
			}
			if test.cause != "" {
				h.refused(err, test.cause)
			}
			if first == nil {
				first = err
			}
			if iam.KindOf(err) != iam.KindForbidden || err.Error() != first.Error() {
				t.Errorf("%+.60v: %v, want %v", test, err, first)
			}
		}
		events := len(h.events(iam.UserLoginFailed))
		h.ok(h.Flush(t.Context()))
		if n := len(h.events(iam.UserLoginFailed)) - events; n != 1 {
			t.Errorf("%d events were written behind, want that of the one known address", n)
		}
	})
}

// An Admin of several organizations, at a browser that knows none.
func TestPassword_whichOrganization(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.setUp()
		h.sleep(time.Minute)
		second, link := h.organization("Second")
		h.organization("Third") // whose link was never used
		_, err := h.SetUp(t.Context(), second, link, "the second password", browser)
		h.ok(err)
		for word, want := range map[string]iam.OrganizationID{password: h.org, "the second password": second} {
			in, err := h.Password(t.Context(), "", "ada@example.com", word, browser)
			h.ok(err)
			if s := h.alive(in.Cookie); s.Organization.ID != want {
				t.Errorf("%q signs in to %s", word, s.Organization.Name)
			}
		}
	})
}

func TestPassword_throttle(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.setUp()
		try := func(address, email, word string) error {
			c := browser
			c.Address = address
			_, err := h.Password(t.Context(), h.org, email, word, c)
			return err
		}
		throttled := func(err error) bool {
			var refused *signin.Refused
			return errors.As(err, &refused) && refused.Cause == signin.CauseTooManyAttempts && refused.RetryAfter > 0 && refused.RetryAfter <= 30*time.Second
		}
		for _, email := range []string{"ada@example.com", "nobody@example.com"} {
			for i := range 5 {
				if err := try("192.0.2.66", email, "wrong"); throttled(err) || err == nil {
					t.Errorf("%s, attempt %d: %v", email, i+1, err)
				}
			}
			if err := try("192.0.2.66", email, "wrong"); !throttled(err) {
				t.Errorf("%s, attempt 6: %v", email, err)
			}
		}
		if err := try("192.0.2.66", "ada@example.com", password); !throttled(err) {
			t.Errorf("the right password is heard while there are too many attempts: %v", err)
		}
		h.ok(try("192.0.2.7", "ada@example.com", password)) // elsewhere nobody is locked out
		h.sleep(30 * time.Second)
		h.ok(try("192.0.2.66", "ada@example.com", password))
		for i := range 5 { // a success gives the attempts back
			if err := try("192.0.2.66", "ada@example.com", "wrong"); throttled(err) {
				t.Errorf("attempt %d after a success: %v", i+1, err)
			}
		}
		// Of IPv6 one subscriber has a /64.
		for i, address := range []string{"2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4", "2001:db8::5", "2001:db8::6", "2001:db8:0:1::6"} {
			if err := try(address, "ada@example.com", "wrong"); throttled(err) != (i == 5) {
				t.Errorf("%s: %v", address, err)
			}
		}
	})
}

// What callers without credentials can make the audit log keep.
func TestFailures_counted(t *testing.T) {
	eachHouse(t, func(h *house) {
		for range 50 {
			if _, err := h.FinishSAML(t.Context(), h.org, "nonsense", "", "", browser); iam.KindOf(err) != iam.KindForbidden {
				t.Fatal(err)
			}
		}
		if n := len(h.events(iam.UserLoginFailed)); n != 1 {
			t.Errorf("%d events within a minute, want 1", n)
		}
		h.ok(h.Flush(t.Context()))
		if n := len(h.events(iam.UserLoginFailed)); n != 1 {
			t.Errorf("%d events within a minute, want 1", n)
		}
		h.sleep(time.Minute)
		h.ok(h.Flush(t.Context()))
		h.ok(h.Flush(t.Context()))
		failed := h.events(iam.UserLoginFailed)
		if len(failed) != 2 || failed[1].Details["attempts"] != float64(49) {
			t.Errorf("after the minute: %+v", failed)
		}
		// What is counted when the server ends is written.
		for range 3 {
			_, _ = h.FinishSAML(t.Context(), h.org, "nonsense", "", "", browser)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		h.ok(h.Run(ended, time.Hour))
		if failed = h.events(iam.UserLoginFailed); len(failed) != 4 || failed[3].Details["attempts"] != float64(2) {
			t.Errorf("at the end: %+v", failed)
		}
	})
}
