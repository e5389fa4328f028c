package saml

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"
)

// Signature algorithms of requests and of responses (RFC 6931 sections 2.3.2 and
// 2.3.6).
const (
	algRSASHA256   = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
	algRSASHA384   = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384"
	algRSASHA512   = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"
	algECDSASHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
	algECDSASHA384 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"
	algECDSASHA512 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512"
)

// SigningKey signs an organization's requests: RSA of at least 2048 bits, or ECDSA on
// P-256. It is safe for concurrent use.
type SigningKey struct {
	signer      xmlSigner
	algorithm   string
	certificate Certificate
}

// NewSigningKey makes an RSA key of 2048 bits, which every identity provider can
// check, and a certificate that it signs itself, valid from an hour before now for ten
// years. random gives the serial number; the key itself comes from the source of
// crypto/rsa. It takes some 100 ms.
func NewSigningKey(random io.Reader, now time.Time) (*SigningKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, minRSABits)
	if err != nil {
		return nil, fmt.Errorf("make a SAML signing key: %w", err)
	}
	der, err := selfSigned(key, "Rollcall SAML requests", x509.KeyUsageDigitalSignature, random, now)
	if err != nil {
		return nil, fmt.Errorf("make a SAML signing key: %w", err)
	}
	return newSigningKey(key, der)
}

// ParseSigningKey reads what PEM returned: a PRIVATE KEY and its CERTIFICATE. Its
// errors quote nothing of text.
func ParseSigningKey(text []byte) (*SigningKey, error) {
	key, der, err := parseKeyPEM(text)
	if err != nil {
		return nil, fmt.Errorf("read a SAML signing key: %w", err)
	}
	return newSigningKey(key, der)
}

func newSigningKey(key crypto.Signer, der []byte) (*SigningKey, error) {
	c, err := checkPair(key, der)
	if err != nil {
		return nil, fmt.Errorf("read a SAML signing key: %w", err)
	}
	k := &SigningKey{signer: xmlSigner{key}, algorithm: algRSASHA256, certificate: c}
	if curve, ok := key.Public().(*ecdsa.PublicKey); ok {
		// RFC 7518 section 3.4 pairs SHA-256 with P-256; a longer curve would want a
		// longer digest.
		if curve.Curve.Params().BitSize != 256 {
			return nil, errors.New("read a SAML signing key: an ECDSA key must be on P-256")
		}
		k.algorithm = algECDSASHA256
	}
	return k, nil
}

// Certificate is what identity providers check the requests with.
func (k *SigningKey) Certificate() Certificate { return k.certificate }

// PEM is the private key (PKCS #8) and its certificate, for ParseSigningKey. It is a
// secret.
func (k *SigningKey) PEM() ([]byte, error) {
	text, err := keyPEM(k.signer.Signer, k.certificate.DER)
	if err != nil {
		return nil, fmt.Errorf("write a SAML signing key: %w", err)
	}
	return text, nil
}

// sign returns the signature value of text.
func (k *SigningKey) sign(text string) ([]byte, error) {
	digest := sha256.Sum256([]byte(text))
	return k.signer.Sign(rand.Reader, digest[:], crypto.SHA256)
}

// xmlSigner signs as XML Signature wants it. RFC 6931 section 2.3.6: the value of an
// ECDSA signature is r and s, each filled up to the length of the curve's order, and
// not the ASN.1 that Go makes.
type xmlSigner struct{ crypto.Signer }

func (s xmlSigner) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	value, err := s.Signer.Sign(random, digest, opts)
	if err != nil {
		return nil, err
	}
	public, ok := s.Public().(*ecdsa.PublicKey)
	if !ok {
		return value, nil
	}
	var pair ecdsaPair
	if _, err := asn1.Unmarshal(value, &pair); err != nil {
		return nil, err
	}
	size := orderBytes(public)
	value = pair.R.FillBytes(make([]byte, 2*size))[size:]
	return append(value, pair.S.FillBytes(make([]byte, size))...), nil
}

type ecdsaPair struct{ R, S *big.Int }

func orderBytes(key *ecdsa.PublicKey) int { return (key.Curve.Params().N.BitLen() + 7) / 8 }
