package scimapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/scim"
)

const base = publicURL + "/v1/organizations/"

func TestDoor_userLifecycle(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		o := w.org("a")
		created := o.post("/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada@example.com","externalId":"0a21","name":{"givenName":"Ada","familyName":"Ünal \"A\""},"emails":[{"type":"work","primary":true,"value":"ada@example.com"}]}`).is(t, 201)
		id := created.id(t)
		location := base + string(o.id) + "/scim/Users/" + id
		if got := created.header.Get("Location"); got != location {
			t.Errorf("Location %s, want %s", got, location)
		}
		if got := created.header.Get("Content-Type"); got != scim.MediaType {
			t.Errorf("Content-Type %s", got)
		}
		doc := created.json(t)
		meta, _ := doc["meta"].(map[string]any)
		if meta["resourceType"] != "User" || meta["location"] != location || meta["version"] != created.header.Get("ETag") || meta["created"] != meta["lastModified"] {
			t.Errorf("meta %v, ETag %s", meta, created.header.Get("ETag"))
		}
		if doc["active"] != true || fmt.Sprint(doc["groups"]) != "[]" || fmt.Sprint(doc["schemas"]) != "[urn:ietf:params:scim:schemas:core:2.0:User]" {
			t.Errorf("created %s", created.body)
		}

		got := o.get("/Users/"+id).is(t, 200)
		if got.body != created.body || got.header.Get("ETag") != created.header.Get("ETag") || got.header.Get("Content-Location") != location {
			t.Errorf("GET answers %v %s, POST answered %s", got.header, got.body, created.body)
		}
		same := o.send(request{method: "GET", path: "/Users/" + id, header: map[string]string{"If-None-Match": got.header.Get("ETag")}}).is(t, 304)
		if same.body != "" || same.header.Get("ETag") != got.header.Get("ETag") {
			t.Errorf("304 answers %v %q", same.header, same.body)
		}

		stale := got.header.Get("ETag")
		patched := o.patch("/Users/"+id, `{"op":"Replace","path":"active","value":"False"}`).is(t, 200)
		if patched.json(t)["active"] != false || patched.header.Get("ETag") == stale {
			t.Errorf("PATCH answers %v %s", patched.header, patched.body)
		}
		o.send(request{method: "PATCH", path: "/Users/" + id, body: `{"Operations":[{"op":"replace","path":"title","value":"x"}]}`, header: map[string]string{"If-Match": stale}}).is(t, 412)
		o.send(request{method: "DELETE", path: "/Users/" + id, header: map[string]string{"If-Match": stale}}).is(t, 412)
		o.put("/Users/"+id, `{"userName":"ada@example.com","title":"Countess"}`).is(t, 200)

		list := o.get(`/Users?filter=userName+eq+"ADA%40example.com"`).is(t, 200).json(t)
		if list["totalResults"] != 1.0 || list["startIndex"] != 1.0 || list["itemsPerPage"] != 1.0 {
			t.Errorf("list %v", list)
		}
		o.post("/Users", `{"userName":"ada@example.com"}`).is(t, 409)
		if gone := o.delete("/Users/"+id).is(t, 204); gone.body != "" {
			t.Errorf("DELETE answers %q", gone.body)
		}
		o.delete("/Users/"+id).is(t, 404)
		o.get("/Users/"+id).is(t, 404)
		empty := o.get(`/Users?filter=userName+eq+"ada%40example.com"`).is(t, 200)
		if !strings.Contains(empty.body, `"Resources":[]`) {
			t.Errorf("an empty list is %s", empty.body)
		}
	})
}

func TestDoor_groupLifecycle(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		o := w.org("a")
		ada, bob := o.user("ada@example.com"), o.user("bob@example.com")
		created := o.post("/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Admins","externalId":"g1","members":[{"value":"`+ada+`"}]}`).is(t, 201)
		id := created.id(t)
		ref := base + string(o.id) + "/scim/Users/" + ada
		want := []any{map[string]any{"value": ada, "$ref": ref, "display": "ada@example.com", "type": "User"}}
		if got := created.json(t)["members"]; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("members %v, want %v", got, want)
		}
		patched := o.patch("/Groups/"+id, `{"op":"Add","path":"members","value":[{"$ref":null,"value":"`+bob+`"}]}`).is(t, 204)
		if patched.body != "" || patched.header.Get("ETag") == "" || patched.header.Get("ETag") == created.header.Get("ETag") {
			t.Errorf("PATCH answers %v %q", patched.header, patched.body)
		}
		got := o.get("/Groups/"+id).is(t, 200)
		if got.header.Get("ETag") != patched.header.Get("ETag") || strings.Count(got.body, `"type":"User"`) != 2 {
			t.Errorf("after the PATCH: %v %s", got.header, got.body)
		}
		for _, query := range []string{"?excludedAttributes=members", "?excludedAttributes=%20Members", "?excludedAttributes=members,externalId", "?attributes=displayName"} {
			if without := o.get("/Groups/"+id+query).is(t, 200); strings.Contains(without.body, "members") {
				t.Errorf("%s answers %s", query, without.body)
			}
		}
		if named := o.send(request{method: "PATCH", path: "/Groups/" + id + "?attributes=displayName", body: `{"Operations":[{"op":"replace","path":"displayName","value":"Chiefs"}]}`}).is(t, 200); named.json(t)["displayName"] != "Chiefs" {
			t.Errorf("a PATCH that names attributes answers %s", named.body)
		}
		user := o.get("/Users/"+bob).is(t, 200).json(t)
		wantGroups := []any{map[string]any{"value": id, "$ref": base + string(o.id) + "/scim/Groups/" + id, "display": "Chiefs", "type": "direct"}}
		if fmt.Sprint(user["groups"]) != fmt.Sprint(wantGroups) {
			t.Errorf("groups %v, want %v", user["groups"], wantGroups)
		}
		put := o.put("/Groups/"+id, `{"displayName":"Chiefs","members":[]}`).is(t, 200)
		if !strings.Contains(put.body, `"members":[]`) {
			t.Errorf("PUT answers %s", put.body)
		}
		o.delete("/Groups/"+id).is(t, 204)
		o.get("/Groups/"+id).is(t, 404)
	})
}

