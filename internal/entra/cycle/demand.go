package cycle

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// MaxMembersOnDemand is how many members of a group one provision on demand carries
// (Microsoft Entra docs, "provision-on-demand").
const MaxMembersOnDemand = 5

// Subject is what is provisioned on demand.
type Subject struct {
	Kind    mapping.Kind
	ID      directory.ID
	Members []directory.ID // of a group: at most MaxMembersOnDemand of its users
}

// MemberOnDemand is what became of a member that was chosen.
type MemberOnDemand struct {
	ID          directory.ID
	DisplayName string
	Action      Action // Create for a member that was added, Delete for one that was removed, Other
	Status      Result
	Reason      string // why it was skipped or failed
}

// OnDemand is the answer of provision on demand: the log entry with its steps, and for a
// group what became of the members. The first step, the test of the connection, is there
// only when it failed.
type OnDemand struct {
	LogEntry
	Members []MemberOnDemand
}

// ProvisionOnDemand provisions one object now, whether the job is on or off. It always
// speaks the legacy dialect of PATCH, whatever the tenant URL says (Microsoft Entra docs,
// "application-provisioning-config-problem-scim-compatibility": the flag does not work with
// on-demand provisioning).
//
// A user is provisioned without memberships. One who is disabled or deleted cannot be
// chosen; one who was unassigned is disabled in the target. For a group only the chosen
// members are exported: who is a direct member is added, who has left the group since it
// was provisioned is removed. Members must be provisioned themselves.
//
// Errors: NotFound and Invalid for a subject that cannot be chosen, Conflict without
// credentials. What the target or the mapping refuses is in the answer.
func (s *Service) ProvisionOnDemand(ctx context.Context, id JobID, subject Subject, by Actor) (OnDemand, error) {
	r, err := s.newRun(ctx, id)
	if err != nil {
		return OnDemand{}, err
	}
	r.demand, r.optscim = true, false
	o, err := s.subject(ctx, r, subject)
	if err != nil {
		return OnDemand{}, err
	}
	unlock := s.lock(o.id)
	defer unlock()
	err = s.Directory.Update(ctx, func(tx *sql.Tx) error {
		return s.audit(ctx, tx, jobRow{id: r.job.ID, application: r.job.ApplicationID}, ActivityOnDemand, by, ModifiedProperty{string(o.kind), "", string(o.id)})
	})
	if err != nil {
		return OnDemand{}, err
	}
	answer, err := r.onDemand(ctx, o, subject.Members)
	if err = errors.Join(err, r.flush(context.WithoutCancel(ctx))); err != nil {
		return OnDemand{}, fmt.Errorf("provision %s %s on demand: %w", o.kind, o.id, err)
	}
	return answer, nil
}

// subject reads what was chosen, and refuses what the portal's search does not show.
func (s *Service) subject(ctx context.Context, r *run, subject Subject) (object, error) {
	if subject.Kind != mapping.KindUser && subject.Kind != mapping.KindGroup {
		return object{}, refuse(Invalid, "Only a User or a Group can be provisioned on demand.")
	}
	o, err := s.load(ctx, subject.Kind, subject.ID)
	if err != nil {
		return object{}, err
	}
	switch {
	case o.gone:
		return object{}, refuse(NotFound, "There is no %s with the object id %q in the directory.", subject.Kind, clip(string(subject.ID)))
	case !o.active() && o.kind == mapping.KindUser:
		return object{}, refuse(Invalid, "The user %q is disabled or deleted in the directory. Such an account cannot be provisioned on demand; the next provisioning cycle disables it in the target.", clip(o.name()))
	case !o.active():
		return object{}, refuse(Invalid, "The group %q is deleted in the directory and cannot be provisioned on demand.", clip(o.name()))
	case o.kind == mapping.KindUser && len(subject.Members) > 0:
		return object{}, refuse(Invalid, "Members can be chosen for a group only.")
	case o.kind == mapping.KindGroup && !r.job.Groups.Enabled:
		return object{}, refuse(Invalid, "The mapping of groups is disabled.")
	case len(subject.Members) > MaxMembersOnDemand:
		return object{}, refuse(Invalid, "%d members were chosen; at most %d can be provisioned on demand.", len(subject.Members), MaxMembersOnDemand)
	}
	return o, r.checkMembers(ctx, o, subject.Members)
}

