package store_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

func activity(t *testing.T, db *store.DB, org iam.OrganizationID, since time.Time) []store.ActivityCount {
	t.Helper()
	got, err := db.Read(t.Context()).ActivityCounts(org, since)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// A request is counted once, in its hour and organization, however often its entry is
// written: after a lost connection nobody knows whether it was.
func TestActivityCounts(t *testing.T) {
	eachTwo(t, func(t *testing.T, db *store.DB, here, there iam.OrganizationID) {
		hour := epoch.Truncate(time.Hour)
		entry := func(org iam.OrganizationID, at time.Time, o store.Outcome) store.SCIMRequest {
			return store.SCIMRequest{Organization: org, ID: db.SCIMRequestID(at), At: at, Verdicts: "[]", Outcome: o}
		}
		first := []store.SCIMRequest{
			entry(here, hour, store.Applied), entry(here, hour.Add(time.Hour-time.Microsecond), store.Unchanged),
			entry(here, hour.Add(time.Hour), store.Refused), entry(there, hour, store.Failed), entry(here, hour, store.NotCounted),
		}
		for range 60 { // more than one INSERT takes
			first = append(first, entry(here, hour.Add(time.Minute), store.Applied))
		}
		again := append([]store.SCIMRequest{entry(here, hour, store.Failed)}, first...)
		for _, entries := range [][]store.SCIMRequest{first, again, nil} {
			write(t, db, func(tx *store.Tx) error { return tx.InsertSCIMRequests(entries) })
		}
		want := []store.ActivityCount{{Hour: hour, Applied: 61, Unchanged: 1, Failed: 1}, {Hour: hour.Add(time.Hour), Refused: 1}}
		if diff := cmp.Diff(want, activity(t, db, here, hour)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if diff := cmp.Diff([]store.ActivityCount{{Hour: hour, Failed: 1}}, activity(t, db, there, time.Time{})); diff != "" {
			t.Errorf("the other organization, -want +got:\n%s", diff)
		}
		write(t, db, func(tx *store.Tx) error { return tx.DeleteActivityCounts(here, hour.Add(time.Hour+time.Minute)) })
		if diff := cmp.Diff(want[1:], activity(t, db, here, time.Time{})); diff != "" {
			t.Errorf("after the hours before were deleted, -want +got:\n%s", diff)
		}
		if got := activity(t, db, there, time.Time{}); len(got) != 1 {
			t.Errorf("the other organization's counts are %v", got)
		}
	})
}

func TestDenialGroups(t *testing.T) {
	eachTwo(t, func(t *testing.T, db *store.DB, here, there iam.OrganizationID) {
		deny := func(org iam.OrganizationID, minutes int, cause, address string, count int64) store.SCIMDenial {
			return store.SCIMDenial{Organization: org, Minute: epoch.Add(time.Duration(minutes) * time.Minute), Cause: cause, Address: address, Count: count}
		}
		write(t, db, func(tx *store.Tx) error {
			return tx.AddSCIMDenials([]store.SCIMDenial{
				deny(here, 0, "revoked", "192.0.2.1", 1), deny(here, 1, "revoked", "192.0.2.1", 2), deny(here, 2, "revoked", "192.0.2.2", 4),
				deny(here, 3, "expired", "192.0.2.1", 8), deny(here, -9, "no colon", "192.0.2.1", 16), deny(there, 3, "swapped", "192.0.2.9", 32),
			})
		})
		for most, want := range map[int][]store.DenialGroup{
			100: {
				{Cause: "expired", Address: "192.0.2.1", Count: 8, Newest: epoch.Add(3 * time.Minute), Rows: 1},
				{Cause: "revoked", Address: "192.0.2.2", Count: 4, Newest: epoch.Add(2 * time.Minute), Rows: 1},
				{Cause: "revoked", Address: "192.0.2.1", Count: 3, Newest: epoch.Add(time.Minute), Rows: 2},
			},
			1: {{Cause: "expired", Address: "192.0.2.1", Count: 8, Newest: epoch.Add(3 * time.Minute), Rows: 1}},
		} {
			got, err := db.Read(t.Context()).DenialGroups(here, epoch, most)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("at most %d counts, -want +got:\n%s", most, diff)
			}
		}
	})
}

// A log that was there before the counts is counted by the migration, as new entries are.
func TestActivityCounts_ofTheLogBefore(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db := storetest.Open(t, engine, store.Options{})
			migration, err := os.ReadFile("migrations/" + engine + "/0005_activity_counts.sql")
			if err != nil {
				t.Fatal(err)
			}
			_, fill, found := strings.Cut(string(migration), "INSERT INTO")
			if !found {
				t.Fatal("the migration counts nothing")
			}
			hour := epoch.Truncate(time.Hour)
			const applied, same = `[{"op":"replace","path":"title","verdict":"applied","note":""}]`, `[{"op":"replace","path":"title","verdict":"no change","note":"\"verdict\":\"applied\""}]`
			var entries []store.SCIMRequest
			for i, e := range []store.SCIMRequest{
				{Method: "POST", Status: 201, Verdicts: applied}, {Method: "PATCH", Status: 200, Verdicts: same}, {Method: "DELETE", Status: 204, Verdicts: "[]"},
				{Method: "GET", Status: 200, Verdicts: "[]"}, {Method: "PATCH", Status: 400, Verdicts: applied}, {Method: "GET", Status: 503, Verdicts: "[]"},
				{Method: "LOG", Verdicts: "[]"},
			} {
				e.Organization, e.At = "a", hour.Add(time.Duration(i)*time.Minute)
				e.ID = db.SCIMRequestID(e.At)
				entries = append(entries, e)
			}
			write(t, db, func(tx *store.Tx) error {
				if err := tx.InsertSCIMRequests(entries); err != nil {
					return err
				}
				_, err := tx.Exec("INSERT INTO" + fill)
				return err
			})
			want := []store.ActivityCount{{Hour: hour, Applied: 2, Unchanged: 2, Refused: 1, Failed: 1}}
			if diff := cmp.Diff(want, activity(t, db, "a", time.Time{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
