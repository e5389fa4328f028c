package saml

import (
	"strings"
	"testing"

	"github.com/beevik/etree"
)

// Signature wrapping (Somorovsky and others, "On Breaking SAML", 2012, and what was found
// since): the attacker holds a response that was signed for him or for alice, and moves
// the signed part to where a verifier finds it and a reader does not. Each attack gets the
// document and an evil copy of its assertion that names mallory.
type wrapping struct {
	name   string
	attack func(doc *etree.Document, evil *etree.Element)
	cause  string
}

func assertionOf(doc *etree.Document) *etree.Element { return doc.Root().SelectElement("Assertion") }

func signatureOf(e *etree.Element) *etree.Element { return e.SelectElement("Signature") }

// before puts e in front of another element.
func before(other, e *etree.Element) { other.Parent().InsertChildAt(other.Index(), e) }

// stripped returns a copy without its own Signature.
func stripped(e *etree.Element) *etree.Element {
	c := e.Copy()
	if s := signatureOf(c); s != nil {
		c.RemoveChild(s)
	}
	return c
}

func within(e *etree.Element, names ...string) *etree.Element {
	for _, name := range names {
		e = e.CreateElement(name)
	}
	return e
}

// wrappings of a response whose assertion is signed.
var assertionWrappings = []wrapping{
	{"XSW3: evil assertion before the signed one", func(doc *etree.Document, evil *etree.Element) {
		before(assertionOf(doc), evil)
	}, CauseStructure},
	{"evil assertion behind the signed one", func(doc *etree.Document, evil *etree.Element) {
		doc.Root().AddChild(evil)
	}, CauseStructure},
	{"XSW4: signed assertion inside the evil one", func(doc *etree.Document, evil *etree.Element) {
		signed := assertionOf(doc)
		doc.Root().RemoveChild(signed)
		evil.AddChild(signed)
		doc.Root().AddChild(evil)
	}, CauseStructure},
	{"XSW5: evil assertion with the Signature, signed one behind", func(doc *etree.Document, evil *etree.Element) {
		signed := assertionOf(doc)
		evil.InsertChildAt(1, signatureOf(signed).Copy())
		before(signed, evil)
		signed.RemoveChild(signatureOf(signed))
	}, CauseStructure},
	{"XSW6: signed assertion inside the evil one's Signature", func(doc *etree.Document, evil *etree.Element) {
		signed := assertionOf(doc)
		signature := signatureOf(signed).Copy()
		doc.Root().RemoveChild(signed)
		signature.AddChild(stripped(signed))
		evil.InsertChildAt(1, signature)
		doc.Root().AddChild(evil)
	}, CauseStructure},
	{"XSW7: evil assertion inside Extensions", func(doc *etree.Document, evil *etree.Element) {
		extensions := etree.NewElement("samlp:Extensions")
		extensions.AddChild(evil)
		before(assertionOf(doc), extensions)
	}, CauseStructure},
	{"XSW8: signed assertion inside an Object of the Signature", func(doc *etree.Document, evil *etree.Element) {
		signed := assertionOf(doc)
		signature := signatureOf(signed).Copy()
		doc.Root().RemoveChild(signed)
		within(signature, "Object").AddChild(stripped(signed))
		evil.InsertChildAt(1, signature)
		doc.Root().AddChild(evil)
	}, CauseStructure},
	{"XSW9: both with the same ID", func(doc *etree.Document, evil *etree.Element) {
		evil.CreateAttr("ID", assertionOf(doc).SelectAttrValue("ID", ""))
		before(assertionOf(doc), evil)
	}, CauseStructure},
	{"XSW10: signed assertion inside Advice", func(doc *etree.Document, evil *etree.Element) {
		signed := assertionOf(doc)
		doc.Root().RemoveChild(signed)
		within(evil, "Advice").AddChild(signed)
		doc.Root().AddChild(evil)
	}, CauseStructure},
	{"XSW11: signed assertion inside an AttributeValue", func(doc *etree.Document, evil *etree.Element) {
		signed := assertionOf(doc)
		doc.Root().RemoveChild(signed)
		within(evil, "AttributeStatement", "Attribute", "AttributeValue").AddChild(signed)
		doc.Root().AddChild(evil)
	}, CauseStructure},
	{"XSW12: signed assertion inside StatusDetail", func(doc *etree.Document, evil *etree.Element) {
		signed := assertionOf(doc)
		doc.Root().RemoveChild(signed)
		within(doc.Root().SelectElement("Status"), "samlp:StatusDetail").AddChild(signed)
		doc.Root().AddChild(evil)
	}, CauseStructure},
	{"XSW13: signed assertion inside KeyInfo", func(doc *etree.Document, evil *etree.Element) {
		signed := assertionOf(doc)
		signature := signatureOf(signed).Copy()
		doc.Root().RemoveChild(signed)
		signature.SelectElement("KeyInfo").AddChild(stripped(signed))
		evil.InsertChildAt(1, signature)
		doc.Root().AddChild(evil)
	}, CauseStructure},
	{"XSW14: evil assertion in another namespace", func(doc *etree.Document, evil *etree.Element) {
		evil.CreateAttr("xmlns", "urn:evil")
		before(assertionOf(doc), evil)
	}, CauseStructure},
	{"XSW15: two References", func(doc *etree.Document, evil *etree.Element) {
		signed := assertionOf(doc)
		signature := signatureOf(signed).Copy()
		info := signature.SelectElement("SignedInfo")
		second := info.SelectElement("Reference").Copy()
		second.CreateAttr("URI", "#"+evil.SelectAttrValue("ID", ""))
		info.InsertChildAt(info.SelectElement("Reference").Index(), second)
		evil.InsertChildAt(1, signature)
		doc.Root().RemoveChild(signed)
		doc.Root().AddChild(evil)
	}, CauseStructure},
	{"signature of the signed assertion on the evil one alone", func(doc *etree.Document, evil *etree.Element) {
		signed := assertionOf(doc)
		evil.InsertChildAt(1, signatureOf(signed).Copy())
		doc.Root().RemoveChild(signed)
		doc.Root().AddChild(evil)
	}, CauseStructure},
	{"and with its ID", func(doc *etree.Document, evil *etree.Element) {
		signed := assertionOf(doc)
		evil.CreateAttr("ID", signed.SelectAttrValue("ID", ""))
		evil.InsertChildAt(1, signatureOf(signed).Copy())
		doc.Root().RemoveChild(signed)
		doc.Root().AddChild(evil)
	}, CauseSignature},
	{"two Signatures on the evil assertion", func(doc *etree.Document, evil *etree.Element) {
		signed := assertionOf(doc)
		evil.InsertChildAt(1, signatureOf(signed).Copy())
		evil.InsertChildAt(1, signatureOf(signed).Copy())
		doc.Root().RemoveChild(signed)
		doc.Root().AddChild(evil)
	}, CauseStructure},
	{"Signature of the assertion on the response", func(doc *etree.Document, evil *etree.Element) {
		signed := assertionOf(doc)
		before(signed, signatureOf(signed).Copy())
		signed.RemoveChild(signatureOf(signed))
		signed.SelectElement("Subject").SelectElement("NameID").SetText(mallory)
	}, CauseStructure},
	{"Signature inside the Subject", func(doc *etree.Document, evil *etree.Element) {
		signed := assertionOf(doc)
		signed.SelectElement("Subject").AddChild(signatureOf(signed))
		signed.SelectElement("Subject").SelectElement("NameID").SetText(mallory)
	}, CauseStructure},
	{"Signature of another namespace beside the true one", func(doc *etree.Document, evil *etree.Element) {
		fake := within(assertionOf(doc), "Signature")
		fake.CreateAttr("xmlns", "urn:evil")
	}, CauseStructure},
	{"second SignedInfo", func(doc *etree.Document, evil *etree.Element) {
		signature := signatureOf(assertionOf(doc))
		signature.InsertChildAt(0, signature.SelectElement("SignedInfo").Copy())
	}, CauseStructure},
	{"second SignatureValue", func(doc *etree.Document, evil *etree.Element) {
		signature := signatureOf(assertionOf(doc))
		signature.AddChild(signature.SelectElement("SignatureValue").Copy())
	}, CauseStructure},
	{"second DigestValue", func(doc *etree.Document, evil *etree.Element) {
		reference := signatureOf(assertionOf(doc)).FindElement(".//Reference")
		reference.AddChild(reference.SelectElement("DigestValue").Copy())
	}, CauseStructure},
	{"SignedInfo of another namespace", func(doc *etree.Document, evil *etree.Element) {
		info := etree.NewElement("SignedInfo")
		info.CreateAttr("xmlns", "urn:evil")
		signatureOf(assertionOf(doc)).InsertChildAt(0, info)
	}, CauseStructure},
	{"prefixed ID beside the true one", func(doc *etree.Document, evil *etree.Element) {
		signed := assertionOf(doc)
		signed.CreateAttr("xmlns:x", "urn:x")
		signed.CreateAttr("x:ID", "_other")
	}, CauseXML},
	{"a prefix named ID", func(doc *etree.Document, evil *etree.Element) {
		assertionOf(doc).CreateAttr("xmlns:ID", "_other")
	}, CauseXML},
	{"Id beside ID", func(doc *etree.Document, evil *etree.Element) {
		assertionOf(doc).SelectElement("Subject").CreateAttr("Id", assertionOf(doc).SelectAttrValue("ID", ""))
	}, CauseStructure},
	{"evil Subject before the signed one", func(doc *etree.Document, evil *etree.Element) {
		subject := assertionOf(doc).SelectElement("Subject")
		before(subject, evil.SelectElement("Subject").Copy())
	}, CauseSignature},
	{"evil AttributeStatement behind", func(doc *etree.Document, evil *etree.Element) {
		assertionOf(doc).AddChild(evil.SelectElement("AttributeStatement").Copy())
	}, CauseSignature},
	{"evil text in the Signature", func(doc *etree.Document, evil *etree.Element) {
		assertionOf(doc).SelectElement("Subject").SelectElement("NameID").SetText(mallory)
	}, CauseSignature},
	{"response inside another element", func(doc *etree.Document, evil *etree.Element) {
		response := doc.Root()
		envelope := etree.NewElement("Envelope")
		doc.RemoveChild(response)
		envelope.AddChild(response)
		doc.SetRoot(envelope)
	}, CauseStructure},
	{"Signature removed", func(doc *etree.Document, evil *etree.Element) {
		signed := assertionOf(doc)
		signed.RemoveChild(signatureOf(signed))
	}, CauseUnsigned},
}

