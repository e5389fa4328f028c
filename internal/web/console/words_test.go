package console

import (
	"testing"
	"time"
)

func TestDue(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 23, 21, 8, 0, time.UTC)
	for _, test := range []struct {
		t    time.Time
		want string
	}{
		{time.Time{}, "Never"},
		{now.Add(12*24*time.Hour + time.Hour), "in 12 days"},
		{now.Add(24 * time.Hour), "in 1 day"},
		{now.Add(time.Hour), "in 1 hour"},
		{now.Add(-time.Hour), "1 hour ago"},
		{now.Add(-3 * 24 * time.Hour), "3 days ago"},
		{now.Add(40 * 24 * time.Hour), "2 Jan 2027"},
	} {
		if got := due(now, test.t); got.Text != test.want {
			t.Errorf("due(%v) = %q, want %q", test.t, got.Text, test.want)
		}
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"Tarn & Fell Logistics": "TF", "alpha": "A", "": "", "  –  ": "", "Ångström ab": "ÅA", "9 lives": "9L"} {
		if got := initials(name); got != want {
			t.Errorf("initials(%q) = %q, want %q", name, got, want)
		}
	}
	for s, want := range map[string]warning{
		"cannot sign in: the domain x is not verified":            {"Cannot sign in", "The domain x is not verified."},
		"deactivated by the identity provider, and kept: local":   {"", "Deactivated by the identity provider, and kept: local."},
		`userName "a:b" and the work e-mail "c" differ: map both`: {"", `userName "a:b" and the work e-mail "c" differ: map both.`},
	} {
		if got := newWarning(s); got != want {
			t.Errorf("newWarning(%q) = %+v, want %+v", s, got, want)
		}
	}
}
