package portal

import (
	"net/http"
	"net/url"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/web/words"
)

func (p *Portal) groupRoutes() []route {
	return []route{
		show("/groups", configurers, p.groups, "groups.html", groupsPage{}),
		show("/groups/new", configurers, p.newGroup, "groupedit.html", groupEditPage{}),
		act("/groups/new", configurers, p.createGroup),
		show("/groups/{group}", configurers, p.group, "group.html", groupPage{}),
		show("/groups/{group}/edit", configurers, p.editGroup, "groupedit.html", groupEditPage{}),
		act("/groups/{group}/edit", configurers, p.updateGroup),
		show("/groups/{group}/members/add", configurers, p.memberChoice, "choose.html", choosePage{}),
		act("/groups/{group}/members", configurers, p.addMembers),
		act("/groups/{group}/members/remove", configurers, p.removeMembers),
		show("/groups/{group}/delete", configurers, p.groupDeletion, "confirm.html", confirmPage{}),
		act("/groups/{group}/delete", configurers, p.deleteGroup),
		show("/deleted-groups", configurers, p.deletedGroups, "deletedgroups.html", deletedGroupsPage{}),
		act("/deleted-groups/{group}/restore", configurers, p.restoreGroup),
		show("/deleted-groups/{group}/purge", configurers, p.groupPurge, "confirm.html", confirmPage{}),
		act("/deleted-groups/{group}/purge", configurers, p.purgeGroup),
	}
}

var groupsCrumbs = []crumb{identityCrumb, {"Groups", "/groups"}}

type groupsPage struct {
	frame
	Search searchField
	Groups []groupRow
	Looked int
	Pager  pager
}

type groupRow struct {
	directory.Group
	Members int
}

func (p *Portal) groups(x *exchange) error {
	ctx, query, place := x.r.Context(), x.query("q"), x.place()
	list, err := p.directory.SearchGroups(ctx, query, directory.ID(place.After), pageRows+1)
	if err != nil {
		return err
	}
	counts, err := p.directory.Counts(ctx)
	if err != nil {
		return err
	}
	list, last, more := cut(list, func(g directory.Group) directory.ID { return g.ID })
	rows := make([]groupRow, len(list))
	for i, g := range list {
		rows[i].Group = g
		if rows[i].Members, err = p.directory.CountMembers(ctx, g.ID); err != nil {
			return err
		}
	}
	total := -1
	if query == "" {
		total = counts.Groups
	}
	return x.show(&groupsPage{
		frame:  x.frame("Groups", "/groups", identityCrumb),
		Search: searchField{query, "Search name or description", "/groups"}, Groups: rows, Looked: counts.Groups,
		Pager: place.page("/groups", url.Values{"q": {query}}, len(list), last, more, total, "group", "groups"),
	})
}

type groupPage struct {
	frame
	Group       directory.Group
	Deleted     bool
	Members     []member
	Count       int
	Pager       pager
	Assignments []userAssignment
}

// member is a direct member as lists show it.
type member struct {
	ID         directory.ID
	Kind       directory.Kind
	Name, Mail string
	URL        string
}

// memberOf reads who a member is.
func (p *Portal) memberOf(x *exchange, m directory.Member) (member, error) {
	row := member{ID: m.ID, Kind: m.Kind, Name: string(m.ID)}
	if m.Kind == directory.KindGroup {
		g, err := p.directory.Group(x.r.Context(), m.ID)
		if err != nil {
			return row, err
		}
		row.Name, row.Mail, row.URL = g.DisplayName, "Group: its own members are not expanded", "/groups/"+string(m.ID)
		return row, nil
	}
	u, err := p.directory.User(x.r.Context(), m.ID)
	if err != nil {
		return row, err
	}
	row.Name, row.Mail, row.URL = u.DisplayName, u.UserPrincipalName, "/users/"+string(m.ID)
	return row, nil
}

