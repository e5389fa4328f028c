package portal

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/internal/web/words"
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
		show(at+"/targets", configurers, p.targets, "targets.html", targetsPage{}),
		act(at+"/targets", configurers, p.addTarget),
		act(at+"/targets/delete", configurers, p.deleteTarget),
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
		return inMapping{}, refuse(http.StatusNotFound, "there is no mapping of %q, only of users and of groups", words.Clip(in.set))
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
		frame: in.frame(x, in.m.Name), URL: in.url(""), Users: in.set == "users",
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
