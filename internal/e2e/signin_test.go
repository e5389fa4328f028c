package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/e2e/idp"
	"github.com/rollcall/rollcall/internal/e2e/live"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// A person whom the identity provider made signs in by SAML, and is out as soon as it
// deactivates him: within a second, and on the server that did not hear of it too.
func TestSignIn_deactivationEndsTheSession(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			servers, org, provider := signInServers(t, engine)
			first, last := servers[0], servers[len(servers)-1]
			eve := scimCall(t, org, http.MethodPost, "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"eve@example.com","active":true}`)

			jar := signInBySAML(t, first, org, provider, "eve@example.com")
			for _, s := range servers {
				if status := profile(t, s, jar, first); status != http.StatusOK {
					t.Fatalf("signed in, the profile answers %d", status)
				}
			}
			id, _ := eve["id"].(string)
			scimCall(t, org, http.MethodPatch, "/Users/"+id, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"active","value":"False"}]}`)
			acknowledged := time.Now()
			for _, s := range servers {
				if status := profile(t, s, jar, first); status == http.StatusOK {
					t.Errorf("%s after the deactivation the profile still answers 200", time.Since(acknowledged))
				}
			}
			if took := time.Since(acknowledged); took > time.Second {
				t.Errorf("to be refused took %s", took)
			}
			// Neither does a valid assertion let him in again, on any server.
			if _, status, body := tryBySAML(t, last, org, provider, "eve@example.com"); status != http.StatusForbidden || !strings.Contains(body, "Access denied") {
				t.Errorf("a further sign-in: %d %s", status, body)
			}
			scimCall(t, org, http.MethodPatch, "/Users/"+id, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"active","value":"True"}]}`)
			if status := profile(t, first, jar, first); status == http.StatusOK {
				t.Error("the old session is alive again")
			}
			signInBySAML(t, last, org, provider, "eve@example.com")
		})
	}
}

// signInServers starts one server on SQLite, two on PostgreSQL, with an organization
// that is connected to an identity provider of the test's own.
func signInServers(t *testing.T, engine string) ([]*live.Server, live.Organization, *idp.Provider) {
	t.Helper()
	database := "sqlite:" + filepath.Join(t.TempDir(), "rollcall.db")
	if engine == "postgres" {
		database = storetest.Database(t)
	}
	servers := []*live.Server{live.Start(t, database)}
	org := live.SetUp(t, servers[0], "Acme")
	provider := idp.New(t, "idp", time.Now())
	metadata := filepath.Join(t.TempDir(), "metadata.xml")
	if err := os.WriteFile(metadata, provider.Metadata(), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := live.Run(t.Context(), t, database, "saml", "connect", "--org", org.ID, "--metadata-file", metadata); err != nil {
		t.Fatal(err)
	}
	if engine == "postgres" {
		servers = append(servers, live.Start(t, database))
	}
	return servers, org, provider
}

// scimCall sends what the identity provider sends, and wants it done.
func scimCall(t *testing.T, org live.Organization, method, path, body string) map[string]any {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, org.Endpoint+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+org.Key.Bearer)
	r.Header.Set("Content-Type", "application/scim+json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var got map[string]any
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil || res.StatusCode >= 300 {
		t.Fatalf("%s %s: %d %v %v", method, path, res.StatusCode, got, err)
	}
	return got
}

// browserOf is a browser that follows no redirect by itself.
func browserOf(jar http.CookieJar) *http.Client {
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// tryBySAML goes the way of a browser: to the identity provider, and back with its
// answer.
func tryBySAML(t *testing.T, s *live.Server, org live.Organization, provider *idp.Provider, email string) (http.CookieJar, int, string) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := browserOf(jar)
	res, err := browser.Get(s.URL + "/saml/" + org.ID + "/login?to=/profile")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	request := idp.Read(t, res.Header.Get("Location"))
	res, err = browser.PostForm(request.ACSURL, url.Values{"SAMLResponse": {provider.Respond(t, idp.Answer{To: request, Email: email, Now: time.Now()})}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return jar, res.StatusCode, string(body)
}

func signInBySAML(t *testing.T, s *live.Server, org live.Organization, provider *idp.Provider, email string) http.CookieJar {
	t.Helper()
	jar, status, body := tryBySAML(t, s, org, provider, email)
	if status != http.StatusOK || !strings.Contains(body, `href="/profile"`) {
		t.Fatalf("the sign-in of %s: %d %s", email, status, body)
	}
	return jar
}

// profile opens the profile page at a server with the cookies that another gave.
func profile(t *testing.T, s *live.Server, jar http.CookieJar, of *live.Server) int {
	t.Helper()
	home, err := url.Parse(of.URL)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/profile", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range jar.Cookies(home) {
		r.AddCookie(c)
	}
	res, err := browserOf(nil).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode
}
