package access

import (
	"context"
	"errors"
	"fmt"
	"slices"

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
	Sole         int           // of the others those who would hold the Default roles without it
	Direct       int           // those who hold it directly, whatever else gives it to them
	First        []MemberEntry // the first holders, by address, at most ShownHolders
	GroupMembers map[iam.GroupID]int
	Invitations  []string // addresses whose pending invitations will give it
	GoesUnlinked bool     // SCIM made it, and it goes when its last group does (D10)
}

// ShownHolders is how many holders a RoleDetail names.
const ShownHolders = 20

// Role returns one role by id.
func (s *Service) Role(ctx context.Context, org iam.OrganizationID, id iam.RoleID) (RoleDetail, error) {
	var detail RoleDetail
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
		view, err := findRoleView(r, org, id)
		if err != nil {
			return err
		}
		detail = RoleDetail{RoleView: view}
		return detail.complete(r, org)
	})
	return detail, err
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

func (d *RoleDetail) complete(r *store.Reader, org iam.OrganizationID) error {
	held, err := r.CountSoleHolders(org, d.ID)
	if err != nil {
		return err
	}
	d.Holders, d.Sole = held.All, held.Sole
	use, err := r.RoleUse(org, d.ID)
	if err != nil {
		return fmt.Errorf("read the use of role %s: %w", d.ID, err)
	}
	d.Direct = use.Direct
	use.Groups = 0
	d.GoesUnlinked = len(d.Groups) > 0 && iam.GoesWithLastGroup(d.RoleView.Role, use)
	if d.Invitations, err = r.InvitationsWithRole(org, d.ID); err != nil {
		return fmt.Errorf("read the invitations with role %s: %w", d.ID, err)
	}
	ids, err := r.RoleHolders(org, d.ID, ShownHolders)
	if err != nil {
		return err
	}
	if d.Default {
		if d.ByDefault, err = r.CountWithoutRole(org); err != nil {
			return err
		}
		d.Holders += d.ByDefault
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
		if d.GroupMembers[g.ID], _, err = r.CountGroupReach(org, g.ID, d.ID); err != nil {
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

// RoleChange is what saving a role would change besides the role itself.
type RoleChange struct {
	Takes          []TakenGroup
	Added, Removed []iam.Permission
	Holders        int // members who hold the role before
}

// TakenGroup is a group that would be linked to the role.
type TakenGroup struct {
	GroupRef
	From     *iam.RoleRef // the role it is linked to now; nil for none
	FromGoes bool         // that role goes with this group, its last (D10)
	Members  int          // active members of the group
	Keep     int          // of them those who keep From for another reason
	Have     int          // of them those who hold the role already, for another reason
}

// PreviewRole tells what CreateRole ("" for the id) or UpdateRole would do, or why they
// would refuse; whether the actor may give what the role holds is not looked at. It changes
// nothing: between it and the change somebody else may act.
func (s *Service) PreviewRole(ctx context.Context, org iam.OrganizationID, id iam.RoleID, in RoleInput) (RoleChange, error) {
	permissions, err := in.permissions()
	if err != nil {
		return RoleChange{}, err
	}
	var change RoleChange
	err = s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
		change = RoleChange{}
		views, err := readRoleViews(r, org)
		if err != nil {
			return err
		}
		p := preview{reader: r, org: org}
		for _, v := range views {
			p.roles = append(p.roles, v.Role)
		}
		before := iam.Role{ID: "new", Type: iam.RoleCustom, Source: iam.SourceAdmin} // an id that no role has, and no group
		if id != "" {
			i := slices.IndexFunc(views, func(v RoleView) bool { return v.ID == id })
			if i < 0 {
				return iam.Errorf(iam.KindNotFound, "the role has been deleted meanwhile").On("role")
			}
			before = views[i].Role
			if err := notSystem(before); err != nil {
				return err
			}
			if change.Holders, err = p.holders(views[i]); err != nil {
				return err
			}
			if err := fieldFree(before, in, views[i].Groups); err != nil {
				return err
			}
		}
		after := in.apply(before, permissions)
		change.Added, change.Removed = without(after.Permissions, before.Permissions), without(before.Permissions, after.Permissions)
		if err := iam.CheckRole(p.roles, after); err != nil {
			return err
		}
		change.Takes, err = p.takes(before, after)
		return err
	})
	return change, err
}

type preview struct {
	reader *store.Reader
	org    iam.OrganizationID
	roles  []iam.Role
}

func (p preview) holders(v RoleView) (int, error) {
	held, err := p.reader.CountSoleHolders(p.org, v.ID)
	if err != nil || !v.Default {
		return held.All, err
	}
	others, err := p.reader.CountWithoutRole(p.org)
	return held.All + others, err
}

// takes lists the groups that the role takes when before becomes after.
func (p preview) takes(before, after iam.Role) ([]TakenGroup, error) {
	roles := slices.DeleteFunc(slices.Clone(p.roles), func(r iam.Role) bool { return r.ID == after.ID })
	roles = append(roles, after)
	groups, err := claimedGroups(p.reader, p.org, roles, after, after.SCIMGroup != before.SCIMGroup, after.Name != before.Name)
	if err != nil {
		return nil, err
	}
	var list []TakenGroup
	for _, g := range groups {
		t := TakenGroup{GroupRef: GroupRef{ID: g.ID, DisplayName: g.DisplayName}}
		if t.Members, t.Have, err = p.reader.CountGroupReach(p.org, g.ID, after.ID); err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(p.roles, func(r iam.Role) bool { return r.ID == g.Role }); i >= 0 {
			from := p.roles[i].Ref()
			t.From = &from
			if _, t.Keep, err = p.reader.CountGroupReach(p.org, g.ID, g.Role); err != nil {
				return nil, err
			}
			use, err := p.reader.RoleUse(p.org, g.Role)
			if err != nil {
				return nil, fmt.Errorf("read the use of role %s: %w", g.Role, err)
			}
			use.Groups--
			t.FromGoes = iam.GoesWithLastGroup(p.roles[i], use)
		}
		list = append(list, t)
	}
	return list, nil
}

// without returns what list holds and other does not.
func without(list, other []iam.Permission) []iam.Permission {
	var rest []iam.Permission
	for _, p := range list {
		if !slices.Contains(other, p) {
			rest = append(rest, p)
		}
	}
	return rest
}
