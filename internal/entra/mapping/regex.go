package mapping

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
)

// Patterns are written for .NET and run on RE2, which takes time in proportion to the
// text whatever the pattern. \d, \w and \s mean what they mean in .NET, of all scripts.
// What RE2 has not is refused: look-around, back references, atomic groups, possessive
// quantifiers, conditions, comments, balancing groups, subtraction in classes, \Z and \G.
// What differs silently, and is listed in docs/entra-stand-in.md: $ does not match before
// a line feed at the end, \b knows ASCII words alone, and an empty match directly behind
// another match is not found.

// The classes of .NET's shorthands (.NET docs, character classes in regular expressions).
const (
	wordClass  = `\p{L}\p{Mn}\p{Nd}\p{Pc}`
	spaceClass = `\f\n\r\t\v\x{85}\p{Z}`
)

// pattern is a compiled pattern; its size is what a step over the text may cost at most.
type pattern struct {
	*regexp.Regexp
	size int
}

// maxMatching bounds the steps that the patterns of one evaluation may take: the sum of
// their sizes times the bytes they run over. It is about two seconds of work.
const maxMatching = 200_000_000

// compile brings a .NET pattern into RE2's form. The error is written for the admin.
func compile(text string) (*pattern, error) {
	form, err := translate(text)
	if err != nil {
		return nil, err
	}
	re, err := regexp.Compile(form)
	if err != nil {
		return nil, patternError(text, err)
	}
	parsed, err := syntax.Parse(form, syntax.Perl)
	if err != nil {
		return nil, patternError(text, err)
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, patternError(text, err)
	}
	return &pattern{re, len(program.Inst)}, nil
}

// translate writes a .NET pattern as RE2 reads it.
func translate(pattern string) (string, error) {
	var b strings.Builder
	class := false // inside [ ]
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch {
		case c == '\\':
			n, err := escape(&b, pattern[i:], class)
			if err != nil {
				return "", err
			}
			i += n - 1
			continue
		case class && c == '-' && strings.HasPrefix(pattern[i+1:], "["):
			return "", fmt.Errorf("the pattern %q subtracts one class from another, which is not supported here", clip(pattern))
		case class && c == '[':
			b.WriteString(`\[`) // .NET has no [:alpha:]
			continue
		case class && c == ']':
			class = false
		case !class && c == '[':
			class = true
			b.WriteByte(c)
			if strings.HasPrefix(pattern[i+1:], "^") {
				b.WriteByte('^')
				i++
			}
			if strings.HasPrefix(pattern[i+1:], "]") {
				b.WriteString(`\]`)
				i++
			}
			continue
		case !class && c == '(':
			if err := plainGroup(pattern[i:]); err != nil {
				return "", err
			}
		}
		b.WriteByte(c)
	}
	return b.String(), nil
}

// escape writes what begins with the backslash of s, and tells how many bytes that was.
func escape(b *strings.Builder, s string, class bool) (n int, err error) {
	if len(s) < 2 {
		return 0, fmt.Errorf("the pattern ends with a backslash")
	}
	set := func(inner string, negated bool) {
		switch {
		case class:
			b.WriteString(inner)
		case negated:
			b.WriteString("[^" + inner + "]")
		default:
			b.WriteString("[" + inner + "]")
		}
	}
	switch s[1] {
	case 'd':
		b.WriteString(`\p{Nd}`)
	case 'D':
		b.WriteString(`\P{Nd}`)
	case 'w':
		set(wordClass, false)
	case 's':
		set(spaceClass, false)
	case 'W', 'S':
		if class {
			return 0, fmt.Errorf(`\%c inside of [ ] is not supported here`, s[1])
		}
		set(map[byte]string{'W': wordClass, 'S': spaceClass}[s[1]], true)
	case 'e':
		b.WriteString(`\x1B`)
	case 'u':
		if len(s) < 6 {
			return 0, fmt.Errorf(`\u needs four hexadecimal digits`)
		}
		if _, err := strconv.ParseUint(s[2:6], 16, 16); err != nil {
			return 0, fmt.Errorf(`\u needs four hexadecimal digits, not %q`, clip(s[2:6]))
		}
		b.WriteString(`\x{` + s[2:6] + "}")
		return 6, nil
	case 'b':
		if class {
			b.WriteString(`\x08`) // a backspace
			break
		}
		b.WriteString(`\b`)
	case 'Q', 'E', 'C': // RE2 gives them a meaning that .NET has not
		return 0, fmt.Errorf(`the pattern has an unknown escape \%c`, s[1])
	default:
		b.WriteString(s[:2])
	}
	return 2, nil
}

