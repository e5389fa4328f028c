package scim_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/scim"
)

const enterprise = `"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`

func TestNormalize(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"canonical names", `{"USERNAME":"A@Example.com","Name":{"GIVENNAME":"A"},"Emails":[{"Value":"x","PRIMARY":true}]}`,
			`{"userName":"A@Example.com","name":{"givenName":"A"},"emails":[{"value":"x","primary":true}]}`},
		{"values stay as sent", `{"userName":" Ä <b> ","nickName":"","title":"  "}`, `{"userName":" Ä <b> ","nickName":"","title":"  "}`},
		{"nulls and empties", `{"userName":"a","title":null,"addresses":null,"roles":[],"emails":[null,{}],"name":{},"ims":[{"value":null}]}`, `{"userName":"a"}`},
		{"one object for a list", `{"emails":{"value":"x"}}`, `{"emails":[{"value":"x"}]}`},
		{"text for an object with a value", `{"emails":["x",""],"roles":"admin"}`, `{"emails":[{"value":"x"}],"roles":[{"value":"admin"}]}`},
		{"booleans as text", `{"active":"FALSE","emails":[{"value":"x","primary":"True"}]}`, `{"active":false,"emails":[{"value":"x","primary":true}]}`},
		{"server-made attributes", `{"userName":"a","id":"1","meta":{"created":"x"},"schemas":["x"],"groups":[{"value":"g"}],"password":"p"}`, `{"userName":"a"}`},
		{"enterprise", `{` + strings.ToUpper(enterprise) + `:{"DEPARTMENT":"d","costCenter":null,"manager":{"displayName":"M","value":"m"}}}`,
			`{` + enterprise + `:{"department":"d","manager":{"displayName":"M","value":"m"}}}`},
		{"empty enterprise", `{"userName":"a",` + enterprise + `:{"manager":null,"department":null}}`, `{"userName":"a"}`},
		{"null enterprise", `{"userName":"a",` + enterprise + `:null}`, `{"userName":"a"}`},
		{"unknown things", `{"userName":"a","shoeSize":43,"name":{"nick":"x","givenName":"g"},"urn:x:y":{"z":1}}`, `{"userName":"a","name":{"givenName":"g"}}`},
		{"two values with the same type", `{"emails":[{"type":"work","value":"a"},{"type":"work","value":"b"}]}`, `{"emails":[{"type":"work","value":"a"},{"type":"work","value":"b"}]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := mustDecode(t, tt.in)
			before := string(scim.Encode(in))
			got, _, err := scim.User.Normalize(in)
			if err != nil {
				t.Fatal(err)
			}
			wantJSON(t, got, tt.want)
			if after := string(scim.Encode(in)); after != before {
				t.Errorf("the input changed: %s, was %s", after, before)
			}
			again, notes, err := scim.User.Normalize(got)
			if err != nil || len(notes) > 0 {
				t.Fatalf("normalizing the result: %v, %v", notes, err)
			}
			wantJSON(t, again, tt.want)
		})
	}
}

func TestNormalize_refused(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"number for text", `{"userName":42}`, "userName must be a string; 42 was sent"},
		{"object for text", `{"displayName":{"a":1}}`, "displayName must be a string; an object was sent"},
		{"list for text", `{"title":["x"]}`, "title must be a string; a list was sent"},
		{"boolean for text", `{"nickName":true}`, "nickName must be a string; true was sent"},
		{"text for a boolean", `{"active":"yes"}`, `active must be true or false; "yes" was sent`},
		{"empty text for a boolean", `{"active":""}`, `active must be true or false; "" was sent`},
		{"number for a boolean", `{"active":1}`, "active must be true or false; 1 was sent"},
		{"text for an object", `{"name":"Barbara"}`, `name must be an object; "Barbara" was sent`},
		{"text for an address", `{"addresses":["Main street"]}`, "addresses must be an object"},
		{"two names", `{"name":[{"givenName":"a"},{"givenName":"b"}]}`, "name must be an object; a list was sent"},
		{"inside a list", `{"emails":[{"value":"x"},{"value":5}]}`, "emails.value must be a string; 5 was sent"},
		{"list in a list", `{"emails":[[{"value":"x"}]]}`, "emails must be an object; a list was sent"},
		{"number in a list", `{"emails":[5]}`, "emails must be an object; 5 was sent"},
		{"two primaries", `{"emails":[{"value":"a","primary":true},{"value":"b","primary":"True"}]}`, "emails has 2 values with primary true"},
		{"enterprise text", `{` + enterprise + `:"x"}`, "enterprise:2.0:User must be an object"},
		{"enterprise attribute", `{` + enterprise + `:{"department":7}}`, "enterprise:2.0:User:department must be a string; 7 was sent"},
		{"long text", `{"displayName":"` + strings.Repeat("x", scim.MaxStringBytes+1) + `"}`, "displayName has 65537 bytes; at most 65536"},
		{"long text in characters of several bytes", `{"active":"` + strings.Repeat("x", 199) + strings.Repeat("é", 9000) + `"}`, `active must be true or false; "` + strings.Repeat("x", 199) + `…" was sent`},
		{"long list", `{"roles":["a"` + strings.Repeat(`,"a"`, scim.MaxListValues) + `]}`, "roles has 1001 values"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, _, err := scim.User.Normalize(mustDecode(t, tt.in))
			wantError(t, err, 400, scim.InvalidValue, tt.want)
			if got != nil {
				t.Errorf("a document came with the error: %v", got)
			}
			if len(err.Error()) > 500 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

func TestNormalize_notes(t *testing.T) {
	t.Parallel()
	_, notes, err := scim.User.Normalize(mustDecode(t, `{
		"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0User"],
		"id":"abc","meta":{"resourceType":"User"},"groups":[{"value":"g"}],"password":"secret",
		"shoeSize":43,"nothing":null,"none":[],"emails":[{"value":"x","flavour":"y"}],`+enterprise+`:{"rank":"x","department":"d"}}`))
	if err != nil {
		t.Fatal(err)
	}
	got := make([]string, len(notes))
	for i, n := range notes {
		got[i] = n.Path + ": " + n.Text
	}
	want := []string{
		"emails.flavour: unknown attribute",
		"groups: read-only: change the members of the group instead",
		`id: the server chooses the id; "abc" is ignored`,
		`schemas: unknown schema "urn:ietf:params:scim:schemas:extension:enterprise:2.0User"`,
		"shoeSize: unknown attribute",
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:rank: unknown attribute",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if s := fmt.Sprint(notes); strings.Contains(s, "secret") {
		t.Errorf("the notes hold the password: %s", s)
	}
	_, notes, err = scim.User.Normalize(mustDecode(t, `{"userName":"a","groups":[],"id":null,"meta":null,"roles":[],"x":""}`))
	if err != nil || len(notes) != 0 {
		t.Errorf("empty members are noted: %v, %v", notes, err)
	}
}

func TestNormalize_group(t *testing.T) {
	t.Parallel()
	in := mustDecode(t, `{"DisplayName":"Ops","externalId":"x","Members":[{"value":"u1"}],"id":null}`)
	got, notes, err := scim.Group.Normalize(in)
	if err != nil || len(notes) != 0 {
		t.Fatalf("notes %v, error %v", notes, err)
	}
	wantJSON(t, got, `{"displayName":"Ops","externalId":"x"}`)
}

// Types that the core schemas do not have, for schemas that users of the package
// make.
func TestNormalize_otherTypes(t *testing.T) {
	t.Parallel()
	rt := &scim.ResourceType{Name: "Thing", Schema: &scim.Schema{ID: "urn:example:Thing", Attributes: []scim.Attribute{
		{Name: "since", Type: scim.TypeDateTime}, {Name: "owner", Type: scim.TypeString, Mutability: scim.ReadOnly},
		{Name: "box", Type: scim.TypeComplex, SubAttributes: []scim.Attribute{{Name: "size", Type: scim.TypeString}, {Name: "seal", Type: scim.TypeString, Mutability: scim.ReadOnly}}}}}}
	got, notes, err := rt.Normalize(mustDecode(t, `{"schemas":"urn:example:Thing","since":"2026-01-31T08:30:00Z","owner":"o","box":{"size":"s","seal":"x"}}`))
	if err != nil || len(notes) != 1 || notes[0] != (scim.Note{Path: "owner", Text: "read-only"}) {
		t.Errorf("notes %v, %v", notes, err)
	}
	wantJSON(t, got, `{"since":"2026-01-31T08:30:00Z","box":{"size":"s"}}`)
	_, _, err = rt.Normalize(mustDecode(t, `{"since":"yesterday"}`))
	wantError(t, err, 400, scim.InvalidValue, `since must be a date and time like 2026-01-31T08:30:00Z; "yesterday" was sent`)
}

func TestRequireAttributes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		rt       *scim.ResourceType
		in, want string
	}{
		{scim.User, `{"displayName":"x"}`, "userName is required for a User"},
		{scim.User, `{"userName":""}`, "userName is required"},
		{scim.Group, `{"externalId":"x"}`, "displayName is required for a Group"},
	}
	for _, tt := range tests {
		wantError(t, tt.rt.RequireAttributes(mustDecode(t, tt.in)), 400, scim.InvalidValue, tt.want)
	}
	if err := scim.User.RequireAttributes(scim.Object{"userName": "a"}); err != nil {
		t.Errorf("a user with a name: %v", err)
	}
}

func TestSchemas(t *testing.T) {
	t.Parallel()
	if got, want := scim.User.Schemas(scim.Object{"userName": "a"}), []string{scim.UserURN}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	doc := scim.Object{scim.EnterpriseUserURN: scim.Object{"department": "x"}}
	if got, want := scim.User.Schemas(doc), []string{scim.UserURN, scim.EnterpriseUserURN}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTakeMembers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in string
		want     []string
		present  bool
	}{
		{"none", `{}`, nil, false},
		{"null", `{"members":null}`, nil, false},
		{"empty", `{"members":[]}`, []string{}, true},
		{"objects", `{"members":[{"value":"b","$ref":null,"display":5},{"VALUE":"a"}]}`, []string{"b", "a"}, true},
		{"one object", `{"members":{"value":"a"}}`, []string{"a"}, true},
		{"one id", `{"members":"a"}`, []string{"a"}, true},
		{"ids", `{"Members":["a","b"]}`, []string{"a", "b"}, true},
		{"repeated", `{"members":["a",{"value":"b"},"a","A",null]}`, []string{"a", "b", "A"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, present, notes, err := scim.TakeMembers(mustDecode(t, tt.in))
			if err != nil || present != tt.present || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %q %v %v, want %q %v", got, present, err, tt.want, tt.present)
			}
			if (len(notes) > 0) != (tt.name == "repeated") {
				t.Errorf("notes %v", notes)
			}
		})
	}
	for _, tt := range []struct{ in, want string }{
		{`{"members":[{"value":"a"},{"display":"b"}]}`, `value 2 of members has no "value"`},
		{`{"members":[{"value":null}]}`, `value 1 of members has no "value"`},
		{`{"members":[""]}`, "value 1 of members is an empty id"},
		{`{"members":[5]}`, "value 1 of members must be the id of a member as a string; 5 was sent"},
		{`{"members":[{"value":{}}]}`, "value 1 of members must be the id"},
		{`{"members":true}`, "value 1 of members must be the id"},
	} {
		_, _, _, err := scim.TakeMembers(mustDecode(t, tt.in))
		wantError(t, err, 400, scim.InvalidValue, tt.want)
	}
	many := make([]any, scim.MaxGroupMembers+1)
	_, _, _, err := scim.TakeMembers(scim.Object{"members": many})
	wantError(t, err, 400, scim.TooMany, "members has 200001 values")
}
