package cycle

import (
	"log/slog"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// JobID names a provisioning job: "scim.", the tenant's id without hyphens, "." and a GUID
// (Microsoft Graph docs, "synchronization-job": ids of SCIM jobs begin with scim).
type JobID string

// Scope is which objects a job may provision.
type Scope string

const (
	ScopeAssigned Scope = "Sync only assigned users and groups" // what a new job has
	ScopeAll      Scope = "Sync all users and groups"
)

// Status is the Provisioning Status of a job. While it is Off no cycle runs; Test
// Connection and provision on demand work all the same.
type Status string

const (
	StatusOn  Status = "On"
	StatusOff Status = "Off" // what a new job has
)

// Secret is a secret token. It prints, logs and encodes as dots; only the request to the
// target carries it.
type Secret string

const hidden = "••••••••"

func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return `"` + s.String() + `"` }

// LogValue hides the secret from log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the secret from encoding/json.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Settings is what the Settings section of the Provisioning page holds.
type Settings struct {
	Scope             Scope
	NotificationEmail string // told once when the job goes into quarantine; "" = nobody
	// PreventAccidentalDeletions stops a cycle that would disable or delete more than
	// DeletionThreshold objects (Microsoft Entra docs, "accidental-deletions").
	PreventAccidentalDeletions bool
	DeletionThreshold          int
	// SkipOutOfScopeDeletions leaves objects that go out of scope as they are in the target
	// (Microsoft Entra docs, "skip-out-of-scope-deletions").
	SkipOutOfScopeDeletions bool
}

// Job is the provisioning of one application.
type Job struct {
	ID            JobID
	ApplicationID directory.ID
	TenantURL     string // "" until credentials are saved
	SecretToken   Secret // as it was pasted; prints as dots
	Settings
	Status Status
	Users  mapping.ObjectMapping
	Groups mapping.ObjectMapping

	// Watermark is the number of the directory's last change that was taken in; 0 makes the
	// next cycle an initial one.
	Watermark  int64
	Quarantine *Quarantine // nil: healthy
	NextCycle  time.Time   // when the scheduler runs it; zero while it is off
	LastCycle  *Cycle      // nil before the first
	Statistics Statistics
	// DeletesAllowed lets the next cycle carry out what the guard held back.
	DeletesAllowed bool
	CreatedAt      time.Time
}

// Optscim tells whether the tenant URL asks for PATCH requests that follow RFC 7644
// (Microsoft Entra docs, "application-provisioning-config-problem-scim-compatibility":
// the flag aadOptscim062020 in the URL).
func (j Job) Optscim() bool {
	_, query, _ := strings.Cut(j.TenantURL, "?")
	for _, pair := range strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == '#' }) {
		name, _, _ := strings.Cut(pair, "=")
		if strings.EqualFold(name, "aadOptscim062020") {
			return true
		}
	}
	return false
}

// HasCredentials tells whether both were saved.
func (j Job) HasCredentials() bool { return j.TenantURL != "" && j.SecretToken != "" }

// Mapping is the mapping of a kind of object.
func (j Job) Mapping(kind mapping.Kind) mapping.ObjectMapping {
	if kind == mapping.KindGroup {
		return j.Groups
	}
	return j.Users
}

// Statistics are the "statistics to date" of the Overview page. Users and Groups count who
// was ever provisioned and never fall (observed); the rest is summed over all cycles.
type Statistics struct {
	Users   int
	Groups  int
	Cycles  int
	Created int
	Updated int
	// Disabled and Deleted count what left the target.
	Disabled        int
	Deleted         int
	Failed          int
	LastSuccess     time.Time // the end of the last cycle without quarantine
	InitialDuration time.Duration
}

// CycleKind tells the two kinds of cycle apart.
type CycleKind string

const (
	Initial     CycleKind = "Initial"     // every object in scope, every link
	Incremental CycleKind = "Incremental" // what changed since the watermark, and due retries
)

// Cycle is one run of a job.
type Cycle struct {
	ID        string // the "Activity ID"
	JobID     JobID
	Kind      CycleKind
	StartedAt time.Time
	EndedAt   time.Time // zero while it runs

	Users   int // objects looked at
	Groups  int
	Members int // memberships added and removed
	// Outcomes counts log entries by action and status.
	Outcomes map[Action]map[Result]int
	// Calls counts requests to the target by HTTP status; 0 are those without an answer.
	Calls map[int]int
	// Quarantined says why the cycle put or left the job in quarantine; "" = it did not.
	Quarantined string
	// Aborted says why the cycle ended before it had seen every object; "" = it did not.
	Aborted string
}

// Count is how many entries the cycle logged with an action and a status; "" is any.
func (c Cycle) Count(action Action, status Result) int {
	n := 0
	for a, statuses := range c.Outcomes {
		if action != "" && a != action {
			continue
		}
		for s, k := range statuses {
			if status == "" || s == status {
				n += k
			}
		}
	}
	return n
}

// CallCount is how many requests the cycle sent.
func (c Cycle) CallCount() int {
	n := 0
	for _, k := range c.Calls {
		n += k
	}
	return n
}

// Progress is what the Overview page shows of a job while it runs.
type Progress struct {
	Running bool
	Cycle   Cycle // the running one, else the last
	Phase   string
	// Percent is of the objects that the cycle will look at; 100 when none runs.
	Percent int
}
