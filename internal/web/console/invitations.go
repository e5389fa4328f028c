package console

import (
	"net/url"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

// invitationsPage is Users and roles, Invitations: who was invited and has not come yet.
type invitationsPage struct {
	frame
	SCIM        bool
	Mails       bool // links go by mail
	Invitations []invitationRow
}

// invitationRow is a pending invitation.
type invitationRow struct {
	access.InvitationView
	Again string // URL of the form that invites the same person anew
}

// invitationDeletionPage asks before an invitation is deleted.
type invitationDeletionPage struct {
	frame
	ID    iam.InvitationID
	Email string
	Roles []string
	Ended bool // its link opens nothing any more
	Until time.Time
}

func (c *Console) invitations(x *exchange) error {
	pending, err := c.access.Invitations(x.r.Context(), x.org())
	if err != nil {
		return err
	}
	roles, err := c.access.Roles(x.r.Context(), x.org())
	if err != nil {
		return err
	}
	p := &invitationsPage{frame: x.frame("Users and roles"), SCIM: x.session.Organization.SCIMEnabled, Mails: c.access.MailsInvitations()}
	for _, i := range pending {
		again := url.Values{"email": {i.Email}}
		for _, r := range i.Roles {
			again.Add("role", string(r.ID))
		}
		p.Invitations = append(p.Invitations, invitationRow{InvitationView: i, Again: "/invitations/new?" + again.Encode()})
	}
	if err := c.peopleTabs(x, &p.frame, len(roles)); err != nil {
		return err
	}
	return x.show(p)
}

func (c *Console) invitationDeletion(x *exchange) error {
	i, err := c.access.Invitation(x.r.Context(), x.org(), iam.InvitationID(x.r.PathValue("invitation")))
	if err != nil {
		return err
	}
	p := &invitationDeletionPage{
		frame: x.frame("Delete invitation"), ID: i.ID, Email: i.Email, Roles: roleRefNames(i.Roles), Ended: i.Expired, Until: i.ExpiresAt,
	}
	p.Here = "/invitations"
	return x.show(p)
}

func (c *Console) deleteInvitation(x *exchange) error {
	email, err := c.access.DeleteInvitation(x.r.Context(), x.session.Actor, x.org(), iam.InvitationID(x.r.PathValue("invitation")))
	if err != nil {
		return err
	}
	return x.done("/invitations", "The invitation of "+email+" was deleted.", "Its link opens nothing any more.")
}
