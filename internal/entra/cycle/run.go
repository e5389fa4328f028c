package cycle

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// run is one cycle, or one provision on demand, while it goes on.
type run struct {
	s           *Service
	job         Job
	generation  int64
	application directory.Application
	tenant      directory.ID
	licence     directory.Licence
	target      *target
	optscim     bool
	limits      Limits
	demand      bool
	head        int64 // the directory's last change when it began
	staging     bool  // deletions are held back

	mu      sync.Mutex
	cycle   Cycle
	phase   string
	planned int // objects to look at
	done    int
	leaving int // objects that would be disabled or deleted
	claimed map[string]directory.ID
	escrows map[escrowKey]escrow // as they are
	due     map[escrowKey]escrow // those that were due when the cycle began
	users   []laterUser          // whose managers follow when all users are there
	groups  []*reference         // whose members follow then
	pending []outcome

	flushing sync.Mutex
}

// ErrRunning says that a cycle of the job is running already.
var ErrRunning = &Error{Problem: Conflict, Message: "A provisioning cycle of this application is running already."}

// newRun reads what a run needs to know.
func (s *Service) newRun(ctx context.Context, id JobID) (*run, error) {
	row, err := readJob(ctx, s.Directory.Reading(), id)
	if err != nil {
		return nil, err
	}
	r := &run{
		s: s, job: row.job(), generation: row.generation, optscim: row.job().Optscim(), limits: s.Limits.withDefaults(),
		claimed: map[string]directory.ID{}, escrows: map[escrowKey]escrow{}, due: map[escrowKey]escrow{},
	}
	if !r.job.HasCredentials() {
		return nil, refuse(Conflict, "Save the admin credentials (tenant URL and secret token) before provisioning is started.")
	}
	if r.application, err = s.Directory.Application(ctx, row.application); err != nil {
		return nil, err
	}
	tenant, err := s.Directory.Tenant(ctx)
	if err != nil {
		return nil, err
	}
	r.tenant = tenant.ID
	if r.licence, err = s.Directory.Licence(ctx); err != nil {
		return nil, err
	}
	r.target = s.newTarget(r.job.TenantURL, r.job.SecretToken)
	return r, r.readEscrows(ctx)
}

// RunCycle runs a cycle of a job now, whether it is due or not, and returns what it did. A
// Conflict for a job that is off, or whose cycle is running. A cycle that could not speak
// with the target is no error: it says so in Quarantined and Aborted.
func (s *Service) RunCycle(ctx context.Context, id JobID) (Cycle, error) {
	r, err := s.newRun(ctx, id)
	if err != nil {
		return Cycle{}, err
	}
	if r.job.Status != StatusOn {
		return Cycle{}, refuse(Conflict, "Provisioning of this application is off. Start it first.")
	}
	cycleID, err := s.newID()
	if err != nil {
		return Cycle{}, err
	}
	r.cycle = Cycle{ID: string(cycleID), JobID: id, Kind: Incremental, StartedAt: s.now(), Outcomes: map[Action]map[Result]int{}, Calls: map[int]int{}}
	if r.job.Watermark == 0 {
		r.cycle.Kind = Initial
	}
	if err := s.enter(r); err != nil {
		return Cycle{}, err
	}
	defer s.exit(r)
	cause, err := r.work(ctx)
	if !errors.Is(err, errStale) {
		err = errors.Join(err, r.flush(context.WithoutCancel(ctx))) // what was sent is written down, also when the service stops
	}
	if errors.Is(err, errStale) {
		r.cycle.Aborted = "The configuration was changed while the cycle ran. The next cycle begins anew."
		err = r.flush(context.WithoutCancel(ctx))
		if errors.Is(err, errStale) {
			err = nil
		}
	}
	if err != nil {
		return r.snapshot(), fmt.Errorf("cycle of job %s: %w", id, err)
	}
	if err := r.finish(ctx, cause); err != nil {
		return r.snapshot(), fmt.Errorf("end the cycle of job %s: %w", id, err)
	}
	return r.snapshot(), nil
}

