package cycle

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/scim"
	"github.com/rollcall/rollcall/scim/scimclient"
)

// maxWait is how long one request may wait in all because the target asked with Retry-After.
// How long the real service waits is not documented.
const maxWait = 5 * time.Minute

// maxKept is how much of a body the logs keep.
const maxKept = 64 << 10

// maxAnswer is how much of an answer is read, after decompression. Several are read at once.
const maxAnswer = 16 << 20

// maxID bounds the ids of the target: they stand in addresses.
const maxID = 1024

// target is the SCIM server of one job.
type target struct {
	client *scimclient.Client
	manner Manner

	mu    sync.Mutex
	calls map[int]int
	// silent counts requests without an answer since the last one with an answer, and refused
	// those in a row that were answered 429, or 503 with Retry-After; last is the last status.
	silent, refused, last int
}

// newTarget makes the client of a job. The headers are those of the service: the token
// behind "Bearer ", application/scim+json with a charset on writes, and no User-Agent
// (observed).
func (s *Service) newTarget(tenantURL string, token Secret) *target {
	t := &target{
		calls:  map[int]int{},
		manner: s.Manner,
		client: &scimclient.Client{
			BaseURL: tenantURL,
			Token:   string(token),
			HTTP:    s.httpClient(),
			MaxWait: maxWait,
			MaxBody: maxAnswer,
			Sleep: func(ctx context.Context, d time.Duration) error {
				return s.sleep(ctx, max(d, time.Second)) // a wait of 0 is no reason to ask without pause
			},
			Now: s.Now,
		},
	}
	if s.Manner.okta() {
		t.client.UserAgent = oktaUserAgent
	}
	return t
}

// trace collects the requests for one object.
type trace struct {
	exchanges []Exchange
	redacted  []string // values that the log must not show
}

func (t *trace) hide(values []mapping.AttributeValue) {
	for _, v := range values {
		if v.Redacted {
			t.redacted = append(t.redacted, v.Value.Strings()...)
		}
	}
}

func (t *trace) add(e Exchange) {
	for _, secret := range t.redacted {
		quoted := scimclient.Quote(secret)
		e.Body = strings.ReplaceAll(e.Body, quoted, `"[Redact]"`)
		if address, query, ok := strings.Cut(e.URL, "?"); ok {
			e.URL = address + "?" + strings.ReplaceAll(query, queryValue(secret), "[Redact]")
		}
	}
	if len(e.Body) > maxKept {
		e.Body = strings.ToValidUTF8(e.Body[:maxKept], "") + "…"
	}
	t.exchanges = append(t.exchanges, e)
}

// do sends one request and notes it. Every answer of 400 and above is a *TargetError.
func (t *target) do(ctx context.Context, tr *trace, method, path, query string, body scim.Object) (*scimclient.Response, error) {
	var data any
	note := Exchange{Method: method, URL: t.address(path, query)}
	if body != nil {
		encoded := scim.Encode(body)
		data, note.Body = encoded, string(encoded)
	}
	answer, err := t.client.Do(ctx, method, path, query, data, nil)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		refused := t.unread(err)
		t.count(refused.Status, false)
		note.Status = refused.Status
		tr.add(note)
		return nil, refused
	}
	t.count(answer.Status, answer.Header.Get("Retry-After") != "")
	note.Status = answer.Status
	reason := ""
	switch {
	case answer.Status >= 300 && answer.Status < 400:
		reason = redirected(answer)
	case answer.Status < 300 && isError(answer.Object):
		reason = fmt.Sprintf("The SCIM endpoint answered %s, but the body is an error.", statusText(answer.Status))
	case answer.Status < 300:
		tr.add(note)
		return answer, nil
	}
	note.Answer = t.kept(answer)
	tr.add(note)
	return answer, &TargetError{Code: codeOf(answer.Status), Status: answer.Status, Answer: note.Answer, Reason: reason}
}

// address is where a request goes, for the log. A tenant URL that is no address has no
// requests, and the log shows what would have been behind it.
func (t *target) address(path, query string) string {
	if u, err := t.client.URL(path, query); err == nil {
		return u.String()
	}
	if query != "" {
		path += "?" + query
	}
	return path
}

