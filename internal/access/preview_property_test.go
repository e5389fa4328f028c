package access_test

import (
	"fmt"
	mrand "math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// What a preview says is what happens: for acts of every kind on random organizations, its
// numbers are the difference of the effective roles of all members before and after the act
// that was really done; and it refuses what the act refuses.
func TestPreview_isWhatHappens(t *testing.T) {
	each(t, func(w *world) {
		const seed, rounds = 20260310, 200
		f := &field{world: w, rand: mrand.New(mrand.NewPCG(seed, 1)), seen: map[string]int{}}
		f.plant()
		for round := range rounds {
			f.stir()
			what, act := f.act()
			f.try(fmt.Sprintf("seed %d, round %d, %s", seed, round, what), act)
		}
		for _, kind := range []string{"create", "update", "unlink", "delete", "defaults", "domain"} {
			if f.seen[kind] < 10 || f.seen[kind+" of members"] < 3 {
				w.t.Errorf("too little was tried of %s: %v", kind, f.seen)
			}
		}
		for _, what := range []string{
			"create refused", "update refused", "delete refused", "defaults refused", "lose admin", "gain admin", "lose all", "gone", "moved", "you", "break-glass", "sessions",
		} {
			if f.seen[what] == 0 {
				w.t.Errorf("nothing was tried with %s: %v", what, f.seen)
			}
		}
	})
}

// state is who holds what, by id, read as the pages read it.
type state struct {
	members  map[iam.MemberID]access.MemberEntry
	roles    map[iam.RoleID]access.RoleView
	links    map[iam.GroupID]iam.RoleID
	active   map[iam.GroupID]int
	sessions int
}

func (f *field) state() state {
	f.t.Helper()
	ctx := f.t.Context()
	s := state{map[iam.MemberID]access.MemberEntry{}, map[iam.RoleID]access.RoleView{}, map[iam.GroupID]iam.RoleID{}, map[iam.GroupID]int{}, 0}
	for m, err := range f.EachMemberEntry(ctx, f.org) {
		f.ok(err)
		s.members[m.ID] = m
		s.sessions += len(must[[]store.Session](f.t)(f.db.Read(ctx).MemberSessions(f.org, m.ID, f.clock())))
	}
	for _, r := range must[[]access.RoleView](f.t)(f.Roles(ctx, f.org)) {
		s.roles[r.ID] = r
	}
	for _, g := range f.someGroups() {
		s.links[g.ID] = ""
		if g.Role != nil {
			s.links[g.ID] = g.Role.ID
		}
		for _, p := range must[access.GroupPage](f.t)(f.Group(ctx, f.org, g.ID, "", 1000)).People {
			if p.Status == iam.StatusActive {
				s.active[g.ID]++
			}
		}
	}
	return s
}

// held is which roles a member holds, and what he may.
func (s state) held(id iam.MemberID) (roles map[iam.RoleID]bool, may map[iam.Permission]bool) {
	roles, may = map[iam.RoleID]bool{}, map[iam.Permission]bool{}
	for _, h := range s.members[id].Roles {
		roles[h.Role.ID] = true
		for _, p := range s.roles[h.Role.ID].Permissions {
			may[p] = true
		}
	}
	return roles, may
}

// try compares a preview with what the act does.
func (f *field) try(what string, a anAct) {
	f.t.Helper()
	f.seen[a.kind]++
	dump := ""
	if f.chance(20) {
		dump = storetest.Dump(f.t, f.url)
	}
	p, refused := a.preview()
	if dump != "" {
		f.unchanged(dump)
	}
	before := f.state()
	made, err := a.do()
	if fmt.Sprint(err) != fmt.Sprint(refused) {
		f.t.Errorf("%s: the preview says %v, the act %v", what, refused, err)
	}
	if err != nil {
		f.seen[a.kind+" refused"]++
		return
	}
	after := f.state()
	var want, got comparison
	if a.domain != "" {
		want = f.shutOut(before, after, a.domain)
		if p.Members > 0 {
			f.seen["sessions"] += p.Sessions
		}
		must[access.Domain](f.t)(f.AddDomain(f.t.Context(), iam.Operator, f.org, a.domain, true))
	} else {
		want = difference(before, after, a, made)
	}
	got = comparisonOf(p, made)
	if got.String() != want.String() {
		f.t.Errorf("%s:\npreview %s\nreality %s", what, got, want)
	}
	f.examples(what, p, want, a)
	f.note(a, p)
}

func (f *field) note(a anAct, p access.Preview) {
	if p.Members > 0 {
		f.seen[a.kind+" of members"]++
	}
	f.seen["lose admin"] += p.LoseAdmin
	f.seen["gain admin"] += p.GainAdmin
	f.seen["lose all"] += p.LoseAll
	f.seen["gone"] += len(p.Gone)
	for _, g := range p.Groups {
		if g.From != nil && g.To != nil {
			f.seen["moved"]++
		}
	}
	for _, e := range p.Examples {
		if e.You {
			f.seen["you"]++
		}
		if e.ID == f.kept {
			f.seen["break-glass"]++
		}
	}
}

// comparison is what a preview says and reality shows.
type comparison struct {
	members, loseAdmin, gainAdmin, powerless, loseAll, sessions int
	gain, lose                                                  map[iam.RoleID]int
	gone                                                        []iam.RoleID
	groups                                                      []string
	who                                                         map[iam.MemberID]string // only of reality: what each gains and loses
}

func (c comparison) String() string {
	slices.Sort(c.gone)
	slices.Sort(c.groups)
	return fmt.Sprint(c.members, " change; ", c.loseAdmin, " lose and ", c.gainAdmin, " gain admin; ", c.powerless, " powerless, ", c.loseAll, " lose all; ",
		c.sessions, " sessions; gain ", c.gain, " lose ", c.lose, "; gone ", c.gone, "; groups ", c.groups)
}

func comparisonOf(p access.Preview, made iam.RoleID) comparison {
	real := func(r iam.RoleRef) iam.RoleID {
		if r.ID == "new" {
			return made
		}
		return r.ID
	}
	c := comparison{
		members: p.Members, loseAdmin: p.LoseAdmin, gainAdmin: p.GainAdmin, powerless: p.NoPermissions, loseAll: p.LoseAll, sessions: p.Sessions,
		gain: map[iam.RoleID]int{}, lose: map[iam.RoleID]int{},
	}
	for _, r := range p.Roles {
		if r.Gain > 0 {
			c.gain[real(r.Role)] = r.Gain
		}
		if r.Lose > 0 {
			c.lose[real(r.Role)] = r.Lose
		}
	}
	for _, r := range p.Gone {
		c.gone = append(c.gone, r.ID)
	}
	for _, g := range p.Groups {
		var from, to iam.RoleID
		if g.From != nil {
			from = g.From.ID
		}
		if g.To != nil {
			to = real(*g.To)
		}
		c.groups = append(c.groups, fmt.Sprintf("%s of %d: %s>%s", g.ID, g.Members, from, to))
	}
	return c
}

// difference compares everybody's roles before and after.
func difference(before, after state, a anAct, made iam.RoleID) comparison {
	c := comparison{gain: map[iam.RoleID]int{}, lose: map[iam.RoleID]int{}, who: map[iam.MemberID]string{}}
	for id := range before.members {
		had, could := before.held(id)
		has, can := after.held(id)
		var gains, loses []string
		for r := range has {
			if !had[r] {
				c.gain[r]++
				gains = append(gains, after.roles[r].Name)
			}
		}
		for r := range had {
			if !has[r] {
				c.lose[r]++
				loses = append(loses, before.roles[r].Name)
			}
		}
		if len(gains)+len(loses) == 0 && fmt.Sprint(could) == fmt.Sprint(can) {
			continue
		}
		c.members++
		slices.Sort(gains)
		slices.Sort(loses)
		c.who[id] = fmt.Sprint(gains, loses, could[iam.PermOrganizationManage] && !can[iam.PermOrganizationManage])
		switch {
		case could[iam.PermOrganizationManage] && !can[iam.PermOrganizationManage]:
			c.loseAdmin++
		case !could[iam.PermOrganizationManage] && can[iam.PermOrganizationManage]:
			c.gainAdmin++
		}
		if len(can) == 0 {
			c.powerless++
			if len(could) > 0 {
				c.loseAll++
			}
		}
	}
	for id := range before.roles {
		if _, there := after.roles[id]; !there && id != a.deletes {
			c.gone = append(c.gone, id)
		}
	}
	for id, from := range before.links {
		if to := after.links[id]; to != from {
			c.groups = append(c.groups, fmt.Sprintf("%s of %d: %s>%s", id, before.active[id], from, to))
		}
	}
	return c
}

// shutOut tells who could sign in from a domain, and cannot any more.
func (f *field) shutOut(before, after state, domain string) comparison {
	f.t.Helper()
	c := comparison{gain: map[iam.RoleID]int{}, lose: map[iam.RoleID]int{}, who: map[iam.MemberID]string{}, sessions: before.sessions - after.sessions}
	for id, m := range before.members {
		warned := strings.Contains(strings.Join(after.members[id].Warnings, " "), domain)
		_, may := before.held(id)
		if m.LocalSignIn || iam.DomainOf(m.Email) != domain {
			continue
		}
		if !warned && m.Status == iam.StatusActive {
			f.t.Errorf("%s is not warned of: %v", m.Email, after.members[id].Warnings)
		}
		c.members++
		c.who[id] = fmt.Sprint([]string(nil), []string(nil), may[iam.PermOrganizationManage])
		if may[iam.PermOrganizationManage] {
			c.loseAdmin++
		}
	}
	return c
}

// examples checks whom a preview names.
func (f *field) examples(what string, p access.Preview, real comparison, a anAct) {
	f.t.Helper()
	if len(p.Examples) != min(p.Members, access.ShownExamples) {
		f.t.Errorf("%s: of %d members it names %d", what, p.Members, len(p.Examples))
	}
	losing := 0
	for i, e := range p.Examples {
		var gains, loses []string
		for _, r := range e.Gains {
			gains = append(gains, r.Name)
		}
		for _, r := range e.Loses {
			loses = append(loses, r.Name)
		}
		slices.Sort(gains)
		slices.Sort(loses)
		if got, want := fmt.Sprint(gains, loses, e.LosesAdmin), real.who[e.ID]; got != want {
			f.t.Errorf("%s: of %s it says %s, and it is %s", what, e.Email, got, want)
		}
		if e.You != (string(e.ID) == a.actor.ID) || e.You && i > 0 {
			f.t.Errorf("%s: %s at %d is the actor %s: %v", what, e.ID, i, a.actor.ID, e.You)
		}
		if e.LosesAdmin {
			losing++
		}
	}
	if _, changes := real.who[iam.MemberID(a.actor.ID)]; changes && !p.Examples[0].You {
		f.t.Errorf("%s: it does not say first what it does to the actor", what)
	}
	if losing < min(p.LoseAdmin, access.ShownExamples-1) {
		f.t.Errorf("%s: %d lose admin access, and it names %d of them", what, p.LoseAdmin, losing)
	}
}
