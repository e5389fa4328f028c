package saml

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/rollcall/rollcall/internal/iam"
)

// Allowed algorithms (S35): no SHA-1, no HMAC, no other transform than the two that SAML
// 2.0 core section 5.4.4 names, and exclusive canonicalization without comments.
var (
	signatureMethods = []string{algRSASHA256, algRSASHA384, algRSASHA512, algECDSASHA256, algECDSASHA384, algECDSASHA512}
	digestMethods    = []string{digestSHA256, digestSHA384, digestSHA512}
	transforms       = []string{transformEnveloped, algExcC14N}
)

// checkSignature holds the form of signature, the Signature of e, to the profile of SAML
// 2.0 core section 5.4: exactly one Reference, to e itself, and only algorithms of the
// lists above. It refuses what an XML signature may hold beyond that.
func checkSignature(e, signature *etree.Element) error {
	parts, err := exactly(signature, "SignedInfo", "SignatureValue", "KeyInfo?")
	if err != nil {
		return err
	}
	info, err := exactly(parts[0], "CanonicalizationMethod", "SignatureMethod", "Reference")
	if err != nil {
		return err
	}
	reference, err := exactly(info[2], "Transforms", "DigestMethod", "DigestValue")
	if err != nil {
		return err
	}
	if uri := attribute(info[2], "URI"); uri != "#"+attribute(e, "ID") {
		return refused(CauseStructure, "the Signature of the %s refers to %q, not to that %s", e.Tag, iam.Clip(uri), e.Tag)
	}
	for _, check := range []struct {
		element *etree.Element
		allowed []string
	}{{info[0], []string{algExcC14N}}, {info[1], signatureMethods}, {reference[1], digestMethods}} {
		if err := checkAlgorithm(check.element, check.allowed); err != nil {
			return err
		}
		if len(check.element.ChildElements()) > 0 {
			return refused(CauseAlgorithm, "the %s of the Signature has parameters", check.element.Tag)
		}
	}
	return checkTransforms(reference[0])
}

func checkAlgorithm(e *etree.Element, allowed []string) error {
	if algorithm := attribute(e, "Algorithm"); !slices.Contains(allowed, algorithm) {
		return refused(CauseAlgorithm, "the %s of the Signature is %q, which is not allowed; choose SHA-256 at the identity provider", e.Tag, iam.Clip(algorithm))
	}
	return nil
}

func checkTransforms(e *etree.Element) error {
	var seen []string
	for _, t := range e.ChildElements() {
		if !is(t, nsSignature, "Transform") {
			return refused(CauseStructure, "the Signature holds %q among its transforms", iam.Clip(t.Tag))
		}
		if err := checkAlgorithm(t, transforms); err != nil {
			return err
		}
		for _, parameter := range t.ChildElements() {
			if !is(parameter, algExcC14N, "InclusiveNamespaces") || attribute(t, "Algorithm") != algExcC14N || len(parameter.ChildElements()) > 0 {
				return refused(CauseAlgorithm, "a Transform of the Signature has the parameter %q", iam.Clip(parameter.Tag))
			}
			if len(attribute(parameter, "PrefixList")) > maxTextBytes {
				return refused(CauseSize, "the PrefixList of a Transform is longer than %d bytes", maxTextBytes)
			}
		}
		seen = append(seen, attribute(t, "Algorithm"))
	}
	if !slices.Equal(seen, transforms) {
		return refused(CauseAlgorithm, "the Signature must have the transforms enveloped-signature and exc-c14n, each once and in this order")
	}
	return nil
}

// exactly returns the children of e, a part of an XML signature, which are to be these and
// no others, each once; one whose name ends in "?" may be absent, and is nil then.
func exactly(e *etree.Element, names ...string) ([]*etree.Element, error) {
	return onlyChildren(e, "a signature", func(string) string { return nsSignature }, names)
}

// onlyChildren is exactly for a part of a whole; space tells the namespace of a name.
func onlyChildren(e *etree.Element, whole string, space func(name string) string, names []string) ([]*etree.Element, error) {
	found := make([]*etree.Element, len(names))
	for _, c := range e.ChildElements() {
		i := slices.IndexFunc(names, func(name string) bool { return strings.TrimSuffix(name, "?") == c.Tag })
		if i < 0 || c.NamespaceURI() != space(c.Tag) || found[i] != nil {
			return nil, refused(CauseStructure, "the %s of %s holds a %q too many", e.Tag, whole, iam.Clip(c.Tag))
		}
		found[i] = c
	}
	for i, name := range names {
		if found[i] == nil && !strings.HasSuffix(name, "?") {
			return nil, refused(CauseStructure, "the %s of %s holds no %s", e.Tag, whole, name)
		}
	}
	return found, nil
}

