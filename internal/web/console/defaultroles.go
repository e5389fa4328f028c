package console

import (
	"slices"
	"strings"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/web/words"
)

// defaultRolesPage is the Default role: what a member holds who has no role directly or
// through a group (R115, R129). The list is never empty. What another one does to the
// members is shown before it is saved, and a role that lets everybody manage the
// organization is asked about, whoever holds it now (R116, S59).
type defaultRolesPage struct {
	frame
	Options []roleOption
	Members int             // who hold the Default roles now
	Preview *access.Preview // what saving would do; nil before that was asked
	Ask     []string        // roles that would let everybody manage the organization
	Asks    bool            // nothing was saved, because that was not confirmed
	Confirm string          // stands for what is chosen; the form sends it back
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
	chooseRoles(p.Options, chosen)
	var args []string
	for _, id := range chosen {
		args = append(args, string(id))
	}
	preview, err := c.access.PreviewDefaultRoles(x.r.Context(), x.session.Actor, x.org(), args)
	if err != nil {
		return x.again(p, err)
	}
	p.Ask, p.Confirm = mighty(roles, chosen), strings.Join(args, " ")
	asked := x.value("act") == "preview"
	if asked || (preview.Members > 0 || len(p.Ask) > 0) && p.Confirm != x.value("confirmed") {
		p.Preview, p.Asks = x.preview(preview), !asked
		return x.show(p)
	}
	p.Ask = nil
	after, err := c.access.SetDefaultRoles(x.r.Context(), x.session.Actor, x.org(), args)
	if err != nil {
		return x.again(p, err)
	}
	return x.done("/roles", "The Default role is "+words.Names(roleRefNames(after))+" now.", affected(preview)+" It is what members hold who have no role directly or through a group.")
}

// mighty returns the roles that are not in the list yet and let their holders manage the
// organization.
func mighty(roles []access.RoleView, chosen []iam.RoleID) (list []string) {
	for _, r := range roles {
		if slices.Contains(chosen, r.ID) && !r.Default && slices.Contains(r.Permissions, iam.PermOrganizationManage) {
			list = append(list, roleTitle(r.Ref()))
		}
	}
	return list
}
