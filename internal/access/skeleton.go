package access

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

var errSkeleton = errors.New("not written yet")

// NewOrganization is an organization to make. Plan "" means enterprise (D13).
type NewOrganization struct {
	Name       string
	AdminEmail string // the first Admin's address
	Plan       string
}

// Created is a new organization and the one-time link with which its first
// Admin sets up local sign-in. The link is shown here and nowhere else.
type Created struct {
	Organization  iam.Organization
	AdminSetupURL string
	ExpiresAt     time.Time // of the link
}

func (s *Service) CreateOrganization(ctx context.Context, actor iam.Actor, in NewOrganization) (Created, error) {
	return Created{}, errSkeleton
}
func (s *Service) Organizations(ctx context.Context) ([]iam.Organization, error) {
	return nil, errSkeleton
}
func (s *Service) Organization(ctx context.Context, org iam.OrganizationID) (iam.Organization, error) {
	return iam.Organization{}, errSkeleton
}
func (s *Service) SetPlan(ctx context.Context, actor iam.Actor, org iam.OrganizationID, plan string) (iam.Organization, error) {
	return iam.Organization{}, errSkeleton
}
func (s *Service) DefaultRoles(ctx context.Context, org iam.OrganizationID) ([]iam.RoleRef, error) {
	return nil, errSkeleton
}
func (s *Service) SetDefaultRoles(ctx context.Context, actor iam.Actor, org iam.OrganizationID, roles []string) ([]iam.RoleRef, error) {
	return nil, errSkeleton
}
func (s *Service) AdminLink(ctx context.Context, actor iam.Actor, org iam.OrganizationID, email string) (url string, expiresAt time.Time, err error) {
	return "", time.Time{}, errSkeleton
}

// SAMLView is what an admin sees of the SAML connection, also before connecting.
type SAMLView struct {
	Connected    bool   // metadata with a certificate that is valid now is stored
	ACSURL       string // what the identity provider is told: Reply URL
	EntityID     string // Identifier
	MetadataURL  string // this side's metadata
	SignInURL    string // Sign on URL
	IdPEntityID  string // "" before connecting
	SSOURL       string
	SourceURL    string // where the identity provider's metadata came from; "" for a file
	AllowPrivate bool
	ConnectedAt  time.Time
	Certificates []iam.Certificate
	Domains      []Domain
}

// Domain is an e-mail domain of an organization.
type Domain struct {
	Domain     string
	Status     DomainStatus
	TXTName    string    // the name of the TXT record that proves ownership
	TXTValue   string    // and the value it must show
	ExpiresAt  time.Time // until when a pending domain's value may be used
	VerifiedAt time.Time // zero while pending
}

// DomainStatus is pending until the TXT record was seen or the operator vouched.
type DomainStatus string

// The statuses of domains.
const (
	DomainPending  DomainStatus = "pending"
	DomainVerified DomainStatus = "verified"
)

// Connect is a SAML connection to make or to replace in place.
type Connect struct {
	Metadata     []byte   // the identity provider's metadata, XML; parsed and checked here
	URL          string   // where it was fetched from; "" for a file
	AllowPrivate bool     // the operator lets URL be a private address
	Domains      []string // added in the same transaction
	TrustDomains bool     // the operator vouches for Domains: verified at once
}

func (s *Service) SAML(ctx context.Context, org iam.OrganizationID) (SAMLView, error) {
	return SAMLView{}, errSkeleton
}
func (s *Service) ConnectSAML(ctx context.Context, actor iam.Actor, org iam.OrganizationID, in Connect) (SAMLView, error) {
	return SAMLView{}, errSkeleton
}
func (s *Service) DisconnectSAML(ctx context.Context, actor iam.Actor, org iam.OrganizationID) error {
	return errSkeleton
}
func (s *Service) AddDomain(ctx context.Context, actor iam.Actor, org iam.OrganizationID, domain string, trust bool) (Domain, error) {
	return Domain{}, errSkeleton
}

// LookupTXT returns the values of a DNS name's TXT records.
type LookupTXT func(ctx context.Context, name string) ([]string, error)

func (s *Service) VerifyDomain(ctx context.Context, actor iam.Actor, org iam.OrganizationID, domain string, lookup LookupTXT) (Domain, error) {
	return Domain{}, errSkeleton
}

// DomainMembers counts the members whom removing the domain would shut out.
func (s *Service) DomainMembers(ctx context.Context, org iam.OrganizationID, domain string) (int, error) {
	return 0, errSkeleton
}
func (s *Service) RemoveDomain(ctx context.Context, actor iam.Actor, org iam.OrganizationID, domain string) (shutOut int, err error) {
	return 0, errSkeleton
}

// SCIMView is the SCIM configuration.
type SCIMView struct {
	Enabled        bool
	Endpoint       string // the Tenant URL
	Identity       iam.IdentityPolicy
	UnmappedGroups iam.UnmappedGroups
}

// Policy is what to change of the SCIM settings; nil leaves.
type Policy struct {
	Identity       *string
	UnmappedGroups *string
}

