package scim

import (
	"fmt"
)

// Note says what a request carried and the server does not keep, for the
// request log. Path is as the client wrote it.
type Note struct {
	Path, Text string
}

// Normalize reads the body of a POST or PUT into the form that is stored:
// attribute names as the schema writes them, booleans as booleans, lists as
// lists, no nulls and nothing empty but strings. in is not changed.
//
// Unknown attributes and schema URIs are left out and noted, since clients send
// what their mapping has (Q13, Q14); so are an id and read-only attributes that
// carry something. schemas and meta are left out silently, as is a password:
// it is never kept, never echoed (Q24). The members of a group are left out:
// see [TakeMembers].
//
// A value of the wrong type, two primary values in one list, a string over
// MaxStringBytes and a list over MaxListValues are 400 invalidValue naming the
// path and the value. That a required attribute is missing is not checked here:
// see [ResourceType.RequireAttributes].
func (rt *ResourceType) Normalize(in Object) (Object, []Note, error) {
	var r reader
	out := make(Object, len(in))
	for _, key := range sortedKeys(in) {
		v := in[key]
		if asciiEqual(key, "schemas") {
			rt.noteSchemas(&r, v)
			continue
		}
		if ext := rt.extension(key); ext != nil {
			o, err := r.extension(ext, v)
			if err != nil {
				return nil, nil, err
			}
			if o != nil {
				out[ext.ID] = o
			}
			continue
		}
		a := rt.base(key)
		if a == nil || a.readOnly() || a.apart {
			r.ignored(a, key, v)
			continue
		}
		value, err := r.attribute(a, a.Name, v)
		if err != nil {
			return nil, nil, err
		}
		if value != nil {
			out[a.Name] = value
		}
	}
	return out, r.notes, nil
}

// extension reads the object of an extension, nil when it holds nothing.
func (r *reader) extension(ext *Schema, v any) (Object, error) {
	if v == nil {
		return nil, nil
	}
	in, ok := v.(Object)
	if !ok {
		return nil, wrongType(ext.ID, "an object", v)
	}
	out := make(Object, len(in))
	for _, key := range sortedKeys(in) {
		a := find(ext.Attributes, key)
		if a == nil || a.readOnly() {
			r.ignored(a, pathOf(ext.ID, key), in[key])
			continue
		}
		value, err := r.attribute(a, pathOf(ext.ID, a.Name), in[key])
		if err != nil {
			return nil, err
		}
		if value != nil {
			out[a.Name] = value
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// ignored notes an attribute that is left out, if it carries anything worth
// noting. a is nil when the attribute is unknown.
func (r *reader) ignored(a *Attribute, path string, v any) {
	switch {
	case isEmpty(v) || asciiEqual(path, "password") || asciiEqual(path, "meta"):
	case a == nil:
		r.note(path, "unknown attribute")
	case a.Name == "id":
		r.note(path, fmt.Sprintf("the server chooses the id; %s is ignored", quoteAny(v)))
	case a.Name == "groups":
		r.note(path, "read-only: change the members of the group instead")
	case a.readOnly():
		r.note(path, "read-only")
	}
}

// quoteAny is quote for a value of any type.
func quoteAny(v any) string {
	if s, ok := v.(string); ok {
		return quote(s)
	}
	return clip(string(appendValue(nil, v)))
}

// noteSchemas notes the schema URIs that the type does not have. What a
// document holds follows from its attributes, never from this list.
func (rt *ResourceType) noteSchemas(r *reader, v any) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, e := range list {
		if s, ok := e.(string); ok && !asciiEqual(s, rt.Schema.ID) && rt.extension(s) == nil {
			r.note("schemas", "unknown schema "+quote(s))
		}
	}
}
