package graph_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/entra/graph"
)

func TestGuard_whoMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	patch := map[string]any{"displayName": "Mallory's"}
	tests := []struct {
		name, method, path string
		header             []string
		status             int
	}{
		{"loopback", "GET", "/v1.0/users", nil, 200},
		{"public host", "GET", "/v1.0/users", []string{"Host", "standin.example"}, 200},
		{"name of loopback", "GET", "/v1.0/users", []string{"Host", "localhost:9080"}, 200},
		{"six", "GET", "/v1.0/users", []string{"Host", "[::1]:9080"}, 200},
		{"rebound name", "GET", "/v1.0/users", []string{"Host", "evil.example:9080"}, 403},
		{"rebound name, own paths", "GET", "/standin/counts", []string{"Host", "evil.example"}, 403},
		{"own page", "PATCH", "/standin/tenant", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"page by its origin", "PATCH", "/standin/tenant", []string{"Origin", publicURL}, 200},
		{"other site", "PATCH", "/standin/tenant", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"other port", "PATCH", "/standin/tenant", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"other origin", "PATCH", "/standin/tenant", []string{"Origin", "http://evil.example"}, 403},
		{"read by another site", "GET", "/v1.0/users", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"form", "PATCH", "/standin/tenant", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
		{"text", "PATCH", "/standin/tenant", []string{"Content-Type", "text/plain"}, 415},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := *w
			in.T = t
			var body any
			if test.method != "GET" {
				body = patch
			}
			in.want(test.status, test.method, test.path, body, test.header...)
		})
	}
}

func TestGuard_token(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *graph.Config) { c.Token = "open sesame" })
	a := w.want(http.StatusUnauthorized, "GET", "/v1.0/users", nil)
	if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
		t.Errorf("WWW-Authenticate is %q", a.header.Get("WWW-Authenticate"))
	}
	w.refused(http.StatusUnauthorized, "InvalidAuthenticationToken", "API token", "GET", "/standin/counts", nil, "Authorization", "Bearer open sesam")
	w.refused(http.StatusUnauthorized, "InvalidAuthenticationToken", "API token", "GET", "/v1.0/nothing", nil, "Authorization", "Basic open sesame")
	w.want(http.StatusOK, "GET", "/v1.0/users", nil, "Authorization", "bearer open sesame")
}

func TestGuard_bodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.refused(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "1048576 bytes", "POST", "/v1.0/users", `{"displayName":"`+strings.Repeat("x", 1<<20)+`"}`)
	w.refused(http.StatusNotFound, "Request_ResourceNotFound", "/v1.0/devices", "GET", "/v1.0/devices", nil)
	a := w.want(http.StatusMethodNotAllowed, "PUT", "/v1.0/users", map[string]any{})
	if got := a.header.Get("Allow"); got != "GET, POST" {
		t.Errorf("Allow is %q", got)
	}
	if got := w.want(http.StatusNotFound, "GET", "/beta/users/x", nil, "client-request-id", "mine").str("error", "innerError", "client-request-id"); got != "mine" {
		t.Errorf("client-request-id is %q", got)
	}
}

// What is waited for ends when the stand-in is stopped: a cycle, and provisioning on demand.
func TestClose_endsWhatIsWaitedFor(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"cycle", "on demand"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			closesWhile(t, what)
		})
	}
}

func closesWhile(t *testing.T, what string) {
	w := newWorld(t)
	ada := w.addUser("ada")
	principal, id := w.addApp()
	w.assign(principal, ada)
	w.want(http.StatusNoContent, "POST", "/v1.0/servicePrincipals/"+principal+"/synchronization/jobs/"+id+"/start", nil)
	held := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		w.api.Close()
		<-r.Context().Done()
	}))
	t.Cleanup(held.Close)
	w.want(http.StatusNoContent, "PUT", "/v1.0/servicePrincipals/"+principal+"/synchronization/secrets", map[string]any{"value": []any{
		map[string]any{"key": "BaseAddress", "value": held.URL},
	}})
	if what == "cycle" {
		w.refused(http.StatusServiceUnavailable, "ServiceUnavailable", "being stopped; the cycle", "POST", "/standin/jobs/"+id+"/cycle", nil)
		return
	}
	w.refused(http.StatusServiceUnavailable, "ServiceUnavailable", "being stopped; provisioning on demand", "POST",
		"/v1.0/servicePrincipals/"+principal+"/synchronization/jobs/"+id+"/provisionOnDemand", map[string]any{"parameters": []any{map[string]any{
			"subjects": []any{map[string]any{"objectId": ada, "objectTypeName": "User"}},
		}}})
}
