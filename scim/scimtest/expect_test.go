package scimtest

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestDiffers(t *testing.T) {
	t.Parallel()
	got := obj{"a": "x", "n": json.Number("3"), "b": true, "o": obj{"p": "q", "r": "s"},
		"l": list{obj{"type": "work", "value": "1"}, obj{"type": "home", "value": "2"}}}
	for _, tc := range []struct {
		name string
		want obj
		says string // "" = no difference
	}{
		{"nothing wanted", obj{}, ""},
		{"equal", obj{"a": "x", "n": 3, "b": true}, ""},
		{"part of an object", obj{"o": obj{"p": "q"}}, ""},
		{"list in another order", obj{"l": list{obj{"type": "home"}, obj{"type": "work", "value": "1"}}}, ""},
		{"another text", obj{"a": "y"}, `a is "x", want "y"`},
		{"another case", obj{"a": "X"}, `a is "x", want "X"`},
		{"absent", obj{"z": "y"}, `z is absent, want "y"`},
		{"text for a boolean", obj{"b": "true"}, `b is true, want "true"`},
		{"boolean for text", obj{"a": true}, `a is "x", want true`},
		{"another number", obj{"n": 4}, `n is 3, want 4`},
		{"inside", obj{"o": obj{"p": "z"}}, `o.p is "q", want "z"`},
		{"text for an object", obj{"a": obj{"p": "q"}}, `a is "x", want an object`},
		{"object for text", obj{"o": "q"}, `o is {"p":"q","r":"s"}, want "q"`},
		{"list too long", obj{"l": list{obj{"type": "home"}}}, `l has 2 values, want 1: [{"type":"home"}]`},
		{"list with another value", obj{"l": list{obj{"type": "home"}, obj{"type": "work", "value": "2"}}},
			`l is [{"type":"work","value":"1"},{"type":"home","value":"2"}], want a value {"type":"work","value":"2"} in it`},
		{"text for a list", obj{"a": list{"x"}}, `a is "x", want a list`},
		{"empty list for an absent one", obj{"z": list{}}, ""},
	} {
		if says := differs(got, tc.want, ""); says != tc.says {
			t.Errorf("%s: %q, want %q", tc.name, says, tc.says)
		}
	}
}

func TestHide(t *testing.T) {
	t.Parallel()
	r := &run{secrets: secretsOf("key12:s3cret-of-the-key")}
	for in, want := range map[string]string{
		"Bearer key12:s3cret-of-the-key": "Bearer (hidden)",
		"secret s3cret-of-the-key!":      "secret (hidden)!",
		"shorter s3cret-of-the-ke":       "shorter (hidden)",
		"key12 alone is public":          "key12 alone is public",
		`{"password" : "a\"b","x":"y"}`:  `{"password" : "(hidden)","x":"y"}`,
		firstPassword:                    "(hidden)",
	} {
		if got := r.hide(in); got != want {
			t.Errorf("hide(%s) = %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{"Bearer abc": "Bearer (hidden)", "basic abc": "basic (hidden)", "non-token": "(hidden)", "token abc": "(hidden)"} {
		if got := hiddenCredentials(in); got != want {
			t.Errorf("hiddenCredentials(%s) = %s, want %s", in, got, want)
		}
	}
}

func TestShortenTo(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ in, want string }{
		{"12345", "12345"}, {"123456", "12345… (1 bytes more)"}, {"1234é6", "1234… (3 bytes more)"}, {strings.Repeat("é", 4), "éé… (4 bytes more)"},
	} {
		if got := shortenTo(tc.in, 5); got != tc.want {
			t.Errorf("shortenTo(%s) = %s, want %s", tc.in, got, tc.want)
		}
	}
}

func TestFindNull(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		in   any
		want string
	}{
		{obj{"a": "b", "l": list{obj{"c": "d"}}}, ""}, {obj{"a": nil}, "a"}, {obj{"a": obj{"b": nil}}, "a.b"}, {obj{"l": list{obj{"c": nil}}}, "l.c"}, {obj{"l": list{nil}}, "l"},
	} {
		if got := findNull(tc.in, ""); got != tc.want {
			t.Errorf("findNull(%v) = %q, want %q", tc.in, got, tc.want)
		}
	}
}
