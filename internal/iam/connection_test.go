package iam

import (
	"testing"
	"time"
)

func TestConnection_connected(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	valid := Certificate{NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour)}
	expired := Certificate{NotBefore: now.Add(-2 * time.Hour), NotAfter: now.Add(-time.Hour)}
	early := Certificate{NotBefore: now.Add(time.Hour), NotAfter: now.Add(2 * time.Hour)}
	for _, test := range []struct {
		name  string
		certs []Certificate
		want  bool
	}{
		{"none", nil, false},
		{"valid", []Certificate{valid}, true},
		{"expired", []Certificate{expired}, false},
		{"not yet valid", []Certificate{early}, false},
		{"rollover", []Certificate{expired, valid, early}, true},
	} {
		if got := (Connection{Certificates: test.certs}).Connected(now); got != test.want {
			t.Errorf("%s: Connected = %v, want %v", test.name, got, test.want)
		}
	}
}
