package browser

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/rollcall/rollcall/internal/e2e/live"
)

// demo is what `rollcall demo --json` prints.
type demo struct {
	Server, Organization, SignInURL, Endpoint, Bearer, Database string
	Entra                                                       struct{ Portal, Provisioning, OnDemand string }
}

func startDemo(t *testing.T, args ...string) demo {
	t.Helper()
	cmd := exec.Command(live.Binary(t), append([]string{"demo", "--json", "--dir", filepath.Join(t.TempDir(), "demo")}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the demo ended with %v: %s", err, stderr.String())
		}
	})
	var made demo
	if err := json.NewDecoder(stdout).Decode(&made); err != nil {
		t.Fatalf("the demo printed no JSON: %v", err)
	}
	return made
}

// tour is the demo before a newcomer: one browser for Rollcall's Admin and the portal, which
// share a host and so the cookies, and a private window for the person who is provisioned.
type tour struct {
	demo
	t           *testing.T
	admin, hers *tab
	pictures    string // where to keep some, "" for nowhere
}

// picture keeps what the tab shows, for docs/guide.md.
func (w *tour) picture(b *tab, name string) {
	w.t.Helper()
	if w.pictures == "" {
		return
	}
	evaluate[string](b, `document.documentElement.style.scrollbarWidth = "none"`)
	png, err := run(b, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(w.pictures, name+".png"), png, 0o644)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *tour) portal() *tab { w.t.Helper(); return w.admin.open(w.Entra.Portal) }

func (w *tour) find(kind, name string) *tab {
	w.t.Helper()
	b := w.admin.open(w.Entra.OnDemand)
	if kind == "Group" {
		evaluate[string](b, `document.querySelector("select[name=kind]").value = "Group"`)
	}
	return b.enter("Select a user or group: name, user principal name or mail", name).press("Search")
}

func (w *tour) user(name, want string) {
	w.t.Helper()
	w.find("User", "Yuki").press("Provision " + name).says(want)
}

func (w *tour) group(group, name, want string) {
	w.t.Helper()
	w.find("Group", group).press("Choose members of " + group).choose(name).press("Provision").says(want)
}

func (w *tour) join(group, name string) {
	w.t.Helper()
	w.portal().press("Groups").press(group).press("Add members").choose(name).press("Add members")
}

func (w *tour) leave(group, name string) {
	w.t.Helper()
	w.portal().press("Groups").press(group).choose("Choose " + name).press("Remove members")
}

func (w *tour) member(name string) string {
	w.t.Helper()
	return w.admin.open(w.Server + "/dashboard").press("Users and roles").row(name)
}

// The guide's test plan in the demo, as its screen says, on plain loopback. With
// ROLLCALL_PICTURES, a folder, the pictures of docs/guide.md are written there:
// scripts/pictures.sh does that.
func TestDemo_guide(t *testing.T) {
	t.Parallel()
	w := &tour{t: t, pictures: os.Getenv("ROLLCALL_PICTURES")}
	live.Binary(t) // building it is not the demo's time
	begun := time.Now()
	w.demo = startDemo(t, "--listen", "127.0.0.1:0", "--entra-listen", "127.0.0.1:0")
	t.Logf("the demo was ready after %s", time.Since(begun).Round(time.Millisecond))
	w.admin, w.hers = newTab(t, true), newTab(t, true)
	for _, row := range []struct {
		name string
		do   func(w *tour)
	}{
		{"the links", (*tour).links}, {"row 1", (*tour).row1}, {"row 2", (*tour).row2}, {"row 3", (*tour).row3}, {"row 4", (*tour).row4}, {"row 5", (*tour).row5}, {"everybody else", (*tour).everybody},
	} {
		begun := time.Now()
		row.do(w)
		t.Logf("%s took Chromium %s", row.name, time.Since(begun).Round(time.Millisecond))
	}
}

