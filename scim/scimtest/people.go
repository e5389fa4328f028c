package scimtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall/rollcall/scim"
	"github.com/rollcall/rollcall/scim/scimclient"
)

// crowd is how many users the checks of lists, orders and filters share.
const crowd = 12

// people are the shared users. Person n (1 to 12) has
//
//	userName        {prefix}-p01@{domain} …
//	externalId      Ext-{prefix}-01 …
//	displayName     Person 12 … Person 01 (the other way round)
//	name            Given 01 …, Family l … Family a (the other way round)
//	nickName        nick-01 …
//	title           none when n is a multiple of 3, else Engineer (odd) or Sales Manager (even)
//	active          false for 11 and 12
//	emails          work, primary: the userName; and for 1 to 6 home: home.{userName}
type people struct {
	t     *T
	ids   []string // of person 1 at index 0
	index map[string]int
}

// people makes the shared users when they are needed first. When that fails,
// each check that needs them fails.
func (t *T) people() *people {
	if t.run.people == nil {
		p := &people{index: map[string]int{}}
		for n := 1; n <= crowd; n++ {
			body := t.personBody(n)
			id := t.create("/Users", body).id
			p.ids = append(p.ids, id)
			p.index[id] = n
		}
		for _, id := range p.ids {
			t.run.share("/Users/" + escapeID(id))
		}
		t.run.people = p
	}
	p := *t.run.people
	p.t = t
	return &p
}

// bystander makes sure that there is a user and a group beside those of the
// check: on an empty server a filter that is ignored would look right. The two
// are made once and stay until the end.
func (t *T) bystander(path string) {
	kind := "/" + strings.Trim(path, "/")
	if t.run.bystanders[kind] {
		return
	}
	switch kind {
	case "/Users":
		t.run.share(t.user(nil).path())
	case "/Groups":
		t.run.share(t.group().path())
	}
	t.run.bystanders[kind] = true
}

func (t *T) personBody(n int) obj {
	mirror := crowd + 1 - n
	address := t.address(t.personName(n))
	body := obj{
		"schemas":     list{scim.UserURN},
		"userName":    address,
		"externalId":  fmt.Sprintf("Ext-%s-%02d", t.run.cfg.Prefix, n),
		"displayName": fmt.Sprintf("Person %02d", mirror),
		"name":        obj{"givenName": fmt.Sprintf("Given %02d", n), "familyName": "Family " + string(rune('a'+mirror-1))},
		"nickName":    fmt.Sprintf("nick-%02d", n),
		"active":      n < 11,
	}
	emails := list{obj{"value": address, "type": "work", "primary": true}}
	if n <= 6 {
		emails = append(emails, obj{"value": "home." + address, "type": "home"})
	}
	body["emails"] = emails
	switch {
	case n%3 == 0:
	case n%2 == 1:
		body["title"] = "Engineer"
	default:
		body["title"] = "Sales Manager"
	}
	return body
}

func (t *T) personName(n int) string { return fmt.Sprintf("%s-p%02d", t.run.cfg.Prefix, n) }

// all is a filter that every shared user matches and nobody else.
func (p *people) all() string {
	return `userName sw ` + scimclient.Quote(p.t.run.cfg.Prefix+"-p")
}

// and is a filter for those of the shared users that match another filter.
func (p *people) and(filter string) string { return p.all() + " and (" + filter + ")" }

// match fails unless a filter matches exactly these of the shared users.
func (p *people) match(filter string, persons ...int) {
	got := p.persons(p.t.walk("/Users", "filter", p.and(filter)))
	slices.Sort(got)
	if !slices.Equal(got, persons) {
		p.t.fail("filter %s: matches %s, want %s", filter, personList(got), personList(persons))
	}
}

// persons are the numbers of users; 0 is somebody else.
func (p *people) persons(users []obj) []int {
	numbers := make([]int, len(users))
	for i, u := range users {
		id, _ := u["id"].(string)
		numbers[i] = p.index[id]
	}
	return numbers
}

func personList(numbers []int) string {
	if len(numbers) == 0 {
		return "nobody"
	}
	s := "persons"
	for _, n := range numbers {
		if n == 0 {
			s += " (somebody else)"
			continue
		}
		s += " " + strconv.Itoa(n)
	}
	return s
}

// everyone are the numbers 1 to 12.
func everyone() []int {
	numbers := make([]int, crowd)
	for i := range numbers {
		numbers[i] = i + 1
	}
	return numbers
}

// maxPages ends a walk through a server whose pages lead nowhere.
const maxPages = 200

// walk reads all pages of a list by startIndex, as many resources at a time as
// the server gives.
func (t *T) walk(path string, query ...string) []obj {
	var all []obj
	for range maxPages {
		page := t.get(path, append(slices.Clone(query), "startIndex", strconv.Itoa(len(all)+1), "count", "100")...).list()
		all = append(all, page.Resources...)
		if len(page.Resources) == 0 || len(all) >= page.TotalResults {
			return all
		}
	}
	t.fail("GET %s: %d pages and no end", path, maxPages)
	return nil
}
