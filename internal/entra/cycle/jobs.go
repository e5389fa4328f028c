package cycle

import (
	"context"
	"database/sql"
	"fmt"
	"net/mail"
	"strconv"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// CreateJob makes the provisioning job of an application: off, scope assigned, default
// mappings. A Conflict when it has one.
func (s *Service) CreateJob(ctx context.Context, application directory.ID, by Actor) (Job, error) {
	if _, err := s.Directory.Application(ctx, application); err != nil {
		return Job{}, err
	}
	tenant, err := s.Directory.Tenant(ctx)
	if err != nil {
		return Job{}, err
	}
	id, err := s.newID()
	if err != nil {
		return Job{}, err
	}
	users, groups := s.Manner.defaults()
	row := jobRow{
		id:          JobID("scim." + strings.ReplaceAll(string(tenant.ID), "-", "") + "." + string(id)),
		application: application,
		config: config{
			Status: StatusOff, Users: users, Groups: groups,
			Settings: Settings{Scope: ScopeAssigned, DeletionThreshold: 500}, // the threshold that the portal shows first
		},
		generation: 1,
		createdAt:  s.now(),
	}
	err = s.Directory.Update(ctx, func(tx *sql.Tx) error {
		var has bool
		if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM cycle_jobs WHERE application_id = ?)`, string(application)).Scan(&has); err != nil {
			return fmt.Errorf("look for a job of application %s: %w", application, err)
		}
		if has {
			return refuse(Conflict, "The application has a provisioning configuration already.")
		}
		if err := writeJob(ctx, tx, row); err != nil {
			return err
		}
		return s.audit(ctx, tx, row, ActivityAdd, by)
	})
	if err != nil {
		return Job{}, err
	}
	return row.job(), nil
}

// DeleteJob removes a job with its links and retries. Nothing changes in the target; logs
// and audit entries stay.
func (s *Service) DeleteJob(ctx context.Context, id JobID, by Actor) error {
	return s.Directory.Update(ctx, func(tx *sql.Tx) error {
		row, err := readJob(ctx, tx, id)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM cycle_jobs WHERE id = ?`, string(id)); err != nil {
			return fmt.Errorf("delete job %s: %w", id, err)
		}
		return s.audit(ctx, tx, row, ActivityDelete, by)
	})
}

// SaveCredentials saves the tenant URL and the secret token, exactly as they were given. An
// empty token keeps the one that is saved. Another tenant URL is another target: the links
// end, and the next cycle is an initial one.
func (s *Service) SaveCredentials(ctx context.Context, id JobID, tenantURL, token string, by Actor) (Job, error) {
	if message := checkTenantURL(tenantURL); message != "" {
		return Job{}, refuse(Invalid, "%s", message)
	}
	return s.changeJob(ctx, id, func(tx *sql.Tx, row *jobRow) error {
		if token == "" {
			token = string(row.secret)
		}
		if message := checkToken(token); message != "" {
			return refuse(Invalid, "%s", message)
		}
		modified := changed(nil, "TenantURL", row.config.TenantURL, tenantURL)
		if Secret(token) != row.secret {
			modified = append(modified, ModifiedProperty{"SecretToken", row.secret.String(), Secret(token).String()})
		}
		if endpointOf(tenantURL) != endpointOf(row.config.TenantURL) {
			if err := forget(ctx, tx, row.id, "cycle_links", "cycle_members", "cycle_escrows"); err != nil {
				return err
			}
			row.beginAnew()
		}
		row.config.TenantURL, row.secret = tenantURL, Secret(token)
		if q := row.state.Quarantine; q != nil && q.Reason == EncounteredQuarantineException {
			row.state.NextCycle = s.now() // new credentials are tried at once
		}
		return s.audit(ctx, tx, *row, ActivityCredentials, by, modified...)
	})
}

// endpointOf is the tenant URL without its flags and trailing slash.
func endpointOf(tenantURL string) string {
	address, _, _ := strings.Cut(tenantURL, "?")
	return strings.TrimRight(address, "/")
}