func (s *Service) enter(r *run) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == nil {
		s.running = map[JobID]*run{}
	}
	if s.running[r.job.ID] != nil {
		return ErrRunning
	}
	s.running[r.job.ID] = r
	return nil
}

func (s *Service) exit(r *run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, r.job.ID)
}

// abort ends a cycle before it has seen every object, because the target cannot be used.
type abort struct{ cause Quarantine }

func (a *abort) Error() string { return a.cause.Message }

// work is the cycle itself (Microsoft Entra docs, "how-provisioning-works"): the test call,
// users, groups, and then what refers to others. The quarantine is why it ended early.
func (r *run) work(ctx context.Context) (*Quarantine, error) {
	if err := r.s.probe(ctx, r.target, &trace{}, testAttribute(r.job)); err != nil {
		var refused *TargetError
		if !errors.As(err, &refused) {
			return nil, err
		}
		message := connectionMessage(refused)
		if refused.Answer != "" {
			message += " " + refused.Error()
		}
		return &Quarantine{Reason: EncounteredQuarantineException, Code: refused.Code, Message: message}, nil
	}
	head, err := r.s.Directory.HeadSeq(ctx)
	if err != nil {
		return nil, err
	}
	r.head = head
	err = r.objects(ctx)
	var a *abort
	if errors.As(err, &a) {
		return &a.cause, nil
	}
	return nil, err
}

func (r *run) objects(ctx context.Context) error {
	if err := r.plan(ctx); err != nil {
		return err
	}
	kinds := []mapping.Kind{mapping.KindUser}
	if r.job.Groups.Enabled {
		kinds = append(kinds, mapping.KindGroup)
	}
	for _, kind := range kinds {
		r.enterPhase(string(kind) + "s")
		err := parallel(ctx, r.s.concurrency(), func(ctx context.Context, yield func(object) error) error {
			return r.each(ctx, kind, yield)
		}, r.one)
		if err != nil {
			return err
		}
		if err := r.flush(ctx); err != nil { // the next phase asks for these links
			return err
		}
	}
	r.enterPhase("References")
	err := parallel(ctx, r.s.concurrency(), list(r.users), func(ctx context.Context, l laterUser) error {
		return r.managers(ctx, l.reference())
	})
	if err != nil {
		return err
	}
	if !mapsMembers(r.job.Groups) {
		r.release(r.groups)
		return nil
	}
	return parallel(ctx, r.s.concurrency(), list(r.groups), r.members)
}

// release logs what was held for references that are not exported.
func (r *run) release(later []*reference) {
	for _, ref := range later {
		if ref.held != nil {
			r.record(outcome{source: escrowKey{kind: ref.o.kind, id: ref.o.id}, entry: ref.held})
		}
	}
}

func (r *run) enterPhase(phase string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.phase = phase
}

// one handles one object.
func (r *run) one(ctx context.Context, o object) error {
	w := r.begin(o)
	unlock := r.s.lock(o.id)
	ref, err := w.handle(ctx)
	unlock()
	if err != nil {
		return fmt.Errorf("%s %s: %w", o.kind, o.id, err)
	}
	r.record(w.out)
	r.mu.Lock()
	r.done++
	if o.kind == mapping.KindGroup {
		r.cycle.Groups++
	} else {
		r.cycle.Users++
	}
	if ref != nil && ref.pending() {
		r.postpone(ref)
	}
	r.mu.Unlock()
	if err := r.flushIfMany(ctx); err != nil {
		return err
	}
	return r.judgeTarget(w)
}

// pending tells whether references are left to do.
func (ref *reference) pending() bool { return ref.o.kind == mapping.KindGroup || len(ref.refs) > 0 }

// judgeTarget ends the cycle when the target refuses the credentials in the middle of it, or
// does not answer any more: every further object would only fail.
func (r *run) judgeTarget(w *work) error {
	if w.out.failed == CodeUnauthorized {
		return &abort{Quarantine{Reason: EncounteredQuarantineException, Code: CodeUnauthorized, Message: w.entry.Error.Reason}}
	}
	if cause := r.target.useless(); cause != nil {
		return &abort{*cause}
	}
	return nil
}

