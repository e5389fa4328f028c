package scimapi

import "github.com/rollcall/rollcall/scim"

// getUser answers GET /Users/{id} (RFC 7644 section 3.4.1). A deactivated user is
// found like any other (D4).
func (d *Door) getUser(x *exchange) error {
	_, v, err := x.query(scim.User)
	if err != nil {
		return err
	}
	doc, err := d.provision.GetUser(x.ctx, x.caller, x.id, v.want(scim.User))
	if err != nil {
		return err
	}
	return x.found(doc, v)
}
