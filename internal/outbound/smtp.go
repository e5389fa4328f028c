package outbound

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	netmail "net/mail"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/rollcall/rollcall/internal/iam"
)

const (
	// mailTimeout spans the sending of a mail, from the name of the server to its last
	// answer. Somebody waits for the page that says what became of it.
	mailTimeout = 20 * time.Second
	// maxSending is how many mails are on their way at a time.
	maxSending = 4
)

// Mailer sends mail through the operator's server. Make it with NewMailer. Safe for
// concurrent use.
//
// The server may be at a private address: unlike those that Get dials, it was named by
// the operator and not by an admin.
type Mailer struct {
	host     string
	port     int
	implicit bool // TLS from the first byte, and not by STARTTLS
	loopback bool // the server is on this machine: plain text is no risk
	user     string
	password string
	from     *netmail.Address
	log      *slog.Logger
	now      func() time.Time

	sending chan struct{}
	timeout time.Duration
	tls     *tls.Config
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
}

// MailConfig says which server sends mail, and in whose name.
type MailConfig struct {
	// URL is smtp://user:password@host:587, where STARTTLS is required unless host is
	// this machine, or smtps://user:password@host:465. Without user nobody signs in.
	// ?from=address is From in another place.
	URL  string
	From string           // "rollcall@example.com" or "Rollcall <rollcall@example.com>"
	Log  *slog.Logger     // mails that could not be sent; nil: the default logger
	Now  func() time.Time // nil: time.Now
}

// NewMailer reads the configuration; nothing is dialled. No error holds a part of the
// URL, in which there is a password.
func NewMailer(c MailConfig) (*Mailer, error) {
	wrong := func(format string, args ...any) (*Mailer, error) {
		return nil, iam.Errorf(iam.KindInvalid, format, args...).On("smtp")
	}
	u, err := url.Parse(c.URL)
	if err != nil || u.Opaque != "" || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return wrong("the mail server is not given as smtp://user:password@host:587 or smtps://user:password@host:465; special characters of user and password are written as %%XX")
	}
	m := &Mailer{
		host: u.Hostname(), implicit: u.Scheme == "smtps", loopback: iam.IsLoopback(u.Hostname()), log: c.Log, now: c.Now,
		sending: make(chan struct{}, maxSending), timeout: mailTimeout, dial: (&net.Dialer{}).DialContext,
	}
	m.tls = &tls.Config{ServerName: m.host, MinVersion: tls.VersionTLS12}
	if m.port, err = mailPort(u.Port(), m.implicit); err != nil {
		return nil, err
	}
	if u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return wrong("the address of the mail server has something behind its port; only ?from=ADDRESS may follow")
	}
	query, err := url.ParseQuery(u.RawQuery)
	for name, values := range query {
		if name != "from" || len(values) != 1 {
			return wrong("the address of the mail server has something behind its port; only ?from=ADDRESS may follow")
		}
	}
	if err != nil {
		return wrong("what follows the ? in the address of the mail server cannot be read")
	}
	m.user = u.User.Username()
	m.password, _ = u.User.Password()
	if (m.user == "") != (m.password == "") {
		return wrong("the address of the mail server has a user without a password, or a password without a user")
	}
	from := c.From
	if from == "" {
		from = query.Get("from")
	}
	if m.from, err = parseFrom(from); err != nil {
		return nil, err
	}
	if m.log == nil {
		m.log = slog.Default()
	}
	if m.now == nil {
		m.now = time.Now
	}
	return m, nil
}

func mailPort(port string, implicit bool) (int, error) {
	switch {
	case port != "":
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return 0, iam.Errorf(iam.KindInvalid, "the port of the mail server is not a number from 1 to 65535").On("smtp")
		}
		return int(n), nil
	case implicit:
		return mail.DefaultPortSSL, nil
	}
	return mail.DefaultPortTLS, nil
}

func parseFrom(from string) (*netmail.Address, error) {
	if from == "" {
		return nil, iam.Errorf(iam.KindInvalid, "mail needs an address that it comes from; give --mail-from").On("mail-from")
	}
	parsed, err := netmail.ParseAddress(from)
	if err == nil {
		var ok bool
		if parsed.Address, ok = iam.EmailKey(parsed.Address); ok {
			parsed.Name = subjectLine(parsed.Name)
			return parsed, nil
		}
	}
	return nil, iam.Errorf(iam.KindInvalid, "%q is not an address that mail can come from, such as rollcall@example.com or Rollcall <rollcall@example.com>", iam.Clip(from)).On("mail-from")
}

