package portal

import (
	"embed"
	"html/template"

	"github.com/rollcall/rollcall/internal/web/look"
	"github.com/rollcall/rollcall/internal/web/words"
)

//go:embed templates
var templateFiles embed.FS

// shared are the files that all pages have: the layout, and parts of several pages.
var shared = []string{"layout.html", "parts.html"}

// parseTemplates reads the template of every route that is a page, and that of errors.
func parseTemplates(files *look.Files, routes []route) (*look.Templates, error) {
	pages := []look.Page{{Template: "error.html", Struct: errorPage{}}}
	for _, r := range routes {
		if r.template != "" {
			pages = append(pages, look.Page{Template: r.template, Struct: r.page})
		}
	}
	return look.ParseTemplates(templateFiles, functions(files), shared, pages)
}

// functions are what templates can call beside the methods of their pages.
func functions(files *look.Files) template.FuncMap {
	return template.FuncMap{
		"asset":    files.URL,
		"at":       words.At,
		"stamp":    stamp,
		"span":     span,
		"count":    words.Count,
		"plural":   words.Plural,
		"sentence": words.Sentence,
		"copyable": look.NewCopyable,
	}
}
