package cycle_test

import (
	"context"
	"testing"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
)

// Microsoft Entra docs, "users-restore": 30 days after a user was deleted he is gone for
// good, and "how-provisioning-works": then he is deleted from the target.
func TestSchedule_deletedUsersGoForGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.addUser("ada")
	w.assign(ada.ID)
	w.cycle()
	w.ok(w.db.DeleteUser(t.Context(), ada.ID))
	w.cycle()
	w.clock.Advance(directory.RetentionOfDeleted)
	_, err := w.svc.RunDue(t.Context())
	w.ok(err)
	if _, err := w.db.User(t.Context(), ada.ID); !directory.IsProblem(err, directory.NotFound) {
		t.Errorf("a user deleted 30 days ago: %v, want not found", err)
	}
	w.wantEntry(w.last(ada.ID), cycle.ActionDelete, cycle.Success, "")
}

// The scheduler does that when no job is on, too.
func TestSchedule_tidiesWithoutJobs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.svc.Stop(t.Context(), w.job, admin)
	w.ok(err)
	ada := w.addUser("ada")
	w.ok(w.db.DeleteUser(t.Context(), ada.ID))
	w.clock.Advance(directory.RetentionOfDeleted)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); w.svc.Run(ctx) }()
	for {
		if _, err := w.db.User(t.Context(), ada.ID); directory.IsProblem(err, directory.NotFound) {
			break
		}
		if t.Context().Err() != nil {
			t.Fatal("the user stays")
		}
	}
	stop()
	<-ended
}
