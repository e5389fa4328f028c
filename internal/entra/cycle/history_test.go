package cycle_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// history is a random life of a small directory, and what the target should be like.
type history struct {
	*world
	rand   *rand.Rand
	users  []directory.User
	groups []directory.Group
	names  int
}

// step changes something at random. Steps that the directory refuses change nothing.
func (h *history) step() {
	ctx := h.Context()
	u := h.users[h.rand.IntN(len(h.users))].ID
	g := h.groups[h.rand.IntN(len(h.groups))].ID
	h.names++
	name := fmt.Sprintf("name %d", h.names)
	var err error
	switch h.rand.IntN(13) {
	case 0:
		h.users = append(h.users, h.addUser(fmt.Sprintf("u%d", h.names)))
	case 1:
		h.groups = append(h.groups, h.addGroup("Group "+name))
	case 2, 3:
		_, err = h.db.AddMember(ctx, g, u)
	case 4:
		_, err = h.db.RemoveMember(ctx, g, u)
	case 5, 6:
		_, err = h.db.Assign(ctx, h.app.ID, []directory.ID{u, g}[h.rand.IntN(2)])
	case 7:
		err = h.db.Unassign(ctx, h.app.ID, []directory.ID{u, g}[h.rand.IntN(2)])
	case 8:
		_, err = h.db.UpdateUser(ctx, u, func(u *directory.User) error { u.DisplayName = name; return nil })
	case 9:
		_, err = h.db.UpdateUser(ctx, u, func(u *directory.User) error { u.AccountEnabled = !u.AccountEnabled; return nil })
	case 10:
		_, err = h.db.UpdateGroup(ctx, g, func(g *directory.Group) error { g.DisplayName = "Group " + name; return nil })
	case 11:
		if err = h.db.DeleteUser(ctx, u); err != nil {
			if h.rand.IntN(3) == 0 {
				err = h.db.PurgeUser(ctx, u)
			} else {
				_, err = h.db.RestoreUser(ctx, u)
			}
		}
	case 12:
		if err = h.db.DeleteGroup(ctx, g); err != nil {
			_, err = h.db.RestoreGroup(ctx, g)
		}
	}
	for _, p := range []directory.Problem{directory.NotFound, directory.Conflict, directory.Invalid} {
		if directory.IsProblem(err, p) {
			err = nil
		}
	}
	h.ok(err)
}

// check compares the target with the directory: every user in scope is there, active and of
// the right name, nobody else is active; the groups are those that are assigned; and, after
// a restart, each has the members that are in scope and nobody who is no member.
func (h *history) check(members bool) {
	h.Helper()
	ctx := h.Context()
	active := map[string]string{}
	for _, u := range h.users {
		now, err := h.db.User(ctx, u.ID)
		if directory.IsProblem(err, directory.NotFound) {
			continue
		}
		h.ok(err)
		direct, via, err := h.db.AssignedTo(ctx, h.app.ID, u.ID)
		h.ok(err)
		if now.AccountEnabled && now.DeletedAt.IsZero() && (direct || len(via) > 0) {
			active[now.UserPrincipalName] = now.DisplayName
		}
	}
	got := map[string]string{}
	for _, u := range h.target.users {
		if u["active"] == true {
			got[u["userName"].(string)] = u["displayName"].(string)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(active) {
		h.Fatalf("active users:\ngot  %v\nwant %v", got, active)
	}
	var names, gotNames []string
	for g, err := range h.db.AssignedGroups(ctx, h.app.ID) {
		h.ok(err)
		names = append(names, g.DisplayName)
		if !members {
			continue
		}
		for u := range active {
			user, err := h.db.UserByUPN(ctx, u)
			h.ok(err)
			member, err := h.db.IsMember(ctx, g.ID, user.ID)
			h.ok(err)
			if there := slices.Contains(h.target.groupMembers(g.DisplayName), u); there != member {
				h.Fatalf("%s in %s: target %v, directory %v", u, g.DisplayName, there, member)
			}
		}
	}
	for _, g := range h.target.groups {
		gotNames = append(gotNames, g["displayName"].(string))
	}
	slices.Sort(names)
	slices.Sort(gotNames)
	if !slices.Equal(names, gotNames) {
		h.Fatalf("groups: got %v, want %v", gotNames, names)
	}
}

// A random history, with cycles in between of which some requests fail, converges.
func TestHistory_converges(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			h := &history{world: newWorld(t), rand: rand.New(rand.NewPCG(seed, 7))}
			h.users, h.groups = append(h.users, h.addUser("first")), append(h.groups, h.addGroup("First"))
			flaky := rand.New(rand.NewPCG(seed, 8))
			for range 12 {
				for range 6 {
					h.step()
				}
				h.target.fail(func(c call) (int, string, http.Header) {
					if c.Method != http.MethodGet && flaky.IntN(5) == 0 {
						return 500, "flaky", nil
					}
					return 0, "", nil
				})
				h.cycle()
				h.target.fail(nil)
				h.clock.Advance(24 * time.Hour) // what failed is due again
				h.cycle()
				h.clock.Advance(24 * time.Hour)
				h.cycle()
				h.check(false)
			}
			if _, calls := h.cycle(); len(calls) != 0 {
				t.Errorf("a cycle without changes: %v", calls)
			}
			_, err := h.svc.Restart(t.Context(), h.job, cycle.ResetWatermark, admin)
			h.ok(err)
			h.cycle()
			h.check(true)
			_, err = h.svc.Restart(t.Context(), h.job, cycle.ResetFull, admin)
			h.ok(err)
			h.cycle()
			h.check(true)
		})
	}
}

