package saml

import (
	"slices"
	"strings"

	"github.com/beevik/etree"

	"github.com/rollcall/rollcall/internal/iam"
)

// maxIDBytes bounds the ID of a message: replays are found by it, so it is stored.
const maxIDBytes = 256

// document is a response whose shape is right: one Response, in it one Assertion or one
// EncryptedAssertion, the first two each with one Signature of its own or none. Nothing in
// it is verified yet.
type document struct {
	response                              *etree.Element
	assertion, encrypted                  *etree.Element // one of them is nil
	responseSignature, assertionSignature *etree.Element // nil where there is none
	ids                                   map[string]bool
}

// readDocument finds the parts of a response that has passed the gate. What it looks for
// is looked for in the whole document, because signature wrapping lives on parts that
// one reader finds and another does not: a second Assertion anywhere, a Signature that is
// not a direct child of what it signs, an ID given twice (S34).
func readDocument(data []byte) (document, error) {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(data); err != nil {
		return document{}, refused(CauseXML, "the response is not well-formed XML")
	}
	root := doc.Root()
	if root == nil || !is(root, nsProtocol, "Response") {
		return document{}, refused(CauseStructure, "the message is not a SAML 2.0 Response")
	}
	w := walk{document: document{response: root, ids: make(map[string]bool)}, home: root}
	if err := w.element(root); err != nil {
		return document{}, err
	}
	// A response that reports a failure has no Assertion; the reason is worth more than
	// its absence.
	if err := checkStatus(root); err != nil {
		return document{}, err
	}
	if w.assertion == nil && w.encrypted == nil {
		return document{}, refused(CauseStructure, "the response holds no Assertion")
	}
	if err := checkID(w.response); err != nil {
		return document{}, err
	}
	if w.assertion != nil {
		if err := checkID(w.assertion); err != nil {
			return document{}, err
		}
	}
	return w.document, nil
}

// readDecrypted finds the parts of an Assertion that was decrypted and now stands in the
// EncryptedAssertion home, by the same rules, and nothing encrypted in it. Its IDs must be
// new to the response around it.
func (d document) readDecrypted(home, assertion *etree.Element) (document, error) {
	w := walk{document: document{response: d.response, ids: d.ids}, home: home, inner: true}
	if !is(assertion, nsAssertion, "Assertion") {
		return document{}, refused(CauseStructure, "what was encrypted is not a SAML 2.0 Assertion")
	}
	if err := w.element(assertion); err != nil {
		return document{}, err
	}
	return w.document, checkID(assertion)
}

func checkID(e *etree.Element) error {
	if id := attribute(e, "ID"); !validID(id) {
		return refused(CauseStructure, "the ID %q of the %s is not an XML name of at most %d bytes", iam.Clip(id), e.Tag, maxIDBytes)
	}
	return nil
}

// noteIDs adds the IDs of an element to those seen, and refuses one that is there already:
// a signature names what it signs by its ID.
func noteIDs(e *etree.Element, seen map[string]bool) error {
	for _, a := range e.Attr {
		if !strings.EqualFold(a.Key, "ID") || a.Space == "xmlns" {
			continue
		}
		if seen[a.Value] {
			return refused(CauseStructure, "the ID %q is given twice", iam.Clip(a.Value))
		}
		seen[a.Value] = true
	}
	return nil
}

type walk struct {
	document
	home  *etree.Element // of which the Assertion must be a direct child
	inner bool           // the walk is through what was decrypted
}

func (w *walk) element(e *etree.Element) error {
	if err := noteIDs(e, w.ids); err != nil {
		return err
	}
	if err := w.place(e); err != nil {
		return err
	}
	for _, child := range e.ChildElements() {
		if err := w.element(child); err != nil {
			return err
		}
	}
	return nil
}

