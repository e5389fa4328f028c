package saml

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
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

// signingKeyLifetime is that of the certificate of a signing key. Identity providers
// pin the certificate itself; its end only says when to make a new key.
const signingKeyLifetime = 10 // years

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
	var serial [16]byte
	if _, err := io.ReadFull(random, serial[:]); err != nil {
		return nil, fmt.Errorf("make a SAML signing key: %w", err)
	}
	serial[0] = serial[0]&0x7F | 0x40 // RFC 5280 section 4.1.2.2: positive, at most 20 bytes
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial[:]),
		Subject:      pkix.Name{CommonName: "Rollcall SAML requests"},
		NotBefore:    now.Add(-time.Hour).UTC(),
		NotAfter:     now.AddDate(signingKeyLifetime, 0, 0).UTC(),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make a SAML signing key: %w", err)
	}
	return newSigningKey(key, der)
}

// ParseSigningKey reads what PEM returned: a PRIVATE KEY and its CERTIFICATE. Its
// errors quote nothing of text.
func ParseSigningKey(text []byte) (*SigningKey, error) {
	var key crypto.Signer
	var der []byte
	for rest := bytes.TrimSpace(text); len(rest) > 0; rest = bytes.TrimSpace(rest) {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		switch {
		case block == nil:
			return nil, errors.New("read a SAML signing key: it is not PEM")
		case block.Type == "PRIVATE KEY" && key == nil:
			parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				return nil, errors.New("read a SAML signing key: its private key is not PKCS #8")
			}
			signer, ok := parsed.(crypto.Signer)
			if !ok {
				return nil, errors.New("read a SAML signing key: its private key cannot sign")
			}
			key = signer
		case block.Type == "CERTIFICATE" && der == nil:
			der = block.Bytes
		default:
			return nil, fmt.Errorf("read a SAML signing key: there is one %q too many", block.Type)
		}
	}
	if key == nil || der == nil {
		return nil, errors.New("read a SAML signing key: it needs a PRIVATE KEY and a CERTIFICATE")
	}
	return newSigningKey(key, der)
}

func newSigningKey(key crypto.Signer, der []byte) (*SigningKey, error) {
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errors.New("read a SAML signing key: its certificate is not an X.509 certificate")
	}
	c := newCertificateOf(parsed)
	if problem := keyProblem(parsed.PublicKey); problem != "" {
		return nil, fmt.Errorf("read a SAML signing key: it has %s", problem)
	}
	public, ok := parsed.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(key.Public()) {
		return nil, errors.New("read a SAML signing key: its certificate is of another key")
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
	der, err := x509.MarshalPKCS8PrivateKey(k.signer.Signer)
	if err != nil {
		return nil, fmt.Errorf("write a SAML signing key: %w", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.certificate.DER})...), nil
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
