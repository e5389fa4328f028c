package portal

import (
	"net/url"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

// choosePage is a search of users and groups in which several are ticked: without
// script, and so by pages.
type choosePage struct {
	frame
	Intro    string
	Notice   string // a condition that matters to the choice; "" for none
	Search   searchField
	Kind     directory.Kind
	Kinds    []choice
	Here     string // this page's path
	Action   string // where the choice posts to
	Do, Back string
	Rows     []chooseRow
	Pager    pager
}

type chooseRow struct {
	ID         directory.ID
	Name, Mail string
	Denied     string // why it cannot be chosen; "" when it can
}

// choose fills the rows of a choosePage: users, or groups, whom denied does not refuse.
func (p *Portal) choose(x *exchange, page *choosePage, denied func(directory.Kind, directory.ID) (string, error)) error {
	ctx, query, place := x.r.Context(), x.query("q"), x.place()
	page.Kind = directory.KindUser
	if x.query("kind") == string(directory.KindGroup) {
		page.Kind = directory.KindGroup
	}
	page.Kinds = []choice{{string(directory.KindUser), "Users", page.Kind == directory.KindUser}, {string(directory.KindGroup), "Groups", page.Kind == directory.KindGroup}}
	if page.Kind == directory.KindGroup {
		list, err := p.directory.SearchGroups(ctx, query, directory.ID(place.After), pageRows+1)
		if err != nil {
			return err
		}
		for _, g := range list {
			page.Rows = append(page.Rows, chooseRow{ID: g.ID, Name: g.DisplayName, Mail: g.Description})
		}
	} else {
		list, err := p.directory.SearchUsers(ctx, query, directory.ID(place.After), pageRows+1)
		if err != nil {
			return err
		}
		for _, u := range list {
			page.Rows = append(page.Rows, chooseRow{ID: u.ID, Name: u.DisplayName, Mail: u.UserPrincipalName})
		}
	}
	var last string
	var more bool
	page.Rows, last, more = cut(page.Rows, func(r chooseRow) directory.ID { return r.ID })
	for i, r := range page.Rows {
		why, err := denied(page.Kind, r.ID)
		if err != nil {
			return err
		}
		page.Rows[i].Denied = why
	}
	one, many := "user", "users"
	if page.Kind == directory.KindGroup {
		one, many = "group", "groups"
	}
	page.Search = searchField{query, "Search name or mail", page.Here + "?" + url.Values{"kind": {string(page.Kind)}}.Encode()}
	page.Pager = place.page(page.Here, url.Values{"q": {query}, "kind": {string(page.Kind)}}, len(page.Rows), last, more, -1, one, many)
	return x.show(page)
}

func (p *Portal) memberChoice(x *exchange) error {
	group, err := p.directory.Group(x.r.Context(), x.id("group"))
	if err != nil {
		return err
	}
	path := "/groups/" + string(group.ID)
	page := &choosePage{
		frame: x.frame("Add members", "/groups", identityCrumb, crumb{"Groups", "/groups"}, crumb{group.DisplayName, path}),
		Intro: "Tick those who are to be direct members.", Here: path + "/members/add", Action: path + "/members", Do: "Add members", Back: path,
	}
	return p.choose(x, page, func(_ directory.Kind, id directory.ID) (string, error) {
		if id == group.ID {
			return "this group", nil
		}
		member, err := p.directory.IsMember(x.r.Context(), group.ID, id)
		if member {
			return "a member already", err
		}
		return "", err
	})
}