// checkMembers refuses members that have nothing to do with the group.
func (r *run) checkMembers(ctx context.Context, o object, members []directory.ID) error {
	told, err := r.toldMembers(ctx, o, members)
	if err != nil {
		return err
	}
	for _, id := range members {
		member, err := r.s.Directory.IsMember(ctx, o.id, id)
		if err != nil {
			return err
		}
		if _, was := told[id]; !member && !was {
			return refuse(Invalid, "%q is not a direct member of the group %q.", clip(string(id)), clip(o.name()))
		}
	}
	return nil
}

func (r *run) toldMembers(ctx context.Context, o object, members []directory.ID) (map[directory.ID]string, error) {
	if len(members) == 0 {
		return nil, nil
	}
	m := &memberWork{work: &work{r: r, o: o}}
	return m.exportedOf(ctx, members)
}

func (r *run) onDemand(ctx context.Context, o object, members []directory.ID) (OnDemand, error) {
	w := r.begin(o)
	probe := trace{}
	if err := r.s.probe(ctx, r.target, &probe, testAttribute(r.job)); err != nil {
		return r.connectionFailed(ctx, w, probe, err)
	}
	ref, err := w.handle(ctx)
	if err != nil {
		return OnDemand{}, err
	}
	if ref == nil {
		return r.answer(ctx, w, w.out, nil)
	}
	w.out.entry = nil // it is logged when its references are done
	r.record(w.out)
	if err := r.flush(ctx); err != nil {
		return OnDemand{}, err
	}
	var chosen []MemberOnDemand
	switch {
	case o.kind == mapping.KindUser && len(ref.refs) > 0:
		err = r.managerOnDemand(ctx, w, ref)
	case o.kind == mapping.KindGroup && mapsMembers(r.job.Groups):
		chosen, err = r.membersOnDemand(ctx, w, ref, members)
	}
	if err != nil {
		return OnDemand{}, err
	}
	return r.answer(ctx, w, outcome{source: w.out.source, entry: &w.entry}, chosen)
}

// answer writes the entry down, which gives it its ids, and returns it.
func (r *run) answer(ctx context.Context, w *work, out outcome, chosen []MemberOnDemand) (OnDemand, error) {
	r.record(out)
	err := r.flush(context.WithoutCancel(ctx))
	return OnDemand{LogEntry: w.entry, Members: chosen}, err
}

// connectionFailed is the answer when the hidden first step failed.
func (r *run) connectionFailed(ctx context.Context, w *work, probe trace, err error) (OnDemand, error) {
	var refused *TargetError
	if !errors.As(err, &refused) {
		return OnDemand{}, err
	}
	w.tr.exchanges = probe.exchanges
	sentence := connectionMessage(refused)
	w.step(Step{Name: "TestConnection", Type: StepImport, Status: Failure, Description: "Test connection to " + TargetSystem, Details: []Detail{{"Error", sentence}}})
	w.entry.Error = &ErrorInformation{
		Code: refused.Code, Category: categoryFailure, RecommendedAction: recommendations[refused.Code],
		Reason: sentence + " " + refused.Error(),
	}
	w.close(ActionOther, Failure)
	return r.answer(ctx, w, w.out, nil)
}

// adopt takes the result of a reference into the entry of its object.
func (w *work) adopt(of *work) {
	if of.out.entry == nil {
		return
	}
	w.entry.Steps = append(w.entry.Steps, of.entry.Steps...)
	w.entry.Modified = append(w.entry.Modified, of.entry.Modified...)
	w.entry.Exchanges = append(w.entry.Exchanges, of.entry.Exchanges...)
	if w.entry.Status == Skipped || of.entry.Status == Failure {
		w.entry.Action, w.entry.Status, w.entry.Error, w.entry.SkipReason = of.entry.Action, of.entry.Status, of.entry.Error, ""
	}
}

