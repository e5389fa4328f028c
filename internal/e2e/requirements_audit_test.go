package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/scim"
)

// recorded is the one event of an act, with what makes it a record: who, when, from where, whom.
func (g *guide) recorded(what string, want iam.ActivityType, id, name string, act func()) iam.AuditEvent {
	g.t.Helper()
	events := g.during(act)
	if len(events) != 1 {
		g.t.Fatalf("%s: %d audit events %+v, want one", what, len(events), events)
	}
	e := events[0]
	equal(g.t, what, e, iam.AuditEvent{
		ID: e.ID, Organization: g.org, At: g.clock.Now(), Type: want,
		Actor:      iam.Actor{Type: iam.ActorAPI, ID: string(g.keyID()), Details: string(g.keyID()), Address: "127.0.0.1", UserAgent: "Entra/1.0"},
		TargetType: "user", TargetID: id, TargetName: name, Details: e.Details,
	})
	return e
}

var entraAgent = http.Header{"User-Agent": {"Entra/1.0"}}

func (g *guide) agentPatches(id, operation string) func() {
	return func() {
		equal(g.t, operation, g.sendWith(entraAgent, "PATCH", "/Users/"+id, patchBody(operation)).Status, 200)
	}
}

func TestR110_userCreated(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.clock.advance(time.Hour)
		var id string
		events := g.during(func() {
			id = text(g.sendWith(entraAgent, "POST", "/Users", userBody("ada@example.com", "Ada", "Byron")).Object, "id")
		})
		equal(g.t, "events", len(events), 1)
		e := events[0]
		equal(g.t, "what, whom, when", []any{e.Type, e.TargetType, e.TargetID, e.TargetName, e.At}, []any{iam.MemberAdd, "user", id, "ada@example.com", dayOne.Add(time.Hour)})
		equal(g.t, "who, from where", e.Actor, iam.Actor{Type: iam.ActorAPI, ID: string(g.keyID()), Details: string(g.keyID()), Address: "127.0.0.1", UserAgent: "Entra/1.0"})
	})
}

func TestR111_userDeactivated(t *testing.T) {
	eachGuide(t, func(g *guide) {
		ada := g.user("ada@example.com")
		g.clock.advance(time.Minute)
		g.recorded("deactivation", iam.MemberDelete, ada, "ada@example.com", g.agentPatches(ada, `{"op":"Replace","path":"active","value":"False"}`))
		g.records("deactivating again", func() { g.unassign(ada) })
		g.recorded("reactivation", iam.SCIMUserReactivate, ada, "ada@example.com", g.agentPatches(ada, `{"op":"Replace","path":"active","value":"True"}`))
		g.recorded("deletion", iam.MemberDelete, ada, "ada@example.com", func() {
			equal(g.t, "status", g.sendWith(entraAgent, "DELETE", "/Users/"+ada, "").Status, 204)
		})
	})
}

func TestR112_profileUpdated(t *testing.T) {
	eachGuide(t, func(g *guide) {
		ada := g.user("ada@example.com")
		e := g.recorded("update", iam.SCIMUserProfileUpdate, ada, "ada@example.com", g.agentPatches(ada,
			`{"op":"Replace","path":"name.givenName","value":"Augusta"},{"op":"Add","path":"title","value":"Countess"},{"op":"Replace","path":"displayName","value":"Ada Example"}`))
		equal(g.t, "changed attributes", fmt.Sprint(e.Details["attributes"]), "[name title]")
		if strings.Contains(fmt.Sprint(e.Details), "Augusta") {
			g.t.Errorf("the audit log has the values: %v", e.Details)
		}
		etag := g.send("GET", "/Users/"+ada, "").Header.Get("ETag")
		g.records("the same again", func() {
			g.agentPatches(ada, `{"op":"Replace","path":"name.givenName","value":"Augusta"},{"op":"Replace","path":"active","value":"True"}`)()
			g.agentPatches(ada, `{"op":"Replace","path":"userName","value":"ADA@example.com"}`)()
			g.agentPatches(ada, `{"op":"Add","path":"favouriteColour","value":"green"}`)()
		})
		equal(g.t, "ETag afterwards", g.send("GET", "/Users/"+ada, "").Header.Get("ETag"), etag)
	})
}

