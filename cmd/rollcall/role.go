package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

type roleCommands struct {
	Create roleCreate `cmd:"" help:"Make a custom role. A SCIM group of its name without a role is linked to it."`
	Update roleUpdate `cmd:"" help:"Change a custom role."`
	List   roleList   `cmd:"" help:"List the roles with the groups linked to them."`
	Delete roleDelete `cmd:"" help:"Delete a custom role; its groups are left without one."`
	Unlink roleUnlink `cmd:"" help:"Clear a role's SCIM group field and its links."`
}

type roleView struct {
	ID          iam.RoleID       `json:"id"`
	Name        string           `json:"name"`
	Type        iam.RoleType     `json:"type"`
	Source      iam.RoleSource   `json:"source"`
	SCIMGroup   string           `json:"scimGroup"`
	Groups      []groupRef       `json:"groups"`
	Permissions []iam.Permission `json:"permissions"`
}

type groupRef struct {
	ID          iam.GroupID `json:"id"`
	DisplayName string      `json:"displayName"`
}

func viewRole(r access.RoleView) roleView {
	return roleView{
		ID: r.ID, Name: r.Name, Type: r.Type, Source: r.Source, SCIMGroup: r.SCIMGroup,
		Groups:      list(r.Groups, func(g access.GroupRef) groupRef { return groupRef{ID: g.ID, DisplayName: g.DisplayName} }),
		Permissions: list(r.Permissions, func(p iam.Permission) iam.Permission { return p }),
	}
}

func (a *app) showRole(r access.RoleView) error {
	v := viewRole(r)
	return a.show(v, func(w io.Writer) {
		facts(w,
			"Name", v.Name,
			"Id", string(v.ID),
			"Type", string(v.Type)+", made by "+madeBy(v.Source),
			"SCIM group", dash(v.SCIMGroup),
			"Linked groups", dash(groupNames(v.Groups)),
			"Permissions", dash(joined(v.Permissions)))
		for _, hint := range r.Hints {
			_, _ = fmt.Fprintf(w, "! %s\n", printable(hint))
		}
	})
}

func madeBy(s iam.RoleSource) string {
	switch s {
	case iam.SourceSCIM:
		return "SCIM"
	case iam.SourceSystem:
		return "Rollcall"
	}
	return "an admin"
}

// dash stands for a missing value.
func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func groupNames(groups []groupRef) string {
	return strings.Join(list(groups, func(g groupRef) string { return g.DisplayName }), ", ")
}

func joined(permissions []iam.Permission) string {
	return strings.Join(list(permissions, func(p iam.Permission) string { return string(p) }), ", ")
}

type roleCreate struct {
	orgFlag
	Name       string   `required:"" placeholder:"NAME" help:"The role's name."`
	SCIMGroup  *string  `name:"scim-group" placeholder:"GROUP" help:"The exact name of the SCIM group the role claims, where it is not the role's own."`
	Permission []string `sep:"none" placeholder:"P" help:"A permission as a:b:c; repeat for several."`
}

func (c *roleCreate) Run(a *app) error {
	return a.with(func(s *session) error {
		r, err := s.access.CreateRole(a.ctx, iam.Operator, c.organization(), access.RoleInput{Name: &c.Name, SCIMGroup: c.SCIMGroup, Permissions: permissionSet(c.Permission)})
		if err != nil {
			return err
		}
		return a.showRole(r)
	})
}

type roleUpdate struct {
	orgFlag
	Role       string   `required:"" placeholder:"ROLE" help:"The role."`
	Name       *string  `placeholder:"NAME" help:"The new name."`
	SCIMGroup  *string  `name:"scim-group" placeholder:"GROUP" help:"The exact name of the SCIM group the role claims; \"\" clears the field."`
	Permission []string `sep:"none" placeholder:"P" help:"A permission of the new set, which replaces the whole; repeat for several; \"\" alone takes them all away."`
}

func (c *roleUpdate) Run(a *app) error {
	if c.Name == nil && c.SCIMGroup == nil && len(c.Permission) == 0 {
		return wrongUsage("give --name, --scim-group or --permission: what to change")
	}
	return a.with(func(s *session) error {
		r, err := s.access.UpdateRole(a.ctx, iam.Operator, c.organization(), c.Role, access.RoleInput{Name: c.Name, SCIMGroup: c.SCIMGroup, Permissions: permissionSet(c.Permission)})
		if err != nil {
			return err
		}
		return a.showRole(r)
	})
}

// permissionSet is nil when the flag was not given. A flag cannot be given no times
// and mean something, so one empty text means the empty set.
func permissionSet(flag []string) *[]string {
	switch {
	case len(flag) == 0:
		return nil
	case len(flag) == 1 && flag[0] == "":
		return &[]string{}
	}
	return &flag
}

type roleList struct{ orgFlag }

func (c *roleList) Run(a *app) error {
	return a.with(func(s *session) error {
		roles, err := s.access.Roles(a.ctx, c.organization())
		if err != nil {
			return err
		}
		return a.show(list(roles, viewRole), func(w io.Writer) {
			t := newTable(w, "ID", "NAME", "TYPE", "SOURCE", "SCIM GROUP", "LINKED GROUPS", "PERMISSIONS")
			for _, r := range roles {
				v := viewRole(r)
				t.row([]string{string(v.ID), v.Name, string(v.Type), string(v.Source), dash(v.SCIMGroup), dash(groupNames(v.Groups)), permissionCount(v.Permissions)}, r.Hints...)
			}
			t.end("There is no role.")
		})
	})
}

func permissionCount(permissions []iam.Permission) string {
	switch len(permissions) {
	case 0:
		return "none"
	case 1, 2:
		return joined(permissions)
	}
	return fmt.Sprintf("%s and %d more", permissions[0], len(permissions)-1)
}

type roleDelete struct {
	orgFlag
	Role string `required:"" placeholder:"ROLE" help:"The role."`
}

func (c *roleDelete) Run(a *app) error {
	return a.with(func(s *session) error {
		if err := s.access.DeleteRole(a.ctx, iam.Operator, c.organization(), c.Role); err != nil {
			return err
		}
		document := struct {
			Role    string `json:"role"`
			Deleted bool   `json:"deleted"`
		}{c.Role, true}
		return a.show(document, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "The role %s is deleted.\n", printable(c.Role))
		})
	})
}

type roleUnlink struct {
	orgFlag
	Role string `required:"" placeholder:"ROLE" help:"The role."`
}

func (c *roleUnlink) Run(a *app) error {
	return a.with(func(s *session) error {
		if err := s.access.UnlinkRole(a.ctx, iam.Operator, c.organization(), c.Role); err != nil {
			return err
		}
		document := struct {
			Role     string `json:"role"`
			Unlinked bool   `json:"unlinked"`
		}{c.Role, true}
		return a.show(document, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "The role %s is unlinked; its SCIM group field is empty and no group gives it.\n", printable(c.Role))
		})
	})
}
