package cycle

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// batchSize is how many outcomes wait for one transaction at most.
const batchSize = 250

// escrowed is what is known of an object's failures; nil = none.
func (r *run) escrowed(key escrowKey) *escrow {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, ok := r.escrows[key]; ok {
		return &e
	}
	return nil
}

// record takes an outcome: it decides when a failure is tried again, counts, and keeps the
// rest for the next flush.
func (r *run) record(out outcome) {
	now := r.s.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	key := out.source
	if out.failed != "" {
		e := r.retryLater(key, out.failed, now)
		out.escrow = &e
		if out.entry != nil && out.entry.Status == Failure {
			out.entry.Error.Reason += r.retryText(e)
		}
	} else if out.settled {
		other := key
		other.reference = !key.reference
		_, release := r.escrows[key]
		_, releaseOther := r.escrows[other]
		delete(r.escrows, key)
		if out.release = release; releaseOther && out.unlinked {
			delete(r.escrows, other)
			r.pending = append(r.pending, outcome{source: other, release: true})
		}
	}
	if out.entry != nil && r.cycle.Outcomes != nil {
		statuses := r.cycle.Outcomes[out.entry.Action]
		if statuses == nil {
			statuses = map[Result]int{}
			r.cycle.Outcomes[out.entry.Action] = statuses
		}
		statuses[out.entry.Status]++
	}
	r.cycle.Members += len(out.added) + len(out.removed)
	r.pending = append(r.pending, out)
}

// retryLater is the escrow of an object after one more failure. Only a cycle that tried it
// because it was due counts as a retry of the schedule.
func (r *run) retryLater(key escrowKey, code string, now time.Time) escrow {
	e, had := r.escrows[key]
	if !had {
		e = escrow{escrowKey: key, first: now}
	} else {
		e.retries++
	}
	e.code = code
	switch {
	case code == CodeAccidentalDeletes: // judged again by every cycle
		e.retries, e.next = 0, now
	case code == codeReferencePending && now.Sub(e.first) < r.limits.GiveUpAfter:
		e.retries, e.next = 0, now
	default:
		next, again := nextRetry(e.first, now, e.retries, r.limits)
		if !again {
			next = time.Time{}
		}
		e.next = next
	}
	r.escrows[key] = e
	return e
}

func (r *run) retryText(e escrow) string {
	if e.next.IsZero() {
		return gaveUpSentence(e.retries)
	}
	next := e.next
	if e.retries == 0 && r.cycle.ID != "" {
		next = nextCycle(r.cycle.StartedAt, next, r.s.interval())
	}
	return retrySentence(e.retries, next)
}

func (r *run) flushIfMany(ctx context.Context) error {
	r.mu.Lock()
	many := len(r.pending) >= batchSize
	r.mu.Unlock()
	if !many {
		return nil
	}
	return r.flush(ctx)
}

