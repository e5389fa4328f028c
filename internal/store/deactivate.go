package store

import (
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// Dropped is what a deactivated member lost besides his place: for the audit log.
type Dropped struct {
	Roles       []iam.RoleRef    // direct roles
	LocalSignIn bool             // whether he had local sign-in
	Invitation  iam.InvitationID // the pending invitation for his address, "" for none
	Sessions    int              // live sessions that ended
}

// Describe adds to the details of the member's audit event what he lost; an
// invitation has an event of its own.
func (d Dropped) Describe(details map[string]any) {
	if len(d.Roles) > 0 {
		details["directRoles"] = iam.RoleNames(d.Roles)
	}
	if d.LocalSignIn {
		details["localSignIn"] = "removed"
	}
	if d.Sessions > 0 {
		details["sessionsEnded"] = d.Sessions
	}
}

// Deactivate takes a member out: his status becomes inactive and his document
// counts a change, so that the identity provider can bring him back; his direct
// roles, his local sign-in, his sessions and a pending invitation for his address go (D4). It is the one way that
// SCIM, console and command line share. Whether he may go (iam.LastBreakGlass) is
// the caller's to decide, under the organization's lock. iam.ErrNotFound when
// there is no such row.
func (tx *Tx) Deactivate(org iam.OrganizationID, id iam.MemberID, at time.Time) (Dropped, error) {
	u, err := tx.LockUser(org, id)
	if err != nil {
		return Dropped{}, err
	}
	u.Status, u.Version, u.UpdatedAt = iam.StatusInactive, u.Version+1, at
	if err := tx.UpdateUser(u); err != nil {
		return Dropped{}, err
	}
	return tx.DropAccess(org, id, u.LoginKey)
}

// DropAccess removes what a person who is no longer a member must not keep: sessions,
// direct roles, local sign-in, and a pending invitation for his address. The caller
// holds his row, as whoever begins a session does: so none begins behind it.
func (tx *Tx) DropAccess(org iam.OrganizationID, id iam.MemberID, address string) (Dropped, error) {
	var lost Dropped
	var err error
	if lost.Sessions, err = tx.EndMemberSessions(org, id, "", EndedRemoved, tx.Now()); err != nil {
		return Dropped{}, err
	}
	roles, err := tx.DirectRoles(org, id)
	if err != nil {
		return Dropped{}, err
	}
	if len(roles) > 0 {
		lost.Roles = roles
		if _, err := tx.exec(`DELETE FROM direct_roles WHERE org_id = ? AND member_id = ?`, org, id); err != nil {
			return Dropped{}, err
		}
	}
	if lost.LocalSignIn, err = tx.DeleteLocalSignIn(org, id); err != nil {
		return Dropped{}, err
	}
	lost.Invitation, err = tx.DropInvitation(org, address)
	return lost, err
}

// DirectRoles returns the roles that an admin gave a member, by name.
func (r *Reader) DirectRoles(org iam.OrganizationID, id iam.MemberID) ([]iam.RoleRef, error) {
	scan := func(row scanner) (iam.RoleRef, error) {
		var ref iam.RoleRef
		err := row.Scan(&ref.ID, &ref.Name, &ref.Type)
		return ref, err
	}
	return list(r, scan, `
		SELECT r.id, r.name, r.type
		  FROM direct_roles d JOIN roles r ON r.org_id = d.org_id AND r.id = d.role_id
		 WHERE d.org_id = ? AND d.member_id = ? ORDER BY r.name, r.id`, org, id)
}

// DropInvitation deletes the pending invitation for an address, with its roles, and
// returns its id, "" when there was none.
func (tx *Tx) DropInvitation(org iam.OrganizationID, address string) (iam.InvitationID, error) {
	ids, err := list(tx.Reader, scanOne[iam.InvitationID], `SELECT id FROM invitations
		WHERE org_id = ? AND email = ?`+tx.forUpdate(), org, address)
	if err != nil || len(ids) == 0 {
		return "", err
	}
	if _, err := tx.exec(`DELETE FROM invitation_roles WHERE org_id = ? AND invitation_id = ?`, org, ids[0]); err != nil {
		return "", err
	}
	_, err = tx.exec(`DELETE FROM invitations WHERE org_id = ? AND id = ?`, org, ids[0])
	return ids[0], err
}
