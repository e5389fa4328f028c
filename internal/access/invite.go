package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// Invited is a new invitation with its link, which is shown here and nowhere else.
type Invited struct {
	ID        iam.InvitationID
	URL       string
	ExpiresAt time.Time
	Mail      Mailed // the link, to whom it is for
}

// Invite invites an address, which alone may accept, with the roles it will hold
// directly; without roles it will hold those of its groups, or the Default roles.
// Inviting an address again replaces its invitation: the former link is void.
// It is refused for a member, and for a SCIM user while SCIM is on (D5).
//
// If the operator gave a mail server, the link is mailed afterwards: an invitation
// whose mail failed, or is one too many of the day, stands all the same.
func (s *Service) Invite(ctx context.Context, actor iam.Actor, org iam.OrganizationID, email string, roles []string) (Invited, error) {
	key, ok := iam.EmailKey(email)
	if !ok {
		return Invited{}, badAddress(email, "email")
	}
	token, hash, err := s.token()
	if err != nil {
		return Invited{}, err
	}
	id := iam.InvitationID(s.DB.NewID())
	var invited Invited
	var organization string
	var held []iam.RoleRef
	err = s.write(ctx, actor, org, func(w *change) error {
		expires := w.now.Add(InvitationLifetime)
		invited = Invited{ID: id, URL: s.url("invitation", string(org), string(id), token), ExpiresAt: expires}
		chosen, err := w.findRoles(roles)
		if err != nil {
			return err
		}
		organization, held = w.org.Name, refs(chosen)
		if err := w.mayGive(chosen...); err != nil {
			return err
		}
		if err := w.mayInvite(key); err != nil {
			return err
		}
		if err := w.dropInvitation(key); err != nil {
			return err
		}
		invitation := store.Invitation{ID: id, Email: key, InvitedBy: actor.Details, CreatedAt: w.now, ExpiresAt: expires}
		added, err := w.tx.InsertInvitation(org, invitation, hash, ids(chosen))
		if err != nil {
			return fmt.Errorf("insert the invitation: %w", err)
		}
		if !added {
			return iam.Errorf(iam.KindConflict, "%q has just been invited by somebody else", key).On("email")
		}
		if s.MailsInvitations() {
			if invited.Mail.Withheld, err = w.countMail(key); err != nil {
				return err
			}
		}
		return w.audit(iam.AuditEvent{
			Type: iam.InviteCreate, TargetType: "invitation", TargetID: string(id), TargetName: key,
			Details: map[string]any{"roles": iam.RoleNames(held), "expiresAt": expires.Format(time.RFC3339)},
		})
	})
	if err != nil {
		return Invited{}, err
	}
	if s.MailsInvitations() && invited.Mail.Withheld == "" {
		invited.Mail = s.mailInvitation(ctx, actor, organization, key, held, invited)
	}
	return invited, nil
}

// mayInvite refuses an address that somebody here has already, and keeps SCIM from
// making a user of it meanwhile.
func (w *change) mayInvite(email string) error {
	free, err := w.tx.HoldLogin(w.org.ID, email)
	if err != nil {
		return fmt.Errorf("hold the address %q: %w", email, err)
	}
	if free {
		return nil
	}
	user, err := w.tx.UserByLogin(w.org.ID, email)
	switch {
	case errors.Is(err, iam.ErrNotFound):
		return iam.Errorf(iam.KindConflict, "%q was taken and freed at this very moment; invite again", email).On("email")
	case err != nil:
		return fmt.Errorf("read the user of %q: %w", email, err)
	case user.SCIM && w.org.SCIMEnabled:
		return iam.Errorf(iam.KindConflict, "%q belongs to a user whom the identity provider manages by SCIM; assign him to the application there instead of inviting him", email).On("email")
	case user.Status != iam.StatusInactive:
		return iam.Errorf(iam.KindConflict, "%q is a member of this organization already", email).On("email")
	}
	return nil
}

// dropInvitation deletes the pending invitation for an address, if there is one.
func (w *change) dropInvitation(email string) error {
	former, err := w.tx.DropInvitation(w.org.ID, email)
	if err != nil {
		return fmt.Errorf("delete the invitation for %q: %w", email, err)
	}
	return w.auditDropped(former, email, "the address was invited again")
}

// auditDropped tells the audit log of an invitation that went; "" is none.
func (w *change) auditDropped(id iam.InvitationID, email, reason string) error {
	if id == "" {
		return nil
	}
	return w.audit(iam.AuditEvent{
		Type: iam.InviteDelete, TargetType: "invitation", TargetID: string(id), TargetName: email, Details: map[string]any{"reason": reason},
	})
}
