package console

import (
	"strings"
	"time"
	"unicode"

	"github.com/rollcall/rollcall/internal/web/words"
)

// due writes a time ahead in words as far as a month, for what runs out: "in 12
// days", "today", "3 days ago".
func due(now, t time.Time) words.Moment {
	m := words.At(now, t)
	if t.IsZero() {
		m.Text = "Never"
		return m
	}
	switch days := int(t.Sub(now).Abs() / (24 * time.Hour)); {
	case days == 0 || days > 31:
	case t.After(now):
		m.Text = "in " + words.Plural(days, "day", "days")
	default:
		m.Text = words.Plural(days, "day", "days") + " ago"
	}
	return m
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
