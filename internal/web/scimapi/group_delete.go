package scimapi

// deleteGroup answers DELETE /Groups/{id} (RFC 7644 section 3.6).
func (d *Door) deleteGroup(x *exchange) error {
	if err := d.provision.DeleteGroup(x.ctx, x.caller, x.id, x.ifMatch()); err != nil {
		return err
	}
	return x.empty()
}
