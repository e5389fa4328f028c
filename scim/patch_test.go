package scim_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/scim"
)

const patchUser = `{
 "userName":"bjensen@example.com","displayName":"Babs","active":true,
 "name":{"givenName":"Barbara","familyName":"Jensen"},
 "emails":[{"type":"work","value":"bjensen@example.com","primary":true},{"type":"home","value":"babs@example.org"}],
 "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Tour","manager":{"value":"m1","displayName":"Em One"}}}`

// apply patches a document and checks that the document itself stays as it is.
func apply(t *testing.T, rt *scim.ResourceType, doc, patch string) (scim.Object, []scim.Verdict, error) {
	t.Helper()
	in := mustDecode(t, doc)
	before := string(scim.Encode(in))
	out, verdicts, err := mustPatch(t, patch).Apply(rt, in)
	if after := string(scim.Encode(in)); after != before {
		t.Errorf("the document changed: %s, was %s", after, before)
	}
	if err != nil && (out != nil || verdicts != nil) {
		t.Errorf("something came with the error: %v, %v", out, verdicts)
	}
	return out, verdicts, err
}

// patched applies operations and returns what has become of the attributes in
// want, a JSON object; null in want means absent. It also checks that the
// result is in normal form.
func patched(t *testing.T, rt *scim.ResourceType, doc, want string, operations ...string) []scim.Verdict {
	t.Helper()
	out, verdicts, err := apply(t, rt, doc, ops(operations...))
	if err != nil {
		t.Fatal(err)
	}
	got := scim.Object{}
	for k := range mustDecode(t, want) {
		got[k] = out[k]
	}
	wantJSON(t, got, want)
	again, _, err := rt.Normalize(out)
	if err != nil {
		t.Fatalf("normalizing the result: %v", err)
	}
	wantJSON(t, again, string(scim.Encode(out)))
	return verdicts
}

// verdictsOf is the list of verdicts in short.
func verdictsOf(list []scim.Verdict) string {
	var out []string
	for _, v := range list {
		out = append(out, fmt.Sprintf("%d %s %s: %s", v.Index, v.Op, v.Path, v.Verdict))
	}
	return strings.Join(out, "; ")
}

