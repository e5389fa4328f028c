package scim

import (
	"strings"
)

// Apply returns doc with the patch applied, and what became of each operation.
// doc is never changed; on an error nothing is returned, so a patch takes effect
// as a whole or not at all (RFC 7644 section 3.5.2). doc must be in the form of
// [ResourceType.Normalize], and so is the result; server-made attributes in it
// (id, meta, groups) are carried along.
//
// Beyond RFC 7644 it takes what clients send: dotted names and whole paths as
// keys of an operation without a path (Q7), a value path whose element does not
// exist yet, which is then made (Q5, Q6), add on a single-valued attribute, which
// replaces it (Q4), remove with a list of values, which removes those only (Q9).
// Unknown attributes and schemas are ignored with a verdict, since one of them
// must not lose a deactivation in the same patch (Q32).
//
// The path of a read-only attribute is 400 mutability, remove without a path 400
// noTarget, the removal of a required attribute and a value of the wrong type
// 400 invalidValue. Apply takes no operations on the members of a group: see
// [Patch.SplitMembers].
func (p *Patch) Apply(rt *ResourceType, doc Object) (Object, []Verdict, error) {
	a := applier{rt: rt, doc: doc.Clone(), verdicts: make([]Verdict, 0, len(p.Operations))}
	if a.doc == nil {
		a.doc = Object{}
	}
	for i := range p.Operations {
		if err := a.operation(p.place(i), &p.Operations[i]); err != nil {
			return nil, nil, err
		}
	}
	if n := size(a.doc); n > MaxResourceBytes && n > size(doc) {
		return nil, nil, Errorf(400, TooMany, "after this PATCH the %s would have %d bytes; at most %d are accepted", rt.Name, n, MaxResourceBytes)
	}
	return a.doc, a.verdicts, nil
}

type applier struct {
	rt       *ResourceType
	doc      Object
	verdicts []Verdict
	work     int // comparisons of values so far, at most
}

// maxPatchWork bounds the comparisons of one patch: every operation may compare
// each of its values with each value of a list. 10,000 operations on a list of
// MaxListValues stay within it.
const maxPatchWork = 20_000_000

// spend counts the comparisons that an operation can take.
func (a *applier) spend(old, value any, filter *Filter) error {
	a.work += max(1, listLen(old)) * max(1, listLen(value)) * max(1, filter.nodes())
	if a.work > maxPatchWork {
		return Errorf(400, TooMany, "the PATCH compares too many values: send it in several requests")
	}
	return nil
}

func listLen(v any) int {
	list, _ := v.([]any)
	return len(list)
}

// assignment is an operation on one attribute.
type assignment struct {
	index    int
	op       PatchOp
	shown    string // path for verdicts and messages
	path     Path
	value    any
	hasValue bool
	listed   bool // a key of a value: read-only attributes are ignored
}

func (a *applier) operation(i int, op *Operation) error {
	if op.Path == nil {
		if err := a.pathless(i, op); err != nil {
			return operationError(i, op.Op, "", err)
		}
		return nil
	}
	return a.assign(assignment{index: i, op: op.Op, shown: op.RawPath, path: *op.Path, value: op.Value, hasValue: op.HasValue})
}

// pathless applies an operation without a path: every key of its value is a path
// of its own.
func (a *applier) pathless(i int, op *Operation) error {
	if op.Op == OpRemove {
		// RFC 7644 section 3.5.2.2.
		return Errorf(400, NoTarget, "remove needs a path that says what to remove")
	}
	list, ok := op.Value.([]any)
	if !ok {
		list = []any{op.Value}
	}
	keys := 0
	for _, e := range list {
		o, ok := e.(Object)
		if !ok {
			return Errorf(400, InvalidValue, "without a path the value must be an object with attributes; %s was sent", quoteAny(e))
		}
		keys += len(o)
		if err := a.each(i, op.Op, "", o); err != nil {
			return err
		}
	}
	if keys == 0 {
		a.verdict(assignment{index: i, op: op.Op}, NoChange, "no attributes were sent")
	}
	return nil
}

// each assigns the members of an object, in the order of their names so that
// the result does not depend on chance. schema is the extension that they
// belong to, "" for none.
func (a *applier) each(i int, op PatchOp, schema string, o Object) error {
	for _, key := range sortedKeys(o) {
		c := assignment{index: i, op: op, shown: key, value: o[key], hasValue: true, listed: true}
		if schema != "" {
			c.shown = pathOf(schema, key)
		}
		path, err := ParsePath(key)
		if err != nil || schema != "" && path.Schema != "" {
			a.verdict(c, IgnoredAttribute, "unknown attribute")
			continue
		}
		if schema != "" {
			path.Schema = schema
		}
		c.path = path
		if err := a.assign(c); err != nil {
			return err
		}
	}
	return nil
}

func (a *applier) verdict(c assignment, verdict, note string) {
	a.verdicts = append(a.verdicts, Verdict{Index: c.index, Op: string(c.op), Path: clip(c.shown), Verdict: verdict, Note: note})
}