// wrappings of a response that is signed as a whole.
var responseWrappings = []wrapping{
	{"XSW1: signed response inside the Signature of the evil one", func(doc *etree.Document, evil *etree.Element) {
		signed := doc.Root()
		outer := evilResponse(signed, evil)
		signature := signatureOf(signed).Copy()
		signature.AddChild(stripped(signed))
		outer.InsertChildAt(1, signature)
		doc.SetRoot(outer)
	}, CauseStructure},
	{"XSW2: signed response before the Signature of the evil one", func(doc *etree.Document, evil *etree.Element) {
		signed := doc.Root()
		outer := evilResponse(signed, evil)
		outer.InsertChildAt(1, signatureOf(signed).Copy())
		outer.InsertChildAt(1, stripped(signed))
		doc.SetRoot(outer)
	}, CauseStructure},
	{"signed response inside StatusDetail", func(doc *etree.Document, evil *etree.Element) {
		signed := doc.Root()
		outer := evilResponse(signed, evil)
		within(outer.SelectElement("Status"), "samlp:StatusDetail").AddChild(signed)
		doc.SetRoot(outer)
	}, CauseStructure},
	{"signed response inside Extensions", func(doc *etree.Document, evil *etree.Element) {
		signed := doc.Root()
		outer := evilResponse(signed, evil)
		within(outer, "samlp:Extensions").AddChild(signed)
		doc.SetRoot(outer)
	}, CauseStructure},
	{"signed response inside an Object", func(doc *etree.Document, evil *etree.Element) {
		signed := doc.Root()
		outer := evilResponse(signed, evil)
		signature := signatureOf(signed).Copy()
		object := etree.NewElement("Object")
		object.CreateAttr("xmlns", nsSignature)
		object.AddChild(stripped(signed))
		signature.AddChild(object)
		outer.InsertChildAt(1, signature)
		doc.SetRoot(outer)
	}, CauseStructure},
	{"Signature on an evil response of the same ID", func(doc *etree.Document, evil *etree.Element) {
		signed := doc.Root()
		outer := evilResponse(signed, evil)
		outer.CreateAttr("ID", signed.SelectAttrValue("ID", ""))
		outer.InsertChildAt(1, signatureOf(signed).Copy())
		doc.SetRoot(outer)
	}, CauseSignature},
	{"evil assertion added", func(doc *etree.Document, evil *etree.Element) {
		doc.Root().AddChild(evil)
	}, CauseStructure},
	{"assertion replaced", func(doc *etree.Document, evil *etree.Element) {
		doc.Root().RemoveChild(assertionOf(doc))
		doc.Root().AddChild(evil)
	}, CauseSignature},
	{"assertion replaced and the Signature moved into it", func(doc *etree.Document, evil *etree.Element) {
		signature := signatureOf(doc.Root())
		doc.Root().RemoveChild(assertionOf(doc))
		evil.CreateAttr("ID", doc.Root().SelectAttrValue("ID", ""))
		doc.Root().CreateAttr("ID", "_outer")
		evil.InsertChildAt(1, signature)
		doc.Root().AddChild(evil)
	}, CauseSignature},
	{"destination changed", func(doc *etree.Document, evil *etree.Element) {
		doc.Root().CreateAttr("InResponseTo", "_"+mallory)
	}, CauseSignature},
	{"Signature removed", func(doc *etree.Document, evil *etree.Element) {
		doc.Root().RemoveChild(signatureOf(doc.Root()))
	}, CauseUnsigned},
}

