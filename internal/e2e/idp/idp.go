// Package idp is a small SAML identity provider for tests: it reads the requests that
// Rollcall sends and answers them with signed responses, honest or not. It writes its
// XML in canonical form and signs with the standard library alone, so that it shares
// no code, and no mistake, with the side that verifies. Only tests import it.
package idp

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Provider is an identity provider.
type Provider struct {
	EntityID string
	SSOURL   string
	Binding  string // of single sign-on; "" is HTTP-Redirect
	// SLOURL offers single logout by SLOBinding, "" is HTTP-Redirect; without it there is none.
	SLOURL, SLOBinding string
	key                *ecdsa.PrivateKey
	der                []byte
}

// New returns an identity provider with a certificate that is valid from a day before
// now for a year.
func New(t testing.TB, name string, now time.Time) *Provider {
	t.Helper()
	p := &Provider{EntityID: "https://" + name + ".example.net/", SSOURL: "https://" + name + ".example.net/sso"}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: now.AddDate(0, 0, -1), NotAfter: now.AddDate(1, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	p.key, p.der = key, der
	return p
}

// Metadata is what Rollcall is connected with.
func (p *Provider) Metadata() []byte {
	binding := bindingOf(p.Binding)
	logout := ""
	if p.SLOURL != "" {
		logout = `<SingleLogoutService Binding="` + bindingOf(p.SLOBinding) + `" Location="` + esc(p.SLOURL) + `"/>`
	}
	return fmt.Appendf(nil, `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="%s">`+
		`<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">`+
		`<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>%s</X509Certificate></X509Data></KeyInfo></KeyDescriptor>%s`+
		`<SingleSignOnService Binding="%s" Location="%s"/></IDPSSODescriptor></EntityDescriptor>`,
		p.EntityID, base64.StdEncoding.EncodeToString(p.der), logout, binding, p.SSOURL)
}

func bindingOf(name string) string {
	if name == "" {
		return "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
	}
	return name
}

// Request is an AuthnRequest as the identity provider reads it.
type Request struct {
	ID          string `xml:"ID,attr"`
	Destination string `xml:"Destination,attr"`
	ACSURL      string `xml:"AssertionConsumerServiceURL,attr"`
	Issuer      string `xml:"Issuer"`
	Signed      bool   `xml:"-"`
}

// Read reads the request in the URL to which the browser is sent.
func Read(t testing.TB, location string) Request {
	t.Helper()
	u, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	r := parse(t, inflate(t, u.Query().Get("SAMLRequest")))
	r.Signed = u.Query().Get("Signature") != ""
	return r
}

func inflate(t testing.TB, value string) []byte {
	t.Helper()
	packed, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		t.Fatalf("the message %q: %v", value, err)
	}
	text, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
	if err != nil {
		t.Fatalf("the message %q: %v", value, err)
	}
	return text
}

// ReadForm reads the request in the form that the browser posts.
func ReadForm(t testing.TB, value string) Request {
	t.Helper()
	text, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		t.Fatal(err)
	}
	r := parse(t, text)
	r.Signed = bytes.Contains(text, []byte("SignatureValue"))
	return r
}

func parse(t testing.TB, text []byte) Request {
	t.Helper()
	var r Request
	if err := xml.Unmarshal(text, &r); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return r
}

// Answer is what a response says. Zero values stand for what an honest one has.
type Answer struct {
	To          Request // what it answers; without ID it answers nothing
	Email       string
	Now         time.Time
	ID          string        // of the assertion; "" makes one
	Audience    string        // "" is the request's Issuer
	Destination string        // "" is the request's ACS
	Issuer      string        // "" is the provider's
	Valid       time.Duration // 0 is five minutes
	SessionEnds time.Time
	GivenName   string
	FamilyName  string
	DisplayName string
	Unsigned    bool
	EncryptFor  []byte // certificate (DER) that the signed assertion is encrypted for; nil encrypts nothing
}

