package signin

import (
	"errors"

	"github.com/rollcall/rollcall/internal/iam"
)

// Cause returns the word for a refusal of SCIM as far as the caller is told, "revoked" or
// "wrong key or secret"; "" for an error that is no refusal of credentials.
func Cause(err error) string {
	var bad *iam.BadCredential
	if errors.As(err, &bad) {
		return bad.Cause
	}
	return ""
}

// forbidden is the refusal of a valid key, with why.
type forbidden struct {
	cause iam.DenialCause
	error
}

func (e *forbidden) Unwrap() error { return e.error }

// Denial returns the text by which a refusal of SCIM is counted for the organization's
// Admins, as iam.Denial writes it: it tells more than the caller may know, and is for the
// request log alone. "" for an error that is no refusal of a caller.
func Denial(err error) string {
	var bad *iam.BadCredential
	var off *forbidden
	switch {
	case errors.As(err, &bad):
		return bad.Denial.String()
	case errors.As(err, &off):
		return string(off.cause)
	}
	return ""
}
