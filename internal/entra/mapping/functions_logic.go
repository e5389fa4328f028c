package mapping

import (
	"errors"
	"strconv"
)

// evalCBool is True for a comparison that holds, for True and for a number that is not 0.
func evalCBool(a arguments) (Value, error) {
	value, err := a.single(0)
	return Bool(truth(value)), err
}

func evalBitAnd(a arguments) (Value, error) {
	left, leftNull, err := a.integer(0)
	if err != nil {
		return Null(), err
	}
	right, rightNull, err := a.integer(1)
	if err != nil || leftNull || rightNull {
		return Null(), err
	}
	return String(strconv.FormatInt(left&right, 10)), nil
}

// evalCoalesce gives the first argument that is not null; the last one is the default.
func evalCoalesce(a arguments) (Value, error) {
	for i := range a.len() {
		if value, err := a.value(i); err != nil || !value.IsNull() {
			return value, err
		}
	}
	return Null(), nil
}

// evalIIF: when an attribute in the condition is null or empty, the condition fails,
// whatever is asked of it; so says the page's list of known limitations.
func evalIIF(a arguments) (Value, error) {
	before := a.ev.empty
	a.ev.empty = false
	condition, err := a.single(0)
	empty := a.ev.empty
	a.ev.empty = before || empty
	if err != nil {
		return Null(), err
	}
	if truth(condition) && !empty {
		return a.value(1)
	}
	return a.value(2)
}

func checkIIF(c *callNode) error {
	if condition, ok := c.constant(0); ok && !truth(String(condition)) && condition != "0" && condition != "False" {
		return c.fail(`the condition %q is neither true nor false; compare something, as in IIF([country]="USA", …)`, clip(condition))
	}
	return nil
}

// evalIgnoreFlow marks the attribute as left out when what it holds is null or empty.
func evalIgnoreFlow(a arguments) (Value, error) {
	value, err := a.value(0)
	if err == nil && value.isEmpty() {
		a.ev.ignore = true
	}
	return value, err
}

func evalRedact(a arguments) (Value, error) {
	a.ev.redacted = true
	return a.value(0)
}

// evalSwitch compares with the case. An empty key is met by an attribute that is empty
// or null, which the page recommends instead of IsNullOrEmpty.
func evalSwitch(a arguments) (Value, error) {
	source, err := a.text(0)
	if err != nil {
		return Null(), err
	}
	for i := 2; i < a.len(); i += 2 {
		key, err := a.single(i)
		if err != nil {
			return Null(), err
		}
		if !key.IsNull() && key.Text() == source {
			return a.value(i + 1)
		}
	}
	return a.value(1)
}

func checkSwitch(c *callNode) error {
	if len(c.args)%2 != 0 {
		return c.fail("keys and values come in pairs after the source and the default, but there are %s; leave the default empty if there is none: Switch([a], , \"key\", \"value\")", count(len(c.args)))
	}
	return nil
}

func refuseSelectUniqueValue(*callNode) error {
	return errors.New("SelectUniqueValue is not supported for this application: it works only when provisioning from an HR system into Active Directory")
}
