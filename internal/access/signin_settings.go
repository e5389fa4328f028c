package access

import (
	"context"
	"fmt"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// SignInSettings are how people of an organization sign in and for how long.
type SignInSettings struct {
	IDPInitiated bool          // sign-ins that begin at the identity provider are accepted
	SessionIdle  time.Duration // a session ends this long after its last request
	SessionLife  time.Duration // and this long after it began, whatever happens
}

// SignInChange is what to change of them; nil leaves.
type SignInChange struct {
	IDPInitiated *bool // needs a SAML connection; a new connection begins without
	SessionIdle  *time.Duration
	SessionLife  *time.Duration
}

// Bounds of the session settings. NIST SP 800-63B-4 section 2.2.3 wants no session
// of a company's people to outlive a day.
const (
	MinSessionIdle = 5 * time.Minute
	MinSessionLife = 15 * time.Minute
	MaxSession     = 24 * time.Hour
)

// SignInSettings returns the settings.
func (s *Service) SignInSettings(ctx context.Context, org iam.OrganizationID) (SignInSettings, error) {
	var found SignInSettings
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) (err error) {
		found, err = signInSettings(r, org)
		return err
	})
	return found, err
}

func signInSettings(r *store.Reader, org iam.OrganizationID) (SignInSettings, error) {
	limits, err := r.SessionLimits(org)
	if err != nil {
		return SignInSettings{}, fmt.Errorf("read the session settings: %w", err)
	}
	found := SignInSettings{SessionIdle: limits.Idle, SessionLife: limits.Life}
	c, err := r.Connection(org)
	if err != nil && iam.KindOf(err) != iam.KindNotFound {
		return SignInSettings{}, fmt.Errorf("read the SAML connection: %w", err)
	}
	found.IDPInitiated = c.IDPInitiated
	return found, nil
}

// SetSignIn changes the settings. A shorter idle time holds for the sessions there
// are, a shorter life for those that begin.
func (s *Service) SetSignIn(ctx context.Context, actor iam.Actor, org iam.OrganizationID, in SignInChange) (SignInSettings, error) {
	var after SignInSettings
	err := s.write(ctx, actor, org, func(w *change) error {
		before, err := signInSettings(w.tx.Reader, org)
		if err != nil {
			return err
		}
		after = before
		if in.SessionIdle != nil {
			after.SessionIdle = *in.SessionIdle
		}
		if in.SessionLife != nil {
			after.SessionLife = *in.SessionLife
		}
		if err := checkSessions(after); err != nil {
			return err
		}
		if in.IDPInitiated != nil {
			after.IDPInitiated = *in.IDPInitiated
		}
		if err := w.setSessions(before, after); err != nil {
			return err
		}
		return w.setIDPInitiated(before.IDPInitiated, after.IDPInitiated)
	})
	if err != nil {
		return SignInSettings{}, err
	}
	return after, nil
}

func checkSessions(s SignInSettings) error {
	switch {
	case s.SessionIdle < MinSessionIdle || s.SessionIdle > MaxSession:
		return iam.Errorf(iam.KindInvalid, "a session can end after %s to %s without a request; %s was given", MinSessionIdle, MaxSession, s.SessionIdle).On("session-idle")
	case s.SessionLife < MinSessionLife || s.SessionLife > MaxSession:
		return iam.Errorf(iam.KindInvalid, "a session can last %s to %s; %s was given", MinSessionLife, MaxSession, s.SessionLife).On("session-life")
	case s.SessionIdle > s.SessionLife:
		return iam.Errorf(iam.KindInvalid, "a session cannot be idle for %s when it lasts %s in all; give a shorter idle time", s.SessionIdle, s.SessionLife).On("session-idle")
	case s.SessionIdle%time.Minute != 0 || s.SessionLife%time.Minute != 0:
		return iam.Errorf(iam.KindInvalid, "sessions are counted in whole minutes").On("session-idle")
	}
	return nil
}

func (w *change) setSessions(before, after SignInSettings) error {
	if before.SessionIdle == after.SessionIdle && before.SessionLife == after.SessionLife {
		return nil
	}
	if err := w.tx.SetSessionLimits(w.org.ID, store.SessionLimits{Idle: after.SessionIdle, Life: after.SessionLife}); err != nil {
		return fmt.Errorf("store the session settings: %w", err)
	}
	return w.audit(iam.AuditEvent{
		Type: iam.SessionSettingsUpdate, TargetType: "organization", TargetID: string(w.org.ID), TargetName: w.org.Name,
		Details: map[string]any{
			"before": map[string]any{"idle": before.SessionIdle.String(), "life": before.SessionLife.String()},
			"after":  map[string]any{"idle": after.SessionIdle.String(), "life": after.SessionLife.String()},
		},
	})
}

func (w *change) setIDPInitiated(before, after bool) error {
	if before == after {
		return nil
	}
	c, err := w.tx.Connection(w.org.ID)
	if iam.KindOf(err) == iam.KindNotFound {
		return iam.Errorf(iam.KindConflict, "there is no SAML connection; connect the identity provider first").On("idp-initiated")
	}
	if err != nil {
		return fmt.Errorf("read the SAML connection: %w", err)
	}
	if err := w.tx.SetIDPInitiated(w.org.ID, after); err != nil {
		return fmt.Errorf("store the SAML connection: %w", err)
	}
	return w.audit(iam.AuditEvent{
		Type: iam.SAMLConnectionUpdate, TargetType: "saml", TargetID: string(w.org.ID), TargetName: c.IdPEntityID,
		Details: map[string]any{"idpInitiated": after},
	})
}
