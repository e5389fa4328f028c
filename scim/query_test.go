package scim_test

import (
	"strings"
	"testing"

	"github.com/rollcall/rollcall/scim"
)

func TestParseSort(t *testing.T) {
	t.Parallel()
	tests := []struct {
		rt        *scim.ResourceType
		by, order string
		want      scim.Sort
		note      string
	}{
		{scim.User, "", "descending", scim.Sort{}, ""},
		{scim.User, "USERNAME", "", scim.Sort{By: "userName"}, ""},
		{scim.User, "name.familyname", "Descending", scim.Sort{By: "name.familyName", Descending: true}, ""},
		{scim.User, "meta.lastModified", "ascending", scim.Sort{By: "meta.lastModified"}, ""},
		{scim.User, scim.UserURN + ":active", "", scim.Sort{By: "active"}, ""},
		{scim.Group, "displayName", "", scim.Sort{By: "displayName"}, ""},
		{scim.User, "id", "sideways", scim.Sort{By: "id"}, `sortOrder: "sideways" is neither`},
		{scim.User, "title", "", scim.Sort{}, `sortBy: "title" is not`},
		{scim.User, "emails", "", scim.Sort{}, "sortBy"},
		{scim.User, "name", "", scim.Sort{}, "sortBy"},
		{scim.Group, "userName", "", scim.Sort{}, "sortBy"},
		{scim.User, "a b", "", scim.Sort{}, "sortBy"},
		{scim.User, `emails[type eq "work"]`, "", scim.Sort{}, "sortBy"},
		{scim.User, "department", "", scim.Sort{}, "sortBy"},
		{scim.User, scim.EnterpriseUserURN, "", scim.Sort{}, "sortBy"},
	}
	for _, tt := range tests {
		got, notes := scim.ParseSort(tt.rt, tt.by, tt.order)
		text := ""
		for _, n := range notes {
			text += n.Path + ": " + n.Text
		}
		if got != tt.want || !strings.Contains(text, tt.note) || (tt.note == "") != (text == "") {
			t.Errorf("%s %s: got %+v %q, want %+v %q", tt.by, tt.order, got, text, tt.want, tt.note)
		}
	}
}

func TestListResponse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   scim.ListResponse
		want string
	}{
		{scim.ListResponse{TotalResults: 3, StartIndex: 1, ItemsPerPage: 1}, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":3,"startIndex":1,"itemsPerPage":1,"Resources":[{"id":"1"}]}`},
		{scim.ListResponse{TotalResults: 3, ItemsPerPage: 1, NextCursor: `n"`, PreviousCursor: "p"}, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":3,"itemsPerPage":1,"nextCursor":"n\"","previousCursor":"p","Resources":[{"id":"1"}]}`},
		{scim.ListResponse{NoTotal: true, ItemsPerPage: 1}, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"itemsPerPage":1,"Resources":[{"id":"1"}]}`},
	}
	for _, tt := range tests {
		if got := string(tt.in.Head()) + `{"id":"1"}` + string(tt.in.Tail()); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
		wantJSON(t, tt.in.Object([]scim.Object{{"id": "1"}}), tt.want)
	}
}

func TestParseQuery(t *testing.T) {
	t.Parallel()
	tests := []struct {
		raw  string
		want scim.Query
	}{
		{"", scim.Query{StartIndex: 1}},
		{"&&x=1&filter=&startIndex=&count=", scim.Query{StartIndex: 1}},
		{"FILTER=a+pr&SortBy=id&sortorder=descending&Attributes=a%2Cb&excludedattributes=c", scim.Query{StartIndex: 1, Filter: "a pr", SortBy: "id", SortOrder: "descending", Attributes: "a,b", ExcludedAttributes: "c"}},
		{"startIndex=11&count=5", scim.Query{StartIndex: 11, Count: 5, HasCount: true}},
		{"startIndex=0&count=-1", scim.Query{StartIndex: 1, HasCount: true}},
		{"count=5000", scim.Query{StartIndex: 1, Count: scim.MaxPageSize, HasCount: true}},
		{"startIndex=99999999999999999999&count=-99999999999999999999", scim.Query{StartIndex: 2147483647, HasCount: true}},
		{"cursor", scim.Query{StartIndex: 1, HasCursor: true}},
		{"cursor=&count=10", scim.Query{StartIndex: 1, HasCursor: true, Count: 10, HasCount: true}},
		{"cursor=VZ%2B=", scim.Query{StartIndex: 1, HasCursor: true, Cursor: "VZ+="}},
		{"fil%74er=a+pr", scim.Query{StartIndex: 1, Filter: "a pr"}},
	}
	for _, tt := range tests {
		if got, err := scim.ParseQuery(tt.raw); err != nil || got != tt.want {
			t.Errorf("%s: got %+v %v\nwant %+v", tt.raw, got, err, tt.want)
		}
	}
	for raw, want := range map[string]string{
		"filter=a+pr&Filter=b+pr": `the parameter "filter" is given twice`,
		"filter=100%":             "a % itself is written %25",
		"filter=%zz":              "hexadecimal",
		"%=1":                     "hexadecimal",
		"count=ten":               `count must be a whole number; "ten" was sent`,
		"startIndex=1.5":          "startIndex must be a whole number",
		"count=9x":                "count must be a whole number",
	} {
		_, err := scim.ParseQuery(raw)
		wantError(t, err, 400, scim.InvalidValue, want)
	}
}

func TestParseSearch(t *testing.T) {
	t.Parallel()
	got, err := scim.ParseSearch(mustDecode(t, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"attributes":["displayName","userName"],"excludedAttributes":"meta",
		"filter":"displayName sw \"smith\"","SORTBY":"id","sortOrder":null,"startIndex":1,"count":"10","cursor":"","other":{}}`))
	want := scim.Query{Attributes: "displayName,userName", ExcludedAttributes: "meta", Filter: `displayName sw "smith"`, SortBy: "id", StartIndex: 1, Count: 10, HasCount: true, HasCursor: true}
	if err != nil || got != want {
		t.Errorf("got  %+v %v\nwant %+v", got, err, want)
	}
	for _, tt := range []struct{ in, want string }{
		{`{"filter":5}`, "filter of a search request has the wrong type: 5"},
		{`{"attributes":[5]}`, "attributes of a search request"},
		{`{"sortBy":["id"]}`, "sortBy of a search request"},
		{`{"count":{}}`, "count of a search request"},
		{`{"count":1.5}`, "count must be a whole number"},
	} {
		_, err := scim.ParseSearch(mustDecode(t, tt.in))
		wantError(t, err, 400, scim.InvalidValue, tt.want)
	}
}
