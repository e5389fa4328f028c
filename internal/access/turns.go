package access

import (
	"context"
	"sync"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// maxLarge is how many previews at a time look at more than a page of members. Each keeps a
// connection busy for as long as it reads, and SQLite has a handful that read: whoever asks
// for many previews at once must not take them from everybody else.
const maxLarge = 2

// largeWait is how long one more waits for its turn, unless Service.PreviewWait says
// otherwise.
const largeWait = 5 * time.Second

// ErrBusy is what a large preview ends with that had to wait for too long. It has changed
// nothing.
var ErrBusy = &iam.Error{
	Kind:    iam.KindUnavailable,
	Message: "other previews of many members are being made at the moment; try again in some seconds",
}

// turns lets maxLarge in at a time. Its zero value is ready.
type turns struct {
	once  sync.Once
	slots chan struct{}
}

// take waits for a turn, without an end of its own when wait is 0. leave gives it back.
func (t *turns) take(ctx context.Context, wait time.Duration) (leave func(), err error) {
	t.once.Do(func() { t.slots = make(chan struct{}, maxLarge) })
	var end <-chan time.Time
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		end = timer.C
	}
	select {
	case t.slots <- struct{}{}:
		return func() { <-t.slots }, nil
	case <-end:
		return nil, ErrBusy
	case <-ctx.Done():
		return nil, iam.Unavailable(ctx.Err())
	}
}

// large is the turn of one preview, taken once it is clear that it is a large one.
type large struct {
	turns *turns
	ctx   context.Context //nolint:containedctx // that of the one call it lives in
	wait  time.Duration
	leave func()
}

func (s *Service) large(ctx context.Context) *large {
	wait := s.PreviewWait
	if wait == 0 {
		wait = largeWait
	}
	return &large{turns: &s.turns, ctx: ctx, wait: wait}
}

// begin waits for the turn, unless it is there already.
func (l *large) begin() (err error) {
	if l.leave == nil {
		l.leave, err = l.turns.take(l.ctx, l.wait)
	}
	return err
}

func (l *large) end() {
	if l.leave != nil {
		l.leave()
	}
}
