package idp_test

import (
	"crypto/x509"
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/idp"
)

// verify holds the signatures of a response against the active certificate and tells
// which elements have one.
func (w *world) verify(text []byte) []string {
	w.t.Helper()
	list, err := w.db.Certificates(w.t.Context(), w.app.ID)
	w.check(err)
	certificate, err := x509.ParseCertificate(list[0].DER)
	w.check(err)
	doc := etree.NewDocument()
	w.check(doc.ReadFromBytes(text))
	var signed []string
	for _, e := range []*etree.Element{doc.Root(), doc.Root().SelectElement("Assertion")} {
		if e.SelectElement("Signature") == nil {
			continue
		}
		method := e.FindElement("./Signature/SignedInfo/SignatureMethod").SelectAttrValue("Algorithm", "")
		digest := e.FindElement("./Signature/SignedInfo/Reference/DigestMethod").SelectAttrValue("Algorithm", "")
		if method != "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" || digest != "http://www.w3.org/2001/04/xmlenc#sha256" {
			w.t.Errorf("%s: signed by %s of %s", e.Tag, method, digest)
		}
		context := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{certificate}})
		context.Clock = dsig.NewFakeClockAt(w.clock())
		if _, err := context.Validate(e); err != nil {
			w.t.Errorf("%s: %v", e.Tag, err)
		}
		signed = append(signed, e.Tag)
	}
	return signed
}

