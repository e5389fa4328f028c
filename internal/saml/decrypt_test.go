package saml

import (
	"bytes"
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"github.com/beevik/etree"
)

// decrypting is the expectation of an organization that has an encryption key.
func (p idp) decrypting() Expectation {
	e := p.expectation()
	e.DecryptionKey = ourKeyPEM()
	return e
}

var encryptedShapes = append(shapes[:len(shapes):len(shapes)], struct {
	name     string
	response func() string
	signs    parts
}{"keycloak", keycloakResponse, signResponse})

// A signature inside, round it, or both; the key inside or beside; each algorithm that our
// metadata offers.
func TestParseResponse_encrypted(t *testing.T) {
	t.Parallel()
	p := newIDP(t, idpKey())
	for _, shape := range encryptedShapes {
		plain, err := ParseResponse(encode(p.sign(t, shape.response(), signBoth)), p.expectation())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []sealer{
			{},
			{beside: true},
			{content: algAES128GCM, transport: algOAEPMGF1SHA, digest: digestSHA1},
			{content: algAES192GCM, transport: algOAEPMGF1SHA, digest: digestSHA256},
			{content: algAES256GCM, transport: algOAEPMGF1SHA, digest: digestSHA256, mask: maskSHA1, beside: true},
			{content: algAES256GCM, transport: algOAEP},
			{content: algAES256GCM, transport: algOAEP, digest: digestSHA256, mask: maskSHA256},
			{content: algAES256GCM, transport: algOAEP, digest: digestSHA256, mask: maskSHA1},
			{content: algAES128GCM, transport: algOAEP, mask: maskSHA256, beside: true},
		} {
			for _, which := range []parts{signAssertion, signResponse, signBoth} {
				a, err := ParseResponse(encode(p.sealed(t, s, shape.response(), which)), p.decrypting())
				if err != nil || a != plain {
					t.Errorf("%s, parts %d, %+v: got %+v, %v; want %+v", shape.name, which, s, a, err, plain)
				}
			}
		}
	}
}

// What is not allowed is refused by its name: the private key of this test is none, and
// nobody finds out.
func TestParseResponse_encryptionNotAllowed(t *testing.T) {
	t.Parallel()
	p := newIDP(t, idpKey())
	e := p.expectation()
	e.DecryptionKey = []byte("no key")
	rename := func(old, with string) edit { return replace(`Algorithm="`+old+`"`, `Algorithm="`+with+`"`) }
	for _, test := range []struct {
		name   string
		sealer sealer
		edit   edit
		says   string
	}{
		{"AES-CBC", sealer{content: algAES256CBC}, nil, "xmlenc#aes256-cbc"},
		{"3DES", sealer{}, rename(algAES256GCM, nsEncryption+"tripledes-cbc"), "tripledes-cbc"},
		{"content without algorithm", sealer{}, replace(` Algorithm="`+algAES256GCM+`"`, ""), `with ""`},
		{"RSA 1.5", sealer{transport: algRSA15}, nil, "xmlenc#rsa-1_5"},
		{"RSA 1.5 with AES-CBC", sealer{content: algAES256CBC, transport: algRSA15}, nil, "aes256-cbc"},
		{"key wrap", sealer{}, rename(algOAEPMGF1SHA, nsEncryption+"kw-aes256"), "kw-aes256"},
		{"the content's algorithm for the key", sealer{}, rename(algOAEPMGF1SHA, algAES256GCM), "the key of the assertion"},
		{"OAEP with SHA-512", sealer{transport: algOAEP, digest: digestSHA512}, nil, "sha512"},
		{"OAEP with MD5", sealer{digest: digestSHA1}, rename(digestSHA1, "http://www.w3.org/2001/04/xmldsig-more#md5"), "md5"},
		{"OAEP with an unknown mask", sealer{transport: algOAEP, mask: maskSHA1}, rename(maskSHA1, nsEncryption11+"mgf1sha512"), "mgf1sha512"},
		{"mgf1p with another mask", sealer{mask: maskSHA256}, nil, "mgf1sha256"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text := test.sealer.sealAssertion(t, p.sign(t, entraResponse(), signAssertion))
			if test.edit != nil {
				text = test.edit(t, text)
			}
			for _, which := range []parts{0, signResponse} {
				a, err := ParseResponse(encode(p.sign(t, text, which)), e)
				wantRefusal(t, a, err, CauseAlgorithm)
				if !strings.Contains(err.Error(), test.says) {
					t.Errorf("%v does not name %q", err, test.says)
				}
			}
		})
	}
}

