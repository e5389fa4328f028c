package cycle_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
)

// refusing answers requests of a method with one error.
func refusing(method string, status int, body string) func(call) (int, string, http.Header) {
	return func(c call) (int, string, http.Header) {
		if c.Method == method {
			return status, body, nil
		}
		return 0, "", nil
	}
}

const odd = "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:Error\"],\n \"status\":\"400\", \"detail\":\"groß <b>ﬁ</b> \\u00e9\"}"

func TestFailure_verbatim(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.addUser("ada")
	w.assign(ada.ID)
	w.target.fail(refusing("POST", 400, odd))
	c, _ := w.cycle()
	e := w.last(ada.ID)
	w.wantEntry(e, cycle.ActionCreate, cycle.Failure, cycle.CodeIncompatible)
	for _, part := range []string{
		"Failed to create User 'ada@example.com' in customappsso; Error: The SCIM endpoint is not fully compatible with the Azure Active Directory SCIM client.",
		"StatusCode: BadRequest Message: Processing of the HTTP request resulted in an exception.", "Web Response: " + odd,
		"This operation was retried 0 times. It will be retried again after this date: 2026-03-01T09:40:00.0000000Z UTC",
	} {
		if !strings.Contains(e.Error.Reason, part) {
			t.Errorf("reason %q, want %q in it", e.Error.Reason, part)
		}
	}
	last := e.Exchanges[len(e.Exchanges)-1]
	if last.Method != "POST" || last.URL != w.target.url+"/Users" || last.Status != 400 || last.Answer != odd || !strings.Contains(last.Body, `"userName":"ada@example.com"`) {
		t.Errorf("exchange: %+v", last)
	}
	if e.Error.RecommendedAction == "" || e.JobID != w.job || e.CycleID != c.ID || e.ApplicationName != "Contoso app" || e.ChangeID == "" {
		t.Errorf("entry: %+v", e)
	}
	names := []string{}
	for _, s := range e.Steps {
		names = append(names, s.Name)
	}
	if want := []string{"EntryImportAdd", "EntrySynchronizationScoping", "EntryImport", "EntrySynchronizationAdd", "EntryExportAdd"}; !slices.Equal(names, want) {
		t.Errorf("steps %v, want %v", names, want)
	}
}

func TestFailure_codes(t *testing.T) {
	t.Parallel()
	for status, code := range map[int]string{
		403: cycle.CodeInsufficientRights, 405: cycle.CodeMethodNotAllowed, 409: cycle.CodeConflict, 422: cycle.CodeUnprocessableEntity,
		500: cycle.CodeInternalServerError, 501: cycle.CodeNotImplemented,
	} {
		w := newWorld(t)
		ada := w.addUser("ada")
		w.assign(ada.ID)
		w.target.fail(refusing("POST", status, "no"))
		w.cycle()
		w.wantEntry(w.last(ada.ID), cycle.ActionCreate, cycle.Failure, code)
	}
}

