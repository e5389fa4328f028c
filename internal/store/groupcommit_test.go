package store_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// put is the write of these tests: one row that a second put of the same name violates.
func put(tx *store.Tx, name string) error {
	_, err := tx.Exec(`INSERT INTO instance (name, value) VALUES (?, '')`, name)
	return err
}

// names returns what was put, sorted.
func names(t *testing.T, db *store.DB) []string {
	t.Helper()
	all, err := db.Read(t.Context()).Texts(`SELECT name FROM instance ORDER BY name`)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func wantNames(t *testing.T, db *store.DB, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := names(t, db); !slices.Equal(got, want) {
		t.Errorf("rows: got %q, want %q", got, want)
	}
}

// crowd makes writes wait for one that holds the leader, so that they share a commit.
type crowd struct {
	db      *store.DB
	release chan struct{}
	answers []chan error
	count   int // waiting
}

// gather starts the write that holds the leader; its row is "holder".
func gather(t *testing.T, db *store.DB) *crowd {
	t.Helper()
	c := &crowd{db: db, release: make(chan struct{})}
	holding := make(chan struct{})
	var once sync.Once
	c.start(t.Context(), func(tx *store.Tx) error {
		once.Do(func() { close(holding); <-c.release })
		return put(tx, "holder")
	}, db.Write)
	<-holding
	return c
}

func (c *crowd) start(ctx context.Context, fn func(*store.Tx) error, write func(context.Context, func(*store.Tx) error) error) {
	answer := make(chan error, 1)
	c.answers = append(c.answers, answer)
	go func() { answer <- write(ctx, fn) }()
}

// add puts a write into the queue.
func (c *crowd) add(ctx context.Context, fn func(*store.Tx) error) {
	c.start(ctx, fn, c.db.Write)
	c.count++
	c.settle()
}

func (c *crowd) addBig(ctx context.Context, fn func(*store.Tx) error) {
	c.start(ctx, fn, c.db.WriteBig)
	c.count++
	c.settle()
}

// settle waits until the queue is as long as it should be.
func (c *crowd) settle() {
	for c.db.Waiting() != c.count {
		runtime.Gosched()
	}
}

// finish lets the leader go and returns the answers, the holder's first.
func (c *crowd) finish() []error {
	close(c.release)
	var all []error
	for _, answer := range c.answers {
		all = append(all, <-answer)
	}
	return all
}

func TestWrite_sharedCommitKeepsTheWell(t *testing.T) {
	t.Parallel()
	var driver storetest.Driver
	db := storetest.Open(t, "sqlite", store.Options{Wrap: driver.Wrap})
	if err := db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, "taken") }); err != nil {
		t.Fatal(err)
	}
	const writers, cancelled, constrained, panicking, full = 32, 3, 9, 17, 25
	runs := make([]int, writers) // by the leader alone
	c := gather(t, db)
	driver.Reset()
	driver.Inject(storetest.Fault{Err: storetest.SQLiteFull, Match: func(call *storetest.Call) bool {
		return len(call.Args) == 1 && call.Args[0] == fmt.Sprint("writer ", full)
	}})
	ctx, cancel := context.WithCancel(t.Context())
	for i := range writers {
		own := t.Context()
		if i == cancelled {
			own = ctx
		}
		c.add(own, func(tx *store.Tx) error {
			runs[i]++
			switch i {
			case constrained:
				return put(tx, "taken")
			case panicking:
				panic("seventeen")
			}
			return put(tx, fmt.Sprint("writer ", i))
		})
	}
	cancel()
	c.count--
	c.settle()
	answers := c.finish()[1:]

	want := []string{"holder", "taken"}
	for i, err := range answers {
		var panicked *store.PanicError
		switch i {
		case cancelled:
			if !errors.Is(err, context.Canceled) || runs[i] != 0 {
				t.Errorf("the cancelled writer: %v after %d runs, want %v and none", err, runs[i], context.Canceled)
			}
		case constrained:
			if iam.KindOf(err) != iam.KindConflict || !strings.Contains(err.Error(), "instance.name") {
				t.Errorf("the writer of a taken name: %v, want a conflict that names instance.name", err)
			}
		case panicking:
			if !errors.As(err, &panicked) || panicked.Value != "seventeen" || !strings.Contains(string(panicked.Stack), "groupcommit_test.go") || iam.KindOf(err) != iam.KindInternal {
				t.Errorf("the writer that panics: %v, want its panic with the stack", err)
			}
			if runs[i] != 1 {
				t.Errorf("the writer that panics ran %d times, want once", runs[i])
			}
		case full:
			if iam.KindOf(err) != iam.KindUnavailable || !errors.Is(err, storetest.SQLiteFull) {
				t.Errorf("the writer on a full disk: %v, want unavailable", err)
			}
			if runs[i] != 1 {
				t.Errorf("the writer on a full disk ran %d times, want once", runs[i])
			}
		default:
			if err != nil {
				t.Errorf("writer %d: %v", i, err)
			}
			want = append(want, fmt.Sprint("writer ", i))
		}
	}
	wantNames(t, db, want...)
	if driver.Pending() != 0 {
		t.Error("the disk was never full")
	}
}

