package access_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

func (w *world) enableSCIM() error {
	_, err := w.EnableSCIM(w.t.Context(), iam.Operator, w.org)
	return err
}

func TestSAML_beforeConnecting(t *testing.T) {
	each(t, func(w *world) {
		got := must[access.SAMLView](t)(w.SAML(t.Context(), w.org))
		base := "https://rollcall.example"
		if got.Connected || got.ACSURL != base+"/saml/"+string(w.org)+"/acs" || got.EntityID != base+"/saml/"+string(w.org)+"/metadata" ||
			got.MetadataURL != got.EntityID || got.SignInURL != base+"/?connection="+string(w.org) || got.LogoutURL != base+"/saml/"+string(w.org)+"/logout" || got.Certificates != nil || got.Domains != nil {
			t.Errorf("view %+v", got)
		}
	})
}

func TestConnectSAML(t *testing.T) {
	each(t, func(w *world) {
		first := access.Connect{Metadata: metadata(t, "https://idp.example/1"), Domains: []string{"Example.com", "other.example"}}
		connect := func(in access.Connect) func() error {
			return func() error {
				_, err := w.ConnectSAML(t.Context(), iam.Operator, w.org, in)
				return err
			}
		}
		w.audited(connect(first), "organization_saml_connection_create https://idp.example/1", "organization_domain_add example.com", "organization_domain_add other.example")
		got := must[access.SAMLView](t)(w.SAML(t.Context(), w.org))
		if !got.Connected || got.IdPEntityID != "https://idp.example/1" || got.SSOURL != "https://idp.example/sso" || len(got.Certificates) != 1 || len(got.Certificates[0].SHA256) != 64 ||
			len(got.Domains) != 2 || got.Domains[0].Status != access.DomainPending || got.Domains[0].TXTName != "_rollcall-verification.example.com" {
			t.Errorf("view %+v", got)
		}
		w.idle(connect(first))

		w.sleep(time.Hour)
		second := access.Connect{Metadata: metadata(t, "https://idp.example/2"), URL: "https://idp.example/metadata", Domains: []string{"example.com"}, TrustDomains: true}
		w.audited(connect(second), "organization_saml_connection_update https://idp.example/2", "organization_domain_verify example.com")
		got = must[access.SAMLView](t)(w.SAML(t.Context(), w.org))
		if got.IdPEntityID != "https://idp.example/2" || got.SourceURL != second.URL || !got.ConnectedAt.Equal(start) || got.Domains[0].Status != access.DomainVerified {
			t.Errorf("view %+v, want the second metadata and the first time", got)
		}

		w.sleep(366 * 24 * time.Hour)
		if got := must[access.SAMLView](t)(w.SAML(t.Context(), w.org)); got.Connected || len(got.Certificates) != 1 {
			t.Errorf("view %+v, want not connected once the certificate has expired", got)
		}
		w.refused(iam.KindConflict, "finish your SAML setup first", w.enableSCIM)
	})
}

func TestConnectSAML_refused(t *testing.T) {
	each(t, func(w *world) {
		connect := func(in access.Connect) func() error {
			return func() error {
				_, err := w.ConnectSAML(t.Context(), iam.Operator, w.org, in)
				return err
			}
		}
		good := metadata(t, "https://idp.example/1")
		w.refused(iam.KindInvalid, "", connect(access.Connect{Metadata: []byte("<html/>")}))
		w.refused(iam.KindInvalid, `"not a domain" is not a domain name`, connect(access.Connect{Metadata: good, Domains: []string{"example.com", "not a domain"}}))
		w.refused(iam.KindInvalid, "metadata URL", connect(access.Connect{Metadata: good, URL: " https://idp.example"}))
		must[iam.Organization](t)(w.SetPlan(t.Context(), iam.Operator, w.org, "scale"))
		w.refused(iam.KindForbidden, "Enterprise plan feature", connect(access.Connect{Metadata: good}))
	})
}

