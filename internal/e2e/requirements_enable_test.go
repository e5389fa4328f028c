package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/e2e/live"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/web"
	"github.com/rollcall/rollcall/scim/scimclient"
	"github.com/rollcall/rollcall/scim/scimtest"
)

// SCIM is not in preview: an organization needs nothing but its plan, SAML and the switch.
func TestR001_noPreviewFlag(t *testing.T) {
	eachServer(t, func(g *guide) {
		g.create(g.t, "Guide")
		g.connect(g.t)
		settings := must[access.SCIMView](g.t)(g.access.EnableSCIM(g.t.Context(), iam.Operator, g.org))
		g.endpoint, g.bearer = settings.Endpoint, g.key("").Bearer
		g.scim(200, "GET", "/Users", "")
	})
}

func TestR002_planBelowEnterprise(t *testing.T) {
	eachGuide(t, func(g *guide) {
		ctx, id := g.t.Context(), g.user("ada@example.com")
		for _, plan := range []string{"basic", "scale"} {
			must[iam.Organization](g.t)(g.access.SetPlan(ctx, iam.Operator, g.org, plan))
			g.fails(403, "", "Enterprise plan", "GET", "/Users", "")
			g.fails(403, "", "Enterprise plan", "DELETE", "/Users/"+id, "")
			told(g.t, "a wrong key", g.as("Bearer scim_aaaaaaaaaaaaaaaaaaaa:wrong"), 401, "", "wrong")
		}
		g.ok(second(g.access.DisableSCIM(ctx, iam.Operator, g.org)))
		for _, plan := range []string{"basic", "scale"} {
			must[iam.Organization](g.t)(g.access.SetPlan(ctx, iam.Operator, g.org, plan))
			g.refuses(iam.KindForbidden, "Enterprise plan feature", func() error {
				return second(g.access.EnableSCIM(ctx, iam.Operator, g.org))
			})
		}
		must[iam.Organization](g.t)(g.access.SetPlan(ctx, iam.Operator, g.org, "enterprise"))
		g.ok(second(g.access.EnableSCIM(ctx, iam.Operator, g.org)))
		equal(g.t, "the user, with the same key after the upgrade", text(g.scim(200, "GET", "/Users/"+id, ""), "userName"), "ada@example.com")
		g.holds("ada@example.com", "Member (default)")
	})
}

// second drops the first result of a call.
func second[T any](_ T, err error) error { return err }

func TestR004_lifecycleOfUsersAndGroups(t *testing.T) {
	eachGuide(t, func(g *guide) {
		ada := g.user("ada@example.com")
		equal(g.t, "read", text(g.scim(200, "GET", "/Users/"+ada, ""), "name.givenName"), "Ada")
		g.patchUser(ada, `{"op":"Replace","path":"title","value":"Countess"}`)
		equal(g.t, "updated", text(g.scim(200, "GET", "/Users/"+ada, ""), "title"), "Countess")
		g.scim(200, "PUT", "/Users/"+ada, userBody("ada@example.com", "Augusta", "Byron"))
		equal(g.t, "replaced", text(g.scim(200, "GET", "/Users/"+ada, ""), "displayName"), "Augusta Byron")

		group := g.group("Engineers", ada)
		g.rename(group, "Mathematicians")
		read := g.scim(200, "GET", "/Groups/"+group, "")
		equal(g.t, "the group", []string{text(read, "displayName"), text(read, "members.0.value")}, []string{"Mathematicians", ada})
		g.scim(200, "PUT", "/Groups/"+group, `{"displayName":"Poets","members":[]}`)
		read = g.scim(200, "GET", "/Groups/"+group, "")
		equal(g.t, "the group replaced", []any{text(read, "displayName"), at(read, "members.0")}, []any{"Poets", nil})
		g.scim(204, "DELETE", "/Groups/"+group, "")
		g.scim(404, "GET", "/Groups/"+group, "")

		g.unassign(ada)
		equal(g.t, "deactivated", at(g.scim(200, "GET", "/Users/"+ada, ""), "active"), any(false))
		g.holds("ada@example.com", "no member")
		g.scim(204, "DELETE", "/Users/"+ada, "")
		g.scim(404, "GET", "/Users/"+ada, "")
		equal(g.t, "found after the deletion", g.match("ada@example.com"), "")
	})
}

