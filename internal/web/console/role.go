package console

import (
	"net/url"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

// rolePage is one role: what it permits, which groups give it, and who holds it and why
// (R109).
type rolePage struct {
	frame
	Role        roleRow
	Permissions []permissionGroup // only what is granted
	Groups      []roleGroup
	Holders     []roleHolder
	Invitations []string // addresses that will hold it
	All         string   // URL of the list of everybody who holds it; "" when all are here
}

// roleGroup is a group that gives a role.
type roleGroup struct {
	access.GroupRef
	Field   bool // linked through the SCIM group field, else by name or by hand
	Members int  // active ones
}

// roleHolder is a member who holds a role.
type roleHolder struct {
	ID   iam.MemberID
	Name string
	Mail string
	Why  []roleMark // the reasons for this role alone
}

func (c *Console) role(x *exchange) error {
	d, err := c.access.Role(x.r.Context(), x.org(), iam.RoleID(x.r.PathValue("role")))
	if err != nil {
		return err
	}
	p := &rolePage{
		frame: x.frame(d.Name), Role: newRoleRow(d.RoleView, d.Holders), Permissions: grantedGroups(d.Permissions), Groups: roleGroups(d),
		Invitations: d.Invitations,
	}
	p.Here = "/roles"
	for _, m := range d.First {
		holder := roleHolder{ID: m.ID, Name: m.DisplayName}
		if m.Email != m.DisplayName {
			holder.Mail = m.Email
		}
		for _, held := range m.Roles {
			if held.Role.ID == d.ID {
				holder.Why = append(holder.Why, newRoleMark(held))
			}
		}
		p.Holders = append(p.Holders, holder)
	}
	if d.Holders > len(d.First) {
		p.All = "/members?" + url.Values{"role": {string(d.ID)}}.Encode()
	}
	return x.show(p)
}

func roleGroups(d access.RoleDetail) []roleGroup {
	var list []roleGroup
	for _, g := range d.Groups {
		list = append(list, roleGroup{GroupRef: g, Field: g.DisplayName == d.SCIMGroup, Members: d.GroupMembers[g.ID]})
	}
	return list
}

// customRole finds the custom role of the address, without its holders. A system role is
// refused.
func (c *Console) customRole(x *exchange) (access.RoleDetail, error) {
	d, err := c.access.RoleBrief(x.r.Context(), x.org(), iam.RoleID(x.r.PathValue("role")))
	if err != nil {
		return access.RoleDetail{}, err
	}
	return d, d.CheckCustom()
}
