package graph

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/internal/web/words"
)

// syncTemplate is the synchronization template of applications that are none of the gallery
// (observed: their job ids begin with it).
const syncTemplate = "scim"

// job finds the job of the path, which must be one of the service principal there.
func (x *exchange) job() (cycle.Job, error) {
	a, err := x.application()
	if err != nil {
		return cycle.Job{}, err
	}
	j, err := x.api.cycle.Job(x.r.Context(), cycle.JobID(x.r.PathValue("job")))
	if err == nil && j.ApplicationID != a.ID {
		err = refuse(http.StatusNotFound, codeNotFound, "The service principal %s has no synchronization job %q.", a.ID, words.Clip(x.r.PathValue("job")))
	}
	return j, err
}

// jobDocument is a synchronizationJob (Microsoft Graph docs, "synchronization-synchronizationjob").
func (x *exchange) jobDocument(j cycle.Job) (object, error) {
	status, err := x.statusDocument(j)
	if err != nil {
		return nil, err
	}
	state := "Disabled"
	if j.Status == cycle.StatusOn {
		state = "Active"
	}
	return object{
		"id": string(j.ID), "templateId": syncTemplate, "status": status, "synchronizationJobSettings": []any{},
		"schedule": object{"expiration": nil, "interval": period(x.api.interval()), "state": state},
	}, nil
}

// interval is the time between two cycles.
func (a *API) interval() time.Duration {
	if a.cycle.Interval <= 0 {
		return cycle.DefaultInterval
	}
	return a.cycle.Interval
}

// period is a duration as ISO 8601 has it: PT40M.
func period(d time.Duration) string {
	text := "PT"
	for _, part := range []struct {
		unit time.Duration
		name string
	}{{time.Hour, "H"}, {time.Minute, "M"}} {
		if n := d / part.unit; n > 0 {
			text += strconv.FormatInt(int64(n), 10) + part.name
			d -= n * part.unit
		}
	}
	if d > 0 || text == "PT" {
		text += strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "S"
	}
	return text
}

// statusDocument is a synchronizationStatus (Microsoft Graph docs,
// "synchronization-synchronizationstatus").
func (x *exchange) statusDocument(j cycle.Job) (object, error) {
	document := object{
		"code": statusCode(j), "countSuccessiveCompleteFailures": 0, "escrowsPruned": false, "lastExecution": nil, "lastSuccessfulExecution": nil,
		"lastSuccessfulExecutionWithExports": nil, "quarantine": nil, "troubleshootingUrl": nil, "progress": []any{},
		"steadyStateFirstAchievedTime": nil, "steadyStateLastAchievedTime": moment(j.Statistics.LastSuccess),
		"synchronizedEntryCountByType": []any{object{"key": "User", "value": j.Statistics.Users}, object{"key": "Group", "value": j.Statistics.Groups}},
	}
	if q := j.Quarantine; q != nil {
		document["countSuccessiveCompleteFailures"] = q.Attempts
		document["quarantine"] = object{
			"reason": string(q.Reason), "currentBegan": moment(q.Since), "seriesBegan": moment(q.Since), "seriesCount": q.Attempts, "nextAttempt": moment(q.NextAttempt),
			"error": object{"code": q.Code, "message": q.Message, "tenantActionable": true},
		}
	}
	cycles, err := x.api.cycle.Cycles(x.r.Context(), j.ID, 50)
	if err != nil {
		return nil, err
	}
	for i, c := range cycles {
		execution := x.execution(c)
		if i == 0 {
			document["lastExecution"] = execution
		}
		if c.Aborted != "" || c.Quarantined != "" {
			continue
		}
		if document["lastSuccessfulExecution"] == nil {
			document["lastSuccessfulExecution"] = execution
		}
		if exported(c) > 0 && document["lastSuccessfulExecutionWithExports"] == nil {
			document["lastSuccessfulExecutionWithExports"] = execution
		}
		document["steadyStateFirstAchievedTime"] = moment(c.EndedAt)
	}
	progress, err := x.api.cycle.Progress(x.r.Context(), j.ID)
	if err != nil {
		return nil, err
	}
	if progress.Running {
		document["progress"] = []any{object{
			"completedUnits": progress.Percent, "totalUnits": 100, "units": "Percent", "progressObservationDateTime": moment(x.api.now()),
		}}
	}
	return document, nil
}

