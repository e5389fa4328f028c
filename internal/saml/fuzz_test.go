package saml

import (
	"net/url"
	"strings"
	"testing"

	"github.com/beevik/etree"
	"github.com/google/go-cmp/cmp"
)

// signedResponses are the responses of testdata with what they say, which is all that may
// ever come out of them, whatever is done to them.
type signedResponses struct {
	texts       []string
	assertions  []string // the parts of texts that are encrypted in some of them
	expectation Expectation
	people      map[Assertion]bool
}

func newSignedResponses(f *testing.F) signedResponses {
	f.Helper()
	s := signedResponses{people: make(map[Assertion]bool)}
	var certificates [][]byte
	for _, r := range foreignResponses {
		text, e := readForeign(f, r.name, r.certificate)
		a, err := ParseResponse(encode(text), e)
		if err != nil {
			f.Fatal(err)
		}
		s.texts, s.people[a], s.expectation = append(s.texts, text), true, e
		certificates = append(certificates, e.IDP.Certificates...)
		if assertion := assertionText(f, text); strings.Contains(assertion, "SignatureValue") {
			s.assertions = append(s.assertions, assertion)
			s.texts = append(s.texts, s.around(f, strings.Replace(text, assertion, "\x00", 1), assertion))
		}
	}
	s.expectation.IDP.Certificates, s.expectation.DecryptionKey = certificates, ourKeyPEM()
	decrypted := 0
	for _, text := range s.texts {
		a, err := ParseResponse(encode(text), s.expectation)
		encrypted := strings.Contains(text, "EncryptedAssertion") // which breaks the signature of the Response, if it has one
		if err != nil && !encrypted || err == nil && !s.people[a] {
			f.Fatalf("%+v, %v", a, err)
		}
		if encrypted && err == nil {
			decrypted++
		}
	}
	if decrypted == 0 {
		f.Fatal("no encrypted response is accepted")
	}
	return s
}

// assertionText is the Assertion of a response as it stands there.
func assertionText(t testing.TB, text string) string {
	t.Helper()
	for _, prefix := range []string{"", "saml2:"} {
		if strings.Contains(text, "<"+prefix+"Assertion ") {
			return between(t, text, "<"+prefix+"Assertion ", "</"+prefix+"Assertion>")
		}
	}
	t.Fatal("there is no Assertion")
	return ""
}

// around encrypts a text and puts it into a response in place of NUL.
func (signedResponses) around(t testing.TB, response, plaintext string) string {
	t.Helper()
	return strings.Replace(response, "\x00", sealer{}.seal(t, plaintext), 1)
}

// check is the property: the identity that comes out is one that was signed, or an error.
func (s signedResponses) check(t *testing.T, text string) {
	t.Helper()
	a, err := ParseResponse(encode(text), s.expectation)
	s.judge(t, text, a, err)
}

func (s signedResponses) judge(t *testing.T, text string, a Assertion, err error) {
	t.Helper()
	switch {
	case err == nil && !s.people[a]:
		t.Errorf("%+v was never signed; it came from\n%s", a, text)
	case err != nil:
		r, ok := err.(*Refusal)
		if !ok || a != (Assertion{}) || r.Cause == "" || r.Cause == CauseInternal || len(r.Detail) > 2000 {
			t.Errorf("got %+v, %v", a, err)
		}
	}
}

// FuzzParseResponse changes the bytes of signed responses.
func FuzzParseResponse(f *testing.F) {
	s := newSignedResponses(f)
	for _, text := range s.texts {
		f.Add(text)
		f.Add(strings.Replace(text, "lice@", "lice<!---->@", 1))
		f.Add(strings.Replace(text, "lice@", "lice<![CDATA[]]>@", 1))
		f.Add(strings.Replace(text, "Assertion ID=\"", "Assertion xmlns:x=\"u\" x:ID=\"_a\" ID=\"", 1))
		f.Add("<!DOCTYPE x>" + text)
		f.Add(text + text)
		f.Add(strings.ReplaceAll(text, "\n", "\r\n"))
	}
	f.Fuzz(s.check)
}

// FuzzParseResponse_encrypted changes what is encrypted, which anybody can do who has our
// certificate: also what is encrypted comes out only if it was signed.
func FuzzParseResponse_encrypted(f *testing.F) {
	s := newSignedResponses(f)
	unsigned := strings.Replace(entraResponse(), assertionText(f, entraResponse()), "\x00", 1)
	for _, text := range s.assertions {
		f.Add(text)
		f.Add(strings.Replace(text, "lice@", "lice<!---->@", 1))
		f.Add(strings.Replace(text, "Assertion ", "Assertion xmlns:e=\"u\" ", 1))
		f.Add(text + text)
		f.Add("<?xml version='1.0'?>" + text)
		f.Add(sealer{}.seal(f, text))
		f.Add("</EncryptedAssertion>" + text)
	}
	sealedText := encode(s.around(f, unsigned, ""))
	f.Fuzz(func(t *testing.T, plaintext string) {
		r := reader{Expectation: s.expectation, verify: verifyXML, decrypt: func(home *etree.Element, _ []byte) ([]byte, error) {
			_, err := readSealed(home)
			return []byte(plaintext), err // RSA by itself is slow, and slower while it is watched
		}}
		a, err := r.read(sealedText)
		s.judge(t, plaintext, a, err)
	})
}

