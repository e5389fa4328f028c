package access

import (
	"context"
	"errors"
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

// GroupPage is one SCIM group with a page of who is in it, active or not, by sign-in
// address.
type GroupPage struct {
	GroupView
	People []GroupPerson
	Next   string // leads to the page behind; "" where there is none
}

// GroupPerson is a member of a group.
type GroupPerson struct {
	ID          iam.MemberID
	Email       string // the sign-in address, or the userName when that is no address
	DisplayName string
	Status      iam.MemberStatus
}

// Group returns one SCIM group by id. after is GroupPage.Next of the page before.
func (s *Service) Group(ctx context.Context, org iam.OrganizationID, id iam.GroupID, after string, limit int) (GroupPage, error) {
	var page GroupPage
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
		g, err := findGroup(r, org, id)
		if err != nil {
			return err
		}
		page = GroupPage{GroupView: GroupView{ID: g.ID, DisplayName: g.DisplayName, ExternalID: g.ExternalID}}
		if g.Role != "" {
			role, err := r.Role(org, g.Role)
			if err != nil {
				return fmt.Errorf("read role %s: %w", g.Role, err)
			}
			ref := role.Ref()
			page.Role = &ref
		}
		if page.Members, err = r.CountGroupMembers(org, id); err != nil {
			return err
		}
		people, err := r.GroupPeople(org, id, decodeCursor(after), limit+1)
		if err != nil {
			return err
		}
		if len(people) > limit {
			people = people[:limit]
			page.Next = encodeCursor(people[limit-1].LoginKey)
		}
		for _, p := range people {
			page.People = append(page.People, GroupPerson{
				ID: p.ID, Email: p.UserName, Status: p.Status,
				DisplayName: iam.DisplayNameOf(p.DisplayName, p.GivenName, p.FamilyName, p.UserName),
			})
		}
		return nil
	})
	return page, err
}

func findGroup(r *store.Reader, org iam.OrganizationID, id iam.GroupID) (store.Group, error) {
	missing := iam.Errorf(iam.KindNotFound, "there is no SCIM group %q in this organization; the identity provider may have deleted it", iam.Clip(string(id))).On("group")
	if !iam.IsID(string(id)) {
		return store.Group{}, missing
	}
	g, err := r.Group(org, id)
	if errors.Is(err, iam.ErrNotFound) {
		return store.Group{}, missing
	}
	if err != nil {
		return store.Group{}, fmt.Errorf("read group %s: %w", id, err)
	}
	return g, nil
}
