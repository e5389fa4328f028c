package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// InvitationView is an invitation that nobody has accepted yet. Its link is not in it:
// Invite shows it once.
type InvitationView struct {
	ID        iam.InvitationID
	Email     string
	InvitedBy string
	Roles     []iam.RoleRef // that the person will hold directly
	CreatedAt time.Time
	ExpiresAt time.Time
	Expired   bool // its link opens nothing any more
}

// Invitations returns the pending invitations by address.
func (s *Service) Invitations(ctx context.Context, org iam.OrganizationID) ([]InvitationView, error) {
	var views []InvitationView
	now := s.now()
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
		views = nil
		pending, err := r.Invitations(org)
		if err != nil {
			return fmt.Errorf("list the invitations: %w", err)
		}
		roles, err := r.AllInvitationRoles(org)
		if err != nil {
			return fmt.Errorf("list the roles of invitations: %w", err)
		}
		for _, i := range pending {
			views = append(views, invitationView(i, roles[i.ID], now))
		}
		return nil
	})
	return views, err
}

// CountInvitations counts the pending invitations.
func (s *Service) CountInvitations(ctx context.Context, org iam.OrganizationID) (int, error) {
	n := 0
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) (err error) {
		if n, err = r.CountInvitations(org); err != nil {
			return fmt.Errorf("count the invitations: %w", err)
		}
		return nil
	})
	return n, err
}

// Invitation returns one pending invitation.
func (s *Service) Invitation(ctx context.Context, org iam.OrganizationID, id iam.InvitationID) (InvitationView, error) {
	var view InvitationView
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
		found, err := findInvitation(r, org, id)
		if err != nil {
			return err
		}
		roles, err := r.InvitationRoles(org, id)
		if err != nil {
			return fmt.Errorf("read the roles of invitation %s: %w", id, err)
		}
		view = invitationView(found, roles, s.now())
		return nil
	})
	return view, err
}

func invitationView(i store.Invitation, roles []iam.RoleRef, now time.Time) InvitationView {
	return InvitationView{
		ID: i.ID, Email: i.Email, InvitedBy: i.InvitedBy, Roles: roles,
		CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt, Expired: !now.Before(i.ExpiresAt),
	}
}

func findInvitation(r *store.Reader, org iam.OrganizationID, id iam.InvitationID) (store.Invitation, error) {
	missing := iam.Errorf(iam.KindNotFound, "there is no such invitation any more: it was accepted, deleted, or replaced by a newer one").On("invitation")
	if !iam.IsID(string(id)) {
		return store.Invitation{}, missing
	}
	found, err := r.Invitation(org, id)
	if errors.Is(err, iam.ErrNotFound) {
		return store.Invitation{}, missing
	}
	if err != nil {
		return store.Invitation{}, fmt.Errorf("read invitation %s: %w", id, err)
	}
	return found, nil
}

// DeleteInvitation deletes a pending invitation: its link is void from then on. It
// returns the address that was invited.
func (s *Service) DeleteInvitation(ctx context.Context, actor iam.Actor, org iam.OrganizationID, id iam.InvitationID) (string, error) {
	email := ""
	err := s.write(ctx, actor, org, func(w *change) error {
		found, err := findInvitation(w.tx.Reader, org, id)
		if err != nil {
			return err
		}
		roles, err := w.tx.InvitationRoles(org, id)
		if err != nil {
			return fmt.Errorf("read the roles of invitation %s: %w", id, err)
		}
		if _, err := w.tx.DropInvitation(org, found.Email); err != nil {
			return fmt.Errorf("delete invitation %s: %w", id, err)
		}
		email = found.Email
		return w.audit(iam.AuditEvent{
			Type: iam.InviteDelete, TargetType: "invitation", TargetID: string(id), TargetName: email,
			Details: map[string]any{"roles": iam.RoleNames(roles)},
		})
	})
	if err != nil {
		return "", err
	}
	return email, nil
}
