package scimapi

import (
	"net/http"
	"strings"

	"github.com/rollcall/rollcall/scim"
)

// The discovery documents (RFC 7644 section 4). They need the key like everything
// below the base: their addresses name the organization.

func (d *Door) serviceProviderConfig(x *exchange) error {
	if err := x.noFilter(); err != nil {
		return err
	}
	x.send(http.StatusOK, scim.Encode(scim.ServiceProviderConfig(x.base)))
	return nil
}

func (d *Door) listResourceTypes(x *exchange) error { return x.documents(scim.ResourceTypes(x.base)) }
func (d *Door) listSchemas(x *exchange) error       { return x.documents(scim.SchemaDocs(x.base)) }
func (d *Door) getResourceType(x *exchange) error   { return x.document(scim.ResourceTypes(x.base)) }
func (d *Door) getSchema(x *exchange) error         { return x.document(scim.SchemaDocs(x.base)) }

// documents answers with all of them: paging and sorting are not for these lists.
func (x *exchange) documents(all []scim.Object) error {
	if err := x.noFilter(); err != nil {
		return err
	}
	l := scim.ListResponse{TotalResults: len(all), StartIndex: 1, ItemsPerPage: len(all)}
	x.send(http.StatusOK, scim.Encode(l.Object(all)))
	return nil
}

// document answers with the one that the path names; URNs count in any case.
func (x *exchange) document(all []scim.Object) error {
	if err := x.noFilter(); err != nil {
		return err
	}
	for _, o := range all {
		if id, _ := o["id"].(string); strings.EqualFold(id, x.id) {
			x.send(http.StatusOK, scim.Encode(o))
			return nil
		}
	}
	return scim.Errorf(http.StatusNotFound, "", "there is no document %q here", clip(x.id))
}

// noFilter refuses a filter. RFC 7644 section 4: a filter on these paths is 403,
// so that no client takes a list that ignores it for the answer.
func (x *exchange) noFilter() error {
	q, err := x.parameters()
	if err != nil {
		return err
	}
	if q.Filter != "" {
		return scim.Errorf(http.StatusForbidden, "", "this list cannot be filtered; read it without a filter")
	}
	return nil
}

// me answers /Me, which stands for the person who asks: a SCIM key is nobody
// (RFC 7644 section 3.11).
func me(*exchange) error {
	return scim.Errorf(http.StatusNotImplemented, "", "/Me is not offered: a SCIM key speaks for an organization and is no user; use /Users")
}
