package mapping

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The most bytes and texts that any part of an expression may give: attributes of a
// directory are far below, and an evaluation stays short whatever is nested in what.
const (
	maxResult = 128 << 10
	maxTexts  = 10_000
)

// Result is what an expression gives for one object.
type Result struct {
	Value    Value
	Ignore   bool // IgnoreFlowIfNullOrEmpty: the attribute is left out of the flow
	Redacted bool // Redact: the value is sent, the logs show [Redact]
	// Roles is the function around the whole expression when it is
	// AppRoleAssignmentsComplex or AssertiveAppRoleAssignmentsComplex, which have bodies
	// of their own; else "".
	Roles string
}

// evaluation is one run of an expression.
type evaluation struct {
	env      Env
	ignore   bool
	redacted bool
	matching int  // what patterns have cost so far, see maxMatching
	empty    bool // an attribute that was null or empty has been read
}

// Eval evaluates e for the object behind env. The error says which function refused
// what; nothing is sent then. It takes time in proportion to the expression's length and
// the attributes' sizes.
func (e *Expression) Eval(env Env) (Result, error) {
	ev := &evaluation{env: env}
	value, err := ev.eval(e.root)
	if err != nil {
		return Result{}, err
	}
	result := Result{Value: value, Ignore: ev.ignore, Redacted: ev.redacted}
	if call, ok := e.root.(*callNode); ok && call.function.roles {
		result.Roles = call.function.name
	}
	return result, nil
}

// Eval parses and evaluates an expression.
func Eval(expression string, env Env) (Result, error) {
	e, err := Parse(expression)
	if err != nil {
		return Result{}, err
	}
	return e.Eval(env)
}

func (ev *evaluation) eval(n node) (Value, error) {
	switch n := n.(type) {
	case textNode:
		return String(n.text), nil
	case attributeNode:
		return ev.attribute(n)
	case *comparisonNode:
		holds, err := ev.compare(n)
		return Bool(holds), err
	case *callNode:
		value, err := n.function.eval(arguments{ev, n})
		if err != nil {
			return Null(), err
		}
		return value, n.tooBig(value.texts...)
	default: // omitted
		return Null(), nil
	}
}

func (ev *evaluation) attribute(n attributeNode) (Value, error) {
	value, known := Null(), false
	if ev.env.Attribute != nil {
		value, known = ev.env.Attribute(n.name)
	}
	if !known {
		return Null(), fmt.Errorf("the directory has no attribute [%s]; names of attributes are case-sensitive", clip(n.name))
	}
	if value.isEmpty() {
		ev.empty = true
	}
	return value, nil
}

// compare evaluates a comparison. Texts are compared with their case; two numbers and
// two dates as Now() writes them by their size. null equals null alone, and is neither
// greater nor less than anything.
func (ev *evaluation) compare(n *comparisonNode) (bool, error) {
	left, err := ev.single(n.left)
	if err != nil {
		return false, err
	}
	right, err := ev.single(n.right)
	if err != nil {
		return false, err
	}
	if left.IsNull() || right.IsNull() {
		both := left.IsNull() && right.IsNull()
		return n.operator == "=" && both || n.operator == "<>" && !both, nil
	}
	order := strings.Compare(left.Text(), right.Text())
	if a, ok := number(left.Text()); ok {
		if b, ok := number(right.Text()); ok {
			order = cmp.Compare(a, b)
		}
	} else if a, err := time.Parse(dateTimeLayout, left.Text()); err == nil {
		if b, err := time.Parse(dateTimeLayout, right.Text()); err == nil {
			order = a.Compare(b)
		}
	}
	switch n.operator {
	case "=":
		return order == 0, nil
	case "<>":
		return order != 0, nil
	case ">":
		return order > 0, nil
	case ">=":
		return order >= 0, nil
	case "<":
		return order < 0, nil
	default: // <=
		return order <= 0, nil
	}
}

// single evaluates n, which may not give several texts.
func (ev *evaluation) single(n node) (Value, error) {
	value, err := ev.eval(n)
	if err == nil && len(value.texts) > 1 {
		return Null(), fmt.Errorf("a comparison needs one text on each side; there are %d: take one with Item", len(value.texts))
	}
	return value, err
}

// truth is what a condition means: a comparison, True or False, or a number that is not 0.
func truth(v Value) bool {
	if n, ok := number(v.Text()); ok {
		return n != 0
	}
	return strings.EqualFold(v.Text(), "true")
}

// arguments are those of one call, evaluated when asked for.
type arguments struct {
	ev   *evaluation
	call *callNode
}

func (a arguments) len() int { return len(a.call.args) }

// given reports whether argument i is written down, be it as "".
func (a arguments) given(i int) bool { return i < len(a.call.args) && !isOmitted(a.call.args[i]) }

// value is argument i, null when it is left out.
func (a arguments) value(i int) (Value, error) {
	if !a.given(i) {
		return Null(), nil
	}
	return a.ev.eval(a.call.args[i])
}

// single is argument i, which may not be several texts.
func (a arguments) single(i int) (Value, error) {
	value, err := a.value(i)
	if err == nil && len(value.texts) > 1 {
		return Null(), a.fail("%s must be one text; it has %d: take one with Item, or combine them with Join", a.name(i), len(value.texts))
	}
	return value, err
}

// text is argument i; "" for null.
func (a arguments) text(i int) (string, error) {
	value, err := a.single(i)
	return value.Text(), err
}

// integer is argument i as a whole number.
func (a arguments) integer(i int) (n int64, null bool, err error) {
	value, err := a.single(i)
	if err != nil || value.IsNull() {
		return 0, true, err
	}
	n, parseErr := strconv.ParseInt(value.Text(), 10, 64)
	if hex, ok := strings.CutPrefix(strings.ToUpper(value.Text()), "&H"); ok {
		n, parseErr = strconv.ParseInt(hex, 16, 64)
	}
	if parseErr != nil {
		return 0, false, a.fail("%s must be a whole number; it is %q", a.name(i), clip(value.Text()))
	}
	return n, false, nil
}

// name is how messages call argument i.
func (a arguments) name(i int) string { return a.call.function.param(i).name }

func (a arguments) fail(format string, args ...any) error { return a.call.fail(format, args...) }

// fail blames the call.
func (c *callNode) fail(format string, args ...any) error {
	return fmt.Errorf(c.function.name+": "+format, args...)
}

// tooBig refuses results beyond the limits.
func (c *callNode) tooBig(texts ...string) error {
	size := 0
	for _, text := range texts {
		size += len(text)
	}
	return c.tooLong(size, len(texts))
}

func (c *callNode) tooLong(size, texts int) error {
	if size > maxResult || texts > maxTexts {
		return c.fail("the result is too long: at most %d bytes and %d values are allowed", maxResult, maxTexts)
	}
	return nil
}
