package scimapi_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/iam"
)

// What of organization B a caller of organization A may name, and where. Each probe
// is made twice under A's key: with something of B, and with something like it that
// nobody has. Whoever asks must not be able to tell the two apart (S1, S2, S12).
type probe struct {
	what   string // user, group, cursor, version or organization: what of B stands for {}
	name   string
	method string
	path   string
	body   string
	header map[string]string
}

const patchBody = `{"Operations":[%s]}`

// probes lists every route and method with every place where an id can stand.
func probes(own, ownGroup string) []probe {
	var list []probe
	add := func(what, name, method, path, body string) {
		list = append(list, probe{what: what, name: name, method: method, path: path, body: body})
	}
	update := map[string]string{
		"GET": "", "HEAD": "", "DELETE": "", "POST": `{}`,
		"PUT":   `{"userName":"new@example.com","displayName":"new"}`,
		"PATCH": fmt.Sprintf(patchBody, `{"op":"replace","path":"displayName","value":"new"}`),
	}
	for _, method := range []string{"GET", "HEAD", "PUT", "PATCH", "DELETE", "POST"} {
		for _, what := range []string{"user", "group"} {
			for _, kind := range []string{"/Users/", "/Groups/"} {
				add(what, "id in the path", method, kind+"{}", update[method])
				add(what, "id in the path, with a projection", method, kind+"{}?attributes=id", update[method])
			}
		}
		for _, header := range []string{"If-Match", "If-None-Match"} {
			list = append(list,
				probe{what: "version", name: header, method: method, path: "/Users/" + own, body: update[method], header: map[string]string{header: "{}"}},
				probe{what: "version", name: header, method: method, path: "/Groups/" + ownGroup, body: update[method], header: map[string]string{header: "{}"}},
				probe{what: "user", name: header + " and id in the path", method: method, path: "/Users/{}", body: update[method], header: map[string]string{header: "*"}},
				probe{what: "group", name: header + " and id in the path", method: method, path: "/Groups/{}", body: update[method], header: map[string]string{header: "*"}})
		}
	}
	for _, kind := range []string{"/Users", "/Groups"} {
		for _, filter := range []string{`id eq "{}"`, `id sw "{}"`, `not (id ne "{}")`, `externalId eq "{}"`, `id eq "{}" or externalId eq "{}"`} {
			for _, what := range []string{"user", "group"} {
				add(what, "filter", "GET", kind+"?filter="+strings.ReplaceAll(filter, " ", "+"), "")
				add(what, "filter of a search", "POST", kind+"/.search", `{"filter":"`+strings.ReplaceAll(filter, `"`, `\"`)+`"}`)
				add(what, "filter of a root search", "POST", "/.search", `{"filter":"`+strings.ReplaceAll(filter, `"`, `\"`)+`"}`)
			}
		}
		add("cursor", "cursor", "GET", kind+"?count=1&cursor={}", "")
		add("cursor", "cursor of a search", "POST", kind+"/.search", `{"count":1,"cursor":"{}"}`)
	}
	for _, filter := range []string{`members eq "{}"`, `members.value eq "{}"`, `members[value eq "{}"]`, `id eq "{}" and members eq "{}"`, `displayName pr and members.value eq "{}"`} {
		add("user", "filter", "GET", "/Groups?filter="+strings.ReplaceAll(filter, " ", "+"), "")
	}
	for _, filter := range []string{`groups eq "{}"`, `groups.value eq "{}"`, `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq "{}"`, `id eq "` + own + `" and groups.value eq "{}"`} {
		add("group", "filter", "GET", "/Users?filter="+strings.ReplaceAll(filter, " ", "+"), "")
		add("user", "filter", "GET", "/Users?filter="+strings.ReplaceAll(filter, " ", "+"), "")
	}
	for _, what := range []string{"user", "group"} {
		for _, members := range []string{`[{"value":"{}"}]`, `[{"value":"` + own + `"},{"value":"{}","display":"x","type":"Group","$ref":"../Users/{}"}]`, `"{}"`} {
			add(what, "member of a new group", "POST", "/Groups", `{"displayName":"new","members":`+members+`}`)
			add(what, "member of a replaced group", "PUT", "/Groups/"+ownGroup, `{"displayName":"own","members":`+members+`}`)
			for _, op := range []string{"add", "replace", "remove"} {
				add(what, op+" a member", "PATCH", "/Groups/"+ownGroup, fmt.Sprintf(patchBody, `{"op":"`+op+`","path":"members","value":`+members+`}`))
			}
			add(what, "pathless member", "PATCH", "/Groups/"+ownGroup, fmt.Sprintf(patchBody, `{"op":"add","value":{"members":`+members+`}}`))
		}
		add(what, "remove a member by filter", "PATCH", "/Groups/"+ownGroup, fmt.Sprintf(patchBody, `{"op":"remove","path":"members[value eq \"{}\"]"}`))
		add(what, "id in a body", "POST", "/Users", `{"id":"{}","userName":"new@example.com"}`)
		add(what, "id in a group's body", "POST", "/Groups", `{"id":"{}","displayName":"new"}`)
		add(what, "id in a PUT", "PUT", "/Users/"+own, `{"id":"{}","userName":"own@example.com"}`)
		add(what, "external id", "POST", "/Users", `{"externalId":"{}","userName":"new@example.com"}`)
		add(what, "manager", "POST", "/Users", `{"userName":"new@example.com","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"{}"}}}`)
		add(what, "groups of a user", "POST", "/Users", `{"userName":"new@example.com","groups":[{"value":"{}"}]}`)
		add(what, "manager by PATCH", "PATCH", "/Users/"+own, fmt.Sprintf(patchBody, `{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"{}"}`))
		add(what, "groups by PATCH", "PATCH", "/Users/"+own, fmt.Sprintf(patchBody, `{"op":"add","path":"groups","value":[{"value":"{}"}]}`))
		for _, op := range []string{
			`{"method":"DELETE","path":"/Users/{}"}`, `{"method":"DELETE","path":"/Groups/{}"}`,
			`{"method":"PUT","path":"/Users/{}","data":{"userName":"new@example.com"}}`, `{"method":"PUT","path":"/Groups/{}","data":{"displayName":"new"}}`,
			`{"method":"PATCH","path":"/Users/{}","data":{"Operations":[{"op":"replace","path":"title","value":"x"}]}}`,
			`{"method":"PATCH","path":"/Groups/{}","data":{"Operations":[{"op":"replace","path":"displayName","value":"x"}]}}`,
			`{"method":"POST","path":"/Groups","bulkId":"g","data":{"displayName":"new","members":[{"value":"{}"}]}}`,
			`{"method":"POST","path":"/Users","bulkId":"{}","data":{"userName":"new@example.com"}}`,
			`{"method":"PATCH","path":"/Groups/` + ownGroup + `","data":{"Operations":[{"op":"add","path":"members","value":"bulkId:{}"}]}}`,
			`{"method":"DELETE","path":"/Users/bulkId:{}"}`,
		} {
			add(what, "bulk", "POST", "/Bulk", `{"Operations":[`+op+`]}`)
		}
		add(what, "name of a schema", "GET", "/Schemas/{}", "")
		add(what, "name of a resource type", "GET", "/ResourceTypes/{}", "")
		add(what, "projection", "GET", "/Users/"+own+"?attributes={}", "")
		add(what, "sort", "GET", "/Users?sortBy={}", "")
	}
	return list
}

