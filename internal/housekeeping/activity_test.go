package housekeeping

import (
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

func TestOutcome(t *testing.T) {
	t.Parallel()
	applied, same := Verdict{Op: "replace", Verdict: "applied"}, Verdict{Op: "replace", Verdict: "no change"}
	for name, c := range map[string]struct {
		entry Entry
		want  store.Outcome
	}{
		"look-up":                    {Entry{Method: "GET", Status: 200}, store.Unchanged},
		"created":                    {Entry{Method: "POST", Status: 201, Verdicts: []Verdict{applied}}, store.Applied},
		"patched in part":            {Entry{Method: "PATCH", Status: 204, Verdicts: []Verdict{same, applied}}, store.Applied},
		"patched to what it was":     {Entry{Method: "PATCH", Status: 200, Verdicts: []Verdict{same}}, store.Unchanged},
		"deleted":                    {Entry{Method: "DELETE", Status: 204}, store.Applied},
		"deleted what is gone":       {Entry{Method: "DELETE", Status: 404}, store.Refused},
		"refused with half a change": {Entry{Method: "PATCH", Status: 400, Verdicts: []Verdict{applied}}, store.Refused},
		"database away":              {Entry{Method: "POST", Status: 503}, store.Failed},
		"SCIM off":                   {Entry{Method: "GET", Status: 403}, store.Refused},
	} {
		if got := outcome(&c.entry); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

// The counts are written with the log, and go with it.
func TestRequestLog_countsByTheHour(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		c := &clock{now: noon}
		db := open(store.Options{Now: c.Now})
		newOrganization(t, db, "a")
		l := NewRequestLog(db, slog.New(slog.DiscardHandler))
		refused := entry("a", noon.Add(30*time.Minute))
		refused.Status = 409
		for _, e := range []Entry{entry("a", noon), refused, entry("a", noon.Add(time.Hour))} {
			l.Add(e)
		}
		l.mu.Lock()
		l.dropped["a"] = 7 // the log speaks of itself: no request
		l.mu.Unlock()
		flush(t, l)
		counts := func() []store.ActivityCount {
			t.Helper()
			got, err := db.Read(t.Context()).ActivityCounts("a", time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		want := []store.ActivityCount{{Hour: noon, Applied: 1, Refused: 1}, {Hour: noon.Add(time.Hour), Applied: 1}}
		if diff := cmp.Diff(want, counts()); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		c.add(Retention + time.Hour)
		if _, err := l.Prune(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[1:], counts()); diff != "" {
			t.Errorf("after Retention, -want +got:\n%s", diff)
		}
	})
}
