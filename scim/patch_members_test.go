package scim_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/scim"
)

func TestSplitMembers(t *testing.T) {
	t.Parallel()
	add := func(ids ...string) []scim.MemberChange { return []scim.MemberChange{{Op: scim.OpAdd, IDs: ids}} }
	remove := func(ids ...string) []scim.MemberChange {
		return []scim.MemberChange{{Op: scim.OpRemove, IDs: ids}}
	}
	tests := []struct {
		name, op string
		want     []scim.MemberChange
		rest     string // operations that stay, "" = none
	}{
		{"add a list", `{"op":"Add","path":"members","value":[{"$ref":null,"value":"a"},{"value":"b","display":"B"},"a"]}`, add("a", "b"), ""},
		{"add one object", `{"op":"add","path":"Members","value":{"value":"a"}}`, add("a"), ""},
		{"add one id", `{"op":"add","path":"members","value":"a"}`, add("a"), ""},
		{"add with URN", `{"op":"add","path":"urn:ietf:params:scim:schemas:core:2.0:Group:members","value":["a"]}`, add("a"), ""},
		{"add to members.value", `{"op":"add","path":"members.value","value":["a"]}`, add("a"), ""},
		{"add by filter", `{"op":"add","path":"members[value eq \"a\"]","value":{"value":"a"}}`, add("a"), ""},
		{"add nothing", `{"op":"add","path":"members","value":[]}`, []scim.MemberChange{{Op: scim.OpAdd, IDs: []string{}}}, ""},
		{"add null", `{"op":"add","path":"members","value":null}`, []scim.MemberChange{{Op: scim.OpAdd}}, ""},
		{"replace", `{"op":"replace","path":"members","value":[{"value":"a"}]}`, []scim.MemberChange{{Op: scim.OpReplace, IDs: []string{"a"}}}, ""},
		{"replace with nothing", `{"op":"replace","path":"members","value":[]}`, []scim.MemberChange{{Op: scim.OpReplace, IDs: []string{}}}, ""},
		{"replace with null", `{"op":"replace","path":"members","value":null}`, []scim.MemberChange{{Op: scim.OpReplace}}, ""},
		{"remove all", `{"op":"remove","path":"members"}`, []scim.MemberChange{{Op: scim.OpRemove, All: true}}, ""},
		{"remove a list", `{"op":"Remove","path":"members","value":[{"value":"a"},{"value":"b"}]}`, remove("a", "b"), ""},
		{"remove an empty list", `{"op":"Remove","path":"members","value":[]}`, []scim.MemberChange{{Op: scim.OpRemove, IDs: []string{}}}, ""},
		{"remove by filter", `{"op":"remove","path":"members[value eq \"a\"]"}`, remove("a"), ""},
		{"remove by filter, any case", `{"op":"remove","path":"Members[Value EQ \"a\"]"}`, remove("a"), ""},
		{"remove by filter and sub-attribute", `{"op":"remove","path":"members[value eq \"a\"].value","value":"b"}`, remove("a"), ""},
		{"remove by filter with a value", `{"op":"remove","path":"members[value eq \"a\"]","value":[{"value":"b"}]}`, remove("a"), ""},
		{"remove several by filter", `{"op":"remove","path":"members[value eq \"a\" or value eq \"b\" or value eq \"a\"]"}`, remove("a", "b"), ""},
		{"remove by another filter", `{"op":"remove","path":"members[type eq \"User\"]"}`,
			[]scim.MemberChange{{Op: scim.OpRemove, Filter: mustFilter(t, `type eq "User"`)}}, ""},
		{"remove by and", `{"op":"remove","path":"members[value eq \"a\" and type eq \"User\"]"}`,
			[]scim.MemberChange{{Op: scim.OpRemove, Filter: mustFilter(t, `value eq "a" and type eq "User"`)}}, ""},
		{"without path", `{"op":"replace","value":{"displayName":"X","members":[{"value":"a"}]}}`,
			[]scim.MemberChange{{Op: scim.OpReplace, IDs: []string{"a"}}}, `{"op":"replace","value":{"displayName":"X"}}`},
		{"without path, members only", `{"op":"add","value":{"MEMBERS":"a"}}`, add("a"), ""},
		{"without path, null", `{"op":"replace","value":{"displayName":"X","members":null}}`,
			[]scim.MemberChange{{Op: scim.OpAdd}}, `{"op":"replace","value":{"displayName":"X"}}`},
		{"without path, a list", `{"op":"add","value":[{"members":["a"]},{"displayName":"X","members":["b"]}]}`,
			[]scim.MemberChange{{Op: scim.OpAdd, IDs: []string{"a"}}, {Op: scim.OpAdd, IDs: []string{"b"}}}, `{"op":"add","value":[{"displayName":"X"}]}`},
		{"without path, a path as key", `{"op":"add","value":{"urn:ietf:params:scim:schemas:core:2.0:Group:members":["a"]}}`, add("a"), ""},
		{"no members", `{"op":"replace","path":"displayName","value":"X"}`, nil, `{"op":"replace","path":"displayName","value":"X"}`},
		{"nothing at all", `{"op":"replace","value":{}}`, nil, `{"op":"replace","value":{}}`},
		{"display of a member", `{"op":"replace","path":"members[value eq \"a\"].display","value":"X"}`, nil, `{"op":"replace","path":"members[value eq \"a\"].display","value":"X"}`},
		{"members of another schema", `{"op":"add","path":"urn:x:y:members","value":"a"}`, nil, `{"op":"add","path":"urn:x:y:members","value":"a"}`},
		{"remove without path stays", `{"op":"remove","value":{"members":["a"]}}`, nil, `{"op":"remove","value":{"members":["a"]}}`},
		{"text without path stays", `{"op":"add","value":"x"}`, nil, `{"op":"add","value":"x"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := mustPatch(t, ops(`{"op":"replace","path":"externalId","value":"e"}`, tt.op))
			before := fmt.Sprintf("%#v", p.Operations[1].Value)
			rest, index, changes, err := p.SplitMembers()
			if err != nil {
				t.Fatal(err)
			}
			if after := fmt.Sprintf("%#v", p.Operations[1].Value); after != before {
				t.Errorf("the patch changed: %s, was %s", after, before)
			}
			for i := range tt.want {
				tt.want[i].Index = 1
			}
			if !reflect.DeepEqual(changes, tt.want) {
				t.Errorf("got  %+v\nwant %+v", changes, tt.want)
			}
			wantRest, wantIndex := mustPatch(t, ops(`{"op":"replace","path":"externalId","value":"e"}`)), []int{0}
			if tt.rest != "" {
				wantRest = mustPatch(t, ops(`{"op":"replace","path":"externalId","value":"e"}`, tt.rest))
				wantIndex = []int{0, 1}
			}
			if !reflect.DeepEqual(rest.Operations, wantRest.Operations) || !reflect.DeepEqual(index, wantIndex) {
				t.Errorf("rest %+v %v\nwant %+v %v", rest, index, wantRest, wantIndex)
			}
		})
	}
}

func TestSplitMembers_refused(t *testing.T) {
	t.Parallel()
	tests := []struct{ op, scimType, want string }{
		{`{"op":"add","path":"members"}`, scim.InvalidValue, "operation 1 (add members): add needs a value"},
		{`{"op":"replace","path":"members"}`, scim.InvalidValue, "replace needs a value"},
		{`{"op":"add","path":"members","value":[{"display":"x"}]}`, scim.InvalidValue, `operation 1 (add members): value 1 of members has no "value"`},
		{`{"op":"remove","path":"members","value":[{"display":"x"}]}`, scim.InvalidValue, `value 1 of members has no "value"`},
		{`{"op":"remove","path":"members","value":true}`, scim.InvalidValue, "must be the id of a member"},
		{`{"op":"replace","value":{"members":[5]}}`, scim.InvalidValue, "operation 1 (replace): value 1 of members must be the id"},
		{`{"op":"replace","value":[{"members":[5]}]}`, scim.InvalidValue, "value 1 of members must be the id"},
		{`{"op":"remove","path":"members[flavour eq \"x\"]"}`, scim.InvalidFilter, `"flavour", which is no sub-attribute of members`},
		{`{"op":"replace","path":"members[value eq \"a\"]","value":{"value":"b"}}`, scim.InvalidPath, "members cannot be replaced one by one"},
		{`{"op":"add","path":"members[type eq \"User\"]","value":{"value":"b"}}`, scim.NoTarget, "no id to add follows"},
		{`{"op":"add","path":"members[value eq \"\" or type eq \"x\"]"}`, scim.NoTarget, "no id to add follows"},
	}
	for _, tt := range tests {
		_, _, _, err := mustPatch(t, ops(tt.op)).SplitMembers()
		wantError(t, err, 400, tt.scimType, tt.want)
	}
	ids := make([]string, scim.MaxPatchMembers)
	for i := range ids {
		ids[i] = fmt.Sprintf(`"u%d"`, i)
	}
	list := `{"op":"add","path":"members","value":[` + strings.Join(ids, ",") + `]}`
	if _, _, changes, err := mustPatch(t, ops(list)).SplitMembers(); err != nil || len(changes[0].IDs) != scim.MaxPatchMembers {
		t.Errorf("%d members: %v", scim.MaxPatchMembers, err)
	}
	_, _, _, err := mustPatch(t, ops(list, `{"op":"remove","path":"members[value eq \"x\"]"}`)).SplitMembers()
	wantError(t, err, 400, scim.TooMany, "the PATCH names more than 10000 members")
}
