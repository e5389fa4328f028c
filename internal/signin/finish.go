package signin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/saml"
	"github.com/rollcall/rollcall/internal/store"
)

// maxRelayState bounds the RelayState of a sign-in that began at the identity
// provider, in bytes. SAML 2.0 bindings section 3.4.3.
const maxRelayState = 80

// FinishSAML takes the identity provider's answer: samlResponse and relayState are
// the form's fields, pendingCookie is what BeginSAML gave this browser. The assertion
// must have been signed by the identity provider of org, answer the request of this
// browser, and name the e-mail key of a member of org who may sign in; with SCIM off
// the first sign-in from a verified domain makes the member (D9).
//
// A refusal is KindForbidden with a *Refused in its chain, and is in the audit log
// as user_login_failed with its cause. An answer is accepted once, on whatever server.
func (s *Service) FinishSAML(ctx context.Context, org iam.OrganizationID, samlResponse, relayState, pendingCookie string, c Client) (SignedIn, error) {
	a := attempt{method: MethodSAML, client: c}
	f, err := s.federation(ctx, org)
	a.org = f.org.ID
	if err != nil {
		return SignedIn{}, s.refuse(ctx, a, err)
	}
	now := s.now()
	expected := saml.Expectation{SP: f.sp, IDP: f.idp, AllowUnsolicited: f.connection.IDPInitiated, Now: now}
	if expected.DecryptionKey, err = s.DB.Read(ctx).EncryptionKey(f.org.ID); err != nil {
		return SignedIn{}, unavailable(err)
	}
	asked, waiting := parsePending(pendingCookie, now)
	if waiting {
		expected.RequestID = requestID(f.org.ID, pendingCookie)
	}
	assertion, err := saml.ParseResponse(samlResponse, expected)
	if err != nil {
		return SignedIn{}, s.refuse(ctx, a, refusedResponse(err, waiting))
	}
	return s.admit(ctx, f, asked, relayState, assertion, c)
}

// refusedResponse puts a refusal of package saml into words for the person. Whoever
// answers no request of this browser has taken too long, has used the back button,
// or began in another browser: he can mend it by signing in again.
func refusedResponse(err error, waiting bool) error {
	var refused *saml.Refusal
	if !errors.As(err, &refused) {
		return iam.Errorf(iam.KindInternal, "read the SAML response: %w", err)
	}
	r := &Refused{Cause: refused.Cause, Sentence: sentenceSystem, Detail: refused.Detail}
	switch refused.Cause {
	case saml.CauseInResponseTo:
		r.Sentence = sentenceAgain
		if !waiting {
			r.Cause = CausePending
			r.Detail = "no request of this browser waits for an answer: it took longer than 15 minutes, was answered already, or began in another browser; " + refused.Detail
		}
	case saml.CauseExpired:
		r.Sentence = sentenceAgain
	case saml.CauseEmail:
		r.Sentence = sentenceDenied
	}
	return iam.Errorf(iam.KindForbidden, "%w", r)
}

// admission is an assertion that was verified, on its way to a session.
type admission struct {
	federation
	assertion saml.Assertion
	email     string // its e-mail key
	id        iam.MemberID
	draft     draft
	locked    bool // the organization's row is held
}

// errNeedsLock asks for the transaction to run again with the organization's row held
// from its start: that row is locked before any other, so that nobody waits in a
// circle.
var errNeedsLock = errors.New("the organization's row must be held")

// admit lets in whom a verified assertion names. asked is the request it answers; the
// zero pending for none.
func (s *Service) admit(ctx context.Context, f federation, asked pending, relayState string, assertion saml.Assertion, c Client) (SignedIn, error) {
	a := attempt{org: f.org.ID, method: MethodSAML, client: c, email: assertion.Email, proven: true}
	email, ok := iam.EmailKey(assertion.Email)
	if !ok {
		return SignedIn{}, s.refuse(ctx, a, refusal(saml.CauseEmail, sentenceDenied, "the assertion's e-mail address %q is not one (ASCII, one @, no blanks)", iam.Clip(assertion.Email)))
	}
	d, err := s.draft(f.org.ID, MethodSAML, c)
	if err != nil {
		return SignedIn{}, err
	}
	d.name = saml.Session{NameID: assertion.NameID, NameIDFormat: assertion.NameIDFormat, SessionIndex: assertion.SessionIndex}
	if assertion.InResponseTo == "" {
		if len(relayState) <= maxRelayState {
			d.to = SafePath(relayState)
		}
	} else {
		d.to = asked.to
		if had, ok := asked.replaced(); ok {
			d.replaces = append(d.replaces, had)
		}
	}
	in := admission{federation: f, assertion: assertion, email: email, id: iam.MemberID(s.DB.NewID()), draft: d}
	signedIn, err := s.enter(ctx, &in, &a)
	if err != nil {
		a.proven = !isReplay(err) // whoever has an old answer may post it for ever
		return SignedIn{}, s.refuse(ctx, a, err)
	}
	return signedIn, nil
}

