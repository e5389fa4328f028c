package scimapi

import "github.com/rollcall/rollcall/scim"

// createUser answers POST /Users (RFC 7644 section 3.3).
func (d *Door) createUser(x *exchange) error {
	_, v, err := x.query(scim.User)
	if err != nil {
		return err
	}
	body, err := x.object()
	if err != nil {
		return err
	}
	doc, err := d.provision.CreateUser(x.ctx, x.caller, body, &x.trail)
	if err != nil {
		return err
	}
	return x.created(doc, v)
}
