package mapping

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// The limits of an expression. Microsoft Entra docs, known-issues: the portal takes up
// to 10,000 characters; the depth is ours, far beyond what a person writes.
const (
	MaxExpression = 10_000
	MaxDepth      = 50
)

// SyntaxError says why a text is no expression. Column counts characters from 1; it is
// 0 where no place is to blame.
type SyntaxError struct {
	Column  int
	Message string
}

func (e *SyntaxError) Error() string {
	if e.Column == 0 {
		return e.Message
	}
	return fmt.Sprintf("%s (at character %d)", e.Message, e.Column)
}

// Expression is a parsed expression. It is never changed and safe for concurrent use.
type Expression struct {
	text string
	root node
}

// String is the text that was parsed.
func (e *Expression) String() string { return e.text }

// A node is a part of an expression: one of the types below. A column is where it begins.
type node any

type (
	// attributeNode is [name].
	attributeNode struct{ name string }
	// textNode is "text", a number or a word of an enumeration.
	textNode struct {
		column int
		text   string
	}
	// omittedNode is an argument left out: Switch([x], , "a", "b").
	omittedNode struct{ column int }
	// callNode is Name(arguments).
	callNode struct {
		column   int
		function *function
		args     []node
		pattern  *pattern // of Replace, when it is a constant
	}
	// comparisonNode is left = right, in the condition of IIF and CBool only.
	comparisonNode struct {
		operator    string
		left, right node
	}
)

// Parse reads an expression: a function with its arguments, or only an [attribute] or a
// "constant" as in the schema of a synchronization job. Names of functions are
// case-sensitive. What the functions say about the number of their arguments and about
// constant ones (a regular expression, an interval) is checked here. The error is a
// *[SyntaxError] written for the admin.
//
// Source: Microsoft Entra docs, functions-for-customizing-application-data.
func Parse(expression string) (*Expression, error) {
	p := &parser{text: []rune(expression)}
	if n := len(p.text); n > MaxExpression {
		return nil, &SyntaxError{Message: fmt.Sprintf("the expression has %d characters; at most %d are allowed", n, MaxExpression)}
	}
	root, err := p.argument(0, false)
	if err != nil {
		return nil, err
	}
	switch r, end := p.peek(); {
	case isOmitted(root) && end:
		return nil, &SyntaxError{Message: `the expression is empty; write a function such as ToLower([mail])`}
	case isOmitted(root), !end:
		return nil, p.unexpected(r)
	}
	if text, ok := root.(textNode); ok && p.text[text.column-1] != '"' {
		return nil, &SyntaxError{text.column, fmt.Sprintf(`an expression is a function, an [attribute] or a "constant"; %s alone is none`, clip(text.text))}
	}
	return &Expression{text: expression, root: root}, nil
}

// Attributes are the names of the source attributes that e reads, each once, in the
// order in which they are written.
func (e *Expression) Attributes() []string {
	var names []string
	walk(e.root, func(n node) {
		if a, ok := n.(attributeNode); ok && !slices.Contains(names, a.name) {
			names = append(names, a.name)
		}
	})
	return names
}

// Warnings tell of what Microsoft's page advises against although it is accepted.
func (e *Expression) Warnings() []string {
	var found []string
	tests := []string{"IsPresent", "IsNull", "IsNullOrEmpty"}
	walk(e.root, func(n node) {
		call, ok := n.(*callNode)
		if !ok || len(call.args) == 0 || (call.function.name != "Switch" && call.function.name != "IIF") {
			return
		}
		inner, ok := call.args[0].(*callNode)
		if !ok || !slices.Contains(tests, inner.function.name) {
			return
		}
		found = append(found, fmt.Sprintf(`%s is not supported inside of %s; compare with an empty key instead: Switch([a], [a], "", "value if empty")`, inner.function.name, call.function.name))
	})
	return found
}

// walk visits n and what is in it, from left to right.
func walk(n node, visit func(node)) {
	visit(n)
	switch n := n.(type) {
	case *callNode:
		for _, arg := range n.args {
			walk(arg, visit)
		}
	case *comparisonNode:
		walk(n.left, visit)
		walk(n.right, visit)
	}
}

func isOmitted(n node) bool {
	_, ok := n.(omittedNode)
	return ok
}

type parser struct {
	text []rune
	pos  int
}

// peek skips white space and returns the next character; end when there is none.
func (p *parser) peek() (r rune, end bool) {
	for p.pos < len(p.text) && unicode.IsSpace(p.text[p.pos]) {
		p.pos++
	}
	if p.pos == len(p.text) {
		return 0, true
	}
	return p.text[p.pos], false
}

func (p *parser) fail(column int, format string, args ...any) error {
	return &SyntaxError{column, fmt.Sprintf(format, args...)}
}

func (p *parser) unexpected(r rune) error {
	if p.pos >= len(p.text) {
		return p.fail(p.pos+1, "the expression ends too early; is a closing parenthesis missing?")
	}
	switch r {
	case '=', '<', '>':
		return p.fail(p.pos+1, "a comparison stands in the condition of IIF or CBool only")
	case '“', '”', '‘', '’', '\'':
		return p.fail(p.pos+1, `%q is no quotation mark of an expression; constants stand in "straight" double ones`, r)
	}
	return p.fail(p.pos+1, "unexpected %q", r)
}

// argument reads one argument, or a comparison of two where compare allows it.
func (p *parser) argument(depth int, compare bool) (node, error) {
	left, err := p.operand(depth)
	if err != nil || !compare || isOmitted(left) {
		return left, err
	}
	column, operator := p.operator()
	if operator == "" {
		return left, nil
	}
	right, err := p.operand(depth)
	if err != nil {
		return nil, err
	}
	if isOmitted(right) {
		return nil, p.fail(column, "the comparison %s has no right side", operator)
	}
	return &comparisonNode{operator: operator, left: left, right: right}, nil
}

