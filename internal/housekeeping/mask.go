package housekeeping

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// What the request log keeps of a body (D15).
const (
	MaxLoggedBody   = 64 << 10 // bytes of one masked body
	MaxLoggedValues = 100      // values of one list: members, operations, resources
	maxMaskDepth    = 64       // nesting; scim.Decode refuses a body long before
)

// Hidden stands in the log for what was taken out.
const Hidden = "(hidden)"

const quotedHidden = `"` + Hidden + `"`

// sensitiveNames are attribute names, folded, whose values the log never shows:
// secrets, and what is large or personal beyond need.
var sensitiveNames = map[string]bool{
	"password": true, "secret": true, "clientsecret": true, "token": true, "accesstoken": true,
	"refreshtoken": true, "authorization": true, "credential": true, "credentials": true,
	"privatekey": true, "apikey": true, "photo": true, "photos": true, "thumbnailphoto": true,
	"certificate": true, "certificates": true, "x509certificate": true, "x509certificates": true,
}

// isSensitive tells whether name, an attribute name or a path such as
// `urn:…:User:password` or `photos[type eq "photo"].value`, names an attribute
// whose value is hidden: one of its words is a sensitive name.
func isSensitive(name string) bool {
	word := make([]byte, 0, 32)
	for i := 0; i <= len(name); i++ {
		if i < len(name) {
			c := name[i]
			switch {
			case 'A' <= c && c <= 'Z':
				word = append(word, c|0x20)
				continue
			case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
				word = append(word, c)
				continue
			case c == '_' || c == '-': // client_secret, api-key
				continue
			}
		}
		if len(word) > 0 && sensitiveNames[string(word)] {
			return true
		}
		word = word[:0]
	}
	return false
}

// MaskBody returns a body as the log keeps it: the values of sensitive
// attributes are "(hidden)", also where a PATCH operation names them by its
// path; lists stop after MaxLoggedValues values and say how many follow; the
// whole stops after MaxLoggedBody bytes. cut says that body is only the
// beginning of what was sent.
//
// What is not JSON is kept up to the place where it goes wrong and no further,
// since nothing can be said of the rest.
func MaskBody(body []byte, cut bool) string {
	m := masker{in: body, pending: -1}
	m.out = make([]byte, 0, min(len(body)+16, MaxLoggedBody+1024))
	m.space()
	if m.pos == len(m.in) {
		return ""
	}
	end := m.value(false, 1)
	if end == ended {
		m.space()
		if m.pos < len(m.in) {
			end = broken
		}
	}
	if end != ended {
		if m.pending >= 0 { // a value whose path was not seen yet may be anything
			m.out = append(m.out[:m.pending], quotedHidden...)
		}
		switch {
		case end == full || cut && m.pos >= len(m.in):
			m.out = append(m.out, "… (cut)"...)
		default:
			m.out = fmt.Appendf(m.out, "… (not JSON from byte %d on: hidden)", m.pos)
		}
	}
	return MaskText(strings.ToValidUTF8(string(m.out), "\uFFFD"))
}

// sensitiveWords are parts of the sensitive names as the server writes them.
var sensitiveWords = [...]string{"password", "photo", "ertificate", "ecret", "oken", "redential", "uthorization", "rivateKey", "apiKey"}

// maskAnswer is MaskBody for what the server wrote itself: canonical JSON, which
// need not be taken apart when no word in it is sensitive and no list can be long.
func maskAnswer(body []byte, cut bool) string {
	if cut || len(body) > MaxLoggedBody || bytes.Count(body, []byte(",")) >= MaxLoggedValues {
		return MaskBody(body, cut)
	}
	for _, word := range sensitiveWords {
		if bytes.Contains(body, []byte(word)) {
			return MaskBody(body, cut)
		}
	}
	return MaskText(string(body))
}

// ending tells how reading a value went.
type ending uint8

const (
	ended  ending = iota // the whole value was read
	broken               // the text is no JSON from here on
	full                 // the log's limit is reached
)

// masker copies JSON from in to out and leaves out what the log must not keep. It
// is tolerant of everything scim.Decode refuses: it reads what was sent, also
// what was refused.
type masker struct {
	in   []byte
	pos  int
	out  []byte
	mute int // while > 0 values are read and not written

	// pending is where in out the outermost "value" begins whose object has not
	// shown its "path" yet; -1 for none.
	pending int
}

func (m *masker) space() {
	for m.pos < len(m.in) {
		switch m.in[m.pos] {
		case ' ', '\t', '\n', '\r':
			m.pos++
		default:
			return
		}
	}
}

// write copies text unless the value being read is hidden.
func (m *masker) write(text ...byte) {
	if m.mute == 0 {
		m.out = append(m.out, text...)
	}
}

// next skips blanks and returns the next byte without taking it, 0 at the end.
func (m *masker) next() byte {
	m.space()
	if m.pos == len(m.in) {
		return 0
	}
	return m.in[m.pos]
}

// value reads one value and writes it, or "(hidden)" for it.
func (m *masker) value(hide bool, depth int) ending {
	if len(m.out) > MaxLoggedBody {
		return full
	}
	if depth > maxMaskDepth {
		return broken
	}
	if hide {
		m.write([]byte(quotedHidden)...)
		m.mute++
		defer func() { m.mute-- }()
	}
	switch m.next() {
	case '{':
		return m.object(depth)
	case '[':
		return m.list(depth)
	case '"':
		_, end := m.str()
		return end
	case 0:
		return broken
	}
	return m.literal()
}

