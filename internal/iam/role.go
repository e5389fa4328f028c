package iam

import (
	"slices"
	"strings"
)

// RoleType tells the four system roles from the custom ones.
type RoleType string

// System roles are the same in every organization and cannot be changed,
// deleted or bound to a SCIM group; custom roles are sets of permissions that an
// admin, or an unmapped SCIM group, made.
const (
	RoleSystem RoleType = "system"
	RoleCustom RoleType = "custom"
)

// RoleSource says who made a role. A role that SCIM made and nobody gave a
// meaning goes with its last group (D10).
type RoleSource string

// The sources of roles.
const (
	SourceSystem RoleSource = "system"
	SourceAdmin  RoleSource = "admin"
	SourceSCIM   RoleSource = "scim"
)

// Role is a set of permissions on the whole organization. Roles are known by
// id: a custom role may carry a system role's name and gains nothing by it (D1).
type Role struct {
	ID          RoleID
	Name        string
	Type        RoleType
	Source      RoleSource
	SCIMGroup   string       // the SCIM group field: the exact name it claims, or ""
	Permissions []Permission // sorted; of a system role those that systemPermissions lists
}

// RoleRef is what a list shows of a role.
type RoleRef struct {
	ID   RoleID
	Name string
	Type RoleType
}

// Ref returns what a list shows of the role.
func (r Role) Ref() RoleRef { return RoleRef{ID: r.ID, Name: r.Name, Type: r.Type} }

// The ids of the system roles are the same in every organization, so that code
// may know them without a look-up. No generated id can collide: they carry
// version 0.
const (
	RoleAdmin        RoleID = "00000000-0000-0000-0000-000000000001"
	RoleBilling      RoleID = "00000000-0000-0000-0000-000000000002"
	RoleOrgAPIReader RoleID = "00000000-0000-0000-0000-000000000003"
	RoleMember       RoleID = "00000000-0000-0000-0000-000000000004"
)

// Permission is an id of the form a:b:c. Those that Rollcall enforces are the
// constants below; any other is a product permission: stored, shown, handed out,
// and enforced by the product.
type Permission string

// The permissions that Rollcall enforces; docs/permissions.md says which page and
// which act needs which.
const (
	PermOrganizationView           Permission = "control-plane:organization:view"
	PermOrganizationManage         Permission = "control-plane:organization:manage"
	PermOrganizationViewActivities Permission = "control-plane:organization:view-activities"
	PermManageBilling              Permission = "control-plane:organization:manage-billing"
	PermViewBilling                Permission = "control-plane:organization:view-billing"
	PermViewAPIKeys                Permission = "control-plane:organization:view-api-keys"
	PermCreateAPIKeys              Permission = "control-plane:organization:create-api-keys"
	PermUpdateAPIKeys              Permission = "control-plane:organization:update-api-keys"
	PermDeleteAPIKeys              Permission = "control-plane:organization:delete-api-keys"
	PermSupportManage              Permission = "control-plane:support:manage"
)

var enforcedPermissions = []Permission{
	PermOrganizationView, PermOrganizationManage, PermOrganizationViewActivities,
	PermManageBilling, PermViewBilling,
	PermViewAPIKeys, PermCreateAPIKeys, PermUpdateAPIKeys, PermDeleteAPIKeys,
	PermSupportManage,
}

// EnforcedPermissions lists the permissions that Rollcall itself enforces, in the
// order in which the console groups them.
func EnforcedPermissions() []Permission { return slices.Clone(enforcedPermissions) }

// Enforced tells whether Rollcall itself enforces p; else it is a product permission.
func (p Permission) Enforced() bool { return slices.Contains(enforcedPermissions, p) }

// maxPermissionBytes bounds one permission id; MaxPermissions the set of a role.
const (
	maxPermissionBytes = 200
	MaxPermissions     = 500
)

// ParsePermission accepts three parts of lower-case letters, digits and hyphens,
// joined by colons. A control-plane permission that does not exist is refused:
// it would be a typing error that grants nothing.
func ParsePermission(s string) (Permission, error) {
	p := Permission(s)
	parts := strings.Split(s, ":")
	if len(s) > maxPermissionBytes || len(parts) != 3 || slices.ContainsFunc(parts, badPermissionPart) {
		return "", Errorf(KindInvalid, "permission %q is not of the form a:b:c (lower-case letters, digits, hyphens)", Clip(s)).On("permission")
	}
	known := parts[1] == "organization" || parts[1] == "support"
	if parts[0] == "control-plane" && known && !p.Enforced() {
		return "", Errorf(KindInvalid, "permission %q does not exist; the control-plane permissions of an organization are listed in docs/permissions.md", s).On("permission")
	}
	return p, nil
}

func badPermissionPart(part string) bool {
	bad := func(r rune) bool {
		return !('a' <= r && r <= 'z') && !('0' <= r && r <= '9') && r != '-' && r != '_'
	}
	return part == "" || strings.ContainsFunc(part, bad)
}

// ParsePermissions parses, sorts and removes repetitions.
func ParsePermissions(list []string) ([]Permission, error) {
	set := make([]Permission, 0, len(list))
	for _, s := range list {
		p, err := ParsePermission(s)
		if err != nil {
			return nil, err
		}
		set = append(set, p)
	}
	slices.Sort(set)
	set = slices.Compact(set)
	if len(set) > MaxPermissions {
		return nil, Errorf(KindInvalid, "a role may hold at most %d permissions; %d were given", MaxPermissions, len(set)).On("permission")
	}
	return set, nil
}

// SystemRoles lists the system roles of every organization with their permissions.
func SystemRoles() []Role {
	role := func(id RoleID, name string, permissions ...Permission) Role {
		slices.Sort(permissions)
		return Role{ID: id, Name: name, Type: RoleSystem, Source: SourceSystem, Permissions: permissions}
	}
	return []Role{
		role(RoleAdmin, "Admin", EnforcedPermissions()...),
		role(RoleBilling, "Billing", PermOrganizationView, PermManageBilling, PermViewBilling),
		role(RoleOrgAPIReader, "Org API reader", PermOrganizationView, PermViewAPIKeys),
		role(RoleMember, "Member"),
	}
}

// IsSystemRole tells whether id is one of the four.
func IsSystemRole(id RoleID) bool {
	return id == RoleAdmin || id == RoleBilling || id == RoleOrgAPIReader || id == RoleMember
}

// MayGrant enforces that nobody gives what he does not hold, and that only an
// Admin gives Admin (D1). holder are the roles of him who gives.
func MayGrant(holder, given []Role) error {
	var held []Permission
	for _, r := range holder {
		if r.ID == RoleAdmin {
			return nil
		}
		held = append(held, r.Permissions...)
	}
	for _, r := range given {
		if r.ID == RoleAdmin {
			return Errorf(KindForbidden, "only an Admin may give the role Admin")
		}
		for _, p := range r.Permissions {
			if !slices.Contains(held, p) {
				return Errorf(KindForbidden, "the role %q holds %s, which you do not hold and so may not give", r.Name, p)
			}
		}
	}
	return nil
}

// SystemRole returns the system role of an id.
func SystemRole(id RoleID) (Role, bool) {
	for _, r := range SystemRoles() {
		if r.ID == id {
			return r, true
		}
	}
	return Role{}, false
}
