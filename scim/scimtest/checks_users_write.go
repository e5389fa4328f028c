package scimtest

import (
	"net/http"
	"slices"

	"github.com/rollcall/rollcall/scim"
)

func userReplaceChecks() []check {
	const src = "RFC 7644 section 3.5.1"
	return []check{
		{id: "users.replace.status", in: inRFCOkta, src: src,
			says: "PUT of a user is 200 with the user.",
			run: func(t *T) {
				u := t.user(nil)
				u.put(obj{"displayName": "Changed"}).want(http.StatusOK).holds(obj{"id": u.id, "userName": u.sent["userName"], "displayName": "Changed"})
			}},
		{id: "users.replace.read_back", in: inRFCOkta, src: src,
			says: "The values of a PUT replace the old ones.",
			run: func(t *T) {
				u := t.user(nil)
				change := obj{"displayName": "Changed", "nickName": "New", "name": obj{"givenName": "Other", "familyName": "Name"}}
				u.put(change).want(http.StatusOK)
				t.holds("GET after PUT", u.read(), change)
			}},
		{id: "users.replace.lists", in: inRFCOkta, src: src,
			says: "A list in a PUT replaces the whole list.",
			run: func(t *T) {
				name := t.name()
				u := t.user(obj{"userName": t.address(name), "emails": list{
					obj{"value": t.address(name), "type": "work", "primary": true}, obj{"value": "old." + t.address(name), "type": "home"}}})
				emails := list{obj{"value": t.address(name), "type": "work", "primary": true}, obj{"value": "new." + t.address(name), "type": "other"}}
				u.put(obj{"emails": emails}).want(http.StatusOK)
				t.holds("GET after PUT", u.read(), obj{"emails": emails})
			}},
		{id: "users.replace.id", in: inRFCOkta, src: src + "; RFC 7643 section 3.1",
			says: "The id of the address counts; id and meta of a PUT body change nothing.",
			run: func(t *T) {
				u := t.user(nil)
				created := value(u.read(), "meta", "created")
				a := u.put(obj{"id": u.id, "displayName": "Changed", "meta": obj{"created": "2001-01-01T00:00:00Z", "resourceType": "User"}}).want(http.StatusOK)
				t.equal("id in the answer", a.object()["id"], u.id)
				t.equal("meta.created", value(u.read(), "meta", "created"), created)
			}},
		{id: "users.replace.other_id", in: inRFC, src: src + "; RFC 7643 section 3.1",
			says: "A PUT body with another id never changes the id: it is ignored or refused.",
			run: func(t *T) {
				u := t.user(nil)
				u.put(obj{"id": absentID}).want(http.StatusOK, http.StatusBadRequest)
				t.equal("id", u.read()["id"], u.id)
				t.get("/Users/" + absentID).want(http.StatusNotFound)
			}},
		{id: "users.replace.modified", in: inRFC, src: "RFC 7643 section 3.1",
			says: "PUT keeps meta.created and never sets meta.lastModified back.",
			run: func(t *T) {
				u := t.user(nil)
				before := u.read()
				u.put(obj{"displayName": "Changed"}).want(http.StatusOK)
				after := u.read()
				t.equal("meta.created", value(after, "meta", "created"), value(before, "meta", "created"))
				old, now := t.instant("meta.lastModified", value(before, "meta", "lastModified")), t.instant("meta.lastModified", value(after, "meta", "lastModified"))
				if now.Before(old) {
					t.fail("meta.lastModified went back from %s to %s", old, now)
				}
			}},
		{id: "users.replace.unknown", in: inRFC, src: src,
			says: "PUT of an unknown id is 404 and creates nothing.",
			run: func(t *T) {
				body := t.newBody(nil)
				t.put("/Users/"+absentID, body).want(http.StatusNotFound)
				t.findsNone("/Users", eq("userName", body["userName"].(string)))
			}},
		{id: "users.replace.duplicate", in: inRFC, src: src + " and 3.12",
			says: "PUT with a userName that another user has is 409 uniqueness and changes nothing.",
			run: func(t *T) {
				first, second := t.user(nil), t.user(nil)
				second.put(obj{"userName": first.sent["userName"]}).want(http.StatusConflict).scimError().scimType(scim.Uniqueness)
				t.equal("userName of the second", second.read()["userName"], second.sent["userName"])
			}},
		{id: "users.replace.deactivate", in: inRFCOkta, src: src + "; " + oktaSCIM,
			says: "PUT with active false deactivates, with active true activates again.",
			run: func(t *T) {
				u := t.user(nil)
				for _, active := range []bool{false, true} {
					u.put(obj{"active": active}).want(http.StatusOK)
					t.equal("active", u.read()["active"], active)
				}
			}},
		{id: "users.replace.memberships", in: inRFCOkta, src: "RFC 7643 section 4.1.2",
			says: "PUT of a user never changes group memberships, not even with groups [].",
			run: func(t *T) {
				u := t.user(nil)
				g := t.group(u.id)
				u.put(obj{"groups": list{}, "displayName": "Changed"}).want(http.StatusOK)
				g.hasMembers(u.id)
			}},
		{id: "users.replace.okta", in: inOkta, src: oktaSCIM + ", Update a specific User (PUT)",
			says: "A user that was read, changed and sent back whole, with id, groups, meta and emails.display, is kept.",
			run: func(t *T) {
				u := t.user(nil)
				body := u.read()
				body["name"] = obj{"givenName": "Another", "middleName": "", "familyName": "Lima"}
				body["groups"] = list{}
				body["password"] = firstPassword
				if first, ok := value(body, "emails", 0).(obj); ok {
					first["display"] = "work address"
				}
				t.put(u.path(), body).want(http.StatusOK).holds(obj{"id": u.id})
				t.holds("GET after PUT", u.read(), obj{"userName": u.sent["userName"], "active": true,
					"name": obj{"givenName": "Another", "familyName": "Lima"}, "emails": list{obj{"value": u.sent["userName"]}}})
			}},
	}
}

