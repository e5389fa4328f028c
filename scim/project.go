package scim

import "strings"

// Projection is what a client wants to see of a resource: the attributes and
// excludedAttributes parameters (RFC 7644 section 3.9). The zero value wants
// everything.
type Projection struct {
	limited bool // attributes was given: only include is answered
	include []selection
	exclude []selection
}

// selection is one entry of a parameter.
type selection struct {
	target
	filter *Filter
}

// ParseProjection reads the two parameters: comma-separated paths, names in any
// case, with or without URN, sub-attributes, and values chosen in brackets, as in
// emails[type eq "work"]. Unknown names are ignored, so attributes=foo answers
// id and schemas only. RFC 7644 calls the parameters mutually exclusive; when
// both are given, what is asked for and not excluded is answered.
//
// A text that is no list of paths is 400 invalidPath or invalidFilter.
func ParseProjection(rt *ResourceType, attributes, excluded string) (Projection, error) {
	var p Projection
	var err error
	if p.include, p.limited, err = selections(rt, attributes); err != nil {
		return Projection{}, err
	}
	if p.exclude, _, err = selections(rt, excluded); err != nil {
		return Projection{}, err
	}
	return p, nil
}

func selections(rt *ResourceType, list string) (out []selection, given bool, err error) {
	if len(list) > MaxFilterBytes {
		return nil, false, Errorf(400, InvalidPath, "the list of attributes has %d bytes; at most %d are accepted", len(list), MaxFilterBytes)
	}
	for list != "" {
		var name string
		name, list = cutList(list)
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		given = true
		path, err := ParsePath(name)
		if err != nil {
			return nil, false, err
		}
		t, ok := rt.resolve(Path{Schema: path.Schema, Attr: path.Attr, Sub: path.Sub})
		if !ok {
			continue
		}
		if path.Filter != nil {
			if err := path.Filter.checkInside(target{ext: t.ext, attr: t.attr}); err != nil {
				return nil, false, err
			}
		}
		out = append(out, selection{target: t, filter: path.Filter})
	}
	return out, given, nil
}

// cutList returns the text before the first comma outside of brackets and
// quotes, and the text after it.
func cutList(s string) (first, rest string) {
	brackets, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			brackets++
		case c == ']':
			brackets--
		case c == ',' && brackets <= 0:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// Zero reports whether everything is wanted.
func (p Projection) Zero() bool { return !p.limited && len(p.exclude) == 0 }

// Wants reports whether any part of an attribute is wanted, so that a caller
// need not read what will not be answered. attr is the name of an attribute of
// the base schema, as "members", or the URN of an extension.
func (p Projection) Wants(attr string) bool {
	for _, s := range p.exclude {
		if s.names(attr) && s.whole() && !s.always() {
			return false
		}
	}
	if !p.limited || asciiEqual(attr, "id") || asciiEqual(attr, "schemas") {
		return true
	}
	for _, s := range p.include {
		if s.names(attr) {
			return true
		}
	}
	return false
}

// names reports whether the selection is of the member attr of a document.
func (s selection) names(attr string) bool {
	if s.ext != nil {
		return asciiEqual(s.ext.ID, attr)
	}
	return asciiEqual(s.attr.Name, attr)
}

// whole reports whether the selection is of a member of a document as a whole.
func (s selection) whole() bool {
	return s.sub == nil && s.filter == nil && (s.ext == nil || s.attr == nil)
}

func (s selection) always() bool { return s.attr != nil && s.attr.Returned == ReturnedAlways }

// Apply returns what is wanted of a resource. id and schemas are always
// (RFC 7643 section 3.1). The result shares values with o.
func (p Projection) Apply(o Object) Object {
	if p.Zero() {
		return o
	}
	out := make(Object, len(o))
	for key, v := range o {
		if !p.Wants(key) {
			continue
		}
		if v = p.member(key, v); v != nil {
			out[key] = v
		}
	}
	return out
}

// member projects one member of a document that is wanted at least in part.
func (p Projection) member(key string, v any) any {
	if asciiEqual(key, "id") || asciiEqual(key, "schemas") {
		return v
	}
	if p.limited {
		v = keep(pick(p.include, key), v)
	}
	if drops := pick(p.exclude, key); len(drops) > 0 && v != nil {
		v = drop(drops, v)
	}
	return v
}

func pick(list []selection, key string) (out []selection) {
	for _, s := range list {
		if s.names(key) {
			out = append(out, s)
		}
	}
	return out
}

// keep returns the parts of a member that the selections name, nil when there
// are none.
func keep(list []selection, v any) any {
	byAttr := map[string][]selection{} // of an extension
	for _, s := range list {
		switch {
		case s.whole():
			return v
		case s.ext != nil:
			s.ext = nil
			byAttr[s.attr.Name] = append(byAttr[s.attr.Name], s)
		}
	}
	if len(byAttr) > 0 {
		in, _ := v.(Object)
		out := Object{}
		for name, list := range byAttr {
			if part := keep(list, in[name]); part != nil {
				out[name] = part
			}
		}
		return orNil(out)
	}
	if o, ok := v.(Object); ok {
		return keepElement(list, o)
	}
	out := []any{}
	for e := range values(v) {
		if e = keepElement(list, e); e != nil {
			out = append(out, e)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func keepElement(list []selection, e any) any {
	out := Object{}
	for _, s := range list {
		if s.filter != nil && !s.filter.matchElement(s.attr, e) {
			continue
		}
		if s.sub == nil {
			return e
		}
		if o, ok := e.(Object); ok && o[s.sub.Name] != nil {
			out[s.sub.Name] = o[s.sub.Name]
		}
	}
	return orNil(out)
}

// drop returns a member without the parts that the selections name, nil when
// nothing is left.
func drop(list []selection, v any) any {
	for _, s := range list {
		switch o, isObject := v.(Object); {
		case v == nil:
			return nil
		case s.ext != nil && isObject:
			inner := s
			inner.ext = nil
			part := any(nil)
			if !inner.whole() && o[s.attr.Name] != nil {
				part = drop([]selection{inner}, o[s.attr.Name])
			}
			v = orNil(replaced(o, s.attr.Name, part))
		case isObject:
			v = dropElement(s, o)
		default:
			out := []any{}
			for e := range values(v) {
				if e = dropElement(s, e); e != nil {
					out = append(out, e)
				}
			}
			if v = nil; len(out) > 0 {
				v = out
			}
		}
	}
	return v
}

func dropElement(s selection, e any) any {
	if s.filter != nil && !s.filter.matchElement(s.attr, e) {
		return e
	}
	if s.sub == nil {
		return nil
	}
	if o, ok := e.(Object); ok {
		return orNil(replaced(o, s.sub.Name, nil))
	}
	return e
}

// replaced returns a copy of o with another value for name, without it when the
// value is nil.
func replaced(o Object, name string, v any) Object {
	out := with(o, nil)
	delete(out, name)
	if v != nil {
		out[name] = v
	}
	return out
}

func orNil(o Object) any {
	if len(o) == 0 {
		return nil
	}
	return o
}
