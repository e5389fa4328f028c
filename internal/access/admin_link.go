package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// AdminLink makes a one-time link with which an Admin sets the password of his
// local sign-in, and gives him a local sign-in if he has none; so he becomes a
// break-glass Admin (D8). email is the address of the local sign-in, or of a
// member who holds Admin directly. A former link is void from then on; a password
// works until the new link is used.
func (s *Service) AdminLink(ctx context.Context, actor iam.Actor, org iam.OrganizationID, email string) (url string, expiresAt time.Time, err error) {
	key, ok := iam.EmailKey(email)
	if !ok {
		return "", time.Time{}, badAddress(email, "email")
	}
	token, hash, err := s.token()
	if err != nil {
		return "", time.Time{}, err
	}
	err = s.write(ctx, actor, org, func(w *change) error {
		expiresAt = w.now.Add(SetupLinkLifetime)
		// Whoever has the link can be that Admin.
		if role, ok := iam.SystemRole(iam.RoleAdmin); ok {
			if err := w.mayGive(role); err != nil {
				return err
			}
		}
		member, err := w.localAdmin(key)
		if err != nil {
			return err
		}
		put, err := w.tx.PutSignInLink(org, member.ID, member.LoginKey, hash, expiresAt, w.now)
		if err != nil {
			return fmt.Errorf("put the link: %w", err)
		}
		if !put {
			return iam.Errorf(iam.KindConflict, "the address %q belongs to another Admin's local sign-in", key).On("email")
		}
		return w.audit(iam.AuditEvent{
			Type: iam.AdminLinkCreate, TargetType: "user", TargetID: string(member.ID), TargetName: member.UserName,
			Details: map[string]any{"expiresAt": expiresAt.Format(time.RFC3339)},
		})
	})
	if err != nil {
		return "", time.Time{}, err
	}
	return s.setupURL(org, token), expiresAt, nil
}

// localAdmin finds the Admin whose local sign-in has the address, else the one
// whose sign-in address it is, and checks that he holds Admin directly.
func (w *change) localAdmin(email string) (store.User, error) {
	var user store.User
	signin, err := w.tx.LocalSignInByEmail(w.org.ID, email)
	switch {
	case err == nil:
		user, err = w.tx.LockUser(w.org.ID, signin.Member)
	case errors.Is(err, iam.ErrNotFound):
		user, err = w.findMember(email)
	}
	if err != nil {
		return store.User{}, err
	}
	direct, err := w.tx.DirectRoles(w.org.ID, user.ID)
	if err != nil {
		return store.User{}, fmt.Errorf("read the direct roles of %s: %w", user.ID, err)
	}
	if user.Status == iam.StatusInactive || !holds(direct, iam.RoleAdmin) {
		return store.User{}, iam.Errorf(iam.KindConflict, "%q does not hold the role Admin directly; give it to him first (member set-roles … --role system:Admin)", email).On("email")
	}
	return user, nil
}

func holds(roles []iam.RoleRef, id iam.RoleID) bool {
	for _, r := range roles {
		if r.ID == id {
			return true
		}
	}
	return false
}
