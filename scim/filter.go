package scim

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Op is what a node of a Filter does.
type Op uint8

// The operators of RFC 7644 section 3.4.2.2.
const (
	Eq Op = iota + 1
	Ne
	Co
	Sw
	Ew
	Gt
	Ge
	Lt
	Le
	Pr
	And
	Or
	Not
	ValuePath
)

var opNames = [...]string{Eq: "eq", Ne: "ne", Co: "co", Sw: "sw", Ew: "ew", Gt: "gt", Ge: "ge", Lt: "lt",
	Le: "le", Pr: "pr", And: "and", Or: "or", Not: "not", ValuePath: "[]"}

// String returns the operator as it is written in a filter.
func (op Op) String() string {
	if int(op) < len(opNames) {
		return opNames[op]
	}
	return "op(" + strconv.Itoa(int(op)) + ")"
}

// Filter is a filter expression as a tree. What the fields mean follows from Op:
//
//   - Eq … Le: Path is compared with Value (string, bool, json.Number, or nil
//     for null); Pr has a Path and no Value.
//   - And, Or: both Left and Right. "a and b and c" is And(And(a, b), c).
//   - Not: Left.
//   - ValuePath: Path.Attr has a value that fulfils Left, whose paths are
//     sub-attributes. With Entra's form emails[type eq "work"].value eq "x"
//     the same value must also fulfil Right: Right is the comparison
//     value eq "x" on the element, and Path.Sub repeats the name.
//
// Path.Filter is never set in a Filter. A nil *Filter matches everything.
type Filter struct {
	Op          Op
	Path        Path
	Value       any
	Left, Right *Filter
}

// String returns the filter in the form of RFC 7644, values in quotes,
// parentheses only where they are needed. ParseFilter of it gives an equal
// filter.
func (f *Filter) String() string {
	if f == nil {
		return ""
	}
	var b strings.Builder
	f.write(&b)
	return b.String()
}

func (f *Filter) write(b *strings.Builder) {
	switch f.Op {
	case And, Or:
		f.Left.writeOperand(b, f.Left.Op == Or && f.Op == And)
		b.WriteByte(' ')
		b.WriteString(f.Op.String())
		b.WriteByte(' ')
		f.Right.writeOperand(b, f.Right.Op == Or || f.Right.Op == And && f.Op == And)
	case Not:
		b.WriteString("not ")
		f.Left.writeOperand(b, true)
	case ValuePath:
		Path{Schema: f.Path.Schema, Attr: f.Path.Attr, Filter: f.Left}.write(b)
		if f.Right != nil {
			b.WriteByte('.')
			f.Right.write(b)
		}
	default:
		f.Path.write(b)
		b.WriteByte(' ')
		b.WriteString(f.Op.String())
		if f.Op != Pr {
			b.WriteByte(' ')
			b.Write(appendValue(nil, f.Value))
		}
	}
}

func (f *Filter) writeOperand(b *strings.Builder, parentheses bool) {
	if !parentheses {
		f.write(b)
		return
	}
	b.WriteByte('(')
	f.write(b)
	b.WriteByte(')')
}

// nodes counts the nodes of the tree.
func (f *Filter) nodes() int {
	if f == nil {
		return 0
	}
	return 1 + f.Left.nodes() + f.Right.nodes()
}

// Equality reports whether the whole filter is attr eq "value", so that an
// index can answer it. attr is a lower-case name like "username" or
// "name.familyname"; the filter may write it in any case and with the URN of
// the core schemas. The value is as the client sent it: whether case counts is
// the attribute's matter.
func (f *Filter) Equality(attr string) (value string, ok bool) {
	if f == nil || f.Op != Eq || f.Value == nil {
		return "", false
	}
	if s := f.Path.Schema; s != "" && !asciiEqual(s, UserURN) && !asciiEqual(s, GroupURN) {
		return "", false
	}
	name, sub, _ := strings.Cut(attr, ".")
	if !asciiEqual(f.Path.Attr, name) || !asciiEqual(f.Path.Sub, sub) {
		return "", false
	}
	return text(f.Value), true
}

// Conjuncts returns the filters that must all hold, flattening the "and"s at
// the top. A nil filter has none.
func (f *Filter) Conjuncts() []*Filter {
	if f == nil {
		return nil
	}
	if f.Op != And {
		return []*Filter{f}
	}
	return append(f.Left.Conjuncts(), f.Right.Conjuncts()...)
}

// text is the value of a comparison as a string: what an unquoted true or 42
// means where the attribute holds text.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return string(v)
	}
	return ""
}
