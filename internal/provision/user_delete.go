package provision

import (
	"context"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// DeleteUser removes member, SCIM user and memberships for good: 404 afterwards,
// and the id is never used again (D4). The last Admin who can sign in without the
// identity provider stays as a break-glass member under a new id (D8).
func (s *Service) DeleteUser(ctx context.Context, c iam.SCIMCaller, id string, ifMatch Match) error {
	if !iam.IsID(id) {
		return noUser(id)
	}
	kept := iam.MemberID(s.DB.NewID())
	return s.write(ctx, "delete user", c, 0, func(w *writing) error {
		// Groups are locked before users, everywhere; a user who is not there has none.
		seen, err := w.tx.User(w.org, iam.MemberID(id))
		if err == nil && !seen.SCIM {
			return noUser(id)
		}
		if err != nil {
			return missingUser(err, id)
		}
		groups, err := w.tx.LeaveGroups(w.org, seen.ID, w.now)
		if err != nil {
			return err
		}
		row, err := w.lockUser(id, ifMatch)
		if err != nil {
			return err
		}
		joined, err := w.tx.LeaveGroups(w.org, row.ID, w.now)
		if err != nil {
			return err
		}
		return w.removeUser(row, append(groups, joined...), kept)
	})
}

func (w *writing) removeUser(row store.User, groups []store.GroupName, kept iam.MemberID) error {
	event := iam.AuditEvent{Type: iam.MemberDelete, TargetType: "user", TargetID: string(row.ID), TargetName: row.UserName,
		Details: map[string]any{"reason": "deleted"}}
	if err := w.auditLeft(row, groups); err != nil {
		return err
	}
	admins, err := w.breakGlassIfAdmin(row.ID)
	if err != nil {
		return err
	}
	if iam.LastBreakGlass(admins, row.ID) {
		if err := w.keepAsNewMember(row, kept); err != nil {
			return err
		}
		event.Details["keptAs"] = kept
	} else if err := w.dropAccess(row, true, event.Details); err != nil {
		return err
	}
	if err := w.tx.DeleteUser(w.org, row.ID, w.now); err != nil {
		return err
	}
	if err := w.tx.AddCount(w.org, store.CountUsers, string(row.ID), -1); err != nil {
		return err
	}
	return w.audit(event)
}

// auditLeft tells the audit log of each group that lost a member with him: it is
// another group from now on, with another ETag.
func (w *writing) auditLeft(row store.User, groups []store.GroupName) error {
	for _, g := range groups {
		event := iam.AuditEvent{Type: iam.SCIMGroupUpdate, TargetType: "group", TargetID: string(g.ID), TargetName: g.DisplayName,
			Details: map[string]any{"reason": "the user was deleted"}, Also: []iam.MemberID{row.ID}}
		listIDs(&event, "membersRemoved", event.Also)
		if err := w.audit(event); err != nil {
			return err
		}
	}
	return nil
}

// keepAsNewMember moves what lets the last break-glass Admin in to a member of a
// new id: the old id is the SCIM user's, and that is gone for good.
func (w *writing) keepAsNewMember(row store.User, kept iam.MemberID) error {
	if err := w.tx.FreeLogin(w.org, row.ID); err != nil {
		return err
	}
	member := store.User{
		Org: w.org, ID: kept, LoginKey: row.LoginKey, UserName: row.UserName, DisplayName: row.DisplayName,
		GivenName: row.GivenName, FamilyName: row.FamilyName, Status: iam.StatusBreakGlass, ManagedBy: iam.ManagedByAdmin,
		Doc: "{}", Version: 1, CreatedAt: w.now, UpdatedAt: w.now,
	}
	if _, err := w.tx.InsertUser(member); err != nil {
		return err
	}
	if err := w.tx.MoveLocalSignIn(w.org, row.ID, kept); err != nil {
		return err
	}
	ended, err := w.tx.EndMemberSessions(w.org, row.ID, "", store.EndedRemoved, w.tx.Now())
	if err != nil {
		return err
	}
	if err := w.tx.SetDirectRoles(w.org, row.ID, nil); err != nil {
		return err
	}
	if err := w.tx.SetDirectRoles(w.org, kept, []iam.RoleID{iam.RoleAdmin}); err != nil {
		return err
	}
	details := map[string]any{"reason": "SCIM deleted the last Admin who can sign in without the identity provider; he keeps local sign-in and the role Admin", "before": row.ID}
	noteSessions(details, ended)
	return w.audit(iam.AuditEvent{
		Type: iam.BreakGlassKept, TargetType: "user", TargetID: string(kept), TargetName: row.UserName, Details: details,
	})
}
