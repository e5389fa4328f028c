package scimapi_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// A GET by id is one look at the key and one at the user, whatever groups he has,
// and the answer is what is stored with what the server adds around it.
func TestDoor_getUserCost(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		o := w.org("a")
		id := o.post("/Users", `{"userName":"ada@example.com","title":"Countess \u00e9\"<&>","emails":[{"value":"ada@example.com","type":"work"}],"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"R&D"}}`).is(t, 201).id(t)
		groups := 0
		for _, more := range []int{0, 1, 59} {
			for range more {
				groups++
				o.group(fmt.Sprintf("G%02d", groups), id)
			}
			w.flush()
			w.calls.Reset()
			got := o.get("/Users/"+id).is(t, 200)
			if n := w.calls.Statements(); n > 2 {
				t.Errorf("with %d groups a GET runs %d statements: %v", groups, n, w.calls.Calls())
			}
			if n := strings.Count(got.body, `"type":"direct"`); n != groups {
				t.Errorf("%d groups are shown, want %d", n, groups)
			}
			row, err := w.db.Read(t.Context()).User(o.id, iam.MemberID(id))
			if err != nil {
				t.Fatal(err)
			}
			head, rest, _ := strings.Cut(got.body, strings.TrimSuffix(strings.TrimPrefix(row.Doc, "{"), "}"))
			wantHead := `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"id":"` + id + `",`
			if head != wantHead || !strings.HasPrefix(rest, `,"active":true,"groups":[`) || !strings.Contains(rest, `],"meta":{"resourceType":"User",`) {
				t.Errorf("the answer is not the stored document between id and active:\nstored %s\nanswer %s", row.Doc, got.body)
			}
			w.calls.Reset()
			o.get("/Users/"+id+"?excludedAttributes=groups").is(t, 200)
			if n, rows := w.calls.Statements(), w.calls.Rows(); n > 2 || rows > 2 {
				t.Errorf("without its %d groups a GET runs %d statements over %d rows", groups, n, rows)
			}
		}
	})
}

// Adding and removing a member, and reading a group without its members, cost the
// same in a group of ten and in one of 100,000: the same statements over the same
// number of rows.
func TestDoor_memberCostIsFlat(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, engine, unlimited)
			o := w.org("a")
			small, large := o.group("small"), o.group("large")
			fill(t, w, o, small, 10)
			fill(t, w, o, large, 100_000)
			extra := o.user("extra@example.com")
			add := `{"op":"add","path":"members","value":[{"value":"` + extra + `"}]}`
			steps := []struct {
				name string
				do   func(group string)
			}{
				{"add a member", func(g string) { o.patch("/Groups/"+g, add).is(t, 204) }},
				{"add him again", func(g string) { o.patch("/Groups/"+g, add).is(t, 204) }},
				{"look for him", func(g string) {
					got := o.get(`/Groups?filter=id+eq+"`+g+`"+and+members+eq+"`+extra+`"&attributes=id`).is(t, 200)
					if got.json(t)["totalResults"] != 1.0 {
						t.Errorf("the member is not found: %s", got.body)
					}
				}},
				{"read the group without members", func(g string) { o.get("/Groups/"+g+"?excludedAttributes=members").is(t, 200) }},
				{"find the group by its name", func(g string) {
					name := map[string]string{small: "small", large: "large"}[g]
					o.get(`/Groups?excludedAttributes=members&filter=displayName+eq+"`+name+`"`).is(t, 200)
				}},
				{"rename the group", func(g string) {
					o.patch("/Groups/"+g, `{"op":"replace","path":"displayName","value":"renamed `+g+`"}`).is(t, 204)
				}},
				{"remove a member", func(g string) {
					o.patch("/Groups/"+g, `{"op":"remove","path":"members[value eq \"`+extra+`\"]"}`).is(t, 204)
				}},
				{"remove a member by a list", func(g string) {
					o.patch("/Groups/"+g, `{"op":"Remove","path":"members","value":[{"$ref":null,"value":"`+extra+`"}]}`).is(t, 204)
				}},
			}
			for _, step := range steps {
				cost := func(group string) (statements []string, rows int) {
					w.flush()
					w.calls.Reset()
					step.do(group)
					for _, c := range w.calls.Calls() {
						if !c.Control() {
							statements = append(statements, c.SQL)
						}
					}
					return statements, w.calls.Rows()
				}
				s, sRows := cost(small)
				l, lRows := cost(large)
				if fmt.Sprint(s) != fmt.Sprint(l) || sRows != lRows {
					t.Errorf("%s: %d statements over %d rows at 10 members, %d over %d at 100,000\n%s\n---\n%s",
						step.name, len(s), sRows, len(l), lRows, strings.Join(s, "\n"), strings.Join(l, "\n"))
				}
				if sRows > 20 {
					t.Errorf("%s: reads %d rows", step.name, sRows)
				}
			}
		})
	}
}

// A long list of members comes whole, in pieces.
func TestDoor_largeGroup(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		o := w.org("a")
		group := o.group("large")
		const n = 3000
		fill(t, w, o, group, n)
		got := o.get("/Groups/"+group).is(t, 200)
		members, _ := got.json(t)["members"].([]any)
		if len(members) != n {
			t.Errorf("%d members, want %d", len(members), n)
		}
		if got.header.Get("Content-Length") != "" {
			t.Errorf("an answer of %d bytes was gathered before it was sent", len(got.body))
		}
		seen := map[string]bool{}
		for _, m := range members {
			seen[m.(map[string]any)["value"].(string)] = true
		}
		if len(seen) != n {
			t.Errorf("%d different members, want %d", len(seen), n)
		}
		list := o.get("/Groups?count=5").is(t, 200)
		if got := strings.Count(list.body, `"type":"User"`); got != n {
			t.Errorf("the list shows %d members, want %d", got, n)
		}
	})
}

// fill puts n new users into a group, by one statement each for users and members:
// what is measured is what comes after.
func fill(t *testing.T, w *world, o *org, group string, n int) {
	t.Helper()
	id := `'` + group[:24] + `' || substr('000000000000' || CAST(n AS TEXT), length(CAST(n AS TEXT)) + 1, 12)`
	numbers := fmt.Sprintf(`WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d) `, n)
	insert := func(text string) {
		t.Helper()
		if err := execute(t, w.url, text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	name := `'` + group + `-' || CAST(n AS TEXT) || '@example.com'`
	// Very many members are put into SQLite without their users, whom this connection
	// does not ask for: they take half a minute when the race detector looks on.
	if n <= 50_000 || w.db.Engine() != "sqlite" {
		insert(fmt.Sprintf(`INSERT INTO users (org_id, id, login_key, user_name, external_id, display_name, given_name, family_name, status, managed_by, is_scim, doc, version, created_at, updated_at) %s
		SELECT '%s', %s, %s, %s, NULL, '', '', '', 'active', 'scim', TRUE, '{"userName":"' || %s || '"}', 1, 1, 1 FROM numbers`, numbers, o.id, id, name, name, name))
	}
	insert(fmt.Sprintf(`INSERT INTO group_members (org_id, group_id, user_id) %s SELECT '%s', '%s', %s FROM numbers`, numbers, o.id, group, id))
	insert("ANALYZE")
}

// execute runs a statement beside the store.
func execute(t *testing.T, url, text string) error {
	t.Helper()
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(path)+"?_pragma=busy_timeout(20000)")
		if err != nil {
			return err
		}
		_, err = db.ExecContext(t.Context(), text)
		return errors.Join(err, db.Close())
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		return err
	}
	_, err = conn.Exec(t.Context(), text)
	return errors.Join(err, conn.Close(t.Context()))
}
