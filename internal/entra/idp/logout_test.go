package idp_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

const logoutRequest = `<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_out" Version="2.0" IssueInstant="2026-03-01T09:00:00Z"><saml:Issuer>` +
	identifier + `</saml:Issuer><saml:NameID>somebody</saml:NameID></samlp:LogoutRequest>`

// verifyRedirect checks the signature of a URL: over the query as it stands, up to it.
func (w *world) verifyRedirect(location string, app directory.Application) {
	w.t.Helper()
	_, query, _ := strings.Cut(location, "?")
	signed, encoded, ok := strings.Cut(query, "&Signature=")
	if !ok || !strings.Contains(signed, "SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256") {
		w.t.Fatalf("not signed: %s", location)
	}
	text, err := url.QueryUnescape(encoded)
	w.check(err)
	signature, err := base64.StdEncoding.DecodeString(text)
	w.check(err)
	list, err := w.db.Certificates(w.t.Context(), app.ID)
	w.check(err)
	certificate, err := x509.ParseCertificate(list[0].DER)
	w.check(err)
	digest := sha256.Sum256([]byte(signed))
	key, isRSA := certificate.PublicKey.(*rsa.PublicKey)
	if !isRSA || rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) != nil {
		w.t.Errorf("the signature of %s is wrong", location)
	}
}

var frame = regexp.MustCompile(`<iframe src="([^"]+)"`)

func TestLogout_byOneApplication(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	second := w.application("Second", "https://second.example.com")
	_, err := w.db.Assign(t.Context(), second.ID, w.ada.ID)
	w.check(err)
	b := w.browser()
	w.choose(b, w.get(b, w.redirected(authn("", ""), "")), w.ada.UserPrincipalName)

	// Alone in the session: the answer comes at once.
	p := w.get(b, w.redirected(logoutRequest, "back"))
	if p.status != http.StatusFound || !strings.HasPrefix(p.location, logoutURL+"?SAMLResponse=") || !strings.Contains(p.location, "&RelayState=back&") {
		t.Fatalf("got %d %s", p.status, p.location)
	}
	w.verifyRedirect(p.location, w.app)
	response := w.inflated(p.location, "SAMLResponse")
	for _, part := range []string{`InResponseTo="_out"`, `Destination="` + logoutURL + `"`, "status:Success", "<samlp:LogoutResponse"} {
		if !strings.Contains(response, part) {
			t.Errorf("the answer lacks %q: %s", part, response)
		}
	}
	if p := w.get(b, w.redirected(authn("", ""), "")); !strings.Contains(p.body, "Pick an account") {
		t.Error("the session goes on")
	}

	// With another application in it: that one is asked first.
	w.choose(b, w.get(b, w.redirected(authn("", ""), "")), w.ada.UserPrincipalName)
	index := w.parse(w.response(w.get(b, w.redirected(strings.Replace(authn("", ""), identifier, "https://second.example.com", 1), "")))).Assertion.Authn.Index
	p = w.get(b, w.redirected(logoutRequest, ""))
	frames := frame.FindAllStringSubmatch(p.body, -1)
	if len(frames) != 1 || !strings.Contains(p.header.Get("Refresh"), "url="+logoutURL) || !strings.Contains(p.header.Get("Content-Security-Policy"), "frame-src") {
		t.Fatalf("got frames %v, Refresh %q", frames, p.header.Get("Refresh"))
	}
	location := html.UnescapeString(frames[0][1])
	if !strings.HasPrefix(location, "https://second.example.com/logout?SAMLRequest=") {
		t.Errorf("the frame is %s", location)
	}
	w.verifyRedirect(location, second)
	request := w.inflated(location, "SAMLRequest")
	for _, part := range []string{"<samlp:LogoutRequest", ">ada.byron@example.com</NameID>", index} {
		if !strings.Contains(request, part) {
			t.Errorf("the request lacks %q: %s", part, request)
		}
	}

	w.set(func(a *directory.Application) { a.SAML.LogoutURL = "" })
	if p := w.get(b, w.redirected(logoutRequest, "")); !strings.Contains(p.body, "You signed out") {
		t.Errorf("without a Logout URL: got %s", p.body)
	}
}

