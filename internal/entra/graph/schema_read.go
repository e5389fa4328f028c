package graph

import (
	"slices"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/internal/web/words"
)

// putSchema replaces the mappings of a job: Microsoft Graph docs,
// "synchronization-synchronizationschema-update". A script reads the schema, changes it and
// sends it back; what it does not change is taken and compared with nothing. Both mappings are
// checked before one is saved, and one that is as it was is not saved, because saving begins a
// new initial cycle.
func (x *exchange) putSchema() error {
	f, err := x.body("synchronizationSchema", maxSchema)
	if err != nil {
		return err
	}
	j, err := x.job()
	if err != nil {
		return err
	}
	users, groups, err := readSchema(f, j)
	if err != nil {
		return err
	}
	for _, m := range []mapping.ObjectMapping{users, groups} {
		if err := m.Validate(); err != nil {
			return bad("%s: %s.", m.Name, err.Error())
		}
	}
	for _, m := range []mapping.ObjectMapping{users, groups} {
		if sameMapping(m, j.Mapping(m.Kind)) {
			continue
		}
		if _, err := x.api.cycle.SaveMapping(x.r.Context(), j.ID, m, x.by()); err != nil {
			return err
		}
	}
	return x.noContent()
}

func sameMapping(a, b mapping.ObjectMapping) bool {
	return a.Name == b.Name && a.Enabled == b.Enabled && a.Create == b.Create && a.Update == b.Update && a.Delete == b.Delete &&
		slices.Equal(a.TargetAttributes, b.TargetAttributes) &&
		slices.EqualFunc(a.Attributes, b.Attributes, func(a, b mapping.AttributeMapping) bool {
			if b.ApplyOnly == "" {
				b.ApplyOnly = mapping.Always
			}
			return a == b
		}) &&
		slices.EqualFunc(a.Filters, b.Filters, func(a, b mapping.ScopingFilter) bool {
			return a.Title == b.Title && slices.Equal(a.Clauses, b.Clauses)
		})
}

// readSchema reads both mappings of a schema.
func readSchema(f *fields, j cycle.Job) (users, groups mapping.ObjectMapping, err error) {
	users, groups = j.Users.Clone(), j.Groups.Clone()
	f.drop("id", "version")
	rules, given, err := f.objects("synchronizationRules", "synchronizationRule")
	if err == nil && (!given || len(rules) != 1) {
		err = bad("The schema must hold the job's one synchronization rule in synchronizationRules, not %d.", len(rules))
	}
	if err != nil {
		return users, groups, err
	}
	directories, _, err := f.objects("directories", "directoryDefinition")
	if err != nil {
		return users, groups, err
	}
	if err := f.done(); err != nil {
		return users, groups, err
	}
	if err := readTargets(directories, &users, &groups); err != nil {
		return users, groups, err
	}
	return users, groups, readRule(rules[0], j, &users, &groups)
}

// drop takes members that say nothing new.
func (f *fields) drop(names ...string) {
	for _, name := range names {
		f.take(name)
	}
}

func readRule(rule *fields, j cycle.Job, users, groups *mapping.ObjectMapping) error {
	id, given, err := rule.text("id")
	if err != nil {
		return err
	}
	if given && id != ruleID(j) {
		return bad("The job has no synchronization rule '%s'; its schema has '%s'.", words.Clip(id), ruleID(j))
	}
	rule.drop("name", "priority", "editable", "groupFilter", "metadata", "sourceDirectoryName", "targetDirectoryName", "containerFilter")
	list, _, err := rule.objects("objectMappings", "objectMapping")
	if err != nil {
		return err
	}
	if err := rule.done(); err != nil {
		return err
	}
	seen := map[mapping.Kind]bool{}
	for _, one := range list {
		name, err := one.needText("sourceObjectName")
		if err != nil {
			return err
		}
		kind, ok := kindOf(name)
		if !ok || seen[kind] {
			return bad("The rule must hold one mapping of User and one of Group; %q is neither, or stands there twice.", words.Clip(name))
		}
		seen[kind] = true
		m := users
		if kind == mapping.KindGroup {
			m = groups
		}
		if err := readObjectMapping(one, m); err != nil {
			return err
		}
	}
	if len(seen) != 2 {
		return bad("The rule must hold both mappings, of User and of Group; a PUT replaces the whole schema. Set enabled to false to leave groups out.")
	}
	return nil
}

func readObjectMapping(f *fields, m *mapping.ObjectMapping) error {
	f.drop("targetObjectName", "metadata")
	name, given, err := f.text("name")
	if err != nil {
		return err
	}
	if given && name != "" {
		m.Name = name
	}
	on, given, err := f.boolean("enabled")
	if err != nil {
		return err
	}
	if given {
		m.Enabled = on
	}
	flow, given, err := f.text("flowTypes")
	if err != nil {
		return err
	}
	if given {
		if err := readFlowTypes(flow, m); err != nil {
			return err
		}
	}
	if err := readScope(f, m); err != nil {
		return err
	}
	attributes, given, err := f.objects("attributeMappings", "attributeMapping")
	if err != nil {
		return err
	}
	if !given {
		return f.required("attributeMappings")
	}
	m.Attributes = nil
	for _, one := range attributes {
		a, err := readAttribute(one)
		if err != nil {
			return err
		}
		m.Attributes = append(m.Attributes, a)
	}
	return f.done()
}

func readFlowTypes(flow string, m *mapping.ObjectMapping) error {
	m.Create, m.Update, m.Delete = false, false, false
	for _, word := range strings.Split(flow, ",") {
		switch strings.TrimSpace(word) {
		case "Add":
			m.Create = true
		case "Update":
			m.Update = true
		case "Delete":
			m.Delete = true
		case "None", "":
		default:
			return bad("The flowTypes %q are not a list of Add, Update and Delete.", words.Clip(flow))
		}
	}
	return nil
}

