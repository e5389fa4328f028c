package saml

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall/rollcall/internal/iam"
)

var now = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// newCertificate signs itself with key; it is valid from a day before from until to.
func newCertificate(t testing.TB, key crypto.Signer, from, to time.Time) []byte {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(from.UnixNano()), Subject: pkix.Name{CommonName: "signing"},
		NotBefore: from, NotAfter: to,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func newECDSA(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newRSA(t testing.TB, bits int) crypto.Signer {
	t.Helper()
	t.Setenv("GODEBUG", "rsa1024min=0")
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

func keyDescriptorXML(use string, der []byte) string {
	if use != "" {
		use = fmt.Sprintf(` use="%s"`, use)
	}
	return fmt.Sprintf(`<KeyDescriptor%s><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>%s</X509Certificate></X509Data></KeyInfo></KeyDescriptor>`,
		use, base64.StdEncoding.EncodeToString(der))
}

// entra builds metadata of the shape that Microsoft Entra ID publishes for an
// enterprise application: a byte order mark, a signature, WS-Federation roles with
// xsi:type before the SAML role, both bindings.
func entra(inIDP string) string {
	return "\uFEFF" + `<?xml version="1.0" encoding="utf-8"?><EntityDescriptor ID="_7f2c" entityID="https://sts.windows.net/6f1a2b3c-0000-4000-8000-aaaaaaaaaaaa/" xmlns="urn:oasis:names:tc:SAML:2.0:metadata">` +
		`<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo><CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#" /></SignedInfo><SignatureValue>AAAA</SignatureValue></Signature>` +
		`<RoleDescriptor xsi:type="fed:SecurityTokenServiceType" protocolSupportEnumeration="http://docs.oasis-open.org/wsfed/federation/200706" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:fed="http://docs.oasis-open.org/wsfed/federation/200706">` +
		`<fed:ClaimTypesOffered><auth:ClaimType Uri="http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name" xmlns:auth="http://docs.oasis-open.org/wsfed/authorization/200706"><auth:DisplayName>Name</auth:DisplayName></auth:ClaimType></fed:ClaimTypesOffered></RoleDescriptor>` +
		`<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` + inIDP +
		`<SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://login.microsoftonline.com/6f1a2b3c-0000-4000-8000-aaaaaaaaaaaa/saml2" />` +
		`<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://login.microsoftonline.com/6f1a2b3c-0000-4000-8000-aaaaaaaaaaaa/saml2" />` +
		`<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://login.microsoftonline.com/6f1a2b3c-0000-4000-8000-aaaaaaaaaaaa/saml2" />` +
		`</IDPSSODescriptor></EntityDescriptor>`
}

// okta builds metadata of the shape that Okta publishes for an application: prefixes
// everywhere, the certificate in lines, POST before Redirect, no logout.
func okta(der []byte) string {
	text := base64.StdEncoding.EncodeToString(der)
	var lines []string
	for len(text) > 64 {
		lines, text = append(lines, text[:64]), text[64:]
	}
	lines = append(lines, text)
	return `<?xml version="1.0" encoding="UTF-8"?><md:EntityDescriptor entityID="http://www.okta.com/exk1a2b3c4d5" xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">
<md:IDPSSODescriptor WantAuthnRequestsSigned="false" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>` + strings.Join(lines, "\n") + `</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
<md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified</md:NameIDFormat>
<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://example.okta.com/app/exk1a2b3c4d5/sso/saml/post"/>
<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://example.okta.com/app/exk1a2b3c4d5/sso/saml"/>
</md:IDPSSODescriptor></md:EntityDescriptor>
`
}

func TestParseMetadata_entra(t *testing.T) {
	key := newRSA(t, 2048)
	old := newCertificate(t, key, now.AddDate(-4, 0, 0), now.AddDate(-1, 0, 0))
	current := newCertificate(t, key, now.AddDate(-1, 0, 0), now.AddDate(2, 0, 0))
	next := newCertificate(t, key, now.AddDate(0, 1, 0), now.AddDate(3, 0, 0))
	encryption := newCertificate(t, newECDSA(t), now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0))

	got, err := ParseMetadata([]byte(entra(
		keyDescriptorXML("signing", old)+keyDescriptorXML("signing", current)+keyDescriptorXML("encryption", encryption)+
			keyDescriptorXML("", next)+keyDescriptorXML("signing", current))), now)
	if err != nil {
		t.Fatal(err)
	}
	want := Metadata{
		EntityID:   "https://sts.windows.net/6f1a2b3c-0000-4000-8000-aaaaaaaaaaaa/",
		SSOURL:     "https://login.microsoftonline.com/6f1a2b3c-0000-4000-8000-aaaaaaaaaaaa/saml2",
		SSOBinding: BindingRedirect,
		SLOURL:     "https://login.microsoftonline.com/6f1a2b3c-0000-4000-8000-aaaaaaaaaaaa/saml2",
		SLOBinding: BindingRedirect, SLOResponseURL: "https://login.microsoftonline.com/6f1a2b3c-0000-4000-8000-aaaaaaaaaaaa/saml2",
		Certificates: []Certificate{
			{SHA256: fingerprint(old), NotBefore: now.AddDate(-4, 0, 0), NotAfter: now.AddDate(-1, 0, 0), DER: old},
			{SHA256: fingerprint(current), NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(2, 0, 0), DER: current},
			{SHA256: fingerprint(next), NotBefore: now.AddDate(0, 1, 0), NotAfter: now.AddDate(3, 0, 0), DER: next},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metadata differs (-want +got):\n%s", diff)
	}
}

func TestParseMetadata_okta(t *testing.T) {
	t.Parallel()
	der := newCertificate(t, newECDSA(t), now.AddDate(-1, 0, 0), now.AddDate(9, 0, 0))
	got, err := ParseMetadata([]byte(okta(der)), now)
	if err != nil {
		t.Fatal(err)
	}
	if got.EntityID != "http://www.okta.com/exk1a2b3c4d5" || got.SSOURL != "https://example.okta.com/app/exk1a2b3c4d5/sso/saml" ||
		got.SSOBinding != BindingRedirect || got.SLOURL != "" {
		t.Errorf("got %+v", got)
	}
	if len(got.Certificates) != 1 || got.Certificates[0].SHA256 != fingerprint(der) {
		t.Errorf("certificates = %+v, want the one with %s", got.Certificates, fingerprint(der))
	}
}

func TestParseMetadata_entities(t *testing.T) {
	t.Parallel()
	der := newCertificate(t, newECDSA(t), now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0))
	one := strings.TrimPrefix(okta(der), `<?xml version="1.0" encoding="UTF-8"?>`)
	service := `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="urn:sp"><SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"/></EntityDescriptor>`
	wrap := func(attribute, inner string) string {
		return `<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"` + attribute + `><!-- a federation -->` + inner + `</EntitiesDescriptor>`
	}

	got, err := ParseMetadata([]byte(wrap("", service+wrap("", one))), now)
	if err != nil || got.EntityID != "http://www.okta.com/exk1a2b3c4d5" {
		t.Errorf("one provider in a nested group: %+v, %v", got, err)
	}
	for name, in := range map[string]string{
		"describes 2 identity providers": wrap("", one+strings.ReplaceAll(one, "exk1", "exk2")),
		"describes a service provider":   wrap("", service),
		"describes no identity provider": wrap("", ""),
		"ended on 2026-10-31T00:00:00Z":  wrap(` validUntil="2026-10-31T00:00:00Z"`, wrap("", one)),
	} {
		if _, err := ParseMetadata([]byte(in), now); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error = %v, want one that says %q", err, name)
		}
	}
}

func TestParseMetadata_refused(t *testing.T) {
	t.Parallel()
	good := newCertificate(t, newECDSA(t), now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0))
	signing := keyDescriptorXML("signing", good)
	valid := entra(signing)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	replace := func(old, new string) string {
		changed := strings.Replace(valid, old, new, 1)
		if changed == valid {
			t.Fatalf("nothing to replace: %s", old)
		}
		return changed
	}
	many := make([]string, 70)
	for i := range many {
		many[i] = fmt.Sprintf(` a%d=""`, i)
	}

	tests := map[string]struct{ in, want string }{
		"empty":                         {"", "it is empty"},
		"blank":                         {" \n", "it is empty"},
		"text":                          {"https://example.com/metadata", "it is not XML"},
		"JSON":                          {`{"a":1}`, "it is not XML"},
		"web page":                      {"<html><body>Sign in</body></html>", "it is a web page"},
		"other XML":                     {"<feed/>", `its root element is "feed"`},
		"right name, no namespace":      {`<EntityDescriptor entityID="x"/>`, "its root element is"},
		"UTF-16":                        {"\xFF\xFE<\x00a\x00", "it is UTF-16 text"},
		"Latin-1":                       {"<a>\xE9</a>", "it is not UTF-8 text"},
		"declared encoding":             {replace(`encoding="utf-8"`, `encoding="ISO-8859-1"`), "not XML in UTF-8"},
		"DOCTYPE":                       {replace(`?><EntityDescriptor`, `?><!DOCTYPE x [<!ENTITY a "b">]><EntityDescriptor`), "DOCTYPE"},
		"entity":                        {replace(`<SignatureValue>AAAA`, `<SignatureValue>&xxe;`), "entity other than"},
		"stylesheet":                    {replace(`?><EntityDescriptor`, `?><?xml-stylesheet href="a"?><EntityDescriptor`), `processing instruction "xml-stylesheet"`},
		"second root":                   {valid + "<a/>", "more than one root"},
		"trailing text":                 {valid + "a", "text outside its root"},
		"cut off":                       {valid[:len(valid)-30], "may be cut off"},
		"repeated attribute":            {replace(`entityID="https`, `entityID="a" entityID="https`), "twice"},
		"too many attributes":           {replace(`<SignedInfo`, `<SignedInfo`+strings.Join(many, "")), "more than 64 attributes"},
		"too deep":                      {replace(`<SignatureValue>`, strings.Repeat("<a>", 40)+strings.Repeat("</a>", 40)+`<SignatureValue>`), "more than 32 deep"},
		"too many elements":             {replace(`<SignatureValue>`, strings.Repeat("<a/>", 6000)+`<SignatureValue>`), "more than 5000 elements"},
		"too large":                     {valid + strings.Repeat(" ", 1<<20), "larger than 1024 KiB"},
		"no entityID":                   {replace(` entityID="https://sts.windows.net/6f1a2b3c-0000-4000-8000-aaaaaaaaaaaa/"`, ""), "no entityID"},
		"entityID of another namespace": {replace(` entityID=`, ` xmlns:x="urn:x" x:entityID=`), "no entityID"},
		"entityID with a blank":         {replace(`entityID="https`, `entityID=" https`), "holds a blank"},
		"long entityID":                 {replace(`entityID="`, `entityID="`+strings.Repeat("a", 1100)), "longer than 1024"},
		"SAML 1.1 only":                 {replace(`<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"`, `<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:1.1:protocol"`), "does not speak SAML 2.0"},
		"ended":                         {replace(` ID="_7f2c"`, ` validUntil="2026-11-01T12:00:00Z"`), "it ended on 2026-11-01T12:00:00Z"},
		"odd validUntil":                {replace(` ID="_7f2c"`, ` validUntil="soon"`), `validUntil "soon"`},
		"no sign-on service":            {strings.ReplaceAll(valid, "SingleSignOnService", "ArtifactResolutionService"), "names no SingleSignOnService"},
		"SOAP only":                     {strings.NewReplacer("HTTP-Redirect", "SOAP", "HTTP-POST", "PAOS").Replace(valid), "names no SingleSignOnService"},
		"plain http":                    {strings.ReplaceAll(valid, "https://login", "http://login"), "does not begin with https://"},
		"script URL":                    {strings.ReplaceAll(valid, "https://login.microsoftonline.com/", "javascript:alert(1)//"), "not an absolute URL"},
		"relative URL":                  {strings.ReplaceAll(valid, "https://login.microsoftonline.com", ""), "not an absolute URL"},
		"password in URL":               {strings.ReplaceAll(valid, "https://login", "https://u:secret@login"), "neither user information"},
		"no certificate":                {entra(""), "no signing certificate"},
		"encryption only":               {entra(keyDescriptorXML("encryption", good)), "no signing certificate"},
		"not base64":                    {entra(strings.ReplaceAll(signing, "</X509Certificate>", "!</X509Certificate>")), "not base64"},
		"not X.509":                     {entra(keyDescriptorXML("signing", []byte("hello"))), "not an X.509"},
		"Ed25519":                       {entra(keyDescriptorXML("signing", newCertificate(t, ed, now, now.AddDate(1, 0, 0)))), "neither RSA nor ECDSA"},
		"expired":                       {entra(keyDescriptorXML("signing", newCertificate(t, newECDSA(t), now.AddDate(-2, 0, 0), now.Add(-time.Second)))), "expired on 2026-11-01T11:59:59Z"},
		"not yet valid":                 {entra(keyDescriptorXML("signing", newCertificate(t, newECDSA(t), now.AddDate(0, 0, 1), now.AddDate(1, 0, 0)))), "becomes valid on 2026-11-02T12:00:00Z"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseMetadata([]byte(test.in), now)
			if err == nil {
				t.Fatalf("accepted: %+v", got)
			}
			if iam.KindOf(err) != iam.KindInvalid || !strings.HasPrefix(err.Error(), "the metadata cannot be used: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %q (%v), want a KindInvalid one that says %q", err, iam.KindOf(err), test.want)
			}
			if strings.Contains(err.Error(), "secret") || len(err.Error()) > 600 {
				t.Errorf("error says too much: %q", err)
			}
		})
	}
}

