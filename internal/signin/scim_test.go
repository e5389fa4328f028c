package signin_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

var start = time.Date(2026, 3, 10, 9, 30, 20, 0, time.UTC)

// door is a SCIM endpoint's sign-in with one organization that has SCIM on.
type door struct {
	*signin.Service
	t      *testing.T
	db     *store.DB
	driver storetest.Driver
	org    iam.OrganizationID

	mu  sync.Mutex
	now time.Time
}

func each(t *testing.T, run func(d *door)) {
	t.Helper()
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		d := &door{t: t, now: start}
		d.db = open(store.Options{Now: d.clock, Wrap: d.driver.Wrap})
		d.Service = &signin.Service{DB: d.db, Now: d.clock}
		d.org = d.organization("Example", iam.PlanEnterprise, true)
		run(d)
	})
}

func (d *door) clock() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

func (d *door) sleep(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(by)
}

func (d *door) write(fn func(tx *store.Tx) error) {
	d.t.Helper()
	if err := d.db.Write(d.t.Context(), fn); err != nil {
		d.t.Fatal(err)
	}
}

func (d *door) organization(name string, plan iam.Plan, scim bool) iam.OrganizationID {
	d.t.Helper()
	o := iam.Organization{
		ID: iam.OrganizationID(d.db.NewID()), Name: name, Plan: plan, SCIMEnabled: scim,
		Identity: iam.PolicyStandard, UnmappedGroups: iam.UnmappedCreate, CreatedAt: start,
	}
	d.write(func(tx *store.Tx) error { return tx.InsertOrganization(o) })
	return o.ID
}

// key makes a key of an organization; lives 0 means for ever.
func (d *door) key(org iam.OrganizationID, slot int, lives time.Duration) (iam.KeyID, string) {
	d.t.Helper()
	id, secret, err := iam.NewKey(rand.Reader)
	if err != nil {
		d.t.Fatal(err)
	}
	k := iam.SCIMKey{ID: id, CreatedBy: "test", CreatedAt: d.clock()}
	if lives > 0 {
		k.ExpiresAt = d.clock().Add(lives)
	}
	d.write(func(tx *store.Tx) error {
		_, err := tx.InsertKey(org, k, slot, iam.HashSecret(secret))
		return err
	})
	return id, secret
}

func (d *door) call(org iam.OrganizationID, authorization ...string) (iam.SCIMCaller, error) {
	return d.SCIM(d.t.Context(), string(org), authorization, "192.0.2.7", "agent/1")
}

// refused checks that a call is refused with a kind, a cause ("" for none) and a
// text, and that nobody is let in by it: only a caller whom the organization's
// settings forbid is named at all, for the request log.
func (d *door) refused(kind iam.Kind, cause, text string, org iam.OrganizationID, authorization ...string) {
	d.t.Helper()
	caller, err := d.call(org, authorization...)
	var bad *iam.BadCredential
	got := ""
	if errors.As(err, &bad) {
		got = bad.Cause
	}
	if err == nil || iam.KindOf(err) != kind || got != cause || !strings.Contains(err.Error(), text) || (caller.Key != "") != (kind == iam.KindForbidden) {
		d.t.Errorf("got %+v, %v (%v, cause %q); want kind %v, cause %q, and %q", caller, err, iam.KindOf(err), got, kind, cause, text)
	}
}

func (d *door) lastUsed(key iam.KeyID) time.Time {
	d.t.Helper()
	k, err := d.db.Read(d.t.Context()).Key(d.org, key)
	if err != nil {
		d.t.Fatal(err)
	}
	return k.LastUsedAt
}

func TestSCIM_validKey(t *testing.T) {
	each(t, func(d *door) {
		key, secret := d.key(d.org, 1, 0)
		pair := string(key) + ":" + secret
		for _, authorization := range []string{"Bearer " + pair, "bearer " + pair, "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))} {
			d.driver.Reset()
			caller, err := d.call(d.org, authorization)
			if err != nil {
				t.Fatal(err)
			}
			want := iam.Actor{Type: iam.ActorAPI, ID: string(key), Details: string(key), Address: "192.0.2.7", UserAgent: "agent/1"}
			if caller.Key != key || caller.Actor != want || caller.Organization.ID != d.org || caller.Organization.Name != "Example" || !caller.Organization.SCIMEnabled {
				t.Errorf("caller %+v", caller)
			}
			if n := d.driver.Statements(); n != 1 {
				t.Errorf("the check ran %d statements, want 1", n)
			}
		}
	})
}

