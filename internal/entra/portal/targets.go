package portal

import (
	"net/http"
	"slices"

	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/internal/web/words"
)

// targetsPage is "Edit attribute list for customappsso": what can be chosen as a target
// attribute (Microsoft Entra docs, "customize-application-attributes").
type targetsPage struct {
	frame
	Action, Delete, Back string
	Rows                 []targetRow
	Name                 formField
	Types                []choice
	Required             bool
	Several              bool
	ExactCase            bool
}

type targetRow struct {
	mapping.TargetAttribute
	Mapped bool // something is mapped to it, so that it cannot go
}

func (in inMapping) targetsPage(x *exchange, t mapping.TargetAttribute) *targetsPage {
	page := &targetsPage{
		frame: in.frame(x, "Edit attribute list for customappsso"), Action: in.url("/targets"), Delete: in.url("/targets/delete"), Back: in.url(""),
		Name: formField{
			Name: "name", Label: "Name", Value: t.Name, Required: true, Max: 256, Mono: true,
			Help: "As a path: nickName, addresses[type eq \"home\"].locality, or urn:ietf:params:scim:schemas:extension:CustomExtensionName:2.0:User:shirtSize.",
		},
		Types:    choices(t.Type, mapping.TypeString, mapping.TypeBoolean, mapping.TypeInteger, mapping.TypeDateTime, mapping.TypeReference, mapping.TypeBinary),
		Required: t.Required, Several: t.MultiValue, ExactCase: t.ExactCase,
	}
	for _, row := range in.m.TargetAttributes {
		mapped := slices.ContainsFunc(in.m.Attributes, func(a mapping.AttributeMapping) bool { return a.Target == row.Name })
		page.Rows = append(page.Rows, targetRow{row, mapped || row.Name == "id"})
	}
	return page
}

func (p *Portal) targets(x *exchange) error {
	in, err := p.mappingOf(x)
	if err != nil {
		return err
	}
	return x.show(in.targetsPage(x, mapping.TargetAttribute{Type: mapping.TypeString}))
}

func (p *Portal) addTarget(x *exchange) error {
	in, err := p.mappingOf(x)
	if err != nil {
		return err
	}
	t := mapping.TargetAttribute{
		Name: x.value("name"), Type: x.value("type"), Required: x.checked("required"), MultiValue: x.checked("several"), ExactCase: x.checked("exact"),
	}
	page := in.targetsPage(x, t)
	switch _, known := in.m.TargetAttribute(t.Name); {
	case t.Name == "":
		return x.again(page, refuse(http.StatusBadRequest, "the attribute needs a name"))
	case known:
		return x.again(page, refuse(http.StatusConflict, "the list has an attribute %q already", words.Clip(t.Name)))
	case !slices.ContainsFunc(page.Types, func(c choice) bool { return c.Value == t.Type }):
		return x.again(page, refuse(http.StatusBadRequest, "the type %q is not one of those in the list", words.Clip(t.Type)))
	}
	in.m.TargetAttributes = append(in.m.TargetAttributes, t)
	if err := p.saveSet(x, in); err != nil {
		return x.again(page, err)
	}
	return x.done(in.url("/targets"), t.Name+" was added to the attribute list.", "It can be chosen as a target attribute now.")
}

func (p *Portal) deleteTarget(x *exchange) error {
	in, err := p.mappingOf(x)
	if err != nil {
		return err
	}
	name := x.r.PostForm.Get("name")
	i := slices.IndexFunc(in.m.TargetAttributes, func(t mapping.TargetAttribute) bool { return t.Name == name })
	if i < 0 {
		return refuse(http.StatusNotFound, "the list has no attribute %q; it may have been deleted", words.Clip(name))
	}
	in.m.TargetAttributes = slices.Delete(in.m.TargetAttributes, i, i+1)
	if err := p.saveSet(x, in); err != nil {
		return err
	}
	return x.done(in.url("/targets"), name+" was deleted from the attribute list.", "")
}