// plainGroup refuses what (? begins in .NET but not in RE2.
func plainGroup(s string) error {
	for prefix, what := range map[string]string{
		"(?=": "look-ahead", "(?!": "look-ahead", "(?<=": "look-behind", "(?<!": "look-behind",
		"(?>": "atomic groups", "(?(": "conditions", "(?#": "comments", "(?'": "groups named in apostrophes",
	} {
		if strings.HasPrefix(s, prefix) {
			return fmt.Errorf("the pattern uses %s (%s), which is not supported here", what, prefix)
		}
	}
	return nil
}

func patternError(pattern string, err error) error {
	reason := err.Error()
	if e, ok := err.(*syntax.Error); ok { //nolint:errorlint // regexp documents this very type
		reason = e.Code.String() + ": " + e.Expr
	}
	return fmt.Errorf("the pattern %q cannot be used: %s", clip(pattern), clip(reason))
}

// groupNumbers are the numbers that .NET gives to the groups, by their place in re: the
// nameless ones first, then the named ones (.NET docs, grouping constructs).
func groupNumbers(re *pattern) []int {
	names := re.SubexpNames()
	order := []int{0}
	for _, named := range []bool{false, true} {
		for i := 1; i < len(names); i++ {
			if (names[i] != "") == named {
				order = append(order, i)
			}
		}
	}
	return order
}

// groupIndex is the place in re of a group, by its name or .NET's number; -1 when there
// is none.
func groupIndex(re *pattern, name string) int {
	if i := slices.Index(re.SubexpNames()[1:], name); i >= 0 && name != "" {
		return i + 1
	}
	numbers := groupNumbers(re)
	if n, err := strconv.Atoi(name); err == nil && n >= 0 && n < len(numbers) {
		return numbers[n]
	}
	return -1
}

// substitute expands $1, ${name}, $$, $&, $`, $', $+ and $_ (.NET docs, substitutions in
// regular expressions). A $ before anything else stands for itself.
func substitute(re *pattern, text string, m []int, replacement string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(replacement, "$")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		by, rest, ok := substitution(re, text, m, after)
		if !ok {
			b.WriteByte('$')
			rest = after
		}
		b.WriteString(by)
		replacement = rest
	}
}

func substitution(re *pattern, text string, m []int, after string) (by, rest string, ok bool) {
	if after == "" {
		return "", "", false
	}
	group := func(i int) string {
		if i < 0 || m[2*i] < 0 {
			return ""
		}
		return text[m[2*i]:m[2*i+1]]
	}
	switch rest = after[1:]; after[0] {
	case '$':
		return "$", rest, true
	case '&':
		return group(0), rest, true
	case '`':
		return text[:m[0]], rest, true
	case '\'':
		return text[m[1]:], rest, true
	case '_':
		return text, rest, true
	case '+':
		numbers := groupNumbers(re)
		return group(numbers[len(numbers)-1]), rest, true
	case '{':
		name, rest, closed := strings.Cut(rest, "}")
		if i := groupIndex(re, name); closed && i >= 0 {
			return group(i), rest, true
		}
		return "", after, false
	}
	n := 0
	for n < len(after) && n < 4 && '0' <= after[n] && after[n] <= '9' {
		n++
	}
	if n == 0 {
		return "", after, false
	}
	if i := groupIndex(re, after[:n]); i >= 0 {
		return group(i), after[n:], true
	}
	return "", after, false
}
