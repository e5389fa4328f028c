package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

// The link of an invitation is shown once, by the answer to the form itself; it lets that
// person in with the roles that were chosen.
func TestInvitations(t *testing.T) {
	t.Parallel()
	o := newWorld(t).org("Alpha", "alpha.example").connect()
	b := o.admin()
	b.get("/invitations").is(http.StatusOK).says("No pending invitations", "Invitations 0")
	b.get("/invitations/new").is(http.StatusOK).says("It lets this address join, and no other, once.").saysNot("SCIM is enabled")
	form := url.Values{"email": {" Mia@Alpha.Example "}, "role": {string(iam.RoleBilling)}}
	a := b.post("/invitations", form).is(http.StatusOK).says("mia@alpha.example is invited", "It is shown once, and nothing is mailed.", "Billing (System)", "Signs in with SSO")
	if a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("the page with the link may be kept: %q", a.header.Get("Cache-Control"))
	}
	_, link, found := strings.Cut(a.body, `<code id="invitation-link">`+publicURL)
	link, _, _ = strings.Cut(link, "<")
	if !found {
		t.Fatalf("the page has no link: %s", text(a.body))
	}
	list := b.get("/invitations").says("mia@alpha.example", "Billing", "admin@alpha.example", "in 7 days")
	if strings.Contains(list.body, link) || strings.Contains(list.body, link[strings.LastIndex(link, "/")+1:]) {
		t.Error("the list shows the link again")
	}
	list.has(`href="/invitations/new?email=mia%40alpha.example&amp;role=` + string(iam.RoleBilling) + `"`)
	b.get("/invitations/new?email=mia%40alpha.example&role="+string(iam.RoleBilling)).has(`value="mia@alpha.example"`, `value="`+string(iam.RoleBilling)+`" checked`)

	guest := o.browser()
	guest.get(link).is(http.StatusOK).says("Join Alpha", "mia@alpha.example")
	guest.post(link, nil)
	b.get("/invitations").says("No pending invitations")
	if got := o.held("mia@alpha.example"); got != "Billing/direct" {
		t.Errorf("she holds %s", got)
	}
	b.refusesToChange(http.StatusConflict, "/invitations", form).says("Nothing was changed.", "is a member of this organization already").has(`value="Mia@Alpha.Example"`, `value="`+string(iam.RoleBilling)+`" checked`)
	b.refusesToChange(http.StatusBadRequest, "/invitations", url.Values{"email": {"nobody"}}).says(`"nobody" is not an e-mail address`)
}

// Who could not sign in by any way is told to the admin who invites, not to the guest
// alone.
func TestInvitations_waysToSignIn(t *testing.T) {
	t.Parallel()
	o := newWorld(t).org("Alpha", "alpha.example").connect()
	b := o.admin()
	b.post("/invitations", url.Values{"email": {"x@partner.example"}}).says("Not possible yet", "the domain partner.example is verified", "None: the Default role counts")
	b.post("/invitations", url.Values{"email": {"x@partner.example"}, "role": {string(iam.RoleAdmin)}}).says("with a password that the person sets")
	if n := len(must[[]access.InvitationView](t)(o.access.Invitations(t.Context(), o.id))); n != 1 {
		t.Errorf("an address that was invited again has %d invitations", n)
	}
}

func TestDeleteInvitation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	b := o.admin()
	made := must[access.Invited](t)(o.access.Invite(t.Context(), iam.Operator, o.id, "mia@alpha.example", []string{"Billing"}))
	path := "/invitations/" + string(made.ID) + "/delete"
	b.get(path).is(http.StatusOK).says("Delete the invitation of mia@alpha.example?", "The link opens nothing any more.", "Billing (System)")
	b.post(path, nil).leadsTo("/invitations")
	b.get("/invitations").says("The invitation of mia@alpha.example was deleted.", "No pending invitations")
	o.browser().get(strings.TrimPrefix(made.URL, publicURL)).says("This link cannot be used")
	b.get(path).is(http.StatusNotFound).says("accepted, deleted, or replaced")
	b.post(path, nil).is(http.StatusNotFound)

	must[access.Invited](t)(o.access.Invite(t.Context(), iam.Operator, o.id, "late@alpha.example", nil))
	w.sleep(access.InvitationLifetime)
	b = passwordSignIn(o)
	b.get("/invitations").says("late@alpha.example None: the Default role", "Ended")
}

// R117: while SCIM is on the form warns, and an address that SCIM manages is refused.
func TestR117_invitingWhileSCIMIsOn(t *testing.T) {
	t.Parallel()
	o := newWorld(t).org("Alpha", "alpha.example").connect()
	b := o.admin()
	o.provisioning(iam.Operator).user("ann@alpha.example", "Ann")
	b.get("/invitations").says("add people by assigning them to the application in Entra ID", "Nobody needs one")
	b.get("/invitations/new").says("SCIM is enabled: do not invite people whom Entra ID manages.")
	b.refusesToChange(http.StatusConflict, "/invitations", url.Values{"email": {"Ann@alpha.example"}}).says("Nothing was changed.", "assign him to the application there")
	b.post("/invitations", url.Values{"email": {"guest@alpha.example"}}).is(http.StatusOK).says("guest@alpha.example is invited")
}
