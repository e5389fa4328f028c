package saml

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
)

// ourKey is the key that identity providers of tests encrypt for.
var ourKey = sync.OnceValue(func() *EncryptionKey {
	key, err := NewEncryptionKey(rand.Reader, now)
	if err != nil {
		panic(err)
	}
	return key
})

var ourKeyPEM = sync.OnceValue(func() []byte {
	text, err := ourKey().PEM()
	if err != nil {
		panic(err)
	}
	return text
})

const (
	algAES256CBC = nsEncryption + "aes256-cbc"
	algRSA15     = nsEncryption + "rsa-1_5"
)

// sealer encrypts assertions as identity providers do. The zero value stands for
// aes256-gcm, rsa-oaep-mgf1p without parameters, and our key.
type sealer struct {
	content, transport string
	digest, mask       string // "" names none
	beside             bool   // the EncryptedKey stands beside the EncryptedData
	to                 *EncryptionKey
	keyBytes           int    // length of the content's key; 0 is that of the algorithm
	prefix             string // of the EncryptedAssertion
	spoil              func(wrapped, content []byte) ([]byte, []byte)
}

// seal returns the EncryptedAssertion that holds plaintext.
func (s sealer) seal(t testing.TB, plaintext string) string {
	t.Helper()
	if s.content == "" {
		s.content = algAES256GCM
	}
	if s.transport == "" {
		s.transport = algOAEPMGF1SHA
	}
	if s.to == nil {
		s.to = ourKey()
	}
	size := contentKeySizes[s.content]
	if s.content == algAES256CBC {
		size = 32
	}
	if s.keyBytes != 0 {
		size = s.keyBytes
	}
	key := random(t, size)
	wrapped, content := s.wrap(t, key), s.encrypt(t, key, plaintext)
	if s.spoil != nil {
		wrapped, content = s.spoil(wrapped, content)
	}
	return s.write(wrapped, content)
}

func random(t testing.TB, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return b
}

func (s sealer) wrap(t testing.TB, key []byte) []byte {
	t.Helper()
	public := &s.to.private.PublicKey
	if s.transport == algRSA15 {
		return random(t, public.Size()) // nobody is to look at it
	}
	hashes := map[string]crypto.Hash{"": crypto.SHA1, digestSHA1: crypto.SHA1, digestSHA256: crypto.SHA256, maskSHA1: crypto.SHA1, maskSHA256: crypto.SHA256, digestSHA512: crypto.SHA512}
	wrapped, err := rsa.EncryptOAEPWithOptions(rand.Reader, public, key, &rsa.OAEPOptions{Hash: hashes[s.digest], MGFHash: hashes[s.mask]})
	if err != nil {
		t.Fatal(err)
	}
	return wrapped
}

