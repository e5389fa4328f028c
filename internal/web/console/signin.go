package console

import (
	"net/url"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
)

// signInPage is the front door: by e-mail address, which leads to the organization's
// identity provider, or with a password for Admins with a local sign-in.
type signInPage struct {
	frame
	WithPassword bool
	Email        string
	Organization iam.OrganizationID // "" when the browser does not know it
	To           string             // where to go afterwards
	SignedOut    bool               // he has just signed out
	NoSSO        bool               // the address has no single sign-on
	Elsewhere    string             // the organization he is signed in to, when he comes for another
	DirectLink   string             // to the identity provider of Organization
	OtherWay     string             // to the other kind of sign-in
}

// goOnPage leads on to the identity provider by itself. It is no redirect: what a
// form's policy allows holds for every address that its answer redirects to, and the
// identity provider is another site.
type goOnPage struct {
	frame
	Text string
	Link string
}

// home is where a member lands: the dashboard, or his profile when he may see no more.
func (c *Console) home(x *exchange) string {
	if c.maySee(x.session, "/dashboard") {
		return "/dashboard"
	}
	return "/profile"
}

// start is "/": the sign-in page, the direct link of an organization, and for whoever
// is signed in the way to his start page.
func (c *Console) start(x *exchange) error {
	query := x.r.URL.Query()
	org := iam.OrganizationID(query.Get("connection"))
	if !iam.IsID(string(org)) {
		org = ""
	}
	if err := x.identify(); err != nil {
		return err
	}
	to := signin.SafePath(query.Get("to"))
	elsewhere := x.signedIn && org != "" && org != x.org()
	if x.signedIn && !elsewhere {
		if to == "/" {
			to = c.home(x)
		}
		return x.to(to)
	}
	p := &signInPage{
		frame: x.frame("Sign in"), WithPassword: query.Get("with") == "email", Organization: org, To: to,
		SignedOut: query.Has("signed-out"),
	}
	if elsewhere {
		p.Elsewhere = x.session.Organization.Name
		x.signedIn = false // for this page he is a visitor
	} else if org != "" && !p.WithPassword {
		return x.to(loginAt(org, to))
	}
	p.links()
	return x.show(p)
}

// links fills in where else the page leads.
func (p *signInPage) links() {
	other := url.Values{}
	if !p.WithPassword {
		other.Set("with", "email")
	}
	if p.To != "/" {
		other.Set("to", p.To)
	}
	if p.Organization != "" {
		p.DirectLink = loginAt(p.Organization, p.To)
		if !p.WithPassword {
			other.Set("connection", string(p.Organization))
		}
	}
	p.OtherWay = "/?" + other.Encode()
}

// loginAt begins a sign-in at an organization's identity provider.
func loginAt(org iam.OrganizationID, to string) string {
	path := "/saml/" + string(org) + "/login"
	if to == "/" {
		return path
	}
	return path + "?" + url.Values{"to": {to}}.Encode()
}

// signInByEmail finds out where an address signs in. Whoever has an address of a domain
// gets the same answer, member or not (S61).
func (c *Console) signInByEmail(x *exchange) error {
	p := &signInPage{frame: x.frame("Sign in"), Email: x.value("email"), To: signin.SafePath(x.value("to"))}
	p.links()
	if _, ok := iam.EmailKey(p.Email); !ok {
		return x.again(p, iam.Errorf(iam.KindInvalid, "%q is not an e-mail address", iam.Clip(p.Email)))
	}
	org, connected, err := c.signIn.Route(x.r.Context(), p.Email)
	if err != nil {
		return err
	}
	if !connected {
		p.NoSSO = true
		return x.show(p)
	}
	return x.goOn("Continue with SSO", "You are led on to the sign-in of your organization.", loginAt(org, p.To))
}

func (x *exchange) goOn(title, text, link string) error {
	f := x.frame(title)
	f.Refresh = link
	return x.show(&goOnPage{frame: f, Text: text, Link: link})
}

// signInByPassword is for Admins with a local sign-in.
func (c *Console) signInByPassword(x *exchange) error {
	p := &signInPage{frame: x.frame("Sign in"), WithPassword: true, Email: x.value("email"), To: signin.SafePath(x.value("to"))}
	if org := x.value("connection"); iam.IsID(org) {
		p.Organization = iam.OrganizationID(org)
	}
	p.links()
	in, err := c.signIn.Password(x.r.Context(), p.Organization, p.Email, x.r.PostForm.Get("password"), x.client())
	if err != nil {
		return x.again(p, err)
	}
	c.cookies.SetSession(x.w, in.Cookie, in.Mark, in.ExpiresAt)
	return x.to(p.To)
}

// signOut ends the session and says so, or leads on to the identity provider, whose side
// of it has not ended.
func (c *Console) signOut(x *exchange) error {
	out, err := c.signIn.SignOut(x.r.Context(), c.cookies.Session(x.r), x.client())
	if err != nil {
		return err
	}
	c.cookies.ClearSession(x.w)
	if out.To == "" {
		return x.to("/?signed-out")
	}
	c.cookies.SetLogout(x.w, out.Cookie, out.ExpiresAt)
	return x.goOn("Signed out", "You are signed out of Rollcall, and led on to sign out at your identity provider.", out.To)
}
