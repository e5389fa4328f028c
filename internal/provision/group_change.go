package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/scim"
)

// PatchGroup applies a PATCH as a whole or not at all. The returned document
// carries no members: the answer is 204 with the ETag (D14). What it costs follows
// the change: one member added to 100,000 touches the same rows as to ten.
func (s *Service) PatchGroup(ctx context.Context, c iam.SCIMCaller, id string, p *scim.Patch, ifMatch Match, tr *Trail) (Document, error) {
	rest, _, changes, err := p.SplitMembers()
	if err != nil {
		return Document{}, err
	}
	return s.changeGroup(ctx, "patch group", c, id, timeForChanges(changes), ifMatch, tr, func(doc scim.Object, m *membership) (scim.Object, []scim.Verdict, error) {
		attrs, verdicts, err := rest.Apply(scim.Group, doc)
		if err != nil {
			return nil, nil, err
		}
		for _, change := range changes {
			more, err := m.apply(change)
			if err != nil {
				return nil, nil, atOperation(change, err)
			}
			verdicts = append(verdicts, more...)
		}
		slices.SortStableFunc(verdicts, func(a, b scim.Verdict) int { return a.Index - b.Index })
		return attrs, verdicts, nil
	})
}

// timeForChanges tells what the changes of a PATCH need: those that do not name
// the members may concern all of them.
func timeForChanges(changes []scim.MemberChange) needs {
	named := 0
	for _, change := range changes {
		if change.Op == scim.OpReplace || change.All || change.Filter != nil {
			return muchTime
		}
		named += len(change.IDs)
	}
	return timeFor(named)
}

// atOperation tells which operation of a PATCH was refused.
func atOperation(change scim.MemberChange, err error) error {
	var refused *scim.Error
	if !errors.As(err, &refused) {
		return err
	}
	return scim.Errorf(refused.Status, refused.Type, "operation %d (%s members): %s", change.Index+1, change.Op, refused.Detail)
}

// apply carries out one change of a PATCH and says what became of it.
func (m *membership) apply(change scim.MemberChange) ([]scim.Verdict, error) {
	var n int
	var err error
	skippedBefore := len(m.skipped)
	switch {
	case change.Op == scim.OpAdd:
		n, err = m.add(change.IDs)
	case change.Op == scim.OpReplace:
		n, err = m.replace(change.IDs)
	case change.All:
		n, err = m.clear()
	case change.Filter != nil:
		n, err = m.removeMatching(change.Filter)
	default:
		n, err = m.remove(typed[iam.MemberID](change.IDs))
	}
	if err != nil {
		return nil, err
	}
	verdict := scim.Verdict{Index: change.Index, Op: string(change.Op), Path: "members", Verdict: scim.Applied, Note: fmt.Sprintf("%d members changed", n)}
	if n == 0 {
		verdict.Verdict, verdict.Note = scim.NoChange, ""
	}
	return append([]scim.Verdict{verdict}, skippedVerdicts(change.Index, string(change.Op), m.skipped[skippedBefore:])...), nil
}

// ReplaceGroup replaces a group's attributes by a body (PUT). A body without
// members leaves them, an empty list empties the group (D11).
func (s *Service) ReplaceGroup(ctx context.Context, c iam.SCIMCaller, id string, body scim.Object, ifMatch Match, tr *Trail) (Document, error) {
	ids, given, memberNotes, err := scim.TakeMembers(body)
	if err != nil {
		return Document{}, err
	}
	attrs, ignored, err := scim.Group.Normalize(body)
	if err != nil {
		return Document{}, err
	}
	notes := noteVerdicts("replace", append(ownID(ignored, body, id), memberNotes...))
	need := needs(0)
	if given {
		need = muchTime // whoever is not named goes, and there may be many
	}
	doc, err := s.changeGroup(ctx, "replace group", c, id, need, ifMatch, tr, func(_ scim.Object, m *membership) (scim.Object, []scim.Verdict, error) {
		verdicts := append([]scim.Verdict{{Op: "replace", Verdict: scim.Applied}}, notes...)
		if given {
			if _, err := m.replace(ids); err != nil {
				return nil, nil, err
			}
			verdicts = append(verdicts, skippedVerdicts(0, "replace", m.skipped)...)
		}
		return attrs.Clone(), verdicts, nil
	})
	if err != nil {
		return Document{}, err
	}
	doc.Members = s.members(ctx, c, iam.GroupID(doc.ID))
	return doc, nil
}

