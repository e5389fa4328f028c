package scimapi

import "github.com/rollcall/rollcall/scim"

// getGroup answers GET /Groups/{id} (RFC 7644 section 3.4.1). The members are sent
// while they are read; with excludedAttributes=members they are not read.
func (d *Door) getGroup(x *exchange) error {
	_, v, err := x.query(scim.Group)
	if err != nil {
		return err
	}
	doc, err := d.provision.GetGroup(x.ctx, x.caller, x.id, v.want(scim.Group))
	if err != nil {
		return err
	}
	return x.found(doc, v)
}
