package idp

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"net/url"
	"testing"
	"time"
)

// Logout is a message of single logout from Rollcall as the identity provider reads it: a
// request, or the answer to one.
type Logout struct {
	XMLName      xml.Name
	ID           string   `xml:"ID,attr"`
	Destination  string   `xml:"Destination,attr"`
	InResponseTo string   `xml:"InResponseTo,attr"`
	Issuer       string   `xml:"Issuer"`
	NameID       string   `xml:"NameID"`
	SessionIndex []string `xml:"SessionIndex"`
	Status       struct {
		Code struct {
			Value string `xml:"Value,attr"`
		} `xml:"StatusCode"`
	} `xml:"Status"`
	RelayState string `xml:"-"`
	Signed     bool   `xml:"-"`
}

// ReadLogout reads the message in the URL to which the browser is sent.
func ReadLogout(t testing.TB, location string) Logout {
	t.Helper()
	u, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	l := parseLogout(t, inflate(t, query.Get("SAMLRequest")+query.Get("SAMLResponse")))
	l.Signed, l.RelayState = query.Get("Signature") != "", query.Get("RelayState")
	return l
}

// ReadLogoutForm reads the message in the form that the browser posts.
func ReadLogoutForm(t testing.TB, form url.Values) Logout {
	t.Helper()
	text, err := base64.StdEncoding.DecodeString(form.Get("SAMLRequest") + form.Get("SAMLResponse"))
	if err != nil {
		t.Fatal(err)
	}
	l := parseLogout(t, text)
	l.Signed, l.RelayState = bytes.Contains(text, []byte("SignatureValue")), form.Get("RelayState")
	return l
}

func parseLogout(t testing.TB, text []byte) Logout {
	t.Helper()
	var l Logout
	if err := xml.Unmarshal(text, &l); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return l
}

// SignOut is a message of single logout that the identity provider sends. Zero values stand
// for what an honest one has.
type SignOut struct {
	To           string // Destination
	Now          time.Time
	InResponseTo string // makes it the answer to a request
	NameID       string
	SessionIndex []string
	ID           string // "" makes one
	Issuer       string // "" is the provider's
	RelayState   string
	Unsigned     bool
}

func (m SignOut) field() string {
	if m.InResponseTo != "" {
		return "SAMLResponse"
	}
	return "SAMLRequest"
}

// text returns the canonical text up to where a Signature belongs, and the rest.
func (m SignOut) text() (head, tail string) {
	name, to := "LogoutRequest", ""
	if m.InResponseTo != "" {
		name, to = "LogoutResponse", ` InResponseTo="`+esc(m.InResponseTo)+`"`
		tail = `<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"></samlp:StatusCode></samlp:Status>`
	} else {
		tail = `<saml:NameID xmlns:saml="` + nsSAML + `">` + esc(m.NameID) + `</saml:NameID>`
		for _, index := range m.SessionIndex {
			tail += `<samlp:SessionIndex>` + esc(index) + `</samlp:SessionIndex>`
		}
	}
	head = `<samlp:` + name + ` xmlns:samlp="` + nsSAMLP + `" Destination="` + esc(m.To) + `" ID="` + esc(m.ID) + `"` + to + ` IssueInstant="` + stamp(m.Now) + `" Version="2.0">` +
		`<saml:Issuer xmlns:saml="` + nsSAML + `">` + esc(m.Issuer) + `</saml:Issuer>`
	return head, tail + `</samlp:` + name + `>`
}

func (p *Provider) complete(t testing.TB, m SignOut) SignOut {
	t.Helper()
	if m.ID == "" {
		m.ID = newID(t)
	}
	if m.Issuer == "" {
		m.Issuer = p.EntityID
	}
	return m
}

// LogoutQuery returns the query of the URL to which the browser is sent.
func (p *Provider) LogoutQuery(t testing.TB, m SignOut) string {
	t.Helper()
	m = p.complete(t, m)
	head, tail := m.text()
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.DefaultCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(head + tail)); err != nil || w.Close() != nil {
		t.Fatal("the message cannot be packed")
	}
	query := m.field() + "=" + url.QueryEscape(base64.StdEncoding.EncodeToString(packed.Bytes()))
	if m.RelayState != "" {
		query += "&RelayState=" + url.QueryEscape(m.RelayState)
	}
	if m.Unsigned {
		return query
	}
	query += "&SigAlg=" + url.QueryEscape("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256")
	return query + "&Signature=" + url.QueryEscape(p.signatureOf(t, sha256.Sum256([]byte(query))))
}

// LogoutForm returns the form that the browser posts.
func (p *Provider) LogoutForm(t testing.TB, m SignOut) url.Values {
	t.Helper()
	m = p.complete(t, m)
	head, tail := m.text()
	signature := ""
	if !m.Unsigned {
		signature = p.sign(t, m.ID, head+tail)
	}
	form := url.Values{m.field(): {base64.StdEncoding.EncodeToString([]byte(head + signature + tail))}}
	if m.RelayState != "" {
		form.Set("RelayState", m.RelayState)
	}
	return form
}