func (p *parser) operator() (column int, operator string) {
	p.peek()
	for _, operator := range []string{"<>", ">=", "<=", "=", ">", "<"} {
		if strings.HasPrefix(string(p.text[p.pos:min(p.pos+2, len(p.text))]), operator) {
			p.pos += len(operator)
			return p.pos - len(operator) + 1, operator
		}
	}
	return 0, ""
}

// operand reads anything but a comparison; an omittedNode when nothing is there.
func (p *parser) operand(depth int) (node, error) {
	if depth > MaxDepth {
		return nil, p.fail(p.pos+1, "functions are nested more than %d deep", MaxDepth)
	}
	r, end := p.peek()
	column := p.pos + 1
	switch {
	case end, r == ',', r == ')':
		return omittedNode{column}, nil
	case r == '[':
		return p.attribute()
	case r == '"':
		return p.constant()
	case r == '&', r == '-', '0' <= r && r <= '9':
		return p.number()
	case isWord(r):
		return p.word(depth)
	}
	return nil, p.unexpected(r)
}

func (p *parser) attribute() (node, error) {
	column := p.pos + 1
	end := slices.Index(p.text[p.pos:], ']')
	if end < 0 {
		return nil, p.fail(column, "the attribute has no closing bracket")
	}
	name := strings.TrimSpace(string(p.text[p.pos+1 : p.pos+end]))
	p.pos += end + 1
	if name == "" || strings.ContainsAny(name, `["`) {
		return nil, p.fail(column, "[%s] names no attribute", clip(name))
	}
	return attributeNode{name}, nil
}

// constant reads "…", in which a backslash and a quotation mark are written with a
// backslash before them.
func (p *parser) constant() (node, error) {
	column := p.pos + 1
	var text strings.Builder
	for p.pos++; p.pos < len(p.text); p.pos++ {
		switch r := p.text[p.pos]; r {
		case '"':
			p.pos++
			return textNode{column, text.String()}, nil
		case '\\':
			if p.pos++; p.pos == len(p.text) || (p.text[p.pos] != '\\' && p.text[p.pos] != '"') {
				return nil, p.fail(p.pos, `a backslash in a constant is written \\, a quotation mark \"`)
			}
			text.WriteRune(p.text[p.pos])
		default:
			text.WriteRune(r)
		}
	}
	return nil, p.fail(column, "the constant has no closing quotation mark")
}

// number reads 3, -10, 1.5 or &HF, which stands for 15.
func (p *parser) number() (node, error) {
	start := p.pos
	for p.pos++; p.pos < len(p.text) && (isWord(p.text[p.pos]) || p.text[p.pos] == '.'); p.pos++ {
	}
	text := string(p.text[start:p.pos])
	if hex, ok := strings.CutPrefix(strings.ToUpper(text), "&H"); ok {
		n, err := strconv.ParseInt(hex, 16, 64)
		if err != nil {
			return nil, p.fail(start+1, "%s is no hexadecimal number", clip(text))
		}
		return textNode{start + 1, strconv.FormatInt(n, 10)}, nil
	}
	if _, ok := number(text); !ok {
		return nil, p.fail(start+1, "%s is no number; a text stands in double quotation marks", clip(text))
	}
	return textNode{start + 1, text}, nil
}

// enumeration are the words that stand for themselves.
var enumeration = []string{"vbTextCompare", "vbBinaryCompare"}

func (p *parser) word(depth int) (node, error) {
	start := p.pos
	for p.pos < len(p.text) && isWord(p.text[p.pos]) {
		p.pos++
	}
	name := string(p.text[start:p.pos])
	r, end := p.peek()
	if end || r != '(' {
		switch {
		case slices.Contains(enumeration, name):
			return textNode{start + 1, name}, nil
		case strings.EqualFold(name, "and"), strings.EqualFold(name, "or"):
			return nil, p.fail(start+1, "%s is not supported; nest one IIF in another", clip(name))
		}
		return nil, p.fail(start+1, `%s is neither a function nor in brackets or quotation marks; write [%[1]s] for an attribute, "%[1]s" for a text`, clip(name))
	}
	f := functionByName(name)
	if f == nil {
		return nil, p.fail(start+1, "%s", unknownFunction(name))
	}
	call := &callNode{column: start + 1, function: f}
	if err := p.arguments(call, depth+1); err != nil {
		return nil, err
	}
	return call, call.check(depth)
}

// arguments reads "(a, b, …)" into call. Name() has none; an argument may be empty.
func (p *parser) arguments(call *callNode, depth int) error {
	p.pos++
	if r, end := p.peek(); !end && r == ')' {
		p.pos++
		return nil
	}
	for {
		compare := len(call.args) == 0 && call.function.condition
		arg, err := p.argument(depth, compare)
		if err != nil {
			return err
		}
		call.args = append(call.args, arg)
		r, end := p.peek()
		switch {
		case !end && r == ',':
			p.pos++
		case !end && r == ')':
			p.pos++
			return nil
		case !end && compare && isWord(r):
			return p.fail(p.pos+1, "%s takes one comparison: AND and OR are not supported; nest one IIF in another", call.function.name)
		default:
			return p.unexpected(r)
		}
	}
}

func isWord(r rune) bool {
	return r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// number reads a decimal number.
func number(text string) (float64, bool) {
	digits := strings.TrimPrefix(text, "-")
	if digits == "" || strings.Trim(digits, "0123456789.") != "" || strings.HasPrefix(digits, ".") || strings.HasSuffix(digits, ".") {
		return 0, false
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil
}
