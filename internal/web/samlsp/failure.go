package samlsp

import (
	"errors"
	"net/http"
	"strings"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/web"
)

// fail answers an error: one sentence and the request id, never a cause (S43).
func (d *Door) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := web.Status(iam.KindOf(err))
	p := page{Title: "You could not be signed in", RequestID: web.RequestID(r), Link: signInAt(r), LinkText: "Sign in again", Password: passwordAt(r)}
	var refused *signin.Refused
	switch {
	case errors.As(err, &refused):
		p.Text = refused.Sentence
	case status == http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "5")
		p.Text = "Rollcall cannot be reached at the moment; please try again."
	case status >= http.StatusInternalServerError:
		p.Text = "Something went wrong on the server."
	default:
		p.Text = err.Error()
	}
	if strings.HasSuffix(r.URL.Path, "/logout") {
		// Whatever went wrong with a message, he can still sign out himself.
		p.Title, p.Link, p.LinkText, p.Password, p.SignOut = signOutTitle, "", "", "", r.URL.Path
	}
	if failed := d.pages.write(w, status, p); failed != nil {
		web.SetCause(r, failed)
		web.InternalError(w, r)
	}
}