func TestSCIM_userAgentIsMadePrintable(t *testing.T) {
	each(t, func(d *door) {
		key, secret := d.key(d.org, 1, 0)
		caller, err := d.SCIM(t.Context(), string(d.org), []string{"Bearer " + string(key) + ":" + secret}, "192.0.2.7", "a\xffb"+strings.Repeat("x", 1000))
		if err != nil {
			t.Fatal(err)
		}
		if got := caller.Actor.UserAgent; !strings.HasPrefix(got, "a\uFFFDbx") || len(got) > 210 {
			t.Errorf("user agent %q", got)
		}
		d.write(func(tx *store.Tx) error {
			return tx.InsertAudit(iam.AuditEvent{Organization: d.org, Type: iam.KeyCreate, Actor: caller.Actor})
		})
	})
}

func TestSCIM_wrongPairsAreAlike(t *testing.T) {
	each(t, func(d *door) {
		key, secret := d.key(d.org, 1, 0)
		other := d.organization("Other", iam.PlanBasic, false)
		otherKey, otherSecret := d.key(other, 1, time.Hour)
		d.write(func(tx *store.Tx) error { _, err := tx.RevokeKey(other, otherKey, d.clock()); return err })
		const unknown = iam.OrganizationID("019aaaaa-0000-7000-8000-000000000000")
		_, first := d.call(unknown, "Bearer "+string(key)+":"+secret)
		foreign := iam.Denial{Cause: iam.DeniedForeign}
		for _, test := range []struct {
			name   string
			org    iam.OrganizationID
			key    iam.KeyID
			secret string
			why    iam.Denial // what the Admins of the organization are told
		}{
			{"unknown organization", unknown, key, secret, foreign},
			{"no organization id", "nonsense", key, secret, foreign},
			{"hostile organization id", "x\x00' OR 1=1\xff", key, secret, foreign},
			{"empty organization id", "", key, secret, foreign},
			{"another organization's key", d.org, otherKey, otherSecret, foreign},
			{"another organization, though its plan and SCIM forbid", other, key, secret, foreign},
			{"wrong secret", d.org, key, otherSecret, iam.Denial{Cause: iam.DeniedSecret, Key: key}},
			{"wrong secret of a revoked key", other, otherKey, secret, iam.Denial{Cause: iam.DeniedSecret, Key: otherKey}},
			{"unknown key", d.org, "scim_aaaaaaaaaaaaaaaaaaaa", secret, foreign},
			{"key of the wrong form", d.org, "scim_'", secret, iam.Denial{Cause: iam.DeniedKeyForm}},
		} {
			d.driver.Reset()
			d.refused(iam.KindUnauthorized, iam.CauseWrong, "key or secret is wrong for this organization", test.org, "Bearer "+string(test.key)+":"+test.secret)
			if n := d.driver.Statements(); n != 1 {
				t.Errorf("%s: the check ran %d statements, want 1 as always", test.name, n)
			}
			_, err := d.call(test.org, "Bearer "+string(test.key)+":"+test.secret)
			if err.Error() != first.Error() {
				t.Errorf("%s: %q differs from %q", test.name, err, first)
			}
			if got := signin.Denial(err); got != test.why.String() {
				t.Errorf("%s: the Admins are told %q, want %q", test.name, got, test.why)
			}
		}
		if err := d.Flush(t.Context()); err != nil || !d.lastUsed(key).IsZero() {
			t.Errorf("a refused key was used at %v (%v)", d.lastUsed(key), err)
		}
	})
}

