package signin

import (
	"slices"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// Refused is a sign-in that was refused. Its text is the plain sentence that the
// person reads; cause and detail are for the audit log and its admins.
type Refused struct {
	Cause      string        // a stable word
	Sentence   string        // for the person
	Detail     string        // for admins: what is wrong, which values
	RetryAfter time.Duration // when to try again, after too many attempts; 0 otherwise
}

func (e *Refused) Error() string { return e.Sentence }

// May tells whether the member holds a permission.
func (s Session) May(p iam.Permission) bool { return slices.Contains(s.Permissions, p) }