func TestApply_singleValues(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, op, want, verdict string }{
		{"replace", `{"op":"replace","path":"displayName","value":"B"}`, `{"displayName":"B"}`, "applied"},
		{"replace with the same", `{"op":"replace","path":"displayName","value":"Babs"}`, `{"displayName":"Babs"}`, "no change"},
		{"other case is a change", `{"op":"replace","path":"displayName","value":"babs"}`, `{"displayName":"babs"}`, "applied"},
		{"replace an absent one", `{"op":"replace","path":"title","value":"T"}`, `{"title":"T"}`, "applied"},
		{"add", `{"op":"add","path":"title","value":"T"}`, `{"title":"T"}`, "applied"},
		{"remove", `{"op":"remove","path":"displayName"}`, `{"displayName":null}`, "applied"},
		{"remove an absent one", `{"op":"remove","path":"title"}`, `{"title":null}`, "no change"},
		{"null removes", `{"op":"replace","path":"displayName","value":null}`, `{"displayName":null}`, "applied"},
		{"add of null", `{"op":"add","path":"displayName","value":null}`, `{"displayName":"Babs"}`, "no change"},
		{"sub-attribute", `{"op":"replace","path":"name.givenName","value":"B"}`, `{"name":{"givenName":"B","familyName":"Jensen"}}`, "applied"},
		{"new sub-attribute", `{"op":"add","path":"NAME.middlename","value":"J"}`, `{"name":{"givenName":"Barbara","familyName":"Jensen","middleName":"J"}}`, "applied"},
		{"remove a sub-attribute", `{"op":"remove","path":"name.givenName"}`, `{"name":{"familyName":"Jensen"}}`, "applied"},
		{"remove an absent sub-attribute", `{"op":"remove","path":"name.middleName"}`, `{"name":{"givenName":"Barbara","familyName":"Jensen"}}`, "no change"},
		{"null sub-attribute", `{"op":"replace","path":"name.givenName","value":null}`, `{"name":{"familyName":"Jensen"}}`, "applied"},
		{"replace a complex one keeps the rest", `{"op":"replace","path":"name","value":{"givenName":"B"}}`, `{"name":{"givenName":"B","familyName":"Jensen"}}`, "applied"},
		{"add to a complex one", `{"op":"add","path":"name","value":{"middleName":"J"}}`, `{"name":{"givenName":"Barbara","familyName":"Jensen","middleName":"J"}}`, "applied"},
		{"remove a complex one", `{"op":"remove","path":"name"}`, `{"name":null}`, "applied"},
		{"empty complex one", `{"op":"add","path":"name","value":{}}`, `{"name":{"givenName":"Barbara","familyName":"Jensen"}}`, "no change"},
		{"extension attribute", `{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"D"}`,
			`{` + enterprise + `:{"department":"D","manager":{"value":"m1","displayName":"Em One"}}}`, "applied"},
		{"extension attribute without URN", `{"op":"replace","path":"department","value":"D"}`,
			`{` + enterprise + `:{"department":"D","manager":{"value":"m1","displayName":"Em One"}}}`, "applied"},
		{"another manager loses the name of the old one", `{"op":"replace","path":"manager","value":{"value":"m2"}}`,
			`{` + enterprise + `:{"department":"Tour","manager":{"value":"m2"}}}`, "applied"},
		{"another manager by sub-attribute", `{"op":"replace","path":"manager.value","value":"m2"}`,
			`{` + enterprise + `:{"department":"Tour","manager":{"value":"m2"}}}`, "applied"},
		{"the same manager keeps its name", `{"op":"replace","path":"manager","value":{"value":"m1"}}`,
			`{` + enterprise + `:{"department":"Tour","manager":{"value":"m1","displayName":"Em One"}}}`, "no change"},
		{"manager and name", `{"op":"replace","path":"manager","value":{"value":"m2","displayName":"Two"}}`,
			`{` + enterprise + `:{"department":"Tour","manager":{"value":"m2","displayName":"Two"}}}`, "applied"},
		{"remove manager.value", `{"op":"remove","path":"manager.value"}`, `{` + enterprise + `:{"department":"Tour"}}`, "applied"},
		{"empty manager.value", `{"op":"replace","path":"manager.value","value":""}`, `{` + enterprise + `:{"department":"Tour"}}`, "applied"},
		{"remove manager.displayName", `{"op":"remove","path":"manager.displayName"}`, `{` + enterprise + `:{"department":"Tour","manager":{"value":"m1"}}}`, "applied"},
		{"whole extension", `{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","value":{"division":"X"}}`,
			`{` + enterprise + `:{"department":"Tour","division":"X","manager":{"value":"m1","displayName":"Em One"}}}`, "applied"},
		{"remove the extension", `{"op":"remove","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"}`, `{` + enterprise + `:null}`, "applied"},
		{"null extension", `{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","value":null}`, `{` + enterprise + `:null}`, "applied"},
		{"add of a null extension", `{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","value":null}`,
			`{` + enterprise + `:{"department":"Tour","manager":{"value":"m1","displayName":"Em One"}}}`, "no change"},
		{"empty extension", `{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","value":{}}`,
			`{` + enterprise + `:{"department":"Tour","manager":{"value":"m1","displayName":"Em One"}}}`, "no change"},
		{"active always has a value", `{"op":"remove","path":"active"}`, `{"active":true}`, "no change"},
		{"active null", `{"op":"replace","path":"active","value":null}`, `{"active":true}`, "no change"},
		{"schemas", `{"op":"add","path":"schemas","value":["urn:x"]}`, `{"userName":"bjensen@example.com"}`, "ignored attribute"},
		{"blanks round the path", `{"op":"replace","path":" displayName ","value":"B"}`, `{"displayName":"B"}`, "applied"},
		{"list of one for a complex one", `{"op":"replace","path":"name","value":[{"givenName":"B"}]}`, `{"name":{"givenName":"B","familyName":"Jensen"}}`, "applied"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			verdicts := patched(t, scim.User, patchUser, tt.want, tt.op)
			if len(verdicts) != 1 || verdicts[0].Verdict != tt.verdict {
				t.Errorf("verdicts %+v, want one %q", verdicts, tt.verdict)
			}
		})
	}
	patched(t, scim.User, `{"userName":"a",`+enterprise+`:{"department":"d"}}`, `{`+enterprise+`:null}`, `{"op":"remove","path":"department"}`)
	patched(t, scim.User, `{"userName":"a"}`, `{`+enterprise+`:{"department":"d"}}`, `{"op":"add","path":"department","value":"d"}`)
}

