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
	Refresh      MetadataRefresh
}

// MetadataRefresh is how reading the metadata at its address goes.
type MetadataRefresh struct {
	NextAt       time.Time // when it is read again; zero for metadata that came as a file
	ReadAt       time.Time // when it was last read and could be used; zero: not since connecting
	FailingSince time.Time // zero: it went well the last time
	FailedAt     time.Time // with FailingSince: the last time that it did not
	Failure      string    // and why, for an admin
}

// Failing tells whether the metadata could not be read or used the last time.
func (r MetadataRefresh) Failing() bool { return !r.FailingSince.IsZero() }

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