func TestSignIn_answersAsEntraDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	asked := w.get(b, w.redirected(authn(`AssertionConsumerServiceURL="`+acs+`"`, ``), "state & more"))
	if asked.status != http.StatusOK || !strings.Contains(asked.body, "to <bdi>Rollcall</bdi>") || !strings.Contains(asked.body, "ada@corp.example.com") || strings.Contains(asked.body, "bob@corp") {
		t.Fatalf("the page that asks who one is: %d %s", asked.status, asked.body)
	}
	if !strings.Contains(asked.body, "no passwords") {
		t.Error("the page does not say that there are no passwords")
	}
	w.now.Add(60)
	p := w.choose(b, asked, "ADA@corp.example.com")
	if got := p.fields().Get("RelayState"); got != "state & more" {
		t.Errorf("RelayState: got %q", got)
	}
	if !strings.Contains(p.body, `action="`+acs+`"`) {
		t.Errorf("the answer is posted elsewhere: %s", p.body)
	}
	text := w.response(p)
	if signed := w.verify(text); len(signed) != 1 || signed[0] != "Assertion" {
		t.Errorf("signed: got %v, want the Assertion", signed)
	}
	a := w.parse(text)
	tenant, err := w.db.Tenant(t.Context())
	w.check(err)
	issuer := w.server.URL + "/" + string(tenant.ID) + "/"
	for _, check := range []struct{ what, got, want string }{
		{"Destination", a.Destination, acs},
		{"InResponseTo", a.InResponseTo, "_r1"},
		{"Issuer", a.Issuer, issuer},
		{"status", a.Status.Code.Value, "urn:oasis:names:tc:SAML:2.0:status:Success"},
		{"Issuer of the assertion", a.Assertion.Issuer, issuer},
		{"NameID", a.Assertion.Subject.NameID.Value, "ada.byron@example.com"},
		{"Format", a.Assertion.Subject.NameID.Format, "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"},
		{"confirmation InResponseTo", a.Assertion.Subject.Data.InResponseTo, "_r1"},
		{"confirmation NotOnOrAfter", a.Assertion.Subject.Data.NotOnOrAfter, "2026-03-01T10:01:00.000Z"},
		{"Recipient", a.Assertion.Subject.Data.Recipient, acs},
		{"NotBefore", a.Assertion.Conditions.NotBefore, "2026-03-01T08:56:00.000Z"},
		{"NotOnOrAfter", a.Assertion.Conditions.NotOnOrAfter, "2026-03-01T10:01:00.000Z"},
		{"Audience", a.Assertion.Conditions.Audience, identifier},
		{"AuthnInstant", a.Assertion.Authn.Instant, "2026-03-01T09:01:00.000Z"},
		{"SessionIndex", a.Assertion.Authn.Index, a.Assertion.ID},
		{"class", a.Assertion.Authn.Class, "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"},
	} {
		if check.got != check.want {
			t.Errorf("%s: got %q, want %q", check.what, check.got, check.want)
		}
	}
	var got []string
	for _, attribute := range a.Assertion.Attributes {
		got = append(got, attribute.Name+"="+strings.Join(attribute.Values, ","))
	}
	const own, identity = "http://schemas.microsoft.com/identity/claims/", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
	want := []string{
		own + "tenantid=" + string(tenant.ID), own + "objectidentifier=" + string(w.ada.ID), own + "displayname=Ada Byron", own + "identityprovider=" + issuer,
		"http://schemas.microsoft.com/claims/authnmethodsreferences=http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password",
		identity + "emailaddress=ada.byron@example.com", identity + "givenname=Ada", identity + "name=ada@corp.example.com", identity + "surname=Byron", "email=ada.byron@example.com",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("attributes: got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}

	// Its only script is a file of ours, and the form may lead anywhere from there.
	script := regexp.MustCompile(`<script src="([^"]+)" defer></script>`).FindStringSubmatch(p.body)
	if script == nil || strings.Count(p.body, "<script") != 1 {
		t.Fatalf("the page does not go on by itself: %s", p.body)
	}
	if file := w.get(b, w.server.URL+script[1]); file.status != http.StatusOK || !strings.Contains(file.body, "document.forms[0].submit()") {
		t.Errorf("%s: %d %s", script[1], file.status, file.body)
	}
	if policy := p.header.Get("Content-Security-Policy"); !strings.Contains(policy, "script-src 'self'; form-action http: https:") || strings.Contains(policy, "unsafe-") {
		t.Errorf("policy %q", policy)
	}
}

func TestSignIn_session(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	w.response(w.choose(b, w.get(b, w.redirected(authn("", ""), "")), w.ada.UserPrincipalName))
	w.now.Add(3600)
	if a := w.parse(w.response(w.get(b, w.redirected(authn("", ""), "")))); a.Assertion.Authn.Instant != "2026-03-01T09:00:00.000Z" || a.Destination != acs {
		t.Errorf("the second sign-in: instant %s, destination %s", a.Assertion.Authn.Instant, a.Destination)
	}
	form := url.Values{"SAMLRequest": {base64.StdEncoding.EncodeToString([]byte(authn("", "")))}, "RelayState": {"r"}}
	if p := w.read(b.PostForm(w.endpoint("/saml2"), form)); p.fields().Get("RelayState") != "r" || w.parse(w.response(p)).InResponseTo != "_r1" {
		t.Error("the request by HTTP-POST is not answered")
	}
	if p := w.get(b, w.redirected(authn(`ForceAuthn="true"`, ""), "")+"&login_hint=ada%40corp.example.com"); !strings.Contains(p.body, "Pick an account") || !strings.Contains(p.body, `value="ada@corp.example.com"`) {
		t.Errorf("ForceAuthn: got %s", p.body)
	}
	if a := w.parse(w.response(w.get(b, w.redirected(authn(`IsPassive="1"`, ""), "")))); a.Assertion.ID == "" {
		t.Error("IsPassive with a session: no assertion")
	}
	if a := w.parse(w.response(w.get(w.browser(), w.redirected(authn(`IsPassive="true"`, ""), "")))); !strings.HasSuffix(a.Status.Code.Second.Value, "NoPassive") || a.Assertion.ID != "" {
		t.Errorf("IsPassive without a session: got %+v", a.Status)
	}
	_, err := w.db.DisableUser(t.Context(), w.ada.ID)
	w.check(err)
	if p := w.get(b, w.redirected(authn("", ""), "")); !strings.Contains(p.body, "Pick an account") {
		t.Errorf("the session of a disabled user: got %s", p.body)
	}
	_, err = w.db.EnableUser(t.Context(), w.ada.ID)
	w.check(err)
	w.now.Add(24 * 3600)
	if p := w.get(b, w.redirected(authn("", ""), "")); !strings.Contains(p.body, "Pick an account") {
		t.Errorf("a session after its time: got %s", p.body)
	}
}

func TestSignIn_refuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	carol := w.user("Carol Off")
	_, err := w.db.DisableUser(t.Context(), carol.ID)
	w.check(err)
	group, err := w.db.CreateGroup(t.Context(), directory.Group{DisplayName: "Late", SecurityEnabled: true})
	w.check(err)
	other := strings.Replace(authn("", ""), identifier, "urn:nobody", 1)
	tests := []struct {
		name   string
		do     func(b *http.Client) page
		status int
		parts  []string
	}{
		{"reply URL of somebody else", func(b *http.Client) page {
			return w.get(b, w.redirected(authn(`AssertionConsumerServiceURL="https://evil.example/acs"`, ""), ""))
		}, http.StatusBadRequest, []string{"AADSTS50011", "https://evil.example/acs", identifier}},
		{"reply URL with another case", func(b *http.Client) page {
			return w.get(b, w.redirected(authn(`AssertionConsumerServiceURL="`+acs+`/"`, ""), ""))
		}, http.StatusBadRequest, []string{"AADSTS50011"}},
		{"unknown application", func(b *http.Client) page { return w.get(b, w.redirected(other, "")) }, http.StatusBadRequest, []string{"AADSTS700016", "urn:nobody", "Contoso"}},
		{"not assigned", func(b *http.Client) page {
			return w.choose(b, w.get(b, w.redirected(authn("", ""), "")), w.bob.UserPrincipalName)
		}, http.StatusForbidden, []string{"AADSTS50105", "Rollcall", w.bob.UserPrincipalName}},
		{"disabled", func(b *http.Client) page {
			return w.choose(b, w.get(b, w.redirected(authn("", ""), "")), carol.UserPrincipalName)
		}, http.StatusForbidden, []string{"AADSTS50057", "disabled"}},
		{"nobody", func(b *http.Client) page {
			return w.choose(b, w.get(b, w.redirected(authn("", ""), "")), "ghost@example.com")
		}, http.StatusOK, []string{"AADSTS50034", "ghost@example.com", `role="alert"`}},
		{"no request", func(b *http.Client) page { return w.get(b, w.endpoint("/saml2")) }, http.StatusBadRequest, []string{"AADSTS750054"}},
		{"not base64", func(b *http.Client) page { return w.get(b, w.endpoint("/saml2?SAMLRequest=%25")) }, http.StatusBadRequest, []string{"AADSTS750056"}},
		{"not compressed", func(b *http.Client) page { return w.get(b, w.endpoint("/saml2?SAMLRequest=AAAA")) }, http.StatusBadRequest, []string{"AADSTS750056"}},
		{"not XML", func(b *http.Client) page { return w.get(b, w.redirected("<a", "")) }, http.StatusBadRequest, []string{"AADSTS7500525", "line 1"}},
		{"document type", func(b *http.Client) page {
			return w.get(b, w.redirected(`<!DOCTYPE x [<!ENTITY e "e">]>`+authn("", ""), ""))
		}, http.StatusBadRequest, []string{"AADSTS7500525", "document type"}},
		{"another root", func(b *http.Client) page {
			return w.get(b, w.redirected(`<samlp:AuthnRequest xmlns:samlp="urn:x"/>`, ""))
		}, http.StatusBadRequest, []string{"AADSTS75005"}},
		{"another version", func(b *http.Client) page {
			return w.get(b, w.redirected(strings.Replace(authn("", ""), `"2.0"`, `"1.1"`, 1), ""))
		}, http.StatusBadRequest, []string{"AADSTS75005", "2.0"}},
		{"too large", func(b *http.Client) page {
			return w.get(b, w.redirected(authn("", strings.Repeat(" ", 200<<10)), ""))
		}, http.StatusBadRequest, []string{"AADSTS750056", "128 KiB"}},
		{"method", func(b *http.Client) page {
			request := authn("", `<samlp:RequestedAuthnContext Comparison="exact"><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:X509</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>`)
			return w.choose(b, w.get(b, w.redirected(request, "")), w.ada.UserPrincipalName)
		}, http.StatusBadRequest, []string{"AADSTS75011", "X509"}},
		{"script in what is shown", func(b *http.Client) page {
			return w.get(b, w.redirected(authn(`AssertionConsumerServiceURL="https://x/&lt;script&gt;"`, ""), ""))
		}, http.StatusBadRequest, []string{"&lt;script&gt;"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := test.do(w.browser())
			body := html.UnescapeString(p.body)
			for _, part := range test.parts {
				if !strings.Contains(body, part) && !strings.Contains(p.body, part) {
					t.Errorf("the page does not say %q: %s", part, p.body)
				}
			}
			if p.status != test.status || p.fields().Has("SAMLResponse") {
				t.Errorf("status %d, want %d; a response: %v", p.status, test.status, p.fields().Has("SAMLResponse"))
			}
		})
	}

	// Who comes to be a member of an assigned group gets in; and everybody does, where no
	// assignment is required.
	enter := func() page {
		b := w.browser()
		return w.choose(b, w.get(b, w.redirected(authn("", ""), "")), w.bob.UserPrincipalName)
	}
	_, err = w.db.Assign(t.Context(), w.app.ID, group.ID)
	w.check(err)
	_, err = w.db.AddMember(t.Context(), group.ID, w.bob.ID)
	w.check(err)
	w.response(enter())
	_, err = w.db.RemoveMember(t.Context(), group.ID, w.bob.ID)
	w.check(err)
	if p := enter(); !strings.Contains(p.body, "AADSTS50105") {
		t.Errorf("who left the group: got %s", p.body)
	}
	w.set(func(a *directory.Application) { a.AssignmentRequired = false })
	w.response(enter())
	w.set(func(a *directory.Application) { a.Enabled = false })
	if p := w.get(w.browser(), w.redirected(authn("", ""), "")); !strings.Contains(p.body, "AADSTS7000112") {
		t.Errorf("a disabled application: got %s", p.body)
	}
}