func TestDoor_projectedMembers(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		o := w.org("a")
		ada, bob := o.user("ada@example.com"), o.user("bob@example.com")
		id := o.group("Admins", ada, bob)
		ref := base + string(o.id) + "/scim/Users/"
		tests := []struct{ query, want string }{
			{"attributes=members.value", `[{"value":"` + ada + `"},{"value":"` + bob + `"}]`},
			{"attributes=displayName,members.display", `[{"display":"ada@example.com"},{"display":"bob@example.com"}]`},
			{"excludedAttributes=members.$ref,members.type,members.display,meta", `[{"value":"` + ada + `"},{"value":"` + bob + `"}]`},
			{"attributes=" + `members[value%20eq%20"` + bob + `"]`, `[{"$ref":"` + ref + bob + `","display":"bob@example.com","type":"User","value":"` + bob + `"}]`},
			{"attributes=members", `[{"value":"` + ada + `","$ref":"` + ref + ada + `","display":"ada@example.com","type":"User"},{"value":"` + bob + `","$ref":"` + ref + bob + `","display":"bob@example.com","type":"User"}]`},
		}
		for _, tt := range tests {
			got := o.get("/Groups/"+id+"?"+tt.query).is(t, 200)
			var doc struct{ Members json.RawMessage }
			if err := json.Unmarshal([]byte(got.body), &doc); err != nil {
				t.Fatal(err)
			}
			if string(doc.Members) != tt.want {
				t.Errorf("%s\n got %s\nwant %s", tt.query, doc.Members, tt.want)
			}
		}
	})
}

