package signin_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/e2e/idp"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/store"
)

// D4, D5, D9: what ends sessions, at once and on every replica.
func TestSession_ended(t *testing.T) {
	tests := []struct {
		name  string
		act   func(h *house, id string) error
		cause string
		why   iam.ActivityType // whose event counts the sessions
	}{
		{"PATCH active", func(h *house, id string) error { h.patchUser(id, "active", "False"); return nil }, signin.CauseEnded, iam.MemberDelete},
		{"PUT active", func(h *house, id string) error {
			_, err := h.scim.ReplaceUser(h.t.Context(), h.key(), id, body("eve@example.com", false), provision.Match{}, &provision.Trail{})
			return err
		}, signin.CauseEnded, iam.MemberDelete},
		{"DELETE", func(h *house, id string) error {
			return h.scim.DeleteUser(h.t.Context(), h.key(), id, provision.Match{})
		}, signin.CauseNoSession, iam.MemberDelete},
		{"removed by an admin", func(h *house, id string) error {
			return h.admin.RemoveMember(h.t.Context(), iam.Operator, h.org, id)
		}, signin.CauseEnded, iam.MemberDelete},
		{"userName changed", func(h *house, id string) error { h.patchUser(id, "userName", "eva@example.com"); return nil }, signin.CauseEnded, iam.SCIMUserProfileUpdate},
		{"another identity provider", func(h *house, _ string) error {
			h.connect(h.org, idp.New(h.t, "second", start))
			return nil
		}, signin.CauseEnded, iam.SAMLConnectionUpdate},
		{"domain removed", func(h *house, _ string) error {
			_, err := h.admin.RemoveDomain(h.t.Context(), iam.Operator, h.org, "example.com")
			return err
		}, signin.CauseEnded, iam.DomainDelete},
		{"disconnected", func(h *house, _ string) error {
			return h.admin.DisconnectSAML(h.t.Context(), iam.Operator, h.org)
		}, signin.CauseEnded, iam.SAMLConnectionDelete},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			eachHouse(t, func(h *house) {
				id := h.scimUser("eve@example.com", true)
				admin := h.setUp()
				in := h.signIn("eve@example.com")
				h.alive(in.Cookie)
				h.ok(test.act(h, id))
				h.dead(in.Cookie, test.cause)
				h.alive(admin.Cookie)
				events := h.events(test.why)
				if last := events[len(events)-1]; last.Details["sessionsEnded"] != float64(1) {
					t.Errorf("%s: %+v", test.why, last)
				}
			})
		})
	}
}

