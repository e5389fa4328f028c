package main

import (
	"strings"
	"testing"
	"time"
)

func TestTable(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	tab := newTable(&b, "NAME", "N", "LAST")
	tab.row([]string{"Åsa", "1", "x"}, "a note")
	tab.row([]string{"日本", "22", strings.Repeat("y", 60)})
	tab.row([]string{strings.Repeat("long ", 20), "3", ""})
	tab.row([]string{"evil\x1b[2J\u202e", "4", "z"})
	tab.end("nothing")
	want := strings.Join([]string{
		"NAME" + strings.Repeat(" ", 46) + "N   LAST",
		"Åsa" + strings.Repeat(" ", 47) + "1   x",
		"  ! a note",
		"日本" + strings.Repeat(" ", 46) + "22  " + strings.Repeat("y", 60),
		strings.Repeat("long ", 9) + "lo…  3",
		`evil\u001b[2J\u202e` + strings.Repeat(" ", 31) + "4   z",
		"",
	}, "\n")
	if b.String() != want {
		t.Errorf("table:\n%q\nwant:\n%q", b.String(), want)
	}
}

func TestTable_streams(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	tab := newTable(&b, "A", "B")
	for range measuredRows - 1 {
		tab.row([]string{"a", "b"})
	}
	if b.Len() > 0 {
		t.Error("printed before the rows were measured")
	}
	tab.row([]string{"a", "b"})
	tab.row([]string{"wider", "b"})
	if lines := strings.Count(b.String(), "\n"); lines != measuredRows+2 {
		t.Errorf("%d lines, want head and %d rows", lines, measuredRows+1)
	}
	tab.end("nothing")
	var empty strings.Builder
	newTable(&empty, "A").end("nothing")
	if empty.String() != "nothing\n" {
		t.Errorf("an empty table prints %q", empty.String())
	}
}

func TestPlural(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0 members", 1: "1 member", 999: "999 members", 1000: "1,000 members", 1234567: "1,234,567 members"} {
		if got := plural(n, "member"); got != want {
			t.Errorf("plural(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestParseMoment(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		in   string
		end  bool
		want string
	}{
		{"2026-11-20", false, "2026-11-20T00:00:00Z"},
		{"2026-11-20", true, "2026-11-21T00:00:00Z"},
		{"2026-11-20T08:00:00+02:00", true, "2026-11-20T06:00:00Z"},
		{"90m", false, "2026-11-24T10:30:00Z"},
		{"7d", false, "2026-11-17T12:00:00Z"},
		{"", true, "0001-01-01T00:00:00Z"},
	} {
		got, err := parseMoment("--since", test.in, now, test.end)
		if err != nil || rfc3339(got) != test.want {
			t.Errorf("parseMoment(%q, %v) = %s, %v; want %s", test.in, test.end, rfc3339(got), err, test.want)
		}
	}
	for _, in := range []string{"soon", "-1h", "-3d", "2026-13-01", "20261120", "9999999d"} {
		if got, err := parseMoment("--since", in, now, false); err == nil {
			t.Errorf("parseMoment(%q) = %s", in, got)
		}
	}
}

func TestInertCell(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"=1": "'=1", "+1": "'+1", "-1": "'-1", "@a": "'@a", "\ta": "'\ta", "\ra": "'\ra", "a=1": "a=1", "": ""} {
		if got := inertCell(in); got != want {
			t.Errorf("inertCell(%q) = %q, want %q", in, got, want)
		}
	}
}
