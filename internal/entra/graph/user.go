package graph

import (
	"encoding/json"
	"fmt"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

type user = directory.User

// users is the resource type user (Microsoft Graph docs, "user"). Those that are shown unasked
// are the ones that Graph shows.
var users = resource[user]{
	name: "User",
	properties: []property[user]{
		readOnly("id", kindText, true, func(u *user) any { return string(u.ID) }),
		text("userPrincipalName", true, func(u *user) *string { return &u.UserPrincipalName }),
		text("mail", true, func(u *user) *string { return &u.Mail }),
		text("displayName", true, func(u *user) *string { return &u.DisplayName }),
		text("givenName", true, func(u *user) *string { return &u.GivenName }),
		text("surname", true, func(u *user) *string { return &u.Surname }),
		text("jobTitle", true, func(u *user) *string { return &u.JobTitle }),
		text("mobilePhone", true, func(u *user) *string { return &u.Mobile }),
		text("officeLocation", true, func(u *user) *string { return &u.PhysicalDeliveryOfficeName }),
		text("preferredLanguage", true, func(u *user) *string { return &u.PreferredLanguage }),
		{name: "businessPhones", kind: kindTexts, usual: true, get: businessPhones, set: setBusinessPhones},
		text("mailNickname", false, func(u *user) *string { return &u.MailNickname }),
		text("department", false, func(u *user) *string { return &u.Department }),
		text("employeeId", false, func(u *user) *string { return &u.EmployeeID }),
		text("faxNumber", false, func(u *user) *string { return &u.FacsimileTelephoneNumber }),
		text("streetAddress", false, func(u *user) *string { return &u.StreetAddress }),
		text("city", false, func(u *user) *string { return &u.City }),
		text("state", false, func(u *user) *string { return &u.State }),
		text("postalCode", false, func(u *user) *string { return &u.PostalCode }),
		text("country", false, func(u *user) *string { return &u.Country }),
		text("companyName", false, func(u *user) *string { return &u.CompanyName }),
		texts("proxyAddresses", func(u *user) *[]string { return &u.ProxyAddresses }),
		texts("otherMails", func(u *user) *[]string { return &u.OtherMails }),
		boolean("accountEnabled", false, func(u *user) *bool { return &u.AccountEnabled }),
		{name: "onPremisesExtensionAttributes", kind: kindTexts, get: extensionAttributes, set: setExtensionAttributes},
		readOnly("createdDateTime", kindTime, false, func(u *user) any { return moment(u.CreatedAt) }),
		readOnly("deletedDateTime", kindTime, false, func(u *user) any { return moment(u.DeletedAt) }),
	},
	// There are no passwords here, no services to be used at a location, and no guests.
	ignored: []string{"passwordProfile", "passwordPolicies", "usageLocation", "userType"},
}

func businessPhones(u *user) any {
	if u.TelephoneNumber == "" {
		return []string{}
	}
	return []string{u.TelephoneNumber}
}

// Microsoft Graph docs, "user": although it is a collection, only one number can be set.
func setBusinessPhones(u *user, raw json.RawMessage) string {
	list, ok := textsOf(raw)
	if !ok || len(list) > 1 {
		return "a list of one string at most"
	}
	u.TelephoneNumber = ""
	if len(list) == 1 {
		u.TelephoneNumber = list[0]
	}
	return ""
}

func extensionAttributes(u *user) any {
	all := object{}
	for i, value := range u.ExtensionAttributes {
		all[fmt.Sprintf("extensionAttribute%d", i+1)] = nullable(value)
	}
	return all
}

func setExtensionAttributes(u *user, raw json.RawMessage) string {
	const wanted = "an object of extensionAttribute1 to extensionAttribute15, each a string or null"
	var given map[string]*string
	if err := json.Unmarshal(raw, &given); err != nil {
		return wanted
	}
	for i := range u.ExtensionAttributes {
		name := fmt.Sprintf("extensionAttribute%d", i+1)
		value, ok := given[name]
		delete(given, name)
		switch {
		case !ok:
		case value == nil:
			u.ExtensionAttributes[i] = ""
		default:
			u.ExtensionAttributes[i] = *value
		}
	}
	if len(given) > 0 {
		return wanted
	}
	return ""
}

// userOptions are what a list of users can be asked for.
var userOptions = options{properties: users.kinds(), search: []string{"displayName", "userPrincipalName", "mail", "givenName", "surname"}}
