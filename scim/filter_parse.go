package scim

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ParseFilter reads a filter by the grammar of RFC 7644 section 3.4.2.2: "not"
// binds closest, then "and", then "or"; operators, names and the words true,
// false and null in any case. Beyond it, it takes what clients send (Q16):
//
//	emails[type eq "work"].value eq "x"   a comparison behind brackets
//	externalId eq jyoung                  a value without quotes
//
// The caller has already decoded percent signs and plus signs. Attributes are
// not looked up: see [Filter.Check]. An error is 400 invalidFilter with the
// position, counted in bytes from 1, and what was expected there.
func ParseFilter(s string) (*Filter, error) {
	if len(s) > MaxFilterBytes {
		return nil, Errorf(400, InvalidFilter, "the filter has %d bytes; at most %d are accepted", len(s), MaxFilterBytes)
	}
	p := filterParser{s: s, what: "filter", scimType: InvalidFilter}
	if err := p.text(); err != nil {
		return nil, err
	}
	f, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.pos < len(p.s) {
		return nil, p.fail(`"and", "or" or the end of the filter is expected, found %s`, p.found())
	}
	return f, nil
}

// filterParser reads filters and paths. Its recursion is bounded by depth, its
// work by the number of terms.
type filterParser struct {
	s        string
	pos      int
	depth    int
	terms    int
	inside   bool   // of brackets
	what     string // "filter" or "path", for messages
	scimType string
}

func (p *filterParser) fail(format string, a ...any) *Error {
	return Errorf(400, p.scimType, "invalid %s at position %d: %s", p.what, p.pos+1, fmt.Sprintf(format, a...))
}

func (p *filterParser) found() string {
	if p.pos >= len(p.s) {
		return "the end"
	}
	return quote(p.word())
}

// word is the run of characters at the position up to a delimiter, at least one
// character.
func (p *filterParser) word() string {
	end := p.pos
	for end < len(p.s) && !delimiter(p.s[end]) {
		end++
	}
	if end == p.pos && end < len(p.s) {
		end++
	}
	return p.s[p.pos:end]
}

func delimiter(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', '(', ')', '[', ']', '"':
		return true
	}
	return false
}

// text refuses input that is not text at all.
func (p *filterParser) text() *Error {
	for i := 0; i < len(p.s); i++ {
		if p.s[i] >= utf8.RuneSelf {
			if !utf8.ValidString(p.s) {
				p.pos = invalidUTF8(p.s)
				return p.fail("the text is not valid UTF-8")
			}
			break
		}
	}
	if i := strings.IndexByte(p.s, 0); i >= 0 {
		p.pos = i
		return p.fail("the character U+0000 is not allowed")
	}
	return nil
}

func (p *filterParser) space() {
	for p.pos < len(p.s) {
		switch p.s[p.pos] {
		case ' ', '\t', '\r', '\n':
			p.pos++
		default:
			return
		}
	}
}

func (p *filterParser) at(c byte) bool { return p.pos < len(p.s) && p.s[p.pos] == c }

// keyword consumes word, in any case, if it stands at the position.
func (p *filterParser) keyword(word string) bool {
	end := p.pos + len(word)
	if end > len(p.s) || !asciiEqual(p.s[p.pos:end], word) || end < len(p.s) && !delimiter(p.s[end]) {
		return false
	}
	p.pos = end
	return true
}

func (p *filterParser) or() (*Filter, error) {
	left, err := p.and()
	for err == nil && p.keyword("or") {
		var right *Filter
		if right, err = p.and(); err == nil {
			left = &Filter{Op: Or, Left: left, Right: right}
		}
	}
	return left, err
}

func (p *filterParser) and() (*Filter, error) {
	left, err := p.term()
	for err == nil && p.keyword("and") {
		var right *Filter
		if right, err = p.term(); err == nil {
			left = &Filter{Op: And, Left: left, Right: right}
		}
	}
	return left, err
}

// term reads a comparison, a value path, a group or a negation, and the blanks
// around it.
func (p *filterParser) term() (f *Filter, err error) {
	p.space()
	start := p.pos
	switch {
	case p.at('('):
		f, err = p.group()
	case p.keyword("not"):
		p.space()
		if p.at('(') {
			if f, err = p.group(); err == nil {
				f = &Filter{Op: Not, Left: f}
			}
			break
		}
		p.pos = start // an attribute of that name
		fallthrough
	default:
		f, err = p.comparison()
	}
	if err != nil {
		return nil, err
	}
	p.space()
	return f, nil
}

