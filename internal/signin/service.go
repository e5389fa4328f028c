package signin

import (
	"crypto/rand"
	"io"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/saml"
	"github.com/rollcall/rollcall/internal/store"
)

// Service checks credentials and sessions. Make one per process: it holds the
// queues of last uses and of refused sign-ins, which Run or Flush writes, and the
// count of password attempts. It is safe for concurrent use.
type Service struct {
	DB        *store.DB
	Now       func() time.Time // nil: the store's clock
	Random    io.Reader        // cryptographically strong; nil: crypto/rand
	PublicURL string           // the server's public base URL; needed for SAML

	uses uses
}

func (s *Service) now() time.Time {
	if s.Now == nil {
		return s.DB.Now()
	}
	return s.Now().UTC()
}

func (s *Service) random() io.Reader {
	if s.Random == nil {
		return rand.Reader
	}
	return s.Random
}

// provider is Rollcall as one organization's identity provider sees it: it follows
// from the public URL and the organization's id, so it is known before connecting.
func (s *Service) provider(org iam.OrganizationID) saml.ServiceProvider {
	base := strings.TrimRight(s.PublicURL, "/") + "/saml/" + string(org)
	return saml.ServiceProvider{EntityID: base + "/metadata", ACSURL: base + "/acs"}
}
