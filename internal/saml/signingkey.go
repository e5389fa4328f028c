package saml

import (
	"crypto"
	"errors"
	"io"
	"time"
)

// SigningKey signs an organization's requests.
type SigningKey struct {
	signer      crypto.Signer
	certificate []byte // DER, self-signed
}

// NewSigningKey makes an RSA key of 2048 bits with its certificate.
func NewSigningKey(random io.Reader, now time.Time) (*SigningKey, error) {
	return nil, errors.New("signing keys are not made yet")
}

// ParseSigningKey reads what PEM returned.
func ParseSigningKey(text []byte) (*SigningKey, error) {
	return nil, errors.New("signing keys are not read yet")
}

// PEM is the private key (PKCS #8) and its certificate. It is a secret.
func (k *SigningKey) PEM() ([]byte, error) {
	return nil, errors.New("signing keys are not written yet")
}
