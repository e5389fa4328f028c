package store

import "github.com/rollcall/rollcall/internal/iam"

// RolesClaiming returns the custom roles whose SCIM group field or name equals a
// group's name exactly: at most one of each, two index probes however many roles
// there are. iam.Claimant picks the one that claims it.
func (r *Reader) RolesClaiming(org iam.OrganizationID, name string) ([]iam.Role, error) {
	return list(r, scanRole, `
		SELECT `+roleColumns+` FROM roles WHERE org_id = ? AND scim_group = ?
		UNION
		SELECT `+roleColumns+` FROM roles WHERE org_id = ? AND type = 'custom' AND name = ?`, org, name, org, name)
}

// RolesNearly returns the custom roles whose SCIM group field or name is equal to a
// group's name, or nearly so: two index probes. iam.NearMisses picks the near ones.
func (r *Reader) RolesNearly(org iam.OrganizationID, name string) ([]iam.Role, error) {
	near := iam.NearKey(name)
	return list(r, scanRole, `
		SELECT `+roleColumns+` FROM roles WHERE org_id = ? AND near_group = ?
		UNION
		SELECT `+roleColumns+` FROM roles WHERE org_id = ? AND type = 'custom' AND near_name = ?
		ORDER BY 2`, org, near, org, near)
}

// VerifiedDomains returns the domains that an organization has verified, folded.
func (r *Reader) VerifiedDomains(org iam.OrganizationID) ([]string, error) {
	return list(r, scanOne[string], `SELECT domain FROM domains WHERE org_id = ? AND verified_at IS NOT NULL`, org)
}

// CountGroupsOfRole returns how many groups are linked to a role.
func (r *Reader) CountGroupsOfRole(org iam.OrganizationID, role iam.RoleID) (int, error) {
	return one(r, scanOne[int], `SELECT count(*) FROM groups WHERE org_id = ? AND role_id = ?`, org, role)
}
