package browser

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/store/storetest"
)

// The guide, in the words of its headings, from "Enable SCIM" to "Define the role
// mapping", and its test plan: everything that the admin does, he does in the console.
func TestGuide(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			walkTheGuide(t, engine, true)
		})
	}
	t.Run("without scripts", func(t *testing.T) {
		t.Parallel()
		walkTheGuide(t, "sqlite", false)
	})
}

func walkTheGuide(t *testing.T, engine string, script bool) {
	w := newWorld(t, engine)
	admin := w.signedInAdmin(script)
	admin.says("0 of 7 done")

	// SCIM is greyed out until SAML is connected, and says why.
	admin.press("SAML and SCIM settings").at("/settings/saml").press("SCIM Configuration").at("/settings/scim")
	if enable := admin.find("Enable SCIM", "switch"); !enable.disabled() {
		t.Error("SCIM can be enabled before SAML is connected")
	}
	admin.says("SCIM is unlocked once SAML SSO is connected")
	connectSAML(t, w, admin, func(_, _ string) string { return w.provider.metadataFile() })

	// Enable SCIM
	admin.open(w.server.URL + "/dashboard").says("2 of 7 done")
	admin.press("SAML and SCIM settings").press("SCIM Configuration").at("/settings/scim")
	admin.press("Enable SCIM").at("/settings/scim")
	tenantURL := admin.copied("endpoint")
	if want := w.server.URL + "/v1/organizations/" + w.org + "/scim"; tenantURL != want {
		t.Fatalf("the SCIM endpoint URL is %s, want %s", tenantURL, want)
	}

	// Generate a SCIM access token
	if !slices.Contains(admin.checked(), "12 months") {
		t.Errorf("12 months is not preselected; chosen are %q", admin.checked())
	}
	admin.press("Generate new key").says("The secret is shown once")
	key, secret, secretToken := admin.copied("key"), admin.copied("secret"), admin.copied("joined")
	if secretToken != key+":"+secret || !strings.HasPrefix(key, "scim_") || strings.ContainsAny(secretToken, " \n") {
		t.Fatalf("the key is %q and the Secret Token %q", key, secretToken)
	}
	admin.press("I have stored it").at("/settings/scim").says(key).saysNot(secret)

	// Define the role mapping
	admin.press(`Map roles in "Users and roles"`).at("/roles")
	makeRole(admin, "Admin", "ClickHouse-Admins", "control-plane:organization:view", "control-plane:organization:manage")
	makeRole(admin, "Read-only", "ClickHouse-Read-only", "control-plane:organization:view")
	admin.press("Roles").at("/roles")
	if got := admin.row("Read-only"); !strings.Contains(got, "ClickHouse-Read-only") || !strings.Contains(got, "Custom") {
		t.Errorf("the list of roles shows %q", got)
	}

	// Configure provisioning in Microsoft Entra ID; test plan 1: the user appears with his role.
	directory := newEntra(t, w.server, tenantURL, secretToken)
	directory.testConnection()
	admins, readers := directory.createGroup("ClickHouse-Admins"), directory.createGroup("ClickHouse-Read-only")
	ada := directory.createUser(person{"ada@example.com", "ada@example.com", "Ada", "Lovelace"})
	directory.addMember(admins, ada)
	admin.press("Users and roles").at("/members")
	if got := admin.row("Ada Lovelace"); !strings.Contains(got, "Admin") || !strings.Contains(got, "ClickHouse-Admins") || !strings.Contains(got, "SCIM") {
		t.Errorf("Members shows %q", got)
	}

	// 2: she signs in via SSO and lands on the dashboard with admin access.
	hers := newTab(t, script)
	w.signIn(hers, "Ada@Example.com", "ada@example.com")
	hers.at(w.server.URL + "/dashboard").says("Ada Lovelace")
	actAsAdmin(t, hers)
	admin.open(w.server.URL + "/dashboard").says("7 of 7 done")

	// 3: her first name changes.
	directory.rename(ada, "Augusta", "Augusta Lovelace")
	if admin.press("Users and roles"); admin.row("Augusta Lovelace") == "" {
		t.Errorf("Members does not show the new name: %s", admin.text())
	}

	// 4: she moves from one group to the other.
	directory.addMember(readers, ada)
	directory.removeMember(admins, ada)
	admin.press("Members").at("/members")
	if got := admin.row("Augusta Lovelace"); !strings.Contains(got, "Read-only") || strings.Contains(got, "ClickHouse-Admins") {
		t.Errorf("after the move Members shows %q", got)
	}
	if hers.open(w.server.URL + "/settings/scim").status(http.StatusForbidden); !strings.Contains(hers.text(), "control-plane:organization:manage") {
		t.Errorf("she is not told what she lacks: %s", hers.text())
	}

	// 5: she is unassigned: the next page that she asks for is refused already, and she
	// does not get in again.
	hers.open(w.server.URL + "/profile").status(http.StatusOK)
	directory.activate(ada, false)
	hers.open(w.server.URL + "/profile").at(w.server.URL + "/").says("Continue with SSO")
	w.signIn(hers, "ada@example.com", "ada@example.com")
	hers.at(w.server.URL+"/saml/"+w.org+"/acs").status(http.StatusForbidden).says("Access denied", "Request id")
	hers.open(w.server.URL + "/dashboard").at(w.server.URL + "/")
	if admin.press("Members"); admin.row("Augusta Lovelace") != "" {
		t.Errorf("the removed member is listed: %s", admin.row("Augusta Lovelace"))
	}
	admin.press("SAML and SCIM settings").at("/settings/saml").says("ada@example.com", "inactive")
}

