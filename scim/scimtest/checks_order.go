package scimtest

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/rollcall/rollcall/scim"
)

func cursorChecks() []check {
	const src = "RFC 9865 section 2"
	return []check{
		{id: "cursor.first", in: inRFC, src: src, needs: cursorFeature,
			says: "An empty cursor asks for the first page, which has a nextCursor when there is more.",
			run: func(t *T) {
				p := t.people()
				a := t.get("/Users", "filter", p.all(), "cursor", "", "count", "3")
				if n := len(a.list().Resources); n == 0 || n > 3 {
					t.fail("%s: want 1 to 3 users, got %d", a.what, n)
				}
				a.str("nextCursor")
			}},
		{id: "cursor.pages", in: inRFC, src: src, needs: cursorFeature,
			says: "Following nextCursor gives every match once; the last page has none.",
			run: func(t *T) {
				p := t.people()
				seen := p.persons(t.follow("/Users", "filter", p.all(), "count", "5"))
				slices.Sort(seen)
				if !slices.Equal(seen, everyone()) {
					t.fail("the pages give %s, want each of the %d persons once", personList(seen), crowd)
				}
			}},
		{id: "cursor.sorted", in: inRFC, src: src, needs: cursorFeature,
			says: "Cursors keep the order of sortBy over all pages, when sorting is supported.",
			run: func(t *T) {
				if t.run.off[sortFeature] {
					return // the order is the server's own; cursor.pages has checked the rest
				}
				p := t.people()
				seen := p.persons(t.follow("/Users", "filter", p.all(), "count", "5", "sortBy", "displayName"))
				want := everyone()
				slices.Reverse(want)
				if !slices.Equal(seen, want) {
					t.fail("the pages sorted by displayName give %s, want %s", personList(seen), personList(want))
				}
			}},
		{id: "cursor.grown", in: inRFC, src: src, needs: cursorFeature,
			says: "A user made between two pages repeats and loses none of those that were there.",
			run: func(t *T) {
				p := t.people()
				a := t.get("/Users", "filter", p.all(), "cursor", "", "count", "6")
				users := a.list().Resources
				next := a.str("nextCursor")
				t.user(obj{"userName": t.address(t.run.cfg.Prefix + "-p00")})
				users = append(users, t.followFrom(next, "/Users", "filter", p.all(), "count", "6")...)
				seen := slices.DeleteFunc(p.persons(users), func(n int) bool { return n == 0 })
				slices.Sort(seen)
				if !slices.Equal(seen, everyone()) {
					t.fail("the pages give %s, want each of the %d persons once", personList(seen), crowd)
				}
			}},
		{id: "cursor.invalid", in: inRFC, src: "RFC 9865 section 2.3", needs: cursorFeature,
			says: "A cursor that the server has not given is 400 invalidCursor.",
			run: func(t *T) {
				for _, cursor := range []string{"not-a-cursor", "AAAA", "%00"} {
					t.get("/Users", "cursor", cursor, "count", "3").want(http.StatusBadRequest).scimError().scimType(scim.InvalidCursor)
				}
			}},
		{id: "cursor.search", in: inRFC, src: "RFC 9865 section 3", needs: cursorFeature,
			says: "POST /.search takes a cursor too.",
			run: func(t *T) {
				p := t.people()
				var users []obj
				cursor := ""
				for range maxPages {
					a := t.post("/Users/.search", obj{"schemas": list{scim.SearchRequestURN}, "filter": p.all(), "count": 5, "cursor": cursor})
					l := a.list()
					users = append(users, l.Resources...)
					if cursor = l.NextCursor; cursor == "" {
						break
					}
				}
				seen := p.persons(users)
				slices.Sort(seen)
				if !slices.Equal(seen, everyone()) {
					t.fail("the pages give %s, want each of the %d persons once", personList(seen), crowd)
				}
			}},
	}
}

