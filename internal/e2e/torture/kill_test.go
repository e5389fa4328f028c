package torture

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/e2e/live"
)

// ackedPerKill is how many writes must have been acknowledged before a kill.
const (
	ackedPerKill = 500
	killWriters  = 8
)

// TestKill_nothingAcknowledgedIsLost kills the server with SIGKILL while eight
// writers change users, groups and memberships, starts it again, and compares what
// it holds with the writers' journals: every acknowledged write is there, an
// unanswered one wholly or not at all, and the audit log has one event for each
// change and resource, no more and no fewer.
func TestKill_nothingAcknowledgedIsLost(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine string) {
		c := newCluster(t, engine)
		if len(c.servers) > 1 {
			c.servers[1].Kill() // one server, so that a kill ends every request
			c.servers = c.servers[:1]
		}
		journals := make([]*journal, killWriters)
		for i := range journals {
			journals[i] = newJournal(i)
		}
		rng := rand.New(rand.NewPCG(1, 2))
		acked, open := 0, 0
		var slowest time.Duration
		for round := range length(2, 20) {
			acked += c.killUnderLoad(t, journals, rng)
			slowest = max(slowest, c.servers[0].Restart())
			for _, j := range journals {
				open += len(j.open)
			}
			if troubles := c.compare(t, journals); len(troubles) > 0 {
				t.Fatalf("round %d:\n%s", round+1, strings.Join(troubles, "\n"))
			}
		}
		t.Logf("%s: %d kills, %d acknowledged writes all there, %d unanswered ones whole or absent, ready again after at most %v",
			engine, length(2, 20), acked, open, slowest.Round(time.Millisecond))
	})
}

// killUnderLoad lets the writers work until enough writes are acknowledged, then a
// random moment longer, and kills the server.
func (c *cluster) killUnderLoad(t *testing.T, journals []*journal, rng *rand.Rand) int {
	t.Helper()
	var acked atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for _, j := range journals {
		wg.Go(func() { j.work(ctx, c, &acked) })
	}
	for deadline := time.Now().Add(time.Minute); acked.Load() < ackedPerKill; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("only %d writes were acknowledged in a minute\n%s", acked.Load(), c.servers[0].Log())
		}
	}
	time.Sleep(time.Duration(rng.IntN(20_000)) * time.Microsecond)
	c.servers[0].Kill()
	stop()
	wg.Wait()
	c.http.CloseIdleConnections()
	return int(acked.Load())
}

// thing is a user or a group as a writer knows it.
type thing struct {
	path    string // "/Users" or "/Groups"
	id      string
	name    string // userName or displayName
	display string // of users
	members map[string]bool
	gone    bool
	changes int // acknowledged changes, each with one audit event
}

func (x thing) clone() thing {
	x.members = maps.Clone(x.members)
	return x
}

// attempt is a write whose answer never came: the thing is before, or after.
type attempt struct{ before, after thing }

// journal is what one writer did. Writers never touch each other's things.
type journal struct {
	n      int
	made   int
	rng    *rand.Rand
	things map[string]*thing // by id
	open   []attempt         // of this round
}

func newJournal(n int) *journal {
	return &journal{n: n, rng: rand.New(rand.NewPCG(7, uint64(n))), things: map[string]*thing{}}
}

func (j *journal) work(ctx context.Context, c *cluster, acked *atomic.Int64) {
	j.open = nil
	for ctx.Err() == nil {
		before, after, method, path, body := j.next()
		a := c.call(ctx, 0, method, path, nil, body)
		switch {
		case a.Status == http.StatusCreated:
			after.id = a.text("id")
			j.things[after.id] = &after
		case a.Status == http.StatusOK || a.Status == http.StatusNoContent:
			j.things[after.id] = &after
		case a.Status == 0 || a.Status == http.StatusServiceUnavailable:
			// No answer, or one that promises nothing.
			j.open = append(j.open, attempt{before, after})
			return
		default:
			panic(fmt.Sprintf("%s %s: %d %v", method, path, a.Status, a.Body))
		}
		acked.Add(1)
	}
}

// living returns the things of one kind that are there, in the order of their ids.
func (j *journal) living(path string) []*thing {
	var out []*thing
	for _, id := range slices.Sorted(maps.Keys(j.things)) {
		if x := j.things[id]; x.path == path && !x.gone {
			out = append(out, x)
		}
	}
	return out
}

// next draws a write: what it is sent on, and how the thing looks afterwards.
func (j *journal) next() (before, after thing, method, path string, body any) {
	users, groups := j.living("/Users"), j.living("/Groups")
	dice := j.rng.IntN(10)
	switch {
	case len(users) < 3 || dice < 3 && len(users) < 40:
		j.made++
		after = thing{path: "/Users", name: fmt.Sprintf("w%d-%d@example.com", j.n, j.made), display: "first", changes: 1}
		return thing{path: "/Users", name: after.name, gone: true}, after, http.MethodPost, "/Users", map[string]any{"userName": after.name, "displayName": after.display}
	case len(groups) < 1 || dice == 3 && len(groups) < 4:
		j.made++
		after = thing{path: "/Groups", name: fmt.Sprintf("W%d-%d", j.n, j.made), members: map[string]bool{}, changes: 1}
		return thing{path: "/Groups", name: after.name, gone: true}, after, http.MethodPost, "/Groups", map[string]any{"displayName": after.name}
	case dice < 6:
		before = users[j.rng.IntN(len(users))].clone()
		after = before.clone()
		j.made++
		after.display = fmt.Sprintf("name %d", j.made)
		after.changes++
		return before, after, http.MethodPatch, "/Users/" + before.id, patchOps(map[string]any{"op": "Replace", "path": "displayName", "value": after.display})
	case dice < 9:
		before = groups[j.rng.IntN(len(groups))].clone()
		after = before.clone()
		user := users[j.rng.IntN(len(users))].id
		after.changes++
		op := map[string]any{"op": "Add", "path": "members", "value": []any{map[string]any{"value": user}}}
		if after.members[user] {
			op["op"] = "Remove"
			delete(after.members, user)
		} else {
			after.members[user] = true
		}
		return before, after, http.MethodPatch, "/Groups/" + before.id, patchOps(op)
	}
	// Only users without memberships are deleted: a deletion then changes one thing.
	for _, u := range users {
		if !slices.ContainsFunc(groups, func(g *thing) bool { return g.members[u.id] }) {
			before = u.clone()
			after = before.clone()
			after.gone = true
			after.changes++
			return before, after, http.MethodDelete, "/Users/" + before.id, nil
		}
	}
	before = users[0].clone()
	after = before.clone()
	after.display += "+"
	after.changes++
	return before, after, http.MethodPatch, "/Users/" + before.id, patchOps(map[string]any{"op": "Replace", "path": "displayName", "value": after.display})
}