// Whatever goes wrong with the private key in use is refused in the same words.
func TestParseResponse_decryptionFailures(t *testing.T) {
	t.Parallel()
	p := newIDP(t, idpKey())
	other, err := NewEncryptionKey(rand.Reader, now)
	if err != nil {
		t.Fatal(err)
	}
	flip := func(data []byte, at int) []byte {
		data = bytes.Clone(data)
		data[(at+len(data))%len(data)] ^= 1
		return data
	}
	details := map[string]bool{}
	for name, s := range map[string]sealer{
		"another key":           {to: other},
		"tag":                   {spoil: func(w, c []byte) ([]byte, []byte) { return w, flip(c, -1) }},
		"content":               {spoil: func(w, c []byte) ([]byte, []byte) { return w, flip(c, 20) }},
		"initialization vector": {spoil: func(w, c []byte) ([]byte, []byte) { return w, flip(c, 0) }},
		"tag cut off":           {spoil: func(w, c []byte) ([]byte, []byte) { return w, c[:len(c)-16] }},
		"shorter than a tag":    {spoil: func(w, c []byte) ([]byte, []byte) { return w, c[:20] }},
		"shorter than a vector": {spoil: func(w, c []byte) ([]byte, []byte) { return w, c[:5] }},
		"no content":            {spoil: func(w, _ []byte) ([]byte, []byte) { return w, nil }},
		"key":                   {spoil: func(w, c []byte) ([]byte, []byte) { return flip(w, 100), c }},
		"key cut off":           {spoil: func(w, c []byte) ([]byte, []byte) { return w[:255], c }},
		"no key":                {spoil: func(_, c []byte) ([]byte, []byte) { return nil, c }},
		"key too large":         {spoil: func(w, c []byte) ([]byte, []byte) { return append([]byte{0}, w...), c }},
		"key of 16 bytes":       {keyBytes: 16},
		"key of 20 bytes":       {keyBytes: 20},
		"key of 64 bytes":       {keyBytes: 64},
		"empty key of zeros":    {spoil: func(_, c []byte) ([]byte, []byte) { return make([]byte, 256), c }},
	} {
		for _, which := range []parts{signAssertion, signResponse} {
			a, err := ParseResponse(encode(p.sealed(t, s, entraResponse(), which)), p.decrypting())
			t.Log(name)
			wantRefusal(t, a, err, CauseDecryption)
			var r *Refusal
			if errors.As(err, &r) {
				details[r.Detail] = true
			}
		}
	}
	// Base64 and algorithms that are allowed but not the ones that were used.
	sealedText := p.sealed(t, sealer{digest: digestSHA1}, entraResponse(), signAssertion)
	for _, e := range []edit{
		replace("<e:CipherValue>", "<e:CipherValue>*"),
		replace("<e:CipherValue>", "<e:CipherValue>A"),
		replace("<e:CipherValue>", "<e:CipherValue><x/>"),
		replace(`Algorithm="`+digestSHA1+`"`, `Algorithm="`+digestSHA256+`"`),
		replace(algAES256GCM, algAES128GCM),
	} {
		a, err := ParseResponse(encode(e(t, sealedText)), p.decrypting())
		wantRefusal(t, a, err, CauseDecryption)
		var r *Refusal
		if errors.As(err, &r) {
			details[r.Detail] = true
		}
	}
	if len(details) != 1 {
		t.Errorf("the refusals differ: %v", details)
	}
}

