package scim_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/scim"
)

// One test for each quirk of a real client that this package has to bear. The
// numbers are those of docs/scim-divergences.md.

const newUser = `{"userName":"test@example.com","active":true}`

// splitIDs returns the one member change of a patch.
func splitIDs(t *testing.T, operation string) scim.MemberChange {
	t.Helper()
	_, _, changes, err := mustPatch(t, ops(operation)).SplitMembers()
	if err != nil || len(changes) != 1 {
		t.Fatalf("%s: changes %v, %v", operation, changes, err)
	}
	return changes[0]
}

// Entra writes operations with a capital letter.
func TestQ01_capitalisedOps(t *testing.T) {
	t.Parallel()
	patched(t, scim.User, newUser, `{"displayName":"x","title":null}`,
		`{"op":"Add","path":"title","value":"t"}`, `{"op":"Replace","path":"displayName","value":"x"}`, `{"op":"Remove","path":"title"}`, `{"OP":"REMOVE","PATH":"title"}`)
}

// Entra writes booleans as text; they are stored and answered as booleans.
func TestQ02_stringBooleans(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{`"False"`: "false", `"false"`: "false", `"FALSE"`: "false", `false`: "false", `"True"`: "true"} {
		patched(t, scim.User, newUser, `{"active":`+want+`}`, `{"op":"Replace","path":"active","value":`+value+`}`)
		patched(t, scim.User, newUser, `{"active":`+want+`}`, `{"op":"replace","value":{"active":`+value+`}}`)
		wantJSON(t, mustNormalize(t, scim.User, `{"userName":"a","active":`+value+`}`), `{"userName":"a","active":`+want+`}`)
	}
	wantJSON(t, mustNormalize(t, scim.User, `{"roles":[{"primary":"True","value":"r"}]}`), `{"roles":[{"primary":true,"value":"r"}]}`)
	_, _, err := apply(t, scim.User, newUser, ops(`{"op":"Replace","path":"active","value":"no"}`))
	wantError(t, err, 400, scim.InvalidValue, `active must be true or false; "no" was sent`)
}

// One operation per attribute, applied as a whole.
func TestQ03_oneOpPerAttribute(t *testing.T) {
	t.Parallel()
	list := []string{
		`{"op":"Replace","path":"emails[type eq \"work\"].value","value":"updatedEmail@microsoft.com"}`,
		`{"op":"Replace","path":"name.familyName","value":"updatedFamilyName"}`,
		`{"op":"Replace","path":"userName","value":"updated@example.com"}`,
		`{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber","value":"1"}`,
	}
	patched(t, scim.User, newUser, `{"userName":"updated@example.com","name":{"familyName":"updatedFamilyName"},"emails":[{"type":"work","value":"updatedEmail@microsoft.com"}],`+enterprise+`:{"employeeNumber":"1"}}`, list...)
	out, _, err := apply(t, scim.User, newUser, ops(append(list, `{"op":"Replace","path":"title","value":5}`)...))
	wantError(t, err, 400, scim.InvalidValue, "operation 5 (replace title)")
	if out != nil {
		t.Errorf("a part was applied: %v", out)
	}
}

// add on a single value replaces it.
func TestQ04_addOnSingleValue(t *testing.T) {
	t.Parallel()
	const op = `{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"Retail"}`
	for _, doc := range []string{newUser, `{"userName":"a",` + enterprise + `:{"department":"Old"}}`} {
		patched(t, scim.User, doc, `{`+enterprise+`:{"department":"Retail"}}`, op)
	}
}

// A value path whose element does not exist makes it, and the next operation
// with the same filter finds it.
func TestQ05_valuePathOnAbsentElement(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"Add", "Replace"} {
		patched(t, scim.User, newUser, `{"emails":[{"type":"work","value":"x"}]}`, `{"op":"`+op+`","path":"emails[type eq \"work\"].value","value":"x"}`)
		patched(t, scim.User, newUser, `{"addresses":[{"type":"work","streetAddress":"s","locality":"l","country":"c"}]}`,
			`{"op":"`+op+`","path":"addresses[type eq \"work\"].streetAddress","value":"s"}`,
			`{"op":"`+op+`","path":"addresses[type eq \"work\"].locality","value":"l"}`,
			`{"op":"`+op+`","path":"addresses[Type eq \"Work\"].country","value":"c"}`)
	}
}

