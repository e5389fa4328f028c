package scimapi

import "github.com/rollcall/rollcall/scim"

// listGroups answers GET /Groups (RFC 7644 section 3.4.2).
func (d *Door) listGroups(x *exchange) error {
	q, v, err := x.query(scim.Group)
	if err != nil {
		return err
	}
	return d.answerGroups(x, q, v)
}

// searchGroups answers POST /Groups/.search (RFC 7644 section 3.4.3).
func (d *Door) searchGroups(x *exchange) error {
	q, v, err := x.search(scim.Group)
	if err != nil {
		return err
	}
	return d.answerGroups(x, q, v)
}

func (d *Door) answerGroups(x *exchange, q scim.Query, v view) error {
	asked, err := x.listQuery(scim.Group, q, v)
	if err != nil {
		return err
	}
	page, err := d.provision.ListGroups(x.ctx, x.caller, asked)
	if err != nil {
		return err
	}
	return x.page(page, v)
}