func TestSignIn_unsupportedIsToldToTheServiceProvider(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, content := range map[string]string{
		"Subject":                          `<saml:Subject><saml:NameID>x</saml:NameID></saml:Subject>`,
		"NameIDPolicy/Format":              `<samlp:NameIDPolicy Format="urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos"/>`,
		"RequestedAuthnContext/Comparison": `<samlp:RequestedAuthnContext Comparison="minimum"/>`,
	} {
		a := w.parse(w.response(w.get(w.browser(), w.redirected(authn("", content), ""))))
		if !strings.HasSuffix(a.Status.Code.Value, ":Requester") || !strings.HasSuffix(a.Status.Code.Second.Value, ":RequestUnsupported") ||
			!strings.Contains(a.Status.Message, "AADSTS90011") || !strings.Contains(a.Status.Message, name) || a.Assertion.ID != "" {
			t.Errorf("%s: got %+v", name, a.Status)
		}
	}
}

func TestSignIn_nameIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	w.choose(b, w.get(b, w.redirected(authn("", ""), "")), w.ada.UserPrincipalName)
	name := func(policy string) (format, value string) {
		t.Helper()
		id := w.parse(w.response(w.get(b, w.redirected(authn("", policy), "")))).Assertion.Subject.NameID
		return id.Format, id.Value
	}
	const v1, v2 = "urn:oasis:names:tc:SAML:1.1:nameid-format:", "urn:oasis:names:tc:SAML:2.0:nameid-format:"
	format, pairwise := name(`<samlp:NameIDPolicy Format="` + v2 + `persistent"/>`)
	if format != v2+"persistent" || pairwise == "" || strings.Contains(pairwise, "@") {
		t.Errorf("persistent: got %s %s", format, pairwise)
	}
	if format, value := name(`<samlp:NameIDPolicy Format="` + v1 + `unspecified"/>`); format != v1+"unspecified" || value != pairwise {
		t.Errorf("unspecified: got %s %s, want the pairwise %s", format, value, pairwise)
	}
	if format, value := name(`<samlp:NameIDPolicy Format="` + v1 + `emailAddress"/>`); format != v1+"emailAddress" || value != w.ada.Mail {
		t.Errorf("emailAddress: got %s %s", format, value)
	}
	_, first := name(`<samlp:NameIDPolicy Format="` + v2 + `transient"/>`)
	if format, second := name(`<samlp:NameIDPolicy Format="` + v2 + `transient"/>`); format != v2+"transient" || first == second || first == "" {
		t.Errorf("transient: got %s %s twice", format, second)
	}
	if id := w.parse(w.response(w.get(b, w.redirected(authn("", `<samlp:NameIDPolicy SPNameQualifier="urn:q"/>`), "")))).Assertion.Subject.NameID; id.Qualifier != "urn:q" {
		t.Errorf("SPNameQualifier: got %+v", id)
	}
	for setting, want := range map[directory.NameIDFormat]string{
		directory.NameIDUnspecified: v1 + "unspecified", directory.NameIDPersistent: v2 + "persistent", directory.NameIDWindows: v1 + "WindowsDomainQualifiedName",
	} {
		w.set(func(a *directory.Application) { a.SAML.NameIDFormat = setting })
		if format, value := name(""); format != want || value != w.ada.Mail {
			t.Errorf("%s: got %s %s", setting, format, value)
		}
	}
	w.set(func(a *directory.Application) {
		a.SAML.NameIDFormat, a.SAML.NameIDSource = directory.NameIDEmailAddress, "user.employeeid"
	})
	if format, value := name(""); format != v2+"persistent" || value != pairwise {
		t.Errorf("a source without a value: got %s %s, want the pairwise one", format, value)
	}
}

