package scimtest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall/rollcall/scim"
	"github.com/rollcall/rollcall/scim/scimclient"
)

// badFilters are not filters, whatever the server supports.
var badFilters = []string{
	`userName`, `userName eq`, `eq "x"`, `userName eq "x`, `userName eq "x" and`, `and userName eq "x"`,
	`(userName eq "x"`, `userName eq "x")`, `emails[type eq "work"`, `userName eq "x" userName eq "y"`, `not userName`, `()`,
}

// filterBadChecks are about filters that a server must not take for an absent
// one: whoever ignores a filter shows everybody, and a client takes the first
// for the match.
func filterBadChecks() []check {
	src := filterSrc + "; RFC 7644 section 3.12"
	return []check{
		{id: "filter.invalid", in: inAll, src: src, needs: filterFeature,
			says: "What is not a filter is 400.",
			run: func(t *T) {
				for _, filter := range badFilters {
					t.get("/Users", "filter", filter).want(http.StatusBadRequest).scimError()
				}
				t.get("/Groups", "filter", badFilters[0]).want(http.StatusBadRequest).scimError()
			}},
		{id: "filter.invalid_type", in: inRFC, src: src, needs: filterFeature,
			says: "The 400 for a bad filter has scimType invalidFilter.",
			run: func(t *T) {
				t.get("/Users", "filter", `userName eq "x`).want(http.StatusBadRequest).scimType(scim.InvalidFilter)
			}},
		{id: "filter.invalid_operator", in: inAll, src: filterSrc + ": an operation that is not recognized must be declined", needs: filterFeature,
			says: "An unknown operator is 400 invalidFilter.",
			run: func(t *T) {
				for _, filter := range []string{`userName regex "x"`, `userName = "x"`, `userName like "x"`} {
					t.get("/Users", "filter", filter).want(http.StatusBadRequest).scimError().scimType(scim.InvalidFilter)
				}
			}},
		{id: "filter.unknown_attribute", in: inAll, src: src, needs: filterFeature,
			says: "A filter on an unknown attribute is refused or matches nothing; it never lists everybody.",
			run: func(t *T) {
				t.user(nil)
				for _, filter := range []string{`nothingOfTheKind eq "x"`, `emails.nothing eq "x"`, `urn:example:nothing:1.0:User:x eq "y"`} {
					a := t.get("/Users", "filter", filter).want(http.StatusOK, http.StatusBadRequest)
					if a.Status == http.StatusOK && (a.list().TotalResults != 0 || len(a.list().Resources) != 0) {
						t.fail("%s: want no match, got %d users", a.what, a.list().TotalResults)
					}
				}
			}},
		{id: "filter.unapplicable", in: inRFC, src: filterSrc + ": boolean and binary attributes have no order", needs: filterFeature,
			says: "An order comparison of a boolean is 400 invalidFilter.",
			run: func(t *T) {
				t.get("/Users", "filter", `active gt true`).want(http.StatusBadRequest).scimType(scim.InvalidFilter)
			}},
		{id: "filter.secret", in: inRFC, src: "RFC 7643 section 7: returned never; RFC 7644 section 7.5.2", needs: filterFeature,
			says: "A password cannot be guessed by a filter.",
			run: func(t *T) {
				u := t.user(obj{"password": firstPassword})
				for _, filter := range []string{`password sw "1mz"`, `password pr`} {
					a := t.get("/Users", "filter", filter+" and "+eq("userName", u.str("userName"))).want(http.StatusOK, http.StatusBadRequest, http.StatusForbidden)
					if a.Status == http.StatusOK && a.list().TotalResults != 0 {
						t.fail("%s: the password was compared", a.what)
					}
				}
			}},
		{id: "filter.semicolon", in: inAll, src: "RFC 3986 section 3.4", needs: filterFeature,
			says: "A raw semicolon in the query does not make the filter vanish.",
			run: func(t *T) {
				t.user(nil)
				a := t.send(http.MethodGet, "/Users", `filter=userName%20eq%20%22a;b@example.com%22`, nil, nil).want(http.StatusOK, http.StatusBadRequest)
				if a.Status == http.StatusOK && a.list().TotalResults != 0 {
					t.fail("%s: the filter was lost, %d users are listed", a.what, a.list().TotalResults)
				}
			}},
		{id: "filter.deep", in: inRFC, src: "RFC 7644 section 7.5: denial of service", needs: filterFeature,
			says: "Very deep, long and wide filters are answered or refused, never a failure.",
			run: func(t *T) {
				// None makes the head of the request longer than 16 KB: some servers refuse that by closing the connection,
				// and whether the refusal is still read then is luck.
				for _, filter := range []string{
					strings.Repeat("(", 1500) + `userName eq "x"` + strings.Repeat(")", 1500),
					strings.Repeat("not (", 1000) + `userName eq "x"` + strings.Repeat(")", 1000),
					strings.Repeat(`userName eq "x" or `, 400) + `userName eq "x"`,
					`userName eq "` + strings.Repeat("x", 12_000) + `"`,
				} {
					a := t.get("/Users", "filter", filter).survived()
					if a.Status == http.StatusOK && a.list().TotalResults != 0 {
						t.fail("%s: want no match, got %d users", a.what, a.list().TotalResults)
					}
				}
			}},
		{id: "filter.discovery", in: inRFC, src: "RFC 7644 section 4",
			says: "A filter on a discovery endpoint is refused with 403 or ignored.",
			run: func(t *T) {
				for _, path := range []string{"/ResourceTypes", "/Schemas"} {
					t.get(path, "filter", `name eq "User"`).want(http.StatusOK, http.StatusForbidden)
				}
			}},
	}
}

