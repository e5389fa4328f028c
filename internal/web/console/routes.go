package console

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
)

// route is one page or one act: where it is, who may, and what it is.
type route struct {
	method  string
	pattern string
	may     rule
	handle  func(*exchange) error
	what    string // for docs/permissions.md: "list the members …"
	limit   int64  // bytes of the request's body; 0 is maxForm
	// template and page are what a page is made of: a file of templates/ and the zero
	// value of the struct it is executed with. An act that shows the page of another
	// route, or none, has none.
	template string
	page     any
}

// show is a page.
func show(pattern string, may rule, handle func(*exchange) error, template string, page any, what string) route {
	return route{method: http.MethodGet, pattern: pattern, may: may, handle: handle, template: template, page: page, what: what}
}

// get is an answer to GET that is no page of its own: a file, or a way on to a page.
func get(pattern string, may rule, handle func(*exchange) error, what string) route {
	return route{method: http.MethodGet, pattern: pattern, may: may, handle: handle, what: what}
}

// act changes something.
func act(pattern string, may rule, handle func(*exchange) error, what string) route {
	return route{method: http.MethodPost, pattern: pattern, may: may, handle: handle, what: what}
}

// shows gives an act a page of its own that it answers with.
func (r route) shows(template string, page any) route {
	r.template, r.page = template, page
	return r
}

// table lists every route of the console. Nothing is served that is not in it.
func (c *Console) table() []route {
	view := holders(iam.PermOrganizationView)
	return slices.Concat([]route{
		show("/{$}", anyone, c.start, "signin.html", signInPage{}, "sign in; whoever is signed in goes to his start page"),
		act("/sign-in", anyone, c.signInByEmail, "be led to the organization's identity provider").shows("goon.html", goOnPage{}),
		act("/sign-in/password", anyone, c.signInByPassword, "sign in with a password"),
		act("/sign-out", anyone, c.signOut, "sign out"),
		show("/setup/{org}/{token}", anyone, c.setUp, "setup.html", setUpPage{}, "open the one-time link of an Admin"),
		act("/setup/{org}/{token}", anyone, c.useSetUp, "set the password of a local sign-in, which uses the link up"),
		show("/invitation/{org}/{invitation}/{token}", anyone, c.invitation, "invitation.html", invitationPage{}, "open an invitation"),
		act("/invitation/{org}/{invitation}/{token}", anyone, c.acceptInvitation, "accept it"),
		act("/preferences/theme", anyone, c.setTheme, "choose light or dark"),

		show("/dashboard", view, c.dashboard, "dashboard.html", dashboardPage{}, "see what is done of the set-up, and how provisioning does"),
		show("/plans", holders(iam.PermViewBilling), c.plans, "plans.html", plansPage{}, "see the plan"),
		show("/plans/{plan}", holders(iam.PermManageBilling), c.lowerPlan, "lowerplan.html", lowerPlanPage{}, "see what a lower plan takes away"),
		act("/plans", holders(iam.PermManageBilling), c.setPlan, "change the plan, unless the operator keeps that to himself"),
		show("/details", view, c.details, "details.html", detailsPage{}, "see what the organization is called and where it is found"),
		show("/profile", signedIn, c.profile, "profile.html", profilePage{}, "see one's own roles and sessions"),
		act("/profile/sessions/{session}/end", signedIn, c.endSession, "end one of one's own sessions"),
	}, c.peopleRoutes(), c.settingsRoutes(), c.supportRoutes())
}

// rule says who may use a route. The zero value is no rule: New refuses it.
type rule struct {
	who        who
	permission iam.Permission // with whoHolds
}

type who uint8

const (
	whoNobody who = iota // not decided
	whoAnyone
	whoSignedIn
	whoHolds
	whoAdmin
)

// Rules. anyone need not be signed in; a member may what is about himself.
//
// admins is stricter than any permission: a custom role can hold every one of
// them, and what is in the SCIM request log is for the system role Admin (D15).
var (
	anyone   = rule{who: whoAnyone}
	signedIn = rule{who: whoSignedIn}
	admins   = rule{who: whoAdmin}
)

// holders are the members who hold a permission.
func holders(p iam.Permission) rule { return rule{who: whoHolds, permission: p} }

func (r rule) String() string {
	switch r.who {
	case whoAnyone:
		return "anybody"
	case whoSignedIn:
		return "every member"
	case whoHolds:
		return string(r.permission)
	case whoAdmin:
		return "the system role Admin"
	}
	return "nobody"
}

// allows decides for a signed-in member.
func (r rule) allows(s signin.Session) bool {
	switch r.who {
	case whoAnyone, whoSignedIn:
		return true
	case whoHolds:
		return s.May(r.permission)
	case whoAdmin:
		return slices.ContainsFunc(s.Roles, func(h iam.HeldRole) bool { return h.Role.ID == iam.RoleAdmin })
	}
	return false
}

// check finds what makes a route unfit to be served.
func (r route) check() error {
	switch {
	case r.may.who == whoNobody || r.may.who == whoHolds && !r.may.permission.Enforced():
		return fmt.Errorf("the route %s %s does not say who may use it", r.method, r.pattern)
	case r.handle == nil || r.what == "":
		return fmt.Errorf("the route %s %s does not say what it does", r.method, r.pattern)
	case (r.template == "") != (r.page == nil):
		return fmt.Errorf("the route %s %s has a template without a page, or a page without a template", r.method, r.pattern)
	}
	return nil
}
