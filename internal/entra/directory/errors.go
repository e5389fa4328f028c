package directory

import (
	"errors"
	"fmt"
)

// Problem sorts errors for the doors.
type Problem string

const (
	NotFound   Problem = "not found"
	Conflict   Problem = "conflict"   // another object has the value
	Invalid    Problem = "invalid"    // the value is wrong in itself
	Unlicensed Problem = "unlicensed" // the tenant's licence does not include it
)

// Error is an answer to a wrong request. Its text is for the person who made it.
type Error struct {
	Problem Problem
	Message string
}

func (e *Error) Error() string { return e.Message }

// IsProblem tells whether the error is one of that kind.
func IsProblem(err error, p Problem) bool {
	var own *Error
	return errors.As(err, &own) && own.Problem == p
}

func refuse(p Problem, format string, args ...any) error {
	for i, arg := range args {
		if text, ok := arg.(string); ok {
			args[i] = shorten(text)
		}
	}
	return &Error{Problem: p, Message: fmt.Sprintf(format, args...)}
}

// shorten keeps what a person typed from filling the page that shows it.
func shorten(text string) string {
	const most = 200 // characters
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
