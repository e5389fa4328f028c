package console

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// moment is a point in time as people read it, with the exact time behind it.
type moment struct {
	Text  string // "2 minutes ago", "in 12 days", "14 Nov 2026"; "—" for the zero time
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
	return moment{Text: text, Exact: exact(t), ISO: t.Format(time.RFC3339)}
}

// due writes a time ahead in words as far as a month, for what runs out: "in 12
// days", "today", "3 days ago".
func due(now, t time.Time) moment {
	m := at(now, t)
	if t.IsZero() {
		m.Text = "Never"
		return m
	}
	switch days := int(t.Sub(now).Abs() / (24 * time.Hour)); {
	case days == 0 || days > 31:
	case t.After(now):
		m.Text = "in " + plural(days, "day", "days")
	default:
		m.Text = plural(days, "day", "days") + " ago"
	}
	return m
}

func exact(t time.Time) string { return t.UTC().Format("Mon, 2 Jan 2006 15:04:05 (UTC)") }

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

// plural writes a number and what is counted: "1 member", "1,306 members".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

// initials are the letters of an organization's tile: of its first two words.
func initials(name string) string {
	var letters []rune
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		letters = append(letters, unicode.ToUpper([]rune(word)[0]))
		if len(letters) == 2 {
			break
		}
	}
	return string(letters)
}

// sentence begins a message with a capital and ends it with a full stop: messages of
// refusals are written to stand behind other words too.
func sentence(s string) string {
	if s == "" || strings.ContainsRune(".!?", rune(s[len(s)-1])) {
		return capital(s)
	}
	return capital(s) + "."
}

// capital begins a text with a capital, unless its first word is a name that is written
// otherwise: userName.
func capital(s string) string {
	first, _, _ := strings.Cut(s, " ")
	if first == "" || first != strings.ToLower(first) {
		return s
	}
	letter, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(letter)) + s[size:]
}
