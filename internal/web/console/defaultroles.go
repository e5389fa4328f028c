package console

import (
	"slices"
	"strings"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

// defaultRolesPage is the Default role: what a member holds who has no role directly or
// through a group (R115, R129). The list is never empty, and a role that makes everybody
// an admin is asked about once more (R116, S59).
type defaultRolesPage struct {
	frame
	Options []roleOption
	Members int // who hold the Default roles now
	Ask     []string
	Confirm string // stands for Ask; the form sends it back
}

func (c *Console) defaultRoles(x *exchange) error {
	roles, err := c.access.Roles(x.r.Context(), x.org())
	if err != nil {
		return err
	}
	p, err := c.defaultRolesPage(x, roles)
	if err != nil {
		return err
	}
	return x.show(p)
}

func (c *Console) defaultRolesPage(x *exchange, roles []access.RoleView) (*defaultRolesPage, error) {
	held, err := c.access.CountRoleHolders(x.r.Context(), x.org())
	if err != nil {
		return nil, err
	}
	var chosen []iam.RoleID
	for _, r := range roles {
		if r.Default {
			chosen = append(chosen, r.ID)
		}
	}
	p := &defaultRolesPage{frame: x.frame("Default role"), Options: x.roleOptions(roles, chosen), Members: held.Default}
	p.Here = "/roles"
	return p, nil
}

func (c *Console) setDefaultRoles(x *exchange) error {
	roles, err := c.access.Roles(x.r.Context(), x.org())
	if err != nil {
		return err
	}
	p, err := c.defaultRolesPage(x, roles)
	if err != nil {
		return err
	}
	chosen := x.chosenRoles()
	if p.Ask, p.Confirm = mighty(roles, chosen); p.Confirm != "" && p.Confirm != x.value("confirmed") {
		chooseRoles(p.Options, chosen)
		return x.show(p)
	}
	p.Ask = nil
	var args []string
	for _, id := range chosen {
		args = append(args, string(id))
	}
	after, err := c.access.SetDefaultRoles(x.r.Context(), x.session.Actor, x.org(), args)
	if err != nil {
		chooseRoles(p.Options, chosen)
		return x.again(p, err)
	}
	return x.done("/roles", "The Default role is "+names(roleRefNames(after))+" now.", "It is what members hold who have no role directly or through a group.")
}

// mighty returns the roles that are not in the list yet and let their holders manage the
// organization.
func mighty(roles []access.RoleView, chosen []iam.RoleID) (list []string, confirm string) {
	var ids []string
	for _, r := range roles {
		if slices.Contains(chosen, r.ID) && !r.Default && slices.Contains(r.Permissions, iam.PermOrganizationManage) {
			list, ids = append(list, roleTitle(r.Ref())), append(ids, string(r.ID))
		}
	}
	return list, strings.Join(ids, " ")
}
