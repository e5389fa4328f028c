package graph

import (
	"encoding/json"
)

// property is one property of a resource: its name in Graph, and how it is read and written.
type property[T any] struct {
	name  string
	kind  kind
	usual bool // is shown without $select
	get   func(*T) any
	set   func(*T, json.RawMessage) (wanted string) // "" or what the value should be; nil: read-only
}

// resource is a type of Graph with its properties.
type resource[T any] struct {
	name       string // "User"
	properties []property[T]
	// ignored are properties of Graph that are taken and not kept, because there is nothing
	// here that they could change.
	ignored []string
}

func text[T any](name string, usual bool, at func(*T) *string) property[T] {
	return property[T]{
		name: name, kind: kindText, usual: usual,
		get: func(t *T) any { return nullable(*at(t)) },
		set: func(t *T, raw json.RawMessage) string {
			value, ok := textOf(raw)
			if !ok {
				return "a string or null"
			}
			*at(t) = value
			return ""
		},
	}
}

func boolean[T any](name string, usual bool, at func(*T) *bool) property[T] {
	return property[T]{
		name: name, kind: kindBoolean, usual: usual,
		get: func(t *T) any { return *at(t) },
		set: func(t *T, raw json.RawMessage) string {
			value, ok := booleanOf(raw)
			if !ok {
				return "true or false"
			}
			*at(t) = value
			return ""
		},
	}
}

func texts[T any](name string, at func(*T) *[]string) property[T] {
	return property[T]{
		name: name, kind: kindTexts,
		get: func(t *T) any { return append([]string{}, *at(t)...) },
		set: func(t *T, raw json.RawMessage) string {
			values, ok := textsOf(raw)
			if !ok {
				return "a list of strings"
			}
			*at(t) = values
			return ""
		},
	}
}

func readOnly[T any](name string, of kind, usual bool, get func(*T) any) property[T] {
	return property[T]{name: name, kind: of, usual: usual, get: get}
}

// document is everything there is of an object.
func (r resource[T]) document(t T) object {
	document := object{}
	for _, p := range r.properties {
		document[p.name] = p.get(&t)
	}
	return document
}

// apply takes the properties of a request over, and leaves those that it does not name.
func (r resource[T]) apply(t *T, f *fields) error {
	for _, p := range r.properties {
		raw, given := f.take(p.name)
		switch {
		case !given:
		case p.set == nil:
			return bad("Property '%s' is read-only and cannot be set.", p.name)
		default:
			if wanted := p.set(t, raw); wanted != "" {
				return f.invalid(p.name, wanted)
			}
		}
	}
	for _, name := range r.ignored {
		f.take(name)
	}
	return f.done()
}

// require refuses a request without one of the properties.
func require(f *fields, names ...string) error {
	for _, name := range names {
		if raw, given := f.left[name]; !given || isNull(raw) {
			return f.required(name)
		}
	}
	return nil
}

func (r resource[T]) usual() []string {
	var names []string
	for _, p := range r.properties {
		if p.usual {
			names = append(names, p.name)
		}
	}
	return names
}

func (r resource[T]) kinds() map[string]kind {
	kinds := map[string]kind{}
	for _, p := range r.properties {
		kinds[p.name] = p.kind
	}
	return kinds
}
