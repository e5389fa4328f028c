package signin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/saml"
	"github.com/rollcall/rollcall/internal/store"
)

// logoutLifetime is how long signing out at the identity provider may take.
const logoutLifetime = 15 * time.Minute

// LogoutMessage is a LogoutRequest or LogoutResponse as it came.
type LogoutMessage = saml.Incoming

// SignedOut is what is left to do after a session has ended here. All of it is zero when
// that is nothing.
type SignedOut struct {
	To        string    // the path that leads on to the identity provider
	Cookie    string    // what binds that to this browser
	ExpiresAt time.Time // of the cookie
}

// SignOut ends the session of a cookie; there need not be one. Whatever comes of the rest,
// it has ended then.
//
// A session that began by SAML goes on at the identity provider, and he who signs in again
// is let in without a question. If the identity provider has single logout, the browser
// is led on to it: with the cookie of the session, which opens nothing any more, BeginLogout
// finds out what to ask for.
func (s *Service) SignOut(ctx context.Context, value string, c Client) (SignedOut, error) {
	shown, ok := parseCookie(value)
	if !ok {
		return SignedOut{}, nil
	}
	now := s.now()
	var ended store.Session
	err := s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		ended, err = endCookie(tx, shown, store.EndedSignOut, c, now)
		return err
	})
	if err != nil {
		return SignedOut{}, trouble(err)
	}
	if ended.Method != MethodSAML || ended.NameID == "" {
		return SignedOut{}, nil
	}
	if f, err := s.connected(ctx, shown.org); err != nil || f.withLogout().idp.SLOURL == "" {
		return SignedOut{}, nil
	}
	return SignedOut{To: "/saml/" + string(shown.org) + "/logout?continue", Cookie: value, ExpiresAt: now.Add(logoutLifetime)}, nil
}

// trusted is federation whatever the plan: signing out ends sessions, and begins none.
func (s *Service) trusted(ctx context.Context, org iam.OrganizationID) (federation, error) {
	f, err := s.connected(ctx, org)
	if err != nil {
		return f, err
	}
	f.idp, err = s.identityProvider(f.connection)
	return f, err
}

// withLogout is f with the identity provider's single logout. Nothing derived is stored:
// people sign out seldom. Strangers may knock often, and so it is not done before a message
// has been verified. Metadata that an earlier version took, and this one does not, offers
// none.
func (f federation) withLogout() federation {
	metadata, err := saml.ParseMetadata(f.connection.Metadata, f.connection.UpdatedAt)
	if err == nil {
		f.idp.SLOURL, f.idp.SLOBinding, f.idp.SLOResponseURL = metadata.SLOURL, metadata.SLOBinding, metadata.SLOResponseURL
	}
	return f
}

// BeginLogout makes the request by which the identity provider ends its side of the session
// that this browser has just signed out of; cookie is SignedOut.Cookie. It is KindNotFound
// when there is nothing to ask for.
func (s *Service) BeginLogout(ctx context.Context, org iam.OrganizationID, cookie string) (saml.Message, error) {
	nothing := iam.Errorf(iam.KindNotFound, "there is no sign-out to go on with")
	shown, ok := parseCookie(cookie)
	if !ok || shown.org != org {
		return saml.Message{}, nothing
	}
	now := s.now()
	ended, err := s.DB.Read(ctx).EndedSession(org, shown.hash, now.Add(-logoutLifetime))
	if errors.Is(err, iam.ErrNotFound) || err == nil && ended.NameID == "" {
		return saml.Message{}, nothing
	}
	if err != nil {
		return saml.Message{}, unavailable(err)
	}
	f, err := s.connected(ctx, org) // to ask takes no certificate of the identity provider
	if _, refused := asRefused(err); refused {
		return saml.Message{}, nothing
	}
	if err != nil {
		return saml.Message{}, err
	}
	if f = f.withLogout(); f.idp.SLOURL == "" {
		return saml.Message{}, nothing
	}
	key, err := s.signingKey(ctx, org)
	if err != nil {
		return saml.Message{}, err
	}
	name := saml.Session{NameID: ended.NameID, NameIDFormat: ended.NameIDFormat, SessionIndex: ended.SessionIndex}
	message, err := saml.LogoutRequest(f.sp, f.idp, name, logoutID(shown), now, key)
	if err != nil {
		return saml.Message{}, iam.Errorf(iam.KindInternal, "%w", err)
	}
	return message, nil
}

// logoutID is the ID of the request that signs a session out: nobody can guess it who does
// not know the cookie.
func logoutID(c cookie) string {
	sum := sha256.Sum256([]byte("rollcall saml logout\n" + c.mark()))
	return "_" + hex.EncodeToString(sum[:20])
}

