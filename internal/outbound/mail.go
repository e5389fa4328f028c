package outbound

import (
	"strings"
	"unicode"

	"github.com/rollcall/rollcall/internal/iam"
)

// Message is a mail of plain text. It has nothing that would tell when or where it is
// read.
type Message struct {
	To       string // one address
	ReplyTo  string // "" for whom it is from
	Subject  string // one line; of control characters blanks are made
	Text     string // lines end in "\n"
	Attached []Attachment
}

// Attachment is a file that goes with a Message.
type Attachment struct {
	Name string // letters, digits, ".", "-", "_"
	Type string // "image/png"
	Data []byte
}

// check refuses what has no place in a header and brings the rest into one line. What
// is refused is a fault of ours: whoever enters an address is told sooner.
func (m Message) check() (Message, error) {
	var ok bool
	if m.To, ok = iam.EmailKey(m.To); !ok {
		return m, iam.Errorf(iam.KindInvalid, "%q is no address to which a mail can go", iam.Clip(m.To))
	}
	if m.ReplyTo != "" {
		if m.ReplyTo, ok = iam.EmailKey(m.ReplyTo); !ok {
			return m, iam.Errorf(iam.KindInvalid, "%q is no address to which an answer can go", iam.Clip(m.ReplyTo))
		}
	}
	m.Subject = subjectLine(m.Subject)
	for _, a := range m.Attached {
		if !isToken(a.Name, "") || !isToken(a.Type, "/") {
			return m, iam.Errorf(iam.KindInternal, "%q of type %q cannot be attached", iam.Clip(a.Name), iam.Clip(a.Type))
		}
	}
	return m, nil
}

// subjectLine makes one line of a text. "=?" begins a text in another coding (RFC 2047
// section 2), in which anything could be hidden from whoever reads the headers.
func subjectLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return iam.Clip(strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "=?", "= ?"))
}

func isToken(s, more string) bool {
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(".-_"+more, r)
	}
	return s != "" && len(s) <= 100 && strings.IndexFunc(s, odd) < 0
}
