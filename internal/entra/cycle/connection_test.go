package cycle_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

func TestConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	answering := func(status int, body string) string {
		server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			rw.WriteHeader(status)
			_, _ = rw.Write([]byte(body))
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	tls := httptest.NewUnstartedServer(http.NotFoundHandler())
	tls.Config.ErrorLog = log.New(io.Discard, "", 0) // it tells of the client that does not trust it
	tls.StartTLS()
	t.Cleanup(tls.Close)
	for _, tc := range []struct {
		name, url, token string
		ok               bool
		status           int
		message, warning string
	}{
		{name: "good", url: w.target.url, token: w.target.token, ok: true, status: 200, message: "authorized to enable provisioning"},
		{name: "wrong token", url: w.target.url, token: "x", status: 401, message: "401 (Unauthorized)"},
		{name: "Bearer twice", url: w.target.url, token: "Bearer " + w.target.token, status: 401, message: "401", warning: `begins with the word "Bearer"`},
		{name: "blank before", url: w.target.url, token: " " + w.target.token, status: 401, message: "401", warning: "begins or ends with white space"},
		{name: "line break", url: w.target.url, token: w.target.token + "\n", message: "line break", warning: "white space"},
		{name: "forbidden", url: answering(403, `{"detail":"SCIM is not enabled"}`), token: "x", status: 403, message: "SCIM is switched off"},
		{name: "not found", url: answering(404, ""), token: "x", status: 404, message: "Check the tenant URL"},
		{name: "redirect", url: answering(302, ""), token: "x", status: 302, message: "a redirect"},
		{name: "broken", url: answering(503, ""), token: "x", status: 503, message: "an error of its own"},
		{name: "a web page", url: answering(200, "<html>"), token: "x", status: 200, message: "not as a SCIM endpoint does"},
		{name: "nobody there", url: "http://127.0.0.1:1/scim", token: "x", message: "connecting to the SCIM endpoint"},
		{name: "unknown authority", url: tls.URL, token: "x", message: "authority that is not trusted"},
		{name: "no TLS", url: strings.Replace(w.target.url, "http:", "https:", 1), token: "x", message: "does not speak TLS"},
		{name: "no URL", url: "", token: "x", message: "Enter the tenant URL"},
		{name: "no address", url: "scim.example.com", token: "x", message: "is not an address"},
		{name: "no token", url: w.target.url, message: "Enter the secret token"},
	} {
		got, err := w.svc.TestConnection(t.Context(), tc.url, tc.token)
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		warnings := strings.Join(got.Warnings, " ")
		if got.OK != tc.ok || got.Status != tc.status || !strings.Contains(got.Message, tc.message) || tc.warning != "" && !strings.Contains(warnings, tc.warning) {
			t.Errorf("%s: got %+v", tc.name, got)
		}
		if tc.status == 403 && got.Detail != `{"detail":"SCIM is not enabled"}` {
			t.Errorf("%s: detail %q, want the answer verbatim", tc.name, got.Detail)
		}
	}
	if got, err := w.svc.TestSavedConnection(t.Context(), w.job); err != nil || !got.OK {
		t.Errorf("saved credentials: %+v, %v", got, err)
	}
}

// The secret token is in no log, entry, error or encoding of a job.
func TestSecretToken_staysHidden(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.target.token = "scim_verysecret:hushhush"
	w.credentials(w.target.url)
	ada := w.addUser("ada")
	w.assign(ada.ID)
	w.target.fail(refusing("POST", 400, "no"))
	w.cycle()
	shown := w.everything()
	for _, secret := range []string{"verysecret", "hushhush"} {
		if strings.Contains(shown, secret) {
			t.Errorf("%q is shown", secret)
		}
	}
	if !strings.Contains(shown, "ada@example.com") || !strings.Contains(shown, "SecretToken") {
		t.Error("the test looked at nothing")
	}
}

// What a mapping redacts is sent, and not shown.
func TestRedact(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.addUser("ada")
	w.change(ada, func(u *directory.User) { u.JobTitle = "Spy Master" })
	w.assign(ada.ID)
	w.mapping(mapping.KindUser, func(m *mapping.ObjectMapping) {
		for i, a := range m.Attributes {
			if a.Target == "title" {
				m.Attributes[i].Source = mapping.Source{Type: mapping.Expressed, Text: "Redact([jobTitle])"}
			}
		}
	})
	w.cycle()
	if got := w.target.user(t, "ada@example.com")["title"]; got != "Spy Master" {
		t.Errorf("sent %v", got)
	}
	w.change(ada, func(u *directory.User) { u.JobTitle = "Spy Mistress" })
	w.cycle()
	shown := w.everything()
	if strings.Contains(shown, "Spy M") || !strings.Contains(shown, "[Redact]") {
		t.Error("a redacted value is shown")
	}
}
