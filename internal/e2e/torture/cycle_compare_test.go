package torture

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall/rollcall/internal/e2e/live"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/scim"
	"github.com/rollcall/rollcall/scim/scimclient"
)

// compared counts what compare looked at, one by one.
type compared struct{ users, groups, memberships, links, members, roles int }

// compare fails for every difference between the server and the directory.
func (c *company) compare() compared {
	c.Helper()
	n, troubles := c.differences()
	for i, trouble := range troubles {
		if i == 20 {
			c.Errorf("and %d more differences", len(troubles)-i)
			break
		}
		c.Error(trouble)
	}
	return n
}

// differences reads everything that the server has and everything that the directory says, and returns what differs: users
// with their attributes, groups, memberships, the service's links, the members of the organization and their roles.
func (c *company) differences() (compared, []string) {
	c.Helper()
	var n compared
	var troubles []string
	wrong := func(format string, args ...any) { troubles = append(troubles, fmt.Sprintf(format, args...)) }
	inScope := c.inScope()
	users, groups := c.links(mapping.KindUser), c.links(mapping.KindGroup)
	n.links = len(users) + len(groups)

	// Users: who is in scope is there and as in the directory, everybody else is inactive.
	there, active := map[string]scim.Object{}, map[string]bool{}
	for o, err := range c.target.Users().AllByCursor(c.Context(), c.page()) {
		c.ok(err)
		there[text(o["id"])] = o
		active[text(o["id"])] = o["active"] == true
	}
	for id, u := range inScope {
		o, found := there[users[id]]
		if !found {
			wrong("%s is in scope and not on the server", u.UserPrincipalName)
			continue
		}
		c.compareUser(u, o, users, inScope, wrong)
		n.users++
	}
	for source, target := range users {
		o, found := there[target]
		if !found {
			wrong("the link of %s leads to %s, which is not there", source, target)
		} else if _, in := inScope[source]; !in && o["active"] != false {
			wrong("%v is out of scope and active", o["userName"])
		}
		delete(there, target)
	}
	for _, o := range there {
		if o["active"] != false {
			wrong("the server has %v, whom nobody provisions", o["userName"])
		}
	}

	// Groups and their members.
	should := map[string][]string{} // groups by the address of the member
	for g, err := range c.db.AssignedGroups(c.Context(), c.app) {
		c.ok(err)
		n.groups++
		n.memberships += c.compareGroup(g, groups[g.ID], users, active, inScope, should, wrong)
		delete(groups, g.ID)
	}
	for source, target := range groups {
		wrong("the group %s is not assigned and linked to %s", source, target)
	}
	listed := 0
	for _, err := range c.target.Groups().AllByCursor(c.Context(), c.page()) {
		c.ok(err)
		listed++
	}
	if listed != n.groups {
		wrong("the server has %d groups, %d are assigned", listed, n.groups)
	}

	n.members, n.roles = c.compareMembers(inScope, should, wrong)
	return n, troubles
}

func (c *company) page() scimclient.Params {
	count, first := 1000, ""
	return scimclient.Params{Count: &count, Cursor: &first, ExcludedAttributes: []string{"members", "groups"}}
}

func (c *company) compareUser(u directory.User, o scim.Object, links map[directory.ID]string, inScope map[directory.ID]directory.User, wrong func(string, ...any)) {
	name, _ := o["name"].(scim.Object)
	enterprise, _ := o[scim.EnterpriseUserURN].(scim.Object)
	manager, _ := enterprise["manager"].(scim.Object)
	for attribute, pair := range map[string][2]string{
		"userName": {text(o["userName"]), strings.ToLower(u.Mail)}, "displayName": {text(o["displayName"]), u.DisplayName},
		"givenName": {text(name["givenName"]), u.GivenName}, "familyName": {text(name["familyName"]), u.Surname},
		"title": {text(o["title"]), u.JobTitle}, "department": {text(enterprise["department"]), u.Department},
	} {
		// An attribute that became empty in the directory is not taken back: null is not provisioned.
		if pair[0] != pair[1] && pair[1] != "" {
			wrong("%s of %s: the server has %q, the directory %q", attribute, u.UserPrincipalName, pair[0], pair[1])
		}
	}
	if o["active"] != true {
		wrong("%s is in scope and not active", u.UserPrincipalName)
	}
	// A manager is sent when he is linked by then; who comes later is not noticed.
	if _, in := inScope[u.ManagerID]; in && manager != nil && text(manager["value"]) != links[u.ManagerID] {
		wrong("manager of %s: the server has %q, want %q", u.UserPrincipalName, text(manager["value"]), links[u.ManagerID])
	}
}