func TestParseMetadata_weakRSA(t *testing.T) {
	weak := newCertificate(t, newRSA(t, 1024), now, now.AddDate(1, 0, 0))
	_, err := ParseMetadata([]byte(entra(keyDescriptorXML("signing", weak))), now)
	if err == nil || !strings.Contains(err.Error(), "RSA key of 1024 bits") {
		t.Errorf("error = %v, want one that names the 1024 bits", err)
	}
}

func TestParseMetadata_tooManyCertificates(t *testing.T) {
	t.Parallel()
	var keys strings.Builder
	for range maxCertificates + 1 {
		keys.WriteString(keyDescriptorXML("signing", newCertificate(t, newECDSA(t), now, now.AddDate(1, 0, 0))))
	}
	_, err := ParseMetadata([]byte(entra(keys.String())), now)
	if err == nil || !strings.Contains(err.Error(), "17 signing certificates") {
		t.Errorf("error = %v, want one that names the 17 certificates", err)
	}
}

func TestParseMetadata_loopback(t *testing.T) {
	t.Parallel()
	in := entra(keyDescriptorXML("", newCertificate(t, newECDSA(t), now, now.AddDate(1, 0, 0))))
	for _, host := range []string{"http://127.0.0.1:8081", "http://localhost:8081", "http://[::1]:8081"} {
		got, err := ParseMetadata([]byte(strings.ReplaceAll(in, "https://login.microsoftonline.com", host)), now)
		if err != nil || !strings.HasPrefix(got.SSOURL, host) {
			t.Errorf("%s: %+v, %v", host, got, err)
		}
	}
}

