package mapping

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// format writes t.
func (f format) format(t time.Time) string {
	var b strings.Builder
	for _, p := range f {
		switch p.letter {
		case 0:
			b.WriteString(p.literal)
		case 'y':
			if p.n <= 2 {
				pad(&b, t.Year()%100, p.n)
			} else {
				pad(&b, t.Year(), p.n)
			}
		case 'M':
			name(&b, t.Month().String(), int(t.Month()), p.n)
		case 'd':
			name(&b, t.Weekday().String(), t.Day(), p.n)
		case 'H':
			pad(&b, t.Hour(), p.n)
		case 'h':
			pad(&b, clock(t), p.n)
		case 'm':
			pad(&b, t.Minute(), p.n)
		case 's':
			pad(&b, t.Second(), p.n)
		case 'f', 'F':
			fraction := fmt.Sprintf("%09d", t.Nanosecond())[:p.n]
			if p.letter == 'F' {
				fraction = strings.TrimRight(fraction, "0")
			}
			b.WriteString(fraction)
		case 't':
			b.WriteString(t.Format("PM")[:p.n])
		case 'K', 'z':
			offset(&b, t, p)
		}
	}
	return b.String()
}

func pad(b *strings.Builder, n, width int) { fmt.Fprintf(b, "%0*d", width, n) }

// name writes a number up to two letters of a specifier, a short name for three and the
// whole name for four.
func name(b *strings.Builder, long string, n, letters int) {
	switch letters {
	case 3:
		b.WriteString(long[:3])
	case 4:
		b.WriteString(long)
	default:
		pad(b, n, letters)
	}
}

// offset writes the offset from UTC: a time with an offset has been brought to UTC, one
// without has none to write for K and the service's own, zero, for z.
func offset(b *strings.Builder, t time.Time, p piece) {
	switch {
	case p.letter == 'K' && t.Location() == time.UTC:
		b.WriteString("Z")
	case p.letter == 'K':
	case p.n == 3:
		b.WriteString("+00:00")
	default:
		b.WriteString("+")
		pad(b, 0, p.n)
	}
}

// unspecified marks times that were read without an offset.
var unspecified = time.FixedZone("", 0)

// reading is one text being read by a format.
type reading struct {
	rest             string
	year, month, day int
	hour, minute     int
	second, nano     int
	half             int // of the day: 0 none, 1 AM, 2 PM
	twelve           bool
	weekday          string
	zone             *time.Location
}

// parse reads text. The error says where the text and the format part.
func (f format) parse(text string, s styles) (time.Time, error) {
	if s.leading {
		text = strings.TrimLeft(text, " \t\r\n")
	}
	if s.trailing {
		text = strings.TrimRight(text, " \t\r\n")
	}
	r := &reading{rest: text, year: 1, month: 1, day: 1, zone: unspecified}
	for _, p := range f {
		if s.inner {
			r.rest = strings.TrimLeft(r.rest, " \t")
			p.literal = strings.TrimLeft(p.literal, " ")
		}
		if !r.read(p) {
			return time.Time{}, fmt.Errorf("%q is left where %s is expected", clip(r.rest), p.describe())
		}
	}
	if r.rest != "" {
		return time.Time{}, fmt.Errorf("%q is left over", clip(r.rest))
	}
	return r.time()
}

func (p piece) describe() string {
	if p.letter == 0 {
		return strconv.Quote(p.literal)
	}
	return strings.Repeat(string(p.letter), p.n)
}

func (r *reading) read(p piece) bool {
	switch p.letter {
	case 0:
		rest, ok := strings.CutPrefix(r.rest, p.literal)
		r.rest = rest
		return ok
	case 'y':
		return r.readYear(p.n)
	case 'M':
		if p.n < 3 {
			return r.number(&r.month, p.n, 2)
		}
		for month := time.January; month <= time.December; month++ {
			if r.word(month.String(), p.n) {
				r.month = int(month)
				return true
			}
		}
		return false
	case 'd':
		if p.n < 3 {
			return r.number(&r.day, p.n, 2)
		}
		for day := time.Sunday; day <= time.Saturday; day++ {
			if r.word(day.String(), p.n) {
				r.weekday = day.String()
				return true
			}
		}
		return false
	case 'h':
		r.twelve = true
		return r.number(&r.hour, p.n, 2)
	case 'H':
		return r.number(&r.hour, p.n, 2)
	case 'm':
		return r.number(&r.minute, p.n, 2)
	case 's':
		return r.number(&r.second, p.n, 2)
	case 'f', 'F':
		return r.fraction(p)
	case 't':
		return r.halfOfDay(p.n)
	default: // z, K
		return r.offset(p)
	}
}

