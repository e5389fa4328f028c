package access

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// ActivityQuery asks for a page of the audit log, newest first. The zero value of a
// condition lets every event pass.
type ActivityQuery struct {
	From, To  time.Time // From <= event < To
	Types     []iam.ActivityType
	ActorType iam.ActorType
	Actor     string // the actor's id
	Target    string // events of this target, or that concern this member
	// Match is a condition that the database cannot judge; nil for none.
	Match func(iam.AuditEvent) bool
	Older iam.EventID // events before this one, which the page before ended with
	Newer iam.EventID // events after this one; Older wins
	Limit int         // events of a page; below 1 means 50
}

// ActivityPage is a page of the audit log.
type ActivityPage struct {
	Events []iam.AuditEvent
	// Older and Newer lead to the pages behind and before; "" where there is none. With
	// Match a page can hold less than Limit, or nothing, and have an Older all the same:
	// one request looks through a bounded number of events.
	Older, Newer iam.EventID
	Total        int // events of the query without Match, at most MaxCounted
	Looked       int // how many Match was asked about
}

// maxLookedActivities bounds how many events one request is asked to match.
const (
	maxLookedActivities = 50_000
	activityChunk       = 1_000
)

// Activities returns a page of the audit log.
func (s *Service) Activities(ctx context.Context, org iam.OrganizationID, q ActivityQuery) (ActivityPage, error) {
	if q.Limit < 1 {
		q.Limit = 50
	}
	var page ActivityPage
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
		var err error
		if page, err = activities(r, org, q); err != nil {
			return fmt.Errorf("read the audit log: %w", err)
		}
		if page.Total, err = r.CountAudit(org, q.stored(), MaxCounted); err != nil {
			return fmt.Errorf("count the audit log: %w", err)
		}
		return nil
	})
	return page, err
}

func (q ActivityQuery) stored() store.AuditQuery {
	return store.AuditQuery{From: q.From, To: q.To, Types: q.Types, ActorType: q.ActorType, Actor: q.Actor, Target: q.Target}
}

func activities(r *store.Reader, org iam.OrganizationID, q ActivityQuery) (ActivityPage, error) {
	walk := walker[iam.AuditEvent]{
		limit: q.Limit, most: maxLookedActivities, match: q.Match,
		id: func(e iam.AuditEvent) string { return string(e.ID) },
		read: func(after string, newestFirst bool, limit int) ([]iam.AuditEvent, error) {
			asked := q.stored()
			asked.After, asked.NewestFirst, asked.Limit = iam.EventID(after), newestFirst, limit
			return r.AuditEvents(org, asked)
		},
	}
	found, err := walk.page(string(q.Older), string(q.Newer))
	return ActivityPage{Events: found.entries, Older: iam.EventID(found.older), Newer: iam.EventID(found.newer), Looked: found.looked}, err
}

// EachActivity yields every activity of a query, newest first; its cursors and its limit
// mean nothing. It reads page by page, so that an export of any length holds no
// snapshot. An error is the last thing yielded.
func (s *Service) EachActivity(ctx context.Context, org iam.OrganizationID, q ActivityQuery) iter.Seq2[iam.AuditEvent, error] {
	return func(yield func(iam.AuditEvent, error) bool) {
		err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
			asked := q.stored()
			asked.NewestFirst, asked.Limit = true, auditPage
			for {
				page, err := r.AuditEvents(org, asked)
				if err != nil {
					return fmt.Errorf("read the audit log: %w", err)
				}
				for _, e := range page {
					if (q.Match == nil || q.Match(e)) && !yield(e, nil) {
						return errStop
					}
				}
				if len(page) < auditPage {
					return nil
				}
				asked.After = page[len(page)-1].ID
			}
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(iam.AuditEvent{}, err)
		}
	}
}

// Activity returns one event of the audit log.
func (s *Service) Activity(ctx context.Context, org iam.OrganizationID, id iam.EventID) (iam.AuditEvent, error) {
	var e iam.AuditEvent
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) (err error) {
		e, err = r.AuditEvent(org, id)
		if errors.Is(err, iam.ErrNotFound) {
			return iam.Errorf(iam.KindNotFound, "there is no activity %q in the audit log of this organization", iam.Clip(string(id)))
		}
		if err != nil {
			return fmt.Errorf("read activity %s: %w", id, err)
		}
		return nil
	})
	return e, err
}

// walker goes through a log, newest first, in pages that lead to one another.
type walker[T any] struct {
	limit int          // entries of a page
	most  int          // how many entries one page looks through, with match
	match func(T) bool // nil: all
	id    func(T) string
	read  func(after string, newestFirst bool, limit int) ([]T, error)
}

// walked is a page. older and newer are the ids behind which the neighbours begin; ""
// for no neighbour.
type walked[T any] struct {
	entries      []T
	older, newer string
	looked       int
}

// page returns the entries that are older than older, or else newer than newer, or else
// the newest.
func (w walker[T]) page(older, newer string) (walked[T], error) {
	if older == "" && newer != "" {
		p, last, err := w.collect(newer, false)
		if err != nil {
			return p, err
		}
		if last == "" && len(p.entries) < w.limit {
			// The first page is shown full, wherever he came from.
			return w.page("", "")
		}
		slices.Reverse(p.entries)
		p.newer, p.older = last, newer
		if n := len(p.entries); n > 0 {
			p.older = w.id(p.entries[n-1])
		}
		return p, nil
	}
	p, last, err := w.collect(older, true)
	p.older = last
	if older != "" {
		p.newer = older
		if len(p.entries) > 0 {
			p.newer = w.id(p.entries[0])
		}
	}
	return p, err
}

// collect reads on behind an id until the page is full, and returns behind which id
// there may be more; "" at the end of the log.
func (w walker[T]) collect(after string, newestFirst bool) (p walked[T], last string, err error) {
	size := activityChunk
	if w.match == nil {
		size = w.limit + 1
	}
	for {
		chunk, err := w.read(after, newestFirst, size)
		if err != nil {
			return p, "", err
		}
		for _, entry := range chunk {
			if w.match == nil || w.match(entry) {
				if len(p.entries) == w.limit {
					return p, after, nil
				}
				p.entries = append(p.entries, entry)
			}
			after = w.id(entry)
			p.looked++
		}
		if len(chunk) < size {
			return p, "", nil
		}
		if p.looked >= w.most {
			return p, after, nil
		}
	}
}
