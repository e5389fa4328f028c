package signin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// SetUp is a one-time link of an Admin that can be used.
type SetUp struct {
	Email            string // of the local sign-in
	OrganizationName string
	ExpiresAt        time.Time
}

// SetUpLink looks at a one-time link and changes nothing: mail scanners and browsers
// open links too. A link that cannot be used is a refusal, in the same words for an
// unknown, a used, a replaced and an expired one.
func (s *Service) SetUpLink(ctx context.Context, org iam.OrganizationID, token string) (SetUp, error) {
	if !iam.IsID(string(org)) {
		org = nobody
	}
	r := s.DB.Read(ctx)
	found, err := usableLink(r, org, token, s.now())
	if err != nil {
		return SetUp{}, trouble(err)
	}
	o, err := r.Organization(org)
	if err != nil {
		return SetUp{}, trouble(err)
	}
	return SetUp{Email: found.Email, OrganizationName: o.Name, ExpiresAt: found.LinkExpiresAt}, nil
}

func usableLink(r *store.Reader, org iam.OrganizationID, token string, now time.Time) (store.LocalSignIn, error) {
	found, err := r.SignInByLink(org, iam.HashSecret(token))
	if errors.Is(err, iam.ErrNotFound) {
		return store.LocalSignIn{}, refusal(CauseLink, sentenceLink, "the one-time link is unknown, was used, or was replaced by a newer one")
	}
	if err != nil {
		return store.LocalSignIn{}, fmt.Errorf("read the one-time link: %w", err)
	}
	if !now.Before(found.LinkExpiresAt) {
		return found, refusal(CauseLink, sentenceLink, "the one-time link of %s ended at %s; rollcall admin link makes a new one", found.Email, found.LinkExpiresAt.Format(time.RFC3339))
	}
	return found, nil
}

// SetUp uses a one-time link up: it sets the password of the Admin's local sign-in,
// ends the sessions that began with a former one, and signs him in. A password that
// cannot be used is KindInvalid and leaves the link as it is.
func (s *Service) SetUp(ctx context.Context, org iam.OrganizationID, token, password string, c Client) (SignedIn, error) {
	if !iam.IsID(string(org)) {
		org = nobody
	}
	a := attempt{org: org, method: MethodLocal, client: c}
	r := s.DB.Read(ctx)
	if _, err := r.Organization(org); errors.Is(err, iam.ErrNotFound) {
		a.org = "" // there is no log to write to
	} else if err != nil {
		return SignedIn{}, trouble(err)
	}
	link, err := usableLink(r, org, token, s.now())
	if err != nil {
		a.member, a.email = link.Member, link.Email
		return SignedIn{}, s.refuse(ctx, a, err)
	}
	a.member, a.email, a.proven = link.Member, link.Email, true
	if err := CheckPassword(password, link.Email); err != nil {
		return SignedIn{}, err
	}
	hash, err := s.hashPassword(ctx, password)
	if err != nil {
		return SignedIn{}, err
	}
	d, err := s.draft(org, MethodLocal, c)
	if err != nil {
		return SignedIn{}, err
	}
	var signedIn SignedIn
	err = s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		signedIn, err = d.useLink(tx, link, iam.HashSecret(token), hash)
		return err
	})
	if err != nil {
		return SignedIn{}, s.refuse(ctx, a, err)
	}
	return signedIn, nil
}

func (d draft) useLink(tx *store.Tx, link store.LocalSignIn, token iam.SecretHash, password string) (SignedIn, error) {
	user, err := lockLocal(tx, d.org, link.Member)
	if err != nil {
		return SignedIn{}, err
	}
	used, err := tx.UseSignInLink(d.org, link.Member, token, password)
	if err != nil {
		return SignedIn{}, fmt.Errorf("use the one-time link: %w", err)
	}
	if !used {
		return SignedIn{}, refusal(CauseLink, sentenceLink, "the one-time link was used or replaced at this very moment")
	}
	ended, err := tx.EndMemberSessions(d.org, link.Member, MethodLocal, store.EndedPassword, d.now)
	if err != nil {
		return SignedIn{}, fmt.Errorf("end the sessions of %s: %w", link.Member, err)
	}
	err = tx.InsertAudit(iam.AuditEvent{
		Organization: d.org, At: d.now, Type: iam.AdminLinkUse, Actor: d.client.actor(user.ID, link.Email),
		TargetType: "user", TargetID: string(user.ID), TargetName: user.UserName,
		Details: map[string]any{"address": link.Email, "sessionsEnded": ended},
	})
	if err != nil {
		return SignedIn{}, fmt.Errorf("write the audit event %s: %w", iam.AdminLinkUse, err)
	}
	return d.open(tx, user, time.Time{}, nil)
}