// Booleans in a filter compare by meaning, and a made element gets a boolean.
func TestQ06_primaryFilters(t *testing.T) {
	t.Parallel()
	for _, literal := range []string{`\"True\"`, `\"true\"`, `true`, `True`} {
		path := `"path":"roles[primary eq ` + literal + `].value"`
		patched(t, scim.User, newUser, `{"roles":[{"primary":true,"value":"r","display":"d"}]}`,
			`{"op":"Add",`+path+`,"value":"r"}`, `{"op":"add","path":"roles[primary eq `+literal+`].display","value":"d"}`)
		patched(t, scim.User, newUser, `{"roles":[{"primary":true,"value":"r","display":"d"}]}`,
			`{"op":"add","path":"roles[primary eq `+literal+`].display","value":"d"}`, `{"op":"Add",`+path+`,"value":"r"}`)
		patched(t, scim.User, `{"userName":"a","roles":[{"value":"a","primary":true},{"value":"b"}]}`, `{"roles":[{"value":"r","primary":true},{"value":"b"}]}`, `{"op":"Replace",`+path+`,"value":"r"}`)
	}
}

// Every key of a value without a path is a path.
func TestQ07_dottedKeys(t *testing.T) {
	t.Parallel()
	patched(t, scim.User, newUser, `{"displayName":"Bjfe","name":{"givenName":"Kkom","familyName":"F"},"emails":[{"type":"work","value":"e"}],`+enterprise+`:{"employeeNumber":"Aklq","manager":{"value":"m"}}}`,
		`{"op":"replace","value":{"displayName":"Bjfe","name.givenName":"Kkom","name":{"familyName":"F"},"emails[type eq \"work\"].value":"e","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber":"Aklq","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager":"m"}}`)
}

// URNs contain dots, and a dot may stand for the colon behind them.
func TestQ08_urnPaths(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.department",
		"URN:IETF:params:scim:schemas:extension:enterprise:2.0:user:Department",
	} {
		patched(t, scim.User, newUser, `{`+enterprise+`:{"department":"D"}}`, `{"op":"Add","path":"`+path+`","value":"D"}`)
		patched(t, scim.User, newUser, `{`+enterprise+`:{"department":"D"}}`, `{"op":"add","value":{"`+path+`":"D"}}`)
	}
	patched(t, scim.User, newUser, `{"name":{"givenName":"G"}}`, `{"op":"Add","path":"urn:ietf:params:scim:schemas:core:2.0:User:name.givenName","value":"G"}`)
}

// remove with a list of values removes those, never the whole list.
func TestQ09_removeWithValueList(t *testing.T) {
	t.Parallel()
	got := splitIDs(t, `{"op":"Remove","path":"members","value":[{"$ref":null,"value":"7d8c"},{"value":"8e9d"}]}`)
	if got.All || !reflect.DeepEqual(got.IDs, []string{"7d8c", "8e9d"}) {
		t.Errorf("got %+v", got)
	}
	if got := splitIDs(t, `{"op":"Remove","path":"members","value":[]}`); got.All || len(got.IDs) != 0 {
		t.Errorf("an empty list: got %+v", got)
	}
	if got := splitIDs(t, `{"op":"remove","path":"members"}`); !got.All {
		t.Errorf("no value: got %+v", got)
	}
	patched(t, scim.User, `{"userName":"a","roles":[{"value":"r1"},{"value":"r2"},{"value":"r3"}]}`, `{"roles":[{"value":"r2"}]}`, `{"op":"Remove","path":"roles","value":[{"value":"r1"},{"value":"r3"},{"value":"r9"}]}`)
}

// remove by filter; what is not there is no error.
func TestQ10_removeByFilter(t *testing.T) {
	t.Parallel()
	if got := splitIDs(t, `{"op":"remove","path":"members[value eq \"abc\"]"}`); got.All || got.Filter != nil || !reflect.DeepEqual(got.IDs, []string{"abc"}) {
		t.Errorf("got %+v", got)
	}
	verdicts := patched(t, scim.User, `{"userName":"a","roles":[{"value":"r1"}]}`, `{"roles":[{"value":"r1"}]}`, `{"op":"remove","path":"roles[value eq \"nobody\"]"}`)
	if verdicts[0].Verdict != scim.NoChange {
		t.Errorf("verdict %+v", verdicts[0])
	}
}

