package signin

import (
	"context"
	"errors"
	"strings"
	"unicode"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

const (
	wrongMessage   = "key or secret is wrong for this organization; compare the organization id in the Tenant URL and the secret token with those in SCIM Configuration"
	revokedMessage = "this SCIM key was revoked; generate a new key in SCIM Configuration and enter its key:secret as the secret token"
	expiredMessage = "this SCIM key has expired; generate a new key in SCIM Configuration and enter its key:secret as the secret token"
	offMessage     = "SCIM is not enabled for this organization; an admin enables it under Organization settings, SAML and SCIM settings, SCIM Configuration"
)

// nobody stands in for an organization id that cannot be one, so that it costs
// the same look-up as one that is unknown.
const nobody iam.OrganizationID = "00000000-0000-0000-0000-000000000000"

// SCIM checks the Authorization headers of a SCIM request against the
// organization of its URL, both untrusted (D12).
//
// A refusal for credentials is an error of KindUnauthorized in whose chain
// errors.As finds an *iam.BadCredential; a plan without SCIM, or SCIM that is off, is
// KindForbidden and comes with the caller, whom the request log then knows; trouble with
// the database is KindUnavailable and never a refusal (S31). Denial tells why, for the
// organization's Admins.
//
// One statement looks up key and organization. An unknown organization, a key of
// another organization and a wrong secret cost the same and are answered alike
// (S2); that a key was revoked or has expired is told only to him who has its
// secret.
func (s *Service) SCIM(ctx context.Context, org string, authorization []string, address, userAgent string) (iam.SCIMCaller, error) {
	shown, err := iam.ParseAuthorization(authorization)
	if err != nil {
		return iam.SCIMCaller{}, unauthorized(err)
	}
	asked := iam.OrganizationID(org)
	if !iam.IsID(org) {
		asked = nobody
	}
	found, err := s.DB.Read(ctx).CheckKey(asked, shown.Key)
	if errors.Is(err, iam.ErrNotFound) {
		found, err = store.KeyCheck{}, nil // compared all the same; no secret has this hash
	}
	if err != nil {
		return iam.SCIMCaller{}, unavailable(err)
	}
	if matches := found.Secret.Matches(shown.Secret); !matches || found.Key.ID == "" {
		return iam.SCIMCaller{}, refused(iam.CauseWrong, wrongMessage, wrongPair(shown.Key, found.Key.ID))
	}
	now := s.now()
	switch found.Key.Status(now) {
	case iam.KeyRevoked:
		return iam.SCIMCaller{}, refused(iam.CauseRevoked, revokedMessage, iam.Denial{Cause: iam.DeniedRevoked, Key: found.Key.ID})
	case iam.KeyExpired:
		return iam.SCIMCaller{}, refused(iam.CauseExpired, expiredMessage, iam.Denial{Cause: iam.DeniedExpired, Key: found.Key.ID})
	}
	s.noteKey(found, now)
	key := found.Key.ID
	caller := iam.SCIMCaller{
		Organization: found.Organization,
		Key:          key,
		Actor:        iam.Actor{Type: iam.ActorAPI, ID: string(key), Details: string(key), Address: address, UserAgent: printable(userAgent)},
	}
	if plan := found.Organization.Plan; !plan.HasSCIM() {
		return caller, &forbidden{iam.DeniedPlan, iam.Errorf(iam.KindForbidden, "SCIM is an Enterprise plan feature and this organization is on the plan %s; an admin changes the plan on the Plans page", plan)}
	}
	if !found.Organization.SCIMEnabled {
		return caller, &forbidden{iam.DeniedOff, iam.Errorf(iam.KindForbidden, offMessage)}
	}
	return caller, nil
}

// printable makes what a caller sent fit for the audit log: short, without control
// characters, and UTF-8, which it need not be and PostgreSQL insists on.
func printable(s string) string {
	shown := func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}
	return strings.Map(shown, strings.ToValidUTF8(iam.Clip(s), "\uFFFD"))
}

func refused(cause, message string, why iam.Denial) error {
	return unauthorized(&iam.BadCredential{Cause: cause, Message: message, Denial: why})
}

// wrongPair is why key and secret are no pair, for the Admins of the organization: the
// caller is told the same whatever it is. shown is what stood in front of the colon,
// known the key of the organization that it is, "" for none.
func wrongPair(shown, known iam.KeyID) iam.Denial {
	switch {
	case !iam.IsKey(string(shown)):
		return iam.Denial{Cause: iam.DeniedKeyForm}
	case known == "":
		return iam.Denial{Cause: iam.DeniedForeign}
	}
	return iam.Denial{Cause: iam.DeniedSecret, Key: known}
}

func unauthorized(bad error) error { return iam.Errorf(iam.KindUnauthorized, "%w", bad) }

// unavailable makes sure that no trouble of ours is taken for bad credentials.
func unavailable(err error) error {
	if iam.KindOf(err) == iam.KindUnavailable {
		return err
	}
	return iam.Unavailable(err)
}
