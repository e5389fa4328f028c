// Package scimclient is a small SCIM 2.0 client.
//
// It owns the wire: addresses, headers, body limits, waiting when the server
// asks for it, and turning error answers into *scim.Error. What is sent is the
// caller's own: bodies, filters and both PATCH dialects of Microsoft Entra ID
// go out exactly as given, so that the package serves conformance checks and a
// provisioning engine as well as ordinary programs.
//
// It does not own retries of failed requests, caching, or any meaning of the
// attributes.
package scimclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall/rollcall/scim"
)

// DefaultMaxBody is the largest answer that is read when Client.MaxBody is zero.
const DefaultMaxBody = 32 << 20

// maxErrorText bounds how much of a foreign error answer is repeated in an error.
const maxErrorText = 200

// Client talks to one SCIM endpoint. The zero value of every field but BaseURL
// is usable. A Client is safe for concurrent use when its fields are not
// changed.
type Client struct {
	// BaseURL is the endpoint, for example https://example.com/scim/v2. A
	// trailing slash does not matter. A query is kept and sent with every
	// request, as Entra ID does with the tenant URL …/scim?aadOptscim062020.
	BaseURL string

	// Token is the bearer value, without the word Bearer. Empty sends no
	// Authorization header.
	Token string

	// HTTP sends the requests; nil means a client with a timeout of 60 seconds
	// that does not follow redirects.
	HTTP *http.Client

	// UserAgent is sent when not empty. Empty sends no User-Agent header at
	// all, as Entra ID does.
	UserAgent string

	// Header has more headers for every request. Headers given to Do win.
	Header http.Header

	// MaxBody is the largest answer in bytes; 0 means DefaultMaxBody.
	MaxBody int64

	// MaxWait is how long one call may wait in all when the server answers 429
	// or 503 with Retry-After. Zero never waits: the answer is returned.
	MaxWait time.Duration

	// Sleep waits, and returns early with the context's error. Nil means a timer.
	Sleep func(context.Context, time.Duration) error

	// Now is the clock for a Retry-After that is a date. Nil means time.Now.
	Now func() time.Time
}

// Response is an answer as it came.
type Response struct {
	Status int
	Header http.Header
	Body   []byte

	// Object is the body when it is a JSON object, else nil. Numbers are
	// json.Number, nested objects scim.Object, and null members are kept.
	Object scim.Object
}

var defaultHTTP = &http.Client{
	Timeout: 60 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	},
}

// Do sends one request and returns the answer, whatever its status; the error
// is only for requests that got no complete answer.
//
// path begins with a slash, is escaped already and is appended to the base
// address. query goes out byte for byte (see Query for a well-formed one).
// body is nil, a []byte or string sent as it is, or a value for JSON. header
// replaces headers of the same name; a header with an empty list is not sent.
func (c *Client) Do(ctx context.Context, method, path, query string, body any, header http.Header) (*Response, error) {
	target, err := c.URL(path, query)
	if err != nil {
		return nil, err
	}
	data, err := encodeBody(body)
	if err != nil {
		return nil, err
	}
	left := c.MaxWait
	for {
		resp, err := c.send(ctx, method, target, data, header)
		if err != nil {
			return nil, err
		}
		wait, ok := c.retryAfter(resp)
		// A wait of zero counts as a second, so that the loop always ends.
		cost := max(wait, time.Second)
		if !ok || cost > left {
			return resp, nil
		}
		left -= cost
		if err := c.sleep(ctx, wait); err != nil {
			return nil, fmt.Errorf("wait %s as the server asked: %w", wait, err)
		}
	}
}