func TestApply_lists(t *testing.T) {
	t.Parallel()
	const work, home = `{"type":"work","value":"bjensen@example.com","primary":true}`, `{"type":"home","value":"babs@example.org"}`
	tests := []struct{ name, op, want, verdict string }{
		{"add", `{"op":"add","path":"emails","value":[{"value":"x","type":"other"}]}`, `[` + work + `,` + home + `,{"value":"x","type":"other"}]`, "applied"},
		{"add one object", `{"op":"add","path":"emails","value":{"value":"x"}}`, `[` + work + `,` + home + `,{"value":"x"}]`, "applied"},
		{"add text", `{"op":"add","path":"emails","value":"x"}`, `[` + work + `,` + home + `,{"value":"x"}]`, "applied"},
		{"add what is there", `{"op":"add","path":"emails","value":[` + home + `]}`, `[` + work + `,` + home + `]`, "no change"},
		{"add a part of what is there", `{"op":"add","path":"emails","value":[{"value":"bjensen@example.com"}]}`, `[` + work + `,` + home + `]`, "no change"},
		{"add to what is there", `{"op":"add","path":"emails","value":[{"value":"Babs@example.org","type":"HOME","display":"B"}]}`,
			`[` + work + `,{"type":"HOME","value":"Babs@example.org","display":"B"}]`, "applied"},
		{"add nothing", `{"op":"add","path":"emails","value":[]}`, `[` + work + `,` + home + `]`, "no change"},
		{"add a primary", `{"op":"add","path":"emails","value":[{"value":"x","primary":true}]}`,
			`[{"type":"work","value":"bjensen@example.com","primary":false},` + home + `,{"value":"x","primary":true}]`, "applied"},
		{"replace", `{"op":"replace","path":"emails","value":[{"value":"x"}]}`, `[{"value":"x"}]`, "applied"},
		{"replace with nothing", `{"op":"replace","path":"emails","value":[]}`, `null`, "applied"},
		{"replace with the same", `{"op":"replace","path":"emails","value":[` + work + `,` + home + `]}`, `[` + work + `,` + home + `]`, "no change"},
		{"remove", `{"op":"remove","path":"emails"}`, `null`, "applied"},
		{"remove matching", `{"op":"remove","path":"emails[type eq \"work\"]"}`, `[` + home + `]`, "applied"},
		{"remove what matches nothing", `{"op":"remove","path":"emails[type eq \"fax\"]"}`, `[` + work + `,` + home + `]`, "no change"},
		{"remove all matching", `{"op":"remove","path":"emails[value pr]"}`, `null`, "applied"},
		{"remove listed", `{"op":"remove","path":"emails","value":[{"value":"BABS@example.org"}]}`, `[` + work + `]`, "applied"},
		{"remove listed of another type", `{"op":"remove","path":"emails","value":[{"value":"babs@example.org","type":"work"}]}`, `[` + work + `,` + home + `]`, "no change"},
		{"remove listed by type", `{"op":"remove","path":"emails","value":[{"type":"home"}]}`, `[` + work + `]`, "applied"},
		{"remove an empty list of values", `{"op":"remove","path":"emails","value":[]}`, `[` + work + `,` + home + `]`, "no change"},
		{"sub-attribute of matching", `{"op":"replace","path":"emails[type eq \"home\"].value","value":"x"}`, `[` + work + `,{"type":"home","value":"x"}]`, "applied"},
		{"sub-attribute of all matching", `{"op":"replace","path":"emails[value pr].display","value":"d"}`,
			`[{"type":"work","value":"bjensen@example.com","primary":true,"display":"d"},{"type":"home","value":"babs@example.org","display":"d"}]`, "applied"},
		{"primary moves", `{"op":"replace","path":"emails[type eq \"home\"].primary","value":true}`,
			`[{"type":"work","value":"bjensen@example.com","primary":false},{"type":"home","value":"babs@example.org","primary":true}]`, "applied"},
		{"replace matching", `{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"x"}}`, `[{"type":"work","value":"x"},` + home + `]`, "applied"},
		{"replace matching with another type", `{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"x","type":"other"}}`, `[{"type":"other","value":"x"},` + home + `]`, "applied"},
		{"replace matching with a list of one", `{"op":"replace","path":"emails[type eq \"work\"]","value":[{"value":"x"}]}`, `[{"type":"work","value":"x"},` + home + `]`, "applied"},
		{"replace matching with nothing", `{"op":"replace","path":"emails[type eq \"work\"]","value":{}}`, `[` + home + `]`, "applied"},
		{"null for matching", `{"op":"replace","path":"emails[type eq \"work\"]","value":null}`, `[` + home + `]`, "applied"},
		{"add to matching", `{"op":"add","path":"emails[type eq \"work\"]","value":{"display":"d"}}`, `[{"type":"work","value":"bjensen@example.com","primary":true,"display":"d"},` + home + `]`, "applied"},
		{"add nothing to matching", `{"op":"add","path":"emails[type eq \"work\"]","value":{}}`, `[` + work + `,` + home + `]`, "no change"},
		{"value without filter is that of the primary", `{"op":"replace","path":"emails.value","value":"x"}`, `[{"type":"work","value":"x","primary":true},` + home + `]`, "applied"},
		{"null without filter", `{"op":"add","path":"emails.display","value":null}`, `[` + work + `,` + home + `]`, "no change"},
		{"remove a sub-attribute of all", `{"op":"remove","path":"emails.primary"}`, `[{"type":"work","value":"bjensen@example.com"},` + home + `]`, "applied"},
		{"remove the value of matching", `{"op":"remove","path":"emails[type eq \"work\"].value"}`, `[` + home + `]`, "applied"},
		{"null value of matching", `{"op":"replace","path":"emails[type eq \"work\"].value","value":null}`, `[` + home + `]`, "applied"},
		{"null element for matching", `{"op":"add","path":"emails[type eq \"work\"]","value":[null]}`, `[` + work + `,` + home + `]`, "no change"},
		{"two filters", `{"op":"replace","path":"emails[type eq \"work\" and primary eq true].value","value":"x"}`, `[{"type":"work","value":"x","primary":true},` + home + `]`, "applied"},
		{"made from two conditions", `{"op":"add","path":"emails[type eq \"other\" and display eq \"d\"].value","value":"x"}`, `[` + work + `,` + home + `,{"type":"other","display":"d","value":"x"}]`, "applied"},
		{"made from a filter and an object", `{"op":"replace","path":"emails[type eq \"other\"]","value":{"value":"x","display":"d"}}`, `[` + work + `,` + home + `,{"type":"other","display":"d","value":"x"}]`, "applied"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			verdicts := patched(t, scim.User, patchUser, `{"emails":`+tt.want+`}`, tt.op)
			if len(verdicts) != 1 || verdicts[0].Verdict != tt.verdict {
				t.Errorf("verdicts %+v, want one %q", verdicts, tt.verdict)
			}
		})
	}
	patched(t, scim.User, `{"userName":"a"}`, `{"emails":[{"value":"x"}]}`, `{"op":"add","path":"emails.value","value":"x"}`)
	patched(t, scim.User, `{"userName":"a"}`, `{"emails":null}`, `{"op":"remove","path":"emails[type eq \"work\"].value"}`)
}

