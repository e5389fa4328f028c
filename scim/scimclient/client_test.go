package scimclient_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/scim"
	"github.com/rollcall/rollcall/scim/scimclient"
)

// record answers every request with one canned answer and keeps what came.
type record struct {
	target, body string
	header       http.Header
}

func server(t *testing.T, answer func(http.ResponseWriter, *http.Request, int)) (*scimclient.Client, *[]record) {
	t.Helper()
	var got []record
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read request: %v", err)
		}
		got = append(got, record{target: r.Method + " " + r.RequestURI, body: string(body), header: r.Header.Clone()})
		answer(w, r, len(got))
	}))
	t.Cleanup(srv.Close)
	return &scimclient.Client{BaseURL: srv.URL + "/scim", Token: "key:secret"}, &got
}

func respond(status int, body string) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func TestClient_target(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, base, path, query, want string }{
		{"plain", "/scim", "/Users", "", "GET /scim/Users"},
		{"trailing slash", "/scim/", "/Users", "", "GET /scim/Users"},
		{"query of the base", "/scim?aadOptscim062020", "/Users/1", "", "GET /scim/Users/1?aadOptscim062020"},
		{"slash and query of the base", "/scim/?aadOptscim062020", "/Users", "count=1", "GET /scim/Users?aadOptscim062020&count=1"},
		{"raw query", "/scim", "/Users", `filter=userName+eq+"a;b%40c"`, `GET /scim/Users?filter=userName+eq+"a;b%40c"`},
		{"double slash", "/scim", "//Users", "", "GET /scim//Users"},
		{"escaped path", "/scim", "/Users/a%2Fb%20c", "", "GET /scim/Users/a%2Fb%20c"},
		{"no base path", "", "/Users", "", "GET /Users"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, got := server(t, respond(200, "{}"))
			c.BaseURL = strings.TrimSuffix(c.BaseURL, "/scim") + tc.base
			if _, err := c.Do(t.Context(), "GET", tc.path, tc.query, nil, nil); err != nil {
				t.Fatal(err)
			}
			if (*got)[0].target != tc.want {
				t.Errorf("sent %s, want %s", (*got)[0].target, tc.want)
			}
		})
	}
}

func TestClient_badBaseURL(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "example.com/scim", "ftp://example.com", "https:///x", "http://[::1"} {
		c := &scimclient.Client{BaseURL: base}
		if _, err := c.Do(t.Context(), "GET", "/Users", "", nil, nil); err == nil || !strings.Contains(err.Error(), "base URL") {
			t.Errorf("base %q: error %v, want one about the base URL", base, err)
		}
	}
}

func TestClient_headers(t *testing.T) {
	t.Parallel()
	c, got := server(t, respond(200, "{}"))
	c.Header = http.Header{"X-Run": {"1"}}
	if _, err := c.Do(t.Context(), "POST", "/Users", "", scim.Object{"a": "<&>"}, nil); err != nil {
		t.Fatal(err)
	}
	r := (*got)[0]
	if _, sent := r.header["User-Agent"]; sent {
		t.Errorf("User-Agent %q sent, want none", r.header.Get("User-Agent"))
	}
	for name, want := range map[string]string{
		"Authorization": "Bearer key:secret",
		"Accept":        "application/scim+json",
		"Content-Type":  "application/scim+json; charset=utf-8",
		"X-Run":         "1",
	} {
		if r.header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, r.header.Get(name), want)
		}
	}
	if r.body != `{"a":"<&>"}` {
		t.Errorf("body %s", r.body)
	}

	c.UserAgent = "check/1"
	header := http.Header{"Authorization": nil, "Content-Type": {"application/json"}}
	if _, err := c.Do(t.Context(), "POST", "/Users", "", `{"raw": 1 }`, header); err != nil {
		t.Fatal(err)
	}
	r = (*got)[1]
	if _, sent := r.header["Authorization"]; sent {
		t.Error("Authorization sent though the header was taken away")
	}
	if r.header.Get("User-Agent") != "check/1" || r.header.Get("Content-Type") != "application/json" || r.body != `{"raw": 1 }` {
		t.Errorf("sent %v %s", r.header, r.body)
	}
}

