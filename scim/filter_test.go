package scim_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/scim"
)

func mustFilter(t testing.TB, s string) *scim.Filter {
	t.Helper()
	f, err := scim.ParseFilter(s)
	if err != nil {
		t.Fatalf("ParseFilter(%s): %v", s, err)
	}
	return f
}

func TestParseFilter_tree(t *testing.T) {
	t.Parallel()
	got := mustFilter(t, `not (title pr) and emails[type eq "work" or primary eq true].value sw "x" or meta.created GT "2026"`)
	want := &scim.Filter{Op: scim.Or,
		Left: &scim.Filter{Op: scim.And,
			Left: &scim.Filter{Op: scim.Not, Left: &scim.Filter{Op: scim.Pr, Path: scim.Path{Attr: "title"}}},
			Right: &scim.Filter{Op: scim.ValuePath, Path: scim.Path{Attr: "emails", Sub: "value"},
				Left: &scim.Filter{Op: scim.Or,
					Left:  &scim.Filter{Op: scim.Eq, Path: scim.Path{Attr: "type"}, Value: "work"},
					Right: &scim.Filter{Op: scim.Eq, Path: scim.Path{Attr: "primary"}, Value: true}},
				Right: &scim.Filter{Op: scim.Sw, Path: scim.Path{Attr: "value"}, Value: "x"}}},
		Right: &scim.Filter{Op: scim.Gt, Path: scim.Path{Attr: "meta", Sub: "created"}, Value: "2026"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// The string form shows how a filter was read: parentheses only where the
// precedence needs them.
func TestParseFilter_string(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{`userName eq "x"`, `userName eq "x"`},
		{"  userName \t eq  \"x\"  ", `userName eq "x"`},
		{`a pr or b pr and c pr`, `a pr or b pr and c pr`},
		{`a pr or (b pr and c pr)`, `a pr or b pr and c pr`},
		{`(a pr or b pr) and c pr`, `(a pr or b pr) and c pr`},
		{`a pr and b pr and c pr`, `a pr and b pr and c pr`},
		{`a pr and (b pr and c pr)`, `a pr and (b pr and c pr)`},
		{`a pr or (b pr or c pr)`, `a pr or (b pr or c pr)`},
		{`((((a pr))))`, `a pr`},
		{`not (not (a pr))`, `not (not (a pr))`},
		{`NOT(a pr)AND(b pr)`, `not (a pr) and b pr`},
		{`not pr`, `not pr`},
		{`not eq "x" and and pr or or pr`, `not eq "x" and and pr or or pr`},
		{`active EQ TRUE`, `active eq true`},
		{`active eq False`, `active eq false`},
		{`manager eq NULL`, `manager eq null`},
		{`x eq -1.5e3`, `x eq -1.5e3`},
		{`x eq "\u0041\"\\\/é"`, `x eq "A\"\\/é"`},
		{`externalId eq jyoung`, `externalId eq "jyoung"`},
		{`externalId eq 00u1a2b`, `externalId eq "00u1a2b"`},
		{`meta.created gt 2015-10-10T14:38:21.8617979-07:00`, `meta.created gt "2015-10-10T14:38:21.8617979-07:00"`},
		{`name.FamilyName eq Employee and (emails.Value co example.com or emails.Value co example.org)`,
			`name.FamilyName eq "Employee" and (emails.Value co "example.com" or emails.Value co "example.org")`},
		{`emails[type eq work]`, `emails[type eq "work"]`},
		{`emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp"]`, `emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp"]`},
		{`emails[ not ( type eq "work" ) ].value eq "x"`, `emails[not (type eq "work")].value eq "x"`},
		{`urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"`, `urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"`},
		{`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.manager.value eq 5`, `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq 5`},
		{`urn:example:Custom:2.0:User:tag.value[x pr]`, ``},
		{`urn:example:Custom:2.0:User:tag[x pr].y eq 1`, `urn:example:Custom:2.0:User:tag[x pr].y eq 1`},
		{`members.$ref pr`, `members.$ref pr`},
		{`userName eq "a]b(c) and d"`, `userName eq "a]b(c) and d"`},
	}
	for _, tt := range tests {
		f, err := scim.ParseFilter(tt.in)
		if tt.want == "" {
			if err == nil {
				t.Errorf("%s: parsed as %s, want an error", tt.in, f)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.in, err)
			continue
		}
		if got := f.String(); got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.in, got, tt.want)
		}
		if again := mustFilter(t, f.String()); !reflect.DeepEqual(again, f) {
			t.Errorf("%s: the string form reads as %s", tt.in, again)
		}
	}
}

