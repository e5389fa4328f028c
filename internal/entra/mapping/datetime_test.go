package mapping

import (
	"strings"
	"testing"
	"time"
)

func TestFormat_writes(t *testing.T) {
	t.Parallel()
	utc := time.Date(2009, 6, 5, 0, 4, 3, 617_500_000, time.UTC)
	for format, want := range map[string]string{
		"d/M/y":                "5/6/9",
		"dd/MM/yy":             "05/06/09",
		"ddd dddd MMM MMMM":    "Fri Friday Jun June",
		"yyy yyyy yyyyy":       "2009 2009 02009",
		"h hh H HH t tt":       "12 12 0 00 A AM",
		"m mm s ss":            "4 04 3 03",
		"f ff fff ffff":        "6 61 617 6175",
		"F FFFF FFFFFFF":       "6 6175 6175",
		"z zz zzz K":           "+0 +00 +00:00 Z",
		`'d' "M" \y %d`:        "d M y 5",
		"o":                    "2009-06-05T00:04:03.6175000Z",
		"s":                    "2009-06-05T00:04:03",
		"u":                    "2009-06-05 00:04:03Z",
		"R":                    "Fri, 05 Jun 2009 00:04:03 GMT",
		"yyyyMMddHHmmss.0'Z'Z": "20090605000403.0ZZ",
	} {
		f, err := readFormat(format)
		if err != nil {
			t.Errorf("%s: %v", format, err)
			continue
		}
		if got := f.format(utc); got != want {
			t.Errorf("%s writes %q, want %q", format, got, want)
		}
	}
}

func TestFormat_reads(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ format, text, want string }{
		{"d/M/yyyy", "5/6/2009", "2009-06-05T00:00:00"},
		{"d/M/yyyy", "05/06/2009", "2009-06-05T00:00:00"},
		{"dddd, d MMMM yyyy", "friday, 5 JUNE 2009", "2009-06-05T00:00:00"},
		{"ddd d MMM yy", "Fri 5 Jun 09", "2009-06-05T00:00:00"},
		{"d.M.yy", "1.1.50", "1950-01-01T00:00:00"},
		{"d.M.yy", "1.1.49", "2049-01-01T00:00:00"},
		{"yyyyMMddHHmmssfff", "20090605010203617", "2009-06-05T01:02:03.617"},
		{"HH:mm:ss.FFF", "01:02:03.6", "0001-01-01T01:02:03.6"},
		{"HH:mm:ss.FFF", "01:02:03.", "0001-01-01T01:02:03"},
		{"yyyy-MM-dd h:mm t", "2009-06-05 12:30 P", "2009-06-05T12:30:00"},
		{"yyyy-MM-dd h:mm tt", "2009-06-05 12:30 am", "2009-06-05T00:30:00"},
		{"yyyy-MM-dd h:mm tt", "2009-06-05 1:30 pm", "2009-06-05T13:30:00"},
		{"yyyy-MM-ddzzz", "2009-06-05-07:30", "2009-06-05T07:30:00Z"},
		{"yyyy-MM-ddzz", "2009-06-05+02", "2009-06-04T22:00:00Z"},
		{"yyyy-MM-ddz", "2009-06-05+2", "2009-06-04T22:00:00Z"},
		{"yyyy-MM-ddK", "2009-06-05Z", "2009-06-05T00:00:00Z"},
		{"yyyy-MM-ddK", "2009-06-05+02:00", "2009-06-04T22:00:00Z"},
		{"yyyy-MM-ddK", "2009-06-05", "2009-06-05T00:00:00"},
		{"o", "2009-06-05T01:02:03.6175000Z", "2009-06-05T01:02:03.6175Z"},
		{"%d", "7", "0001-01-07T00:00:00"},
	} {
		f, err := readFormat(test.format)
		if err != nil {
			t.Errorf("%s: %v", test.format, err)
			continue
		}
		at, err := f.parse(test.text, styles{})
		layout := "2006-01-02T15:04:05.999999999"
		if at.Location() == time.UTC {
			layout += "Z"
		}
		if got := at.Format(layout); err != nil || got != test.want {
			t.Errorf("%s reads %s as %s (%v), want %s", test.format, test.text, got, err, test.want)
		}
	}
}

func TestFormat_refuses(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{
		"": "the format is empty", "D": "is not supported; write it out", "yyyyyy": "yyyyyy is too long", "ffffffff": "is too long", "yyyy 'x": "has no closing '",
		`yyyy\`: "nothing follows the backslash", "yyyy gg": "eras (g)",
	} {
		if _, err := readFormat(format); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", format, err, want)
		}
	}
	for _, test := range []struct{ format, text, want string }{
		{"yyyy-MM-dd", "2009-6-05", `"6-05" is left where MM is expected`},
		{"yyyy-MM-dd", "2009-06-05T", `"T" is left over`},
		{"yyyy-MM-dd", "2009-02-29", "no such date"},
		{"yyyy-MM-dd", "0000-01-01", "no such date"},
		{"h:mm", "13:00", "13 is no hour of a twelve-hour clock"},
		{"HH:mm", "24:00", "no such date or time"},
		{"MMM", "Jux", "MMM is expected"},
		{"dddd", "Fri", "dddd is expected"},
		{"dddd yyyy-MM-dd", "Monday 2009-06-05", "that day is a Friday, not a Monday"},
		{"tt", "XM", "tt is expected"},
		{"ff", "1", "ff is expected"},
		{"zzz", "+15:00", "zzz is expected"},
		{"zzz", "02:00", "zzz is expected"},
		{"zzz", "+02", "zzz is expected"},
		{"yy", "1", "yy is expected"},
		{"yyyy-MM-ddTHHzzz", "0001-01-01T00+02:00", "outside of the years"},
	} {
		f, err := readFormat(test.format)
		if err != nil {
			t.Errorf("%s: %v", test.format, err)
			continue
		}
		if at, err := f.parse(test.text, styles{}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s reads %s as %v, %v; want %q", test.format, test.text, at, err, test.want)
		}
	}
}
