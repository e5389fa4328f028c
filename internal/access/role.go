package access

import (
	"context"
	"fmt"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// RoleView is a role with what stands on it.
type RoleView struct {
	iam.Role
	Groups  []GroupRef // linked to it, by displayName
	Default bool       // in the Default role list
	Hints   []string   // names that are nearly, but not, the same, in plain sentences
}

// GroupRef is what a list shows of a group.
type GroupRef struct {
	ID          iam.GroupID
	DisplayName string
}

// RoleInput is what to set of a role; nil leaves, or is empty for a new role.
// A SCIMGroup of "" clears the field; Permissions replaces the whole set.
type RoleInput struct {
	Name        *string
	SCIMGroup   *string
	Permissions *[]string
}

// Roles returns all roles, the system roles first, then the custom ones by name.
func (s *Service) Roles(ctx context.Context, org iam.OrganizationID) ([]RoleView, error) {
	var views []RoleView
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) (err error) {
		views, err = readRoleViews(r, org)
		return err
	})
	return views, err
}

func readRoleViews(r *store.Reader, org iam.OrganizationID) ([]RoleView, error) {
	roles, err := r.Roles(org)
	if err != nil {
		return nil, fmt.Errorf("list roles: %w", err)
	}
	groups, err := r.LinkedGroups(org)
	if err != nil {
		return nil, fmt.Errorf("list groups: %w", err)
	}
	defaults, err := r.DefaultRoles(org)
	if err != nil {
		return nil, fmt.Errorf("read the Default roles: %w", err)
	}
	return roleViews(roles, groups, defaults), nil
}

// roleView returns one role as it stands after a change that was committed.
func (s *Service) roleView(ctx context.Context, org iam.OrganizationID, id iam.RoleID) (RoleView, error) {
	views, err := s.Roles(ctx, org)
	if err != nil {
		return RoleView{}, err
	}
	for _, view := range views {
		if view.ID == id {
			return view, nil
		}
	}
	return RoleView{}, iam.Errorf(iam.KindConflict, "the role was changed, and deleted by somebody else right after that")
}

func roleViews(roles []iam.Role, groups []store.LinkedGroup, defaults []iam.RoleRef) []RoleView {
	byRole := map[iam.RoleID][]GroupRef{}
	byNear := map[string][]store.LinkedGroup{}
	for _, g := range groups {
		if g.Role != "" {
			byRole[g.Role] = append(byRole[g.Role], GroupRef(g.GroupName))
		}
		key := iam.NearKey(g.DisplayName)
		byNear[key] = append(byNear[key], g)
	}
	views := make([]RoleView, 0, len(roles))
	for _, role := range roles {
		views = append(views, RoleView{
			Role: role, Groups: byRole[role.ID], Default: holds(defaults, role.ID), Hints: hints(role, byNear),
		})
	}
	return views
}

// hints tells of the groups whose names a role's name or SCIM group field only
// nearly equals (D2, R128).
func hints(role iam.Role, byNear map[string][]store.LinkedGroup) []string {
	if role.Type != iam.RoleCustom {
		return nil
	}
	var list []string
	for _, claimed := range []struct{ what, name string }{{"SCIM group field", role.SCIMGroup}, {"name", role.Name}} {
		if claimed.name == "" {
			continue
		}
		for _, g := range byNear[iam.NearKey(claimed.name)] {
			if g.Role == role.ID || !iam.NearMiss(claimed.name, g.DisplayName) {
				continue
			}
			list = append(list, fmt.Sprintf("the SCIM group %q is not linked to this role: its %s is %q, and names must match exactly, capitals, blanks and hyphens too",
				iam.Clip(g.DisplayName), claimed.what, iam.Clip(claimed.name)))
		}
	}
	return list
}

// CreateRole makes a custom role. A SCIM group field links the group of that name
// at once, also away from another role; the name links a group of that name only
// if it has no role (D2).
func (s *Service) CreateRole(ctx context.Context, actor iam.Actor, org iam.OrganizationID, in RoleInput) (RoleView, error) {
	permissions, err := in.permissions()
	if err != nil {
		return RoleView{}, err
	}
	id := iam.RoleID(s.DB.NewID())
	err = s.writeBig(ctx, actor, org, func(w *change) error {
		m, err := w.mapping()
		if err != nil {
			return err
		}
		role, err := m.judgeCreate(id, in, permissions)
		if err != nil {
			return err
		}
		added, err := w.tx.InsertRole(org, role, w.now)
		if err != nil {
			return fmt.Errorf("insert role %q: %w", iam.Clip(role.Name), err)
		}
		if !added {
			return iam.Errorf(iam.KindConflict, "the name or the SCIM group of the role %q is taken; look at the list of roles", iam.Clip(role.Name)).On("name")
		}
		m.roles = append(m.roles, role)
		taken, err := m.takeGroups(role, true, true)
		if err != nil {
			return err
		}
		details := map[string]any{"permissions": role.Permissions}
		if role.SCIMGroup != "" {
			details["scimGroup"] = role.SCIMGroup
		}
		return m.auditMapping(iam.RoleCreate, role, details, taken)
	})
	if err != nil {
		return RoleView{}, err
	}
	return s.roleView(ctx, org, id)
}

