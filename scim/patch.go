package scim

import (
	"fmt"
	"strings"
)

// PatchOp is what an operation does (RFC 7644 section 3.5.2).
type PatchOp string

// The operations, as RFC 7644 writes them.
const (
	OpAdd     PatchOp = "add"
	OpReplace PatchOp = "replace"
	OpRemove  PatchOp = "remove"
)

// Operation is one operation of a Patch.
type Operation struct {
	Op       PatchOp
	RawPath  string // as sent, "" when there was none
	Path     *Path  // nil when there was none
	Value    any    // as decoded; nil for null and for none
	HasValue bool   // whether there was a value, null included
}

// Patch is the body of a PATCH request.
type Patch struct {
	Operations []Operation
	// places are those of Operations in the patch that they were split from; nil:
	// their own.
	places []int
}

// place returns where operation i stood in the request.
func (p *Patch) place(i int) int {
	if i < len(p.places) {
		return p.places[i]
	}
	return i
}

// ParsePatch reads the body of a PATCH request. Of the envelope only Operations
// counts: schemas may be missing or wrong, names and operations may be in any
// case, other members are ignored (Q1, Q20, Q21). No operations at all is a
// patch that changes nothing. Every error names the operation, counted from 1,
// and its path.
func ParsePatch(body Object) (*Patch, error) {
	v, ok := get(body, "Operations")
	if !ok {
		return nil, Errorf(400, InvalidSyntax, `a PATCH body needs a list "Operations"; this one has none`)
	}
	var list []any
	switch v := v.(type) {
	case nil:
	case []any:
		list = v
	case Object:
		list = []any{v}
	default:
		return nil, Errorf(400, InvalidSyntax, `"Operations" must be a list of operations; %s was sent`, quoteAny(v))
	}
	if len(list) > MaxPatchOperations {
		return nil, Errorf(400, TooMany, "the PATCH has %d operations; at most %d are accepted in one request", len(list), MaxPatchOperations)
	}
	p := &Patch{Operations: make([]Operation, len(list))}
	for i, e := range list {
		o, ok := e.(Object)
		if !ok {
			return nil, Errorf(400, InvalidSyntax, "operation %d must be an object; %s was sent", i+1, quoteAny(e))
		}
		if err := p.Operations[i].parse(i, o); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (op *Operation) parse(index int, o Object) error {
	v, _ := get(o, "op")
	name, _ := v.(string)
	switch {
	case asciiEqual(name, string(OpAdd)):
		op.Op = OpAdd
	case asciiEqual(name, string(OpReplace)):
		op.Op = OpReplace
	case asciiEqual(name, string(OpRemove)):
		op.Op = OpRemove
	default:
		return Errorf(400, InvalidSyntax, `operation %d has op %s; it must be "add", "replace" or "remove"`, index+1, quoteAny(v))
	}
	op.Value, op.HasValue = get(o, "value")
	v, _ = get(o, "path")
	if v == nil {
		return nil
	}
	s, ok := v.(string)
	if !ok {
		return Errorf(400, InvalidPath, "operation %d (%s) has a path that is not a string: %s", index+1, op.Op, quoteAny(v))
	}
	if s = strings.Trim(s, " \t\r\n"); s == "" {
		return nil
	}
	op.RawPath = s
	path, err := ParsePath(s)
	if err != nil {
		return operationError(index, op.Op, s, err)
	}
	op.Path = &path
	return nil
}

// operationError says which operation err is about.
func operationError(index int, op PatchOp, path string, err error) *Error {
	where := strings.TrimRight(fmt.Sprintf("operation %d (%s %s", index+1, op, clip(path)), " ") + ")"
	if e, ok := err.(*Error); ok {
		return Errorf(e.Status, e.Type, "%s: %s", where, e.Detail)
	}
	return Errorf(500, "", "%s: %s", where, err)
}

// The values of Verdict.Verdict.
const (
	Applied          = "applied"
	NoChange         = "no change"
	IgnoredAttribute = "ignored attribute"
	SkippedMember    = "skipped member"
)

// Verdict says what became of an operation, or of one attribute of an operation
// without a path, for the request log:
//
//	{"op":"replace","path":"nickname2","verdict":"ignored attribute","note":"unknown attribute"}
type Verdict struct {
	Index   int    `json:"-"`    // of the operation in the request, from 0
	Op      string `json:"op"`   // add, replace or remove
	Path    string `json:"path"` // as the client wrote it
	Verdict string `json:"verdict"`
	Note    string `json:"note,omitempty"`
}