func TestR010_followsRFC7644(t *testing.T) {
	eachGuide(t, func(g *guide) {
		var findings bytes.Buffer
		client := &scimclient.Client{BaseURL: g.endpoint, Token: g.bearer}
		report := must[*scimtest.Report](g.t)(scimtest.Run(g.t.Context(), scimtest.Config{Client: client, Profile: scimtest.RFC, Out: &findings}))
		if report.Failed > 0 || report.Skipped > 0 || report.Passed < 100 || len(report.LeftBehind) > 0 {
			g.t.Errorf("%s", findings.String())
		}
	})
}

// Okta calls with HTTP Basic; what it sends are the exchanges below testdata/exchanges/okta.
func TestR012_oktaWithHTTPBasic(t *testing.T) {
	scenarios := loadExchanges(t)
	eachGuide(t, func(g *guide) {
		replayed := 0
		for _, s := range scenarios {
			if !strings.HasPrefix(s.File, "okta/") {
				continue
			}
			headers := map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(g.bearer))}
			for name, value := range s.Headers {
				headers[name] = value
			}
			s.Headers = headers
			if err := replay(g.endpoint, "not used", s); err != nil {
				g.t.Errorf("%s: %v", s.File, err)
			}
			replayed++
		}
		if replayed < 20 {
			g.t.Errorf("only %d exchanges of Okta were replayed", replayed)
		}
	})
}

// An account that SCIM made has no password and no local sign-in, and none can be given to it.
func TestR015_accountOfSCIMHasNoLocalSignIn(t *testing.T) {
	eachGuide(t, func(g *guide) {
		body := strings.Replace(userBody("ada@example.com", "Ada", "Byron"), `"active"`, `"password":"hunter2-canary","active"`, 1)
		ada := text(g.scim(201, "POST", "/Users", body), "id")
		if _, err := g.db.Read(g.t.Context()).LocalSignIn(g.org, iam.MemberID(ada)); iam.KindOf(err) != iam.KindNotFound {
			g.t.Errorf("her local sign-in: %v, want not found", err)
		}
		g.refuses(iam.KindConflict, "does not hold the role Admin directly", func() error {
			_, _, err := g.access.AdminLink(g.t.Context(), iam.Operator, g.org, "ada@example.com")
			return err
		})
	})
}

// The service answers over HTTPS, and plain HTTP only on loopback.
func TestR019_servesTLS(t *testing.T) {
	eachGuide(t, func(g *guide) {
		// httptest has a certificate for 127.0.0.1.
		example := httptest.NewUnstartedServer(nil)
		example.StartTLS()
		certificate := example.TLS.Certificates[0]
		roots := x509.NewCertPool()
		roots.AddCert(example.Certificate())
		example.Close()
		key := must[[]byte](g.t)(x509.MarshalPKCS8PrivateKey(certificate.PrivateKey))
		dir := g.t.TempDir()
		certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
		g.ok(os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]}), 0o600))
		g.ok(os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600))

		log := slog.New(slog.NewTextHandler(io.Discard, nil))
		files := must[*web.Certificates](g.t)(web.LoadCertificates(certFile, keyFile, g.clock.Now, log))
		listener := must[net.Listener](g.t)(net.Listen("tcp", "127.0.0.1:0"))
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() {
			ended <- web.NewServer(web.Config{Mounts: g.mounts, Log: log, TLS: files, HTTPS: true}).Serve(ctx, listener, nil)
		}()
		defer func() { stop(); g.ok(<-ended) }()

		address := listener.Addr().String() + strings.TrimPrefix(g.endpoint, g.url)
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
		defer transport.CloseIdleConnections()
		client := scimclient.Client{BaseURL: "https://" + address, Token: g.bearer, HTTP: &http.Client{Transport: transport}}
		res := must[*scimclient.Response](g.t)(client.Do(g.t.Context(), "GET", "/Users", "", nil, nil))
		equal(g.t, "over HTTPS", res.Status, 200)
		client.BaseURL = "http://" + address
		if res, err := client.Do(g.t.Context(), "GET", "/Users", "", nil, nil); err == nil && res.Status < 400 {
			g.t.Errorf("over plain HTTP: got %d", res.Status)
		}
		_, err := live.Run(g.t.Context(), g.t, g.database, "serve", "--listen", "0.0.0.0:0")
		if err == nil || !strings.Contains(err.Error(), "plain HTTP would show every key") {
			g.t.Errorf("plain HTTP beyond loopback: %v, want a refusal", err)
		}
	})
}