// Server is the host and port that mail is handed to.
func (m *Mailer) Server() string { return net.JoinHostPort(m.host, strconv.Itoa(m.port)) }

// Send hands a message to the server. Once begun it goes on when ctx is cancelled: who
// asked for it may have closed his browser.
//
// Every error is an *iam.Error that may be shown to whoever asked: KindInvalid when the
// address is refused, KindUnavailable otherwise. It quotes nothing of what the server
// sent but the numbers of its answer.
func (m *Mailer) Send(ctx context.Context, message Message) error {
	message, err := message.check()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), m.timeout)
	defer cancel()
	select {
	case m.sending <- struct{}{}:
	case <-ctx.Done():
		return iam.Errorf(iam.KindUnavailable, "too many mails are on their way; try again")
	}
	defer func() { <-m.sending }()
	sent, err := m.compose(message)
	if err != nil {
		return err
	}
	if err = m.deliver(ctx, sent); err == nil || sent.IsDelivered() {
		// What goes wrong when the server has taken the mail, as the server's goodbye
		// may, is no matter.
		return nil
	}
	refused := m.explain(ctx, message.To, err)
	m.log.Warn("a mail could not be sent", "server", m.Server(), "cause", refused.cause, "code", refused.code)
	return refused.err
}

// compose makes the mail. Nothing of it says which library made it or on which machine.
func (m *Mailer) compose(message Message) (*mail.Msg, error) {
	sent := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithEncoding(mail.EncodingQP))
	sent.FromMailAddress(m.from)
	if err := sent.To(message.To); err != nil {
		return nil, iam.Errorf(iam.KindInvalid, "%q is no address to which a mail can go", iam.Clip(message.To))
	}
	if message.ReplyTo != "" {
		if err := sent.ReplyTo(message.ReplyTo); err != nil {
			return nil, iam.Errorf(iam.KindInvalid, "%q is no address to which an answer can go", iam.Clip(message.ReplyTo))
		}
	}
	sent.Subject(message.Subject)
	sent.SetDateWithValue(m.now().UTC())
	sent.SetMessageIDWithValue(rand.Text() + "@" + iam.DomainOf(m.from.Address))
	// RFC 3834 section 5: nobody's absence is announced to a program.
	sent.SetGenHeader("Auto-Submitted", "auto-generated")
	sent.SetBodyString(mail.TypeTextPlain, message.Text)
	for _, a := range message.Attached {
		err := sent.AttachReader(a.Name, strings.NewReader(string(a.Data)), mail.WithFileContentType(mail.ContentType(a.Type)), mail.WithFileEncoding(mail.EncodingB64))
		if err != nil {
			return nil, iam.Errorf(iam.KindInternal, "attach %s: %w", iam.Clip(a.Name), err)
		}
	}
	return sent, nil
}

