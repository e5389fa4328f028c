package scimapi

import (
	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/scim"
)

// createGroup answers POST /Groups (RFC 7644 section 3.3).
func (d *Door) createGroup(x *exchange) error {
	_, v, err := x.query(scim.Group)
	if err != nil {
		return err
	}
	body, err := x.object()
	if err != nil {
		return err
	}
	doc, err := d.provision.CreateGroup(x.ctx, x.caller, body, &x.trail)
	if err != nil {
		return err
	}
	if doc, err = d.withMembers(x, doc, v); err != nil {
		return err
	}
	return x.created(doc, v)
}

// withMembers adds the members to a group that was just written, when the answer
// shows them. It is then the group as it is now: its ETag is that of what is shown.
func (d *Door) withMembers(x *exchange, doc provision.Document, v view) (provision.Document, error) {
	if doc.Members != nil || !v.wants("members") {
		return doc, nil
	}
	return d.provision.GetGroup(x.ctx, x.caller, doc.ID, v.want(scim.Group))
}
