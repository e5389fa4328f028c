package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

func (o *org) findRole(name string) access.RoleView {
	o.t.Helper()
	for _, r := range must[[]access.RoleView](o.t)(o.access.Roles(o.t.Context(), o.id)) {
		if r.Name == name && r.Type == iam.RoleCustom {
			return r
		}
	}
	o.t.Fatalf("there is no custom role %s", name)
	return access.RoleView{}
}

func (o *org) hasRole(name string) bool {
	o.t.Helper()
	for _, r := range must[[]access.RoleView](o.t)(o.access.Roles(o.t.Context(), o.id)) {
		if r.Name == name && r.Type == iam.RoleCustom {
			return true
		}
	}
	return false
}

// row is the row of a table that begins with a name, as a person reads it.
func (a answer) row(name string) string {
	a.t.Helper()
	for part := range strings.SplitSeq(a.body, "<tr>") {
		line, _, _ := strings.Cut(part, "</tr>")
		if line = text(line); strings.HasPrefix(line, name+" ") {
			return line
		}
	}
	a.t.Fatalf("%s has no row %s", a.what, name)
	return ""
}

// R40, R41: the Roles tab is reached by the menu, under the guide's words.
func TestR41_rolesTab(t *testing.T) {
	t.Parallel()
	b := newWorld(t).org("Alpha", "alpha.example").connect().admin()
	b.get("/members").has(`</svg>Users and roles</a>`, `<a href="/roles">Roles`)
	b.get("/roles").is(http.StatusOK).says("Users and roles", "Members 1 Roles 4 Invitations 0", "No custom roles yet", "Create new role", "System roles 4").
		has(`<a href="/roles" aria-current="page">Roles`)
}

// R42, R45: a group binds to the custom role of its name, which shows the link.
func TestR42_R45_matchingNamesLink(t *testing.T) {
	t.Parallel()
	o := newWorld(t).org("Alpha", "alpha.example").connect()
	b := o.admin()
	b.post("/roles/new", url.Values{"name": {"ClickHouse-Admins"}, "scim_group": {""}, "p": {string(iam.PermOrganizationView)}}).
		leadsTo("/roles/" + string(o.findRole("ClickHouse-Admins").ID))
	if row := b.get("/roles").row("ClickHouse-Admins"); row != "ClickHouse-Admins Custom — 1 0 Edit" {
		t.Errorf("before the group came the row is %q", row)
	}
	e := o.provisioning(iam.Operator)
	e.group("ClickHouse-Admins", e.user("ann@alpha.example", "Ann"))
	a := b.get("/roles").has("#link")
	if row := a.row("ClickHouse-Admins"); row != "ClickHouse-Admins Custom ClickHouse-Admins 1 1 Edit" {
		t.Errorf("the row is %q", row)
	}
	a.saysNot("by SCIM")
	b.get("/roles/"+string(o.findRole("ClickHouse-Admins").ID)).says("Members 1 ", "Ann", "ann@alpha.example", "SCIM groups 1", "Access organization control-plane:organization:view")
}

// R43: a system role cannot be mapped. There is no field for it, and a group of its name
// makes a custom role that gives nothing.
func TestR43_systemRolesAreNotMapped(t *testing.T) {
	t.Parallel()
	o := newWorld(t).org("Alpha", "alpha.example").connect()
	b := o.admin()
	o.provisioning(iam.Operator).group("Billing")
	a := b.get("/roles")
	if row := a.row("Billing Custom"); !strings.Contains(row, "by SCIM") || !strings.Contains(row, "None") {
		t.Errorf("the custom role is %q", row)
	}
	if row := a.row("Org API reader"); row != "Org API reader System Not for system roles 2 0 View" {
		t.Errorf("the system role is %q", row)
	}
	system := "/roles/" + string(iam.RoleBilling)
	b.get(system).is(http.StatusOK).says("Billing System", "A system role cannot be given by a group.", "View billing").saysNot("Unlink", "Delete…")
	for _, path := range []string{"/edit", "/unlink", "/delete"} {
		b.get(system + path).is(http.StatusBadRequest).says("is a system role")
		b.refusesToChange(http.StatusBadRequest, system+path, url.Values{"name": {"Billing"}, "scim_group": {"Billing"}})
	}
}

