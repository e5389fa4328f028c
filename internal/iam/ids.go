package iam

// Ids are UUIDv7 texts in lower case, made by the server and never reused
// (the random bits make them unguessable, the time prefix keeps new rows at the
// end of an index). Each kind has its own type so that one cannot be passed for
// another; the store's columns are plain text.
type (
	// OrganizationID names an organization. It comes first in every query.
	OrganizationID string
	// MemberID names a person in one organization. A SCIM user and the member he
	// is share it.
	MemberID string
	// GroupID names a SCIM group.
	GroupID string
	// RoleID names a role, system or custom.
	RoleID string
	// KeyID is the public half of a SCIM key: "scim_" and 20 base32 characters.
	KeyID string
	// InvitationID names an invitation.
	InvitationID string
	// EventID names an audit event.
	EventID string
)

// IsID tells whether s has the form of an id: a UUID in lower case. What has not
// names nothing here, and need not be looked up.
func IsID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case !('0' <= c && c <= '9') && !('a' <= c && c <= 'f'):
			return false
		}
	}
	return true
}
