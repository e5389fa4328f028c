package directory

import (
	"slices"
	"time"
)

// ID is the object id of anything in the directory: a GUID in lower case, as in
// "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef".
type ID string

// Kind tells what an [ID] names where both are possible.
type Kind string

const (
	KindUser  Kind = "User"
	KindGroup Kind = "Group"
)

// User is a person of the directory. An empty string is an attribute without a value.
type User struct {
	ID                         ID // set by CreateUser when empty
	UserPrincipalName          string
	Mail                       string
	MailNickname               string // the part of the user principal name before "@" when empty at creation
	GivenName                  string
	Surname                    string
	DisplayName                string // required
	JobTitle                   string
	Department                 string
	EmployeeID                 string
	Mobile                     string
	TelephoneNumber            string
	FacsimileTelephoneNumber   string
	PhysicalDeliveryOfficeName string
	StreetAddress              string
	City                       string
	State                      string
	PostalCode                 string
	Country                    string
	PreferredLanguage          string
	CompanyName                string
	ProxyAddresses             []string
	OtherMails                 []string
	ExtensionAttributes        [15]string
	ManagerID                  ID // "" for none; must name a user
	AccountEnabled             bool
	DirectoryRoles             []DirectoryRole

	CreatedAt time.Time // set by the directory
	DeletedAt time.Time // when it was soft-deleted; zero for a live user; set by the directory
	Seq       int64     // of its last write; set by the directory
}

// DirectoryRole is a role of the tenant, which says what its holder may administer.
type DirectoryRole string

// The roles that may configure enterprise applications (Microsoft Entra docs,
// "permissions-reference").
const (
	GlobalAdministrator           DirectoryRole = "Global Administrator"
	ApplicationAdministrator      DirectoryRole = "Application Administrator"
	CloudApplicationAdministrator DirectoryRole = "Cloud Application Administrator"
)

// MayConfigure tells whether the user may set up single sign-on, provisioning and
// assignments of applications: an enabled account with one of the three roles above.
func (u User) MayConfigure() bool {
	return u.AccountEnabled && u.DeletedAt.IsZero() &&
		(slices.Contains(u.DirectoryRoles, GlobalAdministrator) ||
			slices.Contains(u.DirectoryRoles, ApplicationAdministrator) ||
			slices.Contains(u.DirectoryRoles, CloudApplicationAdministrator))
}

// Group is a group of the directory. Its members are rows of their own: [DB.Members].
type Group struct {
	ID              ID     // set by CreateGroup when empty
	DisplayName     string // required; several groups may have the same
	MailNickname    string // made from DisplayName when empty at creation
	Description     string
	SecurityEnabled bool // only such a group can be assigned to an application

	CreatedAt time.Time
	DeletedAt time.Time
	Seq       int64
}

// Member is a direct member of a group. A group that is a member stays one: nobody expands it.
type Member struct {
	ID   ID
	Kind Kind
}

// MemberChange is a membership that began or ended.
type MemberChange struct {
	Member
	Removed bool
	Seq     int64
}

// UserChange is a user written since a number: as he is now, or, when Purged, only his ID and Seq.
type UserChange struct {
	User   User
	Purged bool
}

// GroupChange is a group written since a number: as it is now, or, when Purged, only its ID and Seq.
type GroupChange struct {
	Group  Group
	Purged bool
}

// Position is a place in a list of changes: pass that of the last row to get the next page.
type Position struct {
	Seq int64
	ID  ID
}
