package signin_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/e2e/idp"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/saml"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// Nothing is published to encrypt for until somebody asked for it, however often the
// metadata is fetched. Then what is encrypted for the organization's certificate, and signed
// inside, signs in, until the certificate is removed.
func TestFinishSAML_encrypted(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.scimUser("eve@example.com", true)
		elsewhere, _ := h.organization("Elsewhere")
		h.connect(elsewhere, h.idp)
		document := func(org iam.OrganizationID, s *signin.Service) []byte {
			t.Helper()
			text, err := s.Metadata(t.Context(), org)
			h.ok(err)
			return text
		}
		enable := func(org iam.OrganizationID) {
			t.Helper()
			_, err := h.admin.EnableEncryption(t.Context(), iam.Operator, org)
			h.ok(err)
		}
		try := func(certificate []byte, unsigned bool) (signin.SignedIn, error) {
			t.Helper()
			h.sleep(time.Minute)
			b := h.begin(h.Service, "/", browser)
			a := h.answer(b, "eve@example.com")
			a.EncryptFor, a.Unsigned = certificate, unsigned
			return h.finish(h.second, b, a)
		}
		enable(elsewhere)
		foreign := idp.EncryptionCertificate(t, document(elsewhere, h.Service))
		before := storetest.Dump(t, h.url)
		if text := string(document(h.org, h.Service)); strings.Contains(text, `use="encryption"`) || strings.Contains(text, "EncryptionMethod") {
			t.Errorf("nobody asked for encryption, and the metadata offers it: %s", text)
		}
		if storetest.Dump(t, h.url) != before {
			t.Error("reading the metadata changed something")
		}
		_, err := try(foreign, false) // this organization has no key yet
		h.refused(err, saml.CauseEncrypted)
		enable(h.org)
		ours := idp.EncryptionCertificate(t, document(h.org, h.Service))
		if again := idp.EncryptionCertificate(t, document(h.org, h.second)); !bytes.Equal(ours, again) || bytes.Equal(ours, foreign) {
			t.Error("the certificate is not the organization's own, or was made twice")
		}
		in, err := try(ours, false)
		h.ok(err)
		if s := h.alive(in.Cookie); s.Email != "eve@example.com" {
			t.Errorf("session %+v", s)
		}
		_, err = try(nil, false) // what is not encrypted is taken all the same
		h.ok(err)
		_, err = try(ours, true)
		h.refused(err, saml.CauseUnsigned)
		_, err = try(foreign, false)
		h.refused(err, saml.CauseDecryption)
		h.connect(h.org, h.idp) // again, in place
		if again := idp.EncryptionCertificate(t, document(h.org, h.Service)); !bytes.Equal(ours, again) {
			t.Error("new metadata of the identity provider changed the certificate")
		}
		h.ok(h.admin.DisableEncryption(t.Context(), iam.Operator, h.org))
		_, err = try(ours, false)
		h.refused(err, saml.CauseEncrypted)
		var refused *signin.Refused
		if !errors.As(err, &refused) || !strings.Contains(refused.Detail, "Encrypted assertions") {
			t.Errorf("the cause does not say what to do: %+v", refused)
		}
	})
}

func TestMetadata(t *testing.T) {
	eachHouse(t, func(h *house) {
		plain, _ := h.organization("Plain")
		for org, certificate := range map[iam.OrganizationID]bool{h.org: true, plain: false} {
			document, err := h.Metadata(t.Context(), org)
			h.ok(err)
			text := string(document)
			if !strings.Contains(text, publicURL+"/saml/"+string(org)+"/acs") || strings.Contains(text, "X509Certificate") != certificate || strings.Contains(text, `use="encryption"`) || strings.Count(text, "/logout\"") != 2 {
				t.Errorf("metadata of %s: %s", org, text)
			}
		}
		for _, org := range []iam.OrganizationID{"", "x", "019aaaaa-0000-7000-8000-000000000000"} {
			if _, err := h.Metadata(t.Context(), org); iam.KindOf(err) != iam.KindNotFound {
				t.Errorf("metadata of %q: %v", org, err)
			}
		}
	})
}