const (
	nsSAML  = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsSAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsDS    = "http://www.w3.org/2000/09/xmldsig#"
	nsXEnc  = "http://www.w3.org/2001/04/xmlenc#"
	exc     = "http://www.w3.org/2001/10/xml-exc-c14n#"
)

// Respond returns the value of the form field SAMLResponse.
func (p *Provider) Respond(t testing.TB, a Answer) string {
	t.Helper()
	if a.ID == "" {
		a.ID = newID(t)
	}
	if a.Audience == "" {
		a.Audience = a.To.Issuer
	}
	if a.Destination == "" {
		a.Destination = a.To.ACSURL
	}
	if a.Issuer == "" {
		a.Issuer = p.EntityID
	}
	if a.Valid == 0 {
		a.Valid = 5 * time.Minute
	}
	head, tail := a.assertion()
	signature := ""
	if !a.Unsigned {
		signature = p.sign(t, a.ID, head+tail)
	}
	response := `<samlp:Response xmlns:samlp="` + nsSAMLP + `" xmlns:saml="` + nsSAML + `" Destination="` + esc(a.Destination) + `" ID="` + newID(t) + `"` +
		a.inResponseTo() + ` IssueInstant="` + stamp(a.Now) + `" Version="2.0"><saml:Issuer>` + esc(a.Issuer) + `</saml:Issuer>` +
		`<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"></samlp:StatusCode></samlp:Status>` +
		a.encrypted(t, head+signature+tail) + `</samlp:Response>`
	return base64.StdEncoding.EncodeToString([]byte(response))
}

func (a Answer) inResponseTo() string {
	if a.To.ID == "" {
		return ""
	}
	return ` InResponseTo="` + esc(a.To.ID) + `"`
}

// assertion returns the canonical text up to where the Signature belongs, and the rest.
func (a Answer) assertion() (head, tail string) {
	until := stamp(a.Now.Add(a.Valid))
	head = `<saml:Assertion xmlns:saml="` + nsSAML + `" ID="` + esc(a.ID) + `" IssueInstant="` + stamp(a.Now) + `" Version="2.0"><saml:Issuer>` + esc(a.Issuer) + `</saml:Issuer>`
	session := ""
	if !a.SessionEnds.IsZero() {
		session = ` SessionNotOnOrAfter="` + stamp(a.SessionEnds) + `"`
	}
	tail = `<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">` + esc(a.Email) + `</saml:NameID>` +
		`<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData` + a.inResponseTo() +
		` NotOnOrAfter="` + until + `" Recipient="` + esc(a.Destination) + `"></saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject>` +
		`<saml:Conditions NotBefore="` + stamp(a.Now.Add(-time.Minute)) + `" NotOnOrAfter="` + until + `"><saml:AudienceRestriction><saml:Audience>` + esc(a.Audience) +
		`</saml:Audience></saml:AudienceRestriction></saml:Conditions>` +
		`<saml:AuthnStatement AuthnInstant="` + stamp(a.Now) + `" SessionIndex="s` + esc(a.ID) + `"` + session + `><saml:AuthnContext>` +
		`<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>` +
		`<saml:AttributeStatement>` + attribute("email", a.Email) +
		attribute("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname", a.GivenName) +
		attribute("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname", a.FamilyName) +
		attribute("http://schemas.microsoft.com/identity/claims/displayname", a.DisplayName) +
		`</saml:AttributeStatement></saml:Assertion>`
	return head, tail
}

func attribute(name, value string) string {
	if value == "" {
		return ""
	}
	return `<saml:Attribute Name="` + name + `"><saml:AttributeValue>` + esc(value) + `</saml:AttributeValue></saml:Attribute>`
}

