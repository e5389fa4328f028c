package scim_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/scim"
)

func TestDecode_values(t *testing.T) {
	t.Parallel()
	got := mustDecode(t, ` {"s":"a","t":true,"f":false,"n":null,"i":-12.50e+3,"z":0,"l":[1,"x",[],{}],"o":{"k":"v"}} `+"\r\n\t")
	want := scim.Object{
		"s": "a", "t": true, "f": false, "n": nil, "i": json.Number("-12.50e+3"), "z": json.Number("0"),
		"l": []any{json.Number("1"), "x", []any{}, scim.Object{}}, "o": scim.Object{"k": "v"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v\nwant %#v", got, want)
	}
}

func TestDecode_strings(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{`""`, ""},
		{`"plain é 日本 😀"`, "plain é 日本 😀"},
		{`"\"\\\/\b\f\n\r\t"`, "\"\\/\b\f\n\r\t"},
		{`"\u0041\u00e9\u20AC"`, "Aé€"},
		{`"\ud83d\uDE00"`, "😀"},
		{`"a\u0001b"`, "a\x01b"},
		{`"\ufffd"`, "\ufffd"},
		{"\"\ufffd\"", "\ufffd"},
	}
	for _, tt := range tests {
		if got := mustDecode(t, `{"k":`+tt.in+`}`)["k"]; got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestDecode_refused(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"empty", "", "the body is empty"},
		{"blanks", " \n", "the body is empty"},
		{"list", `[]`, "must be a JSON object, found '['"},
		{"text", `"x"`, "must be a JSON object"},
		{"byte order mark", "\ufeff{}", "must be a JSON object"},
		{"trailing object", `{} {}`, "nothing may follow"},
		{"trailing byte", "{}\x00", "nothing may follow"},
		{"unclosed", `{"a":1`, "a comma or } is expected after the value of \"a\", found the end"},
		{"no colon", `{"a" 1}`, "a colon is expected"},
		{"no value", `{"a":}`, "a value is expected, found '}'"},
		{"value missing at end", `{"a":`, "found the end of the body"},
		{"trailing comma", `{"a":1,}`, "a member name in double quotes is expected"},
		{"trailing comma in list", `{"a":[1,]}`, "a value is expected"},
		{"unclosed list", `{"a":[1`, "a comma or ] is expected"},
		{"single quotes", `{'a':1}`, "a member name in double quotes"},
		{"leading zero", `{"a":01}`, "a comma or }"},
		{"bare minus", `{"a":-}`, "not a JSON number"},
		{"bare point", `{"a":1.}`, "not a JSON number"},
		{"bare exponent", `{"a":1e}`, "not a JSON number"},
		{"plus", `{"a":+1}`, "a value is expected"},
		{"word", `{"a":True}`, "a value is expected"},
		{"NaN", `{"a":NaN}`, "a value is expected"},
		{"duplicate", `{"userName":"a","userName":"b"}`, `"userName" stands twice`},
		{"duplicate by case", `{"userName":"a","USERNAME":"b"}`, `"userName" and "USERNAME" of one object differ only in case`},
		{"duplicate inside", `{"l":[{"a":1},{"b":{"c":1,"C":2}}]}`, `"c" and "C"`},
		{"duplicate by escape", `{"a":1,"\u0061":2}`, `"a" stands twice`},
		{"NUL escaped", `{"a":"x\u0000"}`, "U+0000"},
		{"NUL in name", `{"\u0000":1}`, "U+0000"},
		{"raw NUL", "{\"a\":\"x\x00\"}", "control character"},
		{"raw newline", "{\"a\":\"x\ny\"}", "control character"},
		{"lone high", `{"a":"\ud83d"}`, "surrogate"},
		{"lone low", `{"a":"\ude00"}`, "surrogate"},
		{"two highs", `{"a":"\ud83d\ud83d"}`, "surrogate"},
		{"high and text", `{"a":"\ud83dxxxxxx"}`, "surrogate"},
		{"bad escape", `{"a":"\x41"}`, "escape"},
		{"short escape", `{"a":"\u12"}`, "four hexadecimal"},
		{"escape at end", `{"a":"\`, "no closing quote"},
		{"unclosed string", `{"a":"x`, "no closing quote"},
		{"invalid UTF-8", "{\"a\":\"x\xff\"}", "not valid UTF-8"},
		{"invalid UTF-8 beside an escape", "{\"a\":\"\\n\xc3\"}", "not valid UTF-8"},
		{"UTF-8 surrogate", "{\"a\":\"\xed\xa0\x80\"}", "not valid UTF-8"},
		{"overlong UTF-8", "{\"a\":\"\xc0\x80\"}", "not valid UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := scim.Decode([]byte(tt.in))
			wantError(t, err, 400, scim.InvalidSyntax, tt.want)
		})
	}
}

func TestDecode_depth(t *testing.T) {
	t.Parallel()
	nested := func(open, close string, n int) string {
		return `{"a":` + strings.Repeat(open, n) + `1` + strings.Repeat(close, n) + `}`
	}
	for _, form := range [][2]string{{"[", "]"}, {`{"a":`, "}"}} {
		if _, err := scim.Decode([]byte(nested(form[0], form[1], scim.MaxDepth-1))); err != nil {
			t.Errorf("%d levels of %s: %v", scim.MaxDepth, form[0], err)
		}
		_, err := scim.Decode([]byte(nested(form[0], form[1], scim.MaxDepth)))
		wantError(t, err, 400, scim.InvalidSyntax, "nested deeper than 32")
		_, err = scim.Decode([]byte(`{"a":` + strings.Repeat(form[0], 1_000_000)))
		wantError(t, err, 400, scim.InvalidSyntax, "nested deeper than 32")
	}
}

// Only ASCII case makes names equal: the Kelvin sign is not k, the long s not s.
func TestDecode_keysFoldASCIIOnly(t *testing.T) {
	t.Parallel()
	o := mustDecode(t, "{\"k\":1,\"\u212a\":2,\"s\":3,\"\u017f\":4,\"é\":5,\"É\":6}")
	if len(o) != 6 {
		t.Errorf("got %d members, want 6", len(o))
	}
}

func TestDecode_manyKeys(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`{"First":0`)
	for i := range 100 {
		fmt.Fprintf(&b, `,"k%d":%d`, i, i)
	}
	if o := mustDecode(t, b.String()+`}`); len(o) != 101 {
		t.Errorf("got %d members, want 101", len(o))
	}
	for _, dup := range []string{"fIRST", "K7", "k99"} {
		_, err := scim.Decode([]byte(b.String() + `,"` + dup + `":1}`))
		wantError(t, err, 400, scim.InvalidSyntax, dup)
	}
}

