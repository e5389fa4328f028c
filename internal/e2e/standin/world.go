package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/scim/scimclient"
)

// world is a directory with an application whose provisioning job leads to the server, and a second client that looks at
// the server past the job.
type world struct {
	db     *directory.DB
	svc    *cycle.Service
	app    directory.ID
	job    cycle.JobID
	url    string // the tenant URL
	token  string
	wire   *wire
	server *scimclient.Client
	now    time.Time

	users  map[string]directory.ID
	groups map[string]directory.ID
}

var by = cycle.Actor{Name: "admin@corp.example.com"}

func newWorld(ctx context.Context, base, suffix, token string) (*world, error) {
	w := &world{
		url: base + suffix, token: token, wire: &wire{}, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
		server: &scimclient.Client{BaseURL: base, Token: token},
		users:  map[string]directory.ID{}, groups: map[string]directory.ID{},
	}
	now := func() time.Time { return w.now }
	var err error
	if w.db, err = directory.Open(ctx, "", directory.Options{Now: now}); err != nil {
		return nil, err
	}
	w.svc = &cycle.Service{
		Directory: w.db, Now: now, Concurrency: 4, HTTP: &http.Client{Transport: w.wire, Timeout: 30 * time.Second},
		Log: slog.New(slog.DiscardHandler),
	}
	if err := errors.Join(w.svc.Prepare(ctx), w.fill(ctx)); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *world) close() { _ = w.db.Close() } // a directory without a file

// fill makes the people, the groups and the application.
func (w *world) fill(ctx context.Context) error {
	for _, name := range []string{"ada", "bob", "cleo", "dan", "eve", "finn", "gil", "hana", "ivo", "jana"} {
		if err := w.hire(ctx, name, ""); err != nil {
			return err
		}
	}
	for _, name := range []string{"bob", "cleo", "dan"} {
		if err := w.change(ctx, name, func(u *directory.User) { u.ManagerID = w.users["ada"] }); err != nil {
			return err
		}
	}
	for name, members := range map[string][]string{
		"Engineering": {"ada", "bob", "cleo", "ivo"},
		"Sales":       {"dan", "eve", "ada", "jana"},
		"Everyone":    {"ada", "bob", "cleo", "dan", "eve", "finn", "gil", "hana", "ivo", "jana"},
		"Empty":       nil,
	} {
		if err := w.group(ctx, name, members...); err != nil {
			return err
		}
	}
	app, err := w.db.CreateApplication(ctx, directory.Application{DisplayName: "Others"})
	if err != nil {
		return err
	}
	w.app = app.ID
	for _, id := range w.groups {
		if _, err := w.db.Assign(ctx, w.app, id); err != nil {
			return err
		}
	}
	job, err := w.svc.CreateJob(ctx, w.app, by)
	w.job = job.ID
	return err
}

// hire makes a user whose every attribute of the default mapping has a value.
func (w *world) hire(ctx context.Context, name, manager string) error {
	given := strings.ToUpper(name[:1]) + name[1:]
	u, err := w.db.CreateUser(ctx, directory.User{
		UserPrincipalName: name + "@corp.example.com", Mail: name + "@example.com", MailNickname: name,
		GivenName: given, Surname: "Müller", DisplayName: given + " Müller", JobTitle: "Clerk", Department: "Accounts & more",
		EmployeeID: "E-" + name, TelephoneNumber: "+1 555 0100", Mobile: "+1 555 0101", FacsimileTelephoneNumber: "+1 555 0102",
		PhysicalDeliveryOfficeName: "Room 1", StreetAddress: "1 Main St", City: "Springfield", State: "IL", PostalCode: "62701", Country: "US",
		PreferredLanguage: "en-US", AccountEnabled: true, ManagerID: w.users[manager],
	})
	w.users[name] = u.ID
	return err
}

func (w *world) group(ctx context.Context, name string, members ...string) error {
	g, err := w.db.CreateGroup(ctx, directory.Group{DisplayName: name, SecurityEnabled: true})
	if err != nil {
		return err
	}
	w.groups[name] = g.ID
	return w.join(ctx, name, members...)
}

func (w *world) join(ctx context.Context, group string, members ...string) error {
	for _, member := range members {
		if _, err := w.db.AddMember(ctx, w.groups[group], w.users[member]); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) part(ctx context.Context, group string, members ...string) error {
	for _, member := range members {
		if _, err := w.db.RemoveMember(ctx, w.groups[group], w.users[member]); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) change(ctx context.Context, name string, change func(*directory.User)) error {
	_, err := w.db.UpdateUser(ctx, w.users[name], func(u *directory.User) error { change(u); return nil })
	return err
}

// cycle runs a cycle; 40 minutes pass. What failed in it is the error: everything, or only what is about the people and
// groups of those names.
func (w *world) cycle(ctx context.Context, about ...string) (cycle.Cycle, error) {
	w.now = w.now.Add(cycle.DefaultInterval)
	c, err := w.svc.RunCycle(ctx, w.job)
	if err != nil {
		return c, err
	}
	if c.Quarantined != "" || c.Aborted != "" {
		return c, fmt.Errorf("the cycle ended: %s", c.Quarantined+c.Aborted)
	}
	failed, _, err := w.svc.Logs(ctx, cycle.LogFilter{CycleID: c.ID, Statuses: []cycle.Result{cycle.Failure}, Limit: 1000})
	if err != nil {
		return c, err
	}
	var all []error
	for _, e := range failed {
		named := func(name string) bool {
			return directory.ID(e.Source.ID) == w.users[name] || directory.ID(e.Source.ID) == w.groups[name]
		}
		if len(about) == 0 || slices.ContainsFunc(about, named) {
			all = append(all, errors.New(e.Error.Reason))
		}
	}
	return c, errors.Join(all...)
}

// link is the id of an object of the directory in the server.
func (w *world) link(ctx context.Context, kind mapping.Kind, id directory.ID) (string, error) {
	l, err := w.svc.Link(ctx, w.job, kind, id)
	if err != nil {
		return "", err
	}
	if l == nil {
		return "", fmt.Errorf("%s %s is not linked to anything in the server", kind, id)
	}
	return l.TargetID, nil
}

// exchange is one request of the service and its answer.
type exchange struct {
	Method string `json:"method"`
	URL    string `json:"url"`
	Body   string `json:"body,omitempty"`
	Status int    `json:"status"`
	Answer string `json:"answer,omitempty"`
}

// wire carries the requests of the service and keeps them.
type wire struct {
	mu   sync.Mutex
	list []exchange
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	one := exchange{Method: r.Method, URL: r.URL.String()}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		one.Body, r.Body = string(body), io.NopCloser(bytes.NewReader(body))
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(res.Body)
	_ = res.Body.Close() // it was read
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(answer))
	one.Status, one.Answer = res.StatusCode, string(answer)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, one)
	return res, nil
}

func (w *wire) taken() []exchange {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]exchange(nil), w.list...)
}

func (w *wire) save(path string) error {
	var buf bytes.Buffer
	for _, one := range w.taken() {
		line, err := json.Marshal(one)
		if err != nil {
			return err
		}
		buf.Write(append(line, '\n'))
	}
	return os.WriteFile(path, buf.Bytes(), 0o600)
}

// forget drops what was recorded: exchanges that belong to no entry of the logs.
func (w *wire) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = nil
}