// R44: a custom role can hold every permission of a system role, and whoever has it may do
// the same.
func TestR44_customRoleWrapsSystemPermissions(t *testing.T) {
	t.Parallel()
	o := newWorld(t).org("Alpha", "alpha.example").connect()
	b := o.admin()
	form := url.Values{"name": {"Admin"}, "scim_group": {"ClickHouse-Admins"}}
	page := b.get("/roles/new").is(http.StatusOK)
	for _, p := range iam.EnforcedPermissions() {
		page.has(`name="p" value="` + string(p) + `"`)
		form.Add("p", string(p))
	}
	b.post("/roles/new", form).leadsTo("/roles/" + string(o.findRole("Admin").ID))
	b.get("/roles/"+string(o.findRole("Admin").ID)+"/edit").says("A system role has this name too.", "3 of 3", "2 of 2", "4 of 4", "1 of 1")
	e := o.provisioning(iam.Operator)
	ann := e.user("ann@alpha.example", "Ann")
	e.group("ClickHouse-Admins", ann)
	holder := o.browser()
	holder.sso(o, "ann@alpha.example")
	holder.get("/members").is(http.StatusOK)
	holder.post("/roles/new", url.Values{"name": {"Hers"}}).leadsTo("/roles/" + string(o.findRole("Hers").ID))
}

// R46: a role of another name takes the group that its SCIM group field names. While it is
// linked through it the field is read-only, and unlinking is a page that asks.
func TestR46_scimGroupField(t *testing.T) {
	t.Parallel()
	o := newWorld(t).org("Alpha", "alpha.example").connect()
	b := o.admin()
	b.post("/roles/new", url.Values{"name": {"Admins"}, "scim_group": {"ClickHouse-Admins"}, "product": {"shop:a:b\nshop:c:d, shop:e:f"}}).is(http.StatusSeeOther)
	role := o.findRole("Admins")
	path := "/roles/" + string(role.ID)
	if row := b.get("/roles").row("Admins"); row != "Admins Custom ClickHouse-Admins Waiting for the group 3 0 Edit" {
		t.Errorf("the row is %q", row)
	}
	b.get(path).says("The SCIM group field is ClickHouse-Admins", "shop:a:b", "shop:c:d", "shop:e:f")
	b.get(path+"/edit").has(`name="scim_group" value="ClickHouse-Admins"`, "shop:a:b\nshop:c:d\nshop:e:f\n</textarea>")

	e := o.provisioning(iam.Operator)
	group := e.group("ClickHouse-Admins", e.user("ann@alpha.example", "Ann"))
	b.get(path+"/edit").says("Linked, and read-only for that reason.").has(`value="ClickHouse-Admins" readonly`, `href="`+path+`/unlink"`)
	b.refusesToChange(http.StatusConflict, path+"/edit", url.Values{"name": {"Admins"}, "scim_group": {"Other"}}).says("unlink it first")
	b.post(path+"/edit", url.Values{"name": {"Administrators"}, "p": {string(iam.PermOrganizationView)}}).leadsTo(path)
	if got := o.findRole("Administrators"); got.SCIMGroup != "ClickHouse-Admins" || len(got.Groups) != 1 || len(got.Permissions) != 1 {
		t.Errorf("saved without the field the role is %+v", got)
	}

	b.get(path+"/unlink").says("Unlink Administrators ?", "1 member changes.", "The member ends with no permissions.", "Member (System) 1 gains it Administrators 1 loses it",
		"ClickHouse-Admins (1 member) has no role afterwards", "Ann Gains Member (System) Loses Administrators No permissions then", "The SCIM group field is cleared.").
		saysNot("is deleted with it.")
	b.post(path+"/unlink", nil).leadsTo(path)
	b.get(path).says("The role Administrators was unlinked.", "1 member changed.", "Nobody holds this role")
	b.get(path + "/unlink").says("Nothing is linked")
	b.get("/roles").says("SCIM groups without a role 1", "ClickHouse-Admins no role 1")
	b.get("/groups").is(http.StatusOK).says("ClickHouse-Admins no role — 1")
	b.get("/groups/"+group).is(http.StatusOK).says("no role : its members get nothing by it.", "Ann", "Active").has(`href="/roles/new?name=ClickHouse-Admins"`)
	b.get("/roles/new?name=ClickHouse-Admins").has(`name="name" value="ClickHouse-Admins"`)
}