// filterClientChecks are the filters as Entra and Okta write them.
func filterClientChecks() []check {
	return []check{
		{id: "filter.plus", in: inEntra, src: "Public report, Microsoft Q&A 2238842: the query as it is sent",
			says: "The query may have plus signs for blanks and raw quotes.",
			run: func(t *T) {
				u := t.user(nil)
				t.rawFinds(u, `filter=userName+eq+"`+strings.ReplaceAll(u.str("userName"), "@", "%40")+`"`)
				t.rawFinds(u, `filter=userName+eq+%22`+u.str("userName")+`%22`)
			}},
		{id: "filter.test_connection", in: inEntra, src: entraSCIM + ", Get User by query, zero results",
			says: "Entra's connection test, a userName that does not exist, is 200 with an empty list.",
			run: func(t *T) {
				t.bystander("/Users")
				a := t.send(http.MethodGet, "/Users", `filter=userName+eq+"`+absentID+`"`, nil, http.Header{"User-Agent": {""}})
				if l := a.list(); l.TotalResults != 0 || len(l.Resources) != 0 {
					t.fail("%s: want an empty list, got totalResults %d", a.what, l.TotalResults)
				}
			}},
		{id: "filter.percent", in: inOkta, src: oktaSCIM + ", Retrieve Users by filter",
			says: "The query may be percent-encoded.",
			run: func(t *T) {
				u := t.user(nil)
				t.rawFinds(u, "filter=userName%20eq%20%22"+strings.ReplaceAll(u.str("userName"), "@", "%40")+"%22")
				t.rawFinds(u, "filter=userName%20eq%20%22"+u.str("userName")+"%22&startIndex=1&count=100")
			}},
		{id: "filter.upper_case", in: inOkta, src: oktaSpec + ", userName filter in upper case",
			says: "A userName in upper case finds the user.",
			run: func(t *T) {
				u := t.user(nil)
				t.rawFinds(u, "filter=userName%20eq%20%22"+strings.ToUpper(u.str("userName"))+"%22")
			}},
		{id: "filter.email_path", in: inEntra, src: entraCustomize + ", matching by e-mail",
			says: `emails[type eq "work"].value eq finds by that address alone.`,
			run: func(t *T) {
				name := t.name()
				u := t.user(obj{"userName": t.address(name), "emails": list{
					obj{"value": t.address(name), "type": "work", "primary": true}, obj{"value": "home." + t.address(name), "type": "home"}}})
				u.findsOnly(`emails[type eq "work"].value eq ` + scimclient.Quote(t.address(name)))
				t.findsNone("/Users", `emails[type eq "work"].value eq `+scimclient.Quote("home."+t.address(name)))
			}},
		{id: "filter.unquoted", in: inEntra, src: entraSCIM + ", filter=externalId eq jyoung; " + entraPostman,
			says: "A value may stand without quotes.",
			run: func(t *T) {
				u := t.user(nil)
				u.findsOnly("externalId eq " + u.str("externalId"))
				t.rawFinds(u, "filter=DisplayName+eq+%22"+strings.ReplaceAll(u.str("displayName"), " ", "+")+"%22")
				t.findsNone("/Users", "externalId eq "+t.name())
			}},
		{id: "filter.unquoted_mixed", in: inEntra, src: entraPostman + ", complex filter",
			says: "Unquoted values and names in any case work in a compound filter.",
			run: func(t *T) {
				name := t.name()
				u := t.user(obj{"userName": t.address(name), "name": obj{"familyName": "Employee", "givenName": "Ana"},
					"emails": list{obj{"value": t.address(name), "type": "work", "primary": true}}})
				u.findsOnly("name.FamilyName eq Employee and (emails.Value co " + name + "@ or emails.Value co nobody.example.org)")
				u.findsOnly("userName sw " + name + "@ and meta.Created gt 2015-10-10T14:38:21.8617979-07:00")
			}},
		{id: "filter.manager", in: inEntra, src: entraSCIM + ", manager reference check",
			says: "id eq and manager eq, in either order, find the user who has that manager.",
			run: func(t *T) {
				boss := t.user(nil)
				u := t.user(obj{scim.EnterpriseUserURN: obj{"manager": obj{"value": boss.id}}})
				for _, manager := range []string{"manager", scim.EnterpriseUserURN + ":manager"} {
					u.findsOnly(eq("id", u.id) + " and " + eq(manager, boss.id))
					u.findsOnly(eq(manager, boss.id) + " and " + eq("id", u.id))
					t.findsNone("/Users", eq("id", u.id)+" and "+eq(manager, u.id))
				}
			}},
		{id: "filter.department", in: inEntra, src: entraCustomize,
			says: "Attributes of the enterprise extension can be matched.",
			run: func(t *T) {
				number := t.name()
				u := t.user(obj{scim.EnterpriseUserURN: obj{"employeeNumber": number, "department": "Sales"}})
				u.findsOnly(eq(scim.EnterpriseUserURN+":employeeNumber", number))
			}},
		{id: "filter.membership", in: inEntra, src: entraSCIM + ", membership check",
			says: "id eq and members eq with attributes=id tells whether a user is in a group.",
			run: func(t *T) {
				u, other := t.user(nil), t.user(nil)
				g := t.group(u.id)
				for _, members := range []string{"members", "members.value"} {
					l := t.find("/Groups", eq("id", g.id)+" and "+eq(members, u.id), "attributes", "id")
					if l.TotalResults != 1 || !slices.Equal(idsOf(l.Resources), []string{g.id}) {
						t.fail("the member is not found in his group")
					}
					t.absent("a group with attributes=id", l.Resources[0], "members")
					if l := t.find("/Groups", eq("id", g.id)+" and "+eq(members, other.id), "attributes", "id"); l.TotalResults != 0 {
						t.fail("somebody else is found in the group")
					}
				}
			}},
		{id: "filter.group_external_id", in: inEntra, src: entraSCIM,
			says: "externalId eq finds a group.",
			run: func(t *T) {
				name := t.name()
				g := t.create("/Groups", obj{"schemas": list{scim.GroupURN}, "displayName": name, "externalId": "ext-" + name})
				g.findsOnly(eq("externalId", "ext-"+name))
			}},
	}
}

// rawFinds fails unless a query, sent byte for byte, finds exactly the user.
func (t *T) rawFinds(u *resource, rawQuery string) {
	t.bystander(u.kind)
	l := t.send(http.MethodGet, "/Users", rawQuery, nil, nil).list()
	if l.TotalResults != 1 || !slices.Equal(idsOf(l.Resources), []string{u.id}) {
		t.fail("GET /Users?%s: want exactly the user %s, got totalResults %d with %v", rawQuery, u.id, l.TotalResults, shortIDs(idsOf(l.Resources)))
	}
}
