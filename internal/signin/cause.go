package signin

import (
	"errors"

	"github.com/rollcall/rollcall/internal/iam"
)

// Cause returns the word by which a refusal of SCIM is counted, "revoked" or
// "wrong key or secret"; "" for an error that is no refusal of credentials.
func Cause(err error) string {
	var bad *iam.BadCredential
	if errors.As(err, &bad) {
		return bad.Cause
	}
	return ""
}
