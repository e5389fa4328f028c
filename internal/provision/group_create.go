package provision

import (
	"context"
	"fmt"
	"slices"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/scim"
)

// CreateGroup makes a SCIM group, with its members if the body has any, and links
// it to the custom role that claims its name (D2). A name that no role claims
// makes a custom role of that name without permissions, or is refused, as the
// organization's setting Unmapped groups says.
func (s *Service) CreateGroup(ctx context.Context, c iam.SCIMCaller, body scim.Object, tr *Trail) (Document, error) {
	return s.createGroup(ctx, c, s.DB.NewID(), body, tr)
}

func (s *Service) createGroup(ctx context.Context, c iam.SCIMCaller, newID string, body scim.Object, tr *Trail) (Document, error) {
	ids, _, memberNotes, err := scim.TakeMembers(body)
	if err != nil {
		return Document{}, err
	}
	attrs, ignored, err := scim.Group.Normalize(body)
	if err != nil {
		return Document{}, err
	}
	g, err := newGroupState(attrs)
	if err != nil {
		return Document{}, err
	}
	id := iam.GroupID(newID)
	var row store.Group
	err = s.write(ctx, "create group", c, lockOrganization|timeFor(len(ids)), func(w *writing) error {
		verdicts := append([]scim.Verdict{{Op: "create", Verdict: scim.Applied}}, noteVerdicts("create", append(ignored, memberNotes...))...)
		row = g.row(store.Group{Org: w.org, ID: id, Version: 1, CreatedAt: w.now, UpdatedAt: w.now})
		if err := w.nameFree(g.name, id); err != nil {
			return err
		}
		note, err := w.bindNew(&row)
		if err != nil {
			return err
		}
		verdicts = append(verdicts, scim.Verdict{Op: "create", Path: "displayName", Verdict: scim.Applied, Note: note})
		added, err := w.tx.InsertGroup(row)
		if err != nil {
			return err
		}
		if !added {
			return scim.Errorf(409, scim.Uniqueness, "displayName %q is taken by another group", iam.Clip(g.name))
		}
		if err := w.tx.AddCount(w.org, store.CountGroups, string(id), 1); err != nil {
			return err
		}
		m := newMembership(w, id)
		if _, err := m.add(ids); err != nil {
			return err
		}
		verdicts = append(verdicts, skippedVerdicts(0, "create", m.skipped)...)
		tr.set(verdicts...)
		event := iam.AuditEvent{Type: iam.SCIMGroupCreate, TargetType: "group", TargetID: string(id), TargetName: row.DisplayName, Details: map[string]any{}}
		if row.Role != "" {
			event.Details["role"] = row.Role
		}
		m.describe(&event)
		return w.audit(event)
	})
	if err != nil {
		return Document{}, err
	}
	return groupDocument(row, s.members(ctx, c, row.ID)), nil
}

// nameFree refuses a displayName that another group has, ASCII case ignored (D2).
func (w *writing) nameFree(name string, own iam.GroupID) error {
	holder, err := w.tx.GroupByName(w.org, iam.Fold(name))
	if iam.KindOf(err) == iam.KindNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if holder.ID == own {
		return nil
	}
	return scim.Errorf(409, scim.Uniqueness, "displayName %q is taken by the group %s (%q); group names are unique without regard to case",
		iam.Clip(name), holder.ID, iam.Clip(holder.DisplayName))
}

// bindNew links a new group to the role that claims its name, else makes that role
// or refuses the group. note says in a sentence what it did.
func (w *writing) bindNew(row *store.Group) (note string, err error) {
	claiming, err := w.tx.RolesClaiming(w.org, row.DisplayName)
	if err != nil {
		return "", err
	}
	if role, ok := iam.Claimant(claiming, row.DisplayName); ok {
		row.Role = role.ID
		return fmt.Sprintf("linked to the role %q", role.Name), nil
	}
	hint, err := w.nearMiss(row.DisplayName, "")
	if err != nil {
		return "", err
	}
	settings, err := w.tx.Organization(w.org)
	if err != nil {
		return "", err
	}
	if settings.UnmappedGroups == iam.UnmappedReject {
		return "", scim.Errorf(400, scim.InvalidValue,
			"displayName not recognised: no custom role is named %q or has it as its SCIM group%s; rename the group, or add a mapping under Users and roles, Roles",
			iam.Clip(row.DisplayName), hint)
	}
	role := iam.Role{ID: iam.RoleID(w.tx.NewID()), Name: row.DisplayName, Type: iam.RoleCustom, Source: iam.SourceSCIM}
	added, err := w.tx.InsertRole(w.org, role, w.now)
	if err != nil {
		return "", err
	}
	if !added {
		return "", iam.Errorf(iam.KindInternal, "the role name %q is taken and yet claims no group", role.Name)
	}
	row.Role = role.ID
	note = fmt.Sprintf("no role claimed the name: the custom role %q was made, without permissions%s", role.Name, hint)
	return note, w.audit(iam.AuditEvent{
		Type: iam.RoleCreate, TargetType: "role", TargetID: string(role.ID), TargetName: role.Name,
		Details: map[string]any{"source": "scim", "permissions": []string{}},
	})
}

// nearMiss names a role other than its own that the group almost binds to: equal
// but for case, blanks or hyphens. It is a hint, never a binding (D2, R128).
func (w *writing) nearMiss(name string, own iam.RoleID) (string, error) {
	roles, err := w.tx.RolesNearly(w.org, name)
	if err != nil {
		return "", err
	}
	roles = slices.DeleteFunc(roles, func(r iam.Role) bool { return r.ID == own })
	if near := iam.NearMisses(roles, name); len(near) > 0 {
		return fmt.Sprintf(" (%q is nearly the same; names bind only when they are exactly equal)", near[0]), nil
	}
	return "", nil
}
