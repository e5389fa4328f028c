package portal

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

func (p *Portal) mappingRoutes() []route {
	const at = "/applications/{app}/provisioning/mappings/{set}"
	return []route{
		show(at, configurers, p.mapping, "mapping.html", mappingPage{}),
		act(at, configurers, p.saveMappingActions),
		show(at+"/attribute", configurers, p.editAttribute, "attribute.html", attributePage{}),
		act(at+"/attribute", configurers, p.saveAttribute),
		show(at+"/attribute/new", configurers, p.newAttribute, "attribute.html", attributePage{}),
		act(at+"/attribute/new", configurers, p.addAttribute),
		show(at+"/attribute/delete", configurers, p.askDeleteAttribute, "confirm.html", confirmPage{}),
		act(at+"/attribute/delete", configurers, p.deleteAttribute),
		show(at+"/restore", configurers, p.askRestoreMapping, "confirm.html", confirmPage{}),
		act(at+"/restore", configurers, p.restoreMapping),
		show(at+"/scope", configurers, p.scope, "scope.html", scopePage{}),
		show(at+"/scope/new", configurers, p.newFilter, "filteredit.html", filterPage{}),
		act(at+"/scope/new", configurers, p.saveFilter),
		show(at+"/scope/edit", configurers, p.editFilter, "filteredit.html", filterPage{}),
		act(at+"/scope/edit", configurers, p.saveFilter),
		act(at+"/scope/delete", configurers, p.deleteFilter),
		show(at+"/expression", configurers, p.expression, "expression.html", expressionPage{}),
		act(at+"/expression", configurers, p.tryExpression),
	}
}

// mappingRow is one of the two mapping sets as lists show it.
type mappingRow struct {
	Name       string
	URL        string
	Enabled    bool
	Matched    []matched
	Attributes int
	Filters    int
	// Mismatch is how many of the assigned users have a userName that is not their mail.
	Mismatch int
}

// matched is a matching attribute: of the target, and what it is made from.
type matched struct{ Target, Source string }

