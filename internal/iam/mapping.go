package iam

// CheckRole decides whether a custom role may stand beside the others: its name
// and its SCIM group field are unique among the custom roles (D2). roles may or
// may not hold the role itself, as it was: what it keeps is not judged again,
// because a role that SCIM made has the name of its group, whatever that is.
func CheckRole(roles []Role, r Role) error {
	var before Role
	for _, other := range roles {
		if other.ID == r.ID {
			before = other
		}
	}
	if r.Name != before.Name || r.Name == "" {
		if err := CheckName("name", r.Name); err != nil {
			return err.On("name")
		}
	}
	if r.SCIMGroup != "" && r.SCIMGroup != before.SCIMGroup {
		if err := CheckName("SCIM group", r.SCIMGroup); err != nil {
			return err.On("scim-group")
		}
	}
	for _, other := range roles {
		if other.Type != RoleCustom || other.ID == r.ID {
			continue
		}
		if other.Name == r.Name {
			return Errorf(KindConflict, "there is a custom role %q already (%s); choose another name", Clip(r.Name), other.ID).On("name")
		}
		if r.SCIMGroup != "" && other.SCIMGroup == r.SCIMGroup {
			return Errorf(KindConflict, "the SCIM group %q is mapped to the role %q (%s) already; unlink it there first", Clip(r.SCIMGroup), Clip(other.Name), other.ID).On("scim-group")
		}
	}
	return nil
}

// TakesGroup decides whether a custom role whose SCIM group field or name has
// just been set is linked to a group that exists (D2): by the field at once, also
// away from another role; by the name only if the group has no role and no other
// role claims it. roles are the organization's roles with r as it is now.
func TakesGroup(roles []Role, r Role, fieldSet, nameSet bool, g Group) bool {
	if r.Type != RoleCustom || g.Role == r.ID {
		return false
	}
	if fieldSet && r.SCIMGroup != "" && r.SCIMGroup == g.DisplayName {
		return true
	}
	if !nameSet || r.Name != g.DisplayName || g.Role != "" {
		return false
	}
	claimant, claimed := Claimant(roles, g.DisplayName)
	return claimed && claimant.ID == r.ID
}

// FieldLinked tells whether one of a role's groups is linked to it through its
// SCIM group field; while it is, the field is read-only (D2).
func FieldLinked(r Role, groupNames []string) bool {
	for _, name := range groupNames {
		if r.SCIMGroup != "" && r.SCIMGroup == name {
			return true
		}
	}
	return false
}

// NearKey is equal for two names exactly if they are the same but for case,
// blanks, hyphens or underscores; see NearMiss.
func NearKey(name string) string { return squeeze(name) }

// NoPermissions tells whether a member should be flagged "no permissions" (D3):
// he holds a custom role, and none of his roles has any. Somebody who holds but
// the system role Member is meant to have none. permissions returns those of a
// role; it answers known = false for a role that it does not know, and nobody is
// flagged for such a role.
func NoPermissions(held []HeldRole, permissions func(RoleID) (list []Permission, known bool)) bool {
	custom := false
	for _, h := range held {
		list, known := permissions(h.Role.ID)
		if !known || len(list) > 0 {
			return false
		}
		custom = custom || h.Role.Type == RoleCustom
	}
	return custom
}
