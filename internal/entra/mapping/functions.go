package mapping

import (
	"fmt"
	"slices"
	"strings"
)

// function is one function of expressions. Unless its own comment says otherwise it
// gives null when its source is null: an attribute that is absent stays absent.
type function struct {
	name      string
	params    []param
	repeat    int  // how many of the last parameters may come again and again
	condition bool // the first argument may be a comparison
	roles     bool // has bodies of its own
	eval      func(arguments) (Value, error)
	check     func(*callNode) error // of constant arguments, when the expression is parsed; may be nil
}

type param struct {
	name     string
	optional bool
}

func required(names ...string) []param {
	var list []param
	for _, name := range names {
		list = append(list, param{name: name})
	}
	return list
}

func optional(list []param, names ...string) []param {
	for _, name := range names {
		list = append(list, param{name, true})
	}
	return list
}

// functions is every function, in the order of the page that describes them: Microsoft
// Entra docs, functions-for-customizing-application-data. The three about
// appRoleAssignments: customize-application-attributes.
var functions = []*function{
	{name: "Append", params: required("source", "suffix"), eval: evalAppend},
	{name: "AppRoleAssignmentsComplex", params: required("[appRoleAssignments]"), roles: true, eval: evalRoles, check: checkRoles},
	{name: "AssertiveAppRoleAssignmentsComplex", params: required("[appRoleAssignments]"), roles: true, eval: evalRoles, check: checkRoles},
	{name: "BitAnd", params: required("value1", "value2"), eval: evalBitAnd},
	{name: "CBool", params: required("expression"), condition: true, eval: evalCBool},
	{name: "CDate", params: required("expression"), eval: evalCDate},
	{name: "Coalesce", params: required("source"), repeat: 1, eval: evalCoalesce},
	{name: "ConvertToBase64", params: required("source"), eval: onText(convertToBase64)},
	{name: "ConvertToUTF8Hex", params: required("source"), eval: onText(convertToUTF8Hex)},
	{name: "Count", params: required("attribute"), eval: evalCount},
	{name: "CStr", params: required("value"), eval: func(a arguments) (Value, error) { return a.single(0) }},
	{name: "DateAdd", params: required("interval", "value", "dateTime"), eval: evalDateAdd, check: checkInterval},
	{name: "DateDiff", params: required("interval", "date1", "date2"), eval: evalDateDiff, check: checkInterval},
	{name: "DateFromNum", params: required("value"), eval: evalDateFromNum},
	{name: "FormatDateTime", params: []param{{"source", false}, {"dateTimeStyles", true}, {"inputFormat", false}, {"outputFormat", false}}, eval: evalFormatDateTime, check: checkFormats},
	{name: "Guid", eval: evalGuid},
	{name: "IgnoreFlowIfNullOrEmpty", params: required("expression"), eval: evalIgnoreFlow},
	{name: "IIF", params: required("condition", "valueIfTrue", "valueIfFalse"), condition: true, eval: evalIIF, check: checkIIF},
	{name: "InStr", params: optional(required("value1", "value2"), "start", "compareType"), eval: evalInStr, check: checkInStr},
	{name: "IsNull", params: required("expression"), eval: onValue(func(v Value) Value { return Bool(v.IsNull()) })},
	{name: "IsNullOrEmpty", params: required("expression"), eval: onValue(func(v Value) Value { return Bool(v.isEmpty()) })},
	{name: "IsPresent", params: required("expression"), eval: onValue(func(v Value) Value { return Bool(!v.isEmpty()) })},
	{name: "IsString", params: required("expression"), eval: onValue(func(v Value) Value { return Bool(len(v.texts) == 1) })},
	{name: "Item", params: required("attribute", "index"), eval: evalItem},
	{name: "Join", params: required("separator", "source"), repeat: 1, eval: evalJoin},
	{name: "Left", params: required("string", "numChars"), eval: evalLeft},
	{name: "Mid", params: required("source", "start", "length"), eval: evalMid},
	{name: "NormalizeDiacritics", params: required("source"), eval: onText(normalizeDiacritics)},
	{name: "Not", params: required("source"), eval: onValue(func(v Value) Value { return Bool(!strings.EqualFold(v.Text(), "true")) })},
	{name: "Now", eval: evalNow},
	{name: "NumFromDate", params: required("value"), eval: evalNumFromDate},
	{name: "PCase", params: optional(required("source"), "wordSeparators"), eval: evalPCase},
	{name: "RandomString", params: optional(required("length", "minimumNumbers", "minimumSpecialCharacters", "minimumCapital", "minimumLowerCase"), "charactersToAvoid"), eval: evalRandomString},
	{name: "Redact", params: required("value"), eval: evalRedact},
	{name: "RemoveDuplicates", params: required("attribute"), eval: onValue(removeDuplicates)},
	{name: "Replace", params: optional(required("source"), "oldValue", "regexPattern", "regexGroupName", "replacementValue", "replacementAttributeName", "template"), eval: evalReplace, check: checkReplace},
	{name: "SelectUniqueValue", params: required("uniqueValueRule", "uniqueValueRule"), repeat: 1, check: refuseSelectUniqueValue},
	{name: "SingleAppRoleAssignment", params: required("[appRoleAssignments]"), eval: evalSingleRole, check: checkRoles},
	{name: "Split", params: required("source", "delimiter"), eval: evalSplit},
	{name: "StripSpaces", params: required("source"), eval: onText(func(s string) Value { return String(strings.ReplaceAll(s, " ", "")) })},
	{name: "Switch", params: []param{{"source", false}, {"defaultValue", true}, {"key", false}, {"value", false}}, repeat: 2, eval: evalSwitch, check: checkSwitch},
	{name: "ToLower", params: optional(required("source"), "culture"), eval: evalToLower},
	{name: "ToUpper", params: optional(required("source"), "culture"), eval: evalToUpper},
	{name: "Word", params: required("string", "wordNumber", "delimiters"), eval: evalWord},
}