func userDeleteChecks() []check {
	const src = "RFC 7644 section 3.6"
	return []check{
		{id: "users.deactivate.readable", in: inEntraOkta, src: entraSCIM + ": returned whether or not the user is active; " + oktaSCIM,
			says: "A deactivated user is still read by id and found by filter, with active false.",
			run: func(t *T) {
				u := t.user(nil)
				u.patch(op("replace", "active", false))
				t.equal("active", u.read()["active"], false)
				u.findsOnly(eq("userName", u.str("userName")))
			}},
		{id: "users.deactivate.restore", in: inEntraOkta, src: entraSCIM + "; " + oktaSCIM,
			says: "A deactivated user is activated again under the same id.",
			run: func(t *T) {
				u := t.user(nil)
				for _, active := range []bool{false, true} {
					u.patch(op("replace", "active", active))
					t.holds("GET", u.read(), obj{"id": u.id, "active": active, "userName": u.sent["userName"]})
				}
			}},
		{id: "users.deactivate.memberships", in: inEntra, src: "Microsoft Entra docs, how-provisioning-works: memberships are not restored on re-activation",
			says: "A user keeps his group memberships while he is inactive.",
			run: func(t *T) {
				u := t.user(nil)
				g := t.group(u.id)
				u.patch(op("replace", "active", false))
				g.hasMembers(u.id)
				u.patch(op("replace", "active", true))
				g.hasMembers(u.id)
			}},
		{id: "users.delete.status", in: inAll, src: src + "; " + entraSCIM,
			says: "DELETE of a user is 204 without a body.",
			run: func(t *T) {
				a := t.del(t.user(nil).path()).want(http.StatusNoContent)
				if len(a.Body) != 0 {
					t.fail("%s: want no body, got %s", a.what, show(string(a.Body)))
				}
			}},
		{id: "users.delete.gone", in: inAll, src: src + "; " + entraValidator + ", Delete a User",
			says: "A deleted user is 404.",
			run: func(t *T) {
				u := t.user(nil)
				t.del(u.path()).want(http.StatusNoContent, http.StatusOK)
				t.get(u.path()).want(http.StatusNotFound)
				t.patch(u.path(), op("replace", "active", true)).want(http.StatusNotFound)
			}},
		{id: "users.delete.twice", in: inRFCEntra, src: src + "; " + entraValidator + ", Delete the same User twice",
			says: "Deleting a deleted or unknown user is 404.",
			run: func(t *T) {
				u := t.user(nil)
				t.del(u.path()).want(http.StatusNoContent, http.StatusOK)
				t.del(u.path()).want(http.StatusNotFound).scimError()
				t.del("/Users/" + absentID).want(http.StatusNotFound).scimError()
			}},
		{id: "users.delete.not_found", in: inRFCEntra, src: src,
			says: "A deleted user is found by no filter.",
			run: func(t *T) {
				u := t.user(nil)
				t.del(u.path()).want(http.StatusNoContent, http.StatusOK)
				t.findsNone("/Users", eq("userName", u.str("userName")))
				t.findsNone("/Users", eq("externalId", u.str("externalId")))
			}},
		{id: "users.delete.recreate", in: inAll, src: src,
			says: "The userName of a deleted user can be used again; the new user has another id.",
			run: func(t *T) {
				u := t.user(nil)
				t.del(u.path()).want(http.StatusNoContent, http.StatusOK)
				again := t.create("/Users", u.sent)
				if again.id == u.id {
					t.fail("the new user has the id of the deleted one, %s", u.id)
				}
				t.get(u.path()).want(http.StatusNotFound)
			}},
		{id: "users.delete.memberships", in: inEntraOkta, src: src + ": a deleted resource is not returned",
			says: "A deleted user is no member of any group.",
			run: func(t *T) {
				gone, stays := t.user(nil), t.user(nil)
				g := t.group(gone.id, stays.id)
				t.del(gone.path()).want(http.StatusNoContent, http.StatusOK)
				if ids := g.memberIDs(); slices.Contains(ids, gone.id) {
					t.fail("members of the group are %v, with the deleted user %s", ids, gone.id)
				}
				g.hasMembers(stays.id)
			}},
	}
}

