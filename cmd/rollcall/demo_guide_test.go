package main

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// walk does what the demo's screen says, at both sides, with the pages that people use.
type walk struct {
	t      *testing.T
	made   demoMade
	admin  *person // at Rollcall
	portal *person // at the stand-in
	hers   *person // the private window of the test user
}

func startDemo(t *testing.T, sh *shell, args ...string) (*process, demoMade) {
	t.Helper()
	p := sh.start(append([]string{"demo", "--json"}, args...)...)
	var made demoMade
	if err := json.NewDecoder(p.stdout).Decode(&made); err != nil {
		_ = p.cmd.Process.Kill()
		<-p.ended
		t.Fatalf("%v\n%s", err, p.stderr)
	}
	return p, made
}

// newWalk opens the three links of the screen.
func newWalk(t *testing.T, made demoMade) *walk {
	t.Helper()
	w := &walk{t, made, newPerson(t), newPerson(t), newPerson(t)}
	// Both sites live on one host: what they keep in one browser must not collide.
	w.portal.Jar = w.admin.Jar
	w.admin.open(made.SignInURL).reads("Dashboard", made.AdminEmail)
	w.portal.open(made.Entra.Portal).press("Adele Okafor", nil).reads("Overview", "Enterprise applications", "Global Administrator")
	w.portal.open(made.Entra.OnDemand).reads("Provision on demand")
	return w
}

func (w *walk) user(want string) {
	w.t.Helper()
	w.portal.open(w.made.Entra.OnDemand).press("Search", map[string]string{"q": "Yuki"}).press("Provision", nil).reads(want)
}

func (w *walk) group(name, want string) {
	w.t.Helper()
	w.portal.open(w.made.Entra.OnDemand).press("Search", map[string]string{"q": name, "kind": "Group"}).
		follow("Choose members of "+name).press("Provision", map[string]string{"Nakamura": "on"}).reads(want)
}

func (w *walk) join(group string) {
	w.t.Helper()
	w.portal.open(w.made.Entra.Portal).follow("Groups").follow(group).follow("Add members").
		press("Search", map[string]string{"q": "Nakamura"}).press("Add", map[string]string{"Nakamura": "on"})
	if status, page := w.members(group); !strings.Contains(page, "Nakamura") {
		w.t.Errorf("%s after Add members: %d\n%s", group, status, page)
	}
}

func (w *walk) leave(group string) {
	w.t.Helper()
	w.portal.open(w.made.Entra.Portal).follow("Groups").follow(group).press("Remove members", map[string]string{"Nakamura": "on"})
	if status, page := w.members(group); strings.Contains(page, "Nakamura") {
		w.t.Errorf("%s after Remove members: %d\n%s", group, status, page)
	}
}

// members is the page of a group, without the note about what was done.
func (w *walk) members(group string) (int, string) {
	w.t.Helper()
	status, _, page := w.portal.get(w.portal.open(w.made.Entra.Portal).follow("Groups").follow(group).at.String())
	return status, words(page)
}

// shown is her row in Users and roles.
func (w *walk) shown() string {
	w.t.Helper()
	return w.admin.open(w.made.Server + "/dashboard").follow("Users and roles").row(demoPerson)
}

// settings tells whether her window opens what takes admin access.
func (w *walk) settings(want int) {
	w.t.Helper()
	if status, _, page := w.hers.get(w.made.Server + "/settings/scim"); status != want {
		w.t.Errorf("the SCIM settings answer her %d, want %d\n%s", status, want, words(page))
	}
}

func (w *walk) step1() {
	w.t.Helper()
	w.join("Admins")
	w.user("Success")
	w.group("Admins", "Yuki Nakamura : added")
	if got := w.shown(); !strings.Contains(got, "Yuki Nakamura") || !strings.Contains(got, "Admins") || !strings.Contains(got, "SCIM") {
		w.t.Errorf("row 1: Users and roles shows %q", got)
	}
}

func (w *walk) step2() {
	w.t.Helper()
	w.hers = newPerson(w.t)
	w.signIn()
	if w.hers.at.Path != "/dashboard" {
		w.t.Fatalf("row 2: she lands on %s\n%s", w.hers.at, words(w.hers.page))
	}
	w.hers.reads("Dashboard", "Nakamura")
	w.settings(http.StatusOK)
}

// signIn goes the way of single sign-on until a page does not lead on.
func (w *walk) signIn() {
	w.t.Helper()
	w.hers.open(w.made.Server).press("Continue", map[string]string{"email": demoPerson})
	if strings.Contains(w.hers.page, "Pick an account") {
		w.hers.press("Yuki", nil)
	}
	if strings.Contains(w.hers.page, "SAMLResponse") {
		w.hers.press("Continue", nil)
	}
}

