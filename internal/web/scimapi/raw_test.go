package scimapi_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Requests whose target is no clean path reach the server as they are. None of them
// gets past the key, and none makes a fault of ours.
func TestDoor_rawTargets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite", unlimited)
	o := w.org("a")
	user := o.user("ada@example.com")
	server := httptest.NewServer(w.handler)
	defer server.Close()
	raw := func(method, target, bearer string) *http.Response {
		t.Helper()
		var dialer net.Dialer
		conn, err := dialer.DialContext(t.Context(), "tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if _, err := fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n", method, target, bearer); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%s %s: %v", method, target, err)
		}
		return resp
	}
	tails := []string{
		"/Users/../Users", "/./Users", "/Users/%2e%2e/Users", "/../scim/Users", "//Users", "/Users/" + user + "/..", "/%2e%2e%2fscim/Users", "/Users;x=1", "/Users/;", "/Users/" + user + ";x", "/Users?", "/Users??", "/Users#x",
		`/Users?filter=userName+eq+"x;y"`, `/Users?filter=emails[type+eq+"work"].value+eq+"x"`, "/Users?{}|\\^`", "/Users/{}|^`", "/Users/\\..\\..", "/Users/%00", "/Users/é", "/Users/" + strings.Repeat("a/", 3000), "/Users/" + strings.Repeat("a", 9000),
	}
	for _, tail := range tails {
		for _, method := range []string{"GET", "POST", "TRACE", "CONNECT", "OPTIONS", "get", "FOO"} {
			bare := raw(method, o.base()+tail, "scim_x:y")
			if bare.StatusCode < 300 || bare.StatusCode >= 500 {
				t.Errorf("%s %.80s without a key answers %d", method, tail, bare.StatusCode)
			}
			keyed := raw(method, o.base()+tail, o.bearer)
			if keyed.StatusCode >= 500 {
				t.Errorf("%s %.80s answers %d", method, tail, keyed.StatusCode)
			}
			for _, resp := range []*http.Response{bare, keyed} {
				if location := resp.Header.Get("Location"); strings.Contains(location, "evil.example") || strings.HasPrefix(location, "//") {
					t.Errorf("%s %.80s leads to %s", method, tail, location)
				}
			}
		}
	}
	for tail, want := range map[string]int{"//Users": 200, `/Users?filter=userName+eq+"x;y"`: 200, `/Users?filter=emails[type+eq+"work"].value+eq+"x"`: 200, "/Users??aadOptscim062020": 200} {
		if got := raw("GET", o.base()+tail, o.bearer); got.StatusCode != want {
			t.Errorf("GET %s answers %d, want %d", tail, got.StatusCode, want)
		}
	}
}
