package access_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// record writes events of which the nth is that of minute n.
func (w *world) record(n int, make func(i int) iam.AuditEvent) {
	w.t.Helper()
	err := w.db.Write(w.t.Context(), func(tx *store.Tx) error {
		for i := range n {
			e := make(i)
			e.ID, e.Organization, e.At = iam.EventID(fmt.Sprintf("ffff%04d-0000-7000-8000-000000000000", i)), w.org, start.Add(time.Duration(i)*time.Minute)
			if err := tx.InsertAudit(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func names(events []iam.AuditEvent) string {
	list := make([]string, len(events))
	for i, e := range events {
		list[i] = e.TargetName
	}
	return strings.Join(list, " ")
}

func TestActivities_pages(t *testing.T) {
	each(t, func(w *world) {
		w.record(7, func(i int) iam.AuditEvent { return iam.AuditEvent{Type: "test", TargetName: fmt.Sprint(i)} })
		read := func(q access.ActivityQuery) access.ActivityPage {
			q.Types, q.Limit = []iam.ActivityType{"test"}, 3
			return must[access.ActivityPage](t)(w.Activities(t.Context(), w.org, q))
		}
		odd := func(e iam.AuditEvent) bool { return strings.Contains("135", e.TargetName) }
		for _, match := range []func(iam.AuditEvent) bool{nil, func(iam.AuditEvent) bool { return true }} {
			first := read(access.ActivityQuery{Match: match})
			second := read(access.ActivityQuery{Match: match, Older: first.Older})
			last := read(access.ActivityQuery{Match: match, Older: second.Older})
			if names(first.Events) != "6 5 4" || names(second.Events) != "3 2 1" || names(last.Events) != "0" {
				t.Errorf("pages are %q, %q, %q", names(first.Events), names(second.Events), names(last.Events))
			}
			if first.Newer != "" || last.Older != "" || first.Total != 7 {
				t.Errorf("the ends are %q and %q of %d", first.Newer, last.Older, first.Total)
			}
			back := read(access.ActivityQuery{Match: match, Newer: last.Newer})
			if names(back.Events) != "3 2 1" || back.Newer == "" || back.Older == "" {
				t.Errorf("back from the last: %q, %q, %q", names(back.Events), back.Newer, back.Older)
			}
			if top := read(access.ActivityQuery{Match: match, Newer: back.Newer}); names(top.Events) != "6 5 4" || top.Newer != "" || top.Older == "" {
				t.Errorf("back to the first: %q, %q, %q", names(top.Events), top.Newer, top.Older)
			}
			// A page that is not full on the way back begins with the newest.
			if top := read(access.ActivityQuery{Match: match, Newer: first.Events[1].ID}); names(top.Events) != "6 5 4" {
				t.Errorf("back from the second event: %q", names(top.Events))
			}
		}
		if p := read(access.ActivityQuery{Match: odd}); names(p.Events) != "5 3 1" || p.Older != "" || p.Looked != 7 {
			t.Errorf("odd ones are %q, %q, %d looked through", names(p.Events), p.Older, p.Looked)
		}
		if p := read(access.ActivityQuery{Match: func(iam.AuditEvent) bool { return false }}); len(p.Events) != 0 || p.Older != "" || p.Newer != "" {
			t.Errorf("none match: %+v", p)
		}
	})
}

func TestActivities_conditions(t *testing.T) {
	each(t, func(w *world) {
		w.record(6, func(i int) iam.AuditEvent {
			e := iam.AuditEvent{Type: iam.UserLogin, TargetName: fmt.Sprint(i), TargetID: fmt.Sprint("u", i), Actor: iam.Actor{Type: iam.ActorUser, ID: fmt.Sprint("u", i%2)}}
			if i >= 4 {
				e.Type, e.Actor.Type = iam.KeyCreate, iam.ActorAPI
			}
			return e
		})
		other := w.another()
		for _, c := range []struct {
			what string
			q    access.ActivityQuery
			want string
		}{
			{"type", access.ActivityQuery{Types: []iam.ActivityType{iam.UserLogin}}, "3 2 1 0"},
			{"types", access.ActivityQuery{Types: []iam.ActivityType{iam.UserLogin, iam.KeyCreate}}, "5 4 3 2 1 0"},
			{"actor type", access.ActivityQuery{ActorType: iam.ActorAPI}, "5 4"},
			{"actor", access.ActivityQuery{Actor: "u1"}, "5 3 1"},
			{"span", access.ActivityQuery{Types: []iam.ActivityType{iam.UserLogin}, From: start.Add(time.Minute), To: start.Add(3 * time.Minute)}, "2 1"},
			{"target", access.ActivityQuery{Target: "u2"}, "2"},
			{"all", access.ActivityQuery{Types: []iam.ActivityType{iam.KeyCreate}, Actor: "u1", ActorType: iam.ActorAPI}, "5"},
		} {
			p := must[access.ActivityPage](t)(w.Activities(t.Context(), w.org, c.q))
			if names(p.Events) != c.want || p.Total != len(p.Events) {
				t.Errorf("%s: %q of %d, want %q", c.what, names(p.Events), p.Total, c.want)
			}
			if p := must[access.ActivityPage](t)(other.Activities(t.Context(), other.org, c.q)); len(p.Events) != 0 {
				t.Errorf("%s: another organization sees %q", c.what, names(p.Events))
			}
		}
	})
}

func TestEachActivity(t *testing.T) {
	each(t, func(w *world) {
		w.record(6, func(i int) iam.AuditEvent { return iam.AuditEvent{Type: "test", TargetName: fmt.Sprint(i)} })
		q := access.ActivityQuery{Types: []iam.ActivityType{"test"}, Match: func(e iam.AuditEvent) bool { return e.TargetName != "3" }}
		var all []iam.AuditEvent
		for e, err := range w.EachActivity(t.Context(), w.org, q) {
			w.ok(err)
			if all = append(all, e); len(all) == 4 {
				break
			}
		}
		if names(all) != "5 4 2 1" {
			t.Errorf("got %q", names(all))
		}
		one := must[iam.AuditEvent](t)(w.Activity(t.Context(), w.org, all[1].ID))
		if one.TargetName != "4" {
			t.Errorf("one is %+v", one)
		}
		other := w.another()
		if _, err := other.Activity(t.Context(), other.org, all[1].ID); iam.KindOf(err) != iam.KindNotFound {
			t.Errorf("another organization gets %v", err)
		}
		for _, err := range w.EachActivity(t.Context(), iam.OrganizationID("nobody"), q) {
			if iam.KindOf(err) != iam.KindNotFound {
				t.Errorf("no organization: %v", err)
			}
		}
	})
}

// One request looks through a bounded number of events, and says where to go on.
func TestActivities_bounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	const n = 52_000
	err := w.db.WriteBig(t.Context(), func(tx *store.Tx) error {
		for i := range n {
			if err := tx.InsertAudit(iam.AuditEvent{ID: iam.EventID(fmt.Sprintf("ffff%06d", i)), Organization: w.org, At: start, Type: "test", TargetName: fmt.Sprint(i)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	q := access.ActivityQuery{Types: []iam.ActivityType{"test"}, Match: func(e iam.AuditEvent) bool { return e.TargetName == "5" }}
	first := must[access.ActivityPage](t)(w.Activities(t.Context(), w.org, q))
	if len(first.Events) != 0 || first.Looked != 50_000 || first.Older == "" {
		t.Fatalf("%d found, %d looked through, on to %q", len(first.Events), first.Looked, first.Older)
	}
	q.Older = first.Older
	second := must[access.ActivityPage](t)(w.Activities(t.Context(), w.org, q))
	if names(second.Events) != "5" || second.Older != "" {
		t.Fatalf("then %q, on to %q", names(second.Events), second.Older)
	}
}

func TestRequests_pagesAndConditions(t *testing.T) {
	each(t, func(w *world) {
		var entries []store.SCIMRequest
		for i := range 6 {
			at := start.Add(time.Duration(i) * time.Hour)
			entries = append(entries, store.SCIMRequest{
				Organization: w.org, ID: w.db.SCIMRequestID(at), At: at, Method: []string{"GET", "PATCH"}[i%2], Path: fmt.Sprint("/Users/", i),
				Status: []int{200, 204, 409}[i%3], Duration: time.Millisecond, Key: "scim_a", Verdicts: `[{"op":"add","path":"members","verdict":"applied","note":"1 members changed"}]`,
			})
		}
		err := w.db.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertSCIMRequests(entries) })
		if err != nil {
			t.Fatal(err)
		}
		read := func(q access.RequestQuery) (string, access.RequestPage) {
			p := must[access.RequestPage](t)(w.Requests(t.Context(), w.org, q))
			var list []string
			for _, e := range p.Requests {
				list = append(list, strings.TrimPrefix(e.Path, "/Users/"))
			}
			return strings.Join(list, " "), p
		}
		for _, c := range []struct {
			what, want string
			q          access.RequestQuery
		}{
			{"all", "5 4 3 2 1 0", access.RequestQuery{}},
			{"class", "5 2", access.RequestQuery{StatusClass: 4}},
			{"status", "4 1", access.RequestQuery{Status: 204}},
			{"method", "5 3 1", access.RequestQuery{Method: "PATCH"}},
			{"since", "5 4", access.RequestQuery{Since: start.Add(4 * time.Hour)}},
			{"match", "3", access.RequestQuery{Match: func(e access.SCIMRequest) bool { return e.Path == "/Users/3" }}},
		} {
			if got, _ := read(c.q); got != c.want {
				t.Errorf("%s: %q, want %q", c.what, got, c.want)
			}
		}
		got, first := read(access.RequestQuery{Limit: 4})
		rest, second := read(access.RequestQuery{Limit: 4, Older: first.Older})
		again, _ := read(access.RequestQuery{Limit: 4, Newer: second.Newer})
		if got != "5 4 3 2" || rest != "1 0" || again != got {
			t.Errorf("pages are %q, %q, back %q", got, rest, again)
		}
		one := must[access.SCIMRequest](t)(w.Request(t.Context(), w.org, entries[2].ID))
		if one.Status != 409 || one.Duration != time.Millisecond || !slices.Equal(one.Verdicts, []access.Verdict{{Op: "add", Path: "members", Verdict: "applied", Note: "1 members changed"}}) {
			t.Errorf("one request is %+v", one)
		}
		other := w.another()
		if _, err := other.Request(t.Context(), other.org, entries[2].ID); iam.KindOf(err) != iam.KindNotFound {
			t.Errorf("another organization gets %v", err)
		}
	})
}

func TestDenials(t *testing.T) {
	each(t, func(w *world) {
		err := w.db.Write(t.Context(), func(tx *store.Tx) error {
			return tx.AddSCIMDenials([]store.SCIMDenial{
				{Organization: w.org, Minute: start, Cause: iam.CauseWrong, Address: "192.0.2.1", Count: 3},
				{Organization: w.org, Minute: start.Add(time.Hour), Cause: iam.CauseExpired, Address: "192.0.2.2", Count: 1},
				{Organization: w.org, Minute: start.Add(-time.Hour), Cause: iam.CauseNone, Address: "192.0.2.3", Count: 9},
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		got := must[[]access.Denial](t)(w.Denials(t.Context(), w.org, start, 10))
		want := []access.Denial{{start.Add(time.Hour), iam.CauseExpired, "192.0.2.2", 1}, {start, iam.CauseWrong, "192.0.2.1", 3}}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if got := must[[]access.Denial](t)(w.Denials(t.Context(), w.org, time.Time{}, 1)); len(got) != 1 || got[0].Cause != iam.CauseExpired {
			t.Errorf("the newest is %v", got)
		}
	})
}
