package scimtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/rollcall/rollcall/scim"
)

func searchChecks() []check {
	const src = "RFC 7644 section 3.4.3"
	search := func(request obj) obj {
		request["schemas"] = list{scim.SearchRequestURN}
		return request
	}
	return []check{
		{id: "search.filter", in: inRFC, src: src, needs: filterFeature,
			says: "POST /Users/.search finds what GET finds, answered with 200.",
			run: func(t *T) {
				u := t.user(nil)
				l := t.post("/Users/.search", search(obj{"filter": eq("userName", u.str("userName"))})).list()
				t.equal("id of the found user", t.one(l)["id"], u.id)
			}},
		{id: "search.attributes", in: inRFC, src: src, needs: filterFeature,
			says: "attributes and excludedAttributes of a search are lists.",
			run: func(t *T) {
				u := t.user(nil)
				filter := eq("userName", u.str("userName"))
				o := t.one(t.post("/Users/.search", search(obj{"filter": filter, "attributes": list{"userName", "emails"}})).list())
				t.holds("the found user", o, obj{"userName": u.sent["userName"], "emails": u.sent["emails"]})
				t.absent("the found user", o, "displayName")
				o = t.one(t.post("/Users/.search", search(obj{"filter": filter, "excludedAttributes": list{"displayName"}})).list())
				t.absent("the found user", o, "displayName")
			}},
		{id: "search.page", in: inRFC, src: src, needs: filterFeature,
			says: "startIndex and count of a search choose the page.",
			run: func(t *T) {
				p := t.people()
				l := t.post("/Users/.search", search(obj{"filter": p.all(), "startIndex": 3, "count": 4})).list()
				want := t.page(p, "3", "4")
				if l.TotalResults != crowd || !slices.Equal(p.persons(l.Resources), want) {
					t.fail("want %s of %d, as GET gives them, got %s of %d", personList(want), crowd, personList(p.persons(l.Resources)), l.TotalResults)
				}
			}},
		{id: "search.sort", in: inRFC, src: src, needs: sortFeature,
			says: "sortBy and sortOrder of a search choose the order.",
			run: func(t *T) {
				p := t.people()
				l := t.post("/Users/.search", search(obj{"filter": p.all(), "sortBy": "userName", "sortOrder": "descending", "count": 3})).list()
				got := p.persons(l.Resources)
				if len(got) == 0 || got[0] != crowd || !slices.IsSortedFunc(got, func(a, b int) int { return b - a }) {
					t.fail("want persons %d and downward, got %s", crowd, personList(got))
				}
			}},
		{id: "search.groups", in: inRFC, src: src, needs: filterFeature,
			says: "POST /Groups/.search finds groups.",
			run: func(t *T) {
				g := t.group()
				l := t.post("/Groups/.search", search(obj{"filter": eq("displayName", g.str("displayName"))})).list()
				t.equal("id of the found group", t.one(l)["id"], g.id)
			}},
		{id: "search.invalid", in: inRFC, src: src + " and 3.12", needs: filterFeature,
			says: "A search with a bad filter is 400 invalidFilter.",
			run: func(t *T) {
				t.post("/Users/.search", search(obj{"filter": `userName eq "x`})).want(http.StatusBadRequest).scimError().scimType(scim.InvalidFilter)
			}},
	}
}

