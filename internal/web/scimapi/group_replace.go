package scimapi

import (
	"net/http"

	"github.com/rollcall/rollcall/scim"
)

// replaceGroup answers PUT /Groups/{id} (RFC 7644 section 3.5.1).
func (d *Door) replaceGroup(x *exchange) error {
	_, v, err := x.query(scim.Group)
	if err != nil {
		return err
	}
	body, err := x.object()
	if err != nil {
		return err
	}
	doc, err := d.provision.ReplaceGroup(x.ctx, x.caller, x.id, body, x.ifMatch(), &x.trail)
	if err != nil {
		return err
	}
	return d.writtenGroup(x, http.StatusOK, doc, v)
}
