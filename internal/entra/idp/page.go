package idp

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

//go:embed templates/*.html
var templates embed.FS

// continueScript posts the page's only form. It is inline, so the page works wherever it
// is mounted; the policy allows this text and no other. Without scripts the form's button
// does the same.
const continueScript = `document.forms[0].submit()`

func parsePages() (*template.Template, error) {
	return template.New("").Funcs(template.FuncMap{
		// The one text that is handed to the browser as a script, a constant.
		"continueScript": func() template.JS { return continueScript },
	}).ParseFS(templates, "templates/*.html")
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

// render writes a page. policy is what its content may do beyond nothing.
func (p *Provider) render(w http.ResponseWriter, status int, name, policy string, page any) error {
	var text bytes.Buffer
	if err := p.pages.ExecuteTemplate(&text, name, page); err != nil {
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

// postPolicy lets the script run. It does not bound form-action: browsers hold that against
// the redirects of the service provider too, whose targets only he knows.
func postPolicy() string {
	sum := sha256.Sum256([]byte(continueScript))
	return "script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// post sends the response to the service provider (HTTP-POST binding).
func (p *Provider) post(w http.ResponseWriter, acs, response, relayState string) error {
	return p.render(w, http.StatusOK, "post.html", postPolicy(), postPage{acs, base64.StdEncoding.EncodeToString([]byte(response)), relayState})
}

// fail shows a failure.
func (p *Provider) fail(w http.ResponseWriter, f *Failure) {
	request, err := p.guid()
	if err != nil {
		request = "00000000-0000-0000-0000-000000000000"
	}
	page := failurePage{Code: f.Code, Message: f.Error(), RequestID: request, CorrelationID: request, Timestamp: p.now().UTC().Format("2006-01-02T15:04:05Z")}
	if err := p.render(w, f.Status, "failure.html", ownForms, page); err != nil {
		http.Error(w, f.Error(), f.Status)
	}
}
