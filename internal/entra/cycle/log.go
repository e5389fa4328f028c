package cycle

import (
	"time"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// Action is what the service did, or tried, with the names of the Action column.
type Action string

const (
	ActionCreate       Action = "Create"
	ActionUpdate       Action = "Update"
	ActionDelete       Action = "Delete"
	ActionDisable      Action = "Disable"
	ActionStagedDelete Action = "StagedDelete" // held back by the guard against accidental deletions
	ActionOther        Action = "Other"        // nothing was to be done
)

// Result is the Status column of the logs, and of a step.
type Result string

const (
	Success Result = "Success"
	Failure Result = "Failure"
	Skipped Result = "Skipped"
	Warning Result = "Warning"
)

// StepType is the part of the work that a step belongs to, with Graph's names.
type StepType string

const (
	StepImport     StepType = "import"
	StepScoping    StepType = "scoping"
	StepMatching   StepType = "matching"
	StepProcessing StepType = "processing"
	StepReference  StepType = "referenceResolution"
	StepExport     StepType = "export"
)

// Step is one step of an entry.
type Step struct {
	Name        string   `json:"name"` // EntrySynchronizationScoping
	Type        StepType `json:"type"`
	Status      Result   `json:"status"`
	Description string   `json:"description"`
	Details     []Detail `json:"details,omitempty"`
}

// Detail is one row of a step's details, in the order in which they are shown.
type Detail struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Detail returns the value of a row, "" when there is none of that key.
func (s Step) Detail(key string) string {
	for _, d := range s.Details {
		if d.Key == key {
			return d.Value
		}
	}
	return ""
}

// ModifiedProperty is a row of the Modified Properties tab. Values of attributes that the
// mapping redacts are [Redact].
type ModifiedProperty struct {
	DisplayName string `json:"displayName"`
	OldValue    string `json:"oldValue"` // "" = none
	NewValue    string `json:"newValue"`
}

// Identity is an object at one end.
type Identity struct {
	ID          string       `json:"id,omitempty"` // of the directory, or of the target; "" = none yet
	DisplayName string       `json:"displayName,omitempty"`
	Type        mapping.Kind `json:"type,omitempty"`
}

// ErrorInformation is why an entry failed or was skipped.
type ErrorInformation struct {
	Code string `json:"code"`
	// Reason is the sentence of the service; for an answer of the target it holds that
	// answer byte for byte after "Web Response: ".
	Reason            string `json:"reason"`
	AdditionalDetails string `json:"additionalDetails,omitempty"`
	Category          string `json:"category"` // Failure or NonServiceFailure
	RecommendedAction string `json:"recommendedAction,omitempty"`
}

// Exchange is one request to the target.
type Exchange struct {
	Method string `json:"method"`
	URL    string `json:"url"`            // the whole address
	Body   string `json:"body,omitempty"` // without values that the mapping redacts
	Status int    `json:"status"`         // 0 = no answer
	// Answer is the body of an answer that was an error, byte for byte up to 64 KiB.
	Answer string `json:"answer,omitempty"`
}

// The names of the two systems and of the initiator in the logs.
const (
	SourceSystem  = "Azure Active Directory"
	TargetSystem  = "customappsso"
	InitiatorName = "Azure AD Provisioning Service"
)

// LogEntry is one row of the provisioning logs: what became of one object at one time
// (Microsoft Entra docs, "concept-provisioning-logs"; Graph's provisioningObjectSummary).
type LogEntry struct {
	Seq             int64         `json:"-"` // its place: the newest has the highest
	ID              string        `json:"id"`
	ChangeID        string        `json:"changeId"`
	At              time.Time     `json:"at"`
	TenantID        directory.ID  `json:"tenantId"`
	JobID           JobID         `json:"jobId"`
	CycleID         string        `json:"cycleId"` // "" for provision on demand
	ApplicationID   directory.ID  `json:"applicationId"`
	ApplicationName string        `json:"applicationName"`
	Action          Action        `json:"action"`
	Status          Result        `json:"status"`
	Duration        time.Duration `json:"duration"` // nanoseconds in JSON

	Source Identity `json:"source"`
	Target Identity `json:"target"`
	// ReportableIdentifier is the user principal name, or the group's display name.
	ReportableIdentifier string `json:"reportableIdentifier"`

	SkipReason string             `json:"skipReason,omitempty"` // RedundantExport, NotEffectivelyEntitled, …
	Error      *ErrorInformation  `json:"error,omitempty"`      // nil for a success
	Steps      []Step             `json:"steps"`
	Modified   []ModifiedProperty `json:"modified,omitempty"`
	Exchanges  []Exchange         `json:"exchanges,omitempty"`
}

// LogFilter chooses entries. Zero fields choose everything.
type LogFilter struct {
	ApplicationID directory.ID
	JobID         JobID
	CycleID       string
	ChangeID      string
	Since, Until  time.Time // Since <= at < Until
	Actions       []Action
	Statuses      []Result
	Kind          mapping.Kind
	Identity      string // part of a name or the whole id of the object, at either end
	Text          string // part of anything in the entry
	Before        int64  // Seq: older entries than this; what Logs returned as next
	Limit         int    // at most this many; 0 = 50, at most 1000
}
