package console

import "github.com/rollcall/rollcall/internal/iam"

// unlinkingPage asks before a role is unlinked from its SCIM groups, and says what that
// does (D2).
type unlinkingPage struct {
	frame
	ID      iam.RoleID
	Name    string
	Field   string // the SCIM group field, which is cleared
	Groups  []roleGroup
	Through int  // members who hold the role through these groups, whatever else gives it to them
	Goes    bool // SCIM made it, and it is deleted with its last group (D10)
}

func (c *Console) unlinking(x *exchange) error {
	p, err := c.unlinkingPage(x)
	if err != nil {
		return err
	}
	return x.show(p)
}

func (c *Console) unlinkingPage(x *exchange) (*unlinkingPage, error) {
	d, err := c.customRole(x)
	if err != nil {
		return nil, err
	}
	p := &unlinkingPage{frame: x.frame("Unlink"), ID: d.ID, Name: d.Name, Field: d.SCIMGroup, Groups: roleGroups(d), Goes: d.GoesUnlinked}
	p.Here = "/roles"
	p.Through = d.Holders - d.ByDefault - d.Direct
	return p, nil
}

func (c *Console) unlinkRole(x *exchange) error {
	p, err := c.unlinkingPage(x)
	if err != nil {
		return err
	}
	if err := c.access.UnlinkRole(x.r.Context(), x.session.Actor, x.org(), string(p.ID)); err != nil {
		return x.again(p, err)
	}
	if p.Goes {
		return x.done("/roles", "The role "+p.Name+" was unlinked and is gone.", "SCIM had made it, and it had no permissions.")
	}
	return x.done("/roles/"+string(p.ID), "The role "+p.Name+" was unlinked.", "Its SCIM groups have no role now.")
}
