package browser

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	entraidp "github.com/rollcall/rollcall/internal/entra/idp"
	"github.com/rollcall/rollcall/internal/entra/portal"
	"github.com/rollcall/rollcall/internal/web"
)

// standInHost is another site than Rollcall's, as Entra ID is.
const standInHost = "entra.localhost"

// standIn is the stand-in for Entra ID as a web site: directory, provisioning service,
// identity provider and portal. No cycle runs that nobody asked for.
type standIn struct {
	t         *testing.T
	url       string
	directory *directory.DB
	cycles    *cycle.Service
	provider  *entraidp.Provider
	portal    *portal.Portal
	client    *http.Client // reaches url
	tenant    directory.ID
}

// newStandIn serves one at https://entra.localhost, which provisions by way of target.
func newStandIn(t *testing.T, target *http.Client) *standIn {
	t.Helper()
	authority, err := theAuthority()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	address := server.Listener.Addr().String()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	s := mountStandIn(t, server, "https://"+net.JoinHostPort(standInHost, port), target)
	s.client = &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: authority.pool()},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, address)
		},
	}}
	t.Cleanup(s.client.CloseIdleConnections)
	server.TLS = authority.serverTLS(t, standInHost)
	server.StartTLS()
	return s
}

// newPlainStandIn serves one on plain loopback.
func newPlainStandIn(t *testing.T) *standIn {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	s := mountStandIn(t, server, "http://"+server.Listener.Addr().String(), http.DefaultClient)
	server.Start()
	return s
}

// mountStandIn builds a stand-in as what server answers.
func mountStandIn(t *testing.T, server *httptest.Server, url string, target *http.Client) *standIn {
	t.Helper()
	s := &standIn{t: t, url: url, client: http.DefaultClient}
	s.directory = need[*directory.DB](t)(directory.Open(t.Context(), "", directory.Options{Now: time.Now}))
	t.Cleanup(func() { _ = s.directory.Close() })
	s.cycles = &cycle.Service{Directory: s.directory, Now: time.Now, HTTP: target, Concurrency: 2, Log: slog.New(slog.DiscardHandler)}
	if err := s.cycles.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.tenant = need[directory.Tenant](t)(s.directory.Tenant(t.Context())).ID
	s.provider = need[*entraidp.Provider](t)(entraidp.New(t.Context(), entraidp.Config{Directory: s.directory, PublicURL: url, Now: time.Now}))
	s.portal = need[*portal.Portal](t)(portal.New(portal.Config{Directory: s.directory, Cycle: s.cycles, IDP: s.provider, PublicURL: url, Now: time.Now}))
	t.Cleanup(s.portal.Close)
	server.Config.Handler = web.NewServer(web.Config{
		Mounts: []func(*http.ServeMux){s.provider.Mount, s.portal.Mount}, Now: time.Now, Log: slog.New(slog.DiscardHandler), HTTPS: strings.HasPrefix(url, "https:"),
	}).Handler()
	t.Cleanup(server.Close)
	return s
}

// signOnURL is where applications send people to sign in.
func (s *standIn) signOnURL() string { return s.url + "/" + string(s.tenant) + "/saml2" }

// hire makes a user of the directory. His user principal name is not his mail.
func (s *standIn) hire(given, family, name string, roles ...directory.DirectoryRole) directory.User {
	s.t.Helper()
	return need[directory.User](s.t)(s.directory.CreateUser(s.t.Context(), directory.User{
		UserPrincipalName: name + "@corp.example.com", Mail: name + "@example.com", GivenName: given, Surname: family,
		DisplayName: given + " " + family, AccountEnabled: true, DirectoryRoles: roles,
	}))
}

// download keeps what is at an address of the stand-in in a file.
func (s *standIn) download(address string) (path string) {
	s.t.Helper()
	res, err := s.client.Get(address)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %d %v", address, res.StatusCode, err)
	}
	path = filepath.Join(s.t.TempDir(), "metadata.xml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// admin is a tab in which a Global Administrator has signed in to the portal.
func (s *standIn) admin(script bool) *tab {
	s.t.Helper()
	s.hire("Adele", "Okafor", "adele", directory.GlobalAdministrator)
	b := newTab(s.t, script)
	b.open(s.url+"/").at(s.url+"/login").says("Pick an account", "There are no passwords here")
	b.enter("User principal name", "nobody@corp.example.com").press("Next").says("AADSTS50034", "You are not signed in.")
	b.enter("User principal name", "adele@corp.example.com").press("Next")
	return b.at(s.url + "/")
}
