package cycle

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Problem sorts errors for the doors.
type Problem string

const (
	NotFound Problem = "not found"
	Invalid  Problem = "invalid"  // the value is wrong in itself
	Conflict Problem = "conflict" // the job is in a state that does not allow it
)

// Error is an answer to a wrong request. Its text is for the person who made it.
type Error struct {
	Problem Problem
	Message string
}

func (e *Error) Error() string { return e.Message }

// IsProblem tells whether the error is one of that kind.
func IsProblem(err error, p Problem) bool {
	var own *Error
	return errors.As(err, &own) && own.Problem == p
}

func refuse(p Problem, format string, args ...any) error {
	return &Error{Problem: p, Message: fmt.Sprintf(format, args...)}
}

// Error codes of the provisioning logs (Microsoft Entra docs,
// "howto-analyze-provisioning-logs"), and the skip reasons beside them.
const (
	CodeConflict             = "Conflict"
	CodeTooManyRequests      = "TooManyRequests"
	CodeInternalServerError  = "InternalServerError"
	CodeInsufficientRights   = "InsufficientRights"
	CodeMethodNotAllowed     = "MethodNotAllowed"
	CodeUnauthorized         = "Unauthorized"
	CodeUnprocessableEntity  = "UnprocessableEntity"
	CodeWebException         = "WebExceptionProtocolError"
	CodeInvalidAnchor        = "InvalidAnchor"
	CodeNotImplemented       = "NotImplemented"
	CodeMandatoryMissing     = "MandatoryFieldsMissing"
	CodeInternalError        = "InternalError"
	CodeTimeout              = "Timeout"
	CodeDuplicateTarget      = "DuplicateTargetEntries"
	CodeDuplicateSource      = "DuplicateSourceEntries"
	CodeImportSkipped        = "ImportSkipped"
	CodeSyncSkipped          = "EntrySynchronizationSkipped"
	CodeMultipleInResponse   = "SystemForCrossDomainIdentityManagementMultipleEntriesInResponse"
	CodeIncompatible         = "SystemForCrossDomainIdentityManagementServiceIncompatible"
	CodeAccidentalDeletes    = "AccidentalDeletionsPrevented"
	SkipRedundantExport      = "RedundantExport"
	SkipNotEntitled          = "NotEffectivelyEntitled"
	SkipNotInScope           = "NotInProvisioningScope"
	SkipInactive             = "NotActiveInSourceSystem"
	SkipOutOfScopeDeletions  = "SkipOutOfScopeDeletions"
	SkipActionDisabled       = "ActionNotEnabledInMapping"
	SkipSecurityNotEnabled   = "GroupIsNotSecurityEnabled"
	SkipLicence              = "GroupsNeedEntraIDP1"
	categoryFailure          = "Failure"
	categoryNonServiceFailed = "NonServiceFailure"
)