// SaveSettings saves the Settings section. A scope that grows from assigned to all makes
// the next cycle an initial one; from all to assigned it takes a restart by hand (Microsoft
// Entra docs, "known-issues").
func (s *Service) SaveSettings(ctx context.Context, id JobID, settings Settings, by Actor) (Job, error) {
	if settings.Scope != ScopeAssigned && settings.Scope != ScopeAll {
		return Job{}, refuse(Invalid, "There is no scope %q; choose %q or %q.", clip(string(settings.Scope)), ScopeAssigned, ScopeAll)
	}
	if settings.NotificationEmail != "" {
		if a, err := mail.ParseAddress(settings.NotificationEmail); err != nil || a.Address != settings.NotificationEmail {
			return Job{}, refuse(Invalid, "The notification e-mail %q is not an e-mail address.", clip(settings.NotificationEmail))
		}
	}
	if settings.PreventAccidentalDeletions && settings.DeletionThreshold <= 0 {
		return Job{}, refuse(Invalid, "The accidental deletion threshold is %d; it must be 1 or more.", settings.DeletionThreshold)
	}
	return s.changeJob(ctx, id, func(tx *sql.Tx, row *jobRow) error {
		old := row.config.Settings
		row.config.Settings = settings
		if old.Scope == ScopeAssigned && settings.Scope == ScopeAll {
			row.beginAnew()
			row.state.NextCycle = s.now()
		}
		modified := changed(nil, "Scope", string(old.Scope), string(settings.Scope))
		modified = changed(modified, "NotificationEmail", old.NotificationEmail, settings.NotificationEmail)
		modified = changed(modified, "PreventAccidentalDeletions", strconv.FormatBool(old.PreventAccidentalDeletions), strconv.FormatBool(settings.PreventAccidentalDeletions))
		modified = changed(modified, "DeletionThreshold", strconv.Itoa(old.DeletionThreshold), strconv.Itoa(settings.DeletionThreshold))
		modified = changed(modified, "SkipOutOfScopeDeletions", strconv.FormatBool(old.SkipOutOfScopeDeletions), strconv.FormatBool(settings.SkipOutOfScopeDeletions))
		return s.audit(ctx, tx, *row, ActivityCredentials, by, modified...)
	})
}

// SaveMapping saves the mapping of users or of groups, with its scoping filters. It makes
// the next cycle an initial one (Microsoft Entra docs, "how-provisioning-works"). A mapping
// that cannot work is refused; the mapping of users cannot be switched off.
func (s *Service) SaveMapping(ctx context.Context, id JobID, m mapping.ObjectMapping, by Actor) (Job, error) {
	if m.Kind != mapping.KindUser && m.Kind != mapping.KindGroup {
		return Job{}, refuse(Invalid, "There is no mapping for %q; it is for User or Group.", clip(string(m.Kind)))
	}
	if err := m.Validate(); err != nil {
		return Job{}, refuse(Invalid, "%s", err.Error())
	}
	return s.changeJob(ctx, id, func(tx *sql.Tx, row *jobRow) error {
		if m.Kind == mapping.KindGroup {
			row.config.Groups = m
		} else {
			row.config.Users = m
		}
		row.beginAnew()
		row.state.NextCycle = s.now()
		return s.audit(ctx, tx, *row, ActivityMapping, by, ModifiedProperty{"Mapping", "", m.Name})
	})
}

// beginAnew makes the next cycle an initial one, also when a cycle is running now.
func (r *jobRow) beginAnew() {
	r.state.Watermark = 0
	r.generation++
}

// Start switches a job on; its first cycle is due at once. A Conflict without credentials.
func (s *Service) Start(ctx context.Context, id JobID, by Actor) (Job, error) {
	j, err := s.changeJob(ctx, id, func(tx *sql.Tx, row *jobRow) error {
		if row.config.TenantURL == "" || row.secret == "" {
			return refuse(Conflict, "Save the admin credentials (tenant URL and secret token) before provisioning is started.")
		}
		old := row.config.Status
		row.config.Status = StatusOn
		if old != StatusOn {
			row.state.NextCycle = s.now()
		}
		return s.audit(ctx, tx, *row, ActivityStart, by, changed(nil, "Status", string(old), string(StatusOn))...)
	})
	s.nudge()
	return j, err
}