func body(userName string, active bool) map[string]any {
	return map[string]any{"schemas": []any{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": userName, "active": active}
}

// Whoever is brought back signs in anew: what ended stays so.
func TestSession_staysEndedAfterReactivation(t *testing.T) {
	eachHouse(t, func(h *house) {
		id := h.scimUser("eve@example.com", true)
		in := h.signIn("eve@example.com")
		h.patchUser(id, "active", "False")
		_, err := h.trySAML("eve@example.com")
		h.refused(err, signin.CauseInactive)
		h.patchUser(id, "active", "True")
		h.dead(in.Cookie, signin.CauseEnded)
		h.alive(h.signIn("eve@example.com").Cookie)
	})
}

// What does not touch the sign-in leaves the sessions alone.
func TestSession_goesOn(t *testing.T) {
	eachHouse(t, func(h *house) {
		id := h.scimUser("eve@example.com", true)
		in := h.signIn("eve@example.com")
		h.patchUser(id, "displayName", "Eve")
		h.connect(h.org, h.idp) // the same again
		_, err := h.admin.AddDomain(t.Context(), iam.Operator, h.org, "other.example", true)
		h.ok(err)
		_, err = h.admin.RemoveDomain(t.Context(), iam.Operator, h.org, "other.example")
		h.ok(err)
		h.enableSCIM()
		if s := h.alive(in.Cookie); s.DisplayName != "Eve" {
			t.Errorf("session %+v", s)
		}
	})
}

// D8: SCIM takes the last break-glass Admin: his sessions end, and he gets in again
// with his password only.
func TestSession_breakGlass(t *testing.T) {
	for _, how := range []string{"deactivated", "deleted"} {
		t.Run(how, func(t *testing.T) {
			eachHouse(t, func(h *house) {
				local := h.setUp()
				h.enableSCIM()
				id := h.scimUser("ada@example.com", true) // adopts the first Admin
				remote := h.signIn("ada@example.com")
				h.alive(local.Cookie)
				h.alive(remote.Cookie)
				gone := signin.CauseEnded
				if how == "deleted" {
					h.ok(h.scim.DeleteUser(t.Context(), h.key(), id, provision.Match{}))
					gone = signin.CauseNoSession
				} else {
					h.patchUser(id, "active", "False")
				}
				h.dead(local.Cookie, gone)
				h.dead(remote.Cookie, gone)
				if kept := h.events(iam.BreakGlassKept); len(kept) != 1 || kept[0].Details["sessionsEnded"] != float64(2) {
					t.Errorf("%+v", kept)
				}
				_, err := h.trySAML("ada@example.com")
				h.refused(err, signin.CauseBreakGlass)
				in, err := h.Password(t.Context(), h.org, "ada@example.com", password, browser)
				h.ok(err)
				if s := h.alive(in.Cookie); s.Status != iam.StatusBreakGlass || !s.May(iam.PermOrganizationManage) || len(s.Roles) != 1 {
					t.Errorf("session %+v", s)
				}
			})
		})
	}
}

// Local sign-in is for Admins: whoever is none any more is out at once.
func TestSession_localNeedsAdmin(t *testing.T) {
	eachHouse(t, func(h *house) {
		in := h.setUp()
		_, err := h.admin.Invite(t.Context(), iam.Operator, h.org, "bo@nowhere.example", []string{"system:Admin"})
		h.ok(err)
		second := h.acceptInvitation("bo@nowhere.example", password)
		_, err = h.admin.SetMemberRoles(t.Context(), iam.Operator, h.org, "ada@example.com", []string{"system:Billing"})
		h.ok(err)
		h.dead(in.Cookie, signin.CauseEnded)
		_, err = h.Password(t.Context(), h.org, "ada@example.com", password, browser)
		h.refused(err, signin.CauseNotAdmin)
		h.alive(second.Cookie)
		h.alive(h.signIn("ada@example.com").Cookie) // as any other member
	})
}

func TestSession_idleAndLife(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.scimUser("eve@example.com", true)
		in := h.signIn("eve@example.com")
		for range 14 { // 11 hours and 40 minutes of use
			h.sleep(50 * time.Minute)
			h.alive(in.Cookie)
			h.ok(h.Flush(t.Context()))
			h.ok(h.second.Flush(t.Context()))
		}
		h.sleep(20*time.Minute - time.Microsecond)
		h.alive(in.Cookie)
		h.sleep(time.Microsecond)
		h.dead(in.Cookie, signin.CauseExpired)

		in = h.signIn("eve@example.com")
		h.sleep(time.Hour - time.Microsecond)
		h.alive(in.Cookie)
		h.sleep(time.Microsecond)
		h.dead(in.Cookie, signin.CauseIdle) // the last use was not written yet
		h.ok(h.Flush(t.Context()))
		h.alive(in.Cookie)
	})
}

func TestSession_settings(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.scimUser("eve@example.com", true)
		idle, life := 5*time.Minute, 30*time.Minute
		_, err := h.admin.SetSignIn(t.Context(), iam.Operator, h.org, access.SignInChange{SessionIdle: &idle, SessionLife: &life})
		h.ok(err)
		in := h.signIn("eve@example.com")
		if !in.ExpiresAt.Equal(h.clock().Add(life)) {
			t.Errorf("ends at %s", in.ExpiresAt)
		}
		h.sleep(5 * time.Minute)
		h.dead(in.Cookie, signin.CauseIdle)
		// What the identity provider wants counts when it is earlier.
		b := h.begin(h.Service, "/", browser)
		a := h.answer(b, "eve@example.com")
		a.SessionEnds = h.clock().Add(10 * time.Minute).Truncate(time.Second)
		in, err = h.finish(h.Service, b, a)
		h.ok(err)
		if !in.ExpiresAt.Equal(a.SessionEnds) {
			t.Errorf("ends at %s, want %s", in.ExpiresAt, a.SessionEnds)
		}
	})
}

func TestSession_seenOnceAMinute(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.scimUser("eve@example.com", true)
		in := h.signIn("eve@example.com")
		s := h.alive(in.Cookie)
		seen := func() time.Time {
			list, err := h.Sessions(t.Context(), s)
			h.ok(err)
			return list[0].LastSeenAt
		}
		h.sleep(time.Minute - time.Microsecond)
		h.alive(in.Cookie)
		h.ok(h.Flush(t.Context()))
		if !seen().Equal(start) {
			t.Errorf("seen at %s within the first minute", seen())
		}
		h.sleep(time.Microsecond)
		h.alive(in.Cookie)
		if !seen().Equal(start) {
			t.Error("a use cost a write")
		}
		h.ok(h.Flush(t.Context()))
		if !seen().Equal(start.Add(time.Minute)) {
			t.Errorf("seen at %s after a minute", seen())
		}
	})
}

