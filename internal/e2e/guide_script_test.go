package e2e

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/store/storetest"
)

// The steps of scripts/guide.sh that must be among those it reports, so that a script that ends early and says all is well
// does not pass.
var guideSteps = []string{
	"SCIM is locked until SAML is connected",
	"Test Connection succeeds with key:secret and fails with anything else",
	"with unmapped groups rejected, an unknown group is refused by name",
	"row 1: ",
	"row 3: ",
	"row 4: ",
	"row 5: unassigned",
	"row 5: the account disabled",
	"a third key is refused",
	"the old key is revoked: 0 of ",
	"SCIM is enabled again: the same endpoint, keys and ids",
	"every change is in the audit log",
}

// TestGuideScript walks the guide by the command line and the requests of Entra ID, with the real binary, on both engines.
func TestGuideScript(t *testing.T) {
	t.Parallel()
	databases := map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "rollcall.db") },
		"postgres": func(t *testing.T) string { return storetest.Database(t) },
	}
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			out := runGuide(t, databases[engine](t))
			for _, step := range guideSteps {
				if !strings.Contains(out, "ok  "+step) {
					t.Errorf("no step %q", step)
				}
			}
			lines := strings.Split(strings.TrimSpace(out), "\n")
			summary := regexp.MustCompile(`^guide: [0-9]+ steps passed on ` + engine + ` in [0-9]+ seconds$`)
			if last := lines[len(lines)-1]; !summary.MatchString(last) {
				t.Errorf("the last line is %q", last)
			}
			if t.Failed() {
				t.Log(out)
			}
		})
	}
}

// runGuide returns what the script prints; a script that fails or hangs fails the test with it.
func runGuide(t *testing.T, database string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "../../scripts/guide.sh", database)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	// A polite end lets the script stop its server.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Run(); err != nil {
		t.Fatalf("scripts/guide.sh: %v\n%s", err, out.String())
	}
	return out.String()
}
