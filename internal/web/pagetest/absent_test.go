package pagetest_test

import (
	"html/template"
	"reflect"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/web/pagetest"
)

func TestAbsent_findsViolations(t *testing.T) {
	t.Parallel()
	type inner struct{ Name string }
	type moment struct{ Text string }
	type outer struct {
		Yes   bool
		One   *inner
		Many  []inner
		ByKey map[string]inner
	}
	functions := template.FuncMap{
		"at":     func([]inner) moment { return moment{} },
		"plural": func(n int, one, many string) string { return one },
	}
	for text, want := range map[string]string{
		`{{.Yes}}{{.One.Name}}{{range .Many}}{{.Name}}{{$.Yes}}{{end}}{{with .One}}{{.Name}}{{end}}`: "",
		`{{range $i, $m := .Many}}{{$m.Name}}{{else}}{{.Yes}}{{end}}{{len .Many}}`:                   "",
		`{{range .ByKey}}{{.Name}}{{end}}{{if and .Yes (eq .One.Name "x")}}{{end}}`:                  "",
		`{{define "part"}}{{.Name}}{{end}}{{range .Many}}{{template "part" .}}{{end}}`:               "",
		`{{with .Many}}{{range .}}{{.Name}}{{end}}{{end}}{{plural 1 "a" "b"}}`:                       "",
		`{{.No}}`: "outer has no No",
		`{{if .Yes}}{{else}}{{.One.Nome}}{{end}}`:                                      "inner has no Nome",
		`{{range .Many}}{{.Yes}}{{end}}`:                                               "inner has no Yes",
		`{{range $m := .Many}}{{$m.Nome}}{{end}}`:                                      "inner has no Nome",
		`{{with .One}}{{.Yes}}{{end}}`:                                                 "inner has no Yes",
		`{{define "part"}}{{.Nome}}{{end}}{{range .Many}}{{template "part" .}}{{end}}`: "inner has no Nome",
		`{{template "absent" .}}`:                                                      `no template "absent"`,
		`{{(at .Many).Nome}}`:                                                          "moment has no Nome",
		`{{range .Yes}}{{end}}`:                                                        "range over bool",
		`{{if eq .One.Nome "x"}}{{end}}`:                                               "inner has no Nome",
		`{{with $x := .One}}{{$x.Nome}}{{end}}`:                                        "inner has no Nome",
		`{{.ByKey.anything.Nome}}`:                                                     "inner has no Nome",
	} {
		parsed, err := template.New("test").Funcs(functions).Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		got := strings.Join(pagetest.Absent(parsed, reflect.TypeFor[outer](), functions), "; ")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}
