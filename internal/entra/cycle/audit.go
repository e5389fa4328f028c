package cycle

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

// Actor is who changes a job: an admin of the directory.
type Actor struct {
	ID   directory.ID
	Name string // the user principal name
}

// Activity is what an admin did, with the texts of the audit log (Microsoft Entra docs,
// "how-provisioning-works" and "reference-audit-activities").
type Activity string

const (
	ActivityAdd         Activity = "Add provisioning configuration"
	ActivityCredentials Activity = "Update provisioning setting or credentials"
	ActivityStart       Activity = "Enable/start provisioning configuration"
	ActivityStop        Activity = "Disable/pause provisioning configuration"
	ActivityRestart     Activity = "Enable/restart provisioning configuration"
	ActivityMapping     Activity = "Update attribute mappings or scope"
	ActivityDelete      Activity = "Delete provisioning configuration"
	ActivityAllow       Activity = "Allow deletes of provisioning configuration"
	ActivityOnDemand    Activity = "Provision on demand"
)

// AuditEntry is one change of a job's configuration.
type AuditEntry struct {
	Seq           int64        `json:"-"`
	At            time.Time    `json:"at"`
	ApplicationID directory.ID `json:"applicationId"`
	JobID         JobID        `json:"jobId"`
	Activity      Activity     `json:"activity"`
	By            Actor        `json:"by"`
	// Modified tells what was changed; a secret token shows as dots on both sides.
	Modified []ModifiedProperty `json:"modified,omitempty"`
}

func (s *Service) audit(ctx context.Context, tx *sql.Tx, row jobRow, activity Activity, by Actor, modified ...ModifiedProperty) error {
	entry := AuditEntry{At: s.now(), ApplicationID: row.application, JobID: row.id, Activity: activity, By: by, Modified: modified}
	doc, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO cycle_audit (at_us, application_id, doc) VALUES (?, ?, ?)`, entry.At.UnixMicro(), string(row.application), string(doc))
	if err != nil {
		return fmt.Errorf("write the audit entry: %w", err)
	}
	return nil
}

// Audit returns audit entries, the newest first: of one application, or of all for "".
// before is the Seq of the last of the page before, 0 for the first page.
func (s *Service) Audit(ctx context.Context, application directory.ID, before int64, limit int) ([]AuditEntry, error) {
	list, err := collect(ctx, s.Directory.Reading(), func(row scanner) (AuditEntry, error) {
		var seq int64
		var doc []byte
		if err := row.Scan(&seq, &doc); err != nil {
			return AuditEntry{}, err
		}
		var entry AuditEntry
		err := json.Unmarshal(doc, &entry)
		entry.Seq = seq
		return entry, err
	}, `SELECT seq, doc FROM cycle_audit WHERE (?1 = '' OR application_id = ?1) AND (?2 = 0 OR seq < ?2) ORDER BY seq DESC LIMIT ?3`,
		string(application), before, pageSize(limit))
	if err != nil {
		return nil, fmt.Errorf("read the audit entries: %w", err)
	}
	return list, nil
}

// pageSize is a limit that a caller gave, within bounds.
func pageSize(limit int) int {
	const usual, most = 50, 1000
	if limit <= 0 {
		return usual
	}
	return min(limit, most)
}
