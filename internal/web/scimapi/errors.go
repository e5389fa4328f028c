package scimapi

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/rollcall/rollcall/internal/housekeeping"
	"github.com/rollcall/rollcall/internal/web"
	"github.com/rollcall/rollcall/scim"
)

var errNoPath = scim.Errorf(http.StatusNotFound, "", "there is nothing at this path; below the SCIM endpoint of an organization are /Users, /Groups, /Bulk, /.search, /ServiceProviderConfig, /ResourceTypes and /Schemas")

func errMethod(method string, e *endpoint) *scim.Error {
	return scim.Errorf(http.StatusMethodNotAllowed, "", "%s is not offered at %s; it takes %s", clip(method), e.pattern, e.allow)
}

// waitError is a refusal that a client may repeat after a time.
type waitError struct {
	answer  *scim.Error
	seconds int
}

func (e *waitError) Error() string { return e.answer.Detail }

// unavailableRetry is what a client is told to wait, in seconds, while the
// database is away.
const unavailableRetry = 5

// fail answers an error. It is the only place that does.
func (d *Door) fail(x *exchange, err error) {
	if errors.Is(err, errAborted) {
		x.aborted = true
		return
	}
	h := x.w.Header()
	for _, name := range []string{"ETag", "Location", "Content-Location"} {
		h.Del(name)
	}
	var answer *scim.Error
	var wait *waitError
	switch {
	case errors.As(err, &wait):
		answer = wait.answer
		h.Set("Retry-After", strconv.Itoa(wait.seconds))
	case !errors.As(err, &answer):
		web.SetCause(x.r, web.Cause(err))
		answer = scim.Errorf(http.StatusInternalServerError, "", "the server met an unexpected fault; quote the request id of this answer to its operator")
	case answer.Status == http.StatusServiceUnavailable:
		h.Set("Retry-After", strconv.Itoa(unavailableRetry))
	}
	safe := *answer
	safe.Detail = x.hide(safe.Detail)
	x.send(safe.Status, safe.Body())
}

// hide takes a secret out of what is said to the caller: an error may echo the
// value that it refuses, and an answer is kept by more hands than a request.
func (x *exchange) hide(text string) string { return housekeeping.Hide(text, x.secret) }

// clip shortens what a client sent so that it can stand in a message.
func clip(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && s[cut]&0xC0 == 0x80 {
		cut--
	}
	return s[:cut] + "…"
}
