package cycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/scim"
)

// create makes the object in the target, without what refers to others: members never
// travel in a POST, the manager follows (Microsoft Entra docs,
// "use-scim-to-provision-users-and-groups").
func (w *work) create(ctx context.Context) (*reference, error) {
	m := w.r.job.Mapping(w.o.kind)
	if !m.Create {
		w.skip(SkipActionDisabled)
		return nil, nil
	}
	own, refs, err := w.values(true, true)
	if err != nil {
		return nil, w.fail(ActionCreate, "create", err)
	}
	w.step(addStep(w.o))
	w.entry.Modified = modifiedByCreate(own)
	if missing := missingValues(m, own); len(missing) > 0 {
		w.failWith(ActionCreate, "create", ErrorInformation{Code: CodeMandatoryMissing},
			"the target requires a value that the mapping does not give: "+strings.Join(missing, ", "))
		return nil, nil
	}
	body := mapping.NewResource(w.o.kind, own)
	w.entry.Target.DisplayName = w.nameOf(body)
	if w.r.target.manner.okta() {
		if err := w.oktaNew(body); err != nil {
			return nil, err
		}
	}
	id, err := w.r.target.create(ctx, &w.tr, w.o.kind, body)
	if err != nil {
		return nil, w.fail(ActionCreate, "create", err)
	}
	other, err := w.r.linkedElsewhere(ctx, w.o, id)
	if err != nil {
		return nil, err
	}
	if other != "" {
		w.failWith(ActionCreate, "create", ErrorInformation{Code: CodeIncompatible},
			fmt.Sprintf("the id %q that it was answered with belongs to %s of the directory already; every object needs an id of its own", id, other))
		return nil, nil
	}
	w.linked(Link{Kind: w.o.kind, SourceID: w.o.id, TargetID: id, Active: true, Managed: true})
	w.succeed(ActionCreate)
	return &reference{o: w.o, targetID: id, refs: refer(w.o.kind, nil, refs), created: true, full: true}, nil
}

// missingValues are the required attributes of the target that are mapped and have no value.
func missingValues(m mapping.ObjectMapping, values []mapping.AttributeValue) []string {
	var missing []string
	for _, t := range m.TargetAttributes {
		mapped := slices.ContainsFunc(m.Attributes, func(a mapping.AttributeMapping) bool { return a.Target == t.Name })
		given := slices.ContainsFunc(values, func(v mapping.AttributeValue) bool { return v.Target == t.Name })
		if t.Required && mapped && !given {
			missing = append(missing, t.Name)
		}
	}
	return missing
}

// update sends the differences between the mapping and the target's object, if there are any.
func (w *work) update(ctx context.Context, link Link, own, refs []mapping.AttributeValue) (*reference, error) {
	unsettled, err := w.r.unsettled(ctx, refer(w.o.kind, w.current, refs))
	if err != nil {
		return nil, err
	}
	// What changed among the members while the object failed is before the watermark now.
	later := &reference{o: w.o, targetID: link.TargetID, refs: unsettled, full: w.out.link != nil || !link.Managed || w.r.escrowed(w.out.source) != nil}
	if !link.Active || !link.Managed {
		link.Active, link.Managed = true, true
		w.linked(link)
	}
	changes := mapping.Changes(w.o.kind, w.current, own)
	if len(changes) == 0 {
		w.skip(SkipRedundantExport)
		if later.pending() {
			later.held, w.out.entry = w.out.entry, nil
		}
		return later, nil
	}
	if !w.r.job.Mapping(w.o.kind).Update {
		w.skip(SkipActionDisabled)
		return nil, nil
	}
	w.step(updateStep(w.o))
	w.entry.Modified = modified(changes)
	if err := w.sendChanges(ctx, link.TargetID, w.current, changes); err != nil {
		return nil, w.fail(ActionUpdate, "update", err)
	}
	w.succeed(ActionUpdate)
	return later, nil
}

// whyLeaving says why an object leaves the target.
var whyLeaving = map[string]string{
	SkipInactive:           "it is not active in " + SourceSystem + " any more",
	SkipNotEntitled:        "it is not assigned to the application any more",
	SkipNotInScope:         "it does not pass the scoping filters any more",
	SkipSecurityNotEnabled: "it is not security-enabled any more",
}

// leave takes an object that is not in scope any more out of the target: users are
// disabled, groups deleted (Microsoft Entra docs, "how-provisioning-works").
func (w *work) leave(ctx context.Context, link Link, v verdict) error {
	m := w.r.job.Mapping(w.o.kind)
	allowed := m.Update && mapsActive(m)
	if w.o.kind == mapping.KindGroup {
		allowed = m.Delete
	}
	switch {
	case v.keep:
		w.skip(v.skip)
		return nil
	case w.r.job.SkipOutOfScopeDeletions:
		w.skip(SkipOutOfScopeDeletions)
		return nil
	case !allowed:
		w.skip(SkipActionDisabled)
		return nil
	case !link.Active: // done before
		w.forgetUnassigned(link, v)
		w.skip(v.skip)
		return nil
	case w.r.staging:
		w.stage()
		return nil
	}
	current, gone, err := w.r.target.get(ctx, &w.tr, w.o.kind, link.TargetID)
	if gone && w.o.kind == mapping.KindGroup {
		w.out.unlink, w.out.unlinked, w.out.forgetMembers = true, true, true
		w.skip(SkipRedundantExport)
		return nil
	}
	if gone {
		w.anchorGone(link.TargetID)
		return nil
	}
	if err != nil {
		return w.fail(ActionOther, "match an entry in the source and target systems", err)
	}
	w.step(matchedStep(w.nameOf(current), nil))
	if w.o.kind == mapping.KindGroup {
		return w.deleteFromTarget(ctx, link.TargetID, whyLeaving[v.skip])
	}
	return w.disable(ctx, link, v, current)
}

