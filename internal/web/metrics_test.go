package web

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestMetrics(t *testing.T) {
	t.Parallel()
	s, _ := newTestServer(Config{Metrics: NewMetrics()}, func(mux *http.ServeMux) {
		mux.HandleFunc("GET /v1/things/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
		mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("x") })
	})
	do(s, "GET", "/v1/things/canary?canary", nil, "")
	do(s, "GET", "/v1/things/other", nil, "")
	do(s, "CANARY", "/canary", nil, "")
	do(s, "GET", "/panic", nil, "")
	if w := do(s, "GET", "/metrics", nil, ""); w.Code != http.StatusNotFound {
		t.Errorf("the public side answers /metrics with %d", w.Code)
	}

	public, metrics := listen(t), listen(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, public, metrics) }()
	response, err := http.Get("http://" + metrics.Addr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Serve = %v", err)
	}
	for _, want := range []string{
		`rollcall_http_requests_total{method="GET",route="/v1/things/{id}",status="418"} 2`,
		`rollcall_http_requests_total{method="other",route="none",status="404"} 1`,
		`rollcall_http_requests_total{method="GET",route="/panic",status="500"} 1`,
		`rollcall_http_request_duration_seconds_count{method="GET",route="/v1/things/{id}"} 2`,
		"rollcall_http_requests_in_flight 0", "go_goroutines ", "process_open_fds ",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("metrics have no %q", want)
		}
	}
	if strings.Contains(strings.ToLower(string(text)), "canary") {
		t.Error("metrics hold a client's text")
	}
}
