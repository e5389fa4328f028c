package portal

import (
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/internal/web/words"
)

// expressionPage is the expression builder's test (Microsoft Entra docs,
// "expression-builder"): an expression, an object, and what comes of it.
type expressionPage struct {
	frame
	Action     string
	Expression string
	Object     formField
	Users      bool
	Tried      bool
	Result     mapping.Value
	Ignore     bool
	Redacted   bool
	Warnings   []string
	Read       []readAttribute // what the expression read
	Functions  []functionHelp
}

type readAttribute struct {
	Name, Value string
}

type functionHelp struct{ Name, Signature string }

func (in inMapping) expressionPage(x *exchange, expression, object string) *expressionPage {
	page := &expressionPage{
		frame: in.frame(x, "Expression Builder"), Action: in.url("/expression"), Expression: expression, Users: in.set == "users",
		Object: formField{Name: "object", Label: "Select a user", Value: object, Max: 256, Help: "A user principal name or an object ID. Empty: an object all of whose attributes are null."},
	}
	if !page.Users {
		page.Object.Label, page.Object.Help = "Select a group", "A group's name or object ID. Empty: an object all of whose attributes are null."
	}
	for _, name := range mapping.Functions() {
		page.Functions = append(page.Functions, functionHelp{name, mapping.Signature(name)})
	}
	return page
}

func (p *Portal) expression(x *exchange) error {
	in, err := p.mappingOf(x)
	if err != nil {
		return err
	}
	return x.show(in.expressionPage(x, x.query("expression"), ""))
}

func (p *Portal) tryExpression(x *exchange) error {
	in, err := p.mappingOf(x)
	if err != nil {
		return err
	}
	page := in.expressionPage(x, x.value("expression"), x.value("object"))
	attribute, err := p.attributesOf(x, in, page.Object.Value)
	if err != nil {
		return x.again(page, err)
	}
	parsed, err := mapping.Parse(page.Expression)
	if err == nil {
		page.Warnings = parsed.Warnings()
		for _, name := range parsed.Attributes() {
			value, ok := attribute(name)
			shown := value.String()
			if !ok {
				shown = "no such attribute"
			}
			page.Read = append(page.Read, readAttribute{name, shown})
		}
		var result mapping.Result
		result, err = parsed.Eval(mapping.Env{Attribute: attribute, Now: x.now, Random: p.random})
		page.Tried, page.Result, page.Ignore, page.Redacted = err == nil, result.Value, result.Ignore, result.Redacted
	}
	if err != nil {
		page.Problem, page.Status = words.Sentence(err.Error()), http.StatusBadRequest
	}
	return x.show(page)
}

// attributesOf is what an expression sees of an object: as provisioning does, for an
// object that is in scope.
func (p *Portal) attributesOf(x *exchange, in inMapping, object string) (func(string) (mapping.Value, bool), error) {
	read := directory.User{}.Attribute
	softDeleted := false
	if in.set == "groups" {
		g, err := p.groupNamed(x, object)
		if err != nil {
			return nil, err
		}
		read = g.Attribute
	} else if object != "" {
		u, err := p.directory.UserByUPN(x.r.Context(), object)
		if directory.IsProblem(err, directory.NotFound) {
			u, err = p.directory.User(x.r.Context(), directory.ID(object))
		}
		if directory.IsProblem(err, directory.NotFound) {
			return nil, refuse(http.StatusBadRequest, "no user has the user principal name or object ID %q", words.Clip(object))
		}
		if err != nil {
			return nil, err
		}
		read, softDeleted = u.Attribute, !u.AccountEnabled || !u.DeletedAt.IsZero()
	}
	return func(name string) (mapping.Value, bool) {
		if strings.EqualFold(name, "IsSoftDeleted") {
			return mapping.Bool(softDeleted), true
		}
		values, ok := read(name)
		switch {
		case len(values) == 0:
			return mapping.Null(), ok
		case slices.Contains([]string{"proxyaddresses", "othermails"}, strings.ToLower(name)):
			return mapping.Multi(values...), ok
		}
		return mapping.String(values[0]), ok
	}, nil
}

// groupNamed finds a group by its exact name or its id; the zero group for "".
func (p *Portal) groupNamed(x *exchange, object string) (directory.Group, error) {
	if object == "" {
		return directory.Group{}, nil
	}
	list, err := p.directory.GroupsNamed(x.r.Context(), object)
	if err != nil {
		return directory.Group{}, err
	}
	if len(list) > 0 {
		return list[0], nil
	}
	g, err := p.directory.Group(x.r.Context(), directory.ID(object))
	if directory.IsProblem(err, directory.NotFound) {
		return g, refuse(http.StatusBadRequest, "no group has the name or object ID %q", words.Clip(object))
	}
	return g, err
}