func TestSCIM_formIsToldFromTheText(t *testing.T) {
	each(t, func(d *door) {
		key, secret := d.key(d.org, 1, 0)
		pair := string(key) + ":" + secret
		for _, test := range []struct {
			name, cause, text string
			values            []string
		}{
			{"none", iam.CauseNone, "no credentials", nil},
			{"empty", iam.CauseNone, "no credentials", []string{""}},
			{"two headers", iam.CauseForm, "more than one", []string{"Bearer " + pair, "Bearer " + pair}},
			{"Bearer twice", iam.CauseForm, "Bearer stands twice", []string{"Bearer Bearer " + pair}},
			{"blanks", iam.CauseForm, "without blanks", []string{"Bearer " + string(key) + " : " + secret}},
			{"white space behind", iam.CauseForm, "white space", []string{"Bearer " + pair + " "}},
			{"prefix", iam.CauseForm, "does not start with scim_", []string{"Bearer x" + pair}},
			{"swapped", iam.CauseForm, "swapped", []string{"Bearer " + secret + ":" + string(key)}},
		} {
			d.driver.Reset()
			d.refused(iam.KindUnauthorized, test.cause, test.text, d.org, test.values...)
			if n := d.driver.Statements(); n != 0 {
				t.Errorf("%s: %d statements ran for a value that cannot be a credential", test.name, n)
			}
			_, err := d.call(d.org, test.values...)
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the refusal repeats the secret", test.name)
			}
		}
	})
}

func TestSCIM_revokedAndExpired(t *testing.T) {
	each(t, func(d *door) {
		revoked, secret1 := d.key(d.org, 1, 0)
		expiring, secret2 := d.key(d.org, 2, time.Hour)
		d.write(func(tx *store.Tx) error { _, err := tx.RevokeKey(d.org, revoked, d.clock()); return err })
		d.refused(iam.KindUnauthorized, iam.CauseRevoked, "revoked", d.org, "Bearer "+string(revoked)+":"+secret1)
		d.refused(iam.KindUnauthorized, iam.CauseWrong, "wrong", d.org, "Bearer "+string(revoked)+":"+secret2)
		d.sleep(time.Hour - time.Microsecond)
		if _, err := d.call(d.org, "Bearer "+string(expiring)+":"+secret2); err != nil {
			t.Errorf("a key is refused before it expires: %v", err)
		}
		d.sleep(time.Microsecond)
		d.refused(iam.KindUnauthorized, iam.CauseExpired, "expired", d.org, "Bearer "+string(expiring)+":"+secret2)
		for key, want := range map[iam.KeyID]iam.Denial{revoked: {Cause: iam.DeniedRevoked, Key: revoked}, expiring: {Cause: iam.DeniedExpired, Key: expiring}} {
			secret := map[iam.KeyID]string{revoked: secret1, expiring: secret2}[key]
			if _, err := d.call(d.org, "Bearer "+string(key)+":"+secret); signin.Denial(err) != want.String() {
				t.Errorf("the Admins are told %q, want %q", signin.Denial(err), want)
			}
		}
		d.refused(iam.KindUnauthorized, iam.CauseWrong, "wrong", d.org, "Bearer "+string(expiring)+":"+secret1)
	})
}

func TestSCIM_offAndPlan(t *testing.T) {
	each(t, func(d *door) {
		off, scale := d.organization("Off", iam.PlanEnterprise, false), d.organization("Scale", iam.PlanScale, true)
		key, secret := d.key(off, 1, 0)
		d.refused(iam.KindForbidden, "", "SCIM is not enabled for this organization", off, "Bearer "+string(key)+":"+secret)
		if _, err := d.call(off, "Bearer "+string(key)+":"+secret); signin.Denial(err) != string(iam.DeniedOff) {
			t.Errorf("SCIM off is counted as %q", signin.Denial(err))
		}
		key, secret = d.key(scale, 1, 0)
		if _, err := d.call(scale, "Bearer "+string(key)+":"+secret); signin.Denial(err) != string(iam.DeniedPlan) {
			t.Errorf("a plan without SCIM is counted as %q", signin.Denial(err))
		}
		d.refused(iam.KindForbidden, "", "this organization is on the plan scale", scale, "Bearer "+string(key)+":"+secret)
		d.refused(iam.KindUnauthorized, iam.CauseWrong, "wrong", scale, "Bearer "+string(key)+":"+secret+"x")
	})
}

func TestSCIM_databaseTroubleIsNoRefusal(t *testing.T) {
	each(t, func(d *door) {
		key, secret := d.key(d.org, 1, 0)
		for name, trouble := range map[string]error{"disk": storetest.SQLiteIOErr, "surprise": errors.New("the moon is full"), "cancelled": context.Canceled} {
			d.driver.Inject(storetest.Fault{Match: storetest.SQL("scim_keys"), Err: trouble})
			d.refused(iam.KindUnavailable, "", "not available", d.org, "Bearer "+string(key)+":"+secret)
			if d.driver.Pending() != 0 {
				t.Errorf("%s: the trouble did not happen", name)
			}
		}
		if _, err := d.call(d.org, "Bearer "+string(key)+":"+secret); err != nil {
			t.Errorf("the key is refused after the trouble: %v", err)
		}
	})
}

