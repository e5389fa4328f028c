package provision_test

import (
	"testing"

	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/scim"
)

func (w *world) bulk(body string) []scim.BulkResult {
	w.t.Helper()
	req, err := scim.ParseBulk(object(w.t, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],`+body+`}`))
	if err != nil {
		w.t.Fatal(err)
	}
	return w.s.Bulk(w.t.Context(), w.caller, req, func(endpoint, id string) string { return endpoint + "/" + id }, &w.trail)
}

func statuses(results []scim.BulkResult) []int {
	out := []int{}
	for _, r := range results {
		out = append(out, r.Status)
	}
	return out
}

func TestBulk_referencesResolveInAnyOrder(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		results := w.bulk(`"Operations":[
			{"method":"POST","path":"/Groups","bulkId":"g","data":{"displayName":"Ops","members":[{"value":"bulkId:a"},{"value":"bulkId:b"}]}},
			{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"a@example.com","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"bulkId:b"}}}},
			{"method":"POST","path":"/Users","bulkId":"b","data":{"userName":"b@example.com","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"bulkId:a"}}}}]`)
		wantEqual(w.t, "statuses", statuses(results), []int{201, 201, 201})
		wantEqual(w.t, "order of the request", []string{results[0].BulkID, results[1].BulkID}, []string{"g", "a"})
		group := results[0].Location[len("/Groups/"):]
		a, b := results[1].Location[len("/Users/"):], results[2].Location[len("/Users/"):]
		wantEqual(w.t, "members", len(w.members(group)), 2)
		page, err := w.s.ListUsers(w.t.Context(), w.caller, provision.Query{Filter: filterOf(w.t, `manager eq "`+a+`"`)})
		ok(w.t, err)
		wantEqual(w.t, "circular managers", idsOf(page.Items), []string{b})
	})
}

func TestBulk_failedReference(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		taken := w.user("a@example.com")
		results := w.bulk(`"Operations":[
			{"method":"POST","path":"/Groups","bulkId":"g","data":{"displayName":"Ops","members":[{"value":"bulkId:a"}]}},
			{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"a@example.com"}},
			{"method":"PATCH","path":"/Users/bulkId:missing","data":{"Operations":[]}},
			{"method":"DELETE","path":"/Users/` + taken + `"}]`)
		wantEqual(w.t, "statuses", statuses(results), []int{409, 409, 409, 204})
		detail, _ := results[0].Response["detail"].(string)
		wantEqual(w.t, "names the bulkId", detail, `the operation refers to bulkId "a", whose operation failed`)
		wantEqual(w.t, "no group, no role", w.customRoles(), []string{})
	})
}

func TestBulk_failOnErrors(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		results := w.bulk(`"failOnErrors":1,"Operations":[
			{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"a@example.com"}},
			{"method":"POST","path":"/Users","bulkId":"b","data":{}},
			{"method":"POST","path":"/Users","bulkId":"c","data":{"userName":"c@example.com"}}]`)
		wantEqual(w.t, "statuses", statuses(results), []int{201, 400})
	})
}

func TestBulk_pathsAndMethods(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		id := w.user("a@example.com")
		group := w.group("Ops")
		results := w.bulk(`"Operations":[
			{"method":"PUT","path":"/Users/` + id + `","data":{"userName":"a@example.com","displayName":"A"}},
			{"method":"PATCH","path":"/Groups/` + group + `","data":{"Operations":[{"op":"add","path":"members","value":[{"value":"` + id + `"}]}]}},
			{"method":"PUT","path":"/Users/` + id + `","version":"W/\"1\"","data":{"userName":"a@example.com"}},
			{"method":"POST","path":"/Me","bulkId":"x","data":{}},
			{"method":"PUT","path":"/Users","data":{}},
			{"method":"DELETE","path":"/Groups/` + group + `"}]`)
		wantEqual(w.t, "statuses", statuses(results), []int{200, 204, 412, 400, 400, 204})
		wantEqual(w.t, "version", results[0].Version, `W/"2"`)
	})
}
