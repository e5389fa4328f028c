package e2e

import "testing"

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, want string
		fits       []string // answers that match; "" is a missing member
		misses     []string // near misses that must not
	}{
		{"text", `"a"`, []string{`"a"`}, []string{`"A"`, `"a "`, `""`, `null`, `["a"]`, ``}},
		{"text is no number", `"204"`, []string{`"204"`}, []string{`204`}},
		{"number", `1`, []string{`1`}, []string{`"1"`, `1.0`, `1e0`, `true`, `2`, `[1]`, ``}},
		{"boolean", `false`, []string{`false`}, []string{`true`, `"false"`, `"False"`, `0`, `null`, ``}},
		{"null", `null`, []string{`null`}, []string{`""`, `{}`, `[]`, `false`, ``}},
		{"object", `{"a":1,"b":{"c":"x"}}`, []string{`{"a":1,"b":{"c":"x","d":2},"e":3}`},
			[]string{`{"a":1}`, `{"a":1,"b":{"c":"y"}}`, `{"a":1,"b":{}}`, `{"A":1,"b":{"c":"x"}}`, `{"a":1,"b":[{"c":"x"}]}`, `[{"a":1,"b":{"c":"x"}}]`, ``}},
		{"empty object", `{}`, []string{`{}`, `{"a":1}`}, []string{`[]`, `null`, `""`, ``}},
		{"array in any order", `["a","b"]`, []string{`["a","b"]`, `["b","a"]`}, []string{`["a"]`, `["a","b","b"]`, `["a","a"]`, `["a","c"]`, `"a"`, ``}},
		{"array needs an element for each", `[{"a":1},{}]`, []string{`[{"a":1},{"a":2}]`, `[{"a":2},{"a":1}]`, `[{"a":1},{"a":1}]`}, []string{`[{"a":2},{"a":3}]`}},
		{"array where the first choice is wrong", `[{},{"a":1}]`, []string{`[{"a":1},{"b":1}]`, `[{"b":1},{"a":1}]`}, []string{`[{"b":1},{"b":2}]`}},
		{"array with three claims", `[{"a":1},{"b":1},{"a":1,"b":1}]`, []string{`[{"a":1,"b":1},{"a":1,"b":1},{"a":1,"b":1}]`, `[{"a":1,"b":1},{"a":1},{"b":1}]`}, []string{`[{"a":1,"b":1},{"a":1},{"a":1}]`}},
		{"empty array", `[]`, []string{`[]`}, []string{`["a"]`, `null`, `{}`, ``}},
		{"absent", `{"a":{"$absent":true}}`, []string{`{}`, `{"b":1}`}, []string{`{"a":null}`, `{"a":[]}`, `{"a":""}`, `{"a":{}}`}},
		{"any", `{"a":{"$any":true}}`, []string{`{"a":1}`, `{"a":""}`, `{"a":[]}`, `{"a":false}`}, []string{`{}`, `{"a":null}`}},
		{"empty", `{"a":{"$empty":true}}`, []string{`{}`, `{"a":""}`, `{"a":[]}`, `{"a":{}}`}, []string{`{"a":null}`, `{"a":" "}`, `{"a":[""]}`, `{"a":false}`, `{"a":0}`}},
		{"not", `{"a":{"$not":"x"}}`, []string{`{"a":"y"}`, `{"a":1}`}, []string{`{"a":"x"}`, `{}`}},
		{"exact", `{"$exact":["a",{"b":1}]}`, []string{`["a",{"b":1,"c":2}]`}, []string{`[{"b":1},"a"]`, `["a"]`, `["a",{"b":1},"c"]`, `"a"`, ``}},
		{"exact and empty", `{"$exact":[]}`, []string{`[]`}, []string{`["a"]`, `{}`, ``}},
		{"contains elements", `{"$contains":["a",{"b":1}]}`, []string{`["c",{"b":1},"a"]`}, []string{`["a"]`, `["a",{"b":2}]`, `[]`, `"a"`, ``}},
		{"contains the same twice", `{"$contains":["a","a"]}`, []string{`["a","b","a"]`}, []string{`["a","b"]`}},
		{"contains text", `{"$contains":"not recognised"}`, []string{`"displayName not recognised: X"`}, []string{`"not  recognised"`, `["not recognised"]`, `1`, ``}},
		{"lacks", `{"a":{"$lacks":{"v":"x"}}}`, []string{`{}`, `{"a":[]}`, `{"a":[{"v":"y"},{"w":"x"}]}`}, []string{`{"a":[{"v":"y"},{"v":"x","w":1}]}`, `{"a":"x"}`, `{"a":null}`}},
		{"length", `{"$length":2}`, []string{`[1,2]`}, []string{`[1]`, `[1,2,3]`, `[]`, `"ab"`, `2`, ``}},
		{"integer", `{"$integer":true}`, []string{`0`, `12`, `-1`}, []string{`"1"`, `1.0`, `1e3`, `true`, `null`, ``}},
		{"min", `{"$min":3}`, []string{`3`, `4`}, []string{`2`, `"3"`, `3.5`, ``}},
		{"matches", `{"$matches":"^2[0-9]{3}-.*Z$"}`, []string{`"2026-11-23T10:00:00Z"`}, []string{`"2026-11-23T10:00:00"`, `2026`, ``}},
		{"one of", `{"$oneOf":["a",{"$absent":true}]}`, []string{`"a"`, ``}, []string{`"b"`, `null`, `[]`}},
		{"all conditions", `{"$contains":["a"],"$length":2}`, []string{`["a","b"]`}, []string{`["a"]`, `["b","c"]`}},
		{"a member called $ref", `{"$ref":"x"}`, []string{`{"$ref":"x","value":"1"}`}, []string{`{"$ref":"y"}`, `{}`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			want := mustDecode(t, c.want)
			if err := checkPattern(want, "body"); err != nil {
				t.Fatalf("pattern %s: %v", c.want, err)
			}
			for _, text := range c.fits {
				if err := match(want, mustDecode(t, text), "body"); err != nil {
					t.Errorf("%s against %s: %v", text, c.want, err)
				}
			}
			for _, text := range c.misses {
				if match(want, mustDecode(t, text), "body") == nil {
					t.Errorf("%s matches %s", text, c.want)
				}
			}
		})
	}
}

