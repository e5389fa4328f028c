package console

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/web/words"
)

// roleEditPage is the form of a custom role, new or not. While a SCIM group is linked
// through its field that field is read-only (D2); before a group is taken from another role
// the page says from where to where, and asks, as it does before members change by their
// groups or lose or gain admin access.
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
	Product     string          // product permissions, one a line
	Holders     int             // members who hold the role now
	Preview     *access.Preview // what saving the form would do; nil before that was asked
	// Confirm stands for what was asked and for the groups that move away from other roles.
	// The form sends it back; for another form, or when another group would move by then,
	// the page asks again.
	Confirm string
	Asks    bool // nothing was saved, because that was not confirmed
	Takes   bool // a group moves away from another role
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
		ID: d.ID, Former: d.Name, Name: in.name, Field: in.field, Groups: d.Groups, Holders: d.Holders,
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
	actor, org := x.session.Actor, x.org()
	return c.saveRole(x, access.RoleDetail{}, func(in access.RoleInput) (access.Preview, error) {
		return c.access.PreviewCreateRole(x.r.Context(), actor, org, in)
	}, func(in access.RoleInput) (access.RoleView, error) {
		return c.access.CreateRole(x.r.Context(), actor, org, in)
	})
}

func (c *Console) updateRole(x *exchange) error {
	d, err := c.customRole(x)
	if err != nil {
		return err
	}
	actor, org := x.session.Actor, x.org()
	return c.saveRole(x, d, func(in access.RoleInput) (access.Preview, error) {
		return c.access.PreviewUpdateRole(x.r.Context(), actor, org, string(d.ID), in)
	}, func(in access.RoleInput) (access.RoleView, error) {
		return c.access.UpdateRole(x.r.Context(), actor, org, string(d.ID), in)
	})
}

// saveRole saves the form, unless only its consequences were asked for, or they are weighty
// and were not confirmed.
func (c *Console) saveRole(x *exchange, d access.RoleDetail, look func(access.RoleInput) (access.Preview, error), save func(access.RoleInput) (access.RoleView, error)) error {
	fields, in := x.enteredRole()
	p := x.roleForm(d, fields)
	preview, err := look(in)
	if err != nil {
		return x.again(p, err)
	}
	p.Confirm, p.Takes = confirmRole(fields, preview), takesFrom(preview)
	asked := x.value("act") == "preview"
	if asked || weighty(preview) && p.Confirm != x.value("confirmed") {
		p.Preview, p.Asks = x.preview(preview), !asked
		return x.show(p)
	}
	saved, err := save(in)
	if err != nil {
		return x.again(p, err)
	}
	return x.done("/roles/"+string(saved.ID), "The role "+saved.Name+" was saved.", savedDetail(preview))
}

// confirmRole stands for what a form asks for, and for what it takes from other roles.
func confirmRole(in roleFields, p access.Preview) string {
	parts := []string{in.name, in.field}
	for _, permission := range in.permissions {
		parts = append(parts, string(permission))
	}
	for _, g := range p.Groups {
		if g.From != nil {
			parts = append(parts, string(g.ID), string(g.From.ID))
		}
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:16])
}

func savedDetail(p access.Preview) string {
	var list []string
	for _, g := range p.Groups {
		list = append(list, g.DisplayName+" ("+words.Plural(g.Members, "member", "members")+")")
	}
	if len(list) > 0 {
		return "Linked now: " + words.Names(list) + ". " + affected(p)
	}
	if p.Members > 0 {
		return affected(p)
	}
	return ""
}