func TestR020_rolesByGroupMembership(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.role("Developers", "")
		ada := g.user("ada@example.com")
		g.holds("ada@example.com", "Member (default)")
		g.group("Developers", ada)
		g.holds("ada@example.com", "Developers (group Developers)")
	})
}

func TestR024_switchIsKeptAndRecorded(t *testing.T) {
	eachServer(t, func(g *guide) {
		ctx := g.t.Context()
		g.create(g.t, "Guide")
		g.connect(g.t)
		enabled := func() bool {
			return must[access.SCIMView](g.t)(g.access.SCIMSettings(ctx, g.org)).Enabled
		}
		settings := must[access.SCIMView](g.t)(g.access.SCIMSettings(ctx, g.org))
		g.endpoint, g.bearer = settings.Endpoint, g.key("").Bearer
		equal(g.t, "enabled at first", enabled(), false)
		g.fails(403, "", "SCIM is not enabled", "GET", "/Users", "")
		on := func() { g.ok(second(g.access.EnableSCIM(ctx, iam.Operator, g.org))) }
		off := func() { g.ok(second(g.access.DisableSCIM(ctx, iam.Operator, g.org))) }
		g.records("turning on", on, iam.SCIMEnable)
		g.records("turning on again", on)
		equal(g.t, "enabled", enabled(), true)
		g.replica().scim(200, "GET", "/Users", "")
		g.records("turning off", off, iam.SCIMDisable)
		equal(g.t, "enabled afterwards", enabled(), false)
		g.fails(403, "", "SCIM is not enabled", "GET", "/Users", "")
		g.replica().fails(403, "", "SCIM is not enabled", "POST", "/Users", userBody("ada@example.com", "Ada", "Byron"))
	})
}

func TestR025_lockedUntilSAMLIsConnected(t *testing.T) {
	eachServer(t, func(g *guide) {
		g.create(g.t, "Guide")
		enable := func() error { return second(g.access.EnableSCIM(g.t.Context(), iam.Operator, g.org)) }
		g.refuses(iam.KindConflict, "finish your SAML setup first", enable)
		g.connect(g.t)
		g.clock.set(dayOne.AddDate(200, 0, 0)) // the identity provider's certificate has expired
		g.refuses(iam.KindConflict, "finish your SAML setup first", enable)
		g.clock.set(dayOne)
		g.ok(enable())
	})
}

func TestR026_endpointURL(t *testing.T) {
	eachGuide(t, func(g *guide) {
		ctx := g.t.Context()
		show := func(g *guide) string {
			return must[access.SCIMView](g.t)(g.access.SCIMSettings(ctx, g.org)).Endpoint
		}
		equal(g.t, "endpoint", show(g), g.url+"/v1/organizations/"+string(g.org)+"/scim")
		if other := g.another("Other"); show(other) == show(g) {
			g.t.Errorf("two organizations have the endpoint %s", show(g))
		}
		before := show(g)
		g.ok(second(g.access.DisableSCIM(ctx, iam.Operator, g.org)))
		equal(g.t, "endpoint while off", show(g), before)
		g.ok(second(g.access.EnableSCIM(ctx, iam.Operator, g.org)))
		equal(g.t, "endpoint when on again", show(g), before)
		g.scim(200, "GET", "/Users", "")
	})
}

// What is pasted as the Tenant URL works unchanged, with a slash at its end, and with Entra ID's flag.
func TestR027_tenantURLAsPasted(t *testing.T) {
	eachGuide(t, func(g *guide) {
		ada := g.user("ada@example.com")
		for i, suffix := range []string{"", "/", "?aadOptscim062020", "/?aadOptscim062020", "?aadOptscim062020=true"} {
			pasted := *g
			server := *g.scimServer
			server.endpoint += suffix
			pasted.scimServer = &server
			equal(g.t, "match with "+suffix, pasted.match("ada@example.com"), ada)
			group := pasted.group("Group "+string(rune('A'+i)), ada)
			pasted.patchUser(ada, `{"op":"replace","path":"title","value":"with `+suffix+`"}`)
			read := pasted.scim(200, "GET", "/Users/"+ada, "")
			equal(g.t, "read back with "+suffix, []string{text(read, "title"), text(read, "meta.location")}, []string{"with " + suffix, g.endpoint + "/Users/" + ada})
			equal(g.t, "the group's member", text(pasted.scim(200, "GET", "/Groups/"+group, ""), "members.0.value"), ada)
		}
	})
}
