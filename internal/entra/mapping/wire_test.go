package mapping

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/scim"
)

// recorded is the body of a step of an exchange that was documented or observed. These
// files are replayed against servers elsewhere; here they say what must be sent.
func recorded(t *testing.T, name, step string) scim.Object {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "e2e", "testdata", "exchanges", filepath.FromSlash(name)+".json"))
	if err != nil {
		t.Fatal(err)
	}
	type steps []struct {
		Name string          `json:"name"`
		Body json.RawMessage `json:"body"`
	}
	var exchange struct {
		Setup steps `json:"setup"`
		Steps steps `json:"steps"`
	}
	if err := json.Unmarshal(data, &exchange); err != nil {
		t.Fatal(err)
	}
	for _, s := range append(exchange.Setup, exchange.Steps...) {
		if s.Name == step {
			return decoded(t, string(s.Body))
		}
	}
	t.Fatalf("%s has no step %q", name, step)
	return nil
}

func decoded(t *testing.T, text string) scim.Object {
	t.Helper()
	o, err := scim.Decode([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return o
}

func sameBody(t *testing.T, name string, got, want scim.Object) {
	t.Helper()
	if g, w := string(scim.Encode(got)), string(scim.Encode(want)); g != w {
		t.Errorf("%s is\n%s\nwant\n%s", name, g, w)
	}
}

func operations(t *testing.T, list string) scim.Object {
	t.Helper()
	return decoded(t, `{"schemas":["`+scim.PatchOpURN+`"],"Operations":`+list+`}`)
}

// texts makes single values of texts.
func texts(pairs ...string) map[string]Value {
	values := map[string]Value{}
	for i := 0; i < len(pairs); i += 2 {
		values[pairs[i]] = String(pairs[i+1])
	}
	return values
}

func mustValues(t *testing.T, m ObjectMapping, env Env, creating bool) []AttributeValue {
	t.Helper()
	values, err := m.Values(env, creating)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func TestNewResource_recorded(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		file   string
		source map[string]Value
	}{
		{"entra/m04-create-user-without-names", texts("IsSoftDeleted", "False", "userPrincipalName", "nameless.{{run}}@example.com",
			"mail", "nameless.{{run}}@example.com", "mailNickname", "nameless-{{run}}")},
		{"entra/m04-create-user", texts("IsSoftDeleted", "False", "userPrincipalName", "ada.{{run}}@example.com", "mail", "ada.{{run}}@example.com",
			"mailNickname", "ada-{{run}}", "displayName", "Ada Example", "givenName", "Ada", "surname", "Example")},
		{"entra/m04-create-user-all-mapped", texts("IsSoftDeleted", "False", "userPrincipalName", "grace.{{run}}@example.com", "mail", "grace.{{run}}@example.com",
			"mailNickname", "grace-{{run}}", "displayName", "Grace Example", "givenName", "Grace", "surname", "Example", "jobTitle", "Engineer",
			"preferredLanguage", "en-GB", "physicalDeliveryOfficeName", "Building 4", "streetAddress", "1 Main Street", "city", "Springfield", "state", "IL",
			"postalCode", "62701", "country", "US", "telephoneNumber", "+1 217 555 0100", "mobile", "+1 217 555 0101", "facsimileTelephoneNumber", "+1 217 555 0102",
			"employeeId", "E-{{run}}", "department", "Research")},
	} {
		values := mustValues(t, DefaultUsers(), attributes(test.source), true)
		sameBody(t, test.file, NewResource(KindUser, values), recorded(t, test.file, "create"))
	}
	values := mustValues(t, DefaultGroups(), attributes(texts("displayName", "Engineers {{run}}", "objectId", "{{uuid}}", "members", "x")), true)
	sameBody(t, "a group", NewResource(KindGroup, values), recorded(t, "entra/m11-create-group", "create"))
}

func TestNewResource_forms(t *testing.T) {
	t.Parallel()
	value := func(target, kind string, multi bool, v Value) AttributeValue {
		return AttributeValue{Target: target, Type: kind, MultiValue: multi, Value: v}
	}
	roles := value("roles", TypeString, true, Multi(`{"id":"1","value":"Admin","displayName":"Administrators"}`, "User"))
	complexRoles, assertive := roles, roles
	complexRoles.Roles, assertive.Roles = "AppRoleAssignmentsComplex", "AssertiveAppRoleAssignmentsComplex"
	const head = `{"schemas":["` + scim.UserURN + `","` + scim.EnterpriseUserURN + `"],"meta":{"resourceType":"User"},`
	for _, test := range []struct {
		name   string
		values []AttributeValue
		want   string
	}{
		{"nothing", nil, `"roles":[]}`},
		{"inactive", []AttributeValue{value("active", TypeBoolean, false, String("False"))}, `"active":false,"roles":[]}`},
		{"number", []AttributeValue{value("urn:x:2.0:User:level", TypeInteger, false, String("-07"))}, `"roles":[],"urn:x:2.0:User":{"level":-7}}`},
		{"manager", []AttributeValue{value(scim.EnterpriseUserURN+":manager", TypeReference, false, String("271"))}, `"roles":[],"` + scim.EnterpriseUserURN + `":{"manager":{"value":"271"}}}`},
		{"two addresses of one kind are one", []AttributeValue{value(`addresses[type eq "work"].locality`, TypeString, false, String("A")), value(`addresses[type eq "other"].locality`, TypeString, false, String("B")),
			value(`addresses[type eq "work"].country`, TypeString, false, String("DE"))}, `"addresses":[{"type":"work","locality":"A","country":"DE"},{"type":"other","locality":"B"}],"roles":[]}`},
		{"only work is primary", []AttributeValue{value(`emails[type eq "home"].value`, TypeString, false, String("a"))}, `"emails":[{"type":"home","value":"a"}],"roles":[]}`},
		{"primary of its own", []AttributeValue{value(`emails[type eq "work"].value`, TypeString, false, String("a")), value(`emails[type eq "work"].primary`, TypeBoolean, false, String("false"))}, `"emails":[{"type":"work","primary":false,"value":"a"}],"roles":[]}`},
		{"core URN", []AttributeValue{value(scim.UserURN+":title", TypeString, false, String("a"))}, `"title":"a","roles":[]}`},
		{"one role", []AttributeValue{value(`roles[primary eq "True"].value`, TypeString, false, String("Admin"))}, `"roles":[{"primary":true,"type":"WindowsAzureActiveDirectoryRole","value":"Admin"}]}`},
		{"roles", []AttributeValue{complexRoles}, `"roles":[{"primary":false,"type":"WindowsAzureActiveDirectoryRole","displayName":"Administrators","value":"Admin"},{"primary":false,"type":"WindowsAzureActiveDirectoryRole","displayName":"User","value":"User"}]}`},
		{"assertive roles", []AttributeValue{assertive}, `"roles":[{"primary":false,"type":"WindowsAzureActiveDirectoryRole","display":"Administrators","value":"Admin"},{"primary":false,"type":"WindowsAzureActiveDirectoryRole","display":"User","value":"User"}]}`},
		{"plain list", []AttributeValue{value("emails", TypeString, true, Multi("a", "", "b")), value("tags", TypeString, true, Multi("x", "y"))}, `"emails":[{"value":"a"},{"value":"b"}],"tags":["x","y"],"roles":[]}`},
	} {
		sameBody(t, test.name, NewResource(KindUser, test.values), decoded(t, head+test.want))
	}
}

// Each body of these exchanges comes of the changes that lead to it.
func TestPatchBody_recorded(t *testing.T) {
	t.Parallel()
	alan := recorded(t, "entra/m07-update-user-legacy", "create alan")
	source := texts("IsSoftDeleted", "False", "userPrincipalName", "alan.{{run}}@example.com", "mail", "ALAN.{{run}}@example.com", "mailNickname", "alan-{{run}}",
		"displayName", "Alan M. Example", "givenName", "Alan Mathison", "surname", "Example", "jobTitle", "Professor", "department", "Computing")
	changes := Changes(KindUser, alan, mustValues(t, DefaultUsers(), attributes(source), false))
	formatted := `{"op":"Replace","path":"name.formatted","value":"Alan Mathison Example"}`
	sameBody(t, "legacy", PatchBody(changes, false), operations(t, `[{"op":"Replace","path":"displayName","value":"Alan M. Example"},{"op":"Add","path":"title","value":"Professor"},
		{"op":"Replace","path":"name.givenName","value":"Alan Mathison"},`+formatted+`,
		{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"Computing"}]`))
	sameBody(t, "optscim", PatchBody(changes, true), operations(t, `[{"op":"add","value":{"title":"Professor","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department":"Computing"}},
		{"op":"replace","value":{"displayName":"Alan M. Example","name.givenName":"Alan Mathison","name.formatted":"Alan Mathison Example"}}]`))

	change := func(op, target, kind string, value any) Change {
		return Change{Op: op, Target: target, Type: kind, NewValue: value}
	}
	const manager = scim.EnterpriseUserURN + ":manager"
	for _, test := range []struct {
		file, step string
		optscim    bool
		changes    []Change
	}{
		{"entra/m08-disable-legacy", "disable", false, []Change{change(Replace, "active", TypeBoolean, false)}},
		{"entra/m08-disable-flag", "disable, with a path", true, []Change{change(Replace, "active", TypeBoolean, false)}},
		{"entra/m08-enable-again", "enable", false, []Change{change(Replace, "active", TypeBoolean, true)}},
		{"entra/m13-rename-group-legacy", "rename", false, []Change{change(Replace, "displayName", TypeString, "New name {{run}}")}},
		{"entra/m18-manager-after-create", "add", false, []Change{change(Add, manager, TypeReference, "{{boss}}")}},
		{"entra/m18-manager-after-create", "another one", false, []Change{change(Replace, manager, TypeReference, "{{other}}")}},
		{"quirks/q04-add-instead-of-replace", "no value yet", false, []Change{change(Add, scim.EnterpriseUserURN+":department", TypeString, "Retail")}},
		{"quirks/q06-string-against-boolean", "makes the element", false, []Change{change(Add, `roles[primary eq "True"].value`, TypeString, "Admin"), change(Add, `roles[primary eq "True"].display`, TypeString, "Administrator")}},
		{"quirks/q07-dotted-keys-without-a-path", "replace", true, []Change{change(Replace, "displayName", TypeString, "Bjfe"), change(Replace, "name.givenName", TypeString, "Kkom"),
			change(Replace, "name.familyName", TypeString, "Unua"), change(Replace, scim.EnterpriseUserURN+":employeeNumber", TypeString, "Aklq")}},
		{"quirks/q07-dotted-keys-without-a-path", "add", true, []Change{change(Add, "title", TypeString, "Dr"), change(Add, "name.middleName", TypeString, "Q")}},
	} {
		sameBody(t, test.file, PatchBody(test.changes, test.optscim), recorded(t, test.file, test.step))
	}
}

func TestMemberPatch(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		file, step  string
		optscim     bool
		add, remove []string
	}{
		{"entra/m14-add-members", "one", false, []string{"{{one}}"}, nil},
		{"entra/m14-add-members", "several in one operation", false, []string{"{{two}}", "{{three}}"}, nil},
		{"entra/m14-add-members-flag", "add", true, []string{"{{one}}", "{{two}}"}, nil},
		{"entra/m15-remove-members-legacy", "remove one of three", false, nil, []string{"{{two}}"}},
		{"entra/m15-remove-members-legacy", "remove two in one operation", false, nil, []string{"{{one}}", "{{three}}"}},
		{"entra/m15-remove-members-flag", "remove one", true, nil, []string{"{{two}}"}},
		{"entra/m15-remove-members-flag", "remove two", true, nil, []string{"{{one}}", "{{three}}"}},
	} {
		sameBody(t, test.file, MemberPatch(test.add, test.remove, test.optscim), recorded(t, test.file, test.step))
	}
	sameBody(t, "both", MemberPatch([]string{"a"}, []string{"b"}, false), operations(t,
		`[{"op":"Add","path":"members","value":[{"$ref":null,"value":"a"}]},{"op":"Remove","path":"members","value":[{"$ref":null,"value":"b"}]}]`))
	if got := string(scim.Encode(MemberPatch(nil, []string{`a"\`}, true))); !strings.Contains(got, `members[value eq \"a\\\"\\\\\"]`) {
		t.Errorf("an id with a quotation mark is sent as %s", got)
	}
}

func TestPatchBody_forms(t *testing.T) {
	t.Parallel()
	const manager = scim.EnterpriseUserURN + ":manager"
	role := AttributeValue{Target: "roles", Type: TypeString, MultiValue: true, Value: Multi(`{"id":"06b07648","value":"25","displayName":"Role1234"}`)}
	complexRoles, assertive := role, role
	complexRoles.Roles, assertive.Roles = "AppRoleAssignmentsComplex", "AssertiveAppRoleAssignmentsComplex"
	user := scim.Object{"userName": "a"}
	for _, test := range []struct {
		name    string
		changes []Change
		legacy  string
		optscim string
	}{
		{"filters stay alone and come first", []Change{{Op: Replace, Target: "displayName", NewValue: "a"}, {Op: Replace, Target: `emails[type eq "work"].value`, NewValue: "b"}, {Op: Replace, Target: "active", Type: TypeBoolean, NewValue: true}},
			`[{"op":"Replace","path":"displayName","value":"a"},{"op":"Replace","path":"emails[type eq \"work\"].value","value":"b"},{"op":"Replace","path":"active","value":"True"}]`,
			`[{"op":"replace","path":"emails[type eq \"work\"].value","value":"b"},{"op":"replace","value":{"displayName":"a","active":true}}]`},
		{"one added text", []Change{{Op: Add, Target: "nickName", NewValue: "Babs"}}, `[{"op":"Add","path":"nickName","value":"Babs"}]`, `[{"op":"add","path":"nickName","value":"Babs"}]`},
		{"a manager", []Change{{Op: Add, Target: manager, Type: TypeReference, NewValue: "271"}, {Op: Replace, Target: "title", NewValue: "a"}},
			`[{"op":"Add","path":"` + manager + `","value":"271"},{"op":"Replace","path":"title","value":"a"}]`, `[{"op":"add","path":"` + manager + `","value":{"value":"271"}},{"op":"replace","path":"title","value":"a"}]`},
		{"a manager removed", []Change{{Op: Remove, Target: manager, Type: TypeReference}}, `[{"op":"Remove","path":"` + manager + `"}]`, `[{"op":"remove","path":"` + manager + `"}]`},
		{"a number", []Change{{Op: Add, Target: "urn:x:2.0:User:level", Type: TypeInteger, NewValue: json.Number("7")}}, `[{"op":"Add","path":"urn:x:2.0:User:level","value":7}]`, `[{"op":"add","path":"urn:x:2.0:User:level","value":7}]`},
		{"roles", Changes(KindUser, user, []AttributeValue{complexRoles}),
			`[{"op":"Add","path":"roles","value":[{"value":"{\"id\":\"06b07648\",\"value\":\"25\",\"displayName\":\"Role1234\"}"}]}]`,
			`[{"op":"add","path":"roles","value":[{"value":"{\"id\":\"06b07648\",\"value\":\"25\",\"displayName\":\"Role1234\"}"}]}]`},
		{"assertive roles", Changes(KindUser, user, []AttributeValue{assertive}),
			`[{"op":"replace","path":"roles","value":[{"primary":false,"type":"WindowsAzureActiveDirectoryRole","display":"Role1234","value":"25"}]}]`,
			`[{"op":"replace","path":"roles","value":[{"primary":false,"type":"WindowsAzureActiveDirectoryRole","display":"Role1234","value":"25"}]}]`},
		{"nothing", nil, `[]`, `[]`},
	} {
		sameBody(t, test.name+", legacy", PatchBody(test.changes, false), operations(t, test.legacy))
		sameBody(t, test.name+", optscim", PatchBody(test.changes, true), operations(t, test.optscim))
	}
}
