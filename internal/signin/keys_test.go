package signin_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/e2e/idp"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/saml"
	"github.com/rollcall/rollcall/internal/signin"
)

// What is encrypted for the organization's certificate, and signed inside, signs in; the
// certificate is made once, on whatever server, and goes with the connection.
func TestFinishSAML_encrypted(t *testing.T) {
	eachHouse(t, func(h *house) {
		h.scimUser("eve@example.com", true)
		elsewhere, _ := h.organization("Elsewhere")
		h.connect(elsewhere, h.idp)
		certificate := func(org iam.OrganizationID, s *signin.Service) []byte {
			t.Helper()
			document, err := s.Metadata(t.Context(), org)
			h.ok(err)
			return idp.EncryptionCertificate(t, document)
		}
		try := func(certificate []byte, unsigned bool) (signin.SignedIn, error) {
			t.Helper()
			h.sleep(time.Minute)
			b := h.begin(h.Service, "/", browser)
			a := h.answer(b, "eve@example.com")
			a.EncryptFor, a.Unsigned = certificate, unsigned
			return h.finish(h.second, b, a)
		}
		foreign := certificate(elsewhere, h.Service)
		_, err := try(foreign, false) // this organization has no key yet
		h.refused(err, saml.CauseEncrypted)
		ours := certificate(h.org, h.Service)
		if again := certificate(h.org, h.second); !bytes.Equal(ours, again) || bytes.Equal(ours, foreign) {
			t.Error("the certificate is not the organization's own, or was made twice")
		}
		in, err := try(ours, false)
		h.ok(err)
		if s := h.alive(in.Cookie); s.Email != "eve@example.com" {
			t.Errorf("session %+v", s)
		}
		_, err = try(ours, true)
		h.refused(err, saml.CauseUnsigned)
		_, err = try(foreign, false)
		h.refused(err, saml.CauseDecryption)
		h.connect(h.org, h.idp) // again, in place
		if again := certificate(h.org, h.Service); !bytes.Equal(ours, again) {
			t.Error("new metadata of the identity provider changed the certificate")
		}
	})
}

// Many who ask at once get one certificate.
func TestMetadata_atOnce(t *testing.T) {
	eachHouse(t, func(h *house) {
		var mu sync.Mutex
		seen := map[string]bool{}
		results := h.atOnce(6, func(s *signin.Service) error {
			document, err := s.Metadata(t.Context(), h.org)
			mu.Lock()
			defer mu.Unlock()
			seen[string(document)] = true
			return err
		})
		if len(seen) != 1 || results[""] != 6 {
			t.Errorf("%d documents, %v", len(seen), results)
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
			if !strings.Contains(text, publicURL+"/saml/"+string(org)+"/acs") || strings.Contains(text, "X509Certificate") != certificate || strings.Contains(text, `use="encryption"`) != certificate || strings.Count(text, "/logout\"") != 2 {
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
