package access

import (
	"context"
	"fmt"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// DefaultRoles returns the Default role list: what a member holds who has no
// role directly or through a group (D3). It is never empty.
func (s *Service) DefaultRoles(ctx context.Context, org iam.OrganizationID) ([]iam.RoleRef, error) {
	var list []iam.RoleRef
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
		var err error
		if list, err = r.DefaultRoles(org); err != nil {
			return fmt.Errorf("read the Default roles: %w", err)
		}
		return nil
	})
	return list, err
}

// SetDefaultRoles replaces the whole Default role list. roles are ids or names as
// iam.FindRole takes them; at least one.
func (s *Service) SetDefaultRoles(ctx context.Context, actor iam.Actor, org iam.OrganizationID, roles []string) ([]iam.RoleRef, error) {
	// Counted before: it looks at every member, and nobody shall wait for that; what is
	// refused or changes nothing needs no count.
	members, err := s.countForDefaults(ctx, actor, org, roles)
	if err != nil {
		return nil, err
	}
	var after []iam.RoleRef
	err = s.write(ctx, actor, org, func(w *change) error {
		before, chosen, err := w.judgeDefaults(roles)
		if err != nil {
			return err
		}
		after = before
		if sameRoles(before, chosen) {
			return nil
		}
		if err := w.tx.ReplaceDefaultRoles(org, ids(chosen)); err != nil {
			return fmt.Errorf("replace the Default roles: %w", err)
		}
		if after, err = w.tx.DefaultRoles(org); err != nil {
			return fmt.Errorf("read the Default roles: %w", err)
		}
		return w.audit(iam.AuditEvent{
			Type: iam.OrganizationUpdateRoles, TargetType: "organization", TargetID: string(w.org.ID), TargetName: w.org.Name,
			Details: map[string]any{"before": iam.RoleNames(before), "after": iam.RoleNames(after), "members": members},
		})
	})
	if err != nil {
		return nil, err
	}
	return after, nil
}

// countForDefaults counts the members whom a change of the Default roles concerns, after
// the change was judged.
func (s *Service) countForDefaults(ctx context.Context, actor iam.Actor, org iam.OrganizationID, roles []string) (n int, err error) {
	err = s.read(ctx, org, func(r *store.Reader, found iam.Organization) error {
		before, chosen, err := (&judge{reader: r, org: found, actor: actor}).judgeDefaults(roles)
		if err != nil || sameRoles(before, chosen) {
			return err
		}
		n, err = r.CountWithoutRole(org)
		return err
	})
	return n, err
}

// sameRoles tells whether both hold the same roles, in any order.
func sameRoles(have []iam.RoleRef, want []iam.Role) bool {
	if len(have) != len(want) {
		return false
	}
	held := make(map[iam.RoleID]bool, len(have))
	for _, r := range have {
		held[r.ID] = true
	}
	for _, r := range want {
		if !held[r.ID] {
			return false
		}
	}
	return true
}