// D2: before a SCIM group moves away from another role the page says from where to where,
// and only a form that confirms that very move is saved.
func TestSaveRole_asksBeforeAGroupMoves(t *testing.T) {
	t.Parallel()
	o := newWorld(t).org("Alpha", "alpha.example").connect()
	b := o.admin()
	e := o.provisioning(iam.Operator)
	ann, ben := e.user("ann@alpha.example", "Ann"), e.user("ben@alpha.example", "Ben")
	ops := e.group("ops", ann, ben)
	role := o.role("Operators", iam.PermOrganizationView)
	must[iam.Member](t)(o.access.SetMemberRoles(t.Context(), iam.Operator, o.id, ben, []string{"Operators"}))
	path := "/roles/" + string(role.ID) + "/edit"
	form := url.Values{"name": {"Operators"}, "scim_group": {"ops"}, "p": {string(iam.PermOrganizationView), string(iam.PermViewBilling)}, "act": {"preview"}}

	b.refusesToChange(http.StatusOK, path, form).says("1 member holds this role now.", "2 members change.", "ops 2 lose it", "Operators 1 gains it",
		"ops (2 members) moves from the role ops to Operators .", "The role ops is deleted with it.", "+1 Permissions given control-plane:organization:view-billing",
		"Ann Gains Operators Loses ops", "Ben Loses ops").saysNot("Not saved yet").has(`href="/members/` + ann + `"`)
	form.Set("act", "save")
	a := b.refusesToChange(http.StatusOK, path, form).says("Not saved yet: this takes a SCIM group from another role.", "ops (2 members) moves from the role ops to Operators .")
	confirm := a.field("confirmed")
	form.Set("confirmed", confirm+"x")
	b.refusesToChange(http.StatusOK, path, form).says("Not saved yet")
	form.Set("confirmed", confirm)
	form.Set("name", "Ops") // another form than the one that was confirmed
	b.refusesToChange(http.StatusOK, path, form).says("Not saved yet")
	form.Set("name", "Operators")
	// What changed meanwhile is saved all the same, and said as it is now.
	e.patch("/Groups/"+ops, `{"op":"Add","path":"members","value":[{"value":"`+e.user("cid@alpha.example", "Cid")+`"}]}`)
	b.post(path, form).leadsTo("/roles/" + string(role.ID))
	b.get("/roles/"+string(role.ID)).says("The role Operators was saved.", "Linked now: ops (3 members). 3 members changed.")
	if o.hasRole("ops") || o.held("ann@alpha.example") != "Operators/group" {
		t.Errorf("the role that SCIM made is there: %v; she holds %s", o.hasRole("ops"), o.held("ann@alpha.example"))
	}

	// A group that has no role is taken without a question only if nobody is in it.
	o.group("free", "")
	b.post("/roles/new", url.Values{"name": {"free"}}).leadsTo("/roles/" + string(o.findRole("free").ID))
	b.get("/roles").says("Linked now: free (0 members). No member was affected.")
	o.group("peopled", "", iam.MemberID(ann))
	b.refusesToChange(http.StatusOK, "/roles/new", url.Values{"name": {"peopled"}}).says("Not saved yet: look at who changes first.", "peopled (1 member) has no role now, and gives peopled then.")
	b.refusesToChange(http.StatusOK, "/roles/new", url.Values{"name": {"new"}, "scim_group": {"later"}, "act": {"preview"}}).says("No member is affected.", "There is no SCIM group later yet. It is linked when it comes.")
}

