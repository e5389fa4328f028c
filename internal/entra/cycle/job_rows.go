package cycle

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// config is what admins write of a job.
type config struct {
	TenantURL string
	Settings  Settings
	Status    Status
	Users     mapping.ObjectMapping
	Groups    mapping.ObjectMapping
}

// state is what cycles write of a job.
type state struct {
	Watermark      int64       `json:",omitempty"`
	Quarantine     *Quarantine `json:",omitempty"`
	NextCycle      time.Time
	LastCycle      *Cycle `json:",omitempty"`
	Statistics     Statistics
	DeletesAllowed bool `json:",omitempty"`
}

// jobRow is a job as it is stored.
type jobRow struct {
	id          JobID
	application directory.ID
	secret      Secret
	config      config
	state       state
	generation  int64
	createdAt   time.Time
}

func (r jobRow) job() Job {
	return Job{
		ID: r.id, ApplicationID: r.application, TenantURL: r.config.TenantURL, SecretToken: r.secret,
		Settings: r.config.Settings, Status: r.config.Status, Users: r.config.Users, Groups: r.config.Groups,
		Watermark: r.state.Watermark, Quarantine: r.state.Quarantine, NextCycle: r.state.NextCycle,
		LastCycle: r.state.LastCycle, Statistics: r.state.Statistics, DeletesAllowed: r.state.DeletesAllowed,
		CreatedAt: r.createdAt,
	}
}

type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

type scanner interface{ Scan(...any) error }

// collect reads every row of a query.
func collect[T any](ctx context.Context, q queryer, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // its error is that of rows.Err
	var list []T
	for rows.Next() {
		value, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	return list, rows.Err()
}

const jobColumns = `id, application_id, secret_token, config, state, generation, created_at_us`

func scanJob(row scanner) (jobRow, error) {
	var (
		r                       jobRow
		id, application, secret string
		configDoc, stateDoc     []byte
		created                 int64
	)
	if err := row.Scan(&id, &application, &secret, &configDoc, &stateDoc, &r.generation, &created); err != nil {
		return jobRow{}, err
	}
	r.id, r.application, r.secret, r.createdAt = JobID(id), directory.ID(application), Secret(secret), time.UnixMicro(created).UTC()
	if err := json.Unmarshal(configDoc, &r.config); err != nil {
		return jobRow{}, fmt.Errorf("read the settings of job %s: %w", id, err)
	}
	if err := json.Unmarshal(stateDoc, &r.state); err != nil {
		return jobRow{}, fmt.Errorf("read the state of job %s: %w", id, err)
	}
	return r, nil
}

func readJob(ctx context.Context, q queryer, id JobID) (jobRow, error) {
	row, err := scanJob(q.QueryRowContext(ctx, `SELECT `+jobColumns+` FROM cycle_jobs WHERE id = ?`, string(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return jobRow{}, refuse(NotFound, "There is no provisioning job %q.", clip(string(id)))
	}
	if err != nil {
		return jobRow{}, fmt.Errorf("read job %s: %w", id, err)
	}
	return row, nil
}

// changeJob changes a job in one transaction, together with what change writes itself.
func (s *Service) changeJob(ctx context.Context, id JobID, change func(*sql.Tx, *jobRow) error) (Job, error) {
	var row jobRow
	err := s.Directory.Update(ctx, func(tx *sql.Tx) error {
		var err error
		if row, err = readJob(ctx, tx, id); err != nil {
			return err
		}
		if err := change(tx, &row); err != nil {
			return err
		}
		return writeJob(ctx, tx, row)
	})
	if err != nil {
		return Job{}, err
	}
	return row.job(), nil
}

func writeJob(ctx context.Context, tx *sql.Tx, row jobRow) error {
	configDoc, err := json.Marshal(row.config)
	if err != nil {
		return err
	}
	stateDoc, err := json.Marshal(row.state)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO cycle_jobs (id, application_id, secret_token, config, state, generation, created_at_us)
		VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET secret_token = excluded.secret_token, config = excluded.config, state = excluded.state, generation = excluded.generation`,
		string(row.id), string(row.application), string(row.secret), string(configDoc), string(stateDoc), row.generation, row.createdAt.UnixMicro())
	if err != nil {
		return fmt.Errorf("save job %s: %w", row.id, err)
	}
	return nil
}

// Job returns a job.
func (s *Service) Job(ctx context.Context, id JobID) (Job, error) {
	row, err := readJob(ctx, s.Directory.Reading(), id)
	if err != nil {
		return Job{}, err
	}
	return row.job(), nil
}

// Jobs returns the jobs of an application, or of all for "", by age. An application has one
// at most.
func (s *Service) Jobs(ctx context.Context, application directory.ID) ([]Job, error) {
	rows, err := collect(ctx, s.Directory.Reading(), scanJob,
		`SELECT `+jobColumns+` FROM cycle_jobs WHERE ?1 = '' OR application_id = ?1 ORDER BY created_at_us, id`, string(application))
	if err != nil {
		return nil, fmt.Errorf("list the provisioning jobs: %w", err)
	}
	jobs := make([]Job, 0, len(rows))
	for _, row := range rows {
		jobs = append(jobs, row.job())
	}
	return jobs, nil
}
