package idp

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
)

const (
	nsAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsProtocol  = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsMetadata  = "urn:oasis:names:tc:SAML:2.0:metadata"

	bindingRedirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
	bindingPOST     = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
)

// maxMessage bounds a message after it is unpacked.
const maxMessage = 128 << 10

// message is what a service provider sends: one of three.
type message struct {
	XMLName xml.Name
	ID      string `xml:"ID,attr"`
	Version string `xml:"Version,attr"`
	Issuer  string `xml:"urn:oasis:names:tc:SAML:2.0:assertion Issuer"`

	// Of an AuthnRequest.
	ACSURL      string `xml:"AssertionConsumerServiceURL,attr"`
	ForceAuthn  string `xml:"ForceAuthn,attr"`
	IsPassive   string `xml:"IsPassive,attr"`
	NamePolicy  policy `xml:"urn:oasis:names:tc:SAML:2.0:protocol NameIDPolicy"`
	Subject     *empty `xml:"urn:oasis:names:tc:SAML:2.0:assertion Subject"`
	AuthnWanted *wish  `xml:"urn:oasis:names:tc:SAML:2.0:protocol RequestedAuthnContext"`
}

type policy struct {
	Format          string `xml:"Format,attr"`
	SPNameQualifier string `xml:"SPNameQualifier,attr"`
}

type empty struct{}

type wish struct {
	Comparison string   `xml:"Comparison,attr"`
	Classes    []string `xml:"urn:oasis:names:tc:SAML:2.0:assertion AuthnContextClassRef"`
}

func isTrue(value string) bool { return value == "true" || value == "1" }

// readMessage unpacks a message. By HTTP-Redirect it is compressed, by HTTP-POST not (SAML
// 2.0 bindings sections 3.4.4.1 and 3.5.4).
func readMessage(value string, deflated bool) (message, error) {
	if value == "" {
		return message{}, failure("AADSTS750054", "SAMLRequest or SAMLResponse must be present as query string parameters in HTTP request for SAML Redirect binding, or as form fields for SAML POST binding.")
	}
	notEncoded := failure("AADSTS750056", "SAML message was not properly base64-encoded or compressed.")
	// Line breaks in base64 and blanks for "+" are what some libraries make.
	text, err := base64.StdEncoding.DecodeString(strings.NewReplacer(" ", "+", "\r", "", "\n", "").Replace(value))
	if err != nil {
		return message{}, notEncoded
	}
	if deflated {
		unpacked, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(text)), maxMessage+1))
		if err != nil {
			return message{}, notEncoded
		}
		text = unpacked
	}
	if len(text) > maxMessage {
		return message{}, failure("AADSTS750056", "SAML message was not properly encoded: it is larger than %d KiB.", maxMessage>>10)
	}
	return parseMessage(text)
}

// parseMessage reads the XML. A document type, which could hold entities, is refused.
func parseMessage(text []byte) (message, error) {
	var m message
	decoder := xml.NewDecoder(bytes.NewReader(text))
	for {
		token, err := decoder.Token()
		if err != nil {
			return message{}, xmlFailure(err)
		}
		if _, is := token.(xml.Directive); is {
			return message{}, failure("AADSTS7500525", "There was an XML error in the SAML message: it has a document type declaration.")
		}
		if start, is := token.(xml.StartElement); is {
			if err := decoder.DecodeElement(&m, &start); err != nil {
				return message{}, xmlFailure(err)
			}
			break
		}
	}
	m.Issuer = strings.TrimSpace(m.Issuer)
	known := []string{"AuthnRequest", "LogoutRequest", "LogoutResponse"}
	if m.XMLName.Space != nsProtocol || !slices.Contains(known, m.XMLName.Local) {
		return message{}, failure("AADSTS75005", "The request is not a valid Saml2 protocol message: its root is '%s'.", m.XMLName.Local)
	}
	if m.ID == "" || m.Version != "2.0" {
		return message{}, failure("AADSTS75005", "The request is not a valid Saml2 protocol message: it needs an ID and the Version 2.0.")
	}
	if m.Issuer == "" {
		return message{}, failure("AADSTS75005", "The request is not a valid Saml2 protocol message: it has no Issuer.")
	}
	return m, nil
}

func xmlFailure(err error) error {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return failure("AADSTS7500525", "There was an XML error in the SAML message at line %d.", syntax.Line)
	}
	return failure("AADSTS7500525", "There was an XML error in the SAML message.")
}

// Name identifier formats of a request: Microsoft Entra docs,
// "single-sign-on-saml-protocol", NameIDPolicy. Any other is an error.
const (
	formatEmail       = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
	formatUnspecified = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
	formatPersistent  = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
	formatTransient   = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
	formatWindows     = "urn:oasis:names:tc:SAML:1.1:nameid-format:WindowsDomainQualifiedName"
)

// The classes that a sign-in here can pass for.
var passwordClasses = []string{
	"urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
	"urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
	"urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified",
	"urn:oasis:names:tc:SAML:2.0:ac:classes:Unspecified",
}

// checkSupported refuses what the documentation of AuthnRequest excludes.
func (m message) checkSupported() error {
	formats := []string{"", formatEmail, formatUnspecified, formatPersistent, formatTransient}
	switch {
	case m.Subject != nil:
		return &unsupported{"Subject"}
	case !slices.Contains(formats, m.NamePolicy.Format):
		return &unsupported{"NameIDPolicy/Format"}
	case m.AuthnWanted != nil && m.AuthnWanted.Comparison != "" && m.AuthnWanted.Comparison != "exact":
		return &unsupported{"RequestedAuthnContext/Comparison"}
	}
	return nil
}

// checkMethod: a method that is asked for exactly must be the one that was used.
func (m message) checkMethod() error {
	if m.AuthnWanted == nil || len(m.AuthnWanted.Classes) == 0 {
		return nil
	}
	var wanted []string
	for _, class := range m.AuthnWanted.Classes {
		class = strings.TrimSpace(class)
		if slices.Contains(passwordClasses, class) {
			return nil
		}
		wanted = append(wanted, class)
	}
	return failure("AADSTS75011", "Authentication method 'Password' by which the user authenticated with the service doesn't match requested authentication method '%s'. Contact the application owner.", strings.Join(wanted, ", "))
}
