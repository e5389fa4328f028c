package signin

import (
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/saml"
	"github.com/rollcall/rollcall/internal/store"
)

// SignedIn is a new session.
type SignedIn struct {
	Cookie    string    // the value of the session cookie; a secret that exists only here
	Mark      string    // tells which session it is and opens nothing: for Client.Mark
	ExpiresAt time.Time // when the session ends at the latest
	To        string    // the path where he wanted to go; "/" by default
}

// draft is a session that is about to begin: what is made before the transaction,
// because that may run more than once.
type draft struct {
	org      iam.OrganizationID
	id       string
	secret   string
	now      time.Time
	method   string
	client   Client
	replaces []cookie // sessions of the same browser, which end
	to       string
	name     saml.Session // what the identity provider calls the session
}

// draft makes id and secret of a session anew: what a browser had before is never
// used on (S51).
func (s *Service) draft(org iam.OrganizationID, method string, c Client) (draft, error) {
	secret, err := s.secret()
	if err != nil {
		return draft{}, err
	}
	d := draft{org: org, id: s.DB.NewID(), secret: secret, now: s.now(), method: method, client: c, to: "/"}
	if had, ok := parseCookie(c.Session); ok {
		d.replaces = append(d.replaces, had)
	}
	if had, ok := parseMark(c.Mark); ok {
		d.replaces = append(d.replaces, had)
	}
	return d, nil
}

// secret returns 256 random bits as base64url.
func (s *Service) secret() (string, error) {
	var b [32]byte
	if _, err := io.ReadFull(s.random(), b[:]); err != nil {
		return "", iam.Errorf(iam.KindInternal, "read randomness: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

// open begins the session of a member whose row the transaction holds and whom it
// has checked. until, if not zero, ends it earlier than the organization's setting.
func (d draft) open(tx *store.Tx, user store.User, until time.Time, details map[string]any) (SignedIn, error) {
	limits, err := tx.SessionLimits(d.org)
	if err != nil {
		return SignedIn{}, fmt.Errorf("read the session settings: %w", err)
	}
	expires := d.now.Add(limits.Life)
	if !until.IsZero() && until.Before(expires) {
		expires = until
	}
	for _, had := range d.replaces {
		if _, err := endCookie(tx, had, store.EndedReplaced, d.client, d.now); err != nil {
			return SignedIn{}, err
		}
	}
	session := store.Session{
		ID: d.id, Member: user.ID, Method: d.method, Address: d.client.Address, UserAgent: printable(d.client.UserAgent),
		CreatedAt: d.now, LastSeenAt: d.now, ExpiresAt: expires,
		NameID: d.name.NameID, NameIDFormat: d.name.NameIDFormat, SessionIndex: d.name.SessionIndex,
	}
	if err := tx.InsertSession(d.org, session, iam.HashSecret(d.secret)); err != nil {
		return SignedIn{}, fmt.Errorf("begin the session: %w", err)
	}
	event := iam.AuditEvent{
		Organization: d.org, At: d.now, Type: iam.UserLogin, Actor: d.client.actor(user.ID, user.UserName),
		TargetType: "user", TargetID: string(user.ID), TargetName: user.UserName,
		Details: map[string]any{"method": d.method, "session": d.id},
	}
	maps.Copy(event.Details, details)
	if err := tx.InsertAudit(event); err != nil {
		return SignedIn{}, fmt.Errorf("write the audit event %s: %w", event.Type, err)
	}
	mark := cookie{d.org, iam.HashSecret(d.secret)}.mark()
	return SignedIn{Cookie: cookieOf(d.org, d.secret), Mark: mark, ExpiresAt: expires, To: d.to}, nil
}
