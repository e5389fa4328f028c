package provision

import (
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// keepBreakGlass sets the status of a member whom SCIM deactivates: inactive, or
// break-glass when he is the last Admin who can get in without the identity
// provider (D8). In that case he keeps local sign-in and direct Admin alone, and
// the audit log has a warning. It needs the organization's row held when he holds
// Admin directly.
func (w *writing) keepBreakGlass(row *store.User) (kept bool, err error) {
	row.Status = iam.StatusInactive
	admins, err := w.breakGlassIfAdmin(row.ID)
	if err != nil || !iam.LastBreakGlass(admins, row.ID) {
		return false, err
	}
	row.Status = iam.StatusBreakGlass
	if err := w.tx.SetDirectRoles(w.org, row.ID, []iam.RoleID{iam.RoleAdmin}); err != nil {
		return false, err
	}
	ended, err := w.tx.EndMemberSessions(w.org, row.ID, "", store.EndedRemoved, w.tx.Now())
	if err != nil {
		return false, err
	}
	details := map[string]any{"reason": "SCIM took away the last Admin who can sign in without the identity provider; he keeps local sign-in and the role Admin"}
	noteSessions(details, ended)
	return true, w.audit(iam.AuditEvent{
		Type: iam.BreakGlassKept, TargetType: "user", TargetID: string(row.ID), TargetName: row.UserName, Details: details,
	})
}

// breakGlassIfAdmin returns the organization's break-glass Admins when the member
// is one of them, nil otherwise. The one look-up that most people need is whether
// they hold Admin directly.
func (w *writing) breakGlassIfAdmin(id iam.MemberID) ([]iam.BreakGlass, error) {
	direct, err := w.tx.DirectRoles(w.org, id)
	if err != nil {
		return nil, err
	}
	for _, r := range direct {
		if r.ID != iam.RoleAdmin {
			continue
		}
		if !w.locked {
			return nil, errNeedsLock
		}
		return w.tx.BreakGlassAdmins(w.org)
	}
	return nil, nil
}
