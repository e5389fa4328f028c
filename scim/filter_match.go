package scim

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Match reports whether doc fulfils the filter. doc is a full resource in
// canonical names: stored attributes, and id, meta, groups or members where the
// filter asks for them. Comparison follows the schema: ASCII case is ignored
// unless the attribute is caseExact, booleans compare by meaning, dates by
// instant. A multi-valued attribute matches when any of its values does.
// RFC 7644 section 3.4.2.2 leaves ne on an absent attribute open: it is true
// here. eq null is true for an absent attribute.
//
// A filter that Check refuses matches nothing that it names wrongly.
func (f *Filter) Match(rt *ResourceType, doc Object) bool {
	if f == nil {
		return true
	}
	switch f.Op {
	case And:
		return f.Left.Match(rt, doc) && f.Right.Match(rt, doc)
	case Or:
		return f.Left.Match(rt, doc) || f.Right.Match(rt, doc)
	case Not:
		return !f.Left.Match(rt, doc)
	}
	t, ok := rt.resolve(Path{Schema: f.Path.Schema, Attr: f.Path.Attr, Sub: f.Path.Sub})
	if !ok || t.attr == nil {
		return false
	}
	v := t.container(doc)[t.attr.Name]
	if f.Op != ValuePath {
		return f.matchAny(t.attr, t.sub, v)
	}
	for e := range values(v) {
		if f.Left.matchElement(t.attr, e) && (f.Right == nil || f.Right.matchElement(t.attr, e)) {
			return true
		}
	}
	return false
}

// MatchValue evaluates the filter of a value path, or of a MemberChange, on one
// value of the attribute attr of the base schema.
func (f *Filter) MatchValue(rt *ResourceType, attr string, value any) bool {
	a := rt.base(attr)
	return a != nil && f.matchElement(a, value)
}

// matchElement evaluates an inner filter on one value of a.
func (f *Filter) matchElement(a *Attribute, e any) bool {
	if f == nil {
		return true
	}
	switch f.Op {
	case And:
		return f.Left.matchElement(a, e) && f.Right.matchElement(a, e)
	case Or:
		return f.Left.matchElement(a, e) || f.Right.matchElement(a, e)
	case Not:
		return !f.Left.matchElement(a, e)
	case ValuePath:
		return false
	}
	sub := a.element(f.Path)
	if sub == nil {
		return false
	}
	if o, ok := e.(Object); ok {
		e = o[sub.Name]
	}
	return f.matchAny(sub, nil, e)
}

// matchAny compares the values of an attribute, or of its sub-attribute.
func (f *Filter) matchAny(a, sub *Attribute, v any) bool {
	leaf := a
	if sub != nil {
		leaf = sub
	}
	if f.Op != Pr {
		// Complex values compare by their "value".
		if c := leaf.comparable(); c != leaf {
			if c == nil {
				return false
			}
			leaf, sub = c, c
		}
	}
	found, match := false, false
	for e := range values(v) {
		if sub != nil {
			o, _ := e.(Object)
			e = o[sub.Name]
		}
		if e == nil {
			continue
		}
		found = true
		if f.Op == Pr && !isEmpty(e) || f.Op != Pr && f.compare(leaf, e) {
			match = true
			break
		}
	}
	switch {
	case f.Op == Eq && f.Value == nil:
		return !found
	case f.Op == Ne && f.Value == nil:
		return found
	case f.Op == Ne && !found:
		return true
	}
	return match
}

// values yields the values of an attribute: the elements of a list, or the one
// value.
func values(v any) func(yield func(any) bool) {
	return func(yield func(any) bool) {
		switch v := v.(type) {
		case nil:
		case []any:
			for _, e := range v {
				if !yield(e) {
					return
				}
			}
		case []string:
			for _, e := range v {
				if !yield(e) {
					return
				}
			}
		case []Object:
			for _, e := range v {
				if !yield(e) {
					return
				}
			}
		default:
			yield(v)
		}
	}
}

// compare applies the operator to one value of an attribute that is not
// complex.
func (f *Filter) compare(a *Attribute, v any) bool {
	if f.Value == nil {
		return false
	}
	switch a.Type {
	case TypeBoolean:
		have, ok1 := boolValue(v)
		want, ok2 := boolValue(f.Value)
		return ok1 && ok2 && (f.Op == Eq && have == want || f.Op == Ne && have != want)
	case TypeDateTime:
		have, ok1 := parseTime(text(v))
		want, ok2 := parseTime(text(f.Value))
		return ok1 && ok2 && f.holds(have.Compare(want))
	case TypeInteger, TypeDecimal:
		have, ok1 := number(v)
		want, ok2 := number(f.Value)
		return ok1 && ok2 && f.holds(compareFloats(have, want))
	}
	have, ok := v.(string)
	if !ok {
		return false
	}
	want := text(f.Value)
	if !a.CaseExact {
		switch f.Op {
		case Eq:
			return asciiEqual(have, want)
		case Ne:
			return !asciiEqual(have, want)
		}
		have, want = asciiLower(have), asciiLower(want)
	}
	switch f.Op {
	case Co:
		return strings.Contains(have, want)
	case Sw:
		return strings.HasPrefix(have, want)
	case Ew:
		return strings.HasSuffix(have, want)
	}
	return f.holds(strings.Compare(have, want))
}

// holds reports whether a comparison that came out as cmp fulfils the operator.
func (f *Filter) holds(cmp int) bool {
	switch f.Op {
	case Eq:
		return cmp == 0
	case Ne:
		return cmp != 0
	case Gt:
		return cmp > 0
	case Ge:
		return cmp >= 0
	case Lt:
		return cmp < 0
	case Le:
		return cmp <= 0
	}
	return false
}

func compareFloats(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// boolValue reads a boolean that may have been sent as text (Q2, Q6).
func boolValue(v any) (value, ok bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case string:
		return parseBool(v)
	}
	return false, false
}

// number reads a number that may have been sent as text.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case json.Number:
		f, err := strconv.ParseFloat(string(v), 64)
		return f, err == nil
	case string:
		f, err := strconv.ParseFloat(v, 64)
		return f, err == nil
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	}
	return 0, false
}
