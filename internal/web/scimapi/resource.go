package scimapi

import (
	"net/http"
	"strings"

	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/scim"
)

// query reads the query of the URL and what of a resource the answer shows.
func (x *exchange) query(rt *scim.ResourceType) (scim.Query, view, error) {
	q, err := x.parameters()
	if err != nil {
		return scim.Query{}, view{}, err
	}
	v, err := newView(rt, q)
	return q, v, err
}

// parameters reads the query of the URL. Parameters are separated by "&" and by
// nothing else, so a ";" inside a filter is part of it. A filter that stands behind
// a ";" would be part of another parameter, and a list without its filter is
// everybody: such a query is refused.
func (x *exchange) parameters() (scim.Query, error) {
	raw := x.r.URL.RawQuery
	q, err := scim.ParseQuery(raw)
	if err == nil && q.Filter == "" && strings.Contains(strings.ToLower(raw), ";filter=") {
		return scim.Query{}, scim.Errorf(http.StatusBadRequest, scim.InvalidFilter, `the filter stands behind a ";" in the URL; parameters are separated by "&"`)
	}
	return q, err
}

// ifMatch is the condition of a write (RFC 7644 section 3.14).
func (x *exchange) ifMatch() provision.Match {
	return provision.ParseMatch(strings.Join(x.r.Header.Values("If-Match"), ","))
}

// resource answers with one resource, under its ETag.
func (x *exchange) resource(status int, d provision.Document, v view) error {
	x.w.Header().Set("ETag", d.ETag())
	o := x.output(status)
	return o.end(encoder{x.base}.resource(o, d, v))
}

// found answers a GET by id: with the resource, or with 304 when the client has
// this version (RFC 7644 section 3.14).
func (x *exchange) found(d provision.Document, v view) error {
	h := x.w.Header()
	h.Set("Content-Location", encoder{x.base}.location(d))
	if m := provision.ParseMatch(strings.Join(x.r.Header.Values("If-None-Match"), ",")); m.Given() && m.Holds(d.Version) {
		h.Set("ETag", d.ETag())
		x.send(http.StatusNotModified, nil)
		return nil
	}
	return x.resource(http.StatusOK, d, v)
}

// created answers a POST (RFC 7644 section 3.3).
func (x *exchange) created(d provision.Document, v view) error {
	x.w.Header().Set("Location", encoder{x.base}.location(d))
	return x.resource(http.StatusCreated, d, v)
}

// empty answers 204.
func (x *exchange) empty() error {
	x.send(http.StatusNoContent, nil)
	return nil
}
