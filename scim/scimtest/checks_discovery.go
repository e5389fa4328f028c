package scimtest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall/rollcall/scim"
)

func discoveryChecks() []check {
	return []check{
		{id: "discovery.config.get", in: inRFC, src: "RFC 7644 section 4; RFC 7643 section 5",
			says: "GET /ServiceProviderConfig answers 200 with a ServiceProviderConfig.",
			run: func(t *T) {
				a := t.get("/ServiceProviderConfig").want(http.StatusOK)
				t.hasSchema(a.object(), scim.ServiceProviderConfigURN)
			}},
		{id: "discovery.config.features", in: inRFC, src: "RFC 7643 section 5",
			says: "The configuration says for patch, bulk, filter, changePassword, sort and etag whether they are supported.",
			run: func(t *T) {
				o := t.get("/ServiceProviderConfig").want(http.StatusOK).object()
				for _, name := range []string{"patch", "bulk", "filter", "changePassword", "sort", "etag"} {
					t.isBool(o, name, "supported")
				}
				t.isInteger(o, "bulk", "maxOperations")
				t.isInteger(o, "bulk", "maxPayloadSize")
				t.isInteger(o, "filter", "maxResults")
			}},
		{id: "discovery.config.authentication", in: inRFC, src: "RFC 7643 section 5",
			says: "The configuration lists authenticationSchemes, each with type, name and description.",
			run: func(t *T) {
				o := t.get("/ServiceProviderConfig").want(http.StatusOK).object()
				schemes, ok := o["authenticationSchemes"].(list)
				if !ok {
					t.fail("authenticationSchemes is %s, want a list", show(o["authenticationSchemes"]))
				}
				for i, scheme := range schemes {
					for _, name := range []string{"type", "name", "description"} {
						if s, ok := value(scheme, name).(string); !ok || s == "" {
							t.fail("authenticationSchemes[%d].%s is %s, want a string", i, name, show(value(scheme, name)))
						}
					}
				}
			}},
		{id: "discovery.config.pagination", in: inRFC, src: "RFC 9865 section 4", needs: cursorFeature,
			says: "The pagination member has booleans cursor and index, and names a default method that is supported.",
			run: func(t *T) {
				o := t.get("/ServiceProviderConfig").want(http.StatusOK).object()
				t.isBool(o, "pagination", "cursor")
				t.isBool(o, "pagination", "index")
				switch method := value(o, "pagination", "defaultPaginationMethod"); method {
				case nil, "cursor":
				case "index":
					t.equal("pagination.index", value(o, "pagination", "index"), true)
				default:
					t.fail(`pagination.defaultPaginationMethod is %s, want "cursor" or "index"`, show(method))
				}
			}},
		{id: "discovery.config.read_only", in: inRFC, src: "RFC 7644 section 4",
			says: "The configuration cannot be replaced or deleted.",
			run: func(t *T) {
				before := t.get("/ServiceProviderConfig").want(http.StatusOK).object()
				for _, a := range []*answer{t.put("/ServiceProviderConfig", before), t.del("/ServiceProviderConfig")} {
					if a.Status < 400 {
						t.fail("%s: want it refused, got %d", a.what, a.Status)
					}
					a.survived()
				}
				t.get("/ServiceProviderConfig").want(http.StatusOK)
			}},
		{id: "discovery.types.list", in: inRFCEntra, src: "RFC 7644 section 4; RFC 7643 section 6",
			says: "GET /ResourceTypes lists User at /Users and Group at /Groups with their schemas.",
			run: func(t *T) {
				types := t.resourceTypes()
				for name, want := range map[string]obj{
					"User":  {"endpoint": "/Users", "schema": scim.UserURN},
					"Group": {"endpoint": "/Groups", "schema": scim.GroupURN},
				} {
					got := pick(types, "name", name)
					if got == nil {
						t.fail("/ResourceTypes has no resource type %s", name)
					}
					t.holds("resource type "+name, got, want)
				}
			}},
		{id: "discovery.types.shape", in: inRFC, src: "RFC 7643 section 6",
			says: "Every resource type has schemas, name, endpoint and schema; each of its extensions has schema and required.",
			run: func(t *T) {
				for _, v := range t.resourceTypes() {
					o, _ := v.(obj)
					t.hasSchema(o, scim.ResourceTypeURN)
					for _, name := range []string{"name", "endpoint", "schema"} {
						if s, ok := o[name].(string); !ok || s == "" {
							t.fail("a resource type has %s %s, want a string", name, show(o[name]))
						}
					}
					for _, extension := range items(o["schemaExtensions"]) {
						if s, ok := value(extension, "schema").(string); !ok || s == "" {
							t.fail("schemaExtensions of %s: want a schema URI, got %s", o["name"], show(extension))
						}
						t.isBool(extension, "required")
					}
				}
			}},
		{id: "discovery.types.one", in: inRFC, src: "RFC 7644 section 4",
			says: "GET /ResourceTypes/User answers the resource type User.",
			run: func(t *T) {
				t.get("/ResourceTypes/User").want(http.StatusOK).holds(obj{"name": "User", "endpoint": "/Users", "schema": scim.UserURN})
			}},
		{id: "discovery.types.unknown", in: inRFC, src: "RFC 7644 section 3.12",
			says: "An unknown resource type is 404.",
			run:  func(t *T) { t.get("/ResourceTypes/Nothing").want(http.StatusNotFound) }},
		{id: "discovery.schemas.list", in: inRFCEntra, src: "RFC 7644 section 4; RFC 7643 section 7",
			says: "GET /Schemas lists the schemas of User and Group by their URIs as ids.",
			run: func(t *T) {
				t.schema(scim.UserURN)
				t.schema(scim.GroupURN)
			}},
		{id: "discovery.schemas.shape", in: inRFC, src: "RFC 7643 section 7",
			says: "Every attribute of every schema has a legal type, mutability, returned and uniqueness, and complex ones have sub-attributes.",
			run: func(t *T) {
				for _, s := range t.schemas() {
					attributes, ok := value(s, "attributes").(list)
					if !ok {
						t.fail("schema %s has no list of attributes", show(value(s, "id")))
					}
					for _, a := range attributes {
						t.attributeShape(show(value(s, "id")), a)
					}
				}
			}},
		{id: "discovery.schemas.one", in: inRFC, src: "RFC 7644 section 4",
			says: "GET /Schemas/{URI} answers that schema.",
			run: func(t *T) {
				t.get("/Schemas/" + scim.UserURN).want(http.StatusOK).holds(obj{"id": scim.UserURN})
			}},
		{id: "discovery.schemas.unknown", in: inRFC, src: "RFC 7644 section 3.12",
			says: "An unknown schema is 404.",
			run: func(t *T) {
				t.get("/Schemas/urn:ietf:params:scim:schemas:core:2.0:Nothing").want(http.StatusNotFound)
			}},
		{id: "discovery.schemas.user_name", in: inRFC, src: "RFC 7643 sections 4.1.1 and 8.7.1",
			says: "userName is declared as required, unique and without regard to case.",
			run: func(t *T) {
				a := pick(t.schema(scim.UserURN)["attributes"], "name", "userName")
				if a == nil {
					t.fail("the User schema has no attribute userName")
				}
				t.holds("userName in the User schema", a, obj{"type": "string", "required": true, "multiValued": false, "caseExact": false})
				if u := a["uniqueness"]; u != "server" && u != "global" {
					t.fail("userName in the User schema: uniqueness is %s, want server or global", show(u))
				}
			}},
		{id: "discovery.schemas.agree", in: inRFC, src: "RFC 7643 sections 6 and 7",
			says: "Every schema that a resource type names is in /Schemas.",
			run: func(t *T) {
				schemas := t.schemas()
				for _, v := range t.resourceTypes() {
					uris := []any{value(v, "schema")}
					for _, extension := range items(value(v, "schemaExtensions")) {
						uris = append(uris, value(extension, "schema"))
					}
					for _, uri := range uris {
						if pick(schemas, "id", uri) == nil {
							t.fail("resource type %s names %s, which is not in /Schemas", show(value(v, "name")), show(uri))
						}
					}
				}
			}},
		{id: "discovery.media_type", in: inRFCEntra, src: "RFC 7644 sections 3.1 and 8.1; " + entraSCIM,
			says: "Discovery answers are application/scim+json.",
			run: func(t *T) {
				for _, path := range []string{"/ServiceProviderConfig", "/ResourceTypes", "/Schemas"} {
					t.get(path).want(http.StatusOK).mediaType()
				}
			}},
		{id: "discovery.me", in: inRFC, src: "RFC 7644 section 3.11",
			says: "GET /Me answers the caller's own resource, redirects to it, or says 501 or 404.",
			run: func(t *T) {
				a := t.get("/Me").want(http.StatusOK, http.StatusTemporaryRedirect, http.StatusPermanentRedirect, http.StatusForbidden, http.StatusNotFound, http.StatusNotImplemented)
				switch a.Status {
				case http.StatusOK:
					a.str("id")
				case http.StatusForbidden, http.StatusNotFound, http.StatusNotImplemented:
					a.scimError()
				}
			}},
	}
}