// URL is the address that Do sends a request for path and query to.
func (c *Client) URL(path, query string) (*url.URL, error) {
	u, err := url.Parse(c.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("base URL: %w", err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("base URL %q: want an address that begins with https:// or http://", shorten(c.BaseURL))
	}
	escaped := strings.TrimRight(u.EscapedPath(), "/") + path
	plain, err := url.PathUnescape(escaped)
	if err != nil {
		return nil, fmt.Errorf("path %q: %w", shorten(path), err)
	}
	u.Path, u.RawPath = plain, escaped
	switch {
	case u.RawQuery == "":
		u.RawQuery = query
	case query != "":
		u.RawQuery += "&" + query
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

func encodeBody(body any) ([]byte, error) {
	switch b := body.(type) {
	case nil:
		return nil, nil
	case []byte:
		return b, nil
	case string:
		return []byte(b), nil
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return nil, fmt.Errorf("encode the body: %w", err)
	}
	return bytes.TrimRight(buf.Bytes(), "\n"), nil
}

func (c *Client) send(ctx context.Context, method string, target *url.URL, data []byte, header http.Header) (*Response, error) {
	var reader io.Reader
	if data != nil {
		reader = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://placeholder.invalid/", reader)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	req.URL, req.Host = target, target.Host
	// An explicit empty value is how net/http is told to send no User-Agent.
	req.Header.Set("User-Agent", c.UserAgent)
	req.Header.Set("Accept", scim.MediaType)
	if data != nil {
		req.Header.Set("Content-Type", scim.MediaType+"; charset=utf-8")
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	for _, h := range []http.Header{c.Header, header} {
		for name, values := range h {
			if len(values) == 0 {
				req.Header.Del(name)
				continue
			}
			req.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	httpClient := c.HTTP
	if httpClient == nil {
		httpClient = defaultHTTP
	}
	resp, err := httpClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("send the request: %w", err)
	}
	defer resp.Body.Close()
	limit := c.MaxBody
	if limit == 0 {
		limit = DefaultMaxBody
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer to %s %s: %w", method, target.Path, err)
	}
	if int64(len(answer)) > limit {
		return nil, fmt.Errorf("the answer to %s %s: %w", method, target.Path, &BodyTooLargeError{Limit: limit, Status: resp.StatusCode})
	}
	return &Response{Status: resp.StatusCode, Header: resp.Header, Body: answer, Object: decodeObject(answer)}, nil
}

// BodyTooLargeError says that an answer was longer than the client reads.
type BodyTooLargeError struct {
	Limit  int64 // bytes
	Status int   // of the answer
}

func (e *BodyTooLargeError) Error() string {
	return fmt.Sprintf("longer than %d bytes", e.Limit)
}

// decodeObject reads a JSON object leniently: a client wants to see what the
// server sent, also what a strict reader would refuse.
func decodeObject(data []byte) scim.Object {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		return nil
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil
	}
	if m == nil {
		return nil
	}
	return toObject(m)
}

func toObject(m map[string]any) scim.Object {
	o := make(scim.Object, len(m))
	for k, v := range m {
		o[k] = toValue(v)
	}
	return o
}

func toValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return toObject(v)
	case []any:
		for i := range v {
			v[i] = toValue(v[i])
		}
	}
	return v
}

// retryAfter says how long the server asked to wait (RFC 9110 section 10.2.3).
// A 429 without the header asks for one second.
func (c *Client) retryAfter(r *Response) (time.Duration, bool) {
	if c.MaxWait <= 0 || (r.Status != http.StatusTooManyRequests && r.Status != http.StatusServiceUnavailable) {
		return 0, false
	}
	value := strings.TrimSpace(r.Header.Get("Retry-After"))
	if value == "" {
		return time.Second, r.Status == http.StatusTooManyRequests
	}
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		const most = int64(math.MaxInt64 / time.Second) // beyond it the duration would be negative
		return time.Duration(min(max(seconds, 0), most)) * time.Second, true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	now := time.Now
	if c.Now != nil {
		now = c.Now
	}
	return max(at.Sub(now()), 0), true
}

func (c *Client) sleep(ctx context.Context, d time.Duration) error {
	if c.Sleep != nil {
		return c.Sleep(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Err is nil for a status below 400, else the SCIM error of the answer. An
// error answer that is not a SCIM error (a proxy's page, say) becomes one whose
// detail tells so and repeats its beginning.
func (r *Response) Err() error {
	if r.Status < 400 {
		return nil
	}
	e := &scim.Error{Status: r.Status}
	if t, ok := r.Object["scimType"].(string); ok {
		e.Type = t
	}
	if d, ok := r.Object["detail"].(string); ok {
		e.Detail = d
	}
	if e.Detail == "" {
		e.Detail = fmt.Sprintf("the server answered %d %s without a SCIM error: %s",
			r.Status, http.StatusText(r.Status), shorten(strings.TrimSpace(string(r.Body))))
	}
	return e
}

func shorten(s string) string {
	if len(s) <= maxErrorText {
		return s
	}
	return strings.ToValidUTF8(s[:maxErrorText], "") + "…"
}