func TestClient_bodyLimit(t *testing.T) {
	t.Parallel()
	c, _ := server(t, respond(200, strings.Repeat("x", 11)))
	c.MaxBody = 10
	_, err := c.Do(t.Context(), "GET", "/Users", "", nil, nil)
	var tooLarge *scimclient.BodyTooLargeError
	if !errors.As(err, &tooLarge) || tooLarge.Limit != 10 {
		t.Fatalf("error %v, want BodyTooLargeError with limit 10", err)
	}
	c.MaxBody = 11
	if _, err := c.Do(t.Context(), "GET", "/Users", "", nil, nil); err != nil {
		t.Errorf("a body of exactly the limit: %v", err)
	}
}

func TestClient_retryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tc := range []struct {
		name    string
		status  int
		header  string
		maxWait time.Duration
		want    []time.Duration
		calls   int
	}{
		{"seconds", 429, "7", time.Minute, []time.Duration{7 * time.Second}, 2},
		{"date", 429, "Fri, 02 Jan 2026 03:04:15 GMT", time.Minute, []time.Duration{10 * time.Second}, 2},
		{"no header", 429, "", time.Minute, []time.Duration{time.Second}, 2},
		{"unavailable", 503, "2", time.Minute, []time.Duration{2 * time.Second}, 2},
		{"unavailable without header", 503, "", time.Minute, nil, 1},
		{"not asked for", 429, "1", 0, nil, 1},
		{"longer than allowed", 429, "61", time.Minute, nil, 1},
		{"longer than a duration can be", 429, "9223372037", time.Minute, nil, 1},
		{"unreadable", 429, "soon", time.Minute, nil, 1},
		{"other status", 500, "1", time.Minute, nil, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, got := server(t, func(w http.ResponseWriter, _ *http.Request, n int) {
				if n == 1 {
					if tc.header != "" {
						w.Header().Set("Retry-After", tc.header)
					}
					w.WriteHeader(tc.status)
				}
			})
			var waited []time.Duration
			c.MaxWait = tc.maxWait
			c.Now = func() time.Time { return now }
			c.Sleep = func(_ context.Context, d time.Duration) error { waited = append(waited, d); return nil }
			resp, err := c.Do(t.Context(), "POST", "/Users", "", "body", nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(*got) != tc.calls || len(waited) != len(tc.want) || (len(waited) == 1 && waited[0] != tc.want[0]) {
				t.Fatalf("%d calls after waits %v, want %d after %v", len(*got), waited, tc.calls, tc.want)
			}
			if tc.calls == 2 && (resp.Status != 200 || (*got)[1].body != "body") {
				t.Errorf("second call: status %d, body %q", resp.Status, (*got)[1].body)
			}
			if tc.calls == 1 && resp.Status != tc.status {
				t.Errorf("status %d, want the answer as it came, %d", resp.Status, tc.status)
			}
		})
	}
}

func TestClient_waitsAtMostMaxWait(t *testing.T) {
	t.Parallel()
	c, got := server(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(429)
	})
	c.MaxWait = 3 * time.Second
	c.Sleep = func(context.Context, time.Duration) error { return nil }
	resp, err := c.Do(t.Context(), "GET", "/Users", "", nil, nil)
	if err != nil || resp.Status != 429 {
		t.Fatalf("answer %v, error %v", resp, err)
	}
	if len(*got) != 4 {
		t.Errorf("%d calls, want 4: a wait of zero counts as a second", len(*got))
	}
}

func TestResponse_Err(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, body string
		status     int
		want       scim.Error
	}{
		{"scim error", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"409","scimType":"uniqueness","detail":"taken"}`, 409, scim.Error{Status: 409, Type: "uniqueness", Detail: "taken"}},
		{"proxy page", "<html>no</html>", 502, scim.Error{Status: 502, Detail: "the server answered 502 Bad Gateway without a SCIM error: <html>no</html>"}},
		{"long page", strings.Repeat("é", 300), 404, scim.Error{Status: 404, Detail: "the server answered 404 Not Found without a SCIM error: " + strings.Repeat("é", 100) + "…"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, _ := server(t, respond(tc.status, tc.body))
			_, err := c.Users().Get(t.Context(), "1", scimclient.Params{})
			var got *scim.Error
			if !errors.As(err, &got) || *got != tc.want {
				t.Errorf("error %+v, want %+v", got, tc.want)
			}
		})
	}
	if err := (&scimclient.Response{Status: 304}).Err(); err != nil {
		t.Errorf("304: %v", err)
	}
}
