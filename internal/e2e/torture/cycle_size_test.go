package torture

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/scim/scimclient"
)

// TestCycle_size provisions a whole company into a real server in one initial cycle, compares each user, group, membership,
// link and role with the directory, finds nothing to do in the next cycle, and takes 500 changes over in one more.
func TestCycle_size(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine string) {
		plan := directory.Plan{Users: length(300, 10_000), Groups: length(20, 200), Memberships: length(900, 30_000), Seed: 7, Domain: "example.com"}
		c := newCompany(t, engine, noLimit...)
		c.employ(plan)
		l := newLife(c, 7)

		first := c.cycle()
		c.report("initial cycle", first)
		if first.Kind != cycle.Initial || first.Users < plan.Users || first.Groups != plan.Groups {
			t.Errorf("the first cycle is %s with %d users and %d groups", first.Kind, first.Users, first.Groups)
		}
		began := time.Now()
		n := c.compare()
		t.Logf("%s: compared in %v: %+v", engine, time.Since(began).Round(time.Millisecond), n)
		want := compared{users: plan.Users, groups: plan.Groups, memberships: plan.Memberships, links: plan.Users + plan.Groups, members: plan.Users, roles: n.roles}
		if n != want {
			t.Errorf("compared %+v, want %+v", n, want)
		}

		second := c.cycle()
		c.report("second cycle", second)
		if second.Kind != cycle.Incremental || second.CallCount() != 1 {
			t.Errorf("the second cycle is %s with %d requests, want the test of the credentials alone", second.Kind, second.CallCount())
		}

		changes := length(60, 500)
		for range changes {
			l.step()
		}
		third := c.cycle()
		c.report(fmt.Sprintf("cycle after %d changes", changes), third)
		if third.Kind != cycle.Incremental {
			t.Errorf("the third cycle is %s", third.Kind)
		}
		t.Logf("%s: compared %+v", engine, c.compare())
		if idle := c.cycle(); idle.CallCount() != 1 {
			t.Errorf("the cycle after it sends %d requests: %v", idle.CallCount(), idle.Outcomes)
		}
	})
}

// A comparison that finds nothing is worth what it would find: one fault of each kind, made behind the service's back.
func TestCycle_comparisonFindsFaults(t *testing.T) {
	c := newCompany(t, "sqlite")
	c.employ(directory.Plan{Users: 6, Groups: 2, Memberships: 8, Seed: 3, Domain: "example.com"})
	c.cycle()
	c.compare()
	users, groups := c.links(mapping.KindUser), c.links(mapping.KindGroup)
	user, group := slices.Sorted(maps.Values(users))[0], slices.Sorted(maps.Values(groups))[0]
	read, err := c.target.Groups().Get(t.Context(), group, scimclient.Params{})
	c.ok(err)
	patch := func(path, operation string) request {
		return request{http.MethodPatch, path, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + operation + `]}`}
	}
	members, err := json.Marshal(read["members"])
	c.ok(err)
	for _, fault := range []struct {
		says string
		make request
		undo request // the zero value leaves it
	}{
		{"not active", patch("/Users/"+user, `{"op":"replace","path":"active","value":false}`), patch("/Users/"+user, `{"op":"replace","path":"active","value":true}`)},
		{"is not in the group", patch("/Groups/"+group, `{"op":"remove","path":"members"}`), patch("/Groups/"+group, `{"op":"add","path":"members","value":`+string(members)+`}`)},
		{"title of", patch("/Users/"+user, `{"op":"replace","path":"title","value":"Impostor"}`), request{}},
		{"the server has Impostors", patch("/Groups/"+group, `{"op":"replace","path":"displayName","value":"Impostors"}`), request{}},
		{"whom nobody provisions", request{http.MethodPost, "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"impostor@example.com"}`}, request{}},
		{"2 are assigned", request{http.MethodPost, "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"More"}`}, request{}},
	} {
		c.send(fault.make)
		if _, troubles := c.differences(); !slices.ContainsFunc(troubles, func(s string) bool { return strings.Contains(s, fault.says) }) {
			t.Errorf("not found: %q; found are %q", fault.says, troubles)
		}
		if fault.undo != (request{}) {
			c.send(fault.undo)
			if _, troubles := c.differences(); len(troubles) > 0 {
				t.Errorf("%q is undone, and still found: %q", fault.says, troubles)
			}
		}
	}
}

// request is one that somebody else sends.
type request struct{ method, path, body string }

func (c *company) send(r request) {
	c.Helper()
	answer, err := c.target.Do(c.Context(), r.method, r.path, "", r.body, nil)
	c.ok(err)
	if answer.Status >= 300 {
		c.Fatalf("%s %s: %d %s", r.method, r.path, answer.Status, answer.Body)
	}
}

// employ fills the directory and assigns everybody: groups, and those directly who are in none.
func (c *company) employ(plan directory.Plan) {
	c.Helper()
	ctx := c.Context()
	_, err := c.db.Generate(ctx, plan)
	c.ok(err)
	for g, err := range c.db.Groups(ctx) {
		c.ok(err)
		_, err = c.db.Assign(ctx, c.app, g.ID)
		c.ok(err)
	}
	var direct []directory.ID
	for u, err := range c.db.Users(ctx) {
		c.ok(err)
		groups, err := c.db.GroupsOf(ctx, u.ID, "", 1)
		c.ok(err)
		if len(groups) == 0 {
			direct = append(direct, u.ID)
		}
		if !u.AccountEnabled {
			_, err = c.db.EnableUser(ctx, u.ID)
			c.ok(err)
		}
	}
	for _, id := range direct {
		_, err := c.db.Assign(ctx, c.app, id)
		c.ok(err)
	}
	c.Logf("%d users, %d groups, %d memberships; %d users are assigned directly", plan.Users, plan.Groups, plan.Memberships, len(direct))
}

// report prints what a cycle did.
func (c *company) report(what string, ran cycle.Cycle) {
	c.Helper()
	var calls, outcomes []string
	for _, status := range slices.Sorted(maps.Keys(ran.Calls)) {
		calls = append(calls, fmt.Sprintf("%d: %d", status, ran.Calls[status]))
	}
	for action, results := range ran.Outcomes {
		for result, n := range results {
			outcomes = append(outcomes, fmt.Sprintf("%s %s %d", action, result, n))
		}
	}
	slices.Sort(outcomes)
	c.Logf("%s in %v: %d requests (%.0f a second) by status %s; %d users, %d groups, %d memberships; %s", what, c.took.Round(time.Millisecond),
		ran.CallCount(), float64(ran.CallCount())/c.took.Seconds(), strings.Join(calls, ", "), ran.Users, ran.Groups, ran.Members, strings.Join(outcomes, ", "))
}
