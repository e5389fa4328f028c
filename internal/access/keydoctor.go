package access

import (
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// CallInterval is how often an identity provider calls at the latest while it provisions:
// the cycle of Entra ID (Microsoft Entra docs, application-provisioning-when-will-
// provisioning-finish-specific-user: every 40 minutes).
const CallInterval = 40 * time.Minute

// SilentIntervals is how many intervals a key must have been silent until it counts as
// given up: one may be late.
const SilentIntervals = 2

// usePrecision is how exactly is known when a key was used last: it is noted to the minute.
const usePrecision = time.Minute

// KeyVerdict is what is to be done about an active SCIM key.
type KeyVerdict string

// Verdicts. Old and new are the two active keys by their creation.
const (
	KeyUnused   KeyVerdict = "unused"    // neither it nor another was ever used
	KeyWorks    KeyVerdict = "works"     // used, and there is nothing to be done
	KeySilent   KeyVerdict = "silent"    // used, but not lately, and the other is no nearer
	KeyEnter    KeyVerdict = "enter"     // new and never used, while the old one was: to be entered at the identity provider
	KeyKeep     KeyVerdict = "keep"      // old, and the new one was never used
	KeyLeft     KeyVerdict = "left"      // new, used once; but lately only the old one is
	KeyReturned KeyVerdict = "returned"  // old, and used again while the new one is not
	KeyBoth     KeyVerdict = "both"      // either, and the old one was used after the new one, both lately
	KeyWait     KeyVerdict = "wait"      // old; the new one has taken over, and Until is not over
	KeyWaitCall KeyVerdict = "wait call" // old and silent long enough; but the new one was not used since
	KeySafe     KeyVerdict = "safe"      // old: nobody uses it, and it can be revoked
)

// KeyAdvice says where an active key stands in a rotation.
type KeyAdvice struct {
	KeyView
	InUse   bool // it was used within the last SilentIntervals
	Verdict KeyVerdict
	// Until is the end of the silence for which an old key waits, with KeyWait and
	// KeyWaitCall.
	Until time.Time
	Other *KeyView // the other active key; nil for none
}

// AdviseKeys says what to do about the active ones of keys, in their order, which is that
// of Keys: the newest first.
//
// An old key is safe to revoke when it has been silent for SilentIntervals, and the new
// one was used when it had been silent for one: so the identity provider has lived through
// an interval of its own without the old one. That a test of the new key alone, with a job
// that is paused, or a token that was tried and not saved, does not show.
func AdviseKeys(keys []KeyView, now time.Time) []KeyAdvice {
	var active []KeyAdvice
	for _, k := range keys {
		if k.Status == iam.KeyActive {
			active = append(active, KeyAdvice{KeyView: k, InUse: usedLately(k, now)})
		}
	}
	switch len(active) {
	case 1:
		active[0].Verdict = alone(active[0])
	case iam.MaxActiveKeys:
		fresh, old := &active[0], &active[1]
		fresh.Other, old.Other = &old.KeyView, &fresh.KeyView
		judgeRotation(fresh, old, now)
	}
	return active
}

func usedLately(k KeyView, now time.Time) bool {
	return !k.LastUsedAt.IsZero() && now.Sub(k.LastUsedAt) <= SilentIntervals*CallInterval+usePrecision
}

func alone(k KeyAdvice) KeyVerdict {
	switch {
	case k.LastUsedAt.IsZero():
		return KeyUnused
	case k.InUse:
		return KeyWorks
	}
	return KeySilent
}

// judgeRotation gives the two their verdicts.
func judgeRotation(fresh, old *KeyAdvice, now time.Time) {
	neverFresh, neverOld := fresh.LastUsedAt.IsZero(), old.LastUsedAt.IsZero()
	switch {
	case neverFresh && neverOld:
		fresh.Verdict, old.Verdict = KeyUnused, KeyUnused
		return
	case neverFresh:
		fresh.Verdict, old.Verdict = KeyEnter, KeyKeep
		return
	case !neverOld && !old.LastUsedAt.Before(fresh.LastUsedAt):
		switch {
		case fresh.InUse:
			fresh.Verdict, old.Verdict = KeyBoth, KeyBoth
		case old.InUse:
			fresh.Verdict, old.Verdict = KeyLeft, KeyReturned
		default:
			fresh.Verdict, old.Verdict = KeySilent, KeySilent
		}
		return
	}
	fresh.Verdict = alone(*fresh)
	quiet := old.CreatedAt // a key that was never used may have been entered only now
	if !neverOld {
		quiet = old.LastUsedAt.Add(usePrecision)
	}
	old.Until = quiet.Add(SilentIntervals * CallInterval)
	switch {
	case now.Before(old.Until):
		old.Verdict = KeyWait
	case fresh.LastUsedAt.Before(quiet.Add(CallInterval)):
		old.Verdict = KeyWaitCall
	default:
		old.Verdict = KeySafe
	}
}