// evilResponse is a copy of a signed response, unsigned, with another ID and assertion.
func evilResponse(signed, evil *etree.Element) *etree.Element {
	outer := stripped(signed)
	outer.CreateAttr("ID", "_outer")
	outer.RemoveChild(outer.SelectElement("Assertion"))
	outer.AddChild(evil)
	return outer
}

func TestParseResponse_signatureWrapping(t *testing.T) {
	t.Parallel()
	p := newIDP(t, idpKey())
	for _, kind := range []struct {
		name  string
		signs parts
		list  []wrapping
	}{{"assertion", signAssertion, assertionWrappings}, {"response", signResponse, responseWrappings}} {
		for _, w := range kind.list {
			t.Run(kind.name+"/"+w.name, func(t *testing.T) {
				t.Parallel()
				signed := p.sign(t, entraResponse(), kind.signs)
				if a, err := ParseResponse(encode(signed), p.expectation()); err != nil || a.Email != alice {
					t.Fatalf("before the attack: got %q, %v", a.Email, err)
				}
				doc := parseXML(t, signed)
				evil := stripped(assertionOf(doc))
				evil.CreateAttr("ID", "_evil")
				evil.SelectElement("Subject").SelectElement("NameID").SetText(mallory)
				for _, value := range evil.FindElements(".//AttributeValue") {
					if value.Text() == alice {
						value.SetText(mallory)
					}
				}
				w.attack(doc, evil)
				attack := writeXML(t, doc)
				if attack == signed {
					t.Fatal("the attack changed nothing")
				}
				a, err := ParseResponse(encode(attack), p.expectation())
				wantRefusal(t, a, err, w.cause)
				if strings.Contains(err.Error(), mallory) && w.cause != CauseSignature {
					t.Errorf("the refusal quotes the evil assertion: %v", err)
				}
			})
		}
	}
}

