package iam

import (
	"strings"
	"unicode"
)

// Fold lowers A-Z and nothing else. Unicode folding would make two people one:
// strings.ToLower turns the Kelvin sign into "k", so "mi\u212Ae" would become
// "mike" (S9).
func Fold(s string) string {
	for i := 0; i < len(s); i++ {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

// maxAddressBytes is the longest address that can be delivered (RFC 5321
// section 4.5.3.1.3, less the angle brackets).
const maxAddressBytes = 254

// EmailKey is the one form under which an address is compared and kept unique:
// ASCII, A-Z lowered, nothing trimmed (D6). ok is false when s is no address:
// not one "@" with both sides filled, a character that is not printable ASCII, a
// blank, a domain that is no domain. Internationalized domains come as A-labels.
func EmailKey(s string) (key string, ok bool) {
	if len(s) > maxAddressBytes {
		return "", false
	}
	at := -1
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c <= ' ' || c >= 0x7F:
			return "", false
		case strings.IndexByte(`"(),:;<>[\]`, c) >= 0:
			return "", false
		case c == '@':
			if at >= 0 {
				return "", false
			}
			at = i
		}
	}
	if at < 1 || at > 64 || !validLocalPart(s[:at]) {
		return "", false
	}
	if _, ok := DomainKey(s[at+1:]); !ok {
		return "", false
	}
	return Fold(s), true
}

func validLocalPart(s string) bool {
	return s[0] != '.' && s[len(s)-1] != '.' && !strings.Contains(s, "..")
}

// DomainKey folds a domain name; ok is false when it is none: letters, digits
// and hyphens in dotted labels of at most 63 characters.
func DomainKey(s string) (key string, ok bool) {
	if len(s) == 0 || len(s) > 253 {
		return "", false
	}
	for label := range strings.SplitSeq(s, ".") {
		if len(label) == 0 || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return "", false
		}
		for i := 0; i < len(label); i++ {
			c := label[i]
			letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
			if !letter && !('0' <= c && c <= '9') && c != '-' {
				return "", false
			}
		}
	}
	return Fold(s), true
}

// DomainOf returns the domain of an e-mail key, or "" when there is none.
func DomainOf(emailKey string) string {
	at := strings.LastIndexByte(emailKey, '@')
	if at < 0 {
		return ""
	}
	return emailKey[at+1:]
}

// UserName is a SCIM userName, ready to store.
type UserName struct {
	Answer  string // as SCIM answers it: an address in lower case, any other name as sent
	Key     string // what is unique in the organization and looked up, ASCII case ignored
	Address bool   // whether it is an e-mail address, and so the sign-in address (D5)
}

// ParseUserName applies D6: control and zero-width characters and white space at
// either end are refused in any userName; an address is answered in lower case.
func ParseUserName(s string) (UserName, error) {
	if err := CheckName("userName", s); err != nil {
		return UserName{}, err.On("userName")
	}
	if r, bad := hiddenRune(s); bad {
		return UserName{}, Errorf(KindInvalid, "userName %q contains the invisible character U+%04X; remove it", Clip(s), r).On("userName")
	}
	if key, ok := EmailKey(s); ok {
		return UserName{Answer: key, Key: key, Address: true}, nil
	}
	return UserName{Answer: s, Key: Fold(s)}, nil
}

// LookupKey is the key under which a userName in a filter is looked up; it
// refuses nothing, because what cannot be stored is simply not found.
func LookupKey(userName string) string { return Fold(userName) }

// hiddenRune finds a character that a reader cannot see, and that would so let
// one name pass for another: controls, formats such as zero-width joiners and
// direction marks, line and paragraph separators, exotic blanks, variation
// selectors, fillers, and the replacement character that stands for broken text.
func hiddenRune(s string) (rune, bool) {
	for _, r := range s {
		if r < 0x7F && r >= ' ' {
			continue
		}
		switch {
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r),
			unicode.Is(unicode.Co, r), unicode.Is(unicode.Variation_Selector, r),
			unicode.Is(unicode.Zs, r), unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r), r == unicode.ReplacementChar:
			return r, true
		}
	}
	return 0, false
}
