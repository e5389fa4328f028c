package scimapi

// deleteUser answers DELETE /Users/{id} (RFC 7644 section 3.6).
func (d *Door) deleteUser(x *exchange) error {
	if err := d.provision.DeleteUser(x.ctx, x.caller, x.id, x.ifMatch()); err != nil {
		return err
	}
	return x.empty()
}
