package signin

import (
	"errors"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// Refused is a sign-in, or a message of single logout, that was refused. Its text is the plain sentence that the
// person reads, which tells nobody else's secrets; cause and detail are for the
// audit log and its admins.
type Refused struct {
	Cause      string        // a stable word: one of the causes below, or one of saml's
	Sentence   string        // for the person
	Detail     string        // for admins: what is wrong, which values, what to do
	RetryAfter time.Duration // when to try again, after too many attempts; 0 otherwise
}

func (e *Refused) Error() string { return e.Sentence }

// Causes of refusals, beside those of package saml. Audit logs keep them: none is
// renamed.
const (
	CauseNoConnection    = "no-connection"       // no identity provider is connected
	CausePlan            = "plan"                // the plan has no SAML
	CauseNoCertificate   = "no-certificate"      // no certificate of the connection is valid now
	CausePending         = "no-pending-request"  // the response answers no request of this browser
	CauseReplay          = "replay"              // the assertion, or the request it answers, was used
	CauseChanged         = "connection-changed"  // the connection changed while it was used
	CauseDomain          = "domain-not-verified" // of the e-mail address
	CauseNotProvisioned  = "not-provisioned"     // SCIM is on and has made no such member
	CauseInactive        = "inactive"            // the identity provider deactivated him
	CauseBreakGlass      = "break-glass-only"    // deactivated, and kept for local sign-in alone
	CausePassword        = "password"            // wrong
	CauseUnknownAccount  = "unknown-account"     // no local sign-in has the address
	CauseTooManyAttempts = "too-many-attempts"   // from this address for this account
	CauseNotAdmin        = "not-an-admin"        // local sign-in is for members who hold Admin directly
	CauseLink            = "link"                // unknown, used, replaced or expired
	CauseNoSession       = "no-session"          // no cookie, or one that is no session's
	CauseEnded           = "session-ended"       // signed out, or ended by a change
	CauseExpired         = "session-expired"     // after its whole time
	CauseIdle            = "session-idle"        // after too long without a request
)

// What people read. The first is the sentence of the guide's product for whatever
// its reader cannot mend (X13).
const (
	sentenceSystem   = "There could be a misconfiguration in the system or a service outage."
	sentenceDenied   = "Access denied: this account cannot sign in to this organization; ask your administrator."
	sentenceAgain    = "This sign-in was used already or has expired; please sign in again."
	sentencePassword = "The e-mail address or the password is wrong, or this address has no sign-in by password."
	sentenceWait     = "There were too many attempts to sign in; please wait a moment and try again."
	sentenceLink     = "This link was used already, has expired, or was replaced by a newer one; ask for a new one."
	sentenceSession  = "Please sign in to go on."
	sentenceOver     = "Your session has ended; please sign in again."
	sentenceSignOut  = "A request to sign you out did not come from your organization's identity provider, or came too late; nothing was changed."
)

// refusal makes the error of a refused sign-in: KindForbidden.
func refusal(cause, sentence, format string, args ...any) error {
	return iam.Errorf(iam.KindForbidden, "%w", &Refused{Cause: cause, Sentence: sentence, Detail: iam.Errorf(iam.KindForbidden, format, args...).Message})
}

// asRefused finds the refusal in an error.
func asRefused(err error) (*Refused, bool) {
	var r *Refused
	ok := errors.As(err, &r)
	return r, ok
}

// trouble passes refusals on, and makes sure that no trouble of ours is taken for
// one.
func trouble(err error) error {
	if err == nil {
		return nil
	}
	if _, refused := asRefused(err); refused {
		return err
	}
	switch iam.KindOf(err) {
	case iam.KindUnavailable, iam.KindInvalid, iam.KindConflict, iam.KindNotFound, iam.KindForbidden:
		return err
	}
	return unavailable(err)
}