func (c *company) compareGroup(g directory.Group, target string, users map[directory.ID]string, active map[string]bool, inScope map[directory.ID]directory.User, should map[string][]string, wrong func(string, ...any)) int {
	c.Helper()
	if target == "" {
		wrong("the group %s is assigned and not linked", g.DisplayName)
		return 0
	}
	got, err := c.target.Groups().Get(c.Context(), target, scimclient.Params{})
	if err != nil {
		wrong("the group %s: %v", g.DisplayName, err)
		return 0
	}
	if got["displayName"] != g.DisplayName || got["externalId"] != string(g.ID) {
		wrong("the group %s of the directory: the server has %v, %v", g.DisplayName, got["displayName"], got["externalId"])
	}
	there := map[string]bool{}
	members, _ := got["members"].([]any)
	for _, m := range members {
		if id := text(m.(scim.Object)["value"]); active[id] { // membership of an inactive user has no effect
			there[id] = true
		}
	}
	n := 0
	for m, err := range c.db.AllMembers(c.Context(), g.ID) {
		c.ok(err)
		u, in := inScope[m.ID]
		if m.Kind != directory.KindUser || !in {
			continue
		}
		switch {
		case there[users[m.ID]]:
			n++
			should[strings.ToLower(u.Mail)] = append(should[strings.ToLower(u.Mail)], g.DisplayName)
		case !c.late[membership{g.ID, m.ID}]:
			wrong("%s is not in the group %s", u.UserPrincipalName, g.DisplayName)
		}
		delete(there, users[m.ID])
	}
	for id := range there {
		wrong("%s is in the group %s on the server only", id, g.DisplayName)
	}
	return n
}

// compareMembers compares who is a member of the organization, and with which roles, by the command line.
func (c *company) compareMembers(inScope map[directory.ID]directory.User, should map[string][]string, wrong func(string, ...any)) (members, roles int) {
	c.Helper()
	type named struct{ Name string }
	roleOf := map[string]string{}
	for _, g := range live.JSON[[]struct {
		DisplayName string
		Role        *named
	}](c, c.server.Database, "group", "list", "--org", c.org.ID) {
		if g.Role == nil {
			wrong("the group %s has no role", g.DisplayName)
			continue
		}
		roleOf[g.DisplayName] = g.Role.Name
	}
	expected := map[string]bool{}
	for _, u := range inScope {
		expected[strings.ToLower(u.Mail)] = true
	}
	for _, m := range live.JSON[[]struct {
		Email, ManagedBy string
		Roles            []struct{ Name, Source, Group string }
	}](c, c.server.Database, "member", "list", "--org", c.org.ID) {
		if m.ManagedBy != "scim" {
			continue
		}
		members++
		if !expected[m.Email] {
			wrong("%s is a member, and not in scope", m.Email)
		}
		delete(expected, m.Email)
		var got, want []string
		for _, r := range m.Roles {
			got = append(got, fmt.Sprintf("%s (%s %s)", r.Name, r.Source, r.Group))
		}
		for _, g := range should[m.Email] {
			want = append(want, fmt.Sprintf("%s (group %s)", roleOf[g], g))
		}
		if len(want) == 0 {
			want = []string{"Member (default )"}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			wrong("roles of %s: got %q, want %q", m.Email, got, want)
		}
		roles += len(got)
	}
	for email := range expected {
		wrong("%s is in scope and no member", email)
	}
	return members, roles
}

func (c *company) links(kind mapping.Kind) map[directory.ID]string {
	c.Helper()
	links := map[directory.ID]string{}
	for after := directory.ID(""); ; {
		list, err := c.svc.Links(c.Context(), c.job, kind, after, 1000)
		c.ok(err)
		for _, l := range list {
			links[l.SourceID] = l.TargetID
			after = l.SourceID
		}
		if len(list) < 1000 {
			return links
		}
	}
}

func text(v any) string {
	s, _ := v.(string)
	return s
}
