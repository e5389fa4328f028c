package store

import (
	"fmt"

	"github.com/rollcall/rollcall/internal/iam"
)

// heldRoles is a subquery (role_id, member_id) of who holds which role directly or
// through a group, each pair once: what iam.EffectiveRoles decides, for numbers. Default
// roles are not in it; nobody who is inactive has direct roles, and groups reach active
// members alone. It takes the organization twice. CROSS JOIN holds SQLite to the order of
// the tables, see addRoles.
const heldRoles = `(
	SELECT role_id, member_id FROM direct_roles WHERE org_id = ?
	UNION
	SELECT g.role_id, m.user_id
	  FROM groups g CROSS JOIN group_members m CROSS JOIN users u
	 WHERE g.org_id = ? AND g.role_id IS NOT NULL
	   AND m.org_id = g.org_id AND m.group_id = g.id
	   AND u.org_id = m.org_id AND u.id = m.user_id AND u.status = 'active')`

// holdersOf is heldRoles for one role: a subquery (member_id). It takes the organization
// and the role, twice.
const holdersOf = `(
	SELECT member_id FROM direct_roles WHERE org_id = ? AND role_id = ?
	UNION
	SELECT m.user_id
	  FROM groups g CROSS JOIN group_members m CROSS JOIN users u
	 WHERE g.org_id = ? AND g.role_id = ?
	   AND m.org_id = g.org_id AND m.group_id = g.id
	   AND u.org_id = m.org_id AND u.id = m.user_id AND u.status = 'active')`

// noRole is a condition on users u: neither a direct role nor a group gives him one, so
// that he holds the Default roles.
const noRole = `u.status = 'active'
	AND NOT EXISTS (SELECT 1 FROM direct_roles d WHERE d.org_id = u.org_id AND d.member_id = u.id)
	AND NOT EXISTS (SELECT 1 FROM group_members m CROSS JOIN groups g
		WHERE m.org_id = u.org_id AND m.user_id = u.id AND g.org_id = m.org_id AND g.id = m.group_id AND g.role_id IS NOT NULL)`

// CountRoleHolders counts for every role the members who hold it directly or through a
// group, each once. Roles that nobody holds so are not in it. Its cost grows with the
// memberships of the organization: for lists that an admin asks for.
func (r *Reader) CountRoleHolders(org iam.OrganizationID) (map[iam.RoleID]int, error) {
	counts := map[iam.RoleID]int{}
	err := r.each(func(row scanner) error {
		var role iam.RoleID
		var n int
		if err := row.Scan(&role, &n); err != nil {
			return r.fail(err)
		}
		counts[role] = n
		return nil
	}, `SELECT role_id, count(*) FROM `+heldRoles+` AS held GROUP BY role_id`, org, org)
	if err != nil {
		return nil, fmt.Errorf("count the holders of roles: %w", err)
	}
	return counts, nil
}

// CountWithoutRole counts the members who hold the Default roles.
func (r *Reader) CountWithoutRole(org iam.OrganizationID) (int, error) {
	n, err := one(r, scanOne[int], `SELECT count(*) FROM users u WHERE u.org_id = ? AND `+noRole, org)
	if err != nil {
		return 0, fmt.Errorf("count the members who hold the Default roles: %w", err)
	}
	return n, nil
}

// RoleHolders returns the first members, by login key, who hold a role directly or through
// a group.
func (r *Reader) RoleHolders(org iam.OrganizationID, role iam.RoleID, limit int) ([]iam.MemberID, error) {
	ids, err := list(r, scanOne[iam.MemberID], `SELECT u.id FROM `+holdersOf+` AS h JOIN users u ON u.id = h.member_id
		WHERE u.org_id = ? ORDER BY u.login_key LIMIT ?`, org, role, org, role, org, limit)
	if err != nil {
		return nil, fmt.Errorf("list the holders of role %s: %w", role, err)
	}
	return ids, nil
}

