package idp_test

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/xml"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/idp"
)

const (
	identifier = "https://rollcall.example.com/saml/1"
	acs        = "https://rollcall.example.com/saml/1/acs"
	logoutURL  = "https://rollcall.example.com/saml/1/logout"
)

// world is a stand-in that runs, with Ada assigned to an application and Bob not.
type world struct {
	t        *testing.T
	now      atomic.Int64 // Unix seconds
	db       *directory.DB
	idp      *idp.Provider
	server   *httptest.Server
	app      directory.Application
	ada, bob directory.User
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t}
	w.now.Store(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC).Unix())
	db, err := directory.Open(t.Context(), "", directory.Options{Now: w.clock})
	w.check(err)
	t.Cleanup(func() { _ = db.Close() })
	w.db = db
	mux := http.NewServeMux()
	w.server = httptest.NewServer(mux)
	t.Cleanup(w.server.Close)
	w.idp, err = idp.New(t.Context(), idp.Config{Directory: db, PublicURL: w.server.URL, Now: w.clock})
	w.check(err)
	w.idp.Mount(mux)
	w.ada, w.bob = w.user("Ada Byron"), w.user("Bob Smith")
	w.app = w.application("Rollcall", identifier)
	_, err = db.Assign(t.Context(), w.app.ID, w.ada.ID)
	w.check(err)
	return w
}

func (w *world) clock() time.Time { return time.Unix(w.now.Load(), 0).UTC() }

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) user(name string) directory.User {
	w.t.Helper()
	first, last, _ := strings.Cut(name, " ")
	address := strings.ToLower(first + "." + last + "@example.com")
	u, err := w.db.CreateUser(w.t.Context(), directory.User{UserPrincipalName: strings.ToLower(first) + "@corp.example.com", Mail: address, GivenName: first, Surname: last, DisplayName: name, AccountEnabled: true})
	w.check(err)
	return u
}

// application makes one that is set up as the guide for SAML says.
func (w *world) application(name, identifier string) directory.Application {
	w.t.Helper()
	app, err := w.db.CreateApplication(w.t.Context(), directory.Application{DisplayName: name, SAML: directory.SAMLSettings{
		Identifier: identifier, ReplyURL: identifier + "/acs", LogoutURL: identifier + "/logout", NameIDSource: "user.mail",
		Claims: append(directory.DefaultClaims(), directory.Claim{Name: "email", Source: "user.mail"}),
	}})
	w.check(err)
	w.check(w.idp.EnsureCertificate(w.t.Context(), app.ID))
	return app
}

func (w *world) set(change func(*directory.Application)) {
	w.t.Helper()
	app, err := w.db.UpdateApplication(w.t.Context(), w.app.ID, func(a *directory.Application) error { change(a); return nil })
	w.check(err)
	w.app = app
}

// browser keeps cookies and follows no redirect.
func (w *world) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	w.check(err)
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// page is what a browser shows.
type page struct {
	status   int
	location string
	header   http.Header
	body     string
}

