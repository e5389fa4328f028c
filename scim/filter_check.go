package scim

// Check reports whether the filter makes sense for the type: every attribute
// exists and every operator suits its attribute. A complex attribute that has a
// "value" is compared by it (members eq "id", manager eq "id": Q16). An error is
// 400 invalidFilter naming the attribute. A nil filter is fine.
func (f *Filter) Check(rt *ResourceType) error {
	if f == nil {
		return nil
	}
	switch f.Op {
	case And, Or:
		if err := f.Left.Check(rt); err != nil {
			return err
		}
		return f.Right.Check(rt)
	case Not:
		return f.Left.Check(rt)
	}
	if asciiEqual(f.Path.Attr, "password") {
		// RFC 7643 section 4.1.1: a password is never readable, and a filter
		// would read it letter by letter.
		return Errorf(400, InvalidFilter, "password cannot be used in a filter")
	}
	t, ok := rt.resolve(Path{Schema: f.Path.Schema, Attr: f.Path.Attr, Sub: f.Path.Sub})
	if !ok || t.attr == nil || t.attr.Returned == ReturnedNever {
		return Errorf(400, InvalidFilter, "the filter names %s, which is no attribute of a %s", quote(f.Path.String()), rt.Name)
	}
	if f.Op != ValuePath {
		return f.checkLeaf(t.leaf(), t.name())
	}
	t.sub = nil
	if !t.attr.MultiValued && t.attr.Type != TypeComplex {
		return Errorf(400, InvalidFilter, "%s has a single value and cannot be followed by brackets in a filter", t.name())
	}
	if err := f.Left.checkInside(t); err != nil {
		return err
	}
	if f.Right != nil {
		return f.Right.checkInside(t)
	}
	return nil
}

// checkInside checks a filter on the values of an attribute.
func (f *Filter) checkInside(t target) error {
	switch f.Op {
	case And, Or:
		if err := f.Left.checkInside(t); err != nil {
			return err
		}
		return f.Right.checkInside(t)
	case Not:
		return f.Left.checkInside(t)
	}
	sub := t.attr.element(f.Path)
	if sub == nil || f.Op == ValuePath {
		return Errorf(400, InvalidFilter, "the filter names %s, which is no sub-attribute of %s", quote(f.Path.String()), t.name())
	}
	return f.checkLeaf(sub, t.name()+"."+sub.Name)
}

// element finds the sub-attribute that p names inside brackets. The values of an
// attribute that is not complex are called "value".
func (a *Attribute) element(p Path) *Attribute {
	if p.Schema != "" || p.Sub != "" {
		return nil
	}
	if a.Type != TypeComplex && asciiEqual(p.Attr, "value") {
		return a
	}
	return a.sub(p.Attr)
}

// comparable returns the attribute whose values stand for those of a in a
// comparison, nil when a complex attribute has none.
func (a *Attribute) comparable() *Attribute {
	if a.Type != TypeComplex {
		return a
	}
	return a.sub("value")
}

// checkLeaf checks operator and value against the type of the attribute
// (RFC 7644 section 3.4.2.2, table 3).
func (f *Filter) checkLeaf(a *Attribute, name string) error {
	if f.Op == Pr {
		return nil
	}
	leaf := a.comparable()
	if leaf == nil {
		return Errorf(400, InvalidFilter, "%s has several parts: compare one of them, for example %s.%s, or use pr", name, name, a.SubAttributes[0].Name)
	}
	if f.Value == nil {
		if f.Op == Eq || f.Op == Ne {
			return nil
		}
		return Errorf(400, InvalidFilter, "null can be compared with eq and ne only, not with %s (%s)", f.Op, name)
	}
	ordered := f.Op >= Gt && f.Op <= Le
	substring := f.Op >= Co && f.Op <= Ew
	switch leaf.Type {
	case TypeBoolean:
		if ordered || substring {
			return f.wrongOperator(name, leaf)
		}
		if _, ok := boolValue(f.Value); !ok {
			return Errorf(400, InvalidFilter, "%s is true or false and cannot be compared with %s", name, quote(text(f.Value)))
		}
	case TypeBinary:
		if ordered {
			return f.wrongOperator(name, leaf)
		}
	case TypeDateTime:
		if substring {
			return f.wrongOperator(name, leaf)
		}
		if _, ok := parseTime(text(f.Value)); !ok {
			return Errorf(400, InvalidFilter, "%s is a date and time like 2026-01-31T08:30:00Z and cannot be compared with %s", name, quote(text(f.Value)))
		}
	case TypeInteger, TypeDecimal:
		if substring {
			return f.wrongOperator(name, leaf)
		}
		if _, ok := number(f.Value); !ok {
			return Errorf(400, InvalidFilter, "%s is a number and cannot be compared with %s", name, quote(text(f.Value)))
		}
	}
	return nil
}

func (f *Filter) wrongOperator(name string, a *Attribute) error {
	return Errorf(400, InvalidFilter, "%s cannot be applied to %s, whose type is %s", f.Op, name, a.Type)
}