// S51: a new secret at each sign-in, and the old one is void: one session for a
// browser, also when the next sign-in is to another organization.
func TestSignIn_endsTheBrowsersFormerSession(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.scimUser("eve@example.com", true)
		first := h.signIn("eve@example.com")
		again := browser
		again.Session = first.Cookie
		b := h.begin(h.Service, "/", again)
		// The answer comes from another site, without the session cookie.
		second, err := h.finish(h.second, b, h.answer(b, "eve@example.com"))
		h.ok(err)
		if second.Cookie == first.Cookie {
			t.Error("the secret is the old one")
		}
		h.dead(first.Cookie, signin.CauseEnded)
		h.alive(second.Cookie)

		elsewhere, link := h.organization("Elsewhere")
		again.Session = second.Cookie
		third, err := h.SetUp(t.Context(), elsewhere, link, password, again)
		h.ok(err)
		h.dead(second.Cookie, signin.CauseEnded)
		h.alive(third.Cookie)
		out := h.events(iam.UserLogout)
		if len(out) != 2 || out[1].Details["reason"] != store.EndedReplaced || out[1].TargetName != "eve@example.com" {
			t.Errorf("user_logout: %+v", out)
		}
		// Somebody else's session cannot be ended so: who has no cookie of it has no hash.
		victim := h.signIn("eve@example.com")
		again.Session = string(h.org) + "." + strings.Repeat("A", 43)
		b = h.begin(h.Service, "/", again)
		_, err = h.finish(h.Service, b, h.answer(b, "eve@example.com"))
		h.ok(err)
		h.alive(victim.Cookie)
	})
}

func TestSession_wrongCookies(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.scimUser("eve@example.com", true)
		in := h.signIn("eve@example.com")
		elsewhere, _ := h.organization("Elsewhere")
		secret := in.Cookie[37:]
		for _, cookie := range []string{
			"", "x", secret, string(h.org), string(h.org) + ".", string(h.org) + "." + secret[1:], string(h.org) + "." + strings.Repeat("A", 43),
			string(elsewhere) + "." + secret, strings.ToUpper(string(h.org)) + "." + secret, string(h.org) + "." + secret + "x", "\x00" + in.Cookie[1:],
			string(h.org) + "." + secret[:42] + "'",
		} {
			h.dead(cookie, signin.CauseNoSession)
		}
		h.alive(in.Cookie)
	})
}

func TestSignOut(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.scimUser("eve@example.com", true)
		in := h.signIn("eve@example.com")
		s := h.alive(in.Cookie)
		_, err := h.second.SignOut(t.Context(), in.Cookie, browser)
		h.ok(err)
		h.dead(in.Cookie, signin.CauseEnded)
		_, err = h.SignOut(t.Context(), in.Cookie, browser)
		h.ok(err)
		_, err = h.SignOut(t.Context(), "nonsense", browser)
		h.ok(err)
		out := h.events(iam.UserLogout)
		if len(out) != 1 || out[0].TargetID != string(s.Member) || out[0].Details["session"] != s.ID || out[0].Details["reason"] != store.EndedSignOut {
			t.Errorf("user_logout: %+v", out)
		}
	})
}

func TestSessions_ownOnly(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.scimUser("eve@example.com", true)
		h.scimUser("bob@example.com", true)
		first, second, bobs := h.signIn("eve@example.com"), h.signIn("eve@example.com"), h.signIn("bob@example.com")
		eve, bob := h.alive(first.Cookie), h.alive(bobs.Cookie)
		list, err := h.Sessions(t.Context(), eve)
		h.ok(err)
		if len(list) != 2 || !slices.ContainsFunc(list, func(v signin.SessionView) bool { return v.Current && v.ID == eve.ID }) {
			t.Errorf("sessions %+v", list)
		}
		other := h.alive(second.Cookie).ID
		for _, id := range []string{other, "nonsense", "019aaaaa-0000-7000-8000-000000000000"} {
			if err := h.EndSession(t.Context(), bob, id); iam.KindOf(err) != iam.KindNotFound {
				t.Errorf("Bob ends %q: %v", id, err)
			}
		}
		h.alive(second.Cookie)
		h.ok(h.EndSession(t.Context(), eve, other))
		h.ok(h.EndSession(t.Context(), eve, other))
		h.dead(second.Cookie, signin.CauseEnded)
		h.alive(first.Cookie)
		if list, err = h.Sessions(t.Context(), eve); err != nil || len(list) != 1 {
			t.Errorf("sessions %+v, %v", list, err)
		}
	})
}
