package saml

import (
	"crypto/x509"
	"runtime"
	"time"

	"github.com/beevik/etree"

	"github.com/rollcall/rollcall/internal/iam"
)

// ServiceProvider is Rollcall as one organization's identity provider sees it. All
// three are known before anything is connected.
type ServiceProvider struct {
	EntityID string
	ACSURL   string
	SLOURL   string // "" when single logout is not offered
}

// IdentityProvider is an organization's connection.
type IdentityProvider struct {
	EntityID     string
	SSOURL       string
	SSOBinding   string   // BindingRedirect or BindingPOST
	Certificates [][]byte // DER; two are in use during a rollover, at most 16 are read
	// SLOURL, SLOBinding and SLOResponseURL are as in Metadata.
	SLOURL, SLOBinding, SLOResponseURL string
}

// Expectation is what a response is held against.
type Expectation struct {
	SP  ServiceProvider
	IDP IdentityProvider
	// RequestID is the ID of the AuthnRequest that is pending in this browser; "" when
	// there is none.
	RequestID string
	// DecryptionKey is what EncryptionKey.PEM returned; nil when the organization has none,
	// and encrypted assertions are refused.
	DecryptionKey []byte
	// AllowUnsolicited accepts a response that answers no request (IdP-initiated), also
	// while a request is pending: who opens the application from the identity provider's
	// portal may have left a sign-in halfway before.
	AllowUnsolicited bool
	Now              time.Time
}

// Assertion is who signed in, read from the bytes whose signature was verified.
type Assertion struct {
	ID           string // at most 256 bytes; to be accepted once until NotOnOrAfter
	Issuer       string
	InResponseTo string // Expectation.RequestID; "" when the response is unsolicited
	NameID       string // at most 1,024 bytes
	NameIDFormat string // "" when the assertion names none
	Email        string // an e-mail key (iam.EmailKey): to be compared as it is
	SessionIndex string // at most 1,024 bytes; "" when the assertion names none
	// GivenName, FamilyName and DisplayName are "" where the assertion has none, or one
	// that holds control characters or is longer than 200 bytes.
	GivenName, FamilyName, DisplayName string
	// NotOnOrAfter is until when the ID must be remembered: from then on ParseResponse
	// refuses the assertion itself. The clock skew is in it.
	NotOnOrAfter time.Time
	// SessionNotOnOrAfter is when the identity provider wants the session to end; zero
	// when it does not say.
	SessionNotOnOrAfter time.Time
}

// ParseResponse reads the form value SAMLResponse of the HTTP-POST binding (base64) and
// returns who signed in. The Response, the Assertion or both are signed by a certificate
// of the connection that is valid at e.Now; everything of the Assertion comes from the
// bytes that this signature covers. An encrypted Assertion is signed inside, or stands in a
// signed Response.
//
// Every error is a *Refusal. The caller still has to see that the ID is new and that the
// e-mail belongs to a member. It changes nothing and is safe for concurrent use.
func ParseResponse(samlResponse string, e Expectation) (Assertion, error) {
	return reader{Expectation: e, verify: verifyXML, decrypt: decryptAssertion}.read(samlResponse)
}

// reader reads one message.
type reader struct {
	Expectation
	alias   string // another name of the identity provider as issuer; "" for none
	verify  verifier
	decrypt decrypter
	keys    []*x509.Certificate // those of the connection that are valid at Now
}

// read is also the fence round the libraries: a panic in them refuses this response and
// nothing else (S50).
func (r reader) read(samlResponse string) (a Assertion, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			a, err = Assertion{}, refused(CauseInternal, "the response could not be read, by a fault of Rollcall's: %s", panicText(fault))
		}
	}()
	data, err := decodeResponse(samlResponse)
	if err != nil {
		return Assertion{}, err
	}
	if err := gateResponse(data); err != nil {
		return Assertion{}, err
	}
	doc, err := readDocument(data)
	if err != nil {
		return Assertion{}, err
	}
	if r.keys, err = usableKeys(r.IDP, r.Now); err != nil {
		return Assertion{}, err
	}
	response, assertion, err := r.signedContent(doc)
	if err != nil {
		return Assertion{}, err
	}
	if err := r.checkResponse(response); err != nil {
		return Assertion{}, err
	}
	return r.readAssertion(assertion, attribute(response, "InResponseTo"))
}

// signedContent verifies every signature there is and returns the Response, signed or
// not, and the Assertion out of signed bytes.
func (r reader) signedContent(doc document) (response, assertion *etree.Element, err error) {
	if doc.responseSignature == nil && doc.assertionSignature == nil && doc.encrypted == nil {
		return nil, nil, refused(CauseUnsigned, "neither the Response nor its Assertion is signed")
	}
	// The form of both comes first: no library runs on a document with a bad one.
	if doc.responseSignature != nil {
		if err := checkSignature(doc.response, doc.responseSignature); err != nil {
			return nil, nil, err
		}
	}
	if doc.assertionSignature != nil {
		if err := checkSignature(doc.assertion, doc.assertionSignature); err != nil {
			return nil, nil, err
		}
	}
	response = doc.response
	if doc.responseSignature != nil {
		if response, err = r.verified(doc.response, doc.responseSignature); err != nil {
			return nil, nil, err
		}
		if assertion, err = child(response, nsAssertion, "Assertion"); err != nil {
			return nil, nil, err
		}
	}
	if doc.encrypted != nil {
		assertion, err = r.decryptedContent(doc, response)
		return response, assertion, err
	}
	if doc.assertionSignature != nil {
		if assertion, err = r.verified(doc.assertion, doc.assertionSignature); err != nil {
			return nil, nil, err
		}
	}
	if assertion == nil || attribute(assertion, "ID") != attribute(doc.assertion, "ID") {
		return nil, nil, refused(CauseSignature, "the Signature does not cover the Assertion")
	}
	return response, assertion, nil
}

// panicText passes on what the runtime says, such as an index out of range. Any other
// value could hold a part of the response.
func panicText(fault any) string {
	if fault, ok := fault.(runtime.Error); ok {
		return iam.Clip(fault.Error())
	}
	return "panic"
}