func TestSignIn_signingOptionsAndClaims(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	w.choose(b, w.get(b, w.redirected(authn("", ""), "")), w.ada.UserPrincipalName)
	var ids []string
	for _, name := range []string{"One", "Two"} {
		g, err := w.db.CreateGroup(t.Context(), directory.Group{DisplayName: name, SecurityEnabled: true})
		w.check(err)
		_, err = w.db.AddMember(t.Context(), g.ID, w.ada.ID)
		w.check(err)
		ids = append(ids, string(g.ID))
	}
	w.set(func(a *directory.Application) {
		a.SAML.Claims = []directory.Claim{
			{Name: "groups", Namespace: directory.MicrosoftClaims, Source: directory.GroupsSource},
			{Name: "env", Source: `"<test> & more"`}, {Name: "none", Source: "user.jobtitle"},
		}
	})
	for option, want := range map[directory.SigningOption]string{
		directory.SignAssertion: "Assertion", directory.SignResponse: "Response", directory.SignResponseAndAssertion: "Response Assertion",
	} {
		w.set(func(a *directory.Application) { a.SAML.SigningOption = option })
		text := w.response(w.get(b, w.redirected(authn("", ""), "")))
		if got := strings.Join(w.verify(text), " "); got != want {
			t.Errorf("%s: signed %q, want %q", option, got, want)
		}
		attributes := map[string][]string{}
		for _, attribute := range w.parse(text).Assertion.Attributes {
			attributes[attribute.Name] = attribute.Values
		}
		groups := attributes["http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"]
		if len(groups) != 2 || !strings.Contains(strings.Join(ids, " "), groups[0]) || !strings.Contains(strings.Join(ids, " "), groups[1]) {
			t.Errorf("groups: got %v, want %v", groups, ids)
		}
		if env := attributes["env"]; len(env) != 1 || env[0] != "<test> & more" {
			t.Errorf("a constant: got %v", env)
		}
		if none, has := attributes["none"]; has {
			t.Errorf("a claim without a value: got %v", none)
		}
	}
}

