package iam

import (
	"errors"
	"fmt"
)

// Kind says what sort of refusal an Error is. Each door has one table that
// turns kinds into its protocol's answers; an error without a kind is a fault of
// ours and shows its reader nothing but a request id.
type Kind uint8

// The kinds, from the caller's mistakes to our own troubles.
const (
	KindInternal     Kind = iota // a fault of ours
	KindInvalid                  // the value is wrong: nothing like it can be stored
	KindNotFound                 // no such thing in this organization
	KindConflict                 // the value is taken, or the thing is in use
	KindForbidden                // the caller may not, or the organization's plan or settings forbid it
	KindUnauthorized             // no valid credentials
	KindPrecondition             // If-Match did not hold
	KindTooMany                  // over a limit of size or number
	KindUnavailable              // the database is away; the same call may succeed later
)

var kindNames = [...]string{"internal", "invalid", "not found", "conflict", "forbidden", "unauthorized", "precondition", "too many", "unavailable"}

func (k Kind) String() string { return kindNames[k] }

// Error is a refusal with a reason written for the admin who reads it: what is
// wrong, which value, what to do. Message never holds a secret.
type Error struct {
	Kind    Kind
	Field   string // the attribute or flag at fault, or ""
	Message string
	cause   error
}

// Errorf makes an Error of kind k. A %w verb keeps its operand as the cause,
// which errors.Is finds and no reader sees beyond the text.
func Errorf(k Kind, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: k, Message: err.Error(), cause: errors.Unwrap(err)}
}

// Unavailable wraps a trouble of the database whose text is for the log alone.
func Unavailable(cause error) *Error {
	return &Error{Kind: KindUnavailable, Message: "the database is not available at the moment; try again", cause: cause}
}

// On names the field at fault.
func (e *Error) On(field string) *Error {
	e.Field = field
	return e
}

func (e *Error) Error() string { return e.Message }

// Unwrap gives the cause that is kept for the log.
func (e *Error) Unwrap() error { return e.cause }

// KindOf returns the kind of the first Error in err's chain, or KindInternal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return KindInternal
}

// ErrNotFound is what the store returns for a row that is not there; a use case
// turns it into a sentence that names what was looked for.
var ErrNotFound = &Error{Kind: KindNotFound, Message: "not found"}
