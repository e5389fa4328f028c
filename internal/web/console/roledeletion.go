package console

import (
	"errors"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

// roleDeletionPage asks before a role is deleted: what that does to the members, and what
// keeps it from being deleted (D3).
type roleDeletionPage struct {
	frame
	ID          iam.RoleID
	Name        string
	Default     bool            // it is in the Default role list: it cannot be deleted
	Invitations []string        // addresses that it was promised to: neither
	Preview     *access.Preview // nil when it cannot be deleted
}

func (c *Console) roleDeletion(x *exchange) error {
	p, err := c.roleDeletionPage(x)
	if err != nil {
		return err
	}
	if p.Default || len(p.Invitations) > 0 {
		return x.show(p)
	}
	preview, err := c.access.PreviewDeleteRole(x.r.Context(), x.session.Actor, x.org(), string(p.ID))
	if err != nil {
		return x.again(p, err)
	}
	p.Preview = x.preview(preview)
	return x.show(p)
}

func (c *Console) roleDeletionPage(x *exchange) (*roleDeletionPage, error) {
	d, err := c.customRole(x)
	if err != nil {
		return nil, err
	}
	p := &roleDeletionPage{frame: x.frame("Delete role"), ID: d.ID, Name: d.Name, Default: d.Default, Invitations: d.Invitations}
	p.Here = "/roles"
	return p, nil
}

func (c *Console) deleteRole(x *exchange) error {
	p, err := c.roleDeletionPage(x)
	if err != nil {
		return err
	}
	preview, err := c.access.PreviewDeleteRole(x.r.Context(), x.session.Actor, x.org(), string(p.ID))
	counted := !errors.Is(err, access.ErrBusy) // what was asked for is done all the same
	if err != nil && counted {
		return x.again(p, err)
	}
	if err := c.access.DeleteRole(x.r.Context(), x.session.Actor, x.org(), string(p.ID)); err != nil {
		return x.again(p, err)
	}
	if !counted {
		return x.done("/roles", "The role "+p.Name+" was deleted.", uncounted)
	}
	detail := affected(preview)
	if len(preview.Groups) > 0 {
		detail += " Its SCIM groups have no role now."
	}
	return x.done("/roles", "The role "+p.Name+" was deleted.", detail)
}