// literal copies a number, true, false or null.
func (m *masker) literal() ending {
	start := m.pos
	for m.pos < len(m.in) && bytes.IndexByte([]byte(" \t\r\n,]}"), m.in[m.pos]) < 0 {
		c := m.in[m.pos]
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || c == '-' || c == '+' || c == '.' || c == 'E') || m.pos-start > 400 {
			m.pos = start
			return broken
		}
		m.pos++
	}
	if m.pos == start || !json.Valid(m.in[start:m.pos]) {
		m.pos = start
		return broken
	}
	m.write(m.in[start:m.pos]...)
	return ended
}

// str copies a string and returns what it says. A string that spells a key and
// its secret with the help of escapes is hidden whole; one without escapes is
// found later in the text.
func (m *masker) str() (string, ending) {
	start := m.pos
	m.pos++
	escaped := false
	for m.pos < len(m.in) {
		switch c := m.in[m.pos]; {
		case c == '"':
			m.pos++
			raw := m.in[start:m.pos]
			if !escaped {
				m.write(raw...)
				return string(raw[1 : len(raw)-1]), ended
			}
			var s string
			if json.Unmarshal(raw, &s) != nil {
				m.pos = start
				return "", broken
			}
			if MaskText(s) != s {
				raw = []byte(quotedHidden)
			}
			m.write(raw...)
			return s, ended
		case c == '\\':
			escaped = true
			m.pos++
		case c < 0x20:
			m.pos = start
			return "", broken
		}
		m.pos++
	}
	m.pos = len(m.in) // the string has no end
	return "", broken
}

func (m *masker) list(depth int) ending {
	m.pos++
	m.write('[')
	if m.next() == ']' {
		m.pos++
		m.write(']')
		return ended
	}
	for n := 1; ; n++ {
		if n == MaxLoggedValues+1 {
			return m.rest(depth)
		}
		if end := m.value(false, depth+1); end != ended {
			return end
		}
		switch m.next() {
		case ',':
			m.pos++
			m.write(',')
		case ']':
			m.pos++
			m.write(']')
			return ended
		default:
			return broken
		}
	}
}

// rest counts the values of a list that the log does not keep.
func (m *masker) rest(depth int) ending {
	m.mute++
	n := 0
	for {
		n++
		if end := m.value(false, depth+1); end != ended {
			m.mute--
			return end
		}
		c := m.next()
		if c != ',' && c != ']' {
			m.mute--
			return broken
		}
		m.pos++
		if c == ']' {
			m.mute--
			m.write(fmt.Appendf(nil, `"(%d more)"]`, n)...)
			return ended
		}
	}
}

// operation is what an object has shown of a PATCH operation so far: its path
// may stand behind its value.
type operation struct {
	sensitive  bool // its path names a sensitive attribute
	start, end int  // in out, of its value, or from the first of several to the last; start is -1 without
	pending    bool // masker.pending is this object's
}

func (m *masker) object(depth int) ending {
	m.pos++
	m.write('{')
	op := operation{start: -1}
	if m.next() == '}' {
		m.pos++
		m.write('}')
		return ended
	}
	for {
		if m.next() != '"' {
			return broken
		}
		if end := m.member(&op, depth); end != ended {
			return end
		}
		switch m.next() {
		case ',':
			m.pos++
			m.write(',')
		case '}':
			m.pos++
			m.write('}')
			if op.pending {
				m.pending = -1
			}
			return ended
		default:
			return broken
		}
	}
}

func (m *masker) member(op *operation, depth int) ending {
	name, end := m.str()
	if end != ended {
		return end
	}
	if m.next() != ':' {
		return broken
	}
	m.pos++
	m.write(':')
	switch {
	case strings.EqualFold(name, "path") || strings.EqualFold(name, "filter"):
		return m.path(op, depth)
	case strings.EqualFold(name, "value") && !op.sensitive && m.mute == 0:
		if op.start < 0 {
			op.start = len(m.out)
		}
		if m.pending < 0 {
			m.pending, op.pending = op.start, true
		}
		end := m.value(false, depth+1)
		op.end = len(m.out)
		return end
	}
	return m.value(isSensitive(name) || op.sensitive && strings.EqualFold(name, "value"), depth+1)
}

// path copies a path or a filter. One that compares a sensitive attribute with
// something is hidden; one that only names it stays and hides the value beside it.
func (m *masker) path(op *operation, depth int) ending {
	if m.next() != '"' {
		return m.value(false, depth+1)
	}
	at := len(m.out)
	text, end := m.str()
	if end != ended || !isSensitive(text) {
		return end
	}
	if strings.ContainsAny(text, " \t\"") && m.mute == 0 {
		m.out = append(m.out[:at], quotedHidden...)
	}
	op.sensitive = true
	if op.start >= 0 {
		tail := append([]byte(quotedHidden), m.out[op.end:]...)
		m.out = append(m.out[:op.start], tail...)
		op.start = -1
	}
	return ended
}
