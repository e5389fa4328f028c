package outbound

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/e2e/mailbox"
	"github.com/rollcall/rollcall/internal/iam"
)

var sentAt = time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)

const smtpPassword = "p@ss/w:rd"

// mailerTo returns a mailer that is told a server by the name that is in its
// certificate, and reaches it at its address; its log is kept.
func mailerTo(t *testing.T, s *mailbox.Server, address string) (*Mailer, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	m, err := NewMailer(MailConfig{
		URL: address, From: "Rollcall <noreply@rollcall.example>", Now: func() time.Time { return sentAt },
		Log: slog.New(slog.NewJSONHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	m.tls.RootCAs = s.Pool
	m.dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, s.Address)
	}
	return m, &log
}

func hello() Message {
	return Message{To: "Mia@Example.com", Subject: "Join Alpha", Text: "Hello Mia,\n\n.\nFrom here: https://rollcall.example/" + strings.Repeat("x", 120) + "\nGrüße\n"}
}

func TestMailer_Send(t *testing.T) {
	t.Parallel()
	const credentials = "ann%40example.com:p%40ss%2Fw%3Ard@"
	for name, test := range map[string]struct {
		server mailbox.Options
		url    string
		secure bool
		user   string
	}{
		"STARTTLS and PLAIN":     {mailbox.Options{User: "ann@example.com", Password: smtpPassword}, "smtp://" + credentials + "mail.example.com:587", true, "ann@example.com"},
		"STARTTLS and LOGIN":     {mailbox.Options{User: "ann@example.com", Password: smtpPassword, Mechanisms: "LOGIN"}, "smtp://" + credentials + "mail.example.com", true, "ann@example.com"},
		"TLS at once":            {mailbox.Options{User: "ann@example.com", Password: smtpPassword, Implicit: true}, "smtps://" + credentials + "mail.example.com", true, "ann@example.com"},
		"TLS without signing in": {mailbox.Options{}, "smtp://mail.example.com:25", true, ""},
		"plain on this machine":  {mailbox.Options{NoSTARTTLS: true, User: "ann@example.com", Password: smtpPassword}, "smtp://" + credentials + "localhost:25", false, "ann@example.com"},
		"the server hangs up":    {mailbox.Options{Says: map[string]string{"RSET": "421 4.3.2 going down", "QUIT": "500 no"}}, "smtp://mail.example.com", true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := mailbox.Start(t, test.server)
			m, log := mailerTo(t, server, test.url)
			message := hello()
			message.ReplyTo = "ann@example.com"
			if err := m.Send(t.Context(), message); err != nil {
				t.Fatal(err)
			}
			letter := server.Wait(1)
			if letter.Secure != test.secure || letter.User != test.user || letter.From != "noreply@rollcall.example" || letter.To != "mia@example.com" {
				t.Errorf("taken: %+v", letter)
			}
			content := letter.Read(t)
			if content.Type != "text/plain" || content.Text != message.Text {
				t.Errorf("%s: %q, want %q", content.Type, content.Text, message.Text)
			}
			for header, want := range map[string]string{
				"From": `"Rollcall" <noreply@rollcall.example>`, "To": "<mia@example.com>", "Reply-To": "<ann@example.com>", "Subject": "Join Alpha",
				"Date": "Tue, 10 Mar 2026 09:30:00 +0000", "Auto-Submitted": "auto-generated", "User-Agent": "", "X-Mailer": "",
			} {
				if got := content.Header.Get(header); got != want {
					t.Errorf("%s is %q, want %q", header, got, want)
				}
			}
			if id := content.Header.Get("Message-Id"); !strings.HasSuffix(id, "@rollcall.example>") || len(id) < 40 {
				t.Errorf("Message-ID is %q", id)
			}
			if !strings.HasPrefix(server.Said(), "EHLO rollcall.example\n") {
				t.Errorf("it calls itself otherwise: %s", server.Said())
			}
			if log.Len() > 0 {
				t.Errorf("a mail that was sent is logged: %s", log)
			}
		})
	}
}

