package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// picture is what members' roles follow from beside what each of them has: as it is before
// an act, or after it.
type picture struct {
	roles    map[iam.RoleID]iam.Role // all that are there: a role that is not in it gives nothing
	defaults []iam.RoleRef
	links    map[iam.GroupID]iam.RoleID // of the groups that are linked otherwise than stored
}

func newPicture(roles []iam.Role, defaults []iam.RoleRef) picture {
	p := picture{roles: make(map[iam.RoleID]iam.Role, len(roles)), defaults: defaults, links: map[iam.GroupID]iam.RoleID{}}
	for _, r := range roles {
		p.roles[r.ID] = r
	}
	return p
}

// holds decides with iam.EffectiveRoles which roles a member holds in the picture, in
// order, each once.
func (p picture) holds(m store.Concerned) []iam.RoleID {
	var direct []iam.RoleRef
	for _, id := range m.Direct {
		if r, there := p.roles[id]; there {
			direct = append(direct, r.Ref())
		}
	}
	var groups []iam.GroupRole
	for _, link := range m.Groups {
		role := link.Role
		if other, changed := p.links[link.Group]; changed {
			role = other
		}
		if r, there := p.roles[role]; there {
			groups = append(groups, iam.GroupRole{Role: r.Ref()})
		}
	}
	var ids []iam.RoleID
	for _, held := range iam.EffectiveRoles(m.Status, direct, groups, p.defaults) {
		ids = append(ids, held.Role.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// permissions returns what somebody may who holds these roles, sorted.
func (p picture) permissions(roles []iam.RoleID) []iam.Permission {
	var list []iam.Permission
	for _, id := range roles {
		list = append(list, p.roles[id].Permissions...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// effect is what changes for whoever holds certain roles before and certain ones after.
type effect struct {
	none                         bool // nothing at all
	gains, loses                 []iam.RoleID
	losesAdmin, gainsAdmin       bool
	noPermissions, hadPermission bool // afterwards; before
}

// rank orders effects by how much they hit: the lower, the harder.
func (e effect) rank() int {
	switch {
	case e.losesAdmin:
		return 1
	case e.gainsAdmin:
		return 2
	case e.noPermissions && e.hadPermission:
		return 3
	}
	return 4
}

// Limits of a tally's memory: members of a page, and effects that it remembers.
const (
	tallyPage    = 2_000
	tallyEffects = 4_096
)

// tally looks at every member whom a plan concerns, each once, and counts. What it holds
// does not grow with their number.
type tally struct {
	*judge
	plan    *plan
	sources []source
	members map[iam.GroupID]int // active ones, of the groups that are linked otherwise
	effects map[string]effect   // by the roles before and after: most members are alike
	gain    map[iam.RoleID]int
	lose    map[iam.RoleID]int
	result  Preview
	shown   []example // the hardest hit so far, in order
}

// example is a member to be named.
type example struct {
	id   iam.MemberID
	rank int
	effect
}

// source is a set of concerned members. A member who is in several counts in the first.
type source struct {
	page func(after iam.MemberID) ([]store.Concerned, error)
	has  func(store.Concerned) bool
}

func newTally(j *judge, p *plan) *tally {
	t := &tally{
		judge: j, plan: p, members: map[iam.GroupID]int{}, effects: map[string]effect{},
		gain: map[iam.RoleID]int{}, lose: map[iam.RoleID]int{},
	}
	for _, g := range p.groups {
		t.members[g.ID] = 0
		t.addGroup(g.ID)
	}
	for _, g := range p.reaches {
		if _, there := t.members[g]; !there {
			t.addGroup(g)
		}
	}
	if p.direct != "" {
		t.sources = append(t.sources, source{
			page: func(after iam.MemberID) ([]store.Concerned, error) {
				return j.reader.HoldingDirectly(j.org.ID, p.direct, after, tallyPage)
			},
			has: func(m store.Concerned) bool { return slices.Contains(m.Direct, p.direct) },
		})
	}
	if p.byDefault {
		t.sources = append(t.sources, source{page: func(after iam.MemberID) ([]store.Concerned, error) {
			return j.reader.HoldingByDefault(j.org.ID, after, tallyPage)
		}})
	}
	if p.domain != "" {
		t.sources = append(t.sources, source{page: func(after iam.MemberID) ([]store.Concerned, error) {
			return j.reader.InDomain(j.org.ID, p.domain, after, tallyPage)
		}})
	}
	return t
}

func (t *tally) addGroup(id iam.GroupID) {
	t.sources = append(t.sources, source{
		page: func(after iam.MemberID) ([]store.Concerned, error) {
			return t.reader.InGroup(t.org.ID, id, after, tallyPage)
		},
		has: func(m store.Concerned) bool {
			return slices.ContainsFunc(m.Groups, func(l store.MemberLink) bool { return l.Group == id })
		},
	})
}

func (t *tally) run(turn *large) error {
	read := 0
	for i, from := range t.sources {
		after := iam.MemberID("")
		for {
			if read >= tallyPage {
				if err := turn.begin(); err != nil {
					return err
				}
			}
			page, err := from.page(after)
			if err != nil {
				return err
			}
			read += 1 + len(page) // many empty groups are much to read, too
			for _, m := range page {
				if !slices.ContainsFunc(t.sources[:i], func(s source) bool { return s.has(m) }) {
					t.add(m)
				}
			}
			if len(page) < tallyPage {
				break
			}
			after = page[len(page)-1].ID
		}
	}
	return nil
}

// add counts a member.
func (t *tally) add(m store.Concerned) {
	for _, link := range m.Groups {
		if _, counted := t.members[link.Group]; counted && m.Status == iam.StatusActive {
			t.members[link.Group]++
		}
	}
	e := t.effect(m)
	if e.none {
		return
	}
	t.result.Members++
	for _, id := range e.gains {
		t.gain[id]++
	}
	for _, id := range e.loses {
		t.lose[id]++
	}
	tick(&t.result.LoseAdmin, e.losesAdmin)
	tick(&t.result.GainAdmin, e.gainsAdmin)
	tick(&t.result.NoPermissions, e.noPermissions)
	tick(&t.result.LoseAll, e.noPermissions && e.hadPermission)
	t.show(m.ID, e)
}

func tick(n *int, yes bool) {
	if yes {
		*n++
	}
}

// effect decides what changes for a member.
func (t *tally) effect(m store.Concerned) effect {
	before, after := t.plan.before.holds(m), t.plan.after.holds(m)
	var key strings.Builder
	for _, ids := range [][]iam.RoleID{before, after} {
		for _, id := range ids {
			key.WriteString(string(id) + " ")
		}
		key.WriteByte('>')
	}
	e, known := t.effects[key.String()]
	if !known {
		if len(t.effects) == tallyEffects {
			clear(t.effects)
		}
		e = t.decide(before, after)
		t.effects[key.String()] = e
	}
	return e
}

func (t *tally) decide(before, after []iam.RoleID) effect {
	had, has := t.plan.before.permissions(before), t.plan.after.permissions(after)
	hadAdmin, hasAdmin := slices.Contains(had, iam.PermOrganizationManage), slices.Contains(has, iam.PermOrganizationManage)
	if t.plan.domain != "" {
		return effect{losesAdmin: hadAdmin}
	}
	e := effect{losesAdmin: hadAdmin && !hasAdmin, gainsAdmin: !hadAdmin && hasAdmin, noPermissions: len(has) == 0, hadPermission: len(had) > 0}
	for _, id := range before {
		if !slices.Contains(after, id) {
			e.loses = append(e.loses, id)
		}
	}
	for _, id := range after {
		if !slices.Contains(before, id) {
			e.gains = append(e.gains, id)
		}
	}
	e.none = len(e.gains) == 0 && len(e.loses) == 0 && slices.Equal(had, has)
	return e
}

// show keeps a member as an example if he is among the hardest hit. Whoever asks comes
// before everybody else: he may be about to lock himself out.
func (t *tally) show(id iam.MemberID, e effect) {
	rank := e.rank()
	if t.actor.Type == iam.ActorUser && t.actor.ID == string(id) {
		rank = 0
	}
	if len(t.shown) == ShownExamples && t.shown[ShownExamples-1].rank <= rank {
		return
	}
	at := len(t.shown)
	for at > 0 && t.shown[at-1].rank > rank {
		at--
	}
	t.shown = slices.Insert(t.shown, at, example{id, rank, e})
	t.shown = t.shown[:min(len(t.shown), ShownExamples)]
}

// report adds the counts to a preview.
func (t *tally) report(p *Preview) error {
	p.Members, p.LoseAdmin, p.GainAdmin = t.result.Members, t.result.LoseAdmin, t.result.GainAdmin
	p.NoPermissions, p.LoseAll = t.result.NoPermissions, t.result.LoseAll
	p.Groups = t.plan.groups
	for i, g := range p.Groups {
		p.Groups[i].Members = t.members[g.ID]
	}
	for _, r := range t.roles {
		if t.gain[r.ID]+t.lose[r.ID] > 0 {
			p.Roles = append(p.Roles, RoleEffect{Role: r.Ref(), New: r.ID == newRole, Gain: t.gain[r.ID], Lose: t.lose[r.ID]})
		}
	}
	return t.name(p)
}

// name reads who the examples are.
func (t *tally) name(p *Preview) error {
	if len(t.shown) == 0 {
		return nil
	}
	ids := make([]iam.MemberID, 0, len(t.shown))
	for _, e := range t.shown {
		ids = append(ids, e.id)
	}
	people, err := t.reader.NamesOf(t.org.ID, ids)
	if err != nil {
		return fmt.Errorf("name members whom the act affects: %w", err)
	}
	for _, e := range t.shown {
		for _, person := range people {
			if person.ID != e.id {
				continue
			}
			p.Examples = append(p.Examples, MemberEffect{
				ID: e.id, Email: person.UserName, You: e.rank == 0,
				DisplayName: iam.DisplayNameOf(person.DisplayName, person.GivenName, person.FamilyName, person.UserName),
				Gains:       t.refs(e.gains), Loses: t.refs(e.loses),
				LosesAdmin: e.losesAdmin, GainsAdmin: e.gainsAdmin, NoPermissions: e.noPermissions,
			})
			break
		}
	}
	return nil
}

// refs names roles, in the order of the list of roles.
func (t *tally) refs(ids []iam.RoleID) []iam.RoleRef {
	var list []iam.RoleRef
	for _, r := range t.roles {
		if slices.Contains(ids, r.ID) {
			list = append(list, r.Ref())
		}
	}
	return list
}
