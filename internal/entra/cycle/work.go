package cycle

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/scim"
)

// work is the handling of one object, from its import to its export.
type work struct {
	r       *run
	o       object
	tr      trace
	started time.Time
	entry   LogEntry
	out     outcome
	// current is the object of the target as it was read; nil = not read.
	current scim.Object
}

// outcome is what is written after the work: all of it in one transaction.
type outcome struct {
	source escrowKey
	entry  *LogEntry // nil: nothing to log
	quiet  bool      // the entry is logged by somebody else
	link   *Link     // to save
	unlink bool
	// forgetMembers deletes what is known of the exported members of a group, or of the
	// groups of a user, because the target has dropped them with the object.
	forgetMembers bool
	added         []ExportedMember // of the group source.id
	removed       []directory.ID
	failed        string  // error code: tried again later
	settled       bool    // nothing is left to be tried again
	escrow        *escrow // set by record: when it is tried again
	release       bool    // set by record: the escrow ends
	// unlinked: the object has no link, so what it refers to is not tried again either.
	unlinked bool
}

func (r *run) begin(o object) *work {
	w := &work{r: r, o: o, started: r.s.now()}
	w.out.source = escrowKey{kind: o.kind, id: o.id}
	w.entry = LogEntry{
		TenantID: r.tenant, JobID: r.job.ID, CycleID: r.cycle.ID,
		ApplicationID: r.job.ApplicationID, ApplicationName: r.application.DisplayName, Action: ActionOther,
		Source: Identity{ID: string(o.id), DisplayName: o.displayName(), Type: o.kind},
		Target: Identity{Type: o.kind}, ReportableIdentifier: o.name(),
	}
	return w
}

func (w *work) step(s Step) { w.entry.Steps = append(w.entry.Steps, s) }

func (w *work) linked(l Link) {
	w.out.link, w.out.unlinked = &l, false
	w.entry.Target.ID = l.TargetID
}

// close completes the entry.
func (w *work) close(action Action, status Result) {
	w.entry.Action, w.entry.Status = action, status
	w.entry.At = w.r.s.now()
	w.entry.Duration = w.entry.At.Sub(w.started)
	w.entry.Exchanges = w.tr.exchanges
	w.out.entry = &w.entry
}

// skip ends the work without a request that writes.
func (w *work) skip(reason string) {
	text := skipSentences[reason]
	code := CodeSyncSkipped
	if reason == CodeImportSkipped || reason == SkipRedundantExport {
		code = reason
	}
	w.step(skipStep(w.o, reason, text))
	w.entry.SkipReason = reason
	w.entry.Error = &ErrorInformation{
		Code: code, Category: categoryNonServiceFailed, RecommendedAction: recommendations[reason],
		Reason: fmt.Sprintf("%s '%s' was skipped: %s", w.o.kind, w.o.name(), text),
	}
	w.out.settled = true
	w.close(ActionOther, Skipped)
}

// succeed ends the work after an export.
func (w *work) succeed(action Action) {
	w.step(exportStep(w.o, action, nil))
	w.out.settled = true
	w.close(action, Success)
}

// fail ends the work with an error; doing is "match an entry in the source and target
// systems", "create" and so on. An error that is none of the target or of the mapping is
// returned: it is the service's own and ends the cycle.
func (w *work) fail(action Action, doing string, err error) error {
	info := ErrorInformation{Category: categoryFailure}
	var refused *TargetError
	var mapped *mappingError
	switch {
	case errors.As(err, &refused):
		info.Code = refused.Code
	case errors.As(err, &mapped):
		info.Code = CodeInternalError
	default:
		return err
	}
	w.failWith(action, doing, info, err.Error())
	return nil
}

// failWith ends the work with an error code and its sentence.
func (w *work) failWith(action Action, doing string, info ErrorInformation, sentence string) {
	if info.Category == "" {
		info.Category = categoryFailure
	}
	sentence = strings.TrimSuffix(sentence, ".") // the sentences around it end with their own
	switch doing {
	case "create", "update", "disable", "delete":
		w.step(exportStep(w.o, action, errors.New(sentence)))
		info.Reason = fmt.Sprintf("Failed to %s %s '%s' in %s; Error: %s.", doing, w.o.kind, w.o.name(), TargetSystem, sentence)
	default:
		w.step(Step{
			Name: "EntryImport", Type: StepMatching, Status: Failure, Details: []Detail{{"Error", sentence}},
			Description: fmt.Sprintf("Failed to %s %s '%s'", doing, w.o.kind, w.o.name()),
		})
		info.Reason = fmt.Sprintf("Failed to %s %s '%s'; Error: %s.", doing, w.o.kind, w.o.name(), sentence)
	}
	info.RecommendedAction = recommendations[info.Code]
	w.entry.Error = &info
	w.out.failed = info.Code
	w.close(action, Failure)
}

