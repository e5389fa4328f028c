package scimtest

import (
	"net/http"
	"slices"
	"strconv"
)

func listChecks() []check {
	const (
		src    = "RFC 7644 section 3.4.2"
		paging = "RFC 7644 section 3.4.2.4"
	)
	return []check{
		{id: "list.shape", in: inAll, src: src,
			says: "A list is a ListResponse whose totalResults, startIndex and itemsPerPage are integers.",
			run: func(t *T) {
				t.people()
				for _, path := range []string{"/Users", "/Groups"} {
					a := t.get(path, "startIndex", "1", "count", "2")
					a.list()
					for _, name := range []string{"totalResults", "startIndex", "itemsPerPage"} {
						t.isInteger(a.Object, name)
					}
				}
			}},
		{id: "list.resources", in: inAll, src: src,
			says: `The resources are in the member "Resources", each with id, schemas and meta.`,
			run: func(t *T) {
				t.people()
				l := t.get("/Users", "startIndex", "1", "count", "2").list()
				if len(l.Resources) == 0 {
					t.fail(`want users in "Resources", got none`)
				}
				for _, o := range l.Resources {
					if id, _ := o["id"].(string); id == "" || len(items(o["schemas"])) == 0 || value(o, "meta", "resourceType") != "User" {
						t.fail("a listed user lacks id, schemas or meta.resourceType: %s", show(o))
					}
				}
			}},
		{id: "list.empty", in: inAll, src: src + "; " + entraSCIM + "; " + oktaSpec,
			says: "A filter that nothing matches is answered with 200 and totalResults 0.",
			run: func(t *T) {
				t.findsNone("/Users", eq("userName", t.address(t.name())))
				t.findsNone("/Groups", eq("displayName", t.name()))
			}},
		{id: "list.empty_array", in: inEntra, src: entraSCIM + ", Get User by query, zero results",
			says: `An empty list has "Resources": [].`,
			run: func(t *T) {
				for _, path := range []string{"/Users", "/Groups"} {
					t.bystander(path)
					a := t.get(path, "filter", eq("externalId", t.name()))
					a.list()
					if l, ok := a.Object["Resources"].(list); !ok || len(l) != 0 {
						t.fail("%s: Resources is %s, want []", a.what, show(a.Object["Resources"]))
					}
				}
			}},
		{id: "list.total", in: inRFC, src: src, needs: filterFeature,
			says: "totalResults counts every match, not those of the page.",
			run: func(t *T) {
				p := t.people()
				a := t.get("/Users", "filter", p.all(), "count", "3")
				t.equal("totalResults", a.list().TotalResults == crowd, true)
			}},
		{id: "list.count", in: inAll, src: paging,
			says: "count limits the page.",
			run: func(t *T) {
				t.people()
				for _, count := range []int{1, 2, 5} {
					a := t.get("/Users", "startIndex", "1", "count", strconv.Itoa(count))
					if n := len(a.list().Resources); n > count || n == 0 {
						t.fail("%s: want 1 to %d users, got %d", a.what, count, n)
					}
				}
			}},
		{id: "list.count_zero", in: inRFC, src: paging, needs: filterFeature,
			says: "count=0 gives totalResults and no resources.",
			run:  func(t *T) { t.countOnly("0") }},
		{id: "list.count_negative", in: inRFC, src: paging, needs: filterFeature,
			says: "A negative count counts as 0.",
			run:  func(t *T) { t.countOnly("-3") }},
		{id: "list.start_below_one", in: inRFC, src: paging, needs: filterFeature,
			says: "A startIndex below 1 counts as 1.",
			run: func(t *T) {
				p := t.people()
				first := t.page(p, "1", "4")
				for _, start := range []string{"0", "-7"} {
					if got := t.page(p, start, "4"); !slices.Equal(got, first) {
						t.fail("startIndex=%s gives %s, want the first page, %s", start, personList(got), personList(first))
					}
				}
			}},
		{id: "list.start_beyond", in: inRFC, src: paging, needs: filterFeature,
			says: "A startIndex beyond the end gives no resources and the right total.",
			run: func(t *T) {
				p := t.people()
				l := t.get("/Users", "filter", p.all(), "startIndex", "1000", "count", "5").list()
				if l.TotalResults != crowd || len(l.Resources) != 0 {
					t.fail("want totalResults %d and no resources, got %d and %d", crowd, l.TotalResults, len(l.Resources))
				}
			}},
		{id: "list.pages", in: inRFC, src: paging, needs: filterFeature,
			says: "Pages of five give every match once: none is missing and none comes twice.",
			run: func(t *T) {
				p := t.people()
				var seen []int
				for start := 1; start <= crowd; {
					page := t.page(p, strconv.Itoa(start), "5")
					if len(page) == 0 {
						t.fail("the page at startIndex=%d is empty", start)
					}
					seen = append(seen, page...)
					start += len(page)
				}
				slices.Sort(seen)
				if !slices.Equal(seen, everyone()) {
					t.fail("the pages give %s, want each of the %d persons once", personList(seen), crowd)
				}
			}},
		{id: "list.start_echo", in: inRFCEntra, src: paging + "; " + entraGallery + ", SCIM_User_Pagination",
			says: "startIndex is answered as it was asked.",
			run: func(t *T) {
				t.people()
				for _, start := range []int{1, 6, 11} {
					l := t.get("/Users", "startIndex", strconv.Itoa(start), "count", "5").list()
					if l.StartIndex != start {
						t.fail("startIndex=%d is answered with startIndex %d", start, l.StartIndex)
					}
				}
			}},
		{id: "list.items_per_page", in: inRFC, src: paging,
			says: "itemsPerPage is the number of resources in the answer.",
			run: func(t *T) {
				t.people()
				l := t.get("/Users", "startIndex", "1", "count", "5").list()
				if l.ItemsPerPage != len(l.Resources) {
					t.fail("itemsPerPage is %d, but there are %d resources", l.ItemsPerPage, len(l.Resources))
				}
			}},
		{id: "list.halves", in: inAll, src: paging + "; " + entraGallery + ", SCIM_User_Pagination",
			says: "Two pages of five are the page of ten, in the same order.",
			run: func(t *T) {
				t.people()
				whole := t.get("/Users", "startIndex", "1", "count", "10").list()
				first := t.get("/Users", "startIndex", "1", "count", "5").list()
				second := t.get("/Users", "startIndex", "6", "count", "5").list()
				halves := append(idsOf(first.Resources), idsOf(second.Resources)...)
				// A server may give less than was asked for, but in the same order.
				if n := len(whole.Resources); n < 5 || len(halves) < n || !slices.Equal(halves[:n], idsOf(whole.Resources)) {
					t.fail("startIndex=1 and 6 with count=5 give %v, but count=10 gives %v", halves, idsOf(whole.Resources))
				}
			}},
		{id: "list.bad_numbers", in: inRFC, src: paging,
			says: "Numbers that are none, or too large, never make the server fail.",
			run: func(t *T) {
				for _, q := range []string{"startIndex=x", "count=x", "count=1.5", "startIndex=99999999999999999999", "count=99999999999999999999", "startIndex=9223372036854775807&count=9223372036854775807", "count=", "startIndex=1&startIndex=2"} {
					t.send(http.MethodGet, "/Users", q, nil, nil).survived()
				}
			}},
		{id: "list.groups", in: inAll, src: src,
			says: "Groups are listed with id and displayName.",
			run: func(t *T) {
				g := t.group()
				found := pickID(t.find("/Groups", eq("displayName", g.str("displayName"))).Resources, g.id)
				if found == nil {
					t.fail("the new group is not in the list")
				}
				t.equal("displayName", found["displayName"], g.sent["displayName"])
			}},
	}
}