func TestLogout_byThePerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	w.choose(b, w.get(b, w.redirected(authn("", ""), "")), w.ada.UserPrincipalName)
	if p := w.get(b, w.server.URL+"/logout"); !strings.Contains(p.body, "Ada Byron") {
		t.Errorf("the question: got %s", p.body)
	}
	p := w.read(b.PostForm(w.server.URL+"/logout", nil))
	if frames := frame.FindAllStringSubmatch(p.body, -1); len(frames) != 1 || !strings.HasPrefix(frames[0][1], logoutURL) {
		t.Errorf("got %s", p.body)
	}
	if p := w.get(b, w.redirected(authn("", ""), "")); !strings.Contains(p.body, "Pick an account") {
		t.Error("the session goes on")
	}
	answer := strings.ReplaceAll(strings.Replace(logoutRequest, "<saml:NameID>somebody</saml:NameID>", "", 1), "LogoutRequest", "LogoutResponse")
	if p := w.get(b, strings.Replace(w.redirected(answer, ""), "SAMLRequest", "SAMLResponse", 1)); p.status != http.StatusNoContent {
		t.Errorf("the application's answer: got %d %s", p.status, p.body)
	}
}

func TestMetadata_rollover(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	certificates := func() []string {
		t.Helper()
		p := w.get(w.browser(), w.idp.Endpoints(w.app).MetadataURL)
		var list []string
		for _, match := range regexp.MustCompile(`<X509Certificate>([^<]+)</X509Certificate>`).FindAllStringSubmatch(p.body, -1) {
			list = append(list, match[1])
		}
		return list
	}
	first := certificates()
	p := w.get(w.browser(), w.idp.Endpoints(w.app).MetadataURL)
	for _, part := range []string{
		`entityID="` + w.idp.Endpoints(w.app).Identifier + `"`, `Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="` + w.idp.Endpoints(w.app).LoginURL + `"`,
		`<SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"`,
	} {
		if !strings.Contains(p.body, part) {
			t.Errorf("the metadata lacks %q: %s", part, p.body)
		}
	}
	next, err := w.idp.CreateCertificate(t.Context(), w.app.ID, w.clock())
	if err == nil {
		t.Errorf("a certificate that ends now: got %v", next.NotAfter)
	}
	next, err = w.idp.CreateCertificate(t.Context(), w.app.ID, w.clock().AddDate(0, 0, 3))
	w.check(err)
	both := certificates()
	if len(first) != 1 || len(both) != 2 || both[0] != first[0] || next.Active || len(next.Thumbprint) != 40 {
		t.Errorf("got %d, then %d certificates; the new one is %+v", len(first), len(both), next)
	}
	b := w.browser()
	w.verify(w.response(w.choose(b, w.get(b, w.redirected(authn("", ""), "")), w.ada.UserPrincipalName)))
	w.check(w.db.ActivateCertificate(t.Context(), w.app.ID, next.Thumbprint))
	if after := certificates(); len(after) != 2 || after[0] != both[1] {
		t.Error("the active certificate is not the first")
	}
	w.verify(w.response(w.get(b, w.redirected(authn("", ""), ""))))
	if list, err := w.db.Certificates(t.Context(), w.app.ID); err != nil || !list[1].NotAfter.Equal(w.clock().AddDate(3, 0, 0)) {
		t.Errorf("the first certificate ends %v, want in three years", list[1].NotAfter)
	}

	bare, err := w.db.CreateApplication(t.Context(), directory.Application{DisplayName: "Bare"})
	w.check(err)
	if p := w.get(b, w.idp.Endpoints(bare).MetadataURL); !strings.Contains(p.body, "AADSTS500031") {
		t.Errorf("without a certificate: got %s", p.body)
	}
	if p := w.get(b, w.endpoint("/federationmetadata/2007-06/federationmetadata.xml")); p.status != http.StatusNotFound {
		t.Errorf("without appid: got %d", p.status)
	}
}