func (p *filterParser) group() (*Filter, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	p.pos++ // (
	f, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.at(')') {
		return nil, p.fail(`"and", "or" or ) is expected, found %s`, p.found())
	}
	p.pos++
	p.depth--
	return f, nil
}

func (p *filterParser) enter() *Error {
	if p.depth++; p.depth > MaxFilterDepth {
		return p.fail("parentheses and brackets are nested deeper than %d", MaxFilterDepth)
	}
	return nil
}

func (p *filterParser) comparison() (*Filter, error) {
	if p.terms++; p.terms > MaxFilterTerms {
		return nil, p.fail("there are more than %d comparisons", MaxFilterTerms)
	}
	path, err := p.attrPath()
	if err != nil {
		return nil, err
	}
	if !p.at('[') {
		return p.operator(path)
	}
	if path.Sub != "" || path.Attr == "" {
		return nil, p.fail("brackets follow an attribute, not a sub-attribute or a schema")
	}
	f := &Filter{Op: ValuePath, Path: path}
	if f.Left, err = p.brackets(); err != nil {
		return nil, err
	}
	if p.at('.') {
		sub, err := p.subName()
		if err != nil {
			return nil, err
		}
		f.Path.Sub = sub
		if f.Right, err = p.operator(Path{Attr: sub}); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// brackets reads the filter of a value path.
func (p *filterParser) brackets() (*Filter, error) {
	if p.inside {
		return nil, p.fail("brackets cannot be nested")
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	kind := p.scimType
	// RFC 7644 section 3.12: a fault in the filter of a path is invalidFilter.
	p.inside, p.scimType = true, InvalidFilter
	p.pos++ // [
	f, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.at(']') {
		return nil, p.fail(`"and", "or" or ] is expected, found %s`, p.found())
	}
	p.pos++
	p.depth--
	p.inside, p.scimType = false, kind
	return f, nil
}

// attrPath reads a path up to the next delimiter.
func (p *filterParser) attrPath() (Path, error) {
	start := p.pos
	for p.pos < len(p.s) && !delimiter(p.s[p.pos]) {
		p.pos++
	}
	word := p.s[start:p.pos]
	path, ok := splitPath(word)
	if ok {
		return path, nil
	}
	p.pos = start
	if word == "" {
		return Path{}, p.fail("an attribute name is expected, found %s", p.found())
	}
	return Path{}, p.fail("%s is not the name of an attribute", quote(word))
}

// subName reads ".name".
func (p *filterParser) subName() (string, error) {
	p.pos++ // .
	start := p.pos
	for p.pos < len(p.s) && !delimiter(p.s[p.pos]) {
		p.pos++
	}
	if word := p.s[start:p.pos]; validName(word) {
		return word, nil
	}
	p.pos = start
	return "", p.fail("the name of a sub-attribute is expected, found %s", p.found())
}

// operator reads what follows the path of a comparison.
func (p *filterParser) operator(path Path) (*Filter, error) {
	p.space()
	for op := Eq; op <= Pr; op++ {
		if !p.keyword(opNames[op]) {
			continue
		}
		f := &Filter{Op: op, Path: path}
		if op == Pr {
			return f, nil
		}
		p.space()
		var err error
		f.Value, err = p.value()
		return f, err
	}
	return nil, p.fail("one of eq, ne, co, sw, ew, gt, ge, lt, le, pr is expected after %s, found %s", quote(path.String()), p.found())
}

// value reads a quoted string, or a bare word: true, false, null, a number, or
// text that a client did not quote.
func (p *filterParser) value() (any, error) {
	if p.at('"') {
		s, n, problem := readString(p.s[p.pos:])
		if problem != "" {
			p.pos += n
			return nil, p.fail("%s", problem)
		}
		p.pos += n
		return s, nil
	}
	if p.pos >= len(p.s) || delimiter(p.s[p.pos]) {
		return nil, p.fail("a value is expected, found %s", p.found())
	}
	word := p.word()
	if word[0] == '\'' {
		return nil, p.fail(`a text value stands in double quotes ("), not in single ones`)
	}
	p.pos += len(word)
	if asciiEqual(word, "null") {
		return nil, nil
	}
	if b, ok := parseBool(word); ok {
		return b, nil
	}
	if numberLen(word) == len(word) {
		return json.Number(word), nil
	}
	return word, nil
}
