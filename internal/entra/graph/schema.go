package graph

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// ruleID names the one synchronization rule of a job, which holds the mappings of users and of
// groups. It is made of the job's id, so that it stays the same.
func ruleID(j cycle.Job) string { return nameID("rule", j.ID) }

func nameID(of string, id cycle.JobID) string {
	sum := sha256.Sum256([]byte(of + "/" + string(id)))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80 // RFC 9562: version 8, made of a name
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// getSchema: Microsoft Graph docs, "synchronization-synchronizationschema".
func (x *exchange) getSchema() error {
	j, err := x.job()
	if err != nil {
		return err
	}
	return x.one(http.StatusOK, "servicePrincipals('"+string(j.ApplicationID)+"')/synchronization/jobs('"+string(j.ID)+"')/schema/$entity", schemaDocument(j))
}

func schemaDocument(j cycle.Job) object {
	return object{
		"id": string(j.ID), "version": "Date:" + j.CreatedAt.UTC().Format("2006-01-02T15:04:05.0000000Z"),
		"synchronizationRules": []any{object{
			"id": ruleID(j), "name": "Users and groups to " + cycle.TargetSystem, "priority": 1, "editable": true, "groupFilter": nil, "metadata": []any{},
			"sourceDirectoryName": cycle.SourceSystem, "targetDirectoryName": cycle.TargetSystem,
			"objectMappings": []any{objectMapping(j.Users), objectMapping(j.Groups)},
		}},
		"directories": []any{
			object{"id": nameID("source", j.ID), "name": cycle.SourceSystem, "readOnly": true, "objects": []any{
				sourceObject(mapping.KindUser, directory.UserAttributes()), sourceObject(mapping.KindGroup, append(directory.GroupAttributes(), "members")),
			}},
			object{"id": nameID("target", j.ID), "name": cycle.TargetSystem, "readOnly": false, "objects": []any{targetObject(j.Users), targetObject(j.Groups)}},
		},
	}
}

// sourceObject lists the attributes of the directory. Which of them are lists and references
// is told for those that mappings treat so.
func sourceObject(kind mapping.Kind, names []string) object {
	attributes := []any{}
	for _, name := range names {
		of, multi := "String", false
		switch name {
		case "manager":
			of = "Reference"
		case "members":
			of, multi = "Reference", true
		case "proxyAddresses", "otherMails":
			multi = true
		case "accountEnabled", "securityEnabled":
			of = "Boolean"
		}
		attributes = append(attributes, attribute(name, of, multi, false, false, name == "objectId"))
	}
	return object{"name": string(kind), "attributes": attributes}
}

func targetObject(m mapping.ObjectMapping) object {
	attributes := []any{}
	for _, t := range m.TargetAttributes {
		attributes = append(attributes, attribute(t.Name, t.Type, t.MultiValue, t.Required, t.ExactCase, t.Name == "id"))
	}
	return object{"name": targetTypes[m.Kind], "attributes": attributes}
}

// attribute is an attributeDefinition (Microsoft Graph docs,
// "synchronization-attributedefinition").
func attribute(name, of string, multi, required, exact, anchor bool) object {
	return object{
		"name": name, "type": of, "multivalued": multi, "required": required, "caseExact": exact, "anchor": anchor,
		"mutability": "ReadWrite", "apiExpressions": []any{}, "referencedObjects": []any{}, "metadata": []any{}, "defaultValue": nil,
	}
}

// objectMapping: Microsoft Graph docs, "synchronization-objectmapping".
func objectMapping(m mapping.ObjectMapping) object {
	var flow []string
	for _, f := range []struct {
		on   bool
		name string
	}{{m.Create, "Add"}, {m.Update, "Update"}, {m.Delete, "Delete"}} {
		if f.on {
			flow = append(flow, f.name)
		}
	}
	flowTypes := strings.Join(flow, ", ")
	if flowTypes == "" {
		flowTypes = "None"
	}
	attributes := []any{}
	for _, a := range m.Attributes {
		attributes = append(attributes, attributeMapping(a))
	}
	groups := []any{}
	for _, f := range m.Filters {
		clauses := []any{}
		for _, c := range f.Clauses {
			values := []string{}
			if c.Operator.TakesValue() {
				values = append(values, c.Value)
			}
			clauses = append(clauses, object{"operatorName": string(c.Operator), "sourceOperandName": c.Attribute, "targetOperand": object{"values": values}})
		}
		groups = append(groups, object{"name": f.Title, "clauses": clauses})
	}
	return object{
		"name": m.Name, "enabled": m.Enabled, "flowTypes": flowTypes, "sourceObjectName": string(m.Kind), "targetObjectName": targetTypes[m.Kind],
		"attributeMappings": attributes, "metadata": []any{}, "scope": object{"groups": groups, "categoryFilterGroups": []any{}, "inputFilterGroups": []any{}},
	}
}

// attributeMapping: Microsoft Graph docs, "synchronization-attributemapping". What the portal
// calls None has no source.
func attributeMapping(a mapping.AttributeMapping) object {
	flow := string(a.ApplyOnly)
	if flow == "" {
		flow = string(mapping.Always)
	}
	return object{
		"targetAttributeName": a.Target, "source": sourceOf(a.Source), "defaultValue": nullable(a.DefaultValue), "matchingPriority": a.MatchingPrecedence,
		"flowType": flow, "flowBehavior": "FlowWhenChanged", "exportMissingReferences": false,
	}
}

// sourceOf is an attributeMappingSource. The arguments of a function stand in its expression
// only, not also as parameters.
func sourceOf(s mapping.Source) any {
	switch s.Type {
	case mapping.Direct:
		return object{"type": "Attribute", "name": s.Text, "expression": "[" + s.Text + "]", "parameters": []any{}}
	case mapping.Constant:
		return object{"type": "Constant", "name": s.Text, "expression": quoted(s.Text), "parameters": []any{}}
	case mapping.Expressed:
		name, _, _ := strings.Cut(s.Text, "(")
		return object{"type": "Function", "name": strings.TrimSpace(name), "expression": s.Text, "parameters": []any{}}
	}
	return nil
}

// quoted is a constant as expressions write it.
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