// mustDecode reads a JSON value; the empty text is a member that is not there.
func mustDecode(t *testing.T, text string) any {
	t.Helper()
	if text == "" {
		return absent{}
	}
	v, err := decode([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func TestMatch_namesThePlace(t *testing.T) {
	t.Parallel()
	err := match(mustDecode(t, `{"name":{"givenName":"Ada"}}`), mustDecode(t, `{"name":{"givenName":"Eve"}}`), "body")
	if want := `body.name.givenName: want "Ada", got "Eve"`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestCheckPattern_refuses(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{
		`{"$nothing":true}`, `{"a":[{"b":{"$nothing":true}}]}`, `{"$absent":false}`, `{"$absent":"true"}`, `{"$any":1}`, `{"$empty":false}`,
		`{"$integer":false}`, `{"$exact":"a"}`, `{"$oneOf":{}}`, `{"$contains":""}`, `{"$contains":1}`, `{"$length":"2"}`, `{"$length":1.5}`,
		`{"$min":null}`, `{"$matches":"("}`, `{"$matches":1}`, `{"$any":true,"a":1}`, `{"$any":true,"$ref":"x"}`, `{"$not":{"$nothing":true}}`,
	} {
		if err := checkPattern(mustDecode(t, pattern), "body"); err == nil {
			t.Errorf("%s was accepted", pattern)
		}
	}
}

func TestMatchHeader(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, value string
		want           bool
	}{
		{"*", "x", true},
		{"*", "", false},
		{"", "", true},
		{"", "x", false},
		{"application/scim+json*", "application/scim+json; charset=utf-8", true},
		{"application/scim+json*", "application/scim+json", true},
		{"application/scim+json*", "application/json", false},
		{"application/scim+json*", "text/application/scim+json", false},
		{"application/*json*", "application/scim+json", true},
		{"application/*json*", "text/json", false},
		{`W/"1"`, `W/"1"`, true},
		{`W/"1"`, `W/"11"`, false},
		{"a.c", "abc", false},
	} {
		if got := matchHeader(c.pattern, c.value); got != c.want {
			t.Errorf("matchHeader(%q, %q) = %v", c.pattern, c.value, got)
		}
	}
}