// discoveryClientChecks are what Entra and Okta need of the discovery
// documents.
func discoveryClientChecks() []check {
	return []check{
		{id: "discovery.config.needed", in: inEntraOkta, src: entraSCIM + "; " + oktaSCIM,
			says: "PATCH and filters are supported: these clients cannot work without them.",
			run: func(t *T) {
				o := t.get("/ServiceProviderConfig").want(http.StatusOK).object()
				t.equal("patch.supported", value(o, "patch", "supported"), true)
				t.equal("filter.supported", value(o, "filter", "supported"), true)
			}},
		{id: "discovery.types.user_first", in: inEntra, src: entraPostman,
			says: "The first resource type is the one at /Users.",
			run: func(t *T) {
				t.equal("endpoint of the first resource type", value(t.resourceTypes()[0], "endpoint"), "/Users")
			}},
		{id: "discovery.schemas.mapped", in: inEntra, src: entraGallery + ", Schema_Discoverability",
			says: "Every attribute of Entra's default mappings is in /Schemas.",
			run: func(t *T) {
				for uri, paths := range map[string][]string{
					scim.UserURN: {"userName", "active", "displayName", "title", "preferredLanguage", "emails.value", "emails.type",
						"name.givenName", "name.familyName", "name.formatted", "addresses.type", "addresses.formatted", "addresses.streetAddress",
						"addresses.locality", "addresses.region", "addresses.postalCode", "addresses.country", "phoneNumbers.value", "phoneNumbers.type"},
					scim.EnterpriseUserURN: {"employeeNumber", "department", "manager.value"},
					scim.GroupURN:          {"displayName", "members.value"},
				} {
					attributes := t.schema(uri)["attributes"]
					for _, path := range paths {
						top, sub, complex := strings.Cut(path, ".")
						found := pick(attributes, "name", top)
						if found != nil && complex {
							found = pick(found["subAttributes"], "name", sub)
						}
						if found == nil {
							t.fail("schema %s has no attribute %s", uri, path)
						}
					}
				}
			}},
		{id: "discovery.schemas.email_display", in: inEntra, src: "Public report, sourcegraph/sourcegraph#62185",
			says: "emails has no sub-attribute display in /Schemas: Entra's schema test refuses it.",
			run: func(t *T) {
				emails := pick(t.schema(scim.UserURN)["attributes"], "name", "emails")
				if pick(value(emails, "subAttributes"), "name", "display") != nil {
					t.fail("the User schema has emails.display")
				}
			}},
	}
}

