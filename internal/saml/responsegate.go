package saml

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mattermost/xml-roundtrip-validator"

	"github.com/rollcall/rollcall/internal/iam"
)

// MaxResponseBytes bounds a response after base64. One with 150 groups in it is some
// 20 KiB.
const MaxResponseBytes = 256 << 10

// encodedBytes leaves room for the line breaks that some identity providers put into base64.
func encodedBytes(most int) int { return most/3*4 + most/16 }

var responseLimits = limits{bytes: MaxResponseBytes, depth: 32, elements: 2_000, attributes: 64}

// maxPrefixes bounds the namespace prefixes that are declared at one place, because
// canonicalization copies them for each element below.
const maxPrefixes = 64

// What the gate calls the documents that it reads.
const (
	aResponse  = "response"
	aPlaintext = "decrypted assertion"
	aLogout    = "logout message"
)

func decodeResponse(text string) ([]byte, error) {
	return decodePosted(text, aResponse, MaxResponseBytes)
}

// decodePosted undoes the base64 of the HTTP-POST binding. What is too large is refused by
// its length alone.
func decodePosted(text, what string, most int) ([]byte, error) {
	if len(text) > encodedBytes(most) {
		return nil, refused(CauseSize, "the %s is larger than %d KiB", what, most>>10)
	}
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, refused(CauseEncoding, "the %s is not base64", what)
	}
	return checkText(data, what, most)
}

// checkText takes the byte order mark off and refuses what is not text.
func checkText(data []byte, what string, most int) ([]byte, error) {
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))
	switch {
	case len(data) > most:
		return nil, refused(CauseSize, "the %s is larger than %d KiB", what, most>>10)
	case len(data) == 0:
		return nil, refused(CauseEncoding, "the %s is empty", what)
	case !utf8.Valid(data):
		return nil, refused(CauseEncoding, "the %s is not UTF-8 text", what)
	}
	return data, nil
}

// gateResponse is the gate for a response.
func gateResponse(data []byte) error { return gateMessage(data, aResponse) }

// gateMessage is the gate for a whole message.
func gateMessage(data []byte, what string) error {
	return (&responseGate{what: what, most: responseLimits}).read(data)
}

// gateFragment is the gate for an element that was taken out of a document: the prefixes
// that are declared round its place count as declared, and an XML declaration does not
// belong to it.
func gateFragment(data []byte, declared []string) error {
	return (&responseGate{what: aPlaintext, most: responseLimits, declared: declared, fragment: true}).read(data)
}

// read reads a document once, raw token by raw token, and refuses whatever two
// readers of XML could take differently, and sizes that make one work for an attacker:
// what is not UTF-8, DOCTYPE and entities, processing instructions, comments, CDATA,
// more than one root, anything behind it, attributes given twice, prefixes that are
// undeclared, emptied or reserved, and tokens that do not survive being written and read
// again. It runs before any library sees the document (S34, S36, S37).
func (g *responseGate) read(data []byte) error {
	decoder := xml.NewDecoder(bytes.NewReader(data))
	for {
		start := decoder.InputOffset()
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return g.notXML(err)
		}
		if start == 0 && !g.fragment && isDeclaration(token) {
			continue
		}
		if err := g.step(token, data[start:]); err != nil {
			return err
		}
	}
	if g.elements == 0 || len(g.open) > 0 {
		return refused(CauseXML, "the %s is cut off: not all of its elements end", g.what)
	}
	if err := validator.Validate(bytes.NewReader(data)); err != nil {
		return refused(CauseXML, "the %s holds XML that reads differently when it is written again", g.what)
	}
	return nil
}

// notXML passes on the line only: the text of the error may quote the response.
func (g *responseGate) notXML(err error) error {
	var syntax *xml.SyntaxError
	switch {
	case errors.As(err, &syntax) && strings.Contains(syntax.Msg, "character entity"):
		return refused(CauseXML, "line %d of the %s uses an entity other than XML's own five", syntax.Line, g.what)
	case errors.As(err, &syntax):
		return refused(CauseXML, "line %d of the %s is not well-formed XML", syntax.Line, g.what)
	}
	return refused(CauseXML, "the %s is not XML 1.0 in UTF-8", g.what)
}

type responseGate struct {
	what     string // how errors call the document
	most     limits
	declared []string // prefixes that count as declared
	fragment bool
	elements int
	open     []openElement
}

// openElement is an element whose end has not come yet.
type openElement struct {
	name     xml.Name // Space is the prefix
	declares []string // prefixes; "" is the default namespace
}

