package scimtest

import (
	"strings"

	"github.com/rollcall/rollcall/scim"
	"github.com/rollcall/rollcall/scim/scimclient"
)

const filterSrc = "RFC 7644 section 3.4.2.2"

// filterChecks are about single comparisons.
func filterChecks() []check {
	src := filterSrc
	return []check{
		{id: "filter.eq", in: inAll, src: src + "; " + entraSCIM + "; " + oktaSCIM, needs: filterFeature,
			says: "userName eq finds the one user.",
			run: func(t *T) {
				u := t.user(nil)
				u.findsOnly(eq("userName", u.str("userName")))
			}},
		{id: "filter.eq_value_case", in: inAll, src: src + "; RFC 7643 section 4.1.1; " + entraValidator + "; " + oktaSpec, needs: filterFeature,
			says: "userName eq finds the user whatever the case of the value.",
			run: func(t *T) {
				u := t.user(nil)
				u.findsOnly(eq("userName", strings.ToUpper(u.str("userName"))))
				mixed := t.user(obj{"userName": t.address(t.name() + "-Mixed")})
				mixed.findsOnly(eq("userName", strings.ToLower(mixed.str("userName"))))
			}},
		{id: "filter.eq_name_case", in: inRFCEntra, src: src + ": attribute names and operators are case insensitive", needs: filterFeature,
			says: "Attribute names and operators of a filter may be in any case.",
			run: func(t *T) {
				u := t.user(nil)
				for _, left := range []string{"USERNAME eq ", "username EQ ", "UserName Eq "} {
					u.findsOnly(left + scimclient.Quote(u.str("userName")))
				}
			}},
		{id: "filter.external_id", in: inAll, src: src + "; RFC 7643 section 3.1; " + entraSCIM, needs: filterFeature,
			says: "externalId eq finds by externalId, not by userName.",
			run: func(t *T) {
				u := t.user(nil)
				u.findsOnly(eq("externalId", u.str("externalId")))
				t.findsNone("/Users", eq("externalId", u.str("userName")))
				t.findsNone("/Users", eq("userName", u.str("externalId")))
			}},
		{id: "filter.external_id_case", in: inRFC, src: "RFC 7643 section 3.1: externalId is case exact", needs: filterFeature,
			says: "externalId eq regards case.",
			run: func(t *T) {
				u := t.user(nil)
				t.findsNone("/Users", eq("externalId", strings.ToUpper(u.str("externalId"))))
			}},
		{id: "filter.id", in: inRFCEntra, src: src, needs: filterFeature,
			says: "id eq finds the one user.",
			run: func(t *T) {
				u := t.user(nil)
				u.findsOnly(eq("id", u.id))
				t.findsNone("/Users", eq("id", absentID))
			}},
		{id: "filter.sub_attribute", in: inRFC, src: src, needs: filterFeature,
			says: "A sub-attribute is compared by name.familyName.",
			run:  func(t *T) { t.people().match(`name.familyName eq "Family l"`, 1) }},
		{id: "filter.ne", in: inRFC, src: src, needs: filterFeature,
			says: "ne excludes the equal ones.",
			run: func(t *T) {
				t.people().match(`nickName ne "nick-05"`, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12)
			}},
		{id: "filter.co", in: inRFC, src: src, needs: filterFeature,
			says: "co finds a part of the value, without regard to case.",
			run: func(t *T) {
				p := t.people()
				p.match(`title co "gine"`, 1, 5, 7, 11)
				p.match(`title co "MANAG"`, 2, 4, 8, 10)
				p.match(`nickName co "-0"`, 1, 2, 3, 4, 5, 6, 7, 8, 9)
			}},
		{id: "filter.sw", in: inRFC, src: src, needs: filterFeature,
			says: "sw finds the beginning of the value.",
			run: func(t *T) {
				p := t.people()
				p.match(`title sw "Eng"`, 1, 5, 7, 11)
				p.match(`title sw "Manager"`)
				p.match(`nickName sw "nick-1"`, 10, 11, 12)
			}},
		{id: "filter.ew", in: inRFC, src: src, needs: filterFeature,
			says: "ew finds the end of the value.",
			run: func(t *T) {
				p := t.people()
				p.match(`title ew "Manager"`, 2, 4, 8, 10)
				p.match(`nickName ew "1"`, 1, 11)
			}},
		{id: "filter.pr", in: inRFC, src: src, needs: filterFeature,
			says: "pr finds those that have a value.",
			run: func(t *T) {
				p := t.people()
				p.match(`title pr`, 1, 2, 4, 5, 7, 8, 10, 11)
				p.match(`not (title pr)`, 3, 6, 9, 12)
				p.match(`name pr`, everyone()...)
			}},
		{id: "filter.order_strings", in: inRFC, src: src, needs: filterFeature,
			says: "gt, ge, lt and le compare strings in their order.",
			run: func(t *T) {
				p := t.people()
				p.match(`nickName gt "nick-10"`, 11, 12)
				p.match(`nickName ge "nick-10"`, 10, 11, 12)
				p.match(`nickName lt "nick-03"`, 1, 2)
				p.match(`nickName le "nick-03"`, 1, 2, 3)
			}},
		{id: "filter.order_times", in: inRFC, src: src, needs: filterFeature,
			says: "gt, ge, lt and le compare times, in any zone, by the instant.",
			run: func(t *T) {
				p := t.people()
				p.match(`meta.created gt "2001-01-01T00:00:00Z"`, everyone()...)
				p.match(`meta.lastModified ge "2001-01-01T00:00:00+05:00"`, everyone()...)
				p.match(`meta.created lt "2001-01-01T00:00:00Z"`)
				p.match(`meta.created le "2999-12-31T23:59:59.999-08:00"`, everyone()...)
				created, _ := value(t.get("/Users/"+escapeID(p.ids[0])).want(200).object(), "meta", "created").(string)
				p.match(`meta.created lt ` + scimclient.Quote(created))
			}},
		{id: "filter.boolean", in: inRFC, src: src, needs: filterFeature,
			says: "active eq false finds the inactive users.",
			run: func(t *T) {
				p := t.people()
				p.match(`active eq false`, 11, 12)
				p.match(`active eq true`, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
				p.match(`active ne true`, 11, 12)
			}},
		{id: "filter.multi_valued", in: inRFC, src: src, needs: filterFeature,
			says: "A multi-valued attribute matches when one of its values does.",
			run: func(t *T) {
				p := t.people()
				p.match(`emails.type eq "home"`, 1, 2, 3, 4, 5, 6)
				p.match(eq("emails.value", "home."+t.address(t.personName(2))), 2)
			}},
		{id: "filter.multi_valued_short", in: inRFC, src: src + ", example emails co", needs: filterFeature,
			says: "A multi-valued attribute with values is compared by value when no sub-attribute is named.",
			run: func(t *T) {
				p := t.people()
				p.match(`emails co `+scimclient.Quote("home."+t.run.cfg.Prefix), 1, 2, 3, 4, 5, 6)
				p.match(eq("emails", t.address(t.personName(9))), 9)
			}},
		{id: "filter.value_path", in: inRFC, src: src, needs: filterFeature,
			says: "A value path matches one value that meets the whole condition.",
			run: func(t *T) {
				p := t.people()
				p.match(`emails[type eq "home"]`, 1, 2, 3, 4, 5, 6)
				p.match(`emails[type eq "home" and value sw `+scimclient.Quote("home."+t.personName(3))+`]`, 3)
				p.match(`emails[type eq "work" and value sw "home."]`)
				p.match(`emails[type eq "home" or type eq "work"]`, everyone()...)
				p.match(`emails[type eq "home" and not (value co "-p03")]`, 1, 2, 4, 5, 6)
			}},
		{id: "filter.urn", in: inRFC, src: "RFC 7644 section 3.10", needs: filterFeature,
			says: "An attribute may be written with its schema URI.",
			run: func(t *T) {
				u := t.user(nil)
				u.findsOnly(eq(scim.UserURN+":userName", u.str("userName")))
				u.findsOnly(eq(scim.UserURN+":name.familyName", value(u.sent, "name", "familyName").(string)))
			}},
		{id: "filter.quoting", in: inRFC, src: src + "; RFC 8259 section 7", needs: filterFeature,
			says: "Values with quotes, backslashes, brackets, semicolons and other scripts are compared exactly.",
			run: func(t *T) {
				nick := `O'Neil "x\y" [z] (a;b) & + % Ωé𝄞 ` + t.name()
				u := t.user(obj{"nickName": nick})
				u.findsOnly(eq("nickName", nick))
				t.findsNone("/Users", eq("nickName", nick+`\`))
				// The same value, written with \u escapes.
				u.findsOnly(strings.ReplaceAll(eq("nickName", nick), "Ω", `\u03a9`))
			}},
		{id: "filter.group_name", in: inAll, src: src + "; " + entraSCIM + "; " + oktaSCIM, needs: filterFeature,
			says: "displayName eq finds the one group.",
			run: func(t *T) {
				g := t.group()
				t.group()
				g.findsOnly(eq("displayName", g.str("displayName")))
				t.findsNone("/Groups", eq("displayName", t.name()))
			}},
		{id: "filter.group_name_case", in: inRFCEntra, src: "RFC 7643 section 8.7.1; " + entraValidator, needs: filterFeature,
			says: "displayName eq finds the group whatever the case of the value.",
			run: func(t *T) {
				g := t.group()
				g.findsOnly(eq("displayName", strings.ToUpper(g.str("displayName"))))
			}},
		{id: "filter.group_member", in: inRFCEntra, src: src, needs: filterFeature,
			says: "members.value eq and members[value eq] find the groups of a user.",
			run: func(t *T) {
				u, other := t.user(nil), t.user(nil)
				g := t.group(u.id)
				t.group(other.id)
				g.findsOnly(eq("members.value", u.id))
				g.findsOnly("members[" + eq("value", u.id) + "]")
				t.findsNone("/Groups", eq("members.value", absentID))
			}},
	}
}

// filterLogicChecks are about how comparisons are put together.
func filterLogicChecks() []check {
	src := filterSrc
	return []check{
		{id: "filter.and", in: inRFCEntra, src: src, needs: filterFeature,
			says: "and needs both sides.",
			run: func(t *T) {
				u := t.user(nil)
				u.findsOnly(eq("userName", u.str("userName")) + " and " + eq("externalId", u.str("externalId")))
				t.findsNone("/Users", eq("userName", u.str("userName"))+" and "+eq("externalId", "another"))
			}},
		{id: "filter.or", in: inRFC, src: src, needs: filterFeature,
			says: "or needs one side.",
			run: func(t *T) {
				t.people().match(`nickName eq "nick-02" or nickName eq "nick-09"`, 2, 9)
			}},
		{id: "filter.precedence", in: inRFC, src: src + ": not, then and, then or", needs: filterFeature,
			says: "and binds closer than or.",
			run: func(t *T) {
				p := t.people()
				p.match(`nickName eq "nick-01" or title co "Manager" and nickName ge "nick-08"`, 1, 8, 10)
				p.match(`title co "Manager" and nickName ge "nick-08" or nickName eq "nick-01"`, 1, 8, 10)
			}},
		{id: "filter.grouping", in: inRFC, src: src, needs: filterFeature,
			says: "Parentheses change the order.",
			run: func(t *T) {
				p := t.people()
				p.match(`(nickName eq "nick-01" or title co "Manager") and nickName ge "nick-08"`, 8, 10)
				p.match(`((((nickName eq "nick-01"))))`, 1)
			}},
		{id: "filter.not", in: inRFC, src: src, needs: filterFeature,
			says: "not turns a group round and binds closer than and.",
			run: func(t *T) {
				p := t.people()
				p.match(`not (title co "Manager" or title co "Engineer")`, 3, 6, 9, 12)
				p.match(`not (active eq true) and nickName eq "nick-11"`, 11)
				p.match(`nickName le "nick-03" and not (nickName eq "nick-02")`, 1, 3)
			}},
		{id: "filter.words_case", in: inRFC, src: src, needs: filterFeature,
			says: "and, or, not and pr may be in any case.",
			run: func(t *T) {
				t.people().match(`NOT (title PR) AND (nickName eq "nick-03" OR nickName eq "nick-04")`, 3)
			}},
		{id: "filter.with_list", in: inRFC, src: "RFC 7644 sections 3.4.2.2 and 3.4.2.4", needs: filterFeature,
			says: "Filter, page and attributes work together.",
			run: func(t *T) {
				p := t.people()
				l := t.get("/Users", "filter", p.and(`title pr`), "startIndex", "3", "count", "4", "attributes", "nickName").list()
				if l.TotalResults != 8 || len(l.Resources) != 4 {
					t.fail("want 4 of 8 users, got %d of %d", len(l.Resources), l.TotalResults)
				}
				for _, o := range l.Resources {
					t.absent("a user of the list", o, "userName")
				}
			}},
	}
}
