package store

import (
	"database/sql"
	"encoding/hex"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// Session is one row of sessions. The secret of its cookie is stored hashed and
// not read back.
type Session struct {
	ID         string
	Member     iam.MemberID
	Method     string // "saml", "local"
	Address    string
	UserAgent  string
	CreatedAt  time.Time
	LastSeenAt time.Time
	ExpiresAt  time.Time
	EndedAt    time.Time // zero: not ended
	EndedWhy   string
	// By what the identity provider knows it; "" where it did not say, and for a session
	// that began with a password.
	NameID, NameIDFormat, SessionIndex string
}

// Why sessions ended.
const (
	EndedSignOut   = "signed out"
	EndedElsewhere = "ended from another session"
	EndedReplaced  = "signed in again in the same browser"
	EndedRemoved   = "the member was deactivated or removed"
	EndedRenamed   = "the sign-in address changed"
	EndedPassword  = "a new password was set"
	EndedEntityID  = "another identity provider was connected"
	EndedDomain    = "the domain was removed"
	EndedNotAdmin  = "the member does not hold the role Admin directly any more"
	EndedNoSAML    = "the SAML connection was removed"
	EndedAtIDP     = "signed out at the identity provider"
)

const sessionColumns = `sessions.id, sessions.member_id, sessions.method, sessions.address, sessions.user_agent, sessions.created_at, sessions.last_seen_at,
	sessions.expires_at, sessions.ended_at, coalesce(sessions.ended_why, ''), sessions.name_id, sessions.name_id_format, sessions.session_index`

// sessionRow is a session as its columns are scanned.
type sessionRow struct {
	Session
	created, seen, expires int64
	ended                  sql.NullInt64
}

func (s *sessionRow) into() []any {
	return []any{&s.ID, &s.Member, &s.Method, &s.Address, &s.UserAgent, &s.created, &s.seen, &s.expires, &s.ended, &s.EndedWhy,
		&s.NameID, &s.NameIDFormat, &s.SessionIndex}
}

func (s *sessionRow) session() Session {
	s.CreatedAt, s.LastSeenAt, s.ExpiresAt, s.EndedAt = fromMicros(s.created), fromMicros(s.seen), fromMicros(s.expires), fromNullMicros(s.ended)
	return s.Session
}

func scanSession(row scanner) (Session, error) {
	var s sessionRow
	err := row.Scan(s.into()...)
	return s.session(), err
}

// SessionCheck is what telling who asks needs: the session, its organization, and
// its member with his roles.
type SessionCheck struct {
	Session      Session
	Organization iam.Organization
	Limits       SessionLimits
	Member       Member
}

// CheckSession returns the session of a cookie's secret by two statements, ended
// and expired ones too; iam.ErrNotFound also when its member is gone.
func (r *Reader) CheckSession(org iam.OrganizationID, secret iam.SecretHash) (SessionCheck, error) {
	scan := func(row scanner) (SessionCheck, error) {
		c := SessionCheck{}
		var s sessionRow
		var idle, life, orgMade, memberMade int64
		o, m := &c.Organization, &c.Member
		into := append(s.into(), &o.ID, &o.Name, &o.Plan, &o.SCIMEnabled, &o.Identity, &o.UnmappedGroups, &orgMade, &idle, &life,
			&m.ID, &m.LoginKey, &m.UserName, &m.DisplayName, &m.GivenName, &m.FamilyName, &m.Status, &m.ManagedBy, &m.SCIM, &m.Doc,
			&m.LocalSignIn, &memberMade)
		err := row.Scan(into...)
		c.Session, c.Limits = s.session(), minutes(idle, life)
		o.CreatedAt, m.CreatedAt = fromMicros(orgMade), fromMicros(memberMade)
		return c, err
	}
	found, err := one(r, scan, `
		SELECT `+sessionColumns+`,
		       o.org_id, o.name, o.plan, o.scim_enabled, o.identity_policy, o.unmapped_groups, o.created_at, o.session_idle_minutes, o.session_minutes,
		       `+memberColumns+`
		  FROM sessions JOIN organizations o ON o.org_id = sessions.org_id
		  JOIN users u ON u.org_id = sessions.org_id AND u.id = sessions.member_id
		  LEFT JOIN local_signins l ON l.org_id = u.org_id AND l.member_id = u.id
		 WHERE sessions.org_id = ? AND sessions.secret_hash = ?`, org, hex.EncodeToString(secret[:]))
	if err != nil {
		return SessionCheck{}, err
	}
	member := []Member{found.Member}
	err = r.addRoles(org, member)
	found.Member = member[0]
	return found, err
}

// MemberSessions returns the sessions of a member that have neither ended nor
// expired, the one used last first.
func (r *Reader) MemberSessions(org iam.OrganizationID, member iam.MemberID, now time.Time) ([]Session, error) {
	return list(r, scanSession, `SELECT `+sessionColumns+` FROM sessions
		WHERE org_id = ? AND member_id = ? AND ended_at IS NULL AND expires_at > ? ORDER BY last_seen_at DESC, id DESC`, org, member, micros(now))
}

// SessionMember returns whose a session is; iam.ErrNotFound.
func (r *Reader) SessionMember(org iam.OrganizationID, id string) (iam.MemberID, error) {
	return one(r, scanOne[iam.MemberID], `SELECT member_id FROM sessions WHERE org_id = ? AND id = ?`, org, id)
}

// InsertSession adds a session. The caller holds the row of its member and has
// checked that he may sign in.
func (tx *Tx) InsertSession(org iam.OrganizationID, s Session, secret iam.SecretHash) error {
	_, err := tx.exec(`
		INSERT INTO sessions (org_id, id, secret_hash, member_id, method, address, user_agent, created_at, last_seen_at, expires_at, name_id, name_id_format, session_index)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		org, s.ID, hex.EncodeToString(secret[:]), s.Member, s.Method, s.Address, s.UserAgent, micros(s.CreatedAt), micros(s.LastSeenAt), micros(s.ExpiresAt),
		s.NameID, s.NameIDFormat, s.SessionIndex)
	return err
}

// TouchSession notes when a session was used last. An older time than the noted
// one changes nothing, so that several servers may report in any order.
func (tx *Tx) TouchSession(org iam.OrganizationID, id string, at time.Time) error {
	_, err := tx.exec(`UPDATE sessions SET last_seen_at = ? WHERE org_id = ? AND id = ? AND last_seen_at < ?`, micros(at), org, id, micros(at))
	return err
}

// EndSession ends one session of a member; ended is false when there is none such
// that had not ended.
func (tx *Tx) EndSession(org iam.OrganizationID, member iam.MemberID, id, why string, at time.Time) (ended bool, err error) {
	n, err := tx.exec(`UPDATE sessions SET ended_at = ?, ended_why = ? WHERE org_id = ? AND id = ? AND member_id = ? AND ended_at IS NULL`,
		micros(at), why, org, id, member)
	return n == 1, err
}

// EndCookie ends the session of a cookie's secret and returns it; iam.ErrNotFound
// when there is none that had neither ended nor expired.
func (tx *Tx) EndCookie(org iam.OrganizationID, secret iam.SecretHash, why string, at time.Time) (Session, error) {
	return one(tx.Reader, scanSession, `UPDATE sessions SET ended_at = ?, ended_why = ?
		WHERE org_id = ? AND secret_hash = ? AND ended_at IS NULL AND expires_at > ? RETURNING `+sessionColumns,
		micros(at), why, org, hex.EncodeToString(secret[:]), micros(at))
}

// EndedSession returns the session of a cookie's secret if it ended by sign-out since a
// time; iam.ErrNotFound.
func (r *Reader) EndedSession(org iam.OrganizationID, secret iam.SecretHash, since time.Time) (Session, error) {
	return one(r, scanSession, `SELECT `+sessionColumns+` FROM sessions
		WHERE org_id = ? AND secret_hash = ? AND ended_why = ? AND ended_at >= ?`, org, hex.EncodeToString(secret[:]), EndedSignOut, micros(since))
}

// EndNamedSessions ends the sessions of an organization that began by SAML with a NameID,
// and returns them. With indexes it ends those of one of them, and those for which the
// identity provider named none.
func (tx *Tx) EndNamedSessions(org iam.OrganizationID, nameID string, indexes []string, why string, at time.Time) ([]Session, error) {
	text, args := `UPDATE sessions SET ended_at = ?, ended_why = ?
		WHERE org_id = ? AND name_id = ? AND method = 'saml' AND ended_at IS NULL AND expires_at > ?`, []any{micros(at), why, org, nameID, micros(at)}
	if len(indexes) > 0 {
		text += ` AND session_index IN (''` + strings.Repeat(", ?", len(indexes)) + `)`
		for _, index := range indexes {
			args = append(args, index)
		}
	}
	return list(tx.Reader, scanSession, text+` RETURNING `+sessionColumns, args...)
}

// EndMemberSessions ends the sessions of a member, those of one method or with ""
// all, and returns how many there were.
func (tx *Tx) EndMemberSessions(org iam.OrganizationID, member iam.MemberID, method, why string, at time.Time) (int, error) {
	n, err := tx.exec(`UPDATE sessions SET ended_at = ?, ended_why = ?
		WHERE org_id = ? AND member_id = ? AND ended_at IS NULL AND expires_at > ? AND (method = ? OR ? = '')`,
		micros(at), why, org, member, micros(at), method, method)
	return int(n), err
}

// EndSAMLSessions ends the sessions of an organization that began by SAML, or with
// a domain those of members whose address lies in it, and returns how many there
// were. Sessions that began with a password go on: they do not stand on the
// identity provider.
func (tx *Tx) EndSAMLSessions(org iam.OrganizationID, domain, why string, at time.Time) (int, error) {
	text, args := `UPDATE sessions SET ended_at = ?, ended_why = ?
		WHERE org_id = ? AND method = 'saml' AND ended_at IS NULL AND expires_at > ?`, []any{micros(at), why, org, micros(at)}
	if domain != "" {
		// A folded domain holds no character that LIKE takes for a pattern.
		text += ` AND member_id IN (SELECT id FROM users WHERE org_id = ? AND login_key LIKE ?)`
		args = append(args, org, "%@"+domain)
	}
	n, err := tx.exec(text, args...)
	return int(n), err
}

// DeleteOldSessions deletes at most limit sessions that would have expired before
// a time, however they ended, and returns how many.
func (tx *Tx) DeleteOldSessions(org iam.OrganizationID, before time.Time, limit int) (int64, error) {
	return tx.exec(`DELETE FROM sessions WHERE org_id = ? AND id IN (
		SELECT id FROM sessions WHERE org_id = ? AND expires_at < ? ORDER BY expires_at LIMIT ?)`, org, org, micros(before), limit)
}

// SessionLimits is how long sessions of an organization last.
type SessionLimits struct {
	Idle time.Duration // without a request
	Life time.Duration // in all
}

func minutes(idle, life int64) SessionLimits {
	return SessionLimits{Idle: time.Duration(idle) * time.Minute, Life: time.Duration(life) * time.Minute}
}

// SessionLimits returns how long sessions last; iam.ErrNotFound.
func (r *Reader) SessionLimits(org iam.OrganizationID) (SessionLimits, error) {
	scan := func(row scanner) (SessionLimits, error) {
		var idle, life int64
		err := row.Scan(&idle, &life)
		return minutes(idle, life), err
	}
	return one(r, scan, `SELECT session_idle_minutes, session_minutes FROM organizations WHERE org_id = ?`, org)
}

// SetSessionLimits writes how long sessions last, in whole minutes, of an
// organization that the transaction has locked.
func (tx *Tx) SetSessionLimits(org iam.OrganizationID, l SessionLimits) error {
	_, err := tx.exec(`UPDATE organizations SET session_idle_minutes = ?, session_minutes = ? WHERE org_id = ?`,
		int64(l.Idle/time.Minute), int64(l.Life/time.Minute), org)
	return err
}
