package cycle

import (
	"context"
	"fmt"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/scim"
)

// membersPerPatch is how many members one PATCH carries at most. The real service's number
// is not documented.
const membersPerPatch = 100

// maxModified is how many members an entry names.
const maxModified = 1000

// managers exports the manager of a user, when the manager is linked. Of one who is not yet
// nothing is sent: his later arrival is noticed after a restart only (Microsoft Entra docs,
// "known-issues").
func (r *run) managers(ctx context.Context, ref *reference) error {
	unlock := r.s.lock(ref.o.id)
	w, err := r.exportManager(ctx, ref)
	unlock()
	if err != nil {
		return fmt.Errorf("manager of %s: %w", ref.o.id, err)
	}
	if w.out.entry == nil {
		w.out.entry = ref.held
	}
	r.record(w.out)
	if err := r.flushIfMany(ctx); err != nil {
		return err
	}
	return r.judgeTarget(w)
}

func (r *run) exportManager(ctx context.Context, ref *reference) (*work, error) {
	w := r.begin(ref.o)
	w.out.source.reference, w.out.settled = true, true
	w.entry.Target.ID = ref.targetID
	if !r.job.Users.Update && !ref.created {
		return w, nil
	}
	var changes []mapping.Change
	for _, one := range ref.refs {
		change, err := r.managerChange(ctx, w, ref, one)
		if err != nil {
			return w, w.fail(ActionUpdate, "update", err)
		}
		changes = append(changes, change...)
	}
	if len(changes) == 0 {
		return w, nil
	}
	w.step(importStep(ref.o, true, r.demand, nil))
	w.step(referenceStep(ref.o, Success, "the objects that it refers to were found in "+TargetSystem))
	w.entry.Modified = modified(changes)
	if err := w.sendChanges(ctx, ref.targetID, nil, changes); err != nil {
		return w, w.fail(ActionUpdate, "update", err)
	}
	w.succeed(ActionUpdate)
	return w, nil
}

// unsettled leaves out the references that the target has as they should be, so that not
// every user of a cycle is kept for its end.
func (r *run) unsettled(ctx context.Context, refs []referred) ([]referred, error) {
	var left []referred
	for _, one := range refs {
		link, err := r.s.Link(ctx, r.job.ID, mapping.KindUser, directory.ID(one.value.Value.Text()))
		if err != nil {
			return nil, err
		}
		if link == nil || link.TargetID != one.now {
			left = append(left, one)
		}
	}
	return left, nil
}

// managerChange is what one reference needs; nothing when the target has it.
func (r *run) managerChange(ctx context.Context, w *work, ref *reference, one referred) ([]mapping.Change, error) {
	v := one.value
	link, err := r.s.Link(ctx, r.job.ID, mapping.KindUser, directory.ID(v.Value.Text()))
	if err != nil || link == nil || link.TargetID == one.now {
		return nil, err
	}
	if !ref.created {
		// A target may not show the attribute: it is asked by a filter (Microsoft Entra docs,
		// "use-scim-to-provision-users-and-groups").
		attribute := v.Target[strings.LastIndex(v.Target, ":")+1:]
		has, err := r.target.refers(ctx, &w.tr, ref.o.kind, ref.targetID, attribute, link.TargetID)
		if err != nil || has {
			return nil, err
		}
	}
	v.Value = mapping.String(link.TargetID)
	changes := mapping.Changes(ref.o.kind, nil, []mapping.AttributeValue{v})
	if len(changes) == 1 && one.now != "" {
		changes[0].Op, changes[0].Old = mapping.Replace, one.now
	}
	return changes, nil
}

// memberWork exports the members of one group.
type memberWork struct {
	*work
	targetID string
	add      []ExportedMember
	remove   []ExportedMember
	waiting  int // members that failed themselves and may follow
	sent     int
	whole    bool // everything was compared; Okta sends the whole list then
}