// volatile is what differs between two requests for the same thing: ids, times,
// versions.
var volatile = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[0-9:.]+Z|W/\\?"\d+\\?"`)

// alike reduces an answer to what must not tell B's things from nobody's.
func alike(a answer, value string) string {
	var b strings.Builder
	fmt.Fprintln(&b, a.status)
	names := make([]string, 0, len(a.header))
	for name := range a.header {
		if name != "X-Request-Id" && name != "Date" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintln(&b, name, a.header[name])
	}
	fmt.Fprintln(&b, a.body)
	return volatile.ReplaceAllString(strings.ReplaceAll(b.String(), value, "{}"), "{x}")
}

func TestDoor_isolation(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		a, b := w.org("a"), w.org("b")
		bUser := b.post("/Users", `{"userName":"own@example.com","externalId":"x-b"}`).is(t, 201).id(t)
		b.user("two@example.com")
		bGroup := b.group("own", bUser)
		b.group("second", bUser)
		b.patch("/Users/"+bUser, `{"op":"replace","path":"title","value":"B"}`).is(t, 200)
		cursor := func(o *org) string {
			c, _ := o.get("/Users?count=1&cursor=").is(t, 200).json(t)["nextCursor"].(string)
			if c == "" {
				t.Fatal("no cursor")
			}
			return c
		}
		// The same in both: two versions that A's resources do not have.
		theirs := map[string]string{"user": bUser, "group": bGroup, "cursor": cursor(b), "version": `W/"7777"`}
		nobodys := map[string]string{"user": w.db.NewID(), "group": w.db.NewID(), "cursor": strings.Repeat("A", len(cursor(b))), "version": `W/"8888"`}
		before := rowsOf(w, b.id)

		// Every request finds the same of A: it is made anew after whatever changed it.
		user, group, changed := "", "", true
		fresh := func() {
			if !changed {
				return
			}
			for _, kind := range []string{"/Users", "/Groups"} {
				list, _ := a.get(kind+"?attributes=id").is(t, 200).json(t)["Resources"].([]any)
				for _, r := range list {
					a.delete(kind+"/"+r.(map[string]any)["id"].(string)).is(t, 204)
				}
			}
			user = a.user("own@example.com")
			group = a.group("own", user)
		}
		send := func(i int, values map[string]string) (probe, answer) {
			fresh()
			p := probes(user, group)[i]
			value := values[p.what]
			r := request{method: p.method, path: strings.ReplaceAll(p.path, "{}", value), body: strings.ReplaceAll(p.body, "{}", value), header: map[string]string{}}
			for name, v := range p.header {
				r.header[name] = strings.ReplaceAll(v, "{}", value)
			}
			got := a.send(r)
			changed = got.status < 300 && r.method != "GET" && r.method != "HEAD"
			return p, got
		}
		n := len(probes("", ""))
		for i := range n {
			p, got := send(i, theirs)
			_, want := send(i, nobodys)
			if g, w := alike(got, theirs[p.what]), alike(want, nobodys[p.what]); g != w {
				t.Errorf("%s %s %s (%s of B): the answer tells it from nobody's\nB's      %s\nnobody's %s", p.method, p.path, p.body, p.name, g, w)
			}
			if strings.Contains(got.body, "x-b") || strings.Contains(got.body, "two@example.com") {
				t.Errorf("%s %s %s: shows data of B: %s", p.method, p.path, p.body, got.body)
			}
		}
		if n < 150 {
			t.Errorf("only %d probes", n)
		}
		if after := rowsOf(w, b.id); after != before {
			t.Errorf("requests of A changed B:\n%s", difference(before, after))
		}
	})
}

// rowsOf are the lines of the database that speak of an organization.
func rowsOf(w *world, id iam.OrganizationID) string {
	var rows []string
	for line := range strings.SplitSeq(w.dump(), "\n") {
		if strings.Contains(line, string(id)) {
			rows = append(rows, line)
		}
	}
	return strings.Join(rows, "\n")
}

// A key opens its own organization. Another's, one that does not exist, a wrong
// secret and an unknown key are refused in the same bytes.
func TestDoor_foreignKey(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		a, b := w.org("a"), w.org("b")
		user := b.user("ada@example.com")
		unknown := "/v1/organizations/" + w.db.NewID() + "/scim"
		wrong := string(b.key) + ":" + strings.Repeat("x", len(b.secret))
		noKey := "scim_" + strings.Repeat("a", 20) + ":" + b.secret
		for _, path := range []string{"", "/Users", "/Users/" + user, "/Users/nobody", "/Groups", "/Bulk", "/Schemas", "/Me", "/nothing", "/Users?filter=x", "/Users?count=%zz"} {
			for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
				first := ""
				for name, try := range map[string]struct{ base, bearer string }{
					"a foreign key": {b.base(), a.bearer}, "no such organization": {unknown, a.bearer}, "a wrong secret": {b.base(), wrong},
					"an unknown key": {b.base(), noKey}, "an organization that cannot be": {"/v1/organizations/..%2Fx/scim", a.bearer}, "an empty organization": {"/v1/organizations/%20/scim", a.bearer},
				} {
					got := w.send(method, try.base+path, `{"userName":"x@example.com"}`, try.bearer, nil)
					text := alike(got, "-")
					if first == "" {
						first = text
					}
					if got.status != http.StatusUnauthorized || text != first {
						t.Errorf("%s %s with %s answers\n%s\nand others answer\n%s", method, path, name, text, first)
					}
				}
			}
		}
		if got := b.get("/Users").is(t, 200).json(t)["totalResults"]; got != 1.0 {
			t.Errorf("B has %v users, want 1", got)
		}
	})
}
