package saml

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// Message is how a browser is sent to the identity provider: to URL, or by posting
// Form when that is not nil.
type Message struct {
	URL  string // HTTP-Redirect: the whole URL, signature included
	Form *Form
}

// Form is what the HTTP-POST binding posts. SAML 2.0 bindings section 3.5.4. The fields
// have these names; one of the first two is "", and RelayState may be.
type Form struct {
	Action                                string // where to
	SAMLRequest, SAMLResponse, RelayState string
}

// requestIDBytes make an ID that nobody can guess. SAML 2.0 core section 1.3.4 wants at
// least 128 bits.
const requestIDBytes = 20

// NewRequestID makes the ID of an AuthnRequest: "_" and 40 hexadecimal digits.
func NewRequestID(random io.Reader) (string, error) {
	var id [requestIDBytes]byte
	if _, err := io.ReadFull(random, id[:]); err != nil {
		return "", fmt.Errorf("make the id of a SAML request: %w", err)
	}
	return "_" + hex.EncodeToString(id[:]), nil
}

// AuthnRequest asks idp to sign somebody in and to post its answer to sp.ACSURL. id
// comes from NewRequestID. With a key the request is signed: for HTTP-Redirect in the
// query (SAML 2.0 bindings section 3.4.4.1), for HTTP-POST in the document. It carries
// no RelayState: where the browser goes afterwards is kept with the pending request.
func AuthnRequest(sp ServiceProvider, idp IdentityProvider, id string, now time.Time, key *SigningKey) (Message, error) {
	m, err := message{idp.SSOURL, idp.SSOBinding, fieldRequest, authnRequestXML(sp, idp, id, now), ""}.send(key)
	if err != nil {
		return Message{}, fmt.Errorf("make a SAML request: %w", err)
	}
	return m, nil
}

// The fields of both bindings.
const (
	fieldRequest  = "SAMLRequest"
	fieldResponse = "SAMLResponse"
)

// message is a document of ours on its way.
type message struct {
	to, binding string
	field, text string
	relayState  string // "" for none
}

func (m message) send(key *SigningKey) (Message, error) {
	u, err := url.Parse(m.to)
	switch {
	case err != nil || u.Host == "":
		return Message{}, fmt.Errorf("the URL %q of the identity provider is not an absolute URL", m.to)
	case m.binding == BindingRedirect:
		return m.redirect(u, key)
	case m.binding == BindingPOST:
		return m.post(key)
	}
	return Message{}, fmt.Errorf("the binding %q is neither HTTP-Redirect nor HTTP-POST", m.binding)
}

// authnRequestXML leaves the form of the NameID to the identity provider: Microsoft
// Entra ID takes "unspecified" in a request for a wish for a pairwise identifier, where
// it otherwise sends the claim that its admin has chosen.
func authnRequestXML(sp ServiceProvider, idp IdentityProvider, id string, now time.Time) string {
	return `<samlp:AuthnRequest xmlns:samlp="` + nsProtocol + `" xmlns:saml="` + nsAssertion + `"` +
		` ID="` + escape(id) + `" Version="2.0" IssueInstant="` + now.UTC().Format("2006-01-02T15:04:05Z") + `"` +
		` Destination="` + escape(idp.SSOURL) + `" AssertionConsumerServiceURL="` + escape(sp.ACSURL) + `" ProtocolBinding="` + BindingPOST + `">` +
		`<saml:Issuer>` + escape(sp.EntityID) + `</saml:Issuer><samlp:NameIDPolicy AllowCreate="true"></samlp:NameIDPolicy></samlp:AuthnRequest>`
}

// redirect keeps the query that the URL may already have: Google's names the identity
// provider in it.
func (m message) redirect(u *url.URL, key *SigningKey) (Message, error) {
	packed, err := deflate(m.text)
	if err != nil {
		return Message{}, err
	}
	query := m.field + "=" + url.QueryEscape(packed)
	if m.relayState != "" {
		query += "&RelayState=" + url.QueryEscape(m.relayState)
	}
	if key != nil {
		query += "&SigAlg=" + url.QueryEscape(key.algorithm)
		signature, err := key.sign(query)
		if err != nil {
			return Message{}, err
		}
		query += "&Signature=" + url.QueryEscape(base64.StdEncoding.EncodeToString(signature))
	}
	target := *u
	if target.RawQuery != "" {
		query = target.RawQuery + "&" + query
	}
	target.RawQuery = query
	return Message{URL: target.String()}, nil
}

func deflate(text string) (string, error) {
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := io.WriteString(w, text); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(packed.Bytes()), nil
}