// members exports what is different between the group in the directory and what the target
// was told. Members are never read from the target, so a change made there is not repaired
// (observed).
func (r *run) members(ctx context.Context, ref *reference) error {
	unlock := r.s.lock(ref.o.id)
	m := &memberWork{work: r.begin(ref.o), targetID: ref.targetID}
	err := m.export(ctx, ref)
	unlock()
	if err != nil {
		return fmt.Errorf("members of group %s: %w", ref.o.id, err)
	}
	if m.out.entry == nil {
		m.out.entry = ref.held
	}
	r.record(m.out)
	if err := r.flushIfMany(ctx); err != nil {
		return err
	}
	return r.judgeTarget(m.work)
}

func (m *memberWork) export(ctx context.Context, ref *reference) error {
	m.out.source.reference = true
	m.entry.Target.ID = m.targetID
	if !m.r.job.Groups.Update && !ref.created {
		m.out.settled = true
		return nil
	}
	find := m.changed
	if ref.full || m.r.job.Watermark == 0 || m.r.escrowed(m.out.source) != nil {
		find, m.whole = m.compare, true
	}
	err := find(ctx)
	if err == nil {
		err = m.send(ctx, true)
	}
	if m.sent == 0 && err == nil {
		m.settle()
		return nil
	}
	first := []Step{
		importStep(m.o, true, m.r.demand, nil),
		referenceStep(m.o, Success, fmt.Sprintf("%d members were found in %s", m.sent+len(m.add)+len(m.remove), TargetSystem)),
	}
	m.entry.Steps = append(first, m.entry.Steps...)
	if err != nil {
		return m.fail(ActionUpdate, "update", err)
	}
	m.succeed(ActionUpdate)
	m.settle()
	return nil
}

// settle ends the work, unless members are missing that may follow.
func (m *memberWork) settle() {
	m.out.settled = m.waiting == 0
	if m.waiting > 0 {
		m.out.failed = codeReferencePending
	}
}

// compare goes through all members, page by page in the order of their ids.
func (m *memberWork) compare(ctx context.Context) error {
	for after := directory.ID(""); ; {
		page, err := m.r.s.Directory.Members(ctx, m.o.id, after, pageOfObjects)
		if err != nil {
			return err
		}
		end := directory.ID("")
		if len(page) == pageOfObjects {
			end = page[len(page)-1].ID
		}
		told, err := m.exportedBetween(ctx, after, end)
		if err != nil {
			return err
		}
		if err := m.comparePage(ctx, page, told); err != nil {
			return err
		}
		if end == "" {
			return nil
		}
		after = end
	}
}

func (m *memberWork) comparePage(ctx context.Context, page []directory.Member, told map[directory.ID]string) error {
	if err := m.wanted(ctx, page, told); err != nil {
		return err
	}
	for _, member := range page {
		delete(told, member.ID)
	}
	for id, targetID := range told {
		// A soft-deleted user is in no list, but has not left the group.
		member, err := m.r.s.Directory.IsMember(ctx, m.o.id, id)
		if err != nil {
			return err
		}
		if !member {
			m.remove = append(m.remove, ExportedMember{id, targetID})
		}
	}
	return m.send(ctx, false)
}

// wanted adds the members of a page that the target was not told of. Only users who are in
// scope are added; groups among the members are not expanded (Microsoft Entra docs,
// "how-provisioning-works").
func (m *memberWork) wanted(ctx context.Context, page []directory.Member, told map[directory.ID]string) error {
	var ids []directory.ID
	for _, member := range page {
		if member.Kind == directory.KindUser {
			ids = append(ids, member.ID)
		}
	}
	links, err := m.r.linksOf(ctx, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		link, linked := links[id]
		switch {
		case !linked:
			if e := m.r.escrowed(escrowKey{kind: mapping.KindUser, id: id}); e != nil && !e.next.IsZero() {
				m.waiting++
			}
		case link.Active && link.Managed && told[id] != link.TargetID:
			m.add = append(m.add, ExportedMember{id, link.TargetID})
		}
	}
	return nil
}

