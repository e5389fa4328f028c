package access_test

import (
	"slices"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

func TestCountMembers(t *testing.T) {
	each(t, func(w *world) {
		if n := must[access.MemberCount](t)(w.CountMembers(t.Context(), w.org)); n != (access.MemberCount{All: 1}) {
			t.Errorf("%+v, want the first Admin alone", n)
		}
		w.people(5, func(i int, u *store.User) {
			if i == 2 {
				u.Status = iam.StatusInactive
			}
		})
		w.another().people(3, nil)
		if n := must[access.MemberCount](t)(w.CountMembers(t.Context(), w.org)); n != (access.MemberCount{All: 5, SCIM: 4}) {
			t.Errorf("%+v, want 5 with 4 of SCIM", n)
		}
	})
}

func TestBreakGlassAdmins(t *testing.T) {
	each(t, func(w *world) {
		if got := must[[]string](t)(w.BreakGlassAdmins(t.Context(), w.org)); !slices.Equal(got, []string{"ada@example.com"}) {
			t.Errorf("%q", got)
		}
		w.withoutBreakGlass()
		if got := must[[]string](t)(w.BreakGlassAdmins(t.Context(), w.org)); len(got) != 0 {
			t.Errorf("%q, want none", got)
		}
	})
}

func TestFirstSCIMLogin(t *testing.T) {
	each(t, func(w *world) {
		first := func() time.Time { return must[time.Time](t)(w.FirstSCIMLogin(t.Context(), w.org)) }
		login := func(id iam.MemberID, what iam.ActivityType, at time.Time) {
			w.write(func(tx *store.Tx) error {
				return tx.InsertAudit(iam.AuditEvent{Organization: w.org, At: at, Type: what, Actor: iam.Operator, TargetType: "user", TargetID: string(id)})
			})
		}
		mia := w.user("mia@example.com")
		login(w.member("ada@example.com").ID, iam.UserLogin, start) // no user of SCIM
		login(mia, iam.UserLoginFailed, start)
		if !first().IsZero() {
			t.Errorf("a first sign-in at %v of nobody", first())
		}
		login(mia, iam.UserLogin, start.Add(time.Hour))
		login(mia, iam.UserLogin, start.Add(2*time.Hour))
		if !first().Equal(start.Add(time.Hour)) {
			t.Errorf("first sign-in at %v, want %v", first(), start.Add(time.Hour))
		}
		if other := w.another(); !must[time.Time](t)(other.FirstSCIMLogin(t.Context(), other.org)).IsZero() {
			t.Error("another organization sees it")
		}
	})
}

// What came first and what came last decides, and the cost does not grow with the log.
func TestSCIMHealth(t *testing.T) {
	each(t, func(w *world) {
		health := func() access.SCIMHealth { return must[access.SCIMHealth](t)(w.SCIMHealth(t.Context(), w.org)) }
		expect := func(state access.HealthState) {
			t.Helper()
			if h := health(); h.State != state {
				t.Errorf("%+v, want %s", h, state)
			}
		}
		log := func(status int, ago time.Duration) {
			at := w.clock().Add(-ago)
			w.write(func(tx *store.Tx) error {
				return tx.InsertSCIMRequests([]store.SCIMRequest{{Organization: w.org, ID: w.db.SCIMRequestID(at), At: at, Method: "GET", Status: status, Verdicts: "[]"}})
			})
		}
		deny := func(cause string, ago time.Duration) {
			w.write(func(tx *store.Tx) error {
				return tx.AddSCIMDenials([]store.SCIMDenial{{Organization: w.org, Minute: w.clock().Add(-ago).Truncate(time.Minute), Cause: cause, Count: 1}})
			})
		}
		expect(access.HealthOff)
		w.enable()
		expect(access.HealthWaiting)
		log(200, 25*time.Hour)
		expect(access.HealthWaiting) // that is older than what is looked at
		log(200, 4*time.Hour)
		expect(access.HealthSilent)
		deny(iam.CauseWrong, 3*time.Hour)
		if h := health(); h.State != access.HealthDenied || h.Denied != iam.CauseWrong {
			t.Errorf("%+v", h)
		}
		log(0, time.Minute) // an entry of the log about itself is no call
		expect(access.HealthDenied)
		log(200, 2*time.Minute)
		expect(access.HealthGood)
		log(409, 2*time.Minute)
		expect(access.HealthGood)
		log(400, time.Minute)
		if h := health(); h.State != access.HealthRefused || h.Requests != 4 || h.Refused != 2 || !h.LastCall.Equal(w.clock().Add(-time.Minute)) {
			t.Errorf("%+v", h)
		}
		deny(iam.CauseExpired, 0)
		expect(access.HealthDenied)
		other := w.another()
		if h := must[access.SCIMHealth](t)(other.SCIMHealth(t.Context(), other.org)); h.Requests != 0 || h.Denied != "" {
			t.Errorf("another organization sees %+v", h)
		}
	})
}

func TestMemberTroubles(t *testing.T) {
	each(t, func(w *world) {
		w.people(6, func(i int, u *store.User) {
			if i < 2 {
				u.LoginKey, u.UserName = "person"+string(rune('a'+i)), "person"+string(rune('a'+i))
			}
		})
		w.role("Empty", "")
		must[iam.Member](t)(w.SetMemberRoles(t.Context(), iam.Operator, w.org, "m04@example.com", []string{"Empty"}))
		want := access.MemberTroubles{NoSignIn: 2, NoPermissions: 1}
		if got := must[access.MemberTroubles](t)(w.MemberTroubles(t.Context(), w.org)); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	})
}

func TestMemberTroubles_looksAtTheFirst(t *testing.T) {
	each(t, func(w *world) {
		w.people(2_100, func(i int, u *store.User) {
			u.LoginKey = u.LoginKey[:len(u.LoginKey)-1] + "n" // keys stay unique, and are no domain of ours
			u.LoginKey = "p" + u.LoginKey
			u.UserName = u.LoginKey
		})
		w.sql.Reset()
		got := must[access.MemberTroubles](t)(w.MemberTroubles(t.Context(), w.org))
		if !got.Partly || got.NoSignIn < 1_900 || got.NoSignIn > 2_000 {
			t.Errorf("%+v, want about 2,000 of the first ones", got)
		}
		if n := w.sql.Statements(); n > 16 {
			t.Errorf("%d statements", n)
		}
	})
}