// An identity provider that signs wrongly is refused too: what its key made is still not
// a signature of the assertion under our rules.
func TestParseResponse_signatureForm(t *testing.T) {
	t.Parallel()
	p := newIDP(t, idpKey())
	transform := func(algorithm string) string { return `<ds:Transform Algorithm="` + algorithm + `"/>` }
	exc := transform(algExcC14N)
	for _, test := range []struct {
		name  string
		edit  edit
		cause string
	}{
		{"empty URI", replace(`URI="#_8e8dc5f6-0000-4000-8000-000000000002"`, `URI=""`), CauseStructure},
		{"no URI", replace(` URI="#_8e8dc5f6-0000-4000-8000-000000000002"`, ``), CauseStructure},
		{"URI of the response", replace(`URI="#_8e8dc5f6-0000-4000-8000-000000000002"`, `URI="#_8e8dc5f6-0000-4000-8000-000000000001"`), CauseStructure},
		{"XPointer", replace(`URI="#_8e8dc5f6-0000-4000-8000-000000000002"`, `URI="#xpointer(id('_8e8dc5f6-0000-4000-8000-000000000002'))"`), CauseStructure},
		{"external URI", replace(`URI="#_8e8dc5f6-0000-4000-8000-000000000002"`, `URI="https://evil.example/a"`), CauseStructure},
		{"rsa-sha1", replace(algRSASHA256, "http://www.w3.org/2000/09/xmldsig#rsa-sha1"), CauseAlgorithm},
		{"dsa-sha1", replace(algRSASHA256, "http://www.w3.org/2000/09/xmldsig#dsa-sha1"), CauseAlgorithm},
		{"hmac-sha256", replace(algRSASHA256, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"), CauseAlgorithm},
		{"hmac-sha1", replace(algRSASHA256, "http://www.w3.org/2000/09/xmldsig#hmac-sha1"), CauseAlgorithm},
		{"rsa-md5", replace(algRSASHA256, "http://www.w3.org/2001/04/xmldsig-more#rsa-md5"), CauseAlgorithm},
		{"no algorithm", replace(` Algorithm="`+algRSASHA256+`"`, ``), CauseAlgorithm},
		{"algorithm of another key type", replace(algRSASHA256, algECDSASHA256), CauseSignature},
		{"digest sha1", replace(digestSHA256, "http://www.w3.org/2000/09/xmldsig#sha1"), CauseAlgorithm},
		{"digest md5", replace(digestSHA256, "http://www.w3.org/2001/04/xmldsig-more#md5"), CauseAlgorithm},
		{"inclusive canonicalization of SignedInfo", replace(algExcC14N, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"), CauseAlgorithm},
		{"canonicalization with comments", replace(algExcC14N, algExcC14N+"WithComments"), CauseAlgorithm},
		{"canonicalization 1.1 as transform", replace(exc, transform("http://www.w3.org/2006/12/xml-c14n11")), CauseAlgorithm},
		{"transform with comments", replace(exc, transform(algExcC14N+"WithComments")), CauseAlgorithm},
		{"base64 transform", replace(exc, exc+transform("http://www.w3.org/2000/09/xmldsig#base64")), CauseAlgorithm},
		{"XPath transform", replace(exc, transform("http://www.w3.org/TR/1999/REC-xpath-19991116")+exc), CauseAlgorithm},
		{"XSLT transform", replace(exc, transform("http://www.w3.org/TR/1999/REC-xslt-19991116")+exc), CauseAlgorithm},
		{"enveloped twice", replace(exc, transform(transformEnveloped)+exc), CauseAlgorithm},
		{"without enveloped", replace(transform(transformEnveloped), ""), CauseAlgorithm},
		{"without canonicalization", replace(exc, ""), CauseAlgorithm},
		{"other order", both(replace(transform(transformEnveloped), "@"), replace(exc, transform(transformEnveloped)), replace("@", exc)), CauseAlgorithm},
		{"20 transforms", replace(exc, strings.Repeat(exc, 20)), CauseAlgorithm},
		{"parameter of a transform", replace(exc, `<ds:Transform Algorithm="`+algExcC14N+`"><ds:XPath/></ds:Transform>`), CauseAlgorithm},
		{"no transforms", cut("<ds:Transforms>", "</ds:Transforms>"), CauseStructure},
		{"something among the transforms", replace(exc, exc+"<ds:Evil/>"), CauseStructure},
		{"HMACOutputLength", replace(`<ds:SignatureMethod Algorithm="`+algRSASHA256+`"/>`, `<ds:SignatureMethod Algorithm="`+algRSASHA256+`"><ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>`), CauseAlgorithm},
		{"no Reference", cut("<ds:Reference", "</ds:Reference>"), CauseStructure},
		{"no SignedInfo", cut("<ds:SignedInfo>", "</ds:SignedInfo>"), CauseStructure},
		{"no SignatureValue", cut("<ds:SignatureValue>", "</ds:SignatureValue>"), CauseStructure},
		{"empty SignatureValue", both(cut("<ds:SignatureValue>", "</ds:SignatureValue>"), replace("<ds:KeyInfo>", "<ds:SignatureValue/><ds:KeyInfo>")), CauseSignature},
		{"SignatureValue that is not base64", replace("<ds:SignatureValue>", "<ds:SignatureValue>!"), CauseSignature},
		{"SignatureValue with a child", replace("<ds:SignatureValue>", "<ds:SignatureValue><x/>"), CauseStructure},
		{"empty DigestValue", both(cut("<ds:DigestValue>", "</ds:DigestValue>"), replace("</ds:Reference>", "<ds:DigestValue/></ds:Reference>")), CauseSignature},
		{"Manifest", replace("<ds:Reference ", `<ds:Reference Type="http://www.w3.org/2000/09/xmldsig#Manifest" `), CauseSignature},
		{"KeyInfo with a RetrievalMethod", replace("<ds:KeyInfo>", `<ds:KeyInfo><ds:RetrievalMethod URI="https://evil.example/key"/>`), ""},
		{"KeyInfo of somebody else", replace("<ds:X509Certificate>", "<ds:X509Certificate>AAAA"), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text := test.edit(t, p.sign(t, entraResponse(), signAssertion))
			a, err := ParseResponse(encode(text), p.expectation())
			if test.cause != "" {
				wantRefusal(t, a, err, test.cause)
			} else if err != nil || a.Email != alice {
				t.Errorf("got %q, %v", a.Email, err)
			}
		})
	}
}
