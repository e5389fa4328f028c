package browser

import (
	"net/http"

	"github.com/chromedp/chromedp"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

// act is a page that no address leads to: it is the answer to a form. do goes there and
// returns the tab that shows it.
type act struct {
	name string
	do   func(s *site, admin, visitor *tab) *tab
}

// acts are done in this order: the last change the organization.
var acts = []act{
	{"a sign-in that is refused", func(s *site, _, visitor *tab) *tab {
		visitor.open(s.url+"/?with=email").enter("Work email", "nobody@example.com").enter("Password", "wrong password").press("Sign in")
		return visitor.status(http.StatusForbidden)
	}},
	{"an address without single sign-on", func(s *site, _, visitor *tab) *tab {
		visitor.open(s.url+"/").enter("Work email", "nobody@elsewhere.example").press("Continue with SSO")
		return visitor.says("There is no single sign-on for this address.")
	}},
	{"the way on to the identity provider", func(s *site, _, visitor *tab) *tab {
		// It leads on at once, so the answer is put into the page that asked for it.
		visitor.open(s.url + "/")
		evaluate[bool](visitor, `fetch("/sign-in", {method: "POST", body: new URLSearchParams({email: "somebody@`+s.places["domain"]+`"})}).then(r => r.text())
			.then(html => { document.open(); document.write(html); document.close(); return true; })`)
		visitor.eventually(func() bool { return evaluate[bool](visitor, `document.readyState === "complete"`) })
		return visitor.says("You are led on")
	}},
	{"a password that was mistyped", func(s *site, _, visitor *tab) *tab {
		visitor.open(s.url+s.addresses["/setup/{org}/{token}"]).enter("Password", password).enter("Repeat password", "another").press("Set password and sign in")
		return visitor.says("The two passwords differ")
	}},
	{"a SAML answer that is none", func(s *site, _, visitor *tab) *tab {
		visitor.open(s.url + "/")
		evaluate[bool](visitor, `(document.body.innerHTML = '<form method="post" action="/saml/`+string(s.org)+`/acs"><input name="SAMLResponse" value="eA=="></form>', true)`)
		visitor.loads("post to the ACS", chromedp.Evaluate[chromedp.Void](`document.forms[0].submit()`))
		return visitor.says("You could not be signed in")
	}},
	{"a role that exists", func(s *site, admin, _ *tab) *tab {
		admin.open(s.url+"/roles/new").enter("Name", s.customRole()).press("Create role")
		return admin.says("Nothing was changed.")
	}},
	{"a role that takes a group", func(s *site, admin, _ *tab) *tab {
		admin.open(s.url+"/roles/new").enter("Name", "Taker").enter("SCIM group", s.linkedGroup()).press("Preview")
		return admin.status(http.StatusOK)
	}},
	{"a Default role that manages", func(s *site, admin, _ *tab) *tab {
		admin.open(s.url + "/roles/default")
		return admin.choose("Admin System").press("Save").says("Let everybody manage the organization?")
	}},
	{"an invitation that cannot be", func(s *site, admin, _ *tab) *tab {
		admin.open(s.url+"/invitations/new").enter("Email", "admin@example.com").press("Invite")
		return admin.says("Nothing was changed.")
	}},
	{"an invitation", func(s *site, admin, _ *tab) *tab {
		admin.open(s.url+"/invitations/new").enter("Email", "new@"+s.places["domain"]).press("Invite")
		return admin.says("new@")
	}},
	{"metadata that is none", func(s *site, admin, _ *tab) *tab {
		admin.open(s.url+"/settings/saml/setup/metadata").enter("Metadata URL", "ftp://idp.example/metadata").press("Next: Verify your domains")
		return admin.says("Nothing was changed.")
	}},
	{"a domain that is not found", func(s *site, admin, _ *tab) *tab {
		admin.open(s.url+"/settings/saml/setup/domains").enter("Domain", "another.example").press("Check domain")
		return admin.says("another.example")
	}},
	{"whom the policy Strict would refuse", func(s *site, admin, _ *tab) *tab {
		admin.open(s.url + "/settings/scim").choose("Strict").press("Save rules")
		return admin.says("Switch to the identity policy Strict?")
	}},
	{"a request to support that lacks words", func(s *site, admin, _ *tab) *tab {
		evaluate[bool](admin.open(s.url+"/support"), `(document.querySelectorAll("[required]").forEach(e => e.required = false), true)`)
		return admin.press("Send request").says("Nothing was changed.")
	}},
	{"a key that is shown once", func(s *site, admin, _ *tab) *tab {
		admin.open(s.url + "/settings/scim").press("Generate new key")
		return admin.says("Copy the new key now")
	}},
	{"a setting that was changed", func(s *site, admin, _ *tab) *tab {
		admin.open(s.url + "/settings/scim").choose("Reject").press("Save rules")
		return admin.says("Two keys are active")
	}},
	{"a plan without SCIM: Dashboard", lowered("/dashboard")},
	{"a plan without SCIM: SAML", lowered("/settings/saml")},
	{"a plan without SCIM: SAML set-up", lowered("/settings/saml/setup")},
	{"a plan without SCIM: SCIM Configuration", lowered("/settings/scim")},
	{"a plan without SCIM: Plans", lowered("/plans")},
	{"signed out", func(s *site, admin, _ *tab) *tab {
		return admin.open(s.url + "/profile").press("Sign out").says("You are signed out.")
	}},
}

// lowered is a page on the plan basic.
func lowered(path string) func(*site, *tab, *tab) *tab {
	return func(s *site, admin, _ *tab) *tab {
		need[iam.Organization](s.t)(s.access.SetPlan(s.t.Context(), iam.Operator, s.org, "basic"))
		return admin.open(s.url + path).status(http.StatusOK)
	}
}

func (s *site) customRole() string {
	s.t.Helper()
	for _, r := range need[[]access.RoleView](s.t)(s.access.Roles(s.t.Context(), s.org)) {
		if r.Type == iam.RoleCustom {
			return r.Name
		}
	}
	s.t.Fatal("there is no custom role")
	return ""
}

// linkedGroup is a group that its role of the same name can lose to another.
func (s *site) linkedGroup() string {
	s.t.Helper()
	for _, g := range need[[]access.GroupView](s.t)(s.access.Groups(s.t.Context(), s.org)) {
		if g.Role != nil && g.Role.Name == g.DisplayName {
			return g.DisplayName
		}
	}
	s.t.Fatal("no group has a role of its name")
	return ""
}
