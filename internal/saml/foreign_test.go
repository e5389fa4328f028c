package saml

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// foreignResponses were signed by the JDK (testdata/Sign.java), which writes and
// canonicalizes XML by code of its own; their keys are gone. They are valid at now.
var foreignResponses = []struct{ name, certificate string }{
	{"entra-assertion.xml", "rsa.pem"}, // with every character and namespace that canonicalization treats apart
	{"entra-response.xml", "rsa.pem"},  // the same, rsa-sha384
	{"okta-both.xml", "rsa.pem"},       // InclusiveNamespaces, the assertion signed before the response
	{"google-response.xml", "rsa.pem"}, // rsa-sha512, InclusiveNamespaces, line breaks
	{"google-ecdsa-both.xml", "ec.pem"},
}

func readForeign(t testing.TB, name, certificate string) (string, Expectation) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	certificateText, err := os.ReadFile(filepath.Join("testdata", certificate))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(certificateText)
	return string(text), idp{certificate: block.Bytes}.expectation()
}

func TestParseResponse_signedByTheJDK(t *testing.T) {
	t.Parallel()
	for _, test := range foreignResponses {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text, e := readForeign(t, test.name, test.certificate)
			a, err := ParseResponse(encode(text), e)
			if err != nil || a.Email != alice || a.InResponseTo != requestID {
				t.Fatalf("got %+v, %v", a, err)
			}
			if strings.HasPrefix(test.name, "entra") && a.DisplayName != `Åsa & "Öberg" <b> ' 😀` {
				t.Errorf("got the display name %q", a.DisplayName)
			}
			changed := strings.Replace(text, "lice@", "1ice@", 1)
			a, err = ParseResponse(encode(changed), e)
			wantRefusal(t, a, err, CauseSignature)
		})
	}
}
