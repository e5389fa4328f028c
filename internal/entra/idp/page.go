package idp

import (
	"bytes"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/look"
)

//go:embed templates/*.html
var templates embed.FS

func parsePages(files *look.Files) (*template.Template, error) {
	return template.New("").Funcs(template.FuncMap{"asset": files.URL}).ParseFS(templates, "templates/*.html")
}

// The pages, one struct each.
type (
	// accountPage lets somebody say who he is.
	accountPage struct {
		Action string // where the form posts to
		To     string // where he goes afterwards, "" when it is an application
		// What he came with, sent along unread.
		SAMLRequest, RelayState, Binding, App string
		ApplicationName                       string // "" for the stand-in itself
		Hint                                  string // what is in the field already
		Query                                 string // what the list was searched for
		Problem                               string
		People                                []directory.User
		More                                  bool // there may be others
	}
	// postPage hands the answer to the service provider through the browser.
	postPage struct{ ACS, SAMLResponse, RelayState string }
	// failurePage is Entra's page for errors.
	failurePage struct{ Code, Message, RequestID, CorrelationID, Timestamp string }
	// logoutPage asks before a sign-out, or tells that it is done. Frames sign the other
	// applications out.
	logoutPage struct {
		Done   bool
		User   directory.User
		Frames []string
		Next   string // where it goes on, "" = nowhere
	}
)

// shownPage is a page with what all of them have around their content.
type shownPage struct {
	Theme string // "" as the system has it, "light", "dark"
	Page  any
}

// render writes a page. policy is what its content may do beyond nothing.
func (p *Provider) render(w http.ResponseWriter, r *http.Request, status int, name, policy string, page any) error {
	var text bytes.Buffer
	if err := p.pages.ExecuteTemplate(&text, name, shownPage{look.Theme(r, p.secure), page}); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	// With no-referrer browsers would post the response with the Origin null, which service
	// providers may refuse.
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; "+policy)
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes()) // the reader has gone, if this fails
	return nil
}

// ownForms is the policy of pages whose forms stay here.
const ownForms = "form-action 'self'"

// onward is the policy of the page that hands the answer over by itself. Browsers hold
// form-action against the redirects of the service provider too, whose targets only he
// knows: so the form may go to any site, and its address is a registered reply URL.
const onward = "script-src 'self'; form-action http: https:"

// post sends the response to the service provider (HTTP-POST binding).
func (p *Provider) post(w http.ResponseWriter, r *http.Request, acs, response, relayState string) error {
	return p.render(w, r, http.StatusOK, "post.html", onward, postPage{acs, base64.StdEncoding.EncodeToString([]byte(response)), relayState})
}

// fail shows a failure.
func (p *Provider) fail(w http.ResponseWriter, r *http.Request, f *Failure) {
	request, err := p.guid()
	if err != nil {
		request = "00000000-0000-0000-0000-000000000000"
	}
	page := failurePage{Code: f.Code, Message: f.Error(), RequestID: request, CorrelationID: request, Timestamp: p.now().UTC().Format("2006-01-02T15:04:05Z")}
	if err := p.render(w, r, f.Status, "failure.html", ownForms, page); err != nil {
		http.Error(w, f.Error(), f.Status)
	}
}
