package mapping

import (
	"strings"

	"github.com/rollcall/rollcall/scim"
)

// PatchBody is the body of the PATCH that makes the changes.
//
// The legacy dialect has one operation with a path for each attribute, capitalised
// operations, booleans as texts and a manager as a plain text:
//
//	{"op":"Replace","path":"active","value":"False"}
//
// With optscim (aadOptscim062020 in the Tenant URL) operations are in lower case,
// booleans are booleans, and several attributes without a filter travel in one operation
// without a path:
//
//	{"op":"replace","value":{"displayName":"Bjfe","name.givenName":"Kkom"}}
//
// Source: Microsoft Entra docs, application-provisioning-config-problem-scim-compatibility.
// It shows several replaced attributes together and one added with its path; that
// several added ones travel together as well is observed of Microsoft's validator.
func PatchBody(changes []Change, optscim bool) scim.Object {
	operations := []any{}
	if !optscim {
		for _, c := range changes {
			operations = append(operations, c.legacy())
		}
		return patchOp(operations)
	}
	merged := map[string][]Change{}
	for _, c := range changes {
		if op := strings.ToLower(c.Op); c.mergeable() {
			merged[op] = append(merged[op], c)
			continue
		}
		operations = append(operations, c.compliant())
	}
	for _, op := range []string{"add", "replace"} {
		group := merged[op]
		if len(group) == 1 {
			operations = append(operations, group[0].compliant())
		}
		if len(group) < 2 {
			continue
		}
		value := scim.Object{}
		for _, c := range group {
			value[c.Target] = c.NewValue
		}
		operations = append(operations, scim.Object{"op": op, "value": value})
	}
	return patchOp(operations)
}

func patchOp(operations []any) scim.Object {
	return scim.Object{"schemas": []any{scim.PatchOpURN}, "Operations": operations}
}

func (c Change) legacy() scim.Object {
	o := scim.Object{"op": c.Op, "path": c.Target}
	if c.Op == Remove {
		return o
	}
	o["value"] = c.NewValue
	if b, ok := c.NewValue.(bool); ok {
		o["value"] = Bool(b).Text()
	}
	// The roles of AssertiveAppRoleAssignmentsComplex are documented with this operation
	// in lower case, without the flag (customize-application-attributes).
	if list, ok := c.NewValue.([]any); ok && len(list) > 0 && c.Op == Replace {
		if role, ok := list[0].(scim.Object); ok && role["type"] == roleType {
			o["op"] = "replace"
		}
	}
	return o
}

func (c Change) compliant() scim.Object {
	o := scim.Object{"op": strings.ToLower(c.Op), "path": c.Target}
	if c.Op == Remove {
		return o
	}
	o["value"] = c.NewValue
	// Observed of Microsoft's validator, which clears a manager by {"value":""}.
	if c.Type == TypeReference {
		o["value"] = scim.Object{"value": c.NewValue}
	}
	return o
}

// mergeable: filters, references and lists keep an operation with a path of their own.
func (c Change) mergeable() bool {
	_, list := c.NewValue.([]any)
	return c.Op != Remove && c.Type != TypeReference && !list && !strings.Contains(c.Target, "[")
}

// MemberPatch is the body of the PATCH that adds and removes members of a group, by their
// ids in the target. The legacy dialect has all of a kind in one operation; with optscim
// each has its own (Microsoft Entra docs, use-scim-to-provision-users-and-groups and
// application-provisioning-config-problem-scim-compatibility).
func MemberPatch(add, remove []string, optscim bool) scim.Object {
	operations := []any{}
	if optscim {
		for _, id := range add {
			operations = append(operations, scim.Object{"op": "add", "path": "members", "value": []any{scim.Object{"value": id}}})
		}
		for _, id := range remove {
			operations = append(operations, scim.Object{"op": "remove", "path": `members[value eq "` + quoted(id) + `"]`})
		}
		return patchOp(operations)
	}
	for _, part := range []struct {
		op  string
		ids []string
	}{{Add, add}, {Remove, remove}} {
		var members []any
		for _, id := range part.ids {
			members = append(members, scim.Object{"$ref": nil, "value": id})
		}
		if len(members) > 0 {
			operations = append(operations, scim.Object{"op": part.op, "path": "members", "value": members})
		}
	}
	return patchOp(operations)
}

// quoted is id inside of the quotation marks of a filter.
func quoted(id string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(id) }
