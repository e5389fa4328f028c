package web

import (
	"net/http"

	"github.com/rollcall/rollcall/internal/iam"
)

// Status is the HTTP status of an error kind: the one table for all doors.
func Status(k iam.Kind) int {
	switch k {
	case iam.KindInvalid:
		return http.StatusBadRequest
	case iam.KindNotFound:
		return http.StatusNotFound
	case iam.KindConflict:
		return http.StatusConflict
	case iam.KindForbidden:
		return http.StatusForbidden
	case iam.KindUnauthorized:
		return http.StatusUnauthorized
	case iam.KindPrecondition:
		return http.StatusPreconditionFailed
	case iam.KindTooMany:
		return http.StatusRequestEntityTooLarge
	case iam.KindUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// Handler turns a handler that returns its error into an http.Handler. fail answers
// an error in the words of the door's protocol. The cause of a 5xx answer is logged
// here, once, with the request.
func Handler(h func(http.ResponseWriter, *http.Request) error, fail func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		if err == nil {
			return
		}
		if Status(iam.KindOf(err)) >= 500 {
			SetCause(r, Cause(err))
		}
		fail(w, r, err)
	})
}

// Cause returns an error with everything it wraps in its text, for the log. The text
// of an *iam.Error alone leaves out what it keeps from its reader.
func Cause(err error) error {
	return causeError{err}
}

type causeError struct{ error }

func (e causeError) Unwrap() error { return e.error }

func (e causeError) Error() string {
	text := e.error.Error()
	for err := e.error; err != nil; {
		wrapped, ok := err.(interface{ Unwrap() error }) //nolint:errorlint // the chain is walked here
		if !ok {
			break
		}
		if err = wrapped.Unwrap(); err != nil && iam.KindOf(err) == iam.KindInternal {
			return text + ": " + err.Error()
		}
	}
	return text
}

func badProxy(s string) error {
	return iam.Errorf(iam.KindInvalid, "trusted proxy %q is neither a network such as 10.0.0.0/8 nor an address", iam.Clip(s))
}
