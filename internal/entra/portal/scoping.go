package portal

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/internal/web/words"
)

// scopePage is Source Object Scope: the scoping filters of a mapping set (Microsoft Entra
// docs, "define-conditional-rules-for-provisioning-user-accounts").
type scopePage struct {
	frame
	New     string
	Filters []filterRow
}

type filterRow struct {
	N            int
	Title        string
	Clauses      []string
	Edit, Delete string
}

func (p *Portal) scope(x *exchange) error {
	in, err := p.mappingOf(x)
	if err != nil {
		return err
	}
	page := &scopePage{frame: in.frame(x, "Source Object Scope"), New: in.url("/scope/new")}
	for i, f := range in.m.Filters {
		row := filterRow{N: i, Title: f.Title, Edit: in.url("/scope/edit?filter=" + strconv.Itoa(i)), Delete: in.url("/scope/delete")}
		for _, c := range f.Clauses {
			row.Clauses = append(row.Clauses, c.String())
		}
		page.Filters = append(page.Filters, row)
	}
	return x.show(page)
}

type filterPage struct {
	frame
	N       int // which filter; -1 for a new one
	Action  string
	Back    string
	Heading string
	Name    formField
	Clauses []clauseRow
	Sources []string
}

type clauseRow struct {
	N                int
	Attribute, Value string
	Operators        []choice
}

// notInFilters are attributes that a scoping filter cannot look at (Microsoft Entra docs,
// "known-issues").
var notInFilters = []string{"members", "proxyAddresses", "otherMails", "manager"}

func (in inMapping) filterPage(x *exchange, n int, f mapping.ScopingFilter) *filterPage {
	title, action := "Add scoping filter", "/scope/new"
	if n >= 0 {
		title, action = "Edit scoping filter", "/scope/edit"
	}
	page := &filterPage{
		frame: in.frame(x, title, crumb{"Source Object Scope", in.url("/scope")}), N: n, Action: in.url(action), Back: in.url("/scope"),
		Heading: title, Name: formField{Name: "title", Label: "Scoping Filter Title", Value: f.Title, Required: true, Max: 200},
	}
	for _, s := range in.sources() {
		if !slices.Contains(notInFilters, s) {
			page.Sources = append(page.Sources, s)
		}
	}
	for i, c := range f.Clauses {
		page.Clauses = append(page.Clauses, clauseRow{i, c.Attribute, c.Value, choices(c.Operator, mapping.Operators()...)})
	}
	return page
}

func (p *Portal) newFilter(x *exchange) error {
	in, err := p.mappingOf(x)
	if err != nil {
		return err
	}
	return x.show(in.filterPage(x, -1, mapping.ScopingFilter{Clauses: []mapping.Clause{{Operator: mapping.Equals}}}))
}

// filterNumber finds the filter that a form or an address means.
func (in inMapping) filterNumber(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n >= len(in.m.Filters) {
		return 0, refuse(http.StatusNotFound, "there is no scoping filter %q; it may have been deleted", words.Clip(text))
	}
	return n, nil
}

func (p *Portal) editFilter(x *exchange) error {
	in, err := p.mappingOf(x)
	if err != nil {
		return err
	}
	n, err := in.filterNumber(x.query("filter"))
	if err != nil {
		return err
	}
	return x.show(in.filterPage(x, n, in.m.Filters[n]))
}

// readFilter takes a filter from the form. Rows without an attribute are left out.
func (x *exchange) readFilter() mapping.ScopingFilter {
	f := mapping.ScopingFilter{Title: x.value("title")}
	attributes, operators, values := x.r.PostForm["attribute"], x.r.PostForm["operator"], x.r.PostForm["value"]
	for i, attribute := range attributes {
		if attribute == "" || i >= len(operators) || i >= len(values) {
			continue
		}
		c := mapping.Clause{Attribute: attribute, Operator: mapping.Operator(operators[i])}
		if c.Operator.TakesValue() {
			c.Value = values[i]
		}
		f.Clauses = append(f.Clauses, c)
	}
	return f
}

// saveFilter saves a filter, or gives its form one more row.
func (p *Portal) saveFilter(x *exchange) error {
	in, err := p.mappingOf(x)
	if err != nil {
		return err
	}
	n := -1
	if text := x.value("filter"); text != "" && text != "-1" {
		if n, err = in.filterNumber(text); err != nil {
			return err
		}
	}
	f := x.readFilter()
	if x.value("act") == "more" {
		f.Clauses = append(f.Clauses, mapping.Clause{Operator: mapping.Equals})
		return x.show(in.filterPage(x, n, f))
	}
	page := in.filterPage(x, n, f)
	if len(page.Clauses) == 0 {
		page = in.filterPage(x, n, mapping.ScopingFilter{Title: f.Title, Clauses: []mapping.Clause{{Operator: mapping.Equals}}})
	}
	if n >= 0 {
		in.m.Filters[n] = f
	} else {
		in.m.Filters = append(in.m.Filters, f)
	}
	if err := p.saveSet(x, in); err != nil {
		return x.again(page, err)
	}
	return x.done(in.url("/scope"), "The scoping filter was saved.", "Who does not pass any filter leaves the scope. "+initialNext)
}

func (p *Portal) deleteFilter(x *exchange) error {
	in, err := p.mappingOf(x)
	if err != nil {
		return err
	}
	n, err := in.filterNumber(x.value("filter"))
	if err != nil {
		return err
	}
	in.m.Filters = slices.Delete(in.m.Filters, n, n+1)
	if err := p.saveSet(x, in); err != nil {
		return err
	}
	return x.done(in.url("/scope"), "The scoping filter was deleted.", initialNext)
}
