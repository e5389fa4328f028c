package housekeeping

import (
	"bytes"
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
)

// keyAndSecret finds a SCIM key with its secret, however a client, a browser or a
// proxy may have written the colon, and the same pair in base64 as HTTP Basic
// carries it. Letters match in any case, because addresses are folded.
var keyAndSecret = regexp.MustCompile(`(?i)scim(?:_|%5f|%255f)[a-z0-9]{4,}(?::|%3a|%253a|&#58;|\\u003a)(?:[a-z0-9_\-]|%5f|%255f|%2d|%252d){8,}|c2NpbV[89][a-z0-9+/_\-]{40,}={0,2}`)

// MaskText replaces whatever looks like a SCIM key with its secret by "(hidden)".
// A key without a secret stays: it is public (D12).
func MaskText(s string) string {
	if !mayHoldSecret([]byte(s)) {
		return s
	}
	return keyAndSecret.ReplaceAllLiteralString(s, Hidden)
}

// Hide takes secret, and whatever else looks like a SCIM key with its secret, out
// of a text; also where the text was clipped in the middle of it. secret may be "".
func Hide(text, secret string) string {
	if secret != "" {
		text = strings.ReplaceAll(text, secret, Hidden)
		if strings.Contains(text, clipped) {
			for n := len(secret) - 1; n >= shortestPart; n-- {
				text = strings.ReplaceAll(text, secret[:n]+clipped, Hidden+clipped)
			}
		}
	}
	return MaskText(text)
}

// shortestPart is how much of a secret has to be seen for it to be hidden.
const shortestPart = 6

// clipped ends every text that was cut short.
const clipped = "…"

// A key and its secret as Rollcall makes them, to the letter, also when they were
// escaped for a URL, and in the base64 of HTTP Basic.
var (
	exactPair  = regexp.MustCompile(`(?i)scim(?:_|%5f)[a-z2-7]{20}(?::|%3a)(?:[a-z0-9_\-]|%5f|%2d){43}`)
	base64Pair = regexp.MustCompile(`c2NpbV[89][A-Za-z0-9+/]{85}`) // 69 bytes
)

// HoldsSecret tells whether text holds a SCIM key with its secret, in the form
// that Rollcall makes them and not only something that looks like it. It costs next
// to nothing on a text that does not speak of keys.
func HoldsSecret(text []byte) bool {
	if !mayHoldSecret(text) {
		return false
	}
	if exactPair.Match(text) {
		return true
	}
	for _, coded := range base64Pair.FindAll(text, -1) {
		if plain, err := base64.StdEncoding.DecodeString(string(coded)); err == nil && exactPair.Match(plain) {
			return true
		}
	}
	return false
}

// marks are what a text must have before the expressions look at it: nearly none
// does, and nearly every SCIM body has the bare word scim in its URNs.
var marks = [...]string{"scim_", "SCIM_", "Scim_", "scim%", "SCIM%", "c2Npb"}

func mayHoldSecret(text []byte) bool {
	for _, mark := range marks {
		if bytes.Contains(text, []byte(mark)) {
			return true
		}
	}
	return false
}

// maxLoggedTarget bounds the path and query that are kept: a filter may have
// 16 KiB.
const maxLoggedTarget = 4 << 10

// maskTarget returns a path and its query as the log keeps them: without what
// looks like a SCIM key and secret, and without a query that compares a
// sensitive attribute with something or hides a secret behind escapes.
func maskTarget(target string) string {
	path, query, has := strings.Cut(target, "?")
	plain := unescape(unescape(target))
	switch {
	case plain != target && MaskText(plain) != plain: // escapes may cut the pattern short
		if p := unescape(unescape(path)); MaskText(p) != p {
			path = Hidden
		}
		if has {
			query = Hidden
		}
	case has && isSensitive(unescape(unescape(query))):
		query = hideSensitivePairs(query)
	}
	if has {
		path += "?" + query
	}
	return clip(MaskText(path), maxLoggedTarget)
}

// hideSensitivePairs hides the value of each parameter that has a sensitive name
// or whose value speaks of a sensitive attribute and compares it.
func hideSensitivePairs(query string) string {
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		plain := unescape(unescape(value))
		if isSensitive(unescape(name)) || isSensitive(plain) && strings.ContainsAny(plain, " \"+") {
			pairs[i] = name + "=" + Hidden
		}
	}
	return strings.Join(pairs, "&")
}

func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// clip shortens s to at most n bytes, cut between runes.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n] + clipped
}
