package scimapi

import (
	"net/http"

	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/scim"
)

// search reads the body of POST /.search, which asks what a GET asks with its query
// (RFC 7644 section 3.4.3).
func (x *exchange) search(rt *scim.ResourceType) (scim.Query, view, error) {
	body, err := x.object()
	if err != nil {
		return scim.Query{}, view{}, err
	}
	q, err := scim.ParseSearch(body)
	if err != nil {
		return scim.Query{}, view{}, err
	}
	v, err := newView(rt, q)
	return q, v, err
}

// listQuery parses what a list is asked for.
func (x *exchange) listQuery(rt *scim.ResourceType, q scim.Query, v view) (provision.Query, error) {
	asked := provision.Query{StartIndex: q.StartIndex, Count: q.Count, HasCount: q.HasCount, Want: v.want(rt)}
	if q.HasCursor {
		asked.Cursor = &q.Cursor
	}
	if q.Filter != "" {
		f, err := scim.ParseFilter(q.Filter)
		if err != nil {
			return provision.Query{}, err
		}
		asked.Filter = f
	}
	sort, notes := scim.ParseSort(rt, q.SortBy, q.SortOrder)
	asked.Sort = sort
	for _, n := range notes {
		x.trail.Verdicts = append(x.trail.Verdicts, scim.Verdict{Op: "list", Path: n.Path, Verdict: scim.IgnoredAttribute, Note: n.Text})
	}
	return asked, nil
}

// page answers with a list (RFC 7644 section 3.4.2, RFC 9865 section 2).
func (x *exchange) page(p provision.Page, v view) error {
	l := scim.ListResponse{
		TotalResults: p.Total, StartIndex: p.StartIndex, ItemsPerPage: len(p.Items),
		NextCursor: p.NextCursor,
	}
	o := x.output(http.StatusOK)
	return o.end(func() error {
		o.b = append(o.b, l.Head()...)
		for i, d := range p.Items {
			if i > 0 {
				o.b = append(o.b, ',')
			}
			if err := (encoder{x.base}).resource(o, d, v); err != nil {
				return err
			}
		}
		o.b = append(o.b, l.Tail()...)
		return nil
	}())
}
