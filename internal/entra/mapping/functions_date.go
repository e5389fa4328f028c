package mapping

import (
	"strconv"
	"strings"
	"time"
)

// dateTimeLayout is how dates and times are written between functions: .NET's
// M/d/yyyy h:mm:ss tt, always in UTC.
const dateTimeLayout = "1/2/2006 3:04:05 PM"

// dateLayouts are what CDate and the functions that take a date read: the page's
// examples, ISO 8601 and what Now() writes. Without an offset a time is UTC.
var dateLayouts = []string{
	dateTimeLayout, "1/2/2006 3:04 PM", "1/2/2006 15:04:05", "1/2/2006 15:04", "1/2/2006",
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04Z07:00", "2006-01-02T15:04",
	"2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999 Z07:00", "2006-01-02 15:04:05.999999999",
	"2006-01-02Z07:00", "2006-01-02", time.RFC1123,
}

func parseDate(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), inCalendar(t.UTC())
		}
	}
	return time.Time{}, false
}

// inCalendar holds the years that .NET's DateTime knows.
func inCalendar(t time.Time) bool { return t.Year() >= 1 && t.Year() <= 9999 }

// date is argument i as a time.
func (a arguments) date(i int) (t time.Time, null bool, err error) {
	value, err := a.single(i)
	if err != nil || value.isEmpty() {
		return time.Time{}, true, err
	}
	t, ok := parseDate(value.Text())
	if !ok {
		return time.Time{}, false, a.fail("%q is no date that can be read; bring it into a form like 2026-01-31T08:30:00Z with FormatDateTime", clip(value.Text()))
	}
	return t, false, nil
}

// dateValue is how functions hand a time on.
func (a arguments) dateValue(t time.Time) (Value, error) {
	if !inCalendar(t) {
		return Null(), a.fail("the result lies outside of the years 1 to 9999")
	}
	return String(t.UTC().Format(dateTimeLayout)), nil
}

func evalCDate(a arguments) (Value, error) {
	t, null, err := a.date(0)
	if err != nil || null {
		return Null(), err
	}
	return a.dateValue(t)
}

func evalNow(a arguments) (Value, error) { return a.dateValue(a.ev.env.Now) }

// The intervals of DateAdd and DateDiff.
const intervals = "yyyy m d ww h n s"

func checkInterval(c *callNode) error {
	if interval, ok := c.constant(0); ok {
		return c.knownInterval(interval)
	}
	return nil
}

func (c *callNode) knownInterval(interval string) error {
	for _, known := range strings.Fields(intervals) {
		if interval == known {
			return nil
		}
	}
	return c.fail("there is no interval %q; it is one of yyyy (year), m (month), d (day), ww (week), h (hour), n (minute), s (second)", clip(interval))
}

// evalDateAdd: the day of a month that is too short for it is the month's last, as in
// .NET's AddMonths.
func evalDateAdd(a arguments) (Value, error) {
	interval, err := a.text(0)
	if err != nil {
		return Null(), err
	}
	if err := a.call.knownInterval(interval); err != nil {
		return Null(), err
	}
	n, nullNumber, err := a.integer(1)
	if err != nil {
		return Null(), err
	}
	t, nullDate, err := a.date(2)
	if err != nil || nullNumber || nullDate {
		return Null(), err
	}
	// No interval is shorter than a second, and 10,000 years have fewer than 2^39 of them.
	if n > 1<<39 || n < -1<<39 {
		return Null(), a.fail("the result lies outside of the years 1 to 9999")
	}
	seconds := map[string]int64{"d": 86_400, "ww": 7 * 86_400, "h": 3_600, "n": 60, "s": 1}
	switch interval {
	case "yyyy":
		return a.dateValue(addMonths(t, 12*n))
	case "m":
		return a.dateValue(addMonths(t, n))
	}
	return a.dateValue(time.Unix(t.Unix()+n*seconds[interval], 0))
}

func addMonths(t time.Time, n int64) time.Time {
	n += int64(t.Year())*12 + int64(t.Month()) - 1
	year, month := int(n/12), time.Month(n%12+1)
	if n < 12 || year > 9999 {
		return time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) // refused by dateValue
	}
	last := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return time.Date(year, month, min(t.Day(), last), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// evalDateDiff counts like Visual Basic's DateDiff, which the page's examples bear out:
// years, months and weeks by the boundaries that lie between (a week begins on Sunday),
// all else by whole units that have passed.
func evalDateDiff(a arguments) (Value, error) {
	interval, err := a.text(0)
	if err != nil {
		return Null(), err
	}
	if err := a.call.knownInterval(interval); err != nil {
		return Null(), err
	}
	from, nullFrom, err := a.date(1)
	if err != nil {
		return Null(), err
	}
	to, nullTo, err := a.date(2)
	if err != nil || nullFrom || nullTo {
		return Null(), err
	}
	seconds := to.Unix() - from.Unix()
	var n int64
	switch interval {
	case "yyyy":
		n = int64(to.Year() - from.Year())
	case "m":
		n = int64(to.Year()-from.Year())*12 + int64(to.Month()-from.Month())
	case "ww":
		seconds -= int64(to.Weekday()-from.Weekday()) * 86_400
		n = seconds / 86_400 / 7
	case "d":
		n = seconds / 86_400
	case "h":
		n = seconds / 3_600
	case "n":
		n = seconds / 60
	default: // s
		n = seconds
	}
	return String(strconv.FormatInt(n, 10)), nil
}

// Windows file time counts 100 ns from the year 1601, Unix time seconds from 1970.
const (
	fileTimeUnit   = 10_000_000
	fileTimeOffset = 11_644_473_600
)

func evalDateFromNum(a arguments) (Value, error) {
	n, null, err := a.integer(0)
	if err != nil || null {
		return Null(), err
	}
	if n < 0 {
		return Null(), a.fail("%d is no date: such a number counts 100 ns from the year 1601", n)
	}
	return a.dateValue(time.Unix(n/fileTimeUnit-fileTimeOffset, n%fileTimeUnit*100))
}

func evalNumFromDate(a arguments) (Value, error) {
	t, null, err := a.date(0)
	if err != nil || null {
		return Null(), err
	}
	n := (t.Unix()+fileTimeOffset)*fileTimeUnit + int64(t.Nanosecond()/100)
	if n < 0 {
		return Null(), a.fail("%s lies before the year 1601, in which the count begins", t.Format(time.DateOnly))
	}
	return String(strconv.FormatInt(n, 10)), nil
}
