package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
)

// show prints a command's result: document as JSON with --json, else what text writes.
func (a *app) show(document any, text func(w io.Writer)) error {
	if !a.JSON {
		text(a.stdout)
		return nil
	}
	return writeJSON(a.stdout, document, "  ")
}

func writeJSON(w io.Writer, document any, indent string) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	return e.Encode(document)
}

// jsonArray streams a list of any length as one JSON document.
type jsonArray struct {
	w io.Writer
	n int
}

func (l *jsonArray) add(element any) error {
	separator := ",\n"
	if l.n == 0 {
		separator = "[\n"
	}
	l.n++
	b, err := json.Marshal(element)
	if err == nil {
		_, err = fmt.Fprintf(l.w, "%s%s", separator, b)
	}
	return err
}

func (l *jsonArray) end() error {
	if l.n == 0 {
		_, err := fmt.Fprintln(l.w, "[]")
		return err
	}
	_, err := fmt.Fprintln(l.w, "\n]")
	return err
}

// rfc3339 is how times are printed: to the second, in UTC.
func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// orNull is nil for the zero time, which JSON shows as null.
func orNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := rfc3339(t)
	return &s
}

// day is how tables show a time that lies days away.
func day(t time.Time, zero string) string {
	if t.IsZero() {
		return zero
	}
	return t.UTC().Format("2006-01-02 15:04")
}

// list makes [] of an empty list instead of null.
func list[T, V any](in []T, view func(T) V) []V {
	out := make([]V, 0, len(in))
	for _, element := range in {
		out = append(out, view(element))
	}
	return out
}

// plural counts things: "1 member", "1,204 members".
func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + one + "s"
}

func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// printable shows what a terminal would obey or hide: names come from identity
// providers, and an escape sequence in one of them must stay a text.
func printable(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		fmt.Fprintf(&b, `\u%04x`, r)
	}
	return b.String()
}

// table prints rows under a head, columns aligned. It holds back the first rows to
// measure them and streams the rest, so that a list of any length needs little memory.
type table struct {
	w      io.Writer
	head   []string
	mark   string // before each note
	widths []int
	held   []tableRow
	n      int // rows so far
	begun  bool
}

type tableRow struct {
	cells []string
	notes []string
}

const (
	measuredRows = 500
	widestCell   = 48 // of a name; the last column and ids are never cut
)

func newTable(w io.Writer, head ...string) *table {
	return &table{w: w, head: head, mark: "! ", widths: make([]int, len(head))}
}

// row adds a row; notes are printed below it, one a line.
func (t *table) row(cells []string, notes ...string) {
	t.n++
	row := tableRow{cells: make([]string, len(cells)), notes: notes}
	for i, cell := range cells {
		row.cells[i] = printable(cell)
		if i < len(cells)-1 {
			row.cells[i] = shorten(row.cells[i], widestCell)
		}
	}
	if t.begun {
		t.print(row)
		return
	}
	if t.held = append(t.held, row); len(t.held) == measuredRows {
		t.begin()
	}
}

// end prints what is held back, or empty when there was no row.
func (t *table) end(empty string) {
	if t.n == 0 {
		_, _ = fmt.Fprintln(t.w, empty)
		return
	}
	t.begin()
}

func (t *table) begin() {
	if t.begun {
		return
	}
	t.begun = true
	head := tableRow{cells: t.head}
	for _, row := range slices.Concat([]tableRow{head}, t.held) {
		for i, cell := range row.cells {
			t.widths[i] = max(t.widths[i], width(cell))
		}
	}
	t.print(head)
	for _, row := range t.held {
		t.print(row)
	}
	t.held = nil
}

func (t *table) print(row tableRow) {
	var b strings.Builder
	for i, cell := range row.cells {
		b.WriteString(cell)
		if i < len(row.cells)-1 {
			b.WriteString(strings.Repeat(" ", max(0, t.widths[i]-width(cell))+2))
		}
	}
	_, _ = fmt.Fprintln(t.w, strings.TrimRight(b.String(), " "))
	for _, note := range row.notes {
		_, _ = fmt.Fprintf(t.w, "  %s%s\n", t.mark, printable(note))
	}
}

// facts prints names and values in two columns.
func facts(w io.Writer, pairs ...string) {
	widest := 0
	for i := 0; i < len(pairs); i += 2 {
		widest = max(widest, width(pairs[i]))
	}
	for i := 0; i < len(pairs); i += 2 {
		pad := strings.Repeat(" ", widest-width(pairs[i])+2)
		_, _ = fmt.Fprintln(w, strings.TrimRight(pairs[i]+pad+printable(pairs[i+1]), " "))
	}
}

// shorten cuts a text to at most most columns.
func shorten(s string, most int) string {
	if width(s) <= most {
		return s
	}
	columns := 0
	for i, r := range s {
		if columns += runeWidth(r); columns > most-1 {
			return s[:i] + "…"
		}
	}
	return s
}

func width(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// runeWidth is how many columns of a terminal a character takes: two for East Asian
// wide ones and emoji, none for marks that stand on another.
func runeWidth(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case r < 0x1100:
		return 1
	case r <= 0x115F, 0x2E80 <= r && r <= 0xA4CF, 0xAC00 <= r && r <= 0xD7A3, 0xF900 <= r && r <= 0xFAFF,
		0xFE30 <= r && r <= 0xFE6F, 0xFF00 <= r && r <= 0xFF60, 0xFFE0 <= r && r <= 0xFFE6,
		0x1F300 <= r && r <= 0x1FAFF, 0x20000 <= r && r <= 0x3FFFD:
		return 2
	}
	return 1
}