func TestFlush_lastUseToTheMinute(t *testing.T) {
	each(t, func(d *door) {
		key, secret := d.key(d.org, 1, 0)
		use := func() {
			t.Helper()
			if _, err := d.call(d.org, "Bearer "+string(key)+":"+secret); err != nil {
				t.Fatal(err)
			}
		}
		flush := func() int {
			t.Helper()
			d.driver.Reset()
			if err := d.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			written := 0
			for _, c := range d.driver.Calls() {
				if strings.Contains(c.SQL, "UPDATE scim_keys") {
					written++
				}
			}
			return written
		}
		minute := start.Truncate(time.Minute)
		use()
		if !d.lastUsed(key).IsZero() {
			t.Error("a use was written at once")
		}
		d.sleep(10 * time.Second)
		use()
		if n := flush(); n != 1 || !d.lastUsed(key).Equal(minute) {
			t.Errorf("%d writes for two uses in a minute, last used %v; want 1 and %v", n, d.lastUsed(key), minute)
		}
		use()
		if n := flush(); n != 0 {
			t.Errorf("%d writes for a minute that is noted already", n)
		}
		d.sleep(5 * time.Minute)
		use()
		d.driver.Inject(storetest.Fault{Match: storetest.SQL("UPDATE scim_keys"), Err: storetest.SQLiteFull})
		if err := d.Flush(t.Context()); err == nil {
			t.Error("Flush hides that it could not write")
		}
		if n := flush(); n != 1 || !d.lastUsed(key).Equal(minute.Add(5*time.Minute)) {
			t.Errorf("after a failed write: %d writes, last used %v", n, d.lastUsed(key))
		}
		d.write(func(tx *store.Tx) error { return tx.TouchKey(d.org, key, minute) })
		if !d.lastUsed(key).Equal(minute.Add(5 * time.Minute)) {
			t.Error("an older use overwrote a newer one")
		}
	})
}

func TestRun_writesWhatWaitsAtTheEnd(t *testing.T) {
	each(t, func(d *door) {
		key, secret := d.key(d.org, 1, 0)
		if _, err := d.call(d.org, "Bearer "+string(key)+":"+secret); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if err := d.Run(ctx, time.Hour); err != nil {
			t.Fatal(err)
		}
		if d.lastUsed(key).IsZero() {
			t.Error("the last use was lost when the server stopped")
		}
	})
}

func TestSCIM_parallel(t *testing.T) {
	each(t, func(d *door) {
		key, secret := d.key(d.org, 1, 0)
		var wg sync.WaitGroup
		for i := range 32 {
			wg.Go(func() {
				if _, err := d.call(d.org, "Bearer "+string(key)+":"+secret); err != nil {
					t.Errorf("call %d: %v", i, err)
				}
				if err := d.Flush(t.Context()); err != nil {
					t.Errorf("flush %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		if !d.lastUsed(key).Equal(start.Truncate(time.Minute)) {
			t.Errorf("last used %v", d.lastUsed(key))
		}
	})
}

// A key that gave its slot away is refused for good: were the clock of one server
// behind, it would else be a third key that works (D12).
func TestSCIM_keyWithoutSlot(t *testing.T) {
	each(t, func(d *door) {
		key, secret := d.key(d.org, 1, time.Hour)
		d.sleep(time.Hour)
		d.write(func(tx *store.Tx) error { _, err := tx.FreeSlots(d.org, d.clock()); return err })
		d.sleep(-2 * time.Minute)
		d.refused(iam.KindUnauthorized, iam.CauseExpired, "has expired", d.org, "Bearer "+string(key)+":"+secret)
		keys, err := d.db.Read(t.Context()).Keys(d.org)
		if err != nil || len(keys) != 1 || keys[0].Status(d.clock()) != iam.KeyExpired {
			t.Errorf("the list shows %+v (%v), want one key that has expired", keys, err)
		}
	})
}
