package look

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"reflect"
)

// Page is one page of a door: the file of its template, and the zero value of the struct
// that it is executed with. Several pages may have the same of both.
type Page struct {
	Template string
	Struct   any
}

// Templates are the pages of a door, found by the type of their struct.
type Templates struct {
	byStruct map[reflect.Type]*template.Template
}

// ParseTemplates reads the template of every page from the folder templates of from, each
// with a copy of the files that all have; the first of these is the layout. The functions
// are what templates can call. An error is a fault in what is built into the program; so
// are two templates for one struct.
func ParseTemplates(from fs.FS, functions template.FuncMap, shared []string, pages []Page) (*Templates, error) {
	base := template.New(shared[0]).Funcs(functions)
	for _, name := range shared {
		if _, err := base.ParseFS(from, "templates/"+name); err != nil {
			return nil, fmt.Errorf("parse %s: %w", name, err)
		}
	}
	all := &Templates{byStruct: map[reflect.Type]*template.Template{}}
	for _, p := range pages {
		own, err := base.Clone()
		if err != nil {
			return nil, fmt.Errorf("copy the layout for %s: %w", p.Template, err)
		}
		t, err := own.ParseFS(from, "templates/"+p.Template)
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", p.Template, err)
		}
		kind := reflect.TypeOf(p.Struct)
		if known := all.byStruct[kind]; known != nil && known.Name() != p.Template {
			return nil, fmt.Errorf("%s has two templates, %s and %s", kind, known.Name(), p.Template)
		}
		all.byStruct[kind] = t.Lookup(p.Template)
	}
	return all, nil
}

// Of returns the template of a struct, nil for one that is no page's.
func (t *Templates) Of(kind reflect.Type) *template.Template { return t.byStruct[kind] }

// Execute writes a page, given as a pointer to its struct, into memory: what goes wrong
// half-way must not reach anybody.
func (t *Templates) Execute(page any) ([]byte, error) {
	kind := reflect.TypeOf(page).Elem()
	found := t.byStruct[kind]
	if found == nil {
		return nil, fmt.Errorf("no page has the struct %s", kind)
	}
	var body bytes.Buffer
	if err := found.Execute(&body, page); err != nil {
		return nil, fmt.Errorf("execute %s: %w", found.Name(), err)
	}
	return body.Bytes(), nil
}

// Copyable is a value that is pasted elsewhere, with a button that copies it. ID is its
// element's id.
type Copyable struct{ ID, Value string }

// NewCopyable is the function that templates call for one.
func NewCopyable(id, value string) Copyable { return Copyable{id, value} }
