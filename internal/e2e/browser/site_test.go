package browser

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/e2e/live"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// site is a server on loopback with one organization, and the test's own hand on its
// database, as the command line has it: for looking at pages in states that would take
// long to come to from outside.
type site struct {
	t        *testing.T
	url      string
	server   *live.Server
	access   *access.Service
	org      iam.OrganizationID
	adminID  iam.MemberID
	setUpURL string
	// places are what stands for {member}, {role}, … in the addresses of pages, addresses
	// those that hold a secret, by their pattern.
	places, addresses map[string]string
}

func newSite(t *testing.T, name string) *site {
	t.Helper()
	database := "sqlite:" + filepath.Join(t.TempDir(), "rollcall.db")
	// Nobody's domain has a TXT record here.
	s := &site{t: t, server: live.Start(t, database, "--scim-rate", "1000000", "--dns-resolver", newNameServer(t).address), places: map[string]string{}, addresses: map[string]string{}}
	s.url = s.server.URL
	db, err := store.Open(t.Context(), database, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		for line := range strings.Lines(s.server.Log()) {
			if strings.Contains(line, `"level":"ERROR"`) {
				t.Errorf("the server logged %s", line)
			}
		}
	})
	s.access = &access.Service{DB: db, PublicURL: s.url}
	made := need[access.Created](t)(s.access.CreateOrganization(t.Context(), iam.Operator, access.NewOrganization{Name: name, AdminEmail: "admin@example.com"}))
	s.org, s.setUpURL = made.Organization.ID, made.AdminSetupURL
	s.adminID = need[[]iam.Member](t)(s.access.Members(t.Context(), s.org, true))[0].ID
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

// directory is the identity provider's side of an organization with a key.
func (s *site) directory(endpoint string, key access.NewKey) *entra {
	return &entra{s.t, http.DefaultClient, endpoint, key.Bearer}
}
