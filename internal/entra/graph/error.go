package graph

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/web"
	"github.com/rollcall/rollcall/internal/web/words"
)

// The codes of Graph's errors that are used here (Microsoft Graph docs, "errors"; those of the
// directory are observed).
const (
	codeBadRequest = "Request_BadRequest"
	codeNotFound   = "Request_ResourceNotFound"
	codeDenied     = "Authorization_RequestDenied"
	codeToken      = "InvalidAuthenticationToken"
	codeConflict   = "Conflict"
	codePageToken  = "Directory_ExpiredPageToken"
	codeTooLarge   = "RequestEntityTooLarge"
	codeInternal   = "InternalServerError"
	// codeCredentials is that of a target that does not answer the test call (observed in the portal).
	codeCredentials = "SystemForCrossDomainIdentityManagementCredentialValidationUnavailable"
)

// refusal is an answer to a wrong request.
type refusal struct {
	status  int
	code    string
	message string
	detail  string // the code of the one entry in "details"; "" for none
}

func (e *refusal) Error() string { return e.message }

func refuse(status int, code, format string, args ...any) error {
	return &refusal{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

func bad(format string, args ...any) error {
	return refuse(http.StatusBadRequest, codeBadRequest, format, args...)
}

// refusalOf gives an error of the packages below the status and code of Graph's; false for one
// that is no answer to a wrong request.
func refusalOf(err error) (*refusal, bool) {
	var own *refusal
	if errors.As(err, &own) {
		return own, true
	}
	var dir *directory.Error
	if errors.As(err, &dir) {
		switch dir.Problem {
		case directory.NotFound:
			return &refusal{http.StatusNotFound, codeNotFound, dir.Message, ""}, true
		case directory.Conflict: // observed: 400 with ObjectConflict in the details
			return &refusal{http.StatusBadRequest, codeBadRequest, dir.Message, "ObjectConflict"}, true
		case directory.Unlicensed:
			return &refusal{http.StatusForbidden, codeDenied, dir.Message, ""}, true
		case directory.Invalid:
			return &refusal{http.StatusBadRequest, codeBadRequest, dir.Message, ""}, true
		}
	}
	var file *directory.ImportError
	if errors.As(err, &file) {
		return &refusal{http.StatusBadRequest, codeBadRequest, file.Error(), ""}, true
	}
	var job *cycle.Error
	if errors.As(err, &job) {
		switch job.Problem {
		case cycle.NotFound:
			return &refusal{http.StatusNotFound, codeNotFound, job.Message, ""}, true
		case cycle.Conflict:
			return &refusal{http.StatusConflict, codeConflict, job.Message, ""}, true
		case cycle.Invalid:
			return &refusal{http.StatusBadRequest, codeBadRequest, job.Message, ""}, true
		}
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return &refusal{http.StatusRequestEntityTooLarge, codeTooLarge, fmt.Sprintf("The body is longer than %d bytes.", large.Limit), ""}, true
	}
	return nil, false
}

// fail answers an error in Graph's form. Of a fault of the stand-in's only the request id is
// shown; the cause is in the log.
func (x *exchange) fail(err error) {
	told, ok := refusalOf(err)
	if !ok {
		web.SetCause(x.r, err)
		told = &refusal{http.StatusInternalServerError, codeInternal, "Something went wrong in the stand-in; its log has the cause under the request id.", ""}
	}
	inner := object{"date": x.api.now().UTC().Format(time.RFC3339), "request-id": web.RequestID(x.r)}
	if id := x.r.Header.Get("client-request-id"); id != "" {
		inner["client-request-id"] = words.Clip(id)
	}
	document := object{"code": told.code, "message": told.message, "innerError": inner}
	if told.detail != "" {
		document["details"] = []any{object{"code": told.detail, "message": told.message}}
	}
	x.write(told.status, object{"error": document})
}
