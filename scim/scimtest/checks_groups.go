package scimtest

import (
	"net/http"
	"strings"

	"github.com/rollcall/rollcall/scim"
)

func groupChecks() []check {
	return []check{
		{id: "groups.create.status", in: inAll, src: "RFC 7644 section 3.3; " + entraSCIM + "; " + oktaSCIM,
			says: "A new group is answered with 201 and has id, displayName and meta.resourceType Group.",
			run: func(t *T) {
				name := t.name()
				a := t.post("/Groups", obj{"schemas": list{scim.GroupURN}, "displayName": name}).want(http.StatusCreated)
				t.hasSchema(a.object(), scim.GroupURN)
				want := obj{"id": a.str("id"), "displayName": name, "meta": obj{"resourceType": "Group"}}
				a.holds(want)
				t.get("/Groups/" + escapeID(a.str("id"))).want(http.StatusOK).holds(want)
			}},
		{id: "groups.create.location", in: inRFC, src: "RFC 7644 section 3.3",
			says: "The answer to POST has a Location header, equal to meta.location, where the group can be read.",
			run: func(t *T) {
				a := t.post("/Groups", obj{"schemas": list{scim.GroupURN}, "displayName": t.name()}).want(http.StatusCreated)
				location := a.Header.Get("Location")
				t.equal("meta.location", value(a.object(), "meta", "location"), location)
				if path := resourcePath(location); path != "/Groups/"+escapeID(a.str("id")) {
					t.fail("%s: Location is %q, want it to end with /Groups/ and the id", a.what, location)
				}
				t.get(resourcePath(location)).want(http.StatusOK)
			}},
		{id: "groups.create.no_name", in: inRFC, src: "RFC 7643 section 4.2: displayName is required",
			says: "A group without displayName is refused with 400, unless the Group schema says that it may lack one.",
			run: func(t *T) {
				// Section 8.7.1 contradicts section 4.2; the server's own schema decides.
				if pick(t.schema(scim.GroupURN)["attributes"], "name", "displayName")["required"] == false {
					return
				}
				t.post("/Groups", obj{"schemas": list{scim.GroupURN}}).want(http.StatusBadRequest).scimError()
			}},
		{id: "groups.create.members", in: inAll, src: "RFC 7643 section 4.2; RFC 7644 section 3.3",
			says: "The members of a POST are the members of the group.",
			run: func(t *T) {
				a, b, c := t.user(nil), t.user(nil), t.user(nil)
				t.group(a.id).hasMembers(a.id)
				t.group(a.id, b.id, c.id).hasMembers(a.id, b.id, c.id)
			}},
		{id: "groups.get.unknown", in: inAll, src: "RFC 7644 section 3.12",
			says: "Reading an unknown group is 404 with a SCIM error.",
			run:  func(t *T) { t.get("/Groups/" + absentID).want(http.StatusNotFound).scimError() }},
		{id: "groups.replace", in: inRFCOkta, src: "RFC 7644 section 3.5.1; " + oktaSCIM + ", Update a specific Group (PUT)",
			says: "PUT changes displayName and replaces the members.",
			run: func(t *T) {
				a, b, c := t.user(nil), t.user(nil), t.user(nil)
				g := t.group(a.id, b.id)
				renamed := t.name()
				g.put(obj{"displayName": renamed, "members": memberList(b.id, c.id)}).want(http.StatusOK)
				t.holds("GET after PUT", g.read(), obj{"id": g.id, "displayName": renamed})
				g.hasMembers(b.id, c.id)
			}},
		{id: "groups.replace.empty", in: inRFCOkta, src: "RFC 7644 section 3.5.1",
			says: "PUT with members [] empties the group.",
			run: func(t *T) {
				g := t.group(t.user(nil).id)
				g.put(obj{"members": list{}}).want(http.StatusOK)
				g.hasMembers()
			}},
		{id: "groups.replace.okta", in: inOkta, src: oktaSCIM + ", Update a specific Group (PUT), application integration wizard",
			says: "PUT with id, displayName and the whole list of members with display is 200 with the group.",
			run: func(t *T) {
				a, b := t.user(nil), t.user(nil)
				g := t.group()
				body := obj{"schemas": list{scim.GroupURN}, "id": g.id, "displayName": g.sent["displayName"], "members": list{
					obj{"value": a.id, "display": a.sent["userName"]}, obj{"value": b.id, "display": b.sent["userName"]}}}
				t.put(g.path(), body).want(http.StatusOK).holds(obj{"id": g.id, "displayName": g.sent["displayName"]})
				g.hasMembers(a.id, b.id)
			}},
		{id: "groups.rename", in: inAll, src: "RFC 7644 section 3.5.2; " + entraValidator + ", Update Group displayName", needs: patchFeature,
			says: "A renamed group keeps id and members, is found by the new name and no more by the old.",
			run: func(t *T) {
				u := t.user(nil)
				g := t.group(u.id)
				renamed := t.name()
				g.patch(op("replace", "displayName", renamed))
				t.holds("GET after PATCH", g.read(), obj{"id": g.id, "displayName": renamed})
				g.findsOnly(eq("displayName", renamed))
				t.findsNone("/Groups", eq("displayName", g.str("displayName")))
				g.hasMembers(u.id)
			}},
		{id: "groups.delete", in: inAll, src: "RFC 7644 section 3.6; " + entraValidator + ", Delete a Group; " + oktaSCIM,
			says: "DELETE of a group is 204; then it is 404 and found by no filter.",
			run: func(t *T) {
				g := t.group(t.user(nil).id)
				t.del(g.path()).want(http.StatusNoContent)
				t.get(g.path()).want(http.StatusNotFound)
				t.findsNone("/Groups", eq("displayName", g.str("displayName")))
			}},
		{id: "groups.delete.twice", in: inRFCEntra, src: "RFC 7644 section 3.6; " + entraValidator + ", Delete a non-existent Group",
			says: "Deleting a deleted or unknown group is 404.",
			run: func(t *T) {
				g := t.group()
				t.del(g.path()).want(http.StatusNoContent, http.StatusOK)
				t.del(g.path()).want(http.StatusNotFound).scimError()
				t.del("/Groups/" + absentID).want(http.StatusNotFound).scimError()
			}},
		{id: "groups.delete.users", in: inAll, src: "RFC 7644 section 3.6",
			says: "Deleting a group leaves its members' users as they are.",
			run: func(t *T) {
				u := t.user(nil)
				t.del(t.group(u.id).path()).want(http.StatusNoContent, http.StatusOK)
				t.holds("GET of the member", u.read(), without(u.sent, "schemas"))
			}},
		{id: "groups.delete.recreate", in: inAll, src: "RFC 7644 section 3.6",
			says: "The name of a deleted group can be used again; the new group has another id and no members.",
			run: func(t *T) {
				g := t.group(t.user(nil).id)
				t.del(g.path()).want(http.StatusNoContent, http.StatusOK)
				again := t.create("/Groups", without(g.sent, "members"))
				if again.id == g.id {
					t.fail("the new group has the id of the deleted one, %s", g.id)
				}
				again.hasMembers()
			}},
		{id: "groups.user_groups", in: inRFC, src: "RFC 7643 section 4.1.2, groups",
			says: "When the User schema declares groups, a user lists the groups that have him as a member.",
			run: func(t *T) {
				if pick(t.schema(scim.UserURN)["attributes"], "name", "groups") == nil {
					return // the server does not offer the attribute, which the RFC leaves to it
				}
				u := t.user(nil)
				g := t.group(u.id)
				entry := pick(u.read()["groups"], "value", g.id)
				if entry == nil {
					t.fail("groups of the user is %s, want %s in it", show(u.read()["groups"]), g.id)
				}
				g.put(obj{"members": list{}}).want(http.StatusOK)
				if pick(u.read()["groups"], "value", g.id) != nil {
					t.fail("groups of the user still has a group that he was taken out of")
				}
			}},
	}
}

