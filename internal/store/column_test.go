package store

import (
	"testing"
	"time"
)

func TestMicros(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{{}, time.Unix(1, 2000).UTC(), time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)} {
		if got := fromMicros(micros(at)); !got.Equal(at) || got.Location() != time.UTC {
			t.Errorf("%v comes back as %v", at, got)
		}
		if null := nullMicros(at); null.Valid == at.IsZero() || !fromNullMicros(null).Equal(at) {
			t.Errorf("%v is kept as %v", at, null)
		}
	}
	if got := nullText(""); got.Valid {
		t.Errorf("an empty text is kept as %v, want NULL", got)
	}
	if got := nullText("a"); !got.Valid || got.String != "a" {
		t.Errorf("a text is kept as %v", got)
	}
}

func TestInList(t *testing.T) {
	t.Parallel()
	for n, want := range []string{"NULL", "?", "?, ?", "?, ?, ?"} {
		if got := inList(n); got != want {
			t.Errorf("inList(%d) = %q, want %q", n, got, want)
		}
	}
}
