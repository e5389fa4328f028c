package browser

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/e2e/live"
	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// guideTour is the guide between the two sites, as admins and people click through it:
// Rollcall's console, the portal of the stand-in for Entra ID, and the browser of the test
// user.
type guideTour struct {
	*world
	entra         *standIn
	script        bool
	admin, portal *tab
	hers          *tab
}

// The whole guide, from single sign-on to the last row of its test plan, is clicked. On
// PostgreSQL the configuration is there already, and the test plan is clicked without
// scripts.
func TestEntraGuide(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, engine      string
		script, configure bool
	}{
		{"sqlite", "sqlite", true, true},
		{"postgres, without scripts", "postgres", false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := &guideTour{world: newWorld(t, test.engine), script: test.script}
			g.entra = newStandIn(t, g.server.Client)
			g.admin, g.portal, g.hers = g.signedInAdmin(g.script), g.entra.admin(g.script), newTab(t, g.script)
			g.entra.hire("Ada", "Lovelace", "ada")
			g.entra.hire("Grace", "Hopper", "grace")
			if test.configure {
				g.configure()
			} else {
				g.configured()
			}
			g.row1()
			g.row2()
			g.row3()
			g.row4()
			g.row5()
			g.accountDisabled()
			g.refusedInTheLog()
		})
	}
}

// configure is everything before the test plan.
func (g *guideTour) configure() {
	g.application()
	connectSAML(g.t, g.world, g.admin, g.singleSignOn)
	tenantURL, token := g.enableSCIM()
	makeRole(g.admin, "Admin", "ClickHouse-Admins", "control-plane:organization:view", "control-plane:organization:manage")
	makeRole(g.admin, "Read-only", "ClickHouse-Read-only", "control-plane:organization:view")
	g.credentials(tenantURL, token)
	g.userNameFromMail()
	for _, name := range []string{"ClickHouse-Admins", "ClickHouse-Read-only"} {
		g.group(name)
	}
	g.assign("Groups", "ClickHouse-Admins", "ClickHouse-Read-only")
	g.turnOn()
}

// application creates the enterprise application.
func (g *guideTour) application() {
	b := g.portal.press("Enterprise applications").at("/applications").press("New application").at("/applications/new")
	b.enter("What's the name of your app? (required)", "Rollcall").press("Create").says("Rollcall", "Getting Started")
}

// app goes to a page of the application by the portal's navigation.
func (g *guideTour) app(page string) *tab {
	g.t.Helper()
	return g.portal.press("Enterprise applications").press("Rollcall").press(page)
}

// singleSignOn enters what the console shows, and takes the federation metadata.
func (g *guideTour) singleSignOn(acs, entityID string) (metadata string) {
	b := g.app("Single sign-on").press("Edit Basic SAML Configuration")
	b.enter("Identifier (Entity ID)", entityID).enter("Reply URL (Assertion Consumer Service URL)", acs).press("Save").says(entityID, acs)
	// People are known by their mail, which is what provisioning will send as userName.
	b.press("Edit Attributes & Claims").enter("Source attribute", "user.mail").press("Save")
	g.app("Single sign-on").says("user.mail")
	return g.entra.download(b.copied("metadata-url"))
}

// enableSCIM is the console's part of provisioning.
func (g *guideTour) enableSCIM() (tenantURL, token string) {
	g.admin.open(g.server.URL + "/dashboard").press("SAML and SCIM settings").press("SCIM Configuration").press("Enable SCIM").at("/settings/scim")
	tenantURL = g.admin.copied("endpoint")
	token = g.admin.press("Generate new key").copied("joined")
	g.admin.press("I have stored it").press(`Map roles in "Users and roles"`).at("/roles")
	return tenantURL, token
}

// credentials enters what the console has shown. A wrong token is told from a right one.
func (g *guideTour) credentials(tenantURL, token string) {
	b := g.app("Provisioning").press("Get started")
	b.option("Provisioning Mode", "Automatic")
	b.enter("Tenant URL", tenantURL).enter("Secret Token", "scim_wrong:token").press("Test Connection")
	b.says("Testing connection to Rollcall failed: status 401", `"status":"401"`, tenantURL[strings.LastIndex(tenantURL, "/"):])
	b.enter("Secret Token", token).press("Test Connection").says("Testing connection to Rollcall", "Nothing is saved yet.").saysNot("failed", token)
	b.press("Save").says("Provisioning settings saved.").saysNot(token)
}

func (g *guideTour) editProvisioning() *tab {
	g.t.Helper()
	return g.app("Provisioning").press("Edit provisioning")
}

