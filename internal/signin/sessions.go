package signin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// SessionView is one row of a person's list of his sessions.
type SessionView struct {
	ID         string
	Method     string // MethodSAML, MethodLocal
	Address    string // whence it began
	UserAgent  string
	CreatedAt  time.Time
	LastSeenAt time.Time // to the minute
	ExpiresAt  time.Time // at the latest
	Current    bool      // the session that asks
}

// Sessions lists the live sessions of the person who asks, the one used last first.
func (s *Service) Sessions(ctx context.Context, sess Session) ([]SessionView, error) {
	now := s.now()
	r := s.DB.Read(ctx)
	limits, err := r.SessionLimits(sess.Organization.ID)
	if err != nil {
		return nil, trouble(err)
	}
	rows, err := r.MemberSessions(sess.Organization.ID, sess.Member, now)
	if err != nil {
		return nil, trouble(err)
	}
	var list []SessionView
	for _, row := range rows {
		current := row.ID == sess.ID
		if !current && now.Sub(row.LastSeenAt) >= limits.Idle {
			continue
		}
		list = append(list, SessionView{
			ID: row.ID, Method: row.Method, Address: row.Address, UserAgent: row.UserAgent,
			CreatedAt: row.CreatedAt, LastSeenAt: row.LastSeenAt, ExpiresAt: row.ExpiresAt, Current: current,
		})
	}
	return list, nil
}

// EndSession ends one of the sessions of the person who asks, also the one that
// asks. One that has ended already is no error; one that is not his is KindNotFound.
func (s *Service) EndSession(ctx context.Context, sess Session, id string) error {
	org, now := sess.Organization.ID, s.now()
	missing := iam.Errorf(iam.KindNotFound, "there is no such session of yours; look at the list again")
	if !iam.IsID(id) {
		return missing
	}
	why := store.EndedElsewhere
	if id == sess.ID {
		why = store.EndedSignOut
	}
	return trouble(s.DB.Write(ctx, func(tx *store.Tx) error {
		ended, err := tx.EndSession(org, sess.Member, id, why, now)
		if err != nil {
			return fmt.Errorf("end the session: %w", err)
		}
		if !ended {
			owner, err := tx.SessionMember(org, id)
			if errors.Is(err, iam.ErrNotFound) || err == nil && owner != sess.Member {
				return missing
			}
			return err
		}
		return tx.InsertAudit(logout(org, sess.Member, sess.Email, sess.Actor, id, why, now))
	}))
}

// endCookie ends the session of a cookie, if it has one, and says so in the audit log of
// its organization. It returns the session; the zero one for none.
func endCookie(tx *store.Tx, shown cookie, why string, c Client, now time.Time) (store.Session, error) {
	ended, err := tx.EndCookie(shown.org, shown.hash, why, now)
	if errors.Is(err, iam.ErrNotFound) {
		return store.Session{}, nil
	}
	if err != nil {
		return store.Session{}, fmt.Errorf("end the session: %w", err)
	}
	return ended, recordEnded(tx, shown.org, ended, c, now)
}

// recordEnded writes the audit event of a session that somebody signed out of.
func recordEnded(tx *store.Tx, org iam.OrganizationID, ended store.Session, c Client, now time.Time) error {
	user, err := tx.User(org, ended.Member)
	if errors.Is(err, iam.ErrNotFound) {
		return nil // his removal was recorded, and ended the session
	}
	if err != nil {
		return fmt.Errorf("read member %s: %w", ended.Member, err)
	}
	return tx.InsertAudit(logout(org, user.ID, user.UserName, c.actor(user.ID, user.UserName), ended.ID, ended.EndedWhy, now))
}

func logout(org iam.OrganizationID, member iam.MemberID, email string, actor iam.Actor, id, why string, now time.Time) iam.AuditEvent {
	return iam.AuditEvent{
		Organization: org, At: now, Type: iam.UserLogout, Actor: actor,
		TargetType: "user", TargetID: string(member), TargetName: email,
		Details: map[string]any{"session": id, "reason": why},
	}
}
