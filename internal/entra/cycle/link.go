package cycle

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// Link says which object of the target belongs to one of the directory.
type Link struct {
	Kind     mapping.Kind
	SourceID directory.ID
	TargetID string
	// Active is false for who was disabled in the target when he left the scope.
	Active bool
	// Managed is false for who was unassigned: he is not followed any more, and a purge in the
	// directory deletes nothing in the target (Microsoft Entra docs, "how-provisioning-works").
	Managed bool
}

const linkColumns = `kind, source_id, target_id, active, managed`

func scanLink(row scanner) (Link, error) {
	var l Link
	err := row.Scan(&l.Kind, &l.SourceID, &l.TargetID, &l.Active, &l.Managed)
	return l, err
}

// Link returns the link of an object; nil when it has none.
func (s *Service) Link(ctx context.Context, job JobID, kind mapping.Kind, id directory.ID) (*Link, error) {
	l, err := scanLink(s.Directory.Reading().QueryRowContext(ctx,
		`SELECT `+linkColumns+` FROM cycle_links WHERE job_id = ? AND kind = ? AND source_id = ?`, string(job), string(kind), string(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the link of %s: %w", id, err)
	}
	return &l, nil
}

// Links returns links of a kind by source id; after is the last of the page before.
func (s *Service) Links(ctx context.Context, job JobID, kind mapping.Kind, after directory.ID, limit int) ([]Link, error) {
	list, err := collect(ctx, s.Directory.Reading(), scanLink,
		`SELECT `+linkColumns+` FROM cycle_links WHERE job_id = ? AND kind = ? AND source_id > ? ORDER BY source_id LIMIT ?`,
		string(job), string(kind), string(after), pageSize(limit))
	if err != nil {
		return nil, fmt.Errorf("read the links of job %s: %w", job, err)
	}
	return list, nil
}

// ExportedMember is a member of a group as the target was told.
type ExportedMember struct {
	UserID   directory.ID
	TargetID string
}

// ExportedMembers returns the members of a group that the target was told, by user id.
func (s *Service) ExportedMembers(ctx context.Context, job JobID, group, after directory.ID, limit int) ([]ExportedMember, error) {
	list, err := collect(ctx, s.Directory.Reading(), scanExported,
		`SELECT user_id, target_id FROM cycle_members WHERE job_id = ? AND group_id = ? AND user_id > ? ORDER BY user_id LIMIT ?`,
		string(job), string(group), string(after), pageSize(limit))
	if err != nil {
		return nil, fmt.Errorf("read the exported members of group %s: %w", group, err)
	}
	return list, nil
}

func scanExported(row scanner) (ExportedMember, error) {
	var m ExportedMember
	err := row.Scan(&m.UserID, &m.TargetID)
	return m, err
}

// claim notes that an object of the target belongs to o, and returns to whom it belonged
// before in this run; "" = nobody.
func (r *run) claim(o object, targetID string) directory.ID {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := string(o.kind) + targetID
	other, claimed := r.claimed[key]
	if !claimed || other == o.id {
		r.claimed[key] = o.id
		return ""
	}
	return other
}

// linkedElsewhere is the other object of the directory whose link leads to the same object
// of the target; "" = none.
func (r *run) linkedElsewhere(ctx context.Context, o object, targetID string) (directory.ID, error) {
	if other := r.claim(o, targetID); other != "" {
		return other, nil
	}
	var id directory.ID
	err := r.s.Directory.Reading().QueryRowContext(ctx,
		`SELECT source_id FROM cycle_links WHERE job_id = ? AND kind = ? AND target_id = ? AND source_id <> ? LIMIT 1`,
		string(r.job.ID), string(o.kind), targetID, string(o.id)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for another link to %s: %w", targetID, err)
	}
	return id, nil
}

// linksOf returns the links of users by id.
func (r *run) linksOf(ctx context.Context, ids []directory.ID) (map[directory.ID]Link, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	args := []any{string(r.job.ID)}
	for _, id := range ids {
		args = append(args, string(id))
	}
	list, err := collect(ctx, r.s.Directory.Reading(), scanLink, `SELECT `+linkColumns+` FROM cycle_links
		WHERE job_id = ? AND kind = 'User' AND source_id IN (?`+strings.Repeat(", ?", len(ids)-1)+`)`, args...)
	if err != nil {
		return nil, fmt.Errorf("read the links of members: %w", err)
	}
	links := make(map[directory.ID]Link, len(list))
	for _, l := range list {
		links[l.SourceID] = l
	}
	return links, nil
}

// escrowKey names what is tried again.
type escrowKey struct {
	kind      mapping.Kind
	id        directory.ID
	reference bool
}

// escrow is an object that failed.
type escrow struct {
	escrowKey
	code    string
	retries int
	first   time.Time
	next    time.Time // zero: given up
}

// codeReferencePending marks a group some of whose members failed: they follow as soon as
// they are there.
const codeReferencePending = "ReferencePending"

func scanEscrow(row scanner) (escrow, error) {
	var e escrow
	var first, next int64
	err := row.Scan(&e.kind, &e.id, &e.reference, &e.code, &e.retries, &first, &next)
	e.first = time.UnixMicro(first).UTC()
	if next != 0 {
		e.next = time.UnixMicro(next).UTC()
	}
	return e, err
}

const escrowColumns = `kind, source_id, reference, code, retries, first_us, next_us`

func (r *run) readEscrows(ctx context.Context) error {
	list, err := collect(ctx, r.s.Directory.Reading(), scanEscrow, `SELECT `+escrowColumns+` FROM cycle_escrows WHERE job_id = ?`, string(r.job.ID))
	if err != nil {
		return fmt.Errorf("read the retries of job %s: %w", r.job.ID, err)
	}
	now := r.s.now()
	for _, e := range list {
		r.escrows[e.escrowKey] = e
		if !e.next.IsZero() && !e.next.After(now) {
			r.due[e.escrowKey] = e
		}
	}
	return nil
}

// Escrow is an object that failed and is tried again, for the Overview page.
type Escrow struct {
	Kind      mapping.Kind
	SourceID  directory.ID
	Reference bool // the object is in the target; what it refers to is not
	Code      string
	Retries   int
	First     time.Time
	Next      time.Time // zero: given up until the object changes or provisioning is restarted
}

// Escrows returns what is tried again, by kind and id, at most limit.
func (s *Service) Escrows(ctx context.Context, job JobID, limit int) ([]Escrow, error) {
	list, err := collect(ctx, s.Directory.Reading(), scanEscrow,
		`SELECT `+escrowColumns+` FROM cycle_escrows WHERE job_id = ? ORDER BY kind, source_id, reference LIMIT ?`, string(job), pageSize(limit))
	if err != nil {
		return nil, fmt.Errorf("read the retries of job %s: %w", job, err)
	}
	out := make([]Escrow, 0, len(list))
	for _, e := range list {
		out = append(out, Escrow{e.kind, e.id, e.reference, e.code, e.retries, e.first, e.next})
	}
	return out, nil
}