// Wrapping with encryption: whatever is moved, nobody but alice signs in, and she only by
// what was signed. The attacker knows our certificate and so encrypts what he likes.
func TestParseResponse_encryptedAttacks(t *testing.T) {
	t.Parallel()
	p, attacker := newIDP(t, idpKey()), newIDP(t, foreignKey())
	assertionIn := func(response string) string {
		doc, alone := parseXML(t, response), etree.NewDocument()
		alone.SetRoot(assertionOf(doc).Copy())
		return writeXML(t, alone)
	}
	swap := func(response, sealedText string) string {
		doc := parseXML(t, response)
		put(t, doc, doc.Root().SelectElement("EncryptedAssertion"), sealedText)
		return writeXML(t, doc)
	}
	var (
		evil         = replace("Alice@Example.com", mallory)(t, replace("alice@example.com", mallory)(t, entraResponse()))
		evilUnsigned = assertionIn(evil)
		evilForeign  = assertionIn(attacker.sign(t, evil, signAssertion))
		alices       = assertionIn(p.sign(t, entraResponse(), signAssertion))
		inside       = p.sealed(t, sealer{}, entraResponse(), signAssertion)
		around       = p.sealed(t, sealer{}, entraResponse(), signResponse)
		second       = strings.NewReplacer("_ek", "_ek2", "_ed", "_ed2").Replace
		sealed       = func(plaintext string) string { return sealer{}.seal(t, plaintext) }
	)
	for _, test := range []struct {
		name, response, cause string
	}{
		{"nothing signed", sealer{}.sealAssertion(t, entraResponse()), CauseUnsigned},
		{"evil assertion, nothing signed", swap(inside, sealed(evilUnsigned)), CauseUnsigned},
		{"evil assertion in the response that was signed", swap(around, sealed(evilUnsigned)), CauseSignature},
		{"alice's own in it, encrypted anew", swap(around, sealed(assertionIn(entraResponse()))), CauseSignature},
		{"evil assertion signed by the attacker", swap(inside, sealed(evilForeign)), CauseSignature},
		{"evil assertion with alice's Signature", swap(inside, sealed(replace("Alice@Example.com", mallory)(t, alices))), CauseSignature},
		{"plain evil assertion beside it", replace("<EncryptedAssertion", evilUnsigned+"<EncryptedAssertion")(t, inside), CauseStructure},
		{"plain evil assertion behind it", replace("</EncryptedAssertion>", "</EncryptedAssertion>"+evilUnsigned)(t, inside), CauseStructure},
		{"plain signed assertion beside an evil encrypted one", replace("</samlp:Response>", sealed(evilUnsigned)+"</samlp:Response>")(t, p.sign(t, entraResponse(), signAssertion)), CauseStructure},
		{"two of them", replace("</samlp:Response>", second(sealed(evilUnsigned))+"</samlp:Response>")(t, inside), CauseStructure},
		{"one inside the other", swap(inside, replace("<e:EncryptedData", second(sealed(evilUnsigned))+"<e:EncryptedData")(t, sealed(alices))), CauseStructure},
		{"inside Extensions", swap(inside, `<samlp:Extensions xmlns:samlp="`+nsProtocol+`">`+sealed(alices)+`</samlp:Extensions>`), CauseStructure},
		{"in another namespace", replace(`<EncryptedAssertion xmlns="`+nsAssertion+`"`, `<EncryptedAssertion xmlns="urn:evil"`)(t, inside), CauseStructure},
		{"signature on the EncryptedAssertion", func() string {
			doc := parseXML(t, swap(inside, sealed(evilUnsigned)))
			e := doc.Root().SelectElement("EncryptedAssertion")
			e.CreateAttr("ID", "_ea")
			p.signElement(t, e)
			return writeXML(t, doc)
		}(), CauseStructure},
		{"two EncryptedKeys", replace("</e:EncryptedData>", "</e:EncryptedData>"+second(between(t, sealed(alices), "<e:EncryptedKey", "</e:EncryptedKey>")))(t, inside), CauseStructure},
		{"no EncryptedKey", cut("<e:EncryptedKey", "</e:EncryptedKey>")(t, inside), CauseStructure},
		{"key inside the key", replace("<o:SecurityTokenReference", second(between(t, sealed(alices), "<e:EncryptedKey", "</e:EncryptedKey>"))+"<o:SecurityTokenReference")(t, inside), CauseStructure},
		{"CipherReference", both(replace("<e:CipherValue>", `<e:CipherReference URI="https://evil.example/"/><e:CipherValue>`))(t, inside), CauseStructure},
		{"key elsewhere", replace("#_ek", "https://evil.example/")(t, p.sealed(t, sealer{beside: true}, entraResponse(), signAssertion)), CauseStructure},
		{"content type", replace(typeElement, nsEncryption+"Content")(t, inside), CauseEncrypted},
		{"label of OAEP", replace(`rsa-oaep-mgf1p"/>`, `rsa-oaep-mgf1p"><e:OAEPparams>AA==</e:OAEPparams></e:EncryptionMethod>`)(t, inside), CauseStructure},
		{"properties", replace("</e:EncryptedData>", "<e:EncryptionProperties/></e:EncryptedData>")(t, inside), CauseStructure},
		{"ID of the key given twice", replace(`Id="_ed"`, `Id="_ek"`)(t, inside), CauseStructure},

		{"nested: encrypted twice", swap(inside, sealed(sealer{}.seal(t, alices))), CauseStructure},
		{"an EncryptedAssertion in the Advice of the assertion", p.sealed(t, sealer{}, replace("<AttributeStatement>", "<Advice>"+second(sealed(evilUnsigned))+"</Advice><AttributeStatement>")(t, entraResponse()), signAssertion), CauseStructure},
		{"EncryptedID inside", p.sealed(t, sealer{}, replace("</NameID>", "</NameID><EncryptedID/>")(t, entraResponse()), signAssertion), CauseEncrypted},
		{"EncryptedID instead of the NameID", p.sign(t, replace("<NameID", "<EncryptedID/><NameID")(t, entraResponse()), signAssertion), CauseEncrypted},
		{"EncryptedAttribute inside", p.sealed(t, sealer{}, replace("<AttributeStatement>", "<AttributeStatement><EncryptedAttribute/>")(t, entraResponse()), signAssertion), CauseEncrypted},
		{"a whole response inside", swap(inside, sealed(p.sign(t, entraResponse(), signBoth))), CauseStructure},
		{"an assertion inside the assertion", swap(inside, sealed(replace("</Assertion>", evilUnsigned+"</Assertion>")(t, alices))), CauseStructure},
		{"evil assertion around alice's", swap(inside, sealed(replace("</Assertion>", alices+"</Assertion>")(t, evilUnsigned))), CauseStructure},
		{"two assertions inside", swap(inside, sealed(alices+evilUnsigned)), CauseXML},
		{"text behind it", swap(inside, sealed(alices+"x")), CauseXML},
		{"text alone", swap(inside, sealed("alice")), CauseXML},
		{"nothing inside", swap(inside, sealed("")), CauseEncoding},
		{"DOCTYPE inside", swap(inside, sealed("<!DOCTYPE x>"+alices)), CauseXML},
		{"entity inside", swap(inside, sealed(replace("Alice@", "&a;@")(t, alices))), CauseXML},
		{"declaration inside", swap(inside, sealed(`<?xml version="1.0"?>`+alices)), CauseXML},
		{"comment inside", swap(inside, sealed(replace("Alice@", "Alice<!-- -->@")(t, alices))), CauseXML},
		{"CDATA inside", swap(inside, sealed(replace("Alice@", "<![CDATA[Alice]]>@")(t, alices))), CauseXML},
		{"ends the element round it", swap(inside, sealed(alices+"</EncryptedAssertion>"+evilUnsigned+"<EncryptedAssertion>")), CauseXML},
		{"undeclared prefix inside", swap(inside, sealed(replace("<Subject>", "<Subject><y:z/>")(t, alices))), CauseXML},
		{"invalid UTF-8 inside", swap(inside, sealed(replace("Alice@", "Alic\xFF@")(t, alices))), CauseEncoding},
		{"deep inside", swap(inside, sealed(strings.Repeat("<a>", 40)+strings.Repeat("</a>", 40))), CauseSize},
		{"many elements inside", swap(inside, sealed("<a>"+strings.Repeat("<b/>", 2_000)+"</a>")), CauseSize},
		{"an ID of the response inside", swap(inside, sealed(replace("<Subject>", `<Subject ID="_8e8dc5f6-0000-4000-8000-000000000001">`)(t, alices))), CauseStructure},
		{"the ID of the response as the assertion's", swap(around, sealed(replaceAll("_8e8dc5f6-0000-4000-8000-000000000002", "_8e8dc5f6-0000-4000-8000-000000000001")(t, evilUnsigned))), CauseSignature},
		{"the response's Signature inside too", swap(inside, sealed(replace("<Subject>", between(t, around, "<ds:Signature ", "</ds:Signature>")+"<Subject>")(t, evilUnsigned))), CauseStructure},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a, err := ParseResponse(encode(test.response), p.decrypting())
			wantRefusal(t, a, err, test.cause)
		})
	}
}

