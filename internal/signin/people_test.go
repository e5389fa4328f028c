package signin_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/e2e/idp"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
	"github.com/rollcall/rollcall/scim"
)

// house is two replicas of a server on one database, with one organization whose
// identity provider is connected, whose domain example.com is verified, and whose
// first Admin is ada@example.com with her link still to be used.
type house struct {
	*signin.Service                 // the first replica
	second          *signin.Service // the second
	t               *testing.T
	url             string
	db              *store.DB
	admin           *access.Service
	scim            *provision.Service
	idp             *idp.Provider
	org             iam.OrganizationID
	link            string // the first Admin's token

	mu  sync.Mutex
	now time.Time
}

const publicURL = "https://rollcall.example"

var browser = signin.Client{Address: "192.0.2.7", UserAgent: "Browser/1", RequestID: "req1"}

func eachHouse(t *testing.T, run func(h *house)) {
	t.Helper()
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			run(newHouse(t, engine))
		})
	}
}

func newHouse(t *testing.T, engine string) *house {
	t.Helper()
	h := &house{t: t, now: start, url: storetest.URL(t, engine)}
	h.db = storetest.Reopen(t, h.url, store.Options{Now: h.clock})
	h.Service = &signin.Service{DB: h.db, Now: h.clock, Random: rand.Reader, PublicURL: publicURL + "/"}
	other := storetest.Reopen(t, h.url, store.Options{Now: h.clock})
	h.second = &signin.Service{DB: other, Now: h.clock, Random: rand.Reader, PublicURL: publicURL}
	h.admin = &access.Service{DB: h.db, Now: h.clock, Random: rand.Reader, PublicURL: publicURL}
	h.scim = &provision.Service{DB: h.db, Now: h.clock}
	h.idp = idp.New(t, "idp", start)
	h.org, h.link = h.organization("Example")
	h.connect(h.org, h.idp, "example.com")
	return h
}

// organization makes an organization and returns it with its first Admin's token.
func (h *house) organization(name string) (iam.OrganizationID, string) {
	h.t.Helper()
	made, err := h.admin.CreateOrganization(h.t.Context(), iam.Operator, access.NewOrganization{Name: name, AdminEmail: "ada@example.com"})
	h.ok(err)
	return made.Organization.ID, made.AdminSetupURL[strings.LastIndex(made.AdminSetupURL, "/")+1:]
}

func (h *house) connect(org iam.OrganizationID, p *idp.Provider, domains ...string) {
	h.t.Helper()
	_, err := h.admin.ConnectSAML(h.t.Context(), iam.Operator, org, access.Connect{Metadata: p.Metadata(), Domains: domains, TrustDomains: true})
	h.ok(err)
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) sleep(by time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(by)
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		var refused *signin.Refused
		if errors.As(err, &refused) {
			h.t.Fatalf("%v (%s: %s)", err, refused.Cause, refused.Detail)
		}
		h.t.Fatal(err)
	}
}

// scimUser makes a user by SCIM and returns his id.
func (h *house) scimUser(userName string, active bool) string {
	h.t.Helper()
	doc, err := h.scim.CreateUser(h.t.Context(), h.key(), scim.Object{
		"schemas": []any{scim.UserURN}, "userName": userName, "active": active,
	}, &provision.Trail{})
	h.ok(err)
	return doc.ID
}

func (h *house) patchUser(id string, path string, value any) {
	h.t.Helper()
	patch, err := scim.ParsePatch(scim.Object{
		"schemas":    []any{scim.PatchOpURN},
		"Operations": []any{scim.Object{"op": "replace", "path": path, "value": value}},
	})
	h.ok(err)
	_, err = h.scim.PatchUser(h.t.Context(), h.key(), id, patch, provision.Match{}, &provision.Trail{})
	h.ok(err)
}

// key is the identity provider that calls the SCIM endpoint.
func (h *house) key() iam.SCIMCaller {
	org, err := h.db.Read(h.t.Context()).Organization(h.org)
	h.ok(err)
	return iam.SCIMCaller{Organization: org, Key: "scim_test", Actor: iam.Actor{Type: iam.ActorAPI, ID: "scim_test", Details: "scim_test"}}
}

func (h *house) enableSCIM() {
	h.t.Helper()
	_, err := h.admin.EnableSCIM(h.t.Context(), iam.Operator, h.org)
	h.ok(err)
}

// begun is a sign-in that waits for its answer.
type begun struct {
	signin.Begin
	request idp.Request
}

