package cycle

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
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

// target is the SCIM server of one job.
type target struct {
	client *scimclient.Client

	mu    sync.Mutex
	calls map[int]int
	// silent counts requests without an answer since the last one with an answer.
	silent int
}

// newTarget makes the client of a job. The headers are those of the service: the token
// behind "Bearer ", application/scim+json with a charset on writes, and no User-Agent
// (observed).
func (s *Service) newTarget(tenantURL string, token Secret) *target {
	return &target{
		calls: map[int]int{},
		client: &scimclient.Client{
			BaseURL: tenantURL,
			Token:   string(token),
			HTTP:    s.httpClient(),
			MaxWait: maxWait,
			Sleep:   s.Sleep,
			Now:     s.Now,
		},
	}
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
		e.URL = strings.ReplaceAll(e.URL, queryValue(secret), "[Redact]")
	}
	if len(e.Body) > maxKept {
		e.Body = strings.ToValidUTF8(e.Body[:maxKept], "") + "…"
	}
	t.exchanges = append(t.exchanges, e)
}

// do sends one request and notes it. Every answer of 400 and above is a *TargetError.
func (t *target) do(ctx context.Context, tr *trace, method, path, query string, body scim.Object) (*scimclient.Response, error) {
	var data any
	note := Exchange{Method: method, URL: path}
	if query != "" {
		note.URL += "?" + query
	}
	if body != nil {
		encoded := scim.Encode(body)
		data, note.Body = encoded, string(encoded)
	}
	answer, err := t.client.Do(ctx, method, path, query, data, nil)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		t.count(0)
		tr.add(note)
		return nil, &TargetError{Code: noAnswerCode(err), Method: method, URL: note.URL, Reason: noAnswer(err)}
	}
	t.count(answer.Status)
	note.Status = answer.Status
	if answer.Status < 300 {
		tr.add(note)
		return answer, nil
	}
	text := string(answer.Body)
	note.Answer = text
	if len(note.Answer) > maxKept {
		note.Answer = note.Answer[:maxKept]
	}
	tr.add(note)
	return answer, &TargetError{Code: codeOf(answer.Status), Method: method, URL: note.URL, Status: answer.Status, Answer: note.Answer}
}

func (t *target) count(status int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls[status]++
	t.silent++
	if status != 0 {
		t.silent = 0
	}
}

// unreachable tells whether the target has stopped answering: so many requests in a row
// without an answer that going on would only fail every object.
func (t *target) unreachable() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.silent >= 10
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
	var tooLarge *scimclient.BodyTooLargeError
	if errors.As(err, &tooLarge) {
		return fmt.Sprintf("The answer of the SCIM endpoint is longer than %d bytes and was not read.", tooLarge.Limit)
	}
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

// endpoint is the path of a kind of object.
func endpoint(kind mapping.Kind) string {
	if kind == mapping.KindGroup {
		return "/Groups"
	}
	return "/Users"
}

// queryValue writes text into a query as the service does: a blank as "+", "@" as %40.
func queryValue(s string) string { return url.QueryEscape(s) }

// filterTerm is one comparison of a filter as it stands on the wire: blanks as "+", quotes
// and brackets raw, the value escaped (observed: filter=userName+eq+"a.b%40example.com").
func filterTerm(attribute, value string) string {
	quoted := scimclient.Quote(value)
	return strings.ReplaceAll(attribute, " ", "+") + "+eq+\"" + queryValue(quoted[1:len(quoted)-1]) + "\""
}

// find sends a match query (Microsoft Entra docs, "use-scim-to-provision-users-and-groups":
// users by the filter alone, groups without their members) and returns the hits.
func (t *target) find(ctx context.Context, tr *trace, kind mapping.Kind, attribute, value string) ([]scim.Object, error) {
	query := "filter=" + filterTerm(attribute, value)
	if kind == mapping.KindGroup {
		query = "excludedAttributes=members&" + query
	}
	list, err := t.list(ctx, tr, kind, query)
	if err != nil {
		return nil, err
	}
	return list.Resources, nil
}

