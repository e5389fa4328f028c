package store

import (
	"database/sql"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// Member is a person with all from which his roles and his warnings follow.
// Nothing of that is stored: the roles are decided when they are read (D3).
type Member struct {
	ID          iam.MemberID
	LoginKey    string
	UserName    string
	DisplayName string // of the document; "" when it has none
	GivenName   string
	FamilyName  string
	Status      iam.MemberStatus
	ManagedBy   iam.ManagedBy
	SCIM        bool
	Doc         string // of a SCIM user, see User.Doc
	LocalSignIn bool
	CreatedAt   time.Time
	Direct      []iam.RoleRef
	Groups      []iam.GroupRole // the linked groups he is in
}

const memberColumns = `u.id, u.login_key, u.user_name, u.display_name, u.given_name, u.family_name, u.status, u.managed_by, u.is_scim, u.doc,
	l.member_id IS NOT NULL, u.created_at`

const memberTables = `users u LEFT JOIN local_signins l ON l.org_id = u.org_id AND l.member_id = u.id`

func scanMember(row scanner) (Member, error) {
	var m Member
	var created int64
	err := row.Scan(&m.ID, &m.LoginKey, &m.UserName, &m.DisplayName, &m.GivenName, &m.FamilyName, &m.Status, &m.ManagedBy, &m.SCIM, &m.Doc,
		&m.LocalSignIn, &created)
	m.CreatedAt = fromMicros(created)
	return m, err
}

// Member returns one person with his roles; iam.ErrNotFound.
func (r *Reader) Member(org iam.OrganizationID, id iam.MemberID) (Member, error) {
	m, err := one(r, scanMember, `SELECT `+memberColumns+` FROM `+memberTables+` WHERE u.org_id = ? AND u.id = ?`, org, id)
	if err != nil {
		return Member{}, err
	}
	page := []Member{m}
	err = r.addRoles(org, page)
	return page[0], err
}

// MembersAfter returns up to limit persons whose login keys follow after, in the
// order of those keys, by two statements. Inactive SCIM users, who are no
// members, come only with inactive.
func (r *Reader) MembersAfter(org iam.OrganizationID, after string, limit int, inactive bool) ([]Member, error) {
	hidden := iam.StatusInactive
	if inactive {
		hidden = ""
	}
	page, err := list(r, scanMember, `SELECT `+memberColumns+` FROM `+memberTables+`
		WHERE u.org_id = ? AND u.login_key > ? AND u.status <> ? ORDER BY u.login_key LIMIT ?`, org, after, hidden, limit)
	if err != nil || len(page) == 0 {
		return nil, err
	}
	return page, r.addRoles(org, page)
}

// addRoles fills in the direct roles and the linked groups of a page of persons,
// who stand in the order of their login keys. One statement reads both, so that
// a role that moves from one to the other is not missed between two. CROSS JOIN
// holds SQLite to the order of the tables (its planner would read every membership
// of the organization for each page) and means nothing to PostgreSQL.
func (r *Reader) addRoles(org iam.OrganizationID, page []Member) error {
	byID := make(map[iam.MemberID]*Member, len(page))
	for i := range page {
		byID[page[i].ID] = &page[i]
	}
	first, last := page[0].LoginKey, page[len(page)-1].LoginKey
	return r.each(func(row scanner) error {
		var id iam.MemberID
		var group sql.NullString
		var role iam.RoleRef
		if err := row.Scan(&id, &group, &role.ID, &role.Name, &role.Type); err != nil {
			return r.fail(err)
		}
		m, listed := byID[id]
		switch {
		case !listed:
		case group.Valid:
			m.Groups = append(m.Groups, iam.GroupRole{Group: group.String, Role: role})
		default:
			m.Direct = append(m.Direct, role)
		}
		return nil
	}, `
		SELECT u.id, CAST(NULL AS TEXT) AS group_name, r.id AS role_id, r.name AS role_name, r.type
		  FROM users u CROSS JOIN direct_roles d CROSS JOIN roles r
		 WHERE u.org_id = ? AND u.login_key >= ? AND u.login_key <= ?
		   AND d.org_id = u.org_id AND d.member_id = u.id
		   AND r.org_id = d.org_id AND r.id = d.role_id
		UNION ALL
		SELECT u.id, g.display_name, r.id, r.name, r.type
		  FROM users u CROSS JOIN group_members m CROSS JOIN groups g CROSS JOIN roles r
		 WHERE u.org_id = ? AND u.login_key >= ? AND u.login_key <= ?
		   AND m.org_id = u.org_id AND m.user_id = u.id
		   AND g.org_id = m.org_id AND g.id = m.group_id
		   AND r.org_id = g.org_id AND r.id = g.role_id
		 ORDER BY group_name, role_name, role_id`, org, first, last, org, first, last)
}

// GroupWithRole is a group as admins see it.
type GroupWithRole struct {
	ID          iam.GroupID
	DisplayName string
	ExternalID  string
	Role        iam.RoleRef // the zero value: no role
	Members     int         // active or not
}

// GroupsWithRoles returns all groups by name, with their roles and numbers of
// members. It counts the memberships of the organization: for lists that an
// admin asks for.
func (r *Reader) GroupsWithRoles(org iam.OrganizationID) ([]GroupWithRole, error) {
	scan := func(row scanner) (GroupWithRole, error) {
		var g GroupWithRole
		err := row.Scan(&g.ID, &g.DisplayName, &g.ExternalID, &g.Role.ID, &g.Role.Name, &g.Role.Type, &g.Members)
		return g, err
	}
	return list(r, scan, `
		SELECT g.id, g.display_name, coalesce(g.external_id, ''), coalesce(r.id, ''), coalesce(r.name, ''), coalesce(r.type, ''),
		       (SELECT count(*) FROM group_members m WHERE m.org_id = g.org_id AND m.group_id = g.id)
		  FROM groups g LEFT JOIN roles r ON r.org_id = g.org_id AND r.id = g.role_id
		 WHERE g.org_id = ? ORDER BY g.name_key`, org)
}

// LinkedGroup is a group that is linked to a role, or to none.
type LinkedGroup struct {
	GroupName
	Role iam.RoleID // "" for none
}

// LinkedGroups returns every group with the role it is linked to, by name.
func (r *Reader) LinkedGroups(org iam.OrganizationID) ([]LinkedGroup, error) {
	scan := func(row scanner) (LinkedGroup, error) {
		var g LinkedGroup
		err := row.Scan(&g.ID, &g.DisplayName, &g.Role)
		return g, err
	}
	return list(r, scan, `SELECT id, display_name, coalesce(role_id, '') FROM groups WHERE org_id = ? ORDER BY name_key`, org)
}

// CountRoleMembers counts the members who are in a group that is linked to a role,
// each once. It reads all their memberships.
func (r *Reader) CountRoleMembers(org iam.OrganizationID, role iam.RoleID) (int, error) {
	groups, err := list(r, scanOne[iam.GroupID], `SELECT id FROM groups WHERE org_id = ? AND role_id = ?`, org, role)
	switch {
	case err != nil || len(groups) == 0:
		return 0, err
	case len(groups) == 1: // nobody twice: many times faster
		return one(r, scanOne[int], `SELECT count(*) FROM group_members WHERE org_id = ? AND group_id = ?`, org, groups[0])
	}
	return one(r, scanOne[int], `
		SELECT count(DISTINCT m.user_id)
		  FROM groups g JOIN group_members m ON m.org_id = g.org_id AND m.group_id = g.id
		 WHERE g.org_id = ? AND g.role_id = ?`, org, role)
}
