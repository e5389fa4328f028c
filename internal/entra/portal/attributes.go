package portal

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/internal/web/words"
)

// attributePage is Edit Attribute (Microsoft Entra docs, "customize-application-attributes").
type attributePage struct {
	frame
	Original   string // the target attribute before; "" for a new mapping
	Action     string
	Back       string
	Types      []choice
	Source     string // of a direct mapping
	Sources    []string
	Constant   string
	Expression string
	Default    string
	Targets    []choice
	Matching   bool
	Precedence string
	Apply      []choice
	Tester     string
	Warnings   []string
}

func (in inMapping) attributePage(x *exchange, original string, a mapping.AttributeMapping) *attributePage {
	title, action := "Edit Attribute", "/attribute"
	if original == "" {
		title, action = "Add New Mapping", "/attribute/new"
	}
	page := &attributePage{
		frame: in.frame(x, title), Original: original, Action: in.url(action), Back: in.url(""), Tester: in.url("/expression"),
		Types: choices(a.Source.Type, mapping.Direct, mapping.Constant, mapping.Expressed, mapping.NoneSource), Sources: in.sources(),
		Default: a.DefaultValue, Matching: a.MatchingPrecedence > 0, Precedence: strconv.Itoa(max(a.MatchingPrecedence, 1)),
		Apply: []choice{
			{string(mapping.Always), "Always", a.ApplyOnly != mapping.DuringCreation},
			{string(mapping.DuringCreation), "Only during object creation", a.ApplyOnly == mapping.DuringCreation},
		},
	}
	switch a.Source.Type {
	case mapping.Constant:
		page.Constant = a.Source.Text
	case mapping.Expressed:
		page.Expression = a.Source.Text
	case mapping.Direct:
		page.Source = a.Source.Text
	}
	if e, err := mapping.Parse(page.Expression); err == nil {
		page.Warnings = e.Warnings()
	}
	for _, t := range in.m.TargetAttributes {
		used := slices.ContainsFunc(in.m.Attributes, func(m mapping.AttributeMapping) bool { return m.Target == t.Name })
		if !used || t.Name == original || t.Name == a.Target {
			page.Targets = append(page.Targets, choice{t.Name, t.Name, t.Name == a.Target})
		}
	}
	return page
}

// sources are the attributes that a mapping can be made from.
func (in inMapping) sources() []string {
	if in.set == "groups" {
		return append(directory.GroupAttributes(), "members")
	}
	return append(directory.UserAttributes(), "IsSoftDeleted")
}

// readAttribute takes a mapping from the form; what is not of its type is not kept.
func (x *exchange) readAttribute() (mapping.AttributeMapping, error) {
	a := mapping.AttributeMapping{
		Target: x.value("target"), DefaultValue: x.value("default"), ApplyOnly: mapping.ApplyOnly(x.value("apply")),
		Source: mapping.Source{Type: mapping.SourceType(x.value("type"))},
	}
	switch a.Source.Type {
	case mapping.Direct:
		a.Source.Text = x.value("source")
	case mapping.Constant:
		a.Source.Text = x.value("constant")
	case mapping.Expressed:
		a.Source.Text = x.value("expression")
	case mapping.NoneSource:
	default:
		return a, refuse(http.StatusBadRequest, "the mapping type %q is not one of Direct, Constant, Expression, None", words.Clip(string(a.Source.Type)))
	}
	if a.ApplyOnly != mapping.DuringCreation {
		a.ApplyOnly = mapping.Always
	}
	if x.value("matching") == "yes" {
		n, err := strconv.Atoi(x.value("precedence"))
		if err != nil || n < 1 {
			return a, refuse(http.StatusBadRequest, "the Matching precedence %q is not a number from 1 on", words.Clip(x.value("precedence")))
		}
		a.MatchingPrecedence = n
	}
	return a, nil
}

// direct refuses a source attribute that the directory has not: an expression is checked
// when it is evaluated.
func (in inMapping) direct(a mapping.AttributeMapping) error {
	if a.Source.Type == mapping.Direct && !slices.ContainsFunc(in.sources(), func(s string) bool { return strings.EqualFold(s, a.Source.Text) }) {
		return refuse(http.StatusBadRequest, "the Source attribute %q is not an attribute of the directory; choose one from the list", words.Clip(a.Source.Text))
	}
	return nil
}

