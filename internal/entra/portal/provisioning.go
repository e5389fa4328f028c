package portal

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
)

func (p *Portal) provisioningRoutes() []route {
	return []route{
		show("/applications/{app}/provisioning", configurers, p.provisioning, "provisioning.html", provisioningPage{}),
		act("/applications/{app}/provisioning/start", configurers, p.startProvisioning),
		act("/applications/{app}/provisioning/stop", configurers, p.stopProvisioning),
		show("/applications/{app}/provisioning/restart", configurers, p.askRestart, "restart.html", restartPage{}),
		act("/applications/{app}/provisioning/restart", configurers, p.restartProvisioning),
		act("/applications/{app}/provisioning/allow-deletes", configurers, p.allowDeletes),
		act("/applications/{app}/provisioning/run", configurers, p.runCycle),
		show("/applications/{app}/provisioning/edit", configurers, p.editProvisioning, "provisioningedit.html", provisioningEditPage{}),
		act("/applications/{app}/provisioning/edit", configurers, p.saveProvisioning),
		show("/applications/{app}/provisioning/manual", configurers, p.askManual, "confirm.html", confirmPage{}),
		act("/applications/{app}/provisioning/manual", configurers, p.removeProvisioning),
	}
}

// provisioningPage is the Overview of provisioning (Microsoft Entra docs,
// "application-provisioning-when-will-provisioning-finish-specific-user"), or Get started.
type provisioningPage struct {
	frame
	Job      *cycle.Job // nil until it is set up
	State    jobState
	On       bool
	Progress cycle.Progress
	Cycle    cycle.Cycle // the running one, or the last
	HasCycle bool
	Counts   []outcomeCount // of the cycle, by action and status
	Calls    int
	Failures int
	Duration string
	Mappings []mappingRow
	Interval string
	Staged   bool // deletions are held back
}

// outcomeCount is how often a cycle did something.
type outcomeCount struct {
	Label string
	N     int
	Kind  string // "bad" for failures, "warn", ""
}

// job is the provisioning job of an application; nil when it was not set up.
func (p *Portal) job(x *exchange, app directory.ID) (*cycle.Job, error) {
	jobs, err := p.cycle.Jobs(x.r.Context(), app)
	if err != nil || len(jobs) == 0 {
		return nil, err
	}
	return &jobs[0], nil
}

// theJob is the job that an act is about: there must be one.
func (p *Portal) theJob(x *exchange) (*cycle.Job, error) {
	job, err := p.job(x, x.id("app"))
	if err == nil && job == nil {
		err = refuse(http.StatusNotFound, "provisioning of this application is not set up: choose Get started on its page Provisioning")
	}
	return job, err
}

// provisioningState says in a word how the provisioning of an application does.
func (p *Portal) provisioningState(x *exchange, app directory.ID) (jobState, *cycle.Job, error) {
	job, err := p.job(x, app)
	if err != nil {
		return jobState{}, nil, err
	}
	return stateOf(job), job, nil
}

func stateOf(job *cycle.Job) jobState {
	switch {
	case job == nil || !job.HasCredentials():
		return jobState{"muted", "skip", "Not set up"}
	case job.Status != cycle.StatusOn:
		return jobState{"muted", "stop", "Off"}
	case job.Quarantine != nil:
		return jobState{"bad", "error", "Quarantine"}
	case job.LastCycle != nil && job.LastCycle.Count("", cycle.Failure) > 0:
		return jobState{"warn", "alert", "On, with failures"}
	}
	return jobState{"ok", "check-circle", "On"}
}

// actor is the viewer, for the audit log.
func (x *exchange) actor() cycle.Actor {
	return cycle.Actor{ID: x.viewer.ID, Name: x.viewer.UserPrincipalName}
}

// refreshWhileRunning is how often the page of a running cycle is loaded anew.
const refreshWhileRunning = "3"

func (p *Portal) provisioning(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	state, job, err := p.provisioningState(x, app.ID)
	if err != nil {
		return err
	}
	page := &provisioningPage{frame: x.inApp(app, "Provisioning", "/provisioning"), State: state}
	if job == nil || !job.HasCredentials() {
		return x.show(page)
	}
	page.Job, page.On, page.Staged = job, job.Status == cycle.StatusOn, job.Quarantine != nil && job.Quarantine.Reason == cycle.TooManyDeletes
	if page.Progress, err = p.cycle.Progress(x.r.Context(), job.ID); err != nil {
		return err
	}
	page.Cycle = page.Progress.Cycle
	page.HasCycle = page.Cycle.ID != ""
	page.Interval = span(p.interval())
	page.describeCycle(x.now)
	if page.Mappings, err = p.mappingRows(x, app, *job); err != nil {
		return err
	}
	if page.Progress.Running {
		x.w.Header().Set("Refresh", refreshWhileRunning)
	}
	return x.show(page)
}

func (p *Portal) interval() time.Duration {
	if p.cycle.Interval > 0 {
		return p.cycle.Interval
	}
	return cycle.DefaultInterval
}

