package signin

import (
	"crypto/rand"
	"io"
	"time"

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

	keyUses, sessionUses uses
	failures             failures
	attempts             throttle
	trying               trying
	hashing              hashing
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
