package console

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/rollcall/rollcall/internal/iam"
)

// Who may manage the organization and not view it sees in a preview how many members an
// act affects, and not who they are: the list of the members is not his either.
func TestPreview_namesForWhoMayViewMembers(t *testing.T) {
	t.Parallel()
	o := newWorld(t).org("Alpha", "alpha.example").connect()
	manage := o.role("Manage", iam.PermOrganizationManage)
	guests := o.role("Guests")
	o.role("Readers")
	o.person("ann@alpha.example", "Guests")
	b := o.person("max@alpha.example", "Manage", "Member")
	seen := o.person("eve@alpha.example", "Admin")
	seen.get("/roles/"+string(guests.ID)+"/delete").is(http.StatusOK).says("1 member changes", "ann@alpha.example")
	must[iam.Member](t)(o.access.SetMemberRoles(t.Context(), iam.Operator, o.id, "max@alpha.example", []string{"Manage"}))
	if _, err := o.access.SetDefaultRoles(t.Context(), iam.Operator, o.id, []string{"Readers"}); err != nil {
		t.Fatal(err)
	}
	b.get("/members").is(http.StatusForbidden)
	b.get("/roles/"+string(guests.ID)+"/delete").is(http.StatusOK).says("1 member changes").saysNot("ann@alpha.example", "Ann")
	b.get("/settings/saml/domains/alpha.example/remove").is(http.StatusOK).says("can no longer sign in").saysNot("ann@alpha.example")
	b.post("/roles/"+string(guests.ID)+"/edit", url.Values{
		"name": {"Guests"}, "scim_group": {""}, "act": {"preview"}, "p": {string(iam.PermOrganizationManage)},
	}).is(http.StatusOK).says("gains admin access").saysNot("ann@alpha.example")
	b.get("/roles/"+string(manage.ID)+"/delete").is(http.StatusOK).says("1 member changes", "(you)")
}
