package scimtest

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/rollcall/rollcall/scim"
)

func userCreateChecks() []check {
	return []check{
		{id: "users.create.status", in: inAll, src: "RFC 7644 section 3.3; " + oktaSCIM + ", Create Users",
			says: "A new user is answered with 201.",
			run:  func(t *T) { t.post("/Users", t.newBody(nil)).want(http.StatusCreated) }},
		{id: "users.create.location", in: inRFC, src: "RFC 7644 section 3.3",
			says: "The answer to POST has a Location header, equal to meta.location, where the user can be read.",
			run: func(t *T) {
				a := t.post("/Users", t.newBody(nil)).want(http.StatusCreated)
				location := a.Header.Get("Location")
				if location == "" {
					t.fail("%s: the answer has no Location header", a.what)
				}
				if u, err := url.Parse(location); err != nil || !u.IsAbs() {
					t.fail("%s: Location is %q, want an absolute address", a.what, location)
				}
				t.equal("meta.location", value(a.object(), "meta", "location"), location)
				if path := resourcePath(location); path != "/Users/"+escapeID(a.str("id")) {
					t.fail("%s: Location is %s, want it to end with /Users/ and the id", a.what, location)
				}
				t.get(resourcePath(location)).want(http.StatusOK)
			}},
		{id: "users.create.body", in: inAll, src: "RFC 7644 section 3.3; RFC 7643 section 3.1",
			says: "The answer to POST is the user with id, schemas, userName and the values that were sent.",
			run: func(t *T) {
				u := t.user(nil)
				t.hasSchema(u.got, scim.UserURN)
				t.holds("the answer to POST", u.got, without(u.sent, "schemas"))
			}},
		{id: "users.create.meta", in: inRFC, src: "RFC 7643 section 3.1",
			says: "meta has resourceType User and the times created and lastModified.",
			run: func(t *T) {
				o := t.user(nil).read()
				t.equal("meta.resourceType", value(o, "meta", "resourceType"), "User")
				created := t.instant("meta.created", value(o, "meta", "created"))
				if t.instant("meta.lastModified", value(o, "meta", "lastModified")).Before(created) {
					t.fail("meta.lastModified is before meta.created")
				}
			}},
		{id: "users.create.read_back", in: inAll, src: "RFC 7644 section 3.4.1",
			says: "A new user can be read with every value that was sent.",
			run: func(t *T) {
				u := t.user(nil)
				t.holds("GET of the new user", u.read(), without(u.sent, "schemas"))
			}},
		{id: "users.create.minimal", in: inRFCEntra, src: "RFC 7643 section 4.1.1; " + entraValidator,
			says: "A user with nothing but a userName is created.",
			run: func(t *T) {
				body := obj{"schemas": list{scim.UserURN}, "userName": t.address(t.name())}
				u := t.create("/Users", body)
				t.equal("userName", u.read()["userName"], body["userName"])
			}},
		{id: "users.create.no_user_name", in: inRFCEntra, src: "RFC 7643 section 4.1.1; " + entraPostman,
			says: "A user without userName is refused with 400.",
			run: func(t *T) {
				for _, name := range []any{nil, ""} {
					body := t.newBody(obj{"userName": name})
					t.post("/Users", body).want(http.StatusBadRequest).scimError()
				}
			}},
		{id: "users.create.duplicate", in: inAll, src: "RFC 7644 section 3.3; " + entraValidator + "; " + oktaSpec,
			says: "A second user of the same userName is 409, and the first is unchanged.",
			run: func(t *T) {
				u := t.user(nil)
				body := t.newBody(obj{"userName": u.sent["userName"]})
				t.post("/Users", body).want(http.StatusConflict).scimError()
				t.equal("displayName of the first", u.read()["displayName"], u.sent["displayName"])
				u.findsOnly(eq("userName", u.str("userName")))
			}},
		{id: "users.create.duplicate_type", in: inAll, src: "RFC 7644 sections 3.3 and 3.12",
			says: "The 409 for a taken userName has scimType uniqueness.",
			run: func(t *T) {
				u := t.user(nil)
				t.post("/Users", t.newBody(obj{"userName": u.sent["userName"]})).want(http.StatusConflict).scimType(scim.Uniqueness)
			}},
		{id: "users.create.duplicate_case", in: inRFCEntra, src: "RFC 7643 section 4.1.1",
			says: "A userName that differs from another only in case is 409.",
			run: func(t *T) {
				u := t.user(nil)
				t.post("/Users", t.newBody(obj{"userName": strings.ToUpper(u.str("userName"))})).want(http.StatusConflict)
			}},
		{id: "users.create.names_any_case", in: inRFCEntra, src: "RFC 7643 section 2.1",
			says: "Attribute names of a body may be in any case; answers have the names of the schema.",
			run: func(t *T) {
				name := t.name()
				body := obj{"SCHEMAS": list{scim.UserURN}, "USERNAME": t.address(name), "displayname": "Display " + name,
					"Name": obj{"GIVENNAME": "Given"}, "Emails": list{obj{"VALUE": t.address(name), "Type": "work", "Primary": true}}}
				u := t.create("/Users", body)
				t.holds("GET of the new user", u.read(), obj{"userName": t.address(name), "displayName": "Display " + name,
					"name": obj{"givenName": "Given"}, "emails": list{obj{"value": t.address(name), "type": "work", "primary": true}}})
			}},
		{id: "users.create.read_only", in: inRFCOkta, src: "RFC 7644 section 3.3; RFC 7643 section 3.1",
			says: "id and meta of a POST body are ignored.",
			run: func(t *T) {
				u := t.user(obj{"id": absentID, "meta": obj{"resourceType": "Group", "created": "2001-01-01T00:00:00Z", "location": "https://example.com/x"}})
				o := u.read()
				if u.id == absentID || o["id"] == absentID {
					t.fail("the user has the id of the body")
				}
				t.equal("meta.resourceType", value(o, "meta", "resourceType"), "User")
				if value(o, "meta", "created") == "2001-01-01T00:00:00Z" {
					t.fail("meta.created is the one of the body")
				}
			}},
		{id: "users.create.nulls", in: inRFCEntra, src: "RFC 7643 section 2.5; " + entraSCIM,
			says: "Attributes that are null or empty lists count as not given.",
			run: func(t *T) {
				body := t.newBody(obj{"emails": list{}})
				for _, name := range []string{"title", "nickName", "addresses", "phoneNumbers"} {
					body[name] = nil
				}
				o := t.create("/Users", body).read()
				for _, name := range []string{"title", "nickName", "addresses", "phoneNumbers", "emails"} {
					t.gone("GET of the new user", o, name)
				}
			}},
		{id: "users.create.inactive", in: inRFCOkta, src: "RFC 7643 section 4.1.1",
			says: "A user may be created with active false, and is.",
			run: func(t *T) {
				u := t.user(obj{"active": false})
				t.equal("active", u.read()["active"], false)
				u.findsOnly(eq("userName", u.str("userName")))
			}},
		{id: "users.create.password", in: inRFCOkta, src: "RFC 7643 sections 4.1.1 and 8.7.1",
			says: "A password is accepted and never returned.",
			run: func(t *T) {
				u := t.user(obj{"password": firstPassword})
				t.absent("the answer to POST", u.got, "password")
				t.absent("GET", u.read(), "password")
				t.absent("GET with attributes=password", u.read("attributes", "password"), "password")
			}},
		{id: "users.create.emails", in: inAll, src: "RFC 7643 sections 2.4 and 4.1.2",
			says: "Several e-mail addresses keep their value, type and primary.",
			run: func(t *T) {
				name := t.name()
				emails := list{obj{"value": t.address(name), "type": "work", "primary": true}, obj{"value": "home." + t.address(name), "type": "home"}}
				u := t.user(obj{"userName": t.address(name), "emails": emails})
				t.holds("GET of the new user", u.read(), obj{"emails": emails})
			}},
		{id: "users.create.unicode", in: inAll, src: "RFC 7643 section 2.3.1; RFC 8259 section 8.1",
			says: "Values keep every character: accents, other scripts, quotes, backslashes, characters beyond 16 bits.",
			run: func(t *T) {
				family := `Müller-Łukasiewicz "Ω" \ 日本 <&> 𝄞`
				u := t.user(obj{"name": obj{"familyName": family, "givenName": "Zoë"}})
				t.holds("GET of the new user", u.read(), obj{"name": obj{"familyName": family, "givenName": "Zoë"}})
			}},
		{id: "users.get.unknown", in: inAll, src: "RFC 7644 sections 3.4.1 and 3.12; " + oktaSpec,
			says: "Reading an unknown id is 404 with a SCIM error.",
			run:  func(t *T) { t.get("/Users/" + absentID).want(http.StatusNotFound).scimError() }},
		{id: "users.get.group_id", in: inRFC, src: "RFC 7644 section 3.4.1",
			says: "The id of a group is not a user's: 404.",
			run:  func(t *T) { t.get("/Users/" + escapeID(t.group().id)).want(http.StatusNotFound) }},
		{id: "users.get.location", in: inRFC, src: "RFC 7643 section 3.1",
			says: "meta.location of a read user leads to that user.",
			run: func(t *T) {
				u := t.user(nil)
				if path := resourcePath(value(u.read(), "meta", "location")); path != u.path() {
					t.fail("meta.location leads to %q, want %q", path, u.path())
				}
			}},
	}
}

