package scim

import "maps"

// editor computes the new value of an attribute from the old one. It never
// changes the old value: lists and objects are copied before they differ.
type editor struct {
	target
	filter *Filter // of a value path, already checked, or nil
	r      reader
}

// edit returns the value of the attribute after the operation, nil when the
// attribute is gone.
func (e *editor) edit(op PatchOp, old, value any) (any, error) {
	switch {
	case op == OpRemove:
		return e.remove(old, value)
	case value == nil && op == OpReplace:
		// RFC 7643 section 2.5: null is "no value".
		return e.remove(old, nil)
	case value == nil:
		return old, nil
	case e.filter != nil:
		return e.setMatching(op, old, value)
	case e.sub != nil:
		return e.setSub(op, old, value)
	}
	v, err := e.r.attribute(e.attr, e.name(), value)
	if err != nil {
		return nil, err
	}
	switch {
	case e.attr.MultiValued && op == OpAdd:
		return e.addValues(old, v)
	case v == nil && op == OpAdd && isEmpty(value) && value != "":
		return old, nil // nothing was added
	case e.attr.Type == TypeComplex && !e.attr.MultiValued && v != nil:
		// RFC 7644 section 3.5.2.3: sub-attributes that are not named stay.
		return e.merge(old, v.(Object)), nil
	}
	return v, nil
}

// merge returns old with the sub-attributes of more. When a manager becomes
// another one, the name of the old one does not stay.
func (e *editor) merge(old any, more Object) Object {
	o, _ := old.(Object)
	out := with(o, more)
	if v, ok := more["value"]; ok && !e.attr.MultiValued && o["value"] != nil && !equalValues(v, o["value"]) {
		if _, ok := more["displayName"]; !ok {
			delete(out, "displayName")
		}
	}
	return out
}

// setSub sets a sub-attribute that is named without a filter.
func (e *editor) setSub(op PatchOp, old, value any) (any, error) {
	v, err := e.r.attribute(e.sub, e.name(), value)
	if err != nil {
		return nil, err
	}
	if !e.attr.MultiValued {
		if e.sub.Name == "value" && v == "" {
			return nil, nil // a reference to nobody (Q12)
		}
		if v == nil {
			return e.remove(old, nil)
		}
		return e.merge(old, Object{e.sub.Name: v}), nil
	}
	list, _ := old.([]any)
	at := -1
	for i, el := range list {
		if len(list) == 1 || isPrimary(el) {
			at = i
		}
	}
	switch {
	case v == nil:
		return old, nil
	case len(list) == 0:
		return []any{Object{e.sub.Name: v}}, nil
	case at < 0:
		return nil, Errorf(400, NoTarget, `%s has %d values and none is primary: say which one, for example %s[type eq "work"].%s`, e.attr.Name, len(list), e.attr.Name, e.sub.Name)
	}
	out := copyList(list)
	out[at] = e.merge(list[at], Object{e.sub.Name: v})
	return e.onePrimary(out, map[int]bool{at: true})
}

// addValues appends values to a list. One that is there already is not added
// again; one that has value and type of another updates it
// (RFC 7643 section 2.4: a pair of them appears once).
func (e *editor) addValues(old, add any) (any, error) {
	list, _ := old.([]any)
	more, _ := add.([]any)
	out := copyList(list)
	touched := map[int]bool{}
	for _, v := range more {
		at, same := -1, false
		for i, el := range out {
			if differ(el, v) {
				continue
			}
			if same = contains(el, v); same {
				break
			}
			if at < 0 && e.sameValue(el, v) {
				at = i
			}
		}
		switch {
		case same:
		case at >= 0:
			out[at] = e.merge(out[at], v.(Object))
			touched[at] = true
		default:
			out = append(out, v)
			touched[len(out)-1] = true
		}
	}
	return e.onePrimary(out, touched)
}

// setMatching sets the values that fulfil the filter, or one of their
// sub-attributes. Where none does, one is made from the filter: Entra names the
// values of a list so before they exist (Q5, Q6).
func (e *editor) setMatching(op PatchOp, old, value any) (any, error) {
	v, err := e.elementValue(value)
	if err != nil {
		return nil, err
	}
	if v == nil {
		if op == OpAdd {
			return old, nil
		}
		return e.remove(old, nil)
	}
	list, _ := old.([]any)
	fixed, fixedOK := e.fixed()
	out := copyList(list)
	touched := map[int]bool{}
	for i, el := range list {
		if !e.filter.matchElement(e.attr, el) {
			continue
		}
		touched[i] = true
		o, isObject := v.(Object)
		switch {
		case !isObject:
			out[i] = v
		case e.sub != nil || op == OpAdd:
			out[i] = e.merge(el, o)
		default:
			// RFC 7644 section 3.5.2.3: the value is replaced; what the filter
			// found it by stays, so that the next operation finds it again.
			out[i] = with(fixed, o)
		}
	}
	if len(touched) > 0 {
		return e.onePrimary(out, touched)
	}
	if !fixedOK {
		return nil, Errorf(400, NoTarget, "no value of %s fulfils %s, and none can be made from that filter", e.attr.Name, quote(e.filter.String()))
	}
	if o, ok := v.(Object); ok {
		v = with(fixed, o)
	}
	return e.onePrimary(append(out, v), map[int]bool{len(out): true})
}

// elementValue reads the value for setMatching: an object of sub-attributes, or
// a plain value where the attribute is not complex.
func (e *editor) elementValue(value any) (any, error) {
	if e.sub != nil {
		v, err := e.r.attribute(e.sub, e.attr.Name+"."+e.sub.Name, value)
		if v == nil || err != nil {
			return nil, err
		}
		return Object{e.sub.Name: v}, nil
	}
	if list, ok := value.([]any); ok && len(list) == 1 {
		value = list[0]
	}
	if value == nil {
		return nil, nil
	}
	if e.attr.Type != TypeComplex {
		return e.r.scalar(e.attr, e.attr.Name, value)
	}
	return e.r.complex(e.attr, e.attr.Name, value)
}