func (g *guideTour) userNameFromMail() {
	b := g.editProvisioning().touch("Mappings").press("Provision Microsoft Entra ID Users").press("Edit userName")
	b.enter("Source attribute", "mail").press("Save")
	if got := b.row("userName"); !strings.Contains(got, "mail") || strings.Contains(got, "userPrincipalName") {
		g.t.Errorf("the mapping of userName is %q", got)
	}
}

// turnOn looks at the scope, and sets Provisioning Status to On.
func (g *guideTour) turnOn() {
	b := g.editProvisioning().touch("Settings")
	if got := b.find("Scope", "combobox").value; got != string(cycle.ScopeAssigned) {
		g.t.Errorf("the scope is %q", got)
	}
	b.enter("Notification Email", "it@example.com").choose("On").press("Save").says("Provisioning is on.")
}

func (g *guideTour) group(name string) {
	g.t.Helper()
	g.portal.press("Groups").at("/groups").press("New group").enter("Group name (required)", name).press("Create").says(name, "No members")
}

// assign assigns users or groups to the application.
func (g *guideTour) assign(kind string, names ...string) {
	g.t.Helper()
	b := g.app("Users and groups").press("Add user/group").filter("Kind", kind)
	for _, name := range names {
		b.choose(name)
	}
	b.press("Assign").says(names...)
}

func (g *guideTour) unassign(name string) {
	g.t.Helper()
	g.app("Users and groups").choose("Choose " + name).press("Remove").says("removed")
	if got := g.portal.row(name); got != "" {
		g.t.Errorf("after the removal Users and groups shows %q", got)
	}
}

func (g *guideTour) join(group, name string) {
	g.t.Helper()
	g.portal.press("Groups").press(group).press("Add members").choose(name).press("Add members").says("1 direct member", name)
}

func (g *guideTour) leave(group, name string) {
	g.t.Helper()
	g.portal.press("Groups").press(group).choose("Choose " + name).press("Remove members").says("No members")
}

// onDemand provisions a user, or a group with one of its members.
func (g *guideTour) onDemand(kind, name, member string, says ...string) {
	g.t.Helper()
	b := g.app("Provisioning").press("Provision on demand").filter("Kind", kind)
	b.enter("Select a user or group: name, user principal name or mail", name).press("Search")
	if kind == "User" {
		b.press("Provision " + name)
	} else {
		b.press("Choose members of " + name)
		if member != "" {
			b.choose(member)
		}
		b.press("Provision")
	}
	b.says(says...)
}

// runCycle asks for the next cycle, and waits for its end.
func (g *guideTour) runCycle() {
	g.t.Helper()
	g.app("Provisioning").press("Run the next cycle now")
	at := g.portal.where()
	if !g.portal.eventually(func() bool { return strings.Contains(g.portal.open(at).text(), "cycle completed") }) {
		g.t.Fatalf("the cycle does not end: %s", short(g.portal.text()))
	}
}

// member is the row of Members in the console.
func (g *guideTour) member(name string) string {
	g.t.Helper()
	return g.admin.open(g.server.URL + "/members").row(name)
}

// signIn goes by Continue with SSO to the stand-in, and chooses an account there.
func (g *guideTour) signIn(b *tab, mail, account string) {
	g.t.Helper()
	g.toEntra(b, mail)
	b.at(g.entra.signOnURL()).says("to Rollcall", "Pick an account").press(account)
}

// toEntra goes by Continue with SSO to the stand-in, which may know who it is.
func (g *guideTour) toEntra(b *tab, mail string) {
	g.t.Helper()
	b.open(g.server.URL+"/").enter("Work email", mail).press("Continue with SSO")
	if !g.script { // the page of the stand-in stays until one goes on
		b.at(g.entra.signOnURL())
	}
}

// arrives hands the stand-in's answer on, where no script does.
func (g *guideTour) arrives(b *tab, at string) *tab {
	g.t.Helper()
	if !g.script {
		b.press("Continue")
	}
	return b.at(at)
}

// ada is the test user.
const ada = "Ada Lovelace"

// row1: add a test user to a group, provision on demand: she appears with the role.
func (g *guideTour) row1() {
	g.t.Helper()
	g.join("ClickHouse-Admins", ada)
	g.onDemand("User", ada, "", "Success", "Create", "Active in the source system", "ada@example.com")
	g.onDemand("Group", "ClickHouse-Admins", ada, "Success", "Ada Lovelace: added")
	if got := g.member(ada); !strings.Contains(got, "Admin") || !strings.Contains(got, "ClickHouse-Admins") || !strings.Contains(got, "SCIM") || !strings.Contains(got, "ada@example.com") {
		g.t.Errorf("Members shows %q", got)
	}
}

