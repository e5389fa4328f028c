package portal

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/idp"
	"github.com/rollcall/rollcall/internal/web"
	"github.com/rollcall/rollcall/internal/web/look"
	"github.com/rollcall/rollcall/internal/web/words"
)

// maxForm bounds the body of a POST, unless its route says otherwise.
const maxForm = 256 << 10

// exchange is one request on its way through the portal.
type exchange struct {
	portal *Portal
	w      http.ResponseWriter
	r      *http.Request
	route  route
	now    time.Time

	signedIn bool
	viewer   directory.User // with signedIn
}

// handle serves a route: who asks, whether he may, then what he asked for.
func (p *Portal) handle(to route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{portal: p, w: w, r: r, route: to, now: p.now().UTC()}
		if err := x.run(); err != nil {
			x.fail(err)
		}
	})
}

func (x *exchange) run() error {
	if err := x.identify(); err != nil {
		return err
	}
	if x.route.may != anyone {
		if !x.signedIn {
			return x.signInFirst()
		}
		if !x.route.may.allows(x.viewer) {
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

// identify looks up who is signed in. An account that was disabled or deleted since
// then is not.
func (x *exchange) identify() error {
	var err error
	if x.viewer, x.signedIn, err = x.portal.idp.SignedIn(x.r); err != nil {
		x.signedIn = false
		return err
	}
	if x.signedIn {
		web.SetActor(x.r, string(x.viewer.ID))
	}
	return nil
}

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
		return refuse(http.StatusRequestEntityTooLarge, "the form is larger than %s bytes; send less", words.Count(int(limit)))
	case err != nil:
		return refuse(http.StatusBadRequest, "the form cannot be read; go back and send it again")
	}
	return nil
}

// value is a field of the form, without white space around it: nobody means that.
func (x *exchange) value(field string) string { return strings.TrimSpace(x.r.PostForm.Get(field)) }

// checked tells whether a box of the form is ticked.
func (x *exchange) checked(field string) bool { return x.r.PostForm.Get(field) != "" }

// query is a parameter of the page's address.
func (x *exchange) query(name string) string { return strings.TrimSpace(x.r.URL.Query().Get(name)) }

// id is a wildcard of the route that names an object.
func (x *exchange) id(name string) directory.ID { return directory.ID(x.r.PathValue(name)) }

// show answers with a page.
func (x *exchange) show(p page) error {
	f := p.base()
	if err := x.complete(f); err != nil {
		return err
	}
	body, err := x.portal.templates.Execute(p)
	if err != nil {
		return err
	}
	x.w.Header().Set("Cache-Control", "no-store")
	look.Write(x.w, f.Status, body)
	return nil
}

// again shows a form once more, with what was entered, and why it was refused. An
// error that is no refusal of what was entered is returned.
func (x *exchange) again(p page, err error) error {
	status := statusOf(err)
	if status >= http.StatusInternalServerError {
		return err
	}
	f := p.base()
	f.Problem, f.Status = words.Sentence(err.Error()), status
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
	if x.r.Method == http.MethodPost {
		return x.show(&errorPage{
			frame: frame{Title: "Signed out", Status: http.StatusUnauthorized}, Icon: "out",
			Text: "You are not signed in any more, so nothing was changed. Sign in and do it again.", Link: idp.LoginURL("/"), Label: "Sign in",
		})
	}
	return x.to(idp.LoginURL(x.comeBackTo()))
}

// comeBackTo is the page's own address. The answer to a POST has none.
func (x *exchange) comeBackTo() string {
	if x.r.Method == http.MethodPost {
		return "/"
	}
	return safePath(x.r.URL.RequestURI())
}

// safePath returns a path of this server to go to, "/" for everything else: a browser
// reads "//host" and "/\host" as another server.
func safePath(path string) string {
	ok := strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") && !strings.ContainsAny(path, "\\\r\n\t")
	if !ok || len(path) > 2000 {
		return "/"
	}
	return path
}

// chosen are the ids that were ticked in a list.
func (x *exchange) chosen() []directory.ID {
	var ids []directory.ID
	for _, id := range x.r.PostForm["id"] {
		ids = append(ids, directory.ID(id))
	}
	return ids
}
