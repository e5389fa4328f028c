package mapping

import (
	"slices"

	"github.com/rollcall/rollcall/scim"
)

const enterprise = scim.EnterpriseUserURN + ":"

// DefaultUsers is the user mapping of a new non-gallery application. Its attribute list
// is observed: public set-up pages that show it (SingleID, Capturi), and Microsoft's
// provisioning sample for Azure.
func DefaultUsers() ObjectMapping {
	direct := func(target, source string) AttributeMapping {
		return AttributeMapping{Target: target, Source: Source{Direct, source}, ApplyOnly: Always}
	}
	expression := func(target, text string) AttributeMapping {
		return AttributeMapping{Target: target, Source: Source{Expressed, text}, ApplyOnly: Always}
	}
	userName := direct("userName", "userPrincipalName")
	userName.MatchingPrecedence = 1
	return ObjectMapping{
		Kind: KindUser, Name: "Provision Microsoft Entra ID Users",
		Enabled: true, Create: true, Update: true, Delete: true,
		Attributes: []AttributeMapping{
			userName,
			expression("active", `Switch([IsSoftDeleted], , "False", "True", "True", "False")`),
			direct("displayName", "displayName"),
			direct("title", "jobTitle"),
			direct(`emails[type eq "work"].value`, "mail"),
			direct("preferredLanguage", "preferredLanguage"),
			direct("name.givenName", "givenName"),
			direct("name.familyName", "surname"),
			expression("name.formatted", `Join(" ", [givenName], [surname])`),
			direct(`addresses[type eq "work"].formatted`, "physicalDeliveryOfficeName"),
			direct(`addresses[type eq "work"].streetAddress`, "streetAddress"),
			direct(`addresses[type eq "work"].locality`, "city"),
			direct(`addresses[type eq "work"].region`, "state"),
			direct(`addresses[type eq "work"].postalCode`, "postalCode"),
			direct(`addresses[type eq "work"].country`, "country"),
			direct(`phoneNumbers[type eq "work"].value`, "telephoneNumber"),
			direct(`phoneNumbers[type eq "mobile"].value`, "mobile"),
			direct(`phoneNumbers[type eq "fax"].value`, "facsimileTelephoneNumber"),
			direct("externalId", "mailNickname"),
			direct(enterprise+"employeeNumber", "employeeId"),
			direct(enterprise+"department", "department"),
			direct(enterprise+"manager", "manager"),
		},
		TargetAttributes: userTargets(),
	}
}

// DefaultGroups is the group mapping of a new non-gallery application. Microsoft Entra
// docs, use-scim-to-provision-users-and-groups, table of the group attributes.
func DefaultGroups() ObjectMapping {
	return ObjectMapping{
		Kind: KindGroup, Name: "Provision Microsoft Entra ID Groups",
		Enabled: true, Create: true, Update: true, Delete: true,
		Attributes: []AttributeMapping{
			{Target: "displayName", Source: Source{Direct, "displayName"}, MatchingPrecedence: 1, ApplyOnly: Always},
			{Target: "externalId", Source: Source{Direct, "objectId"}, ApplyOnly: Always},
			{Target: "members", Source: Source{Direct, "members"}, ApplyOnly: Always},
		},
		TargetAttributes: []TargetAttribute{
			{Name: "id", Type: TypeString, Required: true},
			{Name: "displayName", Type: TypeString, Required: true},
			{Name: "externalId", Type: TypeString},
			{Name: "members", Type: TypeReference, MultiValue: true},
		},
	}
}

// userTargets is the attribute list that a user mapping can choose from. Only the names
// of the default mapping are observed; the others are RFC 7643's attributes in the forms
// that Microsoft's pages use, so that an admin need not add them. No attribute is of
// exact case until the admin says so.
func userTargets() []TargetAttribute {
	list := []TargetAttribute{
		{Name: "id", Type: TypeString, Required: true},
		{Name: "active", Type: TypeBoolean},
		{Name: "userName", Type: TypeString, Required: true},
	}
	texts := func(names ...string) {
		for _, name := range names {
			list = append(list, TargetAttribute{Name: name, Type: TypeString})
		}
	}
	texts("displayName", "title", "preferredLanguage", "externalId", "nickName", "profileUrl", "userType", "locale", "timezone",
		"name.givenName", "name.familyName", "name.formatted", "name.middleName", "name.honorificPrefix", "name.honorificSuffix")
	for _, kind := range []string{"work", "home", "other"} {
		texts(`emails[type eq "` + kind + `"].value`)
	}
	for _, kind := range []string{"work", "other"} {
		for _, part := range []string{"formatted", "streetAddress", "locality", "region", "postalCode", "country"} {
			texts(`addresses[type eq "` + kind + `"].` + part)
		}
	}
	for _, kind := range []string{"work", "mobile", "fax", "home", "other", "pager"} {
		texts(`phoneNumbers[type eq "` + kind + `"].value`)
	}
	for _, part := range []string{"display", "type", "value"} {
		texts(`roles[primary eq "True"].` + part)
	}
	list = append(list, TargetAttribute{Name: "roles", Type: TypeString, MultiValue: true})
	texts(enterprise+"employeeNumber", enterprise+"costCenter", enterprise+"organization", enterprise+"division", enterprise+"department")
	return append(list, TargetAttribute{Name: enterprise + "manager", Type: TypeReference})
}

// TargetAttribute is the row of the attribute list with that name.
func (m ObjectMapping) TargetAttribute(name string) (TargetAttribute, bool) {
	i := slices.IndexFunc(m.TargetAttributes, func(t TargetAttribute) bool { return t.Name == name })
	if i < 0 {
		return TargetAttribute{}, false
	}
	return m.TargetAttributes[i], true
}

// Clone is a copy that shares nothing with m.
func (m ObjectMapping) Clone() ObjectMapping {
	m.Filters = slices.Clone(m.Filters)
	for i := range m.Filters {
		m.Filters[i].Clauses = slices.Clone(m.Filters[i].Clauses)
	}
	m.Attributes = slices.Clone(m.Attributes)
	m.TargetAttributes = slices.Clone(m.TargetAttributes)
	return m
}