func (h *house) begin(s *signin.Service, to string, c signin.Client) begun {
	h.t.Helper()
	b, err := s.BeginSAML(h.t.Context(), h.org, to, c)
	h.ok(err)
	return begun{b, idp.Read(h.t, b.Message.URL)}
}

// answer is what an honest identity provider says of an address.
func (h *house) answer(b begun, email string) idp.Answer {
	return idp.Answer{To: b.request, Email: email, Now: h.clock()}
}

func (h *house) finish(s *signin.Service, b begun, a idp.Answer) (signin.SignedIn, error) {
	h.t.Helper()
	return s.FinishSAML(h.t.Context(), h.org, h.idp.Respond(h.t, a), "", b.PendingCookie, browser)
}

// trySAML signs an address in by SAML, from its beginning.
func (h *house) trySAML(email string) (signin.SignedIn, error) {
	h.t.Helper()
	b := h.begin(h.Service, "/", browser)
	return h.finish(h.Service, b, h.answer(b, email))
}

func (h *house) signIn(email string) signin.SignedIn {
	h.t.Helper()
	in, err := h.trySAML(email)
	h.ok(err)
	return in
}

const password = "correct horse battery"

// setUp uses the first Admin's link.
func (h *house) setUp() signin.SignedIn {
	h.t.Helper()
	in, err := h.SetUp(h.t.Context(), h.org, h.link, password, browser)
	h.ok(err)
	return in
}

// alive checks that a cookie opens a session on both replicas, and returns it.
func (h *house) alive(cookie string) signin.Session {
	h.t.Helper()
	var session signin.Session
	for _, s := range []*signin.Service{h.Service, h.second} {
		var err error
		session, err = s.Session(h.t.Context(), cookie, browser)
		h.ok(err)
	}
	return session
}

// dead checks that a cookie opens nothing on either replica.
func (h *house) dead(cookie, cause string) {
	h.t.Helper()
	for i, s := range []*signin.Service{h.Service, h.second} {
		session, err := s.Session(h.t.Context(), cookie, browser)
		var refused *signin.Refused
		if iam.KindOf(err) != iam.KindUnauthorized || !errors.As(err, &refused) || refused.Cause != cause || session.Member != "" {
			h.t.Errorf("replica %d: session %+v, %v; want it refused as %s", i+1, session, err, cause)
		}
	}
}

// refused checks that a sign-in is refused with a cause and a sentence that does not
// tell it, and that the audit log has the cause as its last event.
func (h *house) refused(err error, cause string) {
	h.t.Helper()
	var refused *signin.Refused
	if !errors.As(err, &refused) || refused.Cause != cause || iam.KindOf(err) != iam.KindForbidden {
		h.t.Errorf("error %v (%+v), want it refused as %s", err, refused, cause)
		return
	}
	if err.Error() != refused.Sentence || strings.Contains(err.Error(), refused.Detail) || refused.Detail == "" {
		h.t.Errorf("the person reads %q, the admin %q", err, refused.Detail)
	}
	if cause == signin.CausePassword || cause == signin.CauseUnknownAccount {
		h.ok(h.Flush(h.t.Context())) // those are written behind
	}
	events := h.events(iam.UserLoginFailed)
	if len(events) == 0 {
		h.t.Errorf("%s: there is no user_login_failed", cause)
		return
	}
	last := events[len(events)-1]
	if last.Details["cause"] != cause || last.Details["detail"] != refused.Detail || last.Details["requestId"] != "req1" || last.Actor.Address != browser.Address {
		h.t.Errorf("the audit log has %+v, want the cause %s", last, cause)
	}
}

// events returns the events of a type.
func (h *house) events(what iam.ActivityType) []iam.AuditEvent {
	h.t.Helper()
	return h.eventsOf(h.org, what)
}

func (h *house) eventsOf(org iam.OrganizationID, what iam.ActivityType) []iam.AuditEvent {
	h.t.Helper()
	all, err := h.db.Read(h.t.Context()).AuditEvents(org, store.AuditQuery{Limit: 1000})
	h.ok(err)
	var found []iam.AuditEvent
	for _, e := range all {
		if e.Type == what {
			found = append(found, e)
		}
	}
	return found
}

// rows counts the rows of a table in a dump.
func (h *house) rows(table string) int {
	h.t.Helper()
	n, inside := 0, false
	for line := range strings.Lines(storetest.Dump(h.t, h.url)) {
		switch {
		case !strings.HasPrefix(line, " "):
			inside = strings.TrimSpace(line) == table
		case inside && strings.TrimSpace(line) != "":
			n++
		}
	}
	return n
}

func accessChange(idpInitiated bool) access.SignInChange {
	return access.SignInChange{IDPInitiated: &idpInitiated}
}
