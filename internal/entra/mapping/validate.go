package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Validate tells what is wrong with a mapping when the admin saves it, in one sentence.
// Whether the directory has the attributes that it reads is not known here: see Sources.
//
// Source: Microsoft Entra docs, customize-application-attributes and
// functions-for-customizing-application-data.
func (m ObjectMapping) Validate() error {
	if m.Kind == KindUser && !m.Enabled {
		return errors.New("provisioning of users cannot be disabled; only groups can be left out")
	}
	if err := m.validateTargets(); err != nil {
		return err
	}
	targets, precedences := map[string]bool{}, map[int]string{}
	for _, a := range m.Attributes {
		if targets[a.Target] {
			return fmt.Errorf("%s is mapped twice; delete one of the mappings", a.Target)
		}
		targets[a.Target] = true
		if err := m.validateAttribute(a); err != nil {
			return err
		}
		if a.MatchingPrecedence == 0 {
			continue
		}
		if other, taken := precedences[a.MatchingPrecedence]; taken {
			return fmt.Errorf("%s and %s both have the matching precedence %d; give each its own", other, a.Target, a.MatchingPrecedence)
		}
		precedences[a.MatchingPrecedence] = a.Target
	}
	if len(precedences) == 0 {
		return errors.New("no attribute is used to match objects; give one the matching precedence 1")
	}
	for _, t := range m.TargetAttributes {
		if t.Required && t.Name != "id" && !targets[t.Name] {
			return fmt.Errorf("%s is required by the target and must be mapped", t.Name)
		}
	}
	for _, f := range m.Filters {
		if err := f.validate(); err != nil {
			return err
		}
	}
	return nil
}

var targetTypes = []string{TypeString, TypeBoolean, TypeInteger, TypeDateTime, TypeReference, TypeBinary}

func (m ObjectMapping) validateTargets() error {
	seen := map[string]bool{}
	for _, t := range m.TargetAttributes {
		switch _, ok := parsePath(t.Name); {
		case !ok:
			return fmt.Errorf(`%q is no name of a SCIM attribute; write one like title, name.givenName, emails[type eq "work"].value or urn:ietf:params:scim:schemas:extension:Name:2.0:User:attribute`, clip(t.Name))
		case seen[strings.ToLower(t.Name)]:
			return fmt.Errorf("the attribute list has %s twice", t.Name)
		case !slices.Contains(targetTypes, t.Type):
			return fmt.Errorf("%s has the type %q; it is one of %s", t.Name, clip(t.Type), strings.Join(targetTypes, ", "))
		}
		seen[strings.ToLower(t.Name)] = true
	}
	return nil
}

func (m ObjectMapping) validateAttribute(a AttributeMapping) error {
	target, ok := m.TargetAttribute(a.Target)
	switch {
	case a.Target == "id":
		return errors.New("id is the target's own key and cannot be mapped")
	case !ok:
		return fmt.Errorf("the target has no attribute %q; add it to the attribute list first", clip(a.Target))
	case a.ApplyOnly != "" && a.ApplyOnly != Always && a.ApplyOnly != DuringCreation:
		return fmt.Errorf("%s: a mapping is applied always or only during object creation, not %q", a.Target, clip(string(a.ApplyOnly)))
	case a.MatchingPrecedence < 0:
		return fmt.Errorf("%s: the matching precedence is %d; 1 is the first", a.Target, a.MatchingPrecedence)
	case a.MatchingPrecedence > 0 && (target.MultiValue || target.Type == TypeReference):
		return fmt.Errorf("%s cannot be used to match objects: it holds several values or refers to another object", a.Target)
	case a.MatchingPrecedence > 0 && (a.Source.Type == Constant || a.Source.Type == NoneSource):
		return fmt.Errorf("%s cannot be used to match objects: its source is the same for all of them", a.Target)
	case a.MatchingPrecedence > 0 && a.ApplyOnly == DuringCreation:
		return fmt.Errorf("%s is used to match objects and must be applied always", a.Target)
	case target.Type == TypeReference && a.Source.Type != Direct:
		return fmt.Errorf("%s refers to another object and takes a direct mapping only", a.Target)
	}
	if a.DefaultValue != "" {
		if err := target.accepts(String(a.DefaultValue)); err != nil {
			return fmt.Errorf("%s: the default value: %w", a.Target, err)
		}
	}
	return a.Source.validate(target)
}

func (s Source) validate(target TargetAttribute) error {
	switch s.Type {
	case Direct:
		if strings.TrimSpace(s.Text) == "" || strings.ContainsAny(s.Text, "[]\"") {
			return fmt.Errorf("%s: a direct mapping needs the name of a source attribute, without brackets; it is %q", target.Name, clip(s.Text))
		}
	case Constant:
		if err := target.accepts(String(s.Text)); err != nil {
			return fmt.Errorf("%s: %w", target.Name, err)
		}
	case Expressed:
		e, err := Parse(s.Text)
		if err != nil {
			return fmt.Errorf("the expression for %s is not valid: %w", target.Name, err)
		}
		if call, ok := e.root.(*callNode); ok && call.function.roles && (target.Name != "roles" || !target.MultiValue) {
			return fmt.Errorf("%s: %s fills the attribute roles only, which must be multi-valued", target.Name, call.function.name)
		}
	case NoneSource:
	default:
		return fmt.Errorf("%s: the mapping type is Direct, Constant, Expression or None, not %q", target.Name, clip(string(s.Type)))
	}
	return nil
}

// Sources are the attributes of the directory that the mapping and its filters read,
// each once, for whoever knows which there are. It skips expressions that are not valid.
func (m ObjectMapping) Sources() []string {
	var names []string
	for _, a := range m.Attributes {
		switch a.Source.Type {
		case Direct:
			names = append(names, a.Source.Text)
		case Expressed:
			if e, err := Parse(a.Source.Text); err == nil {
				names = append(names, e.Attributes()...)
			}
		}
	}
	for _, f := range m.Filters {
		for _, c := range f.Clauses {
			names = append(names, c.Attribute)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