// assign carries one assignment out.
func (a *applier) assign(c assignment) error {
	fail := func(err error) error {
		if c.listed {
			return err // pathless wraps it; the message names the attribute
		}
		return operationError(c.index, c.op, c.shown, err)
	}
	t, ok := a.rt.resolve(Path{Schema: c.path.Schema, Attr: c.path.Attr, Sub: c.path.Sub})
	if !ok {
		note := "unknown attribute"
		if asciiEqual(c.path.Attr, "password") {
			note = "a password is never stored" // Q24
		}
		a.verdict(c, IgnoredAttribute, note)
		return nil
	}
	if c.op != OpRemove && !c.hasValue {
		return fail(Errorf(400, InvalidValue, "%s needs a value", c.op))
	}
	if t.attr == nil {
		return a.assignExtension(c, t.ext, fail)
	}
	if done, err := a.protected(c, t); done || err != nil {
		if err != nil {
			return fail(err)
		}
		return nil
	}
	if c.path.Filter != nil {
		if !t.attr.MultiValued {
			return fail(Errorf(400, InvalidPath, "%s has a single value and cannot be followed by brackets", target{ext: t.ext, attr: t.attr}.name()))
		}
		if err := c.path.Filter.checkInside(target{ext: t.ext, attr: t.attr}); err != nil {
			return fail(err)
		}
	}
	old := t.container(a.doc)[t.attr.Name]
	if err := a.spend(old, c.value, c.path.Filter); err != nil {
		return fail(err)
	}
	e := editor{target: t, filter: c.path.Filter}
	value, err := e.edit(c.op, old, c.value)
	if err != nil {
		return fail(err)
	}
	if isEmpty(value) && !isEmpty(old) {
		if t.attr.Required && t.ext == nil {
			return fail(Errorf(400, InvalidValue, "%s is required for a %s and cannot be removed or emptied", t.attr.Name, a.rt.Name))
		}
	}
	a.put(t, value)
	switch note := noteText(e.r.notes); {
	case !equalValues(old, value):
		a.verdict(c, Applied, note)
	case note != "":
		a.verdict(c, IgnoredAttribute, note)
	default:
		a.verdict(c, NoChange, "")
	}
	return nil
}

// protected handles attributes that a client does not set: done is true when
// the assignment has its verdict.
func (a *applier) protected(c assignment, t target) (done bool, err error) {
	leaf := t.leaf()
	switch {
	case t.attr.Name == "schemas":
		a.verdict(c, IgnoredAttribute, "schemas follows from the attributes that the resource has")
	case t.attr.readOnly() && !c.listed:
		// RFC 7644 section 3.5.2: readOnly attributes cannot be patched.
		return false, Errorf(400, Mutability, "%s is read-only", t.attr.Name)
	case t.attr.readOnly() || leaf.readOnly():
		a.verdict(c, IgnoredAttribute, "read-only")
	case t.attr.apart:
		return false, Errorf(500, "", "%s cannot be changed together with the other attributes", t.attr.Name)
	case leaf.constant && (c.op == OpRemove || c.value == nil):
		a.verdict(c, NoChange, leaf.Name+" always has a value: replace it with true or false")
	default:
		return false, nil
	}
	return true, nil
}

// assignExtension assigns to a whole extension, named by its URN.
func (a *applier) assignExtension(c assignment, ext *Schema, fail func(error) error) error {
	if c.op == OpRemove || c.op == OpReplace && c.value == nil {
		verdict := NoChange
		if _, ok := a.doc[ext.ID]; ok {
			delete(a.doc, ext.ID)
			verdict = Applied
		}
		a.verdict(c, verdict, "")
		return nil
	}
	if c.value == nil {
		a.verdict(c, NoChange, "")
		return nil
	}
	o, ok := c.value.(Object)
	if !ok {
		return fail(wrongType(ext.ID, "an object", c.value))
	}
	if len(o) == 0 {
		a.verdict(c, NoChange, "no attributes were sent")
		return nil
	}
	if err := a.each(c.index, c.op, ext.ID, o); err != nil {
		return fail(err)
	}
	return nil
}

// put stores the value of an attribute, nil to remove it.
func (a *applier) put(t target, value any) {
	o := t.container(a.doc)
	switch {
	case value != nil && o == nil:
		a.doc[t.ext.ID] = Object{t.attr.Name: value}
	case value != nil:
		o[t.attr.Name] = value
	case o != nil:
		delete(o, t.attr.Name)
		if t.ext != nil && len(o) == 0 {
			delete(a.doc, t.ext.ID)
		}
	}
}

func noteText(notes []Note) string {
	var b strings.Builder
	for _, n := range notes {
		if b.Len() > maxEcho {
			break
		}
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(n.Path + ": " + n.Text)
	}
	return b.String()
}

// size is about the number of bytes of v in JSON.
func size(v any) int {
	switch v := v.(type) {
	case Object:
		n := 2
		for k, e := range v {
			n += len(k) + 4 + size(e)
		}
		return n
	case []any:
		n := 2
		for _, e := range v {
			n += 1 + size(e)
		}
		return n
	case string:
		return len(v) + 2
	}
	return 5
}
