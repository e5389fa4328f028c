package saml

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var shapes = []struct {
	name     string
	response func() string
	signs    parts
}{
	{"entra", entraResponse, signAssertion},
	{"okta", oktaResponse, signBoth},
	{"google", googleResponse, signResponse},
}

func TestParseResponse_everyShapeAndSignature(t *testing.T) {
	t.Parallel()
	for _, shape := range shapes {
		for _, which := range []parts{signAssertion, signResponse, signBoth} {
			p := newIDP(t, idpKey())
			a, err := ParseResponse(encode(p.sign(t, shape.response(), which)), p.expectation())
			if err != nil {
				t.Errorf("%s, parts %d: %v", shape.name, which, err)
				continue
			}
			if a.Email != alice || a.Issuer != idpEntityID || a.InResponseTo != requestID || a.ID == "" {
				t.Errorf("%s, parts %d: got %+v", shape.name, which, a)
			}
		}
	}
}

func TestParseResponse_entra(t *testing.T) {
	t.Parallel()
	p := newIDP(t, idpKey())
	got, err := ParseResponse(encode(p.sign(t, entraResponse(), signAssertion)), p.expectation())
	if err != nil {
		t.Fatal(err)
	}
	want := Assertion{
		ID: "_8e8dc5f6-0000-4000-8000-000000000002", Issuer: idpEntityID, InResponseTo: requestID,
		NameID: "Alice@Example.com", NameIDFormat: formatEmail, Email: alice,
		SessionIndex: "_8e8dc5f6-0000-4000-8000-000000000002",
		GivenName:    "Alice", FamilyName: "Anders", DisplayName: "Alice Anders",
		NotOnOrAfter: now.Add(time.Hour + time.Minute),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseResponse_okta(t *testing.T) {
	t.Parallel()
	p := newIDP(t, idpKey())
	got, err := ParseResponse(encode(p.sign(t, oktaResponse(), signBoth)), p.expectation())
	if err != nil {
		t.Fatal(err)
	}
	want := Assertion{
		ID: "id13720194018145221951262", Issuer: idpEntityID, InResponseTo: requestID,
		NameID: alice, NameIDFormat: formatUnspecified, Email: alice, SessionIndex: "_3f2a1c5b",
		GivenName: "Alice", FamilyName: "Anders",
		NotOnOrAfter: now.Add(6 * time.Minute), SessionNotOnOrAfter: now.Add(8 * time.Hour),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseResponse_algorithms(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		idp  idp
	}{
		{"rsa-sha256", idp{key: idpKey(), algorithm: algRSASHA256}},
		{"rsa-sha384", idp{key: idpKey(), algorithm: algRSASHA384}},
		{"rsa-sha512", idp{key: idpKey(), algorithm: algRSASHA512}},
		{"ecdsa-sha256 on P-256", idp{key: p256Key(), algorithm: algECDSASHA256}},
		{"ecdsa-sha384 on P-384", idp{key: p384Key(), algorithm: algECDSASHA384}},
		{"ecdsa-sha512 on P-384", idp{key: p384Key(), algorithm: algECDSASHA512}},
		{"without KeyInfo", idp{key: idpKey(), noKeyInfo: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := test.idp
			p.certificate = newIDP(t, p.key).certificate
			for _, shape := range shapes {
				a, err := ParseResponse(encode(p.sign(t, shape.response(), shape.signs)), p.expectation())
				if err != nil || a.Email != alice {
					t.Errorf("%s: got %q, %v", shape.name, a.Email, err)
				}
			}
		})
	}
}

// Signers written in Go send the ASN.1 form of ECDSA signatures.
func TestParseResponse_ecdsaASN1(t *testing.T) {
	t.Parallel()
	p := newIDP(t, p256Key())
	doc := parseXML(t, p.sign(t, entraResponse(), signAssertion))
	value := doc.FindElement("//SignatureValue")
	raw := unbase64(t, value.Text())
	if len(raw) != 64 {
		t.Fatalf("the signature has %d bytes; want 64", len(raw))
	}
	parsed := mustParseCertificate(t, p.certificate)
	value.SetText(encode(string(asn1Signature(raw, parsed))))
	a, err := ParseResponse(encode(writeXML(t, doc)), p.expectation())
	if err != nil || a.Email != alice {
		t.Errorf("got %q, %v", a.Email, err)
	}
}

// During a rollover either certificate signs, whatever KeyInfo names.
func TestParseResponse_twoCertificates(t *testing.T) {
	t.Parallel()
	old, next := newIDP(t, foreignKey()), newIDP(t, idpKey())
	e := next.expectation()
	e.IDP.Certificates = [][]byte{old.certificate, next.certificate}
	for _, p := range []idp{old, next} {
		if a, err := ParseResponse(encode(p.sign(t, entraResponse(), signBoth)), e); err != nil || a.Email != alice {
			t.Errorf("got %q, %v", a.Email, err)
		}
	}
	lying := idp{key: idpKey(), certificate: old.certificate}
	if a, err := ParseResponse(encode(lying.sign(t, entraResponse(), signBoth)), e); err != nil || a.Email != alice {
		t.Errorf("with KeyInfo of the other certificate: got %q, %v", a.Email, err)
	}
	e.IDP.Certificates = [][]byte{old.certificate}
	a, err := ParseResponse(encode(lying.sign(t, entraResponse(), signBoth)), e)
	wantRefusal(t, a, err, CauseSignature)
}

func TestParseResponse_unsolicited(t *testing.T) {
	t.Parallel()
	p := newIDP(t, idpKey())
	unsolicited := replaceAll(` InResponseTo="`+requestID+`"`, "")
	onlyResponse := replace(` InResponseTo="`+requestID+`" xmlns`, " xmlns")
	onlyConfirmation := replace(`Data InResponseTo="`+requestID+`"`, "Data")
	for _, test := range []struct {
		name      string
		edit      edit
		requestID string
		allow     bool
		cause     string // "" is accepted
	}{
		{"allowed", unsolicited, "", true, ""},
		{"allowed while a request is pending", unsolicited, requestID, true, ""},
		{"not allowed", unsolicited, "", false, CauseUnsolicited},
		{"not allowed while a request is pending", unsolicited, requestID, false, CauseInResponseTo},
		{"answers a request, none pending", nil, "", false, CauseInResponseTo},
		{"answers a request, none pending, allowed", nil, "", true, CauseInResponseTo},
		{"answers a request, another pending, allowed", nil, "_other", true, CauseInResponseTo},
		{"answers the pending request, allowed", nil, requestID, true, ""},
		{"none on the response", onlyResponse, requestID, false, CauseInResponseTo},
		{"none on the response, allowed", onlyResponse, requestID, true, CauseInResponseTo},
		{"none on the confirmation", onlyConfirmation, requestID, false, CauseInResponseTo},
		{"none on the confirmation, allowed", onlyConfirmation, requestID, true, CauseInResponseTo},
		{"empty", replaceAll(requestID, ""), "", true, CauseInResponseTo},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text := entraResponse()
			if test.edit != nil {
				text = test.edit(t, text)
			}
			e := p.expectation()
			e.RequestID, e.AllowUnsolicited = test.requestID, test.allow
			a, err := ParseResponse(encode(p.sign(t, text, signAssertion)), e)
			if test.cause != "" {
				wantRefusal(t, a, err, test.cause)
				return
			}
			answers := strings.Contains(text, requestID)
			if err != nil || a.Email != alice || (a.InResponseTo == requestID) != answers {
				t.Errorf("got %+v, %v", a, err)
			}
		})
	}
}

// Identity providers may break base64 into lines, and .NET writes a byte order mark.
func TestParseResponse_lineBreaksAndByteOrderMark(t *testing.T) {
	t.Parallel()
	p := newIDP(t, idpKey())
	text := encode("\uFEFF" + p.sign(t, googleResponse(), signResponse))
	var lines strings.Builder
	for len(text) > 76 {
		lines.WriteString(text[:76] + "\r\n")
		text = text[76:]
	}
	a, err := ParseResponse(lines.String()+text, p.expectation())
	if err != nil || a.Email != alice {
		t.Errorf("got %q, %v", a.Email, err)
	}
}
