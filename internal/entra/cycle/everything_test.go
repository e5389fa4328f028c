package cycle_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// service is a second service on the same directory, with other settings.
func (w *world) service(limits cycle.Limits) *cycle.Service {
	w.Helper()
	return &cycle.Service{Directory: w.db, Now: w.clock.Now, Concurrency: 4, Limits: limits, Log: w.svc.Log}
}

func noting(to *[]cycle.Notice) func(context.Context, cycle.Notice) {
	return func(_ context.Context, n cycle.Notice) { *to = append(*to, n) }
}

func second[T any](_ T, err error) error { return err }

// everything is all that the service shows of itself.
func (w *world) everything() string {
	w.Helper()
	j := w.read()
	doc, err := json.Marshal(j)
	w.ok(err)
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n%v %+v %#v\n%s\n", doc, j, j, j, w.logged)
	w.svc.Log.Info("job", "token", j.SecretToken)
	entries, _, err := w.svc.Logs(w.Context(), cycle.LogFilter{Limit: 1000})
	w.ok(err)
	audit, err := w.svc.Audit(w.Context(), "", 0, 1000)
	w.ok(err)
	cycles, err := w.svc.Cycles(w.Context(), w.job, 100)
	w.ok(err)
	for _, v := range []any{entries, audit, cycles} {
		doc, err := json.Marshal(v)
		w.ok(err)
		b.Write(doc)
	}
	w.ok(w.svc.ExportCSV(w.Context(), cycle.LogFilter{}, cycle.Export{Logs: &b, Steps: &b, ModifiedProperties: &b}))
	fmt.Fprint(&b, w.logged)
	return b.String()
}

func TestLogs_filtersPagesAndRetention(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, bob := w.addUser("ada"), w.addUser("bob")
	g := w.addGroup("Über \"Admins\"", ada)
	w.assign(g.ID, bob.ID)
	first, _ := w.cycle()
	w.change(bob, func(u *directory.User) { u.JobTitle = "Engineer" })
	w.unassign(g.ID)
	w.cycle()
	count := func(f cycle.LogFilter) int {
		t.Helper()
		entries, _, err := w.svc.Logs(t.Context(), f)
		w.ok(err)
		return len(entries)
	}
	all := count(cycle.LogFilter{})
	for name, tc := range map[string]struct {
		filter cycle.LogFilter
		want   int
	}{
		"all":              {cycle.LogFilter{}, 7}, // 3 created, members, bob updated, ada disabled, group deleted
		"application":      {cycle.LogFilter{ApplicationID: w.app.ID}, all},
		"other job":        {cycle.LogFilter{JobID: "scim.other"}, 0},
		"cycle":            {cycle.LogFilter{CycleID: first.ID}, 4},
		"action":           {cycle.LogFilter{Actions: []cycle.Action{cycle.ActionCreate, cycle.ActionDelete}}, 4},
		"status":           {cycle.LogFilter{Statuses: []cycle.Result{cycle.Failure}}, 0},
		"kind":             {cycle.LogFilter{Kind: mapping.KindGroup}, 3},
		"name, any case":   {cycle.LogFilter{Identity: "bob ex"}, 2},
		"name beyond a-z":  {cycle.LogFilter{Identity: "über"}, 3},
		"id of the target": {cycle.LogFilter{Identity: w.target.user(t, "bob@example.com")["id"].(string)}, 2},
		"text":             {cycle.LogFilter{Text: `Group 'Über "Admins"' will be created`}, 1},
		"since":            {cycle.LogFilter{Since: first.EndedAt.Add(time.Second)}, 3},
		"until":            {cycle.LogFilter{Until: first.EndedAt.Add(time.Second)}, 4},
	} {
		if got := count(tc.filter); got != tc.want {
			t.Errorf("%s: %d entries, want %d", name, got, tc.want)
		}
	}
	seen := map[string]bool{}
	for f := (cycle.LogFilter{Limit: 3}); ; {
		page, next, err := w.svc.Logs(t.Context(), f)
		w.ok(err)
		for _, e := range page {
			if seen[e.ChangeID] {
				t.Errorf("%s is on two pages", e.ChangeID)
			}
			seen[e.ChangeID] = true
		}
		if next == 0 {
			break
		}
		f.Before = next
	}
	if len(seen) != all {
		t.Errorf("%d entries on pages, want %d", len(seen), all)
	}
	if e, err := w.svc.LogEntry(t.Context(), w.last(ada.ID).ChangeID); err != nil || e.Source.ID != string(ada.ID) {
		t.Errorf("by change id: %+v, %v", e, err)
	}
	if _, err := w.svc.LogEntry(t.Context(), "none"); !cycle.IsProblem(err, cycle.NotFound) {
		t.Errorf("unknown change id: %v", err)
	}

	w.clock.Advance(8 * 24 * time.Hour)
	if n, err := w.svc.Prune(t.Context()); err != nil || n != 0 {
		t.Errorf("removed %d after 8 days with P1, %v", n, err)
	}
	w.ok(w.db.SetLicence(t.Context(), directory.LicenceFree))
	if n, err := w.svc.Prune(t.Context()); err != nil || int(n) != all {
		t.Errorf("removed %d after 8 days without, %v; want %d", n, err, all)
	}
}