// snapshot is the cycle as it is now.
func (r *run) snapshot() Cycle {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.cycle
	c.Calls = r.target.callCounts()
	c.Outcomes = make(map[Action]map[Result]int, len(r.cycle.Outcomes))
	for action, statuses := range r.cycle.Outcomes {
		c.Outcomes[action] = maps.Clone(statuses)
	}
	return c
}

// Progress tells how far the cycle of a job is.
func (s *Service) Progress(ctx context.Context, id JobID) (Progress, error) {
	s.mu.Lock()
	r := s.running[id]
	s.mu.Unlock()
	if r == nil {
		j, err := s.Job(ctx, id)
		if err != nil {
			return Progress{}, err
		}
		p := Progress{Percent: 100}
		if j.LastCycle != nil {
			p.Cycle = *j.LastCycle
		}
		return p, nil
	}
	p := Progress{Running: true, Cycle: r.snapshot()}
	r.mu.Lock()
	defer r.mu.Unlock()
	p.Phase = r.phase
	if r.planned > 0 {
		p.Percent = min(99, 100*r.done/r.planned)
	}
	return p, nil
}

// finish writes what the cycle means for its job.
func (r *run) finish(ctx context.Context, cause *Quarantine) error {
	now := r.s.now()
	r.mu.Lock()
	r.cycle.EndedAt = now
	complete := cause == nil && r.cycle.Aborted == ""
	if cause != nil {
		r.cycle.Aborted = cause.Message
	}
	r.mu.Unlock()
	if r.staging && complete {
		cause = &Quarantine{
			Reason: TooManyDeletes, Code: CodeAccidentalDeletes, Deletions: r.leaving,
			Message: fmt.Sprintf("%d objects would be disabled or deleted, more than the accidental deletion threshold of %d. Nothing was deleted. If that is meant, allow the deletes; if not, correct the assignments or filters and restart provisioning.", r.leaving, r.job.DeletionThreshold),
		}
	}
	if cause == nil {
		var err error
		if cause, err = r.failures(ctx); err != nil {
			return err
		}
	}
	notice, err := r.save(ctx, now, complete, cause)
	if err != nil {
		return err
	}
	if notice != nil && r.s.Notify != nil {
		r.s.Notify(ctx, *notice)
	}
	return nil
}

// failures is the quarantine that the failing objects of the job deserve; nil = none.
func (r *run) failures(ctx context.Context) (*Quarantine, error) {
	var failures, references, linked int
	err := r.s.Directory.Reading().QueryRowContext(ctx, `SELECT
		(SELECT count(*) FROM cycle_escrows WHERE job_id = ?1 AND reference = 0 AND code <> ?2),
		(SELECT count(*) FROM cycle_escrows WHERE job_id = ?1 AND reference = 1 AND code <> ?3),
		(SELECT count(*) FROM cycle_links WHERE job_id = ?1)`, string(r.job.ID), CodeAccidentalDeletes, codeReferencePending).Scan(&failures, &references, &linked)
	if err != nil {
		return nil, fmt.Errorf("count the failures: %w", err)
	}
	if !tooManyFailures(failures, references, linked, r.limits) {
		return nil, nil
	}
	return &Quarantine{
		Reason: EncounteredEscrowProportionThreshold, Code: string(EncounteredEscrowProportionThreshold),
		Message: fmt.Sprintf("%d objects and %d references fail; %d objects are linked. The provisioning logs tell what each of them is refused for.", failures, references, linked),
	}, nil
}

// nextCycle is when the scheduler runs the job again: an interval after the cycle began, at
// once when it took longer (Microsoft Entra docs, "how-provisioning-works": back to back).
func nextCycle(started, now time.Time, interval time.Duration) time.Time {
	if next := started.Add(interval); next.After(now) {
		return next
	}
	return now
}
