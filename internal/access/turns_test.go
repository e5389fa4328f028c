package access_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// At most two previews look at more than a page of members at a time; a third one waits and
// is then told to come again. Small ones wait for nobody.
func TestPreview_largeOnesTakeTurns(t *testing.T) {
	each(t, func(w *world) {
		w.people(2_100, nil)
		ann := w.user("ann@elsewhere.example")
		role := w.role("Small", "", "a:b:c")
		w.ok(w.setRoles(string(ann), "Small"))
		w.PreviewWait = time.Millisecond
		ctx := context.WithoutCancel(t.Context())
		look := func() error {
			p, err := w.PreviewRemoveDomain(ctx, iam.Operator, w.org, "example.com")
			if err == nil && p.Members < 2_100 {
				t.Errorf("%d members", p.Members)
			}
			return err
		}
		strict := func() error {
			_, err := w.WouldFailStrict(ctx, w.org)
			return err
		}
		secondPage := func(c *storetest.Call) bool {
			return strings.HasPrefix(c.SQL, "SELECT u.id, u.status FROM users u") && len(c.Args) > 1 && c.Args[1] != ""
		}
		release, reached, ended := make(chan struct{}), make(chan struct{}, 2), make(chan error, 2)
		w.sql.Reset()
		for range 2 {
			w.sql.Inject(storetest.Fault{Match: secondPage, Hold: release, Do: func() { reached <- struct{}{} }})
			go func() { ended <- look() }()
		}
		for range 2 {
			select {
			case <-reached:
			case err := <-ended:
				close(release)
				t.Fatalf("a large preview did not read a second page: %v", err)
			}
		}
		for name, act := range map[string]func() error{"domain": look, "strict policy": strict} {
			if err := act(); !errors.Is(err, access.ErrBusy) || iam.KindOf(err) != iam.KindUnavailable {
				t.Errorf("a third one, %s: %v", name, err)
			}
		}
		gone, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := w.PreviewRemoveDomain(gone, iam.Operator, w.org, "example.com"); err == nil || errors.Is(err, access.ErrBusy) {
			t.Errorf("nobody waits for it: %v", err)
		}
		w.previews("1 change, 1 powerless, 1 lose all; Member +1 -0; Small +0 -1; ann@elsewhere.example")(w.PreviewDeleteRole(ctx, iam.Operator, w.org, string(role.ID)))

		close(release)
		for range 2 {
			w.ok(<-ended)
		}
		w.sql.Reset()
		w.ok(look())
		w.ok(strict())
		failing := errors.New("broken")
		w.sql.Inject(storetest.Fault{Match: secondPage, Err: failing}, storetest.Fault{Match: secondPage, Err: failing})
		for range 2 {
			if look() == nil {
				t.Error("a broken statement is not told")
			}
		}
		w.ok(look()) // what failed has given its turn back
	})
}