// Permissions alone are saved at once, unless somebody gains or loses admin access by them.
func TestSaveRole_asksBeforeAdminAccessChanges(t *testing.T) {
	t.Parallel()
	o := newWorld(t).org("Alpha", "alpha.example").connect()
	b := o.admin()
	role := o.role("Managers", iam.PermOrganizationManage)
	person := o.person("mia@alpha.example", "Managers")
	path := "/roles/" + string(role.ID)
	fewer := url.Values{"name": {"Managers"}, "p": {string(iam.PermOrganizationView)}}
	a := b.refusesToChange(http.StatusOK, path+"/edit", fewer).says("Not saved yet", "1 member changes, 1 loses admin access.", "mia@alpha.example Loses admin access", "−1 Permissions taken away")
	fewer.Set("confirmed", a.field("confirmed"))
	b.post(path+"/edit", fewer).leadsTo(path)
	b.get(path).says("The role Managers was saved.", "1 member changed, 1 lost admin access.")
	b.refusesToChange(http.StatusOK, path+"/edit", url.Values{"name": {"Managers"}, "p": {string(iam.PermOrganizationManage)}}).says("1 member changes, 1 gains admin access.")
	b.post(path+"/edit", url.Values{"name": {"Managers"}}).leadsTo(path)
	b.get(path).says("1 member changed.")
	person.get("/members").is(http.StatusForbidden)
}

// field is the value of a hidden field of the page.
func (a answer) field(name string) string {
	a.t.Helper()
	_, value, found := strings.Cut(a.body, `name="`+name+`" value="`)
	value, _, _ = strings.Cut(value, `"`)
	if !found {
		a.t.Fatalf("%s has no field %s", a.what, name)
	}
	return value
}

// R47, R48: a group that matches nothing makes a role without permissions; what it is given
// then works at once and stays.
func TestR47_R48_unmappedGroup(t *testing.T) {
	t.Parallel()
	o := newWorld(t).org("Alpha", "alpha.example").connect()
	b := o.admin()
	b.get("/roles").says("A group that matches nothing makes a new custom role without permissions.")
	e := o.provisioning(iam.Operator)
	group := e.group("Data team", e.user("ann@alpha.example", "Ann"))
	a := b.get("/roles").says("No permissions: SCIM made this role for a group that no role claimed.", "Grant permissions")
	if row := a.row("Data team"); row != "Data team Custom by SCIM Data team None 1 Edit" {
		t.Errorf("the row is %q", row)
	}
	role := o.findRole("Data team")
	holder := o.browser()
	holder.sso(o, "ann@alpha.example")
	holder.get("/members").is(http.StatusForbidden)
	b.post("/roles/"+string(role.ID)+"/edit", url.Values{"name": {"Data team"}, "p": {string(iam.PermOrganizationView)}}).is(http.StatusSeeOther)
	holder.get("/members").is(http.StatusOK)
	e.patch("/Groups/"+group, `{"op":"Replace","path":"displayName","value":"Data team 2"}`)
	holder.get("/members").is(http.StatusOK)
	b.get("/roles").saysNot("No permissions:")

	must[access.PolicyChange](t)(o.access.SetSCIMPolicy(t.Context(), iam.Operator, o.id, access.Policy{UnmappedGroups: pointer("reject")}))
	b.get("/roles").says("A group that matches nothing is rejected.")
}

func pointer(s string) *string { return &s }

// R127: a member whose groups lead to roles without permissions is flagged.
func TestR127_noPermissions(t *testing.T) {
	t.Parallel()
	o := newWorld(t).org("Alpha", "alpha.example").connect()
	b := o.admin()
	e := o.provisioning(iam.Operator)
	ann := e.user("ann@alpha.example", "Ann")
	e.group("Nothing", ann)
	b.get("/members").says("No permissions: None of the member's roles holds any")
	b.get("/members?state=no-permissions").says("Ann").saysNot("admin@alpha.example")
	b.get("/members/" + ann).says("No permissions")
}

// R128: a name that is only nearly the same does not bind, and the page says so.
func TestR128_nearMiss(t *testing.T) {
	t.Parallel()
	o := newWorld(t).org("Alpha", "alpha.example").connect()
	b := o.admin()
	role := o.role("ClickHouse-Admins", iam.PermOrganizationManage)
	o.provisioning(iam.Operator).group("clickhouse admins")
	a := b.get("/roles").says(`Nearly the same name: The SCIM group "clickhouse admins" is not linked to this role: its name is "ClickHouse-Admins"`)
	if row := a.row("ClickHouse-Admins"); row != "ClickHouse-Admins Custom — 1 0 Edit" {
		t.Errorf("the row is %q", row)
	}
	b.get("/roles/"+string(role.ID)).says("Nearly the same name", "clickhouse admins")
}

