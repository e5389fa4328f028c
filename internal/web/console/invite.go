package console

import (
	"cmp"
	"slices"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/web/words"
)

// invitePage is the form for an invitation.
type invitePage struct {
	frame
	SCIM    bool // membership is managed in the identity provider: a warning (R117)
	Mails   bool // the link goes by mail
	Email   string
	Options []roleOption
}

// invitedPage shows the link of a new invitation, once: only a hash of it is kept. It is
// the answer to the POST itself. Also when the link went by mail: mail gets lost.
type invitedPage struct {
	frame
	Email     string
	URL       string
	Mail      access.Mailed
	Why       string // the mail could not be sent, or was not tried
	ExpiresAt time.Time
	Roles     []string
	SSO       bool // he will sign in by SSO
	Password  bool // he will set a password, as an Admin without SSO does
	Domain    string
}

func (c *Console) newInvitation(x *exchange) error {
	query := x.r.URL.Query()
	var chosen []iam.RoleID
	for _, id := range query["role"] {
		chosen = append(chosen, iam.RoleID(id))
	}
	p, err := c.invitePage(x, iam.Clip(query.Get("email")), chosen)
	if err != nil {
		return err
	}
	return x.show(p)
}

func (c *Console) invitePage(x *exchange, email string, chosen []iam.RoleID) (*invitePage, error) {
	roles, err := c.access.Roles(x.r.Context(), x.org())
	if err != nil {
		return nil, err
	}
	p := &invitePage{frame: x.frame("Invite"), SCIM: x.session.Organization.SCIMEnabled, Mails: c.access.MailsInvitations(), Email: email, Options: x.roleOptions(roles, nil)}
	p.Here = "/invitations"
	for i := range p.Options {
		p.Options[i].Chosen = p.Options[i].Denied == "" && slices.Contains(chosen, p.Options[i].ID)
	}
	return p, nil
}

func (c *Console) invite(x *exchange) error {
	ctx, chosen := x.r.Context(), x.chosenRoles()
	form, err := c.invitePage(x, iam.Clip(x.value("email")), chosen)
	if err != nil {
		return err
	}
	var args []string
	for _, id := range chosen {
		args = append(args, string(id))
	}
	x.allowMail()
	made, err := c.access.Invite(ctx, x.session.Actor, x.org(), x.value("email"), args)
	if err != nil {
		return x.again(form, err)
	}
	saml, err := c.access.SAML(ctx, x.org())
	if err != nil {
		return err
	}
	p := &invitedPage{frame: x.frame("Invited"), Email: iam.Fold(x.value("email")), URL: made.URL, Mail: made.Mail, Why: words.Sentence(cmp.Or(made.Mail.Failure, made.Mail.Withheld)), ExpiresAt: made.ExpiresAt}
	p.Here, p.Domain = "/invitations", iam.DomainOf(p.Email)
	for _, o := range form.Options {
		if o.Chosen {
			p.Roles = append(p.Roles, roleTitle(iam.RoleRef{Name: o.Name, Type: roleType(o.System)}))
		}
	}
	p.SSO = saml.Connected && verified(saml, p.Email) && x.session.Organization.Plan.HasSCIM()
	p.Password = !p.SSO && slices.Contains(chosen, iam.RoleAdmin)
	return x.show(p)
}

func roleType(system bool) iam.RoleType {
	if system {
		return iam.RoleSystem
	}
	return iam.RoleCustom
}