// What anybody enters cannot become a header, another recipient or a command.
func TestMailer_Send_injection(t *testing.T) {
	t.Parallel()
	server := mailbox.Start(t, mailbox.Options{})
	m, _ := mailerTo(t, server, "smtp://mail.example.com")
	message := hello()
	message.Subject = "Hello\r\nBcc: eve@example.com\r\n\r\nbody\u2028=?utf-8?q?=0D=0ABcc:_eve@example.com?= Grüße\x00"
	message.Text = "x\r\n.\r\nRCPT TO:<eve@example.com>\r\nDATA\n"
	message.Attached = []Attachment{{Name: "support-1.png", Type: "image/png", Data: bytes.Repeat([]byte("\x89PNG\r\n.\r\n"), 10_000)}}
	if err := m.Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	letter := server.Wait(1)
	content := letter.Read(t)
	if content.Header.Get("Bcc") != "" || strings.Contains(server.Said(), "eve") || len(server.Letters()) != 1 {
		t.Errorf("sent:\n%.1000s\nby:\n%s", letter.Raw, server.Said())
	}
	if got, want := content.Subject(), "Hello Bcc: eve@example.com body = ?utf-8?q?=0D=0ABcc:_eve@example.com?= Grüße"; got != want {
		t.Errorf("the subject is %q, want %q", got, want)
	}
	if content.Text != "x\n.\nRCPT TO:<eve@example.com>\nDATA\n" {
		t.Errorf("the text is %q", content.Text)
	}
	if content.File != "support-1.png" || content.FileType != "image/png" || !bytes.Equal(content.Attached, message.Attached[0].Data) {
		t.Errorf("attached: %s, %s, %d bytes", content.File, content.FileType, len(content.Attached))
	}

	for name, change := range map[string]func(*Message){
		"recipient with a header":  func(m *Message) { m.To = "mia@example.com\r\nBcc: eve@example.com" },
		"recipient with a second":  func(m *Message) { m.To = "mia@example.com, eve@example.com" },
		"recipient with a name":    func(m *Message) { m.To = "Mia <mia@example.com>" },
		"recipient with a command": func(m *Message) { m.To = "mia@example.com> NOTIFY=SUCCESS" },
		"no recipient":             func(m *Message) { m.To = "" },
		"answer to two":            func(m *Message) { m.ReplyTo = "a@example.com,b@example.com" },
		"name of a file":           func(m *Message) { m.Attached = []Attachment{{Name: "a\".png\r\nX: y", Type: "image/png"}} },
		"type of a file":           func(m *Message) { m.Attached = []Attachment{{Name: "a.png", Type: "image/png\r\nX: y"}} },
	} {
		message := hello()
		change(&message)
		if err := m.Send(t.Context(), message); err == nil {
			t.Errorf("%s: it was sent", name)
		}
	}
	if len(server.Letters()) != 1 {
		t.Errorf("%d mails were sent", len(server.Letters()))
	}
}

func TestMailer_Send_refused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		server mailbox.Options
		url    string
		kind   iam.Kind
		says   string
		logs   string
	}{
		"no such person": {mailbox.Options{Says: map[string]string{"RCPT": "550 5.1.1 <mia@example.com> secret words"}}, "smtp://mail.example.com",
			iam.KindInvalid, `the mail server refuses the address "mia@example.com" (550 5.1.1)`, `"cause":"recipient refused","code":"550 5.1.1"`},
		"greylisted": {mailbox.Options{Says: map[string]string{"RCPT": "450 later"}}, "smtp://mail.example.com",
			iam.KindUnavailable, `does not take mail for "mia@example.com" at the moment (450); try again later`, `"recipient put off"`},
		"sender refused": {mailbox.Options{Says: map[string]string{"MAIL": "553 5.7.1 secret words"}}, "smtp://mail.example.com",
			iam.KindUnavailable, "does not take mail from this server (553 5.7.1)", `"sender refused"`},
		"spam": {mailbox.Options{Says: map[string]string{".": "554 5.7.1 secret words"}}, "smtp://mail.example.com",
			iam.KindUnavailable, "refuses the mail (554 5.7.1)", `"mail refused"`},
		"full": {mailbox.Options{Says: map[string]string{"DATA": "452 4.3.1 secret words"}}, "smtp://mail.example.com",
			iam.KindUnavailable, "does not take the mail at the moment (452 4.3.1)", `"mail put off"`},
		"busy": {mailbox.Options{Greeting: "421 secret words"}, "smtp://mail.example.com",
			iam.KindUnavailable, "refused to talk (421)", `"refused to talk","code":"421"`},
		"wrong password": {mailbox.Options{User: "ann", Password: "another"}, "smtp://ann:hunter2@mail.example.com",
			iam.KindUnavailable, "did not let Rollcall sign in (535)", `"user or password refused","code":"535"`},
		"no mechanism in common": {mailbox.Options{User: "ann", Password: "hunter2", Mechanisms: "GSSAPI"}, "smtp://ann:hunter2@mail.example.com",
			iam.KindUnavailable, "did not let Rollcall sign in", "no way to sign in"},
		"nothing to sign in with": {mailbox.Options{User: "ann", Password: "hunter2"}, "smtp://mail.example.com",
			iam.KindUnavailable, "does not take mail from this server (530 5.7.0)", `"sender refused"`},
		"no STARTTLS": {mailbox.Options{NoSTARTTLS: true, User: "ann", Password: "hunter2"}, "smtp://ann:hunter2@mail.example.com",
			iam.KindUnavailable, "offers no encryption", "no STARTTLS"},
		"another name in the certificate": {mailbox.Options{Host: "other.example.com", User: "ann", Password: "hunter2"}, "smtp://ann:hunter2@mail.example.com",
			iam.KindUnavailable, "shows no valid certificate", "certificate"},
		"another name, TLS at once": {mailbox.Options{Host: "other.example.com", Implicit: true}, "smtps://ann:hunter2@mail.example.com",
			iam.KindUnavailable, "shows no valid certificate", "certificate"},
		"no TLS": {mailbox.Options{}, "smtps://ann:hunter2@mail.example.com",
			iam.KindUnavailable, "does not speak TLS", "does not speak TLS"},
		"silent from the beginning": {mailbox.Options{Greeting: "-"}, "smtp://mail.example.com",
			iam.KindUnavailable, "did not answer within 0 seconds", `"timeout"`},
		"silent in the middle": {mailbox.Options{Says: map[string]string{"RCPT": ""}}, "smtp://mail.example.com",
			iam.KindUnavailable, "did not answer within 0 seconds", `"timeout"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := mailbox.Start(t, test.server)
			m, log := mailerTo(t, server, test.url)
			if strings.HasPrefix(name, "silent") {
				m.timeout = 300 * time.Millisecond
			}
			err := m.Send(t.Context(), hello())
			if iam.KindOf(err) != test.kind || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v (%s), want %s with %q", err, iam.KindOf(err), test.kind, test.says)
			}
			if !strings.Contains(log.String(), test.logs) || !strings.Contains(log.String(), `"server":"mail.example.com:`) {
				t.Errorf("the log says %s, want %s", log, test.logs)
			}
			for _, secret := range []string{"hunter2", "secret words"} {
				if strings.Contains(err.Error()+log.String(), secret) {
					t.Errorf("%q stands in %v or in %s", secret, err, log)
				}
			}
			if strings.Contains(log.String(), "mia@") {
				t.Errorf("a person's address is logged: %s", log)
			}
			if n := len(server.Letters()); n != 0 {
				t.Errorf("%d mails were taken", n)
			}
			if strings.Contains(name, "certificate") || strings.Contains(name, "STARTTLS") {
				if strings.Contains(server.Said(), "AUTH") {
					t.Errorf("the password was shown: %s", server.Said())
				}
			}
		})
	}
}

