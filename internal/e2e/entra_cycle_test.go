package e2e

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
	"github.com/rollcall/rollcall/scim"
	"github.com/rollcall/rollcall/scim/scimclient"
)

// TestEntraCycle provisions a small directory of the stand-in for Entra ID into a real
// server, in both dialects and on both engines, and compares what each holds one by one.
func TestEntraCycle(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		for dialect, suffix := range map[string]string{"legacy": "", "optscim": "?aadOptscim062020"} {
			t.Run(dialect, func(t *testing.T) {
				t.Parallel()
				e := newEntraWorld(t, newSCIMServer(t, open(store.Options{})), suffix)
				e.compareAfter(cycle.Initial)
				if c := e.run(); c.Kind != cycle.Incremental || c.CallCount() != 1 {
					t.Errorf("a cycle without changes: %s with %d calls", c.Kind, c.CallCount())
				}
				e.changeSomething()
				e.compareAfter(cycle.Incremental)
			})
		}
	})
}

// entraWorld is a directory, its provisioning job, and the server that it provisions.
type entraWorld struct {
	*testing.T
	server *scimServer
	db     *directory.DB
	svc    *cycle.Service
	app    directory.ID
	job    cycle.JobID
	target *scimclient.Client
}

func newEntraWorld(t *testing.T, server *scimServer, suffix string) *entraWorld {
	t.Helper()
	e := &entraWorld{T: t, server: server, target: &scimclient.Client{BaseURL: server.endpoint, Token: server.bearer}}
	db, err := directory.Open(t.Context(), "", directory.Options{})
	e.ok(err)
	t.Cleanup(func() { _ = db.Close() })
	e.db, e.svc = db, &cycle.Service{Directory: db, Concurrency: 4}
	e.ok(e.svc.Prepare(t.Context()))
	_, err = db.Generate(t.Context(), directory.Plan{Users: 40, Groups: 4, Memberships: 90, Seed: 3, Domain: "example.com"})
	e.ok(err)
	app, err := db.CreateApplication(t.Context(), directory.Application{DisplayName: "Rollcall"})
	e.ok(err)
	e.app = app.ID
	by := cycle.Actor{Name: "admin@example.com"}
	j, err := e.svc.CreateJob(t.Context(), app.ID, by)
	e.ok(err)
	e.job = j.ID
	_, err = e.svc.SaveCredentials(t.Context(), j.ID, server.endpoint+suffix, server.bearer, by)
	e.ok(err)
	users := j.Users.Clone()
	users.Attributes[0].Source.Text = "mail" // as the guide asks
	_, err = e.svc.SaveMapping(t.Context(), j.ID, users, by)
	e.ok(err)
	_, err = e.svc.Start(t.Context(), j.ID, by)
	e.ok(err)
	for g, err := range db.Groups(t.Context()) {
		e.ok(err)
		_, err = db.Assign(t.Context(), app.ID, g.ID)
		e.ok(err)
	}
	return e
}

