package mapping

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Values are what the mapping gives for the object behind env, in the order of the
// mapping. An attribute whose source is null is not among them, because null is not
// provisioned (Microsoft Entra docs, known-issues); at creation its default value is,
// if it has one (customize-application-attributes). A value of TypeReference is the id
// that the directory has: whoever calls replaces it by the target's, or leaves it out.
// The members of a group are not asked for: they travel by MemberPatch.
//
// The error names the attribute, and says what its value should be.
func (m ObjectMapping) Values(env Env, creating bool) ([]AttributeValue, error) {
	var values []AttributeValue
	for _, a := range m.Attributes {
		if a.ApplyOnly == DuringCreation && !creating || m.Kind == KindGroup && a.Target == "members" {
			continue
		}
		result, err := a.Source.eval(env)
		if err != nil {
			return nil, fmt.Errorf("the mapping of %s: %w", a.Target, err)
		}
		if result.Ignore {
			continue
		}
		value := result.Value
		if value.IsNull() && creating && a.DefaultValue != "" {
			value = String(a.DefaultValue)
		}
		if value.IsNull() {
			continue
		}
		target, ok := m.TargetAttribute(a.Target)
		if !ok {
			return nil, fmt.Errorf("the mapping of %s: the target has no such attribute", a.Target)
		}
		if err := target.accepts(value); err != nil {
			return nil, fmt.Errorf("the mapping of %s: %w", a.Target, err)
		}
		values = append(values, AttributeValue{
			Target: a.Target, Value: value, Redacted: result.Redacted, Roles: result.Roles,
			Type: target.Type, MultiValue: target.MultiValue, ExactCase: target.ExactCase,
		})
	}
	return values, nil
}

func (s Source) eval(env Env) (Result, error) {
	switch s.Type {
	case Direct:
		value, err := (&evaluation{env: env}).attribute(attributeNode{name: s.Text})
		return Result{Value: value}, err
	case Constant:
		return Result{Value: String(s.Text)}, nil
	case Expressed:
		return Eval(s.Text, env)
	}
	return Result{}, nil
}

// accepts judges a value by the type of the target attribute.
func (t TargetAttribute) accepts(v Value) error {
	if len(v.texts) > 1 && !t.MultiValue {
		return fmt.Errorf("the source has %d values, but the attribute takes one; choose one with Item, or combine them with Join", len(v.texts))
	}
	for _, text := range v.texts {
		switch _, err := strconv.ParseInt(text, 10, 64); {
		case t.Type == TypeBoolean && !isBool(text):
			return fmt.Errorf("the attribute is of type Boolean and takes True or False, not %q", clip(text))
		case t.Type == TypeInteger && err != nil:
			return fmt.Errorf("the attribute is of type Integer and takes a whole number, not %q", clip(text))
		}
	}
	return nil
}

func isBool(text string) bool {
	return strings.EqualFold(text, "true") || strings.EqualFold(text, "false")
}

// native is the text as a body holds it: a boolean, a number or the text.
func (v AttributeValue) native(text string) any {
	switch {
	case v.Type == TypeBoolean && isBool(text):
		return strings.EqualFold(text, "true")
	case v.Type == TypeInteger:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return json.Number(strconv.FormatInt(n, 10))
		}
	}
	return text
}

// Match gives the matching attributes that have a value, in the order in which they are
// tried. Without any the object cannot be matched and is skipped.
func (m ObjectMapping) Match(values []AttributeValue) []MatchingAttribute {
	mappings := slices.DeleteFunc(slices.Clone(m.Attributes), func(a AttributeMapping) bool { return a.MatchingPrecedence <= 0 })
	slices.SortStableFunc(mappings, func(a, b AttributeMapping) int { return cmp.Compare(a.MatchingPrecedence, b.MatchingPrecedence) })
	var matching []MatchingAttribute
	for _, a := range mappings {
		i := slices.IndexFunc(values, func(v AttributeValue) bool { return v.Target == a.Target })
		if i >= 0 && values[i].Value.Text() != "" {
			matching = append(matching, MatchingAttribute{Target: a.Target, Value: values[i].Value.Text()})
		}
	}
	return matching
}
