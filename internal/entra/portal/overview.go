package portal

import (
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
)

type overviewPage struct {
	frame
	TenantName, TenantID, Domain, LicenceName string
	Users, Groups, Applications               int
	Apps                                      []overviewApp
}

type overviewApp struct {
	ID        directory.ID
	Name      string
	State     jobState
	LastCycle time.Time
}

// jobState is how the provisioning of an application is doing.
type jobState struct {
	Kind, Icon, Text string // Kind: "ok", "warn", "bad", "muted"
}

// overview is the start page: of the directory for those who may configure it, My Apps
// for everybody else.
func (p *Portal) overview(x *exchange) error {
	if !x.viewer.MayConfigure() {
		return x.to("/my-apps")
	}
	ctx := x.r.Context()
	tenant, err := p.directory.Tenant(ctx)
	if err != nil {
		return err
	}
	licence, err := p.directory.Licence(ctx)
	if err != nil {
		return err
	}
	counts, err := p.directory.Counts(ctx)
	if err != nil {
		return err
	}
	apps, err := p.directory.Applications(ctx)
	if err != nil {
		return err
	}
	page := &overviewPage{
		frame:      x.frame("Overview", "/"),
		TenantName: tenant.DisplayName, TenantID: string(tenant.ID), Domain: tenant.DefaultDomain, LicenceName: string(licence),
		Users: counts.Users, Groups: counts.Groups, Applications: counts.Applications,
	}
	for _, app := range apps[:min(len(apps), mostOnOverview)] {
		row := overviewApp{ID: app.ID, Name: app.DisplayName}
		var job *cycle.Job
		if row.State, job, err = p.provisioningState(x, app.ID); err != nil {
			return err
		}
		if job != nil && job.LastCycle != nil {
			row.LastCycle = job.LastCycle.StartedAt
		}
		page.Apps = append(page.Apps, row)
	}
	return x.show(page)
}

// mostOnOverview bounds the applications on the start page.
const mostOnOverview = 10