func TestApply_refused(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, op, scimType, want string }{
		{"remove without path", `{"op":"remove"}`, scim.NoTarget, "operation 2 (remove): remove needs a path"},
		{"remove without path but with a value", `{"op":"remove","value":{"title":"x"}}`, scim.NoTarget, "remove needs a path"},
		{"no path and no value", `{"op":"add"}`, scim.InvalidValue, "operation 2 (add): without a path the value must be an object"},
		{"text without path", `{"op":"replace","value":"x"}`, scim.InvalidValue, `"x" was sent`},
		{"no value", `{"op":"replace","path":"title"}`, scim.InvalidValue, "operation 2 (replace title): replace needs a value"},
		{"wrong type", `{"op":"replace","path":"title","value":5}`, scim.InvalidValue, "operation 2 (replace title): title must be a string; 5 was sent"},
		{"wrong type without path", `{"op":"replace","value":{"name.givenName":5}}`, scim.InvalidValue, "operation 2 (replace): name.givenName must be a string; 5 was sent"},
		{"wrong type in the extension", `{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","value":{"department":5}}`, scim.InvalidValue, ":department must be a string; 5"},
		{"text for the extension", `{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","value":"x"}`, scim.InvalidValue, "must be an object"},
		{"wrong type in a list", `{"op":"remove","path":"emails","value":[5]}`, scim.InvalidValue, "emails must be an object; 5"},
		{"wrong type in matching", `{"op":"replace","path":"emails[type eq \"work\"].value","value":{"a":1}}`, scim.InvalidValue, "emails.value must be a string"},
		{"wrong type of a sub-attribute", `{"op":"replace","path":"emails.value","value":5}`, scim.InvalidValue, "emails.value must be a string; 5 was sent"},
		{"object without a value beside a filter", `{"op":"add","path":"emails[type eq \"fax\" and primary gt true].value","value":"x"}`, scim.InvalidFilter, "gt cannot be applied to emails.primary"},
		{"wrong type of matching", `{"op":"replace","path":"emails[type eq \"work\"]","value":5}`, scim.InvalidValue, "emails must be an object"},
		{"two primaries", `{"op":"add","path":"emails","value":[{"value":"a","primary":true},{"value":"b","primary":true}]}`, scim.InvalidValue, "2 values with primary true"},
		{"id", `{"op":"replace","path":"id","value":"x"}`, scim.Mutability, "operation 2 (replace id): id is read-only"},
		{"meta", `{"op":"add","path":"meta.created","value":"x"}`, scim.Mutability, "meta is read-only"},
		{"groups", `{"op":"add","path":"groups","value":[{"value":"g"}]}`, scim.Mutability, "groups is read-only"},
		{"remove groups", `{"op":"remove","path":"groups[value eq \"g\"]"}`, scim.Mutability, "groups is read-only"},
		{"required", `{"op":"remove","path":"userName"}`, scim.InvalidValue, "operation 2 (remove userName): userName is required for a User and cannot be removed or emptied"},
		{"required null", `{"op":"replace","path":"userName","value":null}`, scim.InvalidValue, "userName is required"},
		{"required empty", `{"op":"replace","value":{"userName":""}}`, scim.InvalidValue, "userName is required"},
		{"active empty", `{"op":"replace","path":"active","value":""}`, scim.InvalidValue, `active must be true or false; "" was sent`},
		{"brackets on a single value", `{"op":"replace","path":"name[givenName eq \"x\"].givenName","value":"y"}`, scim.InvalidPath, "name has a single value"},
		{"unknown in brackets", `{"op":"replace","path":"emails[flavour eq \"x\"].value","value":"y"}`, scim.InvalidFilter, `"flavour", which is no sub-attribute of emails`},
		{"nothing follows from an or", `{"op":"replace","path":"emails[type eq \"a\" or type eq \"b\"].value","value":"y"}`, scim.NoTarget, "no value of emails fulfils"},
		{"nothing follows from a contradiction", `{"op":"replace","path":"emails[type eq \"a\" and type eq \"b\"].value","value":"y"}`, scim.NoTarget, "no value of emails fulfils"},
		{"nothing follows from co", `{"op":"add","path":"emails[value co \"nobody\"].display","value":"y"}`, scim.NoTarget, "no value of emails fulfils"},
		{"which value", `{"op":"replace","path":"phoneNumbers.value","value":"y"}`, scim.NoTarget, "phoneNumbers has 2 values and none is primary: say which one"},
	}
	doc := mustDecode(t, patchUser)
	doc["phoneNumbers"] = []any{scim.Object{"value": "1"}, scim.Object{"value": "2"}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := apply(t, scim.User, string(scim.Encode(doc)), ops(`{"op":"replace","path":"displayName","value":"changed"}`, tt.op))
			wantError(t, err, 400, tt.scimType, tt.want)
		})
	}
}

