package portal

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// R60-R64: the table, the row editor, deleting and restoring.
func TestMappings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	job, path := b.provisioned(newTarget(t))
	at := path + "/mappings/users"
	find := func(target string) *mapping.AttributeMapping {
		t.Helper()
		for _, a := range w.job(job.ID).Users.Attributes {
			if a.Target == target {
				return &a
			}
		}
		return nil
	}
	b.get(at).says("Provision Microsoft Entra ID Users", "userName required userPrincipalName 1", `emails[type eq "work"].value mail`, `Switch([IsSoftDeleted], , "False", "True", "True", "False")`, "All records", "Add New Mapping")
	b.get(path+"/mappings/groups").says("Provision Microsoft Entra ID Groups", "displayName", "members")
	b.get(path + "/mappings/nonsense").is(http.StatusNotFound)

	// R62: userName from mail.
	b.get(at+"/attribute?target=userName").says("Mapping type", "Source attribute", "Default value if null", "Target attribute", "Match objects using this attribute", "Matching precedence", "Apply this mapping").
		has(`value="userPrincipalName" list`, `value="yes" selected`)
	edit := url.Values{"original": {"userName"}, "type": {"Direct"}, "source": {"mail"}, "target": {"userName"}, "matching": {"yes"}, "precedence": {"1"}, "apply": {"Always"}}
	b.post(at+"/attribute", edit).leadsTo(at)
	b.get(at).says("The mapping of userName was saved.", "The next cycle is an initial one", "userName required mail 1")
	if a := find("userName"); a.Source != (mapping.Source{Type: mapping.Direct, Text: "mail"}) || a.MatchingPrecedence != 1 {
		t.Errorf("saved %+v", a)
	}
	b.get(path).saysNot("May differ from the sign-in email")

	b.post(at+"/attribute", set(edit, "source", "nonsense")).is(http.StatusBadRequest).says("Nothing was changed.", `"nonsense" is not an attribute of the directory`).has(`value="nonsense"`)
	b.post(at+"/attribute", set(edit, "type", "Expression", "expression", `ToLower([mail]`)).is(http.StatusBadRequest).says("Nothing was changed.").has("ToLower([mail]</textarea>")
	b.post(at+"/attribute", set(edit, "type", "Expression", "expression", `ToLower([mail])`)).leadsTo(at)
	b.get(at).says("ToLower([mail])")
	b.post(at+"/attribute", set(edit, "type", "Magic")).is(http.StatusBadRequest).says(`"Magic"`)
	b.post(at+"/attribute", set(edit, "matching", "no")).is(http.StatusBadRequest).says("Nothing was changed.") // nothing is left to match by
	b.post(at+"/attribute", set(edit, "precedence", "first")).is(http.StatusBadRequest).says(`"first"`)
	b.post(at+"/attribute", set(edit, "original", "nonsense")).is(http.StatusNotFound)

	// A precedence that is taken moves the other one behind.
	b.post(at+"/attribute", url.Values{"original": {"externalId"}, "type": {"Direct"}, "source": {"objectId"}, "target": {"externalId"}, "matching": {"yes"}, "precedence": {"1"}, "apply": {"Always"}}).leadsTo(at)
	if e, u := find("externalId"), find("userName"); e.MatchingPrecedence != 1 || u.MatchingPrecedence != 2 {
		t.Errorf("saved %+v and %+v", e, u)
	}
	b.post(at+"/attribute", url.Values{"original": {"title"}, "type": {"Direct"}, "source": {"jobTitle"}, "target": {"title"}, "matching": {"no"}, "apply": {"ObjectAddOnly"}, "default": {"none"}}).leadsTo(at)
	if a := find("title"); a.ApplyOnly != mapping.DuringCreation || a.DefaultValue != "none" {
		t.Errorf("saved %+v", a)
	}
	b.get(at).says("Default value: none", "Only during object creation")

	// R64: remove a mapping, add it again.
	b.get(at + "/attribute/delete?target=title").says("Delete the mapping of title?")
	b.post(at+"/attribute/delete", url.Values{"target": {"title"}}).leadsTo(at)
	if find("title") != nil {
		t.Error("the mapping is there")
	}
	b.get(at + "/attribute/new").has(`<option value="title">`)
	b.post(at+"/attribute/new", url.Values{"type": {"Constant"}, "constant": {"Staff"}, "target": {"title"}, "matching": {"no"}, "apply": {"Always"}}).leadsTo(at)
	if a := find("title"); a == nil || a.Source != (mapping.Source{Type: mapping.Constant, Text: "Staff"}) {
		t.Errorf("saved %+v", a)
	}
	b.post(at+"/attribute/new", url.Values{"type": {"Constant"}, "constant": {"x"}, "target": {"title"}, "matching": {"no"}}).is(http.StatusBadRequest)

	b.post(at, url.Values{"create": {"true"}, "update": {"true"}}).leadsTo(at)
	if m := w.job(job.ID).Users; !m.Create || !m.Update || m.Delete || !m.Enabled {
		t.Errorf("actions: %v %v %v %v", m.Create, m.Update, m.Delete, m.Enabled)
	}
	b.post(path+"/mappings/groups", url.Values{"create": {"true"}}).leadsTo(path + "/mappings/groups")
	if w.job(job.ID).Groups.Enabled {
		t.Error("the mapping of groups is enabled")
	}
	b.post(at+"/restore", nil).leadsTo(at)
	if a := find("userName"); a.Source.Text != "userPrincipalName" {
		t.Errorf("restored %+v", a)
	}
}

func TestScopingFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	job, path := b.provisioned(newTarget(t))
	at := path + "/mappings/users/scope"
	b.get(at).says("All records")
	form := url.Values{"title": {"Sales"}, "attribute": {"department", "", "mail"}, "operator": {"EQUALS", "EQUALS", "IS NOT NULL"}, "value": {"Sales", "x", "ignored"}, "act": {"save"}}
	more := b.post(at+"/new", set(form, "act", "more")).is(http.StatusOK)
	if got := strings.Count(more.body, `name="operator"`); got != 3 {
		t.Errorf("%d rows, want the two with an attribute and a new one", got)
	}
	b.post(at+"/new", form).leadsTo(at)
	want := mapping.ScopingFilter{Title: "Sales", Clauses: []mapping.Clause{{Attribute: "department", Operator: mapping.Equals, Value: "Sales"}, {Attribute: "mail", Operator: mapping.IsNotNull}}}
	if got := w.job(job.ID).Users.Filters; len(got) != 1 || got[0].Title != want.Title || !slices.Equal(got[0].Clauses, want.Clauses) {
		t.Errorf("saved %+v", got)
	}
	b.get(at).says("Sales", "department EQUALS 'Sales'")
	b.get(at+"/edit?filter=0").has(`value="Sales"`, `value="department"`)
	b.post(at+"/edit", set(form, "filter", "0", "title", "Sales people")).leadsTo(at)
	b.get(at).says("Sales people")
	b.get(path + "/mappings/users").says("1 scoping filter")
	b.post(at+"/new", url.Values{"title": {"Bad"}, "attribute": {"mail"}, "operator": {"REGEX MATCH"}, "value": {"("}}).is(http.StatusBadRequest).says("Nothing was changed.")
	b.post(at+"/new", url.Values{"title": {"Empty"}}).is(http.StatusBadRequest)
	b.get(at + "/edit?filter=7").is(http.StatusNotFound)
	b.post(at+"/delete", url.Values{"filter": {"0"}}).leadsTo(at)
	b.get(at).says("All records")
}

func TestExpression(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	_, path := b.provisioned(newTarget(t))
	at := path + "/mappings/users/expression"
	w.user("Ulla@example.com", func(u *directory.User) { u.Department = "" })
	try := func(expression, object string) answer {
		return b.post(at, url.Values{"expression": {expression}, "object": {object}})
	}
	try(`ToLower([userPrincipalName])`, "ulla@example.com").is(http.StatusOK).says(`Result Value "ulla@example.com"`, `userPrincipalName "Ulla@example.com"`)
	try(`Switch([IsSoftDeleted], , "False", "True", "True", "False")`, "ulla@example.com").says(`"True"`)
	try(`[department]`, "ulla@example.com").says("Null: not sent")
	try(`IgnoreFlowIfNullOrEmpty([department])`, "ulla@example.com").says("Left out of the flow")
	try(`Nonsense([mail])`, "").is(http.StatusBadRequest).says("The expression gives no value.", "Nonsense").has("Nonsense([mail])</textarea>")
	try(`[mail]`, "nobody@example.com").is(http.StatusBadRequest).says(`"nobody@example.com"`)
	w.group("Fleet-Admins")
	groups := path + "/mappings/groups/expression"
	b.post(groups, url.Values{"expression": {`ToUpper([displayName])`}, "object": {"Fleet-Admins"}}).says(`"FLEET-ADMINS"`)
	b.post(groups, url.Values{"expression": {`[displayName]`}, "object": {"nothing"}}).is(http.StatusBadRequest).says(`"nothing"`)
	b.get(groups).says("Select a group", "Switch(")
}

func TestTargets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	job, path := b.provisioned(newTarget(t))
	at := path + "/mappings/users"
	const own = "urn:ietf:params:scim:schemas:extension:fleet:2.0:User:shirtSize"
	b.get(at+"/targets").says("Edit attribute list for customappsso", "userName String Required", "in use", "nickName")
	b.post(at+"/targets", url.Values{"name": {own}, "type": {"String"}, "exact": {"true"}}).leadsTo(at + "/targets")
	if got, ok := w.job(job.ID).Users.TargetAttribute(own); !ok || !got.ExactCase || got.Type != mapping.TypeString {
		t.Errorf("saved %+v", got)
	}
	b.get(at + "/attribute/new").has(own)
	b.post(at+"/targets", url.Values{"name": {own}, "type": {"String"}}).is(http.StatusConflict).says("Nothing was changed.", "already")
	b.post(at+"/targets", url.Values{"name": {"x"}, "type": {"Colour"}}).is(http.StatusBadRequest).says(`"Colour"`)
	b.post(at+"/targets", url.Values{"name": {" "}, "type": {"String"}}).is(http.StatusBadRequest).says("needs a name")
	b.post(at+"/targets/delete", url.Values{"name": {own}}).leadsTo(at + "/targets")
	b.post(at+"/targets/delete", url.Values{"name": {own}}).is(http.StatusNotFound)
	b.post(at+"/targets/delete", url.Values{"name": {"userName"}}).is(http.StatusBadRequest)
	if _, ok := w.job(job.ID).Users.TargetAttribute("userName"); !ok {
		t.Error("userName is gone")
	}
}