// flush writes what was recorded, in one transaction.
func (r *run) flush(ctx context.Context) error {
	r.flushing.Lock()
	defer r.flushing.Unlock()
	r.mu.Lock()
	batch := r.pending
	r.pending = nil
	r.mu.Unlock()
	if len(batch) == 0 {
		return nil
	}
	stale := false
	err := r.s.Directory.Update(ctx, func(tx *sql.Tx) error {
		b, err := r.prepare(ctx, tx)
		if err != nil {
			return err
		}
		defer b.close()
		if stale, err = r.stale(ctx, tx); err != nil {
			return err
		}
		for _, out := range batch {
			if stale { // what it knows of the target does not count any more; what it did does
				out = outcome{source: out.source, entry: out.entry, quiet: out.quiet}
			}
			if err := b.write(ctx, out); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && stale {
		return errStale
	}
	if err != nil {
		r.mu.Lock()
		r.pending = append(batch, r.pending...) // the flush at the end tries again
		r.mu.Unlock()
		return fmt.Errorf("write %d outcomes: %w", len(batch), err)
	}
	return nil
}

// errStale ends a cycle whose job was restarted, deleted, or given another mapping, scope or
// target meanwhile. The next one begins anew.
var errStale = errors.New("the job was changed while the cycle ran")

// stale tells whether the job has begun anew since the run began.
func (r *run) stale(ctx context.Context, tx *sql.Tx) (bool, error) {
	var generation int64
	err := tx.QueryRowContext(ctx, `SELECT generation FROM cycle_jobs WHERE id = ?`, string(r.job.ID)).Scan(&generation)
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	return generation != r.generation, err
}

// batch is a transaction with its statements.
type batch struct {
	r          *run
	job        string
	statements map[string]*sql.Stmt
}

const (
	saveLink = `INSERT INTO cycle_links (job_id, kind, source_id, target_id, active, managed) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (job_id, kind, source_id) DO UPDATE SET target_id = excluded.target_id, active = excluded.active, managed = excluded.managed`
	dropLink     = `DELETE FROM cycle_links WHERE job_id = ? AND kind = ? AND source_id = ?`
	dropGroup    = `DELETE FROM cycle_members WHERE job_id = ? AND group_id = ?`
	dropUser     = `DELETE FROM cycle_members WHERE job_id = ? AND user_id = ?`
	addMember    = `INSERT INTO cycle_members (job_id, group_id, user_id, target_id) VALUES (?, ?, ?, ?) ON CONFLICT (job_id, group_id, user_id) DO UPDATE SET target_id = excluded.target_id`
	removeMember = `DELETE FROM cycle_members WHERE job_id = ? AND group_id = ? AND user_id = ?`
	saveEscrow   = `INSERT INTO cycle_escrows (job_id, kind, source_id, reference, code, retries, first_us, next_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (job_id, kind, source_id, reference) DO UPDATE SET code = excluded.code, retries = excluded.retries, first_us = excluded.first_us, next_us = excluded.next_us`
	dropEscrow = `DELETE FROM cycle_escrows WHERE job_id = ? AND kind = ? AND source_id = ? AND reference = ?`
	saveLog    = `INSERT INTO cycle_logs (at_us, application_id, job_id, cycle_id, change_id, kind, action, status, source_id, target_id, names, doc)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

func (r *run) prepare(ctx context.Context, tx *sql.Tx) (*batch, error) {
	b := &batch{r: r, job: string(r.job.ID), statements: map[string]*sql.Stmt{}}
	for _, text := range []string{saveLink, dropLink, dropGroup, dropUser, addMember, removeMember, saveEscrow, dropEscrow, saveLog} {
		statement, err := tx.PrepareContext(ctx, text)
		if err != nil {
			b.close()
			return nil, err
		}
		b.statements[text] = statement
	}
	return b, nil
}

func (b *batch) close() {
	for _, statement := range b.statements {
		_ = statement.Close() // the transaction is over or ends now
	}
}

func (b *batch) exec(ctx context.Context, text string, args ...any) error {
	_, err := b.statements[text].ExecContext(ctx, args...)
	return err
}

func (b *batch) write(ctx context.Context, out outcome) error {
	kind, id := string(out.source.kind), string(out.source.id)
	if l := out.link; l != nil {
		if err := b.exec(ctx, saveLink, b.job, kind, id, l.TargetID, l.Active, l.Managed); err != nil {
			return err
		}
	}
	if out.unlink {
		if err := b.exec(ctx, dropLink, b.job, kind, id); err != nil {
			return err
		}
	}
	if out.forgetMembers {
		text := dropUser
		if out.source.kind == mapping.KindGroup {
			text = dropGroup
		}
		if err := b.exec(ctx, text, b.job, id); err != nil {
			return err
		}
	}
	for _, m := range out.added {
		if err := b.exec(ctx, addMember, b.job, id, string(m.UserID), m.TargetID); err != nil {
			return err
		}
	}
	for _, user := range out.removed {
		if err := b.exec(ctx, removeMember, b.job, id, string(user)); err != nil {
			return err
		}
	}
	if err := b.writeEscrow(ctx, out); err != nil {
		return err
	}
	return b.writeLog(ctx, out)
}

func (b *batch) writeEscrow(ctx context.Context, out outcome) error {
	key := out.source
	switch e := out.escrow; {
	case e != nil:
		next := int64(0)
		if !e.next.IsZero() {
			next = e.next.UnixMicro()
		}
		return b.exec(ctx, saveEscrow, b.job, string(key.kind), string(key.id), key.reference, e.code, e.retries, e.first.UnixMicro(), next)
	case out.release:
		return b.exec(ctx, dropEscrow, b.job, string(key.kind), string(key.id), key.reference)
	}
	return nil
}

func (b *batch) writeLog(ctx context.Context, out outcome) error {
	e := out.entry
	if e == nil || out.quiet {
		return nil
	}
	for _, id := range []*string{&e.ID, &e.ChangeID} {
		if *id != "" {
			continue
		}
		made, err := b.r.s.newID()
		if err != nil {
			return err
		}
		*id = string(made)
	}
	doc, err := json.Marshal(e)
	if err != nil {
		return err
	}
	names := strings.ToLower(e.Source.DisplayName + "\n" + e.ReportableIdentifier + "\n" + e.Target.DisplayName)
	return b.exec(ctx, saveLog, e.At.UnixMicro(), string(e.ApplicationID), string(e.JobID), e.CycleID, e.ChangeID, string(e.Source.Type),
		string(e.Action), string(e.Status), e.Source.ID, e.Target.ID, names, string(doc))
}

// save writes the state of the job after a cycle, and what must be told to whom.
func (r *run) save(ctx context.Context, now time.Time, complete bool, cause *Quarantine) (*Notice, error) {
	var notice *Notice
	_, err := r.s.changeJob(ctx, r.job.ID, func(tx *sql.Tx, row *jobRow) error {
		st := &row.state
		st.Quarantine, notice = r.quarantine(row, cause, now), nil
		r.mu.Lock()
		if st.Quarantine != nil {
			r.cycle.Quarantined = st.Quarantine.Message
		}
		r.mu.Unlock()
		if q := st.Quarantine; q != nil && q.Notified == "" && row.config.Settings.NotificationEmail != "" {
			q.Notified = row.config.Settings.NotificationEmail
			notice = &Notice{To: q.Notified, Job: row.id, Quarantine: *q}
		}
		c := r.snapshot()
		if complete && row.generation == r.generation {
			st.Watermark = r.head
		}
		if complete && r.job.DeletesAllowed {
			st.DeletesAllowed = false
		}
		st.NextCycle = nextCycle(c.StartedAt, now, r.s.interval())
		if row.generation != r.generation {
			st.NextCycle = now // a change while it ran asks for an initial cycle
		}
		if q := st.Quarantine; q != nil {
			st.NextCycle = q.NextAttempt
		}
		st.LastCycle = &c
		st.Statistics.add(c, st.Quarantine == nil)
		if err := countLinks(ctx, tx, row.id, &st.Statistics); err != nil {
			return err
		}
		doc, err := json.Marshal(c)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO cycle_cycles (job_id, id, started_us, doc) VALUES (?, ?, ?, ?)`, string(row.id), c.ID, c.StartedAt.UnixMicro(), string(doc))
		return err
	})
	return notice, err
}

