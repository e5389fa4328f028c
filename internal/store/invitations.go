package store

import (
	"encoding/hex"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// Invitation is an invitation that nobody has accepted yet. The token of its
// link is stored hashed and not read back.
type Invitation struct {
	ID        iam.InvitationID
	Email     string // folded
	InvitedBy string // what the audit log calls whoever invited
	CreatedAt time.Time
	ExpiresAt time.Time
}

const invitationColumns = `id, email, invited_by, created_at, expires_at`

func scanInvitation(row scanner) (Invitation, error) {
	var i Invitation
	var created, expires int64
	err := row.Scan(&i.ID, &i.Email, &i.InvitedBy, &created, &expires)
	i.CreatedAt, i.ExpiresAt = fromMicros(created), fromMicros(expires)
	return i, err
}

// Invitations returns the pending invitations by address.
func (r *Reader) Invitations(org iam.OrganizationID) ([]Invitation, error) {
	return list(r, scanInvitation, `SELECT `+invitationColumns+` FROM invitations WHERE org_id = ? ORDER BY email`, org)
}

// Invitation returns a pending invitation; iam.ErrNotFound.
func (r *Reader) Invitation(org iam.OrganizationID, id iam.InvitationID) (Invitation, error) {
	return one(r, scanInvitation, `SELECT `+invitationColumns+` FROM invitations WHERE org_id = ? AND id = ?`, org, id)
}

// AllInvitationRoles returns the roles that each of the pending invitations will give, by
// one statement.
func (r *Reader) AllInvitationRoles(org iam.OrganizationID) (map[iam.InvitationID][]iam.RoleRef, error) {
	all := map[iam.InvitationID][]iam.RoleRef{}
	err := r.each(func(row scanner) error {
		var id iam.InvitationID
		var role iam.RoleRef
		if err := row.Scan(&id, &role.ID, &role.Name, &role.Type); err != nil {
			return r.fail(err)
		}
		all[id] = append(all[id], role)
		return nil
	}, `
		SELECT i.invitation_id, r.id, r.name, r.type
		  FROM invitation_roles i JOIN roles r ON r.org_id = i.org_id AND r.id = i.role_id
		 WHERE i.org_id = ? ORDER BY i.invitation_id, r.type DESC, r.name, r.id`, org)
	return all, err
}

// CountInvitations counts the pending invitations.
func (r *Reader) CountInvitations(org iam.OrganizationID) (int, error) {
	return one(r, scanOne[int], `SELECT count(*) FROM invitations WHERE org_id = ?`, org)
}

// InvitationFor returns the pending invitation for a folded address; iam.ErrNotFound.
func (r *Reader) InvitationFor(org iam.OrganizationID, email string) (Invitation, error) {
	return one(r, scanInvitation, `SELECT `+invitationColumns+` FROM invitations WHERE org_id = ? AND email = ?`, org, email)
}

// InvitationByToken returns an invitation to whoever has its link; iam.ErrNotFound
// alike for an unknown one and for a wrong token.
func (r *Reader) InvitationByToken(org iam.OrganizationID, id iam.InvitationID, token iam.SecretHash) (Invitation, error) {
	return one(r, scanInvitation, `SELECT `+invitationColumns+` FROM invitations WHERE org_id = ? AND id = ? AND token_hash = ?`,
		org, id, hex.EncodeToString(token[:]))
}

// InvitationRoles returns the roles that an invitation will give.
func (r *Reader) InvitationRoles(org iam.OrganizationID, id iam.InvitationID) ([]iam.RoleRef, error) {
	return list(r, scanRoleRef, `
		SELECT r.id, r.name, r.type FROM invitation_roles i JOIN roles r ON r.org_id = i.org_id AND r.id = i.role_id
		WHERE i.org_id = ? AND i.invitation_id = ? ORDER BY r.type DESC, r.name, r.id`, org, id)
}

// InvitationsWithRole returns the addresses of the pending invitations that will
// give a role.
func (r *Reader) InvitationsWithRole(org iam.OrganizationID, role iam.RoleID) ([]string, error) {
	return list(r, scanOne[string], `
		SELECT i.email FROM invitation_roles x JOIN invitations i ON i.org_id = x.org_id AND i.id = x.invitation_id
		WHERE x.org_id = ? AND x.role_id = ? ORDER BY i.email`, org, role)
}

// InsertInvitation adds an invitation with its roles. added is false, and nothing
// is changed, when the address has one.
func (tx *Tx) InsertInvitation(org iam.OrganizationID, i Invitation, token iam.SecretHash, roles []iam.RoleID) (added bool, err error) {
	n, err := tx.exec(`
		INSERT INTO invitations (org_id, id, email, token_hash, invited_by, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`,
		org, i.ID, i.Email, hex.EncodeToString(token[:]), i.InvitedBy, micros(i.CreatedAt), micros(i.ExpiresAt))
	if err != nil || n == 0 {
		return false, err
	}
	for _, role := range roles {
		if _, err := tx.exec(`INSERT INTO invitation_roles (org_id, invitation_id, role_id) VALUES (?, ?, ?)`, org, i.ID, role); err != nil {
			return false, err
		}
	}
	return true, nil
}
