package portal

import (
	"net/http"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

func (p *Portal) applicationRoutes() []route {
	return []route{
		show("/applications", configurers, p.applications, "applications.html", applicationsPage{}),
		show("/applications/new", configurers, p.newApplication, "applicationnew.html", newApplicationPage{}),
		act("/applications/new", configurers, p.createApplication),
		show("/applications/{app}", configurers, p.application, "application.html", applicationPage{}),
		show("/applications/{app}/properties", configurers, p.properties, "properties.html", propertiesPage{}),
		act("/applications/{app}/properties", configurers, p.saveProperties),
		show("/applications/{app}/delete", configurers, p.applicationDeletion, "confirm.html", confirmPage{}),
		act("/applications/{app}/delete", configurers, p.deleteApplication),
		show("/applications/{app}/assignments", configurers, p.assignments, "assignments.html", assignmentsPage{}),
		show("/applications/{app}/assignments/add", configurers, p.assignmentChoice, "choose.html", choosePage{}),
		act("/applications/{app}/assignments", configurers, p.assign),
		act("/applications/{app}/assignments/remove", configurers, p.unassign),
	}
}

var applicationsCrumb = crumb{"Enterprise applications", "/applications"}

// inApp begins a page of an application: the navigation then shows its pages too.
func (x *exchange) inApp(app directory.Application, title, here string, more ...crumb) frame {
	ref := appRef{app.ID, app.DisplayName}
	crumbs := []crumb{applicationsCrumb}
	if here != "" || title != app.DisplayName {
		crumbs = append(crumbs, crumb{app.DisplayName, ref.URL("")})
	}
	f := x.frame(title, ref.URL(here), append(crumbs, more...)...)
	f.App = ref
	return f
}

// app is the application that the route names.
func (x *exchange) app() (directory.Application, error) {
	return x.portal.directory.Application(x.r.Context(), x.id("app"))
}

type applicationsPage struct {
	frame
	Apps []directory.Application
}

func (p *Portal) applications(x *exchange) error {
	list, err := p.directory.Applications(x.r.Context())
	if err != nil {
		return err
	}
	return x.show(&applicationsPage{frame: x.frame("Enterprise applications", "/applications", crumb{"Manage", ""}), Apps: list})
}

type newApplicationPage struct {
	frame
	Name formField
}

func (x *exchange) newApplicationPage(name string) *newApplicationPage {
	return &newApplicationPage{
		frame: x.frame("New application", "/applications", applicationsCrumb),
		Name:  formField{Name: "name", Label: "What's the name of your app?", Value: name, Required: true, Max: 120, Help: "People see it under My Apps."},
	}
}

func (p *Portal) newApplication(x *exchange) error { return x.show(x.newApplicationPage("")) }

func (p *Portal) createApplication(x *exchange) error {
	name := x.value("name")
	app, err := p.directory.CreateApplication(x.r.Context(), directory.Application{DisplayName: name})
	if err != nil {
		return x.again(x.newApplicationPage(name), err)
	}
	if err := p.idp.EnsureCertificate(x.r.Context(), app.ID); err != nil {
		return err
	}
	return x.done("/applications/"+string(app.ID), app.DisplayName+" was created.", "Set up single sign-on first, then provisioning, then assign users and groups.")
}

type applicationPage struct {
	frame
	Application   directory.Application
	Users, Groups int // assigned
	Provisioning  jobState
}

func (p *Portal) application(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	page := &applicationPage{frame: x.inApp(app, app.DisplayName, ""), Application: app}
	if page.Users, page.Groups, err = p.directory.CountAssignments(x.r.Context(), app.ID); err != nil {
		return err
	}
	if page.Provisioning, _, err = p.provisioningState(x, app.ID); err != nil {
		return err
	}
	return x.show(page)
}

type propertiesPage struct {
	frame
	Name               formField
	Enabled, Required  bool
	AppID, ObjectID    string
	UserAccessURL      string
	Action, DeleteLink string
}

func (x *exchange) propertiesPage(app directory.Application, name string) *propertiesPage {
	page := &propertiesPage{
		frame:   x.inApp(directory.Application{ID: app.ID, DisplayName: name}, "Properties", ""),
		Name:    formField{Name: "name", Label: "Name", Value: app.DisplayName, Required: true, Max: 120},
		Enabled: app.Enabled, Required: app.AssignmentRequired, AppID: string(app.AppID), ObjectID: string(app.ID),
		UserAccessURL: x.portal.idp.Endpoints(app).UserAccessURL,
	}
	page.Crumbs = append(page.Crumbs[:1:1], crumb{name, page.App.URL("")})
	page.Action, page.DeleteLink = page.App.URL("/properties"), page.App.URL("/delete")
	return page
}

func (p *Portal) properties(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	return x.show(x.propertiesPage(app, app.DisplayName))
}

func (p *Portal) saveProperties(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	name := app.DisplayName
	change := func(a *directory.Application) error {
		a.DisplayName, a.Enabled, a.AssignmentRequired = x.value("name"), x.checked("enabled"), x.checked("required")
		return nil
	}
	_ = change(&app) // for the form, should it be refused
	if _, err := p.directory.UpdateApplication(x.r.Context(), app.ID, change); err != nil {
		return x.again(x.propertiesPage(app, name), err)
	}
	return x.done("/applications/"+string(app.ID), "Properties saved.", "")
}

func (p *Portal) applicationDeletion(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	f := x.inApp(app, "Delete "+app.DisplayName+"?", "")
	return x.show(&confirmPage{
		frame: f,
		Points: []point{
			{"Single sign-on ends.", "The certificates of the application are deleted with it."},
			{"Provisioning ends.", "Nobody is deactivated in the application: to do that, unassign everybody first and wait for a cycle."},
			{"Assignments are lost.", "This cannot be undone."},
		},
		Action: f.App.URL("/delete"), Do: "Delete application", Keep: "Keep the application", Back: f.App.URL(""), Danger: true,
	})
}

func (p *Portal) deleteApplication(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	if err := p.directory.DeleteApplication(x.r.Context(), app.ID); err != nil {
		return err
	}
	return x.done("/applications", app.DisplayName+" was deleted.", "")
}

type assignmentsPage struct {
	frame
	Rows          []assignmentRow
	Users, Groups int
	Free          bool
	Query         string
	Pager         pager
}

// assignmentRow is who is assigned.
type assignmentRow struct {
	member
	Since     moment
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
		row := assignmentRow{Since: at(x.now, a.CreatedAt)}
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
			row.Mail = plural(n, "direct member", "direct members")
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
	chosen, added := x.r.PostForm["id"], 0
	if len(chosen) == 0 {
		return refuse(http.StatusBadRequest, "nobody was chosen: tick the users or groups to assign to %s", clip(app.DisplayName))
	}
	for _, id := range chosen {
		_, err := p.directory.Assign(x.r.Context(), app.ID, directory.ID(id))
		switch {
		case directory.IsProblem(err, directory.Conflict): // assigned meanwhile
		case err != nil:
			return err
		default:
			added++
		}
	}
	return x.done("/applications/"+string(app.ID)+"/assignments", "Application assignment succeeded: "+plural(added, "user or group was", "users or groups were")+" assigned.",
		"The next cycle provisions them; Provision on demand does at once.")
}

func (p *Portal) unassign(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	removed := 0
	for _, id := range x.r.PostForm["id"] {
		err := p.directory.Unassign(x.r.Context(), app.ID, directory.ID(id))
		switch {
		case directory.IsProblem(err, directory.NotFound): // unassigned meanwhile
		case err != nil:
			return err
		default:
			removed++
		}
	}
	if removed == 0 {
		return refuse(http.StatusBadRequest, "nobody was chosen: tick those to unassign")
	}
	return x.done("/applications/"+string(app.ID)+"/assignments", plural(removed, "assignment was", "assignments were")+" removed.",
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
		groups = append(groups, plural(more, "more group", "more groups"))
	}
	switch {
	case len(groups) == 0:
		return "directly", nil
	case direct:
		return "directly, and through " + names(groups), nil
	}
	return "through " + names(groups), nil
}
