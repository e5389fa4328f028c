package access_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

func TestProvisioning(t *testing.T) {
	each(t, func(w *world) {
		day := start.Truncate(access.Day)
		count := func(at time.Time, o store.Outcome) store.SCIMRequest {
			return store.SCIMRequest{Organization: w.org, ID: w.db.SCIMRequestID(at), At: at, Verdicts: "[]", Outcome: o}
		}
		err := w.db.Write(t.Context(), func(tx *store.Tx) error {
			return tx.InsertSCIMRequests([]store.SCIMRequest{
				count(day, store.Applied), count(day.Add(-time.Second), store.Refused), count(start, store.Failed), count(start, store.Unchanged),
				count(day.AddDate(0, 0, -1), store.Applied), count(day.AddDate(0, 0, -2).Add(-time.Second), store.Applied), count(start.Add(26*time.Hour), store.Applied),
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		got := must[[]access.ProvisioningCount](t)(w.Provisioning(t.Context(), w.org, access.Day, 3))
		want := []access.ProvisioningCount{
			{Start: day.AddDate(0, 0, -2)}, {Start: day.AddDate(0, 0, -1), Applied: 1, Refused: 1},
			{Start: day, Applied: 2, Failed: 1, Unchanged: 1}, // one of a server whose clock is ahead
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("by the day, -want +got:\n%s", diff)
		}
		hours := must[[]access.ProvisioningCount](t)(w.Provisioning(t.Context(), w.org, time.Hour, 24))
		if last := hours[23]; len(hours) != 24 || !last.Start.Equal(start.Truncate(time.Hour)) || last.All() != 3 {
			t.Errorf("by the hour: %d, the last %+v", len(hours), last)
		}
		for _, bounds := range []struct {
			step  time.Duration
			spans int
			want  int
		}{{access.Day, 1000, 31}, {access.Day, 0, 1}, {time.Minute, 5, 5}, {time.Hour, 10_000, 744}} {
			if got := must[[]access.ProvisioningCount](t)(w.Provisioning(t.Context(), w.org, bounds.step, bounds.spans)); len(got) != bounds.want {
				t.Errorf("%d spans of %v: %d", bounds.spans, bounds.step, len(got))
			}
		}
	})
}

func TestRefusals(t *testing.T) {
	each(t, func(w *world) {
		key := must[access.NewKey](t)(w.CreateKey(t.Context(), iam.Operator, w.org, "")).Key
		minute := start.Truncate(time.Minute)
		deny := func(ago int, why iam.Denial, address string, n int64) store.SCIMDenial {
			return store.SCIMDenial{Organization: w.org, Minute: minute.Add(-time.Duration(ago) * time.Minute), Cause: why.String(), Address: address, Count: n}
		}
		secret, none := iam.Denial{Cause: iam.DeniedSecret, Key: key}, iam.Denial{Cause: iam.DeniedNone}
		err := w.db.Write(t.Context(), func(tx *store.Tx) error {
			if err := tx.TouchKey(w.org, key, minute.Add(-5*time.Minute)); err != nil {
				return err
			}
			return tx.AddSCIMDenials([]store.SCIMDenial{
				deny(5, secret, "192.0.2.1", 2), deny(9, secret, "192.0.2.2", 4), deny(8, secret, "192.0.2.1", 8), deny(6, none, "192.0.2.3", 1), deny(90, none, "192.0.2.9", 1),
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		got, partly, err := w.Refusals(t.Context(), w.org, start.Add(-time.Hour))
		if err != nil || partly {
			t.Fatalf("partly %v, %v", partly, err)
		}
		want := []access.Refusals{
			{Denial: secret, Count: 14, Newest: minute.Add(-5 * time.Minute), Addresses: []string{"192.0.2.1", "192.0.2.2"}},
			{Denial: none, Count: 1, Newest: minute.Add(-6 * time.Minute), Addresses: []string{"192.0.2.3"}, Mended: true},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		other := w.another()
		if got, _, err := other.Refusals(t.Context(), other.org, time.Time{}); err != nil || len(got) != 0 {
			t.Errorf("another organization reads %v, %v", got, err)
		}
	})
}