// encrypted encrypts an assertion, by AES-256-GCM and RSA-OAEP as XML Encryption 1.1 has
// them.
func (a Answer) encrypted(t testing.TB, assertion string) string {
	t.Helper()
	if a.EncryptFor == nil {
		return assertion
	}
	certificate, err := x509.ParseCertificate(a.EncryptFor)
	if err != nil {
		t.Fatal(err)
	}
	secret := make([]byte, 32+12) // key and initialization vector
	if _, err := rand.Read(secret); err != nil {
		t.Fatal(err)
	}
	key, vector := secret[:32], secret[32:]
	wrapped, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, certificate.PublicKey.(*rsa.PublicKey), key, nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	part := func(name, algorithm, inside string, data []byte) string {
		return `<xenc:` + name + `><xenc:EncryptionMethod Algorithm="` + algorithm + `"/>` + inside +
			`<xenc:CipherData><xenc:CipherValue>` + base64.StdEncoding.EncodeToString(data) + `</xenc:CipherValue></xenc:CipherData></xenc:` + name + `>`
	}
	info := `<ds:KeyInfo xmlns:ds="` + nsDS + `">` + part("EncryptedKey", nsXEnc+"rsa-oaep-mgf1p", "", wrapped) + `</ds:KeyInfo>`
	return `<saml:EncryptedAssertion xmlns:xenc="` + nsXEnc + `">` +
		part("EncryptedData", "http://www.w3.org/2009/xmlenc11#aes256-gcm", info, gcm.Seal(vector, vector, []byte(assertion), nil)) + `</saml:EncryptedAssertion>`
}

// EncryptionCertificate reads in Rollcall's metadata which certificate assertions are to be
// encrypted for.
func EncryptionCertificate(t testing.TB, metadata []byte) []byte {
	t.Helper()
	var read struct {
		Keys []struct {
			Use         string `xml:"use,attr"`
			Certificate string `xml:"KeyInfo>X509Data>X509Certificate"`
		} `xml:"SPSSODescriptor>KeyDescriptor"`
	}
	if err := xml.Unmarshal(metadata, &read); err != nil {
		t.Fatal(err)
	}
	for _, key := range read.Keys {
		if key.Use != "encryption" {
			continue
		}
		der, err := base64.StdEncoding.DecodeString(key.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	t.Fatalf("the metadata names no certificate for encryption: %s", metadata)
	return nil
}

// sign signs a text that is canonical already (Exclusive XML Canonicalization 1.0).
func (p *Provider) sign(t testing.TB, id, canonical string) string {
	t.Helper()
	digest := sha256.Sum256([]byte(canonical))
	info := `<ds:SignedInfo xmlns:ds="` + nsDS + `"><ds:CanonicalizationMethod Algorithm="` + exc + `"></ds:CanonicalizationMethod>` +
		`<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"></ds:SignatureMethod>` +
		`<ds:Reference URI="#` + esc(id) + `"><ds:Transforms><ds:Transform Algorithm="` + nsDS + `enveloped-signature"></ds:Transform>` +
		`<ds:Transform Algorithm="` + exc + `"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod>` +
		`<ds:DigestValue>` + base64.StdEncoding.EncodeToString(digest[:]) + `</ds:DigestValue></ds:Reference></ds:SignedInfo>`
	sum := sha256.Sum256([]byte(info))
	return `<ds:Signature xmlns:ds="` + nsDS + `">` + info + `<ds:SignatureValue>` + p.signatureOf(t, sum) + `</ds:SignatureValue></ds:Signature>`
}

// signatureOf is the base64 of a signature value. XML Signature 1.1 section 6.4.3: the two
// numbers, each as long as the curve's.
func (p *Provider) signatureOf(t testing.TB, sum [sha256.Size]byte) string {
	t.Helper()
	r, s, err := ecdsa.Sign(rand.Reader, p.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

func newID(t testing.TB) string {
	t.Helper()
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		t.Fatal(err)
	}
	return "_" + hex.EncodeToString(b[:])
}

// esc writes a text as canonical XML does, in attributes too.
func esc(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;").Replace(s)
}
