package provision

import (
	"context"
	"errors"
	"log/slog"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/scim"
)

// answer turns any error of a use case into the *scim.Error that the client gets.
// what says what was attempted, for the log.
func (s *Service) answer(ctx context.Context, what string, c iam.SCIMCaller, err error) error {
	if err == nil {
		return nil
	}
	var answered *scim.Error
	if errors.As(err, &answered) {
		return answered
	}
	kind := iam.KindOf(err)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		kind = iam.KindUnavailable
	}
	if kind == iam.KindInternal || kind == iam.KindUnavailable {
		s.logger().ErrorContext(ctx, "provisioning", "attempt", what, "organization", string(c.Organization.ID), "error", causes(err))
	}
	switch kind {
	case iam.KindInvalid:
		return scim.Errorf(400, scim.InvalidValue, "%s", err)
	case iam.KindNotFound:
		return scim.Errorf(404, "", "%s", err)
	case iam.KindConflict:
		return scim.Errorf(409, scim.Uniqueness, "%s", err)
	case iam.KindForbidden:
		return scim.Errorf(403, "", "%s", err)
	case iam.KindPrecondition:
		return scim.Errorf(412, "", "%s", err)
	case iam.KindTooMany:
		return scim.Errorf(400, scim.TooMany, "%s", err)
	case iam.KindUnavailable:
		return scim.Errorf(503, "", "the server cannot reach its database at the moment; send the request again")
	}
	return scim.Errorf(500, "", "the server met an unexpected fault; quote the request id of this answer to its operator")
}

func (s *Service) logger() *slog.Logger {
	if s.Log != nil {
		return s.Log
	}
	return slog.Default()
}

// causes writes an error with what it wraps: an unavailable error shows its
// reader nothing, but the log must have it.
func causes(err error) string {
	text := err.Error()
	for {
		var e *iam.Error
		if !errors.As(err, &e) || e.Unwrap() == nil {
			return text
		}
		err = e.Unwrap()
		text += ": " + err.Error()
	}
}

func invalid(err error) error {
	return scim.Errorf(400, scim.InvalidValue, "%s", err)
}

func noUser(id string) error {
	return scim.Errorf(404, "", "there is no user with the id %q in this organization", iam.Clip(id))
}

func noGroup(id string) error {
	return scim.Errorf(404, "", "there is no group with the id %q in this organization", iam.Clip(id))
}

func staleMatch(version int64) error {
	return scim.Errorf(412, "", "the resource is at version %s, which If-Match does not name; read it again and repeat the change", ETag(version))
}