// row2: she signs in by SSO and lands on the dashboard, as an admin.
func (g *guideTour) row2() {
	g.t.Helper()
	g.signIn(g.hers, "ada@example.com", "Ada Lovelace ada@corp.example.com")
	g.arrives(g.hers, g.server.URL+"/dashboard").says(ada)
	actAsAdmin(g.t, g.hers)
	g.admin.open(g.server.URL + "/dashboard").says("7 of 7 done")
}

// row3: her first name changes.
func (g *guideTour) row3() {
	g.t.Helper()
	g.portal.press("Users").press(ada).press("Edit properties")
	g.portal.enter("First name", "Augusta").enter("Display name (required)", "Augusta Lovelace").press("Save")
	g.onDemand("User", "Augusta Lovelace", "", "Success", "Update", "name.givenName", "Augusta")
	if got := g.member("Augusta Lovelace"); !strings.Contains(got, "ada@example.com") || !strings.Contains(got, "ClickHouse-Admins") {
		g.t.Errorf("Members shows %q", got)
	}
}

// row4: she moves to the other group; her session may no more than the new role.
func (g *guideTour) row4() {
	g.t.Helper()
	g.leave("ClickHouse-Admins", "Augusta Lovelace")
	g.join("ClickHouse-Read-only", "Augusta Lovelace")
	g.onDemand("Group", "ClickHouse-Read-only", "Augusta Lovelace", "Augusta Lovelace: added")
	g.onDemand("Group", "ClickHouse-Admins", "Augusta Lovelace", "Augusta Lovelace: removed")
	if got := g.member("Augusta Lovelace"); !strings.Contains(got, "Read-only") || strings.Contains(got, "ClickHouse-Admins") {
		g.t.Errorf("after the move Members shows %q", got)
	}
	// What she did before the move is refused now, with the session that she has.
	g.hers.choose("Reject").press("Save rules").status(http.StatusForbidden).says("control-plane:organization:manage")
	g.hers.open(g.server.URL + "/settings/scim").status(http.StatusForbidden)
	g.hers.open(g.server.URL + "/profile").status(http.StatusOK).says("Augusta Lovelace")
}

// gone is what both variants of row 5 end with.
func (g *guideTour) gone(b *tab, name, mail string) {
	g.t.Helper()
	if got := g.member(name); got != "" {
		g.t.Errorf("the removed member is listed: %s", got)
	}
	b.open(g.server.URL + "/profile").at(g.server.URL + "/").says("Continue with SSO")
	b.open(g.server.URL + "/dashboard").at(g.server.URL + "/")
	g.admin.open(g.server.URL + "/audit").says(mail)
}

// row5: she is unassigned, and removed.
func (g *guideTour) row5() {
	g.t.Helper()
	g.assign("Users", "Augusta Lovelace")
	g.unassign("Augusta Lovelace")
	g.leave("ClickHouse-Read-only", "Augusta Lovelace")
	g.onDemand("User", "Augusta Lovelace", "", "Success", "Disable")
	g.gone(g.hers, "Augusta Lovelace", "ada@example.com")
	g.toEntra(g.hers, "ada@example.com")
	g.hers.at(g.entra.signOnURL()).status(http.StatusForbidden).says("Sorry, but we’re having trouble signing you in.", "AADSTS50105", "ada@corp.example.com", "Correlation Id")

	// Who gets past the identity provider, because it requires no assignment, is refused by
	// Rollcall.
	g.app("Properties").untick("Assignment required? Yes").press("Save")
	g.toEntra(g.hers, "ada@example.com")
	g.arrives(g.hers, g.server.URL+"/saml/"+g.org+"/acs").status(http.StatusForbidden).says("Access denied", "Request id")
	g.hers.open(g.server.URL + "/dashboard").at(g.server.URL + "/")
	g.app("Properties").choose("Assignment required? Yes").press("Save")
}

// accountDisabled is row 5 for an account that is disabled: the next cycle removes it.
func (g *guideTour) accountDisabled() {
	g.t.Helper()
	const grace, account = "Grace Hopper", "Grace Hopper grace@corp.example.com"
	g.join("ClickHouse-Read-only", grace)
	g.runCycle()
	if got := g.member(grace); !strings.Contains(got, "Read-only") {
		g.t.Errorf("after a cycle Members shows %q", got)
	}
	other := newTab(g.t, g.script)
	g.signIn(other, "grace@example.com", account)
	g.arrives(other, g.server.URL+"/dashboard").says(grace)

	g.portal.press("Users").press(grace).press("Disable account").says("Disabled")
	g.runCycle()
	g.gone(other, grace, "grace@example.com")
	g.signIn(other, "grace@example.com", account+" disabled")
	other.status(http.StatusForbidden).says("AADSTS50057", "The user account is disabled.")
}

