package console

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// refusesToChange sends a form that must change nothing, and returns the page.
func (b *browserTab) refusesToChange(status int, path string, form url.Values) answer {
	b.t.Helper()
	before := storetest.Dump(b.t, b.url)
	a := b.post(path, form).is(status)
	if storetest.Dump(b.t, b.url) != before {
		b.t.Errorf("%s changed something", a.what)
	}
	return a
}

func (o *org) find(email string) iam.Member {
	o.t.Helper()
	for _, m := range must[[]iam.Member](o.t)(o.access.Members(o.t.Context(), o.id, true)) {
		if m.Email == email {
			return m
		}
	}
	o.t.Fatalf("there is no %s", email)
	return iam.Member{}
}

// held are the roles of a member as "name/source".
func (o *org) held(email string) string {
	o.t.Helper()
	var list []string
	for _, h := range o.find(email).Roles {
		list = append(list, h.Role.Name+"/"+string(h.Source))
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// R93, R108, R109: who was provisioned is on the list with his role and why he has it, by
// SSO and SCIM; and one member's page has all of it, with what happened to him.
func TestR93_R108_syncedMembers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	b := o.admin()
	o.role("ClickHouse-Admins", iam.PermOrganizationManage)
	e := o.provisioning(iam.Operator)
	ann := e.user("ann@alpha.example", "Ann Archer")
	e.user("dan@alpha.example", "Dan Default")
	group := e.group("ClickHouse-Admins", ann)

	b.get("/members").is(http.StatusOK).says("Membership follows the identity provider", "Ann Archer", "SSO SCIM", "Dan Default").
		has(`title="ClickHouse-Admins (ClickHouse-Admins)"`, `title="Member (default)"`)
	must[iam.Member](t)(w.access.SetMemberRoles(t.Context(), iam.Operator, o.id, ann, []string{"Billing"}))
	b.get("/members").has(`title="Billing (direct)"`)

	a := b.get("/members/" + ann).is(http.StatusOK)
	a.says("Ann Archer", "ann@alpha.example", "Active", "SSO SCIM", "Billing System direct", "ClickHouse-Admins ClickHouse-Admins",
		"Added to the SCIM group ClickHouse-Admins", "Member added: ann@alpha.example", "Member roles changed: ann@alpha.example", "command line", "SCIM key scim_")
	a.has(`href="/groups/`+group+`"`, `href="/members/`+ann+`/roles"`)
	a.saysNot("Dan Default")

	// Without the permission for the audit log the history is not there.
	o.role("Viewers", iam.PermOrganizationView)
	must[iam.Member](t)(w.access.SetMemberRoles(t.Context(), iam.Operator, o.id, "dan@alpha.example", []string{"Viewers"}))
	viewer := w.browser()
	viewer.sso(o, "dan@alpha.example")
	viewer.get("/members/"+ann).is(http.StatusOK).says("Billing", "control-plane:organization:view-activities").saysNot("Added to the SCIM group", "Edit roles", "Remove")
	viewer.get("/members").is(http.StatusOK).saysNot("Edit roles", "Remove", "Invite Members")

	e.patch("/Groups/"+group, `{"op":"Remove","path":"members","value":[{"value":"`+ann+`"}]}`)
	b.get("/members/"+ann).says("Taken out of the SCIM group ClickHouse-Admins", "In no group of the identity provider")
	e.patch("/Users/"+ann, `{"op":"Replace","path":"active","value":"False"}`)
	b.get("/members").saysNot("Ann Archer")
	b.get("/members/" + ann).is(http.StatusOK).says("Deactivated: no member at present.").saysNot("Remove…")
	b.get("/members/" + ann + "/roles").is(http.StatusNotFound).says("only the identity provider can bring him back")
	b.get("/members/nobody").is(http.StatusNotFound)
}

func TestMember_historyPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	o.admin()
	id := o.user("ann@alpha.example")
	for i := range 45 {
		w.sleep(time.Minute)
		roles := [][]string{{"Billing"}, {"Org API reader"}}
		must[iam.Member](t)(w.access.SetMemberRoles(t.Context(), iam.Operator, o.id, string(id), roles[i%2]))
	}
	b := passwordSignIn(o)
	link := func(a answer, rel string) string {
		_, rest, _ := strings.Cut(a.body, `aria-label="Pages of the history"`)
		for part := range strings.SplitSeq(rest, "<a ") {
			if strings.Contains(part, `rel="`+rel+`"`) {
				href, _, _ := strings.Cut(strings.TrimPrefix(part, `class="button" href="`), `"`)
				return strings.TrimSuffix(strings.ReplaceAll(href, "&amp;", "&"), "#history")
			}
		}
		return ""
	}
	rows := func(a answer) int { return strings.Count(a.body, "Member roles changed") }
	first := b.get("/members/" + string(id))
	second := b.get(link(first, "next"))
	third := b.get(link(second, "next"))
	if rows(first) != 20 || rows(second) != 20 || rows(third) != 5 || link(first, "prev") != "" || link(third, "next") != "" {
		t.Errorf("pages of %d, %d and %d events", rows(first), rows(second), rows(third))
	}
	if rows(b.get(link(third, "prev"))) != 20 {
		t.Error("the page before the last is not there")
	}
}

func TestMemberRoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	b := o.admin()
	id := o.user("ann@alpha.example")
	path := "/members/" + string(id) + "/roles"
	role := o.role("Auditors", iam.PermOrganizationViewActivities)
	b.get(path).is(http.StatusOK).says("Groups are easier to review.", "The Default role: it counts only as long as", "Auditors Custom 1 permission", "Admin System All permissions")
	b.post(path, url.Values{"role": {string(role.ID), string(iam.RoleBilling)}}).leadsTo("/members/" + string(id))
	b.get("/members/"+string(id)).says("The roles of ann@alpha.example were saved.", "Auditors", "Billing (System)")
	if got := o.held("ann@alpha.example"); got != "Auditors/direct Billing/direct" {
		t.Errorf("she holds %s", got)
	}
	b.get(path).has(`value="` + string(role.ID) + `" checked`)
	b.refusesToChange(http.StatusNotFound, path, url.Values{"role": {"no such role"}}).says("Nothing was changed.", "no role")
	b.post(path, nil).leadsTo("/members/" + string(id))
	if got := o.held("ann@alpha.example"); got != "Member/default" {
		t.Errorf("she holds %s", got)
	}

	// The last break-glass Admin keeps the role Admin, and the page says so before.
	admin := "/members/" + string(o.find("admin@alpha.example").ID)
	b.get(admin + "/roles").says("The role Admin (System) stays.")
	b.refusesToChange(http.StatusConflict, admin+"/roles", url.Values{"role": {string(iam.RoleBilling)}}).says("last Admin").has(`value="` + string(iam.RoleBilling) + `" checked`)
}

// S59: nobody gives what he does not hold. The page does not offer it, and a form that was
// not made by the page is refused.
func TestS59_nobodyGivesWhatHeDoesNotHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	o.admin()
	o.role("Managers", iam.PermOrganizationView, iam.PermOrganizationManage)
	strong := o.role("Strong", iam.PermOrganizationView, "shop:orders:write")
	manager := o.person("max@alpha.example", "Managers")
	id := o.user("ann@alpha.example")
	path := "/members/" + string(id) + "/roles"
	disabled := `value="` + string(iam.RoleAdmin) + `" disabled`
	manager.get(path).is(http.StatusOK).has(disabled).says("Only an Admin may give the role Admin.", "shop:orders:write, which you do not hold")
	for _, role := range []iam.RoleID{iam.RoleAdmin, strong.ID} {
		manager.refusesToChange(http.StatusForbidden, path, url.Values{"role": {string(role)}}).says("Nothing was changed.")
		manager.refusesToChange(http.StatusForbidden, "/invitations", url.Values{"role": {string(role)}, "email": {"x@alpha.example"}})
		manager.refusesToChange(http.StatusForbidden, "/roles/default", url.Values{"role": {string(role)}, "confirmed": {string(role)}})
	}
	manager.get("/invitations/new?role=" + string(iam.RoleAdmin)).has(disabled)
	manager.get("/roles/default").has(disabled)
	manager.get("/roles/new").says("You do not hold it, and so may not give it.").has(`value="` + string(iam.PermManageBilling) + `" disabled`)
	manager.refusesToChange(http.StatusForbidden, "/roles/new", url.Values{"name": {"Mine"}, "p": {string(iam.PermManageBilling)}}).says("which you do not hold")
	manager.refusesToChange(http.StatusForbidden, "/roles/new", url.Values{"name": {"Mine"}, "product": {"shop:orders:write"}}).has("shop:orders:write</textarea>")
	manager.refusesToChange(http.StatusForbidden, "/roles/"+string(strong.ID)+"/edit", url.Values{"name": {"Everybody"}, "p": {string(iam.PermOrganizationView)}, "product": {"shop:orders:write"}})
	manager.post(path, url.Values{"role": {string(o.role("Weak", iam.PermOrganizationView).ID)}}).leadsTo("/members/" + string(id))
}