func TestR113_everythingElseIsRecorded(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.role("Admin", "ClickHouse-Admins")
		ada, bob := g.user("ada@example.com"), g.user("bob@example.com")
		var mapped, unmapped string
		g.records("a mapped group", func() { mapped = g.group("ClickHouse-Admins") }, iam.SCIMGroupCreate)
		g.records("an unmapped group", func() { unmapped = g.group("Analysts") }, iam.SCIMGroupCreate, iam.RoleCreate)
		e := g.during(func() { g.join(mapped, ada, bob) })[0]
		equal(g.t, "a membership", []any{e.Type, e.TargetID, fmt.Sprint(e.Details["membersAddedCount"])}, []any{iam.SCIMGroupUpdate, mapped, "2"})
		g.records("members who are there", func() { g.join(mapped, ada, bob) })
		g.records("a member taken out", func() { g.leave(mapped, ada) }, iam.SCIMGroupUpdate)
		g.records("a rename", func() { g.rename(mapped, "CH-Admins") }, iam.SCIMGroupUpdate, iam.RoleUpdate)
		g.records("a group deleted", func() { g.scim(204, "DELETE", "/Groups/"+unmapped, "") }, iam.SCIMGroupDelete, iam.RoleDelete)
		g.records("roles given", func() {
			g.ok(second(g.access.SetMemberRoles(g.t.Context(), iam.Operator, g.org, "ada@example.com", []string{"Admin"})))
		}, iam.MemberUpdateRoles)
		g.records("roles taken", func() {
			g.ok(second(g.access.SetMemberRoles(g.t.Context(), iam.Operator, g.org, "ada@example.com", nil)))
		}, iam.MemberRemoveRoles)
		// The history of a member finds the membership that another resource's event tells of.
		history := must[[]iam.AuditEvent](g.t)(g.db.Read(g.t.Context()).AuditEvents(g.org, store.AuditQuery{Target: bob, Limit: 100}))
		types := []iam.ActivityType{}
		for _, e := range history {
			types = append(types, e.Type)
		}
		equal(g.t, "history of bob", types, []iam.ActivityType{iam.MemberAdd, iam.SCIMGroupUpdate})
		g.records("refusals", func() {
			g.fails(409, scim.Uniqueness, "taken", "POST", "/Users", userBody("ada@example.com", "Ada", "Byron"))
			for range 3 {
				equal(g.t, "a wrong key", g.status("scim_aaaaaaaaaaaaaaaaaaaa:wrong"), 401)
			}
		})
		equal(g.t, "the refusal in the request log", []any{g.requested()[0].Method, g.requested()[0].Status}, []any{"POST", 409})
		denials := must[[]store.SCIMDenial](g.t)(g.db.Read(g.t.Context()).Denials(g.org, time.Time{}, 100))
		var counted int64
		for _, d := range denials {
			equal(g.t, "cause and address", []string{d.Cause, d.Address}, []string{string(iam.DeniedForeign), "127.0.0.1"})
			counted += d.Count
		}
		equal(g.t, "denied requests counted", counted, int64(3))
	})
}

// A burst of a thousand users leaves a thousand entries, which a span of time finds.
func TestR114_burst(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.clock.advance(time.Hour)
		burst := g.clock.Now()
		operations := make([]string, 0, 1000)
		for i := range 1000 {
			operations = append(operations, fmt.Sprintf(`{"method":"POST","path":"/Users","bulkId":"b%[1]d","data":{"userName":"person%04[1]d@example.com"}}`, i))
		}
		body := `{"schemas":["` + scim.BulkRequestURN + `"],"Operations":[` + strings.Join(operations, ",") + `]}`
		g.scim(200, "POST", "/Bulk", body)
		g.clock.advance(time.Hour)
		g.user("later@example.com")
		names := map[string]bool{}
		for e, err := range g.access.AuditEvents(g.t.Context(), g.org, burst, burst.Add(time.Minute)) {
			g.ok(err)
			if e.Type == iam.MemberAdd && e.Actor.Type == iam.ActorAPI {
				names[e.TargetName] = true
			}
		}
		equal(g.t, "people in the audit log of that minute", len(names), 1000)
		equal(g.t, "members", len(g.addresses()), 1001)
		outside := 0
		for e, err := range g.access.AuditEvents(g.t.Context(), g.org, burst.Add(time.Minute), time.Time{}) {
			g.ok(err)
			equal(g.t, "afterwards", e.TargetName, "later@example.com")
			outside++
		}
		equal(g.t, "events afterwards", outside, 1)
	})
}

// What is refused as a whole leaves neither a change nor an event.
func TestR113_refusedRequestLeavesNoEvent(t *testing.T) {
	eachGuide(t, func(g *guide) {
		ada := g.user("ada@example.com")
		group := g.group("Engineers")
		before := g.audit()
		// The second operation fails, so the first must leave neither a change nor an event.
		g.fails(400, scim.InvalidValue, "", "PATCH", "/Groups/"+group, patchBody(
			`{"op":"Add","path":"members","value":[{"value":"`+ada+`"}]}`, `{"op":"Add","path":"members","value":[{"value":"nobody"}]}`))
		g.fails(400, scim.InvalidValue, "", "PATCH", "/Users/"+ada, patchBody(
			`{"op":"Replace","path":"title","value":"Countess"}`, `{"op":"Replace","path":"active","value":"perhaps"}`))
		if diff := cmp.Diff(before, g.audit()); diff != "" {
			g.t.Errorf("audit log after refusals:\n%s", diff)
		}
		equal(g.t, "title", at(g.scim(200, "GET", "/Users/"+ada, ""), "title"), nil)
		equal(g.t, "members", at(g.scim(200, "GET", "/Groups/"+group, ""), "members.0"), nil)
	})
}
