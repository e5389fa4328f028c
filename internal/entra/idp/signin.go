package idp

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

// arrival is what a browser came with for an application, checked.
type arrival struct {
	app        directory.Application
	request    message // zero when sign-on begins here
	acs        string
	relayState string
	carried    carried
}

// carried is what an arrival is made of again after the person has said who he is. Nothing
// is kept here meanwhile, so that the page can be left open as long as one likes.
type carried struct{ samlRequest, relayState, binding, app string }

func carriedBy(r *http.Request, binding string) carried {
	return carried{r.FormValue("SAMLRequest"), r.FormValue("RelayState"), binding, ""}
}

// getSAML takes what comes by HTTP-Redirect.
func (p *Provider) getSAML(w http.ResponseWriter, r *http.Request) error {
	if value := r.URL.Query().Get("SAMLResponse"); value != "" {
		return p.takeLogoutResponse(w, value)
	}
	return p.takeRequest(w, r, carriedBy(r, "redirect"))
}

// postSAML takes what comes by HTTP-POST.
func (p *Provider) postSAML(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return failure("AADSTS750056", "SAML message was not properly encoded: the form cannot be read.")
	}
	return p.takeRequest(w, r, carriedBy(r, "post"))
}

func (p *Provider) takeRequest(w http.ResponseWriter, r *http.Request, c carried) error {
	m, err := readMessage(c.samlRequest, c.binding == "redirect")
	if err != nil {
		return err
	}
	if m.XMLName.Local == "LogoutRequest" {
		return p.takeLogoutRequest(w, r, m, c.relayState)
	}
	a, err := p.arrive(r.Context(), c)
	if err != nil {
		return err
	}
	return p.enter(w, r, a)
}

// arrive reads what the browser came with again and finds its application.
func (p *Provider) arrive(ctx context.Context, c carried) (arrival, error) {
	a := arrival{carried: c, relayState: c.relayState}
	var err error
	if c.app != "" {
		a.app, err = p.directory.ApplicationByAppID(ctx, directory.ID(c.app))
	} else {
		if a.request, err = readMessage(c.samlRequest, c.binding == "redirect"); err != nil {
			return arrival{}, err
		}
		if a.request.XMLName.Local != "AuthnRequest" {
			return arrival{}, failure("AADSTS75005", "The request is not a valid Saml2 protocol message: its root is '%s'.", a.request.XMLName.Local)
		}
		a.app, err = p.directory.ApplicationByIdentifier(ctx, a.request.Issuer)
	}
	if directory.IsProblem(err, directory.NotFound) {
		return arrival{}, p.unknownApplication(ctx, c.app+a.request.Issuer)
	}
	if err != nil {
		return arrival{}, err
	}
	a.acs, err = replyURL(a.app, a.request)
	return a, err
}

func (p *Provider) unknownApplication(ctx context.Context, identifier string) error {
	tenant, err := p.directory.Tenant(ctx)
	if err != nil {
		return err
	}
	return failure("AADSTS700016", "Application with identifier '%s' was not found in the directory '%s'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.", identifier, tenant.DisplayName)
}

// replyURL is where the answer goes: what the request names if it is registered, exactly,
// else the default one. This is what protects the person, for signatures of requests are
// not looked at (Microsoft Entra docs, "single-sign-on-saml-protocol", Signature).
func replyURL(app directory.Application, m message) (string, error) {
	registered := append([]string{app.SAML.ReplyURL}, app.SAML.MoreReplyURLs...)
	switch {
	case app.SAML.ReplyURL == "" || app.SAML.Identifier == "":
		return "", failure("AADSTS50011", "The application '%s' has no reply URL or no identifier yet. Fill in Basic SAML Configuration on its Single sign-on page.", app.DisplayName)
	case m.ACSURL == "":
		return app.SAML.ReplyURL, nil
	case !slices.Contains(registered, m.ACSURL):
		return "", failure("AADSTS50011", "The reply URL '%s' specified in the request does not match the reply URLs configured for the application '%s'. Make sure the reply URL sent in the request matches one added to your application in the portal.", m.ACSURL, app.SAML.Identifier)
	}
	return m.ACSURL, nil
}

// enter signs a browser on to the application: at once with a session, else it asks who
// the person is.
func (p *Provider) enter(w http.ResponseWriter, r *http.Request, a arrival) error {
	var no *unsupported
	if err := a.request.checkSupported(); errors.As(err, &no) {
		return p.refuse(w, r, a, "Requester", "RequestUnsupported", no.Error())
	}
	if !a.app.Enabled {
		return failure("AADSTS7000112", "Application '%s'(%s) is disabled.", a.app.SAML.Identifier, a.app.DisplayName)
	}
	value := p.cookie(r)
	one, found := p.sessions.get(value, p.now())
	if found {
		var err error
		if _, found, err = p.present(r.Context(), one); err != nil {
			return err
		}
	}
	passive := isTrue(a.request.IsPassive)
	if found && (passive || !isTrue(a.request.ForceAuthn)) {
		return p.answer(w, r, a, value, one)
	}
	if passive {
		return p.refuse(w, r, a, "Responder", "NoPassive", "AADSTS50058: A silent sign-in request was sent but no user is signed in.")
	}
	return p.askWho(w, r, a, accountPage{Hint: r.FormValue("login_hint")})
}