func bulkChecks() []check {
	const src = "RFC 7644 section 3.7"
	return []check{
		{id: "bulk.create", in: inRFC, src: src, needs: bulkFeature,
			says: "Bulk creates users; each result has method, bulkId, the status as text and the location.",
			run: func(t *T) {
				first, second := t.newBody(nil), t.newBody(nil)
				results := t.bulk(post("/Users", "a", first), post("/Users", "b", second))
				for i, body := range []obj{first, second} {
					t.holds("result "+fmt.Sprint(i), results[i], obj{"method": "POST", "bulkId": []string{"a", "b"}[i], "status": "201"})
					t.equal("userName at the location", t.bulkRead(results[i])["userName"], body["userName"])
				}
			}},
		{id: "bulk.reference", in: inRFC, src: src + ".2", needs: bulkFeature,
			says: "A group of the same request can name a new user by bulkId, whichever comes first.",
			run: func(t *T) {
				user := post("/Users", "u", t.newBody(nil))
				group := post("/Groups", "g", obj{"schemas": list{scim.GroupURN}, "displayName": t.name(), "members": list{obj{"value": "bulkId:u"}}})
				results := t.bulk(user, group)
				t.bulkGroupHas(results[1], results[0])
				user = post("/Users", "u", t.newBody(nil))
				group["data"].(obj)["displayName"] = t.name()
				results = t.bulk(group, user)
				t.bulkGroupHas(results[0], results[1])
			}},
		{id: "bulk.circular", in: inRFC, src: src + ".1", needs: bulkFeature,
			says: "Resources that name each other by bulkId are all created: two users who manage each other.",
			run: func(t *T) {
				if pick(t.schemas(), "id", scim.EnterpriseUserURN) == nil {
					return // without managers there is nothing that users could refer to each other by
				}
				managed := func(by string) obj {
					return t.newBody(obj{scim.EnterpriseUserURN: obj{"manager": obj{"value": "bulkId:" + by}}})
				}
				results := t.bulk(post("/Users", "a", managed("b")), post("/Users", "b", managed("a")))
				for i, other := range []int{1, 0} {
					o, boss := t.bulkRead(results[i]), t.bulkRead(results[other])
					t.equal("manager of user "+fmt.Sprint(i), value(o, scim.EnterpriseUserURN, "manager", "value"), boss["id"])
				}
			}},
		{id: "bulk.methods", in: inRFC, src: src, needs: bulkFeature,
			says: "PUT, PATCH and DELETE in a bulk request are carried out.",
			run: func(t *T) {
				replaced, patched, deleted := t.user(nil), t.user(nil), t.user(nil)
				body := without(replaced.sent)
				body["displayName"] = "Replaced"
				operations := []obj{
					{"method": "PUT", "path": replaced.path(), "data": body},
					{"method": "DELETE", "path": deleted.path()},
				}
				if !t.run.off[patchFeature] {
					operations = append(operations, obj{"method": "PATCH", "path": patched.path(),
						"data": obj{"schemas": list{scim.PatchOpURN}, "Operations": list{op("replace", "displayName", "Patched")}}})
				}
				for i, result := range t.bulk(operations...) {
					if status := result["status"]; status != "200" && status != "204" {
						t.fail("result %d has status %s, want 200 or 204", i, show(status))
					}
				}
				t.equal("displayName after PUT", replaced.read()["displayName"], "Replaced")
				t.get(deleted.path()).want(http.StatusNotFound)
				if !t.run.off[patchFeature] {
					t.equal("displayName after PATCH", patched.read()["displayName"], "Patched")
				}
			}},
		{id: "bulk.error", in: inRFC, src: src + ".3", needs: bulkFeature,
			says: "An operation that fails has its status and a SCIM error; the others are carried out.",
			run: func(t *T) {
				u := t.user(nil)
				good := t.newBody(nil)
				results := t.bulk(post("/Users", "bad", t.newBody(obj{"userName": u.sent["userName"]})), post("/Users", "good", good))
				t.holds("the failed result", results[0], obj{"status": "409", "bulkId": "bad", "response": obj{"schemas": list{scim.ErrorURN}, "status": "409"}})
				t.holds("the other result", results[1], obj{"status": "201", "bulkId": "good"})
				if l := t.find("/Users", eq("userName", good["userName"].(string))); l.TotalResults != 1 {
					t.fail("the other user was not created")
				}
			}},
		{id: "bulk.fail_on_errors", in: inRFC, src: src + ".3", needs: bulkFeature,
			says: "failOnErrors stops after that many errors; what follows is not carried out.",
			run: func(t *T) {
				never := t.newBody(nil)
				a := t.post("/Bulk", obj{"schemas": list{scim.BulkRequestURN}, "failOnErrors": 1, "Operations": list{
					obj{"method": "DELETE", "path": "/Users/" + absentID}, post("/Users", "never", never)}}).want(http.StatusOK)
				results := items(value(a.object(), "Operations"))
				if len(results) != 1 || value(results[0], "status") != "404" {
					t.fail("want one result with status 404, got %s", show(results))
				}
				t.findsNone("/Users", eq("userName", never["userName"].(string)))
			}},
		{id: "bulk.unresolved", in: inRFC, src: src + ".2", needs: bulkFeature,
			says: "An operation that names an unknown bulkId fails; nothing is made with the text as an id.",
			run: func(t *T) {
				name := t.name()
				results := t.bulk(post("/Groups", "g", obj{"schemas": list{scim.GroupURN}, "displayName": name, "members": list{obj{"value": "bulkId:nobody"}}}))
				if status, _ := results[0]["status"].(string); len(status) != 3 || status[0] != '4' {
					t.fail("want a status of 400 to 499, got %s", show(results[0]["status"]))
				}
				t.findsNone("/Groups", eq("displayName", name))
			}},
		{id: "bulk.too_many", in: inRFC, src: src + ".4", needs: bulkFeature,
			says: "More operations than maxOperations are 413, and none is carried out.",
			run: func(t *T) {
				limit, _ := value(t.run.config, "bulk", "maxOperations").(json.Number)
				most, err := limit.Int64()
				if err != nil || most < 1 {
					t.fail("bulk.maxOperations is %s, want an integer above 0 where bulk is supported", show(limit))
				}
				if most > 20_000 {
					return // more than a check should send
				}
				first := t.newBody(nil)
				operations := list{post("/Users", "first", first)}
				for range most {
					operations = append(operations, obj{"method": "DELETE", "path": "/Users/" + absentID})
				}
				t.post("/Bulk", obj{"schemas": list{scim.BulkRequestURN}, "Operations": operations}).want(http.StatusRequestEntityTooLarge).scimError()
				t.findsNone("/Users", eq("userName", first["userName"].(string)))
			}},
		{id: "bulk.invalid", in: inRFC, src: src + " and 3.12", needs: bulkFeature,
			says: "A bulk request without operations to read is 400, and a POST without bulkId or with an unknown method is refused.",
			run: func(t *T) {
				t.post("/Bulk", obj{"schemas": list{scim.BulkRequestURN}, "Operations": "x"}).want(http.StatusBadRequest).scimError()
				body := t.newBody(nil)
				for _, bad := range []obj{{"method": "POST", "path": "/Users", "data": body}, {"method": "GET", "path": "/Users"}, {"method": "DELETE", "path": "/Nothing/1"}} {
					a := t.post("/Bulk", obj{"schemas": list{scim.BulkRequestURN}, "Operations": list{bad}}).want(http.StatusOK, http.StatusBadRequest)
					if status, _ := value(a.object(), "Operations", 0, "status").(string); a.Status == http.StatusOK && (len(status) != 3 || status[0] != '4') {
						t.fail("%s: want the operation %s refused, got %s", a.what, show(bad), show(a.Object))
					}
				}
				t.findsNone("/Users", eq("userName", body["userName"].(string)))
			}},
	}
}

