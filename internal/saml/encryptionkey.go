package saml

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"time"
)

// EncryptionKey is the key that an organization's identity provider encrypts assertions
// for: RSA of at least 2048 bits. It is another key than the one that signs requests,
// because whoever can make one key decrypt what he likes could make it sign. It is safe for
// concurrent use.
type EncryptionKey struct {
	private     *rsa.PrivateKey
	certificate Certificate
}

// NewEncryptionKey makes a key and its certificate as NewSigningKey does.
func NewEncryptionKey(random io.Reader, now time.Time) (*EncryptionKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, minRSABits)
	if err != nil {
		return nil, fmt.Errorf("make a SAML encryption key: %w", err)
	}
	der, err := selfSigned(key, "Rollcall SAML encryption", x509.KeyUsageKeyEncipherment, random, now)
	if err != nil {
		return nil, fmt.Errorf("make a SAML encryption key: %w", err)
	}
	return newEncryptionKey(key, der)
}

// ParseEncryptionKey reads what PEM returned. Its errors quote nothing of text.
func ParseEncryptionKey(text []byte) (*EncryptionKey, error) {
	key, der, err := parseKeyPEM(text)
	if err != nil {
		return nil, fmt.Errorf("read a SAML encryption key: %w", err)
	}
	return newEncryptionKey(key, der)
}

func newEncryptionKey(key crypto.Signer, der []byte) (*EncryptionKey, error) {
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("read a SAML encryption key: it is not an RSA key")
	}
	c, err := checkPair(key, der)
	if err != nil {
		return nil, fmt.Errorf("read a SAML encryption key: %w", err)
	}
	return &EncryptionKey{private, c}, nil
}

// Certificate is what the identity provider encrypts for.
func (k *EncryptionKey) Certificate() Certificate { return k.certificate }

// PEM is the private key (PKCS #8) and its certificate, for ParseEncryptionKey and
// Expectation.DecryptionKey. It is a secret.
func (k *EncryptionKey) PEM() ([]byte, error) {
	text, err := keyPEM(k.private, k.certificate.DER)
	if err != nil {
		return nil, fmt.Errorf("write a SAML encryption key: %w", err)
	}
	return text, nil
}
