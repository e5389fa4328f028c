package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/cycle"
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
	Profile       string             `json:"profile"`
	Entra         *demoEntraMade     `json:"entra"`
}

// screen tells what is there and what to try, on one screen.
func (m demoMade) screen(w io.Writer, temporary bool) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	kept := "kept: the same --dir goes on from here"
	if temporary {
		kept = "removed when the demo ends"
	}
	e := m.Entra
	sends := ""
	if m.Profile == string(cycle.MannerOkta) {
		sends = ", which provisions as Okta does,"
	}
	say("Rollcall and a stand-in for Microsoft Entra ID%s are running. Ctrl-C ends both.\n\nOpen these three links.\n", sends)
	facts(w,
		"  Rollcall", m.SignInURL+"  signs you in as the Admin",
		"  Portal", e.Portal+"  pick Adele Okafor, the Global Administrator",
		"  On demand", e.OnDemand,
		"  Admin", m.AdminEmail+", password "+m.AdminPassword,
		"  Data", m.Dir+" ("+kept+")")
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
