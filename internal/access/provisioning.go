package access

import (
	"context"
	"slices"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// ProvisioningCount is how many SCIM requests with a valid key there were in a span of
// time, by what they came to.
type ProvisioningCount struct {
	Start                               time.Time
	Applied, Unchanged, Refused, Failed int64
}

// All is the number of requests.
func (c ProvisioningCount) All() int64 { return c.Applied + c.Unchanged + c.Refused + c.Failed }

// Day is a step of Provisioning: from midnight to midnight, UTC.
const Day = 24 * time.Hour

// maxProvisioning bounds how far back Provisioning looks: the counts are kept for 30 days.
const maxProvisioning = 31 * Day

// Provisioning returns the counts of the last spans of step, an hour or Day, oldest
// first; the last span is the present one, and those without a request are there, too. It
// reads the counts by the hour and never the request log. What is in it is for the system role Admin, as the log
// is (D15).
func (s *Service) Provisioning(ctx context.Context, org iam.OrganizationID, step time.Duration, spans int) ([]ProvisioningCount, error) {
	step = max(step, time.Hour)
	spans = min(max(spans, 1), int(maxProvisioning/step))
	first := s.now().UTC().Truncate(step).Add(-time.Duration(spans-1) * step)
	list := make([]ProvisioningCount, spans)
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
		for i := range list {
			list[i] = ProvisioningCount{Start: first.Add(time.Duration(i) * step)}
		}
		counts, err := r.ActivityCounts(org, first)
		for _, c := range counts {
			at := min(int(c.Hour.Sub(first)/step), spans-1) // a clock that is ahead counts in the last
			of := &list[at]
			of.Applied, of.Unchanged, of.Refused, of.Failed = of.Applied+c.Applied, of.Unchanged+c.Unchanged, of.Refused+c.Refused, of.Failed+c.Failed
		}
		return err
	})
	return list, err
}

// Refusals are the SCIM requests of a span of time that were refused before they were
// anybody's, for one cause.
type Refusals struct {
	iam.Denial
	Count     int64
	Newest    time.Time // the minute of the last of them
	Addresses []string  // where they came from, the last one first; housekeeping's word for those beyond its limit
	Mended    bool      // a call with a valid key came later
}

// maxDenialRows bounds how many counts Refusals looks at.
const maxDenialRows = 5_000

// Refusals sums the refused requests of the minutes from since on, the cause that happened
// last first. partly says that there were more of them than are looked at: the sums are of
// the newest. It is for the system role Admin (D15).
func (s *Service) Refusals(ctx context.Context, org iam.OrganizationID, since time.Time) (list []Refusals, partly bool, err error) {
	err = s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
		list, partly = nil, false
		groups, err := r.DenialGroups(org, since, maxDenialRows)
		if err != nil {
			return err
		}
		keys, err := r.Keys(org)
		if err != nil {
			return err
		}
		var lastUse time.Time
		for _, k := range keys {
			if k.LastUsedAt.After(lastUse) {
				lastUse = k.LastUsedAt
			}
		}
		rows := 0
		for _, g := range groups {
			rows += g.Rows
			why := iam.ParseDenial(g.Cause)
			i := slices.IndexFunc(list, func(one Refusals) bool { return one.Denial == why })
			if i < 0 {
				// A minute that holds both may have ended either way.
				list = append(list, Refusals{Denial: why, Newest: g.Newest, Mended: lastUse.After(g.Newest)})
				i = len(list) - 1
			}
			list[i].Count += g.Count
			list[i].Addresses = append(list[i].Addresses, g.Address)
		}
		partly = rows >= maxDenialRows
		return nil
	})
	return list, partly, err
}
