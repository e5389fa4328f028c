package portal

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// moment is a point in time as people read it, with the exact time behind it.
type moment struct {
	Text  string // "2 minutes ago", "14 Nov 2026"; "—" for the zero time
	Exact string // "Mon, 23 Nov 2026 23:21:08 (UTC)"
	ISO   string // RFC 3339, for <time datetime>; "" for the zero time
}

// at writes t as seen from now: within a day in words, otherwise as a date.
func at(now, t time.Time) moment {
	if t.IsZero() {
		return moment{Text: "—"}
	}
	t = t.UTC()
	text := t.Format("2 Jan 2006")
	if d := now.Sub(t); d.Abs() < 24*time.Hour {
		text = ago(d)
	}
	return moment{Text: text, Exact: t.Format("Mon, 2 Jan 2006 15:04:05 (UTC)"), ISO: t.Format(time.RFC3339)}
}

// stamp writes a time as logs do: "23 Nov 2026, 23:21:08 (UTC)".
func stamp(t time.Time) moment {
	if t.IsZero() {
		return moment{Text: "—"}
	}
	t = t.UTC()
	return moment{
		Text: t.Format("2 Jan 2006, 15:04:05 (UTC)"), Exact: t.Format("Mon, 2 Jan 2006 15:04:05 (UTC)"), ISO: t.Format(time.RFC3339),
	}
}

// ago writes how long since something was; a negative time lies ahead.
func ago(d time.Duration) string {
	var amount string
	switch abs := d.Abs(); {
	case abs < time.Minute:
		if d < 0 {
			return "in less than a minute"
		}
		return "just now"
	case abs < time.Hour:
		amount = plural(int(abs/time.Minute), "minute", "minutes")
	default:
		amount = plural(int(abs/time.Hour), "hour", "hours")
	}
	if d < 0 {
		return "in " + amount
	}
	return amount + " ago"
}

// span writes a duration: "214 ms", "4 min 12 s", "2 h 5 min".
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Hour && d%time.Minute == 0:
		return plural(int(d/time.Minute), "minute", "minutes")
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d/time.Minute), int(d%time.Minute/time.Second))
	}
	return fmt.Sprintf("%d h %d min", int(d/time.Hour), int(d%time.Hour/time.Minute))
}

// count writes a number with commas between thousands.
func count(n int) string {
	digits := fmt.Sprint(n)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	var b strings.Builder
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	return sign + b.String()
}

// plural writes a number and what is counted: "1 user", "1,306 users".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

// sentence begins a message with a capital and ends it with a full stop: messages of
// refusals are written to stand behind other words too.
func sentence(s string) string {
	if s == "" || strings.ContainsRune(".!?", rune(s[len(s)-1])) {
		return capital(s)
	}
	return capital(s) + "."
}

// capital begins a text with a capital, unless its first word is a name that is
// written otherwise: userName.
func capital(s string) string {
	first, _, _ := strings.Cut(s, " ")
	if first == "" || first != strings.ToLower(first) {
		return s
	}
	letter, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(letter)) + s[size:]
}

// clip shortens what somebody entered to what an answer may repeat of it.
func clip(s string) string {
	const most = 200
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

// names writes names one after the other: "A", "A and B", "A, B and C".
func names(list []string) string {
	switch n := len(list); n {
	case 0:
		return ""
	case 1:
		return list[0]
	default:
		return strings.Join(list[:n-1], ", ") + " and " + list[n-1]
	}
}
