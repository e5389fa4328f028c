package saml

import (
	"errors"
	"time"
)

// Message is how a browser is sent to the identity provider: by URL, or by Form when
// that is not nil.
type Message struct {
	URL  string // HTTP-Redirect: the whole URL, signature included
	Form *Form
}

// Form is a page's form for the HTTP-POST binding.
type Form struct {
	Action      string // where it is posted
	SAMLRequest string // the value of the field of that name
}

// AuthnRequest asks idp to sign somebody in. key may be nil.
func AuthnRequest(sp ServiceProvider, idp IdentityProvider, id string, now time.Time, key *SigningKey) (Message, error) {
	return Message{}, errors.New("AuthnRequests are not made yet")
}

// SPMetadata is what an identity provider imports. key may be nil.
func SPMetadata(sp ServiceProvider, key *SigningKey) []byte { return nil }