// Deleting a role says first who loses it; what keeps it from being deleted stands on the
// page in words, and as an answer to a form that comes all the same.
func TestRoleDeletion(t *testing.T) {
	t.Parallel()
	o := newWorld(t).org("Alpha", "alpha.example").connect()
	b := o.admin()
	ann, ben := o.user("ann@alpha.example"), o.user("ben@alpha.example")
	role := o.role("Doomed", iam.PermOrganizationView)
	o.group("team", role.ID, ann, ben)
	must[iam.Member](t)(o.access.SetMemberRoles(t.Context(), iam.Operator, o.id, string(ben), []string{"Doomed", "Billing"}))
	path := "/roles/" + string(role.ID)
	b.get(path+"/delete").is(http.StatusOK).says("Delete Doomed ?", "2 members change.", "1 of them ends with no permissions.", "Member (System) 1 gains it Doomed 2 lose it",
		"team (2 members) has no role afterwards")

	must[[]iam.RoleRef](t)(o.access.SetDefaultRoles(t.Context(), iam.Operator, o.id, []string{"Doomed"}))
	must[access.Invited](t)(o.access.Invite(t.Context(), iam.Operator, o.id, "new@partner.example", []string{"Doomed"}))
	b.get(path+"/delete").says("It cannot be deleted yet", "It is a Default role.", "It was promised to 1 person by invitation: new@partner.example").saysNot("Delete role")
	b.refusesToChange(http.StatusConflict, path+"/delete", nil).says("Nothing was changed.", "is a Default role")
	must[[]iam.RoleRef](t)(o.access.SetDefaultRoles(t.Context(), iam.Operator, o.id, []string{"Member"}))
	b.refusesToChange(http.StatusConflict, path+"/delete", nil).says("is used by the pending invitation of new@partner.example")
	b.get(path).says("By the pending invitation of new@partner.example.")
	b.post("/invitations/"+string(must[[]access.InvitationView](t)(o.access.Invitations(t.Context(), o.id))[0].ID)+"/delete", nil).leadsTo("/invitations")
	b.post(path+"/delete", nil).leadsTo("/roles")
	b.get("/roles").says("The role Doomed was deleted.", "2 members changed. Its SCIM groups have no role now.", "team no role 2").saysNot("Doomed Custom")
	b.get(path).is(http.StatusNotFound).says("it may have been deleted")
	if o.held("ann@alpha.example") != "Member/default" || o.held("ben@alpha.example") != "Billing/direct" {
		t.Errorf("they hold %s and %s", o.held("ann@alpha.example"), o.held("ben@alpha.example"))
	}
}

// A form that was refused is shown again with all that was entered.
func TestSaveRole_refused(t *testing.T) {
	t.Parallel()
	o := newWorld(t).org("Alpha", "alpha.example").connect()
	b := o.admin()
	o.role("Taken", iam.PermOrganizationView)
	taken := o.findRole("Taken")
	b.refusesToChange(http.StatusConflict, "/roles/new", url.Values{"name": {"Taken"}, "scim_group": {"G <b>"}, "p": {string(iam.PermViewBilling)}, "product": {"a:b:c"}}).
		says("Nothing was changed.", `There is a custom role "Taken" already (`+string(taken.ID)+`)`).
		has(`name="name" value="Taken"`, `value="G &lt;b&gt;"`, `value="`+string(iam.PermViewBilling)+`" checked`, ">a:b:c</textarea>")
	b.refusesToChange(http.StatusBadRequest, "/roles/new", url.Values{"name": {""}}).says("Name is empty.")
	b.refusesToChange(http.StatusBadRequest, "/roles/new", url.Values{"name": {"X"}, "product": {"Not A Permission"}}).says(`"Not" is not of the form a:b:c`)
	b.refusesToChange(http.StatusBadRequest, "/roles/new", url.Values{"name": {"X"}, "p": {"control-plane:organization:everything"}}).says("does not exist")
	b.refusesToChange(http.StatusNotFound, "/roles/01900000-0000-7000-8000-000000000000/edit", url.Values{"name": {"X"}})
}

