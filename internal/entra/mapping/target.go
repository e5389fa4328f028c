package mapping

import (
	"regexp"
	"strings"

	"github.com/rollcall/rollcall/scim"
)

// path is a target attribute taken apart: emails[type eq "work"].value,
// name.givenName, urn:…:enterprise:2.0:User:manager.
type path struct {
	text        string // as it is written
	schema      string // URN of an extension; "" for the core schema
	attribute   string
	filterName  string // "" without a filter
	filterValue string
	sub         string
}

var pathForm = regexp.MustCompile(`^(?:(urn:[^\[\]"]+):)?([A-Za-z$][A-Za-z0-9_$-]*)(?:\[([A-Za-z][A-Za-z0-9_]*) eq (?:"([^"\\]*)"|(true|false))\])?(?:\.([A-Za-z$][A-Za-z0-9_$-]*))?$`)

func parsePath(text string) (path, bool) {
	m := pathForm.FindStringSubmatch(text)
	if m == nil {
		return path{}, false
	}
	p := path{text: text, schema: m[1], attribute: m[2], filterName: m[3], filterValue: m[4] + m[5], sub: m[6]}
	if strings.EqualFold(p.schema, scim.UserURN) || strings.EqualFold(p.schema, scim.GroupURN) {
		p.schema = ""
	}
	return p, p.filterName == "" || p.sub != ""
}

// complexLists are the multi-valued attributes of RFC 7643 whose values are objects.
var complexLists = []string{"emails", "phoneNumbers", "ims", "photos", "addresses", "groups", "entitlements", "roles", "x509Certificates", "members"}

func (p path) complexList() bool {
	for _, name := range complexLists {
		if p.schema == "" && p.sub == "" && strings.EqualFold(name, p.attribute) {
			return true
		}
	}
	return false
}

// find returns what o holds at p: a scalar, an object or a list; nil when there is
// nothing. Names are compared without case (RFC 7643 section 2.1).
func (p path) find(o scim.Object) any {
	if p.schema != "" {
		extension, ok := member(o, p.schema).(scim.Object)
		if !ok {
			return nil
		}
		o = extension
	}
	value := member(o, p.attribute)
	if p.filterName == "" {
		if p.sub == "" {
			return value
		}
		inner, _ := value.(scim.Object)
		return member(inner, p.sub)
	}
	list, _ := value.([]any)
	for _, element := range list {
		if e, ok := element.(scim.Object); ok && p.selects(e) {
			return member(e, p.sub)
		}
	}
	return nil
}

// selects compares by meaning: roles[primary eq "True"] finds primary true.
func (p path) selects(element scim.Object) bool {
	return strings.EqualFold(textOf(member(element, p.filterName)), p.filterValue)
}

func member(o scim.Object, name string) any {
	if v, ok := o[name]; ok {
		return v
	}
	for key, v := range o {
		if strings.EqualFold(key, name) {
			return v
		}
	}
	return nil
}

// put sets what o holds at p and makes the objects and list elements on the way there.
func (p path) put(o scim.Object, value any) {
	if p.schema != "" {
		extension, ok := o[p.schema].(scim.Object)
		if !ok {
			extension = scim.Object{}
			o[p.schema] = extension
		}
		o = extension
	}
	switch {
	case p.filterName != "":
		p.element(o)[p.sub] = value
	case p.sub != "":
		inner, ok := o[p.attribute].(scim.Object)
		if !ok {
			inner = scim.Object{}
			o[p.attribute] = inner
		}
		inner[p.sub] = value
	default:
		o[p.attribute] = value
	}
}

// element finds or makes the list element that the filter selects. Entra marks a work
// address as the primary one (Microsoft Entra docs, use-scim-to-provision-users-and-groups,
// "Create User"), and calls a role WindowsAzureActiveDirectoryRole
// (customize-application-attributes, "Provisioning a role to a SCIM app").
func (p path) element(o scim.Object) scim.Object {
	list, _ := o[p.attribute].([]any)
	for _, element := range list {
		if e, ok := element.(scim.Object); ok && p.selects(e) {
			return e
		}
	}
	e := scim.Object{}
	switch {
	case strings.EqualFold(p.filterName, "primary"):
		e[p.filterName] = strings.EqualFold(p.filterValue, "true")
	default:
		e[p.filterName] = p.filterValue
	}
	switch {
	case p.attribute == "emails" && e["type"] == "work":
		e["primary"] = true
	case p.attribute == "roles" && p.filterName == "primary":
		e["type"] = roleType
	}
	o[p.attribute] = append(list, e)
	return e
}
