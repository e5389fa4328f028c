package provision

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/scim"
)

// writing is one transaction of a SCIM request: what its steps share. It is made
// anew on each run.
type writing struct {
	s      *Service
	c      iam.SCIMCaller
	org    iam.OrganizationID
	tx     *store.Tx
	now    time.Time
	locked bool // whether the organization's row is held
	// verified are the organization's verified domains, when the request needs them.
	verified map[string]bool
}

// errNeedsLock asks for the transaction to run again with the organization's row
// held from its start: that row is locked before any other, so that nobody waits
// in a circle.
var errNeedsLock = errors.New("the organization's row must be held")

// needs is what a transaction has to have before it begins.
type needs uint8

const (
	lockOrganization needs = 1 << iota // the organization's row, held from the start
	verifiedDomains                    // the organization's verified domains
	muchTime                           // a transaction that others should not share a commit with
)

// manyMembers is how many members a request may name and still be a small write:
// some tens of milliseconds for those who share its commit.
const manyMembers = 1000

// timeFor tells what a change of so many members needs.
func timeFor(members int) needs {
	if members > manyMembers {
		return muchTime
	}
	return 0
}

// write runs one transaction. One that finds it needs the organization's row runs
// once more, with it held from the start.
func (s *Service) write(ctx context.Context, what string, c iam.SCIMCaller, need needs, fn func(w *writing) error) error {
	var verified map[string]bool
	if need&verifiedDomains != 0 {
		var err error
		if verified, err = s.verifiedDomains(ctx, c); err != nil {
			return s.answer(ctx, what, c, err)
		}
	}
	run := s.DB.Write
	if need&muchTime != 0 {
		run = s.DB.WriteBig
	}
	lock := need&lockOrganization != 0
	now := s.now()
	for {
		var said error // of fn
		err := run(ctx, func(tx *store.Tx) error {
			w := &writing{s: s, c: c, org: c.Organization.ID, tx: tx, now: now, locked: lock, verified: verified}
			if lock {
				if _, err := tx.LockOrganization(w.org); err != nil {
					return err
				}
			}
			said = fn(w)
			return refusal(said)
		})
		if lock || !errors.Is(err, errNeedsLock) {
			return s.answer(ctx, what, c, inWords(err, said))
		}
		lock = true
	}
}

// inWords puts what the request made of a constraint in place of the constraint's
// own error: the store returns the error of a statement, whatever fn made of it.
func inWords(err, said error) error {
	var answered *scim.Error
	if iam.KindOf(err) == iam.KindConflict && errors.As(said, &answered) {
		return answered
	}
	return err
}

// refusal gives an error that is not the database's a kind: the store then undoes
// this request alone, not those that share its commit.
func refusal(err error) error {
	var answered *scim.Error
	if errors.As(err, &answered) || errors.Is(err, errNeedsLock) {
		return iam.Errorf(iam.KindInvalid, "%w", err)
	}
	return err
}

func (s *Service) verifiedDomains(ctx context.Context, c iam.SCIMCaller) (map[string]bool, error) {
	domains, err := s.DB.Read(ctx).VerifiedDomains(c.Organization.ID)
	if err != nil {
		return nil, err
	}
	set := make(map[string]bool, len(domains))
	for _, d := range domains {
		set[d] = true
	}
	return set, nil
}

func (w *writing) isVerified(domain string) bool { return w.verified[domain] }

// audit writes the event of one changed resource.
func (w *writing) audit(e iam.AuditEvent) error {
	e.Organization, e.At, e.Actor = w.org, w.now, w.c.Actor
	return w.tx.InsertAudit(e)
}

// row makes the row of a user from his state.
func (u userState) row(before store.User) store.User {
	row := before
	row.LoginKey, row.UserName, row.ExternalID = u.name.Key, u.name.Answer, u.externalID
	row.DisplayName, row.GivenName, row.FamilyName = u.displayName, u.givenName, u.familyName
	row.SCIM, row.Doc = true, string(u.doc)
	return row
}

// checkPolicy applies the identity policy to the result of the whole request (D7).
func (w *writing) checkPolicy(u userState) error {
	if err := iam.CheckIdentity(w.c.Organization.Identity, u.identity(), w.isVerified); err != nil {
		return invalid(err)
	}
	return nil
}

// warnings are verdicts for what will keep a person from signing in.
func (w *writing) warnings(op string, u userState) []scim.Verdict {
	var verdicts []scim.Verdict
	for _, trouble := range iam.SignInTroubles(u.identity(), w.isVerified) {
		verdicts = append(verdicts, scim.Verdict{Op: op, Path: "userName", Verdict: scim.Applied, Note: "warning: " + trouble})
	}
	return verdicts
}

