package look

import (
	"html/template"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
)

type hello struct{ Name string }

type other struct{ Number int }

var testTemplates = fstest.MapFS{
	"templates/layout.html": {Data: []byte(`{{define "page"}}<p>{{template "text" .}}</p>{{end}}`)},
	"templates/hello.html":  {Data: []byte(`{{template "page" .}}{{define "text"}}{{shout .Name}}{{end}}`)},
	"templates/other.html":  {Data: []byte(`{{template "page" .}}{{define "text"}}{{.Number}}{{end}}`)},
	"templates/wrong.html":  {Data: []byte(`{{template "page" .}}{{define "text"}}{{.Nome}}{{end}}`)},
	"templates/broken.html": {Data: []byte(`{{if}}`)},
}

var testFunctions = template.FuncMap{"shout": strings.ToUpper}

func TestTemplates_execute(t *testing.T) {
	t.Parallel()
	all, err := ParseTemplates(testTemplates, testFunctions, []string{"layout.html"}, []Page{{"hello.html", hello{}}, {"hello.html", hello{}}, {"other.html", other{}}})
	if err != nil {
		t.Fatal(err)
	}
	for want, page := range map[string]any{"<p>A&lt;B</p>": &hello{"a<b"}, "<p>7</p>": &other{7}} {
		if got, err := all.Execute(page); err != nil || string(got) != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	if all.Of(reflect.TypeFor[hello]()).Name() != "hello.html" || all.Of(reflect.TypeFor[Page]()) != nil {
		t.Error("a struct has another's template")
	}
	if got, err := all.Execute(&Page{}); err == nil {
		t.Errorf("what is no page: %q", got)
	}
}

func TestTemplates_faults(t *testing.T) {
	t.Parallel()
	for want, test := range map[string]struct {
		layout string
		pages  []Page
	}{
		"has two templates, hello.html and other.html": {"layout.html", []Page{{"hello.html", hello{}}, {"other.html", hello{}}}},
		"parse broken.html":                            {"layout.html", []Page{{"broken.html", hello{}}}},
		"parse absent.html":                            {"layout.html", []Page{{"absent.html", hello{}}}},
		"parse none.html":                              {"none.html", []Page{{"hello.html", hello{}}}},
	} {
		if _, err := ParseTemplates(testTemplates, testFunctions, []string{test.layout}, test.pages); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	all, err := ParseTemplates(testTemplates, testFunctions, []string{"layout.html"}, []Page{{"wrong.html", hello{}}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := all.Execute(&hello{"half a page"}); err == nil || got != nil {
		t.Errorf("a page that fails half-way: %q, %v", got, err)
	}
}
