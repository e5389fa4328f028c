package main

import (
	"io"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

type groupCommands struct {
	List groupList `cmd:"" help:"List the SCIM groups with the role each is linked to."`
}

type groupView struct {
	ID          iam.GroupID `json:"id"`
	DisplayName string      `json:"displayName"`
	ExternalID  string      `json:"externalId"`
	Role        *groupRole  `json:"role"`
	Members     int         `json:"members"`
}

type groupRole struct {
	ID   iam.RoleID `json:"id"`
	Name string     `json:"name"`
}

type groupList struct{ orgFlag }

func (c *groupList) Run(a *app) error {
	return a.with(func(s *session) error {
		groups, err := s.access.Groups(a.ctx, c.organization())
		if err != nil {
			return err
		}
		views := list(groups, func(g access.GroupView) groupView {
			v := groupView{ID: g.ID, DisplayName: g.DisplayName, ExternalID: g.ExternalID, Members: g.Members}
			if g.Role != nil {
				v.Role = &groupRole{ID: g.Role.ID, Name: g.Role.Name}
			}
			return v
		})
		return a.show(views, func(w io.Writer) {
			t := newTable(w, "ID", "GROUP", "ROLE", "MEMBERS", "EXTERNAL ID")
			for _, v := range views {
				role := "no role"
				if v.Role != nil {
					role = v.Role.Name
				}
				t.row([]string{string(v.ID), v.DisplayName, role, thousands(v.Members), dash(v.ExternalID)})
			}
			t.end("There is no SCIM group yet. The identity provider makes them when it provisions.")
		})
	})
}