// Errors repeat at most 200 characters of what was sent.
func TestDecode_errorsAreShort(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 5000)
	_, err := scim.Decode([]byte(`{"` + long + `":1,"` + long + `":2}`))
	wantError(t, err, 400, scim.InvalidSyntax, "stands twice")
	if n := len(err.Error()); n > 400 {
		t.Errorf("the error has %d bytes: %s", n, err)
	}
}

func TestEncode_canonical(t *testing.T) {
	t.Parallel()
	got := string(scim.Encode(scim.Object{
		"b": []any{true, nil, json.Number("1.50"), "<&>\u2028"}, "a": scim.Object{}, "B": "\"\\\b\f\n\r\t\x01\x7fé\xff",
		"n": 7, "m": int64(-8), "l": []string{"x"}, "o": []scim.Object{{"k": "v"}}, "g": map[string]any{"z": 1.5},
	}))
	want := `{"B":"\"\\\b\f\n\r\t\u0001` + "\x7fé\ufffd" + `","a":{},"b":[true,null,1.50,"<&>` + "\u2028" + `"],"g":{"z":1.5},"l":["x"],"m":-8,"n":7,"o":[{"k":"v"}]}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := string(scim.Encode(nil)); got != "null" {
		t.Errorf("Encode(nil) = %s, want null", got)
	}
	if got := string(scim.Encode(scim.Object{"c": make(chan int)})); got != `{"c":null}` {
		t.Errorf("a value that JSON does not have: got %s", got)
	}
}

// What Encode writes, the standard library reads to the same values.
func TestEncode_agreesWithStandardLibrary(t *testing.T) {
	t.Parallel()
	in := `{"z":[1,2.5e3,"a\u0007é😀"],"a":{"y":null,"x":true}}`
	var mine, theirs any
	if err := json.Unmarshal(scim.Encode(mustDecode(t, in)), &mine); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(in), &theirs); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(mine, theirs) {
		t.Errorf("got %v, want %v", mine, theirs)
	}
}

func TestObject_Clone(t *testing.T) {
	t.Parallel()
	o := mustDecode(t, `{"name":{"givenName":"A"},"emails":[{"value":"a"}],"l":[["x"]]}`)
	o["m"] = map[string]any{"k": "v"}
	before := string(scim.Encode(o))
	c := o.Clone()
	c["name"].(scim.Object)["givenName"] = "B"
	c["emails"].([]any)[0].(scim.Object)["value"] = "b"
	c["l"].([]any)[0].([]any)[0] = "y"
	c["m"].(scim.Object)["k"] = "w"
	if after := string(scim.Encode(o)); after != before {
		t.Errorf("the clone shares with its source: %s, was %s", after, before)
	}
	if scim.Object(nil).Clone() != nil {
		t.Error("the clone of nil is not nil")
	}
}

func TestError_Body(t *testing.T) {
	t.Parallel()
	err := scim.Errorf(409, scim.Uniqueness, "userName %q is taken", "a@example.com")
	wantJSON(t, mustDecode(t, string(err.Body())), `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"409","scimType":"uniqueness","detail":"userName \"a@example.com\" is taken"}`)
	wantJSON(t, scim.Errorf(404, "", "").Object(), `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"404"}`)
}
