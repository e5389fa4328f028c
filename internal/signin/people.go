package signin

import (
	"context"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/saml"
)

// Client is the browser that asks.
type Client struct {
	Address   string // IP address
	UserAgent string
	RequestID string // of the request: the page shows it, the audit log has it beside the cause
	Session   string // the value of the session cookie it holds, "" for none: a new sign-in ends that session
}

// Begin is the way to an organization's identity provider.
type Begin struct {
	Message       saml.Message // where the browser is sent
	PendingCookie string       // the value that binds the answer to this browser
	ExpiresAt     time.Time    // of the cookie
}

// SignedIn is a new session.
type SignedIn struct {
	Cookie    string    // the value of the session cookie; a secret that exists only here
	ExpiresAt time.Time // when the session ends at the latest
	To        string    // the path where he wanted to go; "/" by default
}

// SetUp is a one-time link of an Admin that can be used.
type SetUp struct {
	Email            string // of the local sign-in
	OrganizationName string
	ExpiresAt        time.Time
}

// Invitation is an invitation whose link was opened; opening it changes nothing.
type Invitation struct {
	Email            string
	OrganizationName string
	InvitedBy        string
	ExpiresAt        time.Time
	Way              Way
}

// Way is how an invited member will sign in.
type Way string

// The ways. WayNone: not yet, because there is no single sign-on for the address;
// accepting is refused until there is.
const (
	WaySAML     Way = "saml"     // accepting leads to the identity provider
	WayPassword Way = "password" // an Admin of an organization without single sign-on for him sets a password
	WayNone     Way = "none"
)

// Accepted is an accepted invitation. With WaySAML nobody is signed in yet: the
// next step is /saml/{org}/login.
type Accepted struct {
	Way      Way
	SignedIn SignedIn // with WayPassword
}

// SessionView is one row of a person's list of his sessions.
type SessionView struct {
	ID         string
	Method     string // "saml", "local"
	Address    string
	UserAgent  string
	CreatedAt  time.Time
	LastSeenAt time.Time // to the minute
	ExpiresAt  time.Time
	Current    bool // the session that asks
}

// Methods of signing in.
const (
	MethodSAML  = "saml"
	MethodLocal = "local"
)

// Session is a signed-in member: looked up for one request and valid for it.
type Session struct {
	ID           string // public; not the secret
	Organization iam.Organization
	Member       iam.MemberID
	Email        string
	DisplayName  string
	Status       iam.MemberStatus
	Roles        []iam.HeldRole
	Permissions  []iam.Permission // of all roles, sorted
	Actor        iam.Actor        // with the client's address, for the audit log
	Method       string           // MethodSAML, MethodLocal
	CreatedAt    time.Time
	ExpiresAt    time.Time
}

// Route finds the organization whose people sign in with an address.
func (s *Service) Route(ctx context.Context, email string) (org iam.OrganizationID, connected bool, err error) {
	return "", false, errUnfinished
}

// BeginSAML begins a sign-in.
func (s *Service) BeginSAML(ctx context.Context, org iam.OrganizationID, to string, c Client) (Begin, error) {
	return Begin{}, errUnfinished
}

// FinishSAML finishes a sign-in.
func (s *Service) FinishSAML(ctx context.Context, org iam.OrganizationID, samlResponse, relayState, pendingCookie string, c Client) (SignedIn, error) {
	return SignedIn{}, errUnfinished
}

// Metadata is the service provider's metadata.
func (s *Service) Metadata(ctx context.Context, org iam.OrganizationID) ([]byte, error) {
	return nil, errUnfinished
}

// Password signs in with a password; org "" when the browser does not know it.
func (s *Service) Password(ctx context.Context, org iam.OrganizationID, email, password string, c Client) (SignedIn, error) {
	return SignedIn{}, errUnfinished
}

// SetUpLink looks at a one-time link and changes nothing.
func (s *Service) SetUpLink(ctx context.Context, org iam.OrganizationID, token string) (SetUp, error) {
	return SetUp{}, errUnfinished
}

// SetUp uses a one-time link up: it sets the password and signs in.
func (s *Service) SetUp(ctx context.Context, org iam.OrganizationID, token, password string, c Client) (SignedIn, error) {
	return SignedIn{}, errUnfinished
}

// Invitation looks at an invitation and changes nothing.
func (s *Service) Invitation(ctx context.Context, org iam.OrganizationID, id iam.InvitationID, token string) (Invitation, error) {
	return Invitation{}, errUnfinished
}

// AcceptInvitation uses an invitation up.
func (s *Service) AcceptInvitation(ctx context.Context, org iam.OrganizationID, id iam.InvitationID, token, password string, c Client) (Accepted, error) {
	return Accepted{}, errUnfinished
}

// Session finds who asks. KindUnauthorized: nobody is signed in.
func (s *Service) Session(ctx context.Context, cookie string, c Client) (Session, error) {
	return Session{}, errUnfinished
}

// SignOut ends the session of a cookie.
func (s *Service) SignOut(ctx context.Context, cookie string, c Client) error { return errUnfinished }

// Sessions lists the live sessions of the person.
func (s *Service) Sessions(ctx context.Context, sess Session) ([]SessionView, error) {
	return nil, errUnfinished
}

// EndSession ends one of the person's sessions.
func (s *Service) EndSession(ctx context.Context, sess Session, id string) error {
	return errUnfinished
}

var errUnfinished = iam.Errorf(iam.KindUnavailable, "signing in is not available")