func (p *Portal) group(x *exchange) error {
	ctx, place := x.r.Context(), x.place()
	group, err := p.directory.Group(ctx, x.id("group"))
	if err != nil {
		return err
	}
	page := &groupPage{frame: x.frame(group.DisplayName, "/groups", groupsCrumbs...), Group: group, Deleted: !group.DeletedAt.IsZero()}
	if page.Count, err = p.directory.CountMembers(ctx, group.ID); err != nil {
		return err
	}
	list, err := p.directory.Members(ctx, group.ID, directory.ID(place.After), pageRows+1)
	if err != nil {
		return err
	}
	list, last, more := cut(list, func(m directory.Member) directory.ID { return m.ID })
	for _, m := range list {
		row, err := p.memberOf(x, m)
		if err != nil {
			return err
		}
		page.Members = append(page.Members, row)
	}
	if page.Assignments, err = p.assignmentsOf(x, directory.KindGroup, group.ID); err != nil {
		return err
	}
	page.Pager = place.page("/groups/"+string(group.ID), nil, len(list), last, more, page.Count, "member", "members")
	return x.show(page)
}

type groupEditPage struct {
	frame
	ID       directory.ID
	Action   string
	Back     string
	Fields   []formField
	Security bool
}

func (x *exchange) groupEdit(g directory.Group, name string) *groupEditPage {
	page := &groupEditPage{ID: g.ID, Security: g.SecurityEnabled, Fields: []formField{
		{Name: "displayName", Label: "Group name", Value: g.DisplayName, Max: 256, Required: true, Help: "The name that the application matches its roles with, capitals and hyphens included."},
		{Name: "description", Label: "Group description", Value: g.Description, Max: 1024, Lines: 2},
	}}
	page.frame, page.Action, page.Back = x.frame("New group", "/groups", groupsCrumbs...), "/groups/new", "/groups"
	if g.ID != "" {
		page.frame = x.frame("Edit group", "/groups", identityCrumb, crumb{"Groups", "/groups"}, crumb{name, "/groups/" + string(g.ID)})
		page.Action, page.Back = "/groups/"+string(g.ID)+"/edit", "/groups/"+string(g.ID)
	}
	return page
}

func (x *exchange) readGroup(g *directory.Group) {
	g.DisplayName, g.Description, g.SecurityEnabled = x.value("displayName"), x.value("description"), x.value("type") != "microsoft365"
}

func (p *Portal) newGroup(x *exchange) error {
	return x.show(x.groupEdit(directory.Group{SecurityEnabled: true}, ""))
}

func (p *Portal) createGroup(x *exchange) error {
	var g directory.Group
	x.readGroup(&g)
	made, err := p.directory.CreateGroup(x.r.Context(), g)
	if err != nil {
		return x.again(x.groupEdit(g, ""), err)
	}
	return x.done("/groups/"+string(made.ID), made.DisplayName+" was created.", "Add members, and assign the group to the application under Users and groups.")
}

func (p *Portal) editGroup(x *exchange) error {
	g, err := p.directory.Group(x.r.Context(), x.id("group"))
	if err != nil {
		return err
	}
	return x.show(x.groupEdit(g, g.DisplayName))
}

func (p *Portal) updateGroup(x *exchange) error {
	entered, err := p.directory.Group(x.r.Context(), x.id("group"))
	if err != nil {
		return err
	}
	name := entered.DisplayName
	x.readGroup(&entered)
	_, err = p.directory.UpdateGroup(x.r.Context(), entered.ID, func(g *directory.Group) error { x.readGroup(g); return nil })
	if err != nil {
		return x.again(x.groupEdit(entered, name), err)
	}
	return x.done("/groups/"+string(entered.ID), "The group was saved.", "")
}

func (p *Portal) addMembers(x *exchange) error {
	group, err := p.directory.Group(x.r.Context(), x.id("group"))
	if err != nil {
		return err
	}
	chosen := x.chosen()
	if len(chosen) == 0 {
		return refuse(http.StatusBadRequest, "nobody was chosen: tick the users or groups to add to %s", words.Clip(group.DisplayName))
	}
	added, err := p.directory.AddMembers(x.r.Context(), group.ID, chosen)
	if err != nil {
		return err
	}
	return x.done("/groups/"+string(group.ID), words.Plural(added, "member was", "members were")+" added.", "If the group is assigned to an application, the next cycle carries it on. Provision on demand of the group does at once, for up to five members.")
}

