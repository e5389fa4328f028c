package scimtest

import (
	"net/http"

	"github.com/rollcall/rollcall/scim"
)

// patchEntraChecks are the PATCH requests of Entra ID in its two dialects: the
// older one, which every new application starts with and provision on demand
// always uses, and the one of the flag aadOptscim062020.
func patchEntraChecks() []check {
	return []check{
		{id: "patch.op_case", in: inEntra, src: entraCompat, needs: patchFeature,
			says: "The operations may be written Add, Replace and Remove.",
			run: func(t *T) {
				u := t.user(obj{"title": "Engineer"})
				u.patch(op("Replace", "displayName", "Changed"))
				t.equal("displayName after Replace", u.read()["displayName"], "Changed")
				u.patch(op("Add", "nickName", "Nick"))
				t.equal("nickName after Add", u.read()["nickName"], "Nick")
				u.patch(op("Remove", "title"))
				t.gone("GET after Remove", u.read(), "title")
			}},
		{id: "patch.string_false", in: inEntra, src: entraCompat + ", disabling users", needs: patchFeature,
			says: `active "False", a string, deactivates; the answer has the boolean false.`,
			run: func(t *T) {
				for _, off := range []string{"False", "false"} {
					u := t.user(nil)
					u.patch(op("Replace", "active", off))
					t.equal("active", u.read()["active"], false)
					l := t.find("/Users", eq("userName", u.str("userName")))
					t.equal("active in the list", t.one(l)["active"], false)
				}
			}},
		{id: "patch.string_true", in: inEntra, src: entraCompat, needs: patchFeature,
			says: `active "True", a string, activates again; the answer has the boolean true.`,
			run: func(t *T) {
				u := t.user(nil)
				u.patch(op("Replace", "active", "False"))
				u.patch(op("Replace", "active", "True"))
				t.holds("GET after PATCH", u.read(), obj{"id": u.id, "active": true})
			}},
		{id: "patch.one_per_attribute", in: inEntra, src: entraCompat, needs: patchFeature,
			says: "One operation for each attribute, each with a path, are all applied.",
			run: func(t *T) {
				u := t.user(nil)
				renamed := t.address(t.name())
				u.patch(op("Replace", "displayName", "Bjfe"), op("Replace", "name.givenName", "Kkom"), op("Replace", "name.familyName", "Unua"),
					op("Replace", "userName", renamed), op("Replace", `emails[type eq "work"].value`, renamed),
					op("Add", scim.EnterpriseUserURN+":employeeNumber", "Aklq"))
				t.holds("GET after PATCH", u.read(), obj{"displayName": "Bjfe", "name": obj{"givenName": "Kkom", "familyName": "Unua"}, "userName": renamed,
					"emails": list{obj{"type": "work", "value": renamed}}, scim.EnterpriseUserURN: obj{"employeeNumber": "Aklq"}})
			}},
		{id: "patch.dotted_names", in: inEntra, src: entraCompat + ", aadOptscim062020", needs: patchFeature,
			says: "Without a path every member name of the value is a path: with dots and with schema URIs.",
			run: func(t *T) {
				u := t.user(nil)
				u.patch(op("replace", "", obj{"displayName": "Bjfe", "name.givenName": "Kkom", "name.familyName": "Unua",
					scim.EnterpriseUserURN + ":employeeNumber": "Aklq", scim.EnterpriseUserURN + ":department": "Sales"}))
				t.holds("GET after PATCH", u.read(), obj{"displayName": "Bjfe", "name": obj{"givenName": "Kkom", "familyName": "Unua"},
					scim.EnterpriseUserURN: obj{"employeeNumber": "Aklq", "department": "Sales"}})
			}},
		{id: "patch.extension", in: inEntra, src: "RFC 7644 section 3.10; " + entraSCIM, needs: patchFeature,
			says: "A path with the URI of the enterprise extension, dots in it, sets, changes and removes an attribute.",
			run: func(t *T) {
				u := t.user(nil)
				path := scim.EnterpriseUserURN + ":department"
				u.patch(op("Add", path, "Retail"))
				t.equal("department", value(u.read(), scim.EnterpriseUserURN, "department"), "Retail")
				t.hasSchema(u.read(), scim.EnterpriseUserURN)
				u.patch(op("Add", path, "Wholesale"))
				t.equal("department", value(u.read(), scim.EnterpriseUserURN, "department"), "Wholesale")
				u.patch(op("Remove", path))
				t.gone("GET after Remove", u.read(), scim.EnterpriseUserURN, "department")
			}},
		{id: "patch.extension_dot", in: inEntra, src: entraCompat + ": dot before attribute names in the job customappsso", needs: patchFeature,
			says: "A dot instead of the colon after the schema URI means the same.",
			run: func(t *T) {
				u := t.user(nil)
				u.patch(op("Replace", scim.EnterpriseUserURN+".department", "Retail"))
				t.equal("department", value(u.read(), scim.EnterpriseUserURN, "department"), "Retail")
			}},
		{id: "patch.path_creates", in: inEntra, src: "Public reports, Captain-P-Goldfish/SCIM-SDK#416 and scim-for-keycloak#73", needs: patchFeature,
			says: `A value path that selects nothing creates the value: emails[type eq "work"].value on a user without addresses.`,
			run: func(t *T) {
				for _, verb := range []string{"Add", "Replace", "add", "replace"} {
					u := t.user(obj{"emails": nil})
					u.patch(op(verb, `emails[type eq "work"].value`, u.str("userName")))
					t.holds("GET after "+verb, u.read(), obj{"emails": list{obj{"type": "work", "value": u.sent["userName"]}}})
				}
			}},
		{id: "patch.path_creates_one", in: inEntra, src: "Public report, wireapp/wire-server#5419; " + entraSCIM + ", default mappings of addresses", needs: patchFeature,
			says: "Several operations with the same value path make one address, and leave the others.",
			run: func(t *T) {
				u := t.user(obj{"addresses": list{obj{"type": "home", "locality": "Lisboa"}}})
				u.patch(op("Add", `addresses[type eq "work"].streetAddress`, "Rua A 1"), op("Add", `addresses[type eq "work"].locality`, "Porto"),
					op("Add", `addresses[type eq "work"].postalCode`, "4000-001"), op("Add", `addresses[type eq "work"].country`, "PT"))
				t.holds("GET after PATCH", u.read(), obj{"addresses": list{obj{"type": "home", "locality": "Lisboa"},
					obj{"type": "work", "streetAddress": "Rua A 1", "locality": "Porto", "postalCode": "4000-001", "country": "PT"}}})
				u.patch(op("Replace", `addresses[type eq "work"].locality`, "Braga"))
				t.holds("GET after the second PATCH", u.read(), obj{"addresses": list{obj{"type": "home", "locality": "Lisboa"},
					obj{"type": "work", "streetAddress": "Rua A 1", "locality": "Braga"}}})
			}},
		{id: "patch.primary_string", in: inEntra, src: entraCustomize + "; " + entraValidator, needs: patchFeature,
			says: `roles[primary eq "True"], a string against a boolean, creates and finds the primary role.`,
			run: func(t *T) {
				u := t.user(nil)
				u.patch(op("add", `roles[primary eq "True"].value`, "reader"), op("add", `roles[primary eq "True"].display`, "Reader"))
				t.holds("GET after add", u.read(), obj{"roles": list{obj{"primary": true, "value": "reader", "display": "Reader"}}})
				u.patch(op("replace", `roles[primary eq "True"].value`, "writer"))
				t.holds("GET after replace", u.read(), obj{"roles": list{obj{"primary": true, "value": "writer", "display": "Reader"}}})
			}},
		{id: "patch.primary_boolean", in: inEntra, src: entraValidator, needs: patchFeature,
			says: "emails[primary eq true].value changes the primary address.",
			run: func(t *T) {
				u := t.withHome()
				changed := t.address(t.name())
				u.patch(op("replace", `emails[primary eq true].value`, changed))
				t.holds("GET after PATCH", u.read(), obj{"emails": list{obj{"type": "work", "value": changed, "primary": true}, obj{"type": "home"}}})
			}},
		{id: "patch.unknown_ignored", in: inEntra, src: "Public guide, Chainguard: one bad path loses the deactivation in the same PATCH", needs: patchFeature,
			says: "Unknown attributes and extensions are ignored; the rest of the PATCH is applied.",
			run: func(t *T) {
				u := t.user(nil)
				u.patch(op("Add", "nothingOfTheKind", "x"), op("Add", "urn:ietf:params:scim:schemas:extension:Nothing:2.0:User:flag", "x"),
					op("Replace", `nothing[type eq "work"].streetAddress`, "x"), op("Replace", "active", "False"))
				t.equal("active", u.read()["active"], false)
			}},
		{id: "patch.remove_with_value", in: inEntra, src: "Public report, AzureAD/SCIMReferenceCode#87", needs: patchFeature,
			says: "A remove that carries a value removes; it does not set.",
			run: func(t *T) {
				u := t.withHome()
				u.patch(op("Remove", `emails[type eq "home"].value`, "home."+u.str("userName")), op("Remove", "displayName", u.sent["displayName"]))
				o := u.read()
				if home := pick(o["emails"], "type", "home"); home["value"] != nil {
					t.fail("emails is %s, want the home address gone", show(o["emails"]))
				}
				t.equal("value of the work address", pick(o["emails"], "type", "work")["value"], u.sent["userName"])
				t.gone("GET after Remove", o, "displayName")
			}},
		{id: "patch.role_text", in: inEntra, src: entraCustomize + ", AppRoleAssignmentsComplex", needs: patchFeature,
			says: "A role whose value is a piece of JSON as text does not make the server fail.",
			run: func(t *T) {
				u := t.user(nil)
				role := `{"id":"06b07648-ecfe-589f-9d2f-6325724a46ee","value":"25","displayName":"Role1234"}`
				t.patch(u.path(), op("Add", "roles", list{obj{"value": role}})).want(http.StatusOK, http.StatusNoContent)
				t.equal("displayName", u.read()["displayName"], u.sent["displayName"])
			}},
		{id: "patch.same_type", in: inEntra, src: entraIssues + ": one value for each type", needs: patchFeature,
			says: "After a second work address was added, a value path leaves no old work address behind.",
			run: func(t *T) {
				u := t.user(nil)
				u.patch(op("Add", "emails", list{obj{"type": "work", "value": "second." + u.str("userName")}}))
				changed := t.address(t.name())
				u.patch(op("Replace", `emails[type eq "work"].value`, changed))
				for _, email := range items(u.read()["emails"]) {
					t.equal("value of a work address", value(email, "value"), changed)
				}
			}},
		{id: "patch.empty_text", in: inEntra, src: entraGallery + ", SCIM_Null_Update", needs: patchFeature,
			says: `replace with "" and then with null is accepted for optional attributes, and the value is gone.`,
			run: func(t *T) {
				u := t.user(obj{"title": "Engineer", "nickName": "Nick"})
				for _, empty := range []any{"", nil} {
					u.patch(op("replace", "title", empty), op("replace", "nickName", empty), op("replace", "name.givenName", empty))
					o := u.read()
					t.gone("GET after PATCH", o, "title")
					t.gone("GET after PATCH", o, "nickName")
					t.gone("GET after PATCH", o, "name", "givenName")
				}
				t.equal("displayName", u.read()["displayName"], u.sent["displayName"])
			}},
		{id: "patch.envelope", in: inEntra, src: "Public reports, thomaspoignant/scim-patch#207 and ssoready/ssoready#182", needs: patchFeature,
			says: "The envelope may lack schemas, have an old URI, a lower-case operations or members that do not belong there.",
			run: func(t *T) {
				for _, envelope := range []obj{
					{"Operations": nil},
					{"schemas": list{"urn:ietf:params:scim:schemas:core:2.0:PatchOp"}, "Operations": nil},
					{"schemas": list{scim.PatchOpURN}, "operations": nil},
					{"schemas": list{scim.PatchOpURN}, "id": "x", "name": "y", "Operations": nil},
				} {
					u := t.user(nil)
					for name, v := range envelope {
						if v == nil {
							envelope[name] = list{op("Replace", "displayName", "Changed")}
						}
					}
					t.send(http.MethodPatch, u.path(), "", envelope, nil).want(http.StatusOK, http.StatusNoContent)
					t.equal("displayName", u.read()["displayName"], "Changed")
				}
			}},
		{id: "patch.empty", in: inEntra, src: "Public report, scimmyjs/scimmy#59", needs: patchFeature,
			says: "An empty list of operations is accepted or refused with 400, and changes nothing.",
			run: func(t *T) {
				u, g := t.user(nil), t.group()
				t.patch(u.path()).want(http.StatusOK, http.StatusNoContent, http.StatusBadRequest)
				t.patch(g.path()).want(http.StatusOK, http.StatusNoContent, http.StatusBadRequest)
				t.holds("GET", u.read(), without(u.sent, "schemas"))
			}},
	}
}

