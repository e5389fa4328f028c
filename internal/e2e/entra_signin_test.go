package e2e

import (
	"encoding/base64"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/e2e/live"
	"github.com/rollcall/rollcall/internal/entra/directory"
	entraidp "github.com/rollcall/rollcall/internal/entra/idp"
	"github.com/rollcall/rollcall/internal/saml"
)

// entraSignOn is the stand-in's directory and identity provider, with one application.
type entraSignOn struct {
	db       *directory.DB
	provider *entraidp.Provider
	app      directory.Application
	ada      directory.User // assigned; her mail differs from her user principal name
}

// newEntraSignOn runs the stand-in with an application for the service provider, set up
// as the guide for SAML says: name identifier, email and name from user.mail.
func newEntraSignOn(t *testing.T, entityID, acs string) entraSignOn {
	t.Helper()
	db, err := directory.Open(t.Context(), "", directory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s := entraSignOn{db: db}
	if s.provider, err = entraidp.New(t.Context(), entraidp.Config{Directory: db, PublicURL: server.URL}); err != nil {
		t.Fatal(err)
	}
	s.provider.Mount(mux)
	claims := directory.DefaultClaims()
	claims[2].Source = "user.mail"
	s.app, err = db.CreateApplication(t.Context(), directory.Application{DisplayName: "Rollcall", SAML: directory.SAMLSettings{
		Identifier: entityID, ReplyURL: acs, NameIDSource: "user.mail", Claims: append(claims, directory.Claim{Name: "email", Source: "user.mail"}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.provider.EnsureCertificate(t.Context(), s.app.ID); err != nil {
		t.Fatal(err)
	}
	s.ada, err = db.CreateUser(t.Context(), directory.User{UserPrincipalName: "ada@corp.example.com", Mail: "ada.byron@example.com", GivenName: "Ada", Surname: "Byron", DisplayName: "Ada Byron", AccountEnabled: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Assign(t.Context(), s.app.ID, s.ada.ID); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *entraSignOn) set(t *testing.T, change func(*directory.SAMLSettings)) {
	t.Helper()
	app, err := s.db.UpdateApplication(t.Context(), s.app.ID, func(a *directory.Application) error { change(&a.SAML); return nil })
	if err != nil {
		t.Fatal(err)
	}
	s.app = app
}

func entraPage(t *testing.T, res *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// metadata is what an admin downloads.
func (s *entraSignOn) metadata(t *testing.T) []byte {
	t.Helper()
	res, err := http.Get(s.provider.Endpoints(s.app).MetadataURL)
	return []byte(entraPage(t, res, err))
}

var entraField = regexp.MustCompile(`name="([^"]+)" value="([^"]*)"`)

// signOn goes from the URL to which the service provider sent the browser, over the page
// that asks who one is where it comes, to the form for the service provider.
func (s *entraSignOn) signOn(t *testing.T, browser *http.Client, location, upn string) url.Values {
	t.Helper()
	fields := func(page string) url.Values {
		values := url.Values{}
		for _, match := range entraField.FindAllStringSubmatch(page, -1) {
			values.Set(match[1], html.UnescapeString(match[2]))
		}
		return values
	}
	res, err := browser.Get(location)
	form := fields(entraPage(t, res, err))
	if !form.Has("SAMLResponse") {
		form.Del("search")
		form.Set("account", upn)
		res, err := browser.PostForm(strings.TrimSuffix(s.provider.Endpoints(s.app).LoginURL, "/saml2")+"/login", form)
		page := entraPage(t, res, err)
		if form = fields(page); !form.Has("SAMLResponse") {
			t.Fatalf("the stand-in gives no response: %s", page)
		}
	}
	return form
}

// What the stand-in signs, Rollcall's reader of assertions takes, whatever the application
// wants to be signed and whichever certificate is active.
func TestEntraSignOn_responsesAreAccepted(t *testing.T) {
	t.Parallel()
	sp := saml.ServiceProvider{EntityID: "https://rollcall.example.com/saml/1/metadata", ACSURL: "https://rollcall.example.com/saml/1/acs"}
	s := newEntraSignOn(t, sp.EntityID, sp.ACSURL)
	accept := func(t *testing.T, unsolicited bool) (saml.Assertion, error) {
		t.Helper()
		m, err := saml.ParseMetadata(s.metadata(t), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		connection := saml.IdentityProvider{EntityID: m.EntityID, SSOURL: m.SSOURL, SSOBinding: m.SSOBinding}
		for _, c := range m.Certificates {
			connection.Certificates = append(connection.Certificates, c.DER)
		}
		expectation := saml.Expectation{SP: sp, IDP: connection, AllowUnsolicited: unsolicited, Now: time.Now()}
		location := s.provider.Endpoints(s.app).UserAccessURL
		if !unsolicited {
			expectation.RequestID = "_request"
			message, err := saml.AuthnRequest(sp, connection, expectation.RequestID, time.Now(), nil)
			if err != nil {
				t.Fatal(err)
			}
			location = message.URL
		}
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		return saml.ParseResponse(s.signOn(t, browserOf(jar), location, s.ada.UserPrincipalName).Get("SAMLResponse"), expectation)
	}
	for _, option := range []directory.SigningOption{directory.SignAssertion, directory.SignResponse, directory.SignResponseAndAssertion} {
		s.set(t, func(settings *directory.SAMLSettings) { settings.SigningOption = option })
		a, err := accept(t, false)
		if err != nil {
			t.Fatalf("%s: %v", option, err)
		}
		if a.Email != "ada.byron@example.com" || a.NameID != a.Email || a.GivenName != "Ada" || a.FamilyName != "Byron" || a.SessionIndex == "" || a.InResponseTo != "_request" {
			t.Errorf("%s: got %+v", option, a)
		}
	}
	for _, format := range []directory.NameIDFormat{directory.NameIDUnspecified, directory.NameIDTransient, directory.NameIDPersistent} {
		s.set(t, func(settings *directory.SAMLSettings) { settings.NameIDFormat = format })
		if a, err := accept(t, false); err != nil || a.Email != "ada.byron@example.com" {
			t.Errorf("%s: got %q, %v", format, a.Email, err)
		}
	}
	s.set(t, func(settings *directory.SAMLSettings) { settings.NameIDFormat = directory.NameIDEmailAddress })

	if a, err := accept(t, true); err != nil || a.InResponseTo != "" {
		t.Errorf("sign-on that begins at the stand-in: got %+v, %v", a, err)
	}
	next, err := s.provider.CreateCertificate(t.Context(), s.app.ID, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := accept(t, false); err != nil {
		t.Errorf("with a second certificate: %v", err)
	}
	if err := s.db.ActivateCertificate(t.Context(), s.app.ID, next.Thumbprint); err != nil {
		t.Fatal(err)
	}
	if _, err := accept(t, false); err != nil {
		t.Errorf("after the rollover: %v", err)
	}

	// With the claims that a new application has, name identifier and address come from
	// different attributes: the step of the guide that must not be left out.
	s.set(t, func(settings *directory.SAMLSettings) {
		settings.NameIDSource, settings.Claims = "user.userprincipalname", directory.DefaultClaims()
	})
	if _, err := accept(t, false); err == nil || !strings.Contains(err.Error(), "disagree") {
		t.Errorf("with the claims of a new application: got %v", err)
	}
}

// A person signs in to the real server through the stand-in, by the metadata that it
// publishes; and does not when he is unassigned.
func TestEntraSignOn_withTheServer(t *testing.T) {
	t.Parallel()
	server := live.Start(t, "sqlite:"+filepath.Join(t.TempDir(), "rollcall.db"))
	org := live.SetUp(t, server, "Acme")
	shown := live.JSON[struct{ AcsURL, EntityID string }](t, server.Database, "saml", "show", "--org", org.ID)
	s := newEntraSignOn(t, shown.EntityID, shown.AcsURL)
	file := filepath.Join(t.TempDir(), "metadata.xml")
	if err := os.WriteFile(file, s.metadata(t), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := live.Run(t.Context(), t, server.Database, "saml", "connect", "--org", org.ID, "--metadata-file", file); err != nil {
		t.Fatal(err)
	}
	scimCall(t, org, http.MethodPost, "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada.byron@example.com","active":true}`)

	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := browserOf(jar)
	res, err := browser.Get(server.URL + "/saml/" + org.ID + "/login?to=/profile")
	entraPage(t, res, err)
	form := s.signOn(t, browser, res.Header.Get("Location"), s.ada.UserPrincipalName)
	answered, err := browser.PostForm(shown.AcsURL, form)
	body := entraPage(t, answered, err)
	if answered.StatusCode != http.StatusOK || !strings.Contains(body, `href="/profile"`) {
		text, _ := base64.StdEncoding.DecodeString(form.Get("SAMLResponse"))
		t.Fatalf("the sign-in: %d %s\n%s", answered.StatusCode, body, text)
	}
	if status := profile(t, server, jar, server); status != http.StatusOK {
		t.Errorf("signed in, the profile answers %d", status)
	}

	if err := s.db.Unassign(t.Context(), s.app.ID, s.ada.ID); err != nil {
		t.Fatal(err)
	}
	res, err = browser.Get(server.URL + "/saml/" + org.ID + "/login?to=/profile")
	entraPage(t, res, err)
	refused, err := browser.Get(res.Header.Get("Location"))
	if page := entraPage(t, refused, err); refused.StatusCode != http.StatusForbidden || !strings.Contains(page, "AADSTS50105") {
		t.Errorf("unassigned: got %d %s", refused.StatusCode, page)
	}
}
