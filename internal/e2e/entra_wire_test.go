package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// sent is one request of the provisioning service, and what it was answered.
type sent struct {
	Method, URL, Authorization, Body string
	Status                           int
	Answer                           string
}

// wire carries the requests of the provisioning service to the server and keeps them. A test may cut it.
type wire struct {
	mu   sync.Mutex
	list []sent
	// cut answers instead of the server; nil for a request that goes through.
	cut func(*http.Request) *http.Response
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	one := sent{Method: r.Method, URL: r.URL.String(), Authorization: r.Header.Get("Authorization")}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, fmt.Errorf("read the body of %s %s: %w", r.Method, r.URL, err)
		}
		one.Body, r.Body = string(body), io.NopCloser(bytes.NewReader(body))
	}
	w.mu.Lock()
	cut := w.cut
	w.mu.Unlock()
	var res *http.Response
	if cut != nil {
		res = cut(r)
	}
	if res == nil {
		var err error
		if res, err = http.DefaultTransport.RoundTrip(r); err != nil {
			return nil, err
		}
	}
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("read the answer to %s %s: %w", r.Method, r.URL, err)
	}
	res.Body = io.NopCloser(bytes.NewReader(answer))
	one.Status, one.Answer = res.StatusCode, string(answer)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, one)
	return res, nil
}

// taken returns what was sent since the last call.
func (w *wire) taken() []sent {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.list
	w.list = nil
	return list
}

// fail has the server's own answer to a fault stand for it where wanted says so; nil ends that.
func (w *wire) fail(status int, detail string, wanted func(*http.Request) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = nil
	if wanted == nil {
		return
	}
	w.cut = func(r *http.Request) *http.Response {
		if !wanted(r) {
			return nil
		}
		body := fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"%d","detail":%q}`, status, detail)
		return &http.Response{
			StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
			Header: http.Header{"Content-Type": {"application/scim+json"}}, Body: io.NopCloser(strings.NewReader(body)),
		}
	}
}

// lines are requests as "GET /Users?filter=…", below the tenant URL.
func lines(list []sent, tenantURL string) []string {
	out := make([]string, 0, len(list))
	for _, one := range list {
		out = append(out, one.Method+" "+strings.TrimPrefix(one.URL, tenantURL))
	}
	return out
}

// writes are the requests that change something.
func writes(list []sent) []sent {
	var out []sent
	for _, one := range list {
		if one.Method != http.MethodGet {
			out = append(out, one)
		}
	}
	return out
}
