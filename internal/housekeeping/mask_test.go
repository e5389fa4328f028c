package housekeeping

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

const (
	canaryKey    = "scim_abcdefghij234567abcd"
	canarySecret = "Zq3x_9-KpLmNoPqRsTuVwXyZ0123456789abcdefghi"
	canary       = canaryKey + ":" + canarySecret
)

func TestMaskBody(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"nothing to hide", `{"userName":"a@b.example","active":true,"n":-1.5e3,"x":null}`, `{"userName":"a@b.example","active":true,"n":-1.5e3,"x":null}`},
		{"blanks go", " {\n\t\"a\" : [ 1 , {} , [] ] }\r\n", `{"a":[1,{},[]]}`},
		{"empty", "  ", ""},
		{"password", `{"password":"hunter2","userName":"x"}`, `{"password":"(hidden)","userName":"x"}`},
		{"password in any case", `{"PassWord":"hunter2"}`, `{"PassWord":"(hidden)"}`},
		{"password with an escape in its name", `{"pass\u0077ord":"hunter2"}`, `{"pass\u0077ord":"(hidden)"}`},
		{"password behind a URN", `{"urn:ietf:params:scim:schemas:core:2.0:User:password":"hunter2"}`, `{"urn:ietf:params:scim:schemas:core:2.0:User:password":"(hidden)"}`},
		{"whole list of photos", `{"photos":[{"value":"data:image/png;base64,AAAA"}],"a":1}`, `{"photos":"(hidden)","a":1}`},
		{"certificates", `{"x509Certificates":[{"value":"MIIB"}]}`, `{"x509Certificates":"(hidden)"}`},
		{"dotted key", `{"photos[type eq \"photo\"].value":"data:x"}`, `{"photos[type eq \"photo\"].value":"(hidden)"}`},
		{"client_secret", `{"client_secret":"x","clientSecret":"y"}`, `{"client_secret":"(hidden)","clientSecret":"(hidden)"}`},
		{"a name that only holds the word", `{"changePassword":{"supported":false}}`, `{"changePassword":{"supported":false}}`},
		{"operation with the path first", `{"op":"replace","path":"password","value":"hunter2"}`, `{"op":"replace","path":"password","value":"(hidden)"}`},
		{"operation with the path last", `{"op":"replace","value":"hunter2","path":"password"}`, `{"op":"replace","value":"(hidden)","path":"password"}`},
		{"operation with the path last and more between", `{"value":{"a":["hunter2"]},"op":"replace","path":"urn:ietf:params:scim:schemas:core:2.0:User:password","z":1}`,
			`{"value":"(hidden)","op":"replace","path":"urn:ietf:params:scim:schemas:core:2.0:User:password","z":1}`},
		{"operations do not mix", `[{"path":"password","value":"hunter2"},{"path":"title","value":"Boss"}]`, `[{"path":"password","value":"(hidden)"},{"path":"title","value":"Boss"}]`},
		{"value inside a value", `{"value":{"value":"shown"},"path":"title"}`, `{"value":{"value":"shown"},"path":"title"}`},
		{"filter on a password", `{"filter":"password eq \"hunter2\""}`, `{"filter":"(hidden)"}`},
		{"path that compares a password", `{"op":"remove","path":"x[password eq \"hunter2\"]"}`, `{"op":"remove","path":"(hidden)"}`},
		{"key and secret as a value", `{"userName":"` + canary + `"}`, `{"userName":"(hidden)"}`},
		{"key and secret inside a value", `{"title":"use ` + canary + ` please"}`, `{"title":"use (hidden) please"}`},
		{"key and secret behind an escape", `{"title":"` + strings.Replace(canary, ":", `\u003a`, 1) + `"}`, `{"title":"(hidden)"}`},
		{"key and secret as a name", `{"` + canary + `":1}`, `{"(hidden)":1}`},
		{"a key alone is public", `{"title":"` + canaryKey + `"}`, `{"title":"` + canaryKey + `"}`},
		{"not JSON", `userName=x&password=hunter2`, `… (not JSON from byte 0 on: hidden)`},
		{"broken in the middle", `{"userName":"x","password" "hunter2"}`, `{"userName":"x","password"… (not JSON from byte 27 on: hidden)`},
		{"something behind it", `{"a":1} password`, `{"a":1}… (not JSON from byte 8 on: hidden)`},
		{"broken in a value whose path is to come", `{"op":"add","value":{"x":"hunter2",}`, `{"op":"add","value":"(hidden)"… (not JSON from byte 35 on: hidden)`},
		{"open string", `{"a":"hunter2`, `{"a":… (not JSON from byte 13 on: hidden)`},
		{"bare word", `{"a":hunter2}`, `{"a":… (not JSON from byte 5 on: hidden)`},
		{"control character", "{\"a\":\"x\x01y\"}", `{"a":… (not JSON from byte 5 on: hidden)`},
		{"duplicate value", `{"path":"title","value":"a","value":"b"}`, `{"path":"title","value":"a","value":"b"}`},
		{"duplicate value before its path", `{"value":"a","value":"hunter2","path":"password"}`, `{"value":"(hidden)","path":"password"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := MaskBody([]byte(tt.in), false); got != tt.want {
				t.Errorf("MaskBody(%s)\n got %s\nwant %s", tt.in, got, tt.want)
			}
		})
	}
}

func TestMaskBody_longList(t *testing.T) {
	t.Parallel()
	members := strings.Repeat(`{"value":"x"},`, 5000)
	in := `{"members":[` + members[:len(members)-1] + `],"displayName":"Admins"}`
	got := MaskBody([]byte(in), false)
	if n := strings.Count(got, `"value"`); n != MaxLoggedValues {
		t.Errorf("%d members are kept, want %d", n, MaxLoggedValues)
	}
	if want := `,"(4900 more)"],"displayName":"Admins"}`; !strings.HasSuffix(got, want) {
		t.Errorf("it ends in %s, want %s", got[len(got)-60:], want)
	}
	exactly := `{"members":[` + strings.TrimSuffix(strings.Repeat(`1,`, MaxLoggedValues), ",") + `]}`
	if got := MaskBody([]byte(exactly), false); got != exactly {
		t.Errorf("a list of just %d values is changed: %s", MaxLoggedValues, got)
	}
}

func TestMaskBody_longBody(t *testing.T) {
	t.Parallel()
	in := `{"a":"` + strings.Repeat("x", 2*MaxLoggedBody) + `","b":1}`
	got := MaskBody([]byte(in), false)
	if len(got) > 2*MaxLoggedBody+100 || !strings.HasSuffix(got, "… (cut)") {
		t.Errorf("%d bytes are kept, ending in %q", len(got), got[max(0, len(got)-20):])
	}
	// The beginning of a body ends anywhere; a value whose path is behind the end
	// may be a password.
	in = `{"op":"replace","value":"hunter2","note":"` + strings.Repeat("x", MaxLoggedBody)
	got = MaskBody([]byte(in), true)
	if want := `{"op":"replace","value":"(hidden)"… (cut)`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestMaskBody_deep(t *testing.T) {
	t.Parallel()
	got := MaskBody([]byte(strings.Repeat("[", 1<<20)), false)
	if len(got) > 200 || !strings.Contains(got, "hidden") {
		t.Errorf("a deep body is kept as %.100q", got)
	}
}

// Wherever a secret stands, and wherever the body breaks off or goes wrong, it is
// not in what is kept.
func TestMaskBody_neverShowsASecret(t *testing.T) {
	t.Parallel()
	const body = `{"schemas":["x"],"Operations":[{"op":"replace","value":"hunter2","path":"password"},{"op":"add","value":{"password":"hunter2","photos":[{"value":"hunter2"}],"t":"` + canary + `"}},{"op":"Add","path":"User:password","value":["hunter2"]}]}`
	for i := range len(body) {
		for _, in := range []string{body[:i], body[:i] + "\x00" + body[i:]} {
			got := MaskBody([]byte(in), i%2 == 0)
			if strings.Contains(got, "hunter2") || strings.Contains(got, canarySecret) {
				t.Fatalf("the secret is kept:\nin  %s\nout %s", in, got)
			}
		}
	}
}

// What the server wrote is kept alike, whether it was taken apart or not.
func TestMaskAnswer(t *testing.T) {
	t.Parallel()
	many := `{"Resources":[` + strings.TrimSuffix(strings.Repeat(`{"id":"x"},`, 3*MaxLoggedValues), ",") + `]}`
	for _, body := range []string{
		`{"userName":"a@b.example","meta":{"resourceType":"User"}}`, `{"photos":[{"value":"data:x"}],"userName":"x"}`, `{"x509Certificates":[{"value":"MIIB"}]}`, `{"title":"password"}`,
		`{"detail":"the secret token is wrong"}`, `{"title":"` + canary + `"}`, many, "",
	} {
		if got, want := maskAnswer([]byte(body), false), MaskBody([]byte(body), false); got != want {
			t.Errorf("maskAnswer(%.80s)\n got %.200s\nwant %.200s", body, got, want)
		}
		if got, want := maskAnswer([]byte(body), true), MaskBody([]byte(body), true); got != want {
			t.Errorf("cut: maskAnswer(%.80s)\n got %.200s\nwant %.200s", body, got, want)
		}
	}
}

func TestMaskTarget(t *testing.T) {
	t.Parallel()
	esc := strings.NewReplacer(":", "%3A", "_", "%5F").Replace(canary)
	tests := []struct{ name, in, want string }{
		{"plain", `/Users?filter=userName+eq+"a%40b"&count=1`, `/Users?filter=userName+eq+"a%40b"&count=1`},
		{"no query", "/Users/123", "/Users/123"},
		{"empty query", "/Users?", "/Users?"},
		{"token", "/Users?token=abc&count=1", "/Users?token=(hidden)&count=1"},
		{"filter on a password", `/Users?count=1&filter=password%20eq%20%22hunter2%22`, `/Users?count=1&filter=(hidden)`},
		{"filter on a password with plus", `/Users?filter=password+eq+hunter2`, `/Users?filter=(hidden)`},
		{"projection of a password", `/Users?attributes=password`, `/Users?attributes=password`},
		{"pair in the path", "/Users/" + canary, "/Users/(hidden)"},
		{"pair in the query", "/Users?key=" + canary, "/Users?key=(hidden)"},
		{"escaped pair", "/Users?key=" + esc, "/Users?(hidden)"},
		{"doubly escaped pair", "/Users?key=" + strings.ReplaceAll(esc, "%", "%25"), "/Users?(hidden)"},
		{"pair escaped letter by letter", "/Users?key=%73cim%5F" + canary[5:], "/Users?(hidden)"},
		{"pair escaped in the path", "/Users/%73cim%5F" + canary[5:], "(hidden)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := maskTarget(tt.in)
			if got != tt.want {
				t.Errorf("maskTarget(%s) = %s, want %s", tt.in, got, tt.want)
			}
		})
	}
	if got := maskTarget("/Users?filter=" + strings.Repeat("ä", maxLoggedTarget)); len(got) > maxLoggedTarget+4 {
		t.Errorf("%d bytes of a long target are kept", len(got))
	}
}

