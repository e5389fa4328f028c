package directory

import (
	"slices"
	"strings"
)

// The claims' namespaces (Microsoft Entra docs, "saml-claims-customization").
const (
	IdentityClaims  = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
	MicrosoftClaims = "http://schemas.microsoft.com/ws/2008/06/identity/claims"
)

// claimSources are the attributes that a claim can be made from, as the portal names them,
// with the attribute of the user that each is.
var claimSources = []struct{ source, attribute string }{
	{"user.userprincipalname", "userPrincipalName"},
	{"user.mail", "mail"},
	{"user.givenname", "givenName"},
	{"user.surname", "surname"},
	{"user.displayname", "displayName"},
	{"user.objectid", "objectId"},
	{"user.mailnickname", "mailNickname"},
	{"user.employeeid", "employeeId"},
	{"user.jobtitle", "jobTitle"},
	{"user.department", "department"},
	{"user.companyname", "companyName"},
	{"user.telephonenumber", "telephoneNumber"},
	{"user.mobilephone", "mobile"},
	{"user.facsimiletelephonenumber", "facsimileTelephoneNumber"},
	{"user.physicaldeliveryofficename", "physicalDeliveryOfficeName"},
	{"user.streetaddress", "streetAddress"},
	{"user.city", "city"},
	{"user.state", "state"},
	{"user.postalcode", "postalCode"},
	{"user.country", "country"},
	{"user.preferredlanguage", "preferredLanguage"},
	{"user.othermail", "otherMails"},
	{"user.proxyaddresses", "proxyAddresses"},
	{"user.extensionattribute1", "extensionAttribute1"},
	{"user.extensionattribute2", "extensionAttribute2"},
	{"user.extensionattribute3", "extensionAttribute3"},
	{"user.extensionattribute4", "extensionAttribute4"},
	{"user.extensionattribute5", "extensionAttribute5"},
	{"user.extensionattribute6", "extensionAttribute6"},
	{"user.extensionattribute7", "extensionAttribute7"},
	{"user.extensionattribute8", "extensionAttribute8"},
	{"user.extensionattribute9", "extensionAttribute9"},
	{"user.extensionattribute10", "extensionAttribute10"},
	{"user.extensionattribute11", "extensionAttribute11"},
	{"user.extensionattribute12", "extensionAttribute12"},
	{"user.extensionattribute13", "extensionAttribute13"},
	{"user.extensionattribute14", "extensionAttribute14"},
	{"user.extensionattribute15", "extensionAttribute15"},
}

// GroupsSource is the source of a group claim: the object ids of the user's groups.
const GroupsSource = "user.groups"

// ClaimSources lists what a claim can be made from, besides a constant in double quotes.
func ClaimSources() []string {
	list := make([]string, 0, len(claimSources)+1)
	for _, c := range claimSources {
		list = append(list, c.source)
	}
	return append(list, GroupsSource)
}

// Claim returns the values that the source has for the user: none when the attribute is
// null. ok is false for an unknown source and for [GroupsSource], which no attribute holds.
func (u User) Claim(source string) (values []string, ok bool) {
	if constant, ok := constantSource(source); ok {
		return []string{constant}, true
	}
	for _, c := range claimSources {
		if strings.EqualFold(c.source, source) {
			return u.Attribute(c.attribute)
		}
	}
	return nil, false
}

func constantSource(source string) (string, bool) {
	if len(source) > 2 && strings.HasPrefix(source, `"`) && strings.HasSuffix(source, `"`) {
		return source[1 : len(source)-1], true
	}
	return "", false
}

func knownSource(source string) bool {
	_, constant := constantSource(source)
	return constant || slices.ContainsFunc(ClaimSources(), func(known string) bool { return strings.EqualFold(known, source) })
}

// DefaultClaims are those of a new SAML application (Microsoft Entra docs,
// "saml-claims-customization").
func DefaultClaims() []Claim {
	return []Claim{
		{"emailaddress", IdentityClaims, "user.mail"},
		{"givenname", IdentityClaims, "user.givenname"},
		{"name", IdentityClaims, "user.userprincipalname"},
		{"surname", IdentityClaims, "user.surname"},
	}
}
