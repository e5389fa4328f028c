package scimapi

import "github.com/rollcall/rollcall/scim"

// listUsers answers GET /Users (RFC 7644 section 3.4.2).
func (d *Door) listUsers(x *exchange) error {
	q, v, err := x.query(scim.User)
	if err != nil {
		return err
	}
	return d.answerUsers(x, q, v)
}

// searchUsers answers POST /Users/.search (RFC 7644 section 3.4.3).
func (d *Door) searchUsers(x *exchange) error {
	q, v, err := x.search(scim.User)
	if err != nil {
		return err
	}
	return d.answerUsers(x, q, v)
}

func (d *Door) answerUsers(x *exchange, q scim.Query, v view) error {
	asked, err := x.listQuery(scim.User, q, v)
	if err != nil {
		return err
	}
	page, err := d.provision.ListUsers(x.ctx, x.caller, asked)
	if err != nil {
		return err
	}
	return x.page(page, v)
}
