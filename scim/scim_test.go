package scim_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/scim"
)

// mustDecode reads a JSON object that the test wrote.
func mustDecode(t testing.TB, s string) scim.Object {
	t.Helper()
	o, err := scim.Decode([]byte(s))
	if err != nil {
		t.Fatalf("Decode(%s): %v", s, err)
	}
	return o
}

// mustNormalize reads a body as a POST does.
func mustNormalize(t testing.TB, rt *scim.ResourceType, s string) scim.Object {
	t.Helper()
	o, _, err := rt.Normalize(mustDecode(t, s))
	if err != nil {
		t.Fatalf("Normalize(%s): %v", s, err)
	}
	return o
}

func mustPatch(t testing.TB, s string) *scim.Patch {
	t.Helper()
	p, err := scim.ParsePatch(mustDecode(t, s))
	if err != nil {
		t.Fatalf("ParsePatch(%s): %v", s, err)
	}
	return p
}

// ops wraps operations in the envelope of a PATCH.
func ops(list ...string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + strings.Join(list, ",") + `]}`
}

// wantJSON compares a document with JSON, whatever the order of its members.
func wantJSON(t testing.TB, got scim.Object, want string) {
	t.Helper()
	if g, w := string(scim.Encode(got)), string(scim.Encode(mustDecode(t, want))); g != w {
		t.Errorf("got  %s\nwant %s", g, w)
	}
}

// wantError checks an error's status, scimType and a part of its detail.
func wantError(t testing.TB, err error, status int, scimType, part string) {
	t.Helper()
	var e *scim.Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want a *scim.Error with %q", err, part)
	}
	if e.Status != status || e.Type != scimType || !strings.Contains(e.Detail, part) {
		t.Errorf("got %d %s %q\nwant %d %s with %q", e.Status, e.Type, e.Detail, status, scimType, part)
	}
}
