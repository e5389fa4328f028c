package mapping

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall/rollcall/scim"
)

func TestDefaults_valid(t *testing.T) {
	t.Parallel()
	for _, m := range []ObjectMapping{DefaultUsers(), DefaultGroups()} {
		if err := m.Validate(); err != nil {
			t.Errorf("%s: %v", m.Name, err)
		}
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var back ObjectMapping
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, back); diff != "" {
			t.Errorf("%s does not survive JSON:\n%s", m.Name, diff)
		}
	}
	if got, want := DefaultGroups().Sources(), []string{"displayName", "members", "objectId"}; !slices.Equal(got, want) {
		t.Errorf("the group mapping reads %q, want %q", got, want)
	}
	if got := DefaultUsers().Sources(); len(got) != 21 || !slices.Contains(got, "IsSoftDeleted") {
		t.Errorf("the user mapping reads %d attributes: %q", len(got), got)
	}
}

func TestValidate_errors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		want   string
		change func(*ObjectMapping)
	}{
		{"cannot be disabled", func(m *ObjectMapping) { m.Enabled = false }},
		{"give one the matching precedence 1", func(m *ObjectMapping) { m.Attributes[0].MatchingPrecedence = 0 }},
		{"userName and displayName both have the matching precedence 1", func(m *ObjectMapping) { m.Attributes[2].MatchingPrecedence = 1 }},
		{"the matching precedence is -1", func(m *ObjectMapping) { m.Attributes[2].MatchingPrecedence = -1 }},
		{"displayName is mapped twice", func(m *ObjectMapping) { m.Attributes = append(m.Attributes, m.Attributes[2]) }},
		{"userName is required by the target", func(m *ObjectMapping) { m.Attributes = m.Attributes[1:]; m.Attributes[1].MatchingPrecedence = 1 }},
		{"id is the target's own key", func(m *ObjectMapping) { m.Attributes[2].Target = "id" }},
		{`the target has no attribute "username"`, func(m *ObjectMapping) { m.Attributes[0].Target = "username" }},
		{"the expression for active is not valid: there is no function switch", func(m *ObjectMapping) { m.Attributes[1].Source.Text = `switch([a])` }},
		{"a direct mapping needs the name", func(m *ObjectMapping) { m.Attributes[2].Source.Text = "[displayName]" }},
		{"a direct mapping needs the name", func(m *ObjectMapping) { m.Attributes[2].Source.Text = " " }},
		{`not "Magic"`, func(m *ObjectMapping) { m.Attributes[2].Source.Type = "Magic" }},
		{"takes True or False, not \"yes\"", func(m *ObjectMapping) { m.Attributes[1].Source = Source{Constant, "yes"} }},
		{"the default value: the attribute is of type Boolean", func(m *ObjectMapping) { m.Attributes[1].DefaultValue = "1" }},
		{"its source is the same for all", func(m *ObjectMapping) { m.Attributes[0].Source = Source{Constant, "a"} }},
		{"must be applied always", func(m *ObjectMapping) { m.Attributes[0].ApplyOnly = DuringCreation }},
		{"applied always or only during object creation", func(m *ObjectMapping) { m.Attributes[2].ApplyOnly = "Sometimes" }},
		{"takes a direct mapping only", func(m *ObjectMapping) { m.Attributes[21].Source = Source{Expressed, `Switch([manager], "", "a", "b")`} }},
		{"refers to another object", func(m *ObjectMapping) { m.Attributes[21].MatchingPrecedence = 2 }},
		{"fills the attribute roles only", func(m *ObjectMapping) {
			m.Attributes[3].Source = Source{Expressed, "AppRoleAssignmentsComplex([appRoleAssignments])"}
		}},
		{"is no name of a SCIM attribute", func(m *ObjectMapping) {
			m.TargetAttributes = append(m.TargetAttributes, TargetAttribute{Name: `emails[type eq "work"]`, Type: TypeString})
		}},
		{"the attribute list has TITLE twice", func(m *ObjectMapping) {
			m.TargetAttributes = append(m.TargetAttributes, TargetAttribute{Name: "TITLE", Type: TypeString})
		}},
		{`level has the type "Number"`, func(m *ObjectMapping) {
			m.TargetAttributes = append(m.TargetAttributes, TargetAttribute{Name: "level", Type: "Number"})
		}},
		{"a scoping filter has no title", func(m *ObjectMapping) { m.Filters = []ScopingFilter{{Clauses: []Clause{{"a", IsNull, ""}}}} }},
		{`"f" has no clause`, func(m *ObjectMapping) { m.Filters = []ScopingFilter{{Title: "f"}} }},
	} {
		m := DefaultUsers()
		test.change(&m)
		if err := m.Validate(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Validate gives %v, want %q", err, test.want)
		}
	}
	groups := DefaultGroups()
	groups.Enabled = false
	if err := groups.Validate(); err != nil {
		t.Errorf("a disabled group mapping: %v", err)
	}
}

