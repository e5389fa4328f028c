package cycle

import (
	"context"
	"fmt"

	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/scim"
)

// match finds the object of the target: the linked one by its id, else one that has the
// value of a matching attribute, tried in the order of precedence (Microsoft Entra docs,
// "how-provisioning-works"). nil means that there is none; when w.out.entry is set, the work
// has ended with an error.
func (w *work) match(ctx context.Context, link *Link, matching []mapping.MatchingAttribute) (*Link, error) {
	if link != nil {
		current, gone, err := w.r.target.get(ctx, &w.tr, w.o.kind, link.TargetID)
		switch {
		case gone && link.Managed:
			w.anchorGone(link.TargetID)
			return nil, nil
		case gone: // he was not followed while he was unassigned: match anew
			w.entry.Target.ID = ""
		case err != nil:
			return nil, w.fail(ActionOther, "match an entry in the source and target systems", err)
		default:
			w.current = current
			w.entry.Target.DisplayName = w.nameOf(current)
			w.step(matchedStep(w.nameOf(current), w.hitDetails("id", link.TargetID, []scim.Object{current})))
			return link, nil
		}
	}
	var details []Detail
	for _, m := range matching {
		hits, err := w.r.target.find(ctx, &w.tr, w.o.kind, m.Target, m.Value)
		if err != nil {
			return nil, w.fail(ActionOther, "match an entry in the source and target systems", err)
		}
		details = append(details, w.hitDetails(m.Target, m.Value, hits)...)
		switch len(hits) {
		case 0:
			continue
		case 1:
			return w.takeOver(ctx, hits[0], details)
		}
		w.step(matchingStep(Failure, details))
		w.failWith(ActionOther, "match an entry in the source and target systems", ErrorInformation{Code: CodeDuplicateTarget},
			fmt.Sprintf("%d objects of the target have the value '%s' in the matching attribute %s; one is expected", len(hits), w.shown(m.Value), m.Target))
		return nil, nil
	}
	w.step(matchingStep(Success, details))
	return nil, nil
}

// takeOver links an object that was in the target before.
func (w *work) takeOver(ctx context.Context, hit scim.Object, details []Detail) (*Link, error) {
	id, _ := idOf(hit) // find has judged it
	other, err := w.r.linkedElsewhere(ctx, w.o, id)
	if err != nil {
		return nil, err
	}
	if other != "" {
		w.step(matchingStep(Failure, details))
		w.failWith(ActionOther, "match an entry in the source and target systems", ErrorInformation{Code: CodeDuplicateSource},
			fmt.Sprintf("the object %s of the target belongs to the object %s of the directory already, which has the same value in the matching attribute", id, other))
		return nil, nil
	}
	w.current = hit
	w.entry.Target.DisplayName = w.nameOf(hit)
	w.step(matchedStep(w.nameOf(hit), details))
	link := Link{Kind: w.o.kind, SourceID: w.o.id, TargetID: id, Active: true, Managed: true}
	w.linked(link)
	return &link, nil
}

// anchorGone ends the work for a link whose object is gone from the target. Only a restart
// with a full reset matches anew (Microsoft Entra docs, "howto-analyze-provisioning-logs").
func (w *work) anchorGone(targetID string) {
	last := w.tr.exchanges[len(w.tr.exchanges)-1]
	w.failWith(ActionOther, "match an entry in the source and target systems", ErrorInformation{Code: CodeInvalidAnchor},
		fmt.Sprintf("the object %s that was linked is not in the target any more. StatusCode: %s Web Response: %s", targetID, statusName(last.Status), last.Answer))
}

// shown is a value as the log may show it.
func (w *work) shown(value string) string {
	for _, secret := range w.tr.redacted {
		if value == secret {
			return "[Redact]"
		}
	}
	return clip(value)
}

func (w *work) nameOf(o scim.Object) string {
	attribute := "userName"
	if w.o.kind == mapping.KindGroup {
		attribute = "displayName"
	}
	name, _ := o[attribute].(string)
	return w.shown(name)
}

// hitDetails are the rows of the matching step: what was asked, and what was found.
func (w *work) hitDetails(attribute, value string, hits []scim.Object) []Detail {
	details := []Detail{{"Matching attribute", attribute + " = " + w.shown(value)}, {"Matches found", fmt.Sprint(len(hits))}}
	for i, hit := range hits {
		if i == 5 {
			break // enough to see which ones
		}
		id, _ := hit["id"].(string)
		details = append(details, Detail{"id", clip(id)}, Detail{"name", w.nameOf(hit)})
	}
	return details
}
