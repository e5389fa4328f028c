package directory

import "time"

// Application is an enterprise application: one object that holds single sign-on,
// provisioning (whose jobs name its ID) and one list of assignments for both.
type Application struct {
	ID          ID `json:",omitzero"` // the object id of the service principal; set by CreateApplication when empty
	AppID       ID `json:",omitzero"` // the application (client) id; set by CreateApplication when empty
	DisplayName string
	Enabled     bool // "Enabled for users to sign-in?"; CreateApplication sets it
	// AssignmentRequired is "Assignment required?": without it every user may sign in.
	AssignmentRequired bool // CreateApplication sets it, as Entra does for SAML applications
	SAML               SAMLSettings
	CreatedAt          time.Time `json:",omitzero"`
}

// SAMLSettings is what the Single sign-on page of an application holds.
type SAMLSettings struct {
	// Basic SAML Configuration.
	Identifier    string   // Identifier (Entity ID) of the service provider
	ReplyURL      string   // Reply URL (Assertion Consumer Service URL), the default one
	MoreReplyURLs []string // further reply URLs that a request may name
	SignOnURL     string   // where My Apps sends people; "" = sign-on begins here
	RelayState    string   // sent along when sign-on begins here
	LogoutURL     string   // where LogoutRequests and LogoutResponses go

	// Attributes & Claims.
	NameIDSource string // of the Unique User Identifier, such as user.userprincipalname
	NameIDFormat NameIDFormat
	Claims       []Claim

	SigningOption     SigningOption
	NotificationEmail string // told before the certificate expires
}

// Claim is one attribute of an assertion.
type Claim struct {
	Name      string // "emailaddress"
	Namespace string // "http://schemas.xmlsoap.org/ws/2005/05/identity/claims" or ""
	Source    string // "user.mail", or a constant in double quotes
}

// URI is the claim's name on the wire: namespace, "/" and name, or the name alone.
func (c Claim) URI() string {
	if c.Namespace == "" {
		return c.Name
	}
	return c.Namespace + "/" + c.Name
}

// NameIDFormat is a name identifier format as the portal lists it.
type NameIDFormat string

const (
	NameIDEmailAddress NameIDFormat = "Email address"
	NameIDPersistent   NameIDFormat = "Persistent"
	NameIDUnspecified  NameIDFormat = "Unspecified"
	NameIDTransient    NameIDFormat = "Transient"
	NameIDWindows      NameIDFormat = "Windows domain qualified name"
)

// SigningOption says which elements of an answer are signed.
type SigningOption string

const (
	SignAssertion            SigningOption = "Sign SAML assertion" // what a new application has
	SignResponse             SigningOption = "Sign SAML response"
	SignResponseAndAssertion SigningOption = "Sign SAML response and assertion"
)

// Certificate is a signing certificate of an application with its key.
type Certificate struct {
	Thumbprint string // SHA-1 of DER in upper-case hexadecimal, as the portal shows it
	DER        []byte
	PrivateKey []byte // PKCS #8
	NotBefore  time.Time
	NotAfter   time.Time
	Active     bool // exactly one of an application's certificates signs
}

// Assignment lets a user, or the direct members of a group, use an application, and puts
// them in the scope of its provisioning.
type Assignment struct {
	ID            ID
	ApplicationID ID
	PrincipalID   ID
	PrincipalKind Kind
	AppRoleID     ID
	CreatedAt     time.Time
}

// DefaultAppRole is the role "User" that an application made from no template has
// (Microsoft Graph docs, "applicationtemplate-instantiate").
const DefaultAppRole ID = "18d14569-c3bd-439b-9a66-3a2aee01d14f"

// Licence is what the tenant has bought.
type Licence string

const (
	// LicenceFree: users only. Groups cannot be assigned to an application, and those that
	// were count for nothing.
	LicenceFree Licence = "Microsoft Entra ID Free"
	// LicenceP1: groups too.
	LicenceP1 Licence = "Microsoft Entra ID P1"
)

// Tenant says whose directory it is.
type Tenant struct {
	ID            ID
	DisplayName   string
	DefaultDomain string // of addresses that are made here
}
