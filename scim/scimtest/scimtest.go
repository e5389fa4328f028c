// Package scimtest checks a SCIM 2.0 server from outside, over HTTP.
//
// It owns the checks: what RFC 7643, RFC 7644 and RFC 9865 ask of every server,
// what Microsoft Entra ID and Okta rely on beyond them, and the failures that
// servers are known for. The commonest of these is an answer of 2xx after
// which nothing has changed, so every check of a write reads back what it
// wrote.
//
// It knows no particular server. A check of the profile RFC passes on any
// conforming server that stores the User attributes userName, externalId,
// name, displayName, nickName, title, active, emails and the Group attributes
// displayName, externalId and members. The profiles Entra and Okta ask for what
// these clients need, no matter whether an RFC demands it.
//
// A run makes its own users and groups, all named with one prefix, and removes
// them, also after failures and when it is interrupted. It never changes or
// removes a resource that it did not make.
package scimtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rollcall/rollcall/scim/scimclient"
)

// Profile chooses the checks of a run.
type Profile string

// The profiles.
const (
	RFC   Profile = "rfc"   // everything of RFC 7643, RFC 7644 and RFC 9865
	Entra Profile = "entra" // what Microsoft Entra ID and its SCIM Validator rely on
	Okta  Profile = "okta"  // what Okta and its SCIM 2.0 SPEC test rely on
)

// Profiles lists the profiles.
func Profiles() []Profile { return []Profile{RFC, Entra, Okta} }

// Config says what is checked and where the findings go.
type Config struct {
	// Client reaches the server. Its fields are not changed. When MaxWait is
	// zero the run waits up to a minute for each request that is answered 429.
	Client *scimclient.Client

	// Profile chooses the checks; "" means RFC.
	Profile Profile

	// Only, when not empty, runs only the checks whose id is one of these or
	// begins with one of these and a dot: "users", "patch.atomic".
	Only []string

	// Domain is the mail domain of the users that the run makes; "" means
	// example.com. A server that accepts verified domains alone needs one.
	Domain string

	// Prefix begins the name of every user and group that the run makes: lower
	// case letters, digits and hyphens. "" means "check-" and eight random
	// hexadecimal digits.
	Prefix string

	// Out gets the findings as text. Its last line is always
	// "N passed, N failed, N skipped". Nil writes nothing.
	Out io.Writer

	// Verbose also lists the checks that passed.
	Verbose bool

	// Now is the clock, for durations only. Nil means time.Now.
	Now func() time.Time
}

// Status is the outcome of a check.
type Status string

// The outcomes. A check is skipped only when the server's
// ServiceProviderConfig says that the feature it needs is not supported.
const (
	Passed  Status = "passed"
	Failed  Status = "failed"
	Skipped Status = "skipped"
)

// Report is the outcome of a run. It marshals to JSON.
type Report struct {
	BaseURL string        `json:"baseURL"`
	Profile Profile       `json:"profile"`
	Prefix  string        `json:"prefix"`
	Passed  int           `json:"passed"`
	Failed  int           `json:"failed"`
	Skipped int           `json:"skipped"`
	Took    time.Duration `json:"tookNanoseconds"`
	Results []Result      `json:"results"`

	// LeftBehind has the paths of what the run made and could not remove.
	LeftBehind []string `json:"leftBehind"`
}

// OK says that no check failed.
func (r *Report) OK() bool { return r.Failed == 0 }

// Summary is the last line of the text.
func (r *Report) Summary() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", r.Passed, r.Failed, r.Skipped)
}

// Result is the outcome of one check.
type Result struct {
	CheckInfo
	Status Status `json:"status"`

	// Problem says what was wrong, or why the check was skipped.
	Problem string `json:"problem,omitempty"`

	// Exchanges are the requests and answers of a failed check, secrets hidden
	// and bodies shortened.
	Exchanges []Exchange `json:"exchanges,omitempty"`
}

// CheckInfo describes a check.
type CheckInfo struct {
	ID       string    `json:"id"`       // stable, like "users.create.location"
	Says     string    `json:"says"`     // one sentence: what a right server does
	Source   string    `json:"source"`   // where that is written
	Profiles []Profile `json:"profiles"` // the profiles it belongs to
	Needs    string    `json:"needs,omitempty"`
}

