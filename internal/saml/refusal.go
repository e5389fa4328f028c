package saml

import "fmt"

// Refusal is why a message was not accepted. It is for the admin: the person who signs in
// or out reads one plain sentence that is not made here.
type Refusal struct {
	// Cause is a stable word, one of the Cause constants, for audit and metrics.
	Cause string
	// Detail says in one sentence what is wrong, with both values where two should be
	// equal. It quotes at most 200 bytes of each value and never an assertion.
	Detail string
}

func (r *Refusal) Error() string { return "SAML message refused (" + r.Cause + "): " + r.Detail }

// Causes of a Refusal. They are words that audit logs keep: none is renamed.
const (
	CauseSize         = "size"           // larger than any honest message
	CauseEncoding     = "encoding"       // not base64, or not UTF-8
	CauseXML          = "xml"            // not well-formed, or with what SAML never needs
	CauseStructure    = "structure"      // not one Response with one Assertion and the signatures where they belong
	CauseEncrypted    = "encrypted"      // encrypted in a way, or for somebody, that cannot be read here
	CauseDecryption   = "decryption"     // encrypted for another key, or changed afterwards
	CauseStatus       = "status"         // the identity provider reports that the sign-in did not succeed
	CauseVersion      = "version"        // not SAML 2.0
	CauseUnsigned     = "unsigned"       // neither the Response nor the Assertion is signed, or not the logout message
	CauseAlgorithm    = "algorithm"      // a signature, digest, transform or encryption that is not allowed
	CauseCertificate  = "certificate"    // no valid certificate to check signatures with
	CauseSignature    = "signature"      // signed by nobody we trust, or changed afterwards
	CauseIssuer       = "issuer"         // another identity provider than the connection's
	CauseDestination  = "destination"    // sent for another URL than this one
	CauseAudience     = "audience"       // meant for another service provider
	CauseSubject      = "subject"        // no Subject with a bearer SubjectConfirmation
	CauseRecipient    = "recipient"      // the confirmation is for another URL than this one
	CauseInResponseTo = "in-response-to" // answers another request than the browser's
	CauseUnsolicited  = "unsolicited"    // answers no request, and the organization does not allow that
	CauseConditions   = "conditions"     // no Conditions, or one that is not understood
	CauseExpired      = "expired"        // too old
	CauseNotYetValid  = "not-yet-valid"  // from the future
	CauseLifetime     = "lifetime"       // valid for longer than any sign-in needs
	CauseStatement    = "statement"      // no AuthnStatement
	CauseEmail        = "email"          // no e-mail address, or two that disagree
	CauseInternal     = "internal"       // a fault of ours while reading it
)

// refused makes a Refusal.
func refused(cause, format string, args ...any) *Refusal {
	return &Refusal{Cause: cause, Detail: fmt.Sprintf(format, args...)}
}