// fixed returns the sub-attributes that the filter fixes by eq; ok is false
// when it says anything else, so that no value follows from it.
func (e *editor) fixed() (o Object, ok bool) {
	o, ok = Object{}, true
	for _, f := range e.filter.Conjuncts() {
		sub := e.attr.element(f.Path)
		if f.Op != Eq || sub == nil || sub == e.attr || f.Value == nil {
			ok = false
			continue
		}
		v := f.Value
		if sub.Type != TypeBoolean {
			v = text(v)
		}
		v, err := e.r.scalar(sub, e.attr.Name+"."+sub.Name, v)
		if old, twice := o[sub.Name]; err != nil || twice && !equalValues(old, v) {
			ok = false
			continue
		}
		o[sub.Name] = v
	}
	return o, ok
}

// remove returns old without what the path names. value is the value of the
// operation: a list of values to remove (Q9), otherwise ignored (Q22).
func (e *editor) remove(old, value any) (any, error) {
	if old == nil {
		return nil, nil
	}
	if !e.attr.MultiValued {
		if e.sub == nil || e.sub.Name == "value" {
			return nil, nil
		}
		o, _ := old.(Object)
		return without(o, e.sub.Name), nil
	}
	list, _ := old.([]any)
	var drop []any
	if e.filter == nil && e.sub == nil {
		if value == nil {
			return nil, nil
		}
		v, err := e.r.list(e.attr, e.attr.Name, value)
		if err != nil {
			return nil, err
		}
		drop, _ = v.([]any)
	}
	out := make([]any, 0, len(list))
	for _, el := range list {
		switch {
		case e.filter != nil && !e.filter.matchElement(e.attr, el):
		case e.sub != nil:
			o, _ := el.(Object)
			if el = without(o, e.sub.Name); el == nil {
				continue
			}
		case e.filter != nil || e.removes(drop, el):
			continue
		}
		out = append(out, el)
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// removes reports whether one of the values names el: by its "value" and, if
// given, its type; values without "value" by all that they have.
func (e *editor) removes(drop []any, el any) bool {
	for _, d := range drop {
		o, ok := d.(Object)
		_, hasValue := o["value"]
		switch {
		case ok && hasValue:
			el, _ := el.(Object)
			if e.equalSub("value", o, el) && (o["type"] == nil || e.equalSub("type", o, el)) {
				return true
			}
		case contains(el, d):
			return true
		}
	}
	return false
}

// differ is a quick way to tell that neither contains nor sameValue holds, so
// that a patch of many values on a long list stays cheap.
func differ(el, v any) bool {
	o, _ := v.(Object)
	want, ok := o["value"].(string)
	if !ok {
		return false
	}
	o, _ = el.(Object)
	have, _ := o["value"].(string)
	return !asciiEqual(have, want)
}

// sameValue reports whether two complex values have the same value and type.
func (e *editor) sameValue(a, b any) bool {
	x, ok1 := a.(Object)
	y, ok2 := b.(Object)
	return ok1 && ok2 && x["value"] != nil && e.equalSub("value", x, y) && e.equalSub("type", x, y)
}

// equalSub compares a sub-attribute of two values by its case rule.
func (e *editor) equalSub(name string, a, b Object) bool {
	s, ok1 := a[name].(string)
	t, ok2 := b[name].(string)
	if sub := e.attr.sub(name); ok1 && ok2 && sub != nil && !sub.CaseExact {
		return asciiEqual(s, t)
	}
	return equalValues(a[name], b[name])
}

// onePrimary leaves at most one primary value in the list: RFC 7644 section
// 3.5.2 has a new primary take the place of the old one. touched are the
// elements that the operation set.
func (e *editor) onePrimary(list []any, touched map[int]bool) (any, error) {
	if len(list) > MaxListValues {
		return nil, Errorf(400, InvalidValue, "%s would have %d values; at most %d are accepted", e.attr.Name, len(list), MaxListValues)
	}
	if len(list) == 0 {
		return nil, nil
	}
	chosen := -1
	for i := range list {
		if touched[i] && isPrimary(list[i]) {
			chosen = i
		}
	}
	if chosen < 0 {
		return list, nil
	}
	for i, el := range list {
		if i != chosen && isPrimary(el) {
			list[i] = with(el.(Object), Object{"primary": false})
		}
	}
	return list, nil
}

// contains reports whether el has everything that v has.
func contains(el, v any) bool {
	want, ok := v.(Object)
	if !ok {
		return equalValues(el, v)
	}
	have, ok := el.(Object)
	if !ok {
		return false
	}
	for k, w := range want {
		if h, ok := have[k]; !ok || !equalValues(h, w) {
			return false
		}
	}
	return true
}

// with returns a copy of o with the members of more.
func with(o, more Object) Object {
	out := make(Object, len(o)+len(more))
	maps.Copy(out, o)
	maps.Copy(out, more)
	return out
}

// without returns a copy of o without a member, nil when only labels are left:
// a type or primary of nothing.
func without(o Object, name string) any {
	if _, ok := o[name]; !ok {
		if len(o) == 0 {
			return nil
		}
		return o
	}
	out := make(Object, len(o))
	empty := true
	for k, v := range o {
		if k == name {
			continue
		}
		out[k] = v
		if k != "type" && k != "primary" {
			empty = false
		}
	}
	if empty {
		return nil
	}
	return out
}

func copyList(list []any) []any {
	return append(make([]any, 0, len(list)+1), list...)
}
