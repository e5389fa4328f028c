package browser

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/housekeeping"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
	"github.com/rollcall/rollcall/internal/web"
	"github.com/rollcall/rollcall/internal/web/console"
	"github.com/rollcall/rollcall/internal/web/samlsp"
	"github.com/rollcall/rollcall/internal/web/scimapi"
)

// site is a server inside the test, on loopback: for looking at pages in states that
// would take long to come to from outside.
type site struct {
	t        *testing.T
	url      string
	db       *store.DB
	access   *access.Service
	requests *housekeeping.RequestLog
	org      iam.OrganizationID
	setUpURL string
	// places are what stands for {member}, {role}, … in the addresses of pages, addresses
	// those that hold a secret, by their pattern.
	places, addresses map[string]string
}

func newSite(t *testing.T, name string) *site {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	s := &site{t: t, url: "http://" + server.Listener.Addr().String(), db: storetest.Open(t, "sqlite", store.Options{}), places: map[string]string{}, addresses: map[string]string{}}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	s.requests = housekeeping.NewRequestLog(s.db, log)
	s.access = &access.Service{DB: s.db, PublicURL: s.url}
	keys := &signin.Service{DB: s.db, PublicURL: s.url}
	scim := scimapi.New(scimapi.Config{Provision: &provision.Service{DB: s.db, Log: log}, SignIn: keys, Log: s.requests, PublicURL: s.url, Rate: -1})
	people, err := console.New(console.Config{Access: s.access, SignIn: keys, PublicURL: s.url, LookupTXT: func(context.Context, string) ([]string, error) { return nil, nil }})
	if err != nil {
		t.Fatal(err)
	}
	federated, err := samlsp.New(samlsp.Config{SignIn: keys, PublicURL: s.url})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = web.NewServer(web.Config{Mounts: []func(*http.ServeMux){scim.Mount, people.Mount, federated.Mount}, Log: log}).Handler()
	server.Start()
	ctx, stop := context.WithCancel(context.Background())
	written := make(chan struct{})
	go func() { defer close(written); s.requests.Run(ctx) }()
	t.Cleanup(func() {
		server.Close()
		stop()
		<-written
	})
	made := need[access.Created](t)(s.access.CreateOrganization(t.Context(), iam.Operator, access.NewOrganization{Name: name, AdminEmail: "admin@example.com"}))
	s.org, s.setUpURL = made.Organization.ID, made.AdminSetupURL
	s.places["org"] = string(s.org)
	return s
}

// need returns what a use case returned, and ends the test when it was refused.
func need[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// admin is a tab in which the first Admin is signed in.
func (s *site) admin() *tab {
	s.t.Helper()
	b := newTab(s.t, true)
	b.open(s.setUpURL).enter("Password", password).enter("Repeat password", password).press("Set password and sign in")
	return b.at("/dashboard")
}

// pathOf fills in an address from the route table; false when the state has nothing to
// show there.
func (s *site) pathOf(pattern string) (path string, there bool) {
	if strings.Contains(pattern, "{token}") {
		path, there = s.addresses[pattern]
		return path, there
	}
	parts := strings.Split(strings.TrimSuffix(pattern, "{$}"), "/")
	for i, part := range parts {
		name, ok := strings.CutPrefix(part, "{")
		if !ok {
			continue
		}
		name, rest, _ := strings.Cut(name, "}")
		value, ok := s.places[name]
		if !ok {
			return "", false
		}
		parts[i] = value + rest
	}
	return strings.Join(parts, "/"), true
}