func (p *Portal) removeMembers(x *exchange) error {
	group, chosen, removed := x.id("group"), x.chosen(), 0
	if len(chosen) == 0 {
		return refuse(http.StatusBadRequest, "no member was chosen: tick those to remove")
	}
	for _, id := range chosen {
		ok, err := p.directory.RemoveMember(x.r.Context(), group, id)
		if err != nil {
			return err
		}
		if ok {
			removed++
		}
	}
	return x.done("/groups/"+string(group), words.Plural(removed, "member was", "members were")+" removed.", "")
}

func (p *Portal) groupDeletion(x *exchange) error {
	g, err := p.directory.Group(x.r.Context(), x.id("group"))
	if err != nil {
		return err
	}
	members, err := p.directory.CountMembers(x.r.Context(), g.ID)
	if err != nil {
		return err
	}
	return x.show(&confirmPage{
		frame: x.frame("Delete "+g.DisplayName+"?", "/groups", identityCrumb, crumb{"Groups", "/groups"}, crumb{g.DisplayName, "/groups/" + string(g.ID)}),
		Points: []point{
			{words.Plural(members, "person or group loses", "people or groups lose") + " what they have through it.", "Who is assigned to an application in no other way is deactivated there in the next cycle."},
			{"The group leaves the applications it is assigned to", "with the next cycle."},
			{"It can be restored for 30 days", "with its members and assignments."},
		},
		Action: "/groups/" + string(g.ID) + "/delete", Do: "Delete group", Keep: "Keep the group", Back: "/groups/" + string(g.ID), Danger: true,
	})
}

func (p *Portal) deleteGroup(x *exchange) error {
	g, err := p.directory.Group(x.r.Context(), x.id("group"))
	if err != nil {
		return err
	}
	if err := p.directory.DeleteGroup(x.r.Context(), g.ID); err != nil {
		return err
	}
	return x.done("/groups", g.DisplayName+" was deleted.", "For 30 days the group can be restored under Deleted groups.")
}

type deletedGroupsPage struct {
	frame
	Groups []directory.Group
	Pager  pager
}

func (p *Portal) deletedGroups(x *exchange) error {
	place := x.place()
	list, err := p.directory.DeletedGroups(x.r.Context(), directory.ID(place.After), pageRows+1)
	if err != nil {
		return err
	}
	list, last, more := cut(list, func(g directory.Group) directory.ID { return g.ID })
	return x.show(&deletedGroupsPage{
		frame: x.frame("Deleted groups", "/groups", groupsCrumbs...), Groups: list,
		Pager: place.page("/deleted-groups", nil, len(list), last, more, -1, "deleted group", "deleted groups"),
	})
}

func (p *Portal) restoreGroup(x *exchange) error {
	g, err := p.directory.RestoreGroup(x.r.Context(), x.id("group"))
	if err != nil {
		return err
	}
	return x.done("/groups/"+string(g.ID), g.DisplayName+" was restored.", "With its members and assignments.")
}

func (p *Portal) groupPurge(x *exchange) error {
	g, err := p.directory.Group(x.r.Context(), x.id("group"))
	if err != nil {
		return err
	}
	return x.show(&confirmPage{
		frame:  x.frame("Delete "+g.DisplayName+" permanently?", "/groups", identityCrumb, crumb{"Groups", "/groups"}, crumb{"Deleted groups", "/deleted-groups"}),
		Points: []point{{"The group cannot be restored,", "nor its members and assignments."}},
		Action: "/deleted-groups/" + string(g.ID) + "/purge", Do: "Delete permanently", Keep: "Keep the group", Back: "/deleted-groups", Danger: true,
	})
}

func (p *Portal) purgeGroup(x *exchange) error {
	g, err := p.directory.Group(x.r.Context(), x.id("group"))
	if err != nil {
		return err
	}
	if err := p.directory.PurgeGroup(x.r.Context(), g.ID); err != nil {
		return err
	}
	return x.done("/deleted-groups", g.DisplayName+" was deleted permanently.", "")
}
