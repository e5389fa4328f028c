package torture

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// TestCycle_model lets a directory live at random, while cycles run, objects are provisioned on demand, the server is killed
// in the middle of a cycle, the stand-in starts again, and keys are rotated. After a cycle the organization's members and
// their roles are always what the directory says, and a cycle more finds nothing to do.
func TestCycle_model(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine string) {
		for seed := range uint64(length(2, 25)) {
			t.Run(fmt.Sprint(seed), func(t *testing.T) { modelRun(t, engine, seed, length(5, 25)) })
		}
	})
}

func modelRun(t *testing.T, engine string, seed uint64, rounds int) {
	c := newCompany(t, engine, noLimit...)
	_, err := c.db.Generate(t.Context(), directory.Plan{Users: 12, Groups: 4, Memberships: 20, Seed: seed, Domain: "example.com"})
	c.ok(err)
	for g, err := range c.db.Groups(t.Context()) {
		c.ok(err)
		_, err = c.db.Assign(t.Context(), c.app, g.ID)
		c.ok(err)
	}
	l := newLife(c, seed)
	c.cycle()
	c.compare()
	for round := range rounds {
		for range 4 + l.rand.IntN(16) {
			l.step()
			if l.rand.IntN(6) == 0 {
				l.onDemand()
			}
		}
		switch l.rand.IntN(5) {
		case 0:
			l.killWhileItRuns()
		case 1:
			l.tell("rotate")
			c.rotate()
		case 2:
			l.tell("the stand-in starts again")
			c.start()
		case 3:
			l.tell("kill")
			c.server.Kill()
			c.server.Restart()
		}
		l.tell("round %d: cycle", round)
		c.cycle()
		c.compare()
		if round%3 == 2 {
			l.tell("restart")
			c.restart(cycle.ResetWatermark)
			c.cycle()
			c.compare()
		}
		if idle := c.cycle(); idle.CallCount() != 1 {
			t.Errorf("round %d: a cycle without changes sends %d requests: %v", round, idle.CallCount(), idle.Outcomes)
		}
		if t.Failed() {
			l.fatal(seed, round)
		}
	}
	// A full reset forgets the links, and so what only the links know: that somebody who is out of scope has left a group.
	// It comes last.
	c.restart(cycle.ResetFull)
	c.cycle()
	c.compare()
	if t.Failed() {
		l.fatal(seed, rounds)
	}
}

// fatal ends a failed run, and leaves its history in a file.
func (l *life) fatal(seed uint64, round int) {
	l.Helper()
	path := filepath.Join(os.TempDir(), fmt.Sprintf("rollcall-life-%d.txt", seed))
	if err := os.WriteFile(path, []byte(strings.Join(l.told, "\n")+"\n"), 0o600); err != nil {
		path = err.Error()
	}
	l.Fatalf("seed %d, round %d: %s; what happened is in %s", seed, round, l.describe(), path)
}

// onDemand provisions somebody, or a group with some of its members. The service may refuse who it is, and nothing else.
func (l *life) onDemand() {
	l.Helper()
	subject := cycle.Subject{Kind: mapping.KindUser, ID: l.user()}
	if l.rand.IntN(2) == 0 {
		subject = cycle.Subject{Kind: mapping.KindGroup, ID: l.group()}
		members, err := l.db.MemberUsers(l.Context(), subject.ID, "", cycle.MaxMembersOnDemand)
		l.ok(err)
		for _, u := range members {
			subject.Members = append(subject.Members, u.ID)
		}
	}
	d, err := l.svc.ProvisionOnDemand(l.Context(), l.job, subject, by)
	if cycle.IsProblem(err, cycle.Invalid) || cycle.IsProblem(err, cycle.NotFound) || directory.IsProblem(err, directory.NotFound) {
		return
	}
	l.ok(err)
	l.tell("on demand: %s %s with %s: %s %s", subject.Kind, subject.ID, subject.Members, d.Action, d.Status)
	if d.Status == cycle.Failure {
		l.Errorf("on demand of %s %s: %s", subject.Kind, d.Source.DisplayName, d.Error.Reason)
	}
}

// killWhileItRuns kills the server somewhere in a cycle, and starts it again. What was not answered then is tried again when
// its time has come.
func (l *life) killWhileItRuns() {
	l.Helper()
	l.tell("kill in a cycle")
	l.wire.after(1+l.rand.IntN(20), l.server.Kill)
	l.tryCycle()
	l.wire.after(0, nil)
	l.server.Kill()
	l.server.Restart()
	l.tryCycle() // may still hold what is tried again later
	l.clock.advance(24 * time.Hour)
}
