package access_test

import (
	"context"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

// The certificate for encryption is made when somebody asks for it, once, and goes with
// its removal or with the connection.
func TestEncryption(t *testing.T) {
	each(t, func(w *world) {
		enable := func() error {
			_, err := w.EnableEncryption(t.Context(), iam.Operator, w.org)
			return err
		}
		disable := func() error { return w.DisableEncryption(t.Context(), iam.Operator, w.org) }
		certificate := func() iam.Certificate {
			t.Helper()
			return must[access.SAMLView](t)(w.SAML(t.Context(), w.org)).Encryption
		}
		w.refused(iam.KindConflict, "connect the identity provider first", enable)
		w.idle(disable)
		w.connect("https://idp.example/1")
		if got := certificate(); got.SHA256 != "" {
			t.Errorf("a new connection has the encryption certificate %+v", got)
		}
		w.idle(disable)
		w.audited(enable, "organization_saml_connection_update https://idp.example/1")
		first := certificate()
		if len(first.SHA256) != 64 || !first.NotAfter.After(start.AddDate(5, 0, 0)) {
			t.Errorf("certificate %+v", first)
		}
		w.idle(enable)
		w.connect("https://idp.example/2")
		if got := certificate(); got.SHA256 != first.SHA256 {
			t.Error("new metadata of the identity provider changed the certificate")
		}

		must[iam.Organization](t)(w.SetPlan(t.Context(), iam.Operator, w.org, "scale"))
		w.audited(disable, "organization_saml_connection_update https://idp.example/2")
		w.refused(iam.KindForbidden, "Enterprise plan feature", enable)
		must[iam.Organization](t)(w.SetPlan(t.Context(), iam.Operator, w.org, "enterprise"))
		if got := certificate(); got.SHA256 != "" {
			t.Errorf("after its removal: %+v", got)
		}
		w.ok(enable())
		if got := certificate(); got.SHA256 == first.SHA256 || got.SHA256 == "" {
			t.Errorf("made anew: %+v", got)
		}
		var details []any
		page := must[access.ActivityPage](t)(w.Activities(t.Context(), w.org, access.ActivityQuery{Types: []iam.ActivityType{iam.SAMLConnectionUpdate}, Limit: 10}))
		for _, e := range page.Events {
			if d, there := e.Details["encryptionCertificate"].(map[string]any); there {
				details = append(details, d["before"], d["after"])
			}
		}
		if len(details) != 6 || details[0] != nil || details[1] != certificate().SHA256 || details[2] != first.SHA256 || details[3] != nil || details[4] != nil || details[5] != first.SHA256 {
			t.Errorf("the audit log says %v", details)
		}
		w.ok(w.DisconnectSAML(t.Context(), iam.Operator, w.org))
		w.connect("https://idp.example/2")
		if got := certificate(); got.SHA256 != "" {
			t.Errorf("connected anew: %+v", got)
		}
	})
}

// Two who ask at once get one certificate.
func TestEnableEncryption_atOnce(t *testing.T) {
	each(t, func(w *world) {
		w.connect("https://idp.example/1")
		const n = 4
		made := make(chan string, n)
		for range n {
			go func() {
				c, err := w.EnableEncryption(context.WithoutCancel(t.Context()), iam.Operator, w.org)
				if err != nil {
					made <- err.Error()
					return
				}
				made <- c.SHA256
			}()
		}
		want := ""
		for range n {
			got := <-made
			if want == "" {
				want = got
			}
			if got != want || len(got) != 64 {
				t.Errorf("%q beside %q", got, want)
			}
		}
		if got := must[access.SAMLView](t)(w.SAML(t.Context(), w.org)).Encryption.SHA256; got != want {
			t.Errorf("stored is %q", got)
		}
	})
}