// describeCycle counts what the cycle did.
func (page *provisioningPage) describeCycle(now time.Time) {
	c := page.Cycle
	for _, action := range []cycle.Action{cycle.ActionCreate, cycle.ActionUpdate, cycle.ActionDisable, cycle.ActionDelete, cycle.ActionStagedDelete} {
		if n := c.Count(action, cycle.Success) + c.Count(action, cycle.Warning); n > 0 {
			page.Counts = append(page.Counts, outcomeCount{string(action), n, ""})
		}
	}
	if n := c.Count("", cycle.Skipped); n > 0 {
		page.Counts = append(page.Counts, outcomeCount{"Skipped", n, ""})
	}
	if page.Failures = c.Count("", cycle.Failure); page.Failures > 0 {
		page.Counts = append(page.Counts, outcomeCount{"Failed", page.Failures, "bad"})
	}
	page.Calls = c.CallCount()
	switch {
	case c.StartedAt.IsZero():
	case c.EndedAt.IsZero():
		page.Duration = span(now.Sub(c.StartedAt))
	default:
		page.Duration = span(c.EndedAt.Sub(c.StartedAt))
	}
}

func (p *Portal) startProvisioning(x *exchange) error {
	job, err := p.theJob(x)
	if err != nil {
		return err
	}
	if _, err := p.cycle.Start(x.r.Context(), job.ID, x.actor()); err != nil {
		return err
	}
	return x.done("/applications/"+string(job.ApplicationID)+"/provisioning", "Provisioning was started.", "The first cycle begins at once, the next ones every "+span(p.interval())+".")
}

func (p *Portal) stopProvisioning(x *exchange) error {
	job, err := p.theJob(x)
	if err != nil {
		return err
	}
	if _, err := p.cycle.Stop(x.r.Context(), job.ID, x.actor()); err != nil {
		return err
	}
	return x.done("/applications/"+string(job.ApplicationID)+"/provisioning", "Provisioning was stopped.", "A cycle that is running completes. Test Connection and Provision on demand still work.")
}

// restartPage asks what a restart is to forget.
type restartPage struct {
	frame
}

func (p *Portal) askRestart(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	page := &restartPage{frame: x.inApp(app, "Restart provisioning?", "/provisioning")}
	page.Crumbs = append(page.Crumbs, crumb{"Provisioning", page.App.URL("/provisioning")})
	return x.show(page)
}

func (p *Portal) restartProvisioning(x *exchange) error {
	job, err := p.theJob(x)
	if err != nil {
		return err
	}
	reset := cycle.Reset(x.value("reset"))
	if reset == "" {
		reset = cycle.ResetWatermark
	}
	if _, err := p.cycle.Restart(x.r.Context(), job.ID, reset, x.actor()); err != nil {
		return err
	}
	return x.done("/applications/"+string(job.ApplicationID)+"/provisioning", "Provisioning was restarted.", "An initial cycle begins at once.")
}

func (p *Portal) allowDeletes(x *exchange) error {
	job, err := p.theJob(x)
	if err != nil {
		return err
	}
	if _, err := p.cycle.AllowDeletes(x.r.Context(), job.ID, x.actor()); err != nil {
		return err
	}
	return x.done("/applications/"+string(job.ApplicationID)+"/provisioning", "Deletes are allowed.", "The next cycle, which begins at once, disables and deletes what was held back.")
}

// runCycle is the stand-in's own: nobody who tries a change out wants to wait for 40
// minutes. The cycle goes on when its caller is gone.
func (p *Portal) runCycle(x *exchange) error {
	job, err := p.theJob(x)
	if err != nil {
		return err
	}
	if job.Status != cycle.StatusOn {
		return refuse(http.StatusConflict, "provisioning of this application is off; set Provisioning Status to On first")
	}
	// Whoever clicks twice is told so; of two clicks at once the second only waits.
	if progress, err := p.cycle.Progress(x.r.Context(), job.ID); err != nil {
		return err
	} else if progress.Running {
		return cycle.ErrRunning
	}
	ended := make(chan error, 1)
	p.background.Go(func() {
		_, err := p.cycle.RunCycle(p.running, job.ID)
		ended <- err
	})
	wait := time.NewTimer(p.patience)
	defer wait.Stop()
	path := "/applications/" + string(job.ApplicationID) + "/provisioning"
	select {
	case err := <-ended:
		if err != nil && errors.Is(err, context.Canceled) {
			return refuse(http.StatusServiceUnavailable, "the stand-in is stopping; the cycle was not finished")
		}
		if err != nil {
			return err
		}
		return x.done(path, "The cycle has run.", "What it did is below, and in the provisioning logs.")
	case <-wait.C:
		return x.done(path, "A cycle is running.", "This page follows it.")
	}
}

// askManual asks before the configuration is removed: Provisioning Mode Manual.
func (p *Portal) askManual(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	f := x.inApp(app, "Set Provisioning Mode to Manual?", "/provisioning")
	f.Crumbs = append(f.Crumbs, crumb{"Provisioning", f.App.URL("/provisioning")})
	return x.show(&confirmPage{
		frame: f,
		Points: []point{
			{"Provisioning ends.", "Credentials, mappings and settings are removed; the logs stay."},
			{"Nothing changes in the application.", "Its users and groups stay as they are, and are matched again if provisioning is set up again."},
		},
		Action: f.App.URL("/provisioning/manual"), Do: "Remove the configuration", Keep: "Keep Automatic", Back: f.App.URL("/provisioning/edit"), Danger: true,
	})
}

func (p *Portal) removeProvisioning(x *exchange) error {
	job, err := p.theJob(x)
	if err != nil {
		return err
	}
	if err := p.cycle.DeleteJob(x.r.Context(), job.ID, x.actor()); err != nil {
		return err
	}
	return x.done("/applications/"+string(job.ApplicationID)+"/provisioning", "Provisioning Mode is Manual.", "The configuration was removed.")
}
