package samlsp

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"net/url"
)

//go:embed static templates
var files embed.FS

// page is what one of the door's pages shows.
type page struct {
	Title     string
	Text      string
	RequestID string // of a failure
	Link      string // a path of this server
	LinkText  string
	Password  string // a path to the sign-in with a password, for Admins whom a broken connection keeps out
	Post      *post  // a form that leads on to the identity provider
	SignOut   string // a form that signs out, posted to this path

	Style, Script string // set when it is written
}

// post is the form of the HTTP-POST binding (SAML 2.0 bindings section 3.5.4).
type post struct{ Action, SAMLRequest, SAMLResponse, RelayState string }

type pages struct {
	template      *template.Template
	style, script asset
}

type asset struct {
	path, kind string
	content    []byte
}

func newPages() (*pages, error) {
	t, err := template.ParseFS(files, "templates/page.html")
	if err != nil {
		return nil, err
	}
	p := &pages{template: t}
	if p.style, err = readAsset("page", "css", "text/css; charset=utf-8"); err != nil {
		return nil, err
	}
	p.script, err = readAsset("post", "js", "text/javascript; charset=utf-8")
	return p, err
}

// readAsset gives a file a path with a hash of its content, so that browsers may keep
// it for ever.
func readAsset(name, extension, kind string) (asset, error) {
	content, err := files.ReadFile("static/" + name + "." + extension)
	if err != nil {
		return asset{}, err
	}
	sum := sha256.Sum256(content)
	return asset{"/static/saml-" + name + "-" + hex.EncodeToString(sum[:6]) + "." + extension, kind, content}, nil
}

func (p *pages) mount(mux *http.ServeMux) {
	for _, a := range []asset{p.style, p.script} {
		mux.HandleFunc("GET "+a.path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", a.kind)
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			_, _ = w.Write(a.content)
		})
	}
}

// policy allows what the page has: the style sheet; the script that sends a form on,
// and that form's target. Nothing inline.
func (c page) policy() string {
	policy := "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action "
	switch {
	case c.Post != nil:
		// Browsers hold redirects of the answer to it too, and an identity provider may
		// lead on to another host.
		return policy + origin(c.Post.Action) + " https:; script-src 'self'"
	case c.SignOut != "":
		return policy + "'self'"
	}
	return policy + "'none'"
}

// origin is scheme and host of a URL, which metadata was checked to have.
func origin(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return "'none'"
	}
	return u.Scheme + "://" + u.Host
}

func (p *pages) write(w http.ResponseWriter, status int, c page) error {
	c.Style, c.Script = p.style.path, p.script.path
	var body bytes.Buffer
	if err := p.template.Execute(&body, c); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", c.policy())
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // a client that has gone needs no answer
	return nil
}
