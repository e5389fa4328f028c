package samlsp

import (
	"net/http"
	"strings"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/web"
)

// Config is what a Door needs.
type Config struct {
	SignIn *signin.Service
	// PublicURL is where people reach the server, "https://rollcall.example.com". It
	// decides which cookies there are.
	PublicURL string
}

// Door serves the SAML addresses of every organization. Safe for concurrent use.
type Door struct {
	signIn  *signin.Service
	cookies web.Cookies
	pages   *pages
	origin  *http.CrossOriginProtection
}

// New returns a Door.
func New(c Config) (*Door, error) {
	pages, err := newPages()
	if err != nil {
		return nil, err
	}
	return &Door{
		signIn:  c.SignIn,
		cookies: web.Cookies{HTTPS: strings.HasPrefix(c.PublicURL, "https:")},
		pages:   pages,
		origin:  http.NewCrossOriginProtection(),
	}, nil
}

// Mount puts the door's paths on mux.
func (d *Door) Mount(mux *http.ServeMux) {
	d.pages.mount(mux)
	for pattern, handle := range map[string]func(http.ResponseWriter, *http.Request) error{
		"GET /saml/{org}/metadata": d.metadata,
		"GET /saml/{org}/login":    d.login,
		"POST /saml/{org}/acs":     d.acs,
		"GET /saml/{org}/acs":      d.lookAtACS,
		"GET /saml/{org}/logout":   d.lookAtLogout,
		"POST /saml/{org}/logout":  d.logout,
	} {
		mux.Handle(pattern, web.Handler(handle, d.fail))
	}
}

// organization is the path's, untrusted.
func organization(r *http.Request) iam.OrganizationID {
	return iam.OrganizationID(r.PathValue("org"))
}

func (d *Door) client(r *http.Request) signin.Client {
	return signin.Client{
		Address: web.ClientAddress(r), UserAgent: r.UserAgent(), RequestID: web.RequestID(r),
		Session: d.cookies.Session(r), Mark: d.mark(r),
	}
}

// mark is which session the browser has. It comes along, unlike the session, when a page of
// another site fetches an address of ours or frames it, where the person sees nothing and
// the browser keeps no new session: an answer that came so must not end the former one.
// Fetch Metadata Request Headers section 2.1; browsers that do not send it are believed.
func (d *Door) mark(r *http.Request) string {
	if dest := r.Header.Get("Sec-Fetch-Dest"); dest != "" && dest != "document" {
		return ""
	}
	return d.cookies.Mark(r)
}

// metadata answers with the type of the SAML 2.0 metadata media registration.
func (d *Door) metadata(w http.ResponseWriter, r *http.Request) error {
	document, err := d.signIn.Metadata(r.Context(), organization(r))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/samlmetadata+xml; charset=utf-8")
	_, _ = w.Write(document) // a client that has gone needs no answer
	return nil
}

// login sends the browser to the identity provider. It is a GET because links lead to
// it (the direct link, the identity provider's Sign on URL); nothing is written.
func (d *Door) login(w http.ResponseWriter, r *http.Request) error {
	begun, err := d.signIn.BeginSAML(r.Context(), organization(r), r.URL.Query().Get("to"), d.client(r))
	if err != nil {
		return err
	}
	d.cookies.SetPending(w, begun.PendingCookie, begun.ExpiresAt)
	if begun.Message.Form == nil {
		http.Redirect(w, r, begun.Message.URL, http.StatusSeeOther)
		return nil
	}
	form := begun.Message.Form
	return d.pages.write(w, http.StatusOK, page{
		Title: "Signing in", Text: "You are led on to your organization's sign-in.",
		Post: &post{Action: form.Action, SAMLRequest: form.SAMLRequest},
	})
}

// MaxBody bounds what is posted to the ACS, in bytes: a response of 256 KiB in base64
// with every + and / escaped, and a RelayState.
const MaxBody = 512 << 10

// acs takes the identity provider's answer. The session cookie is set by a page that
// leads on: a request that the page makes comes from this site, so the cookie (SameSite
// Lax) is sent with it, which after a redirect of a cross-site POST not every browser
// does.
func (d *Door) acs(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
	response, relayState, err := formOf(r)
	if err != nil {
		return err
	}
	in, err := d.signIn.FinishSAML(r.Context(), organization(r), response, relayState, d.cookies.Pending(r), d.client(r))
	if err != nil {
		return err
	}
	d.cookies.ClearPending(w)
	d.cookies.SetSession(w, in.Cookie, in.Mark, in.ExpiresAt)
	w.Header().Set("Refresh", "0; url="+in.To)
	return d.pages.write(w, http.StatusOK, page{
		Title: "Signed in", Text: "You are signed in.", Link: in.To, LinkText: "Go on",
	})
}

func formOf(r *http.Request) (response, relayState string, err error) {
	if err := r.ParseForm(); err != nil {
		return "", "", iam.Errorf(iam.KindInvalid, "The answer of the identity provider is too large or was cut off.")
	}
	if len(r.PostForm["SAMLResponse"]) != 1 || len(r.PostForm["RelayState"]) > 1 {
		return "", "", iam.Errorf(iam.KindInvalid, "This is no answer of an identity provider; start at the sign-in page.")
	}
	return r.PostForm.Get("SAMLResponse"), r.PostForm.Get("RelayState"), nil
}

// lookAtACS answers whoever opens the address: it is shown to admins, and stands in
// the browser's history.
func (d *Door) lookAtACS(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Allow", http.MethodPost)
	return d.pages.write(w, http.StatusMethodNotAllowed, page{
		Title: "Nothing to see here", Text: "Identity providers post their answers to this address.",
		Link: signInAt(r), LinkText: "Sign in",
	})
}

// signInAt is the direct link of the path's organization.
func signInAt(r *http.Request) string {
	if org := r.PathValue("org"); iam.IsID(org) {
		return "/?connection=" + org
	}
	return "/"
}

// passwordAt is where the Admins of the path's organization sign in with a password.
func passwordAt(r *http.Request) string {
	if org := r.PathValue("org"); iam.IsID(org) {
		return "/?connection=" + org + "&with=email"
	}
	return "/?with=email"
}
