package scim_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/scim"
)

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
