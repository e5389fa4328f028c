package scim

import (
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Case is ignored in the ASCII range only, everywhere in this package: with
// Unicode folding the Kelvin sign equals k and the long s equals s, and one
// address could pass for another.

// asciiLower returns s with A-Z lower-cased.
func asciiLower(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= 'A' && c <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if c := b[i]; c >= 'A' && c <= 'Z' {
					b[i] = c + 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

// asciiEqual reports whether a and b are equal when ASCII case is ignored.
func asciiEqual(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		if lowerByte(a[i]) != lowerByte(b[i]) {
			return false
		}
	}
	return true
}

func lowerByte(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// asciiHasPrefix reports whether s begins with prefix when ASCII case is ignored.
func asciiHasPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && asciiEqual(s[:len(prefix)], prefix)
}

// get returns the member of o whose name equals key but for ASCII case.
func get(o Object, key string) (any, bool) {
	if v, ok := o[key]; ok {
		return v, true
	}
	for k, v := range o {
		if asciiEqual(k, key) {
			return v, true
		}
	}
	return nil, false
}

// sortedKeys returns the names of o in order, for results and messages that do
// not depend on chance.
func sortedKeys(o Object) []string { return slices.Sorted(maps.Keys(o)) }

// maxEcho is how much of a client's input an error repeats.
const maxEcho = 200

// clip shortens text from a client to maxEcho bytes, on a character boundary.
func clip(s string) string {
	if len(s) <= maxEcho {
		return s
	}
	n := maxEcho
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// quote returns text from a client in double quotes, control characters
// escaped, shortened to maxEcho bytes.
func quote(s string) string { return strconv.Quote(clip(s)) }

// keySet finds names that are equal but for ASCII case. Objects are small: an
// array serves up to 16 names, a map beyond.
type keySet struct {
	few  [16]string
	n    int
	many map[string]string
}

// add returns the equal name met before, if there is one.
func (s *keySet) add(key string) (other string, dup bool) {
	if s.many == nil {
		for _, k := range s.few[:s.n] {
			if asciiEqual(k, key) {
				return k, true
			}
		}
		if s.n < len(s.few) {
			s.few[s.n] = key
			s.n++
			return "", false
		}
		s.many = make(map[string]string, 2*len(s.few))
		for _, k := range s.few {
			s.many[asciiLower(k)] = k
		}
	}
	folded := asciiLower(key)
	if k, ok := s.many[folded]; ok {
		return k, true
	}
	s.many[folded] = key
	return "", false
}

// pathOf names an attribute of a schema, for a message; urn is "" for the base
// schema.
func pathOf(urn, name string) string {
	if urn == "" {
		return name
	}
	return urn + ":" + name
}
