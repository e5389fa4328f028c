package cycle_test

import (
	"testing"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
)

// A group with more members than a page of the directory holds is told whole, when it is new and when all its members are
// compared.
func TestCycle_groupOfManyPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const people = directory.MostPerPage + 60
	_, err := w.db.Generate(t.Context(), directory.Plan{Users: people, Groups: 1, Memberships: people, Seed: 1})
	w.ok(err)
	w.settings(func(s *cycle.Settings) { s.Scope = cycle.ScopeAll })
	if c, _ := w.cycle(); c.Members != people {
		t.Fatalf("%d memberships were sent, want %d", c.Members, people)
	}
	for _, members := range w.target.members {
		if len(members) != people {
			t.Errorf("the group has %d members, want %d", len(members), people)
		}
	}
	_, err = w.svc.Restart(t.Context(), w.job, cycle.ResetWatermark, admin)
	w.ok(err)
	if c, _ := w.cycle(); c.Members != 0 {
		t.Errorf("the second comparison sends %d memberships", c.Members)
	}
}
