package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

func TestAudit_roundTrip(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		now := time.Date(2026, 11, 5, 10, 0, 0, 123000, time.UTC)
		db := open(store.Options{Now: func() time.Time { return now }, NewID: func() string { return "made" }})
		whole := iam.AuditEvent{
			ID: "given", Organization: "o", At: now.Add(-time.Hour), Type: iam.SCIMGroupUpdate,
			Actor:      iam.Actor{Type: iam.ActorAPI, ID: "scim_k", Details: "key scim_k", Address: "2001:db8::1", UserAgent: "Ünï <'\"?>"},
			TargetType: "group", TargetID: "g", TargetName: "Ops & <Dev>",
			Details: map[string]any{"added": []any{"u1", "u2"}, "count": 2.0, "name": "a<b>&\"c", "nested": map[string]any{"old": nil}},
		}
		bare := iam.AuditEvent{Organization: "o", Type: iam.SCIMEnable}
		if err := db.Write(t.Context(), func(tx *store.Tx) error {
			return errors.Join(tx.InsertAudit(whole), tx.InsertAudit(bare))
		}); err != nil {
			t.Fatal(err)
		}
		bare.ID, bare.At, bare.Details = "made", now, map[string]any{}
		got, err := db.Read(t.Context()).AuditEvents("o", store.AuditQuery{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]iam.AuditEvent{whole, bare}, got); diff != "" {
			t.Errorf("want -, got +:\n%s", diff)
		}
		stored, err := db.Read(t.Context()).Texts(`SELECT details FROM audit_events WHERE org_id = 'o' AND id = 'given'`)
		if err != nil || !strings.HasPrefix(stored[0], `{"added":["u1","u2"],"count":2,"name":`) {
			t.Errorf("details are kept as %s, %v; want their names in order", stored, err)
		}
	})
}

// Events come into the history of the members whom they concern, however many.
func TestAudit_manyMembers(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		var driver storetest.Driver
		db := open(store.Options{Wrap: driver.Wrap})
		e := iam.AuditEvent{ID: "e", Organization: "o", Type: iam.SCIMGroupUpdate, TargetType: "group", TargetID: "g"}
		for i := range 1200 {
			e.Also = append(e.Also, iam.MemberID(fmt.Sprintf("u%04d", i)))
		}
		e.Also = append(e.Also, "u0000") // twice: added and removed
		driver.Reset()
		if err := db.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertAudit(e) }); err != nil {
			t.Fatal(err)
		}
		if got := driver.Statements(); got > 5 {
			t.Errorf("%d statements for 1201 members, want a few", got)
		}
		if n, err := db.Read(t.Context()).Int(`SELECT count(*) FROM audit_members WHERE org_id = 'o' AND event_id = 'e'`); n != 1200 || err != nil {
			t.Errorf("%d members, %v; want 1200", n, err)
		}
		for _, member := range []string{"u0000", "u0500", "u1199", "g"} {
			if got, err := db.Read(t.Context()).AuditEvents("o", store.AuditQuery{Target: member, Limit: 2}); len(got) != 1 || err != nil {
				t.Errorf("the history of %s has %d events, %v; want 1", member, len(got), err)
			}
		}
	})
}

func TestAudit_withItsChangeOrNotAtAll(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		db := open(store.Options{})
		e := iam.AuditEvent{ID: "e", Organization: "o", Type: iam.KeyCreate, Also: []iam.MemberID{"u"}}
		refusal := iam.Errorf(iam.KindConflict, "no")
		if err := db.Write(t.Context(), func(tx *store.Tx) error { return errors.Join(tx.InsertAudit(e), refusal) }); !errors.Is(err, refusal) {
			t.Fatal(err)
		}
		if n, err := db.Read(t.Context()).Int(`SELECT (SELECT count(*) FROM audit_events WHERE org_id = 'o') + (SELECT count(*) FROM audit_members WHERE org_id = 'o')`); n != 0 || err != nil {
			t.Errorf("%d rows of an event without a change, %v", n, err)
		}
		e.Details = map[string]any{"impossible": func() {}}
		err := db.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertAudit(e) })
		if iam.KindOf(err) != iam.KindInternal || !strings.Contains(err.Error(), string(iam.KeyCreate)) {
			t.Errorf("details that are no JSON: %v", err)
		}
	})
}

