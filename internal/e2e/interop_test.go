package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/scim/scimtest"
)

const interopDir = "../../interop/servers"

// TestInterop_knownFailures holds the lists that scripts/interop.sh compares with to the checks there are, and to the page
// that explains them. The clients of that script are here as exchanges.
func TestInterop_knownFailures(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/interop.md")
	if err != nil {
		t.Fatal(err)
	}
	servers, err := filepath.Glob(interopDir + "/*.mjs")
	if err != nil || len(servers) == 0 {
		t.Fatalf("servers in %s: %v, %v", interopDir, servers, err)
	}
	for _, server := range servers {
		name := strings.TrimSuffix(filepath.Base(server), ".mjs")
		text, err := os.ReadFile(filepath.Join(interopDir, name+".known"))
		if err != nil {
			t.Fatal(err)
		}
		_, section, found := strings.Cut(string(page), "\n### "+name+"\n")
		if !found {
			t.Errorf("docs/interop.md has no section %s", name)
		}
		section, _, _ = strings.Cut(section, "\n## ")
		section, _, _ = strings.Cut(section, "\n### ")
		seen := map[string]bool{}
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "#") {
				continue
			}
			words := strings.Fields(line)
			if len(words) < 3 {
				t.Errorf("%s.known: %q lacks profile, check or reason", name, line)
				continue
			}
			profile, id := scimtest.Profile(words[0]), words[1]
			isID := func(c scimtest.CheckInfo) bool { return c.ID == id }
			if !slices.ContainsFunc(scimtest.Checks(profile), isID) {
				t.Errorf("%s.known: profile %s has no check %s", name, profile, id)
			}
			if reason := strings.Join(words[2:], " "); !strings.Contains(section, reason) || !strings.Contains(section, "`"+id+"`") {
				t.Errorf("docs/interop.md does not say of %s that in %s %s", name, id, reason)
			}
			if seen[words[0]+id] {
				t.Errorf("%s.known: %s %s is there twice", name, profile, id)
			}
			seen[words[0]+id] = true
		}
		if len(seen) == 0 {
			t.Errorf("%s.known is empty", name)
		}
	}
}

// TestInterop_standin holds what the stand-in for Entra ID is known to fail at to the page that explains it.
func TestInterop_standin(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/interop.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "\n## The stand-in for Entra ID against servers of others\n")
	if !found {
		t.Fatal("docs/interop.md has no section about the stand-in")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	for _, name := range []string{"scimmy", "better-auth"} {
		text, err := os.ReadFile(filepath.Join(interopDir, name+".standin"))
		if err != nil {
			t.Fatal(err)
		}
		known := 0
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "#") {
				continue
			}
			words := strings.Fields(line)
			if len(words) < 3 || words[0] != "legacy" && words[0] != "optscim" {
				t.Errorf("%s.standin: %q lacks dialect, step or reason", name, line)
				continue
			}
			if reason := strings.Join(words[2:], " "); !strings.Contains(section, reason) {
				t.Errorf("docs/interop.md does not say of %s that %s", name, reason)
			}
			known++
		}
		if known == 0 {
			t.Errorf("%s.standin is empty", name)
		}
	}
}
