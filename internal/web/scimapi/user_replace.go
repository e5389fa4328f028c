package scimapi

import (
	"net/http"

	"github.com/rollcall/rollcall/scim"
)

// replaceUser answers PUT /Users/{id} (RFC 7644 section 3.5.1).
func (d *Door) replaceUser(x *exchange) error {
	_, v, err := x.query(scim.User)
	if err != nil {
		return err
	}
	body, err := x.object()
	if err != nil {
		return err
	}
	doc, err := d.provision.ReplaceUser(x.ctx, x.caller, x.id, body, x.ifMatch(), &x.trail)
	if err != nil {
		return err
	}
	return x.resource(http.StatusOK, doc, v)
}