// listClientChecks are what Okta's imports need of lists.
func listClientChecks() []check {
	return []check{
		{id: "list.filter_with_page", in: inOkta, src: oktaSCIM + ", Retrieve Users by filter",
			says: "A filter works together with startIndex=1&count=100, percent-encoded as Okta sends it.",
			run: func(t *T) {
				t.bystander("/Users")
				u := t.user(nil)
				q := "filter=userName%20eq%20%22" + u.str("userName") + "%22&startIndex=1&count=100"
				l := t.send(http.MethodGet, "/Users", q, nil, nil).list()
				if l.TotalResults != 1 || !slices.Equal(idsOf(l.Resources), []string{u.id}) {
					t.fail("want exactly the user %s, got totalResults %d with %v", u.id, l.TotalResults, shortIDs(idsOf(l.Resources)))
				}
			}},
		{id: "list.group_pages", in: inEntra, src: entraGallery + ", SCIM_Group_Pagination",
			says: "Groups are listed in pages too, and startIndex is answered as it was asked.",
			run: func(t *T) {
				for range 4 {
					t.group()
				}
				whole := t.get("/Groups", "startIndex", "1", "count", "4").list()
				first := t.get("/Groups", "startIndex", "1", "count", "2").list()
				second := t.get("/Groups", "startIndex", "3", "count", "2").list()
				if second.StartIndex != 3 {
					t.fail("startIndex=3 is answered with startIndex %d", second.StartIndex)
				}
				halves := append(idsOf(first.Resources), idsOf(second.Resources)...)
				if !slices.Equal(halves, idsOf(whole.Resources)) {
					t.fail("startIndex=1 and 3 with count=2 give %v, but count=4 gives %v", halves, idsOf(whole.Resources))
				}
			}},
		{id: "list.hundred", in: inOkta, src: oktaSCIM + ", import: the next page begins at startIndex + 100",
			says: "A page of 100 is given when there are that many; Okta goes on by 100 whatever it gets.",
			run: func(t *T) {
				t.people()
				l := t.get("/Users", "startIndex", "1", "count", "100").list()
				if want := min(100, l.TotalResults); len(l.Resources) != want {
					t.fail("totalResults is %d and count=100 gives %d users, want %d", l.TotalResults, len(l.Resources), want)
				}
				if l.TotalResults < crowd {
					t.fail("totalResults is %d, but this run alone made %d users", l.TotalResults, crowd)
				}
			}},
		{id: "list.stable", in: inOkta, src: oktaSCIM + ", import",
			says: "The same list twice has the same order.",
			run: func(t *T) {
				t.people()
				first := idsOf(t.get("/Users", "startIndex", "1", "count", "100").list().Resources)
				second := idsOf(t.get("/Users", "startIndex", "1", "count", "100").list().Resources)
				if !slices.Equal(first, second) {
					t.fail("the order of the users differs between two answers")
				}
			}},
		{id: "list.first_user", in: inOkta, src: oktaSpec + ", Required Test: Test Users endpoint",
			says: "The first user of the list has id, userName, active, both names and an e-mail address.",
			run: func(t *T) {
				t.people()
				l := t.get("/Users", "count", "1", "startIndex", "1").list()
				if len(l.Resources) != 1 {
					t.fail("want one user, got %d", len(l.Resources))
				}
				o := l.Resources[0]
				for _, keys := range [][]any{{"id"}, {"userName"}, {"name", "givenName"}, {"name", "familyName"}, {"emails", 0, "value"}} {
					if s, _ := value(o, keys...).(string); s == "" {
						t.fail("the first user has no %s", place(keys))
					}
				}
				t.isBool(o, "active")
			}},
	}
}

// countOnly fails unless a count yields totals alone.
func (t *T) countOnly(count string) {
	p := t.people()
	l := t.get("/Users", "filter", p.all(), "count", count).list()
	if l.TotalResults != crowd || len(l.Resources) != 0 {
		t.fail("count=%s: want totalResults %d and no resources, got %d and %d", count, crowd, l.TotalResults, len(l.Resources))
	}
}

// page reads one page of the shared users, as their numbers.
func (t *T) page(p *people, start, count string) []int {
	return p.persons(t.get("/Users", "filter", p.all(), "startIndex", start, "count", count).list().Resources)
}
