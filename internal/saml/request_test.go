package saml

import (
	"bytes"
	"compress/flate"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func newSPKey(t testing.TB) *SigningKey {
	t.Helper()
	key, err := NewSigningKey(rand.Reader, now)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newP256SPKey(t testing.TB) *SigningKey {
	t.Helper()
	key, err := newSigningKey(p256Key(), newCertificate(t, p256Key(), now, now.AddDate(1, 0, 0)))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

var us = ServiceProvider{EntityID: ourEntityID, ACSURL: ourACS}

func redirectTo(ssoURL string) IdentityProvider {
	return IdentityProvider{EntityID: idpEntityID, SSOURL: ssoURL, SSOBinding: BindingRedirect}
}

// checkSignatureValue verifies as an identity provider does, with crypto alone.
func checkSignatureValue(t *testing.T, key *SigningKey, text string, value []byte) {
	t.Helper()
	digest := sha256.Sum256([]byte(text))
	switch public := key.signer.Public().(type) {
	case *rsa.PublicKey:
		if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], value); err != nil {
			t.Error(err)
		}
	case *ecdsa.PublicKey:
		if len(value) != 64 || !ecdsa.Verify(public, digest[:], new(big.Int).SetBytes(value[:32]), new(big.Int).SetBytes(value[32:])) {
			t.Errorf("the signature of %d bytes is not r and s", len(value))
		}
	}
}

func inflate(t *testing.T, packed string) string {
	t.Helper()
	text, err := io.ReadAll(flate.NewReader(bytes.NewReader(unbase64(t, packed))))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const wantRequest = `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"` +
	` ID="` + requestID + `" Version="2.0" IssueInstant="2026-11-01T12:00:00Z" Destination="https://idp.example/sso?a=1&amp;b=2"` +
	` AssertionConsumerServiceURL="` + ourACS + `" ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST">` +
	`<saml:Issuer>` + ourEntityID + `</saml:Issuer><samlp:NameIDPolicy AllowCreate="true"></samlp:NameIDPolicy></samlp:AuthnRequest>`

func TestAuthnRequest_redirect(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]*SigningKey{"RSA": newSPKey(t), "P-256": newP256SPKey(t), "unsigned": nil} {
		m, err := AuthnRequest(us, redirectTo("https://idp.example/sso?a=1&b=2"), requestID, now, key)
		if err != nil || m.Form != nil {
			t.Fatalf("%s: got %+v, %v", name, m, err)
		}
		query, found := strings.CutPrefix(m.URL, "https://idp.example/sso?a=1&b=2&")
		if !found || !strings.HasPrefix(query, "SAMLRequest=") {
			t.Fatalf("%s: the query that the URL had is not kept: %s", name, m.URL)
		}
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if got := inflate(t, values.Get("SAMLRequest")); got != wantRequest {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, wantRequest)
		}
		if values.Has("RelayState") {
			t.Errorf("%s: there is a RelayState", name)
		}
		if key == nil {
			if values.Has("SigAlg") || values.Has("Signature") {
				t.Errorf("unsigned: got %s", query)
			}
			continue
		}
		if got := values.Get("SigAlg"); got != key.algorithm {
			t.Errorf("%s: got SigAlg %q", name, got)
		}
		signed, _, _ := strings.Cut(query, "&Signature=")
		checkSignatureValue(t, key, signed, unbase64(t, values.Get("Signature")))
	}
}

func TestAuthnRequest_urlWithoutQuery(t *testing.T) {
	t.Parallel()
	m, err := AuthnRequest(us, redirectTo("https://idp.example/sso"), requestID, now, nil)
	if err != nil || !strings.HasPrefix(m.URL, "https://idp.example/sso?SAMLRequest=") {
		t.Errorf("got %q, %v", m.URL, err)
	}
}

