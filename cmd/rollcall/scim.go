package main

import (
	"fmt"
	"io"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

type scimCommands struct {
	Enable  scimEnable  `cmd:"" help:"Turn SCIM on. Needs a SAML connection and an Admin with local sign-in."`
	Disable scimDisable `cmd:"" help:"Turn SCIM off. Keys, users, groups and roles stay."`
	Show    scimShow    `cmd:"" help:"Show the SCIM settings and the endpoint."`
	Policy  scimPolicy  `cmd:"" help:"Change the identity policy, or what unmapped groups do."`
	Key     keyCommands `cmd:"" help:"SCIM keys."`
	Log     scimLog     `cmd:"" help:"Show the request log: what identity providers sent, and what became of it."`
}

type scimView struct {
	Enabled        bool               `json:"enabled"`
	Endpoint       string             `json:"endpoint"`
	Identity       iam.IdentityPolicy `json:"identity"`
	UnmappedGroups iam.UnmappedGroups `json:"unmappedGroups"`
}

func viewSCIM(v access.SCIMView) scimView {
	return scimView{Enabled: v.Enabled, Endpoint: v.Endpoint, Identity: v.Identity, UnmappedGroups: v.UnmappedGroups}
}

func (v scimView) text(w io.Writer) {
	facts(w,
		"SCIM", onOff(v.Enabled),
		"Endpoint (Tenant URL)", v.Endpoint,
		"Identity policy", string(v.Identity),
		"Unmapped groups", string(v.UnmappedGroups))
}

type scimEnable struct{ orgFlag }

func (c *scimEnable) Run(a *app) error {
	return a.with(func(s *session) error {
		v, err := s.access.EnableSCIM(a.ctx, iam.Operator, c.organization())
		if err != nil {
			return err
		}
		return a.show(viewSCIM(v), viewSCIM(v).text)
	})
}

type scimDisable struct{ orgFlag }

func (c *scimDisable) Run(a *app) error {
	return a.with(func(s *session) error {
		v, err := s.access.DisableSCIM(a.ctx, iam.Operator, c.organization())
		if err != nil {
			return err
		}
		return a.show(viewSCIM(v), viewSCIM(v).text)
	})
}

type scimShow struct{ orgFlag }

func (c *scimShow) Run(a *app) error {
	return a.with(func(s *session) error {
		v, err := s.access.SCIMSettings(a.ctx, c.organization())
		if err != nil {
			return err
		}
		return a.show(viewSCIM(v), viewSCIM(v).text)
	})
}

type scimPolicy struct {
	orgFlag
	Identity       *string `enum:"standard,strict" placeholder:"POLICY" help:"standard: what will keep a person from signing in is a warning. strict: it is refused."`
	UnmappedGroups *string `enum:"create,reject" placeholder:"WHAT" help:"A new group that no role claims: create makes a role of its name, reject refuses it."`
}

type policyView struct {
	scimView
	WouldFail []policyFailure `json:"wouldFail"`
}

type policyFailure struct {
	ID       iam.MemberID `json:"id"`
	UserName string       `json:"userName"`
	Reason   string       `json:"reason"`
}

func (c *scimPolicy) Run(a *app) error {
	if c.Identity == nil && c.UnmappedGroups == nil {
		return wrongUsage("give --identity or --unmapped-groups; rollcall scim show prints both")
	}
	return a.with(func(s *session) error {
		change, err := s.access.SetSCIMPolicy(a.ctx, iam.Operator, c.organization(), access.Policy{Identity: c.Identity, UnmappedGroups: c.UnmappedGroups})
		if err != nil {
			return err
		}
		v := policyView{viewSCIM(change.SCIMView), list(change.WouldFail, func(f access.PolicyFailure) policyFailure {
			return policyFailure{ID: f.ID, UserName: f.UserName, Reason: f.Reason}
		})}
		return a.show(v, func(w io.Writer) {
			v.text(w)
			if len(v.WouldFail) == 0 {
				return
			}
			_, _ = fmt.Fprintf(w, "\n%s would be refused if provisioned again; nobody was changed:\n", plural(len(v.WouldFail), "user"))
			for _, f := range v.WouldFail {
				_, _ = fmt.Fprintf(w, "  %s\n    %s\n", printable(f.UserName), printable(f.Reason))
			}
		})
	})
}