// taken is the answer to a userName that somebody has (D4, D5).
func taken(u userState, holder store.User) error {
	switch {
	case holder.SCIM && holder.Status == iam.StatusInactive:
		return scim.Errorf(409, scim.Uniqueness, "userName %q is taken by the inactive user %s; set active to true on that user instead", iam.Clip(u.name.Answer), holder.ID)
	case holder.SCIM:
		return scim.Errorf(409, scim.Uniqueness, "userName %q is taken by the user %s", iam.Clip(u.name.Answer), holder.ID)
	}
	return scim.Errorf(409, scim.Uniqueness, "userName %q is the address of a member of this organization who is not managed by SCIM; remove that member, or change the address here", iam.Clip(u.name.Answer))
}

// userNameFree refuses a new userName that somebody has.
func (w *writing) userNameFree(u userState) error {
	holder, err := w.tx.UserByLogin(w.org, u.name.Key)
	switch {
	case errors.Is(err, iam.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	return taken(u, holder)
}

// saveUser writes what a request made of a user: before and wasActive as they
// stand in the locked row, u as they shall be. It decides activation and
// deactivation, applies the policy, and writes one audit event for the user.
// changed is false, and nothing is written, when nothing differs.
func (w *writing) saveUser(before store.User, old scim.Object, u userState, op string) (row store.User, notes []scim.Verdict, changed bool, err error) {
	wasActive := before.Status == iam.StatusActive
	sameDoc := string(u.doc) == before.Doc
	if sameDoc && u.active == wasActive {
		return before, nil, false, nil
	}
	renamed := u.name.Key != before.LoginKey
	identityChanged := renamed || !same(old["emails"], u.attrs["emails"])
	restored, leaves := u.active && !wasActive, wasActive && !u.active
	if (identityChanged || restored) && !leaves { // the policy never refuses a deactivation (D7)
		if err := w.checkPolicy(u); err != nil {
			return store.User{}, nil, false, err
		}
		notes = w.warnings(op, u)
	}
	if renamed {
		if err := w.userNameFree(u); err != nil {
			return store.User{}, nil, false, err
		}
	}
	row = u.row(before)
	row.Version, row.UpdatedAt = before.Version+1, w.now
	event := iam.AuditEvent{Type: iam.SCIMUserProfileUpdate, Details: map[string]any{}}
	if names := changedAttributes(old, u.attrs); len(names) > 0 {
		event.Details["attributes"] = names
	}
	if renamed {
		event.Details["userName"] = map[string]any{"old": before.UserName, "new": row.UserName}
	}
	// A break-glass member stays one while the identity provider keeps him inactive.
	switch {
	case restored:
		row.Status, row.ManagedBy = iam.StatusActive, iam.ManagedBySCIM
		event.Type = iam.SCIMUserReactivate
	case leaves:
		event.Type = iam.MemberDelete
		kept, err := w.keepBreakGlass(&row)
		if err != nil {
			return store.User{}, nil, false, err
		}
		event.Details["reason"] = "deactivated"
		if kept {
			notes = append(notes, scim.Verdict{Op: op, Path: "active", Verdict: scim.Applied, Note: breakGlassNote})
		}
	}
	if err := w.tx.UpdateUser(row); err != nil {
		return store.User{}, nil, false, lostRace(err, u)
	}
	if renamed {
		// D5: who he is to the identity provider has changed; he signs in anew.
		ended, err := w.tx.EndMemberSessions(w.org, row.ID, "", store.EndedRenamed, w.tx.Now())
		if err != nil {
			return store.User{}, nil, false, err
		}
		noteSessions(event.Details, ended)
	}
	if err := w.dropAccess(row, wasActive && row.Status == iam.StatusInactive, event.Details); err != nil {
		return store.User{}, nil, false, err
	}
	event.TargetType, event.TargetID, event.TargetName = "user", string(row.ID), row.UserName
	return row, notes, true, w.audit(event)
}

const breakGlassNote = "this is the last Admin who can sign in without the identity provider: he stays as a break-glass member with local sign-in only"

// lostRace says in words what the unique index refused.
func lostRace(err error, u userState) error {
	if iam.KindOf(err) == iam.KindConflict {
		return scim.Errorf(409, scim.Uniqueness, "userName %q was taken by another user at this very moment", iam.Clip(u.name.Answer))
	}
	return err
}

// dropAccess removes what a person who leaves must not keep: sessions, direct roles
// and the pending invitation for his address; or, when he is new or his address changed,
// the invitation alone.
func (w *writing) dropAccess(row store.User, leaves bool, details map[string]any) error {
	var lost store.Dropped
	var err error
	if leaves {
		lost, err = w.tx.DropAccess(w.org, row.ID, row.LoginKey)
	} else {
		lost.Invitation, err = w.tx.DropInvitation(w.org, row.LoginKey)
	}
	if err != nil {
		return err
	}
	lost.Describe(details)
	if lost.Invitation == "" {
		return nil
	}
	return w.audit(iam.AuditEvent{
		Type: iam.InviteDelete, TargetType: "invitation", TargetID: string(lost.Invitation), TargetName: row.LoginKey,
		Details: map[string]any{"reason": "the address is managed by SCIM"},
	})
}

// noteSessions adds to an audit event how many sessions the change ended.
func noteSessions(details map[string]any, ended int) {
	if ended > 0 {
		details["sessionsEnded"] = ended
	}
}
