package access

import (
	"encoding/binary"
	"io"
	"time"

	"github.com/rollcall/rollcall/internal/saml"
)

// How often the metadata at an address is read again. Identity providers say how long
// theirs may be used; within these limits they are believed.
const (
	refreshMost  = 24 * time.Hour
	refreshLeast = time.Hour
)

// nextRead is when metadata that was read at now is read again: after a day, or after
// cacheDuration, or in the middle of the time that is left until validUntil. What has
// its turn at the same time comes apart, because spread, from 0 to 1, takes up to a
// tenth off.
func nextRead(m saml.Metadata, now time.Time, spread float64) time.Time {
	wait := refreshMost
	if m.CacheFor > 0 {
		wait = min(wait, m.CacheFor)
	}
	if !m.ValidUntil.IsZero() {
		wait = min(wait, m.ValidUntil.Sub(now)/2)
	}
	return after(now, wait, spread)
}

// nextTry is when metadata that could not be read at now is tried again: after as long
// as it has been failing, so after one hour, two, four, and at most a day.
func nextTry(failingSince, now time.Time, spread float64) time.Time {
	if failingSince.IsZero() {
		failingSince = now
	}
	return after(now, min(now.Sub(failingSince), refreshMost), spread)
}

func after(now time.Time, wait time.Duration, spread float64) time.Time {
	wait = max(wait, refreshLeast)
	wait -= time.Duration(float64(wait) / 10 * spread)
	return now.Add(wait).Truncate(time.Second)
}

// spread is a number from 0 to 1; without randomness there is none.
func (s *Service) spread() float64 {
	var b [4]byte
	if _, err := io.ReadFull(s.random(), b[:]); err != nil {
		return 0
	}
	return float64(binary.BigEndian.Uint32(b[:])) / (1 << 32)
}