// A refused disable is logged as Disable and tried again by the next cycle, then after 6, 12
// and 24 hours and every day, until it is given up.
func TestFailure_retries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.addUser("ada")
	w.assign(ada.ID)
	w.cycle()
	w.unassign(ada.ID)
	w.target.fail(refusing("PATCH", 500, "broken"))
	began := w.clock.Now()
	var tried []time.Duration
	for i := range 270 {
		if i > 80 { // the first two days in steps of 40 minutes, then of 4 hours
			w.clock.Advance(3*time.Hour + 20*time.Minute)
		}
		at := w.clock.Now().Sub(began)
		if _, calls := w.cycle(); len(calls) > 0 {
			tried = append(tried, at.Round(time.Hour))
		}
	}
	if len(tried) < 6 {
		t.Fatalf("tried after %v", tried)
	}
	w.wantEntry(w.last(ada.ID), cycle.ActionDisable, cycle.Failure, cycle.CodeInternalServerError)
	if want := []time.Duration{0, time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour}; !slices.Equal(tried[:6], want) {
		t.Errorf("tried after %v, want %v first", tried[:6], want)
	}
	if last := tried[len(tried)-1]; last < 27*24*time.Hour || last > 28*24*time.Hour+5*time.Hour {
		t.Errorf("tried last after %v, want about 28 days", last)
	}
	if !strings.Contains(w.last(ada.ID).Error.Reason, "It will not be retried again") {
		t.Errorf("the last reason: %s", w.last(ada.ID).Error.Reason)
	}
	// A change of the object is a new occasion.
	w.target.fail(nil)
	w.change(ada, func(u *directory.User) { u.JobTitle = "Engineer" })
	w.cycle()
	w.wantEntry(w.last(ada.ID), cycle.ActionDisable, cycle.Success, "")
	if escrows, err := w.svc.Escrows(t.Context(), w.job, 10); err != nil || len(escrows) != 0 {
		t.Errorf("retries %v, %v; want none", escrows, err)
	}
}

// Members who failed follow when they are there.
func TestFailure_membersFollow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, bob := w.addUser("ada"), w.addUser("bob")
	g := w.addGroup("Admins", ada, bob)
	w.assign(g.ID)
	w.target.fail(func(c call) (int, string, http.Header) {
		if c.Method == "POST" && strings.Contains(c.Body, "bob@") {
			return 500, "", nil
		}
		return 0, "", nil
	})
	w.cycle()
	if got := w.target.groupMembers("Admins"); !slices.Equal(got, []string{"ada@example.com"}) {
		t.Fatalf("members %v", got)
	}
	w.target.fail(nil)
	w.cycle()
	if got := w.target.groupMembers("Admins"); len(got) != 2 {
		t.Errorf("members %v after bob was created", got)
	}
	if _, calls := w.cycle(); len(calls) != 0 {
		t.Errorf("calls %v, want none", calls)
	}
}

func TestQuarantine_credentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var notices []cycle.Notice
	svc := w.service(cycle.Limits{})
	svc.Notify = noting(&notices)
	ada := w.addUser("ada")
	w.assign(ada.ID)
	w.settings(func(s *cycle.Settings) { s.NotificationEmail = "it@example.com" })
	w.target.token = "another"
	w.ok(second(svc.RunDue(t.Context())))
	j := w.read()
	if q := j.Quarantine; q == nil || q.Reason != cycle.EncounteredQuarantineException || q.Code != cycle.CodeUnauthorized || !strings.Contains(q.Message, "The key is wrong.") {
		t.Fatalf("quarantine: %+v", q)
	}
	if j.Watermark != 0 {
		t.Error("the watermark was set by a cycle that saw nothing")
	}
	// Less and less often, to once a day; one notice.
	var waits []time.Duration
	for range 8 {
		j = w.read()
		waits = append(waits, j.NextCycle.Sub(w.clock.Now()))
		w.clock.Advance(j.NextCycle.Sub(w.clock.Now()))
		w.ok(second(svc.RunDue(t.Context())))
	}
	if want := []time.Duration{40 * time.Minute, 80 * time.Minute, 160 * time.Minute, 320 * time.Minute, 640 * time.Minute, 1280 * time.Minute, 24 * time.Hour, 24 * time.Hour}; !slices.Equal(waits, want) {
		t.Errorf("waits %v, want %v", waits, want)
	}
	if len(notices) != 1 || notices[0].To != "it@example.com" {
		t.Errorf("notices: %+v, want one", notices)
	}
	// New credentials are tried at once, and leave the quarantine.
	_, err := svc.SaveCredentials(t.Context(), w.job, w.target.url, "another", admin)
	w.ok(err)
	w.ok(second(svc.RunDue(t.Context())))
	if j = w.read(); j.Quarantine != nil || j.Watermark == 0 {
		t.Errorf("after new credentials: %+v", j.Quarantine)
	}
	w.wantEntry(w.last(ada.ID), cycle.ActionCreate, cycle.Success, "")

	// Four weeks in quarantine switch the job off.
	w.target.token = "yet another"
	w.clock.Advance(40 * time.Minute)
	w.ok(second(svc.RunDue(t.Context())))
	w.clock.Advance(29 * 24 * time.Hour)
	w.ok(second(svc.RunDue(t.Context())))
	if j = w.read(); j.Status != cycle.StatusOff {
		t.Errorf("status after four weeks: %s", j.Status)
	}
}

