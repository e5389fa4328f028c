package rollcall_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var markdownLink = regexp.MustCompile(`\]\(([^)#\s]+)(#[^)\s]*)?\)`)

// Every link of a document to another file of the repository leads somewhere.
func TestDocs_linksLeadSomewhere(t *testing.T) {
	t.Parallel()
	links := 0
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata") {
			return filepath.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(name, ".md") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, match := range markdownLink.FindAllStringSubmatch(string(text), -1) {
			target := match[1]
			if strings.Contains(target, "://") {
				continue
			}
			links++
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), filepath.FromSlash(target))); err != nil {
				t.Errorf("%s links to %s, which does not exist", name, target)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if links == 0 {
		t.Error("found no links at all; the pattern is broken")
	}
}

// The direct requirements of go.mod are those that architecture_test.go lists, and each
// has its paragraph in the decision on dependencies.
func TestDocs_dependenciesAreDecided(t *testing.T) {
	t.Parallel()
	decision, err := os.ReadFile("docs/decisions/0001-dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range outsides {
		if strings.Contains(strings.Split(row.prefix, "/")[0], ".") && !strings.Contains(string(decision), row.prefix) {
			t.Errorf("docs/decisions/0001-dependencies.md does not mention %s", row.prefix)
		}
	}
}