func TestClone_sharesNothing(t *testing.T) {
	t.Parallel()
	m := DefaultUsers()
	m.Filters = []ScopingFilter{{Title: "f", Clauses: []Clause{{"a", Equals, "b"}}}}
	c := m.Clone()
	c.Attributes[0].Target, c.TargetAttributes[0].Name, c.Filters[0].Clauses[0].Value = "x", "x", "x"
	if m.Attributes[0].Target == "x" || m.TargetAttributes[0].Name == "x" || m.Filters[0].Clauses[0].Value == "x" {
		t.Error("a change of the clone changed the mapping")
	}
}

// mapped is a small mapping that has every kind of source.
func mapped() ObjectMapping {
	return ObjectMapping{
		Kind: KindUser, Enabled: true,
		TargetAttributes: []TargetAttribute{
			{Name: "userName", Type: TypeString}, {Name: "title", Type: TypeString, ExactCase: true}, {Name: "locale", Type: TypeString}, {Name: "nickName", Type: TypeString},
			{Name: "active", Type: TypeBoolean}, {Name: "urn:x:2.0:User:level", Type: TypeInteger}, {Name: "tags", Type: TypeString, MultiValue: true}, {Name: "userType", Type: TypeString},
		},
		Attributes: []AttributeMapping{
			{Target: "userName", Source: Source{Direct, "mail"}, MatchingPrecedence: 2},
			{Target: "title", Source: Source{Direct, "jobTitle"}, DefaultValue: "New", MatchingPrecedence: 1},
			{Target: "locale", Source: Source{Constant, "en"}, ApplyOnly: DuringCreation},
			{Target: "nickName", Source: Source{Type: NoneSource}, DefaultValue: "Nick"},
			{Target: "active", Source: Source{Expressed, `[enabled]`}, ApplyOnly: Always},
			{Target: "urn:x:2.0:User:level", Source: Source{Direct, "level"}},
			{Target: "tags", Source: Source{Direct, "otherMails"}},
			{Target: "userType", Source: Source{Expressed, `Redact(IgnoreFlowIfNullOrEmpty([type]))`}, DefaultValue: "Member"},
		},
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	plain := func(target, text string) AttributeValue {
		return AttributeValue{Target: target, Type: TypeString, Value: String(text)}
	}
	title := plain("title", "New")
	title.ExactCase = true
	for _, test := range []struct {
		name     string
		source   map[string]Value
		creating bool
		want     []AttributeValue
	}{
		{"null is not sent", nil, false, nil},
		{"defaults and what is of creation", nil, true, []AttributeValue{title, plain("locale", "en"), plain("nickName", "Nick")}},
		{"everything", map[string]Value{"mail": String(""), "enabled": String("true"), "level": String("7"), "otherMails": Multi("a", "b"), "type": String("Guest")}, false, []AttributeValue{
			plain("userName", ""),
			{Target: "active", Type: TypeBoolean, Value: String("true")},
			{Target: "urn:x:2.0:User:level", Type: TypeInteger, Value: String("7")},
			{Target: "tags", Type: TypeString, MultiValue: true, Value: Multi("a", "b")},
			{Target: "userType", Type: TypeString, Value: String("Guest"), Redacted: true},
		}},
	} {
		got := mustValues(t, mapped(), attributes(test.source), test.creating)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s:\n%s", test.name, diff)
		}
	}
	for want, source := range map[string]map[string]Value{
		`the mapping of active: the attribute is of type Boolean`:                 {"enabled": String("yes")},
		`the mapping of urn:x:2.0:User:level: the attribute is of type Integer`:   {"level": String("7.5")},
		`the mapping of userName: the source has 2 values, but the attribute tak`: {"mail": Multi("a", "b")},
	} {
		if values, err := mapped().Values(attributes(source), false); err == nil || !strings.HasPrefix(err.Error(), want) || values != nil {
			t.Errorf("%v gives %v, %v; want %q", source, values, err, want)
		}
	}
	unknown := attributes(nil)
	unknown.Attribute = func(string) (Value, bool) { return Null(), false }
	if _, err := mapped().Values(unknown, false); err == nil || !strings.Contains(err.Error(), "the mapping of userName: the directory has no attribute [mail]") {
		t.Errorf("an unknown attribute gives %v", err)
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		source map[string]Value
		want   []MatchingAttribute
	}{
		"by precedence": {texts("mail", "a@b.c", "jobTitle", "T"), []MatchingAttribute{{"title", "T"}, {"userName", "a@b.c"}}},
		"without null":  {texts("mail", "a@b.c"), []MatchingAttribute{{"userName", "a@b.c"}}},
		"without empty": {texts("mail", ""), nil},
	} {
		if got := mapped().Match(mustValues(t, mapped(), attributes(test.source), false)); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	const target = `{"userName":"Ada@Example.com","Title":"Engineer","active":true,"level":7,"when":"2021-06-30T00:00:00+08:00","empty":"",
		"name":{"givenName":"Ada"},"emails":[{"type":"home","value":"h"},{"type":"Work","value":"w"}],"roles":[{"primary":true,"value":"R"}],"tags":["A","b"],
		"phoneNumbers":[{"value":"1"},{"value":"2"}],
		"URN:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Sales","manager":{"value":"m1","displayName":"x"}}}`
	user := decoded(t, target)
	for _, test := range []struct {
		name  string
		value AttributeValue
		want  *Change // without Target and Type; nil is none
	}{
		{"case alone", AttributeValue{Target: "userName", Value: String("ada@example.com")}, nil},
		{"case alone, exact case", AttributeValue{Target: "userName", ExactCase: true, Value: String("ada@example.com")}, &Change{Op: Replace, Old: "Ada@Example.com", New: "ada@example.com", NewValue: "ada@example.com"}},
		{"other text", AttributeValue{Target: "title", Value: String("Boss")}, &Change{Op: Replace, Old: "Engineer", New: "Boss", NewValue: "Boss"}},
		{"cleared", AttributeValue{Target: "title", Value: String("")}, &Change{Op: Replace, Old: "Engineer", NewValue: ""}},
		{"nothing there", AttributeValue{Target: "nickName", Value: String("A")}, &Change{Op: Add, New: "A", NewValue: "A"}},
		{"empty there", AttributeValue{Target: "empty", Value: String("A")}, &Change{Op: Add, New: "A", NewValue: "A"}},
		{"nothing to nothing", AttributeValue{Target: "nickName", Value: String("")}, nil},
		{"boolean by meaning", AttributeValue{Target: "active", Type: TypeBoolean, Value: String("True")}, nil},
		{"other boolean", AttributeValue{Target: "active", Type: TypeBoolean, Value: String("False")}, &Change{Op: Replace, Old: "True", New: "False", NewValue: false}},
		{"number by meaning", AttributeValue{Target: "level", Type: TypeInteger, Value: String("07")}, nil},
		{"other number", AttributeValue{Target: "level", Type: TypeInteger, Value: String("8")}, &Change{Op: Replace, Old: "7", New: "8", NewValue: json.Number("8")}},
		{"same time", AttributeValue{Target: "when", Type: TypeDateTime, Value: String("2021-06-29T16:00:00Z")}, nil},
		{"sub-attribute", AttributeValue{Target: "name.givenName", Value: String("Eva")}, &Change{Op: Replace, Old: "Ada", New: "Eva", NewValue: "Eva"}},
		{"list element", AttributeValue{Target: `emails[type eq "work"].value`, Value: String("x")}, &Change{Op: Replace, Old: "w", New: "x", NewValue: "x"}},
		{"absent list element", AttributeValue{Target: `emails[type eq "other"].value`, Value: String("x")}, &Change{Op: Add, New: "x", NewValue: "x"}},
		{"boolean in a filter", AttributeValue{Target: `roles[primary eq "True"].value`, Value: String("r")}, nil},
		{"extension", AttributeValue{Target: enterprise + "department", Value: String("sales")}, nil},
		{"extension not there", AttributeValue{Target: "urn:x:2.0:User:a", Value: String("b")}, &Change{Op: Add, New: "b", NewValue: "b"}},
		{"same manager", AttributeValue{Target: enterprise + "manager", Type: TypeReference, Value: String("m1")}, nil},
		{"other manager", AttributeValue{Target: enterprise + "manager", Type: TypeReference, Value: String("M1")}, &Change{Op: Replace, Old: "m1", New: "M1", NewValue: "M1"}},
		{"no manager", AttributeValue{Target: enterprise + "manager", Type: TypeReference, Value: String("")}, &Change{Op: Replace, Old: "m1", NewValue: ""}},
		{"same list", AttributeValue{Target: "tags", MultiValue: true, Value: Multi("B", "a", "a")}, nil},
		{"longer list", AttributeValue{Target: "tags", MultiValue: true, Value: Multi("a", "b", "c")}, &Change{Op: Replace, Old: "A, b", New: "a, b, c", NewValue: []any{"a", "b", "c"}}},
		{"shorter list", AttributeValue{Target: "phoneNumbers", MultiValue: true, Value: Multi("2")}, &Change{Op: Replace, Old: "1, 2", New: "2", NewValue: []any{scim.Object{"value": "2"}}}},
		{"new list", AttributeValue{Target: "ims", MultiValue: true, Value: Multi("2")}, &Change{Op: Add, New: "2", NewValue: []any{scim.Object{"value": "2"}}}},
		{"redacted", AttributeValue{Target: "title", Redacted: true, Value: String("Boss")}, &Change{Op: Replace, Old: "[Redact]", New: "[Redact]", NewValue: "Boss", Redacted: true}},
		{"redacted and new", AttributeValue{Target: "nickName", Redacted: true, Value: String("Boss")}, &Change{Op: Add, New: "[Redact]", NewValue: "Boss", Redacted: true}},
		{"a role that is there", AttributeValue{Target: "roles", MultiValue: true, Roles: "AppRoleAssignmentsComplex", Value: Multi("R")}, nil},
		{"same roles", AttributeValue{Target: "roles", MultiValue: true, Roles: "AssertiveAppRoleAssignmentsComplex", Value: Multi(`{"id":"1","value":"R"}`)}, nil},
	} {
		got := Changes(KindUser, user, []AttributeValue{test.value})
		var want []Change
		if test.want != nil {
			c := *test.want
			c.Target, c.Type = test.value.Target, test.value.Type
			want = []Change{c}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", test.name, diff)
		}
	}
	sameBody(t, "the target", user, decoded(t, target)) // comparing changes nothing
	members := AttributeValue{Target: "members", Type: TypeReference, MultiValue: true, Value: Multi("u1")}
	if got := Changes(KindGroup, scim.Object{}, []AttributeValue{members}); got != nil {
		t.Errorf("members of a group are compared: %v", got)
	}
	if got := NewResource(KindGroup, []AttributeValue{members}); got["members"] != nil {
		t.Errorf("members travel in a new group: %v", got)
	}
}

// What a POST made is what the next comparison finds.
func TestChanges_noneAfterCreate(t *testing.T) {
	t.Parallel()
	source := map[string]Value{"IsSoftDeleted": String("False")}
	for _, name := range DefaultUsers().Sources() {
		if source[name].IsNull() {
			source[name] = String("value of " + name)
		}
	}
	values := mustValues(t, DefaultUsers(), attributes(source), true)
	if got := Changes(KindUser, NewResource(KindUser, values), values); len(got) != 0 || len(values) != 22 {
		t.Errorf("%d values, then the changes %v", len(values), got)
	}
}

func TestValue_json(t *testing.T) {
	t.Parallel()
	for text, v := range map[string]Value{`null`: Null(), `""`: String(""), `"<a>"`: String("<a>"), `["a"]`: Multi("a"), `["a","b"]`: Multi("a", "b")} {
		if got := v.String(); got != text {
			t.Errorf("%v is written %s, want %s", v.texts, got, text)
		}
		var back Value
		if err := json.Unmarshal([]byte(text), &back); err != nil || !back.Equal(v) {
			t.Errorf("%s is read as %v (%v)", text, back, err)
		}
	}
	var v Value
	if err := json.Unmarshal([]byte(`[]`), &v); err != nil || !v.IsNull() || v.IsMulti() {
		t.Errorf("[] is read as %v (%v)", v, err)
	}
	if err := json.Unmarshal([]byte(`3`), &v); err == nil {
		t.Error("3 is read as a value")
	}
}
