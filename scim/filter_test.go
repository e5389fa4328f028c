package scim_test

import (
	"encoding/json"
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

const matchUser = `{
 "schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"2819c223-7f76","externalId":"Ext1",
 "meta":{"resourceType":"User","created":"2026-01-31T08:30:00Z","lastModified":"2026-02-01T00:00:00.5+01:00","version":"W/\"1\""},
 "userName":"BJensen@example.com","displayName":"Babs Jensen","title":"","active":true,"nickName":"42",
 "name":{"givenName":"Barbara","familyName":"Jensen"},
 "emails":[{"type":"work","value":"bjensen@example.com","primary":true},{"type":"home","value":"Babs@example.org"}],
 "roles":[{"value":"admin","primary":false}],
 "groups":[{"value":"g1","display":"Ops"},{"value":"g2","display":"Dev"}],
 "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Tour","manager":{"value":"26118915"}}}`

func TestFilter_Match(t *testing.T) {
	t.Parallel()
	doc := mustDecode(t, matchUser)
	tests := []struct {
		filter string
		want   bool
	}{
		{`userName eq "bjensen@EXAMPLE.com"`, true}, {`userName eq "bjensen"`, false}, {`userName ne "BJENSEN@example.com"`, false},
		{`userName co "JENSEN@"`, true}, {`userName sw "bj"`, true}, {`userName sw "jensen"`, false}, {`userName ew ".COM"`, true}, {`userName co ""`, true},
		{`id eq "2819C223-7F76"`, false}, {`id eq "2819c223-7f76"`, true}, {`externalId eq "ext1"`, false}, {`externalId eq Ext1`, true}, {`externalId sw "Ext"`, true}, {`externalId co "ext"`, false},
		{`displayName gt "babs"`, true}, {`displayName ge "BABS JENSEN"`, true}, {`displayName lt "babs jensen"`, false}, {`displayName le "Babs Jensen"`, true}, {`userName gt "a"`, true}, {`userName lt "A"`, false},
		{`active eq true`, true}, {`active eq "True"`, true}, {`active eq False`, false}, {`active ne false`, true}, {`active pr`, true},
		{`nickName eq 42`, true}, {`nickName eq 42.0`, false},
		{`title pr`, false}, {`title eq ""`, true}, {`title eq null`, false}, {`locale eq null`, true}, {`locale ne null`, false}, {`userName ne null`, true},
		{`locale ne "x"`, true}, {`locale eq "x"`, false}, {`locale co ""`, false}, {`locale pr`, false}, {`not (locale pr)`, true},
		{`meta.created eq "2026-01-31T09:30:00+01:00"`, true}, {`meta.created gt "2026-01-31"`, true}, {`meta.lastModified lt "2026-01-31T23:00:01Z"`, true},
		{`meta.created le 2026-01-31T08:29:59.999Z`, false}, {`meta.created ne "2026-01-31T08:30:00Z"`, false}, {`meta.version pr`, true},
		{`emails eq "BABS@example.org"`, true}, {`emails.value co "example.com"`, true}, {`emails.type eq "other"`, false}, {`emails ne "bjensen@example.com"`, true},
		{`emails[type eq "home" and primary eq true]`, false}, {`emails.type eq "home" and emails.primary eq true`, true},
		{`emails[type eq "WORK" and primary eq "True"]`, true}, {`emails[not (type eq "work")]`, true}, {`emails[type eq "fax" or value sw "babs"]`, true},
		{`emails[type eq "work"].value eq "bjensen@example.com"`, true}, {`emails[type eq "work"].value eq "babs@example.org"`, false},
		{`emails[primary pr]`, true}, {`emails[primary eq null]`, true}, {`emails[display pr]`, false}, {`roles[primary pr].value eq "admin"`, true},
		{`emails pr`, true}, {`ims pr`, false}, {`name pr`, true}, {`name.middleName pr`, false}, {`name.givenName eq "barbara"`, true}, {`addresses[type eq "work"]`, false},
		{`name[givenName eq "barbara" and familyName eq "x"]`, false}, {`name[familyName eq "jensen"]`, true},
		{`groups eq "g2"`, true}, {`groups.value eq "G2"`, false}, {`groups[display eq "ops"]`, true},
		{`manager eq "26118915"`, true}, {`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq 26118915`, true}, {`department eq "TOUR"`, true}, {`costCenter ne "x"`, true},
		{`schemas eq "urn:ietf:params:scim:schemas:core:2.0:User"`, true}, {`schemas[value ew "Group"]`, false}, {`schemas pr`, true},
		{`userName eq "x" or active eq true and title pr`, false}, {`(userName eq "x" or active eq true) and displayName pr`, true},
		{`unknown eq "x"`, false}, {`unknown ne "x"`, false}, {`emails[unknown eq "x"]`, false}, {`name eq "x"`, false},
	}
	for _, tt := range tests {
		if got := mustFilter(t, tt.filter).Match(scim.User, doc); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.filter, got, tt.want)
		}
	}
	var none *scim.Filter
	if !none.Match(scim.User, doc) {
		t.Error("a nil filter does not match")
	}
}