// Stop switches a job off. A cycle that is running completes; watermark, links and retries
// are kept for the next start.
func (s *Service) Stop(ctx context.Context, id JobID, by Actor) (Job, error) {
	return s.changeJob(ctx, id, func(tx *sql.Tx, row *jobRow) error {
		old := row.config.Status
		row.config.Status = StatusOff
		return s.audit(ctx, tx, *row, ActivityStop, by, changed(nil, "Status", string(old), string(StatusOff))...)
	})
}

// Reset is what a restart forgets, with the names of Graph's resetScope.
type Reset string

const (
	// ResetWatermark is "Restart provisioning" of the portal: watermark, retries and
	// quarantine; the links stay.
	ResetWatermark Reset = "Watermark"
	// ResetEscrows forgets the retries only.
	ResetEscrows Reset = "Escrows"
	// ResetFull breaks the links too, so that every object is matched anew.
	ResetFull Reset = "Full"
)

// Restart forgets part of what a job knows and switches it on; its next cycle is due at once.
func (s *Service) Restart(ctx context.Context, id JobID, reset Reset, by Actor) (Job, error) {
	j, err := s.changeJob(ctx, id, func(tx *sql.Tx, row *jobRow) error {
		if row.config.TenantURL == "" || row.secret == "" {
			return refuse(Conflict, "Save the admin credentials (tenant URL and secret token) before provisioning is started.")
		}
		tables := []string{"cycle_escrows"}
		switch reset {
		case ResetEscrows:
		case ResetFull:
			tables = append(tables, "cycle_links", "cycle_members")
			row.beginAnew()
			row.state.Quarantine = nil
		case ResetWatermark:
			row.beginAnew()
			row.state.Quarantine = nil
		default:
			return refuse(Invalid, "There is no reset %q; choose %s, %s or %s.", clip(string(reset)), ResetWatermark, ResetEscrows, ResetFull)
		}
		if err := forget(ctx, tx, row.id, tables...); err != nil {
			return err
		}
		row.state.DeletesAllowed = false
		row.config.Status = StatusOn
		row.state.NextCycle = s.now()
		return s.audit(ctx, tx, *row, ActivityRestart, by, ModifiedProperty{"ResetScope", "", string(reset)})
	})
	s.nudge()
	return j, err
}

// AllowDeletes lets the next cycle disable and delete what the guard against accidental
// deletions held back, and takes the job out of that quarantine. A Conflict when nothing
// was held back.
func (s *Service) AllowDeletes(ctx context.Context, id JobID, by Actor) (Job, error) {
	j, err := s.changeJob(ctx, id, func(tx *sql.Tx, row *jobRow) error {
		q := row.state.Quarantine
		if q == nil || q.Reason != TooManyDeletes {
			return refuse(Conflict, "No deletions are held back: there is nothing to allow.")
		}
		row.state.Quarantine, row.state.DeletesAllowed, row.state.NextCycle = nil, true, s.now()
		if _, err := tx.ExecContext(ctx, `UPDATE cycle_escrows SET next_us = first_us WHERE job_id = ? AND code = ?`, string(id), CodeAccidentalDeletes); err != nil {
			return fmt.Errorf("release the staged deletions of job %s: %w", id, err)
		}
		return s.audit(ctx, tx, *row, ActivityAllow, by)
	})
	s.nudge()
	return j, err
}

// forget empties tables for a job.
func forget(ctx context.Context, tx *sql.Tx, id JobID, tables ...string) error {
	for _, table := range tables {
		if _, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE job_id = ?`, string(id)); err != nil {
			return fmt.Errorf("empty %s for job %s: %w", table, id, err)
		}
	}
	return nil
}

// changed appends a property when its value changed.
func changed(list []ModifiedProperty, name, old, now string) []ModifiedProperty {
	if old == now {
		return list
	}
	return append(list, ModifiedProperty{name, old, now})
}
