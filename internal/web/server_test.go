package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// logBuffer collects log lines from several goroutines.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logBuffer) lines(t *testing.T) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(l.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("log line %q: %v", line, err)
		}
		all = append(all, m)
	}
	return all
}

func newTestServer(c Config, routes func(*http.ServeMux)) (*Server, *logBuffer) {
	logs := &logBuffer{}
	c.Log = slog.New(slog.NewJSONHandler(logs, nil))
	if routes != nil {
		c.Mounts = append(c.Mounts, routes)
	}
	return NewServer(c), logs
}

func do(s *Server, method, target string, header http.Header, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for k, v := range header {
		r.Header[k] = v
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

func TestServer_accessLog(t *testing.T) {
	t.Parallel()
	s, logs := newTestServer(Config{}, func(mux *http.ServeMux) {
		mux.HandleFunc("PATCH /v1/organizations/{org}/things/{id}", func(w http.ResponseWriter, r *http.Request) {
			SetActor(r, "scim_abc")
			w.WriteHeader(http.StatusNoContent)
		})
	})
	w := do(s, "PATCH", "/v1/organizations/o/things/jonas@example.com?filter=canary", http.Header{
		"Authorization": {"Bearer scim_abc:canary"}, "User-Agent": {"canary"}, "X-Request-Id": {"canary"},
	}, "canary")
	lines := logs.lines(t)
	if len(lines) != 1 {
		t.Fatalf("%d log lines, want 1: %s", len(lines), logs)
	}
	line := lines[0]
	for key, want := range map[string]any{
		"msg": "request", "method": "PATCH", "route": "/v1/organizations/{org}/things/{id}", "status": 204.0,
		"bytes": 0.0, "actor": "scim_abc", "request_id": w.Header().Get("X-Request-Id"), "level": "INFO",
	} {
		if line[key] != want {
			t.Errorf("%s = %v, want %v", key, line[key], want)
		}
	}
	if id, _ := line["request_id"].(string); len(id) != 26 {
		t.Errorf("request id %q has not 26 characters", id)
	}
	for _, secret := range []string{"canary", "jonas", "192.0.2.1"} {
		if strings.Contains(logs.String(), secret) {
			t.Errorf("the access log holds %q: %s", secret, logs)
		}
	}
}

func TestServer_unknownRouteAndMethod(t *testing.T) {
	t.Parallel()
	s, logs := newTestServer(Config{}, nil)
	if w := do(s, "GET", "/canary", nil, ""); w.Code != http.StatusNotFound {
		t.Errorf("status = %d, want 404", w.Code)
	}
	if w := do(s, "CANARY", "/healthz", nil, ""); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("status = %d, want 405", w.Code)
	}
	if strings.Contains(strings.ToLower(logs.String()), "canary") || strings.Count(logs.String(), `"route":"none"`) != 2 {
		t.Errorf("log = %s", logs)
	}
}

func TestServer_trace(t *testing.T) {
	t.Parallel()
	s, _ := newTestServer(Config{}, func(mux *http.ServeMux) {
		mux.HandleFunc("/any", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "reached") })
	})
	for _, method := range []string{"TRACE", "TRACK", "CONNECT"} {
		w := do(s, method, "/any", http.Header{"Authorization": {"Bearer canary"}}, "")
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" || strings.Contains(w.Body.String(), "canary") {
			t.Errorf("%s: %d %v %q", method, w.Code, w.Header(), w.Body)
		}
	}
}

func TestServer_headers(t *testing.T) {
	t.Parallel()
	for _, https := range []bool{false, true} {
		s, _ := newTestServer(Config{HTTPS: https}, nil)
		h := do(s, "GET", "/nowhere", nil, "").Header()
		for key, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": apiPolicy, "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if got := h.Get(key); got != want {
				t.Errorf("%s = %q, want %q", key, got, want)
			}
		}
		if got := h.Get("Strict-Transport-Security") != ""; got != https {
			t.Errorf("HSTS sent = %v with https = %v", got, https)
		}
		if h.Get("Access-Control-Allow-Origin") != "" || h.Get("Server") != "" {
			t.Errorf("headers that should not be there: %v", h)
		}
	}
}

func TestServer_panic(t *testing.T) {
	t.Parallel()
	s, logs := newTestServer(Config{}, func(mux *http.ServeMux) {
		mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("canary") })
	})
	w := do(s, "GET", "/panic", nil, "")
	if w.Code != 500 || strings.Contains(w.Body.String(), "canary") || !strings.Contains(w.Body.String(), w.Header().Get("X-Request-Id")) {
		t.Errorf("answer = %d %q", w.Code, w.Body)
	}
	line := logs.lines(t)[0]
	if cause, _ := line["cause"].(string); line["level"] != "ERROR" || !strings.Contains(cause, "panic: canary") || !strings.Contains(cause, "server_test.go") {
		t.Errorf("log line = %v, want the cause with its stack", line)
	}
}