func (s sealer) encrypt(t testing.TB, key []byte, plaintext string) []byte {
	t.Helper()
	if s.keyBytes != 0 && s.keyBytes != 16 && s.keyBytes != 24 && s.keyBytes != 32 {
		return random(t, 64)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	if s.content == algAES256CBC {
		padded := []byte(plaintext + strings.Repeat("\x00", 15-len(plaintext)%16) + string(rune(16-len(plaintext)%16)))
		iv := random(t, 16)
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(padded, padded)
		return append(iv, padded...)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	nonce := random(t, gcm.NonceSize())
	return gcm.Seal(nonce, nonce, []byte(plaintext), nil)
}

// write writes the shape of Microsoft Entra ID, or with beside that of Okta.
func (s sealer) write(wrapped, content []byte) string {
	method := `<e:EncryptionMethod Algorithm="` + s.transport + `">`
	if s.digest != "" {
		method += `<ds:DigestMethod Algorithm="` + s.digest + `"/>`
	}
	if s.mask != "" {
		method += `<x:MGF xmlns:x="` + nsEncryption11 + `" Algorithm="` + s.mask + `"/>`
	}
	value := func(data []byte) string {
		text, lines := base64.StdEncoding.EncodeToString(data), ""
		for len(text) > 76 {
			lines, text = lines+text[:76]+"\n", text[76:]
		}
		return `<e:CipherData><e:CipherValue>` + lines + text + `</e:CipherValue></e:CipherData>`
	}
	key := func(behind string) string {
		return `<e:EncryptedKey Id="_ek"` + ` Recipient="` + ourEntityID + `">` + method + `</e:EncryptionMethod>` +
			`<ds:KeyInfo><o:SecurityTokenReference xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"><ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>CN=Rollcall SAML encryption</ds:X509IssuerName><ds:X509SerialNumber>1</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data></o:SecurityTokenReference></ds:KeyInfo>` +
			value(wrapped) + behind + `</e:EncryptedKey>`
	}
	inside, beside := key(""), ""
	if s.beside {
		inside = `<ds:RetrievalMethod Type="` + typeKey + `" URI="#_ek"/>`
		beside = key(`<e:ReferenceList><e:DataReference URI="#_ed"/></e:ReferenceList>`)
	}
	name, declaration := "EncryptedAssertion", "xmlns"
	if s.prefix != "" {
		name, declaration = s.prefix+":"+name, declaration+":"+s.prefix
	}
	return `<` + name + ` ` + declaration + `="` + nsAssertion + `" xmlns:e="` + nsEncryption + `" xmlns:ds="` + nsSignature + `"><e:EncryptedData Id="_ed" Type="` + typeElement + `">` +
		`<e:EncryptionMethod Algorithm="` + s.content + `"/><ds:KeyInfo>` + inside + `</ds:KeyInfo>` + value(content) + `</e:EncryptedData>` + beside + `</` + name + `>`
}

// sealAssertion encrypts the assertion of a response. Its text is taken as it stands: a
// prefix that only the Response declares stays undeclared, as Apache's XML Security writes it.
func (s sealer) sealAssertion(t testing.TB, response string) string {
	t.Helper()
	doc := parseXML(t, response)
	assertion := assertionOf(doc)
	alone := etree.NewDocument()
	alone.SetRoot(assertion.Copy())
	s.prefix = assertion.Space
	put(t, doc, assertion, s.seal(t, writeXML(t, alone)))
	return writeXML(t, doc)
}

// put replaces an element by another one.
func put(t testing.TB, doc *etree.Document, old *etree.Element, with string) {
	t.Helper()
	old.Parent().InsertChildAt(old.Index(), parseXML(t, with).Root())
	old.Parent().RemoveChild(old)
}

// sealed signs and encrypts: which tells whether the assertion is signed before that, the
// response afterwards, or both.
func (p idp) sealed(t testing.TB, s sealer, response string, which parts) string {
	t.Helper()
	return p.sign(t, s.sealAssertion(t, p.sign(t, response, which&signAssertion)), which&signResponse)
}

// keycloakResponse has the shape of Keycloak: the prefix of the assertion's namespace is
// declared by the Response alone.
func keycloakResponse() string {
	return `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" Destination="` + ourACS + `" ID="ID_5d1b1e7c-0000-4000-8000-000000000001" InResponseTo="` + requestID + `" IssueInstant="` + at(0) + `" Version="2.0">` +
		`<saml:Issuer>` + idpEntityID + `</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>` +
		`<saml:Assertion ID="ID_5d1b1e7c-0000-4000-8000-000000000002" IssueInstant="` + at(0) + `" Version="2.0"><saml:Issuer>` + idpEntityID + `</saml:Issuer>` +
		`<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">alice@example.com</saml:NameID>` +
		`<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData InResponseTo="` + requestID + `" NotOnOrAfter="` + at(5*time.Minute) + `" Recipient="` + ourACS + `"/></saml:SubjectConfirmation></saml:Subject>` +
		`<saml:Conditions NotBefore="` + at(-2*time.Minute) + `" NotOnOrAfter="` + at(5*time.Minute) + `"><saml:AudienceRestriction><saml:Audience>` + ourEntityID + `</saml:Audience></saml:AudienceRestriction></saml:Conditions>` +
		`<saml:AuthnStatement AuthnInstant="` + at(0) + `" SessionIndex="f3a1::9b" SessionNotOnOrAfter="` + at(100*time.Minute) + `"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>` +
		`<saml:AttributeStatement><saml:Attribute FriendlyName="email" Name="email" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic"><saml:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">alice@example.com</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>` +
		`</saml:Assertion></samlp:Response>`
}
