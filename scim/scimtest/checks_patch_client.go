package scimtest

import (
	"net/http"
	"strings"

	"github.com/rollcall/rollcall/scim"
)

// patchClientChecks are Okta's PATCH requests and the long requests of the
// Entra SCIM Validator.
func patchClientChecks() []check {
	return []check{
		{id: "patch.okta_active", in: inOkta, src: oktaSCIM + ", Update a specific User (PATCH)", needs: patchFeature,
			says: `{"op":"replace","value":{"active":false}} deactivates, with true it activates again.`,
			run: func(t *T) {
				u := t.user(nil)
				for _, active := range []bool{false, true} {
					u.patch(obj{"op": "replace", "value": obj{"active": active}})
					t.holds("GET", u.read(), obj{"id": u.id, "active": active, "userName": u.sent["userName"], "name": u.sent["name"]})
				}
			}},
		{id: "patch.okta_password", in: inOkta, src: oktaSCIM + ", sync password", needs: patchFeature,
			says: "A PATCH of the password is accepted and the password never returned.",
			run: func(t *T) {
				u := t.user(nil)
				for _, change := range []obj{op("replace", "password", secondPassword), op("replace", "", obj{"password": thirdPassword})} {
					a := u.patch(change)
					if strings.Contains(string(a.Body), "n3w-Secret") {
						t.fail("%s: the answer has the password", a.what)
					}
					t.absent("GET", u.read(), "password")
				}
			}},
		{id: "patch.validator.replace", in: inEntra, src: entraValidator + ", Patch User - Replace Attributes", needs: patchFeature,
			says: "Value paths and one replace without a path, together, change every attribute.",
			run: func(t *T) {
				u := t.fullUser()
				second, names := t.secondValues(u)
				u.patch(append(pathOps("replace", second, true), op("replace", "", names))...)
				t.holds("GET after PATCH", u.read(), second.body())
			}},
		{id: "patch.validator.replace_verbose", in: inEntra, src: entraValidator + ", Patch User - Replace Attributes Verbose Request", needs: patchFeature,
			says: "Some thirty replace operations, each with a path, change every attribute.",
			run: func(t *T) {
				u := t.fullUser()
				second, _ := t.secondValues(u)
				u.patch(pathOps("replace", second, false)...)
				t.holds("GET after PATCH", u.read(), second.body())
			}},
		{id: "patch.validator.add_verbose", in: inEntra, src: entraValidator + ", Patch User - Add Attributes Verbose Request", needs: patchFeature,
			says: "Some thirty add operations with paths fill a user who has a userName only.",
			run: func(t *T) {
				u := t.create("/Users", obj{"schemas": list{scim.UserURN}, "userName": t.address(t.name())})
				second, _ := t.secondValues(u)
				u.patch(pathOps("add", second, false)...)
				t.holds("GET after PATCH", u.read(), second.body())
			}},
		{id: "patch.validator.nick_name", in: inEntra, src: entraValidator + ", Multiple Ops on different attributes (preview)", needs: patchFeature,
			says: "add, replace and remove of nickName and others in one request end as the last operation says.",
			run: func(t *T) {
				u := t.user(obj{"title": "Engineer"})
				t.patch(u.path(), op("add", "nickName", "First"), op("replace", "title", "Manager"), op("replace", "nickName", "Second"), op("remove", "displayName")).
					want(http.StatusOK, http.StatusNoContent)
				o := u.read()
				t.holds("GET after PATCH", o, obj{"nickName": "Second", "title": "Manager"})
				t.gone("GET after PATCH", o, "displayName")
			}},
	}
}

// leaf is one attribute of a user by the path that Entra uses for it.
type leaf struct {
	path  string // as in a PATCH operation
	list  string // name of the multi-valued attribute, "" for the others
	typ   string // its type
	sub   string // its sub-attribute
	keys  []string
	value any
}

type leaves []leaf

// body is the user that has these attributes.
func (all leaves) body() obj {
	o := obj{}
	for _, l := range all {
		if l.list != "" {
			element := pick(o[l.list], "type", l.typ)
			if element == nil {
				element = obj{"type": l.typ}
				o[l.list] = append(items(o[l.list]), element)
			}
			element[l.sub] = l.value
			continue
		}
		at := o
		for _, key := range l.keys[:len(l.keys)-1] {
			if at[key] == nil {
				at[key] = obj{}
			}
			at = at[key].(obj)
		}
		at[l.keys[len(l.keys)-1]] = l.value
	}
	return o
}

// pathOps makes one operation for each attribute; with onlyLists for those of
// multi-valued attributes alone.
func pathOps(verb string, all leaves, onlyLists bool) []obj {
	var ops []obj
	for _, l := range all {
		if l.list != "" || !onlyLists {
			ops = append(ops, op(verb, l.path, l.value))
		}
	}
	return ops
}

// userLeaves are all attributes of Entra's default mappings, with values that
// end in a mark.
func userLeaves(address, mark string) leaves {
	var all leaves
	plain := func(path string, keys ...string) {
		all = append(all, leaf{path: path, keys: keys, value: keys[len(keys)-1] + " " + mark})
	}
	element := func(name, typ string, subs ...string) {
		for _, sub := range subs {
			all = append(all, leaf{path: name + `[type eq "` + typ + `"].` + sub, list: name, typ: typ, sub: sub, value: typ + " " + sub + " " + mark})
		}
	}
	for _, name := range []string{"displayName", "nickName", "title", "userType", "locale", "timezone", "preferredLanguage"} {
		plain(name, name)
	}
	for _, name := range []string{"formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix"} {
		plain("name."+name, "name", name)
	}
	for _, name := range []string{"employeeNumber", "costCenter", "organization", "division", "department"} {
		plain(scim.EnterpriseUserURN+":"+name, scim.EnterpriseUserURN, name)
	}
	all = append(all, leaf{path: `emails[type eq "work"].value`, list: "emails", typ: "work", sub: "value", value: address})
	element("addresses", "work", "formatted", "streetAddress", "locality", "region", "postalCode", "country")
	for _, typ := range []string{"work", "mobile", "fax"} {
		element("phoneNumbers", typ, "value")
	}
	// Languages and zones have forms of their own.
	for i, l := range all {
		switch l.path {
		case "locale", "preferredLanguage":
			all[i].value = map[string]string{"one": "en-GB", "two": "pt-PT"}[mark]
		case "timezone":
			all[i].value = map[string]string{"one": "Europe/London", "two": "Europe/Lisbon"}[mark]
		}
	}
	return all
}

// fullUser makes a user with every attribute of the default mappings.
func (t *T) fullUser() *resource {
	name := t.name()
	body := userLeaves(t.address(name), "one").body()
	body["schemas"] = list{scim.UserURN, scim.EnterpriseUserURN}
	body["userName"] = t.address(name)
	body["active"] = true
	u := t.create("/Users", body)
	t.holds("GET of the new user", u.read(), without(body, "schemas"))
	return u
}

// secondValues are other values for the same attributes, and those of the
// attributes that are not lists as a value for an operation without a path.
func (t *T) secondValues(u *resource) (leaves, obj) {
	second := userLeaves(u.str("userName"), "two")
	names := obj{}
	for _, l := range second {
		if l.list == "" {
			names[l.path] = l.value
		}
	}
	return second, names
}
