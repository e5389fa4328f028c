package main

import (
	"fmt"
	"io"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

type orgCommands struct {
	Create      orgCreate      `cmd:"" help:"Make an organization with its first Admin."`
	List        orgList        `cmd:"" help:"List the organizations."`
	Show        orgShow        `cmd:"" help:"Show an organization."`
	SetPlan     orgSetPlan     `cmd:"" name:"set-plan" help:"Change the plan. SCIM and SAML need enterprise."`
	DefaultRole orgDefaultRole `cmd:"" name:"default-role" help:"Show the Default roles, which members without any other role have, or replace the whole list."`
}

type orgView struct {
	ID             iam.OrganizationID `json:"id"`
	Name           string             `json:"name"`
	Plan           iam.Plan           `json:"plan"`
	SCIMEnabled    bool               `json:"scimEnabled"`
	Identity       iam.IdentityPolicy `json:"identity"`
	UnmappedGroups iam.UnmappedGroups `json:"unmappedGroups"`
	CreatedAt      string             `json:"createdAt"`
}

func viewOrg(o iam.Organization) orgView {
	return orgView{
		ID: o.ID, Name: o.Name, Plan: o.Plan, SCIMEnabled: o.SCIMEnabled,
		Identity: o.Identity, UnmappedGroups: o.UnmappedGroups, CreatedAt: rfc3339(o.CreatedAt),
	}
}

func (v orgView) text(w io.Writer) {
	facts(w,
		"Name", v.Name,
		"Id", string(v.ID),
		"Plan", string(v.Plan),
		"SCIM", onOff(v.SCIMEnabled),
		"Identity policy", string(v.Identity),
		"Unmapped groups", string(v.UnmappedGroups),
		"Created", v.CreatedAt)
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

type orgCreate struct {
	Name       string `required:"" placeholder:"NAME" help:"The organization's name."`
	AdminEmail string `required:"" placeholder:"EMAIL" help:"The first Admin's address."`
	Plan       string `enum:"basic,scale,enterprise" default:"enterprise" placeholder:"PLAN" help:"basic, scale or enterprise (default: ${default})."`
}

func (c *orgCreate) Run(a *app) error {
	return a.withNew(func(s *session) error {
		created, err := s.access.CreateOrganization(a.ctx, iam.Operator, access.NewOrganization{Name: c.Name, AdminEmail: c.AdminEmail, Plan: c.Plan})
		if err != nil {
			return err
		}
		o := created.Organization
		document := struct {
			ID            iam.OrganizationID `json:"id"`
			Name          string             `json:"name"`
			Plan          iam.Plan           `json:"plan"`
			AdminSetupURL string             `json:"adminSetupURL"`
		}{o.ID, o.Name, o.Plan, created.AdminSetupURL}
		return a.show(document, func(w io.Writer) {
			facts(w, "Name", o.Name, "Id", string(o.ID), "Plan", string(o.Plan))
			_, _ = fmt.Fprintf(w, "\nThe first Admin's sign-in is set up with this link. It works once, until %s, and is not shown again:\n%s\n", rfc3339(created.ExpiresAt), created.AdminSetupURL)
			a.noteAddress(w, s)
		})
	})
}

// noteAddress says where links begin when nobody has told yet.
func (a *app) noteAddress(w io.Writer, s *session) {
	if s.access.PublicURL == defaultPublicURL && a.PublicURL == "" {
		_, _ = fmt.Fprintf(w, "\nAddresses begin with %s, because no server has stored its public URL here yet; --public-url sets another.\n", defaultPublicURL)
	}
}

type orgList struct{}

func (c *orgList) Run(a *app) error {
	return a.withNew(func(s *session) error {
		all, err := s.access.Organizations(a.ctx)
		if err != nil {
			return err
		}
		views := list(all, viewOrg)
		return a.show(views, func(w io.Writer) {
			t := newTable(w, "ID", "PLAN", "SCIM", "CREATED", "NAME")
			for i, v := range views {
				t.row([]string{string(v.ID), string(v.Plan), onOff(v.SCIMEnabled), day(all[i].CreatedAt, ""), v.Name})
			}
			t.end("There is no organization yet. Make one with: rollcall org create --name NAME --admin-email EMAIL")
		})
	})
}

type orgShow struct{ orgFlag }

func (c *orgShow) Run(a *app) error {
	return a.with(func(s *session) error {
		o, err := s.access.Organization(a.ctx, c.organization())
		if err != nil {
			return err
		}
		v := viewOrg(o)
		return a.show(v, v.text)
	})
}

type orgSetPlan struct {
	orgFlag
	Plan string `required:"" enum:"basic,scale,enterprise" placeholder:"PLAN" help:"basic, scale or enterprise."`
}

func (c *orgSetPlan) Run(a *app) error {
	return a.with(func(s *session) error {
		o, err := s.access.SetPlan(a.ctx, iam.Operator, c.organization(), c.Plan)
		if err != nil {
			return err
		}
		return a.show(viewOrg(o), func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "%s is on the plan %s.\n", printable(o.Name), o.Plan)
			if !o.Plan.HasSCIM() {
				_, _ = fmt.Fprintln(w, "SCIM calls and SAML sign-in are refused on this plan; nothing was deleted.")
			}
		})
	})
}

type orgDefaultRole struct {
	orgFlag
	Role []string `sep:"none" placeholder:"ROLE" help:"A role of the new list; repeat for several. Without it the list is only shown."`
}

func (c *orgDefaultRole) Run(a *app) error {
	return a.with(func(s *session) error {
		roles, err := c.roles(a, s)
		if err != nil {
			return err
		}
		document := struct {
			DefaultRoles []roleRef `json:"defaultRoles"`
		}{list(roles, viewRef)}
		return a.show(document, func(w io.Writer) {
			_, _ = fmt.Fprintln(w, "Members without any other role have:")
			for _, r := range roles {
				_, _ = fmt.Fprintf(w, "  %s (%s)  %s\n", printable(r.Name), r.Type, r.ID)
			}
		})
	})
}

func (c *orgDefaultRole) roles(a *app, s *session) ([]iam.RoleRef, error) {
	if len(c.Role) == 0 {
		return s.access.DefaultRoles(a.ctx, c.organization())
	}
	return s.access.SetDefaultRoles(a.ctx, iam.Operator, c.organization(), c.Role)
}

type roleRef struct {
	ID   iam.RoleID   `json:"id"`
	Name string       `json:"name"`
	Type iam.RoleType `json:"type"`
}

func viewRef(r iam.RoleRef) roleRef { return roleRef{ID: r.ID, Name: r.Name, Type: r.Type} }
