package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	entraidp "github.com/rollcall/rollcall/internal/entra/idp"
	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/internal/entra/portal"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/web"
)

// The tests named TestGuide_…, TestTroubleshooting_…, TestBestPractice_… and TestFAQ_… walk through the guide "SCIM
// provisioning with Microsoft Entra ID" from its first chapter to its last question. Both sides are real: Rollcall's server
// with its SCIM and SAML doors and its console, and the stand-in for Entra ID with its directory, provisioning service,
// identity provider and portal. They speak HTTP with one another, and one clock that the tests move is both sides' time.

// scene is what the guide has set up when it comes to its test plan: an organization of Rollcall and an enterprise
// application, connected by SAML in both directions and by SCIM, roles mapped, groups assigned, provisioning still off.
type scene struct {
	*guide          // the organization
	entra   *tenant // the directory
	app     *enterpriseApp
	admins  directory.Group // ClickHouse-Admins, which gives the role Admin
	readers directory.Group // ClickHouse-Read-only, which gives Read-only
}

// eachScene plays a part of the guide on both engines.
func eachScene(t *testing.T, play func(s *scene)) {
	t.Helper()
	eachServer(t, func(g *guide) {
		g.t.Helper()
		play(newScene(g))
	})
}

// newScene does the chapters from "Before you begin" to "Assign groups and users".
func newScene(g *guide) *scene {
	g.t.Helper()
	s := &scene{guide: g, entra: newTenant(g.t, g.clock)}
	s.create(g.t, "Guide")
	s.app = s.entra.application("Rollcall")
	s.connectSAML(s.app)
	s.enableSCIM()
	s.role("Admin", "ClickHouse-Admins", string(iam.PermOrganizationView), string(iam.PermOrganizationManage))
	s.role("Read-only", "ClickHouse-Read-only", string(iam.PermOrganizationView))
	s.app.save(s.endpoint, s.bearer)
	s.app.userNameFrom("mail")
	s.admins, s.readers = s.entra.group("ClickHouse-Admins"), s.entra.group("ClickHouse-Read-only")
	s.app.assign(s.admins.ID, s.readers.ID)
	return s
}

// connectSAML tells the application of the organization, and the organization of the application's metadata.
func (s *scene) connectSAML(app *enterpriseApp) {
	s.t.Helper()
	view := must[access.SAMLView](s.t)(s.access.SAML(s.t.Context(), s.org))
	app.singleSignOn(view.EntityID, view.ACSURL)
	connect := access.Connect{Metadata: app.metadata(), Domains: []string{"example.com"}, TrustDomains: true}
	_, err := s.access.ConnectSAML(s.t.Context(), iam.Operator, s.org, connect)
	s.ok(err)
}

func (s *scene) enableSCIM() {
	s.t.Helper()
	settings := must[access.SCIMView](s.t)(s.access.EnableSCIM(s.t.Context(), iam.Operator, s.org))
	s.endpoint, s.bearer = settings.Endpoint, s.key("").Bearer
}

// turnOn is the chapter "Turn on provisioning".
func (s *scene) turnOn() { s.t.Helper(); s.app.turnOn() }

// --- the directory -----------------------------------------------------------------------------------------------------

// tenant is the stand-in: a directory with its identity provider, provisioning service and portal.
type tenant struct {
	t     *testing.T
	clock *clock
	db    *directory.DB
	idp   *entraidp.Provider
	svc   *cycle.Service
	wire  *wire
	url   string
}

// by is the admin who configures.
var by = cycle.Actor{Name: "admin@corp.example.com"}

func newTenant(t *testing.T, c *clock) *tenant {
	t.Helper()
	e := &tenant{t: t, clock: c, wire: &wire{}}
	e.db = must[*directory.DB](t)(directory.Open(t.Context(), "", directory.Options{Now: c.Now}))
	t.Cleanup(func() { _ = e.db.Close() })
	server := httptest.NewUnstartedServer(nil)
	e.url = "http://" + server.Listener.Addr().String()
	e.idp = must[*entraidp.Provider](t)(entraidp.New(t.Context(), entraidp.Config{Directory: e.db, PublicURL: e.url, Now: c.Now}))
	e.serve()
	pages := must[*portal.Portal](t)(portal.New(portal.Config{Directory: e.db, Cycle: e.svc, IDP: e.idp, PublicURL: e.url, Now: c.Now}))
	t.Cleanup(pages.Close)
	quiet := slog.New(slog.DiscardHandler)
	server.Config.Handler = web.NewServer(web.Config{Mounts: []func(*http.ServeMux){e.idp.Mount, pages.Mount}, Now: c.Now, Log: quiet}).Handler()
	server.Start()
	t.Cleanup(server.Close)
	return e
}

