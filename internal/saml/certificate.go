package saml

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

const (
	minRSABits      = 2048 // S35
	minECDSABits    = 256
	maxCertificates = 16
)

// Certificate is a certificate an identity provider signs with.
type Certificate struct {
	SHA256    string // fingerprint of DER, lower-case hex without colons
	NotBefore time.Time
	NotAfter  time.Time
	DER       []byte
}

// ValidAt tells whether now lies between the certificate's ends, both included.
func (c Certificate) ValidAt(now time.Time) bool {
	return !now.Before(c.NotBefore) && !now.After(c.NotAfter)
}

// readCertificates returns the signing certificates in the order of the document,
// each once. A KeyDescriptor without use serves both purposes (SAML 2.0 metadata
// section 2.4.1.1).
func readCertificates(keys []keyDescriptor, now time.Time) ([]Certificate, error) {
	var all []Certificate
	seen := make(map[string]bool)
	for _, key := range keys {
		if use := key.Attributes.get("use"); use != "" && use != "signing" {
			continue
		}
		for _, data := range key.Info.Data {
			for _, text := range data.Certificates {
				c, err := parseCertificate(text)
				if err != nil {
					return nil, err
				}
				if !seen[c.SHA256] {
					seen[c.SHA256] = true
					all = append(all, c)
				}
			}
		}
	}
	switch {
	case len(all) == 0:
		return nil, refuse("it holds no signing certificate (X509Certificate in a KeyDescriptor for signing)")
	case len(all) > maxCertificates:
		return nil, refuse("it holds %d signing certificates; at most %d are allowed", len(all), maxCertificates)
	}
	for _, c := range all {
		if c.ValidAt(now) {
			return all, nil
		}
	}
	return nil, noneValid(all, now)
}

func noneValid(all []Certificate, now time.Time) error {
	last := all[0]
	for _, c := range all {
		if now.Before(c.NotBefore) {
			return refuse("none of its signing certificates is valid now; the next becomes valid on %s", c.NotBefore.Format(time.RFC3339))
		}
		if c.NotAfter.After(last.NotAfter) {
			last = c
		}
	}
	return refuse("its signing certificate expired on %s; renew it at the identity provider and import the metadata again", last.NotAfter.Format(time.RFC3339))
}

// parseCertificate accepts RSA of at least 2048 bits and ECDSA of at least 256: the keys
// of the signature algorithms that assertions may use (S35).
func parseCertificate(text string) (Certificate, error) {
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return Certificate{}, refuse("a signing certificate is not base64")
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return Certificate{}, refuse("a signing certificate is not an X.509 certificate")
	}
	c := newCertificateOf(parsed)
	if problem := keyProblem(parsed.PublicKey); problem != "" {
		return Certificate{}, refuse("the signing certificate %s has %s", c.SHA256, problem)
	}
	return c, nil
}

func newCertificateOf(parsed *x509.Certificate) Certificate {
	sum := sha256.Sum256(parsed.Raw)
	return Certificate{SHA256: hex.EncodeToString(sum[:]), NotBefore: parsed.NotBefore.UTC(), NotAfter: parsed.NotAfter.UTC(), DER: parsed.Raw}
}

// keyProblem says why signatures of a key are not accepted (S35); "" when they are.
func keyProblem(public any) string {
	switch key := public.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < minRSABits {
			return fmt.Sprintf("an RSA key of %d bits; at least %d are needed", bits, minRSABits)
		}
	case *ecdsa.PublicKey:
		if bits := key.Curve.Params().BitSize; bits < minECDSABits {
			return fmt.Sprintf("an ECDSA key of %d bits; at least %d are needed", bits, minECDSABits)
		}
	default:
		return "a key that is neither RSA nor ECDSA"
	}
	return ""
}
