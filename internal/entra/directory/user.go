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
	ID                         ID              `json:",omitzero"` // set by CreateUser when empty
	UserPrincipalName          string          `json:",omitzero"`
	Mail                       string          `json:",omitzero"`
	MailNickname               string          `json:",omitzero"` // the part of the user principal name before "@" when empty at creation
	GivenName                  string          `json:",omitzero"`
	Surname                    string          `json:",omitzero"`
	DisplayName                string          `json:",omitzero"` // required
	JobTitle                   string          `json:",omitzero"`
	Department                 string          `json:",omitzero"`
	EmployeeID                 string          `json:",omitzero"`
	Mobile                     string          `json:",omitzero"`
	TelephoneNumber            string          `json:",omitzero"`
	FacsimileTelephoneNumber   string          `json:",omitzero"`
	PhysicalDeliveryOfficeName string          `json:",omitzero"`
	StreetAddress              string          `json:",omitzero"`
	City                       string          `json:",omitzero"`
	State                      string          `json:",omitzero"`
	PostalCode                 string          `json:",omitzero"`
	Country                    string          `json:",omitzero"`
	PreferredLanguage          string          `json:",omitzero"`
	CompanyName                string          `json:",omitzero"`
	ProxyAddresses             []string        `json:",omitzero"`
	OtherMails                 []string        `json:",omitzero"`
	ExtensionAttributes        [15]string      `json:",omitzero"`
	ManagerID                  ID              `json:",omitzero"` // "" for none; must name a user
	AccountEnabled             bool            `json:",omitzero"`
	DirectoryRoles             []DirectoryRole `json:",omitzero"`

	CreatedAt time.Time `json:",omitzero"` // set by the directory
	DeletedAt time.Time `json:",omitzero"` // when it was soft-deleted; zero for a live user; set by the directory
	Seq       int64     `json:",omitzero"` // of its last write; set by the directory
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
	ID              ID     `json:",omitzero"` // set by CreateGroup when empty
	DisplayName     string `json:",omitzero"` // required; several groups may have the same
	MailNickname    string `json:",omitzero"` // made from DisplayName when empty at creation
	Description     string `json:",omitzero"`
	SecurityEnabled bool   `json:",omitzero"` // only such a group can be assigned to an application

	CreatedAt time.Time `json:",omitzero"`
	DeletedAt time.Time `json:",omitzero"`
	Seq       int64     `json:",omitzero"`
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
