package cycle

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

// Logs returns entries, the newest first, and the Before of the next page; 0 when there is
// none.
func (s *Service) Logs(ctx context.Context, f LogFilter) (entries []LogEntry, next int64, err error) {
	limit := pageSize(f.Limit)
	query, args := f.query()
	entries, err = collect(ctx, s.Directory.Reading(), scanEntry, query+` ORDER BY seq DESC LIMIT ?`, append(args, limit)...)
	if err != nil {
		return nil, 0, fmt.Errorf("read the provisioning logs: %w", err)
	}
	if len(entries) == limit {
		next = entries[limit-1].Seq
	}
	return entries, next, nil
}

func (f LogFilter) query() (string, []any) {
	query, args := `SELECT seq, doc FROM cycle_logs WHERE 1 = 1`, []any{}
	add := func(condition string, values ...any) {
		query += " AND " + condition
		args = append(args, values...)
	}
	oneOf := func(column string, values []string) {
		if len(values) == 0 {
			return
		}
		list := make([]any, 0, len(values))
		for _, v := range values {
			list = append(list, v)
		}
		add(column+` IN (?`+strings.Repeat(", ?", len(values)-1)+`)`, list...)
	}
	if f.ApplicationID != "" {
		add(`application_id = ?`, string(f.ApplicationID))
	}
	if f.JobID != "" {
		add(`job_id = ?`, string(f.JobID))
	}
	if f.CycleID != "" {
		add(`cycle_id = ?`, f.CycleID)
	}
	if f.ChangeID != "" {
		add(`change_id = ?`, f.ChangeID)
	}
	if !f.Since.IsZero() {
		add(`at_us >= ?`, f.Since.UnixMicro())
	}
	if !f.Until.IsZero() {
		add(`at_us < ?`, f.Until.UnixMicro())
	}
	oneOf(`action`, texts(f.Actions))
	oneOf(`status`, texts(f.Statuses))
	if f.Kind != "" {
		add(`kind = ?`, string(f.Kind))
	}
	if f.Identity != "" {
		add(`(source_id = ? OR target_id = ? OR instr(names, ?) > 0)`, f.Identity, f.Identity, strings.ToLower(f.Identity))
	}
	if f.Text != "" {
		add(`instr(lower(doc), lower(?)) > 0`, jsonText(f.Text))
	}
	if f.Before > 0 {
		add(`seq < ?`, f.Before)
	}
	return query, args
}

// jsonText is a text as it stands inside of a JSON document.
func jsonText(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return s // a string always encodes
	}
	return string(b[1 : len(b)-1])
}

func texts[T ~string](list []T) []string {
	out := make([]string, 0, len(list))
	for _, one := range list {
		out = append(out, string(one))
	}
	return out
}

func scanEntry(row scanner) (LogEntry, error) {
	var seq int64
	var doc []byte
	if err := row.Scan(&seq, &doc); err != nil {
		return LogEntry{}, err
	}
	var e LogEntry
	err := json.Unmarshal(doc, &e)
	e.Seq = seq
	return e, err
}

// LogEntry returns one entry by its id.
func (s *Service) LogEntry(ctx context.Context, changeID string) (LogEntry, error) {
	entries, _, err := s.Logs(ctx, LogFilter{ChangeID: changeID, Limit: 1})
	if err != nil {
		return LogEntry{}, err
	}
	if len(entries) == 0 || changeID == "" {
		return LogEntry{}, refuse(NotFound, "There is no provisioning log entry with the change id %q.", clip(changeID))
	}
	return entries[0], nil
}

// Cycles returns the cycles of a job, the newest first.
func (s *Service) Cycles(ctx context.Context, id JobID, limit int) ([]Cycle, error) {
	list, err := collect(ctx, s.Directory.Reading(), func(row scanner) (Cycle, error) {
		var doc []byte
		if err := row.Scan(&doc); err != nil {
			return Cycle{}, err
		}
		var c Cycle
		err := json.Unmarshal(doc, &c)
		return c, err
	}, `SELECT doc FROM cycle_cycles WHERE job_id = ? ORDER BY seq DESC LIMIT ?`, string(id), pageSize(limit))
	if err != nil {
		return nil, fmt.Errorf("read the cycles of job %s: %w", id, err)
	}
	return list, nil
}

// Retention is how long provisioning logs are kept (Microsoft Entra docs,
// "reference-reports-data-retention").
func Retention(l directory.Licence) time.Duration {
	if l == directory.LicenceFree {
		return 7 * 24 * time.Hour
	}
	return 30 * 24 * time.Hour
}

// Prune deletes logs and cycles that are older than the licence keeps them, and returns how
// many entries it were.
func (s *Service) Prune(ctx context.Context) (int64, error) {
	licence, err := s.Directory.Licence(ctx)
	if err != nil {
		return 0, err
	}
	before := s.now().Add(-Retention(licence)).UnixMicro()
	var old bool
	if err := s.Directory.Reading().QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM cycle_logs WHERE at_us < ?1) OR EXISTS (SELECT 1 FROM cycle_cycles WHERE started_us < ?1)`, before).Scan(&old); err != nil {
		return 0, fmt.Errorf("look for old logs: %w", err)
	}
	if !old {
		return 0, nil
	}
	var count int64
	err = s.Directory.Update(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `DELETE FROM cycle_logs WHERE at_us < ?`, before)
		if err != nil {
			return err
		}
		if count, err = result.RowsAffected(); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM cycle_cycles WHERE started_us < ?`, before)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("delete old logs: %w", err)
	}
	return count, nil
}
