package saml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/rollcall/rollcall/internal/iam"
)

// limits bound one XML document. Real metadata is far below each of them; beyond
// them lies only what makes a parser work for an attacker (S37).
type limits struct {
	bytes      int
	depth      int
	elements   int
	attributes int // of one element, namespace declarations included
}

// gate reads data once, token by token, and refuses what a SAML document never
// needs: another encoding than UTF-8, a DOCTYPE and so any entity of its own,
// processing instructions, a second root, trailing text, repeated attributes, and
// sizes beyond the limits. It returns the document without its byte order mark and
// the name of the root element.
//
// SAML 2.0 core section 1.3.4 and XML 1.0 leave all of it open; encoding/xml by
// itself accepts a DOCTYPE, repeated attributes and several roots.
func gate(data []byte, most limits) ([]byte, xml.Name, error) {
	if len(data) > most.bytes {
		return nil, xml.Name{}, refuse("it is larger than %d KiB", most.bytes>>10)
	}
	data, err := checkEncoding(data)
	if err != nil {
		return nil, xml.Name{}, err
	}
	g := gateState{most: most}
	decoder := xml.NewDecoder(bytes.NewReader(data))
	for {
		start := decoder.InputOffset()
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, xml.Name{}, notXML(err, g.elements)
		}
		if err := g.step(token, start); err != nil {
			return nil, xml.Name{}, err
		}
	}
	if g.elements == 0 {
		return nil, xml.Name{}, refuse("it holds no XML element")
	}
	return data, g.root, nil
}

// checkEncoding accepts UTF-8 with or without a byte order mark: files saved from
// the Microsoft Entra portal begin with one.
func checkEncoding(data []byte) ([]byte, error) {
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return nil, refuse("it is empty")
	case bytes.HasPrefix(data, []byte("\xFE\xFF")), bytes.HasPrefix(data, []byte("\xFF\xFE")):
		return nil, refuse("it is UTF-16 text; save it as UTF-8")
	case !utf8.Valid(data):
		return nil, refuse("it is not UTF-8 text")
	}
	return data, nil
}

// notXML explains a token that encoding/xml could not read. Its own text may quote
// the document, so only the line is passed on.
func notXML(err error, elements int) error {
	var syntax *xml.SyntaxError
	switch {
	case errors.As(err, &syntax) && strings.Contains(syntax.Msg, "character entity"):
		return refuse("line %d uses an entity other than XML's own five", syntax.Line)
	case errors.As(err, &syntax) && elements == 0:
		return refuse("it is not XML")
	case errors.As(err, &syntax):
		return refuse("line %d is not well-formed XML; the file may be cut off", syntax.Line)
	}
	return refuse("it is not XML in UTF-8")
}

type gateState struct {
	most     limits
	root     xml.Name
	depth    int
	elements int
	ended    bool // the root element has ended
}

func (g *gateState) step(token xml.Token, offset int64) error {
	switch t := token.(type) {
	case xml.StartElement:
		return g.start(t)
	case xml.EndElement:
		g.depth--
		g.ended = g.depth == 0
	case xml.CharData:
		switch {
		case g.depth > 0 || len(bytes.TrimSpace(t)) == 0:
		case g.elements == 0:
			return refuse("it is not XML")
		default:
			return refuse("there is text outside its root element")
		}
	case xml.Directive:
		return refuse("it has a DOCTYPE or another directive, which SAML never needs")
	case xml.ProcInst:
		if t.Target != "xml" || offset != 0 {
			return refuse("it holds the processing instruction %q, which SAML never needs", iam.Clip(t.Target))
		}
	}
	return nil
}

func (g *gateState) start(e xml.StartElement) error {
	g.depth++
	g.elements++
	switch {
	case g.ended:
		return refuse("it has more than one root element")
	case g.depth > g.most.depth:
		return refuse("its elements are nested more than %d deep", g.most.depth)
	case g.elements > g.most.elements:
		return refuse("it holds more than %d elements", g.most.elements)
	case len(e.Attr) > g.most.attributes:
		return refuse("an element has more than %d attributes", g.most.attributes)
	}
	for i, a := range e.Attr {
		for _, b := range e.Attr[:i] {
			if a.Name == b.Name {
				return refuse("the element %q has the attribute %q twice", iam.Clip(e.Name.Local), iam.Clip(a.Name.Local))
			}
		}
	}
	if g.elements == 1 {
		g.root = e.Name
	}
	return nil
}

// refuse makes the error of metadata that cannot be used. format continues the
// sentence "the metadata cannot be used: …".
func refuse(format string, args ...any) error {
	return iam.Errorf(iam.KindInvalid, "the metadata cannot be used: "+format, args...).On("metadata")
}
