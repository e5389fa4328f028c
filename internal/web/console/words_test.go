package console

import (
	"testing"
	"time"
)

func TestAt(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 23, 21, 8, 0, time.UTC)
	for _, test := range []struct {
		t    time.Time
		want string
	}{
		{now, "just now"},
		{now.Add(-59 * time.Second), "just now"},
		{now.Add(-time.Minute), "1 minute ago"},
		{now.Add(-59 * time.Minute), "59 minutes ago"},
		{now.Add(-time.Hour), "1 hour ago"},
		{now.Add(-24*time.Hour + time.Second), "23 hours ago"},
		{now.Add(-24 * time.Hour), "22 Nov 2026"},
		{now.Add(30 * time.Second), "in less than a minute"},
		{now.Add(5 * time.Hour), "in 5 hours"},
		{now.AddDate(1, 0, 0), "23 Nov 2027"},
		{time.Time{}, "—"},
	} {
		if got := at(now, test.t); got.Text != test.want {
			t.Errorf("at(%v) = %q, want %q", test.t, got.Text, test.want)
		}
	}
	got := at(now, now.Add(-time.Hour).In(time.FixedZone("", 3600)))
	if got.Exact != "Mon, 23 Nov 2026 22:21:08 (UTC)" || got.ISO != "2026-11-23T22:21:08Z" {
		t.Errorf("%+v", got)
	}
}

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
	for n, want := range map[int]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 10284: "10,284", 1234567: "1,234,567", -1000: "-1,000"} {
		if got := count(n); got != want {
			t.Errorf("count(%d) = %q, want %q", n, got, want)
		}
	}
	if got := plural(1, "member", "members") + ", " + plural(1306, "member", "members"); got != "1 member, 1,306 members" {
		t.Error(got)
	}
	for name, want := range map[string]string{"Tarn & Fell Logistics": "TF", "alpha": "A", "": "", "  –  ": "", "Ångström ab": "ÅA", "9 lives": "9L"} {
		if got := initials(name); got != want {
			t.Errorf("initials(%q) = %q, want %q", name, got, want)
		}
	}
	for s, want := range map[string]string{
		"the name is taken": "The name is taken.", "userName is empty": "userName is empty.", `"x" is not`: `"x" is not.`,
		"ésprit": "Ésprit.", "Done.": "Done.", "is it?": "Is it?", "": "", "a": "A.",
	} {
		if got := sentence(s); got != want {
			t.Errorf("sentence(%q) = %q, want %q", s, got, want)
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