// verifier checks the enveloped signature of e with one certificate and returns what was
// signed, parsed from the very bytes whose digest was compared.
type verifier func(e *etree.Element, with *x509.Certificate, now time.Time) (*etree.Element, error)

// verifyXML asks the library. It puts attributes of two foreign namespaces on one element
// in the order of their names and not of their namespaces (exclusive canonicalization
// refers to Canonical XML 1.0 section 2.2), so the rare response that has such a pair is
// refused.
func verifyXML(e *etree.Element, with *x509.Certificate, now time.Time) (*etree.Element, error) {
	return (&dsig.ValidationContext{
		CertificateStore: &dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{with}},
		IdAttribute:      "ID",
		Clock:            dsig.NewFakeClockAt(now),
	}).Validate(e)
}

// verified returns the signed content of e, whose Signature has passed checkSignature. Of
// the keys the one that fits is found by trying: what KeyInfo says is the sender's word.
func (r reader) verified(e, signature *etree.Element) (*etree.Element, error) {
	for _, key := range r.keys {
		subject, err := forVerification(e, signature, key)
		if err != nil {
			return nil, err
		}
		content, err := r.verify(subject, key, r.Now)
		if err != nil {
			continue
		}
		if content == nil || content.Tag != e.Tag || content.NamespaceURI() != e.NamespaceURI() || attribute(content, "ID") != attribute(e, "ID") {
			return nil, refused(CauseSignature, "the Signature of the %s covers something else", e.Tag)
		}
		return content, nil
	}
	return nil, r.notVerified(e, signature)
}

// forVerification copies e out of its document for the library: with the namespaces that
// are in scope, without KeyInfo, so that only the given key counts, with the signature
// value as crypto/x509 wants it, and with the Signature in front of everything, where the
// library finds it before any other. None of this is covered by the digest: the enveloped
// transform takes the whole Signature out.
func forVerification(e, signature *etree.Element, key *x509.Certificate) (*etree.Element, error) {
	subject := e.Copy()
	for _, a := range inherited(e) {
		subject.CreateAttr(a.FullKey(), a.Value)
	}
	own := subject.Child[signature.Index()].(*etree.Element)
	subject.RemoveChild(own)
	subject.InsertChildAt(0, own)
	for _, c := range own.ChildElements() {
		switch c.Tag {
		case "KeyInfo":
			own.RemoveChild(c)
		case "SignatureValue":
			value, err := text(c)
			if err != nil {
				return nil, err
			}
			raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(value), ""))
			if err != nil {
				return nil, refused(CauseSignature, "the SignatureValue of the %s is not base64", e.Tag)
			}
			c.SetText(base64.StdEncoding.EncodeToString(asn1Signature(raw, key)))
		}
	}
	return subject, nil
}

// inherited returns the namespace declarations that hold for e and stand on its ancestors.
func inherited(e *etree.Element) []etree.Attr {
	seen := make(map[string]bool)
	var all []etree.Attr
	for at := e; at != nil; at = at.Parent() {
		for _, a := range at.Attr {
			declares := a.Space == "xmlns" || a.Space == "" && a.Key == "xmlns"
			if !declares || seen[a.FullKey()] {
				continue
			}
			seen[a.FullKey()] = true
			if at != e {
				all = append(all, a)
			}
		}
	}
	return all
}

// asn1Signature turns r and s of RFC 6931 section 2.3.6 into the ASN.1 that crypto/x509
// reads. A value of another length is left as it is: signers written in Go send ASN.1.
func asn1Signature(value []byte, key *x509.Certificate) []byte {
	public, ok := key.PublicKey.(*ecdsa.PublicKey)
	if !ok || len(value) != 2*orderBytes(public) {
		return value
	}
	half := len(value) / 2
	der, err := asn1.Marshal(ecdsaPair{R: new(big.Int).SetBytes(value[:half]), S: new(big.Int).SetBytes(value[half:])})
	if err != nil {
		return value
	}
	return der
}