// userCreateClientChecks are bodies and answers that Entra and Okta rely on.
func userCreateClientChecks() []check {
	return []check{
		{id: "users.create.entra_body", in: inEntra, src: entraSCIM + ", Create User",
			says: "The body that Entra sends for a new user is accepted and kept.",
			run: func(t *T) {
				name := t.name()
				u := t.create("/Users", obj{
					"schemas":    list{scim.UserURN, scim.EnterpriseUserURN},
					"externalId": name, "userName": t.address(name), "active": true,
					"emails": list{obj{"primary": true, "type": "work", "value": t.address(name)}},
					"meta":   obj{"resourceType": "User"},
					"name":   obj{"formatted": "Ana Lima", "familyName": "Lima", "givenName": "Ana"},
					"roles":  list{}, "title": nil, "addresses": nil,
					scim.EnterpriseUserURN: obj{"department": "Sales", "employeeNumber": "271"},
				})
				t.holds("GET of the new user", u.read(), obj{
					"externalId": name, "userName": t.address(name), "active": true,
					"emails":               list{obj{"primary": true, "type": "work", "value": t.address(name)}},
					"name":                 obj{"formatted": "Ana Lima", "familyName": "Lima", "givenName": "Ana"},
					scim.EnterpriseUserURN: obj{"department": "Sales", "employeeNumber": "271"},
				})
				t.hasSchema(u.read(), scim.EnterpriseUserURN)
			}},
		{id: "users.create.unknown_attributes", in: inEntra, src: entraPostman + ", misspelled attribute; " + entraSCIM,
			says: "Unknown attributes and schema URIs in a POST are ignored, not refused.",
			run: func(t *T) {
				u := t.user(obj{
					"schemas":       list{scim.UserURN, "urn:ietf:params:scim:schemas:extension:enterprise:2.0User", "urn:scim:schemas:core:1.0"},
					"displayNamee":  "misspelled",
					"urn:example:x": obj{"a": "b"},
					"urn:ietf:params:scim:schemas:extension:enterprise:2.0User": obj{"department": nil},
					"department": nil, "manager": nil, "addresses": nil, "title": nil,
				})
				t.equal("displayName", u.read()["displayName"], u.sent["displayName"])
			}},
		{id: "users.create.string_booleans", in: inEntra, src: entraCompat + "; " + entraValidator,
			says: `Booleans sent as the strings "True" and "False" are kept and answered as booleans.`,
			run: func(t *T) {
				name := t.name()
				u := t.user(obj{"userName": t.address(name), "active": "False",
					"emails": list{obj{"value": t.address(name), "type": "work", "primary": "True"}}})
				t.holds("GET of the new user", u.read(), obj{"active": false, "emails": list{obj{"primary": true}}})
			}},
		{id: "users.create.roles", in: inEntra, src: entraValidator + ", Create a new User",
			says: `A role with primary "True" is kept, and answered with a boolean.`,
			run: func(t *T) {
				u := t.user(obj{"roles": list{obj{"primary": "True", "display": "Reader", "value": "reader", "type": "role"}}})
				t.holds("GET of the new user", u.read(), obj{"roles": list{obj{"primary": true, "display": "Reader", "value": "reader"}}})
			}},
		{id: "users.create.manager", in: inEntra, src: entraValidator + ", Create a new User; RFC 7643 section 4.3",
			says: "A manager given as an object with a value is kept and answered as an object.",
			run: func(t *T) {
				boss := t.user(nil)
				u := t.user(obj{scim.EnterpriseUserURN: obj{"manager": obj{"value": boss.id}}})
				t.isManager(u, boss.id)
			}},
		{id: "users.create.manager_string", in: inEntra, src: "Public report, apache/directory-scimple#1242",
			says: "A manager given as a plain id is kept and answered as an object.",
			run: func(t *T) {
				boss := t.user(nil)
				u := t.user(obj{scim.EnterpriseUserURN: obj{"manager": boss.id}})
				t.isManager(u, boss.id)
			}},
		{id: "users.create.no_nulls", in: inEntra, src: "RFC 7643 section 2.5; " + entraSCIM,
			says: "Answers have no members that are null: Entra cannot read them.",
			run: func(t *T) {
				u := t.user(obj{"title": nil, "name": obj{"givenName": "Ana", "middleName": nil}})
				for what, o := range map[string]obj{"the answer to POST": u.got, "GET": u.read()} {
					if path := findNull(o, ""); path != "" {
						t.fail("%s: %s is null", what, path)
					}
				}
			}},
		{id: "users.create.okta_body", in: inOkta, src: oktaSCIM + ", Create Users",
			says: "The body that Okta sends for a new user is accepted, answered in full and kept.",
			run: func(t *T) {
				name := t.name()
				u := t.create("/Users", obj{
					"schemas": list{scim.UserURN}, "userName": t.address(name),
					"name":        obj{"givenName": "Ana", "familyName": "Lima"},
					"emails":      list{obj{"primary": true, "value": t.address(name), "type": "work"}},
					"displayName": "Ana Lima", "locale": "en-US", "externalId": "00u" + name,
					"groups": list{}, "password": firstPassword, "active": true,
				})
				want := obj{"userName": t.address(name), "name": obj{"givenName": "Ana", "familyName": "Lima"},
					"emails":      list{obj{"primary": true, "value": t.address(name), "type": "work"}},
					"displayName": "Ana Lima", "locale": "en-US", "externalId": "00u" + name, "active": true}
				t.holds("the answer to POST", u.got, want)
				t.holds("GET of the new user", u.read(), want)
			}},
		{id: "users.get.okta_unknown", in: inOkta, src: oktaSpec + ", GET /Users/00919288221112222",
			says: `An unknown id is 404 with a SCIM error whose status is the string "404" and a detail.`,
			run: func(t *T) {
				a := t.get("/Users/00919288221112222").want(http.StatusNotFound)
				a.holds(obj{"schemas": list{scim.ErrorURN}, "status": "404"}).str("detail")
			}},
	}
}

// without is a copy of an object that lacks some members.
func without(o obj, keys ...string) obj {
	c := make(obj, len(o))
	for k, v := range o {
		c[k] = v
	}
	for _, k := range keys {
		delete(c, k)
	}
	return c
}

// isManager fails unless the user's manager is an object with this id.
func (t *T) isManager(u *resource, id string) {
	manager := value(u.read(), scim.EnterpriseUserURN, "manager")
	if _, ok := manager.(obj); !ok {
		t.fail("manager is %s, want an object", show(manager))
	}
	t.equal("manager.value", value(manager, "value"), id)
}

// findNull is the place of a null in a value, "" when there is none.
func findNull(v any, at string) string {
	switch v := v.(type) {
	case obj:
		for _, key := range sortedKeys(v) {
			if v[key] == nil {
				return join(at, key)
			}
			if found := findNull(v[key], join(at, key)); found != "" {
				return found
			}
		}
	case list:
		for _, item := range v {
			if item == nil {
				return at
			}
			if found := findNull(item, at); found != "" {
				return found
			}
		}
	}
	return ""
}
