package signin

import (
	"context"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/saml"
)

// Begin is the way to an organization's identity provider.
type Begin struct {
	Message       saml.Message // where the browser is sent
	PendingCookie string       // the value that binds the answer to this browser
	ExpiresAt     time.Time    // of the cookie
}

// BeginSAML begins a sign-in at the organization's identity provider. to is the path
// to go to afterwards; what is no path of this server becomes "/" (S44).
//
// Nothing is written, but the signing key of a connection that has none yet. A
// refusal is as FinishSAML's.
func (s *Service) BeginSAML(ctx context.Context, org iam.OrganizationID, to string, c Client) (Begin, error) {
	f, err := s.federation(ctx, org)
	if err != nil {
		return Begin{}, s.refuse(ctx, attempt{org: f.org.ID, method: MethodSAML, client: c}, err)
	}
	key, err := s.signingKey(ctx, f.org.ID)
	if err != nil {
		return Begin{}, err
	}
	secret, err := s.secret()
	if err != nil {
		return Begin{}, err
	}
	now := s.now()
	p := pending{secret: secret, begun: now, to: SafePath(to)}
	if had, ok := parseCookie(c.Session); ok {
		p.replaces = had.mark()
	}
	value := p.cookie()
	message, err := saml.AuthnRequest(f.sp, f.idp, requestID(f.org.ID, value), now, key)
	if err != nil {
		return Begin{}, iam.Errorf(iam.KindInternal, "make the request to the identity provider: %w", err)
	}
	return Begin{Message: message, PendingCookie: value, ExpiresAt: now.Add(pendingLifetime)}, nil
}
