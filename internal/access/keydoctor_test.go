package access_test

import (
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

func TestAdviseKeys(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 10, 12, 0, 30, 0, time.UTC)
	ago := func(minutes int) time.Time {
		return now.Truncate(time.Minute).Add(-time.Duration(minutes) * time.Minute)
	}
	const never = -1
	key := func(id iam.KeyID, made, used int) access.KeyView {
		k := access.KeyView{SCIMKey: iam.SCIMKey{ID: id, CreatedAt: ago(made)}, Status: iam.KeyActive}
		if used != never {
			k.LastUsedAt = ago(used)
		}
		return k
	}
	type advice struct {
		verdict access.KeyVerdict
		inUse   bool
	}
	for name, c := range map[string]struct {
		used  []int // minutes since the last use, the newest key first
		want  []advice
		until int // minutes from now, of the old key
	}{
		"one, never used":                     {[]int{never}, []advice{{access.KeyUnused, false}}, 0},
		"one in use":                          {[]int{80}, []advice{{access.KeyWorks, true}}, 0},
		"one, silent":                         {[]int{81}, []advice{{access.KeySilent, false}}, 0},
		"two, neither used":                   {[]int{never, never}, []advice{{access.KeyUnused, false}, {access.KeyUnused, false}}, 0},
		"the new one was never used":          {[]int{never, 5}, []advice{{access.KeyEnter, false}, {access.KeyKeep, true}}, 0},
		"never, and the old one is silent":    {[]int{never, 500}, []advice{{access.KeyEnter, false}, {access.KeyKeep, false}}, 0},
		"just switched":                       {[]int{1, 5}, []advice{{access.KeyWorks, true}, {access.KeyWait, true}}, 76},
		"a minute to go":                      {[]int{1, 80}, []advice{{access.KeyWorks, true}, {access.KeyWait, true}}, 1},
		"silent for two intervals":            {[]int{1, 81}, []advice{{access.KeyWorks, true}, {access.KeySafe, false}}, 0},
		"silent for long":                     {[]int{1, 5000}, []advice{{access.KeyWorks, true}, {access.KeySafe, false}}, -4919},
		"the new one was tried once":          {[]int{85, 90}, []advice{{access.KeySilent, false}, {access.KeyWaitCall, false}}, -9},
		"the new one an interval later":       {[]int{60, 101}, []advice{{access.KeyWorks, true}, {access.KeySafe, false}}, -20},
		"a minute less than an interval":      {[]int{61, 101}, []advice{{access.KeyWorks, true}, {access.KeyWaitCall, false}}, -20},
		"taken over, then all stopped":        {[]int{1000, 2000}, []advice{{access.KeySilent, false}, {access.KeySafe, false}}, -1919},
		"both in the same minute":             {[]int{3, 3}, []advice{{access.KeyBoth, true}, {access.KeyBoth, true}}, 0},
		"the old one after the new one":       {[]int{9, 3}, []advice{{access.KeyBoth, true}, {access.KeyBoth, true}}, 0},
		"back to the old one":                 {[]int{200, 3}, []advice{{access.KeyLeft, false}, {access.KeyReturned, true}}, 0},
		"back to the old one, and all silent": {[]int{400, 300}, []advice{{access.KeySilent, false}, {access.KeySilent, false}}, 0},
	} {
		keys := []access.KeyView{{SCIMKey: iam.SCIMKey{ID: "revoked", LastUsedAt: now}, Status: iam.KeyRevoked}}
		for i, used := range c.used {
			keys = append(keys, key([]iam.KeyID{"new", "old"}[i], 10_000+i, used))
		}
		got := access.AdviseKeys(keys, now)
		if len(got) != len(c.want) {
			t.Errorf("%s: %d keys, want %d", name, len(got), len(c.want))
			continue
		}
		for i, want := range c.want {
			if got[i].Verdict != want.verdict || got[i].InUse != want.inUse {
				t.Errorf("%s, %s: %s, in use %v; want %s, %v", name, got[i].ID, got[i].Verdict, got[i].InUse, want.verdict, want.inUse)
			}
			if (got[i].Other == nil) != (len(c.want) == 1) {
				t.Errorf("%s, %s: the other is %v", name, got[i].ID, got[i].Other)
			}
		}
		if until := got[len(got)-1].Until; !until.IsZero() && !until.Equal(ago(-c.until)) {
			t.Errorf("%s: until %v, want %v", name, until, ago(-c.until))
		}
	}
}

// A key that was never used is not safe to revoke as long as it may only just have been
// entered.
func TestAdviseKeys_oldNeverUsed(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	fresh := access.KeyView{SCIMKey: iam.SCIMKey{ID: "new", CreatedAt: now.Add(-10 * time.Minute), LastUsedAt: now}, Status: iam.KeyActive}
	old := access.KeyView{SCIMKey: iam.SCIMKey{ID: "old", CreatedAt: now.Add(-30 * time.Minute)}, Status: iam.KeyActive}
	if got := access.AdviseKeys([]access.KeyView{fresh, old}, now)[1]; got.Verdict != access.KeyWait || !got.Until.Equal(now.Add(50*time.Minute)) {
		t.Errorf("made half an hour ago: %s until %v", got.Verdict, got.Until)
	}
	old.CreatedAt = now.Add(-80 * time.Minute)
	if got := access.AdviseKeys([]access.KeyView{fresh, old}, now)[1]; got.Verdict != access.KeySafe {
		t.Errorf("made two intervals ago: %s", got.Verdict)
	}
}
