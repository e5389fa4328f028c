package console

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/e2e/idp"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// The checklist turns green as it happens, in the order of the guide.
func TestDashboard_steps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example")
	b := o.admin()
	ctx := t.Context()
	expect := func(done string, next string) {
		t.Helper()
		a := b.get("/dashboard").is(http.StatusOK)
		a.says(done + " of 7 done")
		_, now, found := strings.Cut(a.body, `<li class="now">`)
		if next == "" != !found || found && !strings.Contains(text(now[:strings.Index(now, "</li>")]), next) {
			t.Errorf("%s of 7: the step to take now is not %q: %s", done, next, text(a.body))
		}
	}
	expect("0", "Connect SAML single sign-on")
	o.provider = idp.New(t, o.domain, w.clock())
	must[access.SAMLView](t)(w.access.ConnectSAML(ctx, iam.Operator, o.id, access.Connect{Metadata: o.provider.Metadata()}))
	expect("1", "Verify your domains")
	must[access.Domain](t)(w.access.AddDomain(ctx, iam.Operator, o.id, o.domain, false))
	expect("1", "Verify your domains")
	must[access.Domain](t)(w.access.AddDomain(ctx, iam.Operator, o.id, o.domain, true))
	expect("2", "Enable SCIM")
	must[access.SCIMView](t)(w.access.EnableSCIM(ctx, iam.Operator, o.id))
	expect("3", "Generate a SCIM key")
	key := must[access.NewKey](t)(w.access.CreateKey(ctx, iam.Operator, o.id, "12mo"))
	expect("4", "Test Connection from Entra ID")
	if _, err := w.signin.SCIM(ctx, string(o.id), []string{"Bearer " + key.Bearer}, "192.0.2.1", "Entra"); err != nil {
		t.Fatal(err)
	}
	if err := w.signin.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	expect("5", "Define the role mapping")
	field := "Alpha-Admins"
	role := must[access.RoleView](t)(w.access.CreateRole(ctx, iam.Operator, o.id, access.RoleInput{Name: new("Admins"), SCIMGroup: &field}))
	expect("5", "1 role that a SCIM group gives has no permissions yet")
	must[access.RoleView](t)(w.access.UpdateRole(ctx, iam.Operator, o.id, string(role.ID), access.RoleInput{Permissions: &[]string{"reports:invoices:read"}}))
	expect("6", "First provisioned member signs in")
	o.user("mia@alpha.example")
	w.browser().sso(o, "mia@alpha.example")
	expect("7", "")
}

func TestDashboard_health(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	b := o.admin()
	ctx := t.Context()
	says := func(want ...string) {
		t.Helper()
		b = passwordSignIn(o) // sessions are shorter than what this test waits
		b.get("/dashboard").is(http.StatusOK).says(want...)
	}
	says("Not enabled", "Last call Never", "No active key")
	must[access.SCIMView](t)(w.access.EnableSCIM(ctx, iam.Operator, o.id))
	key := must[access.NewKey](t)(w.access.CreateKey(ctx, iam.Operator, o.id, "never"))
	says("Waiting", "Choose Test Connection in Entra ID.", "Key expires Never")

	log := func(status int) {
		t.Helper()
		w.write(func(tx *store.Tx) error {
			if err := tx.TouchKey(o.id, key.Key, w.clock().Truncate(time.Minute)); err != nil {
				return err
			}
			return tx.InsertSCIMRequests([]store.SCIMRequest{{
				Organization: o.id, ID: w.db.SCIMRequestID(w.clock()), At: w.clock(), Method: "GET", Path: "/Users", Status: status, Key: key.Key, Verdicts: "[]",
			}})
		})
	}
	log(200)
	log(404)
	log(200)
	w.sleep(2 * time.Minute)
	says("Healthy", "Last call 2 minutes ago", "Requests, last 24 hours 3", "Refused, last 24 hours 1")
	log(400)
	says("Refusing", "At least half of the last day's requests were refused.")
	log(200)
	w.sleep(access.SilentAfter)
	says("Healthy")
	w.sleep(time.Second)
	says("Silent", "Entra ID calls about every 40 minutes.")
	w.write(func(tx *store.Tx) error {
		return tx.AddSCIMDenials([]store.SCIMDenial{{Organization: o.id, Minute: w.clock().Truncate(time.Minute), Cause: iam.CauseRevoked, Address: "192.0.2.1", Count: 3}})
	})
	says("Denied", "The last call came with a revoked key, just now.")
	w.sleep(time.Minute)
	log(200)
	says("Healthy")
	w.sleep(25 * time.Hour)
	says("Silent", "Requests, last 24 hours 0", "Last call 10 Mar 2026")
}

func TestDashboard_expiry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	o.admin()
	ctx := t.Context()
	must[access.SCIMView](t)(w.access.EnableSCIM(ctx, iam.Operator, o.id))
	page := func() answer {
		t.Helper()
		return passwordSignIn(o).get("/dashboard").is(http.StatusOK)
	}
	first := must[access.NewKey](t)(w.access.CreateKey(ctx, iam.Operator, o.id, "3mo"))
	page().saysNot("Your SCIM key expires")
	w.sleep(first.ExpiresAt.Sub(w.clock()) - 30*24*time.Hour)
	page().saysNot("Your SCIM key expires")
	w.sleep(time.Second)
	page().says("Your SCIM key expires in 29 days, on 10 June 2026.", "swap Entra ID over")
	must[access.NewKey](t)(w.access.CreateKey(ctx, iam.Operator, o.id, "12mo"))
	page().saysNot("Your SCIM key expires") // one that lasts is there
	for _, k := range must[[]access.KeyView](t)(w.access.Keys(ctx, o.id)) {
		if err := w.access.RevokeKey(ctx, iam.Operator, o.id, k.ID); err != nil {
			t.Fatal(err)
		}
	}
	page().says("No SCIM key is active.")

	cert := must[access.SAMLView](t)(w.access.SAML(ctx, o.id)).Certificates[0]
	w.sleep(cert.NotAfter.Sub(w.clock()) - 10*24*time.Hour - time.Minute)
	page().says("The identity provider's signing certificate expires in 10 days")
}

func TestDashboard_attention(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	b := o.admin()
	b.get("/dashboard").saysNot("Needs attention")
	o.user("zoe")
	mia := o.user("mia@alpha.example")
	role := o.role("Read-only")
	w.write(func(tx *store.Tx) error {
		for _, g := range []store.Group{
			{DisplayName: "Read-only", Role: role.ID}, {DisplayName: "read only"},
		} {
			g.Org, g.ID, g.NameKey, g.Doc, g.Version, g.CreatedAt, g.UpdatedAt = o.id, iam.GroupID(w.db.NewID()), iam.Fold(g.DisplayName), "{}", 1, start, start
			if _, err := tx.InsertGroup(g); err != nil {
				return err
			}
			if g.Role != "" {
				if _, err := tx.AddGroupMembers(o.id, g.ID, []iam.MemberID{mia}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	b.get("/dashboard").says("Needs attention", "1 member may not be able to sign in", "1 member without any permission",
		"1 role of a SCIM group has no permissions", "1 role nearly has the name of a SCIM group").
		has(`href="/members?state=no-sign-in"`)
}