// statusCode is the high-level status.
func statusCode(j cycle.Job) string {
	switch {
	case !j.HasCredentials():
		return "NotConfigured"
	case j.Quarantine != nil:
		return "Quarantine"
	case j.LastCycle == nil:
		return "NotRun"
	case j.Status == cycle.StatusOff:
		return "Paused"
	}
	return "Active"
}

func exported(c cycle.Cycle) int {
	n := 0
	for action, outcomes := range c.Outcomes {
		if action != cycle.ActionOther && action != cycle.ActionStagedDelete {
			n += outcomes[cycle.Success]
		}
	}
	return n
}

// execution is a synchronizationTaskExecution (Microsoft Graph docs,
// "synchronization-synchronizationtaskexecution").
func (x *exchange) execution(c cycle.Cycle) object {
	state := "Succeeded"
	var fault any
	if c.Aborted != "" || c.Quarantined != "" {
		state = "Failed"
		message := c.Quarantined
		if c.Aborted != "" {
			message = c.Aborted
		}
		fault = object{"code": "Aborted", "message": message, "tenantActionable": true}
	}
	failures := c.Count("", cycle.Failure)
	return object{
		"activityIdentifier": c.ID, "timeBegan": moment(c.StartedAt), "timeEnded": moment(c.EndedAt), "state": state, "error": fault,
		"countImported": c.Users + c.Groups, "countImportedDeltas": c.Users + c.Groups, "countImportedReferenceDeltas": c.Members,
		"countEntitled": c.Users + c.Groups, "countEntitledForProvisioning": c.Users + c.Groups - c.Count("", cycle.Skipped),
		"countExported": exported(c), "countExports": exported(c), "countEscrowed": failures, "countEscrowedRaw": failures, "countEscrowedReferences": 0,
	}
}

func (x *exchange) listJobs() error {
	a, err := x.application()
	if err != nil {
		return err
	}
	jobs, err := x.api.cycle.Jobs(x.r.Context(), a.ID)
	if err != nil {
		return err
	}
	var values []any
	for _, j := range jobs {
		document, err := x.jobDocument(j)
		if err != nil {
			return err
		}
		values = append(values, document)
	}
	return x.many("servicePrincipals('"+string(a.ID)+"')/synchronization/jobs", values, "")
}

func (x *exchange) listSyncTemplates() error {
	a, err := x.application()
	if err != nil {
		return err
	}
	return x.many("servicePrincipals('"+string(a.ID)+"')/synchronization/templates", []any{
		object{"id": syncTemplate, "applicationId": string(a.AppID), "default": true, "discoverable": false, "description": "SCIM 2.0 with a static token"},
	}, "")
}

func (x *exchange) createJob() error {
	f, err := x.body("synchronizationJob", maxBody)
	if err != nil {
		return err
	}
	a, err := x.application()
	if err != nil {
		return err
	}
	template, err := f.needText("templateId")
	if err != nil {
		return err
	}
	if err := f.done(); err != nil {
		return err
	}
	if template != syncTemplate {
		return bad("There is no synchronization template '%s' for this application; the stand-in has '%s'.", words.Clip(template), syncTemplate)
	}
	j, err := x.api.cycle.CreateJob(x.r.Context(), a.ID, x.by())
	if err != nil {
		return err
	}
	return x.answerJob(http.StatusCreated, j)
}