func TestDisconnectSAML(t *testing.T) {
	each(t, func(w *world) {
		disconnect := func() error { return w.DisconnectSAML(t.Context(), iam.Operator, w.org) }
		w.refused(iam.KindConflict, "no SAML connection to remove", disconnect)
		w.enable()
		revoked := must[access.NewKey](t)(w.CreateKey(t.Context(), iam.Operator, w.org, ""))
		w.ok(w.RevokeKey(t.Context(), iam.Operator, w.org, revoked.Key))
		active := must[access.NewKey](t)(w.CreateKey(t.Context(), iam.Operator, w.org, "never"))
		w.audited(disconnect, "key_delete "+string(active.Key), "scim_disable Example", "organization_saml_connection_delete https://idp.example/1")
		for _, k := range must[[]access.KeyView](t)(w.Keys(t.Context(), w.org)) {
			if k.Status != iam.KeyRevoked {
				t.Errorf("key %s is %s", k.ID, k.Status)
			}
		}
		if view := must[access.SCIMView](t)(w.SCIMSettings(t.Context(), w.org)); view.Enabled {
			t.Error("SCIM is still on")
		}
		if view := must[access.SAMLView](t)(w.SAML(t.Context(), w.org)); view.Connected || view.IdPEntityID != "" || len(view.Domains) != 1 {
			t.Errorf("view %+v, want no connection and the domain kept", view)
		}
		w.connect("https://idp.example/1")
		w.withoutBreakGlass()
		w.refused(iam.KindConflict, "removing the SAML connection needs an Admin", disconnect)
	})
}

func TestEnableSCIM(t *testing.T) {
	each(t, func(w *world) {
		disable := func() error {
			_, err := w.DisableSCIM(t.Context(), iam.Operator, w.org)
			return err
		}
		w.refused(iam.KindConflict, "finish your SAML setup first", w.enableSCIM)
		w.connect("https://idp.example/1")
		must[iam.Organization](t)(w.SetPlan(t.Context(), iam.Operator, w.org, "scale"))
		w.refused(iam.KindForbidden, "Enterprise plan feature", w.enableSCIM)
		must[iam.Organization](t)(w.SetPlan(t.Context(), iam.Operator, w.org, "enterprise"))
		w.audited(w.enableSCIM, "scim_enable Example")
		view := must[access.SCIMView](t)(w.SCIMSettings(t.Context(), w.org))
		if want := "https://rollcall.example/v1/organizations/" + string(w.org) + "/scim"; !view.Enabled || view.Endpoint != want {
			t.Errorf("view %+v, want enabled at %s", view, want)
		}
		w.idle(w.enableSCIM)
		key := must[access.NewKey](t)(w.CreateKey(t.Context(), iam.Operator, w.org, ""))
		w.audited(disable, "scim_disable Example")
		w.idle(disable)
		if keys := must[[]access.KeyView](t)(w.Keys(t.Context(), w.org)); len(keys) != 1 || keys[0].ID != key.Key || keys[0].Status != iam.KeyActive {
			t.Errorf("keys %+v, want the one to stay active", keys)
		}
		w.withoutBreakGlass()
		w.refused(iam.KindConflict, "SCIM needs an Admin who can get in", w.enableSCIM)
	})
}

func TestSetSCIMPolicy(t *testing.T) {
	each(t, func(w *world) {
		w.enable()
		w.user("ann@example.com")
		w.user("ben@elsewhere.example")
		w.deactivate(w.user("gone@elsewhere.example"))
		set := func(p access.Policy) (access.PolicyChange, error) {
			return w.SetSCIMPolicy(t.Context(), iam.Operator, w.org, p)
		}
		act := func(p access.Policy) func() error {
			return func() error { _, err := set(p); return err }
		}
		before := len(w.events(0))
		got := must[access.PolicyChange](t)(set(access.Policy{Identity: text("strict"), UnmappedGroups: text("reject")}))
		if got.Identity != iam.PolicyStrict || got.UnmappedGroups != iam.UnmappedReject || len(got.WouldFail) != 1 || got.WouldFail[0].UserName != "ben@elsewhere.example" || !strings.Contains(got.WouldFail[0].Reason, "elsewhere.example") {
			t.Errorf("change %+v, want strict, reject, and Ben alone to fail", got)
		}
		if events := w.events(before); fmt.Sprint(events) != "[scim_settings_update Example]" {
			t.Errorf("events %q", events)
		}
		w.idle(act(access.Policy{Identity: text("strict")}))
		w.idle(act(access.Policy{}))
		got = must[access.PolicyChange](t)(set(access.Policy{Identity: text("standard")}))
		if got.Identity != iam.PolicyStandard || got.UnmappedGroups != iam.UnmappedReject || got.WouldFail != nil {
			t.Errorf("change %+v, want standard and nobody to fail", got)
		}
		w.refused(iam.KindInvalid, `"lax" is not one of standard, strict`, act(access.Policy{Identity: text("lax")}))
		w.refused(iam.KindInvalid, `"drop" is not one of create, reject`, act(access.Policy{Identity: text("strict"), UnmappedGroups: text("drop")}))
	})
}

