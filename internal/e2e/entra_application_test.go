package e2e

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	entraidp "github.com/rollcall/rollcall/internal/entra/idp"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// enterpriseApp is one object for single sign-on and provisioning.
type enterpriseApp struct {
	*tenant
	directory.Application
	job cycle.JobID
}

// federation is the signing certificate of all applications: making one takes the time of a whole test.
var federation = sync.OnceValues(func() (directory.Certificate, error) {
	ctx := context.Background()
	db, err := directory.Open(ctx, "", directory.Options{Now: func() time.Time { return dayOne }})
	if err != nil {
		return directory.Certificate{}, err
	}
	defer db.Close()
	provider, err := entraidp.New(ctx, entraidp.Config{Directory: db, PublicURL: "http://localhost", Now: func() time.Time { return dayOne }})
	if err != nil {
		return directory.Certificate{}, err
	}
	app, err := db.CreateApplication(ctx, directory.Application{DisplayName: "Certificates"})
	if err != nil {
		return directory.Certificate{}, err
	}
	return provider.CreateCertificate(ctx, app.ID, time.Time{})
})

// application makes an application and its provisioning job.
func (e *tenant) application(name string) *enterpriseApp {
	e.t.Helper()
	a := &enterpriseApp{tenant: e}
	a.Application = must[directory.Application](e.t)(e.db.CreateApplication(e.t.Context(), directory.Application{DisplayName: name}))
	must[directory.Certificate](e.t)(e.db.AddCertificate(e.t.Context(), a.ID, must[directory.Certificate](e.t)(federation())))
	a.job = must[cycle.Job](e.t)(e.svc.CreateJob(e.t.Context(), a.ID, by)).ID
	return a
}

// singleSignOn is "Set up single sign-on with SAML": everything from user.mail.
func (a *enterpriseApp) singleSignOn(entityID, acs string) {
	a.t.Helper()
	claims := directory.DefaultClaims()
	for i := range claims {
		if claims[i].Name == "emailaddress" || claims[i].Name == "name" {
			claims[i].Source = "user.mail"
		}
	}
	a.Application = must[directory.Application](a.t)(a.db.UpdateApplication(a.t.Context(), a.ID, func(app *directory.Application) error {
		app.SAML.Identifier, app.SAML.ReplyURL, app.SAML.NameIDSource = entityID, acs, "user.mail"
		app.SAML.Claims = append(claims, directory.Claim{Name: "email", Source: "user.mail"})
		return nil
	}))
}

func (a *enterpriseApp) metadata() []byte {
	a.t.Helper()
	res, err := http.Get(a.idp.Endpoints(a.Application).MetadataURL)
	return []byte(entraPage(a.t, res, err))
}

func (a *enterpriseApp) assign(ids ...directory.ID) {
	a.t.Helper()
	for _, id := range ids {
		must[directory.Assignment](a.t)(a.db.Assign(a.t.Context(), a.ID, id))
	}
}

func (a *enterpriseApp) unassign(id directory.ID) {
	a.t.Helper()
	a.ok(a.db.Unassign(a.t.Context(), a.ID, id))
}

func (a *enterpriseApp) state() cycle.Job {
	a.t.Helper()
	return must[cycle.Job](a.t)(a.svc.Job(a.t.Context(), a.job))
}

// save saves the admin credentials.
func (a *enterpriseApp) save(tenantURL, token string) {
	a.t.Helper()
	must[cycle.Job](a.t)(a.svc.SaveCredentials(a.t.Context(), a.job, tenantURL, token, by))
}

// testConnection tests credentials as they stand in the form.
func (a *enterpriseApp) testConnection(tenantURL, token string) cycle.ConnectionTest {
	a.t.Helper()
	return must[cycle.ConnectionTest](a.t)(a.svc.TestConnection(a.t.Context(), tenantURL, token))
}

// mapping changes the attribute mapping of a kind of object.
func (a *enterpriseApp) mapping(kind mapping.Kind, change func(*mapping.ObjectMapping)) {
	a.t.Helper()
	m := a.state().Mapping(kind).Clone()
	change(&m)
	must[cycle.Job](a.t)(a.svc.SaveMapping(a.t.Context(), a.job, m, by))
}

// userNameFrom edits the row of userName.
func (a *enterpriseApp) userNameFrom(source string) {
	a.t.Helper()
	a.mapping(mapping.KindUser, func(m *mapping.ObjectMapping) { *row(a.t, m, "userName") = fromAttribute("userName", source, 1) })
}

