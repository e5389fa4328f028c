package console

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"reflect"

	"github.com/rollcall/rollcall/internal/web/look"
	"github.com/rollcall/rollcall/internal/web/words"
)

//go:embed templates
var templateFiles embed.FS

//go:embed static
var staticFiles embed.FS

// templates are the pages, found by the type of the struct they are executed with.
type templates struct {
	byPage map[reflect.Type]*template.Template
}

// layout is the file that all pages share.
const layout = "layout.html"

// parseTemplates reads the template of every route that is a page, each with a copy of
// the layout, and that of errors.
func parseTemplates(files *look.Files, routes []route) (*templates, error) {
	base, err := template.New(layout).Funcs(functions(files)).ParseFS(templateFiles, "templates/"+layout)
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", layout, err)
	}
	all := &templates{byPage: map[reflect.Type]*template.Template{}}
	for _, r := range append([]route{{template: "error.html", page: errorPage{}}}, routes...) {
		if r.template == "" {
			continue
		}
		own, err := base.Clone()
		if err != nil {
			return nil, fmt.Errorf("copy the layout for %s: %w", r.template, err)
		}
		t, err := own.ParseFS(templateFiles, "templates/"+r.template)
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", r.template, err)
		}
		kind := reflect.TypeOf(r.page)
		if known := all.byPage[kind]; known != nil && known.Name() != r.template {
			return nil, fmt.Errorf("%s has two templates, %s and %s", kind, known.Name(), r.template)
		}
		all.byPage[kind] = t.Lookup(r.template)
	}
	return all, nil
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
		"copyable": func(id, value string) copyable { return copyable{id, value} },
	}
}

// copyable is a value that is pasted elsewhere, with a button that copies it. ID is its
// element's id.
type copyable struct{ ID, Value string }

// execute writes a page into memory: what goes wrong half-way must not reach anybody.
func (t *templates) execute(p page) ([]byte, error) {
	kind := reflect.TypeOf(p).Elem()
	found := t.byPage[kind]
	if found == nil {
		return nil, fmt.Errorf("no route names the template of %s", kind)
	}
	var body bytes.Buffer
	if err := found.Execute(&body, p); err != nil {
		return nil, fmt.Errorf("execute %s: %w", found.Name(), err)
	}
	return body.Bytes(), nil
}
