package mapping

import (
	"encoding/base64"
	"encoding/binary"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"

	"golang.org/x/text/unicode/norm"
)

// Positions and lengths count characters, where .NET counts UTF-16 units: they differ
// for characters beyond the basic plane alone, which .NET may cut in half.

func evalAppend(a arguments) (Value, error) {
	source, err := a.single(0)
	if err != nil {
		return Null(), err
	}
	suffix, err := a.text(1)
	if err != nil || source.IsNull() {
		return Null(), err
	}
	return String(source.Text() + suffix), nil
}

// convertToBase64 encodes UTF-16, low byte first, which .NET calls Unicode.
func convertToBase64(s string) Value {
	var b []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return String(base64.StdEncoding.EncodeToString(b))
}

func convertToUTF8Hex(s string) Value {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(digits[s[i]>>4])
		b.WriteByte(digits[s[i]&15])
	}
	return String(b.String())
}

// evalInStr gives the position of the first hit from start on, counted from 1, and 0
// when there is none. Without a compareType case matters.
func evalInStr(a arguments) (Value, error) {
	text, err := a.text(0)
	if err != nil {
		return Null(), err
	}
	part, err := a.text(1)
	if err != nil {
		return Null(), err
	}
	start, null, err := a.integer(2)
	if err != nil {
		return Null(), err
	}
	if null {
		start = 1
	}
	if start < 1 {
		return Null(), a.fail("start is %d; the first character has the position 1", start)
	}
	compare, err := a.text(3)
	if err != nil {
		return Null(), err
	}
	if compare == "vbTextCompare" {
		text, part = lower(text, false), lower(part, false)
	}
	r := []rune(text)
	if start > int64(len(r)) {
		return String("0"), nil
	}
	rest := string(r[start-1:])
	i := strings.Index(rest, part)
	if i < 0 {
		return String("0"), nil
	}
	return String(strconv.FormatInt(start+int64(len([]rune(rest[:i]))), 10)), nil
}

func checkInStr(c *callNode) error {
	if compare, ok := c.constant(3); ok && compare != "vbTextCompare" && compare != "vbBinaryCompare" {
		return c.fail("compareType is vbTextCompare or vbBinaryCompare, not %s", clip(compare))
	}
	return nil
}

// evalLeft: of null the empty text, of a negative number of characters the whole text.
func evalLeft(a arguments) (Value, error) {
	text, err := a.text(0)
	if err != nil {
		return Null(), err
	}
	n, null, err := a.integer(1)
	switch {
	case err != nil || null:
		return Null(), err
	case n < 0:
		return String(text), nil
	}
	return String(cut(text, 0, n)), nil
}

func evalMid(a arguments) (Value, error) {
	source, err := a.single(0)
	if err != nil {
		return Null(), err
	}
	start, startNull, err := a.integer(1)
	if err != nil {
		return Null(), err
	}
	length, lengthNull, err := a.integer(2)
	switch {
	case err != nil || source.IsNull() || startNull || lengthNull:
		return Null(), err
	case start < 1:
		return Null(), a.fail("start is %d; the first character has the index 1", start)
	case length < 0:
		return Null(), a.fail("length is %d; it cannot be negative", length)
	}
	return String(cut(source.Text(), start-1, length)), nil
}

// cut is at most n characters of s from the position start on.
func cut(s string, start, n int64) string {
	r := []rune(s)
	start = min(start, int64(len(r)))
	return string(r[start : start+min(n, int64(len(r))-start)])
}

// withoutMark are the letters of the page's table that no decomposition takes apart.
var withoutMark = strings.NewReplacer("æ", "ae", "Æ", "AE", "ø", "oe", "Ø", "OE", "œ", "oe", "Œ", "OE", "ß", "ss", "ł", "l", "Ł", "L", "ı", "i")

func normalizeDiacritics(s string) Value {
	bare := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(s))
	return String(withoutMark.Replace(norm.NFC.String(bare)))
}