// Checks describes the checks of a profile in the order they run.
func Checks(p Profile) []CheckInfo {
	var infos []CheckInfo
	for _, c := range allChecks() {
		if slices.Contains(c.in, p) {
			infos = append(infos, c.info())
		}
	}
	return infos
}

// ErrConfig is wrapped by the errors of Run for a configuration that cannot
// work.
var ErrConfig = errors.New("check configuration")

const (
	maxWait     = time.Minute      // for one request answered 429
	cleanupTime = 30 * time.Second // for removing what the run made, also when ctx is done
	lostAfter   = 3                // checks in a row without any answer: the server is gone
)

// Run runs the checks of a profile, one after another, and returns their
// outcome. The error is only for a configuration that cannot work; a server
// that does not answer fails the checks. When ctx ends, the checks that have
// not run count as failed.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	r, checks, err := newRun(cfg)
	if err != nil {
		return nil, err
	}
	started := r.now()
	r.printf("Checking %s, profile %s: %d checks\n", r.report.BaseURL, r.report.Profile, len(checks))
	r.readFeatures(ctx)
	silent := 0
	for _, c := range checks {
		var result Result
		switch {
		case ctx.Err() != nil:
			result = Result{CheckInfo: c.info(), Status: Failed, Problem: "not run: " + context.Cause(ctx).Error()}
		case silent >= lostAfter:
			result = Result{CheckInfo: c.info(), Status: Failed, Problem: "not run: the server does not answer"}
		default:
			var answered bool
			result, answered = r.runCheck(ctx, c)
			silent++
			if answered || result.Status != Failed {
				silent = 0
			}
		}
		r.add(result)
	}
	r.cleanUp(ctx)
	r.report.Took = r.now().Sub(started)
	for _, path := range r.report.LeftBehind {
		r.printf("left behind: %s\n", path)
	}
	r.printf("%s\n", r.report.Summary())
	if r.writeErr != nil {
		return r.report, fmt.Errorf("write the findings: %w", r.writeErr)
	}
	return r.report, nil
}

func newRun(cfg Config) (*run, []check, error) {
	if cfg.Client == nil || cfg.Client.BaseURL == "" {
		return nil, nil, fmt.Errorf("%w: the address of the SCIM endpoint is missing", ErrConfig)
	}
	if cfg.Profile == "" {
		cfg.Profile = RFC
	}
	if !slices.Contains(Profiles(), cfg.Profile) {
		return nil, nil, fmt.Errorf("%w: unknown profile %q, want rfc, entra or okta", ErrConfig, cfg.Profile)
	}
	if cfg.Domain == "" {
		cfg.Domain = "example.com"
	}
	if cfg.Prefix == "" {
		var random [4]byte
		if _, err := rand.Read(random[:]); err != nil {
			return nil, nil, fmt.Errorf("make a prefix: %w", err)
		}
		cfg.Prefix = "check-" + hex.EncodeToString(random[:])
	}
	if strings.Trim(cfg.Prefix, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return nil, nil, fmt.Errorf("%w: prefix %q may have only lower case letters, digits and hyphens", ErrConfig, cfg.Prefix)
	}
	var checks []check
	for _, c := range allChecks() {
		if slices.Contains(c.in, cfg.Profile) && chosen(c.id, cfg.Only) {
			checks = append(checks, c)
		}
	}
	if len(checks) == 0 {
		return nil, nil, fmt.Errorf("%w: no check of profile %s has an id that begins with %s", ErrConfig, cfg.Profile, strings.Join(cfg.Only, ", "))
	}
	client := *cfg.Client
	client.HTTP = resending(client.HTTP)
	if client.MaxWait == 0 {
		client.MaxWait = maxWait
	}
	now := cfg.Now
	if now == nil {
		now = time.Now
	}
	return &run{
		cfg:     cfg,
		client:  &client,
		now:     now,
		secrets: secretsOf(client.Token),
		shared:  map[string]bool{}, bystanders: map[string]bool{},
		report: &Report{BaseURL: withoutPassword(cfg.Client.BaseURL), Profile: cfg.Profile, Prefix: cfg.Prefix, LeftBehind: []string{}},
	}, checks, nil
}

// withoutPassword hides a password in an address.
func withoutPassword(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Redacted()
}

func chosen(id string, only []string) bool {
	if len(only) == 0 {
		return true
	}
	return slices.ContainsFunc(only, func(s string) bool {
		return id == s || strings.HasPrefix(id, s+".")
	})
}
