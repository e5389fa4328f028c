package words

import (
	"strings"
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
		if got := At(now, test.t); got.Text != test.want {
			t.Errorf("At(%v) = %q, want %q", test.t, got.Text, test.want)
		}
	}
	got := At(now, now.Add(-time.Hour).In(time.FixedZone("", 3600)))
	if got.Exact != "Mon, 23 Nov 2026 22:21:08 (UTC)" || got.ISO != "2026-11-23T22:21:08Z" {
		t.Errorf("%+v", got)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 10284: "10,284", 1234567: "1,234,567", -1000: "-1,000"} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
	if got := Plural(1, "member", "members") + ", " + Plural(1306, "member", "members"); got != "1 member, 1,306 members" {
		t.Error(got)
	}
	for s, want := range map[string]string{
		"the name is taken": "The name is taken.", "userName is empty": "userName is empty.", `"x" is not`: `"x" is not.`,
		"ésprit": "Ésprit.", "Done.": "Done.", "is it?": "Is it?", "": "", "a": "A.",
	} {
		if got := Sentence(s); got != want {
			t.Errorf("Sentence(%q) = %q, want %q", s, got, want)
		}
	}
	for _, test := range []struct {
		list []string
		want string
	}{{nil, ""}, {[]string{"A"}, "A"}, {[]string{"A", "B"}, "A and B"}, {[]string{"A", "B", "C"}, "A, B and C"}} {
		if got := Names(test.list); got != test.want {
			t.Errorf("Names(%q) = %q, want %q", test.list, got, test.want)
		}
	}
	if got := Clip(strings.Repeat("ä", 200)); got != strings.Repeat("ä", 200) {
		t.Errorf("Clip of 200 characters = %q", got)
	}
	if got := Clip(strings.Repeat("ä", 201)); got != strings.Repeat("ä", 200)+"…" {
		t.Errorf("Clip of 201 characters = %q", got)
	}
}
