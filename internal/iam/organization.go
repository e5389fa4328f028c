package iam

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Plan is what an organization has bought. SCIM and SAML need PlanEnterprise.
type Plan string

// The plans, smallest first.
const (
	PlanBasic      Plan = "basic"
	PlanScale      Plan = "scale"
	PlanEnterprise Plan = "enterprise"
)

// ParsePlan accepts exactly the three names.
func ParsePlan(s string) (Plan, error) {
	switch p := Plan(s); p {
	case PlanBasic, PlanScale, PlanEnterprise:
		return p, nil
	}
	return "", Errorf(KindInvalid, "plan %q is not one of basic, scale, enterprise", Clip(s)).On("plan")
}

// HasSCIM tells whether the plan includes SCIM and SAML (D13).
func (p Plan) HasSCIM() bool { return p == PlanEnterprise }

// IdentityPolicy decides what SCIM may provision (D7).
type IdentityPolicy string

// The identity policies. Under PolicyStandard whatever will keep a person from
// signing in is a warning; under PolicyStrict it is refused.
const (
	PolicyStandard IdentityPolicy = "standard"
	PolicyStrict   IdentityPolicy = "strict"
)

// UnmappedGroups decides what a new SCIM group whose name no role claims does (D2).
type UnmappedGroups string

// UnmappedCreate makes a custom role of the group's name without permissions;
// UnmappedReject refuses the group.
const (
	UnmappedCreate UnmappedGroups = "create"
	UnmappedReject UnmappedGroups = "reject"
)

// Organization is one customer's world: its members, roles, groups, keys and
// settings. Nothing is ever shared or linked between two organizations.
type Organization struct {
	ID             OrganizationID
	Name           string
	Plan           Plan
	SCIMEnabled    bool
	Identity       IdentityPolicy
	UnmappedGroups UnmappedGroups
	CreatedAt      time.Time
}

// MaxNameBytes bounds names of organizations, roles and groups, userNames and
// external ids: they stand in indexes, and PostgreSQL refuses index entries over
// about 2,700 bytes.
const MaxNameBytes = 1024

// CheckName refuses a name that is empty, too long, no UTF-8, has white space at
// either end, or holds control characters. what is the word the reader knows it by.
// Joiners and direction marks are allowed: emoji and right-to-left names need
// them. (A userName may not hold them: ParseUserName.)
func CheckName(what, name string) *Error {
	switch {
	case name == "":
		return Errorf(KindInvalid, "%s is empty", what)
	case len(name) > MaxNameBytes:
		return Errorf(KindInvalid, "%s is %d bytes long; at most %d are allowed", what, len(name), MaxNameBytes)
	case !utf8.ValidString(name):
		return Errorf(KindInvalid, "%s %q is not UTF-8 text", what, Clip(name))
	case strings.TrimSpace(name) != name:
		return Errorf(KindInvalid, "%s %q has white space at its beginning or end; remove it", what, Clip(name))
	}
	for _, r := range name {
		if unicode.IsControl(r) {
			return Errorf(KindInvalid, "%s %q contains the control character U+%04X; remove it", what, Clip(name), r)
		}
	}
	return nil
}

// Clip shortens what a caller sent so that it can stand in a message: at most
// 200 bytes, cut between runes.
func Clip(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && s[cut]&0xC0 == 0x80 {
		cut--
	}
	return s[:cut] + "…"
}
