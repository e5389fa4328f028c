package console

import (
	"embed"
	"html/template"

	"github.com/rollcall/rollcall/internal/web/look"
	"github.com/rollcall/rollcall/internal/web/words"
)

//go:embed templates
var templateFiles embed.FS

//go:embed static
var staticFiles embed.FS

// layout is the file that all pages share.
const layout = "layout.html"

// parseTemplates reads the template of every route that is a page, and that of errors.
func parseTemplates(files *look.Files, routes []route) (*look.Templates, error) {
	pages := []look.Page{{Template: "error.html", Struct: errorPage{}}}
	for _, r := range routes {
		if r.template != "" {
			pages = append(pages, look.Page{Template: r.template, Struct: r.page})
		}
	}
	return look.ParseTemplates(templateFiles, functions(files), []string{layout}, pages)
}

// functions are what templates can call beside the methods of their pages.
func functions(files *look.Files) template.FuncMap {
	return template.FuncMap{
		"asset":    files.URL,
		"at":       words.At,
		"due":      due,
		"count":    words.Count,
		"plural":   words.Plural,
		"planName": planName,
		"initials": initials,
		"sentence": words.Sentence,
		"copyable": look.NewCopyable,
	}
}