// Members come as a list, an object or an id, with names that do not matter.
func TestQ11_addMembersForms(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		`[{"$ref":null,"value":"a"}]`, `[{"value":"a","display":"A","displayName":"A"}]`, `{"value":"a"}`, `"a"`, `["a"]`, `[{"value":"a"},{"value":"a"}]`,
	} {
		if got := splitIDs(t, `{"op":"Add","path":"members","value":`+value+`}`); got.Op != scim.OpAdd || !reflect.DeepEqual(got.IDs, []string{"a"}) {
			t.Errorf("%s: got %+v", value, got)
		}
		ids, present, _, err := scim.TakeMembers(mustDecode(t, `{"members":`+value+`}`))
		if err != nil || !present || !reflect.DeepEqual(ids, []string{"a"}) {
			t.Errorf("%s in a body: got %v %v %v", value, ids, present, err)
		}
	}
}

// A manager in all its forms, and its ends.
func TestQ12_managerForms(t *testing.T) {
	t.Parallel()
	const urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	for _, value := range []string{`"271"`, `{"value":"271"}`, `[{"$ref":"http://example.com/Users/271","value":"271"}]`, `{"managerId":"271"}`, `{"VALUE":"271","managerId":"272"}`} {
		for _, path := range []string{"manager", urn + ":manager"} {
			for _, op := range []string{"Add", "replace"} {
				patched(t, scim.User, newUser, `{`+enterprise+`:{"manager":{"value":"271"}}}`, `{"op":"`+op+`","path":"`+path+`","value":`+value+`}`)
			}
		}
		wantJSON(t, mustNormalize(t, scim.User, `{"userName":"a",`+enterprise+`:{"manager":`+value+`}}`), `{"userName":"a",`+enterprise+`:{"manager":{"value":"271"}}}`)
	}
	const managed = `{"userName":"a",` + enterprise + `:{"manager":{"value":"271","displayName":"M"}}}`
	for _, op := range []string{
		`{"op":"replace","path":"` + urn + `:manager","value":""}`, `{"op":"replace","path":"` + urn + `:manager","value":{"value":""}}`,
		`{"op":"Remove","path":"` + urn + `:manager"}`, `{"op":"Remove","path":"manager","value":"271"}`, `{"op":"replace","path":"manager","value":null}`,
		`{"op":"replace","value":{"` + urn + `":{"manager":""}}}`, `{"op":"replace","path":"manager","value":[]}`, `{"op":"Add","path":"manager","value":""}`,
	} {
		patched(t, scim.User, managed, `{`+enterprise+`:null}`, op)
	}
	for _, value := range []string{`""`, `{"value":""}`, `{"value":null}`, `[]`, `{}`, `null`} {
		wantJSON(t, mustNormalize(t, scim.User, `{"userName":"a",`+enterprise+`:{"manager":`+value+`}}`), `{"userName":"a"}`)
	}
}