// settleTime is how long PostgreSQL may go on with what a killed server had sent it: a
// commit that was under way takes effect after the server is back. What is lost does
// not come back by waiting.
const settleTime = 5 * time.Second

// compare looks for differences between the journals and the server until there are
// none, or the time is up.
func (c *cluster) compare(t *testing.T, journals []*journal) (troubles []string) {
	t.Helper()
	for deadline := time.Now().Add(settleTime); ; time.Sleep(50 * time.Millisecond) {
		troubles = nil
		var settled []map[string]*thing
		for _, j := range journals {
			things, open := j.settled(t, c)
			settled = append(settled, things)
			troubles = append(troubles, open...)
		}
		events := auditCounts(t, c)
		for _, things := range settled {
			troubles = append(troubles, c.differences(t, things, events)...)
		}
		if len(troubles) > 0 && time.Now().Before(deadline) {
			continue
		}
		for i, j := range journals {
			j.things, j.open = settled[i], nil
		}
		return troubles
	}
}

// differences compares things with what the server shows and with the audit log.
func (c *cluster) differences(t *testing.T, things map[string]*thing, events map[string]int) (troubles []string) {
	t.Helper()
	for id, x := range things {
		if !c.holds(t, *x) {
			troubles = append(troubles, fmt.Sprintf("an acknowledged state is not there: %+v", *x))
		}
		if events[id] != x.changes {
			troubles = append(troubles, fmt.Sprintf("%s %s (%s): %d audit events for %d changes", x.path, id, x.name, events[id], x.changes))
		}
	}
	return troubles
}

// settled returns the writer's things with each unanswered write where the server
// has it: wholly done or not at all.
func (j *journal) settled(t *testing.T, c *cluster) (things map[string]*thing, troubles []string) {
	t.Helper()
	things = maps.Clone(j.things)
	for _, a := range j.open {
		if trouble := c.settle(t, a, things); trouble != "" {
			troubles = append(troubles, trouble)
		}
	}
	return things, troubles
}

func (c *cluster) settle(t *testing.T, a attempt, things map[string]*thing) (trouble string) {
	t.Helper()
	if a.before.id == "" { // it was a creation
		attribute := "userName"
		if a.after.path == "/Groups" {
			attribute = "displayName"
		}
		list := c.call(t.Context(), 0, http.MethodGet, a.after.path, filter(`%s eq "%s"`, attribute, a.after.name), nil)
		if list.Status != http.StatusOK || list.total() > 1 {
			return fmt.Sprintf("look for %s: %d %v", a.after.name, list.Status, list.Body)
		}
		for _, r := range list.resources() {
			a.after.id, _ = r["id"].(string)
			things[a.after.id] = &a.after
		}
		return ""
	}
	switch before, after := c.holds(t, a.before), c.holds(t, a.after); {
	case after && !before:
		things[a.after.id] = &a.after
	case before && !after:
		things[a.before.id] = &a.before
	default:
		return fmt.Sprintf("an unanswered write is half there: neither %+v nor %+v", a.before, a.after)
	}
	return ""
}

// holds tells whether the server shows a thing exactly as it should be.
func (c *cluster) holds(t *testing.T, x thing) bool {
	t.Helper()
	a := c.call(t.Context(), 0, http.MethodGet, x.path+"/"+x.id, nil, nil)
	switch {
	case x.gone || a.Status == http.StatusNotFound:
		return x.gone && a.Status == http.StatusNotFound
	case a.Status != http.StatusOK:
		t.Errorf("GET %s/%s: %d", x.path, x.id, a.Status)
		return false
	case x.path == "/Users":
		return a.text("userName") == x.name && a.text("displayName") == x.display
	}
	members, _ := a.Body["members"].([]any)
	if len(members) != len(x.members) || a.text("displayName") != x.name {
		return false
	}
	for _, m := range members {
		id, _ := m.(map[string]any)["value"].(string)
		if !x.members[id] {
			return false
		}
	}
	return true
}

// auditCounts exports the audit log and counts the events of users and groups by
// their target.
func auditCounts(t *testing.T, c *cluster) map[string]int {
	t.Helper()
	out, err := live.Run(t.Context(), t, c.servers[0].Database, "audit", "export", "--org", c.org.ID, "--format", "jsonl")
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e struct{ TargetType, TargetID string }
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatalf("%v: %s", err, lines.Text())
		}
		if e.TargetType == "user" || e.TargetType == "group" {
			counts[e.TargetID]++
		}
	}
	return counts
}
