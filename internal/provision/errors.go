package provision

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

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
		return scim.Errorf(http.StatusBadRequest, scim.InvalidValue, "%s", err)
	case iam.KindNotFound:
		return scim.Errorf(http.StatusNotFound, "", "%s", err)
	case iam.KindConflict:
		return scim.Errorf(http.StatusConflict, scim.Uniqueness, "%s", err)
	case iam.KindForbidden:
		return scim.Errorf(http.StatusForbidden, "", "%s", err)
	case iam.KindPrecondition:
		return scim.Errorf(http.StatusPreconditionFailed, "", "%s", err)
	case iam.KindTooMany:
		return scim.Errorf(http.StatusBadRequest, scim.TooMany, "%s", err)
	case iam.KindUnavailable:
		return scim.Errorf(http.StatusServiceUnavailable, "", "the server cannot reach its database at the moment; nothing was changed by this answer, try again")
	}
	return scim.Errorf(http.StatusInternalServerError, "", "the server met an unexpected fault; quote the request id of this answer to its operator")
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
	return scim.Errorf(http.StatusBadRequest, scim.InvalidValue, "%s", err)
}

func noUser(id string) error {
	return scim.Errorf(http.StatusNotFound, "", "there is no user with the id %q in this organization", iam.Clip(id))
}

func noGroup(id string) error {
	return scim.Errorf(http.StatusNotFound, "", "there is no group with the id %q in this organization", iam.Clip(id))
}

func staleMatch(version int64) error {
	return scim.Errorf(http.StatusPreconditionFailed, "", "the resource is at version %s, which If-Match does not name; read it again and repeat the change", ETag(version))
}
