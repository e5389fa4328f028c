package graph

import (
	"strings"
	"time"
)

// kind is the type of a property, as far as filters and errors need it.
type kind string

const (
	kindText    kind = "Edm.String"
	kindBoolean kind = "Edm.Boolean"
	kindTime    kind = "Edm.DateTimeOffset"
	kindTexts   kind = "Collection(Edm.String)" // cannot be filtered by
)

// filter is a parsed $filter (Microsoft Graph docs, "filter-query-parameter"): comparisons
// with eq, ne, gt, ge, lt, le and in, startswith, endswith and contains, joined by and, or, not
// and parentheses. Texts are compared without regard to case, as the directory does (observed).
type filter struct {
	op    string // "and", "or", "not", or a comparison
	parts []*filter
	path  string // "status/errorCode"
	kind  kind
	// values are what it is compared with; nil is null. Only "in" has several.
	values []any
}

// match tells whether the document passes.
func (f *filter) match(document object) bool {
	switch f.op {
	case "and":
		return f.parts[0].match(document) && f.parts[1].match(document)
	case "or":
		return f.parts[0].match(document) || f.parts[1].match(document)
	case "not":
		return !f.parts[0].match(document)
	}
	have := lookUp(document, f.path)
	if f.op == "in" {
		for _, want := range f.values {
			if same(have, want) {
				return true
			}
		}
		return false
	}
	return f.compare(have, f.values[0])
}

func (f *filter) compare(have, want any) bool {
	switch f.op {
	case "eq":
		return same(have, want)
	case "ne":
		return !same(have, want)
	}
	if have == nil || want == nil {
		return false
	}
	if at, ok := want.(time.Time); ok {
		order := timeOf(have).Compare(at)
		return f.op == "gt" && order > 0 || f.op == "ge" && order >= 0 || f.op == "lt" && order < 0 || f.op == "le" && order <= 0
	}
	text, wanted := fold(have), fold(want)
	switch f.op {
	case "startswith":
		return strings.HasPrefix(text, wanted)
	case "endswith":
		return strings.HasSuffix(text, wanted)
	case "contains":
		return strings.Contains(text, wanted)
	}
	order := strings.Compare(text, wanted)
	return f.op == "gt" && order > 0 || f.op == "ge" && order >= 0 || f.op == "lt" && order < 0 || f.op == "le" && order <= 0
}

func same(have, want any) bool {
	if have == nil || want == nil {
		return have == nil && want == nil
	}
	if at, ok := want.(time.Time); ok {
		return timeOf(have).Equal(at)
	}
	if b, ok := want.(bool); ok {
		is, ok := have.(bool)
		return ok && is == b
	}
	return fold(have) == fold(want)
}

func fold(v any) string {
	text, _ := v.(string)
	return strings.ToLower(text)
}

func timeOf(v any) time.Time {
	text, _ := v.(string)
	t, _ := time.Parse(time.RFC3339, text) // written by moment
	return t
}

// lookUp follows a path into a document.
func lookUp(document object, path string) any {
	for {
		name, rest, deeper := strings.Cut(path, "/")
		value := document[name]
		if !deeper {
			return value
		}
		inner, ok := value.(object)
		if !ok {
			return nil
		}
		document, path = inner, rest
	}
}

// all calls yield for every comparison that must hold for the filter to pass.
func (f *filter) all(yield func(*filter)) {
	switch {
	case f == nil || f.op == "or" || f.op == "not":
	case f.op == "and":
		f.parts[0].all(yield)
		f.parts[1].all(yield)
	default:
		yield(f)
	}
}

// equal is the text that a property must have for the filter to pass; "" when there is none.
// It narrows what is read; match decides.
func (f *filter) equal(path string) string {
	text := ""
	f.all(func(one *filter) {
		if value, ok := one.only(); ok && one.op == "eq" && one.path == path {
			text = value
		}
	})
	return text
}

func (f *filter) only() (string, bool) {
	if len(f.values) != 1 {
		return "", false
	}
	text, ok := f.values[0].(string)
	return text, ok
}

// searched are texts that must occur in an object for the filter to pass, when it asks for one of
// the properties.
func (f *filter) words(paths ...string) string {
	words := ""
	f.all(func(one *filter) {
		text, ok := one.only()
		if !ok || one.op != "eq" && one.op != "startswith" && one.op != "contains" {
			return
		}
		for _, path := range paths {
			if one.path == path {
				words += " " + text
			}
		}
	})
	return strings.TrimSpace(words)
}

// between is the time that a property must lie in; a zero time does not bound it.
func (f *filter) between(path string) (since, until time.Time) {
	f.all(func(one *filter) {
		if one.path != path || len(one.values) != 1 {
			return
		}
		at, ok := one.values[0].(time.Time)
		if !ok {
			return
		}
		if (one.op == "ge" || one.op == "gt" || one.op == "eq") && at.After(since) {
			since = at
		}
		// The end is not part of what is read, and times are kept in microseconds.
		if end := at.Add(time.Microsecond); (one.op == "le" || one.op == "lt" || one.op == "eq") && (until.IsZero() || end.Before(until)) {
			until = end
		}
	})
	return since, until
}
