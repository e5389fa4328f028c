package scimapi

import (
	"errors"
	"net/http"

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
	x.w.Header().Set("Location", encoder{x.base}.location(doc))
	return d.writtenGroup(x, http.StatusCreated, doc, v)
}

// writtenGroup answers with a group that was just written, with its members where
// the answer shows them: the group as it is now, under the ETag of what is shown.
// The change is made and durable, so trouble with reading the members does not make
// a failure of it: they are then left out.
func (d *Door) writtenGroup(x *exchange, status int, doc provision.Document, v view) error {
	if v.wants("members") {
		whole, err := doc, error(nil)
		if doc.Members == nil {
			whole, err = d.provision.GetGroup(x.ctx, x.caller, doc.ID, v.want(scim.Group))
		}
		if err == nil {
			err = x.resource(status, whole, v)
		}
		if err == nil || errors.Is(err, errAborted) {
			return err
		}
		doc.Members = nil
	}
	return x.resource(status, doc, v)
}
