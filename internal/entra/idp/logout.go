package idp

import (
	"context"
	"net/http"

	"github.com/beevik/etree"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

// takeLogoutRequest ends the session because an application asks for it, tells the other
// applications, and answers at the application's Logout URL by HTTP-Redirect, the only
// binding for it. The NameID is not looked at. Microsoft Entra docs,
// "single-sign-out-saml-protocol".
func (p *Provider) takeLogoutRequest(w http.ResponseWriter, r *http.Request, m message, relayState string) error {
	app, err := p.directory.ApplicationByIdentifier(r.Context(), m.Issuer)
	if directory.IsProblem(err, directory.NotFound) {
		return p.unknownApplication(r.Context(), m.Issuer)
	}
	if err != nil {
		return err
	}
	if app.SAML.LogoutURL == "" { // nowhere to answer
		frames, err := p.endSession(w, r, app.ID)
		if err != nil {
			return err
		}
		return p.showLogout(w, r, logoutPage{Done: true, Frames: frames})
	}
	s, err := p.signer(r.Context(), app)
	if err != nil {
		return err
	}
	response, err := p.logoutMessage("samlp:LogoutResponse", app.SAML.LogoutURL)
	if err != nil {
		return err
	}
	response.CreateAttr("InResponseTo", m.ID)
	response.CreateElement("samlp:Status").CreateElement("samlp:StatusCode").CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:Success")
	text, err := write(response)
	if err != nil {
		return err
	}
	next, err := s.redirect(app.SAML.LogoutURL, "SAMLResponse", text, relayState)
	if err != nil {
		return err
	}
	frames, err := p.endSession(w, r, app.ID)
	if err != nil {
		return err
	}
	if len(frames) == 0 {
		http.Redirect(w, r, next, http.StatusFound)
		return nil
	}
	return p.showLogout(w, r, logoutPage{Done: true, Frames: frames, Next: next})
}

// takeLogoutResponse ends the way of a LogoutRequest of ours, in its frame.
func (p *Provider) takeLogoutResponse(w http.ResponseWriter, value string) error {
	m, err := readMessage(value, true)
	if err != nil {
		return err
	}
	if m.XMLName.Local != "LogoutResponse" {
		return failure("AADSTS75005", "The request is not a valid Saml2 protocol message: a %s is no answer.", m.XMLName.Local)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// getLogout asks whether to sign out, postLogout does it.
func (p *Provider) getLogout(w http.ResponseWriter, r *http.Request) error {
	u, in, err := p.SignedIn(r)
	if err != nil {
		return err
	}
	return p.showLogout(w, r, logoutPage{Done: !in, User: u})
}

func (p *Provider) postLogout(w http.ResponseWriter, r *http.Request) error {
	frames, err := p.endSession(w, r, "")
	if err != nil {
		return err
	}
	return p.showLogout(w, r, logoutPage{Done: true, Frames: frames})
}

func (p *Provider) showLogout(w http.ResponseWriter, r *http.Request, page logoutPage) error {
	if page.Next != "" {
		w.Header().Set("Refresh", "2; url="+page.Next) // the frames get that long
	}
	return p.render(w, r, http.StatusOK, "logout.html", ownForms+"; frame-src http: https:", page)
}

// endSession ends the session of this browser and returns the LogoutRequests to the
// applications that are in it, without the one that asked.
func (p *Provider) endSession(w http.ResponseWriter, r *http.Request, asked directory.ID) ([]string, error) {
	value := p.cookie(r)
	if value == "" {
		return nil, nil
	}
	one := p.sessions.end(value)
	p.setCookie(w, "", 0)
	var frames []string
	for _, entered := range one.entered {
		if entered.application == asked {
			continue
		}
		frame, err := p.logoutRequest(r.Context(), entered)
		if err != nil {
			return nil, err
		}
		if frame != "" {
			frames = append(frames, frame)
		}
	}
	return frames, nil
}

// logoutRequest asks an application to end its session; "" for one that cannot be asked.
func (p *Provider) logoutRequest(ctx context.Context, to participant) (string, error) {
	app, err := p.directory.Application(ctx, to.application)
	if directory.IsProblem(err, directory.NotFound) || err == nil && app.SAML.LogoutURL == "" {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	s, err := p.signer(ctx, app)
	if err != nil {
		return "", err
	}
	request, err := p.logoutMessage("samlp:LogoutRequest", app.SAML.LogoutURL)
	if err != nil {
		return "", err
	}
	addName(request, to.name)
	request.SelectElement("NameID").CreateAttr("xmlns", nsAssertion)
	request.CreateElement("samlp:SessionIndex").SetText(to.sessionIndex)
	text, err := write(request)
	if err != nil {
		return "", err
	}
	return s.redirect(app.SAML.LogoutURL, "SAMLRequest", text, "")
}

// logoutMessage is a message of the protocol up to its Issuer.
func (p *Provider) logoutMessage(name, destination string) (*etree.Element, error) {
	id, err := p.newID()
	if err != nil {
		return nil, err
	}
	e := etree.NewElement(name)
	e.CreateAttr("xmlns:samlp", nsProtocol)
	e.CreateAttr("ID", id)
	e.CreateAttr("Version", "2.0")
	e.CreateAttr("IssueInstant", stamp(p.now()))
	e.CreateAttr("Destination", destination)
	issuer := e.CreateElement("Issuer")
	issuer.CreateAttr("xmlns", nsAssertion)
	issuer.SetText(p.issuer())
	return e, nil
}
