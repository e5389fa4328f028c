package cycle_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// clock is a time that tests move.
type clock struct{ us atomic.Int64 }

func (c *clock) Now() time.Time          { return time.UnixMicro(c.us.Load()).UTC() }
func (c *clock) Advance(d time.Duration) { c.us.Add(d.Microseconds()) }

var admin = cycle.Actor{ID: "a0000000-0000-4000-8000-000000000000", Name: "admin@example.com"}

// world is a directory with one application, its job, and a scripted target.
type world struct {
	*testing.T
	clock  *clock
	db     *directory.DB
	svc    *cycle.Service
	app    directory.Application
	job    cycle.JobID
	target *scriptedTarget
	waited []time.Duration
	logged *bytes.Buffer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, clock: &clock{}, target: newTarget(t), logged: &bytes.Buffer{}}
	w.clock.us.Store(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC).UnixMicro())
	db, err := directory.Open(t.Context(), "", directory.Options{Now: w.clock.Now})
	w.ok(err)
	t.Cleanup(func() { _ = db.Close() })
	w.db = db
	w.svc = &cycle.Service{
		Directory: db, Now: w.clock.Now, Concurrency: 4, Random: zeros{},
		Sleep: func(_ context.Context, d time.Duration) error { w.waited = append(w.waited, d); return nil },
		Log:   slog.New(slog.NewTextHandler(w.logged, nil)),
	}
	w.ok(w.svc.Prepare(t.Context()))
	w.app, err = db.CreateApplication(t.Context(), directory.Application{DisplayName: "Contoso app"})
	w.ok(err)
	j, err := w.svc.CreateJob(t.Context(), w.app.ID, admin)
	w.ok(err)
	w.job = j.ID
	w.credentials(w.target.url)
	_, err = w.svc.Start(t.Context(), w.job, admin)
	w.ok(err)
	return w
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

var _ io.Reader = zeros{}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) credentials(tenantURL string) {
	w.Helper()
	_, err := w.svc.SaveCredentials(w.Context(), w.job, tenantURL, w.target.token, admin)
	w.ok(err)
}

func (w *world) settings(change func(*cycle.Settings)) {
	w.Helper()
	settings := w.read().Settings
	change(&settings)
	_, err := w.svc.SaveSettings(w.Context(), w.job, settings, admin)
	w.ok(err)
}

func (w *world) mapping(kind mapping.Kind, change func(*mapping.ObjectMapping)) {
	w.Helper()
	j := w.read()
	m := j.Mapping(kind).Clone()
	change(&m)
	_, err := w.svc.SaveMapping(w.Context(), w.job, m, admin)
	w.ok(err)
}

func (w *world) read() cycle.Job {
	w.Helper()
	j, err := w.svc.Job(w.Context(), w.job)
	w.ok(err)
	return j
}

// addUser makes the user name@example.com, "Name Example".
func (w *world) addUser(name string) directory.User {
	w.Helper()
	given := strings.ToUpper(name[:1]) + name[1:]
	u, err := w.db.CreateUser(w.Context(), directory.User{
		UserPrincipalName: name + "@example.com", Mail: name + "@example.com", MailNickname: name,
		DisplayName: given + " Example", GivenName: given, Surname: "Example", AccountEnabled: true,
	})
	w.ok(err)
	return u
}

func (w *world) addGroup(name string, members ...directory.User) directory.Group {
	w.Helper()
	g, err := w.db.CreateGroup(w.Context(), directory.Group{DisplayName: name, SecurityEnabled: true})
	w.ok(err)
	for _, u := range members {
		w.join(g, u)
	}
	return g
}

func (w *world) join(g directory.Group, u directory.User) {
	w.Helper()
	_, err := w.db.AddMember(w.Context(), g.ID, u.ID)
	w.ok(err)
}

func (w *world) part(g directory.Group, u directory.User) {
	w.Helper()
	_, err := w.db.RemoveMember(w.Context(), g.ID, u.ID)
	w.ok(err)
}

func (w *world) assign(ids ...directory.ID) {
	w.Helper()
	for _, id := range ids {
		_, err := w.db.Assign(w.Context(), w.app.ID, id)
		w.ok(err)
	}
}

func (w *world) unassign(id directory.ID) {
	w.Helper()
	w.ok(w.db.Unassign(w.Context(), w.app.ID, id))
}

func (w *world) change(u directory.User, change func(*directory.User)) {
	w.Helper()
	_, err := w.db.UpdateUser(w.Context(), u.ID, func(u *directory.User) error { change(u); return nil })
	w.ok(err)
}

// cycle runs a cycle and returns it with the calls after the credential test, which it checks.
func (w *world) cycle() (cycle.Cycle, []call) {
	w.Helper()
	w.target.taken()
	c, err := w.svc.RunCycle(w.Context(), w.job)
	w.ok(err)
	calls := w.target.taken()
	if len(calls) == 0 || !strings.HasPrefix(calls[0].URI, `/Users?filter=userName+eq+"`) {
		w.Fatalf("calls: %v, want the test of the connection first", calls)
	}
	w.clock.Advance(40 * time.Minute)
	return c, calls[1:]
}

// wantCalls compares calls, in any order, with "METHOD /path" where ids are left out.
func (w *world) wantCalls(calls []call, want ...string) {
	w.Helper()
	var got []string
	for _, c := range calls {
		path, _, _ := strings.Cut(c.URI, "?")
		kind, id, has := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		line := c.Method + " " + kind
		if has && id != "" {
			line += "/id"
		}
		if strings.Contains(c.URI, "?") && !has {
			line += "?"
		}
		got = append(got, line)
	}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		w.Fatalf("calls: got %q, want %q\n%v", got, want, calls)
	}
}

// logs returns the entries of a source object, the oldest first.
func (w *world) logs(id directory.ID) []cycle.LogEntry {
	w.Helper()
	entries, _, err := w.svc.Logs(w.Context(), cycle.LogFilter{Identity: string(id), Limit: 1000})
	w.ok(err)
	for i, j := 0, len(entries)-1; i < j; i, j = i+1, j-1 {
		entries[i], entries[j] = entries[j], entries[i]
	}
	return entries
}

// last is the newest entry of a source object.
func (w *world) last(id directory.ID) cycle.LogEntry {
	w.Helper()
	entries := w.logs(id)
	if len(entries) == 0 {
		w.Fatalf("there is no log entry of %s", id)
	}
	return entries[len(entries)-1]
}

func (w *world) wantEntry(e cycle.LogEntry, action cycle.Action, status cycle.Result, code string) {
	w.Helper()
	got := e.SkipReason
	if got == "" && e.Error != nil {
		got = e.Error.Code
	}
	if e.Action != action || e.Status != status || got != code {
		w.Fatalf("entry: got %s %s %q (%+v), want %s %s %q", e.Action, e.Status, got, e.Error, action, status, code)
	}
	if e.Error != nil && strings.HasSuffix(e.Error.Reason, "..") {
		w.Errorf("two periods end the sentence %q", e.Error.Reason)
	}
}