func (r *run) managerOnDemand(ctx context.Context, w *work, ref *reference) error {
	m, err := r.exportManager(ctx, ref)
	if err != nil {
		return err
	}
	m.out.quiet = true
	r.record(m.out)
	w.adopt(m)
	return nil
}

// membersOnDemand exports the chosen members. Each is asked of the target first, so that
// one that is there already is not sent again (Microsoft Entra docs,
// "use-scim-to-provision-users-and-groups": the membership check).
func (r *run) membersOnDemand(ctx context.Context, w *work, ref *reference, members []directory.ID) ([]MemberOnDemand, error) {
	if !r.job.Groups.Update && !ref.created {
		return nil, nil
	}
	pending := "" // the next cycle compares all members of a group that is new to it
	if ref.full {
		pending = codeReferencePending
	}
	if len(members) == 0 {
		r.record(outcome{source: escrowKey{kind: w.o.kind, id: w.o.id, reference: true}, failed: pending})
		return nil, nil
	}
	told, err := r.toldMembers(ctx, w.o, members)
	if err != nil {
		return nil, err
	}
	links, err := r.linksOf(ctx, members)
	if err != nil {
		return nil, err
	}
	m := &memberWork{work: r.begin(w.o), targetID: ref.targetID}
	m.out.source.reference = true
	m.entry.Target.ID = ref.targetID
	list := make([]MemberOnDemand, len(members))
	for i, id := range members {
		link, linked := links[id]
		if list[i], err = m.choose(ctx, id, link, linked, told[id]); err != nil {
			return nil, err
		}
	}
	m.out.failed = pending
	if len(m.add)+len(m.remove) == 0 {
		w.entry.Exchanges = append(w.entry.Exchanges, m.tr.exchanges...)
		r.record(m.out)
		return list, nil
	}
	m.step(referenceStep(m.o, Success, fmt.Sprintf("%d members were found in %s", len(m.add)+len(m.remove), TargetSystem)))
	failed := m.send(ctx, true)
	if failed != nil {
		if err := m.fail(ActionUpdate, "update", failed); err != nil {
			return nil, err
		}
		for i := range list {
			if list[i].Action != ActionOther {
				list[i].Status, list[i].Reason = Failure, failed.Error()
			}
		}
	} else {
		m.succeed(ActionUpdate)
		m.out.settled = false // other members may be missing still
	}
	m.out.quiet = true
	r.record(m.out)
	w.adopt(m.work)
	return list, nil
}

// choose decides what one chosen member needs.
func (m *memberWork) choose(ctx context.Context, id directory.ID, link Link, linked bool, told string) (MemberOnDemand, error) {
	one := MemberOnDemand{ID: id, Action: ActionOther, Status: Skipped}
	if u, err := m.r.s.Directory.User(ctx, id); err == nil {
		one.DisplayName = u.DisplayName
	} else if !directory.IsProblem(err, directory.NotFound) {
		return one, err
	}
	member, err := m.r.s.Directory.IsMember(ctx, m.o.id, id)
	if err != nil {
		return one, err
	}
	switch {
	case !member:
		m.remove = append(m.remove, ExportedMember{id, told})
		one.Action, one.Status = ActionDelete, Success
		return one, nil
	case !linked:
		one.Reason = "The member is not provisioned yet. Provision the user first."
		return one, nil
	case !link.Active || !link.Managed:
		one.Reason = "The member is not in scope."
		return one, nil
	}
	has, err := m.r.target.refers(ctx, &m.tr, mapping.KindGroup, m.targetID, "members", link.TargetID)
	var refused *TargetError
	switch {
	case errors.As(err, &refused):
		one.Status, one.Reason = Failure, refused.Error()
		return one, nil
	case err != nil:
		return one, err
	case has:
		one.Reason = skipSentences[SkipRedundantExport]
		m.out.added = append(m.out.added, ExportedMember{id, link.TargetID})
		return one, nil
	}
	m.add = append(m.add, ExportedMember{id, link.TargetID})
	one.Action, one.Status = ActionCreate, Success
	return one, nil
}