// Case folds in ASCII only: no letter outside of it equals another one.
func TestFilter_Match_foldsASCIIOnly(t *testing.T) {
	t.Parallel()
	doc := scim.Object{"userName": "mi\u212ae", "displayName": "\u017fam É"}
	for _, s := range []string{`userName eq "mike"`, `userName co "k"`, `displayName sw "s"`, `displayName ew "é"`} {
		if mustFilter(t, s).Match(scim.User, doc) {
			t.Errorf("%s matches %v", s, doc)
		}
	}
}

// Documents made in Go may hold lists of their own types.
func TestFilter_Match_goLists(t *testing.T) {
	t.Parallel()
	doc := scim.Object{"schemas": []string{"urn:a", "urn:b"}, "members": []scim.Object{{"value": "1"}, {"value": "2"}}}
	for s, want := range map[string]bool{`schemas eq "urn:b"`: true, `members eq "2"`: true, `members eq "3"`: false} {
		if got := mustFilter(t, s).Match(scim.Group, doc); got != want {
			t.Errorf("%s: got %v", s, got)
		}
	}
}

func TestFilter_Match_numbers(t *testing.T) {
	t.Parallel()
	rt := &scim.ResourceType{Name: "Thing", Schema: &scim.Schema{ID: "urn:example:Thing", Attributes: []scim.Attribute{
		{Name: "size", Type: scim.TypeInteger}, {Name: "weight", Type: scim.TypeDecimal}}}}
	doc := mustDecode(t, `{"size":10,"weight":2.50}`)
	for s, want := range map[string]bool{
		`size gt 9`: true, `size lt 9`: false, `size eq "10"`: true, `weight eq 2.5`: true, `weight ne 2.5`: false, `weight ge 2.6`: false, `size eq null`: false,
	} {
		f := mustFilter(t, s)
		if err := f.Check(rt); err != nil {
			t.Errorf("%s: %v", s, err)
		}
		if got := f.Match(rt, doc); got != want {
			t.Errorf("%s: got %v", s, got)
		}
	}
	wantError(t, mustFilter(t, `size sw 1`).Check(rt), 400, scim.InvalidFilter, "sw cannot be applied to size")
	wantError(t, mustFilter(t, `size eq "ten"`).Check(rt), 400, scim.InvalidFilter, `size is a number and cannot be compared with "ten"`)
	got, _, err := rt.Normalize(doc)
	if err != nil {
		t.Fatal(err)
	}
	if want := (scim.Object{"size": json.Number("10"), "weight": json.Number("2.50")}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, bad := range []string{`{"size":1.5}`, `{"size":"1"}`, `{"size":1e3}`, `{"weight":true}`} {
		if _, _, err := rt.Normalize(mustDecode(t, bad)); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}

func TestFilter_MatchValue(t *testing.T) {
	t.Parallel()
	f := mustFilter(t, `members[type eq "user" and not (value eq "b")]`).Left
	for id, want := range map[string]bool{"a": true, "b": false} {
		if got := f.MatchValue(scim.Group, "members", scim.Object{"value": id, "type": "User"}); got != want {
			t.Errorf("%s: got %v, want %v", id, got, want)
		}
	}
	if f.MatchValue(scim.Group, "owners", scim.Object{"value": "a", "type": "User"}) {
		t.Error("an attribute that does not exist has a matching value")
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
