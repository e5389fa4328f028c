package console

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/web"
	"github.com/rollcall/rollcall/internal/web/look"
	"github.com/rollcall/rollcall/internal/web/words"
)

// maxForm bounds the body of a POST, unless its route says otherwise. The largest form
// is that of a role with all its permissions.
const maxForm = 256 << 10

// exchange is one request on its way through the console.
type exchange struct {
	console *Console
	w       http.ResponseWriter
	r       *http.Request
	route   route
	now     time.Time

	signedIn bool
	session  signin.Session // with signedIn
}

// handle serves a route: who asks, whether he may, then what he asked for.
func (c *Console) handle(to route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{console: c, w: w, r: r, route: to, now: c.now().UTC()}
		if err := x.run(); err != nil {
			x.fail(err)
		}
	})
}

func (x *exchange) run() error {
	if x.route.may.who != whoAnyone {
		if err := x.identify(); err != nil {
			return err
		}
		if !x.signedIn {
			return x.signInFirst()
		}
		if !x.route.may.allows(x.session) {
			return x.forbidden()
		}
	}
	if x.r.Method == http.MethodPost {
		if err := x.parse(); err != nil {
			return err
		}
	}
	return x.route.handle(x)
}

// identify looks up who is signed in. Routes for anyone call it where they need it.
func (x *exchange) identify() error {
	cookie := x.console.cookies.Session(x.r)
	if cookie == "" {
		return nil
	}
	session, err := x.console.signIn.Session(x.r.Context(), cookie, x.client())
	if iam.KindOf(err) == iam.KindUnauthorized {
		return nil
	}
	if err != nil {
		return err
	}
	x.session, x.signedIn = session, true
	web.SetActor(x.r, string(session.Member))
	return nil
}

// client is the browser, as signin and the audit log know it.
func (x *exchange) client() signin.Client {
	return signin.Client{
		Address: web.ClientAddress(x.r), UserAgent: x.r.UserAgent(),
		RequestID: web.RequestID(x.r), Session: x.console.cookies.Session(x.r),
	}
}

// org is the organization of the session: the only one whose data a page may touch.
func (x *exchange) org() iam.OrganizationID { return x.session.Organization.ID }

// parse reads a form. Files are held in memory: the limit bounds them too.
func (x *exchange) parse() error {
	limit := x.route.limit
	if limit == 0 {
		limit = maxForm
	}
	x.r.Body = http.MaxBytesReader(x.w, x.r.Body, limit)
	var err error
	if strings.HasPrefix(x.r.Header.Get("Content-Type"), "multipart/form-data") {
		err = x.r.ParseMultipartForm(limit)
	} else {
		err = x.r.ParseForm()
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return iam.Errorf(iam.KindTooMany, "the form is larger than %s bytes; send less", words.Count(int(limit)))
	case err != nil:
		return iam.Errorf(iam.KindInvalid, "the form cannot be read; go back and send it again")
	}
	return nil
}

// allowMail gives an act that sends mail the time for it: of the time for the answer
// some has gone already when a large form arrives slowly.
func (x *exchange) allowMail() {
	_ = http.NewResponseController(x.w).SetWriteDeadline(time.Now().Add(web.WriteTimeout)) // unsupported only in tests
}

// value is a field of the form, without white space around it: nobody means that.
func (x *exchange) value(field string) string { return strings.TrimSpace(x.r.PostForm.Get(field)) }

// show answers with a page.
func (x *exchange) show(p page) error {
	f := p.base()
	x.complete(f)
	body, err := x.console.templates.Execute(p)
	if err != nil {
		return err
	}
	if f.Refresh != "" {
		x.w.Header().Set("Refresh", "0; url="+f.Refresh)
	}
	look.Write(x.w, f.Status, body)
	return nil
}

// again shows a form once more, with what was entered, and why it was refused. An
// error that is no refusal of what was entered is returned.
func (x *exchange) again(p page, err error) error {
	f := p.base()
	var refused *signin.Refused
	switch kind := iam.KindOf(err); {
	case errors.As(err, &refused):
		f.Problem, f.Status = refused.Sentence, http.StatusForbidden
		if refused.RetryAfter > 0 {
			f.Status = http.StatusTooManyRequests
			x.w.Header().Set("Retry-After", retryAfter(refused.RetryAfter))
		}
	case kind == iam.KindInternal || kind == iam.KindUnavailable || kind == iam.KindUnauthorized:
		return err
	default:
		f.Problem, f.Status = words.Sentence(err.Error()), web.Status(kind)
	}
	return x.show(p)
}

// done answers an act that changed something: the browser goes to a page of this
// server, which says text once, in bold, and detail behind it.
func (x *exchange) done(path, text, detail string) error {
	x.leaveFlash(web.Flash{Kind: "ok", Text: text, Detail: detail})
	return x.to(path)
}

// to sends the browser to a path of this server, with GET.
func (x *exchange) to(path string) error {
	http.Redirect(x.w, x.r, path, http.StatusSeeOther)
	return nil
}

// signInFirst answers whoever is not signed in, or not any more.
func (x *exchange) signInFirst() error {
	if x.console.cookies.Session(x.r) != "" {
		x.console.cookies.ClearSession(x.w)
	}
	if x.r.Method == http.MethodPost {
		return x.show(&errorPage{
			frame: frame{Title: "Signed out", Status: http.StatusUnauthorized}, Icon: "out",
			Text: "Your session has ended, so nothing was changed. Sign in and do it again.", Link: "/", Label: "Sign in",
		})
	}
	return x.to("/?" + url.Values{"to": {x.comeBackTo()}}.Encode())
}

// comeBackTo is the page's own address. The answer to a POST has none.
func (x *exchange) comeBackTo() string {
	if x.r.Method == http.MethodPost {
		return "/"
	}
	return signin.SafePath(x.r.URL.RequestURI())
}