// deliver speaks SMTP with the server, on a connection of its own.
func (m *Mailer) deliver(ctx context.Context, sent *mail.Msg) error {
	// The library bounds each step; the connection is closed when all of them together
	// take too long.
	var stop []func() bool
	defer func() {
		for _, s := range stop {
			s()
		}
	}()
	connect := func(dialing context.Context, network, address string) (net.Conn, error) {
		conn, err := m.dial(dialing, network, address)
		if err != nil {
			return nil, err
		}
		stop = append(stop, context.AfterFunc(ctx, func() { _ = conn.Close() }))
		if !m.implicit {
			return conn, nil
		}
		secure := tls.Client(conn, m.tls)
		if err := secure.HandshakeContext(dialing); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return secure, nil
	}
	options := []mail.Option{
		mail.WithPort(m.port), mail.WithTimeout(m.timeout), mail.WithDialContextFunc(connect), mail.WithTLSConfig(m.tls),
		mail.WithHELO(iam.DomainOf(m.from.Address)), mail.WithoutNoop(), mail.WithoutSMTPUTF8(),
	}
	plain, login := mail.SMTPAuthPlain, mail.SMTPAuthLogin
	switch {
	case m.implicit:
		options = append(options, mail.WithSSL())
	case m.loopback:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
		plain, login = mail.SMTPAuthPlainNoEnc, mail.SMTPAuthLoginNoEnc
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if m.user != "" {
		options = append(options, mail.WithUsername(m.user), mail.WithPassword(m.password),
			mail.WithOpportunisticSMTPAuth(mail.SMTPAuthSCRAMSHA256, plain, login))
	}
	client, err := mail.NewClient(m.host, options...)
	if err != nil {
		return err
	}
	return client.DialAndSendWithContext(ctx, sent)
}

// unsent is why a mail was not sent: for whoever asked for it, and for the log.
type unsent struct {
	err   *iam.Error
	cause string
	code  string // of the server's answer, "550 5.1.1"; "" for none
}

// explain finds out what went wrong. Of the server's own words, which may hold anything,
// nothing is passed on.
func (m *Mailer) explain(ctx context.Context, to string, err error) unsent {
	var refused *mail.SendError
	if errors.As(err, &refused) && refused.ErrorCode() > 0 {
		return m.refused(refused, to)
	}
	away := func(cause, format string, args ...any) unsent {
		return unsent{iam.Errorf(iam.KindUnavailable, format, args...), cause, ""}
	}
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var answer *textproto.Error
	var network net.Error
	switch {
	case errors.As(err, &answer):
		code := strconv.Itoa(answer.Code)
		if strings.Contains(err.Error(), "SMTP AUTH") {
			return unsent{iam.Errorf(iam.KindUnavailable, "the mail server did not let Rollcall sign in (%s); the person who runs this server has to look at it", code), "user or password refused", code}
		}
		return unsent{iam.Errorf(iam.KindUnavailable, "the mail server refused to talk (%s); try again later", code), "refused to talk", code}
	case errors.As(err, &dns) && dns.IsNotFound:
		return away("its name does not exist", "the name of the mail server does not exist in DNS; the person who runs this server has to look at it")
	case errors.As(err, &certificate):
		return away("its certificate is not valid for that name, or not from an authority that this machine trusts", "the mail server shows no valid certificate; the person who runs this server has to look at it")
	case errors.As(err, &record):
		return away("it does not speak TLS", "the mail server does not speak TLS; the person who runs this server has to look at it")
	case strings.Contains(err.Error(), "does not support STARTTLS"):
		return away("it offers no STARTTLS", "the mail server offers no encryption; the person who runs this server has to look at it")
	case errors.Is(err, mail.ErrNoSupportedAuthDiscovered), strings.Contains(err.Error(), "SMTP AUTH"):
		return away("it offers no way to sign in that Rollcall knows", "the mail server did not let Rollcall sign in; the person who runs this server has to look at it")
	case ctx.Err() != nil, errors.As(err, &network) && network.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return away("timeout", "the mail server did not answer within %d seconds", m.timeout/time.Second)
	case errors.Is(err, syscall.ECONNREFUSED):
		return away("it refuses connections", "the mail server refuses connections; try again later")
	}
	return away("the connection broke", "the connection to the mail server broke; try again later")
}

// refused reads the server's answer to a step of the mail.
func (m *Mailer) refused(e *mail.SendError, to string) unsent {
	code := strconv.Itoa(e.ErrorCode())
	if more := e.EnhancedStatusCode(); more != "" {
		code += " " + more
	}
	later := e.ErrorCode() < 500
	switch {
	case e.Reason == mail.ErrSMTPRcptTo && later:
		return unsent{iam.Errorf(iam.KindUnavailable, "the mail server does not take mail for %q at the moment (%s); try again later", to, code), "recipient put off", code}
	case e.Reason == mail.ErrSMTPRcptTo:
		return unsent{iam.Errorf(iam.KindInvalid, "the mail server refuses the address %q (%s)", to, code), "recipient refused", code}
	case e.Reason == mail.ErrSMTPMailFrom:
		return unsent{iam.Errorf(iam.KindUnavailable, "the mail server does not take mail from this server (%s); the person who runs it has to look at it", code), "sender refused", code}
	case later:
		return unsent{iam.Errorf(iam.KindUnavailable, "the mail server does not take the mail at the moment (%s); try again later", code), "mail put off", code}
	}
	return unsent{iam.Errorf(iam.KindUnavailable, "the mail server refuses the mail (%s); the person who runs this server has to look at it", code), "mail refused", code}
}