func (g *responseGate) step(token xml.Token, rest []byte) error {
	switch t := token.(type) {
	case xml.StartElement:
		return g.start(t)
	case xml.EndElement:
		if len(g.open) == 0 || g.open[len(g.open)-1].name != t.Name {
			return refused(CauseXML, "the element %q ends where it did not begin", iam.Clip(t.Name.Local))
		}
		g.open = g.open[:len(g.open)-1]
	case xml.CharData:
		switch {
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			return refused(CauseXML, "the %s holds a CDATA section, which SAML never needs", g.what)
		case len(g.open) == 0 && len(bytes.Trim(t, " \t\r\n")) > 0:
			return refused(CauseXML, "there is text outside the root element of the %s", g.what)
		}
	case xml.Comment:
		return refused(CauseXML, "the %s holds a comment, which SAML never needs", g.what)
	case xml.Directive:
		return refused(CauseXML, "the %s holds a DOCTYPE or another directive, which SAML never needs", g.what)
	case xml.ProcInst:
		return refused(CauseXML, "the %s holds the processing instruction %q, which SAML never needs", g.what, iam.Clip(t.Target))
	}
	return nil
}

// isDeclaration: encoding/xml has refused another version than 1.0 and another encoding
// than UTF-8 in it.
func isDeclaration(token xml.Token) bool {
	t, ok := token.(xml.ProcInst)
	return ok && t.Target == "xml"
}

func (g *responseGate) start(e xml.StartElement) error {
	g.elements++
	switch {
	case g.elements > 1 && len(g.open) == 0:
		return refused(CauseXML, "the %s has more than one root element", g.what)
	case len(g.open) >= g.most.depth:
		return refused(CauseSize, "the elements of the %s are nested more than %d deep", g.what, g.most.depth)
	case g.elements > g.most.elements:
		return refused(CauseSize, "the %s holds more than %d elements", g.what, g.most.elements)
	case len(e.Attr) > g.most.attributes:
		return refused(CauseSize, "an element of the %s has more than %d attributes", g.what, g.most.attributes)
	}
	element := openElement{name: e.Name}
	for i, a := range e.Attr {
		// Prefixes do not make two: ID and x:ID on one element are a trap for whoever looks
		// one of them up.
		if slices.ContainsFunc(e.Attr[:i], func(b xml.Attr) bool { return a.Name.Local == b.Name.Local }) {
			return refused(CauseXML, "the element %q has the attribute %q twice", iam.Clip(e.Name.Local), iam.Clip(a.Name.Local))
		}
		prefix, declares := declaredPrefix(a.Name)
		switch {
		case !declares:
			continue
		case a.Value == "":
			return refused(CauseXML, "the element %q empties a namespace prefix", iam.Clip(e.Name.Local))
		case prefix == "xml", prefix == "xmlns", a.Value == nsXML, a.Value == nsXMLNS:
			return refused(CauseXML, "the element %q declares a reserved namespace prefix", iam.Clip(e.Name.Local))
		}
		element.declares = append(element.declares, prefix)
	}
	g.open = append(g.open, element)
	return g.checkPrefixes(e)
}

// Namespaces that the prefixes xml and xmlns stand for, and no other may (Namespaces in
// XML 1.0, section 3).
const (
	nsXML   = "http://www.w3.org/XML/1998/namespace"
	nsXMLNS = "http://www.w3.org/2000/xmlns/"
)

func declaredPrefix(name xml.Name) (string, bool) {
	switch {
	case name.Space == "xmlns":
		return name.Local, true
	case name.Space == "" && name.Local == "xmlns":
		return "", true
	}
	return "", false
}

// checkPrefixes wants each prefix declared: encoding/xml would take an undeclared one
// for the namespace itself.
func (g *responseGate) checkPrefixes(e xml.StartElement) error {
	declared := len(g.declared)
	for _, o := range g.open {
		declared += len(o.declares)
	}
	if declared > maxPrefixes {
		return refused(CauseSize, "the %s declares more than %d namespace prefixes at one place", g.what, maxPrefixes)
	}
	if err := g.checkName(e.Name); err != nil {
		return err
	}
	if e.Name.Space == "xmlns" {
		return refused(CauseXML, "the element %q has a reserved prefix", iam.Clip(e.Name.Local))
	}
	for _, a := range e.Attr {
		if err := g.checkName(a.Name); err != nil {
			return err
		}
	}
	return nil
}

func (g *responseGate) checkName(name xml.Name) error {
	if strings.Contains(name.Local, ":") {
		return refused(CauseXML, "the name %q has a colon too many", iam.Clip(name.Local))
	}
	if name.Space == "" || name.Space == "xml" || name.Space == "xmlns" {
		return nil
	}
	if slices.Contains(g.declared, name.Space) {
		return nil
	}
	for _, o := range g.open {
		if slices.Contains(o.declares, name.Space) {
			return nil
		}
	}
	return refused(CauseXML, "the namespace prefix %q is not declared", iam.Clip(name.Space))
}
