package web

import "github.com/rollcall/rollcall/internal/iam"

// StatusOf is the HTTP status of an error by its kind, for a door that has no words
// of iam; 500 for an error without one.
func StatusOf(err error) int { return Status(iam.KindOf(err)) }
