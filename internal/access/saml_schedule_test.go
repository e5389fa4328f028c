package access

import (
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/saml"
)

func TestNextRead(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		m      saml.Metadata
		spread float64
		want   time.Duration
	}{
		"says nothing":                   {saml.Metadata{}, 0, 24 * time.Hour},
		"spread over a tenth":            {saml.Metadata{}, 1, 21*time.Hour + 36*time.Minute},
		"for six hours":                  {saml.Metadata{CacheFor: 6 * time.Hour}, 0, 6 * time.Hour},
		"for a minute":                   {saml.Metadata{CacheFor: time.Minute}, 0, time.Hour},
		"for a week":                     {saml.Metadata{CacheFor: 7 * 24 * time.Hour}, 0, 24 * time.Hour},
		"valid for a week":               {saml.Metadata{ValidUntil: now.Add(7 * 24 * time.Hour)}, 0, 24 * time.Hour},
		"valid for ten hours":            {saml.Metadata{ValidUntil: now.Add(10 * time.Hour)}, 0, 5 * time.Hour},
		"valid for ten minutes":          {saml.Metadata{ValidUntil: now.Add(10 * time.Minute)}, 0, time.Hour},
		"valid for ten hours, for three": {saml.Metadata{ValidUntil: now.Add(10 * time.Hour), CacheFor: 3 * time.Hour}, 0.5, 3*time.Hour - 9*time.Minute},
	} {
		if got := nextRead(test.m, now, test.spread).Sub(now); got != test.want {
			t.Errorf("%s: read again after %v, want %v", name, got, test.want)
		}
	}
}

func TestNextTry(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)
	if got := nextTry(time.Time{}, since, 0).Sub(since); got != time.Hour {
		t.Errorf("the first time after %v", got)
	}
	for failing, want := range map[time.Duration]time.Duration{0: time.Hour, time.Hour: time.Hour, 2 * time.Hour: 2 * time.Hour, 10 * time.Hour: 10 * time.Hour, 100 * time.Hour: 24 * time.Hour} {
		now := since.Add(failing)
		if got := nextTry(since, now, 0).Sub(now); got != want {
			t.Errorf("after failing for %v tried again after %v, want %v", failing, got, want)
		}
	}
}
