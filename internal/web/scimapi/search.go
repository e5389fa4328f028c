package scimapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/scim"
)

// searchAll answers POST /.search at the root: users and groups together, users
// first (RFC 7644 section 3.4.3). A filter on an attribute that only one of them
// has finds nothing among the others.
func (d *Door) searchAll(x *exchange) error {
	body, err := x.object()
	if err != nil {
		return err
	}
	q, err := scim.ParseSearch(body)
	if err != nil {
		return err
	}
	if q.HasCursor {
		return scim.Errorf(http.StatusBadRequest, scim.InvalidCursor, "a search over users and groups together has no cursors; use startIndex and count, or search /Users or /Groups")
	}
	kinds := [...]*kind{{rt: scim.User, list: d.provision.ListUsers}, {rt: scim.Group, list: d.provision.ListGroups}}
	if err := x.prepare(kinds[:], q); err != nil {
		return err
	}
	total, items := 0, 0
	room := scim.DefaultPageSize
	if q.HasCount {
		room = q.Count
	}
	for _, k := range kinds {
		if k.none {
			continue
		}
		k.asked.StartIndex = max(q.StartIndex-total, 1)
		k.asked.Count, k.asked.HasCount = room-items, true
		page, err := k.list(x.ctx, x.caller, k.asked)
		if err != nil {
			return err
		}
		if q.StartIndex <= total+page.Total {
			k.items = page.Items
		}
		total += page.Total
		items += len(k.items)
	}
	l := scim.ListResponse{TotalResults: total, StartIndex: q.StartIndex, ItemsPerPage: items}
	o := x.output(http.StatusOK)
	return o.end(writeKinds(o, encoder{x.base}, l, kinds[:]))
}

// kind is one resource type in a search over all.
type kind struct {
	rt    *scim.ResourceType
	list  func(context.Context, provision.Caller, provision.Query) (provision.Page, error)
	view  view
	asked provision.Query
	none  bool // the filter cannot hold for this type
	items []provision.Document
}

// prepare parses the search for each type. A filter that is wrong for all of them
// is refused.
func (x *exchange) prepare(kinds []*kind, q scim.Query) error {
	var refused error
	fits := 0
	for _, k := range kinds {
		var err error
		if k.view, err = newView(k.rt, q); err != nil {
			return err
		}
		if k.asked, err = x.listQuery(k.rt, q, k.view); err != nil {
			return err
		}
		if k.asked.Filter != nil {
			if err := k.asked.Filter.Check(k.rt); err != nil {
				refused = errors.Join(refused, err)
				k.none = true
				continue
			}
		}
		fits++
	}
	if fits == 0 {
		return refused
	}
	return nil
}

func writeKinds(o *output, e encoder, l scim.ListResponse, kinds []*kind) error {
	o.b = append(o.b, l.Head()...)
	first := true
	for _, k := range kinds {
		for _, d := range k.items {
			if !first {
				o.b = append(o.b, ',')
			}
			first = false
			if err := e.resource(o, d, k.view); err != nil {
				return err
			}
		}
	}
	o.b = append(o.b, l.Tail()...)
	return nil
}
