package saml

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"
)

// keyLifetime is that of the certificate of a key of ours. Identity providers pin the
// certificate itself; its end only says when to make a new key.
const keyLifetime = 10 // years

// selfSigned makes the certificate of a key, signed by the key itself, valid from an hour
// before now for ten years. random gives the serial number.
func selfSigned(key crypto.Signer, name string, usage x509.KeyUsage, random io.Reader, now time.Time) ([]byte, error) {
	var serial [16]byte
	if _, err := io.ReadFull(random, serial[:]); err != nil {
		return nil, err
	}
	serial[0] = serial[0]&0x7F | 0x40 // RFC 5280 section 4.1.2.2: positive, at most 20 bytes
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial[:]),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-time.Hour).UTC(),
		NotAfter:     now.AddDate(keyLifetime, 0, 0).UTC(),
		KeyUsage:     usage,
	}
	return x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
}

// parseKeyPEM reads what keyPEM wrote. Its errors quote nothing of text.
func parseKeyPEM(text []byte) (key crypto.Signer, der []byte, err error) {
	for rest := bytes.TrimSpace(text); len(rest) > 0; rest = bytes.TrimSpace(rest) {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		switch {
		case block == nil:
			return nil, nil, errors.New("it is not PEM")
		case block.Type == "PRIVATE KEY" && key == nil:
			parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				return nil, nil, errors.New("its private key is not PKCS #8")
			}
			signer, ok := parsed.(crypto.Signer)
			if !ok {
				return nil, nil, errors.New("its private key cannot sign")
			}
			key = signer
		case block.Type == "CERTIFICATE" && der == nil:
			der = block.Bytes
		default:
			return nil, nil, fmt.Errorf("there is one %q too many", block.Type)
		}
	}
	if key == nil || der == nil {
		return nil, nil, errors.New("it needs a PRIVATE KEY and a CERTIFICATE")
	}
	return key, der, nil
}

// checkPair returns the certificate in der, which must be one of key, and key strong enough.
func checkPair(key crypto.Signer, der []byte) (Certificate, error) {
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return Certificate{}, errors.New("its certificate is not an X.509 certificate")
	}
	if problem := keyProblem(parsed.PublicKey); problem != "" {
		return Certificate{}, fmt.Errorf("it has %s", problem)
	}
	public, ok := parsed.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(key.Public()) {
		return Certificate{}, errors.New("its certificate is of another key")
	}
	return newCertificateOf(parsed), nil
}

// keyPEM writes a private key (PKCS #8) and its certificate.
func keyPEM(key crypto.Signer, der []byte) ([]byte, error) {
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	return append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...), nil
}