// serve makes the provisioning service, also anew, as after a restart of the stand-in.
func (e *tenant) serve() {
	e.t.Helper()
	e.svc = &cycle.Service{
		Directory: e.db, Now: e.clock.Now, Concurrency: 4, HTTP: &http.Client{Transport: e.wire},
		Sleep: func(_ context.Context, d time.Duration) error { e.clock.advance(d); return nil },
	}
	e.ok(e.svc.Prepare(e.t.Context()))
}

func (e *tenant) ok(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

// hire makes a user "Ada Example" with the user principal name ada@corp.example.com and the mail ada@example.com.
func (e *tenant) hire(name string) directory.User {
	e.t.Helper()
	given := strings.ToUpper(name[:1]) + name[1:]
	return e.create(directory.User{
		UserPrincipalName: name + "@corp.example.com", Mail: name + "@example.com",
		GivenName: given, Surname: "Example", DisplayName: given + " Example", AccountEnabled: true,
	})
}

func (e *tenant) create(u directory.User) directory.User {
	e.t.Helper()
	return must[directory.User](e.t)(e.db.CreateUser(e.t.Context(), u))
}

func (e *tenant) group(name string, members ...directory.User) directory.Group {
	e.t.Helper()
	g := must[directory.Group](e.t)(e.db.CreateGroup(e.t.Context(), directory.Group{DisplayName: name, SecurityEnabled: true}))
	for _, u := range members {
		e.addToGroup(g, u)
	}
	return g
}

func (e *tenant) addToGroup(g directory.Group, u directory.User) {
	e.t.Helper()
	must[bool](e.t)(e.db.AddMember(e.t.Context(), g.ID, u.ID))
}

func (e *tenant) removeFromGroup(g directory.Group, u directory.User) {
	e.t.Helper()
	must[bool](e.t)(e.db.RemoveMember(e.t.Context(), g.ID, u.ID))
}

func (e *tenant) move(u directory.User, from, to directory.Group) {
	e.t.Helper()
	e.removeFromGroup(from, u)
	e.addToGroup(to, u)
}

func (e *tenant) rename(g directory.Group, name string) {
	e.t.Helper()
	must[directory.Group](e.t)(e.db.UpdateGroup(e.t.Context(), g.ID, func(g *directory.Group) error { g.DisplayName = name; return nil }))
}

func (e *tenant) update(u directory.User, change func(*directory.User)) {
	e.t.Helper()
	must[directory.User](e.t)(e.db.UpdateUser(e.t.Context(), u.ID, func(u *directory.User) error { change(u); return nil }))
}

func (e *tenant) disable(u directory.User) {
	e.t.Helper()
	must[directory.User](e.t)(e.db.DisableUser(e.t.Context(), u.ID))
}

func (e *tenant) enable(u directory.User) {
	e.t.Helper()
	must[directory.User](e.t)(e.db.EnableUser(e.t.Context(), u.ID))
}

func (e *tenant) remove(u directory.User) { e.t.Helper(); e.ok(e.db.DeleteUser(e.t.Context(), u.ID)) }

// later passes 40 minutes and runs what is due then.
func (e *tenant) later() []cycle.Cycle {
	e.t.Helper()
	e.clock.advance(cycle.DefaultInterval)
	return e.due()
}

func (e *tenant) due() []cycle.Cycle {
	e.t.Helper()
	return must[[]cycle.Cycle](e.t)(e.svc.RunDue(e.t.Context()))
}

// --- the enterprise application ----------------------------------------------------------------------------------------

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

// outcomes are what a cycle did, as "Create Success 2, Other Skipped 1".
func outcomes(c cycle.Cycle) string {
	var list []string
	for action, results := range c.Outcomes {
		for result, n := range results {
			list = append(list, fmt.Sprintf("%s %s %d", action, result, n))
		}
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

const (
	kindUser  = mapping.KindUser
	kindGroup = mapping.KindGroup
)
