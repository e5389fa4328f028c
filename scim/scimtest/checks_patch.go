package scimtest

import (
	"net/http"
	"strings"

	"github.com/rollcall/rollcall/scim"
)

const patchSrc = "RFC 7644 section 3.5.2"

// patchChecks are about PATCH of users as RFC 7644 has it. Every one of them
// reads back: an answer of 2xx after which nothing has changed is the failure
// that hurts most.
func patchChecks() []check {
	const src = patchSrc
	return []check{
		{id: "patch.status", in: inAll, src: src + "; " + entraSCIM + "; " + oktaSCIM, needs: patchFeature,
			says: "PATCH is 200 with the user as it is now, or 204 without a body.",
			run: func(t *T) {
				u := t.user(nil)
				a := u.patch(op("replace", "displayName", "Changed"))
				switch {
				case a.Status == http.StatusNoContent && len(a.Body) != 0:
					t.fail("%s: a 204 has a body", a.what)
				case a.Status == http.StatusOK:
					a.holds(obj{"id": u.id, "userName": u.sent["userName"], "displayName": "Changed"})
				}
			}},
		{id: "patch.replace", in: inAll, src: src + ".3", needs: patchFeature,
			says: "replace changes a value and leaves the others.",
			run: func(t *T) {
				u := t.user(nil)
				u.patch(op("replace", "displayName", "Changed"))
				want := without(u.sent, "schemas")
				want["displayName"] = "Changed"
				t.holds("GET after PATCH", u.read(), want)
			}},
		{id: "patch.replace_absent", in: inRFCEntra, src: src + ".3: treated as an add", needs: patchFeature,
			says: "replace of an attribute without a value adds it.",
			run: func(t *T) {
				u := t.user(nil)
				u.patch(op("replace", "nickName", "Nick"))
				t.equal("nickName", u.read()["nickName"], "Nick")
			}},
		{id: "patch.add", in: inRFCEntra, src: src + ".1", needs: patchFeature,
			says: "add sets an attribute that has no value, and replaces one that has.",
			run: func(t *T) {
				u := t.user(nil)
				u.patch(op("add", "nickName", "First"))
				t.equal("nickName", u.read()["nickName"], "First")
				u.patch(op("add", "nickName", "Second"))
				t.equal("nickName", u.read()["nickName"], "Second")
			}},
		{id: "patch.remove", in: inRFCEntra, src: src + ".2", needs: patchFeature,
			says: "remove takes a value away and leaves the others.",
			run: func(t *T) {
				u := t.user(obj{"nickName": "Nick", "title": "Engineer"})
				u.patch(op("remove", "nickName"))
				o := u.read()
				t.gone("GET after PATCH", o, "nickName")
				t.equal("title", o["title"], "Engineer")
			}},
		{id: "patch.no_path_replace", in: inAll, src: src + ".3; " + oktaSCIM, needs: patchFeature,
			says: "replace without a path changes the attributes of its value.",
			run: func(t *T) {
				u := t.user(obj{"nickName": "Nick"})
				u.patch(op("replace", "", obj{"displayName": "Changed", "title": "Engineer", "active": false}))
				t.holds("GET after PATCH", u.read(), obj{"displayName": "Changed", "title": "Engineer", "active": false,
					"nickName": "Nick", "userName": u.sent["userName"], "name": u.sent["name"], "emails": u.sent["emails"]})
			}},
		{id: "patch.no_path_add", in: inRFC, src: src + ".1", needs: patchFeature,
			says: "add without a path adds the attributes of its value, to lists as well.",
			run: func(t *T) {
				u := t.user(nil)
				home := "home." + u.str("userName")
				u.patch(op("add", "", obj{"nickName": "Nick", "emails": list{obj{"value": home, "type": "home"}}}))
				t.holds("GET after PATCH", u.read(), obj{"nickName": "Nick", "displayName": u.sent["displayName"],
					"emails": list{obj{"value": u.sent["userName"], "type": "work"}, obj{"value": home, "type": "home"}}})
			}},
		{id: "patch.order", in: inRFCEntra, src: src + ": applied sequentially; " + entraValidator + ", Multiple Ops on same attribute", needs: patchFeature,
			says: "Operations are applied in their order.",
			run: func(t *T) {
				u := t.user(nil)
				u.patch(op("add", "nickName", "First"), op("replace", "nickName", "Second"), op("remove", "title"), op("add", "title", "Engineer"))
				t.holds("GET after PATCH", u.read(), obj{"nickName": "Second", "title": "Engineer"})
				u.patch(op("replace", "nickName", "Third"), op("remove", "nickName"))
				t.gone("GET after PATCH", u.read(), "nickName")
			}},
		{id: "patch.several", in: inRFCEntra, src: src + "; " + entraValidator + ", Multiple Ops on different attributes", needs: patchFeature,
			says: "add, replace and remove of different attributes in one PATCH are all applied.",
			run: func(t *T) {
				u := t.user(obj{"title": "Engineer"})
				u.patch(op("add", "nickName", "Nick"), op("replace", "displayName", "Changed"), op("remove", "title"))
				o := u.read()
				t.holds("GET after PATCH", o, obj{"nickName": "Nick", "displayName": "Changed"})
				t.gone("GET after PATCH", o, "title")
			}},
		{id: "patch.sub_attribute", in: inRFCEntra, src: src, needs: patchFeature,
			says: "A path to a sub-attribute changes it alone.",
			run: func(t *T) {
				u := t.user(nil)
				u.patch(op("replace", "name.familyName", "Changed"))
				t.holds("GET after PATCH", u.read(), obj{"name": obj{"familyName": "Changed", "givenName": value(u.sent, "name", "givenName")}})
				u.patch(op("remove", "name.givenName"))
				o := u.read()
				t.equal("name.familyName", value(o, "name", "familyName"), "Changed")
				t.gone("GET after PATCH", o, "name", "givenName")
			}},
		{id: "patch.complex", in: inRFC, src: src + ".3", needs: patchFeature,
			says: "replace of a complex attribute sets the sub-attributes of its value.",
			run: func(t *T) {
				u := t.user(nil)
				u.patch(op("replace", "name", obj{"familyName": "Changed", "givenName": "Also"}))
				t.holds("GET after PATCH", u.read(), obj{"name": obj{"familyName": "Changed", "givenName": "Also"}})
			}},
		{id: "patch.value_path", in: inRFCEntra, src: src + ".3", needs: patchFeature,
			says: "A value path changes the values that it selects, and no others.",
			run: func(t *T) {
				u := t.withHome()
				changed := "changed." + u.str("userName")
				u.patch(op("replace", `emails[type eq "home"].value`, changed))
				t.holds("GET after PATCH", u.read(), obj{"emails": list{
					obj{"value": u.sent["userName"], "type": "work", "primary": true}, obj{"value": changed, "type": "home"}}})
			}},
		{id: "patch.value_path_object", in: inRFC, src: src + ".3", needs: patchFeature,
			says: "A value path without a sub-attribute takes an object.",
			run: func(t *T) {
				u := t.withHome()
				changed := "changed." + u.str("userName")
				u.patch(op("replace", `emails[type eq "home"]`, obj{"value": changed, "type": "home"}))
				t.holds("GET after PATCH", u.read(), obj{"emails": list{
					obj{"value": u.sent["userName"], "type": "work"}, obj{"value": changed, "type": "home"}}})
			}},
		{id: "patch.value_path_remove", in: inRFCEntra, src: src + ".2", needs: patchFeature,
			says: "remove with a value path removes the values that it selects, and no others.",
			run: func(t *T) {
				u := t.withHome()
				u.patch(op("remove", `emails[type eq "home"]`))
				t.holds("GET after PATCH", u.read(), obj{"emails": list{obj{"value": u.sent["userName"], "type": "work"}}})
			}},
		{id: "patch.add_to_list", in: inRFC, src: src + ".1", needs: patchFeature,
			says: "add appends to a list; a value that is there already is not doubled.",
			run: func(t *T) {
				u := t.user(nil)
				home := obj{"value": "home." + u.str("userName"), "type": "home"}
				for range 2 {
					u.patch(op("add", "emails", list{home}))
					t.holds("GET after PATCH", u.read(), obj{"emails": list{obj{"value": u.sent["userName"], "type": "work"}, home}})
				}
			}},
		{id: "patch.replace_list", in: inRFC, src: src + ".3", needs: patchFeature,
			says: "replace of a list puts the new list in its place.",
			run: func(t *T) {
				u := t.withHome()
				emails := list{obj{"value": u.sent["userName"], "type": "work", "primary": true}, obj{"value": "other." + u.str("userName"), "type": "other"}}
				u.patch(op("replace", "emails", emails))
				t.holds("GET after PATCH", u.read(), obj{"emails": emails})
			}},
		{id: "patch.remove_list", in: inRFC, src: src + ".2", needs: patchFeature,
			says: "remove of a list removes all its values.",
			run: func(t *T) {
				u := t.user(obj{"phoneNumbers": list{obj{"value": "tel:+1-201-555-0123", "type": "work"}, obj{"value": "tel:+1-201-555-0124", "type": "mobile"}}})
				u.patch(op("remove", "phoneNumbers"))
				t.gone("GET after PATCH", u.read(), "phoneNumbers")
			}},
		{id: "patch.primary", in: inRFC, src: src + ": the server sets primary of the others to false", needs: patchFeature,
			says: "Making one value primary takes it from the other.",
			run: func(t *T) {
				u := t.withHome()
				u.patch(op("replace", `emails[type eq "home"].primary`, true))
				emails := u.read()["emails"]
				if len(items(emails)) != 2 || value(pick(emails, "type", "home"), "primary") != true {
					t.fail("emails is %s, want two with home as the primary one", show(emails))
				}
				if value(pick(emails, "type", "work"), "primary") == true {
					t.fail("both addresses are primary: %s", show(emails))
				}
			}},
		{id: "patch.names_any_case", in: inRFCEntra, src: "RFC 7643 section 2.1; " + entraPostman, needs: patchFeature,
			says: "Names in paths and values may be in any case.",
			run: func(t *T) {
				u := t.withHome()
				changed := "changed." + u.str("userName")
				u.patch(op("replace", "NAME.FAMILYNAME", "Changed"), op("replace", `Emails[Type Eq "home"].Value`, changed),
					op("replace", "", obj{"NICKNAME": "Nick"}))
				t.holds("GET after PATCH", u.read(), obj{"nickName": "Nick", "name": obj{"familyName": "Changed", "givenName": value(u.sent, "name", "givenName")},
					"emails": list{obj{"type": "work"}, obj{"type": "home", "value": changed}}})
			}},
		{id: "patch.urn", in: inRFC, src: "RFC 7644 section 3.10", needs: patchFeature,
			says: "A path may be written with its schema URI.",
			run: func(t *T) {
				u := t.user(nil)
				u.patch(op("replace", scim.UserURN+":displayName", "Changed"), op("replace", scim.UserURN+":name.familyName", "Other"))
				t.holds("GET after PATCH", u.read(), obj{"displayName": "Changed", "name": obj{"familyName": "Other"}})
			}},
		{id: "patch.no_change", in: inRFCEntra, src: src + ".1: no changes should be made", needs: patchFeature,
			says: "PATCH with the values that are there succeeds and changes nothing.",
			run: func(t *T) {
				u := t.user(nil)
				u.patch(op("replace", "displayName", u.sent["displayName"]), op("replace", "active", true))
				t.holds("GET after PATCH", u.read(), without(u.sent, "schemas"))
			}},
		{id: "patch.rename", in: inAll, src: src + "; " + entraValidator + ", Update User userName", needs: patchFeature,
			says: "A renamed user keeps the id, is found by the new userName and no more by the old.",
			run: func(t *T) {
				u := t.user(nil)
				renamed := t.address(t.name())
				u.patch(op("replace", "userName", renamed), op("replace", `emails[type eq "work"].value`, renamed))
				t.holds("GET after PATCH", u.read(), obj{"id": u.id, "userName": renamed})
				u.findsOnly(eq("userName", renamed))
				u.findsOnly(eq("userName", strings.ToUpper(renamed)))
				t.findsNone("/Users", eq("userName", u.str("userName")))
			}},
		{id: "patch.external_id", in: inRFCEntra, src: src, needs: patchFeature,
			says: "A changed externalId is found by filter, the old one no more.",
			run: func(t *T) {
				u := t.user(nil)
				changed := "ext-" + t.name()
				u.patch(op("replace", "externalId", changed))
				u.findsOnly(eq("externalId", changed))
				t.findsNone("/Users", eq("externalId", u.str("externalId")))
			}},
	}
}