func fromAttribute(target, source string, precedence int) mapping.AttributeMapping {
	return mapping.AttributeMapping{Target: target, Source: mapping.Source{Type: mapping.Direct, Text: source}, MatchingPrecedence: precedence}
}

// row finds the row of a target attribute.
func row(t *testing.T, m *mapping.ObjectMapping, target string) *mapping.AttributeMapping {
	t.Helper()
	i := slices.IndexFunc(m.Attributes, func(a mapping.AttributeMapping) bool { return a.Target == target })
	if i < 0 {
		t.Fatalf("there is no mapping to %s", target)
	}
	return &m.Attributes[i]
}

func (a *enterpriseApp) turnOn() {
	a.t.Helper()
	must[cycle.Job](a.t)(a.svc.Start(a.t.Context(), a.job, by))
}

func (a *enterpriseApp) turnOff() {
	a.t.Helper()
	must[cycle.Job](a.t)(a.svc.Stop(a.t.Context(), a.job, by))
}

// cycle runs a cycle in which nothing may fail.
func (a *enterpriseApp) cycle() cycle.Cycle {
	a.t.Helper()
	c := a.tryCycle()
	if c.Count("", cycle.Failure) > 0 || c.Quarantined != "" || c.Aborted != "" {
		for _, entry := range a.logs(cycle.LogFilter{CycleID: c.ID, Statuses: []cycle.Result{cycle.Failure}}) {
			a.t.Logf("%s: %s", entry.Source.DisplayName, entry.Error.Reason)
		}
		a.t.Fatalf("the cycle has %d failures; quarantine %q, ended early %q", c.Count("", cycle.Failure), c.Quarantined, c.Aborted)
	}
	return c
}

func (a *enterpriseApp) tryCycle() cycle.Cycle {
	a.t.Helper()
	return must[cycle.Cycle](a.t)(a.svc.RunCycle(a.t.Context(), a.job))
}

// provisionOnDemand provisions a user, which must succeed or find nothing to do.
func (a *enterpriseApp) provisionOnDemand(u directory.User) cycle.OnDemand {
	a.t.Helper()
	return a.demand(cycle.Subject{Kind: mapping.KindUser, ID: u.ID})
}

// provisionGroupOnDemand provisions a group with chosen members.
func (a *enterpriseApp) provisionGroupOnDemand(g directory.Group, members ...directory.User) cycle.OnDemand {
	a.t.Helper()
	subject := cycle.Subject{Kind: mapping.KindGroup, ID: g.ID}
	for _, u := range members {
		subject.Members = append(subject.Members, u.ID)
	}
	return a.demand(subject)
}

func (a *enterpriseApp) demand(subject cycle.Subject) cycle.OnDemand {
	a.t.Helper()
	d := a.tryDemand(subject)
	if d.Status == cycle.Failure {
		a.t.Fatalf("provision on demand of %s: %s", d.Source.DisplayName, d.Error.Reason)
	}
	return d
}

func (a *enterpriseApp) tryDemand(subject cycle.Subject) cycle.OnDemand {
	a.t.Helper()
	return must[cycle.OnDemand](a.t)(a.svc.ProvisionOnDemand(a.t.Context(), a.job, subject, by))
}

// logs are the provisioning logs of the application, the newest first.
func (a *enterpriseApp) logs(f cycle.LogFilter) []cycle.LogEntry {
	a.t.Helper()
	f.ApplicationID, f.Limit = a.ID, 1000
	entries, _, err := a.svc.Logs(a.t.Context(), f)
	a.ok(err)
	return entries
}

// last is the newest entry about an object of the directory.
func (a *enterpriseApp) last(id directory.ID) cycle.LogEntry {
	a.t.Helper()
	entries := a.logs(cycle.LogFilter{Identity: string(id)})
	if len(entries) == 0 {
		a.t.Fatalf("there is no log entry about %s", id)
	}
	return entries[0]
}

// entry checks an entry of the logs: "Create Success", "Other Skipped RedundantExport", "Update Failure Conflict".
func (a *enterpriseApp) entry(e cycle.LogEntry, want string) {
	a.t.Helper()
	got := string(e.Action) + " " + string(e.Status)
	switch {
	case e.SkipReason != "":
		got += " " + e.SkipReason
	case e.Error != nil:
		got += " " + e.Error.Code
	}
	if got != want {
		a.t.Errorf("the log entry about %s: got %q, want %q (%+v)", e.Source.DisplayName, got, want, e.Error)
	}
}
