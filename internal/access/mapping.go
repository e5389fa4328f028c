package access

import (
	"errors"
	"fmt"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// mapping is an act on a role under the organization's lock, with all roles as
// they stand there. Groups are looked up one by one: there may be many.
type mapping struct{ *change }

func (w *change) mapping() (*mapping, error) { return &mapping{w}, w.readRoles() }

// customRole finds the role that an admin named and refuses a system role.
func (j *judge) customRole(arg string) (iam.Role, error) {
	role, err := iam.FindRole(j.roles, arg)
	if err != nil {
		return iam.Role{}, err
	}
	return role, notSystem(role)
}

func notSystem(role iam.Role) error {
	if role.Type != iam.RoleSystem {
		return nil
	}
	return iam.Errorf(iam.KindInvalid, "%s is a system role: it cannot be changed, deleted or bound to a SCIM group; a custom role can hold the same permissions", role.Name).On("role")
}

func (j *judge) role(id iam.RoleID) iam.Role {
	for _, r := range j.roles {
		if r.ID == id {
			return r
		}
	}
	return iam.Role{ID: id}
}

func (j *judge) replace(role iam.Role) {
	for i, r := range j.roles {
		if r.ID == role.ID {
			j.roles[i] = role
		}
	}
}

// groupsOf returns the groups that are linked to a role.
func (j *judge) groupsOf(id iam.RoleID) ([]store.Group, error) {
	groups, err := j.reader.GroupsOfRole(j.org.ID, id)
	if err != nil {
		return nil, fmt.Errorf("read the groups of role %s: %w", id, err)
	}
	return groups, nil
}

// claimedGroups returns the groups that a role takes now that its field or its name was
// set, as they are linked before. Among the roles this one is as it is now.
func (j *judge) claimedGroups(role iam.Role, fieldSet, nameSet bool) ([]store.Group, error) {
	var taken []store.Group
	for _, name := range claimedNames(role, fieldSet, nameSet) {
		g, err := j.reader.GroupByName(j.org.ID, iam.Fold(name))
		if errors.Is(err, iam.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read the group %q: %w", iam.Clip(name), err)
		}
		if iam.TakesGroup(j.roles, role, fieldSet, nameSet, iam.Group{ID: g.ID, DisplayName: g.DisplayName, Role: g.Role}) {
			taken = append(taken, g)
		}
	}
	return taken, nil
}

// claimedNames returns the names of groups that a role may claim.
func claimedNames(role iam.Role, fieldSet, nameSet bool) []string {
	var names []string
	if fieldSet && role.SCIMGroup != "" {
		names = append(names, role.SCIMGroup)
	}
	if nameSet && (len(names) == 0 || role.Name != role.SCIMGroup) {
		names = append(names, role.Name)
	}
	return names
}

// takeGroups links the groups that a role claims now that its field or its name
// was set, and returns them as they were linked before. It gives the role to their
// members: whether the actor may is asked before. A role that SCIM made, and that so lost
// its last group, goes (D2).
func (m *mapping) takeGroups(role iam.Role, fieldSet, nameSet bool) ([]store.Group, error) {
	taken, err := m.claimedGroups(role, fieldSet, nameSet)
	if err != nil {
		return nil, err
	}
	for _, g := range taken {
		if err := m.link(g, role.ID); err != nil {
			return nil, err
		}
		if g.Role == "" {
			continue
		}
		if err := m.lostGroup(m.role(g.Role), g, role); err != nil {
			return nil, err
		}
	}
	return taken, nil
}

// lostGroup tells the audit log that a group moved away from a role, which goes
// if nothing else stands on it.
func (m *mapping) lostGroup(from iam.Role, g store.Group, to iam.Role) error {
	gone, err := m.dropEmptied(from)
	if err != nil || gone {
		return err
	}
	return m.audit(iam.AuditEvent{
		Type: iam.RoleUpdate, TargetType: "role", TargetID: string(from.ID), TargetName: from.Name,
		Details: map[string]any{"unlinked": groupDetails([]store.Group{g}), "movedTo": roleDetails(to)},
	})
}

// dropEmptied deletes a role that lost a group if it goes with its last one (D10).
func (m *mapping) dropEmptied(role iam.Role) (gone bool, err error) {
	gone, err = m.tx.DropEmptiedRole(m.org.ID, role)
	if err != nil {
		return false, fmt.Errorf("drop role %s if it is empty: %w", role.ID, err)
	}
	if !gone {
		return false, nil
	}
	return true, m.audit(iam.RoleGone(role))
}

func (m *mapping) link(g store.Group, role iam.RoleID) error {
	if err := m.tx.LinkGroup(m.org.ID, g.ID, role); err != nil {
		return fmt.Errorf("link group %s: %w", g.ID, err)
	}
	return nil
}

// unlinkGroups takes a role from all its groups, and returns them as they were and
// how many members they have.
func (m *mapping) unlinkGroups(role iam.RoleID) (groups []store.Group, members int, err error) {
	if groups, err = m.groupsOf(role); err != nil || len(groups) == 0 {
		return nil, 0, err
	}
	if members, err = m.countMembers(role); err != nil {
		return nil, 0, err
	}
	for _, g := range groups {
		if err := m.link(g, ""); err != nil {
			return nil, 0, err
		}
	}
	return groups, members, nil
}

// countMembers counts whom a role reaches through groups: the one number that the
// audit log holds of a mapping change (D3).
func (m *mapping) countMembers(role iam.RoleID) (int, error) {
	n, err := m.tx.CountRoleMembers(m.org.ID, role)
	if err != nil {
		return 0, fmt.Errorf("count the members of role %s: %w", role, err)
	}
	return n, nil
}

// auditMapping writes the event of a changed role, with the groups it took.
func (m *mapping) auditMapping(what iam.ActivityType, role iam.Role, details map[string]any, taken []store.Group) error {
	if len(taken) > 0 {
		members, err := m.countMembers(role.ID)
		if err != nil {
			return err
		}
		details["linked"], details["members"] = groupDetails(taken), members
	}
	return m.audit(iam.AuditEvent{Type: what, TargetType: "role", TargetID: string(role.ID), TargetName: role.Name, Details: details})
}

func groupDetails(groups []store.Group) []map[string]any {
	list := make([]map[string]any, 0, len(groups))
	for _, g := range groups {
		entry := map[string]any{"id": g.ID, "displayName": g.DisplayName}
		if g.Role != "" {
			entry["before"] = g.Role
		}
		list = append(list, entry)
	}
	return list
}

func roleDetails(r iam.Role) map[string]any {
	return map[string]any{"id": r.ID, "name": r.Name}
}
