package e2e

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/housekeeping"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/web"
	"github.com/rollcall/rollcall/internal/web/console"
	"github.com/rollcall/rollcall/internal/web/samlsp"
	"github.com/rollcall/rollcall/internal/web/scimapi"
)

// scimServer is a running server with one organization whose SCIM is on.
type scimServer struct {
	endpoint string // the Tenant URL
	bearer   string // the Secret Token, key:secret
	org      iam.OrganizationID
	access   *access.Service

	url      string // of the server
	db       *store.DB
	requests *housekeeping.RequestLog
	keys     *signin.Service
	mounts   []func(*http.ServeMux)
	log      *serverLog // what the server writes for its operator
}

// newSCIMServer serves the SCIM door on loopback until the test ends, and makes an organization that may be provisioned.
func newSCIMServer(t *testing.T, db *store.DB) *scimServer {
	t.Helper()
	s := serveSCIM(t, db)
	s.enable(t, "Exchanges")
	return s
}

// serveSCIM serves every door on loopback until the test ends, wired as the command wires it but for the limit of
// requests a second, which many scenarios at once would meet.
func serveSCIM(t *testing.T, db *store.DB) *scimServer {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	s := &scimServer{url: "http://" + server.Listener.Addr().String(), db: db, log: &serverLog{}}
	log := slog.New(slog.NewJSONHandler(s.log, nil))
	s.requests = housekeeping.NewRequestLog(db, log)
	s.keys = &signin.Service{DB: db, PublicURL: s.url}
	s.access = &access.Service{DB: db, PublicURL: s.url}
	door := scimapi.New(scimapi.Config{
		Provision: &provision.Service{DB: db, Log: slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelError}))},
		SignIn:    s.keys,
		Log:       s.requests,
		PublicURL: s.url,
		Rate:      -1,
	})
	people, err := console.New(console.Config{Access: s.access, SignIn: s.keys, PublicURL: s.url, Now: db.Now})
	if err != nil {
		t.Fatal(err)
	}
	federated, err := samlsp.New(samlsp.Config{SignIn: s.keys, PublicURL: s.url})
	if err != nil {
		t.Fatal(err)
	}
	s.mounts = []func(*http.ServeMux){door.Mount, federated.Mount, people.Mount}
	server.Config.Handler = web.NewServer(web.Config{Mounts: s.mounts, Log: log}).Handler()
	server.Start()

	ctx, stop := context.WithCancel(context.Background())
	written := make(chan struct{})
	go func() { defer close(written); s.requests.Run(ctx) }()
	t.Cleanup(func() {
		server.Close()
		stop()
		<-written
	})
	return s
}

// enable makes the organization, connects SAML, turns SCIM on and makes a key: what an admin does before anything is
// provisioned.
func (s *scimServer) enable(t *testing.T, name string) {
	t.Helper()
	ctx := t.Context()
	s.create(t, name)
	s.connect(t)
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

// create makes the organization.
func (s *scimServer) create(t *testing.T, name string) {
	t.Helper()
	created, err := s.access.CreateOrganization(t.Context(), iam.Operator, access.NewOrganization{Name: name, AdminEmail: "admin@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	s.org = created.Organization.ID
}

// connect connects the organization to a SAML identity provider and verifies example.com.
func (s *scimServer) connect(t *testing.T) {
	t.Helper()
	metadata, err := os.ReadFile("testdata/idp-metadata.xml")
	if err != nil {
		t.Fatal(err)
	}
	connect := access.Connect{Metadata: metadata, Domains: []string{"example.com"}, TrustDomains: true}
	if _, err := s.access.ConnectSAML(t.Context(), iam.Operator, s.org, connect); err != nil {
		t.Fatal(err)
	}
}

// testLog prints what the server logs as the test's own output.
type testLog struct{ t *testing.T }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(string(p))
	return len(p), nil
}

// serverLog keeps what a server writes for its operator.
type serverLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *serverLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *serverLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
