package scim_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/scim"
)

func TestParsePath(t *testing.T) {
	t.Parallel()
	work := mustFilter(t, `type eq "work"`)
	tests := []struct {
		in   string
		want scim.Path
		text string // "" = in
	}{
		{`userName`, scim.Path{Attr: "userName"}, ""},
		{` userName `, scim.Path{Attr: "userName"}, "userName"},
		{`name.givenName`, scim.Path{Attr: "name", Sub: "givenName"}, ""},
		{`emails[type eq "work"]`, scim.Path{Attr: "emails", Filter: work}, ""},
		{`emails[ type  eq "work" ].value`, scim.Path{Attr: "emails", Filter: work, Sub: "value"}, `emails[type eq "work"].value`},
		{scim.EnterpriseUserURN + ":department", scim.Path{Schema: scim.EnterpriseUserURN, Attr: "department"}, ""},
		{scim.EnterpriseUserURN + ".department", scim.Path{Schema: scim.EnterpriseUserURN, Attr: "department"}, scim.EnterpriseUserURN + ":department"},
		{scim.EnterpriseUserURN + ".manager.value", scim.Path{Schema: scim.EnterpriseUserURN, Attr: "manager", Sub: "value"}, scim.EnterpriseUserURN + ":manager.value"},
		{strings.ToUpper(scim.UserURN) + ":userName", scim.Path{Schema: strings.ToUpper(scim.UserURN), Attr: "userName"}, ""},
		{scim.EnterpriseUserURN, scim.Path{Schema: scim.EnterpriseUserURN}, ""},
		{scim.UserURN + `:emails[type eq "work"].value`, scim.Path{Schema: scim.UserURN, Attr: "emails", Filter: work, Sub: "value"}, ""},
		{"urn:ietf:params:scim:schemas:extension:CustomExtensionName:2.0:User:tag", scim.Path{Schema: "urn:ietf:params:scim:schemas:extension:CustomExtensionName:2.0:User", Attr: "tag"}, ""},
		{"members[value eq abc]", scim.Path{Attr: "members", Filter: mustFilter(t, `value eq "abc"`)}, `members[value eq "abc"]`},
	}
	for _, tt := range tests {
		got, err := scim.ParsePath(tt.in)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %#v, %v", tt.in, got, err)
			continue
		}
		if tt.text == "" {
			tt.text = tt.in
		}
		if got.String() != tt.text {
			t.Errorf("%s: string form %s, want %s", tt.in, got, tt.text)
		}
	}
}

func TestParsePath_refused(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, scimType, want string }{
		{"", scim.InvalidPath, "an attribute name is expected, found the end"},
		{"a.b.c", scim.InvalidPath, `"a.b.c" is not the name of an attribute`},
		{"a b", scim.InvalidPath, `the end of the path is expected, found "b"`},
		{`"a"`, scim.InvalidPath, "an attribute name is expected"},
		{`emails.value[type eq "work"]`, scim.InvalidPath, "a filter in brackets follows the attribute"},
		{scim.UserURN + `[type eq "work"]`, scim.InvalidPath, "a filter in brackets follows an attribute"},
		{`emails[type eq "work"].value.x`, scim.InvalidPath, "the name of a sub-attribute is expected"},
		{`emails[type eq "work"]x`, scim.InvalidPath, "the end of the path is expected"},
		{`emails[type eq "work"`, scim.InvalidFilter, `"and", "or" or ] is expected`},
		{`emails[0].value`, scim.InvalidFilter, `after "0"`},
		{`emails[type foo "work"]`, scim.InvalidFilter, "one of eq"},
		{"us\x00er", scim.InvalidPath, "U+0000"},
		{"us\xff", scim.InvalidPath, "position 3: the text is not valid UTF-8"},
		{strings.Repeat("x", scim.MaxFilterBytes+1), scim.InvalidPath, "the path has 16385 bytes"},
	}
	for _, tt := range tests {
		_, err := scim.ParsePath(tt.in)
		wantError(t, err, 400, tt.scimType, tt.want)
	}
}
