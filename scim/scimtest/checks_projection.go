package scimtest

import (
	"net/http"

	"github.com/rollcall/rollcall/scim"
	"github.com/rollcall/rollcall/scim/scimclient"
)

func projectionChecks() []check {
	const src = "RFC 7644 section 3.9"
	return []check{
		{id: "projection.attributes", in: inRFCEntra, src: src + " and 3.4.2.5; " + entraPostman,
			says: "attributes gives the named ones and those that are always returned.",
			run: func(t *T) {
				u := t.user(nil)
				o := u.read("attributes", "userName,emails")
				t.holds("GET with attributes=userName,emails", o, obj{"id": u.id, "userName": u.sent["userName"], "emails": u.sent["emails"]})
				t.absent("GET with attributes=userName,emails", o, "displayName")
				t.absent("GET with attributes=userName,emails", o, "name")
			}},
		{id: "projection.excluded", in: inRFC, src: src,
			says: "excludedAttributes takes the named ones away.",
			run: func(t *T) {
				u := t.user(nil)
				o := u.read("excludedAttributes", "displayName,emails")
				t.absent("GET with excludedAttributes=displayName,emails", o, "displayName")
				t.absent("GET with excludedAttributes=displayName,emails", o, "emails")
				t.holds("GET with excludedAttributes=displayName,emails", o, obj{"userName": u.sent["userName"], "name": u.sent["name"]})
			}},
		{id: "projection.id", in: inRFC, src: src + "; RFC 7643 section 3.1: id is returned always",
			says: "id is returned even when it is excluded.",
			run: func(t *T) {
				u := t.user(nil)
				t.equal("id", u.read("excludedAttributes", "id")["id"], u.id)
				t.equal("id", u.read("attributes", "displayName")["id"], u.id)
			}},
		{id: "projection.sub_attribute", in: inRFC, src: src + " and 3.10",
			says: "A sub-attribute alone can be asked for or excluded.",
			run: func(t *T) {
				u := t.user(nil)
				o := u.read("attributes", "name.familyName")
				t.equal("name.familyName", value(o, "name", "familyName"), value(u.sent, "name", "familyName"))
				if v, ok := at(o, "name", "givenName"); ok {
					t.fail("attributes=name.familyName gives name.givenName too: %s", show(v))
				}
				o = u.read("excludedAttributes", "name.familyName")
				t.equal("name.givenName", value(o, "name", "givenName"), value(u.sent, "name", "givenName"))
				if v, ok := at(o, "name", "familyName"); ok {
					t.fail("excludedAttributes=name.familyName gives it all the same: %s", show(v))
				}
			}},
		{id: "projection.case", in: inRFC, src: "RFC 7643 section 2.1",
			says: "The names may be in any case.",
			run: func(t *T) {
				u := t.user(nil)
				o := u.read("attributes", "USERNAME")
				t.equal("userName", o["userName"], u.sent["userName"])
				t.absent("GET with attributes=USERNAME", o, "displayName")
				t.absent("GET with excludedAttributes=displayname", u.read("excludedAttributes", "displayname"), "displayName")
			}},
		{id: "projection.urn", in: inRFC, src: "RFC 7644 section 3.10",
			says: "The names may be written with their schema URI.",
			run: func(t *T) {
				u := t.user(nil)
				o := u.read("attributes", scim.UserURN+":displayName")
				t.equal("displayName", o["displayName"], u.sent["displayName"])
				t.absent("GET with attributes as URI", o, "userName")
			}},
		{id: "projection.unknown", in: inRFCEntra, src: src,
			says: "Unknown names in attributes and excludedAttributes are ignored.",
			run: func(t *T) {
				u := t.user(nil)
				o := u.read("attributes", "userName,nothingOfTheKind")
				t.equal("userName", o["userName"], u.sent["userName"])
				t.equal("userName", u.read("excludedAttributes", "nothingOfTheKind")["userName"], u.sent["userName"])
			}},
		{id: "projection.list", in: inRFCEntra, src: src + " and 3.4.2.5",
			says: "attributes and excludedAttributes work on lists.",
			run: func(t *T) {
				u := t.user(nil)
				filter := eq("userName", u.str("userName"))
				o := t.one(t.find("/Users", filter, "attributes", "userName"))
				t.holds("the user of the list", o, obj{"id": u.id, "userName": u.sent["userName"]})
				t.absent("the user of the list", o, "displayName")
				t.absent("the user of the list", t.one(t.find("/Users", filter, "excludedAttributes", "displayName")), "displayName")
			}},
		{id: "projection.write", in: inRFC, src: src + ": any operation that returns a resource",
			says: "attributes works on the answers to POST and PUT.",
			run: func(t *T) {
				body := t.newBody(nil)
				a := t.send(http.MethodPost, "/Users", "attributes=userName", body, nil).want(http.StatusCreated)
				t.holds("the answer to POST", a.object(), obj{"userName": body["userName"]})
				t.absent("the answer to POST", a.Object, "displayName")
				a = t.send(http.MethodPut, "/Users/"+escapeID(a.str("id")), "excludedAttributes=emails", body, nil).want(http.StatusOK)
				t.absent("the answer to PUT", a.object(), "emails")
				t.holds("the answer to PUT", a.Object, obj{"displayName": body["displayName"]})
			}},
		{id: "projection.members", in: inRFCEntra, src: src + "; " + entraSCIM + ", Get Group by id; " + entraValidator,
			says: "excludedAttributes=members gives a group without the member members, not even empty.",
			run: func(t *T) {
				g := t.group(t.user(nil).id)
				o := g.read("excludedAttributes", "members")
				t.absent("GET with excludedAttributes=members", o, "members")
				t.holds("GET with excludedAttributes=members", o, obj{"id": g.id, "displayName": g.sent["displayName"]})
				t.absent("GET of a group without members", t.group().read("excludedAttributes", "members"), "members")
			}},
		{id: "projection.members_list", in: inRFCEntra, src: src + "; " + entraSCIM + ", Get Group by displayName; " + entraValidator,
			says: "excludedAttributes=members works on a list with a filter.",
			run: func(t *T) {
				g := t.group(t.user(nil).id)
				a := t.send(http.MethodGet, "/Groups", `excludedAttributes=members&filter=displayName%20eq%20%22`+g.str("displayName")+`%22`, nil, nil)
				o := t.one(a.list())
				t.absent("the group of the list", o, "members")
				t.holds("the group of the list", o, obj{"id": g.id, "displayName": g.sent["displayName"]})
			}},
		{id: "projection.value_path", in: inEntra, src: entraPostman + ", complex attributes",
			says: `attributes=emails[type eq "work"] is answered with the e-mail addresses.`,
			run: func(t *T) {
				u := t.user(nil)
				o := u.read("attributes", `emails[type eq "work"]`)
				t.holds("GET", o, obj{"id": u.id, "emails": u.sent["emails"]})
			}},
	}
}

// one is the only resource of a list.
func (t *T) one(l *scimclient.List) obj {
	if l.TotalResults != 1 || len(l.Resources) != 1 {
		t.fail("want one resource in the list, got totalResults %d and %d resources", l.TotalResults, len(l.Resources))
	}
	return l.Resources[0]
}
