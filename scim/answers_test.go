package scim_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/scim"
)

// subNames are the names of the sub-attributes of an attribute document.
func subNames(a scim.Object) (names []string) {
	list, _ := a["subAttributes"].([]any)
	for _, s := range list {
		names = append(names, s.(scim.Object)["name"].(string))
	}
	return names
}

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

func TestParseBulk(t *testing.T) {
	t.Parallel()
	got, err := scim.ParseBulk(mustDecode(t, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"failOnErrors":1,"Operations":[
		{"method":"post","path":"/Users","bulkId":"qwerty","data":{"userName":"Alice"}},
		{"method":"PUT","path":"/Users/b7c1","version":"W/\"3\"","data":{"userName":"Bob"}},
		{"METHOD":"PATCH","PATH":"/Users/5d8d","DATA":{"Operations":[]},"bulkId":null},
		{"method":"DELETE","path":"/Users/e9025","data":null}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := &scim.BulkRequest{FailOnErrors: 1, Operations: []scim.BulkOperation{
		{Method: "POST", Path: "/Users", BulkID: "qwerty", Data: scim.Object{"userName": "Alice"}},
		{Method: "PUT", Path: "/Users/b7c1", Version: `W/"3"`, Data: scim.Object{"userName": "Bob"}},
		{Method: "PATCH", Path: "/Users/5d8d", Data: scim.Object{"Operations": []any{}}},
		{Method: "DELETE", Path: "/Users/e9025"}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	const one = `{"method":"DELETE","path":"/Users/1"}`
	if got, err := scim.ParseBulk(mustDecode(t, `{"operations":[`+one+strings.Repeat(","+one, scim.MaxBulkOperations-1)+`]}`)); err != nil || len(got.Operations) != scim.MaxBulkOperations || got.FailOnErrors != 0 {
		t.Errorf("%d operations: %v", scim.MaxBulkOperations, err)
	}
	for _, tt := range []struct {
		in             string
		status         int
		scimType, want string
	}{
		{`{}`, 400, scim.InvalidSyntax, `needs a list "Operations"`},
		{`{"Operations":{}}`, 400, scim.InvalidSyntax, `needs a list "Operations"`},
		{`{"failOnErrors":-1,"Operations":[]}`, 400, scim.InvalidValue, "failOnErrors must be a whole number of at least 0; -1"},
		{`{"failOnErrors":"1","Operations":[]}`, 400, scim.InvalidValue, "failOnErrors"},
		{`{"failOnErrors":1.5,"Operations":[]}`, 400, scim.InvalidValue, "failOnErrors"},
		{`{"Operations":[` + one + strings.Repeat(","+one, scim.MaxBulkOperations) + `]}`, 413, "", "the bulk request has 1001 operations; at most 1000"},
		{`{"Operations":[5]}`, 400, scim.InvalidSyntax, "bulk operation 1 must be an object"},
		{`{"Operations":[` + one + `,{"method":"GET","path":"/Users"}]}`, 400, scim.InvalidSyntax, `bulk operation 2 has the method "GET"`},
		{`{"Operations":[{"method":5}]}`, 400, scim.InvalidSyntax, "method of bulk operation 1 must be a string"},
		{`{"Operations":[{"method":"DELETE"}]}`, 400, scim.InvalidSyntax, "bulk operation 1 (DELETE) has no path"},
		{`{"Operations":[{"method":"POST","path":"/Users","data":{}}]}`, 400, scim.InvalidValue, "bulk operation 1 (POST /Users) has no bulkId"},
		{`{"Operations":[{"method":"POST","path":"/Users","bulkId":"a"}]}`, 400, scim.InvalidSyntax, `needs an object "data"`},
		{`{"Operations":[{"method":"PUT","path":"/Users/1","data":[]}]}`, 400, scim.InvalidSyntax, `needs an object "data"`},
		{`{"Operations":[{"method":"DELETE","path":"/Users/1","bulkId":"a"},{"method":"DELETE","path":"/Users/2","bulkId":"a"}]}`, 400, scim.InvalidValue, `bulk operations 1 and 2 have the same bulkId "a"`},
	} {
		_, err := scim.ParseBulk(mustDecode(t, tt.in))
		wantError(t, err, tt.status, tt.scimType, tt.want)
	}
}

func TestBulkOperation_references(t *testing.T) {
	t.Parallel()
	op := scim.BulkOperation{Method: "PATCH", Path: "/Groups/bulkId:g", Data: mustDecode(t, `{"Operations":[
		{"op":"add","path":"members","value":[{"value":"bulkId:u1","$ref":"/Users/bulkId:u9"},"bulkId:u2",{"value":"bulkId:u1"}]},
		{"op":"remove","path":"members[value eq \"bulkId:u3\" or value eq \"bulkId:u1\"]"},
		{"op":"replace","value":{"displayName":"about bulkId:u4","nickName":"bulkId:","title":5,"manager":{"value":"bulkId:u5"}}},
		{"op":"remove","path":"members[value eq \"bulkId:u6"}]}`)}
	before := string(scim.Encode(op.Data))
	if got, want := op.References(), []string{"g", "u3", "u1", "u2", "u5"}; !sameSet(got, want) {
		t.Errorf("references %v, want %v", got, want)
	}
	got, unknown := op.Resolve(func(id string) (string, bool) { return "ID-" + id, id != "u2" })
	if !reflect.DeepEqual(unknown, []string{"u2"}) {
		t.Errorf("unknown %v", unknown)
	}
	if got.Path != "/Groups/ID-g" {
		t.Errorf("path %s", got.Path)
	}
	wantJSON(t, got.Data, `{"Operations":[
		{"op":"add","path":"members","value":[{"value":"ID-u1","$ref":"/Users/bulkId:u9"},"bulkId:u2",{"value":"ID-u1"}]},
		{"op":"remove","path":"members[value eq \"ID-u3\" or value eq \"ID-u1\"]"},
		{"op":"replace","value":{"displayName":"about bulkId:u4","nickName":"bulkId:","title":5,"manager":{"value":"ID-u5"}}},
		{"op":"remove","path":"members[value eq \"bulkId:u6"}]}`)
	if after := string(scim.Encode(op.Data)); after != before || op.Path != "/Groups/bulkId:g" {
		t.Errorf("the operation changed: %s", after)
	}
	if got, unknown := (scim.BulkOperation{Method: "DELETE", Path: "/Users/1"}).Resolve(nil); got.Path != "/Users/1" || got.Data != nil || unknown != nil {
		t.Errorf("no references: %+v %v", got, unknown)
	}
}

func sameSet(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

func TestBulkResponse(t *testing.T) {
	t.Parallel()
	got := scim.BulkResponse([]scim.BulkResult{
		{Method: "POST", BulkID: "qwerty", Version: `W/"1"`, Location: "https://example.com/v2/Users/92b7", Status: 201},
		{Method: "POST", BulkID: "x", Status: 400, Response: scim.Errorf(400, scim.InvalidSyntax, "bad").Object()},
		{Method: "DELETE", Location: "https://example.com/v2/Users/1", Status: 204},
	})
	wantJSON(t, got, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkResponse"],"Operations":[
		{"method":"POST","bulkId":"qwerty","version":"W/\"1\"","location":"https://example.com/v2/Users/92b7","status":"201"},
		{"method":"POST","bulkId":"x","status":"400","response":{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"scimType":"invalidSyntax","detail":"bad","status":"400"}},
		{"method":"DELETE","location":"https://example.com/v2/Users/1","status":"204"}]}`)
}

func TestServiceProviderConfig(t *testing.T) {
	t.Parallel()
	const base = "https://rollcall.example.com/v1/organizations/o1/scim"
	got := mustDecode(t, string(scim.Encode(scim.ServiceProviderConfig(base))))
	schemes, _ := got["authenticationSchemes"].([]any)
	var types []string
	for _, s := range schemes {
		for _, name := range []string{"name", "description"} {
			if text, _ := s.(scim.Object)[name].(string); text == "" {
				t.Errorf("an authentication scheme has no %s: %v", name, s)
			}
		}
		types = append(types, s.(scim.Object)["type"].(string))
	}
	if want := []string{"oauthbearertoken", "httpbasic"}; !reflect.DeepEqual(types, want) {
		t.Errorf("authentication schemes %v, want %v", types, want)
	}
	delete(got, "authenticationSchemes")
	wantJSON(t, got, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
		"patch":{"supported":true},"bulk":{"supported":true,"maxOperations":1000,"maxPayloadSize":1048576},"filter":{"supported":true,"maxResults":1000},
		"changePassword":{"supported":false},"sort":{"supported":true},"etag":{"supported":true},
		"pagination":{"cursor":true,"index":true,"defaultPaginationMethod":"index","defaultPageSize":100,"maxPageSize":1000},
		"meta":{"resourceType":"ServiceProviderConfig","location":"`+base+`/ServiceProviderConfig"}}`)
}

func TestResourceTypes(t *testing.T) {
	t.Parallel()
	const base = "https://rollcall.example.com/scim"
	list := scim.ResourceTypes(base)
	if len(list) != 2 {
		t.Fatalf("got %d resource types", len(list))
	}
	wantJSON(t, list[0], `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],"id":"User","name":"User","endpoint":"/Users","description":"User Account",
		"schema":"urn:ietf:params:scim:schemas:core:2.0:User","schemaExtensions":[{"schema":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","required":false}],
		"meta":{"resourceType":"ResourceType","location":"`+base+`/ResourceTypes/User"}}`)
	wantJSON(t, list[1], `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],"id":"Group","name":"Group","endpoint":"/Groups","description":"Group",
		"schema":"urn:ietf:params:scim:schemas:core:2.0:Group","meta":{"resourceType":"ResourceType","location":"`+base+`/ResourceTypes/Group"}}`)
}

// Every schema document has the shape of RFC 7643 section 7, and advertises
// what a POST of it keeps: no more, and of what is stored no less.
func TestSchemaDocs(t *testing.T) {
	t.Parallel()
	const base = "https://rollcall.example.com/scim"
	var ids []string
	for _, s := range scim.SchemaDocs(base) {
		s = mustDecode(t, string(scim.Encode(s)))
		id := s["id"].(string)
		ids = append(ids, id)
		wantJSON(t, s["meta"].(scim.Object), `{"resourceType":"Schema","location":"`+base+`/Schemas/`+id+`"}`)
		for _, a := range s["attributes"].([]any) {
			checkAttributeDoc(t, id, a.(scim.Object))
		}
	}
	if want := []string{scim.UserURN, scim.EnterpriseUserURN, scim.GroupURN}; !reflect.DeepEqual(ids, want) {
		t.Errorf("schemas %v, want %v", ids, want)
	}
}

func checkAttributeDoc(t *testing.T, where string, a scim.Object) {
	t.Helper()
	where += ":" + fmt.Sprint(a["name"])
	for _, name := range []string{"name", "type", "description"} {
		if text, _ := a[name].(string); text == "" {
			t.Errorf("%s has no %s", where, name)
		}
	}
	for _, name := range []string{"multiValued", "required"} {
		if _, ok := a[name].(bool); !ok {
			t.Errorf("%s has no %s", where, name)
		}
	}
	allowed := map[string][]string{
		"type":       {"string", "boolean", "reference", "binary", "complex"},
		"mutability": {"readOnly", "readWrite", "immutable"},
		"returned":   {"default"},
	}
	for name, words := range allowed {
		if !slices.Contains(words, a[name].(string)) {
			t.Errorf("%s has %s %v", where, name, a[name])
		}
	}
	subs, complex := a["subAttributes"].([]any)
	if complex != (a["type"] == "complex") {
		t.Errorf("%s of type %v has sub-attributes: %v", where, a["type"], complex)
	}
	_, caseExact := a["caseExact"].(bool)
	if _, unique := a["uniqueness"].(string); caseExact != unique || caseExact != (a["type"] != "complex" && a["type"] != "boolean") {
		t.Errorf("%s: caseExact %v, uniqueness %v", where, a["caseExact"], a["uniqueness"])
	}
	for _, s := range subs {
		checkAttributeDoc(t, where, s.(scim.Object))
	}
}

// A document with every advertised attribute comes through Normalize whole.
func TestSchemaDocs_advertiseWhatIsStored(t *testing.T) {
	t.Parallel()
	for _, rt := range []*scim.ResourceType{scim.User, scim.Group} {
		in := scim.Object{}
		for _, s := range scim.SchemaDocs("") {
			switch s["id"] {
			case rt.Schema.ID:
				fill(in, s["attributes"].([]any))
			case scim.EnterpriseUserURN:
				if rt == scim.User {
					ext := scim.Object{}
					fill(ext, s["attributes"].([]any))
					in[scim.EnterpriseUserURN] = ext
				}
			}
		}
		delete(in, "members")
		got, notes, err := rt.Normalize(in)
		if err != nil || len(notes) > 0 {
			t.Fatalf("notes %v, %v", notes, err)
		}
		wantJSON(t, got, string(scim.Encode(in)))
		if len(in) < 2 {
			t.Errorf("a %s has only %d attributes", rt.Name, len(in))
		}
	}
}

// fill gives o a value for every writable attribute.
func fill(o scim.Object, attributes []any) {
	for _, a := range attributes {
		a := a.(scim.Object)
		if a["mutability"] == "readOnly" {
			continue
		}
		var v any = "x"
		switch a["type"] {
		case "boolean":
			v = true
		case "complex":
			sub := scim.Object{}
			fill(sub, a["subAttributes"].([]any))
			v = sub
		}
		if a["multiValued"] == true {
			v = []any{v}
		}
		o[a["name"].(string)] = v
	}
}