func TestWrite_commitsTogether(t *testing.T) {
	t.Parallel()
	var driver storetest.Driver
	db := storetest.Open(t, "sqlite", store.Options{Wrap: driver.Wrap})
	c := gather(t, db)
	driver.Reset()
	for i := range 63 + 10 {
		c.add(t.Context(), func(tx *store.Tx) error { return put(tx, fmt.Sprintf("writer %02d", i)) })
	}
	for i, err := range c.finish() {
		if err != nil {
			t.Errorf("answer %d: %v", i, err)
		}
	}
	if got := len(names(t, db)); got != 74 {
		t.Errorf("rows: got %d, want 74", got)
	}
	if got := driver.Count("COMMIT"); got != 2 {
		t.Errorf("commits of 74 writes: got %d, want 2 of at most 64", got)
	}
}

// Who is refused because of a change in the same commit is told so only if that change
// stays; what a writer sees of another must not be undone under it.
func TestWrite_refusalWaitsForTheCommit(t *testing.T) {
	t.Parallel()
	var driver storetest.Driver
	db := storetest.Open(t, "sqlite", store.Options{Wrap: driver.Wrap})
	c := gather(t, db)
	c.add(t.Context(), func(tx *store.Tx) error { return put(tx, "same") })
	c.add(t.Context(), func(tx *store.Tx) error { return put(tx, "same") })
	driver.Inject(storetest.Fault{Match: storetest.SQL("COMMIT"), Err: storetest.SQLiteIOErr})
	for i, err := range c.finish() {
		if iam.KindOf(err) != iam.KindUnavailable {
			t.Errorf("answer %d to a failed commit: %v, want unavailable", i, err)
		}
	}
	wantNames(t, db)
}

// A fault that rolls the batch back can turn a refusal into a success: everybody runs
// again, on what is really there.
func TestWrite_refusedRunsAgainAlone(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, "sqlite", store.Options{})
	c := gather(t, db)
	first := true
	c.add(t.Context(), func(tx *store.Tx) error {
		if err := put(tx, "same"); err != nil {
			return err
		}
		if first {
			first = false
			return nil
		}
		return iam.Errorf(iam.KindForbidden, "changed its mind")
	})
	c.add(t.Context(), func(tx *store.Tx) error { return put(tx, "same") })
	fault := errors.New("a fault of ours")
	c.add(t.Context(), func(tx *store.Tx) error { return fault })
	answers := c.finish()
	if answers[0] != nil || iam.KindOf(answers[1]) != iam.KindForbidden || answers[2] != nil || !errors.Is(answers[3], fault) {
		t.Errorf("answers: %v", answers)
	}
	wantNames(t, db, "holder", "same")
}

func TestWrite_cancelledWhileItRuns(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		db := open(store.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		err := db.Write(ctx, func(tx *store.Tx) error {
			cancel()
			return put(tx, "kept")
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a write whose request was cancelled: got %v", err)
		}
		wantNames(t, db, "kept")
		err = db.Write(ctx, func(tx *store.Tx) error { return put(tx, "too late") })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a write of a cancelled request: got %v", err)
		}
		wantNames(t, db, "kept")
	})
}

func TestWriteBig_beginsItsCommit(t *testing.T) {
	t.Parallel()
	var driver storetest.Driver
	db := storetest.Open(t, "sqlite", store.Options{Wrap: driver.Wrap})
	c := gather(t, db)
	driver.Reset()
	for _, name := range []string{"small 1", "BIG 1", "small 2", "BIG 2", "BIG 3", "small 3"} {
		fn := func(tx *store.Tx) error { return put(tx, name) }
		if strings.HasPrefix(name, "BIG") {
			c.addBig(t.Context(), fn)
		} else {
			c.add(t.Context(), fn)
		}
	}
	for i, err := range c.finish() {
		if err != nil {
			t.Errorf("answer %d: %v", i, err)
		}
	}
	var order []string
	for _, call := range driver.Calls() {
		switch {
		case call.SQL == "COMMIT":
			order = append(order, "|")
		case len(call.Args) == 1 && call.Args[0] != "holder":
			order = append(order, call.Args[0].(string))
		}
	}
	want := "small 1 | BIG 1 small 2 | BIG 2 | BIG 3 small 3 |"
	if got := strings.Join(order, " "); got != want {
		t.Errorf("commits: got %q, want %q", got, want)
	}
}

// t.FailNow in the function of a write ends the goroutine that runs it.
func TestWrite_functionEndsItsGoroutine(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, "sqlite", store.Options{})
	c := gather(t, db)
	c.add(t.Context(), func(tx *store.Tx) error { return put(tx, "before") })
	c.add(t.Context(), func(tx *store.Tx) error { runtime.Goexit(); return nil })
	c.add(t.Context(), func(tx *store.Tx) error { return put(tx, "after") })
	answers := c.finish()
	if answers[0] != nil || answers[1] != nil || answers[2] == nil || answers[3] != nil {
		t.Errorf("answers: %v, want an error for the third alone", answers)
	}
	wantNames(t, db, "after", "before", "holder")
}

func TestClose_runsWhatWaits(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t, "sqlite")
	db, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := gather(t, db)
	c.add(t.Context(), func(tx *store.Tx) error { return put(tx, "waits") })
	closed := make(chan error)
	go func() { closed <- db.Close() }()
	for i, err := range c.finish() {
		if err != nil {
			t.Errorf("answer %d: %v", i, err)
		}
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if err := db.Write(t.Context(), func(*store.Tx) error { return nil }); iam.KindOf(err) != iam.KindUnavailable {
		t.Errorf("a write after Close: %v, want unavailable", err)
	}
	wantNames(t, storetest.Reopen(t, url, store.Options{}), "holder", "waits")
}