func TestExportCSV_joins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.addUser("ada")
	w.change(ada, func(u *directory.User) { u.DisplayName = "=HYPERLINK(\"x\")" })
	w.assign(ada.ID)
	w.cycle()
	var logs, steps, properties bytes.Buffer
	w.ok(w.svc.ExportCSV(t.Context(), cycle.LogFilter{}, cycle.Export{Logs: &logs, Steps: &steps, ModifiedProperties: &properties}))
	read := func(b *bytes.Buffer) [][]string {
		t.Helper()
		rows, err := csv.NewReader(b).ReadAll()
		w.ok(err)
		return rows
	}
	l, s, p := read(&logs), read(&steps), read(&properties)
	id := w.last(ada.ID).ChangeID
	if len(l) != 2 || l[1][0] != id || l[1][7] != "Create" || l[1][8] != "Success" || l[1][11] != `'=HYPERLINK("x")` {
		t.Errorf("logs: %q", l)
	}
	if len(s) != 6 || s[1][0] != id || s[5][2] != "EntryExportAdd" {
		t.Errorf("steps: %q", s)
	}
	if len(p) < 4 || p[1][0] != id || p[1][1] != "userName" || p[1][3] != "ada@example.com" {
		t.Errorf("properties: %q", p)
	}
}

func TestAudit_configuration(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settings(func(s *cycle.Settings) { s.Scope = cycle.ScopeAll })
	w.mapping(mapping.KindUser, func(m *mapping.ObjectMapping) { m.Attributes[0].Source.Text = "mail" })
	_, err := w.svc.Stop(t.Context(), w.job, admin)
	w.ok(err)
	_, err = w.svc.Restart(t.Context(), w.job, cycle.ResetFull, admin)
	w.ok(err)
	entries, err := w.svc.Audit(t.Context(), w.app.ID, 0, 100)
	w.ok(err)
	var got []string
	for _, e := range entries {
		got = append(got, string(e.Activity))
		if e.By != admin || e.JobID != w.job || e.At.IsZero() {
			t.Errorf("entry: %+v", e)
		}
	}
	want := []string{
		"Enable/restart provisioning configuration", "Disable/pause provisioning configuration", "Update attribute mappings or scope",
		"Update provisioning setting or credentials", "Enable/start provisioning configuration", "Update provisioning setting or credentials", "Add provisioning configuration",
	}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("audit: got %q, want %q", got, want)
	}
	if m := entries[3].Modified; len(m) != 1 || m[0].DisplayName != "Scope" || m[0].NewValue != string(cycle.ScopeAll) {
		t.Errorf("settings: %+v", m)
	}
}

func TestJobs_refused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	for name, err := range map[string]error{
		"second job": second(w.svc.CreateJob(ctx, w.app.ID, admin)),
		"no URL":     second(w.svc.SaveCredentials(ctx, w.job, "ftp://x", "t", admin)),
		"line break": second(w.svc.SaveCredentials(ctx, w.job, w.target.url, "a\nb", admin)),
		"scope":      second(w.svc.SaveSettings(ctx, w.job, cycle.Settings{Scope: "some"}, admin)),
		"threshold":  second(w.svc.SaveSettings(ctx, w.job, cycle.Settings{Scope: cycle.ScopeAll, PreventAccidentalDeletions: true}, admin)),
		"e-mail":     second(w.svc.SaveSettings(ctx, w.job, cycle.Settings{Scope: cycle.ScopeAll, NotificationEmail: "x"}, admin)),
		"mapping":    second(w.svc.SaveMapping(ctx, w.job, mapping.ObjectMapping{Kind: mapping.KindUser, Enabled: true}, admin)),
		"users off":  second(w.svc.SaveMapping(ctx, w.job, mapping.ObjectMapping{Kind: mapping.KindUser}, admin)),
		"reset":      second(w.svc.Restart(ctx, w.job, "Everything", admin)),
		"unknown":    second(w.svc.Start(ctx, "scim.none", admin)),
	} {
		if !cycle.IsProblem(err, cycle.Invalid) && !cycle.IsProblem(err, cycle.Conflict) && !cycle.IsProblem(err, cycle.NotFound) {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
	other, err := w.db.CreateApplication(ctx, directory.Application{DisplayName: "Other"})
	w.ok(err)
	j, err := w.svc.CreateJob(ctx, other.ID, admin)
	w.ok(err)
	if _, err := w.svc.Start(ctx, j.ID, admin); !cycle.IsProblem(err, cycle.Conflict) {
		t.Errorf("start without credentials: %v", err)
	}
	if jobs, err := w.svc.Jobs(ctx, other.ID); err != nil || len(jobs) != 1 || jobs[0].Status != cycle.StatusOff || jobs[0].Scope != cycle.ScopeAssigned {
		t.Errorf("a new job: %+v, %v", jobs, err)
	}
	w.ok(w.svc.DeleteJob(ctx, j.ID, admin))
	if _, err := w.svc.Job(ctx, j.ID); !cycle.IsProblem(err, cycle.NotFound) {
		t.Errorf("a deleted job: %v", err)
	}
}
