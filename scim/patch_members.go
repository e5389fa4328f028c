package scim

import (
	"slices"
)

// MemberChange is what one operation of a patch does to the members of a group.
//
//   - add: IDs are made members; those that are already stay.
//   - remove: IDs, or All members, or those whose {"value","type","display"}
//     object fulfils Filter (see Filter.MatchValue with attribute "members").
//     An id that is no member is no change (Q10).
//   - replace: IDs are the members afterwards.
//
// IDs has no duplicates and may be empty: nothing to add or remove then.
type MemberChange struct {
	Index  int // of the operation in the whole patch, from 0
	Op     PatchOp
	IDs    []string
	All    bool
	Filter *Filter
}

// SplitMembers takes the member operations out of the patch of a group: those
// with the path members in any of its forms, and members inside the value of an
// operation without a path (Q9-Q11; Okta sends its renames so). rest is what
// remains for [Patch.Apply], which then names operations by their places in p;
// restIndex[i] is the place of rest.Operations[i]. Changes come in the order of
// the operations. p is not changed.
//
// A remove with values removes those and never the whole list (Q9). More than
// MaxPatchMembers ids are 400 tooMany.
func (p *Patch) SplitMembers() (rest *Patch, restIndex []int, changes []MemberChange, err error) {
	rest = &Patch{}
	total := 0
	for i, op := range p.Operations {
		var found []MemberChange
		keep := true
		switch {
		case op.Path != nil && isMembers(*op.Path):
			var c MemberChange
			if c, err = op.memberChange(); err == nil {
				found, keep = []MemberChange{c}, false
			}
		case op.Path == nil && op.Op != OpRemove:
			op.Value, found, err = op.splitValue()
			keep = len(found) == 0 || !isEmpty(op.Value)
		}
		if err != nil {
			return nil, nil, nil, operationError(i, op.Op, op.RawPath, err)
		}
		for _, c := range found {
			if total += len(c.IDs); total > MaxPatchMembers {
				return nil, nil, nil, Errorf(400, TooMany, "the PATCH names more than %d members: send them in several requests", MaxPatchMembers)
			}
			c.Index = i
			changes = append(changes, c)
		}
		if keep {
			rest.Operations = append(rest.Operations, op)
			restIndex = append(restIndex, i)
		}
	}
	rest.places = restIndex // so that what Apply says names them
	return rest, restIndex, changes, nil
}

// isMembers reports whether p names the members or their ids. Other
// sub-attributes (display, type) are the server's and stay in the rest, where
// they are ignored.
func isMembers(p Path) bool {
	return asciiEqual(p.Attr, "members") && (p.Schema == "" || asciiEqual(p.Schema, GroupURN)) &&
		(p.Sub == "" || asciiEqual(p.Sub, "value"))
}

// splitValue takes the members out of the value of an operation without a path.
// What is left shares nothing with the operation that is changed.
func (op *Operation) splitValue() (left any, changes []MemberChange, err error) {
	switch v := op.Value.(type) {
	case Object:
		out := make(Object, len(v))
		for _, key := range sortedKeys(v) {
			path, err := ParsePath(key)
			if err != nil || !isMembers(path) {
				out[key] = v[key] // Apply says what is wrong with it
				continue
			}
			if v[key] == nil {
				// Okta's null is "not given", never "empty the group".
				changes = append(changes, MemberChange{Op: OpAdd})
				continue
			}
			inner := Operation{Op: op.Op, RawPath: key, Path: &path, Value: v[key], HasValue: true}
			c, err := inner.memberChange()
			if err != nil {
				return nil, nil, err
			}
			changes = append(changes, c)
		}
		return out, changes, nil
	case []any:
		out := make([]any, 0, len(v))
		for _, e := range v {
			inner := Operation{Op: op.Op, Value: e}
			left, more, err := inner.splitValue()
			if err != nil {
				return nil, nil, err
			}
			changes = append(changes, more...)
			if len(more) == 0 || !isEmpty(left) {
				out = append(out, left)
			}
		}
		return out, changes, nil
	}
	return op.Value, nil, nil
}

// memberChange reads an operation whose path is members.
func (op *Operation) memberChange() (MemberChange, error) {
	c := MemberChange{Op: op.Op}
	if filter := op.Path.Filter; filter != nil {
		members := Group.base("members")
		if err := filter.checkInside(target{attr: members}); err != nil {
			return c, err
		}
		ids, ok := filterIDs(filter, nil)
		switch {
		case op.Op == OpReplace:
			return c, Errorf(400, InvalidPath, `members cannot be replaced one by one: remove one with members[value eq "id"], add one with the path members and a value`)
		case ok:
			c.IDs = ids // a value beside the filter says nothing more (Q22)
		case op.Op == OpRemove:
			c.Filter = filter
		default:
			return c, Errorf(400, NoTarget, `no id to add follows from %s: use the path members and a value like [{"value":"id"}]`, quote(op.Path.String()))
		}
		return c, nil
	}
	if op.Op == OpRemove && op.Value == nil {
		// RFC 7644 section 3.5.2.2: remove without a filter removes all values.
		c.All = true
		return c, nil
	}
	if !op.HasValue {
		return c, Errorf(400, InvalidValue, `%s needs a value like [{"value":"id"}]`, op.Op)
	}
	if op.Value == nil {
		return c, nil
	}
	var err error
	c.IDs, _, err = memberIDs(op.RawPath, op.Value, MaxPatchMembers)
	return c, err
}

// filterIDs returns the ids of value eq "a" or value eq "b" …; ok is false when
// the filter has any other form.
func filterIDs(f *Filter, ids []string) (_ []string, ok bool) {
	switch f.Op {
	case Or:
		if ids, ok = filterIDs(f.Left, ids); !ok {
			return nil, false
		}
		return filterIDs(f.Right, ids)
	case Eq:
		id := text(f.Value)
		if id == "" || !asciiEqual(f.Path.Attr, "value") {
			return nil, false
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
		return ids, true
	}
	return nil, false
}
