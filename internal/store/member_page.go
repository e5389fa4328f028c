package store

import (
	"fmt"
	"slices"

	"github.com/rollcall/rollcall/internal/iam"
)

// MemberName is what a search for a person looks at.
type MemberName struct {
	ID          iam.MemberID
	LoginKey    string
	DisplayName string
	GivenName   string
	FamilyName  string
}

// direction returns how login keys are compared and ordered to go on from one of them,
// forwards or backwards.
func direction(back bool) (compare, order string) {
	if back {
		return "<", " DESC"
	}
	return ">", ""
}

// MembersFrom returns up to limit members who stand next to the login key from: behind
// it, or with back before it, nearest first. "" is before all. Two statements.
func (r *Reader) MembersFrom(org iam.OrganizationID, from string, back bool, limit int) ([]Member, error) {
	compare, order := direction(back)
	page, err := list(r, scanMember, `SELECT `+memberColumns+` FROM `+memberTables+`
		WHERE u.org_id = ? AND u.login_key `+compare+` ? AND u.status <> ? ORDER BY u.login_key`+order+` LIMIT ?`, org, from, iam.StatusInactive, limit)
	if err != nil {
		return nil, fmt.Errorf("read a page of members: %w", err)
	}
	if len(page) == 0 {
		return nil, nil
	}
	// addRoles takes the page in the order of the keys.
	if back {
		slices.Reverse(page)
	}
	err = r.addRoles(org, page)
	if back {
		slices.Reverse(page)
	}
	return page, err
}

// MemberNamesFrom returns the names of up to limit members, in the order of MembersFrom.
func (r *Reader) MemberNamesFrom(org iam.OrganizationID, from string, back bool, limit int) ([]MemberName, error) {
	compare, order := direction(back)
	scan := func(row scanner) (MemberName, error) {
		var n MemberName
		err := row.Scan(&n.ID, &n.LoginKey, &n.DisplayName, &n.GivenName, &n.FamilyName)
		return n, err
	}
	names, err := list(r, scan, `SELECT id, login_key, display_name, given_name, family_name FROM users
		WHERE org_id = ? AND login_key `+compare+` ? AND status <> ? ORDER BY login_key`+order+` LIMIT ?`, org, from, iam.StatusInactive, limit)
	if err != nil {
		return nil, fmt.Errorf("read the names of members: %w", err)
	}
	return names, nil
}

// MemberCount is how many members an organization has.
type MemberCount struct {
	All  int
	SCIM int // users of SCIM among them
}

// CountMembers counts them: the SCIM users by their counter, less those who are
// inactive, and everybody else. (The indexes want their conditions as literals.)
func (r *Reader) CountMembers(org iam.OrganizationID) (MemberCount, error) {
	n, err := one(r, func(row scanner) (MemberCount, error) {
		var users, inactive, others int
		err := row.Scan(&users, &inactive, &others)
		return MemberCount{All: users - inactive + others, SCIM: users - inactive}, err
	}, `SELECT (SELECT CAST(coalesce(sum(n), 0) AS BIGINT) FROM counters WHERE org_id = ? AND resource = ?),
		       (SELECT count(*) FROM users WHERE org_id = ? AND status = 'inactive'),
		       (SELECT count(*) FROM users WHERE org_id = ? AND NOT is_scim)`, org, CountUsers, org, org)
	if err != nil {
		return n, fmt.Errorf("count the members: %w", err)
	}
	return n, nil
}
