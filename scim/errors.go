package scim

import (
	"fmt"
	"strconv"
)

// Values of Error.Type: the scimType keywords of RFC 7644 section 3.12 and
// RFC 9865.
const (
	InvalidFilter = "invalidFilter"
	TooMany       = "tooMany"
	Uniqueness    = "uniqueness"
	Mutability    = "mutability"
	InvalidSyntax = "invalidSyntax"
	InvalidPath   = "invalidPath"
	NoTarget      = "noTarget"
	InvalidValue  = "invalidValue"
	InvalidVers   = "invalidVers"
	Sensitive     = "sensitive"
	InvalidCursor = "invalidCursor"
	ExpiredCursor = "expiredCursor"
	InvalidCount  = "invalidCount"
)

// Error is a SCIM error answer (RFC 7644 section 3.12).
type Error struct {
	Status int    // HTTP status, for example 400
	Type   string // scimType, or "" where the RFC defines none for the status
	Detail string // one or more sentences for the administrator of the client
}

// Errorf makes an Error with a formatted detail.
func Errorf(status int, scimType, format string, a ...any) *Error {
	return &Error{Status: status, Type: scimType, Detail: fmt.Sprintf(format, a...)}
}

// Error returns the detail.
func (e *Error) Error() string { return e.Detail }

// Body returns the JSON body of the answer. The status is a string in it, as
// RFC 7644 section 3.12 has it and Okta's test suite expects.
//
//	{"detail":"…","schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"scimType":"invalidFilter","status":"400"}
func (e *Error) Body() []byte {
	return Encode(e.Object())
}

// Object returns the body as a document, for a bulk answer.
func (e *Error) Object() Object {
	o := Object{"schemas": []any{ErrorURN}, "status": strconv.Itoa(e.Status)}
	if e.Type != "" {
		o["scimType"] = e.Type
	}
	if e.Detail != "" {
		o["detail"] = e.Detail
	}
	return o
}
