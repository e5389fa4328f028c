package portal

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/web/words"
)

// provisioningEditPage is Get started and Edit provisioning: one form (Microsoft Entra
// docs, "configure-automatic-user-provisioning-portal"). Mappings stand in it once
// credentials are saved.
type provisioningEditPage struct {
	frame
	Saved     bool // credentials are saved
	Automatic bool
	TenantURL string
	// The secret token is never in the page: Sealed is what was entered and not saved.
	Sealed   string
	Test     *cycle.ConnectionTest // what Test Connection found; nil before
	Warnings []string
	AskTrim  bool   // the token has white space around it: save it as it is?
	Partly   string // what was saved before something else was refused
	Email    formField
	Prevent  bool
	Limit    string
	Scopes   []choice
	Skip     bool
	On       bool
	Mappings []mappingRow
	Open     string // the section that is open: "credentials", "settings"
}

// provisioningForm is what was entered.
type provisioningForm struct {
	automatic        bool
	tenantURL, token string
	settings         cycle.Settings
	limit            string
	on               bool
	act              string // "save", "test", "trim", "as-is"
}

// readProvisioning takes the form as it is: white space in credentials is not ours to
// remove, for it is the first thing that goes wrong with them.
func (x *exchange) readProvisioning() provisioningForm {
	f := provisioningForm{
		automatic: x.value("mode") == "Automatic", tenantURL: x.r.PostForm.Get("tenant_url"), token: x.r.PostForm.Get("secret_token"),
		limit: x.value("threshold"), on: x.value("status") == string(cycle.StatusOn), act: x.value("act"),
		settings: cycle.Settings{
			Scope: cycle.Scope(x.value("scope")), NotificationEmail: x.value("email"),
			PreventAccidentalDeletions: x.checked("prevent"), SkipOutOfScopeDeletions: x.checked("skip"),
		},
	}
	if f.token == "" {
		f.token = x.unseal(x.value("sealed"))
	}
	if f.act == "trim" {
		f.token = strings.TrimSpace(f.token)
	}
	if f.settings.Scope == "" {
		f.settings.Scope = cycle.ScopeAssigned
	}
	f.settings.DeletionThreshold, _ = strconv.Atoi(f.limit)
	return f
}

// savedForm is the form of what is saved.
func savedForm(job *cycle.Job) provisioningForm {
	if job == nil {
		return provisioningForm{settings: cycle.Settings{Scope: cycle.ScopeAssigned}, limit: "500"}
	}
	return provisioningForm{
		automatic: true, tenantURL: job.TenantURL, settings: job.Settings, limit: strconv.Itoa(job.DeletionThreshold), on: job.Status == cycle.StatusOn,
	}
}

func (p *Portal) provisioningEdit(x *exchange, app directory.Application, job *cycle.Job, f provisioningForm) (*provisioningEditPage, error) {
	title := "Edit provisioning"
	if job == nil {
		title = "Get started"
	}
	page := &provisioningEditPage{
		frame: x.inApp(app, title, "/provisioning"), Saved: job != nil && job.HasCredentials(), Automatic: f.automatic, TenantURL: f.tenantURL,
		Email:   formField{Name: "email", Label: "Notification Email", Value: f.settings.NotificationEmail, Max: 254, Help: "Kept and shown; the stand-in sends no mail. Entra ID tells it once when provisioning goes into quarantine."},
		Prevent: f.settings.PreventAccidentalDeletions, Limit: f.limit, Skip: f.settings.SkipOutOfScopeDeletions, On: f.on,
		Scopes: choices(f.settings.Scope, cycle.ScopeAssigned, cycle.ScopeAll), Open: "credentials",
	}
	page.Crumbs = append(page.Crumbs, crumb{"Provisioning", page.App.URL("/provisioning")})
	var err error
	if page.Sealed, err = x.seal(f.token); err != nil {
		return nil, err
	}
	if page.Saved {
		if page.Mappings, err = p.mappingRows(x, app, *job); err != nil {
			return nil, err
		}
	}
	return page, nil
}

func (p *Portal) editProvisioning(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	job, err := p.job(x, app.ID)
	if err != nil {
		return err
	}
	page, err := p.provisioningEdit(x, app, job, savedForm(job))
	if err != nil {
		return err
	}
	return x.show(page)
}

