package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

const roleColumns = `id, name, type, source, coalesce(scim_group, ''), permissions`

// scanRole reads a role. What a system role may do is told by this version of
// the program, not by the row that an older one wrote.
func scanRole(row scanner) (iam.Role, error) {
	var role iam.Role
	var permissions string
	if err := row.Scan(&role.ID, &role.Name, &role.Type, &role.Source, &role.SCIMGroup, &permissions); err != nil {
		return iam.Role{}, err
	}
	if system, ok := iam.SystemRole(role.ID); ok {
		return system, nil
	}
	if err := json.Unmarshal([]byte(permissions), &role.Permissions); err != nil {
		return iam.Role{}, fmt.Errorf("permissions of role %s: %w", role.ID, err)
	}
	return role, nil
}

// Role returns one role; iam.ErrNotFound.
func (r *Reader) Role(org iam.OrganizationID, id iam.RoleID) (iam.Role, error) {
	return one(r, scanRole, `SELECT `+roleColumns+` FROM roles WHERE org_id = ? AND id = ?`, org, id)
}

// Roles returns all roles, the system roles first, then the custom ones by name.
func (r *Reader) Roles(org iam.OrganizationID) ([]iam.Role, error) {
	return list(r, scanRole, `SELECT `+roleColumns+` FROM roles WHERE org_id = ?
		ORDER BY CASE WHEN type = 'system' THEN 0 ELSE 1 END, CASE WHEN type = 'system' THEN id ELSE name END`, org)
}

// RolesByID returns those of the ids that are roles, in no order.
func (r *Reader) RolesByID(org iam.OrganizationID, ids []iam.RoleID) ([]iam.Role, error) {
	return listIn(r, scanRole, `SELECT `+roleColumns+` FROM roles WHERE org_id = ? AND id IN `, org, ids)
}

// InsertRole adds a role. added is false, and nothing is changed, when its id,
// its name or its SCIM group field is taken.
func (tx *Tx) InsertRole(org iam.OrganizationID, role iam.Role, at time.Time) (added bool, err error) {
	n, err := tx.exec(`
		INSERT INTO roles (org_id, id, name, type, source, scim_group, near_name, near_group, permissions, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`,
		org, role.ID, role.Name, role.Type, role.Source, nullText(role.SCIMGroup),
		iam.NearKey(role.Name), nullText(iam.NearKey(role.SCIMGroup)), permissionsJSON(role), micros(at), micros(at))
	return n == 1, err
}

// UpdateRole writes name, SCIM group field and permissions of a custom role. The
// caller holds the organization's row and has looked for the holders of both
// names; the unique indexes answer KindConflict all the same.
func (tx *Tx) UpdateRole(org iam.OrganizationID, role iam.Role, at time.Time) error {
	_, err := tx.exec(`
		UPDATE roles SET name = ?, scim_group = ?, near_name = ?, near_group = ?, permissions = ?, updated_at = ?
		WHERE org_id = ? AND id = ? AND type = 'custom'`,
		role.Name, nullText(role.SCIMGroup), iam.NearKey(role.Name), nullText(iam.NearKey(role.SCIMGroup)), permissionsJSON(role), micros(at), org, role.ID)
	return err
}

// DeleteRole removes a custom role that nothing stands on: no group is linked to
// it, nobody holds it, it is in no list.
func (tx *Tx) DeleteRole(org iam.OrganizationID, id iam.RoleID) error {
	_, err := tx.exec(`DELETE FROM roles WHERE org_id = ? AND id = ? AND type = 'custom'`, org, id)
	return err
}

// DropEmptiedRole deletes a role that has just lost a group if it goes with its last
// one (D10), and tells whether it did. It is the one way that SCIM, console and
// command line share; the caller audits iam.RoleGone.
func (tx *Tx) DropEmptiedRole(org iam.OrganizationID, role iam.Role) (gone bool, err error) {
	use, err := tx.RoleUse(org, role.ID)
	if err != nil || !iam.GoesWithLastGroup(role, use) {
		return false, err
	}
	return true, tx.DeleteRole(org, role.ID)
}

// permissionsJSON is the column permissions. Strings always marshal.
func permissionsJSON(role iam.Role) string {
	if role.Type == iam.RoleSystem || len(role.Permissions) == 0 {
		return "[]"
	}
	text, _ := json.Marshal(role.Permissions)
	return string(text)
}

// RoleUse tells what stands on a role.
func (r *Reader) RoleUse(org iam.OrganizationID, id iam.RoleID) (iam.RoleUse, error) {
	scan := func(row scanner) (iam.RoleUse, error) {
		var use iam.RoleUse
		err := row.Scan(&use.Groups, &use.Direct, &use.Default, &use.Invitations)
		return use, err
	}
	return one(r, scan, `
		SELECT (SELECT count(*) FROM groups WHERE org_id = ? AND role_id = ?),
		       (SELECT count(*) FROM direct_roles WHERE org_id = ? AND role_id = ?),
		       EXISTS (SELECT 1 FROM default_roles WHERE org_id = ? AND role_id = ?),
		       (SELECT count(*) FROM invitation_roles WHERE org_id = ? AND role_id = ?)`,
		org, id, org, id, org, id, org, id)
}

// DefaultRoles returns the Default role list, the system roles first, then by name.
func (r *Reader) DefaultRoles(org iam.OrganizationID) ([]iam.RoleRef, error) {
	return list(r, scanRoleRef, `
		SELECT r.id, r.name, r.type FROM default_roles d JOIN roles r ON r.org_id = d.org_id AND r.id = d.role_id
		WHERE d.org_id = ? ORDER BY r.type DESC, r.name, r.id`, org)
}

func scanRoleRef(row scanner) (iam.RoleRef, error) {
	var ref iam.RoleRef
	err := row.Scan(&ref.ID, &ref.Name, &ref.Type)
	return ref, err
}

// ReplaceDefaultRoles sets the Default role list, which the caller keeps from
// being empty.
func (tx *Tx) ReplaceDefaultRoles(org iam.OrganizationID, roles []iam.RoleID) error {
	if _, err := tx.exec(`DELETE FROM default_roles WHERE org_id = ?`, org); err != nil {
		return err
	}
	for _, role := range roles {
		if _, err := tx.exec(`INSERT INTO default_roles (org_id, role_id) VALUES (?, ?)`, org, role); err != nil {
			return err
		}
	}
	return nil
}
