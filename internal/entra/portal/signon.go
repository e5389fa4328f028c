package portal

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/idp"
)

func (p *Portal) signOnRoutes() []route {
	return []route{
		show("/applications/{app}/sign-on", configurers, p.singleSignOn, "signon.html", signOnPage{}),
		show("/applications/{app}/sign-on/basic", configurers, p.editBasicSAML, "signonbasic.html", basicSAMLPage{}),
		act("/applications/{app}/sign-on/basic", configurers, p.saveBasicSAML),
		show("/applications/{app}/sign-on/claims", configurers, p.claims, "claims.html", claimsPage{}),
		act("/applications/{app}/sign-on/claims/name-id", configurers, p.saveNameID),
		show("/applications/{app}/sign-on/claims/new", configurers, p.newClaim, "claimedit.html", claimEditPage{}),
		act("/applications/{app}/sign-on/claims/new", configurers, p.addClaim),
		show("/applications/{app}/sign-on/claims/edit", configurers, p.editClaim, "claimedit.html", claimEditPage{}),
		act("/applications/{app}/sign-on/claims/edit", configurers, p.saveClaim),
		act("/applications/{app}/sign-on/claims/delete", configurers, p.deleteClaim),
		show("/applications/{app}/sign-on/certificates", configurers, p.certificates, "certificates.html", certificatesPage{}),
		act("/applications/{app}/sign-on/certificates", configurers, p.saveSigning),
		act("/applications/{app}/sign-on/certificates/new", configurers, p.newCertificate),
		act("/applications/{app}/sign-on/certificates/{thumbprint}/activate", configurers, p.activateCertificate),
		act("/applications/{app}/sign-on/certificates/{thumbprint}/delete", configurers, p.deleteCertificate),
		get("/applications/{app}/sign-on/certificates/{thumbprint}/{form}", configurers, p.downloadCertificate),
	}
}

// signOnPage is the five sections of "Set up Single Sign-On with SAML" (Microsoft Entra
// docs, "add-application-portal-setup-sso").
type signOnPage struct {
	frame
	Application directory.Application
	URLs        idp.Endpoints
	ReplyURLs   []string
	Claims      []claimRow
	Active      *certificateRow // the certificate that signs; nil for none
	Launch      string
}

// launch is where sign-on begins here, and not at the application.
func launch(app directory.Application) string { return "/signin/" + string(app.AppID) + "?start=here" }

// claimRow is a claim as the table shows it.
type claimRow struct {
	Name, Value string
	Format      string // of the name identifier; "" for other claims
}

type certificateRow struct {
	directory.Certificate
	Base       string // URL of what can be done with it
	State      string // "Active", "Inactive", "Expired"
	Kind       string // "ok", "warn", "bad", "muted"
	Icon       string
	ExpiresDay string
}

func certificateRowOf(app appRef, c directory.Certificate, now time.Time) certificateRow {
	row := certificateRow{
		Certificate: c, Base: app.URL("/sign-on/certificates/" + c.Thumbprint), State: "Inactive", Kind: "muted", Icon: "skip", ExpiresDay: c.NotAfter.UTC().Format("2 Jan 2006"),
	}
	switch {
	case !now.Before(c.NotAfter):
		row.State, row.Kind, row.Icon = "Expired", "bad", "error"
	case c.Active && c.NotAfter.Sub(now) < 60*24*time.Hour:
		row.State, row.Kind, row.Icon = "Active, expires soon", "warn", "clock"
	case c.Active:
		row.State, row.Kind, row.Icon = "Active", "ok", "check-circle"
	}
	return row
}

func (p *Portal) singleSignOn(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	certificates, err := p.directory.Certificates(x.r.Context(), app.ID)
	if err != nil {
		return err
	}
	page := &signOnPage{
		frame: x.inApp(app, "Single sign-on", "/sign-on"), Application: app, URLs: p.idp.Endpoints(app), Launch: launch(app),
		Claims: claimRows(app),
	}
	if app.SAML.ReplyURL != "" {
		page.ReplyURLs = append([]string{app.SAML.ReplyURL}, app.SAML.MoreReplyURLs...)
	}
	for _, c := range certificates {
		if c.Active {
			row := certificateRowOf(page.App, c, x.now)
			page.Active = &row
		}
	}
	return x.show(page)
}