func (m *memberWork) exportedBetween(ctx context.Context, after, end directory.ID) (map[directory.ID]string, error) {
	query := `SELECT user_id, target_id FROM cycle_members WHERE job_id = ? AND group_id = ? AND user_id > ?`
	args := []any{string(m.r.job.ID), string(m.o.id), string(after)}
	if end != "" {
		query += ` AND user_id <= ?`
		args = append(args, string(end))
	}
	return m.exported(ctx, query, args)
}

func (m *memberWork) exported(ctx context.Context, query string, args []any) (map[directory.ID]string, error) {
	list, err := collect(ctx, m.r.s.Directory.Reading(), scanExported, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read the exported members of group %s: %w", m.o.id, err)
	}
	told := make(map[directory.ID]string, len(list))
	for _, one := range list {
		told[one.UserID] = one.TargetID
	}
	return told, nil
}

// changed goes through the memberships that began or ended since the watermark.
func (m *memberWork) changed(ctx context.Context) error {
	for after := (directory.Position{}); ; {
		changes, err := m.r.s.Directory.MemberChanges(ctx, m.o.id, m.r.job.Watermark, after, pageOfObjects)
		if err != nil || len(changes) == 0 {
			return err
		}
		ids := make([]directory.ID, 0, len(changes))
		for _, c := range changes {
			ids = append(ids, c.ID)
		}
		told, err := m.exportedOf(ctx, ids)
		if err != nil {
			return err
		}
		var page []directory.Member
		for _, c := range changes {
			if !c.Removed {
				page = append(page, c.Member)
			} else if targetID, was := told[c.ID]; was {
				m.remove = append(m.remove, ExportedMember{c.ID, targetID})
			}
		}
		if err := m.wanted(ctx, page, told); err != nil {
			return err
		}
		if err := m.send(ctx, false); err != nil {
			return err
		}
		if len(changes) < pageOfObjects {
			return nil
		}
		last := changes[len(changes)-1]
		after = directory.Position{Seq: last.Seq, ID: last.ID}
	}
}

func (m *memberWork) exportedOf(ctx context.Context, ids []directory.ID) (map[directory.ID]string, error) {
	args := []any{string(m.r.job.ID), string(m.o.id)}
	for _, id := range ids {
		args = append(args, string(id))
	}
	return m.exported(ctx, `SELECT user_id, target_id FROM cycle_members WHERE job_id = ? AND group_id = ? AND user_id IN (?`+strings.Repeat(", ?", len(ids)-1)+`)`, args)
}

// send sends full requests, and with all also the last ones.
func (m *memberWork) send(ctx context.Context, all bool) error {
	if m.r.target.manner.okta() {
		return m.oktaSend(ctx, all)
	}
	for len(m.add) >= membersPerPatch || all && len(m.add) > 0 {
		n := min(membersPerPatch, len(m.add))
		if err := m.patch(ctx, mapping.MemberPatch(targetIDs(m.add[:n]), nil, m.r.optscim)); err != nil {
			return err
		}
		m.out.added = append(m.out.added, m.add[:n]...)
		for _, one := range m.add[:n] {
			m.note("", one.TargetID)
		}
		m.add = m.add[n:]
		m.sent += n
	}
	for len(m.remove) >= membersPerPatch || all && len(m.remove) > 0 {
		n := min(membersPerPatch, len(m.remove))
		if err := m.patch(ctx, mapping.MemberPatch(nil, targetIDs(m.remove[:n]), m.r.optscim)); err != nil {
			return err
		}
		for _, one := range m.remove[:n] {
			m.out.removed = append(m.out.removed, one.UserID)
			m.note(one.TargetID, "")
		}
		m.remove = m.remove[n:]
		m.sent += n
	}
	return nil
}

func (m *memberWork) note(old, now string) {
	if len(m.entry.Modified) < maxModified {
		m.entry.Modified = append(m.entry.Modified, ModifiedProperty{"members", old, now})
	}
}

func (m *memberWork) patch(ctx context.Context, body scim.Object) error {
	return m.r.target.patch(ctx, &m.tr, mapping.KindGroup, m.targetID, body)
}

func targetIDs(members []ExportedMember) []string {
	ids := make([]string, 0, len(members))
	for _, m := range members {
		ids = append(ids, m.TargetID)
	}
	return ids
}
