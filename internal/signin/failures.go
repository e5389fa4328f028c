package signin

import (
	"context"
	"sync"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// attempt is a try to sign in, or to sign somebody out, for the audit log.
type attempt struct {
	what   iam.ActivityType // of the event; "" is UserLoginFailed
	org    iam.OrganizationID
	method string
	client Client
	member iam.MemberID // "" when nobody is known
	email  string       // as far as it is known; "" otherwise
	// proven: whoever tried was vouched for by the identity provider, or showed a
	// secret. Nobody else can make such events, so each is written by itself.
	proven bool
	// unhurried: the event is written behind, so that the answer takes the same time
	// whether there is an organization or an account to write it for or not (S61).
	unhurried bool
}

func (a attempt) event(r *Refused, now time.Time) iam.AuditEvent {
	details := map[string]any{"cause": r.Cause, "method": a.method}
	if r.Detail != "" {
		details["detail"] = r.Detail
	}
	if a.client.RequestID != "" {
		details["requestId"] = a.client.RequestID
	}
	who := printable(a.email)
	if who == "" {
		who = "unknown"
	}
	what := a.what
	if what == "" {
		what = iam.UserLoginFailed
	}
	return iam.AuditEvent{
		Organization: a.org, At: now, Type: what, Actor: a.client.actor(a.member, who),
		TargetType: "user", TargetID: string(a.member), TargetName: who, Details: details,
	}
}

// refuse writes the audit event of a refused attempt and returns the refusal. Any
// other error is passed on: it is trouble of ours and no refusal.
func (s *Service) refuse(ctx context.Context, a attempt, err error) error {
	r, refused := asRefused(err)
	if !refused || a.org == "" {
		return trouble(err)
	}
	event := a.event(r, s.now())
	if !a.proven && !s.failures.note(event, a.unhurried) {
		return err
	}
	if failed := s.DB.Write(ctx, func(tx *store.Tx) error { return tx.InsertAudit(event) }); failed != nil {
		return unavailable(failed)
	}
	return err
}

// Limits of what callers without any credentials can make the audit log keep: of one
// kind of failure from one subscriber (see network) one event a minute, and behind it one with the
// number of further ones.
const (
	failureWindow = time.Minute
	maxFailures   = 10_000 // kinds that are counted at a time; beyond them addresses are not told apart
)

// otherAddresses stands for the addresses of a time that were too many.
const otherAddresses = "other"

// failureKind is what is counted together.
type failureKind struct {
	org                    iam.OrganizationID
	what                   iam.ActivityType
	cause, network, target string
}

type counted struct {
	latest iam.AuditEvent
	since  time.Time
	more   int // behind the one that was written
}

// failures counts refused attempts of callers who have proved nothing.
type failures struct {
	mu    sync.Mutex
	kinds map[failureKind]*counted
	late  []iam.AuditEvent // to be written
}

// note counts an event and tells whether it is to be written now. unhurried ones
// are kept for the next flush instead.
func (f *failures) note(e iam.AuditEvent, unhurried bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	cause, _ := e.Details["cause"].(string)
	kind := failureKind{e.Organization, e.Type, cause, network(e.Actor.Address), e.TargetID}
	known := f.kinds[kind]
	if known == nil && len(f.kinds) >= maxFailures {
		kind.network, kind.target = otherAddresses, ""
		known = f.kinds[kind]
	}
	if known != nil && e.At.Sub(known.since) < failureWindow {
		known.latest = e
		known.more++
		return false
	}
	if known != nil {
		f.finish(kind, known)
	}
	if f.kinds == nil {
		f.kinds = map[failureKind]*counted{}
	}
	f.kinds[kind] = &counted{since: e.At}
	if unhurried {
		f.late = append(f.late, e)
	}
	return !unhurried
}

// finish makes the event of what was counted of a kind.
func (f *failures) finish(kind failureKind, c *counted) {
	delete(f.kinds, kind)
	if c.more == 0 {
		return
	}
	e := c.latest
	e.Details["attempts"], e.Details["since"] = c.more, c.since.Format(time.RFC3339)
	if kind.network == otherAddresses {
		e.Actor.Address = ""
	}
	f.late = append(f.late, e)
}

// take returns the events to be written now: those whose minute is over, with all
// every one.
func (f *failures) take(now time.Time, all bool) []iam.AuditEvent {
	f.mu.Lock()
	defer f.mu.Unlock()
	for kind, c := range f.kinds {
		if all || now.Sub(c.since) >= failureWindow {
			f.finish(kind, c)
		}
	}
	taken := f.late
	f.late = nil
	return taken
}

// putBack keeps events that could not be written, as far as there is room.
func (f *failures) putBack(events []iam.AuditEvent) {
	f.mu.Lock()
	defer f.mu.Unlock()
	room := max(maxFailures-len(f.late), 0)
	f.late = append(f.late, events[:min(room, len(events))]...)
}