func isReplay(err error) bool {
	r, ok := asRefused(err)
	return ok && r.Cause == CauseReplay
}

// enter runs the transaction, once more with the organization's row held if a member
// has to be made.
func (s *Service) enter(ctx context.Context, in *admission, a *attempt) (SignedIn, error) {
	for {
		var signedIn SignedIn
		again := false
		err := s.DB.Write(ctx, func(tx *store.Tx) (err error) {
			again = false
			signedIn, err = in.enter(tx, a)
			if errors.Is(err, errNeedsLock) {
				again = true
				return iam.Errorf(iam.KindConflict, "%w", err) // undoes this transaction alone
			}
			return err
		})
		if !again || in.locked {
			return signedIn, err
		}
		in.locked = true
	}
}

// enter finds or makes the member and begins his session. The rows on which the
// session stands are held, so that whoever takes one of them away afterwards finds
// the session and ends it.
func (in *admission) enter(tx *store.Tx, a *attempt) (SignedIn, error) {
	org := in.org
	if in.locked {
		held, err := tx.LockOrganization(org.ID)
		if err != nil {
			return SignedIn{}, fmt.Errorf("lock organization %s: %w", org.ID, err)
		}
		org = held
	}
	if err := in.stillTrusted(tx); err != nil {
		return SignedIn{}, err
	}
	if err := in.useOnce(tx); err != nil {
		return SignedIn{}, err
	}
	user, joined, err := in.member(tx, org, a)
	if err != nil {
		return SignedIn{}, err
	}
	details := map[string]any{"nameID": printable(in.assertion.NameID)}
	if in.assertion.InResponseTo == "" {
		details["idpInitiated"] = true
	}
	if joined {
		details["joined"] = true
	}
	return in.draft.open(tx, user, in.assertion.SessionNotOnOrAfter, details)
}

// stillTrusted checks that the connection is the one the assertion was verified with,
// and that the domain is the organization's.
func (in *admission) stillTrusted(tx *store.Tx) error {
	held, err := tx.HoldConnection(in.org.ID)
	if err != nil && !errors.Is(err, iam.ErrNotFound) {
		return fmt.Errorf("read the SAML connection: %w", err)
	}
	if err != nil || !bytes.Equal(held.Metadata, in.connection.Metadata) || in.assertion.InResponseTo == "" && !held.IDPInitiated {
		return refusal(CauseChanged, sentenceAgain, "the SAML connection changed during the sign-in")
	}
	domain := iam.DomainOf(in.email)
	verified, err := tx.HoldVerifiedDomain(in.org.ID, domain)
	if err != nil {
		return fmt.Errorf("read domain %s: %w", domain, err)
	}
	if !verified {
		return refusal(CauseDomain, sentenceDenied, "the domain %q of the address %q is not verified for this organization; verify it under SAML settings", domain, in.email)
	}
	return nil
}

// useOnce notes that the assertion and the request it answers are used (S39, S41).
func (in *admission) useOnce(tx *store.Tx) error {
	type use struct {
		what  string
		until time.Time
	}
	used := []use{{"assertion\n" + in.assertion.Issuer + "\n" + in.assertion.ID, in.assertion.NotOnOrAfter}}
	if in.assertion.InResponseTo != "" {
		// The cookie that the answer has to fit ends before that.
		used = append(used, use{"request\n" + in.assertion.InResponseTo, in.draft.now.Add(pendingLifetime + time.Minute)})
	}
	for _, u := range used {
		first, err := tx.UseOnce(in.org.ID, sha256.Sum256([]byte(u.what)), u.until)
		if err != nil {
			return fmt.Errorf("note that the assertion is used: %w", err)
		}
		if !first {
			return refusal(CauseReplay, sentenceAgain, "the assertion %q, or the request that it answers, was used already", iam.Clip(in.assertion.ID))
		}
	}
	return nil
}