// evalPCase: without separators as .NET's ToTitleCase takes a text apart, after making
// it lower case; with separators only those part words.
func evalPCase(a arguments) (Value, error) {
	source, err := a.single(0)
	if err != nil {
		return Null(), err
	}
	separators, err := a.text(1)
	if err != nil || source.IsNull() {
		return Null(), err
	}
	begins := func(r, before rune) bool {
		return unicode.IsLetter(r) && (before == 0 || partsWords(before) || !unicode.In(before, unicode.L, unicode.M) && !apostrophe(before))
	}
	if a.given(1) {
		parts := runeSet(separators)
		begins = func(_, before rune) bool { return before == 0 || parts[before] }
	}
	var b strings.Builder
	var before rune
	for _, r := range lower(source.Text(), false) {
		if begins(r, before) {
			r = unicode.ToTitle(r)
		}
		b.WriteRune(r)
		before = r
	}
	return String(b.String()), nil
}

// apostrophe: ToTitleCase does not begin a word after it, O'neil stays one.
func apostrophe(r rune) bool { return r == '\'' }

// partsWords holds the Unicode categories that the page lists.
func partsWords(r rune) bool {
	return !apostrophe(r) && unicode.In(r, unicode.Z, unicode.Cc, unicode.Cf, unicode.P, unicode.S)
}

var cultureName = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?$`)

// culture reads the second argument of ToLower and ToUpper; turkic is whether the
// culture tells the dotted from the dotless i.
func (a arguments) culture() (turkic bool, err error) {
	name, err := a.text(1)
	if err != nil || name == "" {
		return false, err
	}
	if !cultureName.MatchString(name) {
		return false, a.fail("%q is no culture; write one like en-US or tr-TR", clip(name))
	}
	language, _, _ := strings.Cut(strings.ToLower(name), "-")
	return language == "tr" || language == "az", nil
}

func evalToLower(a arguments) (Value, error) { return a.changeCase(lower) }

func evalToUpper(a arguments) (Value, error) { return a.changeCase(upper) }

func (a arguments) changeCase(change func(s string, turkic bool) string) (Value, error) {
	source, err := a.single(0)
	if err != nil {
		return Null(), err
	}
	turkic, err := a.culture()
	if err != nil || source.IsNull() {
		return Null(), err
	}
	return String(change(source.Text(), turkic)), nil
}

// lower and upper map letter by letter like .NET: ß stays ß, and outside of the Turkic
// cultures İ and ı have no partner.
func lower(s string, turkic bool) string {
	if turkic {
		return strings.ToLowerSpecial(unicode.TurkishCase, s)
	}
	return strings.Map(func(r rune) rune {
		if r == 'İ' {
			return r
		}
		return unicode.ToLower(r)
	}, s)
}

func upper(s string, turkic bool) string {
	if turkic {
		return strings.ToUpperSpecial(unicode.TurkishCase, s)
	}
	return strings.Map(func(r rune) rune {
		if r == 'ı' {
			return r
		}
		return unicode.ToUpper(r)
	}, s)
}

// evalWord: words are what stands between delimiters; several in a row part but once.
// Of null, and where there is no such word, the empty text.
func evalWord(a arguments) (Value, error) {
	text, err := a.text(0)
	if err != nil {
		return Null(), err
	}
	n, _, err := a.integer(1)
	if err != nil {
		return Null(), err
	}
	delimiters, err := a.text(2)
	if err != nil {
		return Null(), err
	}
	parts := runeSet(delimiters)
	words := strings.FieldsFunc(text, func(r rune) bool { return parts[r] })
	if n < 1 || n > int64(len(words)) {
		return String(""), nil
	}
	return String(words[n-1]), nil
}

func runeSet(s string) map[rune]bool {
	set := map[rune]bool{}
	for _, r := range s {
		set[r] = true
	}
	return set
}
