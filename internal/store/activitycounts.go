package store

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// Outcome is what one SCIM request came to, for counting.
type Outcome uint8

// The outcomes. A request that is not counted has none: the log speaking of itself.
const (
	NotCounted Outcome = iota
	Applied            // it changed something
	Unchanged          // it read, or what it asked for was so already
	Refused            // answered 4xx
	Failed             // answered 5xx
)

// ActivityCount is how many requests of an hour came to what.
type ActivityCount struct {
	Hour                                time.Time // its start
	Applied, Unchanged, Refused, Failed int64
}

func (c *ActivityCount) add(o Outcome) {
	switch o {
	case Applied:
		c.Applied++
	case Unchanged:
		c.Unchanged++
	case Refused:
		c.Refused++
	case Failed:
		c.Failed++
	}
}

// activityHour names the row that counts a request.
type activityHour struct {
	org  iam.OrganizationID
	hour time.Time
}

// addActivity counts the entries that were appended to the request log. Rows are taken in
// one order, so that two servers that count at once never wait in a circle.
func (tx *Tx) addActivity(entries []SCIMRequest) error {
	counts := map[activityHour]*ActivityCount{}
	for _, e := range entries {
		if e.Outcome == NotCounted {
			continue
		}
		at := activityHour{e.Organization, e.At.UTC().Truncate(time.Hour)}
		if counts[at] == nil {
			counts[at] = &ActivityCount{}
		}
		counts[at].add(e.Outcome)
	}
	order := slices.SortedFunc(maps.Keys(counts), func(a, b activityHour) int {
		return cmp.Or(cmp.Compare(a.org, b.org), a.hour.Compare(b.hour))
	})
	for _, at := range order {
		c := counts[at]
		_, err := tx.exec(`INSERT INTO activity_counts (org_id, hour, applied, unchanged, refused, failed) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (org_id, hour) DO UPDATE SET
				applied = activity_counts.applied + excluded.applied, unchanged = activity_counts.unchanged + excluded.unchanged,
				refused = activity_counts.refused + excluded.refused, failed = activity_counts.failed + excluded.failed`,
			string(at.org), micros(at.hour), c.Applied, c.Unchanged, c.Refused, c.Failed)
		if err != nil {
			return fmt.Errorf("count SCIM requests by the hour: %w", err)
		}
	}
	return nil
}

// ActivityCounts returns the counts of an organization's hours from since on, oldest
// first; hours without a request are left out.
func (r *Reader) ActivityCounts(org iam.OrganizationID, since time.Time) ([]ActivityCount, error) {
	counts, err := list(r, func(row scanner) (ActivityCount, error) {
		var c ActivityCount
		var hour int64
		err := row.Scan(&hour, &c.Applied, &c.Unchanged, &c.Refused, &c.Failed)
		c.Hour = fromMicros(hour)
		return c, err
	}, `SELECT hour, applied, unchanged, refused, failed FROM activity_counts WHERE org_id = ? AND hour >= ? ORDER BY hour`, string(org), micros(since))
	if err != nil {
		return nil, fmt.Errorf("read the counts of SCIM requests: %w", err)
	}
	return counts, nil
}

// DeleteActivityCounts deletes an organization's counts of the hours before the one in
// which before lies.
func (tx *Tx) DeleteActivityCounts(org iam.OrganizationID, before time.Time) error {
	if _, err := tx.exec(`DELETE FROM activity_counts WHERE org_id = ? AND hour < ?`, string(org), micros(before.UTC().Truncate(time.Hour))); err != nil {
		return fmt.Errorf("delete old counts of SCIM requests: %w", err)
	}
	return nil
}