// readScope reads a filter (Microsoft Graph docs, "synchronization-filter"): groups of clauses.
func readScope(f *fields, m *mapping.ObjectMapping) error {
	scope, err := f.object("scope", "filter")
	if err != nil {
		return err
	}
	m.Filters = nil
	if scope == nil {
		return nil
	}
	for _, name := range []string{"categoryFilterGroups", "inputFilterGroups"} {
		other, _, err := scope.objects(name, "filterGroup")
		if err != nil {
			return err
		}
		if len(other) > 0 {
			return bad("The stand-in has scoping filters in groups only; %s must be empty.", name)
		}
	}
	groups, _, err := scope.objects("groups", "filterGroup")
	if err != nil {
		return err
	}
	if err := scope.done(); err != nil {
		return err
	}
	for _, g := range groups {
		filter, err := readFilterGroup(g)
		if err != nil {
			return err
		}
		m.Filters = append(m.Filters, filter)
	}
	return nil
}

func readFilterGroup(g *fields) (mapping.ScopingFilter, error) {
	var filter mapping.ScopingFilter
	var err error
	if filter.Title, _, err = g.text("name"); err != nil {
		return filter, err
	}
	clauses, _, err := g.objects("clauses", "filterClause")
	if err != nil {
		return filter, err
	}
	for _, one := range clauses {
		c, err := readClause(one)
		if err != nil {
			return filter, err
		}
		filter.Clauses = append(filter.Clauses, c)
	}
	return filter, g.done()
}

func readClause(f *fields) (mapping.Clause, error) {
	var c mapping.Clause
	operator, err := f.needText("operatorName")
	if err != nil {
		return c, err
	}
	c.Operator = mapping.Operator(operator)
	if c.Attribute, err = f.needText("sourceOperandName"); err != nil {
		return c, err
	}
	operand, err := f.object("targetOperand", "filterOperand")
	if err != nil {
		return c, err
	}
	if operand != nil {
		values, _, err := operand.texts("values")
		if err != nil {
			return c, err
		}
		if len(values) > 1 {
			return c, bad("A clause of the stand-in compares with one value; make a clause for each of the %d, or use REGEX MATCH.", len(values))
		}
		if len(values) == 1 {
			c.Value = values[0]
		}
		if err := operand.done(); err != nil {
			return c, err
		}
	}
	return c, f.done()
}

func readAttribute(f *fields) (mapping.AttributeMapping, error) {
	var a mapping.AttributeMapping
	var err error
	if a.Target, err = f.needText("targetAttributeName"); err != nil {
		return a, err
	}
	if a.DefaultValue, _, err = f.text("defaultValue"); err != nil {
		return a, err
	}
	if a.MatchingPrecedence, _, err = f.number("matchingPriority"); err != nil {
		return a, err
	}
	flow, _, err := f.text("flowType")
	if err != nil {
		return a, err
	}
	switch a.ApplyOnly = mapping.ApplyOnly(flow); a.ApplyOnly {
	case "":
		a.ApplyOnly = mapping.Always
	case mapping.Always, mapping.DuringCreation:
	default:
		return a, f.invalid("flowType", "Always or ObjectAddOnly")
	}
	behavior, _, err := f.text("flowBehavior")
	if err != nil {
		return a, err
	}
	if behavior != "" && behavior != "FlowWhenChanged" {
		return a, f.invalid("flowBehavior", "FlowWhenChanged")
	}
	if _, _, err := f.boolean("exportMissingReferences"); err != nil {
		return a, err
	}
	source, err := f.object("source", "attributeMappingSource")
	if err != nil {
		return a, err
	}
	if a.Source, err = readSource(source); err != nil {
		return a, err
	}
	return a, f.done()
}

// readSource reads an attributeMappingSource. The expression says it all; without one an
// attribute or a constant is given by its name.
func readSource(f *fields) (mapping.Source, error) {
	if f == nil {
		return mapping.Source{Type: mapping.NoneSource}, nil
	}
	of, _, err := f.text("type")
	if err != nil {
		return mapping.Source{}, err
	}
	name, _, err := f.text("name")
	if err != nil {
		return mapping.Source{}, err
	}
	expression, _, err := f.text("expression")
	if err != nil {
		return mapping.Source{}, err
	}
	f.drop("parameters")
	if err := f.done(); err != nil {
		return mapping.Source{}, err
	}
	switch of {
	case "Attribute":
		if attribute, ok := bracketed(expression); ok {
			name = attribute
		}
		return mapping.Source{Type: mapping.Direct, Text: name}, nil
	case "Constant":
		return mapping.Source{Type: mapping.Constant, Text: name}, nil
	case "Function":
		return mapping.Source{Type: mapping.Expressed, Text: expression}, nil
	case "":
		if attribute, ok := bracketed(expression); ok {
			return mapping.Source{Type: mapping.Direct, Text: attribute}, nil
		}
		return mapping.Source{Type: mapping.Expressed, Text: expression}, nil
	}
	return mapping.Source{}, f.invalid("type", "Attribute, Constant or Function")
}

// bracketed is the attribute of an expression that is nothing else: [mail].
func bracketed(expression string) (string, bool) {
	inner, ok := strings.CutPrefix(strings.TrimSpace(expression), "[")
	if ok {
		inner, ok = strings.CutSuffix(inner, "]")
	}
	return inner, ok && !strings.ContainsAny(inner, "[]")
}
