package scimapi_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rollcall/rollcall/internal/housekeeping"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
	"github.com/rollcall/rollcall/internal/web/scimapi"
)

var unlimited = scimapi.Config{Rate: -1}

// logOf returns an organization's request log, oldest first.
func (o *org) logOf(t *testing.T) []store.SCIMRequest {
	t.Helper()
	o.w.flush()
	entries, err := o.w.db.Read(t.Context()).Requests(o.id, store.RequestQuery{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestDoor_requestLog(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		o := w.org("a")
		id := o.send(request{method: "POST", path: "/Users", body: `{"userName":"ada@example.com","password":"hunter2","favouriteColour":"red"}`, header: map[string]string{"User-Agent": "Okta SCIM Client 1.0.0"}}).is(t, 201).id(t)
		o.patch("/Users/"+id+"?aadOptscim062020", `{"op":"replace","path":"title","value":"x"}`, `{"op":"replace","path":"title","value":"x"}`, `{"op":"add","path":"favouriteColour","value":"blue"}`).is(t, 200)
		o.get(`/Users?filter=userName+eq+"nobody%40example.com"`).is(t, 200)
		o.get("/Users/nobody").is(t, 404)
		o.post("/Users", `{"userName":"ada@example.com"}`).is(t, 409)
		o.get("/nothing").is(t, 404)
		got := o.logOf(t)
		want := []struct {
			method, path string
			status       int
		}{
			{"POST", "/Users", 201}, {"PATCH", "/Users/" + id + "?aadOptscim062020", 200}, {"GET", `/Users?filter=userName+eq+"nobody%40example.com"`, 200},
			{"GET", "/Users/nobody", 404}, {"POST", "/Users", 409}, {"GET", "/nothing", 404},
		}
		if len(got) != len(want) {
			t.Fatalf("%d entries, want %d", len(got), len(want))
		}
		for i, e := range got {
			if e.Method != want[i].method || e.Path != want[i].path || e.Status != want[i].status {
				t.Errorf("entry %d is %s %s %d, want %v", i, e.Method, e.Path, e.Status, want[i])
			}
			if e.Key != o.key || e.Address != "192.0.2.1" || e.Duration <= 0 || time.Since(e.At) > time.Hour {
				t.Errorf("entry %d: key %s, address %s, duration %s, at %s", i, e.Key, e.Address, e.Duration, e.At)
			}
		}
		if got[0].UserAgent != "Okta SCIM Client 1.0.0" || got[1].UserAgent != "" {
			t.Errorf("user agents %q and %q", got[0].UserAgent, got[1].UserAgent)
		}
		if want := `{"userName":"ada@example.com","password":"(hidden)","favouriteColour":"red"}`; got[0].RequestBody != want {
			t.Errorf("request body %s, want %s", got[0].RequestBody, want)
		}
		if !strings.Contains(got[0].ResponseBody, `"id":"`+id+`"`) || !strings.Contains(got[4].ResponseBody, `"uniqueness"`) {
			t.Errorf("response bodies %s, %s", got[0].ResponseBody, got[4].ResponseBody)
		}
		verdicts := func(i int) (list []housekeeping.Verdict) {
			if err := json.Unmarshal([]byte(got[i].Verdicts), &list); err != nil {
				t.Fatal(err)
			}
			return list
		}
		words := map[string]int{}
		for _, v := range verdicts(1) {
			words[v.Verdict]++
		}
		if words["applied"] != 1 || words["no change"] != 1 || words["ignored attribute"] != 1 {
			t.Errorf("the PATCH has the verdicts %s", got[1].Verdicts)
		}
		if !strings.Contains(got[0].Verdicts, "favouriteColour") {
			t.Errorf("the ignored attribute of the POST is not in %s", got[0].Verdicts)
		}
	})
}

// Whoever has no key leaves a count; whoever has one while SCIM is off leaves an
// entry, so that the admin sees his identity provider knock.
func TestDoor_requestLogOfRefusals(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		o := w.org("a")
		for range 3 {
			w.send("GET", o.base()+"/Users", "", "", nil).is(t, 401)
		}
		w.send("POST", o.base()+"/Users", `{}`, string(o.key)+":wrong", nil).is(t, 401)
		w.send("GET", o.base()+"/Users", "", "non-token", nil).is(t, 401)
		if n := len(o.logOf(t)); n != 0 {
			t.Errorf("requests without a key left %d entries", n)
		}
		denials, err := w.db.Read(t.Context()).Denials(o.id, time.Time{}, 100)
		if err != nil {
			t.Fatal(err)
		}
		count := map[string]int64{}
		for _, d := range denials {
			count[d.Cause] += d.Count
			if d.Address != "192.0.2.1" {
				t.Errorf("denial from %q", d.Address)
			}
		}
		wrong := iam.Denial{Cause: iam.DeniedSecret, Key: o.key}.String()
		if count[string(iam.DeniedNone)] != 3 || count[wrong] != 1 || count[string(iam.DeniedNoColon)] != 1 || len(count) != 3 {
			t.Errorf("denials %v", count)
		}
		err = w.db.Write(t.Context(), func(tx *store.Tx) error {
			off, err := tx.LockOrganization(o.id)
			if err != nil {
				return err
			}
			off.SCIMEnabled = false
			return tx.UpdateOrganization(off)
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := o.get("/Users/x").is(t, 403); !strings.Contains(got.body, "SCIM is not enabled") {
			t.Errorf("403 says %s", got.body)
		}
		if got := o.logOf(t); len(got) != 1 || got[0].Status != 403 || got[0].Key != o.key {
			t.Errorf("the refused call of a good key is %v", got)
		}
		denials, err = w.db.Read(t.Context()).Denials(o.id, time.Time{}, 100)
		if err != nil || !slices.ContainsFunc(denials, func(d store.SCIMDenial) bool { return d.Cause == string(iam.DeniedOff) && d.Count == 1 }) {
			t.Errorf("that SCIM is off is not counted: %v, %v", denials, err)
		}
	})
}

// The log costs no statement on the path of a request.
func TestDoor_requestLogIsOffThePath(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		o := w.org("a")
		w.flush()
		w.calls.Reset()
		for range 50 {
			o.get("/Users/nobody").is(t, 404)
		}
		for _, c := range w.calls.Calls() {
			if strings.Contains(c.SQL, "scim_requests") {
				t.Fatalf("a request ran %s", c.SQL)
			}
		}
		if n := len(o.logOf(t)); n != 50 {
			t.Errorf("%d entries, want 50", n)
		}
		writes := w.calls.Count("COMMIT")
		if writes > 4 {
			t.Errorf("50 entries and a last use took %d transactions", writes)
		}
	})
}

