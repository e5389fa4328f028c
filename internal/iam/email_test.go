package iam_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rollcall/rollcall/internal/iam"
)

func TestEmailKey(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Ana@Example.COM":              "ana@example.com",
		"a.b+tag@sub.example.org":      "a.b+tag@sub.example.org",
		"o'brien@example.com":          "o'brien@example.com",
		"x@localhost":                  "x@localhost",
		"ana@xn--bcher-kva.example":    "ana@xn--bcher-kva.example",
		"":                             "",
		"ana":                          "",
		"@example.com":                 "",
		"ana@":                         "",
		"a@b@example.com":              "",
		" ana@example.com":             "",
		"ana@example.com\n":            "",
		"an\u00e4@example.com":         "",
		"mi\u212ae@example.com":        "", // the Kelvin sign is no k
		"ana@b\u00fccher.example":      "",
		"ana@exa mple.com":             "",
		"ana@-example.com":             "",
		"ana@example..com":             "",
		".ana@example.com":             "",
		"a..b@example.com":             "",
		`"ana"@example.com`:            "",
		strings.Repeat("a", 65) + "@e": "",
		"a@" + strings.Repeat("e", 64): "",
	} {
		got, ok := iam.EmailKey(in)
		if got != want || ok != (want != "") {
			t.Errorf("EmailKey(%q) = %q, %t; want %q", in, got, ok, want)
		}
	}
}

func TestFold_lowersASCIIOnly(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"ABC-xyz": "abc-xyz", "\u212a\u0130\u017f": "\u212a\u0130\u017f", "ÄÖ": "ÄÖ", "": ""} {
		if got := iam.Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestParseUserName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]iam.UserName{
		"Ana@Example.com": {Answer: "ana@example.com", Key: "ana@example.com", Address: true},
		"ANA":             {Answer: "ANA", Key: "ana"},
		"Ana Müller":      {Answer: "Ana Müller", Key: "ana müller"},
	} {
		got, err := iam.ParseUserName(in)
		if err != nil || got != want {
			t.Errorf("ParseUserName(%q) = %+v, %v; want %+v", in, got, err, want)
		}
	}
	for _, in := range []string{"", " ana", "ana ", "a\x00b", "a\u200db", "a\u2060b", "a\u00a0b", "a\u202eb", "a\ufe0fb", "a\u034fb", "a\u17b4b", "a\u3164b", "a\U000e0100b", strings.Repeat("x", 1025)} {
		if _, err := iam.ParseUserName(in); iam.KindOf(err) != iam.KindInvalid {
			t.Errorf("ParseUserName(%q) gave %v; want an invalid value", in, err)
		}
	}
}

func FuzzEmailKey(f *testing.F) {
	for _, s := range []string{"Ana@Example.com", "a@b", "mi\u212ae@example.com", "a\x00@b", "@", "a@b@c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		key, ok := iam.EmailKey(s)
		if !ok {
			return
		}
		if again, ok := iam.EmailKey(key); !ok || again != key {
			t.Errorf("EmailKey(%q) = %q, and of that %q, %t", s, key, again, ok)
		}
		for i := 0; i < len(key); i++ {
			if key[i] <= ' ' || key[i] >= utf8.RuneSelf || 'A' <= key[i] && key[i] <= 'Z' {
				t.Errorf("EmailKey(%q) = %q has the byte %q", s, key, key[i])
			}
		}
		if len(key) != len(s) {
			t.Errorf("EmailKey(%q) = %q has another length", s, key)
		}
	})
}
