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

// uses holds when each key was used last, to the minute, until it is written: a
// use must not cost a write. It has at most one entry for each key, so it cannot
// grow beyond the keys there are.
type uses struct {
	mu      sync.Mutex
	waiting map[use]time.Time
}

type use struct {
	org iam.OrganizationID
	key iam.KeyID
}

// note remembers a use, unless the row tells of that minute already.
func (u *uses) note(found store.KeyCheck, now time.Time) {
	minute := now.UTC().Truncate(time.Minute)
	if !minute.After(found.Key.LastUsedAt) {
		return
	}
	u.add(use{found.Organization.ID, found.Key.ID}, minute)
}

func (u *uses) add(key use, minute time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.waiting == nil {
		u.waiting = map[use]time.Time{}
	}
	if minute.After(u.waiting[key]) {
		u.waiting[key] = minute
	}
}

func (u *uses) take() map[use]time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	taken := u.waiting
	u.waiting = nil
	return taken
}

// Flush writes the last uses that wait, in one transaction. What could not be
// written waits on.
func (s *Service) Flush(ctx context.Context) error {
	waiting := s.uses.take()
	if len(waiting) == 0 {
		return nil
	}
	// In one order on every server, so that two that flush never wait in a circle.
	keys := slices.SortedFunc(maps.Keys(waiting), func(a, b use) int {
		return cmp.Or(cmp.Compare(a.org, b.org), cmp.Compare(a.key, b.key))
	})
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		for _, key := range keys {
			if err := tx.TouchKey(key.org, key.key, waiting[key]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		for key, minute := range waiting {
			s.uses.add(key, minute)
		}
		return fmt.Errorf("note the last use of %d SCIM keys: %w", len(waiting), err)
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
			return s.Flush(last)
		}
	}
}
