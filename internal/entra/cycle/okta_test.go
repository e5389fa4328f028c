package cycle_test

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
	"github.com/rollcall/rollcall/scim"
)

// newOktaWorld is a world whose service has Okta's manner, with an application of its own.
func newOktaWorld(t *testing.T, manner cycle.Manner) *world {
	t.Helper()
	w := newWorld(t)
	w.svc.Manner = manner
	var err error
	w.app, err = w.db.CreateApplication(t.Context(), directory.Application{DisplayName: "Okta app"})
	w.ok(err)
	j, err := w.svc.CreateJob(t.Context(), w.app.ID, admin)
	w.ok(err)
	w.job = j.ID
	w.credentials(w.target.url)
	_, err = w.svc.Start(t.Context(), w.job, admin)
	w.ok(err)
	w.target.fail(w.target.okta)
	return w
}

// okta answers what the scripted target does not know by itself: PUT, and lists without a
// filter. The target is locked.
func (s *scriptedTarget) okta(c call) (int, string, http.Header) {
	path, query, _ := strings.Cut(c.URI, "?")
	kind, id, _ := strings.Cut(strings.Trim(path, "/"), "/")
	all, rt := s.users, scim.User
	if kind == "Groups" {
		all, rt = s.groups, scim.Group
	}
	switch {
	case c.Method == http.MethodPut && all[id] != nil:
		in, err := scim.Decode([]byte(c.Body))
		if err != nil {
			return failure(err)
		}
		if rt == scim.Group {
			s.members[id] = map[string]bool{}
			members, _ := in["members"].([]any)
			for _, one := range members {
				s.members[id][one.(scim.Object)["value"].(string)] = true
			}
			delete(in, "members")
		}
		document, _, err := rt.Normalize(in)
		if err != nil {
			return failure(err)
		}
		document["id"] = id
		all[id] = document
		return 200, string(scim.Encode(document)), nil
	case c.Method == http.MethodGet && id == "" && !strings.Contains(query, "filter="):
		var start, count int
		if _, err := fmt.Sscanf(query, "startIndex=%d&count=%d", &start, &count); err != nil {
			start, count = 1, 1
		}
		ids := slices.Sorted(maps.Keys(all))
		resources := []any{}
		for _, id := range ids[min(start-1, len(ids)):min(start-1+count, len(ids))] {
			resources = append(resources, all[id])
		}
		return 200, string(scim.Encode(scim.Object{
			"schemas": []any{scim.ListResponseURN}, "totalResults": json.Number(fmt.Sprint(len(ids))), "startIndex": json.Number(fmt.Sprint(start)), "Resources": resources,
		})), nil
	}
	return 0, "", nil
}

// oktaCycle runs a cycle and returns its calls after the test of the connection.
func (w *world) oktaCycle() []call {
	w.Helper()
	w.target.taken()
	_, err := w.svc.RunCycle(w.Context(), w.job)
	w.ok(err)
	calls := w.target.taken()
	if len(calls) == 0 || calls[0].URI != "/Users?count=1&startIndex=1" {
		w.Fatalf("calls: %v, want the test of the connection first", calls)
	}
	for _, c := range calls {
		if c.Header.Get("User-Agent") != "Okta SCIM Client 1.0.0" {
			w.Errorf("%s has the User-Agent %q", c, c.Header.Get("User-Agent"))
		}
		if c.Body != "" && c.Header.Get("Content-Type") != "application/scim+json; charset=utf-8" {
			w.Errorf("%s has the Content-Type %q", c, c.Header.Get("Content-Type"))
		}
		if c.Status >= 400 {
			w.Errorf("%s %s was answered %d", c, c.Body, c.Status)
		}
	}
	w.clock.Advance(time.Hour)
	return calls[1:]
}

func (w *world) isaac() directory.User {
	w.Helper()
	u, err := w.db.CreateUser(w.Context(), directory.User{
		UserPrincipalName: "isaac@corp.example.com", Mail: "isaac.1@example.com", GivenName: "Isaac", Surname: "User", DisplayName: "Isaac User",
		PreferredLanguage: "en-US", AccountEnabled: true,
	})
	w.ok(err)
	return u
}

// withRecorded puts the recorded externalId and password in the place of those that were
// sent, which are an object id of the directory and random.
func withRecorded(calls []call) []call {
	out := slices.Clone(calls)
	for i, c := range out {
		var body map[string]any
		if json.Unmarshal([]byte(c.Body), &body) != nil || body["externalId"] == nil {
			continue
		}
		body["externalId"], body["password"] = "00uXisaac", "1mz050nq"
		encoded, _ := json.Marshal(body)
		out[i].Body = string(encoded)
	}
	return out
}

