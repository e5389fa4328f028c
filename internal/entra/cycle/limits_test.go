package cycle

import (
	"testing"
	"time"
)

func TestNextRetry(t *testing.T) {
	t.Parallel()
	first := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	for _, tc := range []struct {
		after   time.Duration
		retries int
		want    time.Duration // after the first failure; 0 = at once, negative = given up
	}{
		{0, 0, 0},
		{40 * time.Minute, 1, 6 * time.Hour},
		{6 * time.Hour, 2, 12 * time.Hour},
		{12 * time.Hour, 3, day},
		{day, 4, 2 * day},
		{26*day + time.Hour, 30, 27 * day},
		{27 * day, 31, 28 * day},
		{28 * day, 32, -1},
		{5 * time.Hour, 1, 6 * time.Hour},
		{100 * day, 40, -1},
	} {
		got, again := nextRetry(first, first.Add(tc.after), tc.retries, DefaultLimits())
		if again != (tc.want >= 0) || again && tc.retries > 0 && got.Sub(first) != tc.want {
			t.Errorf("after %v and %d retries: got %v, %v; want %v", tc.after, tc.retries, got.Sub(first), again, tc.want)
		}
	}
}

func TestTooManyFailures(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		failures, references, linked int
		want                         bool
	}{
		{0, 0, 0, false},
		{4_999, 0, 0, false},
		{5_000, 0, 7_500, false}, // exactly 40 %
		{5_000, 0, 7_499, true},
		{40_000, 0, 10_000_000, false},
		{40_001, 0, 10_000_000, true},
		{10, 59_990, 10_000_000, false},
		{10, 59_991, 10_000_000, true},
	} {
		if got := tooManyFailures(tc.failures, tc.references, tc.linked, DefaultLimits()); got != tc.want {
			t.Errorf("%d failures, %d references, %d links: got %v", tc.failures, tc.references, tc.linked, got)
		}
	}
	scaled := Limits{EvaluateFrom: 2, FailedProportion: 0.5}.withDefaults()
	if !tooManyFailures(2, 0, 1, scaled) || tooManyFailures(2, 0, 2, scaled) || scaled.MaxFailures != 40_000 {
		t.Errorf("scaled limits: %+v", scaled)
	}
}

func TestOptscim(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]bool{
		"https://x/scim":                                  false,
		"https://x/scim?aadOptscim062020":                 true,
		"https://x/scim/?aadOptscim062020":                true,
		"https://x/scim?a=b&AADOPTSCIM062020=1":           true,
		"https://x/scim?AzureAdScimPatch2017":             false,
		"https://x/aadOptscim062020/scim?b=aadOptscim062": false,
	} {
		if got := (Job{TenantURL: url}).Optscim(); got != want {
			t.Errorf("%s: got %v", url, got)
		}
	}
}
