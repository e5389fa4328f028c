package iam

import "time"

// Certificate is a signing certificate of an identity provider.
type Certificate struct {
	SHA256    string // fingerprint of DER, hex in lower case
	NotBefore time.Time
	NotAfter  time.Time
	DER       []byte
}

// Connection is an organization's SAML connection: what was read from the
// identity provider's metadata, and where that came from.
type Connection struct {
	Organization OrganizationID
	IdPEntityID  string
	SSOURL       string
	SSOBinding   string // how people are sent there; "" where it was not noted
	IDPInitiated bool   // sign-ins that begin at the identity provider are accepted
	Metadata     []byte // XML as imported
	MetadataURL  string // "" when it came as a file
	AllowPrivate bool   // the operator lets MetadataURL be a private address
	Certificates []Certificate
	ConnectedAt  time.Time
	UpdatedAt    time.Time
}

// Connected tells whether the connection can sign anybody in: at least one
// certificate is valid (D9).
func (c Connection) Connected(now time.Time) bool {
	for _, cert := range c.Certificates {
		if !now.Before(cert.NotBefore) && !now.After(cert.NotAfter) {
			return true
		}
	}
	return false
}