// recommendations are the sentences of the Troubleshooting & Recommendations tab.
var recommendations = map[string]string{
	CodeConflict:            "Another object of the target has a value that must be unique. Correct the value in Microsoft Entra ID or in the application, or, if that object is this one, choose matching attributes that find it.",
	CodeTooManyRequests:     "The target refuses more requests for now. Nothing needs to be done: the change is tried again.",
	CodeInternalServerError: "The target had an error of its own. The change is tried again in the next cycle; if it stays, ask the people who run the target.",
	CodeInsufficientRights:  "The credentials work, but do not allow this change. Check what the secret token may do, and whether SCIM is enabled in the target.",
	CodeMethodNotAllowed:    "The target does not offer this operation. Switch the action off in the mapping, or ask the people who run the target.",
	CodeUnauthorized:        "The target refused the secret token. Make a new token there, save it under Admin Credentials, and choose Test Connection.",
	CodeUnprocessableEntity: "The target understood the request and refused a value in it. The answer says which one; correct it in the directory or in the mapping.",
	CodeWebException:        "No complete answer came from the target. Check the tenant URL, and that the target is running and reachable.",
	CodeInvalidAnchor:       "The object that was linked to this one is gone from the target. Restart provisioning with a full reset, so that objects are matched anew.",
	CodeNotImplemented:      "The target has not built this operation. Switch the action off in the mapping, or ask the people who run the target.",
	CodeMandatoryMissing:    "Fill the attribute in the directory, or change its mapping.",
	CodeInternalError:       "The mapping could not be evaluated for this object. Correct the expression that is named.",
	CodeTimeout:             "The target took too long to answer. The change is tried again.",
	CodeDuplicateTarget:     "Remove one of the objects from the target, or choose matching attributes that are unique there.",
	CodeDuplicateSource:     "Give the two objects of the directory different values in the matching attribute.",
	CodeImportSkipped:       "Fill the matching attribute in the directory, or choose another one in the mapping.",
	CodeMultipleInResponse:  "The target answered a filter that can match one object with several. Ask the people who run the target to make a filter for an id return that object alone.",
	CodeIncompatible:        "The target's answer is not one that SCIM allows here. The answer says what it objects to; correct the value, the mapping or the target.",
	CodeAccidentalDeletes:   "If the deletions are meant, choose Allow deletes. If not, correct the assignments or the scoping filter and restart provisioning.",
	SkipRedundantExport:     "Nothing: source and target agree.",
	SkipNotEntitled:         "Assign the object, or a group that it is a direct member of, to the application, or change the scope to Sync all users and groups.",
	SkipNotInScope:          "Change the scoping filter, or the attribute that it looks at.",
	SkipInactive:            "Enable the account in the directory. Disabled and deleted accounts are not provisioned.",
	SkipOutOfScopeDeletions: "Nothing: the setting SkipOutOfScopeDeletions leaves objects that go out of scope as they are.",
	SkipActionDisabled:      "Switch the action on in the mapping, if it is wanted.",
	SkipSecurityNotEnabled:  "Only security-enabled groups are provisioned.",
	SkipLicence:             "Provisioning groups needs Microsoft Entra ID P1 or higher; without it only users who are assigned directly are provisioned.",
}

// TargetError is a request to the target that did not do what it should.
type TargetError struct {
	Code   string // an error code of the logs
	Status int    // 0 = no answer
	Answer string // the body, byte for byte
	// Reason says what is wrong where that is not the status: no answer, or one that cannot be used.
	Reason string
}

// incompatible is the sentence that stands before every answer of a target (observed).
const incompatible = "The SCIM endpoint is not fully compatible with the Azure Active Directory SCIM client. " +
	"Please refer to the Azure Active Directory SCIM provisioning documentation and adapt the SCIM endpoint to be able to process provisioning requests from Azure Active Directory."

// Error repeats the target's answer verbatim, in the words around it that the service uses
// (observed in public reports of provisioning logs).
func (e *TargetError) Error() string {
	if e.Status == 0 {
		return e.Reason
	}
	text := incompatible
	if e.Reason != "" {
		text = e.Reason
	}
	return text + " StatusCode: " + statusName(e.Status) +
		" Message: Processing of the HTTP request resulted in an exception. Please see the HTTP response returned by the 'Response' property of this exception for details." +
		" Web Response: " + e.Answer
}

// statusName is a status as .NET names it: BadRequest for 400.
func statusName(status int) string {
	if name := strings.NewReplacer(" ", "", "-", "", "'", "").Replace(http.StatusText(status)); name != "" {
		return name
	}
	return fmt.Sprint(status)
}

// codeOf is the error code for a refused request.
func codeOf(status int) string {
	switch {
	case status == http.StatusUnauthorized:
		return CodeUnauthorized
	case status == http.StatusForbidden:
		return CodeInsufficientRights
	case status == http.StatusMethodNotAllowed:
		return CodeMethodNotAllowed
	case status == http.StatusConflict:
		return CodeConflict
	case status == http.StatusUnprocessableEntity:
		return CodeUnprocessableEntity
	case status == http.StatusTooManyRequests:
		return CodeTooManyRequests
	case status == http.StatusNotImplemented:
		return CodeNotImplemented
	case status >= 500:
		return CodeInternalServerError
	}
	return CodeIncompatible
}

// retrySentence ends the reason of every failure that is tried again (observed).
func retrySentence(retries int, next time.Time) string {
	return fmt.Sprintf(" This operation was retried %d times. It will be retried again after this date: %s UTC",
		retries, next.UTC().Format("2006-01-02T15:04:05.0000000Z"))
}

// gaveUpSentence ends the reason of one that is not.
func gaveUpSentence(retries int) string {
	return fmt.Sprintf(" This operation was retried %d times. It will not be retried again until the object changes or provisioning is restarted.", retries)
}

// clip keeps a message short: what a person typed is repeated up to 200 characters.
func clip(s string) string {
	const most = 200
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
