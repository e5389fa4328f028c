package portal

import (
	"fmt"
	"time"

	"github.com/rollcall/rollcall/internal/web/words"
)

// stamp writes a time as logs do: "23 Nov 2026, 23:21:08 (UTC)".
func stamp(t time.Time) words.Moment {
	if t.IsZero() {
		return words.Moment{Text: "—"}
	}
	t = t.UTC()
	return words.Moment{
		Text: t.Format("2 Jan 2006, 15:04:05 (UTC)"), Exact: words.Exact(t), ISO: t.Format(time.RFC3339),
	}
}

// span writes a duration: "214 ms", "4 min 12 s", "2 h 5 min".
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Hour && d%time.Minute == 0:
		return words.Plural(int(d/time.Minute), "minute", "minutes")
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d/time.Minute), int(d%time.Minute/time.Second))
	}
	return fmt.Sprintf("%d h %d min", int(d/time.Hour), int(d%time.Hour/time.Minute))
}
