package rollcall_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/rollcall/rollcall"

// A floor says what the packages at and below a path may import from this project: each
// other, and those of the rows named in may. Of several rows that fit a package the
// longest is its own. Imports go down only, so a new edge is a change here, with its reason.
type floor struct {
	prefix string
	may    []string // prefixes of other rows; "*" is all
	reason string
}

var floors = []floor{
	{"", nil, "the root holds tests only"},
	{"scim", nil, "public protocol library: usable without the rest of Rollcall"},
	{"scim/scimclient", []string{"scim"}, "public client: speaks to any server"},
	{"scim/scimtest", []string{"scim", "scim/scimclient"}, "public conformance suite: judges any server, so it may know none"},
	{"internal/iam", nil, "types and pure rules: everything above agrees on them"},
	{"internal/store", []string{"internal/iam"}, "rows: knows what is stored, not what SCIM or SAML mean"},
	{"internal/store/storetest", []string{"internal/store", "internal/iam"}, "the store's behaviour on both engines"},
	{"internal/saml", []string{"internal/iam"}, "bytes and a connection in, an assertion out"},
	{"internal/outbound", []string{"internal/iam"}, "the only code that dials out"},
	{"internal/provision", []string{"scim", "internal/iam", "internal/store"}, "what SCIM means here: the only one that knows both words"},
	{"internal/access", []string{"internal/iam", "internal/store", "internal/saml", "internal/outbound"}, "what an admin does"},
	{"internal/signin", []string{"internal/iam", "internal/store", "internal/saml"}, "who is calling"},
	{"internal/housekeeping", []string{"internal/iam", "internal/store", "internal/saml", "internal/outbound"}, "what happens without a request"},
	{"internal/web", []string{"internal/iam", "internal/store"}, "the server around the doors: kinds of errors to statuses, readiness of the database"},
	{"internal/web/look", nil, "style sheets, icons and scripts of all pages, and how their templates are parsed, executed and sent; knows no page"},
	{"internal/web/pagetest", nil, "what every door with pages keeps: templates and structs come from the door's tests"},
	{"internal/web/words", nil, "times, numbers and messages as people read them on all pages"},
	{"internal/web/scimapi", []string{"scim", "internal/provision", "internal/signin", "internal/housekeeping", "internal/web"}, "a door: decode, one use case, encode; takes values of iam only by inference"},
	{"internal/web/samlsp", []string{"internal/iam", "internal/access", "internal/signin", "internal/web"}, "a door"},
	{"internal/web/console", []string{"internal/iam", "internal/access", "internal/signin", "internal/provision", "internal/housekeeping", "internal/web", "internal/web/look", "internal/web/words"}, "a door"},
	{"internal/entra", nil, "the stand-in is in the packages below: honest outside clients, that know nothing of our server"},
	{"internal/entra/mapping", []string{"scim"}, "pure: attributes in, SCIM out"},
	{"internal/entra/directory", nil, "people and applications; knows no protocol"},
	{"internal/entra/cycle", []string{"scim", "scim/scimclient", "internal/entra/mapping", "internal/entra/directory"}, "the provisioning service: knows its own directory and any SCIM server"},
	{"internal/entra/look", []string{"internal/web", "internal/web/look"}, "what both doors with pages have on top of the files of all pages"},
	{"internal/entra/idp", []string{"internal/entra/look", "internal/entra/directory", "internal/web", "internal/web/words"}, "a door: signs people in"},
	{"internal/entra/graph", []string{"scim", "internal/entra/mapping", "internal/entra/directory", "internal/entra/cycle", "internal/entra/idp", "internal/web", "internal/web/words"}, "a door: what scripts may do; sign-on certificates are made by idp"},
	{"internal/entra/portal", []string{"scim", "internal/entra/mapping", "internal/entra/directory", "internal/entra/cycle", "internal/entra/look", "internal/entra/idp", "internal/web", "internal/web/look", "internal/web/pagetest", "internal/web/words"}, "a door: what people may do; who is signed in is known by idp"},
	{"internal/e2e", []string{"*"}, "runs everything together, and breaks it"},
	{"cmd/rollcall", []string{"*"}, "wiring: the only product package that sees all"},
	{"scripts", nil, "small tools of the scripts stand alone"},
}