func TestDomains(t *testing.T) {
	each(t, func(w *world) {
		var answer []string
		var trouble error
		asked := ""
		lookup := func(_ context.Context, name string) ([]string, error) {
			asked = name
			return answer, trouble
		}
		add := func(domain string, trust bool) (access.Domain, error) {
			return w.AddDomain(t.Context(), iam.Operator, w.org, domain, trust)
		}
		verify := func(domain string) func() error {
			return func() error {
				_, err := w.VerifyDomain(t.Context(), iam.Operator, w.org, domain, lookup)
				return err
			}
		}
		d := must[access.Domain](t)(add("Example.COM", false))
		if d.Domain != "example.com" || d.Status != access.DomainPending || !strings.HasPrefix(d.TXTValue, "rollcall-verification=") || !d.ExpiresAt.Equal(start.Add(48*time.Hour)) {
			t.Errorf("domain %+v", d)
		}
		w.idle(func() error { again, err := add("example.com", false); sameValue(t, d, again); return err })

		w.refused(iam.KindConflict, "there is no TXT record _rollcall-verification.example.com yet", verify("example.com"))
		if asked != d.TXTName {
			t.Errorf("asked for %q, want %q", asked, d.TXTName)
		}
		answer = []string{"something else"}
		w.refused(iam.KindConflict, `shows "something else"`, verify("example.com"))
		trouble = errors.New("timeout")
		w.refused(iam.KindUnavailable, "could not be looked up (timeout)", verify("example.com"))
		w.refused(iam.KindNotFound, `"other.example" is not among`, verify("other.example"))
		w.refused(iam.KindInvalid, "is not a domain name", verify("exa mple"))

		trouble, answer = nil, []string{"something else", d.TXTValue}
		w.sleep(48 * time.Hour)
		w.refused(iam.KindConflict, "add the domain again for a new one", verify("example.com"))
		fresh := must[access.Domain](t)(add("example.com", false))
		if fresh.TXTValue == d.TXTValue || !fresh.ExpiresAt.After(w.clock()) {
			t.Errorf("domain %+v, want a new value", fresh)
		}
		w.refused(iam.KindConflict, "shows", verify("example.com"))
		answer = []string{fresh.TXTValue}
		w.audited(verify("example.com"), "organization_domain_verify example.com")
		w.idle(verify("example.com"))
		w.idle(func() error { _, err := add("example.com", true); return err })

		trusted := must[access.Domain](t)(add("trusted.example", true))
		if trusted.Status != access.DomainVerified || !trusted.VerifiedAt.Equal(w.clock()) {
			t.Errorf("domain %+v, want verified at once", trusted)
		}
	})
}

func sameValue(t *testing.T, want, got access.Domain) {
	t.Helper()
	if got != want {
		t.Errorf("domain %+v, want %+v", got, want)
	}
}

func TestRemoveDomain(t *testing.T) {
	each(t, func(w *world) {
		remove := func(domain string) func() error {
			return func() error {
				_, err := w.RemoveDomain(t.Context(), iam.Operator, w.org, domain)
				return err
			}
		}
		w.enable()
		w.user("ann@example.com")
		w.user("ben@sub.example.com")
		w.user("not an address")
		w.deactivate(w.user("gone@example.com"))
		if p := must[access.Preview](t)(w.PreviewRemoveDomain(t.Context(), iam.Operator, w.org, "EXAMPLE.com")); !p.ShutsOut || p.Members != 1 || p.Examples[0].Email != "ann@example.com" {
			t.Errorf("removing the domain would do %+v, want 1 shut out (Ada has local sign-in)", p)
		}
		before := must[[]store.Domain](t)(w.db.Read(t.Context()).Domains(w.org))
		if n := must[int](t)(w.RemoveDomain(t.Context(), iam.Operator, w.org, "example.com")); n != 1 {
			t.Errorf("removing the domain shut %d out, want 1", n)
		}
		if after := must[[]store.Domain](t)(w.db.Read(t.Context()).Domains(w.org)); len(before) != 1 || len(after) != 0 {
			t.Errorf("domains before %v, after %v", before, after)
		}
		if m := w.member("ann@example.com"); m.Status != iam.StatusActive || len(m.Warnings) != 1 {
			t.Errorf("member %+v, want the same with a warning", m)
		}
		w.refused(iam.KindNotFound, "is not among", remove("example.com"))
		must[access.Domain](t)(w.AddDomain(t.Context(), iam.Operator, w.org, "example.com", false))
		if p := must[access.Preview](t)(w.PreviewRemoveDomain(t.Context(), iam.Operator, w.org, "example.com")); p.Members != 0 {
			t.Errorf("removing a pending domain would do %+v, want nobody shut out", p)
		}
		w.audited(remove("example.com"), "organization_domain_delete example.com")
	})
}
