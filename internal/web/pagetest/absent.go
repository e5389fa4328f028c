package pagetest

import (
	"fmt"
	"html/template"
	"reflect"
	"slices"
	"text/template/parse"
)

// Absent returns what a template names that its struct dot, or a function, has not: one
// sentence for each. A template names fields that nobody looks at until the branch they
// stand in is executed, so it is walked through in every branch.
func Absent(t *template.Template, dot reflect.Type, functions template.FuncMap) []string {
	c := &typeCheck{all: t, functions: functions, seen: map[string]bool{}}
	c.template(t.Name(), reflect.PointerTo(dot))
	return c.problems
}

type typeCheck struct {
	all       *template.Template
	functions template.FuncMap
	seen      map[string]bool // templates with the type of their dot
	problems  []string
}

// scope is what names mean at one place. A nil type is one that is not known.
type scope struct {
	dot       reflect.Type
	variables map[string]reflect.Type
}

func (s scope) with(dot reflect.Type) scope {
	inner := scope{dot: dot, variables: map[string]reflect.Type{}}
	for name, kind := range s.variables {
		inner.variables[name] = kind
	}
	return inner
}

func (c *typeCheck) problem(format string, args ...any) {
	if p := fmt.Sprintf(format, args...); !slices.Contains(c.problems, p) {
		c.problems = append(c.problems, p)
	}
}

func (c *typeCheck) template(name string, dot reflect.Type) {
	key := fmt.Sprint(name, " ", dot)
	if c.seen[key] {
		return
	}
	c.seen[key] = true
	found := c.all.Lookup(name)
	if found == nil || found.Tree == nil {
		c.problem("no template %q", name)
		return
	}
	c.node(found.Tree.Root, scope{dot, map[string]reflect.Type{"$": dot}})
}

func (c *typeCheck) node(node parse.Node, s scope) {
	switch n := node.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, child := range n.Nodes {
			c.node(child, s)
		}
	case *parse.ActionNode:
		c.pipe(n.Pipe, s)
	case *parse.IfNode:
		c.pipe(n.Pipe, s)
		c.node(n.List, s.with(s.dot))
		c.node(n.ElseList, s.with(s.dot))
	case *parse.WithNode:
		inner := s.with(nil)
		inner.dot = c.pipe(n.Pipe, inner.with(s.dot))
		c.declare(n.Pipe, inner, inner.dot)
		c.node(n.List, inner)
		c.node(n.ElseList, s.with(s.dot))
	case *parse.RangeNode:
		list := c.value(n.Pipe, s)
		key, element := c.elements(list)
		inner := s.with(element)
		switch len(n.Pipe.Decl) {
		case 1:
			inner.variables[n.Pipe.Decl[0].Ident[0]] = element
		case 2:
			inner.variables[n.Pipe.Decl[0].Ident[0]], inner.variables[n.Pipe.Decl[1].Ident[0]] = key, element
		}
		c.node(n.List, inner)
		c.node(n.ElseList, s.with(s.dot))
	case *parse.TemplateNode:
		c.template(n.Name, c.pipe(n.Pipe, s))
	}
}

func (c *typeCheck) elements(list reflect.Type) (key, element reflect.Type) {
	if list == nil {
		return nil, nil
	}
	switch list = direct(list); list.Kind() {
	case reflect.Slice, reflect.Array:
		return reflect.TypeFor[int](), list.Elem()
	case reflect.Map:
		return list.Key(), list.Elem()
	case reflect.Int:
		return list, list
	}
	c.problem("range over %s", list)
	return nil, nil
}

// pipe returns the type of a pipeline and declares its variables.
func (c *typeCheck) pipe(pipe *parse.PipeNode, s scope) reflect.Type {
	if pipe == nil {
		return nil
	}
	kind := c.value(pipe, s)
	c.declare(pipe, s, kind)
	return kind
}

func (c *typeCheck) declare(pipe *parse.PipeNode, s scope, kind reflect.Type) {
	for _, variable := range pipe.Decl {
		s.variables[variable.Ident[0]] = kind
	}
}

func (c *typeCheck) value(pipe *parse.PipeNode, s scope) reflect.Type {
	var kind reflect.Type
	for _, command := range pipe.Cmds {
		for _, argument := range command.Args[1:] {
			c.argument(argument, s)
		}
		kind = c.argument(command.Args[0], s)
	}
	return kind
}

func (c *typeCheck) argument(node parse.Node, s scope) reflect.Type {
	switch n := node.(type) {
	case *parse.DotNode:
		return s.dot
	case *parse.FieldNode:
		return c.fields(s.dot, n.Ident)
	case *parse.VariableNode:
		return c.fields(s.variables[n.Ident[0]], n.Ident[1:])
	case *parse.ChainNode:
		return c.fields(c.argument(n.Node, s), n.Field)
	case *parse.PipeNode:
		return c.pipe(n, s)
	case *parse.StringNode:
		return reflect.TypeFor[string]()
	case *parse.BoolNode:
		return reflect.TypeFor[bool]()
	case *parse.IdentifierNode:
		if function := c.functions[n.Ident]; function != nil {
			return reflect.TypeOf(function).Out(0)
		}
	}
	return nil // numbers, and functions of the language, whose results are not asked for fields
}

func (c *typeCheck) fields(kind reflect.Type, names []string) reflect.Type {
	for _, name := range names {
		if kind == nil || kind.Kind() == reflect.Interface {
			return nil
		}
		kind = c.field(kind, name)
	}
	return kind
}

func (c *typeCheck) field(kind reflect.Type, name string) reflect.Type {
	pointer := kind
	if kind.Kind() != reflect.Pointer {
		pointer = reflect.PointerTo(kind)
	}
	if method, ok := pointer.MethodByName(name); ok {
		return method.Type.Out(0)
	}
	base := direct(kind)
	if base.Kind() == reflect.Map {
		return base.Elem()
	}
	if base.Kind() == reflect.Struct {
		if field, ok := base.FieldByName(name); ok && field.IsExported() {
			return field.Type
		}
	}
	c.problem("%s has no %s", base.Name(), name)
	return nil
}

func direct(kind reflect.Type) reflect.Type {
	if kind.Kind() == reflect.Pointer {
		return kind.Elem()
	}
	return kind
}
