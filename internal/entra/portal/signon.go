package portal

import (
	"slices"
	"strings"

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

// claimRow is a claim as the table shows it.
type claimRow struct {
	Name, Value string
	Format      string // of the name identifier; "" for other claims
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
		frame: x.inApp(app, "Single sign-on", "/sign-on"), Application: app, URLs: p.idp.Endpoints(app), Launch: p.idp.LaunchPath(app),
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
	Review bool // it was filled in from metadata, and is not saved
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