// Rows K1, K2, K4, K5 of Okta's documented exchanges, in both families.
func TestOkta_users(t *testing.T) {
	t.Parallel()
	for _, manner := range []cycle.Manner{cycle.MannerOkta, cycle.MannerOktaPut} {
		t.Run(string(manner), func(t *testing.T) {
			t.Parallel()
			w := newOktaWorld(t, manner)
			isaac := w.isaac()
			w.assign(isaac.ID)
			calls := withRecorded(w.oktaCycle())
			w.wantCalls(calls, "GET Users?", "POST Users")
			w.wantGolden([]call{{Method: "GET", URI: strings.ReplaceAll(calls[0].URI, "isaac.1%40example.com", "test.1%40okta.local")}}, "../okta/k01-look-up-user.json", 0)
			w.wantGolden(calls, "../okta/k02-create-user.json", 0)
			for _, e := range w.last(isaac.ID).Exchanges {
				if strings.Contains(e.Body, `"password"`) && !strings.Contains(e.Body, `"password":"[Redact]"`) {
					t.Errorf("the log shows a password: %s", e.Body)
				}
			}
			w.wantCalls(w.oktaCycle())

			// A changed name: the user is read and put back whole.
			w.change(isaac, func(u *directory.User) { u.GivenName = "Ike" })
			calls = w.oktaCycle()
			w.wantCalls(calls, "GET Users/id", "PUT Users/id")
			body := bodyOf(t, calls[1])
			email := body["emails"].([]any)[0].(map[string]any)
			if body["name"].(map[string]any)["givenName"] != "Ike" || body["name"].(map[string]any)["familyName"] != "User" || body["active"] != true ||
				body["id"] != "u00001" || body["meta"].(map[string]any)["resourceType"] != "User" || len(body["groups"].([]any)) != 0 || email["display"] != "isaac.1@example.com" {
				t.Errorf("PUT %s", calls[1].Body)
			}

			// Unassigned, and assigned again.
			for _, active := range []bool{false, true} {
				if active {
					w.assign(isaac.ID)
				} else {
					w.unassign(isaac.ID)
				}
				calls = w.oktaCycle()
				if manner == cycle.MannerOktaPut {
					w.wantCalls(calls, "GET Users/id", "PUT Users/id")
					if body := bodyOf(t, calls[1]); body["active"] != active || body["userName"] != "isaac.1@example.com" {
						t.Errorf("PUT %s", calls[1].Body)
					}
				} else {
					w.wantCalls(calls, "GET Users/id", "PATCH Users/id")
					step := 0
					if active {
						step = 2
					}
					w.wantGolden(calls, "../okta/k05-deactivate.json", step)
				}
				if got := w.target.user(t, "isaac.1@example.com")["active"]; got != active {
					t.Errorf("active is %v, want %v", got, active)
				}
			}

			// Deleted for good: never DELETE on users.
			w.ok(w.db.DeleteUser(t.Context(), isaac.ID))
			w.oktaCycle()
			w.ok(w.db.PurgeUser(t.Context(), isaac.ID))
			w.wantCalls(w.oktaCycle())
			w.wantEntry(w.last(isaac.ID), cycle.ActionOther, cycle.Skipped, cycle.SkipActionDisabled)
		})
	}
}

// Activation and another change at once travel apart in the catalogue's family.
func TestOkta_activationWithChanges(t *testing.T) {
	t.Parallel()
	w := newOktaWorld(t, cycle.MannerOkta)
	isaac := w.isaac()
	w.assign(isaac.ID)
	w.oktaCycle()
	w.unassign(isaac.ID)
	w.oktaCycle()
	w.change(isaac, func(u *directory.User) { u.JobTitle = "Physicist" })
	w.assign(isaac.ID)
	calls := w.oktaCycle()
	w.wantCalls(calls, "GET Users/id", "PATCH Users/id", "GET Users/id", "PUT Users/id")
	if body := bodyOf(t, calls[3]); body["title"] != "Physicist" || body["active"] != true {
		t.Errorf("PUT %s", calls[3].Body)
	}
}

func bodyOf(t *testing.T, c call) map[string]any {
	t.Helper()
	var body map[string]any
	if err := json.Unmarshal([]byte(c.Body), &body); err != nil {
		t.Fatalf("%s %q: %v", c, c.Body, err)
	}
	return body
}

