package access

import (
	"context"
	"fmt"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// MemberCount is how many members there are.
type MemberCount struct {
	All  int
	SCIM int // whom SCIM manages
}

// CountMembers counts the members.
func (s *Service) CountMembers(ctx context.Context, org iam.OrganizationID) (MemberCount, error) {
	var n MemberCount
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
		counted, err := r.CountMembers(org)
		n = MemberCount(counted)
		return err
	})
	return n, err
}

// BreakGlassAdmins returns the sign-in addresses of the Admins who get in without the
// identity provider (D8).
func (s *Service) BreakGlassAdmins(ctx context.Context, org iam.OrganizationID) ([]string, error) {
	var addresses []string
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
		addresses = nil
		admins, err := r.BreakGlassAdmins(org)
		if err != nil {
			return fmt.Errorf("read the break-glass Admins: %w", err)
		}
		for _, admin := range admins {
			m, err := r.Member(org, admin.Member)
			if err != nil {
				return fmt.Errorf("read member %s: %w", admin.Member, err)
			}
			addresses = append(addresses, m.UserName)
		}
		return nil
	})
	return addresses, err
}

// SCIMHealth is how provisioning does.
type SCIMHealth struct {
	State     HealthState
	LastCall  time.Time // that showed a valid key; zero for never
	FirstUsed bool      // a valid key was shown at least once, however long ago
	// Of the last 24 hours, at most MaxCounted of each:
	Requests int
	Refused  int
	// Denied is why the last requests were denied before they were anybody's, in the
	// words of the request log ("revoked", "wrong key or secret"); "" unless that is
	// newer than the last call. DeniedAt is the minute.
	Denied   string
	DeniedAt time.Time
}

// MaxCounted bounds what is counted for SCIMHealth.
const MaxCounted = 100_000

// HealthState sums SCIMHealth up.
type HealthState string

// The states, from the first that applies.
const (
	HealthOff     HealthState = "off"     // SCIM is not enabled
	HealthWaiting HealthState = "waiting" // nobody has called yet
	HealthDenied  HealthState = "denied"  // whoever called last was denied
	HealthSilent  HealthState = "silent"  // nobody has called for longer than SilentAfter
	HealthRefused HealthState = "refused" // half of the requests were refused
	HealthGood    HealthState = "good"
)

// SilentAfter is how long without a call is a sign that provisioning has stopped: the
// cycle of Entra ID takes about 40 minutes.
const SilentAfter = 3 * time.Hour

// SCIMHealth looks at the request log, the denied requests, and the use of keys.
func (s *Service) SCIMHealth(ctx context.Context, org iam.OrganizationID) (SCIMHealth, error) {
	var h SCIMHealth
	now := s.now()
	since := now.Add(-24 * time.Hour)
	err := s.read(ctx, org, func(r *store.Reader, o iam.Organization) error {
		requests, err := r.CountRequests(org, since, MaxCounted)
		if err != nil {
			return err
		}
		h = SCIMHealth{Requests: requests.All, Refused: requests.Refused, LastCall: requests.Newest}
		keys, err := r.Keys(org)
		if err != nil {
			return fmt.Errorf("list SCIM keys: %w", err)
		}
		for _, k := range keys {
			h.FirstUsed = h.FirstUsed || !k.LastUsedAt.IsZero()
			if k.LastUsedAt.After(h.LastCall) {
				h.LastCall = k.LastUsedAt
			}
		}
		h.FirstUsed = h.FirstUsed || requests.All > 0
		denials, err := r.DenialCauses(org, since)
		if err != nil {
			return err
		}
		// A minute that holds both may have ended either way: the call counts.
		if len(denials) > 0 && denials[0].Newest.After(h.LastCall) {
			h.Denied, h.DeniedAt = denials[0].Cause, denials[0].Newest
		}
		h.State = h.judge(o.SCIMEnabled, now)
		return nil
	})
	return h, err
}

func (h SCIMHealth) judge(enabled bool, now time.Time) HealthState {
	switch {
	case !enabled:
		return HealthOff
	case h.Denied != "":
		return HealthDenied
	case !h.FirstUsed:
		return HealthWaiting
	case now.Sub(h.LastCall) > SilentAfter:
		return HealthSilent
	case h.Refused*2 >= h.Requests && h.Refused > 0:
		return HealthRefused
	}
	return HealthGood
}

// FirstSCIMLogin returns when a user of SCIM signed in for the first time; the zero time
// for never.
func (s *Service) FirstSCIMLogin(ctx context.Context, org iam.OrganizationID) (time.Time, error) {
	var at time.Time
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) (err error) {
		at, err = r.FirstSCIMLogin(org)
		return err
	})
	return at, err
}

// MemberTroubles is how many members something is wrong with.
type MemberTroubles struct {
	NoSignIn      int
	NoPermissions int
	// Partly says that there were too many members to look through all of them: the
	// counts are of the first ones.
	Partly bool
}

// maxTroubleLook bounds how many members MemberTroubles looks through.
const maxTroubleLook = 2_000

// MemberTroubles looks through the members.
func (s *Service) MemberTroubles(ctx context.Context, org iam.OrganizationID) (MemberTroubles, error) {
	var n MemberTroubles
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
		n = MemberTroubles{}
		viewer, err := newMemberViewer(r, org)
		if err != nil {
			return err
		}
		from, looked := "", 0
		for looked < maxTroubleLook {
			page, err := r.MembersFrom(org, from, false, memberPage)
			if err != nil {
				return err
			}
			for _, m := range page {
				if viewer.signInTrouble(m) {
					n.NoSignIn++
				}
				if viewer.noPermissions(viewer.view(m).Roles) {
					n.NoPermissions++
				}
			}
			if len(page) < memberPage {
				return nil
			}
			from, looked = page[len(page)-1].LoginKey, looked+len(page)
		}
		n.Partly = true
		return nil
	})
	return n, err
}
