package saml

import (
	"regexp"
	"strconv"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// readLifetime finds how long the metadata holds: an element's validUntil and
// cacheDuration hold for all that is in it, so the shortest counts. Metadata past its own
// end is refused.
func (m *Metadata) readLifetime(elements []attributes, now time.Time) error {
	for _, e := range elements {
		if until := e.get("validUntil"); until != "" {
			t, err := validUntil(until, now)
			if err != nil {
				return err
			}
			if m.ValidUntil.IsZero() || t.Before(m.ValidUntil) {
				m.ValidUntil = t
			}
		}
		// What cannot be read is only advice.
		if d, ok := duration(e.get("cacheDuration")); ok && (m.CacheFor == 0 || d < m.CacheFor) {
			m.CacheFor = d
		}
	}
	return nil
}

// validUntil refuses metadata past its own end. SAML 2.0 metadata section 2.3.1:
// validUntil is xs:dateTime; section 1.3.3 of the core: in UTC.
func validUntil(until string, now time.Time) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, until)
	if err != nil {
		return time.Time{}, refuse("its validUntil %q is not a time in UTC such as 2027-01-31T12:00:00Z", iam.Clip(until))
	}
	if !now.Before(t) {
		return time.Time{}, refuse("it ended on %s (validUntil); download it again", t.UTC().Format(time.RFC3339))
	}
	return t.UTC(), nil
}

// xsDuration is XML Schema part 2 section 3.2.6, without a sign and with at most four
// digits each.
var xsDuration = regexp.MustCompile(`^P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,4})M)?(?:(\d{1,9})(?:\.\d{1,9})?S)?)?$`)

// duration reads an xs:duration as far as a clock can measure it: a month has 30 days.
// ok is false for none, and for what is not longer than no time at all.
func duration(text string) (d time.Duration, ok bool) {
	if len(text) > 40 {
		return 0, false
	}
	parts := xsDuration.FindStringSubmatch(text)
	if parts == nil {
		return 0, false
	}
	const day = 24 * time.Hour
	units := []time.Duration{365 * day, 30 * day, day, time.Hour, time.Minute, time.Second}
	most := []int{100, 1200, 9999, 9999, 9999, 999_999_999} // so that the sum does not overflow
	for i, unit := range units {
		n, _ := strconv.Atoi(parts[i+1]) // "" is 0, and the pattern lets only digits through
		d += time.Duration(min(n, most[i])) * unit
	}
	return d, d > 0
}