func (m message) post(key *SigningKey) (Message, error) {
	text := []byte(m.text)
	if key != nil {
		signed, err := signEnveloped(m.text, key)
		if err != nil {
			return Message{}, err
		}
		text = signed
	}
	form := &Form{Action: m.to, RelayState: m.relayState}
	value := base64.StdEncoding.EncodeToString(text)
	if m.field == fieldResponse {
		form.SAMLResponse = value
	} else {
		form.SAMLRequest = value
	}
	return Message{Form: form}, nil
}

// signEnveloped signs the root element of a document of ours and puts the Signature
// behind the Issuer, where the schema wants it (SAML 2.0 core section 3.2.1).
func signEnveloped(text string, key *SigningKey) ([]byte, error) {
	doc := etree.NewDocument()
	if err := doc.ReadFromString(text); err != nil {
		return nil, err
	}
	signing, err := dsig.NewSigningContext(key.signer, [][]byte{key.certificate.DER})
	if err != nil {
		return nil, err
	}
	signing.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	if err := signing.SetSignatureMethod(key.algorithm); err != nil {
		return nil, err
	}
	root := doc.Root()
	signature, err := signing.ConstructSignature(root.Copy(), true)
	if err != nil {
		return nil, err
	}
	root.InsertChildAt(1, signature)
	return doc.WriteToBytes()
}

// SPMetadata is the service provider's metadata, for an identity provider to import. It
// has the certificate of key when that is not nil, and says then that requests are signed;
// and that of encryption, with the algorithms that are accepted, the best ones first.
func SPMetadata(sp ServiceProvider, key *SigningKey, encryption *EncryptionKey) []byte {
	var b strings.Builder
	b.WriteString(xml.Header)
	fmt.Fprintf(&b, "<md:EntityDescriptor xmlns:md=%q entityID=\"%s\">\n", nsMetadata, escape(sp.EntityID))
	fmt.Fprintf(&b, "  <md:SPSSODescriptor AuthnRequestsSigned=\"%t\" WantAssertionsSigned=\"true\" protocolSupportEnumeration=%q>\n", key != nil, nsProtocol)
	if key != nil {
		fmt.Fprintf(&b, "    <md:KeyDescriptor use=\"signing\">%s</md:KeyDescriptor>\n", keyInfoXML(key.certificate))
	}
	if encryption != nil {
		fmt.Fprintf(&b, "    <md:KeyDescriptor use=\"encryption\">%s%s</md:KeyDescriptor>\n", keyInfoXML(encryption.certificate), encryptionMethodsXML())
	}
	if sp.SLOURL != "" {
		for _, binding := range []string{BindingRedirect, BindingPOST} {
			fmt.Fprintf(&b, "    <md:SingleLogoutService Binding=%q Location=\"%s\"/>\n", binding, escape(sp.SLOURL))
		}
	}
	fmt.Fprintf(&b, "    <md:NameIDFormat>%s</md:NameIDFormat>\n", formatEmail)
	fmt.Fprintf(&b, "    <md:AssertionConsumerService Binding=%q Location=\"%s\" index=\"0\" isDefault=\"true\"/>\n", BindingPOST, escape(sp.ACSURL))
	b.WriteString("  </md:SPSSODescriptor>\n</md:EntityDescriptor>\n")
	return []byte(b.String())
}

func keyInfoXML(c Certificate) string {
	return `<ds:KeyInfo xmlns:ds="` + nsSignature + `"><ds:X509Data><ds:X509Certificate>` + base64.StdEncoding.EncodeToString(c.DER) + `</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`
}

// encryptionMethodsXML lists what readSealed accepts (SAML 2.0 metadata section 2.4.1.1).
func encryptionMethodsXML() string {
	var b strings.Builder
	for _, algorithm := range []string{algAES256GCM, algAES192GCM, algAES128GCM} {
		fmt.Fprintf(&b, "<md:EncryptionMethod Algorithm=%q/>", algorithm)
	}
	fmt.Fprintf(&b, "<md:EncryptionMethod Algorithm=%q><ds:DigestMethod xmlns:ds=%q Algorithm=%q/><xenc11:MGF xmlns:xenc11=%q Algorithm=%q/></md:EncryptionMethod>",
		algOAEP, nsSignature, digestSHA256, nsEncryption11, maskSHA256)
	fmt.Fprintf(&b, "<md:EncryptionMethod Algorithm=%q/>", algOAEPMGF1SHA)
	return b.String()
}

// escape makes text fit for an element or an attribute in double quotes.
func escape(text string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(text)); err != nil {
		return "" // a strings.Builder never fails
	}
	return b.String()
}
