package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/e2e/mailbox"
)

// webBrowser is a person's browser: it keeps cookies and follows redirects.
type webBrowser struct {
	t *testing.T
	*http.Client
}

func newBrowser(t *testing.T) webBrowser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return webBrowser{t, &http.Client{Jar: jar}}
}

// get returns the page and where it was found.
func (b webBrowser) get(address string) (status int, at, page string) {
	b.t.Helper()
	response, err := b.Get(address)
	return b.read(response, err)
}

func (b webBrowser) post(address string, form url.Values) (status int, at, page string) {
	b.t.Helper()
	response, err := b.PostForm(address, form)
	return b.read(response, err)
}

func (b webBrowser) read(response *http.Response, err error) (status int, at, page string) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return response.StatusCode, response.Request.URL.Path, string(text)
}

// says checks a page.
func (b webBrowser) says(page string, want ...string) {
	b.t.Helper()
	for _, w := range want {
		if !strings.Contains(page, w) {
			b.t.Errorf("the page does not say %q:\n%s", w, page)
		}
	}
}

// A server that is told a mail server mails invitations and support requests, and says
// so when the mail server does not want them.
func TestServe_mail(t *testing.T) {
	t.Parallel()
	const secret = "canary-password"
	friendly := mailbox.Start(t, mailbox.Options{User: "rollcall", Password: secret})
	sh := newShell(t)
	sh.setenv("ROLLCALL_SMTP", "smtp://rollcall:"+secret+"@"+friendly.Address+"?from=noreply@rollcall.example")
	s := sh.serve("--support-address", "Ops@Example.net")
	var made struct{ ID, AdminSetupURL string }
	sh.json(&made, "org", "create", "--name", "Example", "--admin-email", "admin@example.com")
	b := newBrowser(t)
	if status, at, page := b.post(made.AdminSetupURL, url.Values{"password": {"correct horse battery"}, "repeated": {"correct horse battery"}}); status != http.StatusOK || at != "/dashboard" {
		t.Fatalf("set up: %d %s\n%s", status, at, page)
	}

	_, _, page := b.post(s.url+"/invitations", url.Values{"email": {"mia@example.com"}})
	b.says(page, "The link was mailed to mia@example.com.")
	letter := friendly.Wait(1)
	content := letter.Read(t)
	if letter.To != "mia@example.com" || letter.From != "noreply@rollcall.example" || letter.User != "rollcall" || content.Header.Get("Reply-To") != "<admin@example.com>" {
		t.Errorf("the mail is %+v", content)
	}
	_, link, _ := strings.Cut(content.Text, s.url+"/invitation/")
	link, _, _ = strings.Cut(link, "\n")
	if status, _, page := newBrowser(t).get(s.url + "/invitation/" + link); status != http.StatusOK || !strings.Contains(page, "Join Example") {
		t.Errorf("the link of the mail: %d\n%s", status, page)
	}

	b.post(s.url+"/support", url.Values{"priority": {"high"}, "subject": {"Sync stopped"}, "description": {"Since noon."}})
	letter = friendly.Wait(2)
	if content := letter.Read(t); letter.To != "ops@example.net" || content.Subject() != "High priority: [Example] Sync stopped" || !strings.Contains(content.Text, made.ID) {
		t.Errorf("the mail is %+v to %s", content, letter.To)
	}
	if log := s.end(t); strings.Contains(log, secret) || strings.Contains(log, "mia@") {
		t.Errorf("the log has a secret or an address:\n%s", log)
	}

	unfriendly := mailbox.Start(t, mailbox.Options{Says: map[string]string{"RCPT": "550 5.1.1 no such " + secret}})
	s = sh.serve("--smtp", "smtp://"+unfriendly.Address, "--mail-from", "Rollcall <noreply@rollcall.example>")
	b.post(s.url+"/sign-in/password", url.Values{"email": {"admin@example.com"}, "password": {"correct horse battery"}})
	_, _, page = b.post(s.url+"/invitations", url.Values{"email": {"bo@example.com"}})
	b.says(page, "The invitation stands, but its mail could not be sent.", "(550 5.1.1)", `<code id="invitation-link">`+s.url+"/invitation/")
	_, _, page = b.get(s.url + "/invitations")
	b.says(page, "mia@example.com", "bo@example.com")
	if log := s.end(t); strings.Contains(log, secret) || strings.Contains(log, "bo@") || !strings.Contains(log, `"recipient refused","code":"550 5.1.1"`) {
		t.Errorf("the log:\n%s", log)
	}
}

func TestServe_mailUsage(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	for want, args := range map[string][]string{
		"no mail is sent without --smtp":                  {"--mail-from", "a@example.com"},
		"--support-address wants mail":                    {"--support-address", "a@example.com"},
		"--support-address \"ops\" is not an e-mail":      {"--smtp", "smtp://u:canary@mail.example.com", "--mail-from", "a@example.com", "--support-address", "ops"},
		"give --mail-from":                                {"--smtp", "smtp://u:canary@mail.example.com"},
		"the mail server is not given as smtp://":         {"--smtp", "https://u:canary@mail.example.com", "--mail-from", "a@example.com"},
		"\"nobody\" is not an address that mail can come": {"--smtp", "smtp://u:canary@mail.example.com?from=nobody"},
	} {
		sh.fails(exitUsage, want, append([]string{"serve"}, args...)...)
		if r := sh.run(append([]string{"serve"}, args...)...); strings.Contains(r.stderr, "canary") {
			t.Errorf("the error shows the password: %s", r.stderr)
		}
	}
}
