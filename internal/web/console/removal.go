package console

import (
	"slices"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

// removalPage asks before a member is removed, and says what that does (D4).
type removalPage struct {
	frame
	ID       iam.MemberID
	Name     string
	Address  string
	SCIM     bool // he is deactivated, and the identity provider can bring him back
	Refused  bool // he is the last break-glass Admin
	Self     bool
	Returns  bool // his next sign-in would make him a member again (D9)
	Direct   []string
	Sessions int
	Invited  bool
	Keys     []iam.KeyID // SCIM keys that he made, and knows
	KeysURL  string
}

func (c *Console) removal(x *exchange) error {
	p, err := c.removalPage(x)
	if err != nil {
		return err
	}
	return x.show(p)
}

func (c *Console) removalPage(x *exchange) (*removalPage, error) {
	d, err := c.liveMember(x)
	if err != nil {
		return nil, err
	}
	saml, err := c.access.SAML(x.r.Context(), x.org())
	if err != nil {
		return nil, err
	}
	sso := saml.Connected && verified(saml, d.Email)
	p := &removalPage{
		frame: x.frame("Remove a member"), ID: d.ID, Name: d.DisplayName, Address: d.Email, SCIM: d.SCIMUser,
		Refused: d.OnlyBreakGlass, Self: d.ID == x.session.Member, Direct: roleRefNames(d.Direct), Sessions: d.Sessions,
		Returns: !d.SCIMUser && sso && !x.session.Organization.SCIMEnabled,
		Invited: d.Invited, Keys: d.Keys, KeysURL: c.linkTo(x, "/settings/scim"),
	}
	p.Here = "/members"
	return p, nil
}

// verified tells whether the domain of an address is verified.
func verified(saml access.SAMLView, address string) bool {
	return slices.ContainsFunc(saml.Domains, func(d access.Domain) bool {
		return d.Domain == iam.DomainOf(address) && d.Status == access.DomainVerified
	})
}

func (c *Console) removeMember(x *exchange) error {
	p, err := c.removalPage(x)
	if err != nil {
		return err
	}
	if err := c.access.RemoveMember(x.r.Context(), x.session.Actor, x.org(), string(p.ID)); err != nil {
		return x.again(p, err)
	}
	if p.Self {
		c.cookies.ClearSession(x.w)
		return x.to("/?signed-out")
	}
	detail := "Sessions have ended, and sign-in is refused."
	if p.SCIM {
		detail += " Unassign the person in Entra ID too, or a later sync brings the member back."
	}
	return x.done("/members", p.Name+" was removed.", detail)
}
