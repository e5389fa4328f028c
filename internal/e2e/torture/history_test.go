package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// full tells whether this is the long run of `make torture`.
var full = os.Getenv("ROLLCALL_TORTURE") == "full"

// length picks a number for the run at hand.
func length(short, long int) int {
	if full {
		return long
	}
	return short
}

// historyLength is a little over 2,000: a step that finds nothing to remove makes no
// operation, and reads without an answer are left out.
const historyLength = 2208

const (
	writers      = 16
	openReturn   = int64(1) << 62 // an operation without an answer may take effect at any time
	checkTimeout = 2 * time.Minute
)

// unknown is the output of an operation whose answer never came.
type unknown struct{}

// recorder collects the operations of one history.
type recorder struct {
	mu    sync.Mutex
	begin time.Time
	ops   []porcupine.Operation
	open  int
}

func newRecorder() *recorder { return &recorder{begin: time.Now()} }

// do runs one operation and records it. act returns the output, or false when the
// outcome is not known: the operation then stays open for good, and reads that are
// open are left out, for they change nothing.
func (r *recorder) do(client int, input any, reads bool, act func() (output any, known bool)) {
	call := time.Since(r.begin).Nanoseconds()
	output, known := act()
	ret := time.Since(r.begin).Nanoseconds()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !known {
		r.open++
		if reads {
			return
		}
		output, ret = unknown{}, openReturn+int64(len(r.ops))
	}
	r.ops = append(r.ops, porcupine.Operation{ClientId: client, Input: input, Call: call, Output: output, Return: ret})
}

// clients gives open operations client ids of their own: porcupine wants the
// operations of one client to follow one another.
func (r *recorder) history() []porcupine.Operation {
	ops := r.ops
	next := writers
	for i := range ops {
		if _, open := ops[i].Output.(unknown); open {
			ops[i].ClientId = next
			next++
		}
	}
	return ops
}

// drive runs n operations by the writers, each with a random source of its own,
// derived from seed.
func drive(ctx context.Context, n int, seed uint64, step func(ctx context.Context, client int, rng *rand.Rand)) {
	var wg sync.WaitGroup
	for client := range writers {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(client)))
			for range n / writers {
				step(ctx, client, rng)
			}
		})
	}
	wg.Wait()
}

// legal checks a history against a model.
func legal(t *testing.T, name string, model porcupine.Model, r *recorder) {
	t.Helper()
	result, info := porcupine.CheckOperationsVerbose(model, r.history(), checkTimeout)
	t.Logf("%s: %d operations, %d without an answer: %s", name, len(r.ops), r.open, result)
	if r.open > len(r.ops)/20 {
		t.Errorf("%s: %d of %d operations had no answer that the model knows; such a history shows nothing", name, r.open, len(r.ops))
	}
	if result == porcupine.Ok {
		return
	}
	path := ""
	if f, err := os.CreateTemp("", "rollcall-history-*.html"); err == nil {
		path = f.Name()
		if err := porcupine.Visualize(model, info, f); err != nil {
			path = err.Error()
		}
		f.Close()
	}
	t.Errorf("%s: the history is %s; drawn in %s", name, result, path)
}

// illegal tells whether the checker finds a seeded fault within some histories.
func illegal(t *testing.T, name string, model porcupine.Model, history func(seed uint64) *recorder) {
	t.Helper()
	for seed := range uint64(20) {
		if porcupine.CheckOperationsTimeout(model, history(seed).history(), checkTimeout) == porcupine.Illegal {
			t.Logf("%s: found illegal in history %d", name, seed+1)
			return
		}
	}
	t.Errorf("%s: the seeded fault was not found in 20 histories", name)
}

// patience draws how long a caller waits: nearly always long, now and then so
// short that the answer may not come, which leaves the operation open.
func patience(ctx context.Context, rng *rand.Rand) (context.Context, context.CancelFunc) {
	if rng.IntN(100) == 0 {
		return context.WithTimeout(ctx, time.Duration(rng.IntN(3000))*time.Microsecond)
	}
	return context.WithTimeout(ctx, 30*time.Second)
}

// eachEngine runs a test on both engines, one after the other: the machine is to
// be busy with one of them.
func eachEngine(t *testing.T, run func(t *testing.T, engine string)) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) { run(t, engine) })
	}
}

func describe(op string, args ...any) string { return fmt.Sprintf(op, args...) }
