package cycle_test

import (
	"net/http/httptest"
	"testing"

	"github.com/rollcall/rollcall/internal/entra/cycle"
)

// The same target under another address keeps its links, and its members can be taken away.
func TestMoveTarget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, bob := w.addUser("ada"), w.addUser("bob")
	admins := w.addGroup("Admins", ada, bob)
	w.assign(admins.ID)
	w.cycle()
	w.part(admins, bob)

	moved := httptest.NewServer(w.target)
	t.Cleanup(moved.Close)
	before := w.read()
	job, err := w.svc.MoveTarget(t.Context(), w.job, moved.URL+basePath, admin)
	w.ok(err)
	if job.TenantURL != moved.URL+basePath || job.SecretToken != before.SecretToken || job.Watermark != before.Watermark {
		t.Errorf("the job is %+v; it was %+v", job, before)
	}
	c, calls := w.cycle()
	w.wantCalls(calls, "GET Users/id", "PATCH Users/id", "GET Groups/id", "PATCH Groups/id")
	if c.Kind != cycle.Incremental || len(w.target.groupMembers("Admins")) != 1 {
		t.Errorf("the cycle after it: %+v, members %v", c, w.target.groupMembers("Admins"))
	}
	for _, wrong := range []string{"", "ftp://127.0.0.1/scim", "no address"} {
		if _, err := w.svc.MoveTarget(t.Context(), w.job, wrong, admin); !cycle.IsProblem(err, cycle.Invalid) {
			t.Errorf("moved to %q: %v", wrong, err)
		}
	}
}