func TestParseFilter_refused(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{``, "position 1: an attribute name is expected, found the end"},
		{`   `, "position 4: an attribute name is expected, found the end"},
		{`userName`, `position 9: one of eq, ne, co, sw, ew, gt, ge, lt, le, pr is expected after "userName", found the end`},
		{`userName is "x"`, `position 10: one of eq, ne, co, sw, ew, gt, ge, lt, le, pr is expected after "userName", found "is"`},
		{`userName eq`, "position 12: a value is expected, found the end"},
		{`userName eq )`, `position 13: a value is expected, found ")"`},
		{`userName eq 'x'`, "double quotes"},
		{`userName eq "x`, "no closing quote"},
		{`userName eq "x\q"`, "escape"},
		{"userName eq \"x\x01\"", "control character"},
		{"userName eq \"x\x00\"", "U+0000"},
		{`userName eq "\u0000"`, "U+0000"},
		{`userName eq "\ud800"`, "surrogate"},
		{"userName eq \"\xff\"", "not valid UTF-8"},
		{"userName eq \xff", "position 13: the text is not valid UTF-8"},
		{`userName eq "x" userName eq "y"`, `position 17: "and", "or" or the end of the filter is expected, found "userName"`},
		{`userName eq john doe`, `found "doe"`},
		{`userName eq "x" and`, "an attribute name is expected, found the end"},
		{`and userName eq "x"`, `after "and"`},
		{`(userName eq "x"`, `"and", "or" or ) is expected, found the end`},
		{`userName eq "x")`, `or the end of the filter is expected, found ")"`},
		{`not userName eq "x"`, `after "not", found "userName"`},
		{`()`, `an attribute name is expected, found ")"`},
		{`emails[type eq "work"`, `"and", "or" or ] is expected, found the end`},
		{`emails[]`, `an attribute name is expected, found "]"`},
		{`emails[type eq "work"].`, "the name of a sub-attribute is expected, found the end"},
		{`emails[type eq "work"].value`, "one of eq"},
		{`emails[type eq "work"].value.x eq 1`, "the name of a sub-attribute"},
		{`emails[type eq "work"]value eq 1`, `found "value"`},
		{`emails.value[x pr]`, "brackets follow an attribute"},
		{`emails[type[x pr]]`, "brackets cannot be nested"},
		{`urn:ietf:params:scim:schemas:core:2.0:User[x pr]`, "brackets follow an attribute"},
		{`a.b.c eq 1`, `"a.b.c" is not the name of an attribute`},
		{`.b eq 1`, `".b" is not the name`},
		{`a. eq 1`, `"a." is not the name`},
		{`:a eq 1`, `":a" is not the name`},
		{`urn: eq 1`, `"urn:" is not the name`},
		{`us€r eq 1`, `is not the name of an attribute`},
		{`userName eq "x";drop table`, `found ";drop"`},
	}
	for _, tt := range tests {
		f, err := scim.ParseFilter(tt.in)
		if err == nil {
			t.Errorf("%s: parsed as %s, want an error", tt.in, f)
			continue
		}
		wantError(t, err, 400, scim.InvalidFilter, tt.want)
	}
}

