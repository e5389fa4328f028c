package portal

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/web/words"
)

type claimsPage struct {
	frame
	Claims  []editableClaim
	Source  formField
	Sources []string
	Formats []choice
}

type editableClaim struct {
	directory.Claim
	Edit string
	N    int
}

func (x *exchange) claimsPage(app directory.Application) *claimsPage {
	page := &claimsPage{
		frame:   x.inApp(app, "Attributes & Claims", "/sign-on"),
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
		return 0, refuse(http.StatusNotFound, "there is no claim %q; it may have been deleted", words.Clip(text))
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
			return refuse(http.StatusNotFound, "there is no claim %q; it may have been deleted", words.Clip(uri))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.done("/applications/"+string(app.ID)+"/sign-on/claims", "The claim was deleted.", "")
}
