package scimapi

import (
	"net/http"

	"github.com/rollcall/rollcall/scim"
)

// patchGroup answers PATCH /Groups/{id} with 204 and the new ETag: nobody wants all
// members back for having added one (Microsoft Entra docs,
// use-scim-to-provision-users-and-groups). A client that names attributes gets them
// with 200 (RFC 7644 section 3.5.2).
func (d *Door) patchGroup(x *exchange) error {
	q, v, err := x.query(scim.Group)
	if err != nil {
		return err
	}
	patch, err := x.patch()
	if err != nil {
		return err
	}
	doc, err := d.provision.PatchGroup(x.ctx, x.caller, x.id, patch, x.ifMatch(), &x.trail)
	if err != nil {
		return err
	}
	if q.Attributes == "" {
		x.w.Header().Set("ETag", doc.ETag())
		return x.empty()
	}
	return d.writtenGroup(x, http.StatusOK, doc, v)
}