func TestParseFilter_limits(t *testing.T) {
	t.Parallel()
	ok := []string{
		strings.Repeat("(", scim.MaxFilterDepth) + "a pr" + strings.Repeat(")", scim.MaxFilterDepth),
		strings.Repeat("not(", scim.MaxFilterDepth) + "a pr" + strings.Repeat(")", scim.MaxFilterDepth),
		"a pr" + strings.Repeat(" or a pr", scim.MaxFilterTerms-1),
		`a eq "` + strings.Repeat("x", scim.MaxFilterBytes-7) + `"`,
		strings.Repeat("(a pr) and ", scim.MaxFilterDepth+10) + "a pr",
	}
	for _, s := range ok {
		if _, err := scim.ParseFilter(s); err != nil {
			t.Errorf("%.40s…: %v", s, err)
		}
	}
	refused := []struct{ in, want string }{
		{"(" + ok[0] + ")", "nested deeper than 32"},
		{"not(" + ok[1] + ")", "nested deeper than 32"},
		{ok[2] + " or a pr", "more than 100 comparisons"},
		{ok[3] + " ", "the filter has 16385 bytes; at most 16384"},
		{strings.Repeat("(", scim.MaxFilterBytes), "nested deeper than 32"},
		{strings.Repeat("(", scim.MaxFilterDepth) + "a[b pr]" + strings.Repeat(")", scim.MaxFilterDepth), "nested deeper than 32"},
	}
	for _, tt := range refused {
		_, err := scim.ParseFilter(tt.in)
		wantError(t, err, 400, scim.InvalidFilter, tt.want)
	}
}

