package console

import (
	"slices"
	"strings"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

// roleEditPage is the form of a custom role, new or not. While a SCIM group is linked
// through its field that field is read-only (D2); before a group is taken from another role
// the page says from where to where, and asks.
type roleEditPage struct {
	frame
	ID          iam.RoleID // "" for a new role
	Action      string     // where the form goes
	Former      string     // the name as it is stored
	SystemName  bool       // a system role has the name too
	Name        string
	Field       string // SCIM group
	Locked      bool   // by the linked group, which has the field's name
	Groups      []access.GroupRef
	Permissions []permissionGroup
	Granted     int
	Product     string // product permissions, one a line
	Change      *roleChange
}

// roleChange is what saving the form would do.
type roleChange struct {
	Holders        int // members who hold the role before
	Added, Removed []iam.Permission
	Takes          []takenGroup
	// Confirm stands for the groups that move away from other roles, "" for none. The
	// form sends it back; if it is not what would happen by then, the page asks again.
	Confirm string
	Asks    bool // nothing was saved, because that was not confirmed
}

// takenGroup is a group that the role takes, with what that means to its members.
type takenGroup struct {
	access.TakenGroup
	Gain, Lose int // members who gain this role, and who lose the one before
}

func newRoleChange(p access.RoleChange) *roleChange {
	change := &roleChange{Holders: p.Holders, Added: p.Added, Removed: p.Removed, Confirm: moves(p.Takes)}
	for _, t := range p.Takes {
		change.Takes = append(change.Takes, takenGroup{TakenGroup: t, Gain: t.Members - t.Have, Lose: t.Members - t.Keep})
	}
	return change
}

func (c *Console) newRole(x *exchange) error {
	query := x.r.URL.Query()
	return x.show(x.roleForm(access.RoleDetail{}, roleFields{name: iam.Clip(query.Get("name")), field: iam.Clip(query.Get("scim_group"))}))
}

func (c *Console) editRole(x *exchange) error {
	d, err := c.customRole(x)
	if err != nil {
		return err
	}
	return x.show(x.roleForm(d, roleFields{name: d.Name, field: d.SCIMGroup, permissions: d.Permissions}))
}

// roleFields is what stands in the form.
type roleFields struct {
	name, field string
	permissions []iam.Permission
	product     string // as it was entered; "" takes it from permissions
}

func (x *exchange) roleForm(d access.RoleDetail, in roleFields) *roleEditPage {
	p := &roleEditPage{
		ID: d.ID, Former: d.Name, Name: in.name, Field: in.field, Groups: d.Groups,
		Permissions: permissionEditor(x.session, in.permissions, d.Permissions), Product: in.product,
	}
	if p.frame, p.Action = x.frame("Create new role"), "/roles/new"; d.ID != "" {
		p.frame, p.Action = x.frame("Edit role"), "/roles/"+string(d.ID)+"/edit"
	}
	p.Here = "/roles"
	if p.Product == "" {
		p.Product = permissionLines(productPermissions(in.permissions))
	}
	p.Granted = len(in.permissions)
	p.Locked = fieldLinked(d)
	if p.Locked {
		p.Field = d.SCIMGroup
	}
	p.SystemName = slices.ContainsFunc(iam.SystemRoles(), func(r iam.Role) bool { return r.Name == in.name })
	return p
}

func fieldLinked(d access.RoleDetail) bool {
	return d.SCIMGroup != "" && slices.ContainsFunc(d.Groups, func(g access.GroupRef) bool { return g.DisplayName == d.SCIMGroup })
}

// enteredRole reads the form, as it is to be shown again and as access takes it. A
// read-only field is not sent.
func (x *exchange) enteredRole() (roleFields, access.RoleInput) {
	fields := roleFields{name: x.value("name"), field: x.value("scim_group"), product: x.r.PostForm.Get("product")}
	chosen := append(slices.Clone(x.r.PostForm["p"]), splitPermissions(fields.product)...)
	for _, p := range chosen {
		fields.permissions = append(fields.permissions, iam.Permission(p))
	}
	in := access.RoleInput{Name: &fields.name, Permissions: &chosen}
	if x.r.PostForm.Has("scim_group") {
		in.SCIMGroup = &fields.field
	}
	return fields, in
}

func (c *Console) createRole(x *exchange) error {
	return c.saveRole(x, access.RoleDetail{}, func(in access.RoleInput) (access.RoleView, error) {
		return c.access.CreateRole(x.r.Context(), x.session.Actor, x.org(), in)
	})
}

func (c *Console) updateRole(x *exchange) error {
	d, err := c.customRole(x)
	if err != nil {
		return err
	}
	return c.saveRole(x, d, func(in access.RoleInput) (access.RoleView, error) {
		return c.access.UpdateRole(x.r.Context(), x.session.Actor, x.org(), string(d.ID), in)
	})
}

// saveRole saves the form, unless only its consequences were asked for, or a group would
// move and that was not confirmed.
func (c *Console) saveRole(x *exchange, d access.RoleDetail, save func(access.RoleInput) (access.RoleView, error)) error {
	fields, in := x.enteredRole()
	p := x.roleForm(d, fields)
	preview, err := c.access.PreviewRole(x.r.Context(), x.org(), d.ID, in)
	if err != nil {
		return x.again(p, err)
	}
	change := newRoleChange(preview)
	asked := x.value("act") == "preview"
	if asked || change.Confirm != x.value("confirmed") && change.Confirm != "" {
		change.Asks = !asked
		p.Change = change
		return x.show(p)
	}
	saved, err := save(in)
	if err != nil {
		return x.again(p, err)
	}
	return x.done("/roles/"+string(saved.ID), "The role "+saved.Name+" was saved.", savedDetail(preview.Takes))
}

// moves names the groups that would be taken from other roles, and from which.
func moves(takes []access.TakenGroup) string {
	var list []string
	for _, t := range takes {
		if t.From != nil {
			list = append(list, string(t.ID)+"<"+string(t.From.ID))
		}
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

func savedDetail(takes []access.TakenGroup) string {
	var list []string
	for _, t := range takes {
		list = append(list, t.DisplayName+" ("+plural(t.Members, "member", "members")+")")
	}
	if len(list) == 0 {
		return ""
	}
	return "Linked now: " + names(list) + "."
}