// refusedInTheLog has the target refuse a group, and finds its answer, whole, under View
// provisioning logs.
func (g *guideTour) refusedInTheLog() {
	g.t.Helper()
	b := g.admin.open(g.server.URL + "/settings/scim")
	b.choose("Reject").press("Save rules").at("/settings/scim")
	g.group("Marketing")
	g.assign("Groups", "Marketing")
	g.onDemand("Group", "Marketing", "", "Failure")
	g.app("Provisioning").press("View provisioning logs").says("Marketing", "Failure").press("Marketing")

	entries, _, err := g.entra.cycles.Logs(g.t.Context(), cycle.LogFilter{Statuses: []cycle.Result{cycle.Failure}})
	if err != nil || len(entries) != 1 || entries[0].Source.Type != mapping.KindGroup {
		g.t.Fatalf("the log has %d failures: %v", len(entries), err)
	}
	last := entries[0].Exchanges[len(entries[0].Exchanges)-1]
	for _, want := range []string{"POST " + g.server.URL + "/v1/organizations/" + g.org + "/scim/Groups", last.Body, last.Answer} {
		if shown := g.shown(); !strings.Contains(shown, want) {
			g.t.Errorf("the log does not show %s: %s", want, shown)
		}
	}
	if !strings.Contains(last.Answer, `"status":"4`) || !strings.Contains(last.Answer, "Marketing") {
		g.t.Errorf("the answer is %s", last.Answer)
	}
	g.portal.press("Troubleshooting & Recommendations").says("Error code", "Recommended action")
	if shown := g.shown(); !strings.Contains(shown, "Web Response: "+last.Answer) {
		g.t.Errorf("the reason does not hold the answer as it was: %s", shown)
	}
}

// shown is what the portal repeats as it is.
func (g *guideTour) shown() string {
	g.t.Helper()
	return evaluate[string](g.portal, `[...document.querySelectorAll("pre")].map(p => p.textContent).join("\n")`)
}

// configured is the same as [guideTour.configure], by the command line and in the directory.
func (g *guideTour) configured() {
	g.t.Helper()
	ctx, db := g.t.Context(), g.entra.directory
	app := need[directory.Application](g.t)(db.CreateApplication(ctx, directory.Application{DisplayName: "Rollcall", SAML: directory.SAMLSettings{
		Identifier: g.server.URL + "/saml/" + g.org + "/metadata", ReplyURL: g.server.URL + "/saml/" + g.org + "/acs", NameIDSource: "user.mail",
		Claims: directory.DefaultClaims(),
	}}))
	if err := g.entra.provider.EnsureCertificate(ctx, app.ID); err != nil {
		g.t.Fatal(err)
	}
	metadata := g.entra.download(g.entra.provider.Endpoints(app).MetadataURL)
	for _, args := range [][]string{
		{"saml", "connect", "--org", g.org, "--metadata-file", metadata, "--domain", "example.com", "--trust-domain"},
		{"scim", "enable", "--org", g.org},
	} {
		if _, err := live.Run(ctx, g.t, g.server.Database, args...); err != nil {
			g.t.Fatal(err)
		}
	}
	key := live.JSON[live.Key](g.t, g.server.Database, "scim", "key", "create", "--org", g.org)
	g.admin.open(g.server.URL + "/roles")
	makeRole(g.admin, "Admin", "ClickHouse-Admins", "control-plane:organization:view", "control-plane:organization:manage")
	makeRole(g.admin, "Read-only", "ClickHouse-Read-only", "control-plane:organization:view")

	by := cycle.Actor{Name: "adele@corp.example.com"}
	job := need[cycle.Job](g.t)(g.entra.cycles.CreateJob(ctx, app.ID, by))
	need[cycle.Job](g.t)(g.entra.cycles.SaveCredentials(ctx, job.ID, g.server.URL+"/v1/organizations/"+g.org+"/scim", key.Bearer, by))
	users := job.Mapping(mapping.KindUser).Clone()
	i := slices.IndexFunc(users.Attributes, func(a mapping.AttributeMapping) bool { return a.Target == "userName" })
	users.Attributes[i].Source = mapping.Source{Type: mapping.Direct, Text: "mail"}
	need[cycle.Job](g.t)(g.entra.cycles.SaveMapping(ctx, job.ID, users, by))
	for _, name := range []string{"ClickHouse-Admins", "ClickHouse-Read-only"} {
		group := need[directory.Group](g.t)(db.CreateGroup(ctx, directory.Group{DisplayName: name, SecurityEnabled: true}))
		need[directory.Assignment](g.t)(db.Assign(ctx, app.ID, group.ID))
	}
	need[cycle.Job](g.t)(g.entra.cycles.Start(ctx, job.ID, by))
}
