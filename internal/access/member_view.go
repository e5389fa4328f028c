package access

import (
	"encoding/json"
	"fmt"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// memberViewer turns rows into members as admins see them: effective roles with
// their reasons, and warnings. It holds what is the same for all members.
type memberViewer struct {
	defaults    []iam.RoleRef
	permissions map[iam.RoleID][]iam.Permission
	verified    func(domain string) bool
}

func newMemberViewer(r *store.Reader, org iam.OrganizationID) (*memberViewer, error) {
	defaults, err := r.DefaultRoles(org)
	if err != nil {
		return nil, fmt.Errorf("read the Default roles: %w", err)
	}
	roles, err := r.Roles(org)
	if err != nil {
		return nil, fmt.Errorf("read the roles: %w", err)
	}
	verified, err := verifiedDomains(r, org)
	if err != nil {
		return nil, err
	}
	v := &memberViewer{defaults: defaults, permissions: make(map[iam.RoleID][]iam.Permission, len(roles)), verified: verified}
	for _, role := range roles {
		v.permissions[role.ID] = role.Permissions
	}
	return v, nil
}

// verifiedDomains returns a test for the domains that the organization verified.
func verifiedDomains(r *store.Reader, org iam.OrganizationID) (func(domain string) bool, error) {
	domains, err := r.VerifiedDomains(org)
	if err != nil {
		return nil, fmt.Errorf("read the verified domains: %w", err)
	}
	set := make(map[string]bool, len(domains))
	for _, d := range domains {
		set[d] = true
	}
	return func(domain string) bool { return set[domain] }, nil
}

func (v *memberViewer) view(m store.Member) iam.Member {
	member := iam.Member{
		ID: m.ID, Email: m.UserName,
		DisplayName: iam.DisplayNameOf(m.DisplayName, m.GivenName, m.FamilyName, m.UserName),
		Status:      m.Status, ManagedBy: m.ManagedBy,
		Roles:     iam.EffectiveRoles(m.Status, m.Direct, m.Groups, v.defaults),
		CreatedAt: m.CreatedAt,
	}
	member.Warnings = v.warnings(m, member.Roles)
	return member
}

// warnings tells what keeps a member from signing in or from doing anything. An
// inactive SCIM user is no member, and nothing is expected of him.
func (v *memberViewer) warnings(m store.Member, held []iam.HeldRole) []string {
	var list []string
	switch {
	case m.Status == iam.StatusInactive:
		return nil
	case m.Status == iam.StatusBreakGlass:
		list = append(list, "deactivated by the identity provider, and kept because nobody else could get in without it: local sign-in and the role Admin only")
	case m.SCIM:
		list = append(list, iam.SignInTroubles(identityOf(m), v.verified)...)
	case !m.LocalSignIn && !v.verified(iam.DomainOf(m.LoginKey)):
		list = append(list, fmt.Sprintf("cannot sign in: the domain %q is not verified for this organization; verify it under SAML settings", iam.DomainOf(m.LoginKey)))
	}
	known := func(id iam.RoleID) ([]iam.Permission, bool) {
		permissions, ok := v.permissions[id]
		return permissions, ok
	}
	if iam.NoPermissions(held, known) {
		list = append(list, "no permissions: none of the member's roles holds any; add permissions to the role")
	}
	return list
}

// identityOf returns what the identity policy looks at. A stored userName was
// accepted once, so it parses.
func identityOf(m store.Member) iam.Identity {
	name, err := iam.ParseUserName(m.UserName)
	if err != nil {
		name = iam.UserName{Answer: m.UserName, Key: m.LoginKey}
	}
	return iam.Identity{UserName: name, WorkEmail: workEmail(m.Doc)}
}

// workEmail returns the address that should equal userName from a user's document.
func workEmail(doc string) string {
	var user struct {
		Emails []iam.Email `json:"emails"`
	}
	if json.Unmarshal([]byte(doc), &user) != nil {
		return "" // a document that is no JSON object names no address
	}
	return iam.WorkEmail(user.Emails)
}