func claimRows(app directory.Application) []claimRow {
	rows := []claimRow{{"Unique User Identifier (Name ID)", app.SAML.NameIDSource, string(app.SAML.NameIDFormat)}}
	for _, c := range app.SAML.Claims {
		rows = append(rows, claimRow{Name: c.URI(), Value: c.Source})
	}
	return rows
}

type basicSAMLPage struct {
	frame
	Fields []formField
}

func (x *exchange) basicSAMLPage(app directory.Application) *basicSAMLPage {
	s := app.SAML
	page := &basicSAMLPage{frame: x.inApp(app, "Basic SAML Configuration", "/sign-on"), Fields: []formField{
		{Name: "identifier", Label: "Identifier (Entity ID)", Value: s.Identifier, Max: 1024, Mono: true, Help: "The unique ID that identifies the application. The application shows it as its entity ID."},
		{Name: "reply", Label: "Reply URL (Assertion Consumer Service URL)", Value: strings.Join(append(slices.DeleteFunc([]string{s.ReplyURL}, func(u string) bool { return u == "" }), s.MoreReplyURLs...), "\n"), Max: 8000, Mono: true, Lines: 2, Help: "Where the answer is sent. One a line; the first is the default."},
		{Name: "signon", Label: "Sign on URL (Optional)", Value: s.SignOnURL, Max: 2048, Mono: true, Help: "Where My Apps leads, if sign-on begins at the application. Empty: it begins here (IdP-initiated)."},
		{Name: "relay", Label: "Relay State (Optional)", Value: s.RelayState, Max: 1024, Mono: true, Help: "Sent along when sign-on begins here."},
		{Name: "logout", Label: "Logout Url (Optional)", Value: s.LogoutURL, Max: 2048, Mono: true, Help: "Where answers to sign-out requests are sent."},
	}}
	page.Crumbs = append(page.Crumbs, crumb{"Single sign-on", page.App.URL("/sign-on")})
	return page
}

func (p *Portal) editBasicSAML(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	return x.show(x.basicSAMLPage(app))
}

func (p *Portal) saveBasicSAML(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	change := func(a *directory.Application) error {
		replies := strings.Fields(x.value("reply"))
		a.SAML.ReplyURL, a.SAML.MoreReplyURLs = "", nil
		if len(replies) > 0 {
			a.SAML.ReplyURL, a.SAML.MoreReplyURLs = replies[0], replies[1:]
		}
		a.SAML.Identifier, a.SAML.SignOnURL, a.SAML.RelayState, a.SAML.LogoutURL = x.value("identifier"), x.value("signon"), x.value("relay"), x.value("logout")
		return nil
	}
	_ = change(&app) // for the form, should it be refused
	if _, err := p.directory.UpdateApplication(x.r.Context(), app.ID, change); err != nil {
		return x.again(x.basicSAMLPage(app), err)
	}
	return x.done("/applications/"+string(app.ID)+"/sign-on", "Basic SAML Configuration saved.", "")
}

type claimsPage struct {
	frame
	Application directory.Application
	Claims      []editableClaim
	Source      formField
	Sources     []string
	Formats     []choice
}

type editableClaim struct {
	directory.Claim
	Edit string
	N    int
}

func (x *exchange) claimsPage(app directory.Application) *claimsPage {
	page := &claimsPage{
		frame: x.inApp(app, "Attributes & Claims", "/sign-on"), Application: app,
		Source:  formField{Name: "source", Value: app.SAML.NameIDSource},
		Sources: directory.ClaimSources(),
		Formats: choices(app.SAML.NameIDFormat, directory.NameIDEmailAddress, directory.NameIDPersistent, directory.NameIDUnspecified, directory.NameIDTransient, directory.NameIDWindows),
	}
	page.Crumbs = append(page.Crumbs, crumb{"Single sign-on", page.App.URL("/sign-on")})
	for i, c := range app.SAML.Claims {
		page.Claims = append(page.Claims, editableClaim{c, page.App.URL("/sign-on/claims/edit?claim=" + strconv.Itoa(i)), i})
	}
	return page
}

func (p *Portal) claims(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	return x.show(x.claimsPage(app))
}