// between cuts out of a text from one mark to the end of another.
func between(t testing.TB, text, from, to string) string {
	t.Helper()
	begin := strings.Index(text, from)
	end := strings.Index(text[max(begin, 0):], to)
	if begin < 0 || end < 0 {
		t.Fatalf("the document does not hold %q … %q", from, to)
	}
	return text[begin : begin+end+len(to)]
}

// The namespaces round the place count for what is put there, so what they are decides
// what is inside. With a signed Response only those that it covers are left.
func TestParseResponse_encryptedNamespaces(t *testing.T) {
	t.Parallel()
	p := newIDP(t, idpKey())
	around := p.sealed(t, sealer{}, keycloakResponse(), signResponse)
	rebound := replace(`xmlns:saml="`+nsAssertion+`"`, `xmlns:saml="urn:evil"`)
	a, err := ParseResponse(encode(rebound(t, around)), p.decrypting())
	wantRefusal(t, a, err, CauseSignature)
	inside := p.sealed(t, sealer{}, keycloakResponse(), signAssertion)
	a, err = ParseResponse(encode(rebound(t, inside)), p.decrypting())
	wantRefusal(t, a, err, CauseIssuer) // the Response has none any more

	// A prefix that was declared but used by nothing visible is covered by no signature.
	hidden := replaceAll("saml:Name", "n:Name")(t, keycloakResponse())
	hidden = replace("<samlp:Response ", `<samlp:Response xmlns:n="`+nsAssertion+`" `)(t, hidden)
	a, err = ParseResponse(encode(p.sealed(t, sealer{}, hidden, signResponse)), p.decrypting())
	wantRefusal(t, a, err, CauseXML)
}