func (x *exchange) answerJob(status int, j cycle.Job) error {
	document, err := x.jobDocument(j)
	if err != nil {
		return err
	}
	return x.one(status, "servicePrincipals('"+string(j.ApplicationID)+"')/synchronization/jobs/$entity", document)
}

func (x *exchange) getJob() error {
	j, err := x.job()
	if err != nil {
		return err
	}
	return x.answerJob(http.StatusOK, j)
}

func (x *exchange) deleteJob() error {
	j, err := x.job()
	if err != nil {
		return err
	}
	if err := x.api.cycle.DeleteJob(x.r.Context(), j.ID, x.by()); err != nil {
		return err
	}
	return x.noContent()
}

func (x *exchange) startJob() error {
	j, err := x.job()
	if err != nil {
		return err
	}
	if _, err := x.api.cycle.Start(x.r.Context(), j.ID, x.by()); err != nil {
		return err
	}
	return x.noContent()
}

func (x *exchange) pauseJob() error {
	j, err := x.job()
	if err != nil {
		return err
	}
	if _, err := x.api.cycle.Stop(x.r.Context(), j.ID, x.by()); err != nil {
		return err
	}
	return x.noContent()
}

// restartJob: Microsoft Graph docs, "synchronization-synchronizationjobrestartcriteria". An
// empty resetScope is "Restart provisioning" of the portal. What the stand-in has one word for
// is taken together: a watermark goes with retries and quarantine.
func (x *exchange) restartJob() error {
	f, err := x.optionalBody("restart")
	if err != nil {
		return err
	}
	j, err := x.job()
	if err != nil {
		return err
	}
	scope := ""
	criteria, err := f.object("criteria", "synchronizationJobRestartCriteria")
	if err != nil {
		return err
	}
	if criteria != nil {
		if scope, _, err = criteria.text("resetScope"); err != nil {
			return err
		}
		if err := criteria.done(); err != nil {
			return err
		}
	}
	if err := f.done(); err != nil {
		return err
	}
	reset, deletes, err := resetOf(scope)
	if err != nil {
		return err
	}
	if deletes {
		_, err = x.api.cycle.AllowDeletes(x.r.Context(), j.ID, x.by())
	} else {
		_, err = x.api.cycle.Restart(x.r.Context(), j.ID, reset, x.by())
	}
	if err != nil {
		return err
	}
	return x.noContent()
}

func resetOf(scope string) (reset cycle.Reset, deletes bool, err error) {
	if strings.TrimSpace(scope) == "" {
		return cycle.ResetWatermark, false, nil
	}
	rank := map[cycle.Reset]int{"": 0, cycle.ResetEscrows: 1, cycle.ResetWatermark: 2, cycle.ResetFull: 3}
	for _, word := range strings.Split(scope, ",") {
		var one cycle.Reset
		switch word = strings.TrimSpace(word); word {
		case "ForceDeletes":
			deletes = true
			continue
		case "Escrows":
			one = cycle.ResetEscrows
		case "Watermark", "QuarantineState":
			one = cycle.ResetWatermark
		case "Full":
			one = cycle.ResetFull
		default:
			return "", false, bad("The resetScope %q is none of Escrows, Watermark, QuarantineState, Full and ForceDeletes.", words.Clip(word))
		}
		if rank[one] > rank[reset] {
			reset = one
		}
	}
	if deletes && reset != "" {
		return "", false, bad("ForceDeletes stands alone in a resetScope: a restart forgets what was held back.")
	}
	return reset, deletes, nil
}

// kindOf reads an objectTypeName.
func kindOf(name string) (mapping.Kind, bool) {
	for _, kind := range []mapping.Kind{mapping.KindUser, mapping.KindGroup} {
		if strings.EqualFold(name, string(kind)) {
			return kind, true
		}
	}
	return "", false
}

// subjectID reads an objectId.
func subjectID(f *fields) (directory.ID, error) {
	id, err := f.needText("objectId")
	return directory.ID(strings.ToLower(id)), err
}