func (p *Portal) saveNameID(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	change := func(a *directory.Application) error {
		a.SAML.NameIDSource, a.SAML.NameIDFormat = x.value("source"), directory.NameIDFormat(x.value("format"))
		return nil
	}
	_ = change(&app) // for the form, should it be refused
	if _, err := p.directory.UpdateApplication(x.r.Context(), app.ID, change); err != nil {
		return x.again(x.claimsPage(app), err)
	}
	return x.done("/applications/"+string(app.ID)+"/sign-on/claims", "The Unique User Identifier was saved.", "")
}

type claimEditPage struct {
	frame
	Action          string
	N               int // which claim; -1 for a new one
	Name, Namespace formField
	Source          string
	Sources         []string
}

func (x *exchange) claimEditPage(app directory.Application, n int, c directory.Claim) *claimEditPage {
	title, action := "Add new claim", "/sign-on/claims/new"
	if n >= 0 {
		title, action = "Manage claim", "/sign-on/claims/edit"
	}
	page := &claimEditPage{
		frame: x.inApp(app, title, "/sign-on"), N: n, Source: c.Source, Sources: directory.ClaimSources(),
		Name:      formField{Name: "name", Label: "Name", Value: c.Name, Required: true, Max: 256, Mono: true},
		Namespace: formField{Name: "namespace", Label: "Namespace", Value: c.Namespace, Max: 1024, Mono: true, Help: "Stands before the name, with a slash between. Empty: the name alone."},
	}
	page.Action = page.App.URL(action)
	page.Crumbs = append(page.Crumbs, crumb{"Single sign-on", page.App.URL("/sign-on")}, crumb{"Attributes & Claims", page.App.URL("/sign-on/claims")})
	return page
}

func (x *exchange) readClaim() directory.Claim {
	return directory.Claim{Name: x.value("name"), Namespace: strings.TrimRight(x.value("namespace"), "/"), Source: x.value("source")}
}

// claimNumber finds the claim that a form or an address means.
func claimNumber(app directory.Application, text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n >= len(app.SAML.Claims) {
		return 0, refuse(http.StatusNotFound, "there is no claim %q; it may have been deleted", clip(text))
	}
	return n, nil
}

func (p *Portal) newClaim(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	return x.show(x.claimEditPage(app, -1, directory.Claim{Source: "user.mail"}))
}

func (p *Portal) addClaim(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	claim := x.readClaim()
	_, err = p.directory.UpdateApplication(x.r.Context(), app.ID, func(a *directory.Application) error {
		a.SAML.Claims = append(a.SAML.Claims, claim)
		return nil
	})
	if err != nil {
		return x.again(x.claimEditPage(app, -1, claim), err)
	}
	return x.done("/applications/"+string(app.ID)+"/sign-on/claims", "The claim was added.", "")
}

func (p *Portal) editClaim(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	n, err := claimNumber(app, x.query("claim"))
	if err != nil {
		return err
	}
	return x.show(x.claimEditPage(app, n, app.SAML.Claims[n]))
}

func (p *Portal) saveClaim(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	n, err := claimNumber(app, x.value("claim"))
	if err != nil {
		return err
	}
	claim := x.readClaim()
	_, err = p.directory.UpdateApplication(x.r.Context(), app.ID, func(a *directory.Application) error {
		if n >= len(a.SAML.Claims) {
			return refuse(http.StatusConflict, "the claims were changed meanwhile; open the page again")
		}
		a.SAML.Claims[n] = claim
		return nil
	})
	if err != nil {
		return x.again(x.claimEditPage(app, n, claim), err)
	}
	return x.done("/applications/"+string(app.ID)+"/sign-on/claims", "The claim was saved.", "")
}