// Rows K6 to K9 and K11.
func TestOkta_groupsByPatch(t *testing.T) {
	t.Parallel()
	w := newOktaWorld(t, cycle.MannerOkta)
	one, two, three := w.addUser("one.1"), w.addUser("two.1"), w.addUser("three.1")
	team := w.addGroup("Team 1", one, two)
	w.assign(one.ID, two.ID, three.ID, team.ID)
	calls := w.oktaCycle()
	groups := slices.DeleteFunc(slices.Clone(calls), func(c call) bool { return strings.HasPrefix(c.URI, "/Users") })
	w.wantCalls(groups, "GET Groups?", "POST Groups", "PATCH Groups/id")
	w.wantGolden([]call{{Method: "GET", URI: strings.ReplaceAll(groups[0].URI, "Team%201", "Push%201")}}, "../okta/k06-look-up-group.json", 0)
	w.wantGolden([]call{{Method: "POST", URI: "/Groups", Body: strings.ReplaceAll(groups[1].Body, "Team 1", "Empty 1")}}, "../okta/k07-create-group.json", 0)
	operations := bodyOf(t, groups[2])["Operations"].([]any)
	if len(operations) != 2 || operations[1].(map[string]any)["op"] != "replace" || len(operations[1].(map[string]any)["value"].([]any)) != 2 {
		t.Errorf("the first push is %s", groups[2].Body)
	}

	w.join(team, three)
	calls = w.oktaCycle()
	w.wantGolden(calls, "../okta/k09-rename-with-members.json", 0)
	w.part(team, one)
	calls = w.oktaCycle()
	operations = bodyOf(t, calls[len(calls)-1])["Operations"].([]any)
	if got, want := operations[1].(map[string]any)["path"], fmt.Sprintf("members[value eq %q]", w.target.user(t, "one.1@example.com")["id"]); got != want {
		t.Errorf("the removal has the path %v, want %s", got, want)
	}
	if got := w.target.groupMembers("Team 1"); !slices.Equal(got, []string{"three.1@example.com", "two.1@example.com"}) {
		t.Errorf("members are %q", got)
	}

	_, err := w.db.UpdateGroup(t.Context(), team.ID, func(g *directory.Group) error { g.DisplayName = "Team 2"; return nil })
	w.ok(err)
	calls = w.oktaCycle()
	w.wantCalls(calls, "GET Groups/id", "PATCH Groups/id")
	if strings.Contains(calls[0].URI, "excludedAttributes") || len(bodyOf(t, calls[1])["Operations"].([]any)) != 1 {
		t.Errorf("the rename is %s, %s", calls[0], calls[1].Body)
	}
	w.unassign(team.ID)
	calls = slices.DeleteFunc(w.oktaCycle(), func(c call) bool { return strings.HasPrefix(c.URI, "/Users") })
	w.wantCalls(calls, "GET Groups/id", "DELETE Groups/id")
}

// Row K10: every push of a group carries all of it.
func TestOkta_groupsByPut(t *testing.T) {
	t.Parallel()
	w := newOktaWorld(t, cycle.MannerOktaPut)
	one, two, three := w.addUser("one.1"), w.addUser("two.1"), w.addUser("three.1")
	team := w.addGroup("Team 1", one, two)
	w.assign(one.ID, two.ID, three.ID, team.ID)
	w.oktaCycle()
	w.part(team, one)
	w.join(team, three)
	calls := w.oktaCycle()
	// The members stand in the order of their ids, which are random.
	put := bodyOf(t, calls[len(calls)-1])
	members := put["members"].([]any)
	slices.SortFunc(members, func(a, b any) int {
		return strings.Compare(b.(map[string]any)["display"].(string), a.(map[string]any)["display"].(string))
	})
	put["displayName"] = "Team renamed 1"
	encoded, err := json.Marshal(put)
	w.ok(err)
	w.wantGolden([]call{{Method: calls[len(calls)-1].Method, URI: calls[len(calls)-1].URI, Body: string(encoded)}}, "../okta/k10-put-group.json", 0)
	if got := w.target.groupMembers("Team 1"); !slices.Equal(got, []string{"three.1@example.com", "two.1@example.com"}) {
		t.Errorf("members are %q", got)
	}
	_, err = w.db.UpdateGroup(t.Context(), team.ID, func(g *directory.Group) error { g.DisplayName = "Team 2"; return nil })
	w.ok(err)
	w.oktaCycle()
	if got := w.target.groupMembers("Team 2"); len(got) != 2 {
		t.Errorf("after the rename members are %q, want both", got)
	}
}

