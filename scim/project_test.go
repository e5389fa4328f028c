package scim_test

import (
	"strings"
	"testing"

	"github.com/rollcall/rollcall/scim"
)

func TestParseProjection(t *testing.T) {
	t.Parallel()
	doc := `{"schemas":["urn:s"],"id":"1","userName":"a","displayName":"d","meta":{"version":"v","created":"c"},
		"name":{"givenName":"g","familyName":"f"},"emails":[{"type":"work","value":"w"},{"type":"home","value":"h"}],"groups":[{"value":"g1","display":"G"}],
		` + enterprise + `:{"department":"D","manager":{"value":"m","displayName":"M"}}}`
	const always = `"schemas":["urn:s"],"id":"1"`
	tests := []struct{ name, attributes, excluded, want string }{
		{"nothing given", "", "", doc},
		{"blanks and commas", " , ", ",", doc},
		{"one", "userName", "", `{` + always + `,"userName":"a"}`},
		{"case and blanks", " USERNAME , Name ", "", `{` + always + `,"userName":"a","name":{"givenName":"g","familyName":"f"}}`},
		{"sub-attributes", "name.givenName,emails.value,meta.version", "", `{` + always + `,"name":{"givenName":"g"},"emails":[{"value":"w"},{"value":"h"}],"meta":{"version":"v"}}`},
		{"two sub-attributes of one", "name.givenName,name.familyName,name.middleName", "", `{` + always + `,"name":{"givenName":"g","familyName":"f"}}`},
		{"whole and part", "emails.value,emails", "", `{` + always + `,"emails":[{"type":"work","value":"w"},{"type":"home","value":"h"}]}`},
		{"chosen values", `emails[type eq "work"]`, "", `{` + always + `,"emails":[{"type":"work","value":"w"}]}`},
		{"chosen sub-attributes", `emails[type eq "work" or value eq "a,b]"].value,userName`, "", `{` + always + `,"emails":[{"value":"w"}],"userName":"a"}`},
		{"no chosen values", `emails[type eq "fax"]`, "", `{` + always + `}`},
		{"unknown", "foo,userName.x,urn:x:y", "", `{` + always + `}`},
		{"URN", "urn:ietf:params:scim:schemas:core:2.0:User:userName", "", `{` + always + `,"userName":"a"}`},
		{"extension", scim.EnterpriseUserURN, "", `{` + always + `,` + enterprise + `:{"department":"D","manager":{"value":"m","displayName":"M"}}}`},
		{"extension attribute", scim.EnterpriseUserURN + ":department", "", `{` + always + `,` + enterprise + `:{"department":"D"}}`},
		{"extension sub-attribute", "manager.value," + scim.EnterpriseUserURN + ":costCenter", "", `{` + always + `,` + enterprise + `:{"manager":{"value":"m"}}}`},
		{"absent extension attribute", "costCenter", "", `{` + always + `}`},
		{"id only", "id", "", `{` + always + `}`},
		{"excluded", "", "emails,NAME,meta,groups," + scim.EnterpriseUserURN, `{` + always + `,"userName":"a","displayName":"d"}`},
		{"excluded always", "", "id,schemas,userName,displayName,meta,name,emails,groups," + scim.EnterpriseUserURN, `{` + always + `}`},
		{"excluded sub-attributes", "", `name.givenName,emails.type,meta.created,groups.display,userName,displayName,` + scim.EnterpriseUserURN + ":manager.displayName",
			`{` + always + `,"meta":{"version":"v"},"name":{"familyName":"f"},"emails":[{"value":"w"},{"value":"h"}],"groups":[{"value":"g1"}],` + enterprise + `:{"department":"D","manager":{"value":"m"}}}`},
		{"excluded values", "", `emails[type eq "work"],meta,name,groups,userName,displayName,` + scim.EnterpriseUserURN + ":department",
			`{` + always + `,"emails":[{"type":"home","value":"h"}],` + enterprise + `:{"manager":{"value":"m","displayName":"M"}}}`},
		{"excluded to the last", "", `emails.type,emails.value,name.givenName,name.familyName,meta,groups,userName,displayName,department,manager`, `{` + always + `}`},
		{"excluded value parts", "emails", `emails[type eq "work"].value`, `{` + always + `,"emails":[{"type":"work"},{"type":"home","value":"h"}]}`},
		{"excluded value of a quoted name", "emails", `emails[value eq "\"w\","].value`, `{` + always + `,"emails":[{"type":"work","value":"w"},{"type":"home","value":"h"}]}`},
		{"both", "userName,name", "name.familyName,displayName", `{` + always + `,"userName":"a","name":{"givenName":"g"}}`},
		{"unknown excluded", "", "foo,bar.x", doc},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := mustDecode(t, doc)
			p, err := scim.ParseProjection(scim.User, tt.attributes, tt.excluded)
			if err != nil {
				t.Fatal(err)
			}
			wantJSON(t, p.Apply(in), tt.want)
			wantJSON(t, in, doc)
			for key := range mustDecode(t, tt.want) {
				if !p.Wants(key) || !p.Wants(strings.ToUpper(key)) {
					t.Errorf("%s is answered and not wanted", key)
				}
			}
		})
	}
}

func TestProjection_Wants(t *testing.T) {
	t.Parallel()
	tests := []struct {
		attributes, excluded string
		wants, not           []string
		zero                 bool
	}{
		{"", "", []string{"id", "members", "meta"}, nil, true},
		{"displayName", "", []string{"id", "schemas", "displayName"}, []string{"members", "meta", "externalId"}, false},
		{"members.value", "", []string{"members"}, []string{"displayName"}, false},
		{"", "members", []string{"displayName", "id"}, []string{"members", "MEMBERS"}, false},
		{"", "members.display,id", []string{"members", "id"}, nil, false},
		{"", `members[value eq "x"]`, []string{"members"}, nil, false},
		{"members", "members", nil, []string{"members"}, false},
		{"foo", "", []string{"id", "schemas"}, []string{"members", "displayName"}, false},
	}
	for _, tt := range tests {
		p, err := scim.ParseProjection(scim.Group, tt.attributes, tt.excluded)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range tt.wants {
			if !p.Wants(a) {
				t.Errorf("attributes=%s excluded=%s: %s is not wanted", tt.attributes, tt.excluded, a)
			}
		}
		for _, a := range tt.not {
			if p.Wants(a) {
				t.Errorf("attributes=%s excluded=%s: %s is wanted", tt.attributes, tt.excluded, a)
			}
		}
		if p.Zero() != tt.zero {
			t.Errorf("attributes=%s excluded=%s: Zero is %v", tt.attributes, tt.excluded, p.Zero())
		}
	}
}

func TestParseProjection_refused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ list, scimType, want string }{
		{"a..b", scim.InvalidPath, `"a..b" is not the name`},
		{"userName,emails[type", scim.InvalidFilter, "one of eq"},
		{`emails[flavour eq "x"]`, scim.InvalidFilter, "no sub-attribute of emails"},
		{strings.Repeat("x,", scim.MaxFilterBytes), scim.InvalidPath, "the list of attributes has 32768 bytes"},
	} {
		_, err := scim.ParseProjection(scim.User, tt.list, "")
		wantError(t, err, 400, tt.scimType, tt.want)
		_, err = scim.ParseProjection(scim.User, "", tt.list)
		wantError(t, err, 400, tt.scimType, tt.want)
	}
}
