package console

import (
	"slices"
	"strings"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
)

// permissionGroup is a heading of the permission editor.
type permissionGroup struct {
	Label   string
	Granted int
	Options []permissionOption
}

// permissionOption is a permission that Rollcall enforces, or on a role's page one of a
// product.
type permissionOption struct {
	ID      iam.Permission
	Label   string // "" for a product's: it alone knows what its permissions are called
	Granted bool
	Denied  bool // the person does not hold it, and so may not give it
}

// enforcedGroups lists the permissions that Rollcall enforces, under the headings and with
// the words of the guide's product. docs/permissions.md says what each allows.
func enforcedGroups() []permissionGroup {
	return []permissionGroup{
		{Label: "Organization", Options: []permissionOption{
			{ID: iam.PermOrganizationView, Label: "Access organization"},
			{ID: iam.PermOrganizationManage, Label: "Manage organization settings and users"},
			{ID: iam.PermOrganizationViewActivities, Label: "View organization activities"},
		}},
		{Label: "Billing", Options: []permissionOption{
			{ID: iam.PermViewBilling, Label: "View billing"},
			{ID: iam.PermManageBilling, Label: "Manage billing"},
		}},
		{Label: "API keys", Options: []permissionOption{
			{ID: iam.PermViewAPIKeys, Label: "View API keys"},
			{ID: iam.PermCreateAPIKeys, Label: "Create API keys"},
			{ID: iam.PermUpdateAPIKeys, Label: "Update API keys"},
			{ID: iam.PermDeleteAPIKeys, Label: "Delete API keys"},
		}},
		{Label: "Support", Options: []permissionOption{
			{ID: iam.PermSupportManage, Label: "Contact support"},
		}},
	}
}

// permissionEditor lists all permissions that Rollcall enforces, with those of a role
// marked. What the role holds already can always be taken back.
func permissionEditor(s signin.Session, granted []iam.Permission, held []iam.Permission) []permissionGroup {
	groups := enforcedGroups()
	for i := range groups {
		for j := range groups[i].Options {
			o := &groups[i].Options[j]
			o.Granted = slices.Contains(granted, o.ID)
			o.Denied = !slices.Contains(held, o.ID) && mayGive(s, iam.Role{Permissions: []iam.Permission{o.ID}}) != nil
			if o.Granted {
				groups[i].Granted++
			}
		}
	}
	return groups
}

// grantedGroups lists what a role permits, under its headings.
func grantedGroups(granted []iam.Permission) []permissionGroup {
	var list []permissionGroup
	for _, g := range enforcedGroups() {
		g.Options = slices.DeleteFunc(g.Options, func(o permissionOption) bool { return !slices.Contains(granted, o.ID) })
		if len(g.Options) > 0 {
			list = append(list, g)
		}
	}
	product := permissionGroup{Label: "Product permissions"}
	for _, p := range productPermissions(granted) {
		product.Options = append(product.Options, permissionOption{ID: p})
	}
	if len(product.Options) > 0 {
		list = append(list, product)
	}
	for i := range list {
		list[i].Granted = len(list[i].Options)
	}
	return list
}

// productPermissions are those that a product enforces.
func productPermissions(list []iam.Permission) []iam.Permission {
	return slices.DeleteFunc(slices.Clone(list), iam.Permission.Enforced)
}

// permissionLines writes permissions as the field for them shows them, one a line.
func permissionLines(list []iam.Permission) string {
	var b strings.Builder
	for _, p := range list {
		b.WriteString(string(p) + "\n")
	}
	return b.String()
}

// splitPermissions reads that field: ids between white space or commas.
func splitPermissions(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;", r) })
}
