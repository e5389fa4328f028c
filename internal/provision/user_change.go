package provision

import (
	"context"
	"slices"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/scim"
)

// PatchUser applies a PATCH (RFC 7644 section 3.5.2) as a whole or not at all and
// returns the user as it leaves him. Operations that find everything as they want
// it change nothing: same ETag, no audit event.
func (s *Service) PatchUser(ctx context.Context, c iam.SCIMCaller, id string, p *scim.Patch, ifMatch Match, tr *Trail) (Document, error) {
	return s.changeUser(ctx, "patch user", c, id, ifMatch, tr, func(before store.User, doc scim.Object) (scim.Object, []scim.Verdict, error) {
		doc["active"] = before.Status == iam.StatusActive
		return p.Apply(scim.User, doc)
	})
}

// ReplaceUser replaces a user's attributes by a body (PUT, RFC 7644 section
// 3.5.1). A body without active leaves it (D4); an id in it is ignored.
func (s *Service) ReplaceUser(ctx context.Context, c iam.SCIMCaller, id string, body scim.Object, ifMatch Match, tr *Trail) (Document, error) {
	attrs, ignored, err := scim.User.Normalize(body)
	if err != nil {
		return Document{}, err
	}
	verdicts := append([]scim.Verdict{{Op: "replace", Verdict: scim.Applied}}, noteVerdicts("replace", ownID(ignored, body, id))...)
	return s.changeUser(ctx, "replace user", c, id, ifMatch, tr, func(store.User, scim.Object) (scim.Object, []scim.Verdict, error) {
		return attrs.Clone(), verdicts, nil
	})
}

// ownID drops the note about an id in a body that is the URL's own; of another id
// the URL's counts, and that is noted (S4, D14).
func ownID(notes []scim.Note, body scim.Object, id string) []scim.Note {
	for name, value := range body {
		if iam.Fold(name) == "id" && value == any(id) {
			return slices.DeleteFunc(notes, func(n scim.Note) bool { return n.Path == "id" })
		}
	}
	return notes
}

// changeUser reads a SCIM user under lock, lets change make his new document of
// the old one, and saves what differs.
func (s *Service) changeUser(ctx context.Context, what string, c iam.SCIMCaller, id string, ifMatch Match, tr *Trail,
	change func(before store.User, doc scim.Object) (scim.Object, []scim.Verdict, error)) (Document, error) {
	if !iam.IsID(id) {
		return Document{}, noUser(id)
	}
	var result Document
	err := s.write(ctx, what, c, verifiedDomains, func(w *writing) error {
		before, err := w.lockUser(id, ifMatch)
		if err != nil {
			return err
		}
		old, err := scim.Decode([]byte(before.Doc))
		if err != nil {
			return iam.Errorf(iam.KindInternal, "stored document of user %s: %w", id, err)
		}
		attrs, verdicts, err := change(before, old.Clone())
		if err != nil {
			return err
		}
		u, err := newUserState(attrs, before.Status == iam.StatusActive)
		if err != nil {
			return err
		}
		row, notes, changed, err := w.saveUser(before, old, u, verdictOp(verdicts))
		if err != nil {
			return err
		}
		if !changed {
			verdicts = nothingChanged(verdicts)
		}
		groups, err := w.tx.GroupsOfUsers(w.org, []iam.MemberID{row.ID})
		if err != nil {
			return err
		}
		result = userDocument(row, userGroupRefs(groups))
		tr.set(append(verdicts[:len(verdicts):len(verdicts)], notes...)...)
		return nil
	})
	return result, err
}

func (w *writing) lockUser(id string, ifMatch Match) (store.User, error) {
	row, err := w.tx.LockUser(w.org, iam.MemberID(id))
	switch {
	case err == nil && !row.SCIM:
		return store.User{}, noUser(id)
	case err != nil:
		return store.User{}, missingUser(err, id)
	case ifMatch.Given() && !ifMatch.Holds(row.Version):
		return store.User{}, staleMatch(row.Version)
	}
	return row, nil
}

func userGroupRefs(groups []store.UserGroup) []Ref {
	refs := make([]Ref, len(groups))
	for i, g := range groups {
		refs[i] = Ref{Value: string(g.Group.ID), Display: g.Group.DisplayName}
	}
	return refs
}

func verdictOp(verdicts []scim.Verdict) string {
	if len(verdicts) == 0 {
		return "patch"
	}
	return verdicts[0].Op
}

// nothingChanged turns "applied" into "no change" when the request as a whole left
// everything as it was.
func nothingChanged(verdicts []scim.Verdict) []scim.Verdict {
	out := make([]scim.Verdict, len(verdicts))
	for i, v := range verdicts {
		if v.Verdict == scim.Applied {
			v.Verdict = scim.NoChange
		}
		out[i] = v
	}
	return out
}
