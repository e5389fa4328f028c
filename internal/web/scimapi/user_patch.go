package scimapi

import (
	"net/http"

	"github.com/rollcall/rollcall/scim"
)

// patchUser answers PATCH /Users/{id} with the user as it is then (RFC 7644
// section 3.5.2).
func (d *Door) patchUser(x *exchange) error {
	_, v, err := x.query(scim.User)
	if err != nil {
		return err
	}
	patch, err := x.patch()
	if err != nil {
		return err
	}
	doc, err := d.provision.PatchUser(x.ctx, x.caller, x.id, patch, x.ifMatch(), &x.trail)
	if err != nil {
		return err
	}
	return x.resource(http.StatusOK, doc, v)
}

// patch reads the body of a PATCH.
func (x *exchange) patch() (*scim.Patch, error) {
	body, err := x.object()
	if err != nil {
		return nil, err
	}
	return scim.ParsePatch(body)
}
