package signin

import (
	"context"
	"errors"
	"strings"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/saml"
)

// federation is an organization together with the identity provider it trusts. The
// organization comes from the URL and decides whose keys count: so no organization's
// identity provider can sign anybody in to another (S42).
type federation struct {
	org        iam.Organization
	connection iam.Connection
	sp         saml.ServiceProvider
	idp        saml.IdentityProvider
}

// maxSigningKeys is how many certificates are in use at once: two, so that one can
// take over from the other (S48).
const maxSigningKeys = 2

// provider is Rollcall as one organization's identity provider sees it: it follows
// from the public URL and the organization's id, so it is known before connecting.
func (s *Service) provider(org iam.OrganizationID) saml.ServiceProvider {
	base := strings.TrimRight(s.PublicURL, "/") + "/saml/" + string(org)
	return saml.ServiceProvider{EntityID: base + "/metadata", ACSURL: base + "/acs", SLOURL: base + "/logout"}
}

// federation returns whom an organization trusts, or refuses: an organization that
// does not exist is answered like one without a connection.
func (s *Service) federation(ctx context.Context, id iam.OrganizationID) (federation, error) {
	f, err := s.connected(ctx, id)
	if err != nil {
		return f, err
	}
	if !f.org.Plan.HasSCIM() {
		return f, refusal(CausePlan, sentenceSystem, "SAML single sign-on is an Enterprise plan feature and this organization is on the plan %s; an admin who has local sign-in changes the plan on the Plans page", f.org.Plan)
	}
	f.idp, err = s.identityProvider(f.connection)
	return f, err
}

// connected is federation without the identity provider's keys, and whatever the plan.
func (s *Service) connected(ctx context.Context, id iam.OrganizationID) (federation, error) {
	if !iam.IsID(string(id)) {
		id = nobody
	}
	r := s.DB.Read(ctx)
	org, err := r.Organization(id)
	if err != nil && !errors.Is(err, iam.ErrNotFound) {
		return federation{}, unavailable(err)
	}
	connection, err := r.Connection(id)
	if err != nil && !errors.Is(err, iam.ErrNotFound) {
		return federation{}, unavailable(err)
	}
	f := federation{org: org, connection: connection, sp: s.provider(id)}
	if err != nil || org.ID == "" {
		return f, refusal(CauseNoConnection, sentenceSystem, "no identity provider is connected; an admin connects it under Organization settings, SAML and SCIM settings")
	}
	return f, nil
}

func (s *Service) identityProvider(c iam.Connection) (saml.IdentityProvider, error) {
	now := s.now()
	idp := saml.IdentityProvider{EntityID: c.IdPEntityID, SSOURL: c.SSOURL, SSOBinding: c.SSOBinding}
	if idp.SSOBinding == "" { // connected by a version that did not note it
		metadata, err := saml.ParseMetadata(c.Metadata, c.UpdatedAt)
		if err != nil {
			return idp, iam.Errorf(iam.KindInternal, "read the stored metadata of %s again: %w", c.Organization, err)
		}
		idp.SSOBinding = metadata.SSOBinding
	}
	// Metadata lists the certificate that is in use first.
	for _, cert := range c.Certificates {
		if saml.Certificate(cert).ValidAt(now) && len(idp.Certificates) < maxSigningKeys {
			idp.Certificates = append(idp.Certificates, cert.DER)
		}
	}
	if len(idp.Certificates) == 0 {
		return idp, refusal(CauseNoCertificate, sentenceSystem, "none of the identity provider's certificates is valid now; import its metadata again") // S33
	}
	return idp, nil
}
