package iam

import "time"

// ActivityType is what an audit event records, in the words of the ClickHouse
// Cloud audit log and, below them, Rollcall's own (D15).
type ActivityType string

// The activity types that Rollcall writes.
const (
	CreateOrganization      ActivityType = "create_organization"
	OrganizationUpdateTier  ActivityType = "organization_update_tier"
	InviteCreate            ActivityType = "organization_invite_create"
	InviteDelete            ActivityType = "organization_invite_delete"
	MemberAdd               ActivityType = "organization_member_add"
	MemberDelete            ActivityType = "organization_member_delete"
	MemberUpdateRoles       ActivityType = "organization_member_update_roles"
	MemberRemoveRoles       ActivityType = "organization_member_remove_roles"
	SAMLConnectionCreate    ActivityType = "organization_saml_connection_create"
	SAMLConnectionUpdate    ActivityType = "organization_saml_connection_update"
	SAMLConnectionDelete    ActivityType = "organization_saml_connection_delete"
	KeyCreate               ActivityType = "key_create"
	KeyDelete               ActivityType = "key_delete"
	RoleCreate              ActivityType = "role_create"
	RoleUpdate              ActivityType = "role_update"
	RoleDelete              ActivityType = "role_delete"
	SCIMUserProfileUpdate   ActivityType = "scim_user_profile_update"
	SCIMGroupCreate         ActivityType = "scim_group_create"
	SCIMGroupUpdate         ActivityType = "scim_group_update"
	SCIMGroupDelete         ActivityType = "scim_group_delete"
	SCIMEnable              ActivityType = "scim_enable"
	SCIMDisable             ActivityType = "scim_disable"
	SCIMSettingsUpdate      ActivityType = "scim_settings_update"
	SCIMUserAdopt           ActivityType = "scim_user_adopt"
	SCIMUserReactivate      ActivityType = "scim_user_reactivate"
	DomainAdd               ActivityType = "organization_domain_add"
	DomainVerify            ActivityType = "organization_domain_verify"
	DomainDelete            ActivityType = "organization_domain_delete"
	AdminLinkCreate         ActivityType = "admin_link_create"
	BreakGlassKept          ActivityType = "organization_break_glass_kept"
	OrganizationUpdateRoles ActivityType = "organization_default_roles_update"
	MemberJoin              ActivityType = "organization_member_join"
	UserLogin               ActivityType = "user_login"
	UserLoginFailed         ActivityType = "user_login_failed"
	UserLogout              ActivityType = "user_logout"
	UserLogoutFailed        ActivityType = "user_logout_failed"
	AdminLinkUse            ActivityType = "admin_link_use"
	SessionSettingsUpdate   ActivityType = "organization_session_settings_update"
)

// AuditEvent records one changed resource of one request. It is written in the
// transaction of the change: no event, no change (D15). It holds no secret.
type AuditEvent struct {
	ID           EventID
	Organization OrganizationID
	At           time.Time
	Type         ActivityType
	Actor        Actor
	TargetType   string // "user", "group", "role", "key", "invitation", "domain", "organization", "saml"
	TargetID     string
	TargetName   string         // what a reader recognizes it by, as it was at that time
	Details      map[string]any // what changed: attribute names, old and new names, ids added and removed, counts
	// Also lists further members whom the event concerns (the ids that a group's
	// change added and removed), so that a member's history finds it.
	Also []MemberID
}

// RoleNames is how the audit log tells roles: the name, and of a system role its
// type, because a custom role may have its name.
func RoleNames(roles []RoleRef) []string {
	names := make([]string, 0, len(roles))
	for _, r := range roles {
		if r.Type == RoleSystem {
			names = append(names, r.Name+" (system)")
			continue
		}
		names = append(names, r.Name)
	}
	return names
}
