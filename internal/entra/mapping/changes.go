package mapping

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/rollcall/rollcall/scim"
)

// The operations of a Change, as the legacy dialect writes them.
const (
	Add     = "Add"
	Replace = "Replace"
	Remove  = "Remove"
)

// redacted stands for a value in the logs (functions-for-customizing-application-data,
// Redact).
const redacted = "[Redact]"

// Changes are the differences between the target's object, as its GET answered it, and
// the values: Add where the target has nothing, Replace where it has something else. No
// changes means that nothing is sent (RedundantExport).
//
// Texts are compared without case unless the attribute is of exact case, booleans and
// numbers by their meaning, lists without their order. What is not among the values is
// left alone, so an attribute that became null keeps its value in the target. An empty
// text clears what the target has. References among the values are ids of the target, ""
// for none. Members of a group are not compared: what was added and removed is known
// from the directory (see MemberPatch).
func Changes(kind Kind, target scim.Object, values []AttributeValue) []Change {
	var changes []Change
	for _, v := range values {
		p, ok := parsePath(v.Target)
		if !ok || kind == KindGroup && p.attribute == "members" {
			continue
		}
		change, differs := v.change(p, p.find(target))
		if !differs {
			continue
		}
		change.Target, change.Type, change.Redacted = v.Target, v.Type, v.Redacted
		if v.Redacted {
			change.New = redacted
			if change.Old != "" {
				change.Old = redacted
			}
		}
		changes = append(changes, change)
	}
	return changes
}

func (v AttributeValue) change(p path, current any) (change Change, differs bool) {
	switch {
	case v.Roles == "AppRoleAssignmentsComplex":
		return v.newRoles(current)
	case v.Roles != "":
		return v.otherRoles(current)
	case v.MultiValue || p.complexList():
		return v.otherList(p, current)
	}
	old, text := textOf(current), v.Value.Text()
	change = Change{Op: Replace, Old: old, New: text, NewValue: v.native(text)}
	if old == "" {
		change.Op = Add
	}
	return change, !v.same(old, text)
}

// same compares two texts by the rules of the attribute.
func (v AttributeValue) same(old, text string) bool {
	switch {
	case v.Type == TypeBoolean:
		return strings.EqualFold(old, text)
	case v.Type == TypeDateTime:
		a, okA := parseDate(old)
		if b, okB := parseDate(text); okA && okB {
			return a.Equal(b)
		}
	case v.Type == TypeInteger:
		a, okA := number(old)
		if b, okB := number(text); okA && okB {
			return a == b
		}
	}
	if v.ExactCase || v.Type == TypeReference || v.Type == TypeBinary {
		return old == text
	}
	return strings.EqualFold(old, text)
}

// textOf is a scalar of a resource as a text, of an object its value, of a list of one
// that one's.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return Bool(v).Text()
	case json.Number:
		return v.String()
	case scim.Object:
		return textOf(member(v, "value"))
	case []any:
		if len(v) == 1 {
			return textOf(v[0])
		}
	}
	return ""
}

// textsOf are the values of a list.
func textsOf(v any) []string {
	list, ok := v.([]any)
	if !ok && v != nil {
		list = []any{v}
	}
	var texts []string
	for _, element := range list {
		if text := textOf(element); text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

func (v AttributeValue) otherList(p path, current any) (change Change, differs bool) {
	old := textsOf(current)
	texts := slices.DeleteFunc(v.Value.Strings(), func(s string) bool { return s == "" })
	holds := func(list []string, text string) bool {
		return slices.ContainsFunc(list, func(s string) bool { return v.same(s, text) })
	}
	for _, text := range texts {
		differs = differs || !holds(old, text)
	}
	for _, text := range old {
		differs = differs || !holds(texts, text)
	}
	change = Change{Op: Replace, Old: strings.Join(old, ", "), New: strings.Join(texts, ", "), NewValue: v.list(p)}
	if len(old) == 0 {
		change.Op = Add
	}
	return change, differs
}

// newRoles adds the roles that the target has not and takes none away
// (customize-application-attributes, AppRoleAssignmentsComplex). Targets keep a role as
// they got it: as its value, or as the JSON text of an earlier PATCH.
func (v AttributeValue) newRoles(current any) (change Change, differs bool) {
	old := roleValues(textsOf(current))
	var missing, names []string
	for _, text := range v.Value.texts {
		if role := readRole(text); !slices.Contains(old, role.Value) {
			missing, names = append(missing, text), append(names, role.Value)
		}
	}
	return Change{Op: Add, Old: strings.Join(old, ", "), New: strings.Join(names, ", "), NewValue: v.roleTexts(missing)}, len(missing) > 0
}

// otherRoles replaces the target's roles when they are others
// (customize-application-attributes, AssertiveAppRoleAssignmentsComplex).
func (v AttributeValue) otherRoles(current any) (change Change, differs bool) {
	old, roles := roleValues(textsOf(current)), roleValues(v.Value.texts)
	change = Change{Op: Replace, Old: strings.Join(old, ", "), New: strings.Join(roles, ", "), NewValue: v.roleObjects()}
	slices.Sort(old)
	slices.Sort(roles)
	return change, !slices.Equal(slices.Compact(old), slices.Compact(roles))
}

func roleValues(texts []string) []string {
	var values []string
	for _, text := range texts {
		values = append(values, readRole(text).Value)
	}
	return values
}