// find returns where the mapping of a target attribute stands.
func (in inMapping) find(target string) (int, error) {
	i := slices.IndexFunc(in.m.Attributes, func(a mapping.AttributeMapping) bool { return a.Target == target })
	if i < 0 {
		return 0, refuse(http.StatusNotFound, "nothing is mapped to %q; the mapping may have been deleted", words.Clip(target))
	}
	return i, nil
}

func (p *Portal) editAttribute(x *exchange) error {
	in, err := p.mappingOf(x)
	if err != nil {
		return err
	}
	i, err := in.find(x.query("target"))
	if err != nil {
		return err
	}
	return x.show(in.attributePage(x, in.m.Attributes[i].Target, in.m.Attributes[i]))
}

func (p *Portal) saveAttribute(x *exchange) error {
	in, err := p.mappingOf(x)
	if err != nil {
		return err
	}
	original := x.r.PostForm.Get("original")
	i, err := in.find(original)
	if err != nil {
		return err
	}
	a, err := x.readAttribute()
	page := in.attributePage(x, original, a)
	if err == nil {
		err = in.direct(a)
	}
	if err == nil {
		in.takePrecedence(a, original)
		in.m.Attributes[i] = a
		err = p.saveSet(x, in)
	}
	if err != nil {
		return x.again(page, err)
	}
	return x.done(in.url(""), "The mapping of "+a.Target+" was saved.", initialNext)
}

// takePrecedence lets another attribute that has the precedence follow behind.
func (in inMapping) takePrecedence(a mapping.AttributeMapping, original string) {
	if a.MatchingPrecedence == 0 {
		return
	}
	for i, other := range in.m.Attributes {
		if other.Target != original && other.MatchingPrecedence == a.MatchingPrecedence {
			in.m.Attributes[i].MatchingPrecedence++
			in.takePrecedence(in.m.Attributes[i], other.Target)
		}
	}
}

func (p *Portal) newAttribute(x *exchange) error {
	in, err := p.mappingOf(x)
	if err != nil {
		return err
	}
	return x.show(in.attributePage(x, "", mapping.AttributeMapping{Source: mapping.Source{Type: mapping.Direct}}))
}

func (p *Portal) addAttribute(x *exchange) error {
	in, err := p.mappingOf(x)
	if err != nil {
		return err
	}
	a, err := x.readAttribute()
	page := in.attributePage(x, "", a)
	if err == nil {
		err = in.direct(a)
	}
	if err == nil {
		in.takePrecedence(a, "")
		in.m.Attributes = append(in.m.Attributes, a)
		err = p.saveSet(x, in)
	}
	if err != nil {
		return x.again(page, err)
	}
	return x.done(in.url(""), "The mapping of "+a.Target+" was added.", initialNext)
}

func (p *Portal) askDeleteAttribute(x *exchange) error {
	in, err := p.mappingOf(x)
	if err != nil {
		return err
	}
	i, err := in.find(x.query("target"))
	if err != nil {
		return err
	}
	a := in.m.Attributes[i]
	points := []point{{"The attribute is not sent any more.", "Values that the application has already stay there."}}
	if t, _ := in.m.TargetAttribute(a.Target); t.Required || a.Target == "active" {
		points = append(points, point{"Provisioning depends on it.", "Without active nobody is deactivated; without userName or displayName nothing can be created."})
	}
	return x.show(&confirmPage{
		frame: in.frame(x, "Delete the mapping of "+a.Target+"?"), Points: points, Action: in.url("/attribute/delete"), Fields: []hiddenField{{"target", a.Target}},
		Do: "Delete mapping", Keep: "Keep it", Back: in.url(""), Danger: true,
	})
}

func (p *Portal) deleteAttribute(x *exchange) error {
	in, err := p.mappingOf(x)
	if err != nil {
		return err
	}
	i, err := in.find(x.r.PostForm.Get("target"))
	if err != nil {
		return err
	}
	target := in.m.Attributes[i].Target
	in.m.Attributes = slices.Delete(in.m.Attributes, i, i+1)
	if err := p.saveSet(x, in); err != nil {
		return err
	}
	return x.done(in.url(""), "The mapping of "+target+" was deleted.", initialNext)
}