// An outside package is imported only where this table says. It is also the list of what
// Rollcall depends on; docs/decisions/0001-dependencies.md says why.
type outside struct {
	prefix string
	by     []string // path prefixes; "test" is any _test.go file
	reason string
}

var outsides = []outside{
	{"database/sql", []string{"internal/store", "internal/entra/directory", "internal/entra/cycle"}, "only store knows SQL; the stand-in keeps its own file"},
	{"github.com/jackc/pgx/v5", []string{"internal/store"}, "only store knows SQL"},
	{"modernc.org/sqlite", []string{"internal/store", "internal/entra/directory", "internal/entra/cycle"}, "only store knows SQL; the stand-in keeps its own file"},
	{"github.com/pressly/goose/v3", []string{"internal/store"}, "only store knows SQL"},
	{"github.com/google/uuid", []string{"internal/store", "internal/entra"}, "ids are made where rows are; the stand-in makes its own GUIDs"},
	{"golang.org/x/text", []string{"internal/entra/mapping"}, "diacritics and title case of expressions"},
	{"net/http", []string{"internal/web", "internal/outbound", "internal/entra", "scim/scimclient", "scim/scimtest", "internal/e2e", "cmd/rollcall"}, "only doors and clients know HTTP"},
	{"github.com/alecthomas/kong", []string{"cmd/rollcall"}, "flags are the command's"},
	{"github.com/prometheus", []string{"internal/web", "cmd/rollcall"}, "metrics are counted at the doors"},
	{"golang.org/x/time/rate", []string{"internal/web"}, "limits stand at the doors"},
	{"golang.org/x/net", []string{"internal/web"}, "limits of HTTP/2 and of connections"},
	{"golang.org/x/crypto", []string{"internal/signin", "internal/access"}, "password hashes"},
	{"github.com/russellhaering/goxmldsig", []string{"internal/saml", "internal/entra"}, "signatures of assertions"},
	{"github.com/beevik/etree", []string{"internal/saml", "internal/entra"}, "signatures of assertions"},
	{"github.com/mattermost/xml-roundtrip-validator", []string{"internal/saml"}, "signatures of assertions"},
	{"github.com/wneessen/go-mail", []string{"internal/outbound"}, "mail goes out where everything goes out"},
	{"github.com/google/go-cmp", []string{"test"}, "comparisons in tests"},
	{"github.com/anishathalye/porcupine", []string{"test"}, "linearizability in tests"},
	{"github.com/chromedp", []string{"test"}, "a browser in tests"},
}

// source is one Go file.
type source struct {
	path string // from the root, with slashes
	text []byte
	set  *token.FileSet
	ast  *ast.File
}

func (s source) dir() string {
	if dir := path.Dir(s.path); dir != "." {
		return dir
	}
	return ""
}

func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

func (s source) line(node ast.Node) string {
	return fmt.Sprintf("%s:%d", s.path, s.set.Position(node.Pos()).Line)
}

func (s source) imports() []string {
	var list []string
	for _, spec := range s.ast.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			panic(err) // the parser has accepted it
		}
		list = append(list, name)
	}
	return list
}

func parseSource(name string, text []byte) (source, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, text, parser.ParseComments)
	return source{path: name, text: text, set: set, ast: file}, err
}

func isModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

// tree is every Go file of the product's module, read once.
var tree = sync.OnceValues(func() ([]source, error) {
	var files []source
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" || entry.Name() == "bin"):
			return filepath.SkipDir
		case entry.IsDir() && name != "." && isModule(name):
			return filepath.SkipDir // interop/go: what tests the product from outside is no part of it
		case entry.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		file, err := parseSource(filepath.ToSlash(name), text)
		files = append(files, file)
		return err
	})
	return files, err
})

// A rule returns one sentence for each violation that it finds.
type rule func([]source) []string

