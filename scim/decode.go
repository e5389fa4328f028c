package scim

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Decode reads one JSON object. It is stricter than encoding/json, because a
// body that two readers understand differently is a way past a check:
// duplicate keys, and keys that differ only in ASCII case, are refused in every
// object (SCIM attribute names are case-insensitive, RFC 7643 section 2.1), as
// are invalid UTF-8, lone surrogates, the character U+0000, nesting deeper than
// MaxDepth and anything after the object.
//
// Numbers stay json.Number with the digits as sent; null becomes nil. Every
// error is 400 invalidSyntax and says where the body is wrong.
func Decode(data []byte) (Object, error) {
	d := decoder{data: data}
	d.space()
	if d.pos == len(d.data) {
		return nil, Errorf(400, InvalidSyntax, "the body is empty; a JSON object is expected")
	}
	if d.data[d.pos] != '{' {
		return nil, d.fail("the body must be a JSON object, found %s", d.found())
	}
	v, err := d.object(1)
	if err != nil {
		return nil, err
	}
	d.space()
	if d.pos < len(d.data) {
		return nil, d.fail("nothing may follow the JSON object, found %s", d.found())
	}
	return v, nil
}

// decoder is a recursive-descent reader whose depth is bounded by MaxDepth.
type decoder struct {
	data []byte
	pos  int
}

func (d *decoder) fail(format string, a ...any) *Error {
	return Errorf(400, InvalidSyntax, "invalid JSON at byte %d: %s", d.pos, fmt.Sprintf(format, a...))
}

// found names what stands at the position.
func (d *decoder) found() string {
	if d.pos >= len(d.data) {
		return "the end of the body"
	}
	r, n := utf8.DecodeRune(d.data[d.pos:])
	if r == utf8.RuneError && n <= 1 {
		return "a byte that is not UTF-8"
	}
	return fmt.Sprintf("%q", r)
}

func (d *decoder) space() {
	for d.pos < len(d.data) {
		switch d.data[d.pos] {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return
		}
	}
}

// value reads any JSON value; depth is that of the enclosing container.
func (d *decoder) value(depth int) (any, error) {
	if d.pos >= len(d.data) {
		return nil, d.fail("a value is expected, found the end of the body")
	}
	switch c := d.data[d.pos]; {
	case c == '"':
		return d.str()
	case c == '{':
		return d.object(depth + 1)
	case c == '[':
		return d.array(depth + 1)
	case c == '-' || (c >= '0' && c <= '9'):
		return d.number()
	case d.literal("true"):
		return true, nil
	case d.literal("false"):
		return false, nil
	case d.literal("null"):
		return nil, nil
	}
	return nil, d.fail("a value is expected, found %s", d.found())
}

func (d *decoder) literal(word string) bool {
	if len(d.data)-d.pos < len(word) || string(d.data[d.pos:d.pos+len(word)]) != word {
		return false
	}
	d.pos += len(word)
	return true
}

func (d *decoder) object(depth int) (Object, error) {
	if depth > MaxDepth {
		return nil, d.fail("values are nested deeper than %d", MaxDepth)
	}
	d.pos++ // {
	o := Object{}
	var keys keySet
	for first := true; ; first = false {
		d.space()
		if d.pos < len(d.data) && d.data[d.pos] == '}' && first {
			d.pos++
			return o, nil
		}
		if d.pos >= len(d.data) || d.data[d.pos] != '"' {
			return nil, d.fail("a member name in double quotes is expected, found %s", d.found())
		}
		at := d.pos
		key, err := d.str()
		if err != nil {
			return nil, err
		}
		if other, dup := keys.add(key); dup {
			d.pos = at
			if other == key {
				return nil, d.fail("the member %s stands twice in one object", quote(key))
			}
			return nil, d.fail("the members %s and %s of one object differ only in case", quote(other), quote(key))
		}
		d.space()
		if d.pos >= len(d.data) || d.data[d.pos] != ':' {
			return nil, d.fail("a colon is expected after %s, found %s", quote(key), d.found())
		}
		d.pos++
		d.space()
		v, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		o[key] = v
		d.space()
		switch {
		case d.pos < len(d.data) && d.data[d.pos] == ',':
			d.pos++
		case d.pos < len(d.data) && d.data[d.pos] == '}':
			d.pos++
			return o, nil
		default:
			return nil, d.fail("a comma or } is expected after the value of %s, found %s", quote(key), d.found())
		}
	}
}

