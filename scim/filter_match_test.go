package scim_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/rollcall/rollcall/scim"
)

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
