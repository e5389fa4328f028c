package scimtest

import (
	"net/http"
	"time"
)

// resending gives a client that sends a request again when the server closed
// the kept connection under it, before any byte of an answer (RFC 9112 section
// 9.3.1). Servers do that after a pause, some while the request is on its way.
// net/http sees to it for GET alone; for a write a check would report "no
// answer", now and then, of a server that is right.
func resending(client *http.Client) *http.Client {
	copied := http.Client{
		Timeout:       60 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if client != nil {
		copied = *client
	}
	next := copied.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	copied.Transport = resend{next}
	return &copied
}

type resend struct{ next http.RoundTripper }

// RoundTrip sends the request. An empty list under this name tells
// http.Transport that the request may be repeated; the header is not sent.
func (r resend) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	if _, given := req.Header["Idempotency-Key"]; !given {
		req.Header["Idempotency-Key"] = []string{}
	}
	return r.next.RoundTrip(req)
}