func (d *decoder) array(depth int) ([]any, error) {
	if depth > MaxDepth {
		return nil, d.fail("values are nested deeper than %d", MaxDepth)
	}
	d.pos++ // [
	list := []any{}
	d.space()
	if d.pos < len(d.data) && d.data[d.pos] == ']' {
		d.pos++
		return list, nil
	}
	for {
		d.space()
		v, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		d.space()
		switch {
		case d.pos < len(d.data) && d.data[d.pos] == ',':
			d.pos++
		case d.pos < len(d.data) && d.data[d.pos] == ']':
			d.pos++
			return list, nil
		default:
			return nil, d.fail("a comma or ] is expected in the list, found %s", d.found())
		}
	}
}

// number reads a number by the grammar of RFC 8259 section 6 and keeps its text.
func (d *decoder) number() (json.Number, error) {
	n := numberLen(d.data[d.pos:])
	if n == 0 {
		return "", d.fail("this is not a JSON number")
	}
	text := json.Number(d.data[d.pos : d.pos+n])
	d.pos += n
	return text, nil
}

// numberLen returns the length of the JSON number that b begins with, or 0.
func numberLen[T string | []byte](b T) int {
	i := 0
	digits := func() bool {
		start := i
		for i < len(b) && b[i] >= '0' && b[i] <= '9' {
			i++
		}
		return i > start
	}
	if i < len(b) && b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++ // RFC 8259: no leading zeros
	} else if !digits() {
		return 0
	}
	if i < len(b) && b[i] == '.' {
		i++
		if !digits() {
			return 0
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if !digits() {
			return 0
		}
	}
	return i
}

// str reads a string in double quotes.
func (d *decoder) str() (string, error) {
	s, n, problem := readString(d.data[d.pos:])
	if problem != "" {
		d.pos += n
		return "", d.fail("%s", problem)
	}
	d.pos += n
	return s, nil
}

// readString reads the JSON string that b begins with. It returns the decoded
// text and the length read, or the offset of the fault and what it is.
func readString[T string | []byte](b T) (s string, n int, problem string) {
	i := 1 // after the quote
	for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] >= 0x20 {
		i++
	}
	if i < len(b) && b[i] == '"' { // the usual case: no escapes
		s = string(b[1:i])
		if !utf8.ValidString(s) {
			return "", 1 + invalidUTF8(s), "the text is not valid UTF-8"
		}
		return s, i + 1, ""
	}
	var out strings.Builder
	out.WriteString(string(b[1:i]))
	for i < len(b) {
		switch c := b[i]; {
		case c == '"':
			s = out.String()
			if !utf8.ValidString(s) {
				return "", 1, "the text is not valid UTF-8"
			}
			return s, i + 1, ""
		case c < 0x20:
			return "", i, "a control character in a string must be escaped"
		case c != '\\':
			out.WriteByte(c)
			i++
		default:
			r, size, problem := readEscape(b[i:])
			if problem != "" {
				return "", i, problem
			}
			out.WriteRune(r)
			i += size
		}
	}
	return "", len(b), "the string has no closing quote"
}

// readEscape reads the escape sequence that b begins with, a surrogate pair as
// one rune.
func readEscape[T string | []byte](b T) (r rune, size int, problem string) {
	if len(b) < 2 {
		return 0, 0, "the string has no closing quote"
	}
	switch b[1] {
	case '"', '\\', '/':
		return rune(b[1]), 2, ""
	case 'b':
		return '\b', 2, ""
	case 'f':
		return '\f', 2, ""
	case 'n':
		return '\n', 2, ""
	case 'r':
		return '\r', 2, ""
	case 't':
		return '\t', 2, ""
	case 'u':
	default:
		return 0, 0, "this escape sequence does not exist in JSON"
	}
	r, ok := hex4(b[2:])
	switch {
	case !ok:
		return 0, 0, `\u needs four hexadecimal digits`
	case r == 0:
		return 0, 0, "the character U+0000 is not allowed in a string"
	case !utf16.IsSurrogate(r):
		return r, 6, ""
	}
	if len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
		if low, ok := hex4(b[8:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, 12, ""
			}
		}
	}
	return 0, 0, "half of a surrogate pair stands alone"
}

func hex4[T string | []byte](b T) (r rune, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	for i := range 4 {
		switch c := b[i]; {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// invalidUTF8 returns the offset of the first byte of s that is not UTF-8.
func invalidUTF8(s string) int {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return i
			}
		}
	}
	return len(s)
}
