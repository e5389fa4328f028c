package mapping

import (
	"fmt"
	"strings"
	"time"
)

// evalFormatDateTime reads source by inputFormat and writes it by outputFormat. A time
// with an offset is written in UTC, where the service runs; one without keeps its clock.
func evalFormatDateTime(a arguments) (Value, error) {
	source, err := a.single(0)
	if err != nil {
		return Null(), err
	}
	var parts [3]string
	for i := range parts {
		if parts[i], err = a.text(i + 1); err != nil {
			return Null(), err
		}
	}
	styles, err := readStyles(parts[0])
	if err != nil {
		return Null(), a.fail("%w", err)
	}
	input, err := readFormat(parts[1])
	if err != nil {
		return Null(), a.fail("inputFormat: %w", err)
	}
	output, err := readFormat(parts[2])
	if err != nil {
		return Null(), a.fail("outputFormat: %w", err)
	}
	if source.isEmpty() {
		return Null(), nil
	}
	t, err := input.parse(source.Text(), styles)
	if err != nil {
		return Null(), a.fail("%q does not fit the inputFormat %q: %w", clip(source.Text()), clip(parts[1]), err)
	}
	return String(output.format(t)), nil
}

func checkFormats(c *callNode) error {
	if text, ok := c.constant(1); ok {
		if _, err := readStyles(text); err != nil {
			return c.fail("%w", err)
		}
	}
	for i, name := range []string{"inputFormat", "outputFormat"} {
		if text, ok := c.constant(i + 2); ok {
			if _, err := readFormat(text); err != nil {
				return c.fail("%s: %w", name, err)
			}
		}
	}
	return nil
}

// styles are .NET's DateTimeStyles as far as they matter where the time zone is UTC.
type styles struct{ leading, trailing, inner bool }

// readStyles reads names parted by commas. The default is RoundtripKind,
// AllowLeadingWhite, AllowTrailingWhite.
func readStyles(text string) (styles, error) {
	if strings.TrimSpace(text) == "" {
		return styles{leading: true, trailing: true}, nil
	}
	var s styles
	given := map[string]bool{}
	for _, name := range strings.Split(text, ",") {
		name = strings.TrimPrefix(strings.TrimSpace(name), "DateTimeStyles.")
		switch given[name] = true; name {
		case "AllowLeadingWhite":
			s.leading = true
		case "AllowTrailingWhite":
			s.trailing = true
		case "AllowInnerWhite":
			s.inner = true
		case "AllowWhiteSpaces":
			s = styles{true, true, true}
		case "None", "NoCurrentDateDefault", "AdjustToUniversal", "AssumeLocal", "AssumeUniversal", "RoundtripKind":
		default:
			return s, fmt.Errorf("there is no DateTimeStyles.%s", clip(name))
		}
	}
	if given["AssumeLocal"] && given["AssumeUniversal"] ||
		given["RoundtripKind"] && (given["AssumeLocal"] || given["AssumeUniversal"] || given["AdjustToUniversal"]) {
		return s, fmt.Errorf("the dateTimeStyles %s exclude each other", clip(text))
	}
	return s, nil
}

// format is a .NET date and time format string, taken apart.
type format []piece

// piece is a run of one specifier (yyyy), or literal text when letter is 0.
type piece struct {
	letter  byte
	n       int
	literal string
}

// standardFormats are the one-letter formats that are the same in every culture.
var standardFormats = map[string]string{
	"o": "yyyy-MM-ddTHH:mm:ss.fffffffK", "O": "yyyy-MM-ddTHH:mm:ss.fffffffK",
	"s": "yyyy-MM-ddTHH:mm:ss", "u": "yyyy-MM-dd HH:mm:ssZ",
	"r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'", "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
}

// most is how long the run of a specifier may be.
var most = map[byte]int{'d': 4, 'f': 7, 'F': 7, 'h': 2, 'H': 2, 'K': 1, 'm': 2, 'M': 4, 's': 2, 't': 2, 'y': 5, 'z': 3}

// readFormat reads a custom format string (.NET custom date and time format strings), or
// one of the standard ones above. Names of days and months are English, as in the
// invariant culture. Not supported: eras (g) and the other standard formats.
func readFormat(text string) (format, error) {
	custom := text
	switch {
	case text == "":
		return nil, fmt.Errorf("the format is empty")
	case len(text) == 1:
		standard, ok := standardFormats[text]
		if !ok {
			return nil, fmt.Errorf("the standard format %q is not supported; write it out, as yyyy-MM-dd", clip(text))
		}
		custom = standard
	}
	var f format
	for i := 0; i < len(custom); {
		c := custom[i]
		switch {
		case c == 'g':
			return nil, fmt.Errorf("eras (g) are not supported")
		case most[c] > 0:
			n := 1
			for i+n < len(custom) && custom[i+n] == c {
				n++
			}
			if n > most[c] {
				return nil, fmt.Errorf("%s is too long: at most %d times %c", clip(custom[i:i+n]), most[c], c)
			}
			f, i = append(f, piece{letter: c, n: n}), i+n
		case c == '\'' || c == '"':
			end := strings.IndexByte(custom[i+1:], c)
			if end < 0 {
				return nil, fmt.Errorf("a literal text has no closing %c", c)
			}
			f, i = append(f, piece{literal: custom[i+1 : i+1+end]}), i+end+2
		case c == '\\':
			if i+1 == len(custom) {
				return nil, fmt.Errorf("nothing follows the backslash at the end")
			}
			f, i = append(f, piece{literal: custom[i+1 : i+2]}), i+2
		case c == '%':
			i++ // only makes a single specifier a custom format
		default:
			f, i = append(f, piece{literal: custom[i : i+1]}), i+1
		}
	}
	return f, nil
}

// clock is the hour of a twelve-hour clock.
func clock(t time.Time) int { return (t.Hour()+11)%12 + 1 }