// withHome makes a user who has a work address, the primary one, and a home
// address.
func (t *T) withHome() *resource {
	address := t.address(t.name())
	return t.user(obj{"userName": address, "emails": list{
		obj{"value": address, "type": "work", "primary": true}, obj{"value": "home." + address, "type": "home"}}})
}

// patchErrorChecks are about PATCH that must not be applied.
func patchErrorChecks() []check {
	const src = patchSrc
	return []check{
		{id: "patch.atomic", in: inRFCEntra, src: src + ": a failed operation restores the original", needs: patchFeature,
			says: "When one operation fails, none is applied.",
			run: func(t *T) {
				for _, bad := range []obj{op("remove", ""), op("replace", "userName[", "x"), op("replace", "active", obj{"a": "b"})} {
					u := t.user(nil)
					t.patch(u.path(), op("replace", "displayName", "Changed"), op("replace", "active", false), bad).want(http.StatusBadRequest)
					t.holds("GET after the failed PATCH", u.read(), obj{"displayName": u.sent["displayName"], "active": true})
				}
			}},
		{id: "patch.no_target", in: inRFC, src: src + ".2", needs: patchFeature,
			says: "remove without a path is 400 noTarget.",
			run: func(t *T) {
				u := t.user(nil)
				t.patch(u.path(), op("remove", "")).want(http.StatusBadRequest).scimError().scimType(scim.NoTarget)
			}},
		{id: "patch.invalid_op", in: inRFC, src: src, needs: patchFeature,
			says: "An unknown op is 400.",
			run: func(t *T) {
				u := t.user(nil)
				for _, verb := range []any{"move", "", nil, 1} {
					t.patch(u.path(), obj{"op": verb, "path": "displayName", "value": "Changed"}).want(http.StatusBadRequest).scimError()
				}
				t.equal("displayName", u.read()["displayName"], u.sent["displayName"])
			}},
		{id: "patch.invalid_path", in: inRFC, src: src + " and 3.12", needs: patchFeature,
			says: "What is not a path is 400 invalidPath.",
			run: func(t *T) {
				u := t.user(nil)
				for _, path := range []string{`emails[type eq "work"`, `emails[`, `name..familyName`, `emails]`} {
					a := t.patch(u.path(), op("replace", path, "x")).want(http.StatusBadRequest).scimError()
					if got := value(a.object(), "scimType"); got != scim.InvalidPath && got != scim.InvalidFilter {
						t.fail("path %s: want scimType invalidPath or invalidFilter, got %s", path, show(got))
					}
				}
			}},
		{id: "patch.invalid_value", in: inRFCEntra, src: src + " and 3.12", needs: patchFeature,
			says: "A value of the wrong type is 400 and changes nothing.",
			run: func(t *T) {
				u := t.user(nil)
				for _, bad := range []obj{op("replace", "active", "maybe"), op("replace", "active", obj{}), op("replace", "displayName", obj{"a": "b"}), op("replace", "", "text")} {
					t.patch(u.path(), bad).want(http.StatusBadRequest).scimError()
				}
				t.holds("GET", u.read(), obj{"active": true, "displayName": u.sent["displayName"]})
			}},
		{id: "patch.read_only", in: inRFC, src: src + ": mutability", needs: patchFeature,
			says: "A path to a read-only attribute is refused with 400, and nothing changes.",
			run: func(t *T) {
				u := t.user(nil)
				before := u.read()
				for _, bad := range []obj{op("replace", "id", absentID), op("replace", "meta.created", "2001-01-01T00:00:00Z"), op("remove", "id")} {
					t.patch(u.path(), bad).want(http.StatusBadRequest).scimError()
				}
				after := u.read()
				t.equal("id", after["id"], u.id)
				t.equal("meta.created", value(after, "meta", "created"), value(before, "meta", "created"))
			}},
		{id: "patch.required", in: inRFCEntra, src: src + ".2: a required attribute", needs: patchFeature,
			says: "Removing userName is refused with 400, and it stays.",
			run: func(t *T) {
				u := t.user(nil)
				t.patch(u.path(), op("remove", "userName")).want(http.StatusBadRequest).scimError()
				t.equal("userName", u.read()["userName"], u.sent["userName"])
			}},
		{id: "patch.taken", in: inRFCEntra, src: "RFC 7644 section 3.12", needs: patchFeature,
			says: "Renaming to a userName that another user has is 409 uniqueness and changes nothing.",
			run: func(t *T) {
				first, second := t.user(nil), t.user(nil)
				t.patch(second.path(), op("replace", "displayName", "Changed"), op("replace", "userName", first.sent["userName"])).
					want(http.StatusConflict).scimError().scimType(scim.Uniqueness)
				t.holds("GET of the second", second.read(), obj{"userName": second.sent["userName"], "displayName": second.sent["displayName"]})
			}},
		{id: "patch.unknown", in: inRFCEntra, src: "RFC 7644 sections 3.5.2 and 3.12", needs: patchFeature,
			says: "PATCH of an unknown user or group is 404, and nothing else.",
			run: func(t *T) {
				t.patch("/Users/"+absentID, op("replace", "active", false)).want(http.StatusNotFound).scimError()
				t.patch("/Groups/"+absentID, op("replace", "displayName", "x")).want(http.StatusNotFound).scimError()
			}},
		{id: "patch.not_patch", in: inRFC, src: src, needs: patchFeature,
			says: "A body without operations that could be applied never makes the server fail and changes nothing.",
			run: func(t *T) {
				u := t.user(nil)
				for _, body := range []any{obj{}, obj{"schemas": list{scim.PatchOpURN}}, obj{"Operations": "x"}, obj{"Operations": list{"x"}}, obj{"Operations": list{nil}}, `[]`, `"x"`, `null`} {
					t.send(http.MethodPatch, u.path(), "", body, nil).survived()
				}
				t.holds("GET", u.read(), without(u.sent, "schemas"))
			}},
	}
}
