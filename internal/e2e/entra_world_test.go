package e2e

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
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

const (
	kindUser  = mapping.KindUser
	kindGroup = mapping.KindGroup
)
