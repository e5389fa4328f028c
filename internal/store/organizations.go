package store

import (
	"github.com/rollcall/rollcall/internal/iam"
)

const organizationColumns = `org_id, name, plan, scim_enabled, identity_policy, unmapped_groups, created_at`

func scanOrganization(row scanner) (iam.Organization, error) {
	var o iam.Organization
	var created int64
	err := row.Scan(&o.ID, &o.Name, &o.Plan, &o.SCIMEnabled, &o.Identity, &o.UnmappedGroups, &created)
	o.CreatedAt = fromMicros(created)
	return o, err
}

// Organization returns one organization; iam.ErrNotFound.
func (r *Reader) Organization(org iam.OrganizationID) (iam.Organization, error) {
	return one(r, scanOrganization, `SELECT `+organizationColumns+` FROM organizations WHERE org_id = ?`, org)
}

// Organizations returns all organizations, the oldest first. It is for the
// operator: nobody else sees more than one.
func (r *Reader) Organizations() ([]iam.Organization, error) {
	return list(r, scanOrganization, `SELECT `+organizationColumns+` FROM organizations ORDER BY created_at, org_id`)
}

// LockOrganization reads an organization and holds its row until the transaction
// ends: the rare writes queue here (roles, mapping, keys, settings, groups made,
// renamed or deleted, whatever can take an Admin away). It comes before every
// other lock; iam.ErrNotFound.
func (tx *Tx) LockOrganization(org iam.OrganizationID) (iam.Organization, error) {
	return one(tx.Reader, scanOrganization, `SELECT `+organizationColumns+` FROM organizations WHERE org_id = ?`+tx.forUpdate(), org)
}

// InsertOrganization adds an organization, its system roles, and the Default
// role list [Member].
func (tx *Tx) InsertOrganization(o iam.Organization) error {
	if _, err := tx.exec(`
		INSERT INTO organizations (org_id, name, plan, scim_enabled, identity_policy, unmapped_groups, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?)`,
		o.ID, o.Name, o.Plan, o.SCIMEnabled, o.Identity, o.UnmappedGroups, micros(o.CreatedAt)); err != nil {
		return err
	}
	for _, r := range iam.SystemRoles() {
		if _, err := tx.InsertRole(o.ID, r, o.CreatedAt); err != nil {
			return err
		}
	}
	return tx.ReplaceDefaultRoles(o.ID, []iam.RoleID{iam.RoleMember})
}

// UpdateOrganization writes the plan and the SCIM settings of an organization
// that the transaction has locked.
func (tx *Tx) UpdateOrganization(o iam.Organization) error {
	_, err := tx.exec(`
		UPDATE organizations SET plan = ?, scim_enabled = ?, identity_policy = ?, unmapped_groups = ? WHERE org_id = ?`,
		o.Plan, o.SCIMEnabled, o.Identity, o.UnmappedGroups, o.ID)
	return err
}
