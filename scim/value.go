package scim

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"
)

// reader turns values of clients into canonical ones by the type of their
// attribute, and collects notes on what it leaves out.
type reader struct {
	notes []Note
}

func (r *reader) note(path, text string) {
	r.notes = append(r.notes, Note{Path: clip(path), Text: text})
}

// attribute reads the value of a, nil when there is none. The result shares
// nothing with v that is changed later: objects and lists are made anew.
func (r *reader) attribute(a *Attribute, path string, v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	if a.MultiValued {
		return r.list(a, path, v)
	}
	if a.Type == TypeComplex {
		// A list of one is how Entra's documentation writes a manager (Q12).
		if list, ok := v.([]any); ok && len(list) <= 1 {
			if len(list) == 0 || list[0] == nil {
				return nil, nil
			}
			v = list[0]
		}
		return r.complex(a, path, v)
	}
	return r.scalar(a, path, v)
}

// list reads the values of a multi-valued attribute: a list, or one value where
// a list is expected.
func (r *reader) list(a *Attribute, path string, v any) (any, error) {
	in, ok := v.([]any)
	if !ok {
		in = []any{v}
	}
	if len(in) > MaxListValues {
		return nil, Errorf(400, InvalidValue, "%s has %d values; at most %d are accepted", path, len(in), MaxListValues)
	}
	out := make([]any, 0, len(in))
	primary := 0
	for _, e := range in {
		var value any
		var err error
		switch {
		case e == nil:
			continue
		case a.Type == TypeComplex:
			value, err = r.complex(a, path, e)
		default:
			value, err = r.scalar(a, path, e)
		}
		if err != nil {
			return nil, err
		}
		if value == nil {
			continue
		}
		if isPrimary(value) {
			primary++
		}
		out = append(out, value)
	}
	// RFC 7643 section 2.4: primary true appears no more than once.
	if primary > 1 {
		return nil, Errorf(400, InvalidValue, "%s has %d values with primary true; only one may be primary", path, primary)
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// complex reads one complex value. Plain text stands for its "value"
// sub-attribute where there is one: managers, e-mail addresses, roles.
func (r *reader) complex(a *Attribute, path string, v any) (any, error) {
	if s, ok := v.(string); ok {
		if s == "" {
			return nil, nil // how Entra clears a manager (Q12)
		}
		if a.sub("value") != nil {
			v = Object{"value": s}
		}
	}
	o, ok := v.(Object)
	if !ok {
		return nil, wrongType(path, "an object", v)
	}
	out := make(Object, len(o))
	for _, key := range sortedKeys(o) {
		s := a.sub(key)
		if s == nil {
			if s = managerID(a, key, o); s == nil {
				if key != "$ref" && !isEmpty(o[key]) {
					r.note(path+"."+key, "unknown attribute")
				}
				continue
			}
		}
		if s.readOnly() {
			continue
		}
		value, err := r.attribute(s, path+"."+s.Name, o[key])
		if err != nil {
			return nil, err
		}
		if value != nil {
			out[s.Name] = value
		}
	}
	// A reference to nobody is no reference: {"value":""} clears a manager (Q12).
	if value, ok := out["value"]; ok && value == "" && !a.MultiValued {
		return nil, nil
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// managerID takes OneLogin's manager.managerId for manager.value.
func managerID(a *Attribute, key string, o Object) *Attribute {
	if a.Name != "manager" || !asciiEqual(key, "managerId") {
		return nil
	}
	if v, ok := get(o, "value"); ok && v != nil {
		return nil
	}
	return a.sub("value")
}

// scalar reads a value that is neither complex nor a list.
func (r *reader) scalar(a *Attribute, path string, v any) (any, error) {
	switch a.Type {
	case TypeBoolean:
		switch v := v.(type) {
		case bool:
			return v, nil
		case string:
			// Entra writes "True" and "False" (Q2).
			if b, ok := parseBool(v); ok {
				return b, nil
			}
		}
		return nil, wrongType(path, "true or false", v)
	case TypeInteger, TypeDecimal:
		n, ok := v.(json.Number)
		if !ok || (a.Type == TypeInteger && strings.ContainsAny(string(n), ".eE")) {
			return nil, wrongType(path, "a number of type "+a.Type, v)
		}
		return n, nil
	}
	s, ok := v.(string)
	if !ok {
		return nil, wrongType(path, "a string", v)
	}
	if len(s) > MaxStringBytes {
		return nil, Errorf(400, InvalidValue, "%s has %d bytes; at most %d are accepted", path, len(s), MaxStringBytes)
	}
	if a.Type == TypeDateTime {
		if _, ok := parseTime(s); !ok {
			return nil, wrongType(path, "a date and time like 2026-01-31T08:30:00Z", v)
		}
	}
	return s, nil
}

func wrongType(path, want string, v any) *Error {
	kind := "an object"
	switch v := v.(type) {
	case nil:
		return Errorf(400, InvalidValue, "%s must be %s; null was sent", path, want)
	case string:
		return Errorf(400, InvalidValue, "%s must be %s; %s was sent", path, want, quote(v))
	case bool, json.Number:
		return Errorf(400, InvalidValue, "%s must be %s; %s was sent", path, want, clip(string(appendValue(nil, v))))
	case []any:
		kind = "a list"
	}
	return Errorf(400, InvalidValue, "%s must be %s; %s was sent", path, want, kind)
}

// parseBool reads true or false in any ASCII case.
func parseBool(s string) (value, ok bool) {
	switch {
	case asciiEqual(s, "true"):
		return true, true
	case asciiEqual(s, "false"):
		return false, true
	}
	return false, false
}

// parseTime reads an xsd:dateTime (RFC 7643 section 2.3.5); one without an
// offset, or a bare date, is taken as UTC.
func parseTime(s string) (time.Time, bool) {
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// isPrimary reports whether v is a complex value with primary true.
func isPrimary(v any) bool {
	o, ok := v.(Object)
	if !ok {
		return false
	}
	p, _ := o["primary"].(bool)
	return p
}

// equalValues reports whether two canonical values are the same. Numbers are
// compared by their text.
func equalValues(a, b any) bool {
	switch a := a.(type) {
	case Object:
		b, ok := b.(Object)
		if !ok || len(a) != len(b) {
			return false
		}
		if reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer() {
			return true // the usual case in a list of which one value changed
		}
		for k, v := range a {
			w, ok := b[k]
			if !ok || !equalValues(v, w) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !equalValues(a[i], b[i]) {
				return false
			}
		}
		return true
	}
	switch b.(type) {
	case Object, []any:
		return false // not comparable with ==
	}
	return a == b
}
