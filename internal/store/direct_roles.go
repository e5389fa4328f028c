package store

import (
	"github.com/rollcall/rollcall/internal/iam"
)

// SetDirectRoles replaces the direct roles of a member, whose row and whose
// organization's row the caller holds.
func (tx *Tx) SetDirectRoles(org iam.OrganizationID, member iam.MemberID, roles []iam.RoleID) error {
	if _, err := tx.exec(`DELETE FROM direct_roles WHERE org_id = ? AND member_id = ?`, org, member); err != nil {
		return err
	}
	for _, role := range roles {
		if _, err := tx.exec(`INSERT INTO direct_roles (org_id, member_id, role_id) VALUES (?, ?, ?)`, org, member, role); err != nil {
			return err
		}
	}
	return nil
}

// ClearRoleHolders takes a role from everybody who has it directly and returns
// their ids.
func (tx *Tx) ClearRoleHolders(org iam.OrganizationID, role iam.RoleID) ([]iam.MemberID, error) {
	return list(tx.Reader, scanOne[iam.MemberID], `DELETE FROM direct_roles WHERE org_id = ? AND role_id = ? RETURNING member_id`, org, role)
}

// BreakGlassAdmins returns who can get in without the identity provider (D8):
// members who hold Admin directly and have a password or the one-time link for
// one. A link past its date counts: whoever runs the server renews it. The
// answer holds only under the organization's row lock.
func (r *Reader) BreakGlassAdmins(org iam.OrganizationID) ([]iam.BreakGlass, error) {
	scan := func(row scanner) (iam.BreakGlass, error) {
		var b iam.BreakGlass
		err := row.Scan(&b.Member)
		return b, err
	}
	return list(r, scan, `
		SELECT d.member_id
		  FROM direct_roles d
		  JOIN local_signins l ON l.org_id = d.org_id AND l.member_id = d.member_id
		  JOIN users u ON u.org_id = d.org_id AND u.id = d.member_id
		 WHERE d.org_id = ? AND d.role_id = ? AND u.status <> ?
		   AND (l.password_hash IS NOT NULL OR l.link_hash IS NOT NULL)
		 ORDER BY d.member_id`, org, iam.RoleAdmin, iam.StatusInactive)
}
