package graph

import (
	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/internal/web/words"
)

// readTargets takes the attribute lists of the target over, where the schema has them.
func readTargets(directories []*fields, users, groups *mapping.ObjectMapping) error {
	for _, d := range directories {
		name, _, err := d.text("name")
		if err != nil {
			return err
		}
		d.drop("id", "readOnly", "metadata", "discoverabilities", "discoveryDateTime", "version")
		objects, _, err := d.objects("objects", "objectDefinition")
		if err != nil {
			return err
		}
		if err := d.done(); err != nil {
			return err
		}
		if name != cycle.TargetSystem {
			continue // what the directory has cannot be changed
		}
		for _, o := range objects {
			if err := readTarget(o, users, groups); err != nil {
				return err
			}
		}
	}
	return nil
}

func readTarget(o *fields, users, groups *mapping.ObjectMapping) error {
	name, err := o.needText("name")
	if err != nil {
		return err
	}
	m := users
	switch name {
	case targetTypes[mapping.KindUser]:
	case targetTypes[mapping.KindGroup]:
		m = groups
	default:
		return bad("The target has no object type %q.", words.Clip(name))
	}
	o.drop("metadata", "supportedApis")
	attributes, given, err := o.objects("attributes", "attributeDefinition")
	if err != nil {
		return err
	}
	if given {
		m.TargetAttributes = nil
	}
	for _, one := range attributes {
		t, err := readDefinition(one)
		if err != nil {
			return err
		}
		m.TargetAttributes = append(m.TargetAttributes, t)
	}
	return o.done()
}

func readDefinition(f *fields) (mapping.TargetAttribute, error) {
	var t mapping.TargetAttribute
	var err error
	if t.Name, err = f.needText("name"); err != nil {
		return t, err
	}
	if t.Type, err = f.needText("type"); err != nil {
		return t, err
	}
	for name, at := range map[string]*bool{"multivalued": &t.MultiValue, "required": &t.Required, "caseExact": &t.ExactCase} {
		if *at, _, err = f.boolean(name); err != nil {
			return t, err
		}
	}
	f.drop("anchor", "mutability", "apiExpressions", "referencedObjects", "metadata", "defaultValue", "flowNullValues")
	return t, f.done()
}