// refers asks whether an object refers to another one: a user to a manager, a group to a
// member (Microsoft Entra docs, same page: filter with "id eq … and manager eq …",
// attributes=id).
func (t *target) refers(ctx context.Context, tr *trace, kind mapping.Kind, id, attribute, to string) (bool, error) {
	list, err := t.list(ctx, tr, kind, "filter="+filterTerm("id", id)+"+and+"+filterTerm(attribute, to)+"&attributes=id")
	if err != nil {
		return false, err
	}
	if len(list.Resources) > 1 { // an id is one object's
		last := tr.exchanges[len(tr.exchanges)-1]
		return false, &TargetError{
			Code: CodeMultipleInResponse, Method: last.Method, URL: last.URL, Status: last.Status,
			Reason: fmt.Sprintf("The SCIM endpoint answered a filter for one id with %d objects.", len(list.Resources)),
		}
	}
	return len(list.Resources) > 0, nil
}

func (t *target) list(ctx context.Context, tr *trace, kind mapping.Kind, query string) (*scimclient.List, error) {
	answer, err := t.do(ctx, tr, http.MethodGet, endpoint(kind), query, nil)
	if err != nil {
		return nil, err
	}
	list, err := scimclient.ParseList(answer.Object)
	if err != nil {
		return nil, t.unusable(tr, answer, "We are not able to deserialize the resource received from your SCIM endpoint because "+err.Error()+".")
	}
	return list, nil
}

// get reads a known object; gone is true when the target answers 404.
func (t *target) get(ctx context.Context, tr *trace, kind mapping.Kind, id string) (object scim.Object, gone bool, err error) {
	query := ""
	if kind == mapping.KindGroup {
		query = "excludedAttributes=members"
	}
	answer, err := t.do(ctx, tr, http.MethodGet, endpoint(kind)+"/"+url.PathEscape(id), query, nil)
	if answer != nil && answer.Status == http.StatusNotFound {
		return nil, true, err
	}
	if err != nil {
		return nil, false, err
	}
	if text, _ := answer.Object["id"].(string); text == "" {
		return nil, false, t.unusable(tr, answer, "We are not able to deserialize the resource received from your SCIM endpoint because it has no id.")
	}
	return answer.Object, false, nil
}

// create posts an object and returns its id in the target.
func (t *target) create(ctx context.Context, tr *trace, kind mapping.Kind, body scim.Object) (string, error) {
	answer, err := t.do(ctx, tr, http.MethodPost, endpoint(kind), "", body)
	if err != nil {
		return "", err
	}
	id, _ := answer.Object["id"].(string)
	if id == "" {
		return "", t.unusable(tr, answer, "We are not able to deserialize the resource received from your SCIM endpoint because it has no id.")
	}
	return id, nil
}

func (t *target) patch(ctx context.Context, tr *trace, kind mapping.Kind, id string, body scim.Object) error {
	_, err := t.do(ctx, tr, http.MethodPatch, endpoint(kind)+"/"+url.PathEscape(id), "", body)
	return err
}

// remove deletes an object. One that is gone already is no error.
func (t *target) remove(ctx context.Context, tr *trace, kind mapping.Kind, id string) error {
	answer, err := t.do(ctx, tr, http.MethodDelete, endpoint(kind)+"/"+url.PathEscape(id), "", nil)
	if answer != nil && answer.Status == http.StatusNotFound {
		return nil
	}
	return err
}

// unusable is the error for an answer of 2xx that says nothing that can be used. The
// answer joins the last exchange, so that the log shows it.
func (t *target) unusable(tr *trace, answer *scimclient.Response, reason string) error {
	text := string(answer.Body)
	if len(text) > maxKept {
		text = text[:maxKept]
	}
	last := &tr.exchanges[len(tr.exchanges)-1]
	last.Answer = text
	return &TargetError{Code: CodeIncompatible, Method: last.Method, URL: last.URL, Status: answer.Status, Answer: text, Reason: reason}
}