func TestApply_limits(t *testing.T) {
	t.Parallel()
	list := make([]any, scim.MaxListValues)
	for i := range list {
		list[i] = scim.Object{"value": fmt.Sprintf("r%d", i)}
	}
	full := string(scim.Encode(scim.Object{"userName": "a", "roles": list}))
	_, _, err := apply(t, scim.User, full, ops(`{"op":"add","path":"roles","value":[{"value":"one more"}]}`))
	wantError(t, err, 400, scim.InvalidValue, "roles would have 1001 values; at most 1000")
	_, _, err = apply(t, scim.User, full, ops(`{"op":"replace","path":"roles[value pr].display","value":"`+strings.Repeat("x", 2000)+`"}`))
	wantError(t, err, 400, scim.TooMany, "at most 1048576 are accepted")
	patched(t, scim.User, full, `{"roles":null}`, `{"op":"remove","path":"roles"}`)

	thousand := make([]string, 21)
	for i := range thousand {
		thousand[i] = `{"op":"add","path":"roles","value":` + string(scim.Encode(scim.Object{"x": list})[5:])
	}
	_, _, err = apply(t, scim.User, full, ops(thousand...))
	wantError(t, err, 400, scim.TooMany, "operation 21 (add roles): the PATCH compares too many values")

	_, err = scim.ParsePatch(scim.Object{"Operations": make([]any, scim.MaxPatchOperations+1)})
	wantError(t, err, 400, scim.TooMany, "the PATCH has 10001 operations")
}