func TestParseMetadata_postOnly(t *testing.T) {
	t.Parallel()
	in := entra(keyDescriptorXML("", newCertificate(t, newECDSA(t), now, now.AddDate(1, 0, 0))))
	got, err := ParseMetadata([]byte(strings.ReplaceAll(in, "HTTP-Redirect", "SOAP")), now)
	if err != nil || got.SSOBinding != BindingPOST || got.SLOURL != "" {
		t.Errorf("got %+v, %v; want the POST binding and no logout", got, err)
	}
}

func TestParseMetadata_singleLogout(t *testing.T) {
	t.Parallel()
	in := entra(keyDescriptorXML("", newCertificate(t, newECDSA(t), now, now.AddDate(1, 0, 0))))
	service := `<SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" `
	if !strings.Contains(in, service) {
		t.Fatalf("no %s in %s", service, in)
	}
	got, err := ParseMetadata([]byte(strings.Replace(in, service, service+`ResponseLocation="https://login.microsoftonline.com/response" `, 1)), now)
	if err != nil || !strings.HasSuffix(got.SLOURL, "/saml2") || got.SLOResponseURL != "https://login.microsoftonline.com/response" || got.SLOBinding != BindingRedirect {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, location := range []string{"javascript:alert(1)", "http://login.microsoftonline.com/", "/response"} {
		_, err := ParseMetadata([]byte(strings.Replace(in, service, service+`ResponseLocation="`+location+`" `, 1)), now)
		if err == nil || !strings.Contains(err.Error(), "SingleLogoutService") {
			t.Errorf("%s: %v", location, err)
		}
	}
}

// Whatever comes in: no panic, and what is accepted is fit to be used.
func FuzzParseMetadata(f *testing.F) {
	der := newCertificate(f, newECDSA(f), now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0))
	f.Add([]byte(entra(keyDescriptorXML("signing", der))))
	f.Add([]byte(okta(der)))
	f.Add([]byte(`<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"><EntityDescriptor entityID="a"/></EntitiesDescriptor>`))
	f.Add([]byte(`<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseMetadata(data, now)
		if err != nil {
			if iam.KindOf(err) != iam.KindInvalid {
				t.Errorf("error of kind %v: %v", iam.KindOf(err), err)
			}
			return
		}
		if m.EntityID == "" || m.SSOURL == "" || checkEndpoint("", m.SSOURL) != nil || len(m.Certificates) == 0 {
			t.Errorf("accepted without what sign-in needs: %+v", m)
		}
		if m.SLOURL != "" && (checkEndpoint("", m.SLOURL) != nil || checkEndpoint("", m.SLOResponseURL) != nil || m.SLOBinding != BindingRedirect && m.SLOBinding != BindingPOST) {
			t.Errorf("accepted with a logout that cannot be used: %+v", m)
		}
		if m.SSOBinding != BindingRedirect && m.SSOBinding != BindingPOST {
			t.Errorf("accepted with the binding %q", m.SSOBinding)
		}
	})
}
