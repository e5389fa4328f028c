package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
)

// Encrypted assertions are off until somebody makes a certificate for them, and off again
// once it is removed.
func TestSAMLEncryption(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example")
	b := o.admin()
	b.get("/settings/saml").is(http.StatusOK).saysNot("Encrypted assertions")
	b.refusesToChangeAnything(t, func() {
		b.post("/settings/saml/encryption", nil).is(http.StatusConflict).says("There is no SAML connection; connect the identity provider first.")
	})
	o.connect()
	metadata := func() string {
		t.Helper()
		return string(must[[]byte](t)(w.signin.Metadata(t.Context(), o.id)))
	}
	const published = `use="encryption"`
	b.refusesToChangeAnything(t, func() {
		if strings.Contains(metadata(), published) {
			t.Error("a certificate is published that nobody asked for")
		}
		b.get("/settings/saml/encryption/remove").is(http.StatusConflict).says("There is no encryption certificate to remove.")
	})
	b.get("/settings/saml").says("Encrypted assertions", "Off", "Make an encryption certificate", "AD FS").saysNot("Encryption certificate (SHA-256)")

	b.post("/settings/saml/encryption", nil).leadsTo("/settings/saml")
	sha := fingerprint(must[access.SAMLView](t)(w.access.SAML(t.Context(), o.id)).Encryption.SHA256)
	b.get("/settings/saml").says("The encryption certificate is there.", "until it takes Rollcall’s metadata again", "Encryption certificate (SHA-256) "+sha, "Remove…").
		saysNot("Make an encryption certificate")
	if !strings.Contains(metadata(), published) {
		t.Error("the certificate is not published")
	}
	b.post("/settings/saml/encryption", nil).leadsTo("/settings/saml")
	b.get("/settings/saml").says(sha)

	asks := []string{"Remove the encryption certificate?", sha, "Assertions that are encrypted for it are refused from now on.", "Keep it"}
	b.get("/settings/saml/encryption/remove").is(http.StatusOK).says(asks...)
	b.refusesToChangeAnything(t, func() { b.post("/settings/saml/encryption/remove", nil).is(http.StatusOK).says(asks...) })
	b.post("/settings/saml/encryption/remove", url.Values{"sure": {"yes"}}).leadsTo("/settings/saml")
	b.get("/settings/saml").says("The encryption certificate is removed.", "Make an encryption certificate")
	if strings.Contains(metadata(), published) {
		t.Error("the certificate is still published")
	}
}
