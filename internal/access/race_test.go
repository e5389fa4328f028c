package access_test

import (
	"sync"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

// together runs acts at the same time and returns their errors in order.
func together(acts ...func() error) []error {
	errs := make([]error, len(acts))
	ready := make(chan struct{})
	var wg sync.WaitGroup
	for i, act := range acts {
		wg.Go(func() {
			<-ready
			errs[i] = act()
		})
	}
	close(ready)
	wg.Wait()
	return errs
}

func TestCreateKey_hundredAtOnce(t *testing.T) {
	each(t, func(w *world) {
		var acts []func() error
		for range 100 {
			acts = append(acts, func() error {
				_, err := w.CreateKey(t.Context(), iam.Operator, w.org, "never")
				return err
			})
		}
		made := 0
		for _, err := range together(acts...) {
			switch {
			case err == nil:
				made++
			case iam.KindOf(err) != iam.KindConflict:
				t.Errorf("refused with %v (%v), want a conflict", err, iam.KindOf(err))
			}
		}
		if keys := must[[]access.KeyView](t)(w.Keys(t.Context(), w.org)); made != 2 || len(keys) != 2 {
			t.Errorf("%d calls answered with a key, %d keys are there; want 2", made, len(keys))
		}
	})
}

func TestLastBreakGlass_parallel(t *testing.T) {
	each(t, func(w *world) {
		remove := func(w *world, email string) error { return w.remove(email) }
		demote := func(w *world, email string) error { return w.setRoles(email) }
		for _, acts := range [][2]func(w *world, email string) error{{remove, remove}, {demote, demote}, {remove, demote}} {
			w := w.another()
			w.manual("ann@example.com")
			w.ok(w.setRoles("ann@example.com", "Admin"))
			if _, _, err := w.AdminLink(t.Context(), iam.Operator, w.org, "ann@example.com"); err != nil {
				t.Fatal(err)
			}
			refused := 0
			for _, err := range together(
				func() error { return acts[0](w, "ann@example.com") },
				func() error { return acts[1](w, "ada@example.com") },
			) {
				if err != nil {
					refused++
					if iam.KindOf(err) != iam.KindConflict {
						t.Errorf("refused with %v, want a conflict", err)
					}
				}
			}
			left := must[[]iam.BreakGlass](t)(w.db.Read(t.Context()).BreakGlassAdmins(w.org))
			if refused != 1 || len(left) != 1 {
				t.Errorf("%d of 2 were refused, and %d break-glass Admins are left; want 1 and 1", refused, len(left))
			}
		}
	})
}
