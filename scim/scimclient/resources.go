package scimclient

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/rollcall/rollcall/scim"
)

// Resources is the endpoint of one resource type. Its methods return a
// *scim.Error (errors.As) for every answer of 400 and above.
type Resources struct {
	client *Client
	path   string
}

// Users is the endpoint /Users.
func (c *Client) Users() Resources { return c.Resources("/Users") }

// Groups is the endpoint /Groups.
func (c *Client) Groups() Resources { return c.Resources("/Groups") }

// Resources is the endpoint of a resource type, for example "/Devices".
func (c *Client) Resources(path string) Resources { return Resources{client: c, path: path} }

// Params are the query parameters of RFC 7644 section 3.4.2 and RFC 9865. Zero
// values are not sent.
type Params struct {
	Filter             string
	Attributes         []string
	ExcludedAttributes []string
	SortBy             string
	SortOrder          string // "ascending" or "descending"
	StartIndex         *int
	Count              *int
	Cursor             *string // "" asks for the first page
}

// Encode is the query string, percent-encoded, in a fixed order.
func (p Params) Encode() string {
	var pairs []string
	add := func(name, value string) { pairs = append(pairs, name, value) }
	if p.Filter != "" {
		add("filter", p.Filter)
	}
	if len(p.Attributes) > 0 {
		add("attributes", strings.Join(p.Attributes, ","))
	}
	if len(p.ExcludedAttributes) > 0 {
		add("excludedAttributes", strings.Join(p.ExcludedAttributes, ","))
	}
	if p.SortBy != "" {
		add("sortBy", p.SortBy)
	}
	if p.SortOrder != "" {
		add("sortOrder", p.SortOrder)
	}
	if p.StartIndex != nil {
		add("startIndex", strconv.Itoa(*p.StartIndex))
	}
	if p.Count != nil {
		add("count", strconv.Itoa(*p.Count))
	}
	if p.Cursor != nil {
		add("cursor", *p.Cursor)
	}
	return Query(pairs...)
}

// Query encodes name and value pairs, in order, with %20 for a space. An odd
// last name stands without a value.
func Query(pairs ...string) string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(escape(pairs[i]))
		if i+1 < len(pairs) {
			b.WriteByte('=')
			b.WriteString(escape(pairs[i+1]))
		}
	}
	return b.String()
}

func escape(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

// Quote makes a string literal for a filter: JSON rules (RFC 7644 section
// 3.4.2.2).
func Quote(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return strconv.Quote(s) // not reached: a string always encodes
	}
	return strings.TrimRight(b.String(), "\n")
}

func (r Resources) one(id string) string { return r.path + "/" + url.PathEscape(id) }

func (r Resources) call(ctx context.Context, method, path, query string, body any) (*Response, error) {
	resp, err := r.client.Do(ctx, method, path, query, body, nil)
	if err != nil {
		return nil, err
	}
	if err := resp.Err(); err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return resp, nil
}

// Create posts a resource and returns the server's version of it.
func (r Resources) Create(ctx context.Context, o scim.Object) (scim.Object, error) {
	resp, err := r.call(ctx, http.MethodPost, r.path, "", o)
	if err != nil {
		return nil, err
	}
	if id, _ := resp.Object["id"].(string); id == "" {
		return nil, fmt.Errorf("POST %s: the server answered %d without the id of the new resource", r.path, resp.Status)
	}
	return resp.Object, nil
}

// Get reads one resource; p may choose attributes.
func (r Resources) Get(ctx context.Context, id string, p Params) (scim.Object, error) {
	resp, err := r.call(ctx, http.MethodGet, r.one(id), p.Encode(), nil)
	if err != nil {
		return nil, err
	}
	return resp.Object, nil
}

// Replace puts a whole resource.
func (r Resources) Replace(ctx context.Context, id string, o scim.Object) (scim.Object, error) {
	resp, err := r.call(ctx, http.MethodPut, r.one(id), "", o)
	if err != nil {
		return nil, err
	}
	return resp.Object, nil
}

// Patch sends a PATCH body as given. The object is nil when the server answers
// 204.
func (r Resources) Patch(ctx context.Context, id string, body scim.Object) (scim.Object, error) {
	resp, err := r.call(ctx, http.MethodPatch, r.one(id), "", body)
	if err != nil {
		return nil, err
	}
	return resp.Object, nil
}

// Delete removes one resource.
func (r Resources) Delete(ctx context.Context, id string) error {
	_, err := r.call(ctx, http.MethodDelete, r.one(id), "", nil)
	return err
}

// Find lists the first page of the resources that match a filter.
func (r Resources) Find(ctx context.Context, filter string) (*List, error) {
	return r.List(ctx, Params{Filter: filter})
}

// List reads one page.
func (r Resources) List(ctx context.Context, p Params) (*List, error) {
	resp, err := r.call(ctx, http.MethodGet, r.path, p.Encode(), nil)
	if err != nil {
		return nil, err
	}
	return ParseList(resp.Object)
}

// Search posts a SearchRequest to /.search (RFC 7644 section 3.4.3). The
// schemas member is added when it is missing.
func (r Resources) Search(ctx context.Context, request scim.Object) (*List, error) {
	resp, err := r.call(ctx, http.MethodPost, r.path+"/.search", "", withSchema(request, scim.SearchRequestURN))
	if err != nil {
		return nil, err
	}
	return ParseList(resp.Object)
}

// Bulk posts a BulkRequest and returns the BulkResponse (RFC 7644 section 3.7).
// The statuses of the single operations are the caller's to read. The schemas
// member is added when it is missing.
func (c *Client) Bulk(ctx context.Context, request scim.Object) (scim.Object, error) {
	resp, err := Resources{client: c}.call(ctx, http.MethodPost, "/Bulk", "", withSchema(request, scim.BulkRequestURN))
	if err != nil {
		return nil, err
	}
	return resp.Object, nil
}

func withSchema(o scim.Object, urn string) scim.Object {
	if _, ok := o["schemas"]; ok {
		return o
	}
	c := make(scim.Object, len(o)+1)
	for k, v := range o {
		c[k] = v
	}
	c["schemas"] = []any{urn}
	return c
}

// PatchOp makes a PATCH body of operations, as RFC 7644 section 3.5.2 has it.
func PatchOp(operations ...scim.Object) scim.Object {
	list := make([]any, len(operations))
	for i, op := range operations {
		list[i] = op
	}
	return scim.Object{"schemas": []any{scim.PatchOpURN}, "Operations": list}
}
