package saml

import (
	"crypto/x509"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// usableKeys returns those of the connection's certificates that signatures are accepted
// of at now. While there is none nobody signs in (S33).
func usableKeys(idp IdentityProvider, now time.Time) ([]*x509.Certificate, error) {
	if len(idp.Certificates) > maxCertificates {
		return nil, refused(CauseCertificate, "the connection has %d certificates; at most %d are allowed", len(idp.Certificates), maxCertificates)
	}
	var usable []*x509.Certificate
	problem := "the connection has no signing certificate; import the identity provider's metadata"
	for _, der := range idp.Certificates {
		parsed, err := x509.ParseCertificate(der)
		if err != nil {
			problem = "a signing certificate of the connection is not an X.509 certificate; import the identity provider's metadata again"
			continue
		}
		c := newCertificateOf(parsed)
		switch weak := keyProblem(parsed.PublicKey); {
		case weak != "":
			problem = "the signing certificate " + c.SHA256 + " of the connection has " + weak
		case now.Before(c.NotBefore):
			problem = "the signing certificate " + c.SHA256 + " of the connection becomes valid on " + c.NotBefore.Format(time.RFC3339)
		case now.After(c.NotAfter):
			problem = expiredCertificate(c)
		default:
			usable = append(usable, parsed)
		}
	}
	if len(usable) == 0 {
		return nil, refused(CauseCertificate, "%s", problem)
	}
	return usable, nil
}

func expiredCertificate(c Certificate) string {
	return "the signing certificate " + c.SHA256 + " of the connection expired on " + c.NotAfter.Format(time.RFC3339) +
		"; renew it at the identity provider and import its metadata again"
}

// notVerified explains a signature that none of the keys made. KeyInfo is the sender's
// word: it helps the admin to see which certificate is missing, and decides nothing.
func (r reader) notVerified(e, signature *etree.Element) error {
	claimed, claims := claimedCertificate(signature)
	ours := make([]string, 0, len(r.IDP.Certificates))
	for _, der := range r.IDP.Certificates {
		parsed, err := x509.ParseCertificate(der)
		if err != nil {
			continue
		}
		c := newCertificateOf(parsed)
		if claims && claimed.SHA256 == c.SHA256 && r.Now.After(c.NotAfter) {
			return refused(CauseCertificate, "%s", expiredCertificate(c))
		}
		ours = append(ours, c.SHA256)
	}
	connection := "; the connection has " + strings.Join(ours, ", ")
	switch {
	case !claims:
		return refused(CauseSignature, "no certificate of the connection made the Signature of the %s, or the %s was changed afterwards%s", e.Tag, e.Tag, connection)
	case slices.Contains(ours, claimed.SHA256):
		return refused(CauseSignature, "the Signature of the %s does not fit the certificate %s: the %s was changed after it was signed", e.Tag, claimed.SHA256, e.Tag)
	}
	return refused(CauseSignature, "the %s says that it is signed with the certificate %s%s; if the identity provider has a new certificate, import its metadata again", e.Tag, claimed.SHA256, connection)
}

// claimedCertificate is the first in KeyInfo.
func claimedCertificate(signature *etree.Element) (Certificate, bool) {
	e := signature
	for _, tag := range []string{"KeyInfo", "X509Data", "X509Certificate"} {
		all := children(e, nsSignature, tag)
		if len(all) == 0 {
			return Certificate{}, false
		}
		e = all[0]
	}
	value, err := text(e)
	if err != nil {
		return Certificate{}, false
	}
	c, err := parseCertificate(value)
	return c, err == nil
}
