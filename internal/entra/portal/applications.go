package portal

import (
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
