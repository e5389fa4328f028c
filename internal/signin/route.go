package signin

import (
	"context"
	"errors"

	"github.com/rollcall/rollcall/internal/iam"
)

// Route finds the organization whose people sign in with an address: the one that
// verified its domain first (D9). org is "" when there is none. connected tells
// whether it can be signed in to by SAML now: BeginSAML would work.
//
// Whatever the address, the same statements run, so that the time of the answer does
// not tell known domains from unknown ones (S61).
func (s *Service) Route(ctx context.Context, email string) (org iam.OrganizationID, connected bool, err error) {
	domain := "-" // no domain is called so
	if key, ok := iam.EmailKey(email); ok {
		domain = iam.DomainOf(key)
	}
	r := s.DB.Read(ctx)
	first, err := r.FirstVerified(domain)
	if err != nil && !errors.Is(err, iam.ErrNotFound) {
		return "", false, trouble(err)
	}
	asked := first
	if asked == "" {
		asked = nobody
	}
	_, err = s.federation(ctx, asked)
	if _, refused := asRefused(err); err != nil && !refused {
		return "", false, err
	}
	return first, err == nil, nil
}
