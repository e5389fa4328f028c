package signin

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// uses holds when each key, or each session, was used last, until it is written: a
// use must not cost a write. It has at most one entry for each, so it cannot grow
// beyond the keys and sessions there are.
type uses struct {
	mu      sync.Mutex
	waiting map[use]time.Time
}

// use names a key or a session.
type use struct {
	org iam.OrganizationID
	id  string
}

func (u *uses) add(what use, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.waiting == nil {
		u.waiting = map[use]time.Time{}
	}
	if at.After(u.waiting[what]) {
		u.waiting[what] = at
	}
}

func (u *uses) addAll(all map[use]time.Time) {
	for what, at := range all {
		u.add(what, at)
	}
}

func (u *uses) take() map[use]time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	taken := u.waiting
	u.waiting = nil
	return taken
}

// noteKey remembers the minute in which a key was used, unless its row tells of it.
func (s *Service) noteKey(found store.KeyCheck, now time.Time) {
	if minute := now.UTC().Truncate(time.Minute); minute.After(found.Key.LastUsedAt) {
		s.keyUses.add(use{found.Organization.ID, string(found.Key.ID)}, minute)
	}
}

// seenEvery is how old what a session's row says of its last use may be.
const seenEvery = time.Minute

// noteSession remembers that a session was used, unless its row is recent.
func (s *Service) noteSession(org iam.OrganizationID, session store.Session, now time.Time) {
	if now.Sub(session.LastSeenAt) >= seenEvery {
		s.sessionUses.add(use{org, session.ID}, now)
	}
}

// sorted returns the names in one order on every server, so that two that flush
// never wait in a circle.
func sorted(waiting map[use]time.Time) []use {
	return slices.SortedFunc(maps.Keys(waiting), func(a, b use) int {
		return cmp.Or(cmp.Compare(a.org, b.org), cmp.Compare(a.id, b.id))
	})
}

// Flush writes what waits, in one transaction: last uses of keys and sessions, and
// refused sign-ins that were counted. What could not be written waits on.
func (s *Service) Flush(ctx context.Context) error { return s.flush(ctx, false) }

func (s *Service) flush(ctx context.Context, last bool) error {
	keys, sessions, refused := s.keyUses.take(), s.sessionUses.take(), s.failures.take(s.now(), last)
	if len(keys)+len(sessions)+len(refused) == 0 {
		return nil
	}
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		for _, key := range sorted(keys) {
			if err := tx.TouchKey(key.org, iam.KeyID(key.id), keys[key]); err != nil {
				return err
			}
		}
		for _, session := range sorted(sessions) {
			if err := tx.TouchSession(session.org, session.id, sessions[session]); err != nil {
				return err
			}
		}
		for _, event := range refused {
			if err := tx.InsertAudit(event); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.keyUses.addAll(keys)
		s.sessionUses.addAll(sessions)
		s.failures.putBack(refused)
		return fmt.Errorf("note the last use of %d SCIM keys and %d sessions, and %d refused sign-ins: %w", len(keys), len(sessions), len(refused), err)
	}
	return nil
}

// flushTime bounds the last flush of Run, after its context is done.
const flushTime = 5 * time.Second

// Run flushes every interval until ctx is done, and then once more. It returns
// the error of that last flush; what an earlier one could not write waits for the
// next.
func (s *Service) Run(ctx context.Context, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = s.Flush(ctx) // what could not be written waits for the next tick
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
			defer cancel()
			return s.flush(last, true)
		}
	}
}