// PolicyChange is the SCIM configuration afterwards, and the SCIM users whom the
// policy strict would refuse if they were provisioned again.
type PolicyChange struct {
	SCIMView
	WouldFail []PolicyFailure // empty unless the policy was switched to strict
}

// PolicyFailure is a SCIM user whom the policy strict would refuse.
type PolicyFailure struct {
	ID       iam.MemberID
	UserName string
	Reason   string
}

func (s *Service) EnableSCIM(ctx context.Context, actor iam.Actor, org iam.OrganizationID) (SCIMView, error) {
	return SCIMView{}, errSkeleton
}
func (s *Service) DisableSCIM(ctx context.Context, actor iam.Actor, org iam.OrganizationID) (SCIMView, error) {
	return SCIMView{}, errSkeleton
}
func (s *Service) SCIMSettings(ctx context.Context, org iam.OrganizationID) (SCIMView, error) {
	return SCIMView{}, errSkeleton
}
func (s *Service) SetSCIMPolicy(ctx context.Context, actor iam.Actor, org iam.OrganizationID, p Policy) (PolicyChange, error) {
	return PolicyChange{}, errSkeleton
}

// NewKey is a SCIM key at the one moment when its secret is known.
type NewKey struct {
	Key       iam.KeyID
	Secret    string
	Bearer    string    // key:secret
	ExpiresAt time.Time // zero: never
}

// KeyView is a SCIM key as lists show it.
type KeyView struct {
	iam.SCIMKey
	Status    iam.KeyStatus
	MakerLeft bool // a member made it who is no member any more (R105)
}

func (s *Service) CreateKey(ctx context.Context, actor iam.Actor, org iam.OrganizationID, expires string) (NewKey, error) {
	return NewKey{}, errSkeleton
}
func (s *Service) Keys(ctx context.Context, org iam.OrganizationID) ([]KeyView, error) {
	return nil, errSkeleton
}
func (s *Service) RevokeKey(ctx context.Context, actor iam.Actor, org iam.OrganizationID, key iam.KeyID) error {
	return errSkeleton
}

// RoleView is a role with what stands on it.
type RoleView struct {
	iam.Role
	Groups  []GroupRef // linked to it, by displayName
	Default bool       // in the Default role list
	Hints   []string   // group names that are nearly, but not, its name
}

// GroupRef is what a list shows of a group.
type GroupRef struct {
	ID          iam.GroupID
	DisplayName string
}

// RoleInput is what to set of a role; nil leaves, or is empty for a new role.
// A SCIMGroup of "" clears the field; Permissions replaces the whole set.
type RoleInput struct {
	Name        *string
	SCIMGroup   *string
	Permissions *[]string
}

func (s *Service) Roles(ctx context.Context, org iam.OrganizationID) ([]RoleView, error) {
	return nil, errSkeleton
}
func (s *Service) CreateRole(ctx context.Context, actor iam.Actor, org iam.OrganizationID, in RoleInput) (RoleView, error) {
	return RoleView{}, errSkeleton
}
func (s *Service) UpdateRole(ctx context.Context, actor iam.Actor, org iam.OrganizationID, role string, in RoleInput) (RoleView, error) {
	return RoleView{}, errSkeleton
}
func (s *Service) DeleteRole(ctx context.Context, actor iam.Actor, org iam.OrganizationID, role string) error {
	return errSkeleton
}
func (s *Service) UnlinkRole(ctx context.Context, actor iam.Actor, org iam.OrganizationID, role string) error {
	return errSkeleton
}

// GroupView is a SCIM group as an admin sees it.
type GroupView struct {
	ID          iam.GroupID
	DisplayName string
	ExternalID  string
	Role        *iam.RoleRef // nil: no role
	Members     int
}

func (s *Service) Groups(ctx context.Context, org iam.OrganizationID) ([]GroupView, error) {
	return nil, errSkeleton
}

func (s *Service) Members(ctx context.Context, org iam.OrganizationID, all bool) ([]iam.Member, error) {
	return nil, errSkeleton
}
func (s *Service) EachMember(ctx context.Context, org iam.OrganizationID, all bool) iter.Seq2[iam.Member, error] {
	return func(yield func(iam.Member, error) bool) { yield(iam.Member{}, errSkeleton) }
}
func (s *Service) SetMemberRoles(ctx context.Context, actor iam.Actor, org iam.OrganizationID, member string, roles []string) (iam.Member, error) {
	return iam.Member{}, errSkeleton
}
func (s *Service) RemoveMember(ctx context.Context, actor iam.Actor, org iam.OrganizationID, member string) error {
	return errSkeleton
}

// Invited is a new invitation with its link, which is shown here and nowhere else.
type Invited struct {
	ID        iam.InvitationID
	URL       string
	ExpiresAt time.Time
}

func (s *Service) Invite(ctx context.Context, actor iam.Actor, org iam.OrganizationID, email string, roles []string) (Invited, error) {
	return Invited{}, errSkeleton
}
func (s *Service) AuditEvents(ctx context.Context, org iam.OrganizationID, from, to time.Time) iter.Seq2[iam.AuditEvent, error] {
	return func(yield func(iam.AuditEvent, error) bool) { yield(iam.AuditEvent{}, errSkeleton) }
}
