package cycle

import (
	"context"
	"database/sql"
)

// MoveTarget saves another address of the same target: credentials, links and the progress
// of the job stay. The real service has no such act: there another Tenant URL is another
// target, as in [Service.SaveCredentials]. It is for who runs both sides on one machine and
// starts them again on other ports.
func (s *Service) MoveTarget(ctx context.Context, id JobID, tenantURL string, by Actor) (Job, error) {
	if message := checkTenantURL(tenantURL); message != "" {
		return Job{}, refuse(Invalid, "%s", message)
	}
	return s.changeJob(ctx, id, func(tx *sql.Tx, row *jobRow) error {
		modified := changed(nil, "TenantURL", row.config.TenantURL, tenantURL)
		row.config.TenantURL = tenantURL
		return s.audit(ctx, tx, *row, ActivityCredentials, by, modified...)
	})
}