// Functions are the names of all functions, for whoever lists them.
func Functions() []string {
	var names []string
	for _, f := range functions {
		names = append(names, f.name)
	}
	return names
}

// Signature is how a function is written, e.g. "InStr(value1, value2, [start], [compareType])";
// "" when there is no such function.
func Signature(name string) string {
	f := functionByName(name)
	if f == nil {
		return ""
	}
	var params []string
	for _, p := range f.params {
		if p.optional && f.repeat == 0 {
			p.name = "[" + p.name + "]"
		}
		params = append(params, p.name)
	}
	if f.repeat > 0 {
		params = append(params, "…")
	}
	return f.name + "(" + strings.Join(params, ", ") + ")"
}

func functionByName(name string) *function {
	i := slices.IndexFunc(functions, func(f *function) bool { return f.name == name })
	if i < 0 {
		return nil
	}
	return functions[i]
}

func unknownFunction(name string) string {
	for _, f := range functions {
		if strings.EqualFold(f.name, name) {
			return fmt.Sprintf("there is no function %s; names are case-sensitive: write %s", clip(name), f.name)
		}
	}
	return fmt.Sprintf("there is no function %s", clip(name))
}

// param is the parameter of argument i; the last ones repeat.
func (f *function) param(i int) param {
	for i >= len(f.params) && f.repeat > 0 {
		i -= f.repeat
	}
	if i >= len(f.params) {
		return param{name: fmt.Sprintf("argument %d", i+1)}
	}
	return f.params[i]
}

// check judges a call when the expression is parsed.
func (c *callNode) check(int) error {
	f, n := c.function, len(c.args)
	needed := len(f.params)
	for needed > 0 && f.repeat == 0 && f.params[needed-1].optional {
		needed--
	}
	wanted := Signature(f.name)
	switch {
	case n < needed:
		return &SyntaxError{c.column, fmt.Sprintf("%s has %s; the argument %s is missing", wanted, count(n), f.param(n).name)}
	case f.repeat == 0 && n > len(f.params):
		return &SyntaxError{c.column, fmt.Sprintf("%s has %s, which are too many", wanted, count(n))}
	}
	for i, arg := range c.args {
		if omitted, ok := arg.(omittedNode); ok && !f.param(i).optional {
			return &SyntaxError{omitted.column, fmt.Sprintf("%s: the argument %s is empty", wanted, f.param(i).name)}
		}
	}
	if f.check == nil {
		return nil
	}
	if err := f.check(c); err != nil {
		return &SyntaxError{c.column, err.Error()}
	}
	return nil
}

func count(arguments int) string {
	if arguments == 1 {
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", arguments)
}

// constant is argument i when it is written as a text or a number.
func (c *callNode) constant(i int) (string, bool) {
	if i >= len(c.args) {
		return "", false
	}
	text, ok := c.args[i].(textNode)
	return text.text, ok
}

// onText makes a function of one text.
func onText(f func(string) Value) func(arguments) (Value, error) {
	return func(a arguments) (Value, error) {
		source, err := a.single(0)
		if err != nil || source.IsNull() {
			return Null(), err
		}
		return f(source.Text()), nil
	}
}

// onValue makes a function of one value of any kind, null included.
func onValue(f func(Value) Value) func(arguments) (Value, error) {
	return func(a arguments) (Value, error) {
		value, err := a.value(0)
		if err != nil {
			return Null(), err
		}
		return f(value), nil
	}
}