func (w *world) read(res *http.Response, err error) page {
	w.t.Helper()
	w.check(err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	w.check(err)
	return page{res.StatusCode, res.Header.Get("Location"), res.Header, string(body)}
}

func (w *world) get(b *http.Client, address string) page {
	w.t.Helper()
	return w.read(b.Get(address))
}

var hiddenField = regexp.MustCompile(`name="([^"]+)" value="([^"]*)"`)

// fields are the fields of a page's forms.
func (p page) fields() url.Values {
	values := url.Values{}
	for _, match := range hiddenField.FindAllStringSubmatch(p.body, -1) {
		values.Set(html.UnescapeString(match[1]), html.UnescapeString(match[2]))
	}
	return values
}

// choose submits the page that asks who one is.
func (w *world) choose(b *http.Client, p page, upn string) page {
	w.t.Helper()
	form := p.fields()
	for _, field := range []string{"account", "search", "q"} {
		form.Del(field)
	}
	form.Set("upn", upn)
	return w.read(b.PostForm(w.endpoint("/login"), form))
}

// endpoint is a path of the tenant.
func (w *world) endpoint(path string) string {
	return strings.TrimSuffix(w.idp.Endpoints(w.app).LoginURL, "/saml2") + path
}

func (w *world) response(p page) []byte {
	w.t.Helper()
	text, err := base64.StdEncoding.DecodeString(p.fields().Get("SAMLResponse"))
	if err != nil || len(text) == 0 {
		w.t.Fatalf("no response in the page %d %s", p.status, p.body)
	}
	return text
}

// redirected makes the URL of a message by HTTP-Redirect.
func (w *world) redirected(message, relayState string) string {
	w.t.Helper()
	var packed bytes.Buffer
	deflate, err := flate.NewWriter(&packed, flate.DefaultCompression)
	w.check(err)
	_, err = deflate.Write([]byte(message))
	w.check(err)
	w.check(deflate.Close())
	query := url.Values{"SAMLRequest": {base64.StdEncoding.EncodeToString(packed.Bytes())}}
	if relayState != "" {
		query.Set("RelayState", relayState)
	}
	return w.endpoint("/saml2?" + query.Encode())
}

// inflated reads the message in a URL.
func (w *world) inflated(location, parameter string) string {
	w.t.Helper()
	u, err := url.Parse(location)
	w.check(err)
	packed, err := base64.StdEncoding.DecodeString(u.Query().Get(parameter))
	w.check(err)
	text, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
	w.check(err)
	return string(text)
}

// authn is an AuthnRequest with further attributes and content.
func authn(attributes, content string) string {
	return `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r1" Version="2.0" IssueInstant="2026-03-01T09:00:00Z" ` +
		attributes + `><saml:Issuer>` + identifier + `</saml:Issuer>` + content + `</samlp:AuthnRequest>`
}

// assertion is what a service provider reads of a response.
type assertion struct {
	Destination  string `xml:"Destination,attr"`
	InResponseTo string `xml:"InResponseTo,attr"`
	Issuer       string `xml:"urn:oasis:names:tc:SAML:2.0:assertion Issuer"`
	Status       struct {
		Code struct {
			Value  string `xml:"Value,attr"`
			Second struct {
				Value string `xml:"Value,attr"`
			} `xml:"StatusCode"`
		} `xml:"StatusCode"`
		Message string `xml:"StatusMessage"`
	} `xml:"Status"`
	Assertion struct {
		ID      string `xml:"ID,attr"`
		Issuer  string `xml:"Issuer"`
		Subject struct {
			NameID struct {
				Format    string `xml:"Format,attr"`
				Qualifier string `xml:"SPNameQualifier,attr"`
				Value     string `xml:",chardata"`
			} `xml:"NameID"`
			Data struct {
				InResponseTo string `xml:"InResponseTo,attr"`
				NotOnOrAfter string `xml:"NotOnOrAfter,attr"`
				Recipient    string `xml:"Recipient,attr"`
			} `xml:"SubjectConfirmation>SubjectConfirmationData"`
		} `xml:"Subject"`
		Conditions struct {
			NotBefore    string `xml:"NotBefore,attr"`
			NotOnOrAfter string `xml:"NotOnOrAfter,attr"`
			Audience     string `xml:"AudienceRestriction>Audience"`
		} `xml:"Conditions"`
		Attributes []struct {
			Name   string   `xml:"Name,attr"`
			Values []string `xml:"AttributeValue"`
		} `xml:"AttributeStatement>Attribute"`
		Authn struct {
			Instant string `xml:"AuthnInstant,attr"`
			Index   string `xml:"SessionIndex,attr"`
			Class   string `xml:"AuthnContext>AuthnContextClassRef"`
		} `xml:"AuthnStatement"`
	} `xml:"Assertion"`
}

func (w *world) parse(text []byte) assertion {
	w.t.Helper()
	var a assertion
	w.check(xml.Unmarshal(text, &a))
	return a
}
