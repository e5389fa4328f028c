package idp

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // a name for people, not a protection
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

// certificateYears is how long a signing certificate is valid: Microsoft Entra docs,
// "tutorial-manage-certificates-for-federated-single-sign-on".
const certificateYears = 3

// CreateCertificate makes a signing certificate for an application and adds it: the first
// one is active, another one waits for [directory.DB.ActivateCertificate], so that the
// service provider can learn of it before it signs. notAfter zero is three years from now.
func (p *Provider) CreateCertificate(ctx context.Context, application directory.ID, notAfter time.Time) (directory.Certificate, error) {
	now := p.now().UTC().Truncate(time.Second)
	if notAfter.IsZero() {
		notAfter = now.AddDate(certificateYears, 0, 0)
	}
	if !now.Before(notAfter) || notAfter.After(now.AddDate(certificateYears, 0, 1)) {
		return directory.Certificate{}, &directory.Error{Problem: directory.Invalid,
			Message: fmt.Sprintf("The expiration date %s must lie in the future, at most %d years away.", notAfter.Format("2 January 2006"), certificateYears)}
	}
	c, err := p.makeCertificate(now, notAfter.UTC().Truncate(time.Second))
	if err != nil {
		return directory.Certificate{}, fmt.Errorf("make a signing certificate: %w", err)
	}
	return p.directory.AddCertificate(ctx, application, c)
}

// EnsureCertificate gives an application its first certificate, as choosing SAML as the
// single sign-on method does; one that has any is left as it is.
func (p *Provider) EnsureCertificate(ctx context.Context, application directory.ID) error {
	existing, err := p.directory.Certificates(ctx, application)
	if err != nil || len(existing) > 0 {
		return err
	}
	_, err = p.CreateCertificate(ctx, application, time.Time{})
	return err
}

func (p *Provider) makeCertificate(now, notAfter time.Time) (directory.Certificate, error) {
	key, err := rsa.GenerateKey(p.random, 2048)
	if err != nil {
		return directory.Certificate{}, err
	}
	serial := make([]byte, 16)
	if _, err := io.ReadFull(p.random, serial); err != nil {
		return directory.Certificate{}, err
	}
	serial[0] &= 0x7f // a serial number is positive
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial), Subject: pkix.Name{CommonName: "Stand-in Federated SSO Certificate"},
		NotBefore: now, NotAfter: notAfter, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(p.random, template, template, &key.PublicKey, key)
	if err != nil {
		return directory.Certificate{}, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return directory.Certificate{}, err
	}
	return directory.Certificate{Thumbprint: thumbprint(der), DER: der, PrivateKey: private, NotBefore: now, NotAfter: notAfter}, nil
}

// thumbprint is how the portal names a certificate.
func thumbprint(der []byte) string {
	sum := sha1.Sum(der) //nolint:gosec // see the import
	return strings.ToUpper(fmt.Sprintf("%x", sum))
}

// signer is the active certificate of an application with its key.
type signer struct {
	key crypto.Signer
	der []byte
}

// signer returns what signs for the application. An expired certificate signs on: the
// service provider is who refuses it (Microsoft Entra docs, same page).
func (p *Provider) signer(ctx context.Context, app directory.Application) (signer, error) {
	list, err := p.directory.Certificates(ctx, app.ID)
	if err != nil {
		return signer{}, err
	}
	if len(list) == 0 || !list[0].Active {
		return signer{}, failure("AADSTS500031", "Cannot find signing certificate configured for the application '%s'. Create one on its Single sign-on page.", app.DisplayName)
	}
	key, err := x509.ParsePKCS8PrivateKey(list[0].PrivateKey)
	if err != nil {
		return signer{}, fmt.Errorf("read the key of certificate %s: %w", list[0].Thumbprint, err)
	}
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return signer{}, fmt.Errorf("the key of certificate %s is no RSA key", list[0].Thumbprint)
	}
	return signer{key: private, der: list[0].DER}, nil
}
