package store

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// PanicError is what Write returns when its function panicked: a fault of ours, of
// which nothing remains in the database.
type PanicError struct {
	Value any
	Stack []byte // for the log
}

func newPanicError(value any) *PanicError {
	return &PanicError{Value: value, Stack: debug.Stack()}
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic in a write: %v", e.Value) }

// errGone is the answer for a function that ended its goroutine, as t.FailNow does.
var errGone = errors.New("the function of a write ended its goroutine")