// connectSAML is the set-up of SAML: two addresses out, metadata in, a domain proven.
// metadata is given the addresses, and returns the identity provider's file.
func connectSAML(t *testing.T, w *world, admin *tab, metadata func(acs, entityID string) string) {
	t.Helper()
	admin.press("SAML").at("/settings/saml").press("Enable SAML single sign-on").at("/settings/saml/setup")
	acs, entity := admin.copied("acs"), admin.copied("entity-id")
	if want := w.server.URL + "/saml/" + w.org + "/acs"; acs != want {
		t.Errorf("the Single Sign-On URL is %s, want %s", acs, want)
	}
	if !strings.HasPrefix(entity, w.server.URL+"/") {
		t.Errorf("the Service Provider Entity ID is %s", entity)
	}
	admin.press("Next: Provide metadata URL").at("/settings/saml/setup/metadata")
	admin.upload("Or a metadata file", metadata(acs, entity)).press("Next: Verify your domains").at("/settings/saml/setup/domains")
	admin.enter("Domain", "example.com").press("Check domain").at("/settings/saml/setup/domains")
	admin.says("TXT record name")
	id := evaluate[string](admin, `document.querySelector("[id^='name-']").id.slice(5)`)
	w.dns.publish(admin.copied("name-"+id), admin.copied("value-"+id))
	admin.press("Verify and Finish").at("/settings/saml").says("Connected", "example.com", "Verified")
}

// makeRole maps a SCIM group to a new custom role with permissions.
func makeRole(admin *tab, name, group string, permissions ...string) {
	admin.t.Helper()
	admin.press("Create new role").at("/roles/new").enter("Name", name).enter("SCIM group", group)
	for _, p := range permissions {
		admin.choosePermission(p)
	}
	admin.press("Create role")
	admin.says(name)
	admin.press("Roles")
}

// choosePermission ticks the box whose name holds the permission's id.
func (b *tab) choosePermission(id string) {
	b.t.Helper()
	for _, th := range b.things() {
		if th.role == "checkbox" && slices.Contains(strings.Fields(th.name), id) {
			b.choose(th.name)
			return
		}
	}
	b.t.Fatalf("%s has no box for %s: %s", b.where(), id, b.text())
}

// actAsAdmin does what only an admin may do, and sees it done.
func actAsAdmin(t *testing.T, b *tab) {
	t.Helper()
	b.press("SAML and SCIM settings").press("SCIM Configuration").at("/settings/scim")
	b.choose("Reject").press("Save rules").at("/settings/scim")
	if !slices.ContainsFunc(b.checked(), func(name string) bool { return strings.HasPrefix(name, "Reject") }) {
		t.Errorf("the rule was not saved; chosen are %q", b.checked())
	}
	b.choose("Create a new role").press("Save rules").at("/settings/scim")
}
