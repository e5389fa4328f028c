package portal

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/web/words"
)

// userForm is the form of a user: the labels of the Microsoft Entra docs page
// "how-to-manage-user-profile-info", with the names that mappings use beside them.
var userForm = []userFormGroup{
	{label: "Identity", fields: []userFormField{
		{"displayName", "Display name", 256, func(u *directory.User) *string { return &u.DisplayName }},
		{"givenName", "First name", 64, func(u *directory.User) *string { return &u.GivenName }},
		{"surname", "Last name", 64, func(u *directory.User) *string { return &u.Surname }},
		{"userPrincipalName", "User principal name", 113, func(u *directory.User) *string { return &u.UserPrincipalName }},
		{"mailNickname", "Mail nickname", 64, func(u *directory.User) *string { return &u.MailNickname }},
		{"preferredLanguage", "Preferred language", 40, func(u *directory.User) *string { return &u.PreferredLanguage }},
	}},
	{label: "Contact information", fields: []userFormField{
		{"mail", "Email", 254, func(u *directory.User) *string { return &u.Mail }},
		{"otherMails", "Other emails", 4000, nil},
		{"proxyAddresses", "Proxy addresses", 4000, nil},
		{"telephoneNumber", "Business phone", 64, func(u *directory.User) *string { return &u.TelephoneNumber }},
		{"mobile", "Mobile phone", 64, func(u *directory.User) *string { return &u.Mobile }},
		{"facsimileTelephoneNumber", "Fax number", 64, func(u *directory.User) *string { return &u.FacsimileTelephoneNumber }},
		{"streetAddress", "Street address", 1024, func(u *directory.User) *string { return &u.StreetAddress }},
		{"city", "City", 128, func(u *directory.User) *string { return &u.City }},
		{"state", "State or province", 128, func(u *directory.User) *string { return &u.State }},
		{"postalCode", "ZIP or postal code", 40, func(u *directory.User) *string { return &u.PostalCode }},
		{"country", "Country or region", 128, func(u *directory.User) *string { return &u.Country }},
	}},
	{label: "Job information", fields: []userFormField{
		{"jobTitle", "Job title", 128, func(u *directory.User) *string { return &u.JobTitle }},
		{"companyName", "Company name", 64, func(u *directory.User) *string { return &u.CompanyName }},
		{"department", "Department", 64, func(u *directory.User) *string { return &u.Department }},
		{"employeeId", "Employee ID", 16, func(u *directory.User) *string { return &u.EmployeeID }},
		{"physicalDeliveryOfficeName", "Office location", 128, func(u *directory.User) *string { return &u.PhysicalDeliveryOfficeName }},
	}},
	{label: "Extension attributes", optional: true, fields: extensionFields()},
}

type userFormGroup struct {
	label    string
	optional bool // shown only where it has values, and folded in the form
	fields   []userFormField
}

// userFormField is one attribute. Those with several values have no field of one string.
type userFormField struct {
	name, label string
	max         int
	of          func(*directory.User) *string
}

func extensionFields() []userFormField {
	fields := make([]userFormField, 15)
	for i := range fields {
		n := strconv.Itoa(i + 1)
		fields[i] = userFormField{"extensionAttribute" + n, "Extension attribute " + n, 1024, func(u *directory.User) *string { return &u.ExtensionAttributes[i] }}
	}
	return fields
}

// severalOf is the list that an attribute with several values has.
func severalOf(u *directory.User, name string) *[]string {
	if name == "otherMails" {
		return &u.OtherMails
	}
	return &u.ProxyAddresses
}

type userEditPage struct {
	frame
	ID      directory.ID // "" for a new user
	Action  string
	Back    string
	Groups  []userEditGroup
	Enabled bool
	Roles   []choice
}

type userEditGroup struct {
	Label  string
	Folded bool
	Fields []formField
}

var userHelp = map[string]string{
	"userPrincipalName": "Signs in with it. By default userName is mapped from it.",
	"mail":              "The guide maps userName from it.",
	"otherMails":        "One a line.",
	"proxyAddresses":    "One a line, such as SMTP:jane@example.com.",
	"mailNickname":      "Empty: made from the user principal name.",
}

