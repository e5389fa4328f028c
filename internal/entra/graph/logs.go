package graph

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
)

// logKinds are the properties of a provisioningObjectSummary that $filter knows.
var logKinds = map[string]kind{
	"id": kindText, "changeId": kindText, "cycleId": kindText, "jobId": kindText, "tenantId": kindText, "activityDateTime": kindTime, "provisioningAction": kindText,
	"provisioningStatusInfo/status": kindText, "provisioningStatusInfo/errorInformation/errorCode": kindText,
	"sourceIdentity/id": kindText, "sourceIdentity/displayName": kindText, "sourceIdentity/identityType": kindText,
	"targetIdentity/id": kindText, "targetIdentity/displayName": kindText, "targetIdentity/identityType": kindText,
	"servicePrincipal/id": kindText, "servicePrincipal/displayName": kindText, "sourceSystem/displayName": kindText, "targetSystem/displayName": kindText,
	"initiatedBy/displayName": kindText, "initiatedBy/initiatorType": kindText,
}

// enum is a word as Graph writes the values of an enumeration: stagedDelete.
func enum[T ~string](s T) string {
	if s == "" {
		return ""
	}
	return strings.ToLower(string(s[0])) + string(s[1:])
}

// logDocument is a provisioningObjectSummary (Microsoft Graph docs, "provisioningobjectsummary").
func logDocument(e cycle.LogEntry) object {
	status := object{"status": enum(e.Status), "errorInformation": nil}
	if e.Error != nil {
		status["errorInformation"] = object{
			"errorCode": e.Error.Code, "reason": nullable(e.Error.Reason), "additionalDetails": nullable(e.Error.AdditionalDetails),
			"errorCategory": nullable(enum(e.Error.Category)), "recommendedAction": nullable(e.Error.RecommendedAction),
		}
	}
	steps := []any{}
	for _, s := range e.Steps {
		details := object{}
		for _, d := range s.Details {
			details[d.Key] = d.Value
		}
		steps = append(steps, object{
			"name": s.Name, "provisioningStepType": string(s.Type), "status": enum(s.Status), "description": s.Description, "details": details,
		})
	}
	identity := func(i cycle.Identity) object {
		return object{"id": nullable(i.ID), "displayName": nullable(i.DisplayName), "identityType": nullable(i.Type), "details": object{}}
	}
	return object{
		"id": e.ID, "activityDateTime": moment(e.At), "tenantId": string(e.TenantID), "jobId": string(e.JobID), "cycleId": nullable(e.CycleID), "changeId": e.ChangeID,
		"provisioningAction": enum(e.Action), "durationInMilliseconds": e.Duration.Milliseconds(), "provisioningStatusInfo": status,
		"provisioningSteps": steps, "modifiedProperties": modifiedProperties(e.Modified), "sourceIdentity": identity(e.Source), "targetIdentity": identity(e.Target),
		"servicePrincipal": object{"id": string(e.ApplicationID), "displayName": e.ApplicationName},
		"sourceSystem":     object{"id": nil, "displayName": cycle.SourceSystem, "details": object{}},
		"targetSystem": object{"id": nil, "displayName": cycle.TargetSystem, "details": object{
			"ApplicationId": string(e.ApplicationID), "ServicePrincipalId": string(e.ApplicationID), "ServicePrincipalDisplayName": e.ApplicationName,
		}},
		"initiatedBy": object{"id": nil, "initiatorType": "system", "displayName": cycle.InitiatorName},
	}
}

// logFilter is what of a $filter the service can look for by itself.
func logFilter(f *filter) cycle.LogFilter {
	narrow := cycle.LogFilter{
		JobID: cycle.JobID(f.equal("jobId")), CycleID: f.equal("cycleId"), ChangeID: f.equal("changeId"),
		ApplicationID: directory.ID(strings.ToLower(f.equal("servicePrincipal/id"))),
	}
	narrow.Since, narrow.Until = f.between("activityDateTime")
	for _, action := range []cycle.Action{cycle.ActionCreate, cycle.ActionUpdate, cycle.ActionDelete, cycle.ActionDisable, cycle.ActionStagedDelete, cycle.ActionOther} {
		if strings.EqualFold(f.equal("provisioningAction"), string(action)) {
			narrow.Actions = []cycle.Action{action}
		}
	}
	for _, status := range []cycle.Result{cycle.Success, cycle.Failure, cycle.Skipped, cycle.Warning} {
		if strings.EqualFold(f.equal("provisioningStatusInfo/status"), string(status)) {
			narrow.Statuses = []cycle.Result{status}
		}
	}
	return narrow
}

// listLogs: Microsoft Graph docs, "provisioningobjectsummary-list"; the newest first.
func (x *exchange) listLogs() error {
	q, err := x.query(options{properties: logKinds})
	if err != nil {
		return err
	}
	if q.selected != nil {
		return bad("The query option '$select' is not supported here.")
	}
	before, err := number(q.after)
	if err != nil {
		return err
	}
	narrow := logFilter(q.filter)
	q.after = strconv.FormatInt(before, 10)
	return page(x, "auditLogs/provisioning", q, source[cycle.LogEntry]{
		key: func(e cycle.LogEntry) string { return strconv.FormatInt(e.Seq, 10) }, document: logDocument,
		read: func(after string, limit int) ([]cycle.LogEntry, error) {
			narrow.Limit = limit
			if narrow.Before, err = number(after); err != nil {
				return nil, err
			}
			entries, _, err := x.api.cycle.Logs(x.r.Context(), narrow)
			return entries, err
		},
	})
}