func (w *walk) step3() {
	w.t.Helper()
	w.portal.open(w.made.Entra.Portal).follow("Users").press("Search", map[string]string{"q": "Nakamura"}).follow("Yuki Nakamura").follow("Edit properties").
		press("Save", map[string]string{"givenName": "Yukiko", "displayName": "Yukiko Nakamura"})
	w.user("Success")
	if got := w.shown(); !strings.Contains(got, "Yukiko Nakamura") {
		w.t.Errorf("row 3: Users and roles shows %q", got)
	}
}

func (w *walk) step4() {
	w.t.Helper()
	w.leave("Admins")
	w.join("Read-only")
	w.group("Admins", "Yukiko Nakamura : removed")
	w.group("Read-only", "Yukiko Nakamura : added")
	if got := w.shown(); !strings.Contains(got, "Read-only") || strings.Contains(got, "Admins") {
		w.t.Errorf("row 4: Users and roles shows %q", got)
	}
	w.settings(http.StatusForbidden)
}

func (w *walk) step5() {
	w.t.Helper()
	w.leave("Read-only")
	w.user("Disable")
	if got := w.shown(); got != "" {
		w.t.Errorf("row 5: Users and roles shows %q", got)
	}
	if w.hers.open(w.made.Server + "/dashboard"); w.hers.at.Path != "/" {
		w.t.Errorf("row 5: her window is at %s", w.hers.at)
	}
	w.signIn()
	w.hers.reads("AADSTS50105")
}

// startCycles switches provisioning on: everybody else comes.
func (w *walk) startCycles() {
	w.t.Helper()
	w.portal.open(w.made.Entra.Provisioning).press("Start provisioning", nil)
	w.within("the first cycle does not end", func() bool {
		return strings.Contains(words(w.portal.open(w.made.Entra.Provisioning).page), "completed")
	})
	for _, name := range []string{"Adele Okafor", "Carmen Vega", "Priya Sharma"} {
		if got := w.admin.open(w.made.Server + "/members").row(name); !strings.Contains(got, "SCIM") {
			w.t.Errorf("after the first cycle Users and roles shows %q of %s", got, name)
		}
	}
}

// within asks again and again until it is so.
func (w *walk) within(otherwise string, so func() bool) {
	w.t.Helper()
	again, patience := time.NewTicker(100*time.Millisecond), time.After(time.Minute)
	defer again.Stop()
	for !so() {
		select {
		case <-again.C:
		case <-patience:
			w.t.Fatalf("%s:\n%s", otherwise, words(w.portal.page))
		}
	}
}

// disable is the other way of row 5: by a cycle, because nobody who is disabled is
// provisioned on demand.
func (w *walk) disable() {
	w.t.Helper()
	w.portal.open(w.made.Entra.Portal).follow("Users").follow("Grace Mitchell").press("Disable account", nil)
	w.portal.open(w.made.Entra.OnDemand).press("Search", map[string]string{"q": "Mitchell"}).reads("disabled: use a cycle")
	w.portal.open(w.made.Entra.Provisioning).press("Run the next cycle now", nil)
	w.within("Grace Mitchell stays a member", func() bool { return w.admin.open(w.made.Server+"/members").row("Grace Mitchell") == "" })
}

// The screen is followed to its end in a new folder.
func TestDemo_guide(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	p, made := startDemo(t, sh, "--listen", "127.0.0.1:0", "--entra-listen", "127.0.0.1:0")
	w := newWalk(t, made)
	w.step1()
	w.step2()
	w.step3()
	w.step4()
	w.step5()
	w.startCycles()
	w.disable()
	if code := p.stop(t, syscall.SIGINT); code != 0 || p.stderr.Len() > 0 {
		t.Errorf("the demo ended with exit %d and said %q", code, p.stderr)
	}
}

// The same folder goes on where it stopped: on the same ports, and on others.
func TestDemo_guideAfterRestart(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	demo := func(listen, entra string) (*process, demoMade) {
		t.Helper()
		return startDemo(t, sh, "--dir", "data", "--listen", listen, "--entra-listen", entra)
	}
	stop := func(p *process) {
		t.Helper()
		if code := p.stop(t, syscall.SIGTERM); code != 0 || p.stderr.Len() > 0 {
			t.Errorf("the demo ended with exit %d and said %q", code, p.stderr)
		}
	}
	p, first := demo("127.0.0.1:0", "127.0.0.1:0")
	w := newWalk(t, first)
	w.step1()
	w.step2()
	stop(p)

	p, second := demo(strings.TrimPrefix(first.Server, "http://"), strings.Trim(strings.TrimPrefix(first.Entra.Portal, "http://"), "/"))
	if again := *second.Entra; again != *first.Entra || second.Bearer != first.Bearer || second.Organization != first.Organization {
		t.Errorf("the same folder is another demo: %+v and %+v, then %+v and %+v", first, *first.Entra, second, again)
	}
	hers := w.hers
	w = newWalk(t, second)
	w.hers = hers
	w.settings(http.StatusOK) // she is signed in still
	w.step3()
	stop(p)

	p, third := demo("127.0.0.1:0", "127.0.0.1:0")
	w = newWalk(t, third)
	if third.Server == second.Server || third.Entra.Job != first.Entra.Job || third.Entra.Application != first.Entra.Application {
		t.Errorf("on other ports it is %+v with %+v", third, *third.Entra)
	}
	w.step2()
	w.step4()
	w.step5()
	stop(p)
}

