package scim

import "strings"

// Path names an attribute as a client wrote it (RFC 7644 figure 7):
//
//	userName
//	name.givenName
//	emails[type eq "work"].value
//	urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department
//
// Names are matched with a schema when the path is used, ASCII case ignored.
// Attr is "" when the path is the bare URN of a schema.
type Path struct {
	Schema string  // URN, "" when none was written
	Attr   string  // attribute name
	Filter *Filter // what stood in brackets, nil when there were none
	Sub    string  // sub-attribute name, "" when none was written
}

// ParsePath reads the path of a PATCH operation or of the attributes
// parameters. The URN may be followed by a dot instead of a colon, as old Entra
// applications write it (Q8). A fault in the path is 400 invalidPath, one in
// its filter 400 invalidFilter.
func ParsePath(s string) (Path, error) {
	p := filterParser{s: s, what: "path", scimType: InvalidPath}
	if len(s) > MaxFilterBytes {
		return Path{}, Errorf(400, InvalidPath, "the path has %d bytes; at most %d are accepted", len(s), MaxFilterBytes)
	}
	if err := p.text(); err != nil {
		return Path{}, err
	}
	p.space()
	path, err := p.attrPath()
	if err != nil {
		return Path{}, err
	}
	if p.at('[') {
		if path.Sub != "" {
			return Path{}, p.fail("a filter in brackets follows the attribute, not its sub-attribute")
		}
		if path.Attr == "" {
			return Path{}, p.fail("a filter in brackets follows an attribute, not a schema")
		}
		if path.Filter, err = p.brackets(); err != nil {
			return Path{}, err
		}
		if p.at('.') {
			if path.Sub, err = p.subName(); err != nil {
				return Path{}, err
			}
		}
	}
	p.space()
	if p.pos < len(p.s) {
		return Path{}, p.fail("the end of the path is expected, found %s", p.found())
	}
	return path, nil
}

// String returns the path in the form of RFC 7644; ParsePath of it gives p.
func (p Path) String() string {
	var b strings.Builder
	p.write(&b)
	return b.String()
}

func (p Path) write(b *strings.Builder) {
	b.WriteString(p.Schema)
	if p.Schema != "" && p.Attr != "" {
		b.WriteByte(':')
	}
	b.WriteString(p.Attr)
	if p.Filter != nil {
		b.WriteByte('[')
		p.Filter.write(b)
		b.WriteByte(']')
	}
	if p.Sub != "" {
		b.WriteByte('.')
		b.WriteString(p.Sub)
	}
}

// splitPath takes a path without brackets apart. ok is false when a name in it
// is empty or has characters that no attribute name has (RFC 7643 section 2.1).
func splitPath(s string) (p Path, ok bool) {
	rest := s
	if colon := strings.LastIndexByte(s, ':'); colon >= 0 {
		// URNs contain dots, so they come off first (Q8).
		p.Schema, rest = s[:colon], s[colon+1:]
		for _, urn := range [...]string{UserURN, GroupURN, EnterpriseUserURN} {
			if !asciiHasPrefix(s, urn) {
				continue
			}
			if len(s) == len(urn) {
				return Path{Schema: s}, true
			}
			if c := s[len(urn)]; c == ':' || c == '.' {
				p.Schema, rest = s[:len(urn)], s[len(urn)+1:]
				break
			}
		}
		if p.Schema == "" {
			return Path{}, false
		}
	}
	attr, sub, dotted := strings.Cut(rest, ".")
	p.Attr, p.Sub = attr, sub
	return p, validName(attr) && (!dotted || validName(sub))
}

func validName(s string) bool {
	for i := 0; i < len(s); i++ {
		c := lowerByte(s[i])
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '$') {
			return false
		}
	}
	return s != ""
}