// groupClientChecks are the bodies that Entra and Okta send about groups.
func groupClientChecks() []check {
	return []check{
		{id: "groups.create.entra_body", in: inEntra, src: entraSCIM + ", Create Group",
			says: "Entra's body, with its own schema URI http://schemas.microsoft.com/…/Group and externalId, is accepted and kept.",
			run: func(t *T) {
				name := t.name()
				g := t.create("/Groups", obj{"schemas": list{scim.GroupURN, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"},
					"externalId": "ext-" + name, "displayName": name, "meta": obj{"resourceType": "Group"}})
				want := obj{"displayName": name, "externalId": "ext-" + name}
				t.holds("the answer to POST", g.got, want)
				t.holds("GET of the new group", g.read(), want)
			}},
		{id: "groups.create.empty_members", in: inEntraOkta, src: "Public report, Microsoft Q&A 637791; " + oktaSCIM + ", Create Groups",
			says: "members [] in a POST is a group without members.",
			run: func(t *T) {
				t.create("/Groups", obj{"schemas": list{scim.GroupURN}, "displayName": t.name(), "members": list{}}).hasMembers()
			}},
		{id: "groups.create.duplicate", in: inEntra, src: entraValidator + ", Create a duplicate Group",
			says: "A second group of the same displayName is 409.",
			run: func(t *T) {
				g := t.group(t.user(nil).id)
				t.post("/Groups", obj{"schemas": list{scim.GroupURN}, "displayName": g.sent["displayName"]}).want(http.StatusConflict).scimError()
				g.findsOnly(eq("displayName", g.str("displayName")))
			}},
		{id: "groups.patch.status", in: inEntra, src: entraSCIM + ", Update Group: should yield 204", needs: patchFeature,
			says: "PATCH of members is 204, or 200 with the group.",
			run: func(t *T) {
				u := t.user(nil)
				g := t.group()
				a := g.patch(op("Add", "members", list{obj{"$ref": nil, "value": u.id}}))
				if a.Status == http.StatusOK && len(a.Body) > 0 {
					t.equal("id in the answer", a.object()["id"], g.id)
				}
				g.hasMembers(u.id)
			}},
		{id: "groups.patch.values", in: inEntra, src: entraValidator + ", Patch Group - Replace Attributes", needs: patchFeature,
			says: "replace without a path changes displayName and externalId, and leaves the members.",
			run: func(t *T) {
				u := t.user(nil)
				g := t.group(u.id)
				name := t.name()
				g.patch(op("replace", "", obj{"displayName": name, "externalId": "ext-" + name}))
				t.holds("GET after PATCH", g.read(), obj{"displayName": name, "externalId": "ext-" + name})
				g.hasMembers(u.id)
			}},
		{id: "groups.rename.entra", in: inEntra, src: entraSCIM + ", Update Group displayName", needs: patchFeature,
			says: "Replace displayName renames; the group is found by the new name in any case.",
			run: func(t *T) {
				g := t.group()
				renamed := t.name()
				g.patch(op("Replace", "displayName", renamed))
				g.findsOnly(eq("displayName", renamed))
				g.findsOnly(eq("displayName", strings.ToUpper(renamed)))
			}},
		{id: "groups.rename.okta", in: inOkta, src: oktaSCIM + ", Update a specific Group name", needs: patchFeature,
			says: "A replace without a path whose value has the group's id and displayName renames.",
			run: func(t *T) {
				u := t.user(nil)
				g := t.group(u.id)
				for _, name := range []string{t.name(), g.str("displayName")} {
					g.patch(obj{"op": "replace", "value": obj{"id": g.id, "displayName": name}})
					g.findsOnly(eq("displayName", name))
					g.hasMembers(u.id)
				}
			}},
		{id: "groups.list.okta", in: inOkta, src: oktaSCIM + ", Retrieve Groups",
			says: "Groups are listed page by page and found by displayName with startIndex and count.",
			run: func(t *T) {
				g := t.group()
				l := t.send(http.MethodGet, "/Groups", "filter=displayName%20eq%20%22"+g.str("displayName")+"%22&startIndex=1&count=100", nil, nil).list()
				t.equal("id of the found group", t.one(l)["id"], g.id)
				if l := t.send(http.MethodGet, "/Groups", "startIndex=1&count=100", nil, nil).list(); len(l.Resources) == 0 {
					t.fail("GET /Groups?startIndex=1&count=100 lists no group, but one was just made")
				}
			}},
	}
}
