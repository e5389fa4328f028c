package access

import (
	"context"
	"errors"
	"fmt"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// RoleCount is how many members hold each role, for whatever reason.
type RoleCount struct {
	ByRole  map[iam.RoleID]int
	Default int // members who hold the Default roles, as they have no other
}

// CountRoleHolders counts the members of every role. Whoever holds a role for two reasons
// counts once.
func (s *Service) CountRoleHolders(ctx context.Context, org iam.OrganizationID) (RoleCount, error) {
	var n RoleCount
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) (err error) {
		if n.ByRole, err = r.CountRoleHolders(org); err != nil {
			return err
		}
		if n.Default, err = r.CountWithoutRole(org); err != nil {
			return err
		}
		defaults, err := r.DefaultRoles(org)
		if err != nil {
			return fmt.Errorf("read the Default roles: %w", err)
		}
		for _, role := range defaults {
			n.ByRole[role.ID] += n.Default
		}
		return nil
	})
	return n, err
}

// RoleDetail is one role with who holds it and what stands on it.
type RoleDetail struct {
	RoleView
	Holders      int           // members who hold it, for whatever reason
	ByDefault    int           // of them those who hold it as a Default role
	Direct       int           // those who hold it directly, whatever else gives it to them
	First        []MemberEntry // the first holders, by address, at most ShownHolders
	GroupMembers map[iam.GroupID]int
	Invitations  []string // addresses whose pending invitations will give it
}

// ShownHolders is how many holders a RoleDetail names.
const ShownHolders = 20

// Role returns one role by id.
func (s *Service) Role(ctx context.Context, org iam.OrganizationID, id iam.RoleID) (RoleDetail, error) {
	return s.roleDetail(ctx, org, id, true)
}

// RoleBrief is Role without who holds it: First, Direct and GroupMembers are empty.
func (s *Service) RoleBrief(ctx context.Context, org iam.OrganizationID, id iam.RoleID) (RoleDetail, error) {
	return s.roleDetail(ctx, org, id, false)
}

func (s *Service) roleDetail(ctx context.Context, org iam.OrganizationID, id iam.RoleID, people bool) (RoleDetail, error) {
	var d RoleDetail
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
		view, err := findRoleView(r, org, id)
		if err != nil {
			return err
		}
		d = RoleDetail{RoleView: view}
		if err := d.count(r, org); err != nil || !people {
			return err
		}
		return d.name(r, org)
	})
	return d, err
}

func findRoleView(r *store.Reader, org iam.OrganizationID, id iam.RoleID) (RoleView, error) {
	views, err := readRoleViews(r, org)
	if err != nil {
		return RoleView{}, err
	}
	for _, view := range views {
		if view.ID == id {
			return view, nil
		}
	}
	return RoleView{}, iam.Errorf(iam.KindNotFound, "there is no role %q in this organization; it may have been deleted", iam.Clip(string(id))).On("role")
}

func (d *RoleDetail) count(r *store.Reader, org iam.OrganizationID) (err error) {
	if d.Holders, err = r.CountHolders(org, d.ID); err != nil {
		return err
	}
	if d.Default {
		if d.ByDefault, err = r.CountWithoutRole(org); err != nil {
			return err
		}
		d.Holders += d.ByDefault
	}
	if d.Invitations, err = r.InvitationsWithRole(org, d.ID); err != nil {
		return fmt.Errorf("read the invitations with role %s: %w", d.ID, err)
	}
	return nil
}

// name adds who holds the role, and by which group.
func (d *RoleDetail) name(r *store.Reader, org iam.OrganizationID) error {
	use, err := r.RoleUse(org, d.ID)
	if err != nil {
		return fmt.Errorf("read the use of role %s: %w", d.ID, err)
	}
	d.Direct = use.Direct
	ids, err := r.RoleHolders(org, d.ID, ShownHolders)
	if err != nil {
		return err
	}
	if d.Default {
		others, err := r.WithoutRole(org, ShownHolders-len(ids))
		if err != nil {
			return err
		}
		ids = append(ids, others...)
	}
	if d.First, err = entries(r, org, ids); err != nil {
		return err
	}
	d.GroupMembers = make(map[iam.GroupID]int, len(d.Groups))
	for _, g := range d.Groups {
		if d.GroupMembers[g.ID], err = r.CountGroupReach(org, g.ID); err != nil {
			return err
		}
	}
	return nil
}

// entries reads some members one by one. Who has gone meanwhile is left out.
func entries(r *store.Reader, org iam.OrganizationID, ids []iam.MemberID) ([]MemberEntry, error) {
	viewer, err := newMemberViewer(r, org)
	if err != nil {
		return nil, err
	}
	var list []MemberEntry
	for _, id := range ids {
		m, err := r.Member(org, id)
		if errors.Is(err, iam.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read member %s: %w", id, err)
		}
		list = append(list, MemberEntry{Member: viewer.view(m), LocalSignIn: m.LocalSignIn})
	}
	return list, nil
}

// CheckCustom refuses a system role in the words with which every change of one is refused.
func (d RoleDetail) CheckCustom() error { return notSystem(d.RoleView.Role) }