func (w *tour) links() {
	w.admin.open(w.SignInURL).at(w.Server+"/dashboard").says("admin@example.com", "Connect SAML single sign-on")
	w.picture(w.admin, "0-dashboard")
	w.admin.open(w.Entra.Portal).press("Adele Okafor adele.okafor@example.com").says("Enterprise applications", "Global Administrator")
	w.admin.open(w.Entra.OnDemand).says("Provision on demand")
	// Two sites on one host: being signed in at one has not ended it at the other.
	w.admin.open(w.Server + "/dashboard").at(w.Server + "/dashboard")
}

func (w *tour) row1() {
	w.join("Admins", "Yuki Nakamura")
	w.user("Yuki Nakamura", "Success")
	w.picture(w.admin, "1-on-demand")
	w.group("Admins", "Yuki Nakamura", "Yuki Nakamura: added")
	if got := w.member("Yuki Nakamura"); !strings.Contains(got, "Admins") || !strings.Contains(got, "SCIM") {
		w.t.Errorf("row 1: Users and roles shows %q", got)
	}
	w.picture(w.admin, "1-members")
}

// signIn goes to the stand-in's page and chooses her, where it asks.
func (w *tour) signIn(says string) {
	w.t.Helper()
	w.hers.open(w.Server+"/").enter("Work email", "yuki.nakamura@example.com").press("Continue with SSO")
	if !w.hers.eventually(func() bool { return strings.Contains(w.hers.text(), says) }) {
		w.t.Fatalf("%s does not say %q: %s", w.hers.where(), says, short(w.hers.text()))
	}
}

func (w *tour) row2() {
	w.signIn("Pick an account")
	w.picture(w.hers, "2-pick-an-account")
	w.hers.press("Yuki Nakamura yuki.nakamura@example.com")
	w.hers.at(w.Server + "/dashboard").says("Yuki Nakamura")
	w.admin.open(w.Server + "/dashboard").says("7 of 7 done")
	w.hers.open(w.Server + "/settings/scim").status(200)
}

func (w *tour) row3() {
	w.portal().press("Users").press("Yuki Nakamura").press("Edit properties")
	w.admin.enter("First name", "Yukiko").enter("Display name (required)", "Yukiko Nakamura").press("Save")
	w.user("Yukiko Nakamura", "Success")
	evaluate[bool](w.admin, `(document.querySelector("#result table").scrollIntoView({block: "end"}), true)`)
	w.picture(w.admin, "3-modified")
	if got := w.member("Yukiko Nakamura"); got == "" {
		w.t.Errorf("row 3: Users and roles shows %s", w.admin.text())
	}
}

func (w *tour) row4() {
	w.leave("Admins", "Yukiko Nakamura")
	w.join("Read-only", "Yukiko Nakamura")
	w.group("Admins", "Yukiko Nakamura", "Yukiko Nakamura: removed")
	w.group("Read-only", "Yukiko Nakamura", "Yukiko Nakamura: added")
	if got := w.member("Yukiko Nakamura"); !strings.Contains(got, "Read-only") || strings.Contains(got, "Admins") {
		w.t.Errorf("row 4: Users and roles shows %q", got)
	}
	w.hers.open(w.Server + "/settings/scim").status(403)
	w.picture(w.hers, "4-no-settings")
}

func (w *tour) row5() {
	w.leave("Read-only", "Yukiko Nakamura")
	w.user("Yukiko Nakamura", "Disable")
	if got := w.member("Nakamura"); got != "" {
		w.t.Errorf("row 5: Users and roles shows %q", got)
	}
	w.hers.open(w.Server + "/dashboard").at(w.Server + "/")
	w.signIn("AADSTS50105")
	w.picture(w.hers, "5-blocked")
}

// everybody is what follows the test plan: provisioning is switched on.
func (w *tour) everybody() {
	w.admin.open(w.Entra.Provisioning).press("Start provisioning")
	if !w.admin.eventually(func() bool {
		return strings.Contains(w.admin.open(w.Entra.Provisioning).text(), "completed")
	}) {
		w.t.Fatalf("the cycle does not end: %s", short(w.admin.text()))
	}
	if got := w.member("Adele Okafor"); !strings.Contains(got, "Admins") {
		w.t.Errorf("after the first cycle Users and roles shows %q", got)
	}
	w.picture(w.admin, "6-everybody")
}