// A POST with nulls, names in the wrong place and a misspelt schema.
func TestQ13_nullsAndWrongNames(t *testing.T) {
	t.Parallel()
	got := mustNormalize(t, scim.User, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0User"],
		"userName":"a","addresses":null,"title":null,"department":null,"manager":null,"costCenter":"x",
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0User":{"department":"d"}}`)
	wantJSON(t, got, `{"userName":"a"}`)
}

// Entra sends a schema of its own with every group.
func TestQ14_foreignGroupSchema(t *testing.T) {
	t.Parallel()
	got, notes, err := scim.Group.Normalize(mustDecode(t, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"externalId":"8aa1","displayName":"n","members":[],"meta":{"resourceType":"Group"}}`))
	if err != nil || len(notes) != 1 || !strings.Contains(notes[0].Text, "ADSCIM") {
		t.Errorf("notes %v, %v", notes, err)
	}
	wantJSON(t, got, `{"externalId":"8aa1","displayName":"n"}`)
}

// Names in any case; the answer has the schema's.
func TestQ15_namesInAnyCase(t *testing.T) {
	t.Parallel()
	wantJSON(t, mustNormalize(t, scim.User, `{"UserName":"a","eMails":[{"Primary":true,"VALUE":"x"}]}`), `{"userName":"a","emails":[{"primary":true,"value":"x"}]}`)
	patched(t, scim.User, newUser, `{"displayName":"D","name":{"givenName":"G"}}`, `{"op":"add","value":{"DISPLAYNAME":"D","Name.GivenName":"G"}}`)
	f := mustFilter(t, `DisplayName eq "x"`)
	if value, ok := f.Equality("displayname"); !ok || value != "x" || !f.Match(scim.User, scim.Object{"displayName": "X"}) {
		t.Errorf("got %q %v", value, ok)
	}
}

// Filters that are not in the RFC's grammar, and the case rules.
func TestQ16_filtersBeyondTheRFC(t *testing.T) {
	t.Parallel()
	user := mustDecode(t, `{"id":"Id1","externalId":"jyoung","userName":"J@example.com","emails":[{"type":"work","value":"user@contoso.com"},{"type":"home","value":"h@x.org"}],`+enterprise+`:{"manager":{"value":"m1"}}}`)
	group := mustDecode(t, `{"id":"g1","displayName":"Ops","members":[{"value":"u1"},{"value":"u2"}]}`)
	tests := []struct {
		rt     *scim.ResourceType
		doc    scim.Object
		filter string
		want   bool
	}{
		{scim.User, user, `emails[type eq "work"].value eq "USER@contoso.com"`, true},
		{scim.User, user, `emails[type eq "home"].value eq "user@contoso.com"`, false},
		{scim.User, user, `externalId eq jyoung`, true}, {scim.User, user, `externalId eq JYoung`, false},
		{scim.User, user, `userName eq "j@EXAMPLE.com"`, true}, {scim.User, user, `id eq "id1"`, false},
		{scim.User, user, `id eq "Id1" and manager eq "m1"`, true}, {scim.User, user, `manager eq "m1" and id eq "Id1"`, true}, {scim.User, user, `id eq "Id1" and manager eq "m2"`, false},
		{scim.Group, group, `id eq "g1" and members eq "u2"`, true}, {scim.Group, group, `id eq "g1" and members eq "u3"`, false},
		{scim.Group, group, `members.value eq "u1"`, true}, {scim.Group, group, `members[value eq "u1"]`, true}, {scim.Group, group, `displayName eq "OPS"`, true},
	}
	for _, tt := range tests {
		f := mustFilter(t, tt.filter)
		if err := f.Check(tt.rt); err != nil {
			t.Errorf("%s: %v", tt.filter, err)
		}
		if got := f.Match(tt.rt, tt.doc); got != tt.want {
			t.Errorf("%s: got %v", tt.filter, got)
		}
	}
}

// Entra's flag in the tenant URL, however it ends up in the query.
func TestQ17_flagInTheURL(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		`aadOptscim062020&filter=userName+eq+"x"`, `filter=userName+eq+"x"&aadOptscim062020`, `aadOptscim062020=&filter=userName+eq+"x"&x=;`, `aadOptscim062020?filter=userName+eq+"x"`,
	} {
		if q, err := scim.ParseQuery(raw); err != nil || q.Filter != `userName eq "x"` {
			t.Errorf("%s: filter %q, %v", raw, q.Filter, err)
		}
	}
}

// An excluded attribute is not there at all, not even empty.
func TestQ18_excludedMembers(t *testing.T) {
	t.Parallel()
	p, err := scim.ParseProjection(scim.Group, "", "members")
	if err != nil || p.Wants("members") || !p.Wants("displayName") {
		t.Errorf("%+v, %v", p, err)
	}
	wantJSON(t, p.Apply(mustDecode(t, `{"id":"g","displayName":"x","members":[]}`)), `{"id":"g","displayName":"x"}`)
}

// JSON inside of a role's value is text.
func TestQ19_stringifiedRoles(t *testing.T) {
	t.Parallel()
	const role = `{"value":"{\"id\":\"18d1\",\"value\":\"25\",\"displayName\":\"Role1234\"}"}`
	patched(t, scim.User, newUser, `{"roles":[`+role+`]}`, `{"op":"Add","path":"roles","value":[`+role+`]}`)
}

// No operations at all change nothing.
func TestQ20_emptyOperations(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"Operations":[]}`, `{"Operations":null}`} {
		out, verdicts, err := apply(t, scim.User, newUser, body)
		if err != nil || len(verdicts) != 0 {
			t.Errorf("%s: %v, %v", body, verdicts, err)
		}
		wantJSON(t, out, newUser)
	}
}

// The envelope may be missing, misnamed or in another case.
func TestQ21_envelope(t *testing.T) {
	t.Parallel()
	const op = `{"op":"replace","path":"title","value":"T"}`
	for _, body := range []string{
		`{"Operations":[` + op + `]}`, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:PatchOp"],"operations":[` + op + `]}`,
		`{"id":"1","name":"x","schemas":null,"OPERATIONS":[` + op + `]}`, `{"Operations":` + op + `}`,
	} {
		out, _, err := apply(t, scim.User, newUser, body)
		if err != nil || out["title"] != "T" {
			t.Errorf("%s: %v, %v", body, out, err)
		}
	}
}

// A value beside a remove is ignored, never set.
func TestQ22_removeWithValue(t *testing.T) {
	t.Parallel()
	const doc = `{"userName":"a","title":"t","emails":[{"type":"work","value":"x","primary":true},{"type":"home","value":"h"}]}`
	patched(t, scim.User, doc, `{"emails":[{"type":"home","value":"h"}],"title":null}`,
		`{"op":"Remove","path":"emails[type eq \"work\"].value","value":"y"}`, `{"op":"Remove","path":"title","value":"other"}`)
}

// A required attribute cannot be removed.
func TestQ23_removeRequired(t *testing.T) {
	t.Parallel()
	_, _, err := apply(t, scim.User, newUser, ops(`{"op":"remove","path":"userName"}`))
	wantError(t, err, 400, scim.InvalidValue, "userName is required")
}

// Okta sends a password with every user. It leaves no trace.
func TestQ24_password(t *testing.T) {
	t.Parallel()
	got, notes, err := scim.User.Normalize(mustDecode(t, `{"userName":"test.user@okta.local","externalId":"00ujl29u0le5T6Aj10h7","groups":[],"password":"1mz050nq","active":true}`))
	if err != nil || len(notes) != 0 {
		t.Errorf("notes %v, %v", notes, err)
	}
	wantJSON(t, got, `{"userName":"test.user@okta.local","externalId":"00ujl29u0le5T6Aj10h7","active":true}`)
	verdicts := patched(t, scim.User, newUser, `{"password":null}`, `{"op":"replace","value":{"password":"1mz050nq"}}`, `{"op":"replace","path":"password","value":"1mz050nq"}`)
	for _, v := range verdicts {
		if v.Verdict != scim.IgnoredAttribute || strings.Contains(v.Note, "1mz050nq") {
			t.Errorf("verdict %+v", v)
		}
	}
	wantError(t, mustFilter(t, `password sw "1"`).Check(scim.User), 400, scim.InvalidFilter, "password cannot be used in a filter")
}

// The status of an error body is text.
func TestQ27_errorStatusIsText(t *testing.T) {
	t.Parallel()
	if body := mustDecode(t, string(scim.Errorf(409, scim.Uniqueness, "x").Body())); body["status"] != "409" {
		t.Errorf("status %v", body["status"])
	}
}

// emails.display is stored, but not advertised.
func TestQ28_emailsDisplay(t *testing.T) {
	t.Parallel()
	wantJSON(t, mustNormalize(t, scim.User, `{"emails":[{"value":"x","display":"d"}]}`), `{"emails":[{"value":"x","display":"d"}]}`)
	for _, s := range scim.SchemaDocs("https://example.com/scim") {
		for _, a := range s["attributes"].([]any) {
			for _, sub := range subNames(a.(scim.Object)) {
				if a.(scim.Object)["name"] == "emails" && sub == "display" {
					t.Error("emails.display is advertised")
				}
			}
		}
	}
}

// Quotes and other special characters in values.
func TestQ30_specialCharacters(t *testing.T) {
	t.Parallel()
	const name = `O'Neil "x" \ (a) [b] & c; d + e % é`
	raw := "filter=" + strings.NewReplacer("%", "%25", "&", "%26", "+", "%2B", "#", "%23").Replace(`displayName eq "O'Neil \"x\" \\ (a) [b] & c; d + e % é"`)
	q, err := scim.ParseQuery(raw)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := mustFilter(t, q.Filter).Equality("displayname"); !ok || got != name {
		t.Errorf("got %q, want %q", got, name)
	}
}

// Empty lists are no values.
func TestQ31_emptyLists(t *testing.T) {
	t.Parallel()
	wantJSON(t, mustNormalize(t, scim.User, `{"userName":"a","roles":[],"emails":[]}`), `{"userName":"a"}`)
	ids, present, _, err := scim.TakeMembers(mustDecode(t, `{"displayName":"x","members":[]}`))
	if err != nil || !present || len(ids) != 0 {
		t.Errorf("got %v %v %v", ids, present, err)
	}
}

// What is unknown does not lose the deactivation in the same patch.
func TestQ32_unknownIsIgnored(t *testing.T) {
	t.Parallel()
	verdicts := patched(t, scim.User, newUser, `{"active":false}`,
		`{"op":"Add","path":"addresses[type eq \"work\"].planet","value":"Mars"}`,
		`{"op":"Add","path":"urn:example:Custom:2.0:User:tag","value":"x"}`,
		`{"op":"Add","path":"shoes[type eq \"work\"].size","value":"43"}`,
		`{"op":"Replace","path":"active","value":"False"}`)
	for i, v := range verdicts {
		if want := scim.IgnoredAttribute; i < 3 && v.Verdict != want {
			t.Errorf("verdict %+v, want %q", v, want)
		}
	}
}

// Two values of one type are kept, and a value path sets both.
func TestQ33_valuesOfOneType(t *testing.T) {
	t.Parallel()
	patched(t, scim.User, `{"userName":"a","emails":[{"type":"work","value":"x"}]}`, `{"emails":[{"type":"work","value":"x"},{"type":"work","value":"y"}]}`, `{"op":"add","path":"emails","value":[{"type":"work","value":"y"}]}`)
	patched(t, scim.User, `{"userName":"a","emails":[{"type":"work","value":"x"},{"type":"home","value":"h"},{"type":"work","value":"y"}]}`,
		`{"emails":[{"type":"work","value":"z"},{"type":"home","value":"h"},{"type":"work","value":"z"}]}`, `{"op":"replace","path":"emails[type eq \"work\"].value","value":"z"}`)
}

// Raw quotes, brackets, plus signs and semicolons in the query.
func TestQ34_rawQuery(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`filter=userName+eq+"dale.mohr%40romaguera.uk"`:                      `userName eq "dale.mohr@romaguera.uk"`,
		`filter=userName%20eq%20%22a%22`:                                     `userName eq "a"`,
		`filter=emails[type+eq+"work"].value+eq+"a;b"`:                       `emails[type eq "work"].value eq "a;b"`,
		`excludedAttributes=members&filter=displayName+eq+"a;b=c?d"&count=1`: `displayName eq "a;b=c?d"`,
	} {
		if q, err := scim.ParseQuery(raw); err != nil || q.Filter != want {
			t.Errorf("%s: got %q, %v", raw, q.Filter, err)
		}
	}
}

