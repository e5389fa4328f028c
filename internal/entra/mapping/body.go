package mapping

import (
	"encoding/json"

	"github.com/rollcall/rollcall/scim"
)

// groupSchema is a URI that no standard knows; the documented body of a new group has it
// (Microsoft Entra docs, use-scim-to-provision-users-and-groups, "Create Group").
const groupSchema = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"

// roleType is the type of the roles that come of appRoleAssignments.
const roleType = "WindowsAzureActiveDirectoryRole"

// NewResource is the body of the POST that creates an object, the same in both dialects:
//
//	{"schemas":["urn:…:core:2.0:User","urn:…:enterprise:2.0:User"],"userName":"ada@example.com","active":true,
//	 "emails":[{"primary":true,"type":"work","value":"ada@example.com"}],"meta":{"resourceType":"User"},"roles":[]}
//
// References among the values are ids of the target. Members of a group never travel in
// it. Source: Microsoft Entra docs, use-scim-to-provision-users-and-groups. A URN of a
// custom extension is not among the schemas (customize-application-attributes).
func NewResource(kind Kind, values []AttributeValue) scim.Object {
	o := scim.Object{"meta": scim.Object{"resourceType": string(kind)}}
	if kind == KindGroup {
		o["schemas"] = []any{scim.GroupURN, groupSchema}
	} else {
		o["schemas"] = []any{scim.UserURN, scim.EnterpriseUserURN}
		o["roles"] = []any{}
	}
	for _, v := range values {
		p, ok := parsePath(v.Target)
		if !ok || v.Value.IsNull() || kind == KindGroup && p.attribute == "members" {
			continue
		}
		p.put(o, v.posted(p))
	}
	return o
}

// posted is the value as a POST holds it.
func (v AttributeValue) posted(p path) any {
	switch {
	case v.Roles != "":
		return v.roleObjects()
	case v.Type == TypeReference:
		return scim.Object{"value": v.Value.Text()}
	case !v.MultiValue && !p.complexList():
		return v.native(v.Value.Text())
	}
	return v.list(p)
}

// list is a multi-valued attribute: objects where the standard has objects.
func (v AttributeValue) list(p path) []any {
	list := []any{}
	for _, text := range v.Value.texts {
		switch {
		case text == "":
		case p.complexList():
			list = append(list, scim.Object{"value": text})
		default:
			list = append(list, v.native(text))
		}
	}
	return list
}

// roleObjects: the POST of the one function names a role's displayName, that of the
// other its display (customize-application-attributes, example requests).
func (v AttributeValue) roleObjects() []any {
	name := "display"
	if v.Roles == "AppRoleAssignmentsComplex" {
		name = "displayName"
	}
	list := []any{}
	for _, text := range v.Value.texts {
		role := readRole(text)
		list = append(list, scim.Object{"primary": false, "type": roleType, name: role.DisplayName, "value": role.Value})
	}
	return list
}

// roleTexts: a PATCH that adds roles holds each as a JSON text (the same page).
func (v AttributeValue) roleTexts(texts []string) []any {
	list := []any{}
	for _, text := range texts {
		b, err := json.Marshal(readRole(text))
		if err != nil {
			continue // three texts always marshal
		}
		list = append(list, scim.Object{"value": string(b)})
	}
	return list
}