// editPage makes the form of a user.
func (x *exchange) editPage(u directory.User, manager string) *userEditPage {
	page := &userEditPage{ID: u.ID, Enabled: u.AccountEnabled}
	if u.ID == "" {
		page.frame = x.frame("New user", "/users", identityCrumb, crumb{"Users", "/users"})
		page.Action, page.Back = "/users/new", "/users"
	} else {
		page.frame = x.frame("Edit properties", "/users", identityCrumb, crumb{"Users", "/users"}, crumb{u.DisplayName, "/users/" + string(u.ID)})
		page.Action, page.Back = "/users/"+string(u.ID)+"/edit", "/users/"+string(u.ID)
	}
	for _, g := range userForm {
		group := userEditGroup{Label: g.label, Folded: g.optional}
		for _, f := range g.fields {
			field := formField{
				Name: f.name, Label: f.label, Help: userHelp[f.name], Max: f.max,
				Required: f.name == "displayName" || f.name == "userPrincipalName",
			}
			if f.of != nil {
				field.Value = *f.of(&u)
			} else {
				field.Value, field.Lines = strings.Join(*severalOf(&u, f.name), "\n"), 2
			}
			group.Fields = append(group.Fields, field)
		}
		page.Groups = append(page.Groups, group)
	}
	page.Groups[2].Fields = append(page.Groups[2].Fields, formField{Name: "manager", Label: "Manager", Value: manager, Max: 113, Help: "The user principal name of another user."})
	for _, r := range []directory.DirectoryRole{directory.GlobalAdministrator, directory.ApplicationAdministrator, directory.CloudApplicationAdministrator} {
		page.Roles = append(page.Roles, choice{string(r), string(r), slices.Contains(u.DirectoryRoles, r)})
	}
	return page
}

// readUser takes a user from the form. Roles that the form does not list stay. The
// manager is returned as he was entered.
func (x *exchange) readUser(u *directory.User) (manager string) {
	for _, g := range userForm {
		for _, f := range g.fields {
			if f.of != nil {
				*f.of(u) = x.value(f.name)
				continue
			}
			var lines []string
			for line := range strings.SplitSeq(x.value(f.name), "\n") {
				if line = strings.TrimSpace(line); line != "" {
					lines = append(lines, line)
				}
			}
			*severalOf(u, f.name) = lines
		}
	}
	u.AccountEnabled = x.checked("enabled")
	roles := slices.DeleteFunc(slices.Clone(u.DirectoryRoles), func(r directory.DirectoryRole) bool {
		return r == directory.GlobalAdministrator || r == directory.ApplicationAdministrator || r == directory.CloudApplicationAdministrator
	})
	for _, r := range x.r.PostForm["role"] {
		roles = append(roles, directory.DirectoryRole(r))
	}
	u.DirectoryRoles = roles
	return x.value("manager")
}

// managerNamed finds the manager that was entered.
func (p *Portal) managerNamed(x *exchange, upn string) (directory.ID, error) {
	if upn == "" {
		return "", nil
	}
	manager, err := p.directory.UserByUPN(x.r.Context(), upn)
	if directory.IsProblem(err, directory.NotFound) {
		return "", refuse(http.StatusBadRequest, "the manager %q is not the user principal name of a user", words.Clip(upn))
	}
	return manager.ID, err
}

func (p *Portal) newUser(x *exchange) error {
	tenant, err := p.directory.Tenant(x.r.Context())
	if err != nil {
		return err
	}
	page := x.editPage(directory.User{AccountEnabled: true}, "")
	page.Groups[0].Fields[3].Help = "Signs in with it, for example jane.doe@" + tenant.DefaultDomain + ". By default userName is mapped from it."
	return x.show(page)
}

func (p *Portal) createUser(x *exchange) error {
	var u directory.User
	manager := x.readUser(&u)
	entered := u
	id, err := p.managerNamed(x, manager)
	if err == nil {
		u.ManagerID = id
		u, err = p.directory.CreateUser(x.r.Context(), u)
	}
	if err != nil {
		return x.again(x.editPage(entered, manager), err)
	}
	return x.done("/users/"+string(u.ID), u.DisplayName+" was created.", "To provision the user, assign the user, or a group the user is in, to the application.")
}

func (p *Portal) editUser(x *exchange) error {
	user, err := p.directory.User(x.r.Context(), x.id("user"))
	if err != nil {
		return err
	}
	manager := ""
	if user.ManagerID != "" {
		m, err := p.directory.User(x.r.Context(), user.ManagerID)
		if err != nil && !directory.IsProblem(err, directory.NotFound) {
			return err
		}
		manager = m.UserPrincipalName
	}
	return x.show(x.editPage(user, manager))
}

func (p *Portal) updateUser(x *exchange) error {
	id := x.id("user")
	entered, err := p.directory.User(x.r.Context(), id)
	if err != nil {
		return err
	}
	name := entered.DisplayName
	manager := x.readUser(&entered)
	if id == x.viewer.ID && !entered.MayConfigure() {
		err = refuse(http.StatusConflict, "this is your own account: you would lose access to this portal; somebody else has to do it")
	}
	var managerID directory.ID
	if err == nil {
		managerID, err = p.managerNamed(x, manager)
	}
	if err == nil {
		_, err = p.directory.UpdateUser(x.r.Context(), id, func(u *directory.User) error {
			x.readUser(u)
			u.ManagerID = managerID
			return nil
		})
	}
	if err != nil {
		page := x.editPage(entered, manager)
		page.Crumbs[len(page.Crumbs)-1].Label = name
		return x.again(page, err)
	}
	return x.done("/users/"+string(id), "Properties saved.", "The next cycle carries the change on; Provision on demand does at once.")
}