func TestServer_panicAfterPartOfTheAnswer(t *testing.T) {
	t.Parallel()
	s, logs := newTestServer(Config{}, func(mux *http.ServeMux) {
		mux.HandleFunc("GET /torso", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"Resources":[`)
			_ = http.NewResponseController(w).Flush()
			panic("canary")
		})
	})
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	response, err := http.Get(server.URL + "/torso")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err == nil {
		t.Errorf("the torso %q passed for a whole answer", body)
	}
	if !strings.Contains(logs.String(), "panic: canary") {
		t.Errorf("log = %s", logs)
	}
}

func TestServer_joinsSlashes(t *testing.T) {
	t.Parallel()
	s, logs := newTestServer(Config{}, func(mux *http.ServeMux) {
		mux.HandleFunc("POST /v1/{org}/scim/Users/{id}", func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			_, _ = fmt.Fprintf(w, "%s %s %s", r.PathValue("org"), r.PathValue("id"), body)
		})
	})
	for target, want := range map[string]string{
		"//v1/o/scim///Users//x":  "o x body",
		"/v1/o/scim//Users/a%2Fb": "o a/b body",
	} {
		if w := do(s, "POST", "http://host"+target, nil, "body"); w.Code != 200 || w.Body.String() != want {
			t.Errorf("POST %s: %d %q, want 200 %q", target, w.Code, w.Body, want)
		}
	}
	if strings.Count(logs.String(), `"route":"/v1/{org}/scim/Users/{id}"`) != 2 {
		t.Errorf("log = %s", logs)
	}
}

func TestServer_health(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	answer := error(nil)
	clock := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	s, _ := newTestServer(Config{
		Now:   func() time.Time { return clock },
		Ready: func(context.Context) error { asked.Add(1); return answer },
	}, nil)
	expect := func(target string, status int, text string) {
		t.Helper()
		if w := do(s, "GET", target, nil, ""); w.Code != status || !strings.Contains(w.Body.String(), text) {
			t.Errorf("%s: %d %q, want %d %q", target, w.Code, w.Body, status, text)
		}
	}
	expect("/healthz", 200, "ok")
	expect("/readyz", 200, "ready")
	answer = iam.Unavailable(errors.New("canary"))
	expect("/readyz", 200, "ready") // within a second the last answer holds
	clock = clock.Add(time.Second)
	expect("/readyz", 503, "the database is not available")
	expect("/healthz", 200, "ok")
	if asked.Load() != 2 {
		t.Errorf("Ready was asked %d times, want 2", asked.Load())
	}
	clock, answer = clock.Add(time.Second), errors.New("canary")
	if w := do(s, "GET", "/readyz", nil, ""); w.Code != 503 || strings.Contains(w.Body.String(), "canary") {
		t.Errorf("an inner cause is shown: %d %q", w.Code, w.Body)
	}
	clock, answer = clock.Add(time.Second), nil
	expect("/readyz", 200, "ready")
	s.draining.Store(true)
	expect("/readyz", 503, "shutting down")
	expect("/healthz", 200, "ok")
}

func TestClientAddress(t *testing.T) {
	t.Parallel()
	trusted, err := ParseTrustedProxies([]string{"10.0.0.0/8", "fd00::/8", "192.0.2.7"})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, remote string
		forwarded    []string
		want         string
	}{
		{"direct", "203.0.113.9:1234", nil, "203.0.113.9"},
		{"direct, made-up header", "203.0.113.9:1234", []string{"1.2.3.4"}, "203.0.113.9"},
		{"through a proxy", "10.0.0.1:1", []string{"203.0.113.9"}, "203.0.113.9"},
		{"single trusted address", "192.0.2.7:1", []string{"203.0.113.9"}, "203.0.113.9"},
		{"through two", "10.0.0.1:1", []string{"203.0.113.9, 10.0.0.2"}, "203.0.113.9"},
		{"in two headers", "10.0.0.1:1", []string{"1.2.3.4, 203.0.113.9", "10.0.0.2"}, "203.0.113.9"},
		{"client lies to the left", "10.0.0.1:1", []string{"1.2.3.4, 203.0.113.9"}, "203.0.113.9"},
		{"all trusted", "10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"no header", "10.0.0.1:1", nil, "10.0.0.1"},
		{"garbage", "10.0.0.1:1", []string{"<script>"}, "10.0.0.1"},
		{"garbage behind a hop", "10.0.0.1:1", []string{"unknown, 10.0.0.2"}, "10.0.0.2"},
		{"with a port", "10.0.0.1:1", []string{"203.0.113.9:4711"}, "203.0.113.9"},
		{"IPv6", "[fd00::1]:1", []string{"2001:db8::9"}, "2001:db8::9"},
		{"IPv6 in brackets", "[fd00::1]:1", []string{"[2001:db8::9]:443"}, "2001:db8::9"},
		{"mapped IPv4", "[::ffff:10.0.0.1]:1", []string{"203.0.113.9"}, "203.0.113.9"},
		{"no peer", "@", []string{"203.0.113.9"}, ""},
	}
	for _, test := range tests {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = test.remote
		for _, f := range test.forwarded {
			r.Header.Add("X-Forwarded-For", f)
		}
		if got := clientAddress(r, trusted); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	if _, err := ParseTrustedProxies([]string{"10.0.0.0/33"}); iam.KindOf(err) != iam.KindInvalid {
		t.Errorf("a bad network: %v", err)
	}
}

func TestClientAddress_withoutServer(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("GET", "/", nil)
	SetActor(r, "x")
	SetRoute(r, "x")
	SetCause(r, errors.New("x"))
	if RequestID(r) != "" || ClientAddress(r) != "192.0.2.1" {
		t.Errorf("got %q, %q", RequestID(r), ClientAddress(r))
	}
}

func TestHandler_cause(t *testing.T) {
	t.Parallel()
	errs := map[string]error{
		"/refused":  iam.Errorf(iam.KindConflict, "the name is taken"),
		"/away":     fmt.Errorf("read users: %w", iam.Unavailable(errors.New("disk I/O error"))),
		"/internal": errors.New("a fault"),
	}
	s, logs := newTestServer(Config{}, func(mux *http.ServeMux) {
		for path, err := range errs {
			mux.Handle("GET "+path, Handler(func(http.ResponseWriter, *http.Request) error { return err },
				func(w http.ResponseWriter, r *http.Request, err error) {
					SetRoute(r, "custom "+path)
					http.Error(w, "failed", Status(iam.KindOf(err)))
				}))
		}
	})
	for path, want := range map[string]int{"/refused": 409, "/away": 503, "/internal": 500} {
		if w := do(s, "GET", path, nil, ""); w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
	for _, line := range logs.lines(t) {
		want := map[any]any{"custom /refused": nil, "custom /internal": "a fault",
			"custom /away": "read users: the database is not available at the moment; try again: disk I/O error"}[line["route"]]
		if line["cause"] != want {
			t.Errorf("%v: cause = %v, want %v", line["route"], line["cause"], want)
		}
	}
}

func TestStatus_everyKind(t *testing.T) {
	t.Parallel()
	want := map[iam.Kind]int{
		iam.KindInternal: 500, iam.KindInvalid: 400, iam.KindNotFound: 404, iam.KindConflict: 409, iam.KindForbidden: 403,
		iam.KindUnauthorized: 401, iam.KindPrecondition: 412, iam.KindTooMany: 413, iam.KindUnavailable: 503,
	}
	for kind, status := range want {
		if got := Status(kind); got != status {
			t.Errorf("Status(%v) = %d, want %d", kind, got, status)
		}
	}
}

func TestServer_limits(t *testing.T) {
	t.Parallel()
	s, _ := newTestServer(Config{}, nil)
	for name, server := range map[string]*http.Server{"public": s.publicServer(), "metrics": s.metricsServer()} {
		if server.ReadHeaderTimeout != 5*time.Second || server.ReadTimeout != 30*time.Second || server.WriteTimeout != 30*time.Second ||
			server.IdleTimeout != time.Minute || server.MaxHeaderBytes != 16<<10 {
			t.Errorf("%s server has the limits %+v", name, server)
		}
	}
	if got := s.publicServer().HTTP2.MaxConcurrentStreams; got != 100 {
		t.Errorf("HTTP/2 streams = %d, want 100", got)
	}
}

func TestParseTrustedProxies_masked(t *testing.T) {
	t.Parallel()
	got, err := ParseTrustedProxies([]string{"10.1.2.3/8"})
	if err != nil || len(got) != 1 || got[0] != netip.MustParsePrefix("10.0.0.0/8") {
		t.Errorf("got %v, %v", got, err)
	}
}
