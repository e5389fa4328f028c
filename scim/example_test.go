package scim_test

import (
	"fmt"
	"strings"

	"github.com/rollcall/rollcall/scim"
)

func ExampleDecode() {
	body, err := scim.Decode([]byte(`{"userName": "bjensen@example.com", "active": true}`))
	fmt.Println(body["userName"], body["active"], err)

	_, err = scim.Decode([]byte(`{"userName": "alice", "USERNAME": "admin"}`))
	fmt.Println(err)
	// Output:
	// bjensen@example.com true <nil>
	// invalid JSON at byte 22: the members "userName" and "USERNAME" of one object differ only in case
}

func ExampleEncode() {
	fmt.Println(string(scim.Encode(scim.Object{"userName": "bjensen", "name": scim.Object{"givenName": "Barbara"}})))
	// Output:
	// {"name":{"givenName":"Barbara"},"userName":"bjensen"}
}

func ExampleResourceType_Normalize() {
	body, err := scim.Decode([]byte(`{
		"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
		"UserName": "bjensen@example.com", "active": "True", "title": null, "shoeSize": 43,
		"emails": {"value": "bjensen@example.com", "primary": "True"}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	doc, notes, err := scim.User.Normalize(body)
	fmt.Println(string(scim.Encode(doc)), notes, err)
	// Output:
	// {"active":true,"emails":[{"primary":true,"value":"bjensen@example.com"}],"userName":"bjensen@example.com"} [{shoeSize unknown attribute}] <nil>
}

func ExampleParseFilter() {
	f, err := scim.ParseFilter(`emails[type eq "work"].value eq "USER@example.com" and active eq "True"`)
	if err != nil {
		fmt.Println(err)
		return
	}
	doc := scim.Object{
		"active": true,
		"emails": []any{scim.Object{"type": "work", "value": "user@example.com"}},
	}
	fmt.Println(f.Check(scim.User), f.Match(scim.User, doc))

	_, err = scim.ParseFilter(`userName is "bjensen"`)
	fmt.Println(err)
	// Output:
	// <nil> true
	// invalid filter at position 10: one of eq, ne, co, sw, ew, gt, ge, lt, le, pr is expected after "userName", found "is"
}

func ExampleFilter_Equality() {
	f, err := scim.ParseFilter(`USERNAME eq "bjensen@example.com"`)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Equality("username"))
	// Output:
	// bjensen@example.com true
}

func ExampleParsePath() {
	p, err := scim.ParsePath(`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.displayName`)
	fmt.Println(p.Schema == scim.EnterpriseUserURN, p.Attr, p.Sub, err)
	// Output:
	// true manager displayName <nil>
}

func ExamplePatch_Apply() {
	doc := scim.Object{"userName": "bjensen@example.com", "active": true}
	body, err := scim.Decode([]byte(`{"Operations": [
		{"op": "Replace", "path": "active", "value": "False"},
		{"op": "Add", "path": "emails[type eq \"work\"].value", "value": "bjensen@example.com"},
		{"op": "Add", "path": "urn:example:2.0:User:tag", "value": "x"}
	]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	patch, err := scim.ParsePatch(body)
	if err != nil {
		fmt.Println(err)
		return
	}
	changed, verdicts, err := patch.Apply(scim.User, doc)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(scim.Encode(changed)))
	for _, v := range verdicts {
		fmt.Println(strings.TrimRight(fmt.Sprint(v.Op, " ", v.Path, ": ", v.Verdict, " ", v.Note), " "))
	}
	fmt.Println("before:", string(scim.Encode(doc)))
	// Output:
	// {"active":false,"emails":[{"type":"work","value":"bjensen@example.com"}],"userName":"bjensen@example.com"}
	// replace active: applied
	// add emails[type eq "work"].value: applied
	// add urn:example:2.0:User:tag: ignored attribute unknown attribute
	// before: {"active":true,"userName":"bjensen@example.com"}
}

func ExamplePatch_SplitMembers() {
	body, err := scim.Decode([]byte(`{"Operations": [
		{"op": "replace", "value": {"displayName": "Operations"}},
		{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": "7d8c"}]},
		{"op": "add", "path": "members", "value": [{"value": "8e9d"}, {"value": "9fae"}]}
	]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	patch, err := scim.ParsePatch(body)
	if err != nil {
		fmt.Println(err)
		return
	}
	rest, _, changes, err := patch.SplitMembers()
	fmt.Println(len(rest.Operations), err)
	for _, c := range changes {
		fmt.Println(c.Index, c.Op, c.IDs)
	}
	// Output:
	// 1 <nil>
	// 1 remove [7d8c]
	// 2 add [8e9d 9fae]
}

func ExampleTakeMembers() {
	body, err := scim.Decode([]byte(`{"displayName": "Operations", "members": [{"value": "7d8c"}, "8e9d"]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	ids, present, _, err := scim.TakeMembers(body)
	fmt.Println(ids, present, err)
	// Output:
	// [7d8c 8e9d] true <nil>
}

func ExampleProjection_Apply() {
	p, err := scim.ParseProjection(scim.User, "userName,emails.value", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	doc := scim.Object{
		"id": "7d8c", "userName": "bjensen@example.com", "title": "Guide",
		"emails": []any{scim.Object{"type": "work", "value": "bjensen@example.com"}},
	}
	fmt.Println(p.Wants("groups"), string(scim.Encode(p.Apply(doc))))
	// Output:
	// false {"emails":[{"value":"bjensen@example.com"}],"id":"7d8c","userName":"bjensen@example.com"}
}

func ExampleError_Body() {
	fmt.Println(string(scim.Errorf(409, scim.Uniqueness, "userName %q is taken", "bjensen").Body()))
	// Output:
	// {"detail":"userName \"bjensen\" is taken","schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"scimType":"uniqueness","status":"409"}
}