// permissions parses the permissions; none when they are not to be set.
func (in RoleInput) permissions() ([]iam.Permission, error) {
	if in.Permissions == nil {
		return []iam.Permission{}, nil
	}
	return iam.ParsePermissions(*in.Permissions)
}

// apply returns a role with what is to be set of it.
func (in RoleInput) apply(role iam.Role, permissions []iam.Permission) iam.Role {
	if in.Name != nil {
		role.Name = *in.Name
	}
	if in.SCIMGroup != nil {
		role.SCIMGroup = *in.SCIMGroup
	}
	if in.Permissions != nil {
		role.Permissions = permissions
	}
	return role
}

// UpdateRole changes a custom role. The SCIM group field is read-only while a
// group is linked through it.
func (s *Service) UpdateRole(ctx context.Context, actor iam.Actor, org iam.OrganizationID, role string, in RoleInput) (RoleView, error) {
	permissions, err := in.permissions()
	if err != nil {
		return RoleView{}, err
	}
	var id iam.RoleID
	err = s.writeBig(ctx, actor, org, func(w *change) error {
		m, err := w.mapping()
		if err != nil {
			return err
		}
		c, err := m.judgeUpdate(role, in, permissions)
		if err != nil {
			return err
		}
		id = c.before.ID
		return m.update(c)
	})
	if err != nil {
		return RoleView{}, err
	}
	return s.roleView(ctx, org, id)
}

func (m *mapping) update(c roleChange) error {
	if c.none() {
		return nil
	}
	if err := m.tx.UpdateRole(m.org.ID, c.after, m.now); err != nil {
		return fmt.Errorf("update role %s: %w", c.after.ID, err)
	}
	m.replace(c.after)
	taken, err := m.takeGroups(c.after, c.fielded, c.named)
	if err != nil {
		return err
	}
	details := map[string]any{}
	if c.named {
		details["name"] = map[string]any{"before": c.before.Name, "after": c.after.Name}
	}
	if c.fielded {
		details["scimGroup"] = map[string]any{"before": c.before.SCIMGroup, "after": c.after.SCIMGroup}
	}
	if c.granted {
		details["permissions"] = map[string]any{"before": c.before.Permissions, "after": c.after.Permissions}
	}
	return m.auditMapping(iam.RoleUpdate, c.after, details, taken)
}

// UnlinkRole clears the SCIM group field of a role and its links to all groups,
// which have no role from then on. A role that SCIM made, and that nothing else
// stands on, goes with its last group (D10). Nothing to unlink is no change.
func (s *Service) UnlinkRole(ctx context.Context, actor iam.Actor, org iam.OrganizationID, role string) error {
	return s.writeBig(ctx, actor, org, func(w *change) error {
		m, err := w.mapping()
		if err != nil {
			return err
		}
		before, err := m.judgeUnlink(role)
		if err != nil {
			return err
		}
		groups, members, err := m.unlinkGroups(before.ID)
		if err != nil {
			return err
		}
		if len(groups) == 0 && before.SCIMGroup == "" {
			return nil
		}
		if len(groups) > 0 {
			gone, err := m.dropEmptied(before)
			if err != nil || gone {
				return err
			}
		}
		after := before
		after.SCIMGroup = ""
		if err := w.tx.UpdateRole(org, after, w.now); err != nil {
			return fmt.Errorf("update role %s: %w", after.ID, err)
		}
		return w.audit(iam.AuditEvent{
			Type: iam.RoleUpdate, TargetType: "role", TargetID: string(after.ID), TargetName: after.Name,
			Details: map[string]any{"unlinked": groupDetails(groups), "scimGroup": map[string]any{"before": before.SCIMGroup, "after": ""}, "members": members},
		})
	})
}

// DeleteRole deletes a custom role. Its groups have no role from then on, and
// whoever holds it directly loses it. A role in the Default list, or one that an
// invitation would give, cannot be deleted.
func (s *Service) DeleteRole(ctx context.Context, actor iam.Actor, org iam.OrganizationID, role string) error {
	return s.writeBig(ctx, actor, org, func(w *change) error {
		m, err := w.mapping()
		if err != nil {
			return err
		}
		target, err := m.judgeDelete(role)
		if err != nil {
			return err
		}
		groups, members, err := m.unlinkGroups(target.ID)
		if err != nil {
			return err
		}
		holders, err := w.tx.ClearRoleHolders(org, target.ID)
		if err != nil {
			return fmt.Errorf("take role %s from its holders: %w", target.ID, err)
		}
		if err := w.tx.DeleteRole(org, target.ID); err != nil {
			return fmt.Errorf("delete role %s: %w", target.ID, err)
		}
		return w.audit(iam.AuditEvent{
			Type: iam.RoleDelete, TargetType: "role", TargetID: string(target.ID), TargetName: target.Name,
			Details: map[string]any{"unlinked": groupDetails(groups), "members": members, "directHolders": len(holders), "permissions": target.Permissions},
			Also:    holders,
		})
	})
}