// A document that is too large already may still be made smaller.
func TestApply_shrinksWhatIsTooLarge(t *testing.T) {
	t.Parallel()
	doc := mustDecode(t, `{"userName":"a"}`)
	for _, name := range []string{"title", "nickName", "displayName", "locale", "timezone", "userType"} {
		doc[name] = strings.Repeat("x", 300_000)
	}
	_, verdicts, err := mustPatch(t, ops(`{"op":"remove","path":"title"}`)).Apply(scim.User, doc)
	if err != nil || verdictsOf(verdicts) != "0 remove title: applied" {
		t.Errorf("got %v, %v", verdicts, err)
	}
}

func TestApply_verdicts(t *testing.T) {
	t.Parallel()
	_, verdicts, err := apply(t, scim.User, patchUser, ops(
		`{"op":"Replace","path":"shoeSize","value":43}`,
		`{"op":"add","path":"urn:example:Custom:2.0:User:tag","value":"x"}`,
		`{"op":"replace","value":{"id":"x","meta":{},"groups":[],"schemas":[],"password":"secret","displayName":"Babs","title":"T","a.b.c":1,"emails[":2,"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Tour","rank":"x","manager.value":"m9","urn:x:y":1}}}`,
		`{"op":"add","value":{}}`,
		`{"op":"add","path":"emails","value":[{"type":"work","value":"bjensen@example.com","flavour":"x"}]}`,
		`{"op":"remove","path":"password"}`,
		`{"op":"add","value":[{"nickName":"N"},{"locale":"en"}]}`,
	))
	if err != nil {
		t.Fatal(err)
	}
	const urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	want := strings.Join([]string{
		"0 replace shoeSize: ignored attribute",
		"1 add urn:example:Custom:2.0:User:tag: ignored attribute",
		"2 replace a.b.c: ignored attribute",
		"2 replace displayName: no change",
		"2 replace emails[: ignored attribute",
		"2 replace groups: ignored attribute",
		"2 replace id: ignored attribute",
		"2 replace meta: ignored attribute",
		"2 replace password: ignored attribute",
		"2 replace schemas: ignored attribute",
		"2 replace title: applied",
		"2 replace " + urn + ":department: no change",
		"2 replace " + urn + ":manager.value: applied",
		"2 replace " + urn + ":rank: ignored attribute",
		"2 replace " + urn + ":urn:x:y: ignored attribute",
		"3 add : no change",
		"4 add emails: ignored attribute",
		"5 remove password: ignored attribute",
		"6 add nickName: applied",
		"6 add locale: applied",
	}, "; ")
	if got := verdictsOf(verdicts); got != want {
		t.Errorf("got  %s\nwant %s", strings.ReplaceAll(got, "; ", "\n     "), strings.ReplaceAll(want, "; ", "\n     "))
	}
	raw, err := json.Marshal(verdicts)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), "secret") {
		t.Errorf("the password is in the verdicts: %s", raw)
	}
	if want := `{"op":"replace","path":"shoeSize","verdict":"ignored attribute","note":"unknown attribute"}`; !strings.HasPrefix(string(raw), "["+want) {
		t.Errorf("the JSON form is %s", raw)
	}
}

