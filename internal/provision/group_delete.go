package provision

import (
	"context"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// DeleteGroup removes a group with its memberships and its link. A role that SCIM
// made, that got no permissions, no direct holders and no place in the Default
// list goes with its last group; any other stays (D10).
func (s *Service) DeleteGroup(ctx context.Context, c iam.SCIMCaller, id string, ifMatch Match) error {
	if !iam.IsID(id) {
		return noGroup(id)
	}
	return s.write(ctx, "delete group", c, lockOrganization|muchTime, func(w *writing) error {
		row, err := w.lockGroup(id, ifMatch)
		if err != nil {
			return err
		}
		m := newMembership(w, row.ID)
		if _, err := m.clear(); err != nil {
			return err
		}
		if err := w.tx.DeleteGroup(w.org, row.ID); err != nil {
			return err
		}
		if err := w.dropEmptyRole(row.Role); err != nil {
			return err
		}
		if err := w.tx.AddCount(w.org, store.CountGroups, string(row.ID), -1); err != nil {
			return err
		}
		event := iam.AuditEvent{Type: iam.SCIMGroupDelete, TargetType: "group", TargetID: string(row.ID), TargetName: row.DisplayName, Details: map[string]any{}}
		if row.Role != "" {
			event.Details["role"] = row.Role
		}
		m.describe(&event)
		return w.audit(event)
	})
}
