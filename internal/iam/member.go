package iam

import "time"

// MemberStatus is where a person stands in an organization.
type MemberStatus string

// An inactive person is a SCIM user and no member: kept so that the identity
// provider can bring him back (D4). A break-glass member was deactivated by SCIM
// but is the last who can get in without it (D8).
const (
	StatusActive     MemberStatus = "active"
	StatusBreakGlass MemberStatus = "break-glass"
	StatusInactive   MemberStatus = "inactive"
)

// ManagedBy says who keeps a member: the identity provider by SCIM, a first
// sign-in by SAML, or an admin.
type ManagedBy string

// The keepers of members.
const (
	ManagedBySCIM  ManagedBy = "scim"
	ManagedBySAML  ManagedBy = "saml"
	ManagedByAdmin ManagedBy = "admin"
)

// Member is a person in one organization, as admins see him.
type Member struct {
	ID          MemberID
	Email       string // the sign-in address, or the userName when that is no address
	DisplayName string // displayName, else given and family name, else the address
	Status      MemberStatus
	ManagedBy   ManagedBy
	Roles       []HeldRole
	Warnings    []string // what keeps him from signing in or from doing anything, in plain sentences
	CreatedAt   time.Time
}

// DisplayNameOf picks what a list shows for a person (R72).
func DisplayNameOf(displayName, givenName, familyName, userName string) string {
	switch {
	case displayName != "":
		return displayName
	case givenName != "" && familyName != "":
		return givenName + " " + familyName
	case givenName != "":
		return givenName
	case familyName != "":
		return familyName
	}
	return userName
}

// Group is a SCIM group. It grants the permissions of the one custom role it is
// linked to, or nothing.
type Group struct {
	ID          GroupID
	DisplayName string
	ExternalID  string
	Role        RoleID // "" when the group has no role
}