// holds applies a rule to the repository.
func holds(t *testing.T, r rule) {
	t.Helper()
	files, err := tree()
	if err != nil {
		t.Fatal(err)
	}
	for _, violation := range r(files) {
		t.Error(violation)
	}
}

// finds applies a rule to files in memory (path to text) and wants exactly these
// violations, each given by a part of its sentence.
func finds(t *testing.T, r rule, files map[string]string, want ...string) {
	t.Helper()
	var sources []source
	for name, text := range files {
		file, err := parseSource(name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, file)
	}
	slices.SortFunc(sources, func(a, b source) int { return strings.Compare(a.path, b.path) })
	got := r(sources)
	ok := len(got) == len(want)
	for _, part := range want {
		ok = ok && slices.ContainsFunc(got, func(violation string) bool { return strings.Contains(violation, part) })
	}
	if !ok {
		t.Errorf("violations: got %q, want %q", got, want)
	}
}

// below tells whether a path is the prefix or lies below it.
func below(name, prefix string) bool {
	return prefix == "" || name == prefix || strings.HasPrefix(name, prefix+"/")
}

func belowAny(name string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return below(name, prefix) })
}

// floorOf returns the row for a package; the root's row is for the root alone.
func floorOf(dir string) (floor, bool) {
	best, found := floor{}, false
	for _, row := range floors {
		if (row.prefix != "" || dir == "") && below(dir, row.prefix) && len(row.prefix) >= len(best.prefix) {
			best, found = row, true
		}
	}
	return best, found
}

func (f floor) allows(target floor) bool {
	return target.prefix == f.prefix || slices.Contains(f.may, target.prefix) || slices.Contains(f.may, "*")
}

// testMayImport: test files may look further than their package, because a test of a door
// needs the whole stack below it. Those of the public packages, of iam and of the stand-in
// may not, or the promise of their packages would go untested.
func testMayImport(dir, local string) bool {
	switch {
	case below(dir, "scim"):
		return below(local, "scim")
	case below(dir, "internal/iam"), below(dir, "internal/entra"):
		return false
	}
	return true
}

// checkFloors holds the table floors.
func checkFloors(files []source) []string {
	var found []string
	for _, file := range files {
		dir := file.dir()
		row, ok := floorOf(dir)
		if !ok {
			found = append(found, fmt.Sprintf("%s: the package %s has no floor; give it a row in architecture_test.go", file.path, dir))
			continue
		}
		for _, name := range file.imports() {
			local, project := strings.CutPrefix(name, module+"/")
			target, known := floorOf(local)
			if !project || known && row.allows(target) || file.test() && testMayImport(dir, local) {
				continue
			}
			found = append(found, fmt.Sprintf("%s imports %s, but %s may not: %s", file.path, local, row.prefix, row.reason))
		}
	}
	return found
}

// checkOutside holds the table outsides, and keeps scim and iam to the standard library.
func checkOutside(files []source) []string {
	var found []string
	for _, file := range files {
		for _, name := range file.imports() {
			if below(name, module) {
				continue
			}
			standard := !strings.Contains(strings.Split(name, "/")[0], ".")
			i := slices.IndexFunc(outsides, func(row outside) bool { return below(name, row.prefix) })
			if i < 0 {
				if !standard {
					found = append(found, fmt.Sprintf("%s imports %s, which docs/decisions/0001-dependencies.md and architecture_test.go do not list", file.path, name))
				}
				continue
			}
			row := outsides[i]
			if file.test() || belowAny(file.dir(), row.by) {
				continue
			}
			found = append(found, fmt.Sprintf("%s imports %s: %s", file.path, name, row.reason))
		}
	}
	return found
}

// checkTwoWords: only provision, and what wires everything, knows both scim and iam.
func checkTwoWords(files []source) []string {
	knows := map[string]int{}
	for _, file := range files {
		if file.test() || belowAny(file.dir(), []string{"internal/provision", "cmd/rollcall", "internal/e2e"}) {
			continue
		}
		for _, name := range file.imports() {
			if below(name, module+"/scim") {
				knows[file.dir()] |= 1
			}
			if below(name, module+"/internal/iam") {
				knows[file.dir()] |= 2
			}
		}
	}
	var found []string
	for dir, both := range knows {
		if both == 3 {
			found = append(found, dir+" imports both scim and iam: only provision translates between them")
		}
	}
	slices.Sort(found)
	return found
}