// history fills two organizations with ten events each, a minute apart; the members u0
// to u2 are targets in turn, and u9 is concerned by events 2, 5 and 8.
func history(t *testing.T, db *store.DB) (begin time.Time) {
	t.Helper()
	begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := db.Write(t.Context(), func(tx *store.Tx) error {
		for i := range 10 {
			for _, org := range []iam.OrganizationID{"o", "other"} {
				e := iam.AuditEvent{ID: iam.EventID(fmt.Sprint("e", i)), Organization: org, At: begin.Add(time.Duration(i) * time.Minute),
					Type: iam.SCIMUserProfileUpdate, TargetType: "user", TargetID: fmt.Sprint("u", i%3)}
				if i%3 == 2 && org == "o" {
					e.Also = []iam.MemberID{"u9", "u2"}
				}
				if err := tx.InsertAudit(e); err != nil {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return begin
}

func TestAuditEvents(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		db := open(store.Options{})
		begin := history(t, db)
		minute := func(i int) time.Time { return begin.Add(time.Duration(i) * time.Minute) }
		tests := []struct {
			name string
			q    store.AuditQuery
			want string
		}{
			{"all", store.AuditQuery{Limit: 99}, "e0 e1 e2 e3 e4 e5 e6 e7 e8 e9"},
			{"newest", store.AuditQuery{Limit: 3, NewestFirst: true}, "e9 e8 e7"},
			{"next", store.AuditQuery{Limit: 3, After: "e3"}, "e4 e5 e6"},
			{"next newest", store.AuditQuery{Limit: 3, After: "e3", NewestFirst: true}, "e2 e1 e0"},
			{"behind the last", store.AuditQuery{Limit: 3, After: "e9"}, ""},
			{"from", store.AuditQuery{Limit: 99, From: minute(8)}, "e8 e9"},
			{"to", store.AuditQuery{Limit: 99, To: minute(2)}, "e0 e1"},
			{"between, newest", store.AuditQuery{Limit: 99, From: minute(2), To: minute(5), NewestFirst: true}, "e4 e3 e2"},
			{"target", store.AuditQuery{Limit: 99, Target: "u0"}, "e0 e3 e6 e9"},
			{"concerned", store.AuditQuery{Limit: 99, Target: "u9"}, "e2 e5 e8"},
			{"target and concerned", store.AuditQuery{Limit: 2, Target: "u2"}, "e2 e5"},
			{"target, next", store.AuditQuery{Limit: 2, Target: "u2", After: "e2"}, "e5 e8"},
			{"concerned, newest, next", store.AuditQuery{Limit: 1, Target: "u9", After: "e8", NewestFirst: true}, "e5"},
			{"concerned, between", store.AuditQuery{Limit: 1, Target: "u9", From: minute(3), To: minute(9)}, "e5"},
			{"concerned, between, newest, next", store.AuditQuery{Limit: 9, Target: "u9", From: minute(1), To: minute(9), After: "e8", NewestFirst: true}, "e5 e2"},
			{"nobody", store.AuditQuery{Limit: 9, Target: "u7"}, ""},
		}
		for _, test := range tests {
			events, err := db.Read(t.Context()).AuditEvents("o", test.q)
			if err != nil {
				t.Fatalf("%s: %v", test.name, err)
			}
			var got []string
			for _, e := range events {
				if e.Organization != "o" {
					t.Errorf("%s: an event of %s", test.name, e.Organization)
				}
				got = append(got, string(e.ID))
			}
			if got := strings.Join(got, " "); got != test.want {
				t.Errorf("%s: got %q, want %q", test.name, got, test.want)
			}
		}
		if got, err := db.Read(t.Context()).AuditEvents("other", store.AuditQuery{Limit: 9, Target: "u9"}); len(got) != 0 || err != nil {
			t.Errorf("the history of a member of another organization: %v, %v", got, err)
		}
	})
}

// Pages and histories are ranges of indexes, never the whole log.
func TestAuditEvents_plan(t *testing.T) {
	t.Parallel()
	var driver storetest.Driver
	db := storetest.Open(t, "sqlite", store.Options{Wrap: driver.Wrap})
	for _, q := range []store.AuditQuery{
		{Limit: 9}, {Limit: 9, NewestFirst: true, After: "e"},
		{Limit: 9, Target: "u"}, {Limit: 9, Target: "u", NewestFirst: true, After: "e"}, {Limit: 9, Target: "u", From: time.Unix(1, 0)},
	} {
		driver.Reset()
		if _, err := db.Read(t.Context()).AuditEvents("o", q); err != nil {
			t.Fatal(err)
		}
		call := driver.Calls()[0]
		plan, err := db.Read(t.Context()).Plan(call.SQL, call.Args...)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range plan {
			if strings.HasPrefix(step, "SCAN audit") || q.Target == "" && strings.Contains(step, "TEMP B-TREE") {
				t.Errorf("%+v: %s\n%s", q, step, strings.Join(plan, "\n"))
			}
		}
	}
}