func post(path, bulkID string, data obj) obj {
	return obj{"method": "POST", "path": path, "bulkId": bulkID, "data": data}
}

// bulk sends operations and returns one result for each.
func (t *T) bulk(operations ...obj) []obj {
	body := obj{"schemas": list{scim.BulkRequestURN}}
	all := list{}
	for _, operation := range operations {
		all = append(all, operation)
	}
	body["Operations"] = all
	a := t.post("/Bulk", body).want(http.StatusOK)
	t.hasSchema(a.object(), scim.BulkResponseURN)
	var results []obj
	for _, item := range items(a.Object["Operations"]) {
		result, ok := item.(obj)
		if !ok {
			t.fail("%s: a result is %s, want an object", a.what, show(item))
		}
		results = append(results, result)
	}
	if len(results) != len(operations) {
		t.fail("%s: want %d results, got %d", a.what, len(operations), len(results))
	}
	return results
}

// bulkRead reads what an operation of a bulk request has made, at the location
// that its result says.
func (t *T) bulkRead(result obj) obj {
	path := resourcePath(result["location"])
	if path == "" {
		t.fail("an operation has made nothing that has a location: %s", show(result))
	}
	return t.get(path).want(http.StatusOK).object()
}

// bulkGroupHas fails unless a created group has the created user as its member.
func (t *T) bulkGroupHas(group, user obj) {
	id, _ := t.bulkRead(user)["id"].(string)
	members := t.bulkRead(group)["members"]
	if len(items(members)) != 1 || pick(members, "value", id) == nil {
		t.fail("members of the new group is %s, want the new user %s", show(members), id)
	}
}
