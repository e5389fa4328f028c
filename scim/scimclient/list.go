package scimclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/rollcall/rollcall/scim"
)

// List is a ListResponse (RFC 7644 section 3.4.2). Numbers that the server left
// out are 0.
type List struct {
	TotalResults int
	StartIndex   int
	ItemsPerPage int
	NextCursor   string // RFC 9865; empty on the last page
	PrevCursor   string
	Resources    []scim.Object
}

var errNotList = errors.New("the answer is not a ListResponse")

// ParseList reads a ListResponse strictly: a server that answers anything else
// to a query would otherwise look like one without resources.
func ParseList(o scim.Object) (*List, error) {
	if o == nil {
		return nil, fmt.Errorf("%w: no JSON object", errNotList)
	}
	var l List
	for name, to := range map[string]*int{"totalResults": &l.TotalResults, "startIndex": &l.StartIndex, "itemsPerPage": &l.ItemsPerPage} {
		value, ok := o[name]
		if !ok {
			continue
		}
		number, ok := value.(json.Number)
		n, err := number.Int64()
		if !ok || err != nil {
			return nil, fmt.Errorf("%w: %s is %v, want an integer", errNotList, name, value)
		}
		*to = int(n)
	}
	// RFC 9865 section 2: with cursors totalResults may be left out.
	_, total := o["totalResults"]
	if _, resources := o["Resources"]; !total && !resources {
		return nil, fmt.Errorf("%w: totalResults is missing", errNotList)
	}
	l.NextCursor, _ = o["nextCursor"].(string)
	l.PrevCursor, _ = o["previousCursor"].(string)
	value, ok := o["Resources"]
	if !ok || value == nil {
		return &l, nil
	}
	items, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("%w: Resources is not a list", errNotList)
	}
	for i, item := range items {
		resource, ok := item.(scim.Object)
		if !ok {
			return nil, fmt.Errorf("%w: Resources[%d] is not an object", errNotList, i)
		}
		l.Resources = append(l.Resources, resource)
	}
	return &l, nil
}

// Pages reads page after page by startIndex until totalResults is reached or a
// page is empty. p.Count is the page size; p.StartIndex the first page's. The
// sequence ends after an error.
func (r Resources) Pages(ctx context.Context, p Params) iter.Seq2[*List, error] {
	return func(yield func(*List, error) bool) {
		start := 1
		if p.StartIndex != nil {
			start = max(*p.StartIndex, 1)
		}
		for {
			p.StartIndex = &start
			page, err := r.List(ctx, p)
			if !yield(page, err) || err != nil {
				return
			}
			start += len(page.Resources)
			if len(page.Resources) == 0 || start > page.TotalResults {
				return
			}
		}
	}
}

// CursorPages reads page after page by cursor (RFC 9865 section 2) until the
// server gives no next cursor. A server that gives the same cursor twice in a
// row is an error, not an endless loop.
func (r Resources) CursorPages(ctx context.Context, p Params) iter.Seq2[*List, error] {
	return func(yield func(*List, error) bool) {
		p.StartIndex = nil
		if p.Cursor == nil {
			p.Cursor = new(string)
		}
		for {
			page, err := r.List(ctx, p)
			if err == nil && page.NextCursor != "" && page.NextCursor == *p.Cursor {
				page, err = nil, errors.New("the server gave the same nextCursor again")
			}
			if !yield(page, err) || err != nil || page.NextCursor == "" {
				return
			}
			next := page.NextCursor
			p.Cursor = &next
		}
	}
}

// All reads every resource that p selects, by startIndex.
func (r Resources) All(ctx context.Context, p Params) iter.Seq2[scim.Object, error] {
	return each(r.Pages(ctx, p))
}

// AllByCursor reads every resource that p selects, by cursor.
func (r Resources) AllByCursor(ctx context.Context, p Params) iter.Seq2[scim.Object, error] {
	return each(r.CursorPages(ctx, p))
}

func each(pages iter.Seq2[*List, error]) iter.Seq2[scim.Object, error] {
	return func(yield func(scim.Object, error) bool) {
		for page, err := range pages {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, resource := range page.Resources {
				if !yield(resource, nil) {
					return
				}
			}
		}
	}
}