// values evaluates the mapping, and keeps what it redacts out of the log.
func (w *work) values(inScope, creating bool) (own, refs []mapping.AttributeValue, err error) {
	values, err := w.r.job.Mapping(w.o.kind).Values(w.r.s.env(w.o, inScope), creating)
	if err != nil {
		return nil, nil, &mappingError{err}
	}
	w.tr.hide(values)
	own, refs = references(values)
	return own, refs, nil
}

// modified is the Modified Properties of a change.
func modified(changes []mapping.Change) []ModifiedProperty {
	list := make([]ModifiedProperty, 0, len(changes))
	for _, c := range changes {
		list = append(list, ModifiedProperty{c.Target, c.Old, c.New})
	}
	return list
}

// modifiedByCreate is the Modified Properties of a new object.
func modifiedByCreate(values []mapping.AttributeValue) []ModifiedProperty {
	list := make([]ModifiedProperty, 0, len(values))
	for _, v := range values {
		text := v.Value.Text()
		switch {
		case v.Redacted:
			text = "[Redact]"
		case v.Value.IsMulti():
			text = v.Value.String()
		}
		list = append(list, ModifiedProperty{v.Target, "", text})
	}
	return list
}

// reference is what is left to do for an object when all of its kind are there: the manager
// of a user, the members of a group.
type reference struct {
	o        object
	targetID string
	// held is the entry of an object whose attributes needed no change. It is logged unless
	// a reference is exported, whose entry then stands for both.
	held    *LogEntry
	refs    []referred
	created bool
	// full compares all members; otherwise only those that changed since the watermark count.
	full bool
}

// referred is one reference of a user: his manager by the directory's id, and who is that in
// the target now, "" for nobody. The target's whole object is not kept: a cycle has many.
type referred struct {
	value mapping.AttributeValue
	now   string
}

// refer reads from the target's object what it refers to now.
func refer(kind mapping.Kind, current scim.Object, values []mapping.AttributeValue) []referred {
	refs := make([]referred, 0, len(values))
	for _, v := range values {
		ref := referred{value: v}
		for _, change := range mapping.Changes(kind, current, []mapping.AttributeValue{v}) {
			ref.now = change.Old // it differs: the one has the directory's id, the other the target's
		}
		refs = append(refs, ref)
	}
	return refs
}

// handle does the work for one object of a cycle or of provision on demand. What is to be
// done later about its references is returned.
func (w *work) handle(ctx context.Context) (*reference, error) {
	link, err := w.r.s.Link(ctx, w.r.job.ID, w.o.kind, w.o.id)
	if err != nil {
		return nil, err
	}
	if link != nil {
		w.entry.Target.ID = link.TargetID
	}
	w.out.unlinked = link == nil
	if w.o.membersOnly && link != nil {
		return &reference{o: w.o, targetID: link.TargetID, full: true}, nil
	}
	w.step(importStep(w.o, link != nil, w.r.demand, w.importDetails()))
	if w.o.gone {
		return nil, w.purge(ctx, link)
	}
	v, err := w.r.judge(ctx, w.o)
	if err != nil {
		return nil, w.fail(ActionOther, "evaluate the scoping filters of", err)
	}
	if !v.in && link == nil {
		w.step(scopingStep(w.o, v))
		w.skip(v.skip)
		return nil, nil
	}
	if !v.in {
		w.step(scopingStep(w.o, v))
		return nil, w.leave(ctx, *link, v)
	}
	own, refs, err := w.values(true, false)
	if err != nil {
		return nil, w.fail(ActionOther, "evaluate the attribute mapping of", err)
	}
	matching := w.r.job.Mapping(w.o.kind).Match(own)
	if len(matching) == 0 {
		w.skip(CodeImportSkipped)
		return nil, nil
	}
	w.step(scopingStep(w.o, v))
	found, err := w.match(ctx, link, matching)
	if err != nil || w.out.entry != nil {
		return nil, err
	}
	if found == nil {
		return w.create(ctx)
	}
	return w.update(ctx, *found, own, refs)
}

// importDetails are the source attributes that the first step of provision on demand shows.
func (w *work) importDetails() []Detail {
	if !w.r.demand {
		return nil
	}
	names := directory.UserAttributes()
	if w.o.kind == mapping.KindGroup {
		names = directory.GroupAttributes()
	}
	env := w.r.s.env(w.o, true)
	var details []Detail
	for _, name := range names {
		value, _ := env.Attribute(name)
		if value.IsNull() {
			continue
		}
		text := value.Text()
		if value.IsMulti() {
			text = value.String()
		}
		details = append(details, Detail{name, text})
	}
	return details
}
