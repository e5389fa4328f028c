package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/rollcall/rollcall/internal/iam"
)

// demoMade is what the demo shows of itself.
type demoMade struct {
	Server        string             `json:"server"`
	SignInURL     string             `json:"signInURL"` // signs in as the Admin
	AdminEmail    string             `json:"adminEmail"`
	AdminPassword string             `json:"adminPassword"`
	Organization  iam.OrganizationID `json:"organization"`
	Endpoint      string             `json:"endpoint"`
	Bearer        string             `json:"bearer"`
	Database      string             `json:"database"`
	Dir           string             `json:"dir"`
	Entra         *demoEntraMade     `json:"entra,omitempty"` // with the stand-in
}

// screen tells what is there and what to try, on one screen.
func (m demoMade) screen(w io.Writer, temporary bool) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	kept := "kept: the same --dir goes on from here"
	if temporary {
		kept = "removed when the demo ends"
	}
	facts := func(pairs ...string) {
		facts(w, append(pairs,
			"  Admin", m.AdminEmail+", password "+m.AdminPassword,
			"  Data", m.Dir+" ("+kept+")")...)
	}
	if m.Entra == nil {
		m.oktaScreen(say, facts)
		return
	}
	e := m.Entra
	say("Rollcall and a stand-in for Microsoft Entra ID are running. Ctrl-C ends both.\n\nOpen these three links.\n")
	facts(
		"  Rollcall", m.SignInURL+"  signs you in as the Admin",
		"  Portal", e.Portal+"  pick Adele Okafor, the Global Administrator",
		"  On demand", e.OnDemand)
	say("\nSAML and SCIM are connected. Tenant URL, Secret Token and userName <- mail are filled in, the groups")
	say("Admins, Developers and Read-only are assigned, and provisioning is Off. Now the guide's test plan:")
	for _, step := range demoSteps {
		say("\n%s", strings.ReplaceAll(step, demoServerMark, m.Server))
	}
	say("\nThen Provisioning > Start provisioning brings everybody else. With pictures: docs/guide.md")
}

// demoServerMark stands for the server's address.
const demoServerMark = "<server>"

// demoSteps are the five rows of the guide's test plan. A user is provisioned on demand
// without memberships: those come with the group (Microsoft Entra docs,
// "provision-on-demand").
var demoSteps = []string{
	`1  Portal: Groups > Admins > Add members: Yuki Nakamura. On demand: User "Yuki", Provision; then
   Group "Admins", Choose members: Yuki, Provision. Rollcall: Users and roles shows her, role Admins.`,
	`2  In a private window open ` + demoServerMark + `, enter ` + demoPerson + `, Continue with SSO,
   and pick her. She lands on the Dashboard, with admin access.`,
	`3  Portal: Users > Yuki Nakamura > Edit properties: First name and Display name, Save.
   On demand: User "Yuki". Users and roles shows the new name.`,
	`4  Portal: Groups > Admins: tick her, Remove members; Groups > Read-only > Add members. On demand: both
   groups, with her chosen. Her role is Read-only; her private window has lost the settings.`,
	`5  Portal: Groups > Read-only: tick her, Remove members. On demand: User "Yuki". She is no member any
   more, her private window is signed out, and signing in again is refused.`,
}

// oktaScreen shows what an Okta administrator would enter, and the requests that Okta sends
// then, to be pasted into a shell.
func (m demoMade) oktaScreen(say func(string, ...any), facts func(...string)) {
	say("Rollcall is running. Ctrl-C ends it.\n\nOpen this link: it signs you in as the Admin.\n\n  %s\n", m.SignInURL)
	facts(
		"  SCIM connector base URL", m.Endpoint,
		"  Unique identifier field", "userName",
		"  Authentication mode", "HTTP Header, token "+m.Bearer)
	say("\nNo identity provider runs here. In another terminal, these are the requests of Okta:\n")
	say("BASE=%s", m.Endpoint)
	say("AUTH='Authorization: Bearer %s'", m.Bearer)
	say("TYPE='Content-Type: application/scim+json'")
	say("\n# Assigned to the app: looked for, and created")
	say(`curl -s -H "$AUTH" "$BASE/Users?filter=userName%%20eq%%20%%22ada%%40example.com%%22&startIndex=1&count=100"; echo`)
	say(`ADA=$(curl -s -H "$AUTH" -H "$TYPE" "$BASE/Users" -d '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],`)
	say(`  "userName":"ada@example.com","name":{"givenName":"Ada","familyName":"Lovelace"},"displayName":"Ada Lovelace","externalId":"00uada",`)
	say(`  "emails":[{"primary":true,"type":"work","value":"ada@example.com"}],"groups":[],"active":true}' | sed 's/.*"id":"\([^"]*\)".*/\1/'); echo "$ADA"`)
	say("\n# Push Groups: the group comes, then its member, and gives her the role of its name")
	say(`GROUP=$(curl -s -H "$AUTH" -H "$TYPE" "$BASE/Groups" -d '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],`)
	say(`  "displayName":"Developers","members":[]}' | sed 's/.*"id":"\([^"]*\)".*/\1/'); echo "$GROUP"`)
	say(`curl -s -X PATCH -H "$AUTH" -H "$TYPE" "$BASE/Groups/$GROUP" -d '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],`)
	say(`  "Operations":[{"op":"replace","value":{"id":"'"$GROUP"'","displayName":"Developers"}},{"op":"add","path":"members","value":[{"value":"'"$ADA"'"}]}]}'; echo`)
	say("\n# Unassigned: deactivated, never deleted")
	say(`curl -s -X PATCH -H "$AUTH" -H "$TYPE" "$BASE/Users/$ADA" -d '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],`)
	say(`  "Operations":[{"op":"replace","value":{"active":false}}]}'; echo`)
	say("\n# The whole protocol, checked")
	say(`ROLLCALL_TOKEN=%s %s check "$BASE" --profile okta`, m.Bearer, thisProgram())
}

// thisProgram is how a reader runs this program again.
func thisProgram() string {
	path, err := os.Executable()
	if err != nil || strings.Contains(path, string(filepath.Separator)+"go-build") {
		return "go run ./cmd/rollcall"
	}
	return shellWord(path)
}

// shellWord quotes what a shell would not take as one word.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("/._-:@%+=,", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