func (t *T) resourceTypes() list {
	a := t.get("/ResourceTypes")
	if len(a.list().Resources) == 0 {
		t.fail("/ResourceTypes is empty")
	}
	return items(a.Object["Resources"])
}

func (t *T) schemas() list {
	a := t.get("/Schemas")
	if len(a.list().Resources) == 0 {
		t.fail("/Schemas is empty")
	}
	return items(a.Object["Resources"])
}

func (t *T) schema(uri string) obj {
	s := pick(t.schemas(), "id", uri)
	if s == nil {
		t.fail("/Schemas has no schema with the id %s", uri)
	}
	return s
}

func (t *T) hasSchema(o obj, uri string) {
	if !slices.Contains(items(o["schemas"]), any(uri)) {
		t.fail("schemas is %s, want %s in it", show(o["schemas"]), uri)
	}
}

func (t *T) isBool(v any, keys ...any) {
	if _, ok := value(v, keys...).(bool); !ok {
		t.fail("%s is %s, want true or false", place(keys), show(value(v, keys...)))
	}
}

func (t *T) isInteger(v any, keys ...any) {
	if !isInteger(value(v, keys...)) {
		t.fail("%s is %s, want an integer", place(keys), show(value(v, keys...)))
	}
}

// legalWords are the characteristics of RFC 7643 sections 2.2 and 2.3 that have
// a closed set of values.
var legalWords = map[string][]string{
	"type":       {"string", "boolean", "decimal", "integer", "dateTime", "binary", "reference", "complex"},
	"mutability": {"readOnly", "readWrite", "immutable", "writeOnly"},
	"returned":   {"always", "never", "default", "request"},
	"uniqueness": {"none", "server", "global"},
}

func (t *T) attributeShape(schema string, v any) {
	a, _ := v.(obj)
	name, _ := a["name"].(string)
	if name == "" {
		t.fail("an attribute of schema %s has no name: %s", schema, show(v))
	}
	for key, words := range legalWords {
		word, declared := a[key]
		// Only the type has no default (RFC 7643 section 2.2).
		if !declared && key != "type" {
			continue
		}
		if s, _ := word.(string); !slices.Contains(words, s) {
			t.fail("attribute %s of schema %s: %s is %s, want one of %s", name, schema, key, show(word), strings.Join(words, ", "))
		}
	}
	t.isBool(a, "multiValued")
	subs := items(a["subAttributes"])
	if a["type"] == "complex" && len(subs) == 0 {
		t.fail("attribute %s of schema %s is complex and has no subAttributes", name, schema)
	}
	for _, sub := range subs {
		t.attributeShape(schema, sub)
	}
}