func TestDoor_paths(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		o := w.org("a")
		ada := o.user("ada@example.com")
		tests := []struct {
			method, path string
			want         int
		}{
			{"GET", "/Users/", 200}, {"GET", "//Users", 200}, {"GET", "/Users//" + ada + "/", 200}, {"GET", "/Users?aadOptscim062020", 200}, {"GET", "/Users/?aadOptscim062020&x=1", 200},
			{"HEAD", "/Users/" + ada, 200},
			{"GET", "", 404}, {"GET", "/", 404}, {"GET", "/users", 404}, {"GET", "/Users/" + ada + "/name", 404}, {"GET", "/%55sers", 200}, {"GET", "/Users%2F" + ada, 404}, {"GET", "/Users/..%2F..", 404},
			{"POST", "/Users/" + ada, 405}, {"DELETE", "/Users", 405}, {"PATCH", "/Groups", 405}, {"PUT", "/ServiceProviderConfig", 405}, {"OPTIONS", "/Users", 405}, {"PROPFIND", "/Users", 405}, {"GET", "/.search", 405},
			{"GET", "/Me", 501}, {"PATCH", "/Me", 501},
			{"GET", "/ServiceProviderConfig", 200}, {"GET", "/ResourceTypes", 200}, {"GET", "/ResourceTypes/User", 200}, {"GET", "/ResourceTypes/Nobody", 404},
			{"GET", "/Schemas", 200}, {"GET", "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User", 200}, {"GET", "/Schemas/urn%3Aietf%3Aparams%3Ascim%3Aschemas%3Aextension%3Aenterprise%3A2.0%3AUser", 200}, {"GET", "/Schemas/urn:x", 404},
			{"GET", "/Schemas?filter=name+eq+%22x%22", 403}, {"GET", "/ServiceProviderConfig?filter=a+pr", 403},
		}
		for _, tt := range tests {
			got := o.send(request{method: tt.method, path: tt.path})
			if got.status != tt.want {
				t.Errorf("%s %s answers %d, want %d: %s", tt.method, tt.path, got.status, tt.want, got.body)
			}
			if tt.want >= 400 && tt.method != "HEAD" {
				e := got.json(t)
				if e["status"] != fmt.Sprint(tt.want) || fmt.Sprint(e["schemas"]) != "["+scim.ErrorURN+"]" || e["detail"] == "" {
					t.Errorf("%s %s answers the error %s", tt.method, tt.path, got.body)
				}
			}
			if tt.want == 405 && got.header.Get("Allow") == "" {
				t.Errorf("%s %s: no Allow", tt.method, tt.path)
			}
			if got.header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s %s allows other origins", tt.method, tt.path)
			}
			// Without a key nothing is to be learned, not even whether a path is there.
			bare := w.send(tt.method, o.base()+tt.path, "", "", nil)
			if bare.status != 401 || bare.header.Get("WWW-Authenticate") == "" || bare.header.Get("Allow") != "" {
				t.Errorf("%s %s without a key answers %d %v", tt.method, tt.path, bare.status, bare.header)
			}
		}
		if allow := o.send(request{method: "POST", path: "/Users/" + ada}).header.Get("Allow"); allow != "DELETE, GET, HEAD, PATCH, PUT" {
			t.Errorf("Allow: %s", allow)
		}
	})
}

func TestDoor_contentTypes(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		o := w.org("a")
		post := func(header map[string]string) answer {
			return o.send(request{method: "POST", path: "/Users/.search", body: `{"count":0}`, header: header})
		}
		for _, ok := range []string{"", "application/json", "application/scim+json", "Application/SCIM+JSON; charset=UTF-8", `application/json;charset="utf-8"`} {
			post(map[string]string{"Content-Type": ok}).is(t, 200)
		}
		for _, bad := range []string{"text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "nonsense", "application/jsonp", "application/xml"} {
			post(map[string]string{"Content-Type": bad}).is(t, 415)
		}
		for _, coding := range []string{"gzip", "deflate", "br", "identity, gzip"} {
			post(map[string]string{"Content-Encoding": coding}).is(t, 415)
		}
		post(map[string]string{"Content-Encoding": "identity"}).is(t, 200)
		for accept, want := range map[string]string{
			"": scim.MediaType, "application/json": "application/json", "*/*": scim.MediaType, "application/json, application/scim+json": scim.MediaType,
			"application/scim+json;q=0, application/json": "application/json", "text/html": scim.MediaType, "application/json;q=0.5, */*;q=0.1": scim.MediaType,
		} {
			if got := post(map[string]string{"Accept": accept}).header.Get("Content-Type"); got != want {
				t.Errorf("Accept %q is answered as %s, want %s", accept, got, want)
			}
		}
	})
}

