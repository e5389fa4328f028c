package console

import (
	"net/http"

	"github.com/rollcall/rollcall/internal/iam"
)

// plansPage shows the plans, and lets whoever may manage billing choose one, unless the
// operator keeps that to himself (D13).
type plansPage struct {
	frame
	Operator bool // the operator chooses the plan
	Changes  bool // the person may choose
	Plans    []planCard
}

// planCard is one plan.
type planCard struct {
	Plan    iam.Plan
	What    string
	SCIM    bool
	Current bool
	Lower   bool // changing to it takes something away, and asks first
}

// lowerPlanPage asks before a plan without SAML and SCIM is chosen.
type lowerPlanPage struct {
	frame
	Plan        iam.Plan
	SCIM        bool // it is on now
	ManagedSCIM int  // members whom SCIM manages
	Members     int
	BreakGlass  []string
}

func (c *Console) plans(x *exchange) error {
	return x.show(c.plansPage(x))
}

func (c *Console) plansPage(x *exchange) *plansPage {
	now := x.session.Organization.Plan
	p := &plansPage{
		frame: x.frame("Plans"), Operator: c.operatorPlans,
		Changes: !c.operatorPlans && x.session.May(iam.PermManageBilling),
	}
	p.Here = "/plans"
	for _, plan := range []struct {
		plan iam.Plan
		what string
	}{
		{iam.PlanBasic, "Members by invitation, roles, audit log."},
		{iam.PlanScale, "All of Basic, for more people."},
		{iam.PlanEnterprise, "All of Scale, and SAML single sign-on and SCIM provisioning."},
	} {
		p.Plans = append(p.Plans, planCard{
			Plan: plan.plan, What: plan.what, SCIM: plan.plan.HasSCIM(), Current: plan.plan == now,
			Lower: now.HasSCIM() && !plan.plan.HasSCIM(),
		})
	}
	return p
}

// lowerPlan says what a lower plan takes away.
func (c *Console) lowerPlan(x *exchange) error {
	plan, err := iam.ParsePlan(x.r.PathValue("plan"))
	if err != nil {
		return iam.Errorf(iam.KindNotFound, "%w", err)
	}
	ctx := x.r.Context()
	p := &lowerPlanPage{frame: x.frame("Change the plan"), Plan: plan, SCIM: x.session.Organization.SCIMEnabled}
	p.Here = "/plans"
	counted, err := c.access.CountMembers(ctx, x.org())
	if err != nil {
		return err
	}
	p.Members, p.ManagedSCIM = counted.All, counted.SCIM
	if p.BreakGlass, err = c.access.BreakGlassAdmins(ctx, x.org()); err != nil {
		return err
	}
	return x.show(p)
}

func (c *Console) setPlan(x *exchange) error {
	if c.operatorPlans {
		p := c.plansPage(x)
		p.Status, p.Problem = http.StatusForbidden, "The person who runs this server chooses the plan. Ask him for another one."
		return x.show(p)
	}
	o, err := c.access.SetPlan(x.r.Context(), x.session.Actor, x.org(), x.value("plan"))
	if err != nil {
		return x.again(c.plansPage(x), err)
	}
	detail := "SAML single sign-on and SCIM are part of it."
	if !o.Plan.HasSCIM() {
		detail = "SAML sign-in is refused and SCIM calls are answered 403 from now on. Nothing was deleted."
	}
	return x.done("/plans", "The plan is "+planName(o.Plan)+" now.", detail)
}

func planName(p iam.Plan) string {
	switch p {
	case iam.PlanEnterprise:
		return "Enterprise"
	case iam.PlanScale:
		return "Scale"
	}
	return "Basic"
}