// R115, R116, R129: the Default role is shown with how many hold it, is never empty, and
// a role that makes everybody an admin is asked about once more.
func TestR116_R129_defaultRole(t *testing.T) {
	t.Parallel()
	o := newWorld(t).org("Alpha", "alpha.example").connect()
	b := o.admin()
	e := o.provisioning(iam.Operator)
	e.user("ann@alpha.example", "Ann")
	e.user("ben@alpha.example", "Ben")
	b.get("/roles").says("Default role Change the Default role For members who have no role directly or through a group: 2 members now.")
	b.get("/roles/default").is(http.StatusOK).has(`value="` + string(iam.RoleMember) + `" checked`)
	b.refusesToChange(http.StatusBadRequest, "/roles/default", nil).says("Nothing was changed.", "The Default role list cannot be empty")

	managers := o.role("Managers", iam.PermOrganizationManage)
	viewers := o.role("Viewers", iam.PermOrganizationView)
	for _, mighty := range []struct {
		id   iam.RoleID
		name string
	}{{iam.RoleAdmin, "Admin (System)"}, {managers.ID, "Managers"}} {
		form := url.Values{"role": {string(mighty.id), string(viewers.ID)}}
		b.refusesToChange(http.StatusOK, "/roles/default", form).says("Let everybody manage the organization?", mighty.name+" gives the right to manage members", "2 members at once", "Nothing has been saved yet.").
			has(`value="` + string(viewers.ID) + `" checked`)
		form.Set("confirmed", string(mighty.id))
		b.refusesToChange(http.StatusOK, "/roles/default", form).says("Nothing has been saved yet.")
		form.Set("confirmed", string(mighty.id)+" "+string(viewers.ID))
		b.post("/roles/default", form).leadsTo("/roles")
	}
	b.get("/roles").says("The Default role is Managers and Viewers now.", "2 members changed.")
	if got := o.held("ann@alpha.example"); got != "Managers/default Viewers/default" {
		t.Errorf("she holds %s", got)
	}
	// What is in the list already is not asked about; that members change is shown all the same.
	form := url.Values{"role": {string(managers.ID)}, "act": {"preview"}}
	a := b.refusesToChange(http.StatusOK, "/roles/default", form).says("If you save this", "2 members change.", "Viewers 2 lose it").saysNot("Let everybody manage", "Nothing has been saved yet.")
	form.Del("act")
	b.refusesToChange(http.StatusOK, "/roles/default", form).says("If you save this", "Nothing has been saved yet.")
	form.Set("confirmed", a.field("confirmed"))
	b.post("/roles/default", form).leadsTo("/roles")
	form.Del("confirmed")
	b.post("/roles/default", form).leadsTo("/roles")
	b.get("/roles").says("No member was affected.")
	b.get("/roles/"+string(managers.ID)).says("As the Default role, to members who have no other.", "default")
}

func TestGroups(t *testing.T) {
	t.Parallel()
	o := newWorld(t).org("Alpha", "alpha.example").connect()
	b := o.admin()
	b.get("/groups").is(http.StatusOK).says("No SCIM groups yet", "once SCIM is enabled")
	var members []iam.MemberID
	for i := range 130 {
		members = append(members, o.user(strings.Repeat("x", i%3)+"m"+string(rune('a'+i%26))+strings.Repeat("y", i/26)+"@alpha.example"))
	}
	group := o.group("Everybody", o.role("All", iam.PermOrganizationView).ID, members...)
	a := b.get("/groups/"+string(group)).is(http.StatusOK).says("Members 130", "Gives the role All")
	_, next, found := strings.Cut(a.body, `<a class="button" href="/groups/`)
	next, _, _ = strings.Cut(next, `"`)
	if !found || strings.Count(a.body, `<a href="/members/`) != 100 {
		t.Fatalf("%d members are on the first page", strings.Count(a.body, `<a href="/members/`))
	}
	a = b.get("/groups/" + strings.ReplaceAll(next, "&amp;", "&")).says("First page")
	if n := strings.Count(a.body, `<a href="/members/`); n != 30 {
		t.Errorf("%d members are on the second page", n)
	}
	b.get("/groups/01900000-0000-7000-8000-000000000000").is(http.StatusNotFound).says("may have deleted it")
}