func TestDoor_rootSearch(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		o := w.org("a")
		for _, n := range []string{"a", "b", "c"} {
			o.user(n + "@example.com")
		}
		o.group("G1")
		o.group("G2")
		search := func(body string) (total float64, names []string) {
			list := o.post("/.search", body).is(t, 200).json(t)
			for _, r := range list["Resources"].([]any) {
				r := r.(map[string]any)
				if name, ok := r["userName"].(string); ok {
					names = append(names, name)
					continue
				}
				names = append(names, r["displayName"].(string))
			}
			if int(list["itemsPerPage"].(float64)) != len(names) {
				t.Errorf("%s: itemsPerPage %v of %d", body, list["itemsPerPage"], len(names))
			}
			return list["totalResults"].(float64), names
		}
		tests := []struct {
			body  string
			total float64
			want  int
		}{
			{`{}`, 5, 5}, {`{"count":4}`, 5, 4}, {`{"startIndex":3,"count":2}`, 5, 2}, {`{"startIndex":4}`, 5, 2}, {`{"startIndex":5}`, 5, 1}, {`{"startIndex":9}`, 5, 0}, {`{"count":0}`, 5, 0},
			{`{"filter":"userName sw \"a\""}`, 1, 1}, {`{"filter":"displayName eq \"G1\""}`, 1, 1}, {`{"filter":"members pr"}`, 0, 0}, {`{"filter":"meta.resourceType eq \"Group\""}`, 2, 2},
		}
		for _, tt := range tests {
			if total, names := search(tt.body); total != tt.total || len(names) != tt.want {
				t.Errorf("%s finds %v of %v, want %d of %v", tt.body, names, total, tt.want, tt.total)
			}
		}
		if _, names := search(`{"startIndex":3,"count":2,"attributes":["userName","displayName"]}`); strings.Join(names, " ") != "c@example.com G1" {
			t.Errorf("a page over both kinds has %v", names)
		}
		o.post("/.search", `{"filter":"nobody eq \"x\""}`).is(t, 400)
		o.post("/.search", `{"cursor":""}`).is(t, 400)
	})
}

func TestDoor_bulk(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		o := w.org("a")
		got := o.post("/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[
			{"method":"POST","path":"/Groups","bulkId":"g","data":{"displayName":"Admins","members":[{"value":"bulkId:u"}]}},
			{"method":"POST","path":"/Users","bulkId":"u","data":{"userName":"ada@example.com"}},
			{"method":"DELETE","path":"/Users/nobody"}]}`).is(t, 200).json(t)
		ops, _ := got["Operations"].([]any)
		if len(ops) != 3 {
			t.Fatalf("answers %v", got)
		}
		for i, want := range []string{"201", "201", "404"} {
			op := ops[i].(map[string]any)
			if op["status"] != want {
				t.Errorf("operation %d answers %v, want %s", i+1, op, want)
			}
			if want == "201" && !strings.HasPrefix(op["location"].(string), base+string(o.id)+"/scim/") {
				t.Errorf("operation %d has the location %v", i+1, op["location"])
			}
		}
		group := o.get(`/Groups?filter=displayName+eq+"Admins"`).is(t, 200)
		if !strings.Contains(group.body, `"display":"ada@example.com"`) {
			t.Errorf("the group is %s", group.body)
		}
		large := `{"Operations":[` + strings.Repeat(`{"method":"DELETE","path":"/Users/x"},`, scim.MaxBulkOperations) + `{"method":"DELETE","path":"/Users/x"}]}`
		o.post("/Bulk", large).is(t, 413)
	})
}
