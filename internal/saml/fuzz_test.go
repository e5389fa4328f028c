package saml

import (
	"strings"
	"testing"
)

// signedResponses are the responses of testdata with what they say, which is all that may
// ever come out of them, whatever is done to them.
type signedResponses struct {
	texts       []string
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
	}
	s.expectation.IDP.Certificates = certificates
	return s
}

// check is the property: the identity that comes out is one that was signed, or an error.
func (s signedResponses) check(t *testing.T, text string) {
	t.Helper()
	a, err := ParseResponse(encode(text), s.expectation)
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