func (p *Portal) deleteClaim(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	uri := x.r.PostForm.Get("uri")
	_, err = p.directory.UpdateApplication(x.r.Context(), app.ID, func(a *directory.Application) error {
		before := len(a.SAML.Claims)
		a.SAML.Claims = slices.DeleteFunc(a.SAML.Claims, func(c directory.Claim) bool { return c.URI() == uri })
		if len(a.SAML.Claims) == before {
			return refuse(http.StatusNotFound, "there is no claim %q; it may have been deleted", clip(uri))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.done("/applications/"+string(app.ID)+"/sign-on/claims", "The claim was deleted.", "")
}

type certificatesPage struct {
	frame
	Certificates []certificateRow
	Options      []choice
	Email        formField
}

func (p *Portal) certificatesPage(x *exchange, app directory.Application) (*certificatesPage, error) {
	list, err := p.directory.Certificates(x.r.Context(), app.ID)
	if err != nil {
		return nil, err
	}
	page := &certificatesPage{
		frame:   x.inApp(app, "SAML Signing Certificate", "/sign-on"),
		Options: choices(app.SAML.SigningOption, directory.SignAssertion, directory.SignResponse, directory.SignResponseAndAssertion),
		Email:   formField{Name: "email", Label: "Notification Email", Value: app.SAML.NotificationEmail, Max: 254, Help: "Kept and shown; the stand-in sends no mail."},
	}
	page.Crumbs = append(page.Crumbs, crumb{"Single sign-on", page.App.URL("/sign-on")})
	for _, c := range list {
		page.Certificates = append(page.Certificates, certificateRowOf(page.App, c, x.now))
	}
	return page, nil
}

func (p *Portal) certificates(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	page, err := p.certificatesPage(x, app)
	if err != nil {
		return err
	}
	return x.show(page)
}

func (p *Portal) saveSigning(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	change := func(a *directory.Application) error {
		a.SAML.SigningOption, a.SAML.NotificationEmail = directory.SigningOption(x.value("option")), x.value("email")
		return nil
	}
	_ = change(&app) // for the form, should it be refused
	if _, refused := p.directory.UpdateApplication(x.r.Context(), app.ID, change); refused != nil {
		page, err := p.certificatesPage(x, app)
		if err != nil {
			return err
		}
		return x.again(page, refused)
	}
	return x.done("/applications/"+string(app.ID)+"/sign-on/certificates", "Signing settings saved.", "")
}

func (p *Portal) newCertificate(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	c, err := p.idp.CreateCertificate(x.r.Context(), app.ID, time.Time{})
	if err != nil {
		return err
	}
	detail := "It is inactive: the metadata offers it already. Make it active when the application has read the metadata again."
	if c.Active {
		detail = "It signs from now on."
	}
	return x.done("/applications/"+string(app.ID)+"/sign-on/certificates", "A new certificate was made.", detail)
}

func (p *Portal) activateCertificate(x *exchange) error {
	if err := p.directory.ActivateCertificate(x.r.Context(), x.id("app"), x.r.PathValue("thumbprint")); err != nil {
		return err
	}
	return x.done("/applications/"+string(x.id("app"))+"/sign-on/certificates", "The certificate is active now.", "Answers are signed with it from now on. An application that does not know it refuses them.")
}

func (p *Portal) deleteCertificate(x *exchange) error {
	if err := p.directory.DeleteCertificate(x.r.Context(), x.id("app"), x.r.PathValue("thumbprint")); err != nil {
		return err
	}
	return x.done("/applications/"+string(x.id("app"))+"/sign-on/certificates", "The certificate was deleted.", "")
}

// downloadCertificate gives a certificate out: "raw" in DER, "base64" and "pem" as text.
func (p *Portal) downloadCertificate(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	list, err := p.directory.Certificates(x.r.Context(), app.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(c directory.Certificate) bool { return c.Thumbprint == x.r.PathValue("thumbprint") })
	if i < 0 {
		return refuse(http.StatusNotFound, "there is no certificate %q", clip(x.r.PathValue("thumbprint")))
	}
	der := list[i].DER
	if _, err := x509.ParseCertificate(der); err != nil {
		return err
	}
	switch x.r.PathValue("form") {
	case "raw":
		return x.file("application/pkix-cert", app.DisplayName+".cer", der)
	case "base64":
		return x.file("application/x-x509-ca-cert", app.DisplayName+"-base64.cer", []byte("-----BEGIN CERTIFICATE-----\r\n"+base64.StdEncoding.EncodeToString(der)+"\r\n-----END CERTIFICATE-----\r\n"))
	case "pem":
		return x.file("application/x-pem-file", app.DisplayName+".pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	}
	return refuse(http.StatusNotFound, "a certificate can be downloaded as raw, base64 or pem")
}
