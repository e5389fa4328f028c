package portal

import (
	"net/http"
	"net/url"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

func (p *Portal) onDemandRoutes() []route {
	return []route{
		show("/applications/{app}/provisioning/on-demand", configurers, p.onDemand, "ondemand.html", onDemandPage{}),
		act("/applications/{app}/provisioning/on-demand", configurers, p.provisionOnDemand),
	}
}

// onDemandPage is Provision on demand (Microsoft Entra docs, "provision-on-demand"): a
// search, the choice of members for a group, and the steps of what was done.
type onDemandPage struct {
	frame
	Search    searchField
	Kinds     []choice
	Hits      []onDemandHit
	Searched  bool
	More      bool
	Group     *directory.Group // whose members are to be chosen
	Members   []onDemandMember
	MoreMembs bool
	Most      int
	Result    *onDemandResult
	Optscim   bool // the tenant URL asks for a dialect that on demand does not speak
}

type onDemandHit struct {
	ID       directory.ID
	Kind     mapping.Kind
	Name     string
	Mail     string
	Disabled bool
	Choose   string // of a group: the page where members are chosen
}

type onDemandMember struct {
	ID     directory.ID
	Name   string
	Mail   string
	Chosen bool
	Left   bool // no member any more; the application still has him in the group
}

type onDemandResult struct {
	cycle.OnDemand
	Kind, Icon string
	Name       string
	Steps      []stepRow
	Requests   []requestRow
	Chosen     []directory.ID
	LogURL     string
}

const onDemandHits = 10

func (p *Portal) onDemandPage(x *exchange) (*onDemandPage, *cycle.Job, error) {
	app, err := x.app()
	if err != nil {
		return nil, nil, err
	}
	job, err := p.theJob(x)
	if err != nil {
		return nil, nil, err
	}
	page := &onDemandPage{frame: x.inApp(app, "Provision on demand", "/provisioning"), Most: cycle.MaxMembersOnDemand, Optscim: job.Optscim()}
	page.Crumbs = append(page.Crumbs, crumb{"Provisioning", page.App.URL("/provisioning")})
	page.kinds(mapping.KindUser)
	page.Search = searchField{"", "Select a user or group: name, user principal name or mail", page.App.URL("/provisioning/on-demand")}
	return page, job, nil
}

func (page *onDemandPage) kinds(chosen mapping.Kind) {
	page.Kinds = []choice{{string(mapping.KindUser), "User", chosen == mapping.KindUser}, {string(mapping.KindGroup), "Group", chosen == mapping.KindGroup}}
}

func (p *Portal) onDemand(x *exchange) error {
	page, job, err := p.onDemandPage(x)
	if err != nil {
		return err
	}
	if group := x.query("group"); group != "" {
		if err := p.chooseMembers(x, page, job, directory.ID(group), nil); err != nil {
			return err
		}
		return x.show(page)
	}
	kind := mapping.KindUser
	if x.query("kind") == string(mapping.KindGroup) {
		kind = mapping.KindGroup
	}
	page.kinds(kind)
	page.Search.Query = x.query("q")
	if page.Search.Query == "" {
		return x.show(page)
	}
	page.Searched = true
	if page.Hits, page.More, err = p.onDemandHits(x, page, kind); err != nil {
		return err
	}
	return x.show(page)
}

func (p *Portal) onDemandHits(x *exchange, page *onDemandPage, kind mapping.Kind) (hits []onDemandHit, more bool, err error) {
	if kind == mapping.KindGroup {
		list, err := p.directory.SearchGroups(x.r.Context(), page.Search.Query, "", onDemandHits+1)
		for _, g := range list {
			hits = append(hits, onDemandHit{
				ID: g.ID, Kind: kind, Name: g.DisplayName, Mail: g.Description,
				Choose: page.App.URL("/provisioning/on-demand?" + url.Values{"group": {string(g.ID)}}.Encode()),
			})
		}
		return hits[:min(len(hits), onDemandHits)], len(hits) > onDemandHits, err
	}
	list, err := p.directory.SearchUsers(x.r.Context(), page.Search.Query, "", onDemandHits+1)
	for _, u := range list {
		hits = append(hits, onDemandHit{ID: u.ID, Kind: kind, Name: u.DisplayName, Mail: u.UserPrincipalName, Disabled: !u.AccountEnabled})
	}
	return hits[:min(len(hits), onDemandHits)], len(hits) > onDemandHits, err
}

const membersToChoose = 50

// chooseMembers lists the members of a group, and those that the application still has
// in it, to choose up to five of them.
func (p *Portal) chooseMembers(x *exchange, page *onDemandPage, job *cycle.Job, id directory.ID, chosen []directory.ID) error {
	ctx := x.r.Context()
	group, err := p.directory.Group(ctx, id)
	if err != nil {
		return err
	}
	page.Group = &group
	page.kinds(mapping.KindGroup)
	was := map[directory.ID]bool{}
	for _, c := range chosen {
		was[c] = true
	}
	users, err := p.directory.MemberUsers(ctx, id, "", membersToChoose+1)
	if err != nil {
		return err
	}
	if page.MoreMembs = len(users) > membersToChoose; page.MoreMembs {
		users = users[:membersToChoose]
	}
	for _, u := range users {
		page.Members = append(page.Members, onDemandMember{ID: u.ID, Name: u.DisplayName, Mail: u.UserPrincipalName, Chosen: was[u.ID]})
	}
	told, err := p.cycle.ExportedMembers(ctx, job.ID, id, "", membersToChoose)
	if err != nil {
		return err
	}
	for _, t := range told {
		member, err := p.directory.IsMember(ctx, id, t.UserID)
		if err != nil {
			return err
		}
		if member {
			continue
		}
		row := onDemandMember{ID: t.UserID, Name: string(t.UserID), Left: true, Chosen: was[t.UserID]}
		if u, err := p.directory.User(ctx, t.UserID); err == nil {
			row.Name, row.Mail = u.DisplayName, u.UserPrincipalName
		} else if !directory.IsProblem(err, directory.NotFound) {
			return err
		}
		page.Members = append(page.Members, row)
	}
	return nil
}

func (p *Portal) provisionOnDemand(x *exchange) error {
	page, job, err := p.onDemandPage(x)
	if err != nil {
		return err
	}
	subject := cycle.Subject{Kind: mapping.Kind(x.value("kind")), ID: directory.ID(x.value("id"))}
	if subject.ID == "" {
		return x.again(page, refuse(http.StatusBadRequest, "nobody was chosen: search for a user or a group, and choose one"))
	}
	for _, id := range x.r.PostForm["member"] {
		subject.Members = append(subject.Members, directory.ID(id))
	}
	done, err := p.cycle.ProvisionOnDemand(x.r.Context(), job.ID, subject, x.actor())
	if err != nil {
		if subject.Kind == mapping.KindGroup {
			if err := p.chooseMembers(x, page, job, subject.ID, subject.Members); err != nil {
				return err
			}
		}
		return x.again(page, err)
	}
	r := &onDemandResult{
		OnDemand: done, Name: nameOf(done.LogEntry), Steps: stepRows(done.LogEntry), Requests: requestRows(done.LogEntry), Chosen: subject.Members,
		LogURL: page.App.URL("/provisioning/logs?" + url.Values{"entry": {done.ChangeID}}.Encode() + "#entry"),
	}
	r.Kind, r.Icon = statusMark(done.Status)
	page.kinds(subject.Kind)
	page.Result = r
	return x.show(page)
}
