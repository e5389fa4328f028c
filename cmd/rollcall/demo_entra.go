package main

import (
	"context"
	"slices"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/internal/iam"
)

// demoApplication is the enterprise application's name in the stand-in.
const demoApplication = "Rollcall"

// Who the screen speaks of: the first of the directory's people, who may configure
// everything, and one of those who are in no group yet.
const (
	demoPortalAdmin = "adele.okafor@example.com"
	demoPerson      = "yuki.nakamura@example.com"
)

// demoActor is the demo in the stand-in's audit log.
var demoActor = cycle.Actor{Name: "rollcall demo"}

// demoEntraMade is what the demo shows of the stand-in.
type demoEntraMade struct {
	Portal        string       `json:"portal"`
	Administrator string       `json:"administrator"` // a Global Administrator; there are no passwords
	TestUser      string       `json:"testUser"`      // assigned to nothing yet
	Application   directory.ID `json:"application"`   // object id of the enterprise application
	Job           cycle.JobID  `json:"job,omitempty"`
	Provisioning  string       `json:"provisioning"` // its page in the portal
	OnDemand      string       `json:"onDemand"`     // the page Provision on demand
	Database      string       `json:"database"`
}

// application finds the enterprise application of the last time, or fills the directory and
// makes one: with the organization's SAML addresses, the mail as name and claim, a
// certificate, and the three groups assigned.
func (d demoSetUp) application(ctx context.Context, org iam.OrganizationID, before demoKept) (directory.Application, error) {
	db := d.entra.directory
	if before.Application != "" {
		app, err := db.Application(ctx, before.Application)
		if err == nil {
			return d.moveApplication(ctx, app, before.Server)
		}
		if !directory.IsProblem(err, directory.NotFound) {
			return directory.Application{}, err
		}
	}
	if _, err := db.Seed(ctx); err != nil {
		return directory.Application{}, err
	}
	view, err := d.access.SAML(ctx, org)
	if err != nil {
		return directory.Application{}, err
	}
	app, err := db.ApplicationByIdentifier(ctx, view.EntityID)
	if directory.IsProblem(err, directory.NotFound) {
		app, err = db.CreateApplication(ctx, directory.Application{DisplayName: demoApplication, SAML: directory.SAMLSettings{
			Identifier: view.EntityID, ReplyURL: view.ACSURL, SignOnURL: view.SignInURL, LogoutURL: view.LogoutURL,
			NameIDSource: "user.mail", Claims: demoClaims(),
		}})
	}
	if err != nil {
		return directory.Application{}, err
	}
	if err := d.entra.provider.EnsureCertificate(ctx, app.ID); err != nil {
		return directory.Application{}, err
	}
	return app, d.assign(ctx, app)
}

// demoClaims are those of a new application, with the mail wherever one says who the person
// is: it is what userName is made of.
func demoClaims() []directory.Claim {
	claims := directory.DefaultClaims()
	for i := range claims {
		if claims[i].Name == "name" {
			claims[i].Source = "user.mail"
		}
	}
	return append(claims, directory.Claim{Name: "email", Source: "user.mail"})
}

func (d demoSetUp) assign(ctx context.Context, app directory.Application) error {
	groups, err := d.entra.directory.SearchGroups(ctx, "", "", 100)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if !slices.Contains([]string{directory.SeedAdmins, directory.SeedDevelopers, directory.SeedReadOnly}, g.DisplayName) {
			continue
		}
		assigned, err := d.entra.directory.GroupAssigned(ctx, app.ID, g.ID)
		if err != nil {
			return err
		}
		if assigned {
			continue
		}
		if _, err := d.entra.directory.Assign(ctx, app.ID, g.ID); err != nil {
			return err
		}
	}
	return nil
}

// moveApplication follows Rollcall to another port.
func (d demoSetUp) moveApplication(ctx context.Context, app directory.Application, from string) (directory.Application, error) {
	to := d.access.PublicURL
	if from == "" || from == to {
		return app, nil
	}
	return d.entra.directory.UpdateApplication(ctx, app.ID, func(a *directory.Application) error {
		s := &a.SAML
		for _, address := range []*string{&s.Identifier, &s.ReplyURL, &s.SignOnURL, &s.LogoutURL} {
			*address = moved(*address, from, to)
		}
		return nil
	})
}

// moved is an address below from, below to instead.
func moved(address, from, to string) string {
	if rest, ok := strings.CutPrefix(address, from+"/"); ok {
		return to + "/" + rest
	}
	return address
}

// provisioning makes the application's job: off, with the credentials filled in, and
// userName from mail as the guide has it. A job of the last time keeps what its user made
// of it, and follows the server to another port and the demo to another key.
func (d demoSetUp) provisioning(ctx context.Context, app directory.Application, before demoKept, endpoint, bearer string) (*demoEntraMade, error) {
	jobs, err := d.entra.cycles.Jobs(ctx, app.ID)
	if err != nil {
		return nil, err
	}
	made := &demoEntraMade{
		Portal: d.entra.publicURL + "/", Administrator: demoPortalAdmin, TestUser: demoPerson, Application: app.ID,
		Provisioning: d.entra.publicURL + "/applications/" + string(app.ID) + "/provisioning",
	}
	made.Database = "sqlite:" + d.entra.file
	made.OnDemand = made.Provisioning + "/on-demand"
	if before.Application != app.ID {
		if len(jobs) == 0 {
			job, err := d.entra.cycles.CreateJob(ctx, app.ID, demoActor)
			if err != nil {
				return nil, err
			}
			jobs = append(jobs, job)
		}
		if err := d.fillJob(ctx, jobs[0], endpoint, bearer); err != nil {
			return nil, err
		}
	} else if len(jobs) > 0 {
		if err := d.moveJob(ctx, jobs[0], before, bearer); err != nil {
			return nil, err
		}
	}
	if len(jobs) > 0 { // else its user has removed it, and wants to set it up himself
		made.Job = jobs[0].ID
	}
	return made, nil
}

// fillJob does the guide's chapters "Set the provisioning mode and credentials" and
// "Configure attribute mappings".
func (d demoSetUp) fillJob(ctx context.Context, job cycle.Job, endpoint, bearer string) error {
	users := job.Users.Clone()
	for i := range users.Attributes {
		if users.Attributes[i].Target == "userName" {
			users.Attributes[i].Source = mapping.Source{Type: mapping.Direct, Text: "mail"}
		}
	}
	if _, err := d.entra.cycles.SaveMapping(ctx, job.ID, users, demoActor); err != nil {
		return err
	}
	_, err := d.entra.cycles.SaveCredentials(ctx, job.ID, endpoint, bearer, demoActor)
	return err
}

func (d demoSetUp) moveJob(ctx context.Context, job cycle.Job, before demoKept, bearer string) error {
	if to := moved(job.TenantURL, before.Server, d.access.PublicURL); to != job.TenantURL {
		if _, err := d.entra.cycles.MoveTarget(ctx, job.ID, to, demoActor); err != nil {
			return err
		}
		job.TenantURL = to
	}
	if string(job.SecretToken) != before.Bearer || before.Bearer == bearer {
		return nil
	}
	_, err := d.entra.cycles.SaveCredentials(ctx, job.ID, job.TenantURL, bearer, demoActor)
	return err
}
