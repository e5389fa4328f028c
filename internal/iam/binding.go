package iam

import "strings"

// Claimant returns the custom role that claims a group's name: the one whose
// SCIM group field equals it exactly, else the one whose name does (D2). System
// roles claim nothing, whatever a group is called. Both are unique among an
// organization's custom roles, so the order of roles does not matter.
func Claimant(roles []Role, name string) (Role, bool) {
	var byName *Role
	for i, r := range roles {
		if r.Type != RoleCustom {
			continue
		}
		if r.SCIMGroup != "" && r.SCIMGroup == name {
			return r, true
		}
		if r.Name == name {
			byName = &roles[i]
		}
	}
	if byName == nil {
		return Role{}, false
	}
	return *byName, true
}

// NearMiss tells whether two names differ only in case, blanks, hyphens or
// underscores. Such names never bind; they are worth a hint (D2).
func NearMiss(a, b string) bool {
	return a != b && squeeze(a) == squeeze(b)
}

func squeeze(s string) string {
	drop := func(r rune) rune {
		switch r {
		case ' ', '\t', '-', '_', '\u00A0', '\u2010', '\u2011', '\u2013':
			return -1
		}
		return r
	}
	return Fold(strings.Map(drop, s))
}

// NearMisses returns the custom roles that a group of this name almost binds to,
// each with the name that is nearly the same.
func NearMisses(roles []Role, group string) []string {
	var hints []string
	for _, r := range roles {
		switch {
		case r.Type != RoleCustom:
		case r.SCIMGroup != "" && NearMiss(r.SCIMGroup, group):
			hints = append(hints, r.SCIMGroup)
		case NearMiss(r.Name, group):
			hints = append(hints, r.Name)
		}
	}
	return hints
}

// Renamed is what a group's new name changes (D2).
type Renamed struct {
	Link       RoleID // the role it is linked to afterwards, "" for none
	Moved      bool   // whether that is another role than before
	FieldTakes bool   // whether its own role's SCIM group field takes the new name
	RoleTakes  bool   // whether its own role is renamed with it
}

// Rename decides what a group's rename does. own is its role before, nil for
// none; ownGroups how many groups that role has, this one included. The setting
// Unmapped groups has no say: a rename is never refused for want of a role.
func Rename(roles []Role, own *Role, ownGroups int, oldName, newName string) Renamed {
	claimant, claimed := Claimant(roles, newName)
	if claimed && (own == nil || claimant.ID != own.ID) {
		return Renamed{Link: claimant.ID, Moved: true}
	}
	if own == nil {
		return Renamed{}
	}
	result := Renamed{Link: own.ID, FieldTakes: own.SCIMGroup == oldName}
	result.RoleTakes = own.Source == SourceSCIM && ownGroups == 1 && own.Name != newName && !nameTaken(roles, newName)
	return result
}

func nameTaken(roles []Role, name string) bool {
	for _, r := range roles {
		if r.Type == RoleCustom && r.Name == name {
			return true
		}
	}
	return false
}

// RoleUse is what stands on a role.
type RoleUse struct {
	Groups      int // groups linked to it
	Direct      int // members who hold it directly
	Default     bool
	Invitations int
}

// GoesWithLastGroup tells whether a role that just lost a group goes too: SCIM
// made it, nobody gave it permissions, and nothing else stands on it (D10).
func GoesWithLastGroup(r Role, use RoleUse) bool {
	return r.Type == RoleCustom && r.Source == SourceSCIM && len(r.Permissions) == 0 &&
		use.Groups == 0 && use.Direct == 0 && !use.Default && use.Invitations == 0
}

// RoleGone is the event of a role that went with its last group.
func RoleGone(r Role) AuditEvent {
	return AuditEvent{
		Type: RoleDelete, TargetType: "role", TargetID: string(r.ID), TargetName: r.Name,
		Details: map[string]any{"reason": "SCIM made it, it has no permissions, and its last group is gone"},
	}
}