// The form's document is signed as ours would have to be to be accepted.
func TestAuthnRequest_post(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]*SigningKey{"RSA": newSPKey(t), "P-256": newP256SPKey(t)} {
		idp := IdentityProvider{EntityID: idpEntityID, SSOURL: "https://idp.example/sso?a=1&b=2", SSOBinding: BindingPOST}
		m, err := AuthnRequest(us, idp, requestID, now, key)
		if err != nil || m.Form == nil || m.URL != "" || m.Form.Action != idp.SSOURL {
			t.Fatalf("%s: got %+v, %v", name, m, err)
		}
		text := string(unbase64(t, m.Form.SAMLRequest))
		root := parseXML(t, text).Root()
		signature := signatureOf(root)
		if root.ChildElements()[1] != signature {
			t.Fatalf("%s: the Signature is not behind the Issuer: %s", name, text)
		}
		if err := checkSignature(root, signature); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		with := mustParseCertificate(t, key.Certificate().DER)
		subject, err := forVerification(root, signature, with)
		if err != nil {
			t.Fatal(err)
		}
		content, err := verifyXML(subject, with, now)
		if err != nil || attribute(content, "ID") != requestID {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAuthnRequest_postUnsigned(t *testing.T) {
	t.Parallel()
	m, err := AuthnRequest(us, IdentityProvider{SSOURL: "https://idp.example/sso?a=1&b=2", SSOBinding: BindingPOST}, requestID, now, nil)
	if err != nil || string(unbase64(t, m.Form.SAMLRequest)) != wantRequest {
		t.Errorf("got %+v, %v", m, err)
	}
}

func TestAuthnRequest_refuses(t *testing.T) {
	t.Parallel()
	for _, idp := range []IdentityProvider{
		{SSOURL: "", SSOBinding: BindingRedirect},
		{SSOURL: "/sso", SSOBinding: BindingRedirect},
		{SSOURL: "https://idp.example/%zz", SSOBinding: BindingRedirect},
		{SSOURL: "https://idp.example/sso", SSOBinding: "urn:oasis:names:tc:SAML:2.0:bindings:SOAP"},
	} {
		if m, err := AuthnRequest(us, idp, requestID, now, nil); err == nil {
			t.Errorf("%+v: got %+v", idp, m)
		}
	}
}

func TestNewRequestID(t *testing.T) {
	t.Parallel()
	id, err := NewRequestID(bytes.NewReader(bytes.Repeat([]byte{0xA5}, 20)))
	if err != nil || id != "_"+strings.Repeat("a5", 20) || !validID(id) {
		t.Errorf("got %q, %v", id, err)
	}
	if id, err := NewRequestID(strings.NewReader("short")); err == nil {
		t.Errorf("got %q from too little randomness", id)
	}
}

func TestSPMetadata(t *testing.T) {
	t.Parallel()
	key := newSPKey(t)
	const head = `<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://rollcall.example/saml/a&amp;b">
`
	certificate := base64.StdEncoding.EncodeToString(key.Certificate().DER)
	for _, test := range []struct {
		name       string
		sp         ServiceProvider
		key        *SigningKey
		encryption *EncryptionKey
		want       string
	}{
		{"all", ServiceProvider{"https://rollcall.example/saml/a&b", ourACS, ourACS + "/logout"}, key, ourKey(), head +
			`  <md:SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>` + certificate + `</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:KeyDescriptor use="encryption"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>` + base64.StdEncoding.EncodeToString(ourKey().Certificate().DER) + `</ds:X509Certificate></ds:X509Data></ds:KeyInfo>` +
			`<md:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes256-gcm"/><md:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes192-gcm"/><md:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes128-gcm"/>` +
			`<md:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#rsa-oaep"><ds:DigestMethod xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><xenc11:MGF xmlns:xenc11="http://www.w3.org/2009/xmlenc11#" Algorithm="http://www.w3.org/2009/xmlenc11#mgf1sha256"/></md:EncryptionMethod>` +
			`<md:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"/></md:KeyDescriptor>
    <md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="` + ourACS + `/logout"/>
    <md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="` + ourACS + `/logout"/>
    <md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>
    <md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="` + ourACS + `" index="0" isDefault="true"/>
  </md:SPSSODescriptor>
</md:EntityDescriptor>
`},
		{"before connecting", ServiceProvider{"https://rollcall.example/saml/a&b", ourACS, ""}, nil, nil, head +
			`  <md:SPSSODescriptor AuthnRequestsSigned="false" WantAssertionsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>
    <md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="` + ourACS + `" index="0" isDefault="true"/>
  </md:SPSSODescriptor>
</md:EntityDescriptor>
`},
	} {
		got := string(SPMetadata(test.sp, test.key, test.encryption))
		if got != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, got, test.want)
		}
		if err := gateResponse([]byte(got)); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestSigningKey_survivesPEM(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]*SigningKey{"RSA": newSPKey(t), "P-256": newP256SPKey(t)} {
		text, err := key.PEM()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseSigningKey(text)
		if err != nil || again.Certificate().SHA256 != key.Certificate().SHA256 || again.algorithm != key.algorithm {
			t.Fatalf("%s: got %+v, %v", name, again, err)
		}
		value, err := again.sign("text")
		if err != nil {
			t.Fatal(err)
		}
		checkSignatureValue(t, key, "text", value)
	}
}

func TestNewSigningKey(t *testing.T) {
	t.Parallel()
	key := newSPKey(t)
	c, err := x509.ParseCertificate(key.Certificate().DER)
	if err != nil {
		t.Fatal(err)
	}
	public, ok := c.PublicKey.(*rsa.PublicKey)
	if !ok || public.N.BitLen() != 2048 || c.SerialNumber.Sign() <= 0 {
		t.Errorf("got the key %T and serial %s", c.PublicKey, c.SerialNumber)
	}
	if err := c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature); err != nil {
		t.Error(err)
	}
	if !key.Certificate().ValidAt(now) || !key.Certificate().ValidAt(now.AddDate(9, 0, 0)) || key.Certificate().ValidAt(now.Add(-2*time.Hour)) {
		t.Errorf("valid from %s to %s", c.NotBefore, c.NotAfter)
	}
	if _, err := NewSigningKey(iotest.ErrReader(errors.New("none")), now); err == nil {
		t.Error("made a key without randomness")
	}
}

