package signin

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// Service checks credentials. Make one per process: it holds the queue of last
// uses. It is safe for concurrent use.
type Service struct {
	DB  *store.DB
	Now func() time.Time
}

// SCIM checks the Authorization headers of a SCIM request against the
// organization of its URL, both untrusted.
//
// A refusal for credentials is an error of KindUnauthorized in whose chain
// errors.As finds an *iam.BadCredential with the cause to count; a plan without
// SCIM, or SCIM that is off, is KindForbidden; trouble with the database is
// KindUnavailable and never a refusal (S31).
func (s *Service) SCIM(ctx context.Context, org string, authorization []string, address, userAgent string) (iam.SCIMCaller, error) {
	return iam.SCIMCaller{}, errors.New("not written yet")
}

// Flush writes the last uses that wait.
func (s *Service) Flush(ctx context.Context) error { return errors.New("not written yet") }

// Run flushes every interval until ctx is done, then once more.
func (s *Service) Run(ctx context.Context, every time.Duration) error {
	return errors.New("not written yet")
}
