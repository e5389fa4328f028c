package mailbox

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
)

// Read takes a mail apart: its header, its text, and its one attachment if it has one.
func (l Letter) Read(t testing.TB) Content {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(l.Raw))
	if err != nil {
		t.Fatalf("%v in\n%s", err, l.Raw)
	}
	c := Content{Header: m.Header}
	kind, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		c.Type, c.Text = kind, decoded(t, m.Header.Get("Content-Transfer-Encoding"), m.Body)
		return c
	}
	parts := multipart.NewReader(m.Body, parameters["boundary"])
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return c
		}
		if err != nil {
			t.Fatal(err)
		}
		text := decoded(t, part.Header.Get("Content-Transfer-Encoding"), part)
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		if part.FileName() == "" {
			c.Type, c.Text = kind, text
			continue
		}
		c.File, c.FileType, c.Attached = part.FileName(), kind, []byte(text)
	}
}

// Content is what a person sees of a mail.
type Content struct {
	Header         mail.Header
	Type, Text     string
	File, FileType string
	Attached       []byte
}

// Subject is the subject as it is shown.
func (c Content) Subject() string {
	s, err := new(mime.WordDecoder).DecodeHeader(c.Header.Get("Subject"))
	if err != nil {
		return fmt.Sprint(err)
	}
	return s
}

func decoded(t testing.TB, coding string, r io.Reader) string {
	t.Helper()
	switch strings.ToLower(coding) {
	case "base64":
		b, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, r)) // it passes over the ends of lines
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}