// FuzzParseResponse_spliced moves whole elements of a signed response about, as signature
// wrapping does: a run of elements is copied to another place, and one may be renamed or
// filled. Places are counted in "<", so that most results are still XML.
func FuzzParseResponse_spliced(f *testing.F) {
	s := newSignedResponses(f)
	for which := range s.texts {
		f.Add(uint8(which), uint16(3), uint16(20), uint16(5), "alice@example.com", "mallory@example.com", false)
		f.Add(uint8(which), uint16(10), uint16(60), uint16(4), "_8e8d", "_8e8e", true)
	}
	f.Fuzz(func(t *testing.T, which uint8, from, length, to uint16, old, with string, move bool) {
		text := s.texts[int(which)%len(s.texts)]
		pieces := strings.SplitAfter(text, ">")
		begin := int(from) % len(pieces)
		end := min(begin+int(length), len(pieces))
		moved := strings.Join(pieces[begin:end], "")
		if old != "" {
			moved = strings.ReplaceAll(moved, old, with)
		}
		rest := pieces
		if move {
			rest = append(append([]string{}, pieces[:begin]...), pieces[end:]...)
		}
		at := int(to) % (len(rest) + 1)
		s.check(t, strings.Join(rest[:at], "")+moved+strings.Join(rest[at:], ""))
	})
}

// FuzzGateResponse feeds the gate alone: what passes it is XML that the tree builder reads
// as one document, with nothing in it that the gate promises to keep out.
func FuzzGateResponse(f *testing.F) {
	s := newSignedResponses(f)
	for _, text := range append(s.texts, "<a/>", "<a b='c'>&#x41;</a>", "<?xml version='1.0'?>\n<a:b xmlns:a='u'/>\n") {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		data, err := decodeResponse(encode(text))
		if err != nil || gateResponse(data) != nil {
			return
		}
		doc := parseXML(t, string(data))
		if doc.Root() == nil || strings.Contains(text, "<!") || strings.Count(text, "<?") > 1 {
			t.Errorf("passed: %q", text)
		}
	})
}

// FuzzParseLogout feeds messages of single logout by both bindings: who is signed out is
// whom the identity provider named, signed, or nobody. The key is each worker's own, so the
// changes to signed messages are what is varied, and not these.
func FuzzParseLogout(f *testing.F) {
	p := newIDP(f, p256Key())
	p.algorithm = algECDSASHA256
	e := p.logoutExpectation()
	query, posted := p.query(f, fieldRequest, logoutRequest(), "state", url.QueryEscape), p.sign(f, logoutRequest(), signResponse)
	wanted, err := ParseLogoutRequest(Incoming{Query: query}, e)
	if err != nil {
		f.Fatal(err)
	}
	wanted.RelayState = ""
	f.Add("", "", "")
	f.Add("&x=y", "", "")
	f.Add("&SAMLEncoding="+encodingDeflate, "Alice@", "Mallory@")
	f.Add("&Signature=AAAA", "<samlp:SessionIndex>", "<samlp:SessionIndex>_s2</samlp:SessionIndex><samlp:SessionIndex>")
	f.Add("&SAMLRequest=AAAA", "</samlp:LogoutRequest>", "<!-- --></samlp:LogoutRequest>")
	f.Add("&SAMLResponse=AAAA", "Alice@", "Alice<![CDATA[]]>@")
	f.Add("&RelayState=%00", "_lr1", "_lr2")
	f.Fuzz(func(t *testing.T, behind, old, with string) {
		if old == "" {
			old = "\x00" // nothing is changed
		}
		changed := strings.ReplaceAll(posted, old, with)
		for _, in := range []Incoming{
			{Query: query + behind},
			{Query: behind + "&" + query},
			{Query: behind},
			{Query: strings.ReplaceAll(query, old, with)},
			{Posted: encode(changed), RelayState: behind},
			{Posted: behind},
			{Posted: encode(with)},
		} {
			l, err := ParseLogoutRequest(in, e)
			if err == nil {
				l.RelayState = ""
				if diff := cmp.Diff(wanted, l); diff != "" {
					t.Errorf("%+v signed out somebody else: %s", in, diff)
				}
				continue
			}
			if r, ok := err.(*Refusal); !ok || r.Cause == "" || r.Cause == CauseInternal || l.ID != "" || len(r.Detail) > 2000 {
				t.Errorf("got %+v, %v", l, err)
			}
			if ParseLogoutResponse(in, e) == nil {
				t.Errorf("%+v is taken for a response", in)
			}
		}
	})
}
