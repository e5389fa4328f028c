package saml

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// A small identity provider: it writes responses of the shapes that Microsoft Entra ID,
// Okta and Google Workspace send, and signs them with the library. testdata holds
// responses that another implementation has signed.

const (
	ourEntityID = "https://rollcall.example/saml/org_1"
	ourACS      = "https://rollcall.example/saml/org_1/acs"
	idpEntityID = "https://sts.windows.net/6f1a2b3c-0000-4000-8000-aaaaaaaaaaaa/"
	requestID   = "_3f2a1c5b7d9e0f1a2b3c4d5e6f708192a3b4c5d6"
	alice       = "alice@example.com"
	mallory     = "mallory@example.com"
)

// Keys are made once: an RSA key takes a good part of a second under the race detector.
var (
	idpKey     = sync.OnceValue(func() crypto.Signer { return mustKey(rsa.GenerateKey(rand.Reader, 2048)) })
	foreignKey = sync.OnceValue(func() crypto.Signer { return mustKey(rsa.GenerateKey(rand.Reader, 2048)) })
	p256Key    = sync.OnceValue(func() crypto.Signer { return mustKey(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
	p384Key    = sync.OnceValue(func() crypto.Signer { return mustKey(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)) })
)

func mustKey[K crypto.Signer](key K, err error) crypto.Signer {
	if err != nil {
		panic(err)
	}
	return key
}

// idp signs responses.
type idp struct {
	key         crypto.Signer
	certificate []byte
	algorithm   string // "" is the key's with SHA-256
	noKeyInfo   bool
}

func newIDP(t testing.TB, key crypto.Signer) idp {
	t.Helper()
	return idp{key: key, certificate: newCertificate(t, key, now.AddDate(-1, 0, 0), now.AddDate(2, 0, 0))}
}

// expectation is that of a connection to the identity provider, with a request pending.
func (p idp) expectation() Expectation {
	return Expectation{
		SP:        ServiceProvider{EntityID: ourEntityID, ACSURL: ourACS},
		IDP:       IdentityProvider{EntityID: idpEntityID, Certificates: [][]byte{p.certificate}},
		RequestID: requestID,
		Now:       now,
	}
}

// Which parts of a response are signed.
type parts int

const (
	signAssertion parts = 1 << iota
	signResponse
	signBoth = signAssertion | signResponse
)

// sign returns the response with its signatures, as XML. A part that is not there is not
// signed.
func (p idp) sign(t testing.TB, response string, which parts) string {
	t.Helper()
	doc := parseXML(t, response)
	if which&signAssertion != 0 {
		if assertion := doc.Root().SelectElement("Assertion"); assertion != nil {
			p.signElement(t, assertion)
		}
	}
	if which&signResponse != 0 {
		p.signElement(t, doc.Root())
	}
	return writeXML(t, doc)
}

func (p idp) signElement(t testing.TB, e *etree.Element) {
	t.Helper()
	signing, err := dsig.NewSigningContext(xmlSigner{p.key}, [][]byte{p.certificate})
	if err != nil {
		t.Fatal(err)
	}
	signing.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	if p.algorithm != "" {
		if err := signing.SetSignatureMethod(p.algorithm); err != nil {
			t.Fatal(err)
		}
	}
	// The library's own way of taking an element out of its document ends at 1,000 elements.
	detached := e.Copy()
	for _, a := range inherited(e) {
		detached.CreateAttr(a.FullKey(), a.Value)
	}
	signature, err := signing.ConstructSignature(detached, true)
	if err != nil {
		t.Fatal(err)
	}
	if p.noKeyInfo {
		signature.RemoveChild(signature.FindElement("./KeyInfo"))
	}
	behind := 0
	if issuer := e.SelectElement("Issuer"); issuer != nil {
		behind = issuer.Index() + 1
	}
	e.InsertChildAt(behind, signature)
}

func parseXML(t testing.TB, text string) *etree.Document {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(text); err != nil {
		t.Fatal(err)
	}
	return doc
}

func writeXML(t testing.TB, doc *etree.Document) string {
	t.Helper()
	text, err := doc.WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func encode(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func at(offset time.Duration) string {
	return now.Add(offset).UTC().Format("2006-01-02T15:04:05.000Z")
}

// entraResponse has the shape of Microsoft Entra ID: default namespaces, claims by URL,
// NotBefore five minutes back, the assertion signed (its default).
func entraResponse() string {
	return `<samlp:Response ID="_8e8dc5f6-0000-4000-8000-000000000001" Version="2.0" IssueInstant="` + at(-2*time.Second) + `" Destination="` + ourACS + `" InResponseTo="` + requestID + `" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">` +
		`<Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">` + idpEntityID + `</Issuer>` +
		`<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>` +
		`<Assertion ID="_8e8dc5f6-0000-4000-8000-000000000002" IssueInstant="` + at(-2*time.Second) + `" Version="2.0" xmlns="urn:oasis:names:tc:SAML:2.0:assertion">` +
		`<Issuer>` + idpEntityID + `</Issuer>` +
		`<Subject><NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">Alice@Example.com</NameID>` +
		`<SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><SubjectConfirmationData InResponseTo="` + requestID + `" NotOnOrAfter="` + at(time.Hour) + `" Recipient="` + ourACS + `"/></SubjectConfirmation></Subject>` +
		`<Conditions NotBefore="` + at(-5*time.Minute) + `" NotOnOrAfter="` + at(time.Hour) + `"><AudienceRestriction><Audience>` + ourEntityID + `</Audience></AudienceRestriction></Conditions>` +
		`<AttributeStatement><Attribute Name="http://schemas.microsoft.com/identity/claims/tenantid"><AttributeValue>6f1a2b3c-0000-4000-8000-aaaaaaaaaaaa</AttributeValue></Attribute>` +
		`<Attribute Name="http://schemas.microsoft.com/identity/claims/displayname"><AttributeValue>Alice Anders</AttributeValue></Attribute>` +
		`<Attribute Name="http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname"><AttributeValue>Alice</AttributeValue></Attribute>` +
		`<Attribute Name="http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname"><AttributeValue>Anders</AttributeValue></Attribute>` +
		`<Attribute Name="http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"><AttributeValue>alice@example.com</AttributeValue></Attribute>` +
		`<Attribute Name="http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"><AttributeValue>alice@contoso.onmicrosoft.com</AttributeValue></Attribute></AttributeStatement>` +
		`<AuthnStatement AuthnInstant="` + at(-3*time.Hour) + `" SessionIndex="_8e8dc5f6-0000-4000-8000-000000000002"><AuthnContext><AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</AuthnContextClassRef></AuthnContext></AuthnStatement>` +
		`</Assertion></samlp:Response>`
}

// oktaResponse has the shape of Okta: prefixes everywhere, an XML declaration, unspecified
// NameID, xsi:type on values, both parts signed (its default).
func oktaResponse() string {
	return `<?xml version="1.0" encoding="UTF-8"?><saml2p:Response Destination="` + ourACS + `" ID="id13720194017358931436891" InResponseTo="` + requestID + `" IssueInstant="` + at(0) + `" Version="2.0" xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:xs="http://www.w3.org/2001/XMLSchema">` +
		`<saml2:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity" xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion">` + idpEntityID + `</saml2:Issuer>` +
		`<saml2p:Status xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol"><saml2p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></saml2p:Status>` +
		`<saml2:Assertion ID="id13720194018145221951262" IssueInstant="` + at(0) + `" Version="2.0" xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:xs="http://www.w3.org/2001/XMLSchema">` +
		`<saml2:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity" xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion">` + idpEntityID + `</saml2:Issuer>` +
		`<saml2:Subject xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"><saml2:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified">alice@example.com</saml2:NameID>` +
		`<saml2:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml2:SubjectConfirmationData InResponseTo="` + requestID + `" NotOnOrAfter="` + at(5*time.Minute) + `" Recipient="` + ourACS + `"/></saml2:SubjectConfirmation></saml2:Subject>` +
		`<saml2:Conditions NotBefore="` + at(-5*time.Minute) + `" NotOnOrAfter="` + at(5*time.Minute) + `" xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"><saml2:AudienceRestriction><saml2:Audience>` + ourEntityID + `</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions>` +
		`<saml2:AuthnStatement AuthnInstant="` + at(-time.Minute) + `" SessionIndex="_3f2a1c5b" SessionNotOnOrAfter="` + at(8*time.Hour) + `" xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"><saml2:AuthnContext><saml2:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement>` +
		`<saml2:AttributeStatement xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"><saml2:Attribute Name="firstName" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified"><saml2:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">Alice</saml2:AttributeValue></saml2:Attribute>` +
		`<saml2:Attribute Name="lastName"><saml2:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">Anders</saml2:AttributeValue></saml2:Attribute></saml2:AttributeStatement>` +
		`</saml2:Assertion></saml2p:Response>`
}

// googleResponse has the shape of Google Workspace: standalone declaration, the protocol's
// namespace as prefix, the assertion's as prefix on the Issuer and as default on the
// Assertion, line breaks between elements, the response signed.
func googleResponse() string {
	return `<?xml version="1.0" encoding="UTF-8" standalone="no"?>` + "\n" + `<saml2p:Response xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol" Destination="` + ourACS + `" ID="_5f1c2d3e4a5b6c7d8e9f" InResponseTo="` + requestID + `" IssueInstant="` + at(0) + `" Version="2.0">` + "\n" +
		`  <saml2:Issuer xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion">` + idpEntityID + `</saml2:Issuer>` + "\n" +
		`  <saml2p:Status><saml2p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></saml2p:Status>` + "\n" +
		`  <Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a1b2c3d4e5f60718293a" IssueInstant="` + at(0) + `" Version="2.0">` + "\n" +
		`    <Issuer>` + idpEntityID + `</Issuer>` + "\n" +
		`    <Subject><NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">alice@example.com</NameID>` +
		`<SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><SubjectConfirmationData InResponseTo="` + requestID + `" NotOnOrAfter="` + at(5*time.Minute) + `" Recipient="` + ourACS + `"/></SubjectConfirmation></Subject>` + "\n" +
		`    <Conditions NotBefore="` + at(-5*time.Minute) + `" NotOnOrAfter="` + at(5*time.Minute) + `"><AudienceRestriction><Audience>` + ourEntityID + `</Audience></AudienceRestriction></Conditions>` + "\n" +
		`    <AttributeStatement><Attribute Name="email"><AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:anyType" xmlns:xs="http://www.w3.org/2001/XMLSchema">alice@example.com</AttributeValue></Attribute></AttributeStatement>` + "\n" +
		`    <AuthnStatement AuthnInstant="` + at(-10*time.Second) + `" SessionIndex="_a1b2c3d4e5f60718293a"><AuthnContext><AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</AuthnContextClassRef></AuthnContext></AuthnStatement>` + "\n" +
		`  </Assertion>` + "\n" + `</saml2p:Response>`
}

// edit returns a change of a document that fails the test when it changes nothing.
type edit func(t testing.TB, text string) string

func replace(old, with string) edit {
	return func(t testing.TB, text string) string {
		t.Helper()
		if !strings.Contains(text, old) {
			t.Fatalf("the document does not hold %q", old)
		}
		return strings.Replace(text, old, with, 1)
	}
}

func replaceAll(old, with string) edit {
	return func(t testing.TB, text string) string {
		t.Helper()
		if !strings.Contains(text, old) {
			t.Fatalf("the document does not hold %q", old)
		}
		return strings.ReplaceAll(text, old, with)
	}
}

// cut removes from one mark to the end of another.
func cut(from, to string) edit {
	return func(t testing.TB, text string) string {
		t.Helper()
		before, rest, found := strings.Cut(text, from)
		_, after, ended := strings.Cut(rest, to)
		if !found || !ended {
			t.Fatalf("the document does not hold %q … %q", from, to)
		}
		return before + after
	}
}

func both(edits ...edit) edit {
	return func(t testing.TB, text string) string {
		t.Helper()
		for _, e := range edits {
			text = e(t, text)
		}
		return text
	}
}

// wantRefusal checks that nobody is signed in, for this cause.
func wantRefusal(t testing.TB, a Assertion, err error, cause string) {
	t.Helper()
	var r *Refusal
	switch {
	case err == nil:
		t.Fatalf("accepted %q; want a refusal for %q", a.Email, cause)
	case a != Assertion{}:
		t.Errorf("a refusal came with the assertion %+v", a)
	case !errors.As(err, &r):
		t.Fatalf("got the error %T %v; want a *Refusal", err, err)
	case r.Cause != cause:
		t.Errorf("refused for %q (%s); want %q", r.Cause, r.Detail, cause)
	case len(r.Detail) < 10 || len(r.Detail) > 1000:
		t.Errorf("the detail has %d bytes: %q", len(r.Detail), r.Detail)
	}
}

func unbase64(t testing.TB, text string) []byte {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func mustParseCertificate(t testing.TB, der []byte) *x509.Certificate {
	t.Helper()
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
