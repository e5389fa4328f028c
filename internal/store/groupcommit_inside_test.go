package store

import (
	"database/sql"
	"testing"

	"github.com/rollcall/rollcall/internal/iam"
)

// A database that does not answer refuses the writes that waited while it was tried. One
// that comes while they are being told waits for the next try.
func TestBatch_refusesOnlyWhoWaited(t *testing.T) {
	t.Parallel()
	gone, err := sql.Open("sqlite", "file::memory:")
	if err != nil {
		t.Fatal(err)
	}
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	g := &groupCommit{db: &DB{writes: gone}}
	first, second := &waitingWrite{answer: make(chan error)}, &waitingWrite{answer: make(chan error)}
	late := &waitingWrite{answer: make(chan error, 1)}
	g.waiting = []*waitingWrite{first, second}

	done := make(chan struct{})
	go func() { defer close(done); g.batch() }()
	for i, w := range []*waitingWrite{first, second} {
		if i == 1 { // the leader is telling the second
			g.mu.Lock()
			g.waiting = append(g.waiting, late)
			g.mu.Unlock()
		}
		if err := <-w.answer; iam.KindOf(err) != iam.KindUnavailable {
			t.Errorf("write %d: got %v, want unavailable", i+1, err)
		}
	}
	<-done
	select {
	case err := <-late.answer:
		t.Errorf("the write that came later was refused: %v", err)
	default:
	}
	if len(g.waiting) != 1 || g.waiting[0] != late {
		t.Errorf("%d writes wait, want the late one", len(g.waiting))
	}
}