func TestTile_signOnBeginsHere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(func(a *directory.Application) { a.SAML.RelayState = "https://rollcall.example.com/audit" })
	access := w.idp.Endpoints(w.app).UserAccessURL
	b := w.browser()
	p := w.choose(b, w.get(b, access), w.ada.UserPrincipalName)
	a := w.parse(w.response(p))
	if a.InResponseTo != "" || a.Assertion.Subject.Data.InResponseTo != "" || a.Destination != acs || p.fields().Get("RelayState") != w.app.SAML.RelayState {
		t.Errorf("got InResponseTo %q, %q, RelayState %q", a.InResponseTo, a.Assertion.Subject.Data.InResponseTo, p.fields().Get("RelayState"))
	}
	w.set(func(a *directory.Application) { a.SAML.SignOnURL = "https://rollcall.example.com/?connection=1" })
	if p := w.get(b, access); p.status != http.StatusFound || p.location != w.app.SAML.SignOnURL {
		t.Errorf("with a Sign on URL: got %d %s", p.status, p.location)
	}
	if p := w.get(b, w.server.URL+"/signin/none"); !strings.Contains(p.body, "AADSTS700016") {
		t.Errorf("an unknown tile: got %s", p.body)
	}

	p = w.get(b, w.server.URL+w.idp.LaunchPath(w.app))
	if a := w.parse(w.response(p)); a.InResponseTo != "" || a.Assertion.ID == "" {
		t.Errorf("begun here all the same: got %+v", a)
	}
}

func TestNew_publicURL(t *testing.T) {
	t.Parallel()
	db, err := directory.Open(t.Context(), "", directory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, address := range []string{"", "127.0.0.1:8081", "ftp://x", "http://x/path"} {
		if _, err := idp.New(t.Context(), idp.Config{Directory: db, PublicURL: address}); err == nil || !strings.Contains(err.Error(), address) {
			t.Errorf("%q: got %v", address, err)
		}
	}
}

// Its pages look as those of the portal do, also in the theme that was chosen there.
func TestPages_look(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/login", "/logout", "/signin/nothing"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.server.URL+path, nil)
		w.check(err)
		r.AddCookie(&http.Cookie{Name: "entra-theme", Value: "dark"})
		p := w.read(http.DefaultClient.Do(r))
		if !strings.Contains(p.body, `<html lang="en" data-theme="dark">`) || !strings.Contains(p.body, `class="standin"`) {
			t.Errorf("%s: %s", path, p.body)
		}
		sheets := regexp.MustCompile(`rel="stylesheet" href="([^"]+)"`).FindAllStringSubmatch(p.body, -1)
		if len(sheets) != 3 {
			t.Errorf("%s has the style sheets %v", path, sheets)
		}
		for _, sheet := range sheets {
			if got := w.get(http.DefaultClient, w.server.URL+sheet[1]); got.status != http.StatusOK {
				t.Errorf("%s: %d", sheet[1], got.status)
			}
		}
		if policy := p.header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; style-src 'self'") || strings.Contains(policy, "script-src") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s has the policy %q", path, policy)
		}
	}
}
