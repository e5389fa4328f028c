package scim

import "strconv"

// ListResponse is the envelope of a list (RFC 7644 section 3.4.2), with the
// cursors of RFC 9865. A long list is streamed as Head, the resources separated
// by commas, Tail; a short one is made with Object.
type ListResponse struct {
	TotalResults   int
	NoTotal        bool // leave totalResults out, where counting costs too much
	StartIndex     int  // 0 leaves it out, as with cursors
	ItemsPerPage   int  // resources in this answer
	NextCursor     string
	PreviousCursor string
}

// Head returns the JSON up to the first resource. Numbers are integers (Q36).
func (l ListResponse) Head() []byte {
	b := append([]byte(nil), `{"schemas":["`+ListResponseURN+`"]`...)
	number := func(name string, n int) {
		b = append(b, `,"`+name+`":`...)
		b = strconv.AppendInt(b, int64(n), 10)
	}
	if !l.NoTotal {
		number("totalResults", l.TotalResults)
	}
	if l.StartIndex > 0 {
		number("startIndex", l.StartIndex)
	}
	number("itemsPerPage", l.ItemsPerPage)
	for _, c := range [...]struct{ name, value string }{{"nextCursor", l.NextCursor}, {"previousCursor", l.PreviousCursor}} {
		if c.value != "" {
			b = append(b, `,"`+c.name+`":`...)
			b = appendString(b, c.value)
		}
	}
	return append(b, `,"Resources":[`...)
}

// Tail returns the JSON after the last resource.
func (l ListResponse) Tail() []byte { return []byte("]}") }

// Object returns the whole answer. Resources is a list also when there are none
// (Q36).
func (l ListResponse) Object(resources []Object) Object {
	list := make([]any, len(resources))
	for i, r := range resources {
		list[i] = r
	}
	o := Object{"schemas": []any{ListResponseURN}, "itemsPerPage": l.ItemsPerPage, "Resources": list}
	if !l.NoTotal {
		o["totalResults"] = l.TotalResults
	}
	if l.StartIndex > 0 {
		o["startIndex"] = l.StartIndex
	}
	if l.NextCursor != "" {
		o["nextCursor"] = l.NextCursor
	}
	if l.PreviousCursor != "" {
		o["previousCursor"] = l.PreviousCursor
	}
	return o
}