func TestMaskText_basicCredentials(t *testing.T) {
	t.Parallel()
	const basic = "c2NpbV9hYmNkZWZnaGlqMjM0NTY3YWJjZDpacTN4XzktS3BMbU5vUHFSc1R1VndYeVowMTIzNDU2Nzg5YWJjZGVmZ2hp"
	if got := MaskText("Basic " + basic); got != "Basic (hidden)" {
		t.Errorf("got %s", got)
	}
}

func TestHoldsSecret(t *testing.T) {
	t.Parallel()
	for _, text := range []string{canary, "x" + strings.ToUpper(canary) + "y", strings.NewReplacer(":", "%3A", "_", "%5f", "-", "%2D").Replace(canary), base64.StdEncoding.EncodeToString([]byte(canary))} {
		if !HoldsSecret([]byte(text)) {
			t.Errorf("HoldsSecret(%s) is false", text)
		}
	}
	for _, text := range []string{"", canaryKey, canarySecret, "scim_user:something", "SCIM key: see the wiki", canary[:len(canary)-1], base64.StdEncoding.EncodeToString([]byte(canary[:60]))} {
		if HoldsSecret([]byte(text)) {
			t.Errorf("HoldsSecret(%s) is true", text)
		}
	}
}

func BenchmarkMaskBody(b *testing.B) {
	body := fmt.Appendf(nil, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"bjensen@example.com","name":{"givenName":"Barbara","familyName":"Jensen"},"emails":[{"type":"work","primary":true,"value":"bjensen@example.com"}],"title":%q}`, strings.Repeat("x", 400))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		MaskBody(body, false)
	}
}

func FuzzMaskBody(f *testing.F) {
	f.Add([]byte(`{"op":"replace","value":"hunter2","path":"password"}`), false)
	f.Add([]byte(`[{"members":[1,2,{"a":"\ud800"}]}]`), true)
	f.Fuzz(func(t *testing.T, body []byte, cut bool) {
		got := MaskBody(body, cut)
		if len(got) > 3*(len(body)+MaxLoggedBody) {
			t.Errorf("%d bytes became %d", len(body), len(got))
		}
		again := MaskBody([]byte(got), cut)
		if !strings.Contains(got, "…") && again != got {
			t.Errorf("masking twice differs: %q, %q", got, again)
		}
	})
}