// readYear: two digits up to 49 are in this century, the others in the last, as in the
// invariant culture's calendar.
func (r *reading) readYear(n int) bool {
	if n > 2 {
		return r.number(&r.year, n, n)
	}
	if !r.number(&r.year, n, 2) {
		return false
	}
	if r.year += 2000; r.year >= 2050 {
		r.year -= 100
	}
	return true
}

// number reads at least least and at most most digits; .NET takes one digit more for a
// single letter, and exactly the digits of a longer run.
func (r *reading) number(into *int, least, most int) bool {
	n := 0
	for n < len(r.rest) && n < most && '0' <= r.rest[n] && r.rest[n] <= '9' {
		n++
	}
	if n < least {
		return false
	}
	*into, _ = strconv.Atoi(r.rest[:n]) // at most five digits
	r.rest = r.rest[n:]
	return true
}

func (r *reading) word(long string, letters int) bool {
	if letters == 3 {
		long = long[:3]
	}
	if len(r.rest) < len(long) || !strings.EqualFold(r.rest[:len(long)], long) {
		return false
	}
	r.rest = r.rest[len(long):]
	return true
}

// fraction reads exactly the digits of f, at most those of F.
func (r *reading) fraction(p piece) bool {
	n := 0
	for n < len(r.rest) && n < p.n && '0' <= r.rest[n] && r.rest[n] <= '9' {
		n++
	}
	if p.letter == 'f' && n < p.n {
		return false
	}
	r.nano, _ = strconv.Atoi((r.rest[:n] + "000000000")[:9])
	r.rest = r.rest[n:]
	return true
}

func (r *reading) halfOfDay(n int) bool {
	for i, half := range []string{"AM", "PM"} {
		if len(r.rest) >= n && strings.EqualFold(r.rest[:n], half[:n]) {
			r.half, r.rest = i+1, r.rest[n:]
			return true
		}
	}
	return false
}

// offset reads +hh:mm, +hh or +h; K also Z, or nothing.
func (r *reading) offset(p piece) bool {
	if rest, ok := strings.CutPrefix(r.rest, "Z"); ok && (p.letter == 'K' || p.n == 3) {
		r.rest, r.zone = rest, time.UTC
		return true
	}
	if p.letter == 'K' && (r.rest == "" || (r.rest[0] != '+' && r.rest[0] != '-')) {
		return true
	}
	if r.rest == "" || (r.rest[0] != '+' && r.rest[0] != '-') {
		return false
	}
	sign := 1
	if r.rest[0] == '-' {
		sign = -1
	}
	r.rest = r.rest[1:]
	var hours, minutes int
	least := 2
	if p.letter == 'z' && p.n == 1 {
		least = 1
	}
	if !r.number(&hours, least, 2) {
		return false
	}
	if p.letter == 'K' || p.n == 3 {
		r.rest = strings.TrimPrefix(r.rest, ":")
		if !r.number(&minutes, 2, 2) {
			return false
		}
	}
	if hours > 14 || minutes > 59 {
		return false
	}
	r.zone = time.FixedZone("", sign*(hours*3600+minutes*60))
	if hours == 0 && minutes == 0 {
		r.zone = time.UTC
	}
	return true
}

// time puts together what was read, in UTC when there was an offset.
func (r *reading) time() (time.Time, error) {
	if r.twelve {
		if r.hour < 1 || r.hour > 12 {
			return time.Time{}, fmt.Errorf("%d is no hour of a twelve-hour clock", r.hour)
		}
		r.hour %= 12
	}
	if r.half == 2 && r.hour < 12 {
		r.hour += 12
	}
	t := time.Date(r.year, time.Month(r.month), r.day, r.hour, r.minute, r.second, r.nano, r.zone)
	if r.year < 1 || t.Month() != time.Month(r.month) || t.Day() != r.day || t.Hour() != r.hour || t.Minute() != r.minute || t.Second() != r.second {
		return time.Time{}, errors.New("there is no such date or time")
	}
	if r.weekday != "" && r.weekday != t.Weekday().String() {
		return time.Time{}, fmt.Errorf("that day is a %s, not a %s", t.Weekday(), r.weekday)
	}
	if r.zone != unspecified {
		t = t.UTC()
	}
	if !inCalendar(t) {
		return time.Time{}, errors.New("the date lies outside of the years 1 to 9999")
	}
	return t, nil
}