// patchManagerChecks are the forms in which clients send a manager.
func patchManagerChecks() []check {
	const path = scim.EnterpriseUserURN + ":manager"
	form := func(id, says, src string, change func(boss *resource) obj) check {
		return check{id: "patch.manager." + id, in: inEntra, src: src, needs: patchFeature, says: says,
			run: func(t *T) {
				first, second, u := t.user(nil), t.user(nil), t.user(nil)
				for _, boss := range []*resource{first, second} {
					u.patch(change(boss))
					t.isManager(u, boss.id)
				}
			}}
	}
	clearing := func(id, says, src string, change obj) check {
		return check{id: "patch.manager." + id, in: inEntra, src: src, needs: patchFeature, says: says,
			run: func(t *T) {
				boss := t.user(nil)
				u := t.user(obj{scim.EnterpriseUserURN: obj{"department": "Sales"}})
				u.patch(op("add", path, obj{"value": boss.id}))
				t.isManager(u, boss.id)
				u.patch(change)
				o := u.read()
				t.gone("GET after PATCH", o, scim.EnterpriseUserURN, "manager", "value")
				t.equal("department", value(o, scim.EnterpriseUserURN, "department"), "Sales")
			}}
	}
	return []check{
		form("text", "A manager may be sent as a plain id.", entraGallery+", SCIM_Update_Manager", func(boss *resource) obj { return op("Add", path, boss.id) }),
		form("object", "A manager may be sent as an object with value.", entraValidator+", Add Manager, Replace Manager", func(boss *resource) obj { return op("replace", path, obj{"value": boss.id}) }),
		form("list", "A manager may be sent as a list of one object with $ref, with the short path manager.", entraSCIM+", Update manager",
			func(boss *resource) obj {
				return op("Add", "manager", list{obj{"$ref": "https://example.com/scim/Users/" + boss.id, "value": boss.id}})
			}),
		form("value_path", "A manager may be set by a path to its value.", "RFC 7643 section 4.3", func(boss *resource) obj { return op("Add", path+".value", boss.id) }),
		form("no_path", "A manager may be sent without a path, under the URI of the extension.", entraCompat+", aadOptscim062020",
			func(boss *resource) obj { return op("replace", "", obj{path: boss.id}) }),
		clearing("clear_text", `A manager is removed by replace with "".`, entraGallery+", SCIM_Update_Manager", op("replace", path, "")),
		clearing("clear_object", `A manager is removed by replace with {"value": ""}.`, entraValidator+", Remove Manager", op("replace", path, obj{"value": ""})),
		clearing("clear_remove", "A manager is removed by Remove.", entraCompat, op("Remove", path)),
	}
}
