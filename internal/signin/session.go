package signin

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// Methods of signing in.
const (
	MethodSAML  = "saml"
	MethodLocal = "local"
)

// Session is a signed-in member: looked up for one request and valid for it.
type Session struct {
	ID           string // public; not the secret
	Organization iam.Organization
	Member       iam.MemberID
	Email        string
	DisplayName  string
	Status       iam.MemberStatus
	Roles        []iam.HeldRole
	Permissions  []iam.Permission // of all roles, sorted
	Actor        iam.Actor        // with the client's address, for the audit log
	Method       string           // MethodSAML, MethodLocal
	CreatedAt    time.Time
	ExpiresAt    time.Time // at the latest
}

// May tells whether the member holds a permission.
func (s Session) May(p iam.Permission) bool { return slices.Contains(s.Permissions, p) }

// secretChars is the length of a session's secret: 256 bits as base64url.
const secretChars = 43

// cookieOf is the value of a session's cookie. The organization stands in it so that
// it is known before the first statement.
func cookieOf(org iam.OrganizationID, secret string) string { return string(org) + "." + secret }

// cookie is a session cookie's value, taken apart; its secret only hashed.
type cookie struct {
	org  iam.OrganizationID
	hash iam.SecretHash
}

func parseCookie(value string) (cookie, bool) {
	org, secret, _ := strings.Cut(value, ".")
	if !iam.IsID(org) || len(secret) != secretChars {
		return cookie{}, false
	}
	if _, err := base64.RawURLEncoding.DecodeString(secret); err != nil {
		return cookie{}, false
	}
	return cookie{iam.OrganizationID(org), iam.HashSecret(secret)}, true
}

// mark names the session of a cookie without opening it: "org.hash". Nobody knows it but
// who had the session.
func (c cookie) mark() string { return string(c.org) + "." + hex.EncodeToString(c.hash[:]) }

func parseMark(value string) (cookie, bool) {
	org, hash, _ := strings.Cut(value, ".")
	raw, err := hex.DecodeString(hash)
	if err != nil || len(raw) != sha256.Size || !iam.IsID(org) {
		return cookie{}, false
	}
	return cookie{iam.OrganizationID(org), iam.SecretHash(raw)}, true
}

// Session finds who asks. It is looked up at each request and kept nowhere: a
// session that ended, and a member who was deactivated or lost a role, is found so
// at once, on every server.
//
// A cookie that opens nothing is KindUnauthorized with a *Refused; trouble with the
// database is KindUnavailable and never that (S31).
func (s *Service) Session(ctx context.Context, value string, c Client) (Session, error) {
	shown, ok := parseCookie(value)
	if !ok {
		return Session{}, signedOut(CauseNoSession, sentenceSession)
	}
	r := s.DB.Read(ctx)
	found, err := r.CheckSession(shown.org, shown.hash)
	if errors.Is(err, iam.ErrNotFound) {
		return Session{}, signedOut(CauseNoSession, sentenceSession)
	}
	if err != nil {
		return Session{}, unavailable(err)
	}
	now := s.now()
	if err := alive(found, now); err != nil {
		return Session{}, err
	}
	roles, permissions, err := rolesOf(r, found.Organization.ID, found.Member)
	if err != nil {
		return Session{}, unavailable(err)
	}
	s.noteSession(found.Organization.ID, found.Session, now)
	m := found.Member
	return Session{
		ID: found.Session.ID, Organization: found.Organization, Member: m.ID, Email: m.UserName,
		DisplayName: iam.DisplayNameOf(m.DisplayName, m.GivenName, m.FamilyName, m.UserName),
		Status:      m.Status, Roles: roles, Permissions: permissions, Actor: c.actor(m.ID, m.UserName),
		Method: found.Session.Method, CreatedAt: found.Session.CreatedAt, ExpiresAt: found.Session.ExpiresAt,
	}, nil
}

// alive returns why a session is over, nil while it goes on. The last use is noted
// once a minute, so an idle session can end that much early.
func alive(c store.SessionCheck, now time.Time) error {
	switch {
	case !c.Session.EndedAt.IsZero(), mayKeep(c.Session.Method, c.Member.Status, c.Member.Direct) != nil:
		return signedOut(CauseEnded, sentenceOver)
	case !now.Before(c.Session.ExpiresAt):
		return signedOut(CauseExpired, sentenceOver)
	case now.Sub(c.Session.LastSeenAt) >= c.Limits.Idle:
		return signedOut(CauseIdle, sentenceOver)
	}
	return nil
}

// mayKeep says which members may sign in, and stay so, by which method: by SAML the
// active ones; with a password those who hold Admin directly, also when the identity
// provider deactivated them but nobody else could get in (D8).
func mayKeep(method string, status iam.MemberStatus, direct []iam.RoleRef) error {
	switch {
	case status == iam.StatusInactive:
		return refusal(CauseInactive, sentenceDenied, "the identity provider deactivated this user; it activates him again, or an admin assigns him to the application there")
	case method == MethodSAML && status == iam.StatusBreakGlass:
		return refusal(CauseBreakGlass, sentenceDenied, "the identity provider deactivated this member, who is kept for local sign-in alone because nobody else could get in without it")
	case method == MethodLocal && !slices.ContainsFunc(direct, func(r iam.RoleRef) bool { return r.ID == iam.RoleAdmin }):
		return refusal(CauseNotAdmin, sentencePassword, "local sign-in is for members who hold the role Admin directly, and this member does not")
	}
	return nil
}

// rolesOf returns the roles that a member holds, with what they permit.
func rolesOf(r *store.Reader, org iam.OrganizationID, m store.Member) ([]iam.HeldRole, []iam.Permission, error) {
	defaults, err := r.DefaultRoles(org)
	if err != nil {
		return nil, nil, err
	}
	held := iam.EffectiveRoles(m.Status, m.Direct, m.Groups, defaults)
	ids := make([]iam.RoleID, 0, len(held))
	for _, h := range held {
		ids = append(ids, h.Role.ID)
	}
	slices.Sort(ids)
	roles, err := r.RolesByID(org, slices.Compact(ids))
	if err != nil {
		return nil, nil, err
	}
	var permissions []iam.Permission
	for _, role := range roles {
		permissions = append(permissions, role.Permissions...)
	}
	slices.Sort(permissions)
	return held, slices.Compact(permissions), nil
}

func signedOut(cause, sentence string) error {
	return unauthorized(&Refused{Cause: cause, Sentence: sentence})
}