// Empty text is stored as sent; then null removes it.
func TestQ35_emptyText(t *testing.T) {
	t.Parallel()
	const doc = `{"userName":"a","title":"t","name":{"givenName":"g"},"emails":[{"type":"work","value":"x"}]}`
	patched(t, scim.User, doc, `{"title":"","name":{"givenName":""},"emails":[{"type":"work","value":""}]}`,
		`{"op":"Replace","path":"title","value":""}`, `{"op":"Replace","path":"name.givenName","value":""}`, `{"op":"Replace","path":"emails[type eq \"work\"].value","value":""}`)
	patched(t, scim.User, doc, `{"title":null,"name":null,"emails":null}`,
		`{"op":"Replace","path":"title","value":""}`, `{"op":"Replace","path":"title","value":null}`,
		`{"op":"Replace","path":"name.givenName","value":""}`, `{"op":"Replace","path":"name.givenName","value":null}`,
		`{"op":"Replace","path":"emails[type eq \"work\"].value","value":""}`, `{"op":"Replace","path":"emails[type eq \"work\"].value","value":null}`)
	patched(t, scim.User, doc, `{"name":null,"emails":null}`, `{"op":"Replace","path":"name","value":""}`, `{"op":"Replace","path":"emails","value":""}`)
}

// Lists have integers and a Resources list; startIndex and count have ranges.
func TestQ36_listNumbers(t *testing.T) {
	t.Parallel()
	l := scim.ListResponse{TotalResults: 0, StartIndex: 11}
	want := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"startIndex":11,"itemsPerPage":0,"Resources":[]}`
	if got := string(l.Head()) + string(l.Tail()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	wantJSON(t, l.Object(nil), want)
	q, err := scim.ParseQuery("startIndex=-3&count=0")
	if err != nil || q.StartIndex != 1 || !q.HasCount || q.Count != 0 {
		t.Errorf("got %+v, %v", q, err)
	}
}