func sortChecks() []check {
	const src = "RFC 7644 section 3.4.2.3"
	reversed := func() []int {
		numbers := everyone()
		slices.Reverse(numbers)
		return numbers
	}
	return []check{
		{id: "sort.ascending", in: inRFC, src: src, needs: sortFeature,
			says: "sortBy=userName&sortOrder=ascending sorts by userName.",
			run:  func(t *T) { t.sorted(everyone(), "sortBy", "userName", "sortOrder", "ascending") }},
		{id: "sort.descending", in: inRFC, src: src, needs: sortFeature,
			says: "sortOrder=descending turns the order round.",
			run:  func(t *T) { t.sorted(reversed(), "sortBy", "userName", "sortOrder", "descending") }},
		{id: "sort.default", in: inRFC, src: src, needs: sortFeature,
			says: "Without sortOrder the order is ascending.",
			run: func(t *T) {
				t.sorted(everyone(), "sortBy", "userName")
				t.sorted(reversed(), "sortBy", "displayName")
			}},
		{id: "sort.sub_attribute", in: inRFC, src: src, needs: sortFeature,
			says: "sortBy may name a sub-attribute.",
			run: func(t *T) {
				t.sorted(reversed(), "sortBy", "name.familyName")
				t.sorted(everyone(), "sortBy", "name.givenName")
			}},
		{id: "sort.name_case", in: inRFC, src: src + "; RFC 7643 section 2.1", needs: sortFeature,
			says: "The attribute of sortBy may be in any case.",
			run:  func(t *T) { t.sorted(reversed(), "sortBy", "DISPLAYNAME") }},
		{id: "sort.value_case", in: inRFC, src: src, needs: sortFeature,
			says: "Values of attributes that are not case-exact are sorted without regard to case.",
			run: func(t *T) {
				p := t.people()
				// Between Person 06 and Person 07, but after both when case counts.
				u := t.user(obj{"userName": t.address(t.run.cfg.Prefix + "-pa"), "displayName": "person 065"})
				ids := idsOf(t.walk("/Users", "filter", p.all(), "sortBy", "displayName"))
				at := slices.Index(ids, u.id)
				if at < 1 || at+1 >= len(ids) || p.index[ids[at-1]] != 7 || p.index[ids[at+1]] != 6 {
					t.fail(`sorted by displayName, "person 065" is at place %d of %d, want it between "Person 06" and "Person 07"`, at+1, len(ids))
				}
			}},
		{id: "sort.missing", in: inRFC, src: src, needs: sortFeature,
			says: "Users without a value come last in ascending order and first in descending order.",
			run: func(t *T) {
				p := t.people()
				u := t.user(obj{"userName": t.address(t.run.cfg.Prefix + "-pb"), "name": nil})
				for order, want := range map[string]int{"ascending": crowd, "descending": 0} {
					ids := idsOf(t.walk("/Users", "filter", p.all(), "sortBy", "name.familyName", "sortOrder", order))
					if got := slices.Index(ids, u.id); got != want {
						t.fail("sorted by name.familyName, %s, the user without a name is at place %d of %d, want %d", order, got+1, len(ids), want+1)
					}
				}
			}},
		{id: "sort.pages", in: inRFC, src: src, needs: sortFeature,
			says: "The order holds over all pages.",
			run: func(t *T) {
				p := t.people()
				var seen []int
				for start := 1; start <= crowd; start += 4 {
					seen = append(seen, p.persons(t.get("/Users", "filter", p.all(), "sortBy", "displayName", "startIndex", strconv.Itoa(start), "count", "4").list().Resources)...)
				}
				if !slices.Equal(seen, reversed()) {
					t.fail("the pages sorted by displayName give %s, want %s", personList(seen), personList(reversed()))
				}
			}},
		{id: "sort.times", in: inRFC, src: src, needs: sortFeature,
			says: "Times are sorted in the order of time.",
			run: func(t *T) {
				p := t.people()
				users := t.walk("/Users", "filter", p.all(), "sortBy", "meta.created")
				if len(users) != crowd {
					t.fail("want %d users, got %d", crowd, len(users))
				}
				for i := 1; i < len(users); i++ {
					earlier, later := t.instant("meta.created", value(users[i-1], "meta", "created")), t.instant("meta.created", value(users[i], "meta", "created"))
					if later.Before(earlier) {
						t.fail("sorted by meta.created, %s comes before %s", earlier, later)
					}
				}
			}},
		{id: "sort.unknown", in: inRFC, src: src, needs: sortFeature,
			says: "sortBy of an unknown attribute never loses users: it is ignored or refused with 400.",
			run: func(t *T) {
				p := t.people()
				a := t.get("/Users", "filter", p.all(), "sortBy", "nothingOfTheKind", "count", "100").want(http.StatusOK, http.StatusBadRequest)
				if a.Status == http.StatusOK && a.list().TotalResults != crowd {
					t.fail("%s: want totalResults %d, got %d", a.what, crowd, a.list().TotalResults)
				}
			}},
	}
}

// sorted fails unless the shared users come in this order.
func (t *T) sorted(want []int, sort ...string) {
	p := t.people()
	got := p.persons(t.walk("/Users", append([]string{"filter", p.all()}, sort...)...))
	if !slices.Equal(got, want) {
		t.fail("%v gives %s, want %s", sort, personList(got), personList(want))
	}
}

// follow reads all pages of a list by cursor.
func (t *T) follow(path string, query ...string) []obj { return t.followFrom("", path, query...) }

func (t *T) followFrom(cursor, path string, query ...string) []obj {
	var all []obj
	for range maxPages {
		l := t.get(path, append(slices.Clone(query), "cursor", cursor)...).list()
		all = append(all, l.Resources...)
		if l.NextCursor == "" {
			return all
		}
		cursor = l.NextCursor
	}
	t.fail("GET %s: %d pages by cursor and no end", path, maxPages)
	return nil
}
