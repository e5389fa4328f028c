package console

import (
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
)

// invitationPage is what the link of an invitation opens. Opening it changes nothing.
type invitationPage struct {
	frame
	Organization string
	Email        string
	InvitedBy    string // "" for the operator
	Roles        []roleMark
	ExpiresAt    time.Time
	SSO          bool // accepting leads to the identity provider
	Password     bool // he sets a password
	MinPassword  int
	Action       string // where the form goes: the link itself
}

func (c *Console) invitation(x *exchange) error {
	p, err := c.invitationPage(x)
	if err != nil {
		return err
	}
	return x.show(p)
}

func (c *Console) invitationPage(x *exchange) (*invitationPage, error) {
	org, id := iam.OrganizationID(x.r.PathValue("org")), iam.InvitationID(x.r.PathValue("invitation"))
	invited, err := c.signIn.Invitation(x.r.Context(), org, id, x.r.PathValue("token"))
	if err != nil {
		return nil, err
	}
	p := &invitationPage{
		frame: x.frame("Invitation"), Organization: invited.OrganizationName, Email: invited.Email, InvitedBy: invited.InvitedBy,
		ExpiresAt: invited.ExpiresAt, SSO: invited.Way == signin.WaySAML, Password: invited.Way == signin.WayPassword,
		MinPassword: signin.MinPassword, Action: x.r.URL.Path,
	}
	if p.InvitedBy == iam.Operator.Details {
		p.InvitedBy = ""
	}
	for _, role := range invited.Roles {
		p.Roles = append(p.Roles, newRoleMark(iam.HeldRole{Role: role, Source: iam.HeldDirect}))
	}
	return p, nil
}

func (c *Console) acceptInvitation(x *exchange) error {
	p, err := c.invitationPage(x)
	if err != nil {
		return err
	}
	password, err := x.newPassword()
	if err != nil {
		return x.again(p, err)
	}
	org, id := iam.OrganizationID(x.r.PathValue("org")), iam.InvitationID(x.r.PathValue("invitation"))
	accepted, err := c.signIn.AcceptInvitation(x.r.Context(), org, id, x.r.PathValue("token"), password, x.client())
	if err != nil {
		return x.again(p, err)
	}
	if accepted.Way == signin.WaySAML {
		return x.goOn("Continue with SSO", "You are a member of "+p.Organization+" now, and are led on to its sign-in.", loginAt(org, "/"))
	}
	c.cookies.SetSession(x.w, accepted.SignedIn.Cookie, accepted.SignedIn.Mark, accepted.SignedIn.ExpiresAt)
	return x.to("/")
}
