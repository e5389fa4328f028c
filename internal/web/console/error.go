package console

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/web"
	"github.com/rollcall/rollcall/internal/web/words"
)

// errorPage says why there is no other page.
type errorPage struct {
	frame
	Icon        string
	Text        string
	Permission  iam.Permission // that is missing; "" for other troubles
	GivenBy     string         // who can give it
	Link, Label string         // where to go from here
}

// fail answers what went wrong. Whatever is a fault of ours shows a request id and no
// more; its cause is in the log.
func (x *exchange) fail(err error) {
	kind := iam.KindOf(err)
	p := &errorPage{frame: frame{Status: web.Status(kind)}, Icon: "error", Link: "/", Label: "Go to the start page"}
	var refused *signin.Refused
	switch {
	case errors.As(err, &refused):
		p.Title, p.Text, p.Status = "Not possible", refused.Sentence, http.StatusForbidden
		if refused.Cause == signin.CauseLink {
			p.Title, p.Icon = "This link cannot be used", "link"
		}
	case errors.Is(err, access.ErrBusy):
		web.SetCause(x.r, err)
		x.w.Header().Set("Retry-After", "5")
		p.Icon, p.Title, p.Text = "clock", "Too many large previews at once", "Others are looking through many members at this moment. Nothing was changed. Try again in 5 seconds."
		p.Link, p.Label = x.comeBackTo(), "Try again"
		if x.r.Method == http.MethodPost { // its page has no address of its own
			p.Text = "Others are looking through many members at this moment. Nothing was changed. Go back and press the button again in 5 seconds."
			p.Link, p.Label = "/", "Go to the start page"
		}
	case kind == iam.KindUnavailable:
		web.SetCause(x.r, web.Cause(err))
		x.w.Header().Set("Retry-After", "5")
		p.Icon, p.Title, p.Text = "clock", "The database does not answer", "Nothing was changed. Try again in a moment."
		p.Link, p.Label = x.comeBackTo(), "Try again"
	case kind == iam.KindInternal:
		web.SetCause(x.r, web.Cause(err))
		p.Title, p.Text = "Something went wrong on the server", "The person who runs it finds the cause in the log under the request ID."
	case kind == iam.KindNotFound:
		p.Icon, p.Title, p.Text = "search", "Not found", words.Sentence(err.Error())
	default:
		p.Title, p.Text = "Not possible", words.Sentence(err.Error())
		if x.r.Method == http.MethodPost {
			p.Text += " Nothing was changed."
		}
	}
	x.answer(p)
}

// answer shows an error page, or, when not even that can be done, its sentence.
func (x *exchange) answer(p *errorPage) {
	if err := x.show(p); err != nil {
		web.SetCause(x.r, err)
		web.InternalError(x.w, x.r)
	}
}

// forbidden answers a member who may not: which permission is missing, and who gives it.
func (x *exchange) forbidden() error {
	p := &errorPage{
		frame: frame{Title: "You may not do this", Status: http.StatusForbidden}, Icon: "shield",
		Permission: x.route.may.permission, Link: "/", Label: "Go to the start page",
		GivenBy: "An Admin of " + x.session.Organization.Name,
	}
	if x.route.may.who == whoAdmin {
		p.Text = "This is for members who hold the system role Admin."
	} else {
		p.Text = "None of your roles holds the permission for it."
	}
	return x.show(p)
}

// noRoute answers a path or a method that the console has not. People get a page; a
// program gets a sentence it can log.
func (c *Console) noRoute(w http.ResponseWriter, r *http.Request) {
	x := &exchange{console: c, w: w, r: r, now: c.now().UTC()}
	p := &errorPage{
		frame: frame{Title: "Not found", Status: http.StatusNotFound}, Icon: "search",
		Text: "There is no page at this address.", Link: "/", Label: "Go to the start page",
	}
	if allowed := c.methods(r); allowed != "" {
		w.Header().Set("Allow", allowed)
		p.Title, p.Status = "Not possible", http.StatusMethodNotAllowed
		p.Text = "This address does not take " + r.Method + "."
	}
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(p.Status)
		_, _ = w.Write([]byte(p.Text + " Request id: " + web.RequestID(r) + "\n"))
		return
	}
	if err := x.identify(); err != nil {
		x.fail(err)
		return
	}
	x.answer(p)
}

// methods lists the methods that the console has for a request's path; "" for none.
func (c *Console) methods(r *http.Request) string {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := c.mux.Handler(other); pattern != "" {
			allowed = append(allowed, method)
		}
	}
	return strings.Join(allowed, ", ")
}

// otherSite answers a POST that a page of another site sent (S54).
func (c *Console) otherSite(w http.ResponseWriter, r *http.Request) {
	x := &exchange{console: c, w: w, r: r, now: c.now().UTC()}
	web.SetRoute(r, "cross-site")
	x.answer(&errorPage{
		frame: frame{Title: "Not possible", Status: http.StatusForbidden}, Icon: "shield",
		Text: "This came from a page of another site, and nothing was changed. Open Rollcall at " + c.publicURL + " and do it there.",
		Link: "/", Label: "Go to the start page",
	})
}

// retryAfter is a duration in whole seconds, rounded up.
func retryAfter(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }
