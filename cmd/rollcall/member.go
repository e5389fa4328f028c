package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/rollcall/rollcall/internal/iam"
)

type memberCommands struct {
	List     memberList     `cmd:"" help:"List the members with their roles and why they have them."`
	SetRoles memberSetRoles `cmd:"" name:"set-roles" help:"Replace the roles a member holds directly; roles by groups stay."`
	Remove   memberRemove   `cmd:"" help:"Remove a member. One that SCIM manages is deactivated, so that the identity provider can bring him back."`
	Invite   memberInvite   `cmd:"" help:"Invite somebody by a link that is printed once."`
}

type memberView struct {
	ID          iam.MemberID     `json:"id"`
	Email       string           `json:"email"`
	DisplayName string           `json:"displayName"`
	Status      iam.MemberStatus `json:"status"`
	ManagedBy   iam.ManagedBy    `json:"managedBy"`
	Roles       []heldRole       `json:"roles"`
	Warnings    []string         `json:"warnings"`
}

type heldRole struct {
	ID     iam.RoleID     `json:"id"`
	Name   string         `json:"name"`
	Type   iam.RoleType   `json:"type"`
	Source iam.HoldSource `json:"source"`
	Group  *string        `json:"group"`
}

func viewMember(m iam.Member) memberView {
	return memberView{
		ID: m.ID, Email: m.Email, DisplayName: m.DisplayName, Status: m.Status, ManagedBy: m.ManagedBy,
		Roles: list(m.Roles, func(h iam.HeldRole) heldRole {
			v := heldRole{ID: h.Role.ID, Name: h.Role.Name, Type: h.Role.Type, Source: h.Source}
			if h.Source == iam.HeldGroup {
				v.Group = &h.Group
			}
			return v
		}),
		Warnings: list(m.Warnings, func(w string) string { return w }),
	}
}

// roleText is the roles with their reasons: "Admin (direct), Developers (group Dev)".
func (v memberView) roleText() string {
	if len(v.Roles) == 0 {
		return "-"
	}
	return strings.Join(list(v.Roles, func(h heldRole) string {
		reason := string(h.Source)
		if h.Group != nil {
			reason = "group " + *h.Group
		}
		return fmt.Sprintf("%s (%s)", h.Name, reason)
	}), ", ")
}

type memberList struct {
	orgFlag
	All bool `help:"Also list inactive SCIM users, who are no members."`
}

func (c *memberList) Run(a *app) error {
	return a.with(func(s *session) error {
		if a.JSON {
			array := &jsonArray{w: a.stdout}
			for m, err := range s.access.EachMember(a.ctx, c.organization(), c.All) {
				if err != nil {
					return err
				}
				if err := array.add(viewMember(m)); err != nil {
					return err
				}
			}
			return array.end()
		}
		t := newTable(a.stdout, "ID", "EMAIL", "NAME", "STATUS", "MANAGED BY", "ROLES")
		for m, err := range s.access.EachMember(a.ctx, c.organization(), c.All) {
			if err != nil {
				return err
			}
			v := viewMember(m)
			t.row([]string{string(v.ID), v.Email, v.DisplayName, string(v.Status), string(v.ManagedBy), v.roleText()}, v.Warnings...)
		}
		t.end("There is no member.")
		if t.n > 10 {
			_, _ = fmt.Fprintln(a.stdout, "\n"+plural(t.n, "member"))
		}
		return nil
	})
}

type memberSetRoles struct {
	orgFlag
	Member string   `required:"" placeholder:"ID|EMAIL" help:"The member."`
	Role   []string `sep:"none" placeholder:"ROLE" help:"A role he holds directly from now on; repeat for several. Without it he holds none directly."`
}

func (c *memberSetRoles) Run(a *app) error {
	return a.with(func(s *session) error {
		m, err := s.access.SetMemberRoles(a.ctx, iam.Operator, c.organization(), c.Member, c.Role)
		if err != nil {
			return err
		}
		v := viewMember(m)
		return a.show(v, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "%s has: %s\n", printable(v.Email), printable(v.roleText()))
			for _, warning := range v.Warnings {
				_, _ = fmt.Fprintf(w, "  ! %s\n", printable(warning))
			}
		})
	})
}

type memberRemove struct {
	orgFlag
	Member string `required:"" placeholder:"ID|EMAIL" help:"The member."`
}

func (c *memberRemove) Run(a *app) error {
	return a.with(func(s *session) error {
		if err := s.access.RemoveMember(a.ctx, iam.Operator, c.organization(), c.Member); err != nil {
			return err
		}
		document := struct {
			Member  string `json:"member"`
			Removed bool   `json:"removed"`
		}{c.Member, true}
		return a.show(document, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "%s is no member any more.\n", printable(c.Member))
		})
	})
}

type memberInvite struct {
	orgFlag
	Email string   `required:"" placeholder:"EMAIL" help:"The address of whom to invite."`
	Role  []string `sep:"none" placeholder:"ROLE" help:"A role to hold; repeat for several. Without it the Default roles apply."`
}

func (c *memberInvite) Run(a *app) error {
	return a.with(func(s *session) error {
		invited, err := s.access.Invite(a.ctx, iam.Operator, c.organization(), c.Email, c.Role)
		if err != nil {
			return err
		}
		document := struct {
			ID iam.InvitationID `json:"id"`
			link
		}{invited.ID, link{URL: invited.URL, ExpiresAt: rfc3339(invited.ExpiresAt)}}
		return a.show(document, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "Give this link to %s. It works once, until %s, and is not shown again:\n%s\n", printable(c.Email), rfc3339(invited.ExpiresAt), invited.URL)
			a.noteAddress(w, s)
		})
	})
}
