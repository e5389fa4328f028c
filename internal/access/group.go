package access

import (
	"context"
	"fmt"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// GroupView is a SCIM group as an admin sees it.
type GroupView struct {
	ID          iam.GroupID
	DisplayName string
	ExternalID  string
	Role        *iam.RoleRef // nil: no role
	Members     int          // active or not
}

// Groups returns the SCIM groups by name.
func (s *Service) Groups(ctx context.Context, org iam.OrganizationID) ([]GroupView, error) {
	var views []GroupView
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
		groups, err := r.GroupsWithRoles(org)
		if err != nil {
			return fmt.Errorf("list groups: %w", err)
		}
		for _, g := range groups {
			view := GroupView{ID: g.ID, DisplayName: g.DisplayName, ExternalID: g.ExternalID, Members: g.Members}
			if g.Role.ID != "" {
				view.Role = &g.Role
			}
			views = append(views, view)
		}
		return nil
	})
	return views, err
}