// FinishLogout takes the identity provider's answer to the request of BeginLogout and tells
// whether it confirms, signed, that it has ended its side. Nothing rests on it: the session
// here ended before. An answer that is refused is in the audit log as user_logout_failed.
func (s *Service) FinishLogout(ctx context.Context, org iam.OrganizationID, in LogoutMessage, cookie string, c Client) (confirmed bool, err error) {
	f, err := s.trusted(ctx, org)
	if _, refused := asRefused(err); refused {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	expected := saml.Expectation{SP: f.sp, IDP: f.idp, Now: s.now()}
	if shown, ok := parseCookie(cookie); ok && shown.org == org {
		expected.RequestID = logoutID(shown)
	}
	err = saml.ParseLogoutResponse(in, expected)
	if err == nil {
		return true, nil
	}
	err = s.refuse(ctx, attempt{what: iam.UserLogoutFailed, org: f.org.ID, method: MethodSAML, client: c}, refusedLogout(err))
	if _, refused := asRefused(err); refused {
		return false, nil
	}
	return false, err
}

// TakeLogout takes a LogoutRequest of the identity provider: it ends the sessions of whom
// it names, which began by SAML in org, and no others. The message is the answer to it;
// its zero value when the identity provider's metadata names no place for one.
//
// A request is signed by the identity provider of org, or it ends nothing (S46): a refusal
// is KindForbidden with a *Refused in its chain, and is in the audit log as
// user_logout_failed; Unsigned tells that of one without any signature. One is accepted
// once, on whatever server.
func (s *Service) TakeLogout(ctx context.Context, org iam.OrganizationID, in LogoutMessage, c Client) (saml.Message, error) {
	a := attempt{what: iam.UserLogoutFailed, method: MethodSAML, client: c}
	f, err := s.trusted(ctx, org)
	a.org = f.org.ID
	if err != nil {
		return saml.Message{}, s.refuse(ctx, a, err)
	}
	now := s.now()
	request, err := saml.ParseLogoutRequest(in, saml.Expectation{SP: f.sp, IDP: f.idp, Now: now})
	if err != nil {
		return saml.Message{}, s.refuse(ctx, a, refusedLogout(err))
	}
	// The answer is made first: what fails behind the end of the sessions could not be done
	// again, because the request is used up.
	var answer saml.Message
	if f = f.withLogout(); f.idp.SLOResponseURL != "" {
		if answer, err = s.answerLogout(ctx, f, request); err != nil {
			return saml.Message{}, err
		}
	}
	err = s.DB.Write(ctx, func(tx *store.Tx) error { return f.endNamed(tx, request, c, now) })
	if err != nil {
		return saml.Message{}, s.refuse(ctx, a, err)
	}
	return answer, nil
}

// endNamed ends the sessions that a request names.
func (f federation) endNamed(tx *store.Tx, request saml.Logout, c Client, now time.Time) error {
	held, err := tx.HoldConnection(f.org.ID)
	if err != nil && !errors.Is(err, iam.ErrNotFound) {
		return fmt.Errorf("read the SAML connection: %w", err)
	}
	if err != nil || !bytes.Equal(held.Metadata, f.connection.Metadata) {
		return refusal(CauseChanged, sentenceSignOut, "the SAML connection changed while the LogoutRequest was read")
	}
	first, err := tx.UseOnce(f.org.ID, sha256.Sum256([]byte("logout\n"+request.Issuer+"\n"+request.ID)), request.NotOnOrAfter)
	if err != nil {
		return fmt.Errorf("note that the request is used: %w", err)
	}
	if !first {
		return refusal(CauseReplay, sentenceSignOut, "the LogoutRequest %q was used already", iam.Clip(request.ID))
	}
	ended, err := tx.EndNamedSessions(f.org.ID, request.NameID, request.SessionIndexes, store.EndedAtIDP, now)
	if err != nil {
		return fmt.Errorf("end the sessions: %w", err)
	}
	for _, session := range ended {
		if err := recordEnded(tx, f.org.ID, session, c, now); err != nil {
			return err
		}
	}
	return nil
}

// answerLogout says that it is done, also when there was no session: it is what the
// identity provider wanted.
func (s *Service) answerLogout(ctx context.Context, f federation, request saml.Logout) (saml.Message, error) {
	key, err := s.signingKey(ctx, f.org.ID)
	if err != nil {
		return saml.Message{}, err
	}
	id, err := saml.NewRequestID(s.random())
	if err != nil {
		return saml.Message{}, iam.Errorf(iam.KindInternal, "%w", err)
	}
	message, err := saml.LogoutResponse(f.sp, f.idp, request, id, s.now(), key)
	if err != nil {
		return saml.Message{}, iam.Errorf(iam.KindInternal, "%w", err)
	}
	return message, nil
}

// Unsigned tells whether a LogoutRequest was refused because nobody signed it.
func Unsigned(err error) bool {
	refused, ok := asRefused(err)
	return ok && refused.Cause == saml.CauseUnsigned
}

// refusedLogout puts a refusal of package saml into words for the person.
func refusedLogout(err error) error {
	var refused *saml.Refusal
	if !errors.As(err, &refused) {
		return iam.Errorf(iam.KindInternal, "read the SAML logout message: %w", err)
	}
	return iam.Errorf(iam.KindForbidden, "%w", &Refused{Cause: refused.Cause, Sentence: sentenceSignOut, Detail: refused.Detail})
}
