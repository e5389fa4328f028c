package graph

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var documentedRoute = regexp.MustCompile("(?m)^\\| `([A-Z]+) (/[^`]*)` \\|")

// The page lists every route, and nothing that is none.
func TestDocs_listEveryRoute(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../docs/entra-stand-in.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "\n## Automation API\n")
	if !found {
		t.Fatal("docs/entra-stand-in.md has no section about the automation API")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var documented, served []string
	for _, match := range documentedRoute.FindAllStringSubmatch(section, -1) {
		documented = append(documented, match[1]+" "+match[2])
	}
	for _, r := range routes {
		pattern := r.pattern
		if r.own {
			pattern = "/standin" + pattern
		}
		served = append(served, r.method+" "+pattern)
	}
	for _, one := range served {
		if !slices.Contains(documented, one) {
			t.Errorf("docs/entra-stand-in.md does not list %s", one)
		}
	}
	for _, one := range documented {
		if !slices.Contains(served, one) {
			t.Errorf("docs/entra-stand-in.md lists %s, which is not served", one)
		}
	}
}