// testPackages are no part of the product, though they are no test files.
var testPackages = []string{"internal/store/storetest", "internal/web/pagetest", "internal/e2e"}

// checkTestPackages: what tests need is not built into the product.
func checkTestPackages(files []source) []string {
	var found []string
	for _, file := range files {
		if file.test() || belowAny(file.dir(), testPackages) {
			continue
		}
		for _, name := range file.imports() {
			if local, ok := strings.CutPrefix(name, module+"/"); ok && belowAny(local, testPackages) {
				found = append(found, fmt.Sprintf("%s imports %s: only tests may", file.path, local))
			}
		}
	}
	return found
}

func TestArchitecture_floors(t *testing.T) {
	t.Parallel()
	holds(t, checkFloors)
}

func TestArchitecture_outsidePackages(t *testing.T) {
	t.Parallel()
	holds(t, checkOutside)
}

func TestArchitecture_onlyProvisionKnowsScimAndIam(t *testing.T) {
	t.Parallel()
	holds(t, checkTwoWords)
}

func TestArchitecture_testPackagesInTestsOnly(t *testing.T) {
	t.Parallel()
	holds(t, checkTestPackages)
}

func TestArchitecture_rulesFindViolations(t *testing.T) {
	t.Parallel()
	imports := func(pkg string, names ...string) string {
		text := "package " + pkg + "\n"
		for _, name := range names {
			text += "import _ " + strconv.Quote(name) + "\n"
		}
		return text
	}
	own := func(name string) string { return module + "/" + name }
	tests := []struct {
		name  string
		rule  rule
		files map[string]string
		want  []string
	}{
		{"down", checkFloors, map[string]string{"internal/store/a.go": imports("store", own("internal/iam"), "context")}, nil},
		{"up", checkFloors, map[string]string{"internal/iam/a.go": imports("iam", own("internal/store"))}, []string{"internal/iam/a.go imports internal/store"}},
		{"sideways", checkFloors, map[string]string{"internal/access/a.go": imports("access", own("internal/provision"))}, []string{"internal/access/a.go imports internal/provision"}},
		{"door to door", checkFloors, map[string]string{"internal/web/scimapi/a.go": imports("scimapi", own("internal/web/console"))}, []string{"imports internal/web/console"}},
		{"server to door", checkFloors, map[string]string{"internal/web/a.go": imports("web", own("internal/web/scimapi"))}, []string{"imports internal/web/scimapi"}},
		{"door to store", checkFloors, map[string]string{"internal/web/scimapi/a.go": imports("scimapi", own("internal/store"), own("internal/iam"))}, []string{"imports internal/store", "imports internal/iam"}},
		{"door's test to store", checkFloors, map[string]string{"internal/web/scimapi/a_test.go": imports("scimapi", own("internal/store"))}, nil},
		{"inside a row", checkFloors, map[string]string{"internal/entra/cycle/a.go": imports("cycle", own("internal/entra/directory"), own("scim/scimclient"))}, nil},
		{"stand-in to product", checkFloors, map[string]string{"internal/entra/portal/a.go": imports("portal", own("internal/iam"))}, []string{"imports internal/iam"}},
		{"stand-in's test to product", checkFloors, map[string]string{"internal/entra/portal/a_test.go": imports("portal", own("internal/store"))}, []string{"imports internal/store"}},
		{"protocol to suite", checkFloors, map[string]string{"scim/a.go": imports("scim", own("scim/scimclient"))}, []string{"imports scim/scimclient"}},
		{"protocol's test to suite", checkFloors, map[string]string{"scim/a_test.go": imports("scim_test", own("scim/scimclient"))}, nil},
		{"protocol's test to product", checkFloors, map[string]string{"scim/a_test.go": imports("scim_test", own("internal/iam"))}, []string{"imports internal/iam"}},
		{"unknown package", checkFloors, map[string]string{"internal/util/a.go": imports("util")}, []string{"internal/util has no floor"}},
		{"import of an unknown package", checkFloors, map[string]string{"internal/store/a.go": imports("store", own("internal/util"))}, []string{"imports internal/util"}},
		{"command", checkFloors, map[string]string{"cmd/rollcall/a.go": imports("main", own("internal/store"), own("scim"))}, nil},

		{"SQL in store", checkOutside, map[string]string{"internal/store/a.go": imports("store", "database/sql/driver", "modernc.org/sqlite/lib")}, nil},
		{"SQL elsewhere", checkOutside, map[string]string{"internal/access/a.go": imports("access", "database/sql")}, []string{"only store knows SQL"}},
		{"HTTP below the doors", checkOutside, map[string]string{"internal/provision/a.go": imports("provision", "net/http", "net/url")}, []string{"only doors and clients know HTTP"}},
		{"HTTP in a test", checkOutside, map[string]string{"internal/provision/a_test.go": imports("provision", "net/http/httptest")}, nil},
		{"library in the protocol", checkOutside, map[string]string{"scim/a.go": imports("scim", "github.com/google/uuid")}, []string{"scim/a.go imports github.com/google/uuid"}},
		{"test library in the product", checkOutside, map[string]string{"internal/iam/a.go": imports("iam", "github.com/google/go-cmp/cmp")}, []string{"comparisons in tests"}},
		{"unlisted library", checkOutside, map[string]string{"cmd/rollcall/a_test.go": imports("main", "example.com/left-pad")}, []string{"do not list"}},
		{"name that only begins alike", checkOutside, map[string]string{"internal/store/a.go": imports("store", "modernc.org/sqlitefork")}, []string{"do not list"}},

		{"provision knows both", checkTwoWords, map[string]string{"internal/provision/a.go": imports("provision", own("scim"), own("internal/iam"))}, nil},
		{"console knows both, in two files", checkTwoWords, map[string]string{"internal/web/console/a.go": imports("console", own("scim")), "internal/web/console/b.go": imports("console", own("internal/iam"))}, []string{"internal/web/console imports both"}},

		{"storetest in a test", checkTestPackages, map[string]string{"internal/access/a_test.go": imports("access", own("internal/store/storetest"))}, nil},
		{"storetest in the product", checkTestPackages, map[string]string{"cmd/rollcall/a.go": imports("main", own("internal/store/storetest"))}, []string{"cmd/rollcall/a.go imports internal/store/storetest"}},
		{"pagetest in the product", checkTestPackages, map[string]string{"internal/web/console/a.go": imports("console", own("internal/web/pagetest"))}, []string{"internal/web/console/a.go imports internal/web/pagetest"}},
		{"end-to-end in itself", checkTestPackages, map[string]string{"internal/e2e/live/a.go": imports("live", own("internal/store/storetest"), own("internal/e2e"))}, nil},
		{"end-to-end in the product", checkTestPackages, map[string]string{"cmd/rollcall/a.go": imports("main", own("internal/e2e/live"))}, []string{"cmd/rollcall/a.go imports internal/e2e/live"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			finds(t, test.rule, test.files, test.want...)
		})
	}
}

// Every row names rows that exist, so that a misspelt one cannot hide an edge.
func TestArchitecture_tablesNameExistingRows(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"*": true}
	for _, row := range floors {
		if known[row.prefix] {
			t.Errorf("%q has two rows", row.prefix)
		}
		known[row.prefix] = true
	}
	for _, row := range floors {
		for _, name := range row.may {
			if !known[name] {
				t.Errorf("the row %s allows %s, which has no row", row.prefix, name)
			}
		}
		if row.reason == "" {
			t.Errorf("the row %s has no reason", row.prefix)
		}
	}
	for _, row := range outsides {
		for _, name := range row.by {
			if name != "test" && !known[name] {
				t.Errorf("the row %s allows %s, which has no row", row.prefix, name)
			}
		}
	}
}