// changeGroup reads a group under lock, lets change make its new document and
// change its members, and saves what differs. A new name needs the organization's
// row, because names bind.
func (s *Service) changeGroup(ctx context.Context, what string, c iam.SCIMCaller, id string, need needs, ifMatch Match, tr *Trail,
	change func(doc scim.Object, m *membership) (scim.Object, []scim.Verdict, error)) (Document, error) {
	if !iam.IsID(id) {
		return Document{}, noGroup(id)
	}
	var result Document
	err := s.write(ctx, what, c, need, func(w *writing) error {
		before, err := w.lockGroup(id, ifMatch)
		if err != nil {
			return err
		}
		old, err := scim.Decode([]byte(before.Doc))
		if err != nil {
			return iam.Errorf(iam.KindInternal, "stored document of group %s: %w", id, err)
		}
		m := newMembership(w, before.ID)
		attrs, verdicts, err := change(old.Clone(), m)
		if err != nil {
			return err
		}
		g, err := newGroupState(attrs)
		if err != nil {
			return err
		}
		row, notes, changed, err := w.saveGroup(before, old, g, m, verdictOp(verdicts))
		if err != nil {
			return err
		}
		if !changed {
			verdicts = nothingChanged(verdicts)
		}
		result = groupDocument(row, nil)
		tr.set(append(verdicts[:len(verdicts):len(verdicts)], notes...)...)
		return nil
	})
	return result, err
}

func (w *writing) lockGroup(id string, ifMatch Match) (store.Group, error) {
	row, err := w.tx.LockGroup(w.org, iam.GroupID(id))
	if err != nil {
		return store.Group{}, missingGroup(err, id)
	}
	if ifMatch.Given() && !ifMatch.Holds(row.Version) {
		return store.Group{}, staleMatch(row.Version)
	}
	return row, nil
}

// saveGroup writes the group's row when its document, its link or its members
// changed, and one audit event for it.
func (w *writing) saveGroup(before store.Group, old scim.Object, g groupState, m *membership, op string) (store.Group, []scim.Verdict, bool, error) {
	sameDoc := string(g.doc) == before.Doc
	if sameDoc && !m.changed() {
		return before, nil, false, nil
	}
	row := g.row(before)
	row.Version, row.UpdatedAt = before.Version+1, w.now
	event := iam.AuditEvent{Type: iam.SCIMGroupUpdate, TargetType: "group", TargetID: string(row.ID), TargetName: row.DisplayName, Details: map[string]any{}}
	var notes []scim.Verdict
	if sameDoc {
		if err := w.tx.TouchGroup(w.org, row.ID, w.now); err != nil {
			return store.Group{}, nil, false, err
		}
	} else {
		event.Details["attributes"] = changedAttributes(old, g.attrs)
		left := iam.RoleID("")
		if row.DisplayName != before.DisplayName {
			event.Details["displayName"] = map[string]any{"old": before.DisplayName, "new": row.DisplayName}
			note, err := w.rename(before, &row, &event)
			if err != nil {
				return store.Group{}, nil, false, err
			}
			if note != "" {
				notes = append(notes, scim.Verdict{Op: op, Path: "displayName", Verdict: scim.Applied, Note: note})
			}
			if row.Role != before.Role {
				left = before.Role
			}
		}
		if err := w.tx.UpdateGroup(row); err != nil {
			return store.Group{}, nil, false, err
		}
		if err := w.dropEmptyRole(left); err != nil {
			return store.Group{}, nil, false, err
		}
	}
	m.describe(&event)
	return row, notes, true, w.audit(event)
}
