// Package mailbox is a small SMTP server for tests: it takes mail as a provider's
// server does, or refuses it, or keeps silent. It speaks from the text of RFC 5321 and
// the standard library alone, so that it shares no mistake with the side that sends.
// Only tests import it.
package mailbox

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"io"
	"math/big"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"
)

// Options say what the server does otherwise than a friendly one.
type Options struct {
	Host           string            // the name in its certificate; "" is "mail.example.com"
	User, Password string            // who has to sign in; "" is nobody
	Implicit       bool              // TLS from the first byte
	NoSTARTTLS     bool              // offers none
	Mechanisms     string            // of AUTH; "" is "PLAIN LOGIN"
	Says           map[string]string // an answer instead of that to a verb, or to "." which ends a mail; "" is none at all
	Greeting       string            // instead of 220; "-" is none at all
}

// Server takes mail until the test ends.
type Server struct {
	Options
	Address string         // host:port on loopback
	Pool    *x509.CertPool // the authority of its certificate

	t       testing.TB
	tls     *tls.Config
	arrived chan struct{}

	mu      sync.Mutex
	letters []Letter
	said    []string // every line of every client
	conns   map[net.Conn]bool
}

// Letter is a mail that was taken.
type Letter struct {
	From, To string // of the envelope
	Secure   bool   // it came through TLS
	User     string // who was signed in
	Raw      []byte
}

// Start starts a server.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{Options: o, t: t, arrived: make(chan struct{}, 100), conns: map[net.Conn]bool{}}
	if s.Host == "" {
		s.Host = "mail.example.com"
	}
	s.certificate()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Address = listener.Addr().String()
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns[conn] = true
			s.mu.Unlock()
			running.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		s.mu.Lock()
		for conn := range s.conns {
			_ = conn.Close() // one that is closed is no matter
		}
		s.mu.Unlock()
		running.Wait()
	})
	return s
}

func (s *Server) certificate() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: s.Host}, DNSNames: []string{s.Host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		s.t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		s.t.Fatal(err)
	}
	s.Pool = x509.NewCertPool()
	s.Pool.AddCert(leaf)
	s.tls = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// Letters are the mails taken so far.
func (s *Server) Letters() []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Letter{}, s.letters...)
}

// Said is every line that clients sent as commands.
func (s *Server) Said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.said, "\n")
}

// Wait returns the n-th mail when it has come, counted from 1.
func (s *Server) Wait(n int) Letter {
	s.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		if all := s.Letters(); len(all) >= n {
			return all[n-1]
		}
		select {
		case <-s.arrived:
		case <-deadline:
			s.t.Fatalf("mail %d never came", n)
		}
	}
}

// session is one connection.
type session struct {
	*Server
	conn   net.Conn
	text   *textproto.Conn
	secure bool
	user   string
	from   string
	to     string
}

func (s *Server) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	c := &session{Server: s, conn: conn}
	if s.Implicit {
		secure := tls.Server(conn, s.tls)
		if secure.Handshake() != nil {
			return
		}
		c.conn, c.secure = secure, true
	}
	c.text = textproto.NewConn(c.conn)
	switch s.Greeting {
	case "-":
		_, _ = io.Copy(io.Discard, conn) // until the client has had enough
		return
	case "":
		c.say("220 " + s.Host + " ESMTP")
	default:
		c.say(s.Greeting)
	}
	for {
		line, err := c.text.ReadLine()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.said = append(s.said, line)
		s.mu.Unlock()
		verb, rest, _ := strings.Cut(line, " ")
		if !c.answer(strings.ToUpper(verb), rest) {
			return
		}
	}
}

func (c *session) say(line string) { _ = c.text.PrintfLine("%s", line) } // the client is gone: nobody is left to tell

// answer returns false when the connection ends.
func (c *session) answer(verb, rest string) bool {
	if instead, ok := c.Says[verb]; ok {
		if instead == "" {
			_, _ = io.Copy(io.Discard, c.conn)
			return false
		}
		c.say(instead)
		return true
	}
	switch verb {
	case "EHLO":
		c.hello()
	case "STARTTLS":
		c.say("220 go ahead")
		secure := tls.Server(c.conn, c.tls)
		if secure.Handshake() != nil {
			return false
		}
		c.conn, c.text, c.secure = secure, textproto.NewConn(secure), true
	case "AUTH":
		c.signIn(rest)
	case "MAIL":
		if c.User != "" && c.user == "" {
			c.say("530 5.7.0 sign in first")
			break
		}
		c.from = address(rest)
		c.say("250 2.1.0 ok")
	case "RCPT":
		c.to = address(rest)
		c.say("250 2.1.5 ok")
	case "DATA":
		return c.data()
	case "RSET", "NOOP":
		c.say("250 2.0.0 ok")
	case "QUIT":
		c.say("221 2.0.0 bye")
		return false
	default:
		c.say("502 5.5.1 what?")
	}
	return true
}

func (c *session) hello() {
	lines := []string{c.Host, "8BITMIME", "ENHANCEDSTATUSCODES", "SMTPUTF8"}
	if !c.secure && !c.NoSTARTTLS {
		lines = append(lines, "STARTTLS")
	}
	if c.User != "" {
		mechanisms := c.Mechanisms
		if mechanisms == "" {
			mechanisms = "PLAIN LOGIN"
		}
		lines = append(lines, "AUTH "+mechanisms)
	}
	for i, line := range lines {
		sep := "-"
		if i == len(lines)-1 {
			sep = " "
		}
		c.say("250" + sep + line)
	}
}

// signIn takes PLAIN (RFC 4616) with its first answer, and LOGIN.
func (c *session) signIn(rest string) {
	mechanism, initial, _ := strings.Cut(rest, " ")
	var user, password string
	switch strings.ToUpper(mechanism) {
	case "PLAIN":
		if initial == "" {
			initial = c.ask("")
		}
		parts := strings.Split(decode(initial), "\x00")
		if len(parts) == 3 {
			user, password = parts[1], parts[2]
		}
	case "LOGIN":
		user, password = decode(c.ask("Username:")), decode(c.ask("Password:"))
	default:
		c.say("504 5.5.4 not offered")
		return
	}
	if user != c.User || password != c.Password {
		c.say("535 5.7.8 not you")
		return
	}
	c.user = user
	c.say("235 2.7.0 welcome")
}

func (c *session) ask(what string) string {
	c.say("334 " + base64.StdEncoding.EncodeToString([]byte(what)))
	line, err := c.text.ReadLine()
	if err != nil {
		return ""
	}
	return line
}

func decode(s string) string {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return ""
	}
	return string(b)
}

func (c *session) data() bool {
	c.say("354 go on")
	raw, err := c.text.ReadDotBytes()
	if err != nil {
		return false
	}
	if instead, ok := c.Says["."]; ok {
		c.say(instead)
		return true
	}
	c.mu.Lock()
	c.letters = append(c.letters, Letter{From: c.from, To: c.to, Secure: c.secure, User: c.user, Raw: raw})
	c.mu.Unlock()
	c.say("250 2.0.0 taken")
	select {
	case c.arrived <- struct{}{}:
	default:
	}
	return true
}

// address is what stands between < and >.
func address(s string) string {
	_, s, _ = strings.Cut(s, "<")
	s, _, _ = strings.Cut(s, ">")
	return s
}
