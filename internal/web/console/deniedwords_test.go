package console

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/housekeeping"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// Every cause is explained in full: what is so, how it comes about, what to do.
func TestDeniedWords_whole(t *testing.T) {
	t.Parallel()
	titles := map[string]iam.DenialCause{}
	for cause, words := range deniedWords {
		if words.how == "" || words.title == "" || !strings.HasSuffix(words.what, ".") || !strings.HasSuffix(words.do, ".") {
			t.Errorf("%q is not explained: %+v", cause, words)
		}
		if other, twice := titles[words.title]; twice {
			t.Errorf("%q and %q have one title", cause, other)
		}
		titles[words.title] = cause
		if strings.Contains(words.do, secretTokenIs) && !strings.Contains(words.do, "Provisioning → Edit provisioning → Admin Credentials → Secret Token") {
			t.Errorf("%q does not lead to the field: %s", cause, words.do)
		}
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	const live, revoked, expired = iam.KeyID("scim_aaaaaaaaaaaaaaaaaaaa"), iam.KeyID("scim_bbbbbbbbbbbbbbbbbbbb"), iam.KeyID("scim_cccccccccccccccccccc")
	c := circumstances{now: start, on: true, plan: iam.PlanEnterprise, keys: []access.KeyView{
		{SCIMKey: iam.SCIMKey{ID: live}, Status: iam.KeyActive},
		{SCIMKey: iam.SCIMKey{ID: revoked, RevokedAt: start.Add(-24 * time.Hour)}, Status: iam.KeyRevoked},
		{SCIMKey: iam.SCIMKey{ID: expired, ExpiresAt: start.Add(-time.Hour)}, Status: iam.KeyExpired},
	}}
	off := c
	off.on, off.plan = false, iam.PlanBasic
	for _, test := range []struct {
		in                circumstances
		denial            iam.Denial
		title, what, does string
	}{
		{c, iam.Denial{Cause: iam.DeniedSecret, Key: live}, "A wrong secret for the key " + string(live), "not its secret", "enter the secret that was shown with this key"},
		{c, iam.Denial{Cause: iam.DeniedSecret, Key: revoked}, string(revoked), "Besides: This key was revoked on 9 March 2026 at 09:30 (UTC).", ""},
		{c, iam.Denial{Cause: iam.DeniedRevoked, Key: revoked}, "The revoked key " + string(revoked), "revoked on 9 March 2026", "that of a key that is active here"},
		{c, iam.Denial{Cause: iam.DeniedExpired, Key: expired}, "The expired key " + string(expired), "This key expired on 10 March 2026 at 08:30 (UTC).", "generate a new key"},
		{c, iam.Denial{Cause: iam.DeniedOff}, "SCIM was off", "answered 403", "SCIM is on now."},
		{off, iam.Denial{Cause: iam.DeniedOff}, "SCIM was off", "answered 403", "Enable SCIM under SCIM Configuration."},
		{c, iam.Denial{Cause: iam.DeniedPlan}, "The plan had no SCIM", "answered 403", "The plan has SCIM now."},
		{off, iam.Denial{Cause: iam.DeniedPlan}, "The plan had no SCIM", "answered 403", "Change the plan to Enterprise"},
		{c, iam.Denial{Cause: "something new", Key: live}, "Something new " + string(live), "", ""},
	} {
		got := test.in.explain(test.denial)
		if !strings.Contains(got.Title, test.title) || !strings.Contains(got.What, test.what) || !strings.Contains(got.Do, test.does) {
			t.Errorf("%v: %+v", test.denial, got)
		}
	}
}

// The page sums refused calls up by cause, says from where and whether it is over, and
// shows that to the system role Admin alone.
func TestRefusedCalls(t *testing.T) {
	t.Parallel()
	o, b := scimOrg(t)
	b.get("/settings/scim").says("Refused calls", "None. A call that is answered 401")
	key := must[access.NewKey](t)(o.access.CreateKey(t.Context(), iam.Operator, o.id, ""))
	minute := o.clock().Truncate(time.Minute)
	deny := func(ago time.Duration, cause iam.DenialCause, address string, n int64) store.SCIMDenial {
		return store.SCIMDenial{Organization: o.id, Minute: minute.Add(-ago), Cause: string(cause), Address: address, Count: n}
	}
	o.write(func(tx *store.Tx) error {
		if err := tx.TouchKey(o.id, key.Key, minute.Add(-time.Hour)); err != nil {
			return err
		}
		return tx.AddSCIMDenials([]store.SCIMDenial{
			deny(2*time.Minute, iam.DeniedTwice, "192.0.2.1", 40), deny(3*time.Minute, iam.DeniedTwice, "192.0.2.2", 2), deny(4*time.Minute, iam.DeniedTwice, housekeeping.OtherAddresses, 1000),
			deny(5*time.Minute, iam.DeniedTwice, "192.0.2.4", 1), deny(6*time.Minute, iam.DeniedTwice, "192.0.2.5", 1), deny(2*time.Hour, iam.DeniedSwapped, "192.0.2.1", 7),
			deny(8*24*time.Hour, iam.DeniedLong, "192.0.2.1", 7),
		})
	})
	a := b.get("/settings/scim").is(http.StatusOK).says("The word Bearer stands twice 1,044 2 minutes ago 192.0.2.1 , 192.0.2.2 , further addresses and 2 more addresses",
		"What to do: Entra ID has it under Provisioning → Edit provisioning → Admin Credentials → Secret Token: enter it again without Bearer", "Key and secret are swapped 7 2 hours ago 192.0.2.1").
		saysNot("too long")
	if n := strings.Count(text(a.body), "A call with a valid key came later."); n != 1 {
		t.Errorf("%d of the two causes are over", n)
	}

	o.role("Manager", iam.PermOrganizationView, iam.PermOrganizationManage)
	o.user("mia@alpha.example")
	o.person("mia@alpha.example", "Manager").get("/settings/scim").is(http.StatusOK).
		says("Refused calls", "is told to members with the system role Admin").saysNot("Bearer stands twice", "192.0.2.1")
}

// Whether a key is one of the organization, and whether its secret was right, the caller is
// not told (S2), and no member either who could be the caller: on the dashboard too.
func TestDashboard_whyDeniedIsForAdmins(t *testing.T) {
	t.Parallel()
	o, b := scimOrg(t)
	key := must[access.NewKey](t)(o.access.CreateKey(t.Context(), iam.Operator, o.id, ""))
	o.role("Viewer", iam.PermOrganizationView)
	o.user("mia@alpha.example")
	viewer := o.person("mia@alpha.example", "Viewer")
	for i, why := range []iam.Denial{{Cause: iam.DeniedSecret, Key: key.Key}, {Cause: iam.DeniedForeign}, {Cause: iam.DeniedRevoked, Key: key.Key}} {
		how := []string{"with a wrong secret", "with a key that is not of this organization", "with a revoked key"}[i]
		o.write(func(tx *store.Tx) error {
			return tx.AddSCIMDenials([]store.SCIMDenial{{Organization: o.id, Minute: o.clock().Truncate(time.Minute), Cause: why.String(), Address: "192.0.2.1", Count: 1}})
		})
		b.get("/dashboard").is(http.StatusOK).says("Denied", how)
		viewer.get("/dashboard").is(http.StatusOK).says("Denied", "The last call was denied").saysNot(how, string(key.Key), "192.0.2.1")
		o.sleep(time.Minute)
	}
}