func TestMailer_Send_dead(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	m, err := NewMailer(MailConfig{URL: "smtp://" + listener.Addr().String(), From: "a@rollcall.example", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Send(t.Context(), hello()); iam.KindOf(err) != iam.KindUnavailable || !strings.Contains(err.Error(), "refuses connections") {
		t.Errorf("got %v", err)
	}
	// A browser that is gone does not keep a mail from being sent.
	server := mailbox.Start(t, mailbox.Options{})
	m, _ = mailerTo(t, server, "smtp://mail.example.com")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.Send(gone, hello()); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestNewMailer(t *testing.T) {
	t.Parallel()
	for url, server := range map[string]string{
		"smtp://mail.example.com":                                         "mail.example.com:587",
		"smtps://mail.example.com":                                        "mail.example.com:465",
		"smtp://ann:hunter2@mail.example.com:25/":                         "mail.example.com:25",
		"smtp://[::1]:2525":                                               "[::1]:2525",
		"smtps://ann:hunter2@10.0.0.1?from=%22R%22+%3Cr%40example.com%3E": "10.0.0.1:465",
	} {
		m, err := NewMailer(MailConfig{URL: url, From: "a@example.com"})
		if err != nil || m.Server() != server {
			t.Errorf("%s: %+v, %v", url, m, err)
		}
	}
	m, err := NewMailer(MailConfig{URL: "smtp://mail.example.com?from=Rollcall+%3CR%40example.com%3E"})
	if err != nil || m.from.String() != `"Rollcall" <r@example.com>` {
		t.Errorf("%+v, %v", m, err)
	}
	for name, c := range map[string]MailConfig{
		"give --mail-from":                {URL: "smtp://ann:hunter2@mail.example.com"},
		`"hunter2" is not an address`:     {URL: "smtp://mail.example.com", From: "hunter2"},
		"not given as smtp://":            {URL: "ann:hunter2@mail.example.com", From: "a@example.com"},
		"are written as %XX":              {URL: "smtp://ann:hunter2%@mail.example.com", From: "a@example.com"},
		"or smtps://":                     {URL: "https://ann:hunter2@mail.example.com", From: "a@example.com"},
		"from 1 to 65535":                 {URL: "smtp://ann:hunter2@mail.example.com:0", From: "a@example.com"},
		"only ?from=ADDRESS":              {URL: "smtp://ann:hunter2@mail.example.com/x", From: "a@example.com"},
		"behind its port; only ?from":     {URL: "smtp://ann:hunter2@mail.example.com?x=y", From: "a@example.com"},
		"user without a password":         {URL: "smtp://hunter2@mail.example.com", From: "a@example.com"},
		"cannot be read":                  {URL: "smtp://ann:hunter2@mail.example.com?from=%zz", From: "a@example.com"},
		"is not an address that mail can": {URL: "smtp://mail.example.com", From: "a@example.com, b@example.com"},
	} {
		_, err := NewMailer(c)
		if iam.KindOf(err) != iam.KindInvalid || !strings.Contains(err.Error(), name) || c.From != "hunter2" && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