func TestQuarantine_tooManyFailures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	svc := w.service(cycle.Limits{EvaluateFrom: 2})
	ada, bob, eve := w.addUser("ada"), w.addUser("bob"), w.addUser("eve")
	w.assign(ada.ID, bob.ID, eve.ID)
	w.target.fail(func(c call) (int, string, http.Header) {
		if c.Method == "POST" && !strings.Contains(c.Body, "ada@") {
			return 400, "no", nil
		}
		return 0, "", nil
	})
	c, err := svc.RunCycle(t.Context(), w.job)
	w.ok(err)
	if q := w.read().Quarantine; q == nil || q.Reason != cycle.EncounteredEscrowProportionThreshold || c.Quarantined == "" {
		t.Fatalf("quarantine: %+v", q)
	}
	w.target.fail(nil)
	_, err = svc.RunCycle(t.Context(), w.job)
	w.ok(err)
	if q := w.read().Quarantine; q != nil {
		t.Errorf("quarantine after a success: %+v", q)
	}
}

// A target that refuses the token, or stops answering, in the middle of a cycle ends it; the
// next one begins where it was.
func TestQuarantine_midCycle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.addGroup("Many")
	for _, name := range []string{"u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8", "u9"} {
		w.join(g, w.addUser(name))
	}
	w.assign(g.ID)
	posts := 0
	w.target.fail(func(c call) (int, string, http.Header) {
		if c.Method == "POST" {
			if posts++; posts > 1 {
				return 401, "revoked", nil
			}
		}
		return 0, "", nil
	})
	c, err := w.svc.RunCycle(t.Context(), w.job)
	w.ok(err)
	if q := w.read().Quarantine; c.Aborted == "" || q == nil || q.Code != cycle.CodeUnauthorized || len(w.target.groups) != 0 {
		t.Fatalf("cycle %+v, quarantine %+v", c, q)
	}
	w.target.fail(nil)
	c, _ = w.cycle()
	if c.Kind != cycle.Initial || len(w.target.groupMembers("Many")) != 9 || len(w.target.users) != 9 {
		t.Errorf("after that: %+v with %d users", c, len(w.target.users))
	}
}

func TestQuarantine_unreachable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 30 {
		w.assign(w.addUser(fmt.Sprintf("u%d", i)).ID)
	}
	tests := 0
	w.target.fail(func(c call) (int, string, http.Header) {
		if tests++; tests > 1 {
			return -1, "", nil
		}
		return 0, "", nil
	})
	c, err := w.svc.RunCycle(t.Context(), w.job)
	w.ok(err)
	if q := w.read().Quarantine; q == nil || q.Code != cycle.CodeWebException || !strings.Contains(c.Aborted, "stopped answering") || c.Calls[0] < 10 || c.Calls[0] > 20 {
		t.Errorf("cycle %+v, quarantine %+v", c, q)
	}
}

// A target that does not answer in time fails the object, and is asked again later.
func TestFailure_timeout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.addUser("ada")
	w.assign(ada.ID)
	svc := w.service(cycle.Limits{})
	svc.HTTP = &http.Client{Transport: slow{}}
	_, err := svc.RunCycle(t.Context(), w.job)
	w.ok(err)
	w.wantEntry(w.last(ada.ID), cycle.ActionCreate, cycle.Failure, cycle.CodeTimeout)
	w.cycle()
	w.wantEntry(w.last(ada.ID), cycle.ActionCreate, cycle.Success, "")
}

