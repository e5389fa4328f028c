package saml

import (
	"strings"
	"testing"
	"time"
)

func TestDuration(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"PT1H": time.Hour, "P1D": day, "PT604800S": 7 * day, "PT90M": 90 * time.Minute, "P1Y2M3DT4H5M6.5S": 365*day + 60*day + 3*day + 4*time.Hour + 5*time.Minute + 6*time.Second,
		"P9999Y9999M9999DT9999H9999M999999999S": 100*365*day + 1200*30*day + 9999*day + 9999*time.Hour + 9999*time.Minute + 999_999_999*time.Second,
		"":                                      0, "P": 0, "PT": 0, "PT0S": 0, "-PT1H": 0, "1H": 0, "PT1D": 0, "P99999D": 0, "PT1H ": 0, "P1W": 0,
	} {
		got, ok := duration(text)
		if ok != (want > 0) || got != want && ok {
			t.Errorf("%q is %v, %v; want %v", text, got, ok, want)
		}
	}
}

// Of what an element and those round it say, the shortest counts.
func TestParseMetadata_lifetime(t *testing.T) {
	t.Parallel()
	der := newCertificate(t, newECDSA(t), now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0))
	one := strings.TrimPrefix(okta(der), `<?xml version="1.0" encoding="UTF-8"?>`)
	got, err := ParseMetadata([]byte(one), now)
	if err != nil || !got.ValidUntil.IsZero() || got.CacheFor != 0 {
		t.Errorf("metadata that says nothing: %v, %v, %v", got.ValidUntil, got.CacheFor, err)
	}
	late, soon := now.AddDate(0, 1, 0), now.AddDate(0, 0, 7)
	inner := strings.Replace(one, "<md:IDPSSODescriptor", `<md:IDPSSODescriptor cacheDuration="PT6H" validUntil="`+late.Format(time.RFC3339)+`"`, 1)
	if inner == one {
		t.Fatal("the metadata has no IDPSSODescriptor")
	}
	wrapped := `<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" cacheDuration="P1D" validUntil="` + soon.Format(time.RFC3339) + `">` + inner + `</EntitiesDescriptor>`
	got, err = ParseMetadata([]byte(wrapped), now)
	if err != nil || !got.ValidUntil.Equal(soon) || got.CacheFor != 6*time.Hour {
		t.Errorf("valid until %v, for %v, %v; want %v, 6 h", got.ValidUntil, got.CacheFor, err, soon)
	}
	if got, err = ParseMetadata([]byte(strings.Replace(wrapped, "PT6H", "often", 1)), now); err != nil || got.CacheFor != 24*time.Hour {
		t.Errorf("with advice that cannot be read: for %v, %v", got.CacheFor, err)
	}
}