// requestChecks are about how requests are written, not what they ask for.
func requestChecks() []check {
	return []check{
		{id: "request.media_type", in: inRFCEntra, src: "RFC 7644 sections 3.1 and 8.1; " + entraSCIM,
			says: "Answers about users, groups and lists are application/scim+json.",
			run: func(t *T) {
				u, g := t.user(nil), t.group()
				t.get(u.path()).want(http.StatusOK).mediaType()
				t.get(g.path()).want(http.StatusOK).mediaType()
				t.get("/Users", "count", "1").want(http.StatusOK).mediaType()
				t.post("/Users", t.newBody(nil)).want(http.StatusCreated).mediaType()
			}},
		{id: "request.no_accept", in: inRFCEntra, src: "RFC 7644 section 3.8",
			says: "Without an Accept header the answer is application/scim+json.",
			run: func(t *T) {
				t.send(http.MethodGet, "/Users", "count=1", nil, http.Header{"Accept": nil}).want(http.StatusOK).mediaType()
				t.send(http.MethodGet, "/Users", "count=1", nil, http.Header{"Accept": {"*/*"}}).want(http.StatusOK).mediaType()
			}},
		{id: "request.accept_json", in: inRFCOkta, src: "RFC 7644 section 3.8; " + oktaSCIM,
			says: "Accept: application/json is answered.",
			run: func(t *T) {
				for _, accept := range []string{"application/json", "application/scim+json, application/json;q=0.5"} {
					t.send(http.MethodGet, "/Users", "count=1", nil, http.Header{"Accept": {accept}}).list()
				}
			}},
		{id: "request.json_body", in: inRFCOkta, src: "RFC 7644 section 3.1; " + oktaSCIM,
			says: "A body may be sent as application/json.",
			run: func(t *T) {
				for _, contentType := range []string{"application/json", "application/json; charset=utf-8"} {
					t.send(http.MethodPost, "/Users", "", t.newBody(nil), http.Header{"Content-Type": {contentType}}).want(http.StatusCreated)
				}
			}},
		{id: "request.charset", in: inRFCEntra, src: "RFC 9110 section 8.3; " + entraSCIM,
			says: "A body may be sent as application/scim+json with or without a charset, in any case.",
			run: func(t *T) {
				for _, contentType := range []string{"application/scim+json", "application/scim+json; charset=utf-8", "Application/SCIM+JSON;charset=UTF-8"} {
					t.send(http.MethodPost, "/Users", "", t.newBody(nil), http.Header{"Content-Type": {contentType}}).want(http.StatusCreated)
				}
			}},
		{id: "request.no_user_agent", in: inEntra, src: "Public report, kortix-ai/suna#7297",
			says: "A request without a User-Agent header is answered like any other.",
			run: func(t *T) {
				t.send(http.MethodGet, "/Users", "count=1", nil, http.Header{"User-Agent": {""}}).list()
			}},
		{id: "request.flag", in: inEntra, src: entraCompat + ", aadOptscim062020",
			says: "The flag aadOptscim062020, and any other unknown query parameter, changes nothing.",
			run: func(t *T) {
				u := t.user(nil)
				for _, flag := range []string{"aadOptscim062020", "aadOptscim062020=", "AzureAdScimPatch2017", "api-version=1.6"} {
					a := t.send(http.MethodGet, "/Users", flag+"&"+query("filter", eq("userName", u.str("userName"))), nil, nil)
					if l := a.list(); l.TotalResults != 1 {
						t.fail("%s: want 1 result, got %d", a.what, l.TotalResults)
					}
				}
			}},
		{id: "request.slashes", in: inEntra, src: entraCompat + ": tenant URLs that end with a slash",
			says: "A doubled slash before the endpoint and one after it change nothing.",
			run: func(t *T) {
				u := t.user(nil)
				for _, path := range []string{"//Users", "/Users/", "//Users/"} {
					if l := t.find(path, eq("userName", u.str("userName"))); l.TotalResults != 1 {
						t.fail("GET %s with a filter: want 1 result, got %d", path, l.TotalResults)
					}
				}
				t.get("/" + u.path()).want(http.StatusOK)
			}},
	}
}