// quarantine is the job's after the cycle; it is switched off when that has lasted too long.
func (r *run) quarantine(row *jobRow, cause *Quarantine, now time.Time) *Quarantine {
	if cause == nil {
		return nil
	}
	q := nextQuarantine(row.state.Quarantine, *cause, now, r.s.interval(), r.limits)
	if q.expired(now, r.limits) {
		row.config.Status = StatusOff
	}
	return q
}

func (s *Statistics) add(c Cycle, healthy bool) {
	s.Cycles++
	s.Created += c.Count(ActionCreate, Success)
	s.Updated += c.Count(ActionUpdate, Success)
	s.Disabled += c.Count(ActionDisable, Success)
	s.Deleted += c.Count(ActionDelete, Success)
	s.Failed += c.Count("", Failure)
	if !healthy || c.Aborted != "" {
		return
	}
	s.LastSuccess = c.EndedAt
	if c.Kind == Initial {
		s.InitialDuration = c.EndedAt.Sub(c.StartedAt)
	}
}

// countLinks raises Users and Groups to the links there are; they never fall.
func countLinks(ctx context.Context, tx *sql.Tx, id JobID, s *Statistics) error {
	var users, groups int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FILTER (WHERE kind = 'User'), count(*) FILTER (WHERE kind = 'Group') FROM cycle_links WHERE job_id = ?`, string(id)).Scan(&users, &groups)
	s.Users, s.Groups = max(s.Users, users), max(s.Groups, groups)
	return err
}