// Row K3: pages until totalResults. What has the name of somebody is linked.
func TestOkta_import(t *testing.T) {
	t.Parallel()
	w := newOktaWorld(t, cycle.MannerOkta)
	one := w.addUser("one")
	team := w.addGroup("Team")
	for i := range 205 {
		w.target.users[fmt.Sprintf("x%03d", i)] = scim.Object{"id": fmt.Sprintf("x%03d", i), "userName": fmt.Sprintf("stranger%d@example.com", i), "active": true}
	}
	w.target.users["y1"] = scim.Object{"id": "y1", "userName": "ONE@example.com", "active": false}
	w.target.groups["g1"] = scim.Object{"id": "g1", "displayName": "Team"}
	w.target.taken()
	report, err := w.svc.Import(t.Context(), w.job)
	w.ok(err)
	if report.Users != 206 || report.Groups != 1 || report.Pages != 4 || report.Linked != 2 || len(report.Unknown) != 100 {
		t.Errorf("the import reports %+v", report)
	}
	var uris []string
	for _, c := range w.target.taken() {
		uris = append(uris, c.URI)
	}
	if want := []string{"/Users?startIndex=1&count=100", "/Users?startIndex=101&count=100", "/Users?startIndex=201&count=100", "/Groups?startIndex=1&count=100"}; !slices.Equal(uris, want) {
		t.Errorf("calls are %q, want %q", uris, want)
	}
	link, err := w.svc.Link(t.Context(), w.job, mapping.KindUser, one.ID)
	w.ok(err)
	if link == nil || link.TargetID != "y1" || link.Active {
		t.Errorf("the link is %+v", link)
	}
	if link, err = w.svc.Link(t.Context(), w.job, mapping.KindGroup, team.ID); err != nil || link == nil || link.TargetID != "g1" {
		t.Errorf("the group's link is %+v, %v", link, err)
	}
	again, err := w.svc.Import(t.Context(), w.job)
	w.ok(err)
	if again.Linked != 0 {
		t.Errorf("the second import links %d", again.Linked)
	}

	w.svc.Manner = cycle.MannerEntra
	if _, err := w.svc.Import(t.Context(), w.job); !cycle.IsProblem(err, cycle.Invalid) {
		t.Errorf("Entra imports: %v", err)
	}
}

// A group on demand: only who was chosen.
func TestOkta_onDemand(t *testing.T) {
	t.Parallel()
	w := newOktaWorld(t, cycle.MannerOkta)
	one, two := w.addUser("one"), w.addUser("two")
	team := w.addGroup("Team", one, two)
	w.assign(one.ID, two.ID, team.ID)
	for _, u := range []directory.User{one, two} {
		answer, err := w.svc.ProvisionOnDemand(t.Context(), w.job, cycle.Subject{Kind: mapping.KindUser, ID: u.ID}, admin)
		w.ok(err)
		w.wantEntry(answer.LogEntry, cycle.ActionCreate, cycle.Success, "")
	}
	answer, err := w.svc.ProvisionOnDemand(t.Context(), w.job, cycle.Subject{Kind: mapping.KindGroup, ID: team.ID, Members: []directory.ID{two.ID}}, admin)
	w.ok(err)
	if len(answer.Members) != 1 || answer.Members[0].Status != cycle.Success {
		t.Errorf("the answer is %+v", answer.Members)
	}
	if got := w.target.groupMembers("Team"); !slices.Equal(got, []string{"two@example.com"}) {
		t.Errorf("members are %q", got)
	}
}

// Nobody with a name may be a 404, but a tenant URL that is none is noticed.
func TestOkta_notFound(t *testing.T) {
	t.Parallel()
	w := newOktaWorld(t, cycle.MannerOkta)
	isaac := w.isaac()
	w.assign(isaac.ID)
	w.target.fail(func(c call) (int, string, http.Header) {
		if strings.Contains(c.URI, "filter=") {
			return failure(scim.Errorf(404, "", "nobody"))
		}
		return w.target.okta(c)
	})
	_, err := w.svc.RunCycle(t.Context(), w.job)
	w.ok(err)
	w.wantEntry(w.last(isaac.ID), cycle.ActionCreate, cycle.Success, "")
	w.target.fail(func(call) (int, string, http.Header) { return failure(scim.Errorf(404, "", "no such path")) })
	test, err := w.svc.TestConnection(t.Context(), w.target.url, w.target.token)
	w.ok(err)
	if test.OK || test.Status != http.StatusNotFound {
		t.Errorf("test connection: %+v", test)
	}
}