// unread is the error for an answer that did not come, or not as a whole.
func (t *target) unread(err error) *TargetError {
	var tooLarge *scimclient.BodyTooLargeError
	if errors.As(err, &tooLarge) {
		return &TargetError{
			Code: CodeIncompatible, Status: tooLarge.Status,
			Reason: fmt.Sprintf("The SCIM endpoint answered %s with more than %d bytes, which are not read.", statusText(tooLarge.Status), tooLarge.Limit),
		}
	}
	return &TargetError{Code: noAnswerCode(err), Reason: t.hide(noAnswer(err))}
}

// kept is the body of an answer for the log: byte for byte, but for its length and for the
// secret token, which a target may repeat.
func (t *target) kept(answer *scimclient.Response) string {
	text := answer.Body
	if len(text) > maxKept {
		text = text[:maxKept]
	}
	return t.hide(string(text))
}

// hide takes the secret token out of a text. One of a few letters is no secret, and would be
// found in words.
func (t *target) hide(text string) string {
	if len(t.client.Token) < 8 {
		return text
	}
	return strings.ReplaceAll(text, t.client.Token, hidden)
}

// redirected says where a redirect leads. It is not followed: the secret token is for the
// tenant URL alone.
func redirected(answer *scimclient.Response) string {
	to := ""
	if location := answer.Header.Get("Location"); location != "" {
		to = fmt.Sprintf(" to %q", clip(location))
	}
	return fmt.Sprintf("The SCIM endpoint answered %s, a redirect%s, which is not followed. Enter the address that it leads to as tenant URL, if it is the right one.", statusText(answer.Status), to)
}

func statusText(status int) string {
	if text := http.StatusText(status); text != "" {
		return fmt.Sprintf("%d (%s)", status, text)
	}
	return fmt.Sprint(status)
}

// isError tells whether a body is an error (RFC 7644 section 3.12).
func isError(o scim.Object) bool {
	schemas, _ := o["schemas"].([]any)
	return slices.ContainsFunc(schemas, func(s any) bool {
		text, _ := s.(string)
		return strings.EqualFold(text, scim.ErrorURN)
	})
}

// count notes the last answer to a request, 0 for none, and whether it asked for a pause.
func (t *target) count(status int, pause bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls[status]++
	t.silent++
	t.refused++
	if status != 0 {
		t.silent = 0
	}
	if status != http.StatusTooManyRequests && (status != http.StatusServiceUnavailable || !pause) {
		t.refused = 0
	}
	t.last = status
}

// useless is why going on would only fail every object: so many requests in a row got no
// answer, or 429 or 503 after all the waiting that was asked for; nil for a target that works.
func (t *target) useless() *Quarantine {
	const inARow = 10
	t.mu.Lock()
	defer t.mu.Unlock()
	q := &Quarantine{Reason: EncounteredQuarantineException}
	switch {
	case t.silent >= inARow:
		q.Code, q.Message = CodeWebException, "The SCIM endpoint stopped answering during the cycle."
	case t.refused >= inARow:
		q.Code = codeOf(t.last)
		q.Message = fmt.Sprintf("The SCIM endpoint answered %d requests in a row with %s, also after the waiting that it asked for.", t.refused, statusText(t.last))
	default:
		return nil
	}
	return q
}

func (t *target) callCounts() map[int]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	counts := make(map[int]int, len(t.calls))
	for status, n := range t.calls {
		counts[status] = n
	}
	return counts
}

func noAnswerCode(err error) string {
	var netErr net.Error
	if errors.As(err, &netErr) && netErr.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return CodeTimeout
	}
	return CodeWebException
}

// noAnswer says why there is no answer, in words for the admin. The address stays out of
// it: the part of an error of net/url that repeats it is unwrapped.
func noAnswer(err error) string {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if noAnswerCode(err) == CodeTimeout {
		return "The SCIM endpoint did not answer in time."
	}
	if cause := connectFailure(err); cause != "" {
		return cause
	}
	return "An HTTP protocol error occurred when connecting to the SCIM endpoint: " + clip(err.Error())
}