// R105: a removal says what it does, to SCIM keys as well, and a SCIM user can be brought
// back.
func TestR105_removeMember(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	b := o.admin()
	leaver := o.person("lea@alpha.example", "system:Admin")
	actor := iam.Actor{Type: iam.ActorUser, ID: string(o.find("lea@alpha.example").ID), Details: "lea@alpha.example"}
	e := o.provisioning(actor)
	path := "/members/" + actor.ID + "/remove"
	key, _, _ := strings.Cut(e.bearer, ":")
	b.get("/members/"+actor.ID).says("Active SCIM keys made", key)
	b.get(path).is(http.StatusOK).says("The member is deleted.", "1 live session ends at once.", "Direct roles are lost: Admin (System) .",
		"SCIM keys made by this member go on working: "+key, "Remove user").saysNot("Unassign the person in Entra ID too", "This is you")
	b.post(path, nil).leadsTo("/members")
	b.get("/members").says("lea@alpha.example was removed.").saysNot("lea@alpha.example Admin")
	leaver.get("/members").leadsTo("/?to=%2Fmembers")
	b.get(path).is(http.StatusNotFound)

	ann := e.user("ann@alpha.example", "Ann")
	e.group("Staff", ann)
	must[iam.Member](t)(w.access.SetMemberRoles(t.Context(), iam.Operator, o.id, ann, []string{"Billing"}))
	b.get("/members/"+ann+"/remove").says("The member goes, the SCIM user stays, deactivated.", "Unassign the person in Entra ID too.", "No live session has to end.")
	b.post("/members/"+ann+"/remove", nil).leadsTo("/members")
	if m := o.find("ann@alpha.example"); m.Status != iam.StatusInactive {
		t.Errorf("she is %s, want inactive", m.Status)
	}
	e.patch("/Users/"+ann, `{"op":"Replace","path":"active","value":"True"}`)
	if got := o.held("ann@alpha.example"); got != "Staff/group" {
		t.Errorf("brought back she holds %s, want the role of her group alone", got)
	}

	admin := "/members/" + string(o.find("admin@alpha.example").ID) + "/remove"
	b.get(admin).is(http.StatusOK).says("last Admin who gets in without the identity provider").saysNot("Remove user")
	b.refusesToChange(http.StatusConflict, admin, nil)
}

func TestRemoveMember_whileSCIMIsOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	o.admin()
	o.person("mia@alpha.example")
	self := o.person("eve@alpha.example", "system:Admin")
	mia, eve := o.find("mia@alpha.example").ID, o.find("eve@alpha.example").ID
	self.get("/members/" + string(mia) + "/remove").says("The next SSO sign-in makes a new member.").saysNot("This is you.")
	self.get("/members/" + string(eve) + "/remove").says("This is you.")
	self.post("/members/"+string(eve)+"/remove", nil).leadsTo("/?signed-out")
	if self.session() != "" {
		t.Error("the cookie is still there")
	}
}

// R118: there is one member for an address; whoever was invited and is provisioned then is
// no second one, and the invitation with its roles is gone.
func TestR118_invitationAndProvisioningMakeOneMember(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	b := o.admin()
	b.post("/invitations", url.Values{"email": {"Alice@Alpha.example"}, "role": {string(iam.RoleBilling)}}).is(http.StatusOK)
	b.get("/invitations").says("alice@alpha.example", "Billing")
	e := o.provisioning(iam.Operator)
	e.user("alice@alpha.example", "Alice")
	b.get("/invitations").says("No pending invitations")
	a := b.get("/members").has(`title="Member (default)"`)
	if n := strings.Count(text(a.body), "alice@alpha.example"); n != 1 {
		t.Errorf("she is listed %d times", n)
	}
}

// R109: the export has a row for each reason why somebody holds a role, and no cell that a
// spreadsheet takes for a formula (S57).
func TestR109_exportMembers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	b := o.admin()
	role := o.role("=Role", iam.PermOrganizationView)
	ann := o.user("ann@alpha.example", func(u *store.User) { u.DisplayName = `=HYPERLINK("x"),"Ann"` })
	o.user("gone@alpha.example", func(u *store.User) { u.Status = iam.StatusInactive })
	o.group("@group", role.ID, ann)
	must[iam.Member](t)(w.access.SetMemberRoles(t.Context(), iam.Operator, o.id, string(ann), []string{"=Role"}))
	a := b.get("/members/export").is(http.StatusOK)
	if got := a.header.Get("Content-Type") + " " + a.header.Get("Content-Disposition"); got != "text/csv; charset=utf-8 attachment; filename=rollcall-members-2026-03-10.csv" {
		t.Errorf("it is %s", got)
	}
	rows, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range rows[1:] {
		got = append(got, strings.Join(row[:9], "|"))
	}
	want := []string{
		"admin@alpha.example|admin@alpha.example|Admin|system|direct||Local|admin|active",
		`'=HYPERLINK("x"),"Ann"|ann@alpha.example|'=Role|custom|direct||SSO|scim|active`,
		`'=HYPERLINK("x"),"Ann"|ann@alpha.example|'=Role|custom|group|'@group|SSO|scim|active`,
	}
	if !slices.Equal(got, want) || strings.Join(rows[0][:6], "|") != "Name|Email|Role|Role type|Source|SCIM group" {
		t.Errorf("head %q, rows\n%s", rows[0], strings.Join(got, "\n"))
	}
	// A database that fails before the first row makes a page, and no empty list.
	w.driver.Inject(storetest.Fault{Match: storetest.SQL("FROM users u LEFT JOIN"), Err: storetest.SQLiteError(10)})
	b.get("/members/export").is(http.StatusServiceUnavailable).says("The database does not answer")
}
