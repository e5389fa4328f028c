package console

import (
	"errors"
	"slices"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

// unlinkingPage asks before a role is unlinked from its SCIM groups, and says what that
// does (D2).
type unlinkingPage struct {
	frame
	ID      iam.RoleID
	Name    string
	Field   string // the SCIM group field, which is cleared
	Linked  bool   // there are groups to be unlinked
	Goes    bool   // SCIM made it, and it is deleted with its last group (D10)
	Preview *access.Preview
}

func (c *Console) unlinking(x *exchange) error {
	p, err := c.unlinkingPage(x)
	if err != nil {
		return err
	}
	if p.Linked || p.Field != "" {
		if err := p.preview(c, x); err != nil {
			return x.again(p, err)
		}
	}
	return x.show(p)
}

func (c *Console) unlinkingPage(x *exchange) (*unlinkingPage, error) {
	d, err := c.customRole(x)
	if err != nil {
		return nil, err
	}
	p := &unlinkingPage{frame: x.frame("Unlink"), ID: d.ID, Name: d.Name, Field: d.SCIMGroup, Linked: len(d.Groups) > 0}
	p.Here = "/roles"
	return p, nil
}

func (p *unlinkingPage) preview(c *Console, x *exchange) error {
	preview, err := c.access.PreviewUnlinkRole(x.r.Context(), x.session.Actor, x.org(), string(p.ID))
	if err != nil {
		return err
	}
	p.Preview = x.preview(preview)
	p.Goes = slices.ContainsFunc(preview.Gone, func(r iam.RoleRef) bool { return r.ID == p.ID })
	return nil
}

func (c *Console) unlinkRole(x *exchange) error {
	p, err := c.unlinkingPage(x)
	if err != nil {
		return err
	}
	err = p.preview(c, x)
	counted := !errors.Is(err, access.ErrBusy) // what was asked for is done all the same
	if err != nil && counted {
		return x.again(p, err)
	}
	if err := c.access.UnlinkRole(x.r.Context(), x.session.Actor, x.org(), string(p.ID)); err != nil {
		return x.again(p, err)
	}
	if !counted { // nor is it known whether the role went with its last group
		return x.done("/roles", "The role "+p.Name+" was unlinked.", uncounted)
	}
	if p.Goes {
		return x.done("/roles", "The role "+p.Name+" was unlinked and is gone.", affected(*p.Preview)+" SCIM had made the role, and it had no permissions.")
	}
	return x.done("/roles/"+string(p.ID), "The role "+p.Name+" was unlinked.", affected(*p.Preview)+" Its SCIM groups have no role now.")
}