func TestParseSigningKey_refuses(t *testing.T) {
	t.Parallel()
	pemOf := func(k *SigningKey) (key, certificate string) {
		text, err := k.PEM()
		if err != nil {
			t.Fatal(err)
		}
		key, certificate, _ = strings.Cut(string(text), "-----BEGIN CERTIFICATE")
		return key, "-----BEGIN CERTIFICATE" + certificate
	}
	rsaKey, rsaCertificate := pemOf(newSPKey(t))
	_, otherCertificate := pemOf(newP256SPKey(t))
	p384 := &SigningKey{signer: xmlSigner{p384Key()}, certificate: Certificate{DER: newCertificate(t, p384Key(), now, now.AddDate(1, 0, 0))}}
	p384PEM, err := p384.PEM()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty":                    "",
		"no PEM":                   "secret",
		"text behind it":           rsaKey + rsaCertificate + "secret",
		"key alone":                rsaKey,
		"certificate alone":        rsaCertificate,
		"two keys":                 rsaKey + rsaKey + rsaCertificate,
		"two certificates":         rsaKey + rsaCertificate + rsaCertificate,
		"certificate of another":   rsaKey + otherCertificate,
		"PKCS #1":                  strings.ReplaceAll(rsaKey, "PRIVATE KEY", "RSA PRIVATE KEY") + rsaCertificate,
		"damaged key":              strings.Replace(rsaKey, "MII", "MIA", 1) + rsaCertificate,
		"damaged certificate":      rsaKey + strings.Replace(rsaCertificate, "MII", "MIA", 1),
		"a curve other than P-256": string(p384PEM),
	} {
		key, err := ParseSigningKey([]byte(text))
		if err == nil {
			t.Errorf("%s: got %+v", name, key.Certificate().SHA256)
		} else if strings.Contains(err.Error(), "secret") || len(err.Error()) > 200 {
			t.Errorf("%s: the error quotes its input: %v", name, err)
		}
	}
}
