package idp

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

// getTile opens an application from My Apps: at its Sign on URL, from where it asks for
// sign-on itself, else with a response that nobody asked for (Microsoft Entra docs,
// "end-user-experiences", and the tooltip of Sign on URL). ?start=here wants the latter.
func (p *Provider) getTile(w http.ResponseWriter, r *http.Request) error {
	app, err := p.directory.ApplicationByAppID(r.Context(), directory.ID(r.PathValue("app")))
	if directory.IsProblem(err, directory.NotFound) {
		return p.unknownApplication(r.Context(), r.PathValue("app"))
	}
	if err != nil {
		return err
	}
	if app.SAML.SignOnURL != "" && r.URL.Query().Get("start") != "here" {
		http.Redirect(w, r, app.SAML.SignOnURL, http.StatusFound)
		return nil
	}
	a, err := p.arrive(r.Context(), carried{app: string(app.AppID), relayState: app.SAML.RelayState})
	if err != nil {
		return err
	}
	return p.enter(w, r, a)
}

// LoginURL is where to sign in to the stand-in itself, and to be led on to a path of it.
func LoginURL(to string) string { return "/login?to=" + url.QueryEscape(to) }

// ownPath keeps to from leading to another host.
func ownPath(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return to
}

// getLogin asks who wants to use the stand-in itself.
func (p *Provider) getLogin(w http.ResponseWriter, r *http.Request) error {
	return p.askOwn(w, r, accountPage{To: ownPath(r.URL.Query().Get("to")), Query: r.URL.Query().Get("q")})
}

func (p *Provider) askOwn(w http.ResponseWriter, r *http.Request, page accountPage) error {
	page.Action = "/login"
	var err error
	if page.People, err = p.directory.SearchUsers(r.Context(), page.Query, "", listed); err != nil {
		return err
	}
	page.More = len(page.People) == listed
	return p.render(w, r, http.StatusOK, "account.html", ownForms, page)
}

// postLogin signs in to the stand-in itself.
func (p *Provider) postLogin(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return failure("", "The form cannot be read.")
	}
	page := accountPage{To: ownPath(r.PostForm.Get("to")), Query: r.PostForm.Get("q")}
	if r.PostForm.Has("search") {
		return p.askOwn(w, r, page)
	}
	u, err := p.identify(r.Context(), r.PostForm)
	if f := (*Failure)(nil); errors.As(err, &f) && f.Code == "AADSTS50034" {
		page.Hint, page.Problem = r.PostForm.Get("upn"), f.Error()
		return p.askOwn(w, r, page)
	}
	if err != nil {
		return err
	}
	if _, _, err := p.begin(w, r, u.ID); err != nil {
		return err
	}
	http.Redirect(w, r, page.To, http.StatusSeeOther)
	return nil
}
