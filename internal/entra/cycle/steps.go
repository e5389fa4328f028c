package cycle

import (
	"fmt"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// The steps of an entry and their texts, as the Steps tab of the real logs shows them
// (Microsoft Entra docs, "concept-provisioning-logs" and "provision-on-demand"; observed).

func importStep(o object, linked, onDemand bool, attributes []Detail) Step {
	step := Step{Type: StepImport, Status: Success, Details: attributes}
	change := "Add"
	switch {
	case onDemand:
		step.Name = "EntryImport"
		step.Description = fmt.Sprintf("Retrieved %s '%s' from %s", o.kind, o.name(), SourceSystem)
		return step
	case o.gone:
		change = "Delete"
	case linked:
		change = "Update"
	}
	step.Name = "EntryImport" + change
	step.Description = fmt.Sprintf("Received %s '%s' change of type (%s) from %s", o.kind, o.name(), change, SourceSystem)
	return step
}

func yesNo(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

func scopingStep(o object, v verdict) Step {
	status := Success
	if !v.in {
		status = Skipped
	}
	assigned := yesNo(v.assigned)
	if v.syncAll {
		assigned = "Scope sync all"
	}
	details := []Detail{
		{"Active in the source system", yesNo(v.active)},
		{"Assigned to the application", assigned},
	}
	if o.kind == mapping.KindUser {
		// An application made from no template has the one role "User", which is enough.
		details = append(details, Detail{"User has the required role", yesNo(v.assigned)})
	}
	details = append(details, Detail{"Scoping filter evaluation passed", yesNo(v.filter)}, Detail{"ScopeEvaluationResult", "{" + strings.Join(v.rows, ",") + "}"})
	return Step{
		Name: "EntrySynchronizationScoping", Type: StepScoping, Status: status, Details: details,
		Description: fmt.Sprintf("Determine if %s in scope by evaluating against each scoping filter", o.kind),
	}
}

func matchingStep(status Result, details []Detail) Step {
	return Step{Name: "EntryImport", Type: StepMatching, Status: status, Description: "Retrieved  '' from " + TargetSystem, Details: details}
}

func matchedStep(name string, details []Detail) Step {
	return Step{Name: "EntryImport", Type: StepMatching, Status: Success, Description: fmt.Sprintf("Retrieved  '%s' from %s", name, TargetSystem), Details: details}
}

func addStep(o object) Step {
	return Step{
		Name: "EntrySynchronizationAdd", Type: StepProcessing, Status: Success,
		Description: fmt.Sprintf("%s '%s' will be created in %s (%s is active and assigned in %s, but no matching %s was found in %s)",
			o.kind, o.name(), TargetSystem, o.kind, SourceSystem, o.kind, TargetSystem),
	}
}

func updateStep(o object) Step {
	return Step{
		Name: "EntrySynchronizationUpdate", Type: StepProcessing, Status: Success,
		Description: fmt.Sprintf("%s '%s' will be updated in %s (%s is active and assigned in %s, and a matching %s was found in %s)",
			o.kind, o.name(), TargetSystem, o.kind, SourceSystem, o.kind, TargetSystem),
	}
}

func disableStep(o object, why string) Step {
	return Step{
		Name: "EntrySynchronizationUpdate", Type: StepProcessing, Status: Success,
		Description: fmt.Sprintf("%s '%s' will be disabled in %s (%s)", o.kind, o.name(), TargetSystem, why),
	}
}

func deleteStep(o object, why string) Step {
	return Step{
		Name: "EntrySynchronizationDelete", Type: StepProcessing, Status: Success,
		Description: fmt.Sprintf("%s '%s' will be deleted in %s (%s)", o.kind, o.name(), TargetSystem, why),
	}
}

func skipStep(o object, reason, text string) Step {
	return Step{
		Name: "EntrySynchronizationSkip", Type: StepProcessing, Status: Skipped,
		Description: fmt.Sprintf("%s '%s' will be skipped. %s", o.kind, o.name(), text),
		Details:     []Detail{{"SkipReason", reason}},
	}
}

func referenceStep(o object, status Result, text string) Step {
	return Step{
		Name: "EntrySynchronizationReferenceResolution", Type: StepReference, Status: status,
		Description: fmt.Sprintf("%s '%s': %s", o.kind, o.name(), text),
	}
}

// exportStep is the last step: what was sent, and whether it was taken.
func exportStep(o object, action Action, err error) Step {
	name, did, verb := "EntryExportUpdate", "was updated", "update"
	switch action {
	case ActionCreate:
		name, did, verb = "EntryExportAdd", "was created", "create"
	case ActionDelete:
		name, did, verb = "EntryExportDelete", "was deleted", "delete"
	case ActionDisable:
		did, verb = "was disabled", "disable"
	}
	step := Step{
		Name: name, Type: StepExport, Status: Success, Details: []Detail{{"ReportableIdentifier", o.name()}},
		Description: fmt.Sprintf("%s '%s' %s in %s", o.kind, o.name(), did, TargetSystem),
	}
	if err != nil {
		step.Status = Failure
		step.Description = fmt.Sprintf("Failed to %s %s '%s' in %s", verb, o.kind, o.name(), TargetSystem)
		step.Details = append(step.Details, Detail{"Error", err.Error()})
	}
	return step
}

// skipSentences say why an object was skipped.
var skipSentences = map[string]string{
	SkipRedundantExport:     "The state of the object in both the source and target systems already match.",
	SkipNotEntitled:         "It is not effectively entitled: neither the object nor a group that it is a direct member of is assigned to the application.",
	SkipNotInScope:          "It does not pass the scoping filters.",
	SkipInactive:            "It is not active in the source system: the account is disabled or deleted.",
	SkipOutOfScopeDeletions: "It went out of scope, and SkipOutOfScopeDeletions leaves it as it is.",
	SkipActionDisabled:      "The action is switched off in the mapping.",
	SkipSecurityNotEnabled:  "The group is not security-enabled.",
	SkipLicence:             "Provisioning groups needs Microsoft Entra ID P1 or higher.",
	CodeImportSkipped:       "All matching attributes are null in the source system, so the object cannot be matched.",
	CodeAccidentalDeletes:   "More objects would be disabled or deleted than the accidental deletion threshold allows. Nothing is deleted until deletes are allowed.",
}
