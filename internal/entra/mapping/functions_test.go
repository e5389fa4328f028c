package mapping

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// functionFile is testdata/functions/NAME.json: what is known about one function. The
// documentation's table is checked against it.
type functionFile struct {
	Function string   `json:"function"`
	Does     string   `json:"does"`
	Source   string   `json:"source"`
	Note     string   `json:"note"`
	Vectors  []vector `json:"vectors"`
}

// vector is one expression and what comes of it: want, matches (a pattern, for what is
// random) or error (a part of the message). An attribute that is not given is null.
type vector struct {
	Expression string           `json:"expression"`
	Attributes map[string]Value `json:"attributes"`
	Now        time.Time        `json:"now"`
	Want       *Value           `json:"want"`
	Matches    string           `json:"matches"`
	Error      string           `json:"error"`
	Ignored    bool             `json:"ignored"`
	Redacted   bool             `json:"redacted"`
	Source     string           `json:"source"`
}

func (v vector) env() Env {
	env := attributes(v.Attributes)
	if !v.Now.IsZero() {
		env.Now = v.Now
	}
	return env
}

// attributes is an environment in which every name is an attribute.
func attributes(values map[string]Value) Env {
	return Env{
		Attribute: func(name string) (Value, bool) { return values[name], true },
		Now:       time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		Random:    testRandom(),
	}
}

func testRandom() io.Reader { return rand.NewChaCha8([32]byte{1}) }

func functionFiles(t *testing.T) []functionFile {
	t.Helper()
	names, err := filepath.Glob("testdata/functions/*.json")
	if err != nil {
		t.Fatal(err)
	}
	var files []functionFile
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		d := json.NewDecoder(strings.NewReader(string(data)))
		d.DisallowUnknownFields()
		var file functionFile
		if err := d.Decode(&file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if file.Function+".json" != filepath.Base(name) {
			t.Errorf("%s is about %s", name, file.Function)
		}
		files = append(files, file)
	}
	return files
}

func TestFunctions_vectors(t *testing.T) {
	t.Parallel()
	for _, file := range functionFiles(t) {
		t.Run(file.Function, func(t *testing.T) {
			t.Parallel()
			for _, v := range file.Vectors {
				v.check(t)
			}
		})
	}
}

func (v vector) check(t *testing.T) {
	t.Helper()
	result, err := Eval(v.Expression, v.env())
	switch {
	case v.Source == "":
		t.Errorf("%s has no source", v.Expression)
	case v.Error != "":
		if err == nil || !strings.Contains(err.Error(), v.Error) {
			t.Errorf("%s with %v gives %v, %v; want an error with %q", v.Expression, v.Attributes, result.Value, err, v.Error)
		}
		return
	case err != nil:
		t.Errorf("%s with %v: %v", v.Expression, v.Attributes, err)
		return
	case v.Matches != "":
		if ok, err := regexp.MatchString(v.Matches, result.Value.Text()); err != nil || !ok {
			t.Errorf("%s gives %v, which does not match %s (%v)", v.Expression, result.Value, v.Matches, err)
		}
	default:
		want := Null() // "want": null decodes to nil
		if v.Want != nil {
			want = *v.Want
		}
		if !result.Value.Equal(want) {
			t.Errorf("%s with %v gives %v, want %v", v.Expression, v.Attributes, result.Value, want)
		}
	}
	if result.Ignore != v.Ignored || result.Redacted != v.Redacted {
		t.Errorf("%s: ignored %v, redacted %v; want %v, %v", v.Expression, result.Ignore, result.Redacted, v.Ignored, v.Redacted)
	}
}

// Every function has a file, and every file at least four vectors, a documented one or a
// refusal among them, that call the function.
func TestFunctions_eachHasVectors(t *testing.T) {
	t.Parallel()
	var names []string
	for _, file := range functionFiles(t) {
		names = append(names, file.Function)
		if len(file.Vectors) < 4 || !strings.HasPrefix(file.Source, "Microsoft Entra docs, ") {
			t.Errorf("%s has %d vectors and the source %q", file.Function, len(file.Vectors), file.Source)
		}
		if !slices.ContainsFunc(file.Vectors, func(v vector) bool { return v.Error != "" }) {
			t.Errorf("%s has no vector that is refused", file.Function)
		}
	}
	want := Functions()
	slices.Sort(want)
	slices.Sort(names)
	if !slices.Equal(names, want) {
		t.Errorf("files for %q, functions %q", names, want)
	}
}

func TestFunctions_random(t *testing.T) {
	t.Parallel()
	env := attributes(nil)
	seen := map[string]bool{}
	for range 50 {
		result, err := Eval(`RandomString(10,2,2,2,1,"?,")`, env)
		if err != nil {
			t.Fatal(err)
		}
		text, counts := result.Value.Text(), [4]int{}
		for _, r := range text {
			for i, class := range []string{digits, specials, capitals, smalls} {
				if strings.ContainsRune(class, r) {
					counts[i]++
				}
			}
		}
		if seen[text] || len(text) != 10 || counts[0] < 2 || counts[1] < 2 || counts[2] < 2 || counts[3] < 1 {
			t.Errorf("%q: seen before %v, kinds %v", text, seen[text], counts)
		}
		seen[text] = true
	}
	env.Random = nil
	for _, expression := range []string{"Guid()", "RandomString(1,0,0,0,0)"} {
		if _, err := Eval(expression, env); err == nil {
			t.Errorf("%s without randomness gives no error", expression)
		}
	}
	env.Random = strings.NewReader("")
	for _, expression := range []string{"Guid()", "RandomString(1,0,0,0,0)"} {
		if _, err := Eval(expression, env); err == nil {
			t.Errorf("%s with exhausted randomness gives no error", expression)
		}
	}
}
