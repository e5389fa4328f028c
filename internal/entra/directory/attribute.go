package directory

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// textAttributes are the attributes of a user with one text value, by the names that
// expressions and CSV files use, in the order of the portal's list.
var textAttributes = func() []textAttribute {
	list := []textAttribute{
		{"userPrincipalName", 113, func(u *User) *string { return &u.UserPrincipalName }},
		{"displayName", 256, func(u *User) *string { return &u.DisplayName }},
		{"givenName", 64, func(u *User) *string { return &u.GivenName }},
		{"surname", 64, func(u *User) *string { return &u.Surname }},
		{"mail", 256, func(u *User) *string { return &u.Mail }},
		{"mailNickname", 64, func(u *User) *string { return &u.MailNickname }},
		{"jobTitle", 128, func(u *User) *string { return &u.JobTitle }},
		{"department", 64, func(u *User) *string { return &u.Department }},
		{"companyName", 64, func(u *User) *string { return &u.CompanyName }},
		{"employeeId", 16, func(u *User) *string { return &u.EmployeeID }},
		{"telephoneNumber", 64, func(u *User) *string { return &u.TelephoneNumber }},
		{"mobile", 64, func(u *User) *string { return &u.Mobile }},
		{"facsimileTelephoneNumber", 64, func(u *User) *string { return &u.FacsimileTelephoneNumber }},
		{"physicalDeliveryOfficeName", 128, func(u *User) *string { return &u.PhysicalDeliveryOfficeName }},
		{"streetAddress", 1024, func(u *User) *string { return &u.StreetAddress }},
		{"city", 128, func(u *User) *string { return &u.City }},
		{"state", 128, func(u *User) *string { return &u.State }},
		{"postalCode", 40, func(u *User) *string { return &u.PostalCode }},
		{"country", 128, func(u *User) *string { return &u.Country }},
		{"preferredLanguage", 64, func(u *User) *string { return &u.PreferredLanguage }},
	}
	for i := range 15 {
		list = append(list, textAttribute{"extensionAttribute" + strconv.Itoa(i+1), 1024, func(u *User) *string { return &u.ExtensionAttributes[i] }})
	}
	return list
}()

type textAttribute struct {
	name  string
	most  int // characters (Microsoft Graph docs, "user")
	field func(*User) *string
}

// listAttributes are those with several values.
var listAttributes = []struct {
	name  string
	field func(*User) *[]string
}{
	{"proxyAddresses", func(u *User) *[]string { return &u.ProxyAddresses }},
	{"otherMails", func(u *User) *[]string { return &u.OtherMails }},
}

// UserAttributes lists every name that [User.Attribute] knows.
func UserAttributes() []string {
	names := []string{"objectId"}
	for _, a := range textAttributes {
		names = append(names, a.name)
	}
	for _, a := range listAttributes {
		names = append(names, a.name)
	}
	return append(names, "manager", "accountEnabled")
}

// Attribute returns the values of the attribute of that name, whose case counts for
// nothing: none for one that is null. Booleans are "True" and "False", the manager is an
// object id. ok is false when users have no such attribute.
func (u User) Attribute(name string) (values []string, ok bool) {
	single := func(value string) ([]string, bool) {
		if value == "" {
			return nil, true
		}
		return []string{value}, true
	}
	for _, a := range textAttributes {
		if strings.EqualFold(a.name, name) {
			return single(*a.field(&u))
		}
	}
	for _, a := range listAttributes {
		if strings.EqualFold(a.name, name) {
			return slices.Clone(*a.field(&u)), true
		}
	}
	switch strings.ToLower(name) {
	case "objectid":
		return single(string(u.ID))
	case "manager":
		return single(string(u.ManagerID))
	case "accountenabled":
		return single(truth(u.AccountEnabled))
	}
	return nil, false
}

// GroupAttributes lists every name that [Group.Attribute] knows.
func GroupAttributes() []string {
	return []string{"objectId", "displayName", "mailNickname", "description", "securityEnabled"}
}

// Attribute is [User.Attribute] for a group. Its members are none: they are read by pages.
func (g Group) Attribute(name string) (values []string, ok bool) {
	value := ""
	switch strings.ToLower(name) {
	case "objectid":
		value = string(g.ID)
	case "displayname":
		value = g.DisplayName
	case "mailnickname":
		value = g.MailNickname
	case "description":
		value = g.Description
	case "securityenabled":
		value = truth(g.SecurityEnabled)
	default:
		return nil, false
	}
	if value == "" {
		return nil, true
	}
	return []string{value}, true
}

func truth(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

// check holds the rules for a user's attributes.
func (u *User) check() error {
	if strings.TrimSpace(u.DisplayName) == "" {
		return refuse(Invalid, "The user %q needs a display name.", u.UserPrincipalName)
	}
	if err := checkUserPrincipalName(u.UserPrincipalName); err != nil {
		return err
	}
	for _, a := range textAttributes {
		if err := checkText(a.name, *a.field(u), a.most); err != nil {
			return err
		}
	}
	if u.Mail != "" {
		if err := checkMail("mail", u.Mail); err != nil {
			return err
		}
	}
	if strings.ContainsAny(u.MailNickname, "@()\\[]\";:<>, ") {
		return refuse(Invalid, "mailNickname %q must not contain blanks or any of @ ( ) \\ [ ] \" ; : < > ,", u.MailNickname)
	}
	for _, address := range u.OtherMails {
		if err := checkMail("otherMails", address); err != nil {
			return err
		}
	}
	for _, address := range u.ProxyAddresses {
		if kind, _, ok := strings.Cut(address, ":"); !ok || kind == "" {
			return refuse(Invalid, "proxyAddresses %q must begin with its kind, as in SMTP:jane@example.com.", address)
		}
		if err := checkText("proxyAddresses", address, 256); err != nil {
			return err
		}
	}
	for _, role := range u.DirectoryRoles {
		if err := checkText("A directory role", string(role), 256); err != nil {
			return err
		}
	}
	return nil
}

// String is for errors: whose user it is.
func (u User) String() string {
	return fmt.Sprintf("%s (%s)", u.UserPrincipalName, u.ID)
}
