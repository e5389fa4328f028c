package provision

import (
	"fmt"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// rename carries out what a group's new name does to its link (D2): it moves to
// the role that claims the name, or keeps its role, whose SCIM group field and,
// when SCIM made it for this group alone, whose name go with it. It is never
// refused for want of a role.
func (w *writing) rename(before store.Group, row *store.Group, event *iam.AuditEvent) (note string, err error) {
	if !w.locked {
		return "", errNeedsLock
	}
	if err := w.nameFree(row.DisplayName, row.ID); err != nil {
		return "", err
	}
	roles, err := w.tx.RolesClaiming(w.org, row.DisplayName)
	if err != nil {
		return "", err
	}
	var own *iam.Role
	ownGroups := 0
	if before.Role != "" {
		role, err := w.tx.Role(w.org, before.Role)
		if err != nil {
			return "", err
		}
		if ownGroups, err = w.tx.CountGroupsOfRole(w.org, role.ID); err != nil {
			return "", err
		}
		own = &role
	}
	change := iam.Rename(roles, own, ownGroups, before.DisplayName, row.DisplayName)
	row.Role = change.Link
	if change.Moved {
		event.Details["role"] = map[string]any{"old": before.Role, "new": change.Link}
		return fmt.Sprintf("the new name is claimed by another role: the group moved to the role %s", w.roleName(roles, change.Link)), nil
	}
	hint, err := w.nearMiss(row.DisplayName, before.Role)
	if err != nil {
		return "", err
	}
	if own == nil {
		return "the group has no role, and no role claims its new name" + hint, nil
	}
	note, err = w.roleFollows(*own, change, before.DisplayName, row.DisplayName)
	return note + hint, err
}

func (w *writing) roleName(roles []iam.Role, id iam.RoleID) string {
	for _, r := range roles {
		if r.ID == id {
			return fmt.Sprintf("%q", r.Name)
		}
	}
	return string(id)
}

// roleFollows lets a group's own role take its new name where the rule says so.
func (w *writing) roleFollows(own iam.Role, change iam.Renamed, oldName, newName string) (note string, err error) {
	if !change.FieldTakes && !change.RoleTakes {
		return fmt.Sprintf("the link to the role %q stays", own.Name), nil
	}
	details := map[string]any{"reason": "its SCIM group was renamed"}
	if change.FieldTakes {
		own.SCIMGroup = newName
		details["scimGroup"] = map[string]any{"old": oldName, "new": newName}
	}
	if change.RoleTakes {
		details["name"] = map[string]any{"old": own.Name, "new": newName}
		own.Name = newName
	}
	if err := w.tx.UpdateRole(w.org, own, w.now); err != nil {
		return "", err
	}
	return fmt.Sprintf("the link to the role %q stays and follows the new name", own.Name), w.audit(iam.AuditEvent{
		Type: iam.RoleUpdate, TargetType: "role", TargetID: string(own.ID), TargetName: own.Name, Details: details,
	})
}

// dropEmptyRole removes a role that SCIM made, that nobody gave a meaning, and
// that just lost its last group (D10). "" is no role.
func (w *writing) dropEmptyRole(id iam.RoleID) error {
	if id == "" {
		return nil
	}
	role, err := w.tx.Role(w.org, id)
	if err != nil {
		return err
	}
	gone, err := w.tx.DropEmptiedRole(w.org, role)
	if err != nil || !gone {
		return err
	}
	return w.audit(iam.RoleGone(role))
}
