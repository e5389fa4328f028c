package portal

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/web"
	"github.com/rollcall/rollcall/internal/web/words"
)

// refusal is an answer to a wrong request that the portal itself gives.
type refusal struct {
	status  int
	message string
}

func (e *refusal) Error() string { return e.message }

func refuse(status int, format string, args ...any) error {
	return &refusal{status, fmt.Sprintf(format, args...)}
}

// statusOf is the HTTP status of an error; 500 for one that is no answer to a wrong
// request.
func statusOf(err error) int {
	var own *refusal
	if errors.As(err, &own) {
		return own.status
	}
	var dir *directory.Error
	if errors.As(err, &dir) {
		switch dir.Problem {
		case directory.NotFound:
			return http.StatusNotFound
		case directory.Conflict:
			return http.StatusConflict
		case directory.Unlicensed:
			return http.StatusForbidden
		case directory.Invalid:
			return http.StatusBadRequest
		}
	}
	var job *cycle.Error
	if errors.As(err, &job) {
		switch job.Problem {
		case cycle.NotFound:
			return http.StatusNotFound
		case cycle.Conflict:
			return http.StatusConflict
		case cycle.Invalid:
			return http.StatusBadRequest
		}
	}
	return http.StatusInternalServerError
}

// errorPage says why there is no other page.
type errorPage struct {
	frame
	Icon        string
	Text        string
	Roles       []directory.DirectoryRole // one of which is missing; nil for other troubles
	Link, Label string                    // where to go from here
}

// fail answers what went wrong. Whatever is a fault of ours shows a request id and no
// more; its cause is in the log.
func (x *exchange) fail(err error) {
	status := statusOf(err)
	p := &errorPage{frame: frame{Status: status}, Icon: "error", Link: "/", Label: "Go to the overview"}
	switch {
	case status >= http.StatusInternalServerError:
		web.SetCause(x.r, err)
		p.Title, p.Text = "Something went wrong on the server", "The person who runs it finds the cause in the log under the request ID."
	case status == http.StatusNotFound:
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

// forbidden answers a user who may not: which roles may.
func (x *exchange) forbidden() error {
	return x.show(&errorPage{
		frame: frame{Title: "You do not have access", Status: http.StatusForbidden}, Icon: "shield",
		Text:  "This part of the directory is for people who may configure applications. " + x.viewer.UserPrincipalName + " does not hold one of these directory roles:",
		Roles: []directory.DirectoryRole{directory.GlobalAdministrator, directory.ApplicationAdministrator, directory.CloudApplicationAdministrator},
		Link:  "/my-apps", Label: "Go to My Apps",
	})
}

// noRoute answers a path or a method that the portal has not. People get a page; a
// program gets a sentence it can log.
func (p *Portal) noRoute(w http.ResponseWriter, r *http.Request) {
	x := &exchange{portal: p, w: w, r: r, now: p.now().UTC()}
	if err := x.identify(); err != nil {
		x.fail(err)
		return
	}
	e := &errorPage{
		frame: frame{Title: "Not found", Status: http.StatusNotFound}, Icon: "search",
		Text: "There is no page at this address.", Link: "/", Label: "Go to the overview",
	}
	if allowed := p.methods(r); allowed != "" {
		w.Header().Set("Allow", allowed)
		e.Title, e.Status = "Not possible", http.StatusMethodNotAllowed
		e.Text = "This address does not take " + words.Clip(r.Method) + "."
	}
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(e.Status)
		_, _ = w.Write([]byte(e.Text + " Request id: " + web.RequestID(r) + "\n"))
		return
	}
	x.answer(e)
}

// methods lists the methods that the portal has for a request's path; "" for none.
func (p *Portal) methods(r *http.Request) string {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := p.mux.Handler(other); pattern != "" {
			allowed = append(allowed, method)
		}
	}
	return strings.Join(allowed, ", ")
}

// otherSite answers a POST that a page of another site sent (S54).
func (p *Portal) otherSite(w http.ResponseWriter, r *http.Request) {
	x := &exchange{portal: p, w: w, r: r, now: p.now().UTC()}
	web.SetRoute(r, "cross-site")
	if err := x.identify(); err != nil {
		x.fail(err)
		return
	}
	x.answer(&errorPage{
		frame: frame{Title: "Not possible", Status: http.StatusForbidden}, Icon: "shield",
		Text: "This came from a page of another site, and nothing was changed. Open the stand-in at " + p.publicURL + " and do it there.",
		Link: "/", Label: "Go to the overview",
	})
}