func (e *entraWorld) ok(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

func (e *entraWorld) run() cycle.Cycle {
	e.Helper()
	c, err := e.svc.RunCycle(e.Context(), e.job)
	e.ok(err)
	if n := c.Count("", cycle.Failure); n > 0 || c.Quarantined != "" {
		entries, _, err := e.svc.Logs(e.Context(), cycle.LogFilter{Statuses: []cycle.Result{cycle.Failure}, Limit: 3})
		e.ok(err)
		for _, entry := range entries {
			e.Logf("%s: %s", entry.Source.DisplayName, entry.Error.Reason)
		}
		e.Fatalf("%d failures, quarantine %q", n, c.Quarantined)
	}
	return c
}

// changeSomething lets one of everything happen.
func (e *entraWorld) changeSomething() {
	e.Helper()
	ctx := e.Context()
	var users []directory.User
	for u, err := range e.db.AssignedUsers(ctx, e.app) {
		e.ok(err)
		users = append(users, u)
	}
	var groups []directory.Group
	for g, err := range e.db.AssignedGroups(ctx, e.app) {
		e.ok(err)
		groups = append(groups, g)
	}
	_, err := e.db.UpdateUser(ctx, users[0].ID, func(u *directory.User) error {
		u.DisplayName, u.GivenName, u.Department = "Changed", "Chan", "Elsewhere"
		return nil
	})
	e.ok(err)
	_, err = e.db.DisableUser(ctx, users[1].ID)
	e.ok(err)
	e.ok(e.db.DeleteUser(ctx, users[2].ID))
	e.ok(e.db.DeleteUser(ctx, users[3].ID))
	e.ok(e.db.PurgeUser(ctx, users[3].ID))
	members, err := e.db.Members(ctx, groups[0].ID, "", 2)
	e.ok(err)
	for _, m := range members {
		_, err = e.db.RemoveMember(ctx, groups[0].ID, m.ID)
		e.ok(err)
	}
	hired, err := e.db.CreateUser(ctx, directory.User{
		UserPrincipalName: "hired@example.com", Mail: "Hired@example.com", DisplayName: "Hired", AccountEnabled: true, ManagerID: users[0].ID,
	})
	e.ok(err)
	_, err = e.db.AddMember(ctx, groups[1].ID, hired.ID)
	e.ok(err)
	_, err = e.db.UpdateGroup(ctx, groups[1].ID, func(g *directory.Group) error { g.DisplayName = "Renamed"; return nil })
	e.ok(err)
	e.ok(e.db.Unassign(ctx, e.app, groups[2].ID))
}

// compareAfter runs a cycle and compares every user, group and link with the directory.
func (e *entraWorld) compareAfter(kind cycle.CycleKind) {
	e.Helper()
	if c := e.run(); c.Kind != kind {
		e.Errorf("cycle: %s, want %s", c.Kind, kind)
	}
	users := e.links(mapping.KindUser)
	inScope := map[directory.ID]bool{}
	for u, err := range e.db.AssignedUsers(e.Context(), e.app) {
		e.ok(err)
		inScope[u.ID] = u.AccountEnabled
		if _, linked := users[u.ID]; !linked && u.AccountEnabled {
			e.Errorf("%s is in scope and not linked", u.UserPrincipalName)
		}
	}
	for id, target := range users {
		e.compareUser(id, target, inScope[id], users)
	}
	listed := e.list(e.target.Users())
	if len(listed) != len(users) {
		e.Errorf("the server has %d users, %d are linked", len(listed), len(users))
	}

	groups := e.links(mapping.KindGroup)
	for g, err := range e.db.AssignedGroups(e.Context(), e.app) {
		e.ok(err)
		e.compareGroup(g, groups[g.ID], users, inScope)
		delete(groups, g.ID)
	}
	if len(groups) > 0 {
		e.Errorf("links of groups that are not assigned: %v", groups)
	}
}

func (e *entraWorld) compareUser(id directory.ID, target string, inScope bool, links map[directory.ID]string) {
	e.Helper()
	u, err := e.db.User(e.Context(), id)
	e.ok(err)
	got, err := e.target.Users().Get(e.Context(), target, scimclient.Params{})
	e.ok(err)
	if got["userName"] != strings.ToLower(u.Mail) || got["active"] != inScope {
		e.Errorf("%s: the server has %v, active %v; want %s, %v", id, got["userName"], got["active"], u.Mail, inScope)
	}
	if !inScope {
		return // only active is kept up to date
	}
	enterprise, _ := got[scim.EnterpriseUserURN].(scim.Object)
	manager, _ := enterprise["manager"].(scim.Object)
	// A manager who is purged is not taken back: null is not provisioned.
	if want := links[u.ManagerID]; want != "" && plain(manager["value"]) != want {
		e.Errorf("manager of %s: the server has %q, want %q", u.UserPrincipalName, plain(manager["value"]), want)
	}
	name, _ := got["name"].(scim.Object)
	for attribute, pair := range map[string][2]any{
		"displayName": {got["displayName"], u.DisplayName},
		"givenName":   {plain(name["givenName"]), u.GivenName},
		"department":  {plain(enterprise["department"]), u.Department},
	} {
		if pair[0] != pair[1] {
			e.Errorf("%s of %s: the server has %q, the directory %q", attribute, u.UserPrincipalName, pair[0], pair[1])
		}
	}
}

// plain is a text of a resource, "" when it has none.
func plain(v any) string {
	s, _ := v.(string)
	return s
}

func (e *entraWorld) compareGroup(g directory.Group, target string, users map[directory.ID]string, inScope map[directory.ID]bool) {
	e.Helper()
	got, err := e.target.Groups().Get(e.Context(), target, scimclient.Params{})
	if err != nil {
		e.Errorf("group %s: %v", g.DisplayName, err)
		return
	}
	if got["displayName"] != g.DisplayName || got["externalId"] != string(g.ID) {
		e.Errorf("group %s: the server has %v, %v", g.DisplayName, got["displayName"], got["externalId"])
	}
	there := map[string]bool{}
	members, _ := got["members"].([]any)
	for _, m := range members {
		there[plain(m.(scim.Object)["value"])] = true
	}
	for id, target := range users {
		is, err := e.db.IsMember(e.Context(), g.ID, id)
		e.ok(err)
		if there[target] != is && (is || inScope[id]) {
			e.Errorf("%s in group %s: the server says %v, the directory %v", id, g.DisplayName, there[target], is)
		}
		delete(there, target)
	}
	if len(there) > 0 {
		e.Errorf("group %s has unknown members: %v", g.DisplayName, slices.Collect(maps.Keys(there)))
	}
	exported, err := e.svc.ExportedMembers(e.Context(), e.job, g.ID, "", 1000)
	e.ok(err)
	if len(exported) != len(members) {
		e.Errorf("group %s: %d members were told, the server has %d", g.DisplayName, len(exported), len(members))
	}
}

func (e *entraWorld) links(kind mapping.Kind) map[directory.ID]string {
	e.Helper()
	list, err := e.svc.Links(e.Context(), e.job, kind, "", 1000)
	e.ok(err)
	links := map[directory.ID]string{}
	for _, l := range list {
		links[l.SourceID] = l.TargetID
	}
	return links
}

func (e *entraWorld) list(resources scimclient.Resources) []scim.Object {
	e.Helper()
	count := 1000
	page, err := resources.List(e.Context(), scimclient.Params{Count: &count})
	e.ok(err)
	if page.TotalResults != len(page.Resources) {
		e.Fatalf("%d of %d on one page", len(page.Resources), page.TotalResults)
	}
	return page.Resources
}
