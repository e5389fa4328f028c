package mapping

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of functions into docs/entra-stand-in.md")

// The table of functions in the documentation is made of the functions and their vectors.
func TestDocs_functions(t *testing.T) {
	t.Parallel()
	const begin, end = "<!-- functions: written by go test ./internal/entra/mapping -run TestDocs -update -->\n", "<!-- end of functions -->"
	name := filepath.Join("..", "..", "..", "docs", "entra-stand-in.md")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), begin)
	if !ok {
		t.Fatalf("%s has no place for the functions", name)
	}
	table, after, ok := strings.Cut(rest, end)
	if !ok {
		t.Fatalf("%s does not end the functions", name)
	}
	want := functionTable(t)
	if table == want {
		return
	}
	if !*update {
		t.Fatalf("the functions of %s are out of date; run the test with -update", name)
	}
	if err := os.WriteFile(name, []byte(before+begin+want+end+after), 0o644); err != nil { //nolint:gosec // a document
		t.Fatal(err)
	}
}

func functionTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| Function | Gives | Example | Source | Vectors |\n|---|---|---|---|---|\n")
	for _, file := range functionFiles(t) {
		example := file.Vectors[0]
		result, err := Eval(example.Expression, example.env())
		shown := cell(code(result.Value.String()))
		switch {
		case err != nil:
			shown = "refused"
		case example.Matches != "":
			shown = "random"
		}
		gives := file.Does
		if file.Note != "" {
			gives += ". " + file.Note
		}
		fmt.Fprintf(&b, "| %s | %s | %s → %s | %s | [%d](../internal/entra/mapping/testdata/functions/%s.json) |\n",
			cell(code(Signature(file.Function))), cell(gives), cell(code(example.Expression)), shown,
			strings.TrimPrefix(file.Source, "Microsoft Entra docs, "), len(file.Vectors), file.Function)
	}
	return b.String()
}

func code(s string) string { return "`" + s + "`" }

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
