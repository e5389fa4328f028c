package saml

import (
	"strings"
	"testing"
)

// BenchmarkParseResponse is one sign-in.
func BenchmarkParseResponse(b *testing.B) {
	p := newIDP(b, idpKey())
	for _, shape := range shapes {
		value := encode(p.sign(b, shape.response(), shape.signs))
		b.Run(shape.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseResponse(value, p.expectation()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkParseResponse_refused is what strangers can make the server do: a response with
// nearly as many elements as are let through, that nobody signed.
func BenchmarkParseResponse_refused(b *testing.B) {
	p := newIDP(b, idpKey())
	fill := replace("<ds:KeyInfo>", "<ds:KeyInfo>"+strings.Repeat("<y><z>0123456789</z></y>", 900))
	value := encode(fill(b, newIDP(b, foreignKey()).sign(b, entraResponse(), signAssertion)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseResponse(value, p.expectation()); err == nil {
			b.Fatal("accepted")
		}
	}
}

func BenchmarkAuthnRequest(b *testing.B) {
	key, sp, provider := newSPKey(b), ServiceProvider{EntityID: ourEntityID, ACSURL: ourACS}, IdentityProvider{EntityID: idpEntityID, SSOURL: "https://idp.example/sso", SSOBinding: BindingRedirect}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := AuthnRequest(sp, provider, requestID, now, key); err != nil {
			b.Fatal(err)
		}
	}
}
