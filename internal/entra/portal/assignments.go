package portal

import (
	"net/http"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/web/words"
)

type assignmentsPage struct {
	frame
	Rows          []assignmentRow
	Users, Groups int
	Free          bool
	Pager         pager
}

// assignmentRow is who is assigned.
type assignmentRow struct {
	member
	Since     words.Moment
	Forgotten string // why the assignment counts for nothing now; "" when it counts
}

func (p *Portal) assignments(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	ctx, place := x.r.Context(), x.place()
	page := &assignmentsPage{frame: x.inApp(app, "Users and groups", "/assignments")}
	if page.Users, page.Groups, err = p.directory.CountAssignments(ctx, app.ID); err != nil {
		return err
	}
	licence, err := p.directory.Licence(ctx)
	if err != nil {
		return err
	}
	page.Free = licence == directory.LicenceFree
	var after directory.Assignment
	if place.After != "" {
		after, err = p.directory.Assignment(ctx, directory.ID(place.After))
		if err != nil && !directory.IsProblem(err, directory.NotFound) { // unassigned meanwhile: begin anew
			return err
		}
	}
	list, err := p.directory.Assignments(ctx, app.ID, after, pageRows+1)
	if err != nil {
		return err
	}
	list, last, more := cut(list, func(a directory.Assignment) directory.ID { return a.ID })
	for _, a := range list {
		row := assignmentRow{Since: words.At(x.now, a.CreatedAt)}
		if row.member, err = p.memberOf(x, directory.Member{ID: a.PrincipalID, Kind: a.PrincipalKind}); err != nil {
			return err
		}
		if row.Forgotten, err = p.forgotten(x, a, page.Free); err != nil {
			return err
		}
		if a.PrincipalKind == directory.KindGroup {
			n, err := p.directory.CountMembers(ctx, a.PrincipalID)
			if err != nil {
				return err
			}
			row.Mail = words.Plural(n, "direct member", "direct members")
		}
		page.Rows = append(page.Rows, row)
	}
	page.Pager = place.page(page.App.URL("/assignments"), nil, len(list), last, more, page.Users+page.Groups, "assignment", "assignments")
	return x.show(page)
}

// forgotten says why an assignment counts for nothing.
func (p *Portal) forgotten(x *exchange, a directory.Assignment, free bool) (string, error) {
	if a.PrincipalKind == directory.KindGroup {
		g, err := p.directory.Group(x.r.Context(), a.PrincipalID)
		switch {
		case err != nil:
			return "", err
		case !g.DeletedAt.IsZero():
			return "the group is deleted", nil
		case free:
			return "groups take Microsoft Entra ID P1", nil
		case !g.SecurityEnabled:
			return "only security groups are provisioned", nil
		}
		return "", nil
	}
	u, err := p.directory.User(x.r.Context(), a.PrincipalID)
	switch {
	case err != nil:
		return "", err
	case !u.DeletedAt.IsZero():
		return "the user is deleted", nil
	case !u.AccountEnabled:
		return "the account is disabled", nil
	}
	return "", nil
}

func (p *Portal) assignmentChoice(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	licence, err := p.directory.Licence(x.r.Context())
	if err != nil {
		return err
	}
	f := x.inApp(app, "Add Assignment", "/assignments")
	f.Crumbs = append(f.Crumbs, crumb{"Users and groups", f.App.URL("/assignments")})
	page := &choosePage{
		frame: f, Intro: "Tick the users and groups who are to use " + app.DisplayName + ", and to be provisioned to it.",
		Here: f.App.URL("/assignments/add"), Action: f.App.URL("/assignments"), Do: "Assign", Back: f.App.URL("/assignments"),
	}
	if licence == directory.LicenceFree {
		page.Notice = "Groups are not available for assignment due to the plan level of this tenant. Single users can be assigned. Groups take Microsoft Entra ID P1, under Licences."
	}
	return p.choose(x, page, func(kind directory.Kind, id directory.ID) (string, error) {
		if kind == directory.KindGroup {
			if licence == directory.LicenceFree {
				return "takes Microsoft Entra ID P1", nil
			}
			assigned, err := p.directory.GroupAssigned(x.r.Context(), app.ID, id)
			if assigned {
				return "assigned", err
			}
			return "", err
		}
		direct, _, err := p.directory.AssignedTo(x.r.Context(), app.ID, id)
		if direct {
			return "assigned", err
		}
		return "", err
	})
}

func (p *Portal) assign(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	chosen := x.chosen()
	if len(chosen) == 0 {
		return refuse(http.StatusBadRequest, "nobody was chosen: tick the users or groups to assign to %s", words.Clip(app.DisplayName))
	}
	added, err := p.directory.AssignAll(x.r.Context(), app.ID, chosen)
	if err != nil {
		return err
	}
	return x.done("/applications/"+string(app.ID)+"/assignments", "Application assignment succeeded: "+words.Plural(added, "user or group was", "users or groups were")+" assigned.",
		"The next cycle provisions them; Provision on demand does at once.")
}

func (p *Portal) unassign(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	chosen, removed := x.chosen(), 0
	if len(chosen) == 0 {
		return refuse(http.StatusBadRequest, "nobody was chosen: tick those to unassign")
	}
	for _, id := range chosen {
		err := p.directory.Unassign(x.r.Context(), app.ID, id)
		switch {
		case directory.IsProblem(err, directory.NotFound): // unassigned meanwhile
		case err != nil:
			return err
		default:
			removed++
		}
	}
	return x.done("/applications/"+string(app.ID)+"/assignments", words.Plural(removed, "assignment was", "assignments were")+" removed.",
		"Who is assigned in no other way is disabled in the application by the next cycle, or at once by Provision on demand.")
}

// assignmentsOf lists the applications that a user or a group may use, and how.
func (p *Portal) assignmentsOf(x *exchange, kind directory.Kind, id directory.ID) ([]userAssignment, error) {
	apps, err := p.directory.Applications(x.r.Context())
	if err != nil {
		return nil, err
	}
	var list []userAssignment
	for _, app := range apps {
		a := userAssignment{ID: app.ID, Name: app.DisplayName}
		if kind == directory.KindGroup {
			assigned, err := p.directory.GroupAssigned(x.r.Context(), app.ID, id)
			if err != nil {
				return nil, err
			}
			if assigned {
				list = append(list, a)
			}
			continue
		}
		direct, via, err := p.directory.AssignedTo(x.r.Context(), app.ID, id)
		if err != nil {
			return nil, err
		}
		if !direct && len(via) == 0 {
			continue
		}
		if a.How, err = p.howAssigned(x, direct, via); err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}

// howAssigned says why somebody has an application.
func (p *Portal) howAssigned(x *exchange, direct bool, via []directory.ID) (string, error) {
	var groups []string
	const most = 3
	for _, id := range via[:min(len(via), most)] {
		g, err := p.directory.Group(x.r.Context(), id)
		if err != nil {
			return "", err
		}
		groups = append(groups, g.DisplayName)
	}
	if more := len(via) - most; more > 0 {
		groups = append(groups, words.Plural(more, "more group", "more groups"))
	}
	switch {
	case len(groups) == 0:
		return "directly", nil
	case direct:
		return "directly, and through " + words.Names(groups), nil
	}
	return "through " + words.Names(groups), nil
}