func (p *Portal) saveProvisioning(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	job, err := p.job(x, app.ID)
	if err != nil {
		return err
	}
	f := x.readProvisioning()
	if !f.automatic && f.act != "test" {
		if job != nil {
			return x.to("/applications/" + string(app.ID) + "/provisioning/manual")
		}
		return x.done("/applications/"+string(app.ID)+"/provisioning", "Provisioning Mode is Manual.", "Set it to Automatic to provision users and groups.")
	}
	page, err := p.provisioningEdit(x, app, job, f)
	if err != nil {
		return err
	}
	if err := otherServer(job, f); err != nil {
		return x.again(page, err)
	}
	if f.act == "test" {
		return p.testProvisioning(x, page, job, f)
	}
	if f.token != strings.TrimSpace(f.token) && f.act != "as-is" {
		page.AskTrim = true
		page.Status = http.StatusBadRequest
		return x.show(page)
	}
	return p.applyProvisioning(x, page, app, job, f)
}

// otherServer refuses to send the saved token to another server than the one it was
// saved for: who may configure may not for that reason read the secret.
func otherServer(job *cycle.Job, f provisioningForm) error {
	if job == nil || !job.HasCredentials() || f.token != "" {
		return nil
	}
	before, err := url.Parse(job.TenantURL)
	if err != nil {
		return nil //nolint:nilerr // what is saved cannot be used anyway
	}
	now, err := url.Parse(f.tenantURL)
	if err == nil && (now.Scheme != before.Scheme || now.Host != before.Host) {
		return refuse(http.StatusBadRequest, "the Tenant URL leads to another server than before (%s): enter the Secret Token again, the saved one is not sent there", words.Clip(before.Host))
	}
	return nil
}

// testProvisioning is Test Connection: nothing is saved by it.
func (p *Portal) testProvisioning(x *exchange, page *provisioningEditPage, job *cycle.Job, f provisioningForm) error {
	token := f.token
	if token == "" && job != nil {
		token = string(job.SecretToken)
	}
	test, err := p.cycle.TestConnection(x.r.Context(), f.tenantURL, token)
	if err != nil {
		return err
	}
	page.Test, page.Warnings = &test, test.Warnings
	return x.show(page)
}

// applyProvisioning saves what changed, the parts that can be refused first.
func (p *Portal) applyProvisioning(x *exchange, page *provisioningEditPage, app directory.Application, job *cycle.Job, f provisioningForm) error {
	ctx := x.r.Context()
	if f.settings.DeletionThreshold <= 0 && !f.settings.PreventAccidentalDeletions {
		f.settings.DeletionThreshold = 500 // what the portal shows first; it counts for nothing while the guard is off
	}
	first := job == nil || !job.HasCredentials()
	if job == nil {
		if err := cycle.CheckCredentials(f.tenantURL, f.token); err != nil {
			return x.again(page, err)
		}
		made, err := p.cycle.CreateJob(ctx, app.ID, x.actor())
		if err != nil {
			return x.again(page, err)
		}
		job = &made
	}
	saved := ""
	if first || f.tenantURL != job.TenantURL || f.token != "" {
		if _, err := p.cycle.SaveCredentials(ctx, job.ID, f.tenantURL, f.token, x.actor()); err != nil {
			return x.again(page, err)
		}
		saved, page.Sealed, page.Saved = "The admin credentials were saved.", "", true
	}
	if f.settings != job.Settings {
		if _, err := p.cycle.SaveSettings(ctx, job.ID, f.settings, x.actor()); err != nil {
			page.Partly, page.Open = saved, "settings"
			return x.again(page, err)
		}
		saved = "Everything but the Provisioning Status was saved."
	}
	detail := ""
	if first {
		detail = "Expand Mappings now to see which attributes flow."
	}
	if was := job.Status == cycle.StatusOn; was != f.on {
		change := p.cycle.Stop
		detail = "Provisioning is off. A cycle that is running completes."
		if f.on {
			change, detail = p.cycle.Start, "Provisioning is on. The first cycle begins at once, the next ones every "+span(p.interval())+"."
		}
		if _, err := change(ctx, job.ID, x.actor()); err != nil {
			page.Partly = saved
			return x.again(page, err)
		}
	}
	return x.done("/applications/"+string(app.ID)+"/provisioning/edit", "Provisioning settings saved.", detail)
}
