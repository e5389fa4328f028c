package signin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// maxCandidates is in how many organizations one address is tried, when the browser
// does not know which one is meant.
const maxCandidates = 4

// Password signs in with the password of a local sign-in. org is "" when the browser
// does not know the organization: then the address is looked for in all of them, and
// the password decides.
//
// An unknown organization, an unknown address and a wrong password are answered
// alike, after the same work (S61). Attempts are counted for each address and
// account; a refusal for too many has RetryAfter.
func (s *Service) Password(ctx context.Context, org iam.OrganizationID, email, password string, c Client) (SignedIn, error) {
	account, address := iam.EmailKey(email)
	if !address {
		account = iam.Clip(iam.Fold(email))
	}
	a := attempt{method: MethodLocal, client: c, unhurried: true}
	leave, ok := s.trying.enter(c.Address)
	if !ok {
		// Nothing is looked up and nothing noted: this is the answer to a flood.
		return SignedIn{}, iam.Errorf(iam.KindForbidden, "%w", &Refused{
			Cause: CauseTooManyAttempts, Sentence: sentenceWait, RetryAfter: time.Second,
			Detail: fmt.Sprintf("%d passwords from %s were being checked", maxTrying, c.Address),
		})
	}
	defer leave()
	known, err := s.candidates(ctx, org, account, address)
	if err != nil {
		return SignedIn{}, trouble(err)
	}
	a.org, a.email = known.org, account
	if wait := s.attempts.take(c.Address, account, s.now()); wait > 0 {
		return SignedIn{}, s.refuseAll(ctx, a, known.all, iam.Errorf(iam.KindForbidden, "%w", &Refused{
			Cause: CauseTooManyAttempts, Sentence: sentenceWait, RetryAfter: wait,
			Detail: fmt.Sprintf("more than %d attempts for %q from %s; one more is heard every %s", attemptsAtOnce, account, c.Address, attemptEvery),
		}))
	}
	match, err := s.match(ctx, known.all, password)
	if err != nil {
		return SignedIn{}, trouble(err)
	}
	if match.Member == "" {
		cause, detail := CausePassword, "it is not the password of this local sign-in"
		if len(known.all) == 0 {
			cause, detail = CauseUnknownAccount, "no local sign-in of this organization has the address"
		}
		return SignedIn{}, s.refuseAll(ctx, a, known.all, refusal(cause, sentencePassword, "%s", detail))
	}
	a.org, a.member, a.proven = match.Org, match.Member, true
	signedIn, err := s.openLocal(ctx, match, c)
	if err != nil {
		return SignedIn{}, s.refuse(ctx, a, err)
	}
	s.attempts.forget(c.Address, account)
	return signedIn, nil
}

// refuseAll refuses an attempt in the audit log of every organization where the
// address has a local sign-in, or of the one that was asked for.
func (s *Service) refuseAll(ctx context.Context, a attempt, all []store.LocalPassword, refused error) error {
	if len(all) == 0 {
		return s.refuse(ctx, a, refused)
	}
	for _, candidate := range all {
		a.org, a.member = candidate.Org, candidate.Member
		if err := s.refuse(ctx, a, refused); !errors.Is(err, refused) {
			return err
		}
	}
	return refused
}

// candidates are the local sign-ins that an address may mean.
type candidates struct {
	org iam.OrganizationID // the organization that was asked for, if it exists
	all []store.LocalPassword
}

func (s *Service) candidates(ctx context.Context, org iam.OrganizationID, account string, address bool) (candidates, error) {
	r := s.DB.Read(ctx)
	if org == "" {
		if !address {
			return candidates{}, nil
		}
		all, err := r.LocalPasswords(account, maxCandidates)
		return candidates{all: all}, err
	}
	if !iam.IsID(string(org)) {
		org = nobody
	}
	found := candidates{org: org}
	if _, err := r.Organization(org); errors.Is(err, iam.ErrNotFound) {
		found.org = ""
	} else if err != nil {
		return candidates{}, err
	}
	if !address {
		return found, nil
	}
	one, err := r.LocalPassword(org, account)
	if errors.Is(err, iam.ErrNotFound) {
		return found, nil
	}
	found.all = []store.LocalPassword{one}
	return found, err
}

// match returns the candidate whose password it is. With none, or with one whose
// link was never used, it works as long all the same. Somebody with local sign-ins in
// several organizations is asked for one after the other, which takes longer: that
// much can be told of his address.
func (s *Service) match(ctx context.Context, all []store.LocalPassword, password string) (store.LocalPassword, error) {
	var found store.LocalPassword
	tried := false
	for _, candidate := range all {
		if candidate.Hash == "" {
			continue
		}
		tried = true
		ok, err := s.passwordMatches(ctx, password, candidate.Hash)
		if err != nil {
			return store.LocalPassword{}, err
		}
		if ok && found.Member == "" {
			found = candidate
		}
	}
	if !tried {
		if _, err := s.passwordMatches(ctx, password, nobodysHash); err != nil {
			return store.LocalPassword{}, err
		}
	}
	return found, nil
}

// openLocal begins a session for a member who has shown his password.
func (s *Service) openLocal(ctx context.Context, match store.LocalPassword, c Client) (SignedIn, error) {
	d, err := s.draft(match.Org, MethodLocal, c)
	if err != nil {
		return SignedIn{}, err
	}
	var signedIn SignedIn
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		user, err := lockLocal(tx, match.Org, match.Member)
		if err != nil {
			return err
		}
		unchanged, err := tx.HasPassword(match.Org, match.Member, match.Hash)
		if err != nil {
			return fmt.Errorf("read the local sign-in of %s: %w", match.Member, err)
		}
		if !unchanged {
			return refusal(CausePassword, sentencePassword, "the password was changed while it was checked")
		}
		signedIn, err = d.open(tx, user, time.Time{}, nil)
		return err
	})
	return signedIn, err
}

// lockLocal holds the row of a member who may sign in with a password.
func lockLocal(tx *store.Tx, org iam.OrganizationID, member iam.MemberID) (store.User, error) {
	user, err := tx.LockUser(org, member)
	if err != nil {
		return store.User{}, wrongIfGone(err)
	}
	direct, err := tx.DirectRoles(org, member)
	if err != nil {
		return store.User{}, fmt.Errorf("read the direct roles of %s: %w", member, err)
	}
	return user, mayKeep(MethodLocal, user.Status, direct)
}

// wrongIfGone makes a refusal of what went away while it was checked.
func wrongIfGone(err error) error {
	if errors.Is(err, iam.ErrNotFound) {
		return refusal(CauseUnknownAccount, sentencePassword, "the local sign-in was removed while it was used")
	}
	return err
}
