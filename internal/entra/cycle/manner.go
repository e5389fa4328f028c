package cycle

import (
	"slices"

	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// Manner is whose requests the service sends. Directory, scope, mappings, logs and retries are
// the same in all: what differs is what goes over the wire, and what a new job maps.
type Manner string

const (
	MannerEntra Manner = "entra" // Microsoft Entra ID; "" is the same
	// MannerOkta is Okta's for applications of its catalogue: PATCH to activate, to deactivate
	// and for groups, PUT for everything else of users (Okta developer docs,
	// "concepts/scim/faqs").
	MannerOkta Manner = "okta"
	// MannerOktaPut is Okta's for applications made with the App Integration Wizard: PUT for
	// everything (same page).
	MannerOktaPut Manner = "okta-put"
)

// Manners are all of them, for flags.
func Manners() []string {
	return []string{string(MannerEntra), string(MannerOkta), string(MannerOktaPut)}
}

func (m Manner) okta() bool { return m == MannerOkta || m == MannerOktaPut }

// oktaUserAgent is how Okta names itself (Okta developer docs, "reference/scim/scim-20").
const oktaUserAgent = "Okta SCIM Client 1.0.0"

// defaults are the mappings of a new job.
func (m Manner) defaults() (users, groups mapping.ObjectMapping) {
	users, groups = mapping.DefaultUsers(), mapping.DefaultGroups()
	if !m.okta() {
		return users, groups
	}
	users.Name, groups.Name = "Provision Okta Users", "Push Okta Groups"
	users.Attributes = oktaAttributes()
	users.Delete = false // Okta never deletes users (Okta developer docs, "concepts/scim")
	groups.Attributes = slices.DeleteFunc(groups.Attributes, func(a mapping.AttributeMapping) bool { return a.Target == "externalId" })
	return users, groups
}

// oktaAttributes are those of the documented bodies, and the attributes of work that Okta's
// base profile has. The application user name is the mail (chosen: "Application username
// format: Email").
func oktaAttributes() []mapping.AttributeMapping {
	var list []mapping.AttributeMapping
	for _, pair := range [][2]string{
		{"userName", "mail"}, {"name.givenName", "givenName"}, {"name.familyName", "surname"}, {`emails[type eq "work"].value`, "mail"},
		{"displayName", "displayName"}, {"locale", "preferredLanguage"}, {"externalId", "objectId"}, {"title", "jobTitle"},
		{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber", "employeeId"},
		{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "department"},
	} {
		list = append(list, mapping.AttributeMapping{Target: pair[0], Source: mapping.Source{Type: mapping.Direct, Text: pair[1]}, ApplyOnly: mapping.Always})
	}
	list[0].MatchingPrecedence = 1
	return append(list, mapping.AttributeMapping{
		Target: "active", Source: mapping.Source{Type: mapping.Expressed, Text: `Switch([IsSoftDeleted], , "False", "True", "True", "False")`}, ApplyOnly: mapping.Always,
	})
}
