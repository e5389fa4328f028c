package cycle

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
)

// Export are the three files of "Download" in the provisioning logs, joined by Change ID
// (Microsoft Entra docs, "concept-provisioning-logs").
type Export struct {
	Logs               io.Writer // ProvisioningLogs
	Steps              io.Writer // ProvisioningLogs_ProvisioningSteps
	ModifiedProperties io.Writer // ProvisioningLogs_ModifiedProperties
}

// ExportCSV writes every entry that the filter chooses; its Before and Limit are not used.
// Entries are read by pages. A cell that a spreadsheet would run as a formula gets an
// apostrophe before it.
func (s *Service) ExportCSV(ctx context.Context, f LogFilter, to Export) error {
	logs, steps, properties := csv.NewWriter(to.Logs), csv.NewWriter(to.Steps), csv.NewWriter(to.ModifiedProperties)
	row := func(w *csv.Writer, cells ...string) error {
		for i, cell := range cells {
			cells[i] = inert(cell)
		}
		return w.Write(cells)
	}
	err := errors.Join(
		row(logs, "Change ID", "Date (UTC)", "Tenant ID", "Job ID", "Cycle ID", "Application ID", "Application", "Action", "Status", "Duration (ms)",
			"Source ID", "Source Display Name", "Identity Type", "Source System", "Target ID", "Target Display Name", "Target System", "Initiated By",
			"Skip Reason", "Error Code", "Error Category", "Reason", "Recommended Action"),
		row(steps, "Change ID", "Step", "Name", "Type", "Status", "Description", "Details"),
		row(properties, "Change ID", "Property", "Old Value", "New Value"),
	)
	if err != nil {
		return err
	}
	for f.Before, f.Limit = 0, 500; ; {
		entries, next, err := s.Logs(ctx, f)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := e.export(row, logs, steps, properties); err != nil {
				return err
			}
		}
		if next == 0 {
			break
		}
		f.Before = next
	}
	for _, w := range []*csv.Writer{logs, steps, properties} {
		w.Flush()
		if err := w.Error(); err != nil {
			return err
		}
	}
	return nil
}

func (e LogEntry) export(row func(*csv.Writer, ...string) error, logs, steps, properties *csv.Writer) error {
	info := ErrorInformation{}
	if e.Error != nil {
		info = *e.Error
	}
	err := row(logs, e.ChangeID, e.At.UTC().Format(time.RFC3339), string(e.TenantID), string(e.JobID), e.CycleID, string(e.ApplicationID), e.ApplicationName,
		string(e.Action), string(e.Status), strconv.FormatInt(e.Duration.Milliseconds(), 10),
		e.Source.ID, e.Source.DisplayName, string(e.Source.Type), SourceSystem, e.Target.ID, e.Target.DisplayName, TargetSystem, InitiatorName,
		e.SkipReason, info.Code, info.Category, info.Reason, info.RecommendedAction)
	for i, step := range e.Steps {
		var details []string
		for _, d := range step.Details {
			details = append(details, d.Key+": "+d.Value)
		}
		err = errors.Join(err, row(steps, e.ChangeID, strconv.Itoa(i+1), step.Name, string(step.Type), string(step.Status), step.Description, strings.Join(details, "\n")))
	}
	for _, p := range e.Modified {
		err = errors.Join(err, row(properties, e.ChangeID, p.DisplayName, p.OldValue, p.NewValue))
	}
	return err
}

// inert keeps a spreadsheet from running a cell as a formula.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