func TestParseResponse_noDecryptionKey(t *testing.T) {
	t.Parallel()
	p := newIDP(t, idpKey())
	text := encode(p.sealed(t, sealer{}, entraResponse(), signAssertion))
	a, err := ParseResponse(text, p.expectation())
	wantRefusal(t, a, err, CauseEncrypted)
	e := p.decrypting()
	e.DecryptionKey = []byte("damaged")
	a, err = ParseResponse(text, e)
	wantRefusal(t, a, err, CauseInternal)
	// The connection's certificates come first (S33).
	e = p.decrypting()
	e.IDP.Certificates = nil
	a, err = ParseResponse(text, e)
	wantRefusal(t, a, err, CauseCertificate)
}

func TestEncryptionKey(t *testing.T) {
	t.Parallel()
	key := ourKey()
	again, err := ParseEncryptionKey(ourKeyPEM())
	if err != nil || !again.private.Equal(key.private) || again.Certificate().SHA256 != key.Certificate().SHA256 {
		t.Fatalf("got %v", err)
	}
	c := mustParseCertificate(t, key.Certificate().DER)
	if err := c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature); err != nil || c.SerialNumber.Sign() <= 0 {
		t.Errorf("serial %s, %v", c.SerialNumber, err)
	}
	if !key.Certificate().ValidAt(now) || !key.Certificate().ValidAt(now.AddDate(9, 0, 0)) {
		t.Errorf("valid from %s to %s", c.NotBefore, c.NotAfter)
	}
	ecdsaPEM, err := newP256SPKey(t).PEM()
	if err != nil {
		t.Fatal(err)
	}
	private, _, _ := strings.Cut(string(ourKeyPEM()), "-----BEGIN CERTIFICATE")
	signing, err := newSPKey(t).PEM()
	if err != nil {
		t.Fatal(err)
	}
	_, certificate, _ := strings.Cut(string(signing), "-----BEGIN CERTIFICATE")
	for name, text := range map[string]string{
		"empty": "", "no PEM": "secret", "ECDSA": string(ecdsaPEM), "key alone": private,
		"certificate of another": private + "-----BEGIN CERTIFICATE" + certificate,
	} {
		if _, err := ParseEncryptionKey([]byte(text)); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NewEncryptionKey(strings.NewReader(""), now); err == nil {
		t.Error("made a key without randomness")
	}
}
