package saml

import "time"

// ServiceProvider is Rollcall as one organization's identity provider sees it. All
// three are known before anything is connected.
type ServiceProvider struct {
	EntityID string
	ACSURL   string
	SLOURL   string // "" when sign-out is not offered
}

// IdentityProvider is an organization's connection.
type IdentityProvider struct {
	EntityID     string
	SSOURL       string
	SSOBinding   string   // BindingRedirect or BindingPOST
	Certificates [][]byte // DER; two are in use during a rollover
}

// Expectation is what a response is held against.
type Expectation struct {
	SP  ServiceProvider
	IDP IdentityProvider
	// RequestID is the ID of the AuthnRequest that is pending in this browser; "" when
	// there is none.
	RequestID string
	// AllowUnsolicited accepts a response that answers no request (IdP-initiated).
	AllowUnsolicited bool
	Now              time.Time
}

// Assertion is who signed in, read from the bytes whose signature was verified.
type Assertion struct {
	ID           string // at most 256 bytes; to be accepted once until NotOnOrAfter
	Issuer       string
	InResponseTo string // the request it answers; "" when unsolicited
	NameID       string
	NameIDFormat string // "" when the assertion names none
	Email        string // an e-mail key (iam.EmailKey): to be compared as it is
	SessionIndex string
	// GivenName, FamilyName and DisplayName are "" where the assertion has none. They
	// are not checked beyond their length of at most 200 bytes.
	GivenName, FamilyName, DisplayName string
	// NotOnOrAfter is until when the ID must be remembered; the clock skew is in it.
	NotOnOrAfter time.Time
	// SessionNotOnOrAfter is when the identity provider wants the session to end; zero
	// when it does not say.
	SessionNotOnOrAfter time.Time
}

// ParseResponse reads the form value SAMLResponse. Its error is a *Refusal.
func ParseResponse(samlResponse string, e Expectation) (Assertion, error) {
	return Assertion{}, refused(CauseInternal, "sign-in responses are not read yet")
}