// slow never answers a POST.
type slow struct{}

func (slow) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost {
		return nil, os.ErrDeadlineExceeded
	}
	return http.DefaultTransport.RoundTrip(r)
}

// The scheduler runs a job as soon as it is started, and its cycle is over when it ends.
func TestRun_startsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.svc.Stop(t.Context(), w.job, admin)
	w.ok(err)
	w.assign(w.addUser("ada").ID)
	asked := make(chan struct{})
	w.target.fail(func(c call) (int, string, http.Header) {
		if c.Method == http.MethodPost {
			close(asked)
		}
		return 0, "", nil
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); w.svc.Run(ctx) }()
	_, err = w.svc.Start(t.Context(), w.job, admin)
	w.ok(err)
	<-asked
	stop()
	<-ended
	if p, err := w.svc.Progress(t.Context(), w.job); err != nil || p.Running {
		t.Errorf("progress after the end: %+v, %v", p, err)
	}
}

func TestAccidentalDeletions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, bob, eve := w.addUser("ada"), w.addUser("bob"), w.addUser("eve")
	w.assign(ada.ID, bob.ID, eve.ID)
	w.settings(func(s *cycle.Settings) { s.PreventAccidentalDeletions, s.DeletionThreshold = true, 1 })
	w.cycle()
	w.unassign(ada.ID)
	w.unassign(bob.ID)
	c, calls := w.cycle()
	w.wantCalls(calls)
	w.wantEntry(w.last(ada.ID), cycle.ActionStagedDelete, cycle.Skipped, cycle.CodeAccidentalDeletes)
	if q := w.read().Quarantine; q == nil || q.Reason != cycle.TooManyDeletes || q.Deletions != 2 || c.Count(cycle.ActionStagedDelete, "") != 2 {
		t.Fatalf("quarantine %+v, outcomes %v", q, c.Outcomes)
	}
	before := len(w.logs(ada.ID))
	w.cycle()
	if now := len(w.logs(ada.ID)); now != before {
		t.Errorf("staged twice in the log: %d entries, then %d", before, now)
	}
	// One comes back; what is left is under the threshold, so it goes.
	w.assign(bob.ID)
	_, calls = w.cycle()
	if len(calls) != 3 { // both are read, ada is disabled
		t.Errorf("calls: %v", calls)
	}
	if w.target.user(t, "ada@example.com")["active"] != false || w.target.user(t, "bob@example.com")["active"] != true {
		t.Error("ada should be disabled and bob not")
	}
	if q := w.read().Quarantine; q != nil {
		t.Errorf("quarantine: %+v", q)
	}
	if _, err := w.svc.AllowDeletes(t.Context(), w.job, admin); !cycle.IsProblem(err, cycle.Conflict) {
		t.Errorf("allow deletes with none held back: %v", err)
	}
	// Allowed deletes are carried out once.
	w.unassign(bob.ID)
	w.unassign(eve.ID)
	w.cycle()
	_, err := w.svc.AllowDeletes(t.Context(), w.job, admin)
	w.ok(err)
	c, _ = w.cycle()
	if j := w.read(); c.Count(cycle.ActionDisable, cycle.Success) != 2 || j.DeletesAllowed || j.Quarantine != nil {
		t.Errorf("outcomes %v, job %+v", c.Outcomes, j)
	}
}