// forgetUnassigned drops an unassigned user from management: a later purge in the directory
// sends no DELETE (Microsoft Entra docs, "how-provisioning-works").
func (w *work) forgetUnassigned(link Link, v verdict) {
	if link.Managed && !v.assigned {
		link.Managed = false
		w.linked(link)
	}
}

func mapsActive(m mapping.ObjectMapping) bool {
	return slices.ContainsFunc(m.Attributes, func(a mapping.AttributeMapping) bool { return a.Target == "active" })
}

// disable sends active False and nothing else.
func (w *work) disable(ctx context.Context, link Link, v verdict, current scim.Object) error {
	own, _, err := w.values(false, false)
	if err != nil {
		return w.fail(ActionDisable, "disable", err)
	}
	own = slices.DeleteFunc(own, func(v mapping.AttributeValue) bool { return v.Target != "active" })
	changes := mapping.Changes(w.o.kind, current, own)
	link.Active, link.Managed = false, link.Managed && v.assigned
	if len(changes) == 0 {
		w.linked(link)
		w.skip(SkipRedundantExport)
		return nil
	}
	w.step(disableStep(w.o, whyLeaving[v.skip]))
	w.entry.Modified = modified(changes)
	if err := w.sendChanges(ctx, link.TargetID, current, changes); err != nil {
		return w.fail(ActionDisable, "disable", err)
	}
	w.linked(link)
	w.succeed(ActionDisable)
	return nil
}

// purge follows a permanent deletion in the directory.
func (w *work) purge(ctx context.Context, link *Link) error {
	switch m := w.r.job.Mapping(w.o.kind); {
	case link == nil:
		w.out.settled = true // never provisioned: nothing to tell
		return nil
	case !link.Managed:
		w.out.unlink, w.out.unlinked = true, true
		w.skip(SkipNotEntitled)
	case !m.Delete, w.o.kind == mapping.KindUser && w.r.target.manner.okta(): // Okta never deletes users
		w.out.unlink, w.out.unlinked = true, true
		w.skip(SkipActionDisabled)
	case w.r.staging:
		w.stage()
	default:
		return w.deleteFromTarget(ctx, link.TargetID, "it was deleted permanently in "+SourceSystem)
	}
	return nil
}

func (w *work) deleteFromTarget(ctx context.Context, targetID, why string) error {
	w.step(deleteStep(w.o, why))
	w.entry.Target.ID = targetID
	if err := w.r.target.remove(ctx, &w.tr, w.o.kind, targetID); err != nil {
		return w.fail(ActionDelete, "delete", err)
	}
	w.out.unlink, w.out.unlinked, w.out.forgetMembers = true, true, true
	w.succeed(ActionDelete)
	return nil
}

// stage holds a deletion back. It is logged once, and waits until deletes are allowed or
// the object comes back into scope.
func (w *work) stage() {
	before := w.r.escrowed(escrowKey{kind: w.o.kind, id: w.o.id})
	w.skip(CodeAccidentalDeletes)
	w.out.settled = false
	w.out.failed = CodeAccidentalDeletes
	w.entry.Error.Code = CodeAccidentalDeletes
	w.entry.Error.Reason = fmt.Sprintf("%s '%s' was not deleted. %s", w.o.kind, w.o.name(), skipSentences[CodeAccidentalDeletes])
	w.close(ActionStagedDelete, Skipped)
	if before != nil && before.code == CodeAccidentalDeletes {
		w.out.entry = nil
	}
}

// leaves tells whether the object's work would disable or delete something, without asking
// the target. It is what the guard against accidental deletions counts.
func (r *run) leaves(ctx context.Context, o object) (bool, error) {
	link, err := r.s.Link(ctx, r.job.ID, o.kind, o.id)
	if err != nil || link == nil {
		return false, err
	}
	m := r.job.Mapping(o.kind)
	if o.gone {
		return link.Managed && m.Delete, nil
	}
	v, err := r.judge(ctx, o)
	var mapped *mappingError
	if errors.As(err, &mapped) {
		return false, nil // the object's own work tells of it
	}
	if err != nil {
		return false, err
	}
	if v.in || v.keep || r.job.SkipOutOfScopeDeletions || !link.Active {
		return false, nil
	}
	if o.kind == mapping.KindGroup {
		return m.Delete, nil
	}
	return m.Update && mapsActive(m), nil
}
