package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
)

//go:embed static
var staticFiles embed.FS

// pagePolicy allows one style sheet of this server and nothing else: no script, no
// form, no frame.
const pagePolicy = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// Pages are the few plain pages that no door has.
type Pages struct {
	template *template.Template
	style    []byte
	styleURL string
}

type page struct {
	Title, Style string
	Paragraphs   []string
}

// NewPages reads the pages that are built into the program.
func NewPages() (*Pages, error) {
	style, err := staticFiles.ReadFile("static/page.css")
	if err != nil {
		return nil, err
	}
	t, err := template.ParseFS(staticFiles, "static/page.html")
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(style)
	// The hash makes a changed file another file, so that browsers may keep it.
	return &Pages{template: t, style: style, styleURL: "/static/page-" + hex.EncodeToString(sum[:6]) + ".css"}, nil
}

// Mount adds the routes. Opening a sign-in link shows that it is kept: a link is used
// up by its owner's answer to a form, never by whoever merely follows it, such as a
// mail scanner.
func (p *Pages) Mount(mux *http.ServeMux) {
	mux.HandleFunc("GET "+p.styleURL, p.serveStyle)
	mux.HandleFunc("GET /{$}", p.serve(page{
		Title: "Rollcall",
		Paragraphs: []string{
			"This server keeps an organization's people in step with its identity provider by SCIM 2.0.",
			"It is set up on the command line. Identity providers call the SCIM endpoint that “rollcall scim show” prints.",
		},
	}))
	link := p.serve(page{
		Title: "Keep this link",
		Paragraphs: []string{
			"Signing in comes with a later version of Rollcall.",
			"Your link is right and stays as it is: opening this page used nothing up and changed nothing.",
			"Until then the person who runs this server manages the organization on the command line.",
		},
	})
	mux.HandleFunc("GET /setup/", link)
	mux.HandleFunc("GET /invitation/", link)
}

func (p *Pages) serve(content page) http.HandlerFunc {
	content.Style = p.styleURL
	return func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		if err := p.template.Execute(&body, content); err != nil {
			SetCause(r, err)
			InternalError(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", pagePolicy)
		_, _ = w.Write(body.Bytes())
	}
}

func (p *Pages) serveStyle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(p.style)
}
