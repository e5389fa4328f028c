package cycle

import "time"

// Limits are the service's thresholds. A zero field stands for the real service's number
// (DefaultLimits); a laptop that is to see a quarantine sets smaller ones.
type Limits struct {
	// EvaluateFrom is the number of failing objects from which FailedProportion counts.
	EvaluateFrom     int
	FailedProportion float64 // of linked and failing objects
	// MaxFailures and MaxFailuresWithReferences put a job into quarantine at any proportion.
	MaxFailures               int
	MaxFailuresWithReferences int
	// QuarantineInterval is the longest time between two attempts in quarantine.
	QuarantineInterval time.Duration
	// DisableAfter is how long a job may be in quarantine before it is switched off.
	DisableAfter time.Duration
	// Escrow is when a failing object is tried again, counted from its first failure; the
	// last step repeats until GiveUpAfter. Before the first one lies the retry of the next cycle.
	Escrow      []time.Duration
	GiveUpAfter time.Duration
}

// DefaultLimits are the numbers of Microsoft Entra docs,
// "application-provisioning-quarantine-status".
func DefaultLimits() Limits {
	return Limits{
		EvaluateFrom:              5_000,
		FailedProportion:          0.40,
		MaxFailures:               40_000,
		MaxFailuresWithReferences: 60_000,
		QuarantineInterval:        24 * time.Hour,
		DisableAfter:              28 * 24 * time.Hour,
		Escrow:                    []time.Duration{6 * time.Hour, 12 * time.Hour, 24 * time.Hour},
		GiveUpAfter:               28 * 24 * time.Hour,
	}
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	if l.EvaluateFrom > 0 {
		d.EvaluateFrom = l.EvaluateFrom
	}
	if l.FailedProportion > 0 {
		d.FailedProportion = l.FailedProportion
	}
	if l.MaxFailures > 0 {
		d.MaxFailures = l.MaxFailures
	}
	if l.MaxFailuresWithReferences > 0 {
		d.MaxFailuresWithReferences = l.MaxFailuresWithReferences
	}
	if l.QuarantineInterval > 0 {
		d.QuarantineInterval = l.QuarantineInterval
	}
	if l.DisableAfter > 0 {
		d.DisableAfter = l.DisableAfter
	}
	if len(l.Escrow) > 0 {
		d.Escrow = l.Escrow
	}
	if l.GiveUpAfter > 0 {
		d.GiveUpAfter = l.GiveUpAfter
	}
	return d
}

// QuarantineReason is why a job is in quarantine, with the names of Graph's quarantineReason.
type QuarantineReason string

const (
	// EncounteredQuarantineException: the credentials were refused, or the target does not
	// speak SCIM.
	EncounteredQuarantineException QuarantineReason = "EncounteredQuarantineException"
	// EncounteredEscrowProportionThreshold: too many objects fail.
	EncounteredEscrowProportionThreshold QuarantineReason = "EncounteredEscrowProportionThreshold"
	// TooManyDeletes: the guard against accidental deletions held a cycle's deletions back.
	TooManyDeletes QuarantineReason = "TooManyDeletes"
)

// Quarantine is the state of a job whose cycles fail. Cycles go on, less and less often.
type Quarantine struct {
	Reason      QuarantineReason
	Code        string // an error code of the logs
	Message     string // for the admin; the target's answer verbatim
	Since       time.Time
	Attempts    int // cycles that failed since
	NextAttempt time.Time
	Notified    string // the address that was told, once
	// Deletions is how many objects the guard held back.
	Deletions int
}

// nextQuarantine is the quarantine after one more failing cycle. The time between attempts
// doubles from the interval to once a day (Microsoft Entra docs,
// "application-provisioning-quarantine-status").
func nextQuarantine(old *Quarantine, cause Quarantine, now time.Time, interval time.Duration, limits Limits) *Quarantine {
	q := cause
	q.Since = now
	if old != nil {
		q.Since, q.Attempts, q.Notified = old.Since, old.Attempts, old.Notified
	}
	wait := interval
	for range q.Attempts {
		if wait *= 2; wait >= limits.QuarantineInterval {
			wait = limits.QuarantineInterval
			break
		}
	}
	q.Attempts++
	q.NextAttempt = now.Add(wait)
	return &q
}

// expired tells whether the job is switched off for good.
func (q *Quarantine) expired(now time.Time, limits Limits) bool {
	return q != nil && now.Sub(q.Since) >= limits.DisableAfter
}

// tooManyFailures judges the failing objects of a job. References (members, managers) that
// fail do not count towards the proportion.
func tooManyFailures(failures, references, linked int, limits Limits) bool {
	switch {
	case failures > limits.MaxFailures, failures+references > limits.MaxFailuresWithReferences:
		return true
	case failures < limits.EvaluateFrom:
		return false
	}
	return float64(failures) > limits.FailedProportion*float64(failures+linked)
}

// nextRetry is when an object that failed first at first, and since then retries times
// again, is tried next; false when it is given up (Microsoft Entra docs,
// "application-provisioning-quarantine-status": the next cycle, then 6, 12 and 24 hours after
// the first failure, then every 24 hours for 28 days).
func nextRetry(first, now time.Time, retries int, limits Limits) (time.Time, bool) {
	if now.Sub(first) >= limits.GiveUpAfter {
		return time.Time{}, false
	}
	if retries == 0 {
		return now, true
	}
	next := first
	for _, step := range limits.Escrow {
		if next = first.Add(step); next.After(now) {
			break
		}
	}
	last := limits.Escrow[len(limits.Escrow)-1]
	for !next.After(now) {
		next = next.Add(last)
	}
	if next.Sub(first) > limits.GiveUpAfter {
		return time.Time{}, false
	}
	return next, true
}