// place notes the elements that matter, and refuses them where they do not belong. Their
// local names alone decide what counts, so that no namespace trick hides one.
func (w *walk) place(e *etree.Element) error {
	switch e.Tag {
	case "Response":
		if e != w.response {
			return refused(CauseStructure, "there is a Response inside the Response")
		}
	case "EncryptedID", "EncryptedAttribute", "NewEncryptedID":
		return refused(CauseEncrypted, "the response holds an %s; only whole assertions are decrypted: turn the encryption of names and attributes off at the identity provider", e.Tag)
	case "EncryptedAssertion":
		switch {
		case w.inner:
			return refused(CauseStructure, "there is an EncryptedAssertion inside the encrypted Assertion")
		case w.assertion != nil || w.encrypted != nil:
			return refused(CauseStructure, "the response holds more than one Assertion")
		case e.Parent() != w.response || !is(e, nsAssertion, "EncryptedAssertion"):
			return refused(CauseStructure, "there is an EncryptedAssertion that is not a direct child of the Response")
		}
		w.encrypted = e
	case "Assertion":
		switch {
		case w.assertion != nil || w.encrypted != nil:
			return refused(CauseStructure, "the response holds more than one Assertion")
		case e.Parent() != w.home || !is(e, nsAssertion, "Assertion"):
			return refused(CauseStructure, "there is an Assertion that is not a direct child of the Response")
		}
		w.assertion = e
	case "Signature":
		return w.signature(e)
	}
	return nil
}

func (w *walk) signature(e *etree.Element) error {
	var slot **etree.Element
	switch e.Parent() {
	case w.assertion:
		slot = &w.assertionSignature
	case w.response:
		slot = &w.responseSignature
	}
	switch {
	case slot == nil || !is(e, nsSignature, "Signature"):
		return refused(CauseStructure, "there is a Signature that is a direct child of neither the Response nor the Assertion")
	case *slot != nil:
		return refused(CauseStructure, "the %s has more than one Signature", e.Parent().Tag)
	}
	*slot = e
	return nil
}

// validID tells whether s can be an ID. Namespaces in XML 1.0 section 3 allows more
// letters than ASCII; SAML messages never use them.
func validID(s string) bool {
	if s == "" || len(s) > maxIDBytes {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !letter && (i == 0 || !('0' <= c && c <= '9') && c != '-' && c != '.') {
			return false
		}
	}
	return true
}

func is(e *etree.Element, space, tag string) bool {
	return e.Tag == tag && e.NamespaceURI() == space
}

// attribute returns the value of an attribute without prefix; "" when there is none.
func attribute(e *etree.Element, name string) string {
	i := slices.IndexFunc(e.Attr, func(a etree.Attr) bool { return a.Space == "" && a.Key == name })
	if i < 0 {
		return ""
	}
	return e.Attr[i].Value
}

func has(e *etree.Element, name string) bool {
	return slices.ContainsFunc(e.Attr, func(a etree.Attr) bool { return a.Space == "" && a.Key == name })
}

// children returns the direct children of that name.
func children(e *etree.Element, space, tag string) []*etree.Element {
	var all []*etree.Element
	for _, child := range e.ChildElements() {
		if is(child, space, tag) {
			all = append(all, child)
		}
	}
	return all
}

// child returns the one direct child of that name, nil when there is none. More than one
// is refused, because the schema allows one and readers would differ in which they take.
func child(e *etree.Element, space, tag string) (*etree.Element, error) {
	all := children(e, space, tag)
	switch len(all) {
	case 0:
		return nil, nil
	case 1:
		return all[0], nil
	}
	return nil, refused(CauseStructure, "the %s has more than one %s", e.Tag, tag)
}

// text returns what stands in an element that holds text only, exactly: nothing is
// trimmed (D6).
func text(e *etree.Element) (string, error) {
	var b strings.Builder
	for _, token := range e.Child {
		data, ok := token.(*etree.CharData)
		if !ok {
			return "", refused(CauseStructure, "the %s holds something other than text", e.Tag)
		}
		b.WriteString(data.Data)
	}
	return b.String(), nil
}