// Many objects at once: every one is created once, links are those of the target, and the
// next cycle sends nothing.
func TestCycle_manyObjects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.db.Generate(t.Context(), directory.Plan{Users: 400, Groups: 20, Memberships: 1500, Seed: 1})
	w.ok(err)
	w.settings(func(s *cycle.Settings) { s.Scope = cycle.ScopeAll })
	began := time.Now()
	c, calls := w.cycle()
	t.Logf("%d calls in %v", len(calls), time.Since(began))
	counts, err := w.db.Counts(t.Context())
	w.ok(err)
	if len(w.target.users) != counts.Users || len(w.target.groups) != counts.Groups || c.Count("", cycle.Failure) != 0 {
		t.Fatalf("%d users and %d groups, want %+v; outcomes %v", len(w.target.users), len(w.target.groups), counts, c.Outcomes)
	}
	members := 0
	for _, m := range w.target.members {
		members += len(m)
	}
	if members != counts.Memberships || c.Members != members {
		t.Errorf("%d members in the target, %d sent, want %d", members, c.Members, counts.Memberships)
	}
	posts := 0
	for _, one := range calls {
		if one.Method == http.MethodPost && strings.HasPrefix(one.URI, "/Users") {
			posts++
		}
	}
	if posts != counts.Users {
		t.Errorf("%d POST of users, want %d", posts, counts.Users)
	}
	for after := directory.ID(""); ; {
		links, err := w.svc.Links(t.Context(), w.job, mapping.KindUser, after, 100)
		w.ok(err)
		for _, l := range links {
			u, err := w.db.User(t.Context(), l.SourceID)
			w.ok(err)
			if got := w.target.users[l.TargetID]["userName"]; got != u.UserPrincipalName {
				t.Errorf("link of %s leads to %v", u.UserPrincipalName, got)
			}
		}
		if len(links) < 100 {
			break
		}
		after = links[len(links)-1].SourceID
	}
	if _, calls = w.cycle(); len(calls) != 0 {
		t.Errorf("the next cycle: %d calls, want none", len(calls))
	}
}

// The log has the whole address of each request, as it was sent.
func TestLogs_addressesAreWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.addUser("ada")
	w.assign(ada.ID)
	w.credentials(w.target.url + "?aadOptscim062020")
	w.target.taken()
	_, err := w.svc.RunCycle(t.Context(), w.job)
	w.ok(err)
	var sent, logged []string
	for _, c := range w.target.taken() {
		sent = append(sent, c.Method+" "+w.target.url+c.URI)
	}
	for _, e := range w.last(ada.ID).Exchanges {
		logged = append(logged, e.Method+" "+e.URL)
	}
	sent = sent[1:] // the connection is tested first
	if !slices.Equal(logged, sent) || len(sent) != 2 || !strings.Contains(sent[0], "?aadOptscim062020&filter=userName+eq+") {
		t.Errorf("logged %q, sent %q", logged, sent)
	}
}