// number is the place of a list that goes by numbers; 0 for the first page.
func number(after string) (int64, error) {
	if after == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(after, 10, 64)
	if err != nil || n < 0 {
		return 0, refuse(http.StatusBadRequest, codePageToken, "The specified page token is not one of this list.")
	}
	return n, nil
}

// getLog is one entry by its id or change id.
func (x *exchange) getLog() error {
	e, err := x.logEntry()
	if err != nil {
		return err
	}
	return x.one(http.StatusOK, "auditLogs/provisioning/$entity", logDocument(e))
}

func (x *exchange) logEntry() (cycle.LogEntry, error) {
	return x.api.cycle.LogEntry(x.r.Context(), x.r.PathValue("entry"))
}

var auditKinds = map[string]kind{
	"id": kindText, "activityDateTime": kindTime, "activityDisplayName": kindText, "category": kindText, "loggedByService": kindText, "result": kindText, "operationType": kindText,
	"initiatedBy/user/id": kindText, "initiatedBy/user/userPrincipalName": kindText,
}

// auditDocument is a directoryAudit (Microsoft Graph docs, "directoryaudit").
func (x *exchange) auditDocument(e cycle.AuditEntry) object {
	by := object{"user": nil, "app": object{"appId": nil, "displayName": e.By.Name, "servicePrincipalId": nil, "servicePrincipalName": nil}}
	if e.By.ID != "" {
		by = object{"app": nil, "user": object{"id": string(e.By.ID), "displayName": nil, "userPrincipalName": e.By.Name, "ipAddress": nil, "roles": []any{}}}
	}
	kind := map[cycle.Activity]string{cycle.ActivityAdd: "Add", cycle.ActivityDelete: "Delete"}[e.Activity]
	if kind == "" {
		kind = "Update"
	}
	return object{
		"id": "Sync_" + strconv.FormatInt(e.Seq, 10), "activityDateTime": moment(e.At), "activityDisplayName": string(e.Activity), "category": "ApplicationManagement",
		"loggedByService": "Account Provisioning", "operationType": kind, "result": "success", "resultReason": "", "correlationId": nil, "initiatedBy": by,
		"targetResources":   []any{object{"id": string(e.ApplicationID), "displayName": nil, "type": "ServicePrincipal", "userPrincipalName": nil, "groupType": nil, "modifiedProperties": modifiedProperties(e.Modified)}},
		"additionalDetails": []any{object{"key": "JobId", "value": string(e.JobID)}},
	}
}

// listAudits: Microsoft Graph docs, "directoryaudit-list"; the newest first. Of all changes in
// a tenant the stand-in keeps those of provisioning.
func (x *exchange) listAudits() error {
	q, err := x.query(options{properties: auditKinds})
	if err != nil {
		return err
	}
	if q.selected != nil {
		return bad("The query option '$select' is not supported here.")
	}
	before, err := number(q.after)
	if err != nil {
		return err
	}
	q.after = strconv.FormatInt(before, 10)
	return page(x, "auditLogs/directoryAudits", q, source[cycle.AuditEntry]{
		key: func(e cycle.AuditEntry) string { return strconv.FormatInt(e.Seq, 10) }, document: x.auditDocument,
		read: func(after string, limit int) ([]cycle.AuditEntry, error) {
			before, err := number(after)
			if err != nil {
				return nil, err
			}
			return x.api.cycle.Audit(x.r.Context(), "", before, limit)
		},
	})
}

// The identifiers of Microsoft Entra ID P1 (Microsoft Entra docs, "licensing-service-plan-reference").
const (
	premiumSKU  = "078d2b04-f1bd-4111-bbd4-b4b1b354cef4"
	premiumPlan = "41781fb2-bc02-4b7c-bd55-b576c07bb09d"
)

// listSKUs: Microsoft Graph docs, "subscribedsku-list". Free is the absence of any.
func (x *exchange) listSKUs() error {
	licence, err := x.api.directory.Licence(x.r.Context())
	if err != nil {
		return err
	}
	tenant, err := x.api.directory.Tenant(x.r.Context())
	if err != nil {
		return err
	}
	var values []any
	if licence == directory.LicenceP1 {
		values = append(values, object{
			"id": string(tenant.ID) + "_" + premiumSKU, "skuId": premiumSKU, "skuPartNumber": "AAD_PREMIUM", "capabilityStatus": "Enabled", "appliesTo": "User",
			"consumedUnits": 0, "prepaidUnits": object{"enabled": 1, "suspended": 0, "warning": 0, "lockedOut": 0},
			"servicePlans": []any{object{"servicePlanId": premiumPlan, "servicePlanName": "AAD_PREMIUM", "provisioningStatus": "Success", "appliesTo": "User"}},
		})
	}
	return x.many("subscribedSkus", values, "")
}

func (x *exchange) listOrganizations() error {
	tenant, err := x.api.directory.Tenant(x.r.Context())
	if err != nil {
		return err
	}
	return x.many("organization", []any{object{
		"id": string(tenant.ID), "displayName": tenant.DisplayName, "verifiedDomains": []any{object{"name": tenant.DefaultDomain, "isDefault": true, "isInitial": true}},
	}}, "")
}

// durationOf is how long a cycle took, or has taken.
func durationOf(c cycle.Cycle, now time.Time) time.Duration {
	end := c.EndedAt
	if end.IsZero() {
		end = now
	}
	return end.Sub(c.StartedAt)
}