func TestFilter_Check(t *testing.T) {
	t.Parallel()
	accepted := []string{
		`userName eq "x"`, `USERNAME co x`, `id eq "1" and manager eq "2"`, `externalId gt "a"`, `employeeNumber eq 5`,
		`active eq "False"`, `active ne true`, `active pr`, `active eq null`,
		`meta.created gt "2015-10-10T14:38:21Z"`, `meta.lastModified le 2020-01-01`, `meta.resourceType eq "User"`, `meta pr`,
		`emails co "x"`, `emails.primary eq true`, `emails.display eq "x"`, `emails pr`, `name pr`, `name.givenName sw "a"`,
		`name[givenName eq "x"]`, `groups eq "g"`, `groups.display co "x"`, `groups[value eq "g" and type eq "direct"]`,
		`schemas eq "urn:x"`, `schemas[value sw "urn"]`, `x509Certificates.value eq "aGk="`, `x509Certificates co "x"`, `userName eq null`,
		`urn:ietf:params:scim:schemas:core:2.0:user:userName eq "x"`, `department eq "x"`,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.displayName eq "x"`,
		`emails[type eq "work"].value eq "x"`, `emails[primary eq "True" and not (value ew "x")]`, `title gt 5`,
	}
	for _, s := range accepted {
		if err := mustFilter(t, s).Check(scim.User); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	refused := []struct{ in, want string }{
		{`shoeSize eq 5`, `"shoeSize", which is no attribute of a User`},
		{`userName.x eq 5`, `"userName.x"`},
		{`members eq "x"`, `"members"`},
		{`emails.flavour eq "x"`, `"emails.flavour"`},
		{`urn:ietf:params:scim:schemas:core:2.0:Group:displayName eq "x"`, "no attribute of a User"},
		{`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User pr`, "no attribute of a User"},
		{`urn:x:y:userName eq "x"`, "no attribute of a User"},
		{`password sw "a"`, "password cannot be used in a filter"},
		{`userName pr and not (PASSWORD pr)`, "password cannot be used in a filter"},
		{`name eq "x"`, "name has several parts: compare one of them, for example name.formatted"},
		{`addresses co "x"`, "addresses has several parts"},
		{`active gt true`, "gt cannot be applied to active, whose type is boolean"},
		{`active co "t"`, "co cannot be applied to active"},
		{`active eq "maybe"`, `active is true or false and cannot be compared with "maybe"`},
		{`active eq 1`, `cannot be compared with "1"`},
		{`emails.primary lt true`, "lt cannot be applied to emails.primary"},
		{`meta.created gt "yesterday"`, `meta.created is a date and time like 2026-01-31T08:30:00Z and cannot be compared with "yesterday"`},
		{`meta.created sw "2015"`, "sw cannot be applied to meta.created"},
		{`x509Certificates.value gt "x"`, "gt cannot be applied to x509Certificates.value"},
		{`userName gt null`, "null can be compared with eq and ne only, not with gt (userName)"},
		{`userName[value eq "x"]`, "userName has a single value and cannot be followed by brackets"},
		{`emails[flavour eq "x"]`, `"flavour", which is no sub-attribute of emails`},
		{`emails[type eq "work"].flavour eq "x"`, `"emails.flavour", which is no attribute of a User`},
		{`emails[type.x eq "work"]`, `"type.x"`},
		{`emails[type eq "a" or primary gt true]`, "gt cannot be applied to emails.primary"},
		{`emails[type eq "a" and not (primary gt true)]`, "gt cannot be applied to emails.primary"},
		{`userName eq "x" or bad eq "y"`, `"bad"`},
		{`bad eq "x" or userName eq "y"`, `"bad"`},
	}
	for _, tt := range refused {
		wantError(t, mustFilter(t, tt.in).Check(scim.User), 400, scim.InvalidFilter, tt.want)
	}
	if err := mustFilter(t, `members eq "x" and displayName co "a" and members[type eq "User"]`).Check(scim.Group); err != nil {
		t.Errorf("a group filter: %v", err)
	}
	var none *scim.Filter
	if err := none.Check(scim.User); err != nil || none.String() != "" || none.Conjuncts() != nil {
		t.Errorf("a nil filter: %v, %q, %v", err, none.String(), none.Conjuncts())
	}
}

func TestFilter_Equality(t *testing.T) {
	t.Parallel()
	tests := []struct{ filter, attr, want string }{
		{`userName eq "X"`, "username", "X"},
		{`USERNAME EQ "X"`, "username", "X"},
		{`urn:ietf:params:scim:schemas:core:2.0:User:userName eq "x"`, "username", "x"},
		{`urn:ietf:params:scim:schemas:core:2.0:Group:displayName eq "x"`, "displayname", "x"},
		{`externalId eq jyoung`, "externalid", "jyoung"},
		{`externalId eq 00123`, "externalid", "00123"},
		{`externalId eq 123`, "externalid", "123"},
		{`name.familyName eq "x"`, "name.familyname", "x"},
		{`(userName eq "x")`, "username", "x"},
	}
	for _, tt := range tests {
		if got, ok := mustFilter(t, tt.filter).Equality(tt.attr); !ok || got != tt.want {
			t.Errorf("%s: got %q %v, want %q", tt.filter, got, ok, tt.want)
		}
	}
	for _, s := range []string{
		`displayName eq "x"`, `userName ne "x"`, `userName pr`, `userName eq null`, `userName.x eq "x"`, `not (userName eq "x")`,
		`userName eq "x" or userName eq "y"`, `urn:example:2.0:User:userName eq "x"`, `userName[value eq "x"]`,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:userName eq "x"`,
	} {
		if got, ok := mustFilter(t, s).Equality("username"); ok {
			t.Errorf("%s: got %q, want no equality", s, got)
		}
	}
	if _, ok := (*scim.Filter)(nil).Equality("username"); ok {
		t.Error("a nil filter is an equality")
	}
}

func TestFilter_Conjuncts(t *testing.T) {
	t.Parallel()
	for s, want := range map[string][]string{
		`a pr`:                                    {`a pr`},
		`a pr and b pr and (c pr and d pr)`:       {`a pr`, `b pr`, `c pr`, `d pr`},
		`a pr and (b pr or c pr)`:                 {`a pr`, `b pr or c pr`},
		`a pr or b pr and c pr`:                   {`a pr or b pr and c pr`},
		`id eq "1" and not (a pr and members pr)`: {`id eq "1"`, `not (a pr and members pr)`},
	} {
		var got []string
		for _, f := range mustFilter(t, s).Conjuncts() {
			got = append(got, f.String())
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %q, want %q", s, got, want)
		}
	}
}

func TestOp_String(t *testing.T) {
	t.Parallel()
	if scim.Eq.String() != "eq" || scim.ValuePath.String() != "[]" || scim.Op(77).String() != "op(77)" {
		t.Errorf("got %s %s %s", scim.Eq, scim.ValuePath, scim.Op(77))
	}
}