// The order of operations is kept, and later ones see what earlier ones did.
func TestApply_sequence(t *testing.T) {
	t.Parallel()
	patched(t, scim.User, patchUser, `{"title":"two","nickName":null,"emails":[{"type":"home","value":"h"}],"name":{"formatted":"x"}}`,
		`{"op":"add","path":"title","value":"one"}`,
		`{"op":"replace","path":"title","value":"two"}`,
		`{"op":"add","path":"nickName","value":"N"}`,
		`{"op":"remove","path":"nickName"}`,
		`{"op":"remove","path":"emails"}`,
		`{"op":"add","path":"emails","value":[{"type":"home","value":"h"}]}`,
		`{"op":"remove","path":"name"}`,
		`{"op":"add","path":"name.formatted","value":"x"}`)
}

// Apply leaves the attributes alone that the server has put into a document.
func TestApply_carriesServerAttributes(t *testing.T) {
	t.Parallel()
	doc := `{"id":"1","meta":{"resourceType":"User"},"schemas":["urn:x"],"groups":[{"value":"g"}],"userName":"a"}`
	out, _, err := apply(t, scim.User, doc, ops(`{"op":"add","path":"title","value":"T"}`))
	if err != nil {
		t.Fatal(err)
	}
	wantJSON(t, out, strings.Replace(doc, `"userName":"a"`, `"userName":"a","title":"T"`, 1))
	out, verdicts, err := mustPatch(t, ops()).Apply(scim.User, nil)
	if err != nil || len(verdicts) != 0 || len(out) != 0 || out == nil {
		t.Errorf("no document and no operations: %v, %v, %v", out, verdicts, err)
	}
}

// The document and the values of the patch share nothing with the result.
func TestApply_sharesNothing(t *testing.T) {
	t.Parallel()
	doc := mustDecode(t, patchUser)
	p := mustPatch(t, ops(`{"op":"add","path":"ims","value":[{"value":"i"}]}`, `{"op":"replace","path":"name","value":{"givenName":"G"}}`))
	out, _, err := p.Apply(scim.User, doc)
	if err != nil {
		t.Fatal(err)
	}
	docBefore, first := string(scim.Encode(doc)), string(scim.Encode(out))
	out["ims"].([]any)[0].(scim.Object)["value"] = "changed"
	out["emails"].([]any)[1].(scim.Object)["value"] = "changed"
	out["name"].(scim.Object)["givenName"] = "changed"
	if string(scim.Encode(doc)) != docBefore {
		t.Error("the document changed with the result")
	}
	again, _, err := p.Apply(scim.User, doc)
	if err != nil || string(scim.Encode(again)) != first {
		t.Errorf("the patch changed with its result: %s, %v", scim.Encode(again), err)
	}
}

func TestApply_group(t *testing.T) {
	t.Parallel()
	const group = `{"displayName":"Ops","externalId":"e"}`
	verdicts := patched(t, scim.Group, group, `{"displayName":"Dev","externalId":null}`,
		`{"op":"replace","value":{"id":"g1","displayName":"Dev"}}`, `{"op":"remove","path":"externalId"}`, `{"op":"replace","path":"members[value eq \"u\"].display","value":"x"}`)
	want := "0 replace displayName: applied; 0 replace id: ignored attribute; 1 remove externalId: applied; 2 replace members[value eq \"u\"].display: ignored attribute"
	if got := verdictsOf(verdicts); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	_, _, err := apply(t, scim.Group, group, ops(`{"op":"remove","path":"displayName"}`))
	wantError(t, err, 400, scim.InvalidValue, "displayName is required for a Group")
	_, _, err = apply(t, scim.Group, group, ops(`{"op":"add","path":"members","value":[{"value":"u"}]}`))
	wantError(t, err, 500, "", "members cannot be changed together")
}