// WithoutRole returns the first members, by login key, who hold the Default roles.
func (r *Reader) WithoutRole(org iam.OrganizationID, limit int) ([]iam.MemberID, error) {
	ids, err := list(r, scanOne[iam.MemberID], `SELECT u.id FROM users u WHERE u.org_id = ? AND `+noRole+`
		ORDER BY u.login_key LIMIT ?`, org, limit)
	if err != nil {
		return nil, fmt.Errorf("list the members who hold the Default roles: %w", err)
	}
	return ids, nil
}

// CountHolders counts the members who hold a role directly or through a group.
func (r *Reader) CountHolders(org iam.OrganizationID, role iam.RoleID) (int, error) {
	n, err := one(r, scanOne[int], `SELECT count(*) FROM `+holdersOf+` AS h JOIN users u ON u.id = h.member_id
		WHERE u.org_id = ?`, org, role, org, role, org)
	if err != nil {
		return 0, fmt.Errorf("count the holders of role %s: %w", role, err)
	}
	return n, nil
}

// CountSoleHolders counts those of them who hold no other role.
func (r *Reader) CountSoleHolders(org iam.OrganizationID, role iam.RoleID) (int, error) {
	n, err := one(r, scanOne[int], `SELECT count(*) FROM `+holdersOf+` AS h
		WHERE NOT EXISTS (SELECT 1 FROM direct_roles d WHERE d.org_id = ? AND d.member_id = h.member_id AND d.role_id <> ?)
			AND NOT EXISTS (SELECT 1 FROM group_members m CROSS JOIN groups g WHERE m.org_id = ? AND m.user_id = h.member_id
				AND g.org_id = m.org_id AND g.id = m.group_id AND g.role_id <> ?)`, org, role, org, role, org, role, org, role)
	if err != nil {
		return 0, fmt.Errorf("count the holders of role %s alone: %w", role, err)
	}
	return n, nil
}

// CountGroupReach counts the active members of a group: those whom a role reaches by it.
func (r *Reader) CountGroupReach(org iam.OrganizationID, group iam.GroupID) (int, error) {
	n, err := one(r, scanOne[int], `SELECT count(*) FROM group_members m JOIN users u ON u.org_id = m.org_id AND u.id = m.user_id
		WHERE m.org_id = ? AND m.group_id = ? AND u.status = 'active'`, org, group)
	if err != nil {
		return 0, fmt.Errorf("count whom group %s reaches: %w", group, err)
	}
	return n, nil
}

// GroupPerson is a member of a group as an admin sees him: active or not.
type GroupPerson struct {
	MemberName
	UserName string
	Status   iam.MemberStatus
}

// GroupPeople returns up to limit members of a group whose login keys follow after, in the
// order of those keys.
func (r *Reader) GroupPeople(org iam.OrganizationID, group iam.GroupID, after string, limit int) ([]GroupPerson, error) {
	people, err := list(r, func(row scanner) (GroupPerson, error) {
		var p GroupPerson
		err := row.Scan(&p.ID, &p.LoginKey, &p.UserName, &p.DisplayName, &p.GivenName, &p.FamilyName, &p.Status)
		return p, err
	}, `SELECT u.id, u.login_key, u.user_name, u.display_name, u.given_name, u.family_name, u.status
		FROM group_members m JOIN users u ON u.org_id = m.org_id AND u.id = m.user_id
		WHERE m.org_id = ? AND m.group_id = ? AND u.login_key > ? ORDER BY u.login_key LIMIT ?`, org, group, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list the members of group %s: %w", group, err)
	}
	return people, nil
}

// CountGroupMembers counts the members of a group, active or not.
func (r *Reader) CountGroupMembers(org iam.OrganizationID, group iam.GroupID) (int, error) {
	n, err := one(r, scanOne[int], `SELECT count(*) FROM group_members WHERE org_id = ? AND group_id = ?`, org, group)
	if err != nil {
		return 0, fmt.Errorf("count the members of group %s: %w", group, err)
	}
	return n, nil
}