// A cycle whose job is restarted meanwhile ends, and does not set the watermark.
func TestRestart_whileRunning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.addUser("ada")
	w.assign(ada.ID)
	restarted := false
	w.target.fail(func(c call) (int, string, http.Header) {
		if c.Method == "POST" && !restarted {
			restarted = true
			if _, err := w.svc.Restart(t.Context(), w.job, cycle.ResetFull, admin); err != nil {
				t.Error(err)
			}
		}
		return 0, "", nil
	})
	c, _ := w.cycle()
	if j := w.read(); c.Aborted == "" || j.Watermark != 0 || j.Quarantine != nil {
		t.Fatalf("cycle %+v, watermark %d", c, j.Watermark)
	}
	_, calls := w.cycle()
	w.wantCalls(calls, "GET Users?") // found again by matching, and as it should be
	w.wantEntry(w.last(ada.ID), cycle.ActionOther, cycle.Skipped, cycle.SkipRedundantExport)
}

// Stop lets the running cycle complete.
func TestStop_whileRunning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, bob := w.addUser("ada"), w.addUser("bob")
	w.assign(ada.ID, bob.ID)
	var running cycle.Progress
	w.target.fail(func(c call) (int, string, http.Header) {
		if c.Method == "POST" && !running.Running {
			var err error
			if running, err = w.svc.Progress(t.Context(), w.job); err != nil {
				t.Error(err)
			}
			if _, err := w.svc.RunCycle(t.Context(), w.job); !cycle.IsProblem(err, cycle.Conflict) {
				t.Errorf("a second cycle beside it: %v", err)
			}
			if _, err := w.svc.Stop(t.Context(), w.job, admin); err != nil {
				t.Error(err)
			}
		}
		return 0, "", nil
	})
	c, _ := w.cycle()
	if !running.Running || running.Phase != "Users" || running.Cycle.ID != c.ID {
		t.Errorf("progress while it ran: %+v", running)
	}
	if len(w.target.users) != 2 || w.read().Watermark == 0 {
		t.Error("the cycle did not complete")
	}
	if _, err := w.svc.RunCycle(t.Context(), w.job); !cycle.IsProblem(err, cycle.Conflict) {
		t.Errorf("a cycle of a job that is off: %v", err)
	}
	if p, err := w.svc.Progress(t.Context(), w.job); err != nil || p.Running || p.Percent != 100 || p.Cycle.ID != c.ID {
		t.Errorf("progress after it: %+v, %v", p, err)
	}
	if s := w.read().Statistics; s.Users != 2 || s.Created != 2 || s.Cycles != 1 {
		t.Errorf("statistics: %+v", s)
	}
}

// A group that fails while its members change loses none of the changes: they are told when it is tried again.
func TestFailure_groupWhoseMembersChange(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]func(c call) bool{
		"read":     func(c call) bool { return c.Method == http.MethodGet && strings.HasPrefix(c.URI, "/Groups/") },
		"renaming": func(c call) bool { return c.Method == http.MethodPatch && strings.Contains(c.Body, "displayName") },
		"members":  func(c call) bool { return c.Method == http.MethodPatch && strings.Contains(c.Body, "members") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ada, bob := w.addUser("ada"), w.addUser("bob")
			g := w.addGroup("Admins", ada)
			w.assign(g.ID, bob.ID)
			w.cycle()
			w.join(g, bob)
			w.part(g, ada)
			w.assign(ada.ID)
			_, err := w.db.UpdateGroup(t.Context(), g.ID, func(g *directory.Group) error { g.DisplayName = "Owners"; return nil })
			w.ok(err)
			w.target.fail(func(c call) (int, string, http.Header) {
				if fails(c) {
					return 500, "", nil
				}
				return 0, "", nil
			})
			if c, _ := w.cycle(); c.Count("", cycle.Failure) == 0 {
				t.Fatal("nothing failed")
			}
			w.target.fail(nil)
			w.cycle()
			if got := w.target.groupMembers("Owners"); !slices.Equal(got, []string{"bob@example.com"}) {
				t.Errorf("members %v", got)
			}
			if _, calls := w.cycle(); len(calls) != 0 {
				t.Errorf("calls %v, want none", calls)
			}
		})
	}
}