func (p *Provider) refuse(w http.ResponseWriter, r *http.Request, a arrival, first, second, text string) error {
	response, err := p.refusal(a.acs, a.request.ID, first, second, text)
	if err != nil {
		return err
	}
	return p.post(w, r, a.acs, response, a.relayState)
}

// listed is how many people the page offers; others are searched for or typed.
const listed = 20

// askWho shows who could sign on to the application.
func (p *Provider) askWho(w http.ResponseWriter, r *http.Request, a arrival, page accountPage) error {
	page.Action, page.ApplicationName = "/"+string(p.tenant)+"/login", a.app.DisplayName
	page.SAMLRequest, page.RelayState, page.Binding, page.App = a.carried.samlRequest, a.carried.relayState, a.carried.binding, a.carried.app
	page.Query = r.FormValue("q")
	if page.Query == "" && a.app.AssignmentRequired {
		for u, err := range p.directory.AssignedUsers(r.Context(), a.app.ID) {
			if err != nil {
				return err
			}
			if page.People = append(page.People, u); len(page.People) == listed {
				break
			}
		}
		slices.SortFunc(page.People, func(a, b directory.User) int { return strings.Compare(a.DisplayName, b.DisplayName) })
	} else {
		var err error
		if page.People, err = p.directory.SearchUsers(r.Context(), page.Query, "", listed); err != nil {
			return err
		}
	}
	page.More = len(page.People) == listed
	return p.render(w, r, http.StatusOK, "account.html", ownForms, page)
}

// postAccount takes who the person says he is.
func (p *Provider) postAccount(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return failure("AADSTS750056", "The form cannot be read.")
	}
	a, err := p.arrive(r.Context(), carried{r.PostForm.Get("SAMLRequest"), r.PostForm.Get("RelayState"), r.PostForm.Get("binding"), r.PostForm.Get("app")})
	if err != nil {
		return err
	}
	if !a.app.Enabled {
		return failure("AADSTS7000112", "Application '%s'(%s) is disabled.", a.app.SAML.Identifier, a.app.DisplayName)
	}
	if r.PostForm.Has("search") {
		return p.askWho(w, r, a, accountPage{})
	}
	u, err := p.identify(r.Context(), r.PostForm)
	if f := (*Failure)(nil); errors.As(err, &f) && f.Code == "AADSTS50034" {
		return p.askWho(w, r, a, accountPage{Hint: r.PostForm.Get("upn"), Problem: f.Error()})
	}
	if err != nil {
		return err
	}
	value, one, err := p.begin(w, r, u.ID)
	if err != nil {
		return err
	}
	return p.answer(w, r, a, value, one)
}

// identify finds the user of a form: the one that was chosen, else the one that was typed.
func (p *Provider) identify(ctx context.Context, form map[string][]string) (directory.User, error) {
	name := ""
	for _, field := range []string{"account", "upn"} {
		if values := form[field]; name == "" && len(values) > 0 {
			name = strings.TrimSpace(values[0])
		}
	}
	u, err := p.directory.UserByUPN(ctx, name)
	if directory.IsProblem(err, directory.NotFound) {
		tenant, tenantErr := p.directory.Tenant(ctx)
		if tenantErr != nil {
			return directory.User{}, tenantErr
		}
		return directory.User{}, failure("AADSTS50034", "The user account %s does not exist in the %s directory. To sign into this application, the account must be added to the directory.", name, tenant.DisplayName)
	}
	if err != nil {
		return directory.User{}, err
	}
	if !u.AccountEnabled {
		return directory.User{}, &Failure{Status: http.StatusForbidden, Code: "AADSTS50057", Message: "The user account is disabled."}
	}
	return u, nil
}

// answer posts the assertion about who is signed in, if he may use the application.
func (p *Provider) answer(w http.ResponseWriter, r *http.Request, a arrival, cookie string, one session) error {
	u, err := p.directory.User(r.Context(), one.user)
	if err != nil {
		return err
	}
	if err := p.checkAccess(r.Context(), a.app, u); err != nil {
		return err
	}
	if err := a.request.checkMethod(); err != nil {
		return err
	}
	response, entered, err := p.respond(r.Context(), answer{app: a.app, acs: a.acs, requestID: a.request.ID, policy: a.request.NamePolicy, user: u, since: one.since})
	if err != nil {
		return err
	}
	p.sessions.enter(cookie, entered)
	return p.post(w, r, a.acs, response, a.relayState)
}

// checkAccess: with "Assignment required?" only who is assigned, himself or through a
// group whose direct member he is, gets in (Microsoft Entra docs,
// "what-is-access-management").
func (p *Provider) checkAccess(ctx context.Context, app directory.Application, u directory.User) error {
	if !app.AssignmentRequired {
		return nil
	}
	direct, groups, err := p.directory.AssignedTo(ctx, app.ID, u.ID)
	if err != nil || direct || len(groups) > 0 {
		return err
	}
	f := failure("AADSTS50105", "Your administrator has configured the application %s ('%s') to block users unless they are specifically granted ('assigned') access to the application. The signed in user '%s' is blocked because they are not a direct member of a group with access, nor had access directly assigned by an administrator. Please contact your administrator to assign access to this application.", app.DisplayName, string(app.AppID), u.UserPrincipalName)
	f.Status = http.StatusForbidden
	return f
}
