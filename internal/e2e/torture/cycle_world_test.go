package torture

import (
	"context"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/e2e/live"
	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/scim/scimclient"
)

// company is a directory of the stand-in for Entra ID whose application provisions an organization of a running server.
type company struct {
	*testing.T
	server *live.Server
	org    live.Organization
	took   time.Duration      // the last cycle, by the clock on the wall: its own clock jumps
	target *scimclient.Client // sees what the service sees
	db     *directory.DB
	svc    *cycle.Service
	app    directory.ID
	job    cycle.JobID
	wire   *wire
	clock  *clock
	// late are the memberships that began while the member was out of scope. They are told when the group is looked at as a
	// whole: after a restart, or when it is assigned anew (Microsoft Entra docs, "how-provisioning-works").
	late map[membership]bool
}

type membership struct{ group, user directory.ID }

// clock is the stand-in's time, which a test sets forward.
type clock struct{ ahead atomic.Int64 }

func (c *clock) Now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

// wire carries the service's requests, and can pull the plug on the way.
type wire struct {
	http *http.Transport
	mu   sync.Mutex
	left int
	pull func()
}

// after pulls the plug when n more requests have been answered.
func (w *wire) after(n int, pull func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left, w.pull = n, pull
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	pull := w.pull
	if pull != nil {
		if w.left--; w.left > 0 {
			pull = nil
		} else {
			w.pull = nil
		}
	}
	w.mu.Unlock()
	if pull != nil {
		pull()
	}
	return w.http.RoundTrip(r)
}

var by = cycle.Actor{Name: "admin@example.com"}

// newCompany starts a server, sets an organization up, and a directory in a file beside it whose application is connected
// and on, with nobody in it.
func newCompany(t *testing.T, engine string, serve ...string) *company {
	t.Helper()
	c := &company{T: t, server: live.Start(t, database(t, engine), serve...), clock: &clock{}, late: map[membership]bool{}}
	c.org = live.SetUp(t, c.server, "Acme")
	c.wire = &wire{http: &http.Transport{MaxIdleConnsPerHost: 64}}
	t.Cleanup(c.wire.http.CloseIdleConnections)
	c.target = &scimclient.Client{BaseURL: c.org.Endpoint, Token: c.org.Key.Bearer}
	ctx := t.Context()
	var err error
	c.db, err = directory.Open(ctx, filepath.Join(t.TempDir(), "entra.db"), directory.Options{Now: c.clock.Now})
	c.ok(err)
	t.Cleanup(func() { _ = c.db.Close() })
	c.start()
	app, err := c.db.CreateApplication(ctx, directory.Application{DisplayName: "Rollcall"})
	c.ok(err)
	job, err := c.svc.CreateJob(ctx, app.ID, by)
	c.ok(err)
	c.app, c.job = app.ID, job.ID
	_, err = c.svc.SaveCredentials(ctx, c.job, c.org.Endpoint, c.org.Key.Bearer, by)
	c.ok(err)
	users := job.Users.Clone()
	users.Attributes[0].Source.Text = "mail" // as the guide asks
	_, err = c.svc.SaveMapping(ctx, c.job, users, by)
	c.ok(err)
	_, err = c.svc.Start(ctx, c.job, by)
	c.ok(err)
	return c
}

// start makes the provisioning service, also anew.
func (c *company) start() {
	c.Helper()
	c.svc = &cycle.Service{
		Directory: c.db, Now: c.clock.Now, HTTP: &http.Client{Transport: c.wire, Timeout: time.Minute},
		Sleep: func(_ context.Context, d time.Duration) error { c.clock.advance(d); return nil },
	}
	c.ok(c.svc.Prepare(c.Context()))
}

func (c *company) ok(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// cycle runs a cycle in which nothing may fail.
func (c *company) cycle() cycle.Cycle {
	c.Helper()
	ran := c.tryCycle()
	if ran.Count("", cycle.Failure) > 0 || ran.Quarantined != "" || ran.Aborted != "" {
		entries, _, err := c.svc.Logs(c.Context(), cycle.LogFilter{CycleID: ran.ID, Statuses: []cycle.Result{cycle.Failure}, Limit: 5})
		c.ok(err)
		for _, e := range entries {
			c.Logf("%s %s: %s", e.Source.Type, e.Source.DisplayName, e.Error.Reason)
		}
		c.Fatalf("the cycle has %d failures; quarantine %q, ended early %q; answers %v", ran.Count("", cycle.Failure), ran.Quarantined, ran.Aborted, ran.Calls)
	}
	return ran
}

func (c *company) tryCycle() cycle.Cycle {
	c.Helper()
	began := time.Now()
	ran, err := c.svc.RunCycle(c.Context(), c.job)
	c.took = time.Since(began)
	c.ok(err)
	c.clock.advance(cycle.DefaultInterval)
	c.noteLate()
	return ran
}

// noteLate remembers who is in an assigned group and was out of scope in the cycle that has just run. A soft-deleted user is
// in no list of members, and has not left his groups.
func (c *company) noteLate() {
	c.Helper()
	ctx := c.Context()
	inScope := c.inScope()
	deleted, err := c.db.DeletedUsers(ctx, "", directory.MostPerPage)
	c.ok(err)
	for g, err := range c.db.AssignedGroups(ctx, c.app) {
		c.ok(err)
		for m, err := range c.db.AllMembers(ctx, g.ID) {
			c.ok(err)
			if _, in := inScope[m.ID]; !in && m.Kind == directory.KindUser {
				c.late[membership{g.ID, m.ID}] = true
			}
		}
		for _, u := range deleted {
			if member, err := c.db.IsMember(ctx, g.ID, u.ID); err != nil {
				c.Fatal(err)
			} else if member {
				c.late[membership{g.ID, u.ID}] = true
			}
		}
	}
}

// inScope are the users whom the server should have as members.
func (c *company) inScope() map[directory.ID]directory.User {
	c.Helper()
	users := map[directory.ID]directory.User{}
	for u, err := range c.db.AssignedUsers(c.Context(), c.app) {
		c.ok(err)
		if u.AccountEnabled {
			users[u.ID] = u
		}
	}
	return users
}

// restart is "Restart provisioning": every group is looked at as a whole.
func (c *company) restart(reset cycle.Reset) {
	c.Helper()
	_, err := c.svc.Restart(c.Context(), c.job, reset, by)
	c.ok(err)
	c.late = map[membership]bool{}
}

// rotate replaces the key: generate, save, revoke.
func (c *company) rotate() {
	c.Helper()
	old := c.org.Key
	c.org.Key = live.JSON[live.Key](c, c.server.Database, "scim", "key", "create", "--org", c.org.ID)
	_, err := c.svc.SaveCredentials(c.Context(), c.job, c.org.Endpoint, c.org.Key.Bearer, by)
	c.ok(err)
	_, err = live.Run(c.Context(), c, c.server.Database, "scim", "key", "revoke", "--org", c.org.ID, "--key", old.Key)
	c.ok(err)
	c.target.Token = c.org.Key.Bearer
}
