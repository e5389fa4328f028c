package portal

import (
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"slices"
	"time"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/web/words"
)

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
		return refuse(http.StatusNotFound, "there is no certificate %q", words.Clip(x.r.PathValue("thumbprint")))
	}
	der := list[i].DER
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
