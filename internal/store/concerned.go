package store

import (
	"fmt"

	"github.com/rollcall/rollcall/internal/iam"
)

// Concerned is a member as a change of roles looks at him: what his roles follow from, and
// no more, so that very many can be looked at.
type Concerned struct {
	ID     iam.MemberID
	Status iam.MemberStatus // not inactive
	Direct []iam.RoleID
	Groups []MemberLink // every SCIM group he is in
}

// MemberLink is a group that a member is in, with the role it is linked to, "" for none.
type MemberLink struct {
	Group iam.GroupID
	Role  iam.RoleID
}

// shutOut is a condition on users u: who could not sign in any more without a domain. It
// takes patterns of the addresses in it, of what is no address, and the status of those
// who are no members. A folded domain holds no character that LIKE takes for a pattern,
// and a login key with one "@" before it is an address.
const shutOut = `u.login_key LIKE ? AND u.login_key NOT LIKE ? AND u.status <> ?
	AND NOT EXISTS (SELECT 1 FROM local_signins l WHERE l.org_id = u.org_id AND l.member_id = u.id)`

// shutOutArgs are the arguments of shutOut.
func shutOutArgs(domain string) []any { return []any{"%@" + domain, "%@%@%", iam.StatusInactive} }

// InGroup returns up to limit members who are in a group and whose ids follow after, in
// the order of their ids.
func (r *Reader) InGroup(org iam.OrganizationID, group iam.GroupID, after iam.MemberID, limit int) ([]Concerned, error) {
	return r.concerned(org, `SELECT u.id, u.status FROM group_members m CROSS JOIN users u
		WHERE m.org_id = ? AND m.group_id = ? AND m.user_id > ? AND u.org_id = m.org_id AND u.id = m.user_id AND u.status <> ?
		ORDER BY m.user_id LIMIT ?`, org, group, after, iam.StatusInactive, limit)
}

// HoldingDirectly is InGroup for the members who hold a role directly.
func (r *Reader) HoldingDirectly(org iam.OrganizationID, role iam.RoleID, after iam.MemberID, limit int) ([]Concerned, error) {
	return r.concerned(org, `SELECT u.id, u.status FROM direct_roles d JOIN users u ON u.org_id = d.org_id AND u.id = d.member_id
		WHERE d.org_id = ? AND d.role_id = ? AND d.member_id > ? AND u.status <> ? ORDER BY d.member_id LIMIT ?`,
		org, role, after, iam.StatusInactive, limit)
}

// HoldingByDefault is InGroup for the members who hold the Default roles. It passes every
// user of the organization to find them, once in all pages together.
func (r *Reader) HoldingByDefault(org iam.OrganizationID, after iam.MemberID, limit int) ([]Concerned, error) {
	return r.concerned(org, `SELECT u.id, u.status FROM users u WHERE u.org_id = ? AND u.id > ? AND `+noRole+` ORDER BY u.id LIMIT ?`,
		org, after, limit)
}

// InDomain is InGroup for the members whom removing a domain would shut out: those whose
// sign-in address lies in it and who have no local sign-in. It passes every user, too.
func (r *Reader) InDomain(org iam.OrganizationID, domain string, after iam.MemberID, limit int) ([]Concerned, error) {
	args := append(append([]any{org, after}, shutOutArgs(domain)...), limit)
	return r.concerned(org, `SELECT u.id, u.status FROM users u WHERE u.org_id = ? AND u.id > ? AND `+shutOut+` ORDER BY u.id LIMIT ?`, args...)
}

// concerned reads a page of members, and what their roles follow from.
func (r *Reader) concerned(org iam.OrganizationID, text string, args ...any) ([]Concerned, error) {
	page, err := list(r, func(row scanner) (Concerned, error) {
		var m Concerned
		err := row.Scan(&m.ID, &m.Status)
		return m, err
	}, text, args...)
	if err != nil {
		return nil, fmt.Errorf("read the members whom a change concerns: %w", err)
	}
	byID := make(map[iam.MemberID]*Concerned, len(page))
	ids := make([]any, 0, len(page))
	for i := range page {
		byID[page[i].ID] = &page[i]
		ids = append(ids, page[i].ID)
	}
	err = eachChunk(ids, func(chunk []any) error { return r.addSources(org, byID, chunk) })
	if err != nil {
		return nil, fmt.Errorf("read the roles of the members whom a change concerns: %w", err)
	}
	return page, nil
}

// addSources fills in direct roles and groups, in one statement for the reason of addRoles.
func (r *Reader) addSources(org iam.OrganizationID, byID map[iam.MemberID]*Concerned, ids []any) error {
	args := append([]any{org}, ids...)
	args = append(args, args...)
	return r.each(func(row scanner) error {
		var id iam.MemberID
		var link MemberLink
		if err := row.Scan(&id, &link.Group, &link.Role); err != nil {
			return r.fail(err)
		}
		switch m := byID[id]; link.Group {
		case "":
			m.Direct = append(m.Direct, link.Role)
		default:
			m.Groups = append(m.Groups, link)
		}
		return nil
	}, `
		SELECT d.member_id, '' AS group_id, d.role_id FROM direct_roles d
		 WHERE d.org_id = ? AND d.member_id IN (`+inList(len(ids))+`)
		UNION ALL
		SELECT m.user_id, g.id, coalesce(g.role_id, '') FROM group_members m CROSS JOIN groups g
		 WHERE m.org_id = ? AND m.user_id IN (`+inList(len(ids))+`) AND g.org_id = m.org_id AND g.id = m.group_id`, args...)
}

// NamesOf returns the names and addresses of some members, in no order. Who is gone is not
// in it.
func (r *Reader) NamesOf(org iam.OrganizationID, ids []iam.MemberID) ([]GroupPerson, error) {
	people, err := listIn(r, func(row scanner) (GroupPerson, error) {
		var p GroupPerson
		err := row.Scan(&p.ID, &p.LoginKey, &p.UserName, &p.DisplayName, &p.GivenName, &p.FamilyName, &p.Status)
		return p, err
	}, `SELECT id, login_key, user_name, display_name, given_name, family_name, status FROM users WHERE org_id = ? AND id IN `, org, ids)
	if err != nil {
		return nil, fmt.Errorf("read the names of members: %w", err)
	}
	return people, nil
}
