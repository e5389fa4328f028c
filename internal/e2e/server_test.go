package e2e

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/housekeeping"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/web"
	"github.com/rollcall/rollcall/internal/web/scimapi"
)

// scimServer is a running server with one organization whose SCIM is on.
type scimServer struct {
	endpoint string // the Tenant URL
	bearer   string // the Secret Token, key:secret
	org      iam.OrganizationID
	access   *access.Service
}

// newSCIMServer serves the SCIM door on loopback until the test ends, wired as the command wires it but for the limit of
// requests a second, which many scenarios at once would meet.
func newSCIMServer(t *testing.T, db *store.DB) *scimServer {
	t.Helper()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	server := httptest.NewUnstartedServer(nil)
	url := "http://" + server.Listener.Addr().String()

	requests := housekeeping.NewRequestLog(db, quiet)
	credentials := &signin.Service{DB: db}
	door := scimapi.New(scimapi.Config{
		Provision: &provision.Service{DB: db, Log: slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelError}))},
		SignIn:    credentials,
		Log:       requests,
		PublicURL: url,
		Rate:      -1,
	})
	server.Config.Handler = web.NewServer(web.Config{Mounts: []func(*http.ServeMux){door.Mount}, Log: quiet}).Handler()
	server.Start()

	ctx, stop := context.WithCancel(context.Background())
	written := make(chan struct{})
	go func() { defer close(written); requests.Run(ctx) }()
	t.Cleanup(func() {
		server.Close()
		stop()
		<-written
	})
	s := &scimServer{access: &access.Service{DB: db, PublicURL: url}}
	s.enable(t)
	return s
}

// enable makes the organization, connects SAML, turns SCIM on and makes a key: what an admin does before anything is
// provisioned.
func (s *scimServer) enable(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	metadata, err := os.ReadFile("testdata/idp-metadata.xml")
	if err != nil {
		t.Fatal(err)
	}
	created, err := s.access.CreateOrganization(ctx, iam.Operator, access.NewOrganization{Name: "Exchanges", AdminEmail: "admin@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	s.org = created.Organization.ID
	connect := access.Connect{Metadata: metadata, Domains: []string{"example.com"}, TrustDomains: true}
	if _, err := s.access.ConnectSAML(ctx, iam.Operator, s.org, connect); err != nil {
		t.Fatal(err)
	}
	settings, err := s.access.EnableSCIM(ctx, iam.Operator, s.org)
	if err != nil {
		t.Fatal(err)
	}
	key, err := s.access.CreateKey(ctx, iam.Operator, s.org, "")
	if err != nil {
		t.Fatal(err)
	}
	s.endpoint, s.bearer = settings.Endpoint, key.Bearer
}

// testLog prints what the server logs as the test's own output.
type testLog struct{ t *testing.T }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(string(p))
	return len(p), nil
}
