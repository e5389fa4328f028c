package console

import (
	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/web/words"
)

// memberRolesPage gives roles to a member directly. It says what he holds anyway, because
// a direct role also takes the Default roles from him (D3).
type memberRolesPage struct {
	frame
	ID             iam.MemberID
	Name           string
	Options        []roleOption
	Else           []roleMark // what he holds without direct roles
	ByDefault      bool       // which are the Default roles
	SCIM           bool
	BreakGlass     bool // his roles cannot be changed (D8)
	OnlyBreakGlass bool // the role Admin cannot be taken from him
}

func (c *Console) memberRoles(x *exchange) error {
	p, err := c.memberRolesPage(x)
	if err != nil {
		return err
	}
	return x.show(p)
}

func (c *Console) memberRolesPage(x *exchange) (*memberRolesPage, error) {
	d, err := c.liveMember(x)
	if err != nil {
		return nil, err
	}
	roles, err := c.access.Roles(x.r.Context(), x.org())
	if err != nil {
		return nil, err
	}
	var held []iam.RoleID
	for _, r := range d.Direct {
		held = append(held, r.ID)
	}
	p := &memberRolesPage{
		frame: x.frame("Edit roles"), ID: d.ID, Name: d.DisplayName, Options: x.roleOptions(roles, held),
		SCIM: d.ManagedBy == iam.ManagedBySCIM, BreakGlass: d.Status == iam.StatusBreakGlass, OnlyBreakGlass: d.OnlyBreakGlass,
	}
	p.Here = "/members"
	for _, h := range d.WithoutDirect {
		p.Else = append(p.Else, newRoleMark(h))
		p.ByDefault = h.Source == iam.HeldDefault
	}
	return p, nil
}

// liveMember finds the member of the address. A SCIM user who is inactive is none.
func (c *Console) liveMember(x *exchange) (access.MemberDetail, error) {
	d, err := c.access.Member(x.r.Context(), x.org(), iam.MemberID(x.r.PathValue("member")))
	if err == nil && d.Status == iam.StatusInactive {
		err = iam.Errorf(iam.KindNotFound, "%s is no member: the SCIM user is deactivated, and only the identity provider can bring him back", iam.Clip(d.DisplayName))
	}
	return d, err
}

func (c *Console) setMemberRoles(x *exchange) error {
	p, err := c.memberRolesPage(x)
	if err != nil {
		return err
	}
	chosen := x.chosenRoles()
	var args []string
	for _, id := range chosen {
		args = append(args, string(id))
	}
	after, err := c.access.SetMemberRoles(x.r.Context(), x.session.Actor, x.org(), string(p.ID), args)
	if err != nil {
		p.choose(chosen)
		return x.again(p, err)
	}
	var direct []string
	for _, h := range after.Roles {
		if h.Source == iam.HeldDirect {
			direct = append(direct, roleTitle(h.Role))
		}
	}
	detail := "No direct roles: what the groups give counts, or else the Default role."
	if len(direct) > 0 {
		detail = "Direct: " + words.Names(direct) + "."
	}
	return x.done("/members/"+string(p.ID), "The roles of "+after.DisplayName+" were saved.", detail)
}

// choose marks what the person who was refused had chosen.
func (p *memberRolesPage) choose(ids []iam.RoleID) { chooseRoles(p.Options, ids) }

func chooseRoles(options []roleOption, ids []iam.RoleID) {
	for i := range options {
		options[i].Chosen = false
		for _, id := range ids {
			options[i].Chosen = options[i].Chosen || options[i].ID == id
		}
	}
}
