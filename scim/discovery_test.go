package scim_test

import (
	"fmt"
	"reflect"
	"slices"
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
