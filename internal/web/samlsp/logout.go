package samlsp

import (
	"net/http"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
)

// maxLogoutBody bounds what is posted to the logout URL, in bytes: a message of 64 KiB in
// base64 with every + and / escaped, and a RelayState.
const maxLogoutBody = 160 << 10

const signOutTitle = "Sign out"

// lookAtLogout is what browsers are sent to: by the identity provider with a message in the
// query, by ourselves to go on to it, or by whoever follows a link.
func (d *Door) lookAtLogout(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	switch {
	case query.Has("SAMLRequest"):
		return d.takeLogout(w, r, signin.LogoutMessage{Query: r.URL.RawQuery})
	case query.Has("SAMLResponse"):
		return d.finishLogout(w, r, signin.LogoutMessage{Query: r.URL.RawQuery})
	case query.Has("continue"):
		return d.beginLogout(w, r)
	}
	return d.askLogout(w, r, "Do you want to sign out of Rollcall on this device?")
}

// askLogout asks before anything ends: the form is of this site.
func (d *Door) askLogout(w http.ResponseWriter, r *http.Request, text string) error {
	return d.pages.write(w, http.StatusOK, page{Title: signOutTitle, Text: text, SignOut: r.URL.Path})
}

// logout takes the messages that identity providers post, whose protection is their
// signature, and the form of askLogout, which must come from this site.
func (d *Door) logout(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxLogoutBody)
	if err := r.ParseForm(); err != nil {
		return iam.Errorf(iam.KindInvalid, "The message of the identity provider is too large or was cut off.")
	}
	requests, responses, relayStates := r.PostForm["SAMLRequest"], r.PostForm["SAMLResponse"], r.PostForm["RelayState"]
	if n := len(requests) + len(responses); n > 0 {
		if n > 1 || len(relayStates) > 1 {
			return iam.Errorf(iam.KindInvalid, "This is no message of an identity provider.")
		}
		in := signin.LogoutMessage{Posted: r.PostForm.Get("SAMLRequest") + r.PostForm.Get("SAMLResponse"), RelayState: r.PostForm.Get("RelayState")}
		if len(requests) == 1 {
			return d.takeLogout(w, r, in)
		}
		return d.finishLogout(w, r, in)
	}
	if err := d.origin.Check(r); err != nil {
		return d.pages.write(w, http.StatusForbidden, page{
			Title: signOutTitle, Text: "You are still signed in here: the request to sign out came from another site.", SignOut: r.URL.Path,
		})
	}
	out, err := d.signIn.SignOut(r.Context(), d.cookies.Session(r), d.client(r))
	if err != nil {
		return err
	}
	d.cookies.ClearSession(w)
	if out.To == "" {
		return d.signedOut(w, r, false)
	}
	// No redirect: what the policy of a form allows holds for the redirects of its answer too.
	d.cookies.SetLogout(w, out.Cookie, out.ExpiresAt)
	w.Header().Set("Refresh", "0; url="+out.To)
	return d.pages.write(w, http.StatusOK, page{
		Title: "Signed out", Text: "You are signed out of Rollcall, and led on to sign out at your identity provider.", Link: out.To, LinkText: "Go on",
	})
}

// signedOut is the last page.
func (d *Door) signedOut(w http.ResponseWriter, r *http.Request, everywhere bool) error {
	text := "You are signed out of Rollcall. At your identity provider you may still be signed in."
	if everywhere {
		text = "You are signed out of Rollcall and of your identity provider."
	}
	return d.pages.write(w, http.StatusOK, page{Title: "Signed out", Text: text, Link: signInAt(r), LinkText: "Sign in"})
}

// beginLogout sends the browser to the identity provider, after its session here ended.
func (d *Door) beginLogout(w http.ResponseWriter, r *http.Request) error {
	m, err := d.signIn.BeginLogout(r.Context(), organization(r), d.cookies.Logout(r))
	switch {
	case iam.KindOf(err) == iam.KindNotFound:
		return d.unlessSignedIn(w, r, false)
	case err != nil:
		return err
	case m.Form == nil:
		http.Redirect(w, r, m.URL, http.StatusSeeOther)
		return nil
	}
	return d.pages.write(w, http.StatusOK, page{
		Title: "Signing out", Text: "You are led on to sign out at your identity provider.",
		Post: &post{Action: m.Form.Action, SAMLRequest: m.Form.SAMLRequest},
	})
}

// finishLogout takes the identity provider's answer.
func (d *Door) finishLogout(w http.ResponseWriter, r *http.Request, in signin.LogoutMessage) error {
	confirmed, err := d.signIn.FinishLogout(r.Context(), organization(r), in, d.cookies.Logout(r), d.client(r))
	if err != nil {
		return err
	}
	d.cookies.ClearLogout(w)
	return d.unlessSignedIn(w, r, confirmed)
}

// unlessSignedIn says that he is signed out, if he is: nobody else's message makes him
// believe that. A POST from another site comes without the session cookie, but with its mark.
func (d *Door) unlessSignedIn(w http.ResponseWriter, r *http.Request, everywhere bool) error {
	value := d.cookies.Session(r)
	if value == "" && d.cookies.Mark(r) == "" {
		return d.signedOut(w, r, everywhere)
	}
	if value != "" {
		_, err := d.signIn.Session(r.Context(), value, d.client(r))
		switch {
		case err == nil:
		case iam.KindOf(err) == iam.KindUnauthorized:
			return d.signedOut(w, r, everywhere)
		default:
			return err
		}
	}
	return d.askLogout(w, r, "You may still be signed in to Rollcall. Do you want to sign out on this device?")
}

// takeLogout takes a request of the identity provider. One that nobody signed ends nothing
// (S46): it may come from anywhere. The person is asked, as if he had followed a link.
func (d *Door) takeLogout(w http.ResponseWriter, r *http.Request, in signin.LogoutMessage) error {
	m, err := d.signIn.TakeLogout(r.Context(), organization(r), in, d.client(r))
	switch {
	case signin.Unsigned(err):
		return d.askLogout(w, r, "Your identity provider may have signed you out. Do you want to sign out of Rollcall on this device too?")
	case err != nil:
		return err
	case m.Form != nil:
		return d.pages.write(w, http.StatusOK, page{
			Title: "Signed out", Text: "You are signed out of Rollcall, and led back to your identity provider.",
			Post: &post{Action: m.Form.Action, SAMLResponse: m.Form.SAMLResponse, RelayState: m.Form.RelayState},
		})
	case m.URL != "":
		http.Redirect(w, r, m.URL, http.StatusSeeOther)
		return nil
	}
	return d.signedOut(w, r, false)
}
