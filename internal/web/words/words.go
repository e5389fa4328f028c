// Package words writes times, numbers and messages as people read them, on the pages of
// every door. What only one door says is that door's.
package words

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Moment is a point in time as people read it, with the exact time behind it.
type Moment struct {
	Text  string // "2 minutes ago", "in 12 days", "14 Nov 2026"; "—" for the zero time
	Exact string // "Mon, 23 Nov 2026 23:21:08 (UTC)"
	ISO   string // RFC 3339, for <time datetime>; "" for the zero time
}

// At writes t as seen from now: within a day in words, otherwise as a date.
func At(now, t time.Time) Moment {
	if t.IsZero() {
		return Moment{Text: "—"}
	}
	t = t.UTC()
	text := t.Format("2 Jan 2006")
	if d := now.Sub(t); d.Abs() < 24*time.Hour {
		text = ago(d)
	}
	return Moment{Text: text, Exact: Exact(t), ISO: t.Format(time.RFC3339)}
}

// Exact writes the very time: "Mon, 23 Nov 2026 23:21:08 (UTC)".
func Exact(t time.Time) string { return t.UTC().Format("Mon, 2 Jan 2006 15:04:05 (UTC)") }

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
		amount = Plural(int(abs/time.Minute), "minute", "minutes")
	default:
		amount = Plural(int(abs/time.Hour), "hour", "hours")
	}
	if d < 0 {
		return "in " + amount
	}
	return amount + " ago"
}

// Count writes a number with commas between thousands.
func Count(n int) string {
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

// Plural writes a number and what is counted: "1 member", "1,306 members".
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}

// Sentence begins a message with a capital and ends it with a full stop: messages of
// refusals are written to stand behind other words too.
func Sentence(s string) string {
	if s == "" || strings.ContainsRune(".!?", rune(s[len(s)-1])) {
		return Capital(s)
	}
	return Capital(s) + "."
}

// Capital begins a text with a capital, unless its first word is a name that is written
// otherwise: userName.
func Capital(s string) string {
	first, _, _ := strings.Cut(s, " ")
	if first == "" || first != strings.ToLower(first) {
		return s
	}
	letter, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(letter)) + s[size:]
}

// Names writes names one after the other: "A", "A and B", "A, B and C".
func Names(list []string) string {
	switch n := len(list); n {
	case 0:
		return ""
	case 1:
		return list[0]
	default:
		return strings.Join(list[:n-1], ", ") + " and " + list[n-1]
	}
}

// Clip cuts what somebody entered to what an answer may repeat of it: 200 characters.
func Clip(s string) string {
	const most = 200
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