// While the database is away every answer is 503 with Retry-After: never 401, which
// would make the identity provider give up (S31).
func TestDoor_databaseAway(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, engine, unlimited)
			o := w.org("a")
			user := o.user("ada@example.com")
			group := o.group("Admins", user)
			before := w.dump()
			requests := []request{
				{method: "GET", path: "/Users/" + user}, {method: "GET", path: "/Users"}, {method: "GET", path: `/Users?filter=userName+eq+"x"`}, {method: "GET", path: "/Groups/" + group},
				{method: "POST", path: "/Users", body: `{"userName":"b@example.com"}`}, {method: "PUT", path: "/Users/" + user, body: `{"userName":"c@example.com"}`},
				{method: "PATCH", path: "/Users/" + user, body: `{"Operations":[{"op":"replace","path":"active","value":false}]}`}, {method: "DELETE", path: "/Users/" + user},
				{method: "POST", path: "/Groups", body: `{"displayName":"B"}`}, {method: "PATCH", path: "/Groups/" + group, body: `{"Operations":[{"op":"remove","path":"members"}]}`}, {method: "DELETE", path: "/Groups/" + group},
			}
			for _, r := range requests {
				for skip := 0; ; skip++ {
					w.calls.Reset()
					w.calls.Inject(storetest.Fault{Match: func(c *storetest.Call) bool { return !c.Control() || c.SQL == "COMMIT" }, Skip: skip, Err: away(engine)})
					got := o.send(r)
					if w.calls.Pending() > 0 { // the request was over before its turn
						w.calls.Reset()
						break
					}
					if got.status < 300 { // it failed behind the commit, which is not taken back
						if !strings.HasPrefix(r.path, "/Groups") {
							t.Errorf("%s %s with statement %d failing answers %d", r.method, r.path, skip, got.status)
						}
						w.calls.Reset()
						break
					}
					if got.status != 503 || got.header.Get("Retry-After") == "" || got.header.Get("WWW-Authenticate") != "" {
						t.Errorf("%s %s with statement %d failing answers %d %v %s", r.method, r.path, skip, got.status, got.header, got.body)
					}
					if after := w.dump(); after != before {
						t.Fatalf("%s %s with statement %d failing changed something:\n%s", r.method, r.path, skip, difference(before, after))
					}
				}
				before = w.dump() // the last round was answered
			}
		})
	}
}

// away is what a driver says when its database is gone.
func away(engine string) error {
	if engine == "sqlite" {
		return storetest.SQLiteIOErr
	}
	return &pgconn.PgError{Severity: "FATAL", Code: "57P01", Message: "terminating connection due to administrator command"}
}