// What its user changed at the stand-in is not set back.
func TestDemo_keepsChanges(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	p, made := startDemo(t, sh, "--dir", "data", "--listen", "127.0.0.1:0", "--entra-listen", "127.0.0.1:0")
	w := newWalk(t, made)
	w.portal.open(made.Entra.Portal+"applications/"+string(made.Entra.Application)+"/sign-on").reads(made.Server+"/saml/"+string(made.Organization)+"/acs", "user.mail")
	w.portal.open(made.Entra.Provisioning).reads(made.Endpoint)
	w.portal.open(made.Entra.Portal+"licences").press("Save", map[string]string{"licence": "free"})
	w.portal.open(made.Entra.Portal+"groups").follow("Developers").follow("Delete…").press("Delete", nil)
	p.stop(t, syscall.SIGINT)

	p, again := startDemo(t, sh, "--dir", "data", "--listen", "127.0.0.1:0", "--entra-listen", "127.0.0.1:0")
	w = newWalk(t, again)
	w.portal.open(again.Entra.Portal+"groups").reads("Admins", "Read-only").readsNot("Developers")
	w.portal.open(again.Entra.Portal + "applications/" + string(again.Entra.Application) + "/assignments").reads("Groups take Microsoft Entra ID P1.")
	p.stop(t, syscall.SIGINT)
}

// Who types localhost comes to where the cookies are.
func TestDemo_localhost(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	p, made := startDemo(t, sh, "--dir", "data", "--listen", "127.0.0.1:0", "--entra-listen", "127.0.0.1:0")
	if want := "sqlite:" + filepath.Join(made.Dir, "entra.db"); made.Entra.Database != want {
		t.Errorf("the stand-in's database is %s, want %s", made.Entra.Database, want)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, site := range []string{made.Server + "/", made.Entra.Portal} {
		for path, want := range map[string]string{"": site, "?with=email": site + "?with=email", "healthz": ""} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, site+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Host = "localhost:" + request.URL.Port()
			response, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if got := response.Header.Get("Location"); got != want {
				t.Errorf("%s by the name localhost leads to %q, want %q", site+path, got, want)
			}
		}
	}
	p.stop(t, syscall.SIGINT)
}

func TestDemo_portTaken(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address := taken.Addr().String()
	sh.fails(exitRefused, address+" is in use by another program; choose another address with --listen", "demo", "--dir", "data", "--listen", address, "--entra-listen", "127.0.0.1:0")
	sh.fails(exitRefused, address+" is in use by another program; choose another address with --entra-listen", "demo", "--dir", "data", "--listen", "127.0.0.1:0", "--entra-listen", address)
	if _, err := os.Stat(filepath.Join(sh.dir, "data")); !os.IsNotExist(err) {
		t.Errorf("a demo that did not start left its folder (%v)", err)
	}
}

// In the manner of Okta the same screen comes true, by Okta's requests.
func TestDemo_okta(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	p, made := startDemo(t, sh, "--listen", "127.0.0.1:0", "--entra-listen", "127.0.0.1:0", "--profile", "okta")
	w := newWalk(t, made)
	w.step1()
	w.step2()
	w.step3()
	w.step4()
	w.step5()
	if made.Profile != "okta" {
		t.Errorf("the profile is %q", made.Profile)
	}
	w.admin.open(made.Server + "/settings/activity").reads("PUT")
	p.stop(t, syscall.SIGINT)
}

// The commands of docs/guide.md can be pasted into a shell while the demo runs.
func TestDemo_byHand(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/guide.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## The same by hand\n")
	_, script, _ := strings.Cut(section, "```\n")
	script, _, found := strings.Cut(script, "```\n")
	if !found {
		t.Fatalf("docs/guide.md has no commands to paste:\n%s", section)
	}
	sh := newShell(t)
	p, made := startDemo(t, sh, "--dir", "demo", "--listen", "127.0.0.1:0", "--entra-listen", "127.0.0.1:0")
	cmd := exec.CommandContext(t.Context(), "bash", "-e", "-u", "-o", "pipefail", "-c", script)
	cmd.Dir, cmd.Env = sh.dir, append(sh.env, "PATH="+filepath.Dir(sh.bin)+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if strings.Contains(string(out), "messages:2.0:Error") || !strings.HasSuffix(lines[len(lines)-1], " passed, 0 failed, 0 skipped") {
		t.Errorf("the commands print:\n%s", out)
	}
	for _, want := range []string{made.Endpoint, "Mathematicians", "inactive", "organization_member_delete"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the commands do not print %q:\n%s", want, out)
		}
	}
	p.stop(t, syscall.SIGINT)
}