func matching(m mapping.ObjectMapping) []matched {
	var list []mapping.AttributeMapping
	for _, a := range m.Attributes {
		if a.MatchingPrecedence > 0 {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, func(a, b mapping.AttributeMapping) int { return a.MatchingPrecedence - b.MatchingPrecedence })
	var all []matched
	for _, a := range list {
		all = append(all, matched{a.Target, a.Source.Text})
	}
	return all
}

// mostLooked bounds how many users are looked at for the hint about userName.
const mostLooked = 1000

func (p *Portal) mappingRows(x *exchange, app directory.Application, job cycle.Job) ([]mappingRow, error) {
	var rows []mappingRow
	for _, m := range []mapping.ObjectMapping{job.Users, job.Groups} {
		rows = append(rows, mappingRow{
			Name: m.Name, URL: "/applications/" + string(app.ID) + "/provisioning/mappings/" + setOf(m.Kind), Enabled: m.Enabled,
			Matched: matching(m), Attributes: len(m.Attributes), Filters: len(m.Filters),
		})
	}
	fromUPN := slices.ContainsFunc(job.Users.Attributes, func(a mapping.AttributeMapping) bool {
		return a.Target == "userName" && a.Source.Type == mapping.Direct && a.Source.Text == "userPrincipalName"
	})
	if !fromUPN {
		return rows, nil
	}
	looked := 0
	for u, err := range p.directory.AssignedUsers(x.r.Context(), app.ID) {
		if err != nil {
			return nil, err
		}
		if !strings.EqualFold(u.UserPrincipalName, u.Mail) {
			rows[0].Mismatch++
		}
		if looked++; looked == mostLooked {
			break
		}
	}
	return rows, nil
}

func setOf(kind mapping.Kind) string {
	if kind == mapping.KindGroup {
		return "groups"
	}
	return "users"
}

// inMapping is what the pages of a mapping set need.
type inMapping struct {
	app directory.Application
	job cycle.Job
	m   mapping.ObjectMapping // a copy, for changing
	set string
}

func (p *Portal) mappingOf(x *exchange) (inMapping, error) {
	app, err := x.app()
	if err != nil {
		return inMapping{}, err
	}
	job, err := p.theJob(x)
	if err != nil {
		return inMapping{}, err
	}
	in := inMapping{app: app, job: *job, set: x.r.PathValue("set")}
	switch in.set {
	case "users":
		in.m = job.Users.Clone()
	case "groups":
		in.m = job.Groups.Clone()
	default:
		return inMapping{}, refuse(http.StatusNotFound, "there is no mapping of %q, only of users and of groups", clip(in.set))
	}
	return in, nil
}

func (in inMapping) url(below string) string {
	return "/applications/" + string(in.app.ID) + "/provisioning/mappings/" + in.set + below
}

func (in inMapping) frame(x *exchange, title string, more ...crumb) frame {
	f := x.inApp(in.app, title, "/provisioning")
	f.Crumbs = append(f.Crumbs, crumb{"Provisioning", f.App.URL("/provisioning")}, crumb{"Mappings", f.App.URL("/provisioning/edit")})
	if title != in.m.Name {
		f.Crumbs = append(f.Crumbs, crumb{in.m.Name, in.url("")})
	}
	f.Crumbs = append(f.Crumbs, more...)
	return f
}

// save saves the mapping, which makes the next cycle an initial one.
func (p *Portal) saveSet(x *exchange, in inMapping) error {
	_, err := p.cycle.SaveMapping(x.r.Context(), in.job.ID, in.m, x.actor())
	return err
}

const initialNext = "The next cycle is an initial one: it looks at every object again."

type mappingPage struct {
	frame
	Set        string
	URL        string
	Users      bool
	Enabled    bool
	Create     bool
	Update     bool
	Delete     bool
	Attributes []attributeRow
	Filters    int
}

type attributeRow struct {
	Target, Source string
	Type           string // "Direct", "Constant", "Expression", "None"
	Default        string
	Precedence     int
	Once           bool // only during object creation
	Required       bool
	Edit, Delete   string
}

func (p *Portal) mapping(x *exchange) error {
	in, err := p.mappingOf(x)
	if err != nil {
		return err
	}
	return x.show(in.page(x))
}

func (in inMapping) page(x *exchange) *mappingPage {
	page := &mappingPage{
		frame: in.frame(x, in.m.Name), Set: in.set, URL: in.url(""), Users: in.set == "users",
		Enabled: in.m.Enabled, Create: in.m.Create, Update: in.m.Update, Delete: in.m.Delete, Filters: len(in.m.Filters),
	}
	for _, a := range in.m.Attributes {
		target, _ := in.m.TargetAttribute(a.Target)
		query := "?" + url.Values{"target": {a.Target}}.Encode()
		page.Attributes = append(page.Attributes, attributeRow{
			Target: a.Target, Source: a.Source.Text, Type: string(a.Source.Type), Default: a.DefaultValue, Precedence: a.MatchingPrecedence,
			Once: a.ApplyOnly == mapping.DuringCreation, Required: target.Required,
			Edit: in.url("/attribute" + query), Delete: in.url("/attribute/delete" + query),
		})
	}
	return page
}

// saveMappingActions saves what stands above the table: enabled, and the target object
// actions.
func (p *Portal) saveMappingActions(x *exchange) error {
	in, err := p.mappingOf(x)
	if err != nil {
		return err
	}
	in.m.Enabled = in.set == "users" || x.checked("enabled")
	in.m.Create, in.m.Update, in.m.Delete = x.checked("create"), x.checked("update"), x.checked("delete")
	if err := p.saveSet(x, in); err != nil {
		return x.again(in.page(x), err)
	}
	return x.done(in.url(""), "The mapping was saved.", initialNext)
}

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
		return a, refuse(http.StatusBadRequest, "the mapping type %q is not one of Direct, Constant, Expression, None", clip(string(a.Source.Type)))
	}
	if a.ApplyOnly != mapping.DuringCreation {
		a.ApplyOnly = mapping.Always
	}
	if x.value("matching") == "yes" {
		n, err := strconv.Atoi(x.value("precedence"))
		if err != nil || n < 1 {
			return a, refuse(http.StatusBadRequest, "the Matching precedence %q is not a number from 1 on", clip(x.value("precedence")))
		}
		a.MatchingPrecedence = n
	}
	return a, nil
}

// direct refuses a source attribute that the directory has not: an expression is checked
// when it is evaluated.
func (in inMapping) direct(a mapping.AttributeMapping) error {
	if a.Source.Type == mapping.Direct && !slices.ContainsFunc(in.sources(), func(s string) bool { return strings.EqualFold(s, a.Source.Text) }) {
		return refuse(http.StatusBadRequest, "the Source attribute %q is not an attribute of the directory; choose one from the list", clip(a.Source.Text))
	}
	return nil
}

// find returns where the mapping of a target attribute stands.
func (in inMapping) find(target string) (int, error) {
	i := slices.IndexFunc(in.m.Attributes, func(a mapping.AttributeMapping) bool { return a.Target == target })
	if i < 0 {
		return 0, refuse(http.StatusNotFound, "nothing is mapped to %q; the mapping may have been deleted", clip(target))
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

func (p *Portal) askRestoreMapping(x *exchange) error {
	in, err := p.mappingOf(x)
	if err != nil {
		return err
	}
	return x.show(&confirmPage{
		frame: in.frame(x, "Restore default mappings?"),
		Points: []point{
			{"Every attribute mapping becomes what a new application has.", "userName is made from userPrincipalName then."},
			{"Scoping filters are removed.", "The target object actions are all on."},
		},
		Action: in.url("/restore"), Do: "Restore default mappings", Keep: "Keep them as they are", Back: in.url(""), Danger: true,
	})
}

func (p *Portal) restoreMapping(x *exchange) error {
	in, err := p.mappingOf(x)
	if err != nil {
		return err
	}
	in.m = mapping.DefaultUsers()
	if in.set == "groups" {
		in.m = mapping.DefaultGroups()
	}
	if err := p.saveSet(x, in); err != nil {
		return err
	}
	return x.done(in.url(""), "The default mappings were restored.", initialNext)
}