// Lists of plain values exist in schemas that users of the package make.
func TestApply_plainList(t *testing.T) {
	t.Parallel()
	rt := &scim.ResourceType{Name: "Thing", Schema: &scim.Schema{ID: "urn:example:Thing", Attributes: []scim.Attribute{
		{Name: "tags", Type: scim.TypeString, MultiValued: true}}},
		Extensions: []*scim.Schema{{ID: "urn:example:ext:Thing", Attributes: []scim.Attribute{{Name: "size", Type: scim.TypeString}}}}}
	const doc = `{"tags":["a","b"]}`
	for _, tt := range []struct{ op, want string }{
		{`{"op":"add","path":"tags","value":["b","c"]}`, `["a","b","c"]`},
		{`{"op":"add","path":"tags","value":"c"}`, `["a","b","c"]`},
		{`{"op":"replace","path":"urn:example:Thing:tags","value":["c"]}`, `["c"]`},
		{`{"op":"remove","path":"tags","value":["a"]}`, `["b"]`},
		{`{"op":"remove","path":"tags[value eq \"B\"]"}`, `["a"]`},
		{`{"op":"replace","path":"tags[value eq \"b\"]","value":"c"}`, `["a","c"]`},
	} {
		patched(t, rt, doc, `{"tags":`+tt.want+`}`, tt.op)
	}
	patched(t, rt, doc, `{"urn:example:ext:Thing":{"size":"x"}}`, `{"op":"add","path":"urn:example:ext:Thing","value":{"size":"x"}}`)
	patched(t, rt, doc, `{"urn:example:ext:Thing":{"size":"x"}}`, `{"op":"add","path":"urn:example:ext:Thing:size","value":"x"}`)
	_, _, err := apply(t, rt, doc, ops(`{"op":"replace","path":"tags[value eq \"z\"]","value":"c"}`))
	wantError(t, err, 400, scim.NoTarget, "no value of tags fulfils")
}

// Notes on a value with a hundred unknown parts stay short.
func TestApply_shortNotes(t *testing.T) {
	t.Parallel()
	value := scim.Object{"givenName": "G"}
	for i := range 100 {
		value[fmt.Sprintf("part%d", i)] = "x"
	}
	verdicts := patched(t, scim.User, patchUser, `{"name":{"givenName":"G","familyName":"Jensen"}}`, `{"op":"add","path":"name","value":`+string(scim.Encode(value))+`}`)
	if v := verdicts[0]; v.Verdict != scim.Applied || !strings.HasPrefix(v.Note, "name.part0: unknown attribute; name.part1: unknown attribute") || len(v.Note) > 300 {
		t.Errorf("verdict %+v", v)
	}
}

func TestParsePatch_refused(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, scimType, want string }{
		{"no operations", `{}`, scim.InvalidSyntax, `needs a list "Operations"`},
		{"text", `{"Operations":"x"}`, scim.InvalidSyntax, `"Operations" must be a list`},
		{"number in the list", `{"Operations":[5]}`, scim.InvalidSyntax, "operation 1 must be an object; 5 was sent"},
		{"no op", ops(`{"op":"add","path":"title","value":"x"}`, `{"path":"title"}`), scim.InvalidSyntax, `operation 2 has op null; it must be "add", "replace" or "remove"`},
		{"unknown op", ops(`{"op":"move","path":"title"}`), scim.InvalidSyntax, `operation 1 has op "move"`},
		{"number as op", ops(`{"op":1}`), scim.InvalidSyntax, "operation 1 has op 1"},
		{"number as path", ops(`{"op":"add","path":5}`), scim.InvalidPath, "operation 1 (add) has a path that is not a string: 5"},
		{"broken path", ops(`{"op":"add","path":"a..b"}`), scim.InvalidPath, `operation 1 (add a..b): invalid path at position 1`},
		{"broken filter", ops(`{"op":"add","path":"emails[type].value"}`), scim.InvalidFilter, "operation 1 (add emails[type].value): invalid path at position 12"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := scim.ParsePatch(mustDecode(t, tt.in))
			wantError(t, err, 400, tt.scimType, tt.want)
		})
	}
}
