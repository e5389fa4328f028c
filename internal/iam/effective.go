package iam

// HoldSource says why a member has a role.
type HoldSource string

// A member has a role directly, through a group, or by default (D3).
const (
	HeldDirect  HoldSource = "direct"
	HeldGroup   HoldSource = "group"
	HeldDefault HoldSource = "default"
)

// HeldRole is one role of a member with the reason why he has it. A role held
// for two reasons stands twice.
type HeldRole struct {
	Role   RoleRef
	Source HoldSource
	Group  string // the group's displayName when Source is HeldGroup
}

// GroupRole is a group a member is in that is linked to a role.
type GroupRole struct {
	Group string // displayName
	Role  RoleRef
}

// EffectiveRoles decides which roles a member holds: his direct roles and those
// of his groups; the Default roles if there are none of either (D3). Only links
// count: a group without a role gives nothing, and a role without permissions is
// a role. It is computed when read and stored nowhere.
//
// A break-glass member that SCIM deactivated holds direct roles alone (D8):
// groups and defaults do not reach him.
func EffectiveRoles(status MemberStatus, direct []RoleRef, groups []GroupRole, defaults []RoleRef) []HeldRole {
	var held []HeldRole
	for _, r := range direct {
		held = append(held, HeldRole{Role: r, Source: HeldDirect})
	}
	switch status {
	case StatusInactive:
		return nil
	case StatusBreakGlass:
		return held
	}
	for _, g := range groups {
		held = append(held, HeldRole{Role: g.Role, Source: HeldGroup, Group: g.Group})
	}
	if len(held) == 0 {
		for _, r := range defaults {
			held = append(held, HeldRole{Role: r, Source: HeldDefault})
		}
	}
	return held
}
